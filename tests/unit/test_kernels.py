"""Expressions and patterns below the ops: typing, derivatives, and the two readings (NumPy, plain Python) of random programs."""

import math
import random

import pytest

from tensorweb.backends.numpy import NumpyBackend
from tensorweb.backends.python import PythonBackend
from tensorweb.errors import DTypeError
from tensorweb.kernels import expression as e
from tensorweb.kernels import patterns, scalars
from tensorweb.kernels.patterns import Relation, Spec
from tensorweb.kernels.program import lower

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3e38, -3e38, 1e-40, math.inf, -math.inf, math.nan, 7.0, 100.0, -0.75]
INTEGERS = [0, 1, -1, 2, -7, 31, 32, 33, 2**31 - 1, -(2**31), 12345, -99]

UNARY = [
    "exp", "log", "expm1", "log1p", "sqrt", "sin", "cos", "tanh", "sinh", "cosh", "asin", "atan", "asinh", "acosh", "atanh", "abs",
    "sign", "floor", "ceil", "rint", "trunc", "neg", "isnan", "isinf", "not",
]  # fmt: skip
BINARY = [
    "add", "sub", "mul", "div", "floordiv", "mod", "pow", "max", "min", "atan2", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor",
]  # fmt: skip
ON_INTEGERS = [
    "add", "sub", "mul", "floordiv", "mod", "max", "min", "eq", "ne", "lt", "le", "gt", "ge", "band", "bor", "bxor", "shl", "shr", "ushr",
    "pow",
]  # fmt: skip


def run_both(kernel, inputs, outputs, values):
    results = []
    for backend in (NumpyBackend(), PythonBackend()):
        buffers = [backend.upload(v, s) for v, s in zip(values, inputs)]
        made = backend.compile(kernel, inputs, outputs)(*buffers)
        results.append([list(backend.download(b, s)) for b, s in zip(made, outputs)])
    return results


def assert_same(left, right, where=""):
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        same = (a != a and b != b) or a == b or math.isclose(a, b, rel_tol=3e-6, abs_tol=1e-38)
        assert same, f"{where} element {i}: numpy {a!r}, python {b!r}"


def run_map(roots, specs, values):
    program = lower(roots, [s.dtype for s in specs], "test")
    shape = specs[0].shape
    outputs = tuple(Spec(shape, program.steps[o].dtype) for o in program.outputs)
    return run_both(patterns.Map(program), specs, outputs, values)


@pytest.mark.parametrize("op", UNARY)
def test_unary_operations_agree(op):
    root = e.node(op, e.argument(0))
    numpy, python = run_map([root], [Spec((len(SPECIAL),), "float32")], [SPECIAL])
    assert_same(numpy[0], python[0], op)


@pytest.mark.parametrize("op", BINARY)
def test_binary_operations_agree_on_all_pairs(op):
    pairs = [(a, b) for a in SPECIAL for b in SPECIAL]
    spec = Spec((len(pairs),), "float32")
    numpy, python = run_map([e.node(op, e.argument(0), e.argument(1))], [spec, spec], list(zip(*pairs)))
    for (a, b), x, y in zip(pairs, numpy[0], python[0]):
        assert_same([x], [y], f"{op}({a}, {b})")


@pytest.mark.parametrize("op", ON_INTEGERS)
def test_integer_operations_wrap_alike(op):
    pairs = [(a, b) for a in INTEGERS for b in INTEGERS]
    spec = Spec((len(pairs),), "int32")
    numpy, python = run_map([e.node(op, e.argument(0), e.argument(1))], [spec, spec], list(zip(*pairs)))
    for (a, b), x, y in zip(pairs, numpy[0], python[0]):
        assert x == y, f"{op}({a}, {b}): numpy {x}, python {y}"


@pytest.mark.parametrize("target", ["float16", "int32", "int8", "uint8", "bool"])
def test_casts_agree(target):
    root = e.cast(e.argument(0), target)
    for dtype, values in (("float32", SPECIAL), ("int32", INTEGERS)):
        numpy, python = run_map([root], [Spec((len(values),), dtype)], [values])
        assert_same(numpy[0], python[0], f"{dtype} to {target}")


def random_expression(rng, depth):
    if depth == 0:
        return e.argument(rng.randrange(3)) if rng.random() < 0.8 else e.wrap(rng.choice([0.5, 2, -1.5, 3]))
    if rng.random() < 0.1:
        return e.where(random_expression(rng, depth - 1) > 0, random_expression(rng, depth - 1), random_expression(rng, depth - 1))
    if rng.random() < 0.4:
        return e.node(rng.choice(["exp", "tanh", "sin", "abs", "floor", "neg", "sign"]), random_expression(rng, depth - 1))
    op = rng.choice(["add", "sub", "mul", "max", "min", "div"])
    return e.node(op, random_expression(rng, depth - 1), random_expression(rng, depth - 1))


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_and_their_derivatives_agree(seed):
    rng = random.Random(seed)
    root = random_expression(rng, 3)
    symbols = {x.value: x for x in e.postorder([root]) if x.op == "arg"}
    seeds = [e.argument(3)]
    roots = [root] + [d for d in e.differentiate([root], seeds, list(symbols.values())) if d is not None]
    specs = [Spec((2, 5), "float32"), Spec((5,), "int32"), Spec((2, 1), "float32"), Spec((2, 5), "float32")]
    values = [[rng.uniform(-2, 2) for _ in range(10)], [rng.randint(-3, 3) for _ in range(5)], [0.3, -1.7], [1.0] * 10]
    numpy, python = run_map(roots, specs, values)
    for a, b in zip(numpy, python):
        largest = max((abs(v) for v in b if math.isfinite(v)), default=1.0)
        for x, y in zip(a, b):
            assert (x != x and y != y) or x == y or abs(x - y) <= 2e-5 * max(1.0, largest), f"{root}: numpy {x}, python {y}"


def test_contract_agrees_with_its_meaning_in_all_roles():
    """Strides, dilations and paddings of one relation; the operand roles are exchanged as the gradients do."""
    rng = random.Random(1)
    for stride in (1, 2, 3):
        for dilation in (1, 2):
            for padding in (-1, 0, 2):
                taps, size = 3, 9
                out = (size + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
                if out < 1:
                    continue
                sizes = tuple(sorted({"b": 2, "p": size, "c": 2, "k": taps, "f": 3, "o": out}.items()))
                relation = (Relation("p", "o", "k", stride, dilation, padding),)
                at = dict(sizes)
                for la, lb, lo in (("bpc", "kcf", "bof"), ("bof", "kcf", "bpc"), ("bpc", "bof", "kcf")):
                    specs = [Spec(tuple(at[x] for x in labels), "float32") for labels in (la, lb)]
                    result = (Spec(tuple(at[x] for x in lo), "float32"),)
                    values = [[rng.uniform(-1, 1) for _ in range(math.prod(s.shape))] for s in specs]
                    numpy, python = run_both(patterns.Contract(la, lb, lo, sizes, relation), specs, result, values)
                    for x, y in zip(numpy[0], python[0]):
                        assert abs(x - y) < 1e-5, (la, lb, lo, stride, dilation, padding)


def test_promotion_in_programs():
    x, y = e.argument(0), e.argument(1)

    def dtype(root, *dtypes):
        program = lower([root], dtypes, "test")
        return program.steps[program.outputs[0]].dtype

    assert dtype(x + y, "float16", "int32") == "float16"
    assert dtype(x + y, "float16", float) == "float16"
    assert dtype(x + 1.5, "int32") == "float32"
    assert dtype(x / y, "int32", "int8") == "float32"
    assert dtype(x < y, "int32", "float32") == "bool"
    assert dtype(e.reduce.sum(x), "bool") == "int32"
    assert dtype(e.absolute(x), "complex64") == "float32"
    with pytest.raises(DTypeError, match="test: expected real numbers, got dtype complex64"):
        dtype(e.floor(x), "complex64")
    with pytest.raises(DTypeError, match="test: expected integers or booleans, got dtype float32"):
        dtype(x & y, "float32", "int32")


def test_common_subexpressions_are_computed_once():
    x = e.argument(0)
    program = lower([e.exp(x) * e.exp(x) + e.exp(x)], ["float32"], "test")
    assert [s.op for s in program.steps].count("exp") == 1


def test_a_body_cannot_branch():
    with pytest.raises(TypeError, match="use where"):
        bool(e.argument(0) > 1)


def test_scalars_saturate_and_wrap():
    assert scalars.convert(math.inf, "int32") == 2**31 - 1 and scalars.convert(math.nan, "uint8") == 0
    assert scalars.convert(300, "uint8") == 44 and scalars.wrap_int(2**31, "int32") == -(2**31)
