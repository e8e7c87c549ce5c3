"""Oracle cases of everything element by element but activations: arithmetic to special functions, comparisons, bits, casts."""

import keras
import numpy as np
import scipy.special
import tensorflow as tf

from .common import Cases, values

cases = Cases("elementwise")
nan, inf = float("nan"), float("inf")
SPECIAL = np.array([nan, inf, -inf, 0.0, -0.0, 1e30, -1e30, 1e-30, 0.5, -0.5, 1.0, -1.0], "float32")
INTS = np.array([[-3, -1, 0], [1, 2, 7]], "int32")
EDGE_INTS = np.array([2**31 - 1, -(2**31), -1, 0, 1, 65536], "int32")
BOOLS = np.array([True, False])


def f32(*items):
    """Return a float32 vector."""
    return np.array(items, "float32")


# --- one operand -------------------------------------------------------------------------------------------------------------

# Name: (low, high) of the values whose derivatives are compared.
REAL = {
    **dict.fromkeys(["absolute", "abs", "fabs", "negative", "square", "exp", "exp2", "expm1", "sin", "cos", "tan", "sinh", "cosh",
        "tanh", "arcsinh", "arctan", "deg2rad", "rad2deg", "sinc", "cbrt"], (-2.5, 2.5)),
    **dict.fromkeys(["erf", "i0", "sign", "floor", "ceil", "trunc", "round", "isnan", "isinf", "isfinite", "isposinf", "isneginf",
        "isreal", "signbit"], (-2.5, 2.5)),
    **dict.fromkeys(["logical_not", "real", "conj", "conjugate", "imag", "angle", "stop_gradient"], (-2.5, 2.5)),
    **dict.fromkeys(["sqrt", "rsqrt", "reciprocal", "log", "log2", "log10"], (0.2, 3.0)),
    **dict.fromkeys(["arcsin", "arccos", "arctanh", "erfinv"], (-0.9, 0.9)),
    "log1p": (-0.7, 3.0), "arccosh": (1.2, 4.0), "erfc": (-2.5, 2.5), "nan_to_num": (-2.0, 2.0),
}  # fmt: skip
# What Keras has not, or has with another meaning than NumPy's: tried with these instead.
REFERENCES = {
    "imag": tf.math.imag, "stop_gradient": tf.stop_gradient,
    "isreal": lambda x: tf.ones_like(x, dtype="bool"),
    "cbrt": lambda x: tf.sign(tf.cast(x, "float64")) * tf.pow(tf.abs(tf.cast(x, "float64")), 1 / 3),
}  # fmt: skip
NO_INTS = {"imag", "stop_gradient", "cbrt", "isreal", "real", "conj", "conjugate"}
NO_BOOLS = NO_INTS | {"negative", "sign", "absolute", "abs", "fabs", "round", "square", "trunc", "angle"}
ONLY_FLOATS = {"erf", "erfc", "erfinv", "i0", "angle", "deg2rad", "rad2deg", "rsqrt", "reciprocal", "exp2"}
# Where the derivative of the reference is None or a placeholder.
FLAT = {"signbit", "sign", "floor", "ceil", "trunc", "round", "imag", "angle", "nan_to_num"}
for name, (low, high) in REAL.items():
    reference = REFERENCES.get(name)
    gradient = 0 if name in FLAT else 2
    for i, shape in enumerate([(2, 3), (), (5,), (1, 2, 1, 2, 1, 2), (0, 3)]):
        cases.add(name, values(*shape, seed=i, low=low, high=high), reference=reference, gradient=gradient if shape != (0, 3) else 0)
    floating = name in ONLY_FLOATS
    for x in ([np.clip(INTS, None, 80)] if name not in NO_INTS else []) + ([BOOLS] if name not in NO_BOOLS else []):
        cases.add(name, x, reference=(lambda v, n=name: getattr(keras.ops, n)(tf.cast(v, "float32"))) if floating else reference)

NUMPY_EDGES = {  # the edges follow NumPy (SciPy) in float32
    **{n: getattr(np, n) for n in REAL if hasattr(np, n) and n not in ("round", "i0")},
    "abs": np.abs, "round": np.round, "i0": lambda x: scipy.special.i0(x.astype("float64")), "erf": scipy.special.erf,
    "erfc": scipy.special.erfc, "erfinv": scipy.special.erfinv, "rsqrt": lambda x: 1 / np.sqrt(x), "exp2": np.exp2,
}  # fmt: skip
with np.errstate(all="ignore"):
    for name, function in NUMPY_EDGES.items():
        edges = SPECIAL[np.abs(SPECIAL) != np.float32(1e30)] if name in ("sin", "cos", "tan", "sinc") else SPECIAL
        found = np.asarray(function(edges))
        cases.add(name, edges, expected=found.astype("float32") if found.dtype.kind == "f" else found)
    for name, x in {
        "erf": np.linspace(-4, 4, 24), "erfc": np.linspace(-3, 9, 24), "erfinv": np.tanh(np.linspace(-6, 6, 24)),
            "i0": np.linspace(-30, 30, 21),
        "cbrt": f32(1e-30, 1e30, -27, 1e-3), "sinc": f32(1e-4, 1e-3, 0.25, 0.26, 3.5, 10.25),
    }.items():  # fmt: skip
        for one in np.asarray(x, "float32"):  # one by one, so that each is compared with itself
            cases.add(name, one.reshape(1), expected=np.float32(NUMPY_EDGES[name](one.reshape(1).astype("float64"))))
cases.add(
    "sinc",
    f32(0.0, 1e-3, 0.2, -0.3),
    reference=lambda x: (
        1
        - (np.pi * x) ** 2 / 6
        + (np.pi * x) ** 4 / 120
        - (np.pi * x) ** 6 / 5040
        + (np.pi * x) ** 8 / 362880
        - (np.pi * x) ** 10 / 39916800
    ),
)
cases.add("i0", values(6, low=-12, high=12), note="derivatives are I1")
cases.add("erfc", values(6, low=-4, high=4))
for name in ("absolute", "negative", "square", "sign", "abs"):
    cases.add(name, EDGE_INTS, expected=getattr(np, name)(EDGE_INTS))
cases.add("negative", np.array([1, 0, 255], "uint8"), expected=np.array([255, 0, 1], "uint8"))

for decimals in (1, 2, -1, -2):
    cases.add("round", values(3, 4, low=-300, high=300), decimals=decimals, gradient=0)
    cases.add(
        "round",
        np.array([0.25, 0.75, -25.0, 15.0, -150.0, inf, nan], "float32"),
        decimals,
        expected=np.round(np.array([0.25, 0.75, -25.0, 15.0, -150.0, inf, nan]), decimals),
    )
    cases.add(
        "round",
        np.array([14, 15, 25, -15, -25, -26, 149, 150, 250, 123456789], "int32"),
        decimals=decimals,
        expected=np.round(np.array([14, 15, 25, -15, -25, -26, 149, 150, 250, 123456789], "int32"), decimals),
    )
for kwargs in ({"nan": 7.0}, {"posinf": 3.0}, {"neginf": -2.0}, {"nan": 1.0, "posinf": 2.0, "neginf": -3.0}):
    cases.add("nan_to_num", SPECIAL, **kwargs, expected=np.nan_to_num(SPECIAL, **kwargs))
cases.add(
    "nan_to_num", np.array([nan + 1j, 1 + inf * 1j], "complex64"), expected=np.nan_to_num(np.array([nan + 1j, 1 + inf * 1j], "complex64"))
)

# --- complex numbers ---------------------------------------------------------------------------------------------------------

Z = values(2, 3, dtype="complex64")
COMPLEX = [
    "absolute", "negative", "square", "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh",
        "arcsinh", "arctan", "arctanh", "arccosh", "real", "imag", "conjugate", "reciprocal", "angle",
]  # fmt: skip
COMPLEX_REFERENCES = {
    "absolute": tf.abs, "negative": tf.negative, "square": tf.square, "sqrt": tf.sqrt, "rsqrt": tf.math.rsqrt, "exp": tf.exp,
        "expm1": tf.math.expm1,
    "log": tf.math.log, "log1p": tf.math.log1p, "sin": tf.sin, "cos": tf.cos, "tan": tf.tan, "sinh": tf.sinh, "cosh": tf.cosh,
        "tanh": tf.tanh,
    "arcsinh": tf.asinh, "arctan": tf.atan, "arctanh": tf.atanh, "arccosh": tf.acosh, "real": tf.math.real, "imag": tf.math.imag,
    "conjugate": tf.math.conj, "reciprocal": tf.math.reciprocal, "angle": tf.math.angle,
}  # fmt: skip
for name in COMPLEX:
    cases.add(name, Z, reference=COMPLEX_REFERENCES[name], gradient=0 if name == "angle" else 2)
    cases.add(name, values(dtype="complex64", seed=5), reference=COMPLEX_REFERENCES[name], gradient=0 if name == "angle" else 2)
cases.add("sigmoid", Z, reference=tf.sigmoid)
cases.add("angle", Z, reference=lambda z: tf.atan2(tf.math.imag(z), tf.math.real(z)))
for name in ("isnan", "isinf", "isfinite", "isreal", "logical_not", "sign"):
    z = np.array([nan + 1j, 1 + inf * 1j, 1 + 0j, 0j, 3 - 4j], "complex64")
    cases.add(name, z[2:] if name == "sign" else z, expected=getattr(np, name)(z[2:] if name == "sign" else z))
W = values(2, 3, seed=1, dtype="complex64")
for name, reference in {"add": tf.add, "subtract": tf.subtract, "multiply": tf.multiply, "divide": tf.divide, "power": tf.pow}.items():
    cases.add(name, Z, W, reference=reference)
    cases.add(name, Z, W[:, :1], reference=reference)
    cases.add(name, Z, values(3, low=0.5), reference=lambda a, b, r=reference: r(a, tf.cast(b, a.dtype)))
    cases.add(name, Z, 2.5, reference=lambda a, b, r=reference: r(a, tf.constant(b, a.dtype)))
cases.add("equal", Z, np.where(values(2, 3) > 0, Z, W), expected=values(2, 3) > 0)
cases.add("isclose", Z, Z + np.complex64(1e-7), expected=np.ones((2, 3), bool))
for shape in ((), (3,), (2, 2), (0,), (1, 2, 1, 2)):
    a, b = values(*shape), values(*shape, seed=1)
    cases.add("complex", a, b, reference=tf.complex, gradient=2 if shape != (0,) else 0)
    cases.add("polar", np.abs(a), b, reference=lambda r, t: tf.complex(r * tf.cos(t), r * tf.sin(t)), gradient=2 if shape != (0,) else 0)
    pair = values(*shape, 2)
    cases.add("view_as_complex", pair, reference=lambda x: tf.complex(x[..., 0], x[..., 1]), gradient=2 if shape != (0,) else 0)
    z = values(*shape, dtype="complex64")
    cases.add("view_as_real", z, reference=lambda x: tf.stack([tf.math.real(x), tf.math.imag(x)], -1), gradient=2 if shape != (0,) else 0)
cases.add("complex", values(2, 3), 1.5, reference=lambda a, b: tf.complex(a, tf.ones_like(a) * b))
cases.add("complex", INTS, INTS, expected=INTS + 1j * INTS)

# --- two operands ------------------------------------------------------------------------------------------------------------

SHAPES = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (4,)), ((1, 2, 1, 2, 1, 2), (2, 1, 1, 1)), ((0, 3), (3,))]
BINARY = {
    **dict.fromkeys(["add", "subtract", "multiply", "divide", "true_divide", "divide_no_nan", "floor_divide", "mod", "maximum",
        "minimum"], (-2.0, 2.0)),
    **dict.fromkeys(["fmax", "fmin", "fmod", "arctan2", "logaddexp", "logaddexp2", "hypot", "squared_difference", "heaviside"], (-2.0,
        2.0)),
    **dict.fromkeys(["equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or",
        "logical_xor", "isclose"], (-2.0, 2.0)),
    "power": (0.3, 2.0), "prelu": (-2.0, 2.0), "step": (-2.0, 2.0),
}  # fmt: skip
BINARY_REFERENCES = {
    "squared_difference": tf.math.squared_difference,
    "prelu": lambda x, a: tf.where(x >= 0, x, a * x),
    "step": lambda x, a: tf.where(x > 0, tf.ones_like(x), tf.cast(a, x.dtype) * tf.ones_like(x)),
    "logaddexp2": lambda x, y: keras.ops.logaddexp(x * np.log(2.0), y * np.log(2.0)) / np.log(2.0),
    "logaddexp": lambda x, y: tf.reduce_logsumexp(tf.stack([x + 0 * y, y + 0 * x]), 0),
    "add": lambda x, y: x + y,  # Keras takes some additions of vectors for that of a bias
    "hypot": lambda x, y: tf.sqrt(x * x + y * y),
    "divide_no_nan": tf.math.divide_no_nan,
}  # fmt: skip
BINARY_REFERENCES["fmod"] = lambda x, y: x - y * tf.stop_gradient(tf.sign(x / y) * tf.floor(tf.abs(x / y)))
NO_GRADIENT = {"heaviside", "floor_divide", "step"}
for name, (low, high) in BINARY.items():
    for i, (a, b) in enumerate(SHAPES):
        x, y = values(*a, seed=i, low=low, high=high), values(*b, seed=i + 50, low=low, high=high)
        cases.add(name, x, y, reference=BINARY_REFERENCES.get(name), gradient=0 if name in NO_GRADIENT or 0 in a else 2)
    number = 0.75
    if name not in ("prelu", "step", "heaviside", "logaddexp2", "fmod", "divide_no_nan", "squared_difference"):
        cases.add(
            name, values(2, 3, low=low, high=high), number, reference=BINARY_REFERENCES.get(name), gradient=0 if name in NO_GRADIENT else 2
        )
        cases.add(
            name, number, values(2, 3, low=low, high=high), reference=BINARY_REFERENCES.get(name), gradient=0 if name in NO_GRADIENT else 2
        )
    # Edges, against NumPy in float32: every pair of special values.
    numpy_name = getattr(np, name, None)
    if numpy_name is not None and name not in ("logaddexp2", "isclose", "power"):
        with np.errstate(all="ignore"):
            special = f32(nan, inf, -inf, 0.0, 1.0, -2.5)
            found = numpy_name(special[:, None], special)
            cases.add(name, special[:, None], special, expected=found)

for name in [
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "floor_divide",
    "mod",
    "power",
    "equal",
    "less",
    "greater_equal",
    "fmax",
    "fmin",
    "squared_difference",
]:
    function = getattr(np, name, lambda a, b: (a - b) * (a - b))
    with np.errstate(all="ignore"):
        for a, b in ((INTS, np.array([2, -3, 5], "int32")), (EDGE_INTS, EDGE_INTS[::-1].copy()), (INTS, np.int32(0).reshape(1))):
            b = np.abs(b) % 32 if name == "power" else b
            cases.add(name, a, b, expected=function(a, b))
        cases.add(name, INTS, 3, expected=function(INTS, np.int32(3)))
        cases.add(name, 3, np.abs(INTS), expected=function(np.int32(3), np.abs(INTS)))
        found = function(INTS.astype("float32"), np.float32(1.5))
        if name != "power":
            cases.add(name, INTS, 1.5, expected=found)
        cases.add(name, INTS, values(2, 3), expected=function(INTS.astype("float32"), values(2, 3))) if name != "power" else None
        small = np.array([250, 3, 0], "uint8")
        cases.add(name, small, np.array([10, 2, 7], "uint8"), expected=function(small, np.array([10, 2, 7], "uint8")))
        if name != "power":
            cases.add(
                name, small, np.array([-10, 2, 100], "int8"), expected=function(small.astype("int32"), np.array([-10, 2, 100], "int32"))
            )
cases.add(
    "power",
    np.array([2, 1, -1, 0, -1, 5], "int32"),
    np.array([-1, -5, -3, 0, -2, 0], "int32"),
    expected=np.array([0, 1, -1, 1, 1, 1], "int32"),
)
cases.add(
    "power",
    f32(0, 0, -8, -8, inf, 2, 0, 1, nan, -1),
    f32(0, -1, 2, 0.5, -1, inf, 3, nan, 0, -3),
    expected=np.array([1, inf, 64, nan, 0, inf, 0, 1, 1, -1], "float32"),
)
cases.add("power", f32(0.0, -1.5, 2.0), 2.0)
cases.add("power", f32(-1.0, -2.5, 3.0), 3)
cases.add("power", f32(0.5, 4.0), 0.5)
cases.add("power", 2.0, values(4))
cases.add("divide", INTS, np.array([2, 4, -8], "int32"), expected=(INTS / np.array([2, 4, -8])).astype("float32"))
cases.add("divide", INTS, 0, expected=np.array([[-inf, -inf, nan], [inf, inf, inf]], "float32"))
cases.add("divide_no_nan", INTS, np.array([0, 2, -3], "int32"), expected=np.array([[0, -0.5, 0], [0, 1, -7 / 3]], "float32"))
cases.add("divide_no_nan", f32(1, 0, nan, inf, 3), f32(0, 0, 0, 0, 2), reference=tf.math.divide_no_nan)
cases.add("divide_no_nan", values(3), 0.0, reference=lambda x, y: tf.math.divide_no_nan(x, tf.constant(y, x.dtype)))
cases.add(
    "floor_divide",
    f32(7, -7, 1, -1, 5.5),
    f32(2, 2, 0.1, 0.25, -2),
    expected=np.floor_divide(f32(7, -7, 1, -1, 5.5), f32(2, 2, 0.1, 0.25, -2)),
)
cases.add("heaviside", f32(-1, 0, 1, nan), 0.25, expected=f32(0, 0.25, 1, nan))
cases.add("heaviside", INTS, 1, expected=(INTS >= 0).astype("float32"))
for alpha in (0.0, 0.5, -2.0):
    cases.add("step", f32(-1, 0, 2, nan, inf), alpha, expected=f32(alpha, alpha, 1, nan, 1))
    cases.add("prelu", f32(-1, 0, 2, -3), alpha, reference=lambda x, a: tf.where(x >= 0, x, a * x))
cases.add("step", f32(-1, 0, 2), expected=f32(0, 0, 1))
cases.add("maximum", f32(1, 2, 3), f32(1, 1, 5), reference=tf.maximum, note="x1 gets the gradient of a tie")
cases.add("minimum", f32(1, 2, 3), f32(1, 1, 5), reference=tf.minimum, note="x1 gets the gradient of a tie")
cases.add("logaddexp", f32(1000, -1000, 3), f32(1000, 50, -200), reference=BINARY_REFERENCES["logaddexp"], gradient=1)
cases.add("logaddexp2", f32(1000, -1000, 3, -inf), f32(1000, 50, -200, -inf), expected=f32(1001, 50, 3, -inf))
cases.add("hypot", f32(1e30, 1e-30, 3, 0), f32(1e30, 1e-30, -4, 0), expected=f32(1.41421356e30, 1.41421356e-30, 5, 0))
for n in (1, 2, 4):
    cases.add("add_n", [values(2, 3, seed=i) for i in range(n)], reference=lambda xs: tf.add_n(xs))
    cases.add("add_n", [INTS] * n, expected=INTS * n)
cases.add("add_n", [values(seed=i) for i in range(3)], reference=lambda xs: tf.add_n(xs))

for x, y in (
    (f32(0.5, -1.5, 3, 0), np.array([1, 3, -2, 5], "int32")),
    (f32(1e-30, 1e30), np.array([140, -140], "int32")),
    (values(2, 3), 4),
    (INTS, 2),
):
    cases.add("ldexp", x, y, expected=np.ldexp(x.astype("float32"), y).astype("float32"))
cases.add(
    "ldexp", values(2, 3), np.array([1, -2, 3], "int32"), reference=lambda x, y: x * tf.pow(tf.constant(2.0, x.dtype), tf.cast(y, x.dtype))
)
for name, function in (("gcd", np.gcd), ("lcm", np.lcm)):
    a, b = (
        np.array([12, -18, 0, 7, 1836311903 if name == "gcd" else 30], "int32"),
        np.array([18, 12, 5, 0, 1134903170 if name == "gcd" else 42], "int32"),
    )
    for x, y in (
        (a, b),
        (a, 6),
        (INTS, INTS[:, ::-1].copy()),
        (INTS, np.array([2, 3, 4], "int32")),
        (np.array([8, 12], "uint8"), np.array([12, 18], "uint8")),
    ):
        cases.add(name, x, y, expected=function(x, y))
pairs = f32(1, 1, 0, 0, -1, nan, inf, 1e30, -0.0, 3), f32(2, 0, 1, -1, 1, 1, 0, inf, 0.0, 3)
cases.add("nextafter", *pairs, expected=np.nextafter(*pairs))
cases.add("nextafter", values(2, 3), values(3, seed=2), expected=np.nextafter(values(2, 3), values(3, seed=2)))

# --- three operands, bounds, closeness ----------------------------------------------------------------------------------------

X = values(2, 3)
for low, high in ((-1.0, 1.0), (0.5, 0.25), (-1, 1), (f32(-1, 0, 1), 1.5), (f32(0.5), f32(1.0).reshape(1, 1)), (-inf, inf)):
    cases.add("clip", X, low, high, reference=lambda x, a, b: tf.minimum(tf.maximum(x, tf.cast(a, x.dtype)), tf.cast(b, x.dtype)))
cases.add("clip", SPECIAL, -1.0, 1.0, expected=np.clip(SPECIAL, -1, 1))
cases.add("clip", INTS, -1, 2, expected=np.clip(INTS, -1, 2))
cases.add("clip", INTS, -0.5, 1.5, expected=np.clip(INTS, -0.5, 1.5).astype("float32"))
cases.add("clip", X, x_min=0.0, x_max=None, expected=np.maximum(X, 0))
cases.add("clip", X, x_min=None, x_max=0.0, expected=np.minimum(X, 0))
cases.add("clip", f32(-1, 0, 1), -1.0, 1.0, note="the gradient passes on the bounds")
for shape in ((3,), (2, 1), (2, 3), ()):
    cases.add("where", values(*shape, dtype="bool"), X, values(3, seed=3))
    cases.add("where", values(*shape, dtype="bool"), X, 2.0)
    cases.add("where", values(*shape, dtype="bool"), 1.5, values(1, seed=4))
cases.add("where", INTS, INTS, 0.5, expected=np.where(INTS, INTS, 0.5).astype("float32"))
cases.add("where", BOOLS, 1, 2, expected=np.array([1, 2], "int32"))
cases.add("where", BOOLS, INTS[:, :2], np.array([9, 8], "int32"))
cases.add("where", np.zeros((0, 2), bool), X[:, :2][:0], 1.0, gradient=0)
for kwargs in (
    {},
    {"rtol": 0.1},
    {"atol": 0.5},
    {"equal_nan": True},
    {"rtol": 0.0, "atol": 0.0},
    {"rtol": 0.2, "atol": 0.1, "equal_nan": True},
):
    a, b = f32(1, 1, nan, inf, inf, 0, 2, 5), f32(1.000001, 1.05, nan, inf, -inf, 0.3, 2.5, nan)
    cases.add("isclose", a, b, **kwargs, expected=np.isclose(a, b, **kwargs))
    cases.add("isclose", INTS, INTS + 1, **kwargs, expected=np.isclose(INTS, INTS + 1, **kwargs))

    for n in (1, 3, 8):
        cases.add("allclose", a[:n], b[:n], **kwargs, expected=np.bool_(np.allclose(a[:n], b[:n], **kwargs)))

# --- logic and bits ----------------------------------------------------------------------------------------------------------

for name in ("logical_and", "logical_or", "logical_xor"):
    for a, b in ((BOOLS[:, None], BOOLS), (INTS, INTS[:, ::-1].copy()), (f32(0, nan, 1), f32(0, 0, -1)), (BOOLS, True), (INTS, 0)):
        cases.add(name, a, b, expected=getattr(np, name)(a, b))
for x in (BOOLS, INTS, f32(0, nan, -1)):
    cases.add("logical_not", x, expected=np.logical_not(x))
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    for a, b in (
        (INTS, np.array([6, 5, -1], "int32")),
        (EDGE_INTS, EDGE_INTS[::-1].copy()),
        (BOOLS[:, None], BOOLS),
        (INTS, 6),
        (np.array([200, 7], "uint8"), np.array([60, 5], "uint8")),
        (np.zeros((0,), "int32"), 1),
    ):
        cases.add(name, a, b, expected=getattr(np, name)(a, b).astype("bool" if a.dtype == bool else a.dtype))
    cases.add(name, np.array([200, 7], "uint8"), INTS[:, :2], expected=getattr(np, name)(np.array([200, 7], "int32"), INTS[:, :2]))
for name in ("bitwise_not", "bitwise_invert"):
    for x in (INTS, EDGE_INTS, BOOLS, np.array([0, 200], "uint8"), np.array([0, -128], "int8")):
        cases.add(name, x, expected=np.invert(x))
for name, function in (("left_shift", np.left_shift), ("right_shift", np.right_shift)):
    for op in (name, "bitwise_" + name):
        for a, b in (
            (INTS, np.array([1, 4, 31], "int32")),
            (EDGE_INTS, np.int32(3).reshape(1)),
            (INTS, 2),
            (1, np.array([0, 5, 30], "int32")),
            (np.array([200, 7], "uint8"), np.array([1, 3], "uint8")),
            (np.array([100, -7], "int8"), np.array([1, 1], "int8")),
        ):
            cases.add(op, a, b, expected=function(a, b).astype("int32" if isinstance(a, int) else a.dtype))
        cases.add(
            op, np.array([5, -5], "int32"), np.array([40, 33], "int32"), expected=np.array([0, 0] if "left" in op else [0, -1], "int32")
        )

# --- dtypes ------------------------------------------------------------------------------------------------------------------

FLOATS = f32(1.7, -1.7, 0, 1e20, -1e20, nan, 300, -0.5)
SATURATED = {
    "int32": [1, -1, 0, 2**31 - 1, -(2**31), 0, 300, 0],
    "uint8": [1, 0, 0, 255, 0, 0, 255, 0],
    "int8": [1, -1, 0, 127, -128, 0, 127, 0],
}
for dtype, expected in SATURATED.items():
    cases.add("cast", FLOATS, dtype, expected=np.array(expected, dtype))
    cases.add("saturate_cast", FLOATS, dtype, expected=np.array(expected, dtype))
WIDE_INTS = np.array([0, 1, -1, 255, 256, 300, -129, 2**31 - 1], "int32")
for dtype in ("float32", "float16", "bool", "uint8", "int8", "int32", "complex64"):
    with np.errstate(all="ignore"):
        for x in (WIDE_INTS, BOOLS, np.array([200, 3], "uint8"), np.array([-100, 3], "int8")):
            cases.add("cast", x, dtype, expected=x.astype(dtype))
        cases.add(
            "cast", f32(0, 1.5, -3), dtype, expected=f32(0, 1.5, 3 if dtype == "uint8" else -3).astype(dtype)
        ) if dtype != "uint8" else None
for dtype, low, high in (("uint8", 0, 255), ("int8", -128, 127)):
    for x in (WIDE_INTS, np.array([200, 3], "uint8"), np.array([-100, 3], "int8")):
        cases.add("saturate_cast", x, dtype, expected=np.clip(x.astype("int32"), low, high).astype(dtype))
cases.add("saturate_cast", f32(1e6, -1e6, 1.5), "float16", expected=np.array([65504, -65504, 1.5], "float16"))
cases.add("saturate_cast", values(2, 3), "float32")
cases.add("cast", values(2, 3), "complex64", reference=lambda x, d: tf.cast(x, "complex128"))
cases.add("cast", Z, "float32", reference=lambda x, d: tf.math.real(x))
cases.add("cast", values(2, 3), "int32", expected=values(2, 3).astype("int32"))
for x in (
    f32(1, -2.5, 0, inf),
    EDGE_INTS,
    np.arange(8, dtype="uint8").reshape(2, 4),
    np.array([[-1, 2, 3, 4]], "int8"),
    values(2, 2, dtype="complex64"),
    values(4, 4),
):
    for dtype in ("float32", "int32", "uint8", "int8", "complex64"):
        if x.shape[-1] * x.itemsize % np.dtype(dtype).itemsize == 0 and not (dtype in ("float32", "complex64") and x.itemsize == 1):
            cases.add("view", x, dtype, expected=x.view(dtype))
cases.add("view", np.array([0, 0, 128, 63, 0, 0, 0, 192], "uint8"), "float32", expected=f32(1, -2))
for x in (values(2, 3), INTS, BOOLS):
    cases.add("view", x, expected=x)

# --- mixed dtypes of operators, as Keras promotes -----------------------------------------------------------------------------

KINDS = {
    "bool": BOOLS,
    "uint8": np.array([3, 200], "uint8"),
    "int8": np.array([-3, 100], "int8"),
    "int32": np.array([5, -70], "int32"),
    "float16": np.array([0.5, -2], "float16"),
    "float32": f32(0.25, -3),
}
for a, x in KINDS.items():
    for b, y in KINDS.items():
        if a != b:
            for name in ("add", "multiply", "divide", "maximum"):
                cases.add(name, x, y, reference=lambda p, q, n=name: getattr(keras.ops, n)(p, q), gradient=0, wide=False)
    if a != "bool":
        for number in (2, 0.5, True):
            cases.add("multiply", x, number, gradient=0, wide=False)
