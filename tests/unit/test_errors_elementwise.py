"""Wrong inputs of element-by-element ops and activations: each raises its class, with a message that begins with the op's name."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError, DTypeError, ShapeError

FLOATS, INTS, COMPLEX, TEXT = [1.0, 2.0], [1, 2], [1 + 1j, 2j], ["a", "b"]
TWO_AND_THREE = ([1.0, 2.0], [1.0, 2.0, 3.0])
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "divide_no_nan",
    "floor_divide",
    "mod",
    "power",
    "maximum",
    "minimum",
    "arctan2",
    "hypot",
    "logaddexp",
    "equal",
    "less",
    "logical_and",
]
REAL = ["floor", "ceil", "round", "trunc", "relu"]
REAL_PAIRS = ["maximum", "minimum", "mod", "floor_divide", "less", "less_equal", "greater", "greater_equal", "arctan2"]

CASES = [
    *((name, TWO_AND_THREE, ShapeError) for name in BINARY),
    *((name, (FLOATS, INTS), DTypeError) for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift")),
    ("bitwise_not", (FLOATS,), DTypeError),
    *((name, (COMPLEX,), DTypeError) for name in REAL),
    *((name, (COMPLEX, COMPLEX), DTypeError) for name in REAL_PAIRS),
    *((name, (TEXT,), DTypeError) for name in ("negative", "absolute", "exp", "isnan", "sigmoid", "square")),
    ("add", (TEXT, TEXT), DTypeError),
    ("add", (object(), FLOATS), ConversionError),
    ("add", (INTS, 2**40), ArgumentError),
    ("add_n", ([],), ArgumentError),
    ("add_n", ([FLOATS, [1.0]],), ShapeError),
    ("gcd", (FLOATS, INTS), DTypeError),
    ("lcm", (INTS, FLOATS), DTypeError),
    ("ldexp", (FLOATS, FLOATS), DTypeError),
    ("where", ([True], FLOATS), ArgumentError),
    ("where", ([True, False, True], FLOATS, 0.0), ShapeError),
    ("clip", (FLOATS, [0.0, 0.0, 0.0], 1.0), ShapeError),
    ("cast", (FLOATS, "float99"), DTypeError),
    ("cast", (FLOATS, "string"), DTypeError),
    ("cast", (TEXT, "int32"), DTypeError),
    ("saturate_cast", (FLOATS, "nothing"), DTypeError),
    ("view", (FLOATS, "float16"), DTypeError),
    ("view", ([1.0], "complex64"), ShapeError),
    ("view", (1.0, "uint8"), ShapeError),
    ("view_as_complex", ([1.0, 2.0, 3.0],), ShapeError),
    ("view_as_complex", (1.0,), ShapeError),
    ("glu", ([1.0, 2.0, 3.0],), ShapeError),
    ("softmax", (FLOATS, 1), ShapeError),
    ("log_softmax", (FLOATS, (0, 0)), ShapeError),
    ("sparsemax", (FLOATS, -2), ShapeError),
    ("glu", (FLOATS, 5), ShapeError),
    ("softmax", ([[], []],), None),
]


@pytest.mark.parametrize(("name", "args", "error"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_wrong_inputs_raise_at_once(name, args, error):
    args = [tw.tensor(a) if name != "add_n" and isinstance(a, list) else a for a in args]
    if error is None:
        assert getattr(tw, name)(*args).size == 0
        return
    with pytest.raises(error, match=rf"^({name}|dtype promotion|bitwise_\w+|_\w+): expected "):
        getattr(tw, name)(*args)


def test_operators_mix_ints_floats_and_bools():
    i, f, b = tw.tensor([5, -7]), tw.tensor([0.5, -2.0]), tw.tensor([True, False])
    assert ((2**i).tolist(), (2**i).dtype) == ([32, 0], "int32")
    assert (i // 0).tolist() == [0, 0] and (i % 0).tolist() == [0, 0]
    assert (i // 2).tolist() == [2, -4] and (i % 3).tolist() == [2, 2]
    assert (i / 2).tolist() == [2.5, -3.5]
    assert (tw.tensor([2**31 - 1]) + 1).tolist() == [-(2**31)]
    assert (tw.tensor([65536]) * 65536).tolist() == [0]
    assert (i + True).tolist() == [6, -6] and (i * 1.5).dtype == "float32" and (b + 1).tolist() == [2, 1] and (b * 0.5).dtype == "float32"
    assert (1 - f).tolist() == [0.5, 3.0] and (3 / f).tolist() == [6.0, -1.5] and (f**2).tolist() == [0.25, 4.0]
    assert (i << 1).tolist() == [10, -14] and (i >> 1).tolist() == [2, -4] and (~i).tolist() == [-6, 6] and (i & 6 | 1).tolist() == [5, 1]
    assert (b & ~b).tolist() == [False, False] and (b ^ True).tolist() == [False, True]
    assert abs(-f).tolist() == [0.5, 2.0] and round(tw.tensor([2.5])).tolist() == [2.0] and (f == f).tolist() == [True, True]
    assert (f * (1 + 2j)).tolist() == [0.5 + 1j, -2 - 4j]


def test_numpy_scalars_and_arrays_are_operands():
    np = pytest.importorskip("numpy")
    f = tw.tensor([0.5, -2.0])
    assert (np.float32(2) * f).tolist() == [1.0, -4.0] and (f + np.int64(1)).tolist() == [1.5, -1.0]
    assert (np.array([1.0, 2.0]) - f).tolist() == [0.5, 4.0] and type(np.array([1.0, 2.0]) - f) is tw.Tensor


def test_stop_gradient_cuts_the_tape():
    x = tw.tensor([3.0])
    with tw.GradientTape() as tape:
        tape.watch(x)
        y = x * tw.stop_gradient(x)
    assert tape.gradient(y, x).tolist() == [3.0]
