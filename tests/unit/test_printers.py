"""The instructions of the printers `kernels.wasm` and `kernels.llvm` against NumPy: arithmetic, conversions, lanes and memory."""

import itertools

import numpy as np
import pytest

from .printers import MACHINES, assert_same, runners

INF, NAN = np.inf, np.nan
FLOATS = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, 3.7, -3.7, 1e-45, -1e-38, 3e38, -3e38, 8388609.0, 2147483520.0, 2147483648.0,
     -2147483648.0, -4294967296.0, 1e10, INF, -INF, NAN],
    np.float32,
)  # fmt: skip
INTS = np.array([0, 1, -1, 2, 3, 7, -7, 31, 255, -256, 65535, 123456789, 2**31 - 1, -(2**31), -(2**31) + 1, 1 << 30], np.int32)


def pairs(values):
    """Return all pairs of values as two arrays; their length is a multiple of every number of lanes."""
    a, b = (np.array(x, values.dtype) for x in zip(*itertools.product(values, values)))
    assert len(a) % 16 == 0
    return a, b


@pytest.fixture(scope="module", params=MACHINES)
def runner(request, tmp_path_factory):
    yield from runners(request.param, tmp_path_factory)


def signed_division(a, b):
    quotient = np.abs(a.astype(np.int64)) // np.abs(b.astype(np.int64))
    return np.where((a < 0) != (b < 0), -quotient, quotient).astype(a.dtype)


def unsigned(function):
    def on_same_bits(a, b):
        kind = f"u{a.dtype.itemsize}"
        return function(a.view(kind), b.view(kind)).view(a.dtype if function is not np.less else bool)

    return on_same_bits


SAME_FOR_ALL = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply,
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip
FLOAT_PAIRS = SAME_FOR_ALL | {
    "div": np.divide,
    "min": lambda a, b: np.where(a < b, a, b),
    "max": lambda a, b: np.where(a > b, a, b),
}
FLOAT_SINGLES = {
    "neg": np.negative, "abs": np.abs, "sqrt": np.sqrt, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "nearest": np.rint,
}  # fmt: skip
INT_PAIRS = SAME_FOR_ALL | {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "lt_u": unsigned(np.less)}
SHIFTS = {"shl": np.left_shift, "shr_s": np.right_shift, "shr_u": unsigned(np.right_shift)}
DIVISIONS = {
    "div_u": unsigned(np.floor_divide),
    "rem_u": unsigned(np.remainder),
    "div_s": signed_division,
    "rem_s": lambda a, b: a - b * signed_division(a, b),
}


def run_scalars(runner, type, operations, arrays, dtype):
    """Return for each operation (a function of the builder and values) its results for each element of the arrays."""
    memory = {"f32": "f32", "f64": "f32"}.get(type, "i32")

    def emit(b):
        out = b.slot(len(arrays) + 1)
        with b.loop(0, len(arrays[0])) as i:
            loaded = [b.load(memory, b.slot(k + 1) + (i << 2)) for k in range(len(arrays))]
            values = [x if x.type == type else b.convert(x, type) for x in loaded]
            for row, operation in enumerate(operations):
                result = operation(b, *values)
                if result.type == "f64":
                    result = b.convert(result, "f32")
                elif result.type in ("bit", "index"):
                    result = b.convert(result, "i32")
                b.store(result.type, out + (i << 2), result, 4 * row * len(arrays[0]))

    return runner(emit, *arrays, out=np.zeros((len(operations), len(arrays[0])), dtype))


def run_vectors(runner, type, operations, arrays, dtype):
    memory = {"vf": "f32", "vi": "i32"}[type]

    def emit(b):
        out = b.slot(len(arrays) + 1)
        with b.loop(0, len(arrays[0]), b.lanes) as i:
            values = [b.load_vector(memory, b.slot(k + 1) + (i << 2)) for k in range(len(arrays))]
            for row, operation in enumerate(operations):
                result = operation(b, *values)
                if result.type == "vm":
                    result = b.convert(result, "vi")
                b.store_vector({"vf": "f32", "vi": "i32"}[result.type], out + (i << 2), result, 4 * row * len(arrays[0]))

    return runner(emit, *arrays, out=np.zeros((len(operations), len(arrays[0])), dtype))


def named(*names):
    return [lambda b, *values, name=name: b.op(name, *values) for name in names]


def check(runner, type, table, arrays):
    """Compare every operation of a table with NumPy; the masks of comparisons come as 0 and 1."""
    run = run_vectors if type in ("vf", "vi") else run_scalars
    wide = {("f64", 64): np.float64, ("f64", 32): np.float64, ("index", 64): np.int64}.get((type, runner.bits))
    with np.errstate(all="ignore"):
        expected = {name: function(*(x.astype(wide) if wide else x for x in arrays)) for name, function in table.items()}
        of_numbers = [name for name, x in expected.items() if x.dtype != bool]
        of_bits = [name for name, x in expected.items() if x.dtype == bool]
        dtype = arrays[0].dtype
        for names, kind in ((of_numbers, dtype), (of_bits, np.dtype(np.int32))):
            got = run(runner, type, named(*names), arrays, kind) if names else []
            for name, row in zip(names, got):
                assert_same(row, expected[name].astype(kind), f"{name} on {type}")


@pytest.mark.parametrize("type", ["f32", "f64", "vf"])
def test_arithmetic_of_floats(runner, type):
    check(runner, type, FLOAT_PAIRS, pairs(FLOATS))
    check(runner, type, FLOAT_SINGLES, pairs(FLOATS)[:1])


@pytest.mark.parametrize("type", ["index", "i32", "vi"])
def test_arithmetic_of_integers(runner, type):
    check(runner, type, INT_PAIRS, pairs(INTS))


@pytest.mark.parametrize("type", ["index", "i32"])
def test_shifts_and_divisions_of_scalars(runner, type):
    a, b = pairs(INTS)
    check(runner, type, SHIFTS, (a, b & 31))
    fits = (b != 0) & ~((a == -(2**31)) & (b == -1))
    divided = [np.resize(x[fits], len(a)) for x in (a, b)]
    check(runner, type, DIVISIONS, divided)


@pytest.mark.parametrize("amount", [0, 1, 7, 31])
def test_shifts_of_vectors_by_a_scalar(runner, amount):
    values = np.resize(INTS, 64)
    by_number = [lambda b, v, name=name: b.op(name, v, amount) for name in SHIFTS]
    by_value = [lambda b, v, name=name: b.op(name, v, b.load("i32", b.slot(1), 4)) for name in SHIFTS]
    with_amount = np.concatenate([[0, amount], values[2:]]).astype(np.int32)
    got = run_vectors(runner, "vi", by_number + by_value, [with_amount], np.int32)
    for row, (name, function) in zip(got, [*SHIFTS.items()] * 2):
        assert_same(row, function(with_amount, np.full_like(with_amount, amount)), f"{name} by {amount}")


def test_signs_of_python_are_the_operations(runner):
    a, b = pairs(INTS)
    b = np.where(b == 0, 5, b & 31).astype(np.int32) | 1
    operations = [
        lambda _, x, y: x + y, lambda _, x, y: x - y, lambda _, x, y: 3 - x, lambda _, x, y: x * y, lambda _, x, y: 2 * x,
        lambda _, x, y: x & y, lambda _, x, y: x | y, lambda _, x, y: x ^ y, lambda _, x, y: ~x, lambda _, x, y: -x,
        lambda _, x, y: x << 3, lambda _, x, y: x >> 3,
    ]  # fmt: skip
    expected = [a + b, a - b, 3 - a, a * b, 2 * a, a & b, a | b, a ^ b, ~a, -a, a << 3, a >> 3]
    for run, type in ((run_scalars, "i32"), (run_vectors, "vi")):
        for i, row in enumerate(run(runner, type, operations, [a, b], np.int32)):
            assert_same(row, expected[i].astype(np.int32), f"operation {i} on {type}")
    x, y = pairs(FLOATS)
    with np.errstate(all="ignore"):
        got = run_vectors(runner, "vf", [lambda _, p, q: p / q, lambda _, p, q: 1.0 / p, lambda _, p, q: -p], [x, y], np.float32)
        for row, wanted in zip(got, [x / y, np.float32(1) / x, -x]):
            assert_same(row, wanted)
    sizes = np.arange(1, 65, dtype=np.int32)
    got = run_scalars(runner, "index", [lambda _, p: p // 7, lambda _, p: p % 7], [sizes], np.int32)
    assert_same(got, np.stack([sizes // 7, sizes % 7]))


def test_bits_and_masks(runner):
    a, b = pairs(INTS)
    p, q = a < b, a > 5
    operations = [
        lambda _, x, y: (x < y) & (x > 5), lambda _, x, y: (x < y) | (x > 5), lambda _, x, y: (x < y) ^ (x > 5), lambda _, x, y: ~(x < y),
    ]  # fmt: skip
    for run, type in ((run_scalars, "i32"), (run_vectors, "vi")):
        got = run(runner, type, operations, [a, b], np.int32)
        for row, wanted in zip(got, [p & q, p | q, p ^ q, ~p]):
            assert_same(row, wanted.astype(np.int32), type)


@pytest.mark.parametrize("type", ["f32", "i32", "vf", "vi"])
def test_select(runner, type):
    a, b = pairs(FLOATS if type in ("f32", "vf") else INTS)
    run = run_vectors if type.startswith("v") else run_scalars
    operations = [lambda m, x, y: m.select(x < y, x, y), lambda m, x, y: m.select(x == y, 1, x), lambda m, x, y: m.select(x != y, y, 0)]
    got = run(runner, type, operations, [a, b], a.dtype)
    one, zero = a.dtype.type(1), a.dtype.type(0)
    for row, wanted in zip(got, [np.where(a < b, a, b), np.where(a == b, one, a), np.where(a != b, b, zero)]):
        assert_same(row, wanted)


def test_fma_rounds_once_where_fused_and_twice_elsewhere(runner):
    x = np.full(64, 1 + 2**-12, np.float32)
    c = np.full(64, -(1 + 2**-11), np.float32)
    for run, type in ((run_scalars, "f32"), (run_vectors, "vf")):
        got = run(runner, type, [lambda b, p, q: b.fma(p, p, q)], [x, c], np.float32)[0]
        assert len(set(got.tolist())) == 1, "all lanes and the scalar do the same"
        if runner.name == "wasm":  # relaxed: the engine chooses
            assert got[0] in (0.0, 2**-24)
        else:
            assert got[0] == (2**-24 if runner.fused else 0.0)
    a, b = pairs(FLOATS[:20])
    exact = a.astype(np.float64) * b + 1
    small = np.abs(exact) < 1e38
    got = run_vectors(runner, "vf", [lambda m, p, q: m.fma(p, q, 1.0)], [a, b], np.float32)[0]
    assert np.allclose(got[small], exact[small], rtol=2e-7)


def test_conversions_saturate_and_nan_gives_zero(runner):
    a = np.resize(FLOATS, 48)
    wide = np.nan_to_num(a.astype(np.float64), nan=0.0, posinf=1e300, neginf=-1e300)
    wanted = np.clip(np.trunc(wide), -(2**31), 2**31 - 1).astype(np.int64).astype(np.int32)
    assert_same(run_scalars(runner, "f32", [lambda b, x: b.convert(x, "i32")], [a], np.int32)[0], wanted)
    assert_same(run_vectors(runner, "vf", [lambda b, x: b.convert(x, "vi")], [a], np.int32)[0], wanted)
    n = np.resize(INTS, 64)
    third = n.astype(np.float64) / 3
    assert_same(run_scalars(runner, "i32", [lambda b, x: b.convert(x, "f32")], [n], np.float32)[0], n.astype(np.float32))
    assert_same(run_vectors(runner, "vi", [lambda b, x: b.convert(x, "vf")], [n], np.float32)[0], n.astype(np.float32))
    assert_same(run_scalars(runner, "i32", [lambda b, x: b.convert(x, "f64") / 3], [n], np.float32)[0], third.astype(np.float32))
    assert_same(run_scalars(runner, "i32", [lambda b, x: b.convert(b.convert(x, "index"), "i32")], [n], np.int32)[0], n)
    assert_same(run_scalars(runner, "f64", [lambda b, x: x], [a], np.float32)[0], a)
    signs = run_scalars(runner, "i32", [lambda b, x: b.select(b.convert(x, "index") < 0, 1, x & 0)], [n], np.int32)[0]
    assert_same(signs, (n < 0).astype(np.int32))


def test_bits_are_kept(runner):
    a, n = np.resize(FLOATS, 48), np.resize(INTS, 64)
    for run, f, i in ((run_scalars, "f32", "i32"), (run_vectors, "vf", "vi")):
        assert_same(run(runner, f, [lambda b, x, i=i: b.bits(x, i)], [a], np.int32)[0], a.view(np.int32))
        assert_same(run(runner, i, [lambda b, x, f=f: b.bits(x, f)], [n], np.float32)[0], n.view(np.float32))


def test_constants_wrap_and_round(runner):
    n = np.zeros(16, np.int32)
    numbers = [2**31, -(2**31) - 1, 2**32 + 5, -1, 0, 300, 2**33]
    for run, type in ((run_scalars, "i32"), (run_vectors, "vi")):
        got = run(runner, type, [lambda b, x, k=k, t=type: b.constant(t, k) + x for k in numbers], [n], np.int32)
        assert_same(got[:, 0].copy(), np.array(numbers, np.int64).astype(np.int32))
    reals = [0.1, -0.0, 1e39, -1e39, INF, NAN, 1e-46, 3, 16777217]
    with np.errstate(all="ignore"):
        wanted = np.array(reals, np.float64).astype(np.float32)
    for run, type in ((run_scalars, "f32"), (run_vectors, "vf")):
        got = run(runner, type, [lambda b, x, k=k, t=type: b.constant(t, k) for k in reals], [n.astype(np.float32)], np.float32)
        assert_same(got[:, 0].copy(), wanted)


# --- lanes ---


def lanes_out(runner, emit, *arrays, rows=1, dtype=np.int32):
    return runner(emit, *arrays, out=np.zeros((rows, runner.lanes), dtype))


def put(b, row, vector, slot):
    if vector.type == "vm":
        vector = b.convert(vector, "vi")
    b.store_vector({"vf": "f32", "vi": "i32"}[vector.type], b.slot(slot), vector, 4 * b.lanes * row)


def test_splat_iota_lane_and_with_lane(runner):
    n = runner.lanes
    values = np.arange(5, 5 + n, dtype=np.int32)

    def emit(b):
        vector = b.load_vector("i32", b.slot(1))
        put(b, 0, b.splat(b.load("i32", b.slot(1), 4)), 2)
        put(b, 1, b.iota(), 2)
        put(b, 2, b.splat(b.load("i32", b.slot(1)) == 5), 2)
        turned = vector
        for i in range(n):
            turned = b.with_lane(turned, i, b.lane(vector, n - 1 - i))
        put(b, 3, turned, 2)
        put(b, 4, b.with_lane(vector, n - 1, -3), 2)

    wanted = np.stack([np.full(n, 6), np.arange(n), np.ones(n), values[::-1], np.append(values[:-1], -3)]).astype(np.int32)
    assert_same(lanes_out(runner, emit, values, rows=5), wanted)


def test_lanes_of_floats(runner):
    n = runner.lanes
    values = np.resize(FLOATS, n)

    def emit(b):
        vector = b.load_vector("f32", b.slot(1))
        put(b, 0, b.per_lane(lambda x: b.op("sqrt", x), vector), 2)
        put(b, 1, b.with_lane(b.splat(b.lane(vector, 2)), 1, 0.25), 2)
        scalar = b.load("f32", b.slot(1), 8)
        b.store("f32", b.slot(1), 9.0, 8)
        put(b, 2, b.splat(scalar), 2)  # what it was before the store

    with np.errstate(all="ignore"):
        second = np.full(n, values[2])
        second[1] = 0.25
        assert_same(lanes_out(runner, emit, values, rows=3, dtype=np.float32), np.stack([np.sqrt(values), second, np.full(n, values[2])]))


@pytest.mark.parametrize("place", [None, 0, 1, 3])
def test_any(runner, place):
    values = np.zeros(runner.lanes, np.int32)
    if place is not None:
        values[place] = 1
    emit = lambda b: b.store("i32", b.slot(2), b.convert(b.any(b.load_vector("i32", b.slot(1)) != 0), "i32"))  # noqa: E731
    assert runner(emit, values, out=np.full(1, 7, np.int32))[0] == (place is not None)


def test_shuffles(runner):
    n = runner.lanes
    a, c = np.arange(n, dtype=np.int32), 100 + np.arange(n, dtype=np.int32)
    both = np.concatenate([a, c])
    orders = [list(range(n))[::-1], [(i * 7 + 3) % (2 * n) for i in range(n)], [n] * n]

    def emit(b):
        x, y = b.load_vector("i32", b.slot(1)), b.load_vector("i32", b.slot(2))
        rows = [b.shuffle(x, y, order) for order in orders] + [*b.deinterleave(x, y), *b.interleave(x, y)]
        rows.append(b.bits(b.shuffle(b.bits(x, "vf"), b.bits(y, "vf"), orders[1]), "vi"))
        for row, vector in enumerate(rows):
            put(b, row, vector, 3)

    woven = np.stack([a, c], 1).ravel()
    wanted = [both[order] for order in orders] + [both[0::2], both[1::2], woven[:n], woven[n:], both[orders[1]]]
    assert_same(lanes_out(runner, emit, a, c, rows=len(wanted)), np.stack(wanted))


def test_horizontal_adds_all_lanes(runner):
    values = np.arange(1, runner.lanes + 1, dtype=np.float32) ** 2
    emit = lambda b: b.store("f32", b.slot(2), b.horizontal(lambda x, y: x + y, b.load_vector("f32", b.slot(1))))  # noqa: E731
    assert runner(emit, values, out=np.zeros(1, np.float32))[0] == values.sum()


# --- memory ---

KINDS = {"f32": np.float32, "i32": np.int32, "i8": np.int8, "u8": np.uint8, "u16": np.uint16}


def content(kind, n):
    """Return elements of a kind that show its sign and width."""
    if kind == "f32":
        return np.resize(FLOATS[FLOATS == FLOATS], n)
    info = np.iinfo(KINDS[kind])
    return np.resize(np.array([info.min, info.max, 1, 5, info.max - 1, info.min + 3, info.max // 2 + 1], KINDS[kind]), n)


@pytest.mark.parametrize("kind", KINDS)
def test_scalars_in_memory(runner, kind):
    values = content(kind, 8)
    size = values.itemsize
    loaded = "f32" if kind == "f32" else "i32"

    def widen(b):
        for i in range(8):
            b.store(loaded, b.slot(2), b.load(kind, b.slot(1), i * size), 4 * i)

    def copy(b):
        for i in range(8):
            b.store(kind, b.slot(2) + 8 * size, b.load(kind, b.slot(1) + 8 * size, (i - 8) * size), (i - 8) * size)

    wide = np.float32 if kind == "f32" else np.int32
    assert_same(runner(widen, values, out=np.zeros(8, wide)), values.astype(wide))
    assert_same(runner(copy, values, out=np.zeros_like(values)), values)


@pytest.mark.parametrize("kind", ["i8", "u8", "u16"])
def test_what_is_too_wide_is_cut(runner, kind):
    numbers = np.resize(np.array([300, -1, 65536 + 7, 255, 128, -129, 70000, 2**31 - 1], np.int32), 2 * runner.lanes)
    wanted = numbers.astype(KINDS[kind])

    def emit(b):
        with b.loop(0, len(numbers)) as i:
            b.store(kind, b.slot(2) + i * wanted.itemsize, b.load("i32", b.slot(1) + (i << 2)))

    def emit_vectors(b):
        for i in range(2):
            b.store_vector(kind, b.slot(2), b.load_vector("i32", b.slot(1), 4 * b.lanes * i), wanted.itemsize * b.lanes * i)

    assert_same(runner(emit, numbers, out=np.zeros_like(wanted)), wanted)
    assert_same(runner(emit_vectors, numbers, out=np.zeros_like(wanted)), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_of_vectors_touch_nothing_else(runner, kind):
    n, size = runner.lanes, np.dtype(KINDS[kind]).itemsize
    values = content(kind, n)
    wide = np.float32 if kind == "f32" else np.int32
    edge = runner.edge()

    def load(b):
        vector = b.load_vector(kind, b.slot(1), 0, b.slot(2))
        b.store_vector("f32" if kind == "f32" else "i32", b.slot(3), vector)

    def store(b):
        b.store_vector(kind, b.slot(3), b.load_vector(kind, b.slot(1)), size, b.slot(2))

    for count in range(n + 1):
        part = values[:count]
        runner.machine.write(edge - part.nbytes, part.tobytes())
        got = runner(load, edge - part.nbytes, count, out=np.full(n, 9, wide))
        assert_same(got, np.append(part, np.zeros(n - count, values.dtype)).astype(wide), f"load of {count} {kind}")
        before = runner.machine.read(edge - 256, 256)
        before[:] = bytes([77]) * 256
        runner(store, values, count, edge - part.nbytes - size, out=np.zeros(1, np.int32))
        assert bytes(before) == bytes([77]) * (256 - part.nbytes) + part.tobytes(), f"store of {count} {kind}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_of_part_leaves_the_rest(runner, kind):
    n = runner.lanes
    values = content(kind, n)

    def store(b):
        b.store_vector(kind, b.slot(3), b.load_vector(kind, b.slot(1)), values.itemsize, b.slot(2))

    for count in range(n + 1):
        got = runner(store, values, count, out=np.full(n + 2, 99, values.dtype))
        wanted = np.full(n + 2, 99, values.dtype)
        wanted[1 : 1 + count] = values[:count]
        assert_same(got, wanted, f"store of {count} {kind}")


def test_indices_slots_sizes_and_scratch(runner):
    dtype = np.dtype(f"i{runner.bits // 8}")
    sizes = np.array([7, 11, 2**31 - 5], dtype)

    def emit(b):
        one, two = b.scratch(40), b.scratch(40)
        b.store("i32", one, 5, 36)
        b.store("i32", two, 6, 0)
        out = b.slot(2)
        for i in range(3):
            b.store_index(out, b.load_index(b.slot(1), i * b.index_bytes), i * b.index_bytes)
        b.store_index(out, b.convert(b.load("i32", one, 36) * 10 + b.load("i32", two), "index"), 3 * b.index_bytes)
        b.store_index(out, (one | two) & 15, 4 * b.index_bytes)
        b.store_index(out, b.maximum(b.minimum(b.begin, b.end), b.index(3)) * 100 + b.end, 5 * b.index_bytes)

    got = runner(emit, sizes, out=np.zeros(6, dtype), units=42)
    assert_same(got, np.array([*sizes, 56, 0, 342], dtype))
