"""The scalar functions on lanes, through the printers of native code and of WebAssembly, against NumPy and `kernels.scalars`."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tensorweb.kernels import scalars
from tensorweb.kernels.values.complex_numbers import COMPLEX
from tensorweb.kernels.values.functions import REAL, ULPS
from tensorweb.kernels.values.half import float_to_half, half_to_float
from tensorweb.kernels.values.integers import INTEGERS

np = pytest.importorskip("numpy")

KINDS = {"float32": "f32", "int32": "i32"}
ARENA = 1 << 23


class Lanes:
    """Runs a function of lanes on arrays: its kernel reads vectors of each and writes vectors of the results."""

    def __init__(self, machine: Any, name: str):
        self.machine, self.name = machine, name
        self.base = machine.reserve(ARENA)

    def __call__(self, key: str, function: Callable, *arrays: Any, results: tuple[str, ...] = ("float32",)) -> Any:
        lanes = self.machine.target.lanes
        kinds = [KINDS[str(a.dtype)] for a in arrays]

        def emit(b: Any) -> None:
            slots = [b.slot(i + 1) for i in range(len(kinds) + len(results))]
            with b.loop(b.begin, b.end) as unit:
                at = unit * (4 * lanes)
                made = function(b, *(b.load_vector(kind, slot + at) for kind, slot in zip(kinds, slots, strict=False)))
                for value, result, slot in zip(made if isinstance(made, tuple) else (made,), results, slots[len(kinds) :], strict=True):
                    b.store_vector(KINDS[result], slot + at, b.convert(value, "vi") if value.type == "vm" else value)

        handle = self.machine.compile(f"test of lanes: {key}", emit)
        per_call = ARENA // (len(kinds) + len(results)) // 256 * 64
        parts = [self._part(handle, [a[i : i + per_call] for a in arrays], results) for i in range(0, len(arrays[0]), per_call)]
        joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return joined[0] if len(results) == 1 else joined

    def _part(self, handle: Any, arrays: list, results: tuple[str, ...]) -> list:
        machine, count = self.machine, len(arrays[0])
        units = -(-count // machine.target.lanes)
        nbytes = -(-units * machine.target.lanes * 4 // 64) * 64
        places = [self.base + i * nbytes for i in range(len(arrays) + len(results))]
        for a, place in zip(arrays, places, strict=False):
            machine.read(place, nbytes)[: 4 * count] = memoryview(np.ascontiguousarray(a)).cast("B")
        width = "q" if machine.index_bytes == 8 else "i"
        machine.run(handle, struct.pack(f"<{1 + len(places)}{width}", 0, *places), units, units)
        return [
            np.frombuffer(machine.read(place, nbytes), dtype)[:count].copy()
            for dtype, place in zip(results, places[len(arrays) :], strict=True)
        ]


@pytest.fixture(scope="module", params=["native", "wasm", "wasm without relaxed SIMD"])
def lanes(request: pytest.FixtureRequest) -> Any:
    if request.param == "native":
        pytest.importorskip("llvmlite", reason="native kernels need llvmlite")
        from tensorweb.backends.native.machine import NativeMachine

        machine: Any = NativeMachine()
    else:
        pytest.importorskip("wasmtime", reason="WebAssembly kernels need wasmtime")
        from tensorweb.backends.wasm.machine import WasmMachine

        machine = WasmMachine()
        if request.param != "wasm":
            machine.target = machine.target._replace(fused=False)
    yield Lanes(machine, request.param)
    machine.close()


# --- real functions ---

SPECIAL = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1.5, -2.5, 1e-45, -1e-45, 1e-40, 2.0**-126, -(2.0**-126),
     3.4028235e38, -3.4028235e38, 1 - 2.0**-24, 1 + 2.0**-23, 1 - 2.0**-24 - 1, 88.72283, 88.73, 89.41, 89.42, -87.34, -103.9, -104.1,
     9.1, 100, 2.0**24, 2.0**24 + 2, 8388607.5, 1e10, -1e10, 1e30, -1e30],
    np.float32,
)  # fmt: skip
NUMPY = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
         "atan2": "arctan2", "pow": "power", "floordiv": "floor_divide"}  # fmt: skip
BINARY = ("pow", "atan2", "mod", "floordiv")
WHERE_IT_MATTERS = {
    "exp": (-104, 89), "expm1": (-2, 2), "log": (0.3, 3), "log1p": (-0.9, 3), "tanh": (-9, 9), "sinh": (-3, 3), "cosh": (-3, 3),
    "asinh": (-3, 3), "acosh": (1, 4), "atanh": (-1, 1), "sin": (-40, 40), "cos": (-40, 40), "tan": (-40, 40), "asin": (-1, 1),
    "acos": (-1, 1), "atan": (-3, 3),
}  # fmt: skip


def reference(name: str) -> Any:
    return getattr(np, NUMPY.get(name, name))


def ulps(got: Any, expected: Any) -> Any:
    """Return distances in units of the last place of the float32 nearest to `expected`: inf where a NaN or the sign of a zero is wrong."""
    largest = float(np.finfo(np.float32).max)
    with np.errstate(over="ignore", invalid="ignore"):
        unit = np.spacing(np.clip(np.nan_to_num(np.abs(expected), nan=1.0), 0, largest).astype(np.float32)).astype(np.float64)
        unit = np.where(np.isfinite(unit), unit, 2.0**104)
        distance = np.abs(np.clip(got.astype(np.float64), -(2.0**128), 2.0**128) - np.clip(expected, -(2.0**128), 2.0**128)) / unit
    distance = np.where(np.isnan(expected), np.where(np.isnan(got), 0.0, np.inf), np.where(np.isnan(got), np.inf, distance))
    return np.where((expected == 0) & (np.signbit(got) != np.signbit(expected)), np.inf, distance)


def assert_within(bound: float, got: Any, expected: Any, *operands: Any) -> None:
    off = ulps(got, expected)
    worst = int(np.argmax(off))
    at = [float(x[worst]) for x in operands]
    assert off[worst] <= bound, f"{off[worst]:.3f} ulp at {at}: got {got[worst]!r}, expected {expected[worst]!r}"


def every(step: int) -> Any:
    """Return float32 numbers of all sizes, evenly over their bit patterns."""
    return np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)


def pairs() -> tuple:
    """Return operands of binary functions: all pairs of special numbers, of all sizes, and of similar sizes."""
    rng = np.random.default_rng(5)
    x, y = (a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL))
    bits = rng.integers(0, 2**32, (2, 50000), dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = rng.uniform(-20, 20, (2, 50000)).astype(np.float32)
    whole = np.round(near * 5)
    return tuple(np.concatenate(parts) for parts in zip((x, y), bits, near, whole, (near[0], whole[1]), strict=True))


def test_every_function_states_its_error() -> None:
    assert set(ULPS) == set(REAL) and max(ULPS.values()) < 4


@pytest.mark.parametrize("name", sorted(WHERE_IT_MATTERS))
def test_real_function(lanes: Lanes, name: str) -> None:
    x = np.concatenate([SPECIAL, every(30011), np.linspace(*WHERE_IT_MATTERS[name], 100001).astype(np.float32)])
    with np.errstate(all="ignore"):
        expected = reference(name)(x.astype(np.float64))
    assert_within(ULPS[name], lanes(name, REAL[name], x), expected, x)


@pytest.mark.parametrize("name", BINARY)
def test_real_function_of_two(lanes: Lanes, name: str) -> None:
    x, y = pairs()
    with np.errstate(all="ignore"):
        expected = reference(name)(x.astype(np.float64), y.astype(np.float64))
    assert_within(ULPS[name], lanes(name, REAL[name], x, y), expected, x, y)


def test_powers_near_overflow(lanes: Lanes) -> None:
    rng = np.random.default_rng(6)
    x = np.concatenate([np.exp(rng.uniform(-88, 88, 50000)), rng.uniform(0.5, 2, 50000)]).astype(np.float32)
    y = (rng.uniform(-150, 128, x.size) / np.log2(x.astype(np.float64) + 1e-9)).astype(np.float32)
    with np.errstate(all="ignore"):
        expected = np.power(x.astype(np.float64), y.astype(np.float64))
    assert_within(ULPS["pow"], lanes("pow", REAL["pow"], x, y), expected, x, y)


@pytest.mark.parametrize("name", sorted(REAL))
def test_special_numbers_mean_what_scalars_say(lanes: Lanes, name: str) -> None:
    operands = [SPECIAL] if name not in BINARY else [a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL)]
    meaning = scalars.FUNCTIONS[name]
    expected = np.array([meaning(*map(float, row)) for row in zip(*operands, strict=True)], np.float64)
    assert_within(ULPS[name], lanes(name, REAL[name], *operands), expected, *operands)


# --- integers ---

NUMBERS = [0, 1, -1, 2, -2, 3, -3, 5, 7, -7, 31, 32, 33, -31, -32, 100, -100, 46341, 65536, 2**31 - 1, -(2**31), -(2**31) + 1]


@pytest.mark.parametrize("name", sorted(INTEGERS))
def test_integers(lanes: Lanes, name: str) -> None:
    rng = np.random.default_rng(7)
    x, y = (a.ravel() for a in np.meshgrid(NUMBERS, NUMBERS))
    x = np.concatenate([x, rng.integers(-(2**31), 2**31, 1000), rng.integers(-9, 9, 1000)]).astype(np.int32)
    y = np.concatenate([y, rng.integers(-(2**31), 2**31, 1000), rng.integers(-9, 40, 1000)]).astype(np.int32)
    meaning = scalars.FUNCTIONS[name]
    expected = [scalars.wrap_int(meaning(int(p), int(q)), "int32") for p, q in zip(x, y, strict=True)]
    np.testing.assert_array_equal(lanes(f"int {name}", INTEGERS[name], x, y, results=("int32",)), expected)


@pytest.mark.parametrize("name", ["shl", "shr", "ushr"])
@pytest.mark.parametrize("amount", [-1, 0, 5, 31, 32])
def test_shift_by_a_number(lanes: Lanes, name: str, amount: int) -> None:
    x = np.array(NUMBERS, np.int32)
    got = lanes(f"{name} by {amount}", lambda b, v: INTEGERS[name](b, v, amount), x, results=("int32",))
    assert got.tolist() == [scalars.wrap_int(scalars.FUNCTIONS[name](v, amount), "int32") for v in NUMBERS]


# --- float16 ---


def test_half_to_float(lanes: Lanes) -> None:
    patterns = np.arange(65536, dtype=np.int32)
    expected = patterns.astype(np.uint16).view(np.float16).astype(np.float32)
    for given in (patterns, patterns - 65536):  # bits above the 16 do not count
        got = lanes("half to float", half_to_float, given)
        numbers = ~np.isnan(expected)
        np.testing.assert_array_equal(got[numbers].view(np.int32), expected[numbers].view(np.int32))
        assert np.isnan(got[~numbers]).all()


def test_float_to_half(lanes: Lanes) -> None:
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    middles = (halves[1:] + halves[:-1]) / 2
    beside = [np.nextafter(middles, np.float32(side)) for side in (0, 9e9)]
    x = np.concatenate([SPECIAL, every(30011), halves, middles, *beside, np.array([65519.99, 65520, 65536], np.float32)])
    x = np.concatenate([x, -x])
    with np.errstate(over="ignore"):
        expected = x.astype(np.float16)
    got = lanes("float to half", float_to_half, x, results=("int32",)).astype(np.uint16)
    numbers = ~np.isnan(x)
    np.testing.assert_array_equal(got[numbers], expected.view(np.uint16)[numbers])
    assert np.isnan(got[~numbers].view(np.float16)).all()


# --- complex numbers ---


def complex_samples(seed: int) -> Any:
    """Return complex numbers: of all moderate sizes, near 0, near 1, on the unit circle, and with special parts."""
    rng = np.random.default_rng(seed)
    n = 4000
    angle = rng.uniform(-np.pi, np.pi, n)
    special = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1e30, 1e-30]
    parts = np.concatenate(
        [rng.normal(0, s, (n, 2)) for s in (1e-3, 1, 3, 20, 80)]
        + [np.exp(rng.uniform(-80, 80, (n, 2))) * rng.choice([-1, 1], (n, 2)), rng.normal(0, 1e-3, (n, 2)) + [1, 0]]
        + [np.stack([np.cos(angle), np.sin(angle)], 1), np.array([(p, q) for p in special for q in special])]
    ).astype(np.float32)
    return parts[:, 0], parts[:, 1]


def joined(parts: Any) -> Any:
    made = np.empty(len(parts[0]), np.complex128)
    made.real, made.imag = parts
    return made


def exact_log1p(z: Any) -> Any:
    """NumPy's own loses what 1 + z loses."""
    with np.errstate(all="ignore"):
        near = np.abs(z) < 0.5
        real = np.where(near, 0.5 * np.log1p(2 * z.real + (z.real**2 + z.imag**2)), np.log(np.abs(1 + z)))
    return joined((real, np.arctan2(z.imag, 1 + z.real)))


COMPLEX_NUMPY = {**NUMPY, "div": "divide", "mul": "multiply", "sub": "subtract", "neg": "negative"}
TWO = ("add", "sub", "mul", "div")
ONE = sorted(set(COMPLEX) - {*TWO, "pow", "real", "imag", "eq", "ne", "isnan", "isinf"})


def run_complex(lanes: Lanes, name: str, *operands: Any, results: tuple[str, ...] = ("float32", "float32")) -> Any:
    def function(b: Any, *parts: Any) -> Any:
        return COMPLEX[name](b, *zip(parts[::2], parts[1::2], strict=True))

    return lanes(f"complex {name}", function, *(part for z in operands for part in z), results=results)


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_complex_function(lanes: Lanes, name: str) -> None:
    z = complex_samples(1)
    operands = [z] if name in ONE else [z, tuple(np.roll(part, 1234) for part in z)]
    with np.errstate(all="ignore"):
        expected = exact_log1p(joined(z)) if name == "log1p" else getattr(np, COMPLEX_NUMPY.get(name, name))(*map(joined, operands))
    if name == "abs":
        got = joined((run_complex(lanes, name, *operands, results=("float32",)), np.zeros(len(z[0]))))
    else:
        got = joined(run_complex(lanes, name, *operands))
    inside = np.isfinite(expected) & (np.maximum(np.abs(expected.real), np.abs(expected.imag)) < 2.0**126)
    assert inside.sum() > 10000
    with np.errstate(invalid="ignore"):
        off = np.where(inside, np.abs(got - expected) / np.maximum(np.abs(expected), 2.0**-120), 0.0)
    worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    assert off[worst] <= 5e-7, f"{off[worst]:.2e} at {[joined(p)[worst] for p in operands]}: got {got[worst]}, expected {expected[worst]}"


@pytest.mark.parametrize("name", ["sqrt", "log", "asin", "acos", "atan", "asinh", "acosh", "atanh"])
def test_branch_cuts_follow_the_sign_of_zero(lanes: Lanes, name: str) -> None:
    sizes = np.array([-3.0, -1.5, -0.5, 0.5, 1.5, 3.0])
    for zero in (0.0, -0.0):
        for parts in ((sizes, np.full(6, zero)), (np.full(6, zero), sizes)):
            z = tuple(part.astype(np.float32) for part in parts)
            expected = getattr(np, NUMPY.get(name, name))(joined(z))
            got = joined(run_complex(lanes, name, z))
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)
            assert (np.signbit(got.imag) == np.signbit(expected.imag))[np.abs(expected.imag) > 0].all()


@pytest.mark.parametrize("spread", [1, 10])
def test_complex_power(lanes: Lanes, spread: float) -> None:
    rng = np.random.default_rng(3)
    base, exponent = (rng.normal(0, s, (2, 20000)).astype(np.float32) for s in (2, spread))
    exponent[:, :5000] = np.round(exponent[:, :5000]) * np.array([[1], [0]], np.float32)
    u, v = joined(base), joined(exponent)
    expected = u**v
    got = joined(run_complex(lanes, "pow", tuple(base), tuple(exponent)))
    inside = (np.abs(expected) < 2.0**126) & (np.abs(expected) > 2.0**-120)
    bound = 6e-7 * (1 + np.abs(v) * (np.pi + np.abs(np.log(np.abs(u)))))
    assert (np.abs(got - expected) <= bound * np.abs(expected))[inside].all()


def test_complex_power_of_zero(lanes: Lanes) -> None:
    cases = [(0, 0), (0, 2), (0, 1.5), (2j, 0), (0, -1), (0, 1j)]
    sides = [joined((z.real, z.imag)) for z in np.array(cases, np.complex128).T]
    got = joined(run_complex(lanes, "pow", *((z.real.astype(np.float32), z.imag.astype(np.float32)) for z in sides)))
    expected = np.array([scalars.FUNCTIONS["pow"](complex(p), complex(q)) for p, q in cases])
    np.testing.assert_array_equal(got, expected)


def test_complex_extremes(lanes: Lanes) -> None:
    huge, tiny = np.float32(3e38), np.float32(1e-44)
    numbers = [(huge, -huge), (tiny, tiny), (huge, 0), (0, 0), (np.inf, 1), (np.inf, np.nan)]
    x, y = (np.array(part, np.float32) for part in zip(*numbers, strict=True))
    size = run_complex(lanes, "abs", (x, y), results=("float32",))
    with np.errstate(over="ignore"):
        assert_within(1.5, size, np.hypot(x.astype(np.float64), y.astype(np.float64)), x, y)
    quotient = joined(run_complex(lanes, "div", (x[:4], y[:4]), (x[:4], y[:4])))
    np.testing.assert_allclose(quotient, [1, 1, 1, complex(np.nan, np.nan)], rtol=1e-6)
    root = joined(run_complex(lanes, "sqrt", (x[:5], y[:5])))
    np.testing.assert_allclose(root[:4], np.sqrt(joined((x[:4], y[:4]))), rtol=1e-6)
    assert root[4] == complex(np.inf, 0)


def test_complex_questions_and_parts(lanes: Lanes) -> None:
    x, y = (a.ravel() for a in np.meshgrid(*[np.array([0, -0.0, 1, np.inf, np.nan], np.float32)] * 2))
    other = np.roll(x, 1)
    for name, expected in (("isnan", np.isnan(x) | np.isnan(y)), ("isinf", np.isinf(x) | np.isinf(y))):
        np.testing.assert_array_equal(run_complex(lanes, name, (x, y), results=("int32",)), expected)
    np.testing.assert_array_equal(run_complex(lanes, "eq", (x, y), (other, y), results=("int32",)), (x == other) & (y == y))
    np.testing.assert_array_equal(run_complex(lanes, "ne", (x, y), (other, y), results=("int32",)), (x != other) | (y != y))
    np.testing.assert_array_equal(run_complex(lanes, "real", (x, y), results=("float32",)), x)
    np.testing.assert_array_equal(run_complex(lanes, "imag", (x, y), results=("float32",)), y)
