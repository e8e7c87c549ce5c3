"""The whole library on one page: what a reader should see first, and what must always work."""

import tensorweb as tw


def test_a_tensor_and_an_op():
    x = tw.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (x @ x + 1).tolist() == [[8.0, 11.0], [16.0, 23.0]]
    assert tw.softmax(x, axis=-1).shape == (2, 2) and float(x.sum()) == 10.0


def test_a_gradient():
    assert tw.grad(lambda x: tw.sum(x**2))(tw.tensor([1.0, 2.0])).tolist() == [2.0, 4.0]


def test_a_model_learns_a_line():
    x, y = tw.tensor([[1.0], [2.0], [3.0], [4.0]]), tw.tensor([[1.0], [3.0], [5.0], [7.0]])
    w, b = tw.Variable([[0.0]]), tw.Variable([0.0])
    optimizer = tw.optimizers.SGD(0.05)
    for _ in range(500):
        optimizer.minimize(lambda: tw.mean((x @ w + b - y) ** 2))
    assert abs(float(tw.tensor([[5.0]]) @ w + b) - 9.0) < 0.01


def test_an_op_of_ones_own():
    @tw.ops.define.elementwise
    def cube(x):
        """Return x * x * x."""
        return x * x * x

    assert cube(tw.tensor([2.0])).tolist() == [8.0]
    assert tw.grad(cube)(tw.tensor([2.0])).tolist() == [12.0]


def test_memory_is_free_of_care():
    before = tw.memory().num_tensors
    tw.exp(tw.ones((10,)) * 2)
    assert tw.memory().num_tensors == before


def test_the_same_on_every_backend():
    results = []
    for name in tw.registered_backends():
        tw.set_backend(name)
        results.append(tw.round(tw.softmax(tw.tensor([1.0, 2.0, 3.0])), 5).tolist())
    tw.set_backend("numpy")
    assert all(r == results[0] for r in results)
