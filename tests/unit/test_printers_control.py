"""Variables, loops and branches of the printers `kernels.wasm` and `kernels.llvm`, on programs written here and on random ones; misuse."""

import random

import numpy as np
import pytest

from tensorweb.kernels.llvm import LlvmBuilder
from tensorweb.kernels.wasm import WasmBuilder

from .printers import MACHINES, assert_same, runners


@pytest.fixture(scope="module", params=MACHINES)
def runner(request, tmp_path_factory):
    yield from runners(request.param, tmp_path_factory)


def numbers(runner, emit, *arguments, n=1, units=1):
    """Return n int32 that a kernel writes; `emit` gets the builder and a function (row, i32) that stores one."""

    def whole(b):
        out = b.slot(len(arguments) + 1)
        emit(b, lambda row, value: b.store("i32", out, value, 4 * row))

    return runner(whole, *arguments, out=np.full(n, -99, np.int32), units=units).tolist()


def i32(b, value):
    return b.convert(value, "i32")


# --- loops ---


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(0, 5, 1), (0, 10, 3), (2, 2, 1), (5, 2, 1), (-4, 3, 2), (-7, -2, 1), (0, 1, 100), (3, 0, 1)]
)
def test_loop_meets_each_index(runner, start, stop, step):
    def emit(b, out):
        total, count = b.variable("i32", 0), b.variable("i32", 0)
        by_size, last = b.variable("i32", 0), b.index(stop) + b.begin
        with b.loop(start, stop, step) as i:
            total.add(i32(b, i))
            count.add(1)
        with b.loop(b.begin + start, last, b.end * step) as i:  # what is known only when it runs
            by_size.add(i32(b, i) * 3)
        out(0, total.value)
        out(1, count.value)
        out(2, by_size.value)

    met = range(start, stop, step)
    assert numbers(runner, emit, n=3) == [sum(met), len(met), 3 * sum(met)]


def test_nested_loops_depend_on_the_outer(runner):
    def emit(b, out):
        total = b.variable("i32", 0)
        with b.loop(0, b.end) as i:
            with b.loop(i, b.end, 2) as j:
                inner = b.variable("i32", 1)
                with b.loop(0, j) as k:
                    inner.set(inner.value * 3 + i32(b, i + k))
                total.add(inner.value)
            total.set(total.value ^ i32(b, i))
        out(0, total.value)

    total = 0
    for i in range(7):
        for j in range(i, 7, 2):
            inner = 1
            for k in range(j):
                inner = inner * 3 + i + k
            total += inner
        total ^= i
    assert numbers(runner, emit, units=7) == [np.int64(total).astype(np.int32)]


def test_repeat_stops_from_within_branches(runner):
    def emit(b, out):
        value, steps = b.variable("i32", 27), b.variable("i32", 0)
        with b.repeat() as again:
            again.stop_when(value.value == 1)
            with b.when((value.value & 1) == 1) as branch:
                value.set(value.value * 3 + 1)
                branch.otherwise()
                value.set(value.value >> 1)
            steps.add(1)
        out(0, steps.value)
        outer, rounds = b.variable("i32", 0), b.variable("i32", 0)
        with b.repeat() as again, b.repeat() as within:
            outer.add(1)
            with b.when(outer.value > 4):
                with b.when(outer.value % 5 == 0):
                    within.stop_when(outer.value < 20)
                    again.stop_when(outer.value == 20)
                rounds.add(1)
        out(1, outer.value)
        out(2, rounds.value)

    assert numbers(runner, emit, n=3) == [111, 20, collatz_like()]


def collatz_like():
    """Return what the nested loops of the test above count."""
    outer = rounds = 0
    while True:
        while True:
            outer += 1
            if outer > 4:
                if outer % 5 == 0:
                    if outer < 20:
                        break
                    if outer == 20:
                        return rounds
                rounds += 1


def test_branches(runner):
    def emit(b, out):
        x = b.load("i32", b.slot(1))
        kind = b.variable("i32", 0)
        with b.when(x > 0) as positive:
            kind.set(1)
            with b.when(x > 100) as large:
                kind.set(2)
                large.otherwise()
                kind.add(10)
            positive.otherwise()
            with b.when(x == 0):
                kind.set(-1)
        with b.unless(x > 5):
            kind.add(1000)
        out(0, kind.value)

    for x, wanted in ((500, 2), (50, 11), (3, 1011), (0, 999), (-7, 1000)):
        assert numbers(runner, emit, np.array([x], np.int32)) == [wanted]


# --- variables ---


def test_a_value_read_stays_what_it_was(runner):
    def emit(b, out):
        x, y = b.variable("i32", 1), b.variable("i32", 2)
        first = x.value
        with b.loop(0, 5):
            a, c = x.value, y.value
            x.set(c)
            y.set(a + c)
        out(0, x.value)
        out(1, y.value)
        out(2, first)
        before = y.value
        with b.loop(0, 3):
            out(3, before)
            y.set(before + y.value)
        out(4, y.value)
        late = x.value
        with b.when(late > 0):
            x.set(0)
        out(5, late)
        out(6, x.value)

    assert numbers(runner, emit, n=7) == [13, 21, 1, 21, 84, 13, 0]


def test_values_of_outside_are_seen_in_every_turn(runner):
    """Values from before a loop must not lose their place to values made within it."""

    def emit(b, out):
        start = [b.load("i32", b.slot(1), 4 * i) for i in range(6)]
        total = b.variable("i32", 0)
        with b.loop(0, 4) as i:
            made = [i32(b, i) * 7 + k for k in range(6)]
            total.add(made[0] * made[5] + made[1] * made[4])
            with b.loop(0, 3):
                total.add(start[0] * 3 + start[5])
        total.add(start[3])
        out(0, total.value)

    start = [3, 1, 4, 1, 5, 9]
    total = start[3]
    for i in range(4):
        total += 7 * i * (7 * i + 5) + (7 * i + 1) * (7 * i + 4) + 3 * (start[0] * 3 + start[5])
    assert numbers(runner, emit, np.array(start, np.int32)) == [total]


@pytest.mark.parametrize("type", ["index", "i32", "f32", "f64", "vi", "vf"])
def test_variables_of_each_type(runner, type):
    def emit(b, out):
        x = b.variable(type, 3)
        with b.loop(0, 4):
            x.add(2)
        value = x.value
        if type in ("vi", "vf"):
            value = b.lane(value, b.lanes - 1)
        out(0, value if value.type == "i32" else i32(b, b.convert(value, "f32")) if value.type == "f64" else i32(b, value))

    assert numbers(runner, emit) == [11]


def test_masks_and_bits_as_variables(runner):
    def emit(b, out):
        seen, mask = b.variable("bit", 0), b.variable("vm", 0)
        with b.loop(0, 4) as i:
            seen.set(seen.value | (i == 3))
            mask.set(mask.value | (b.iota() == b.splat(i32(b, i))))
        out(0, i32(b, seen.value))
        out(1, i32(b, b.any(mask.value)))
        out(2, i32(b, b.any(~mask.value)))

    assert numbers(runner, emit, n=3) == [1, 1, int(runner.lanes > 4)]


def test_a_value_used_twice_and_a_chain_of_a_thousand(runner):
    def emit(b, out):
        x = b.load("i32", b.slot(1))
        out(0, x * x)
        out(1, x - (0 - x))
        out(2, (x + 1) * (x + 1) - x)
        deep = x
        for k in range(1500):
            deep = k - deep
        out(3, deep)
        wide = [x + k for k in range(300)]
        while len(wide) > 1:
            wide = [wide[i] - wide[i + 1] if i + 1 < len(wide) else wide[i] for i in range(0, len(wide), 2)]
        out(4, wide[0])

    x, deep, wide = 9, 9, [9 + k for k in range(300)]
    for k in range(1500):
        deep = k - deep
    while len(wide) > 1:
        wide = [wide[i] - wide[i + 1] if i + 1 < len(wide) else wide[i] for i in range(0, len(wide), 2)]
    assert numbers(runner, emit, np.array([x], np.int32), n=5) == [81, 18, 91, deep, wide[0]]


# --- random programs ---

OPERATIONS = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "^": lambda x, y: x ^ y}


class Program:
    """A random program on four variables: lists of statements that a builder writes and `run` interprets."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.count = 0
        self.code = self.block(3, [])

    def block(self, depth, names):
        names = list(names)
        return [self.statement(depth, names) for _ in range(self.random.randint(2, 6))]

    def statement(self, depth, names):
        kind = self.random.choice(["let", "let", "set", "set", "take", *(["when", "loop", "repeat"] if depth else [])])
        if kind in ("let", "take"):
            made = kind, f"v{self.count}", self.expression(names) if kind == "let" else self.random.randrange(4)
            names.append(f"v{self.count}")
            self.count += 1
            return made
        if kind == "set":
            return kind, self.random.randrange(4), self.expression(names)
        if kind == "when":
            return kind, self.expression(names), self.block(depth - 1, names), self.random.choice([None, self.block(depth - 1, names)])
        return kind, self.random.randint(0, 3), self.block(depth - 1, names)

    def expression(self, names, depth=3):
        if depth and self.random.random() < 0.7:
            return self.random.choice("+-*^"), self.expression(names, depth - 1), self.expression(names, depth - 1)
        choice = self.random.choice(["number", "variable", "name", "name"])
        if choice == "name" and names:
            return "name", self.random.choice(names)
        return ("variable", self.random.randrange(4)) if choice == "variable" else ("number", self.random.randint(-99, 99))

    def write(self, b):
        """Write the program, with variables that start as the first argument has them and end in the second."""
        variables = [b.variable("i32", b.load("i32", b.slot(1), 4 * i)) for i in range(4)]

        def value(node, names):
            if node[0] == "number":
                return b.constant("i32", node[1])
            if node[0] == "variable":
                return variables[node[1]].value
            return names[node[1]] if node[0] == "name" else OPERATIONS[node[0]](value(node[1], names), value(node[2], names))

        def block(statements, names):
            for kind, what, *rest in statements:
                if kind in ("let", "take"):
                    names[what] = value(rest[0], names) if kind == "let" else variables[rest[0]].value
                elif kind == "set":
                    variables[what].set(value(rest[0], names))
                elif kind == "when":
                    with b.when(value(what, names) > 0) as branch:
                        block(rest[0], dict(names))
                        if rest[1] is not None:
                            branch.otherwise()
                            block(rest[1], dict(names))
                elif kind == "loop":
                    with b.loop(0, what):
                        block(rest[0], dict(names))
                else:
                    turns = b.variable("i32", 0)
                    with b.repeat() as again:
                        again.stop_when(turns.value >= what)
                        turns.add(1)
                        block(rest[0], dict(names))

        block(self.code, {})
        for i, variable in enumerate(variables):
            b.store("i32", b.slot(2), variable.value, 4 * i)

    def run(self, variables):
        """Return what the variables end as."""
        variables = list(variables)

        def value(node, names):
            if node[0] == "number":
                return node[1]
            if node[0] in ("variable", "name"):
                return variables[node[1]] if node[0] == "variable" else names[node[1]]
            return wrap(OPERATIONS[node[0]](value(node[1], names), value(node[2], names)))

        def block(statements, names):
            for kind, what, *rest in statements:
                if kind in ("let", "take"):
                    names[what] = value(rest[0], names) if kind == "let" else variables[rest[0]]
                elif kind == "set":
                    variables[what] = value(rest[0], names)
                elif kind == "when":
                    chosen = rest[0] if value(what, names) > 0 else rest[1]
                    block(chosen or [], dict(names))
                else:
                    for _ in range(what):
                        block(rest[0], dict(names))

        block(self.code, {})
        return variables


def wrap(number):
    return (number + 2**31) % 2**32 - 2**31


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(runner, seed):
    program = Program(seed)
    start = np.array([1, -2, 30, 2**31 - 9], np.int32)
    assert runner(program.write, start, out=np.zeros(4, np.int32)).tolist() == program.run(start.tolist())


def test_units_are_passed_as_begin_and_end(runner):
    def emit(b):
        with b.loop(b.begin, b.end) as i:
            b.store("i32", b.slot(1) + (i << 2), i32(b, i * i))

    wanted = np.arange(1000, dtype=np.int32) ** 2
    assert_same(runner(emit, out=np.zeros(1000, np.int32), units=1000), wanted)
    assert_same(runner(emit, out=np.zeros(1000, np.int32), units=1000, grain=10), wanted)


# --- misuse ---

MISUSE = {
    "two types": lambda b: b.dynamic + b.constant("i32", 1),
    "float and int": lambda b: b.constant("f32", 1) * b.constant("i32", 1),
    "scalar and vector": lambda b: b.constant("vf", 1) + b.constant("f32", 1),
    "masks of other shapes": lambda b: (b.dynamic < 1) & (b.iota() < 1),
    "a scalar's bit for vectors": lambda b: b.select(b.dynamic < 1, b.iota(), 0),
    "a mask for scalars": lambda b: b.select(b.iota() < 1, b.dynamic, 0),
    "arms of two types": lambda b: b.select(b.dynamic < 1, b.dynamic, b.constant("i32", 1)),
    "fma of two types": lambda b: b.fma(b.constant("vf", 1), b.constant("vf", 1), b.constant("f32", 1)),
    "a conversion that is none": lambda b: b.convert(b.iota(), "f64"),
    "bits of another width": lambda b: b.convert(b.constant("f64", 1), "index"),
    "a variable of another type": lambda b: b.variable("f32", 0).set(b.dynamic),
    "a first value of another type": lambda b: b.variable("f32", b.dynamic),
    "a store of another type": lambda b: b.store("f32", b.dynamic, b.constant("i32", 1)),
    "a store of a vector": lambda b: b.store("i32", b.dynamic, b.iota()),
    "a vector store of a scalar": lambda b: b.store_vector("f32", b.dynamic, b.constant("f32", 1)),
    "a vector store of another type": lambda b: b.store_vector("u8", b.dynamic, b.constant("vf", 1)),
    "a lane of another type": lambda b: b.with_lane(b.iota(), 0, b.constant("f32", 1)),
    "a shift by another type": lambda b: b.constant("i32", 1) << b.dynamic,
    "the truth of a value": lambda b: bool(b.dynamic < 1),
    "a bound of another type": lambda b: b.loop(0, b.constant("i32", 1)).__enter__(),
}
MISUSE_OF_WASM = {
    "numbers only": lambda b: b.select(b.dynamic < 1, 1, 2),
    "a fraction as an integer": lambda b: b.dynamic + 1.5,
    "infinity as an integer": lambda b: b.constant("vi", float("inf")),
    "an unknown type": lambda b: b.constant("i64", 1),
    "a float's instruction on integers": lambda b: b.op("sqrt", b.dynamic),
    "an integer's instruction on floats": lambda b: b.constant("f32", 1) & 1,
    "no such instruction": lambda b: b.op("pow", b.dynamic, 2),
    "too few operands": lambda b: b.op("add", b.dynamic),
    "too many operands": lambda b: b.op("neg", b.constant("f32", 1), 2),
    "an address that is none": lambda b: b.load("i32", b.constant("i32", 1)),
    "a condition that is none": lambda b: b.when(b.dynamic).__enter__(),
    "any of no mask": lambda b: b.any(b.iota()),
    "a lane of a scalar": lambda b: b.lane(b.dynamic, 0),
    "a splat of a vector": lambda b: b.splat(b.iota()),
    "an fma of integers": lambda b: b.fma(b.iota(), 1, 2),
    "bits of a double": lambda b: b.bits(b.constant("f64", 1), "i32"),
}


@pytest.mark.parametrize("printer", [WasmBuilder, LlvmBuilder])
@pytest.mark.parametrize("name", MISUSE)
def test_misuse_raises_type_error(printer, name):
    with pytest.raises(TypeError):
        MISUSE[name](printer())


@pytest.mark.parametrize("name", MISUSE_OF_WASM)
def test_misuse_of_the_webassembly_printer(name):
    with pytest.raises(TypeError):
        MISUSE_OF_WASM[name](WasmBuilder())


@pytest.mark.parametrize("index", [-1, 4])
def test_lanes_that_do_not_exist(index):
    b = WasmBuilder()
    for use in (
        lambda: b.lane(b.iota(), index),
        lambda: b.with_lane(b.iota(), index, 1),
        lambda: b.shuffle(b.iota(), b.iota(), [0, 1, 2, 2 * index]),
    ):
        with pytest.raises(IndexError):
            use()
    with pytest.raises(ValueError, match="4 lanes"):
        b.shuffle(b.iota(), b.iota(), [0, 1])
