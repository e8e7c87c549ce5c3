"""Random ops: known answers, equality of backends, seeds, distributions (against SciPy), dtypes and shapes, wrong arguments."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, DTypeError, ShapeError
from tensorweb.ops import threefry
from tensorweb.ops.random import _bits, _draw

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")
random = tw.random
N = 20000
LEAST = 1e-3  # the chance below which a fit is refused; the seeds are fixed, so that it never happens by accident

# From the Random123 distribution: counter, key, words of Threefry-2x32 with 20 rounds.
KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_threefry_on_the_host(counter, key, words):
    assert threefry.block(key, counter) == words


@pytest.mark.parametrize("key", [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x13198A2E, 0x03707344)])
@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_threefry_in_kernels(backend, key, n):
    got = [b & 0xFFFFFFFF for b in _draw(_bits, (n,), "int32", key, 5).tolist()]
    half = (n + 1) // 2
    blocks = [threefry.block(key, (i, 5)) for i in range(half)]
    assert got == [b[0] for b in blocks] + [b[1] for b in blocks][: n - half]


def on_both(draw):
    """Return what a draw gives on each backend."""
    results = []
    for name in ("numpy", "python"):
        tw.set_backend(name)
        results.append(draw())
    tw.set_backend("numpy")
    return results


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 0, 3)])
def test_uniforms_are_identical_on_backends(shape, dtype):
    a, b = on_both(lambda: random.uniform(shape, seed=3, dtype=dtype).tolist())
    assert a == b


@pytest.mark.parametrize("draw", [random.normal, random.truncated_normal, tw.random_standard_normal])
def test_normals_agree_on_backends(draw):
    a, b = on_both(lambda: draw((101,), seed=3).tolist())
    assert max(abs(x - y) for x, y in zip(a, b)) < 2e-6


def test_other_draws_agree_on_backends():
    for draw in (
        lambda: random.randint((50,), -7, 1000, seed=1).tolist(),
        lambda: random.shuffle(tw.tensor(list(range(20))), seed=1).tolist(),
        lambda: random.categorical(tw.tensor([[0.0, 1.0, 2.0]]), 30, seed=1).tolist(),
        lambda: random.binomial((20,), 10, 0.3, seed=1).tolist(),
        lambda: tw.dropout(tw.ones((40,)), 0.5, seed=1).tolist(),
    ):
        a, b = on_both(draw)
        assert a == b


# --- seeds ---


def test_an_integer_seed_repeats_itself():
    assert random.normal((4,), seed=1).tolist() == random.normal((4,), seed=1).tolist()
    assert random.normal((4,), seed=1).tolist() != random.normal((4,), seed=2).tolist()
    assert random.uniform((4,), seed=2**70 + 1).tolist() != random.uniform((4,), seed=1).tolist()
    assert random.uniform((4,), seed=-1).tolist() != random.uniform((4,), seed=1).tolist()
    assert tw.random_uniform((4,), seed="some text").tolist() == tw.random_uniform((4,), seed="some text").tolist()


def test_a_generator_moves_on():
    a, b = random.SeedGenerator(5), random.SeedGenerator(5)
    first, second = random.normal((4,), seed=a).tolist(), random.normal((4,), seed=a).tolist()
    assert first != second
    assert [first, second] == [random.normal((4,), seed=b).tolist() for _ in range(2)]
    assert first == random.normal((4,), seed=5).tolist()
    assert random.SeedGenerator.from_config(a.get_config()).next() == random.SeedGenerator(5).next()


def test_the_global_seed():
    random.set_random_seed(11)
    first = [random.normal((3,)).tolist(), random.SeedGenerator().next()]
    assert random.normal((3,)).tolist() != first[0]
    random.set_random_seed(11)
    assert [random.normal((3,)).tolist(), random.SeedGenerator().next()] == first


def test_a_new_key_makes_no_new_plan():
    from tensorweb import engine
    from tensorweb.backends import registry

    def misses():
        return engine.plans(registry.current()).misses

    seeds = random.SeedGenerator(1)
    for draw in (random.normal, random.uniform, random.truncated_normal):
        draw((6,), seed=seeds)
    before = misses()
    for draw in (random.normal, random.uniform, random.truncated_normal):
        draw((6,), seed=seeds)
    assert misses() == before


# --- distributions ---

CONTINUOUS = {
    "uniform": (lambda: random.uniform((N,), -1.0, 3.0, seed=1), stats.uniform(-1, 4)),
    "uniform of tensors": (lambda: random.uniform((N,), tw.tensor(1.0), tw.tensor([2.0]), seed=1), stats.uniform(1, 1)),
    "normal": (lambda: random.normal((N,), 2.0, 3.0, seed=2), stats.norm(2, 3)),
    "normal of tensors": (lambda: random.normal((N,), tw.tensor(2.0), tw.tensor([3.0]), seed=2), stats.norm(2, 3)),
    "truncated_normal": (lambda: random.truncated_normal((N,), 1.0, 2.0, seed=3), stats.truncnorm(-2, 2, 1, 2)),
    "gamma 3": (lambda: random.gamma((N,), 3.0, seed=4), stats.gamma(3)),
    "gamma 1": (lambda: random.gamma((N,), 1.0, seed=4), stats.gamma(1)),
    "gamma 0.3": (lambda: random.gamma((N,), 0.3, seed=5), stats.gamma(0.3)),
    "gamma 500": (lambda: random.gamma((N,), 500.0, seed=5), stats.gamma(500)),
    "beta 2 3": (lambda: random.beta((N,), 2.0, 3.0, seed=6), stats.beta(2, 3)),
    "beta 0.5 0.5": (lambda: random.beta((N,), 0.5, 0.5, seed=7), stats.beta(0.5, 0.5)),
    "random_normal": (lambda: tw.random_normal((N,), -1.0, 0.5, seed=8), stats.norm(-1, 0.5)),
    "random_standard_normal": (lambda: tw.random_standard_normal((N,), seed=9), stats.norm()),
    "random_uniform": (lambda: tw.random_uniform((N,), 5, 6, seed=10), stats.uniform(5, 1)),
    "truncated_normal of TensorFlow.js": (lambda: tw.truncated_normal((N,), seed=11), stats.truncnorm(-2, 2)),
    "random_gamma": (lambda: tw.random_gamma((N,), 2.0, 4.0, seed=12), stats.gamma(2, scale=1 / 4)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name):
    draw, expected = CONTINUOUS[name]
    x = draw().numpy().astype("float64")
    assert stats.kstest(x, expected.cdf).pvalue > LEAST
    assert abs(x.mean() - expected.mean()) < 4 * expected.std() / N**0.5
    assert abs(x.var() / expected.var() - 1) < 0.08
    # Neighbours have nothing to do with each other.
    assert abs(np.corrcoef(x[1:], x[:-1])[0, 1]) < 4 / N**0.5
    assert abs(np.corrcoef(x[: N // 2], x[N // 2 :])[0, 1]) < 5 / N**0.5


DISCRETE = {
    "randint": (lambda: random.randint((N,), -2, 5, seed=1), -2, [1 / 7] * 7),
    "random_uniform_int": (lambda: tw.random_uniform_int((N,), 0, 3, seed=1), 0, [1 / 3] * 3),
    "categorical": (lambda: random.categorical(tw.log(tw.tensor([[0.1, 0.2, 0.7]])), N, seed=2), 0, [0.1, 0.2, 0.7]),
    "multinomial": (lambda: tw.multinomial(tw.tensor([0.25, 0.5, 0.25]), N, seed=3, normalized=True), 0, [0.25, 0.5, 0.25]),
    "binomial 5": (lambda: random.binomial((N,), 5, 0.4, seed=4, dtype="int32"), 0, stats.binom(5, 0.4).pmf(range(6))),
    "binomial 40": (lambda: random.binomial((N,), 40, 0.02, seed=5, dtype="int32"), 0, stats.binom(40, 0.02).pmf(range(41))),
    "binomial 100": (lambda: random.binomial((N,), 100, 0.6, seed=6, dtype="int32"), 0, stats.binom(100, 0.6).pmf(range(101))),
}


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions(name):
    draw, low, chances = DISCRETE[name]
    drawn = draw().numpy().reshape(-1) - low
    assert drawn.dtype == np.int32
    assert drawn.min() >= 0
    counts, expected = np.bincount(drawn, minlength=len(chances)).astype(float), np.asarray(chances) * N
    assert len(counts) == len(expected)
    rare = expected < 5
    counts = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    counts, expected = counts[expected > 0], expected[expected > 0]
    assert stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > LEAST


def test_many_trials():
    x = random.binomial((2000,), 1e6, 0.3, seed=1).numpy().astype("float64")
    assert stats.kstest(x, stats.norm(3e5, (1e6 * 0.21) ** 0.5).cdf).pvalue > LEAST
    edges = random.binomial((2, 3), tw.tensor([[0], [50]]), tw.tensor([0.0, 1.0, 1.0]), seed=1).tolist()
    assert edges == [[0, 0, 0], [0, 50, 50]]


def test_tails_of_the_normal():
    x = abs(random.normal((2_000_000,), seed=1).numpy())
    for limit in (3.0, 4.0, 4.7):
        expected = 2 * stats.norm.sf(limit) * len(x)
        assert abs((x > limit).sum() - expected) < 4 * expected**0.5 + 1


def test_shuffle_permutes_evenly():
    x = tw.tensor([[1, 2, 3], [4, 5, 6]])
    assert sorted(random.shuffle(x, seed=1).tolist()) == x.tolist()
    assert sorted(tuple(c) for c in zip(*random.shuffle(x, axis=1, seed=1).tolist())) == [(1, 4), (2, 5), (3, 6)]
    counts = {}
    for seed in range(600):
        order = tuple(random.shuffle(tw.tensor([0, 1, 2]), seed=seed).tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert stats.chisquare(list(counts.values())).pvalue > LEAST


def test_dropout():
    x = tw.ones((100, 100))
    y = tw.dropout(x, 0.3, seed=1).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((y == 0).mean() - 0.3) < 0.02
    together = random.dropout(x, 0.5, noise_shape=(None, 1), seed=1).numpy()
    assert (together == together[:, :1]).all()
    assert tw.dropout(x, 0).tolist() == x.tolist()
    assert not tw.dropout(x, 1.0).numpy().any()


# --- bounds, dtypes, shapes ---


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 2.0), (-3.0, -1.0), (-1.0, 0.0), (1000.0, 1001.0), (5.0, 5.0)])
def test_the_upper_end_is_excluded(low, high, dtype):
    x = random.uniform((50000,), low, high, dtype=dtype, seed=1)
    assert x.dtype == dtype
    values = x.numpy()
    assert values.min() >= low
    assert values.max() < high or low == high == values.max()


def test_truncated_normals_stay_within_two_deviations():
    x = random.truncated_normal((N,), seed=1).numpy()
    assert abs(x).max() <= 2


def test_randint_covers_the_whole_range():
    x = random.randint((N,), -(2**31), 2**31, seed=1).numpy().astype("float64")
    assert stats.kstest(x, stats.uniform(-(2.0**31), 2.0**32).cdf).pvalue > LEAST
    assert random.randint((3,), 0, 200, dtype="uint8", seed=1).dtype == "uint8"
    assert random.randint((3,), 0, 200, dtype="float32", seed=1).dtype == "float32"
    assert random.randint((3,), 7, 8, seed=1).tolist() == [7, 7, 7]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
def test_dtypes_of_tensorflow_js(dtype):
    for made in (
        tw.random_normal((5,), 0.0, 10.0, dtype), tw.random_uniform((5,), 0, 100, dtype), tw.random_gamma((5,), 2.0, dtype=dtype),
        tw.truncated_normal((5,), dtype=dtype), tw.random_standard_normal((5,), dtype),
    ):  # fmt: skip
        assert made.dtype == dtype


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1,), (2, 3, 1, 2)])
def test_shapes(shape):
    for made in (
        random.normal(shape), random.uniform(shape), random.truncated_normal(shape), random.randint(shape, 0, 3), random.gamma(shape, 2.0),
        random.beta(shape, 1.0, 2.0), random.binomial(shape, 30, 0.5), tw.random_gamma(shape, 1.0), tw.rand(shape, lambda: 1.0),
    ):  # fmt: skip
        assert made.shape == shape


def test_shapes_of_samples():
    assert tw.multinomial(tw.zeros((2,)), 5).shape == (5,)
    assert tw.multinomial(tw.zeros((3, 2)), 5).shape == (3, 5)
    assert random.categorical(tw.zeros((3, 2)), 0).shape == (3, 0)
    assert random.categorical(tw.zeros((0, 2)), 4).shape == (0, 4)


def test_the_gradient_of_dropout():
    x = tw.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    with tw.GradientTape() as tape:
        tape.watch(x)
        y = tw.dropout(x, 0.5, seed=3)
    assert (tape.gradient(y, x) * x).tolist() == y.tolist()


# --- wrong arguments ---


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: random.normal((-1,)), ShapeError, "random.normal: expected dimensions of 0 or more"),
        (lambda: random.normal((2**20, 2**20)), ShapeError, "(random.normal|generate): expected at most"),
        (lambda: random.uniform("ab"), ShapeError, "random.uniform: expected a shape"),
        (lambda: random.uniform((2.5,)), ShapeError, "random.uniform: expected a shape"),
        (lambda: random.uniform((2,), dtype="int32"), DTypeError, "random.uniform: expected float32 or float16"),
        (lambda: random.normal((2,), dtype="nonsense"), DTypeError, "random.normal: expected a dtype"),
        (lambda: random.normal((2,), seed=1.5), ArgumentError, "random.normal: expected a seed"),
        (lambda: random.normal((2,), seed=[1]), ArgumentError, "random.normal: expected a seed"),
        (lambda: random.normal((2,), tw.zeros((3,))), ShapeError, "random.normal: expected shapes that broadcast"),
        (lambda: random.normal((2,), tw.zeros((3, 2))), ShapeError, "random.normal: expected parameters that broadcast"),
        (lambda: random.randint((2,), 3, 3), ArgumentError, "random.randint: expected minval < maxval"),
        (lambda: random.randint((2,), 0, 2**33), ArgumentError, "random.randint: expected minval < maxval"),
        (lambda: random.randint((2,), 0, 5, dtype="bool"), DTypeError, "random.randint: expected an integer"),
        (lambda: random.categorical(tw.zeros((3,)), 2), ShapeError, "random.categorical: expected logits"),
        (lambda: random.categorical(tw.zeros((3, 0)), 2), ShapeError, "random.categorical: expected logits"),
        (lambda: random.categorical(tw.zeros((3, 2)), -2), ArgumentError, "random.categorical: expected num_samples"),
        (lambda: random.gamma((2,), 0.0), ArgumentError, "random.gamma: expected alpha above 0"),
        (lambda: random.beta((2,), 1.0, -1.0), ArgumentError, "random.beta: expected beta above 0"),
        (lambda: random.binomial((2,), 4, 1.5), ArgumentError, "random.binomial: expected probabilities"),
        (lambda: random.binomial((2,), -4, 0.5), ArgumentError, "random.binomial: expected counts"),
        (lambda: random.shuffle(tw.zeros((2,)), axis=1), ShapeError, "random.shuffle: expected an axis"),
        (lambda: random.SeedGenerator("x"), ArgumentError, "SeedGenerator: expected an integer seed"),
        (lambda: tw.dropout(tw.zeros((2,)), 1.5), ArgumentError, "dropout: expected a rate"),
        (lambda: tw.dropout(tw.zeros((2,)), -0.1), ArgumentError, "dropout: expected a rate"),
        (lambda: tw.dropout(tw.zeros((2,)), 0.5, (3,)), ShapeError, "dropout: expected"),
        (lambda: tw.dropout(tw.zeros((2,)), 0.5, (2, 2)), ShapeError, "dropout: expected a noise_shape"),
        (lambda: tw.dropout(tw.tensor([1, 2]), 0.5), DTypeError, "dropout: expected a floating tensor"),
        (lambda: tw.multinomial(tw.zeros((1,)), 2), ShapeError, "multinomial: expected"),
        (lambda: tw.multinomial(tw.zeros((2, 2, 2)), 2), ShapeError, "multinomial: expected"),
        (lambda: tw.rand((2,), 3), ArgumentError, "rand: expected a function"),
        (lambda: tw.random_uniform((2,), dtype="string"), DTypeError, "random_uniform: expected float32"),
        (lambda: tw.random_gamma((2,), 1.0, 0), ArgumentError, "random_gamma: expected beta above 0"),
    ],
)
def test_wrong_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()
