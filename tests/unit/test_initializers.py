"""Initializers: known values, moments and configs as Keras's (tests/data/keras_small_parts.json), seeds, names, wrong use."""

import json
import math
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import initializers
from tensorweb.initializers.random import compute_fans
from tensorweb.initializers.windows import window
from tensorweb.ops.random import set_random_seed

PARTS = json.loads((Path(__file__).parents[1] / "data" / "keras_small_parts.json").read_text())
DATA = PARTS["initializers"]
RANDOM = [n for n, c in DATA["configs"].items() if "seed" in c]


def flat(nested):
    return [x for item in nested for x in flat(item)] if isinstance(nested, list) else [nested]


@pytest.mark.parametrize("case", DATA["known"], ids=lambda c: f"{c[0]}-{c[1]}-{c[2]}")
def test_known_values(backend, case):
    name, config, shape, dtype, values = case
    made = getattr(initializers, name)(**config)(shape, dtype=dtype)
    # Keras's angles of the Fourier transform are float32 products; ours are exact before the cosine.
    assert flat(made.tolist()) == pytest.approx(flat(values), abs=2e-6 if name == "STFT" else 0)
    assert made.shape == tuple(shape) and made.dtype == (dtype or "float32")


def test_an_stft_kernel_in_an_ordinary_size():
    kernel = initializers.STFT("imag", None)((256, 1, 513))
    t, f = 255, 512
    assert kernel[t, 0, 3].item() == pytest.approx(math.sin(-2 * math.pi * t * 3 / 1024), abs=1e-6)
    assert kernel[t, 0, f - 1].item() == pytest.approx(math.sin(-2 * math.pi * t * (f - 1) / 1024), abs=1e-6)
    assert kernel.shape == (256, 1, 513)


@pytest.mark.parametrize("case", DATA["windows"], ids=lambda c: f"{c[0]}-{c[1]}-{c[2]}")
def test_windows_as_scipy(case):
    name, length, periodic, values = case
    assert window(name, length, periodic) == pytest.approx(values, abs=1e-8)


@pytest.mark.parametrize("case", DATA["drawn"], ids=lambda c: f"{c[0]}-{c[1]}-{c[2]}")
def test_moments_as_keras(case):
    name, config, shape, (_, std, low, high) = case
    made = getattr(initializers, name)(**config, seed=3)(shape)
    n = tw.ops.size(made)
    centre = config.get("mean", (config.get("minval", 0.0) + config.get("maxval", 0.0)) / 2)
    assert made.shape == tuple(shape) and made.dtype == "float32"
    assert float(tw.std(made)) == pytest.approx(std, rel=0.06)
    assert float(tw.mean(made)) == pytest.approx(centre, abs=4 * std / n**0.5)
    if "untruncated" not in str(config) and name != "RandomNormal":  # what has bounds nearly reaches them, as Keras's draws do
        assert float(tw.min(made)) == pytest.approx(low, abs=0.1 * std) and float(tw.max(made)) == pytest.approx(high, abs=0.1 * std)


@pytest.mark.parametrize("name", RANDOM)
def test_seeds(backend, name):
    make, shape = getattr(initializers, name), (4, 6)
    seeded = make(seed=5)
    first = seeded(shape).tolist()
    assert seeded(shape).tolist() == first == make(seed=5)(shape).tolist() == seeded.clone()(shape).tolist()
    assert make(seed=6)(shape).tolist() != first
    generator = make(seed=tw.random.SeedGenerator(5))
    assert generator(shape).tolist() != generator(shape).tolist()
    set_random_seed(1)
    one = make()
    drawn = [one(shape).tolist(), one(shape).tolist(), make()(shape).tolist(), one.clone()(shape).tolist()]
    assert drawn[0] == drawn[1] and drawn[0] != drawn[2] and drawn[0] != drawn[3]
    set_random_seed(1)
    assert make()(shape).tolist() == drawn[0]


def test_backends_draw_alike():
    draws = []
    for backend in ("numpy", "python"):
        tw.set_backend(backend)
        draws.append([flat(getattr(initializers, n)(seed=5)((5, 3)).tolist()) for n in RANDOM])
    tw.set_backend("numpy")
    for name, a, b in zip(RANDOM, *draws, strict=True):
        assert a == pytest.approx(b, rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize("shape", [(6, 6), (7, 3), (3, 7), (3, 3, 2, 5), (2, 2, 9)])
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_orthogonal(backend, shape, gain):
    made = initializers.Orthogonal(gain=gain, seed=2)(shape)
    matrix = tw.reshape(made, (-1, shape[-1]))
    rows, columns = matrix.shape
    square = tw.matmul(matrix, matrix.T) if rows < columns else tw.matmul(matrix.T, matrix)
    assert made.shape == shape
    assert flat((square / gain**2).tolist()) == pytest.approx(flat(tw.eye(min(rows, columns)).tolist()), abs=1e-5)


def test_orthogonal_matrices_have_no_preferred_sign():
    corner = [initializers.Orthogonal(seed=s)((3, 3))[0, 0].item() for s in range(60)]
    assert 15 < sum(v > 0 for v in corner) < 45


def test_names_as_keras():
    for name, target in PARTS["names"]["initializers"].items():
        assert getattr(initializers, name).__name__ == target, name
    others = ("zero", "one", "normal", "uniform", "initializer", "LeCunNormal", "glorotNormal")
    for name in (*(n for n in PARTS["names"]["initializers"] if n not in ("get", "serialize", "deserialize", "Initializer")), *others):
        assert isinstance(initializers.get(name), initializers.Initializer), name
    assert isinstance(initializers.get("normal"), initializers.RandomNormal)
    assert isinstance(initializers.get("OrthogonalInitializer"), initializers.Orthogonal)


@pytest.mark.parametrize("name", DATA["configs"])
def test_configs_as_keras(name):
    cls = getattr(initializers, name)
    assert cls().get_config() == DATA["configs"][name]
    made = cls(seed=3) if name in RANDOM else cls()
    config = initializers.serialize(made)
    assert config == DATA["serialized"][name]
    again = initializers.deserialize(json.loads(json.dumps(config)))
    shape = (4, 1, 4) if name == "STFT" else (4, 4)
    assert type(again) is cls and again(shape).tolist() == made(shape).tolist()


def test_the_gain_of_an_identity_stays():
    made = initializers.deserialize(initializers.serialize(initializers.Identity(gain=2.0)))
    assert made((2, 2)).tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_a_seed_generator_in_a_config():
    made = initializers.HeNormal(seed=tw.random.SeedGenerator(7))
    config = json.loads(json.dumps(initializers.serialize(made)))
    assert config["config"]["seed"]["class_name"] == "SeedGenerator"
    assert initializers.deserialize(config)((3,)).tolist() == made((3,)).tolist()


@pytest.mark.parametrize(
    ("class_name", "config", "expected"),
    [
        ("VarianceScaling", {"scale": 1.0, "mode": "fan_avg", "distribution": "normal"}, ("fan_avg", "truncated_normal")),
        ("VarianceScaling", {"scale": 1.0, "mode": "fanAvg", "distribution": "truncatedNormal"}, ("fan_avg", "truncated_normal")),
        ("VarianceScaling", {"scale": 2, "mode": "fan_in", "distribution": "uniform", "dtype": "float32"}, ("fan_in", "uniform")),
        ("GlorotUniform", {"seed": None, "dtype": "float32"}, ("fan_avg", "uniform")),
        ("LeCunNormal", {"seed": None}, ("fan_in", "truncated_normal")),
    ],
)
def test_configs_of_keras_2_and_tfjs(class_name, config, expected):
    made = initializers.get({"class_name": class_name, "config": config})
    assert (made.mode, made.distribution) == expected


def test_other_old_configs():
    for class_name, config in [
        ("RandomNormal", {"mean": 0.0, "stddev": 0.05, "seed": None, "dtype": "float32"}),
        ("RandomUniform", {"minval": -0.05, "maxval": 0.05, "seed": None}),
        ("TruncatedNormal", {"mean": 0.0, "stddev": 0.05, "seed": 1}),
        ("Orthogonal", {"gain": 1.0, "seed": None}),
        ("Zeros", {"dtype": "float32"}),
        ("Constant", {"value": 3.0, "dtype": "float32"}),
    ]:
        assert initializers.get({"class_name": class_name, "config": config})((2, 2)).shape == (2, 2)


def test_get_of_values_functions_and_classes():
    given = initializers.get(tw.tensor([[1, 2], [3, 4]]))
    assert given((2, 2)).tolist() == [[1.0, 2.0], [3.0, 4.0]] and given((2, 2)).dtype == "float32"
    with pytest.raises(ValueError, match="Expected `shape` to be"):
        given((4,))
    make = lambda shape, dtype=None: tw.ones(shape)  # noqa: E731
    assert initializers.get(make) is make and initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    one = initializers.Ones()
    assert initializers.get(one) is one


def test_get_of_arrays():
    numpy = pytest.importorskip("numpy")
    given = initializers.get(numpy.eye(2))
    assert given((2, 2), dtype="int32").tolist() == [[1, 0], [0, 1]]
    config = initializers.serialize(initializers.Constant(numpy.array([1.0, 2.0])))
    assert initializers.deserialize(json.loads(json.dumps(config)))((3, 2)).tolist() == [[1.0, 2.0]] * 3


def test_a_custom_initializer():
    class Halves(initializers.Initializer):
        def __init__(self, scale=1.0):
            self.scale = scale

        def __call__(self, shape, dtype=None):
            return tw.ones(shape) * 0.5 * self.scale

        def get_config(self):
            return {"scale": self.scale}

    config = initializers.serialize(Halves(4.0))
    assert initializers.deserialize(config, custom_objects={"Halves": Halves})((2,)).tolist() == [2.0, 2.0]
    assert Halves(3.0).clone().scale == 3.0


@pytest.mark.parametrize(
    ("shape", "axes", "fans"),
    [((), None, (1, 1)), ((5,), None, (5, 5)), ((2, 3), None, (2, 3)), ((3, 3, 4, 8), None, (36, 72)), ((2, 3, 4), ([0], [1, 2]), (2, 12))],
)
def test_fans(shape, axes, fans):
    assert compute_fans(shape, *(axes or ())) == fans


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: initializers.get("glorot_unifrom"), ValueError, "initializers.get: expected the name of an initializer.*GlorotUniform"),
        (lambda: initializers.get(3), ValueError, "initializers.get"),
        (lambda: initializers.VarianceScaling(scale=-1.0), ValueError, "Argument `scale` must be positive float"),
        (lambda: initializers.VarianceScaling(mode="fan"), ValueError, "Invalid `mode` argument: expected fan_in or"),
        (lambda: initializers.VarianceScaling(distribution="x"), ValueError, "Invalid `distribution` argument: expected uniform or"),
        (lambda: initializers.RandomNormal(seed="x"), ValueError, "RandomNormal: expected an int, a SeedGenerator or None as seed"),
        (lambda: initializers.Orthogonal()((3,)), ValueError, r"Orthogonal: expected a shape of rank 2 or more, got \(3,\)"),
        (lambda: initializers.Identity()((3,)), ValueError, r"Identity: expected a shape of rank 2, got \(3,\)"),
        (lambda: initializers.Constant([1.0, 2.0])((3,)), ValueError, "broadcast"),
        (lambda: initializers.HeNormal()((2, 2), dtype="int32"), TypeError, "random.truncated_normal: expected float32 or float16"),
        (lambda: initializers.STFT("imaginary"), ValueError, "STFT: expected side 'real' or 'imag'"),
        (lambda: initializers.STFT(scaling="l2"), ValueError, "STFT: expected scaling"),
        (lambda: initializers.STFT(window="kaiser"), ValueError, "STFT: expected the name of a window without parameters"),
        (lambda: initializers.STFT(window=[1.0, 2.0])((3, 1, 2)), ValueError, r"STFT: expected a window of shape \(3,\), got \(2,\)"),
        (lambda: initializers.Initializer()((2,)), NotImplementedError, "Initializer must define __call__"),
    ],
)
def test_wrong_use(call, error, text):
    with pytest.raises(error, match=text):
        call()
