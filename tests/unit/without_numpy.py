"""Run by test_without_numpy.py where NumPy cannot be imported: the ops that have no oracle cases, each once, gradients too."""

import asyncio
import sys

sys.modules["numpy"] = None  # importing it fails from here on

import tensorweb as tw  # noqa: E402

tw.set_backend("python")
x, boxes = tw.tensor([1.0, 2.0, 3.0]), tw.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [2.0, 2.0, 3.0, 3.0]])
scores = tw.tensor([0.9, 0.8, 0.7])
gradient = lambda f: tw.grad(lambda a: tw.sum(f(a)))(x).tolist()  # noqa: E731
inside = lambda t, low, high: all(low <= v <= high for v in tw.reshape(t, -1).tolist())  # noqa: E731
cell = lambda data, c, h: (c + data, h * data)  # noqa: E731

CHECKS = {
    "associative_scan": lambda: tw.associative_scan(tw.add, x).tolist() == [1.0, 3.0, 6.0],
    "cond": lambda: gradient(lambda a: tw.cond(True, lambda: a * a, lambda: a)) == [2.0, 4.0, 6.0],
    "custom_gradient": lambda: gradient(tw.custom_gradient(lambda a: (a * 2, lambda dy: dy * 5))) == [5.0, 5.0, 5.0],
    "fori_loop": lambda: gradient(lambda a: tw.fori_loop(0, 2, lambda i, v: v * a, a)) == [3.0, 12.0, 27.0],
    "jvp": lambda: tw.jvp(lambda a: a * a, (x,), (tw.ones((3,)),))[1].tolist() == [2.0, 4.0, 6.0],
    "map": lambda: gradient(lambda a: tw.map(lambda v: v * v, a)) == [2.0, 4.0, 6.0],
    "scan": lambda: tw.scan(lambda c, v: (c + v, c * v), tw.tensor(0.0), x)[1].tolist() == [0.0, 2.0, 9.0],
    "switch": lambda: tw.switch(1, [lambda a: a, lambda a: a * 2], x).tolist() == [2.0, 4.0, 6.0],
    "vectorize": lambda: tw.vectorize(lambda a, b: a * b)(x, 2.0).tolist() == [2.0, 4.0, 6.0],
    "vectorized_map": lambda: gradient(lambda a: tw.vectorized_map(lambda v: v * v, a)) == [2.0, 4.0, 6.0],
    "while_loop": lambda: int(tw.while_loop(lambda i: i < 10, lambda i: i * 3, tw.tensor(1))) == 27,
    "boolean_mask_async": lambda: asyncio.run(tw.boolean_mask_async(x, x > 1)).tolist() == [2.0, 3.0],
    "where_async": lambda: asyncio.run(tw.where_async(x > 1)).tolist() == [[1], [2]],
    "image.non_max_suppression_async": lambda: asyncio.run(tw.image.non_max_suppression_async(boxes, scores, 3)).tolist() == [0, 2],
    "image.non_max_suppression_padded_async": lambda: len(asyncio.run(tw.image.non_max_suppression_padded_async(boxes, scores, 3))) == 2,
    "image.non_max_suppression_with_score_async": lambda: (
        asyncio.run(tw.image.non_max_suppression_with_score_async(boxes, scores, 3))[0].tolist() == [0, 2]
    ),
    "convert_to_numpy": lambda: _refused(lambda: tw.convert_to_numpy(x)),
    "dtype": lambda: tw.ops.dtype(x) == "float32",
    "random_gamma": lambda: inside(tw.random_gamma((9,), 2.0, seed=1), 0.0, 50.0),
    "random_normal": lambda: inside(tw.random_normal((9,), seed=1), -7.0, 7.0),
    "random_standard_normal": lambda: inside(tw.random_standard_normal((9,), seed=1), -7.0, 7.0),
    "truncated_normal": lambda: inside(tw.truncated_normal((9,), seed=1), -2.0, 2.0),
    "multinomial": lambda: inside(tw.multinomial(x, 9, seed=1), 0, 2),
    "rand": lambda: tw.rand((2, 2), lambda: 0.5).tolist() == [[0.5, 0.5], [0.5, 0.5]],
    "random.beta": lambda: inside(tw.random.beta((9,), 2.0, 3.0, seed=1), 0.0, 1.0),
    "random.binomial": lambda: inside(tw.random.binomial((9,), 5, 0.5, seed=1), 0, 5),
    "random.categorical": lambda: inside(tw.random.categorical(tw.reshape(x, (1, 3)), 9, seed=1), 0, 2),
    "random.gamma": lambda: inside(tw.random.gamma((9,), 2.0, seed=1), 0.0, 50.0),
    "random.normal": lambda: inside(tw.random.normal((9,), seed=1), -7.0, 7.0),
    "random.shuffle": lambda: sorted(tw.random.shuffle(x, seed=1).tolist()) == [1.0, 2.0, 3.0],
    "random.truncated_normal": lambda: inside(tw.random.truncated_normal((9,), seed=1), -2.0, 2.0),
    "multi_rnn_cell": lambda: tw.multi_rnn_cell([cell, cell], x, [x, x], [x, x])[0][1].tolist() == [2.0, 6.0, 12.0],
}


def _refused(call):
    try:
        call()
    except ImportError:
        return True
    return False


if __name__ == "__main__":
    failed = []
    for name, check in CHECKS.items():
        try:
            right = check()
        except Exception as error:
            right = False
            print(f"{name}: {type(error).__name__}: {error}")
        if not right:
            failed.append(name)
    assert not failed, failed
    print(f"{len(CHECKS)} ops right without NumPy")
