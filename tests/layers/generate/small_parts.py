"""Write tests/data/keras_small_parts.json: what Keras's initializers, regularizers, constraints, activations and array utilities give.

Needs Keras with TensorFlow, and SciPy. Run from the repository's root: python -m tests.layers.generate.small_parts
"""

import inspect
import json
import math
from pathlib import Path

import keras
import numpy as np
import scipy.signal
import tensorflow as tf

OUT = Path(__file__).parents[2] / "data" / "keras_small_parts.json"
HOUSES = ("initializers", "regularizers", "constraints", "activations")
rng = np.random.default_rng(5)


def plain(value):
    """Return nested lists of numbers with 9 significant digits."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (float, np.floating)):
        return float(f"{float(value):.9g}") if math.isfinite(value) else float(value)
    if hasattr(value, "numpy") or isinstance(value, np.ndarray):
        return plain(np.asarray(value).tolist())
    return value


def names(house):
    """Return {public name: name of the class or function it stands for}."""
    module = getattr(keras, house)
    return {n: getattr(module, n).__name__ for n in dir(module) if not n.startswith("_") and not inspect.ismodule(getattr(module, n))}


# --- initializers ---

KNOWN_VALUES = [
    ("Zeros", {}, [2, 3], None), ("Zeros", {}, [], "int32"), ("Zeros", {}, [0, 2], None), ("Ones", {}, [3], "bool"),
    ("Ones", {}, [2, 2], "float16"), ("Constant", {"value": 2.5}, [2, 3], None), ("Constant", {"value": -2.7}, [2], "int32"),
    ("Constant", {"value": [1.0, 2.0, 3.0]}, [2, 3], None), ("Identity", {}, [3, 3], None), ("Identity", {"gain": 2.0}, [2, 4], None),
    ("Identity", {"gain": 0.5}, [4, 2], "float16"), ("STFT", {}, [8, 1, 5], None), ("STFT", {"side": "imag"}, [8, 1, 9], None),
    ("STFT", {"window": None, "scaling": None}, [6, 1, 5], None), ("STFT", {"window": "hamming", "periodic": True}, [10, 1, 4], None),
    ("STFT", {"window": "tukey", "scaling": "spectrum", "side": "imag"}, [9, 1, 6], None),
    ("STFT", {"window": [1.0, 2.0, 3.0, 4.0], "scaling": "spectrum"}, [4, 1, 3], None),
]  # fmt: skip
DRAWN = [
    ("RandomNormal", {}), ("RandomNormal", {"mean": 1.0, "stddev": 2.0}), ("TruncatedNormal", {"stddev": 1.0}),
    ("TruncatedNormal", {"mean": -3.0, "stddev": 0.5}), ("RandomUniform", {}), ("RandomUniform", {"minval": 2.0, "maxval": 5.0}),
    ("GlorotNormal", {}), ("GlorotUniform", {}), ("HeNormal", {}), ("HeUniform", {}), ("LecunNormal", {}), ("LecunUniform", {}),
    ("HeNormal", {"input_axes": [0], "output_axes": [1, 2]}), ("VarianceScaling", {}),
    *[("VarianceScaling", {"scale": 3.0, "mode": m, "distribution": d})
      for m in ("fan_in", "fan_out", "fan_avg") for d in ("uniform", "normal", "truncated_normal", "untruncated_normal")],
]  # fmt: skip
SHAPES = [[60, 50], [4000], [3, 3, 15, 30], [3, 40, 25]]
WINDOWS = [
    "barthann", "bth", "bartlett", "blackman", "blackmanharris", "bohman", "boxcar", "ones", "cosine", "exponential", "flattop", "hamming",
    "hann", "lanczos", "nuttall", "parzen", "taylor", "triang", "tukey", "hann_periodic", "hamming_symmetric",
]  # fmt: skip


def initializers():
    module = keras.initializers
    known = [[n, c, s, d, plain(getattr(module, n)(**c)(s, dtype=d))] for n, c, s, d in KNOWN_VALUES]
    drawn = []
    for name, config in DRAWN:
        for shape in SHAPES if "axes" not in str(config) else SHAPES[3:]:
            values = np.asarray(getattr(module, name)(**config, seed=7)(shape))
            drawn.append([name, config, shape, plain([values.mean(), values.std(), values.min(), values.max()])])
    classes = sorted({v for k, v in names("initializers").items() if k[0].isupper() and k != "Initializer"})
    configs = {n: plain(getattr(module, n)().get_config()) for n in classes}
    seeded = {n: getattr(module, n)(**({"seed": 3} if "seed" in configs[n] else {})) for n in classes}
    serialized = {n: plain(module.serialize(i)) for n, i in seeded.items()}
    windows = [[w, n, p, plain(scipy.signal.get_window(w, n, p))] for w in WINDOWS for n in (1, 2, 3, 8, 9) for p in (True, False)]
    return {"known": known, "drawn": drawn, "configs": configs, "serialized": serialized, "windows": windows}


# --- regularizers and constraints ---

MATRIX = rng.normal(size=(4, 3)).round(2)
VALUES = [MATRIX, np.zeros((2, 3)), np.array([[3.0, -4.0]]), np.array([[1e18, 1.0], [0.0, -1e18]]), np.array([[np.nan, 1.0], [2.0, 3.0]])]
KERNEL = rng.normal(size=(2, 2, 2, 3)).round(2)
REGULARIZERS = [
    ("L1", {}), ("L1", {"l1": 0.3}), ("L1", {"l1": 2}), ("L2", {}), ("L2", {"l2": 0.3}), ("L1L2", {}), ("L1L2", {"l1": 0.1}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}), ("OrthogonalRegularizer", {}), ("OrthogonalRegularizer", {"factor": 0.1, "mode": "columns"}),
]  # fmt: skip
CONSTRAINTS = [
    ("Constraint", {}), ("MaxNorm", {}), ("MaxNorm", {"max_value": 0.5, "axis": 1}), ("MaxNorm", {"axis": [0, 1]}), ("NonNeg", {}),
    ("UnitNorm", {}), ("UnitNorm", {"axis": 1}), ("UnitNorm", {"axis": [0, 1]}), ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.5, "max_value": 2.0, "rate": 0.5, "axis": 1}), ("MinMaxNorm", {"min_value": 1.0, "axis": [0, 1]}),
]  # fmt: skip


def applied(module, cases, values):
    out = []
    for name, config in cases:
        part = getattr(module, name)(**config)
        axes = len(config["axis"]) if isinstance(config.get("axis"), list) else 1
        for x in values:
            if name == "OrthogonalRegularizer" and (x.ndim != 2 or min(x.shape) < 2):
                continue
            if x.ndim >= axes:
                out.append([name, config, plain(x), plain(part(tf.constant(x, tf.float32)))])
    return out


def configs(module, cases):
    # Not rounded: these floats stand in files.
    made = [(n, c, getattr(module, n)(**c)) for n, c in cases]
    return [[n, c, m.get_config(), module.serialize(m)] for n, c, m in made]


# --- activations ---

POINTS = [-1000.0, -20.0, -6.5, -3.0, -2.5, -1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, 2.5, 3.0, 6.0, 7.5, 20.0, 1000.0]
OFF_KINKS = 0.013  # gradients are taken this far from where functions have several
ARGUMENTS = {
    "relu": [
        {}, {"negative_slope": 0.5}, {"max_value": 6}, {"max_value": 5.0}, {"threshold": 1.0}, {"threshold": -1.0},
        {"negative_slope": 0.5, "max_value": 6}, {"negative_slope": 0.2, "threshold": 1.0}, {"max_value": 2.0, "threshold": 1.0},
        {"negative_slope": 0.3, "max_value": 4.0, "threshold": 0.5}, {"max_value": 6, "threshold": 2.0},
    ],
    "leaky_relu": [{}, {"negative_slope": 0.01}], "elu": [{}, {"alpha": 0.3}], "celu": [{}, {"alpha": 2.0}],
    "gelu": [{}, {"approximate": True}], "squareplus": [{}, {"b": 1}], "hard_shrink": [{}, {"threshold": 1.0}],
    "soft_shrink": [{}, {"threshold": 1.0}], "threshold": [{"threshold": 0.2, "default_value": -7.0}],
    "softmax": [{}, {"axis": 0}, {"axis": [0, 1]}],
    "log_softmax": [{}, {"axis": 0}], "glu": [{}, {"axis": 0}],
}  # fmt: skip
WITH_AXIS = ("softmax", "log_softmax", "glu")


def activations():
    module, out = keras.activations, []
    for name in sorted(names("activations")):
        # Keras's sparsemax sums the wrong partial sums: where more than one element stays, its rows do not add up to 1.
        if name in ("get", "serialize", "deserialize", "sparsemax"):
            continue
        for kwargs in ARGUMENTS.get(name, [{}]):
            x = tf.constant(MATRIX if name in WITH_AXIS else POINTS, tf.float32)
            x = tf.concat([x, x[:, :1]], 1) if name == "glu" else x
            arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in kwargs.items()}
            off = x + OFF_KINKS
            with tf.GradientTape() as tape:
                tape.watch(off)
                y = getattr(module, name)(off, **arguments)
                loss = tf.reduce_sum(y * tf.reshape(tf.range(1.0, float(tf.size(y)) + 1.0), tf.shape(y)))
            out.append([name, kwargs, plain(x), plain(getattr(module, name)(x, **arguments)), plain(tape.gradient(loss, off))])
    serialized = {n: module.serialize(getattr(module, n)) for n in names("activations") if n not in ("get", "serialize", "deserialize")}
    return {"values": out, "serialized": serialized}


# --- keras.utils ---

TO_CATEGORICAL = [
    ([0, 1, 2, 3], 4), ([0, 2], None), ([[0], [2]], 4), ([[0, 1], [2, 0]], None), (3, 5), ([1.7, 0.2], 3), ([-1, 0], 3),
    ([[[1], [0]]], None), ([True, False], 2), ([[5]], None),
]  # fmt: skip
WRONG_CATEGORIES = [([3], 3), ([-4], 3), ([], None)]
NORMALIZE = [
    ([[1, 2, 3], [3, 2, 1]], {}), ([[1.0, -2.0], [0.0, 0.0]], {"order": 1}), ([3.0, 4.0], {}),
    ([[1.0, -2.0], [3.0, 4.0]], {"order": np.inf}), ([[[1.0, 2.0]], [[3.0, 4.0]]], {"axis": 1}),
    ([[1.0, 2.0], [3.0, 4.0]], {"axis": 1, "order": 3}),
]  # fmt: skip
LISTS = [[1], [2, 3], [4, 5, 6], []]
ROWS = [[[1, 2]], [[3, 4], [5, 6]]]
PAD_SEQUENCES = [
    (LISTS, {}), (LISTS, {"maxlen": 2}), (LISTS, {"maxlen": 2, "truncating": "post"}), (LISTS, {"padding": "post"}),
    (LISTS, {"maxlen": 5, "padding": "post", "value": -1}), (LISTS, {"dtype": "float32", "value": 0.5}), (LISTS, {"value": 1.9}),
    ([[1.7, 2.2], [3.9]], {}), ([[], []], {}), (ROWS, {}), (ROWS, {"maxlen": 3, "value": 9}), ([], {"maxlen": 3}),
    ([["a"], ["b", "c"]], {"dtype": "object", "value": "pad"}), (LISTS, {"maxlen": 4, "padding": "post", "truncating": "post"}),
]  # fmt: skip
WRONG_SEQUENCES = [
    (LISTS, {"value": "a"}), ([1, 2], {}), (3, {}), ([[[1, 2]], [[3]]], {}), (LISTS, {"maxlen": 2, "truncating": "x"}),
    (LISTS, {"padding": "x"}),
]  # fmt: skip


def error_of(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__
    raise AssertionError(f"{function.__name__}{args} raises nothing")


def utils():
    u = keras.utils
    padded = [(s, k, u.pad_sequences(s, **{a: object if v == "object" else v for a, v in k.items()})) for s, k in PAD_SEQUENCES]
    return {
        "to_categorical": [[x, n, plain(u.to_categorical(x, n))] for x, n in TO_CATEGORICAL],
        "wrong_categories": [[x, n, error_of(u.to_categorical, x, n)] for x, n in WRONG_CATEGORIES],
        "normalize": [[x, k, plain(u.normalize(np.array(x), **k))] for x, k in NORMALIZE],
        "pad_sequences": [[s, k, list(p.shape), plain(p)] for s, k, p in padded],
        "wrong_sequences": [[s, k, error_of(u.pad_sequences, s, **k)] for s, k in WRONG_SEQUENCES],
    }


def main():
    r, c = keras.regularizers, keras.constraints
    data = {
        "names": {h: names(h) for h in HOUSES},
        "initializers": initializers(),
        "regularizers": {"values": applied(r, REGULARIZERS, VALUES), "configs": configs(r, REGULARIZERS)},
        "constraints": {"values": applied(c, CONSTRAINTS, [*VALUES, KERNEL]), "configs": configs(c, CONSTRAINTS)},
        "activations": activations(),
        "utils": utils(),
    }
    OUT.write_text(json.dumps(data, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
