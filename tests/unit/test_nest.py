"""Contractions and windows as loops: random relations against the interpreter, larger ones against NumPy, and what the plans look like."""

import random
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest

from tensorweb.backends.compiled import CompiledBackend
from tensorweb.backends.numpy import NumpyBackend
from tensorweb.flags import flags
from tensorweb.kernels import expression as e
from tensorweb.kernels import interpret
from tensorweb.kernels.loops import LOWERINGS
from tensorweb.kernels.loops.direct import lower_direct
from tensorweb.kernels.loops.launch import Slot, Target
from tensorweb.kernels.loops.nest import operand, problem, simplified
from tensorweb.kernels.loops.window import lower_window
from tensorweb.kernels.patterns import Contract, Relation, Spec, Window
from tensorweb.kernels.program import lower

from .printers import make_machine

TOLERANCE = {"float32": 2e-5, "complex64": 2e-5, "float16": 3e-3}
TARGET = Target(16, 32, True)


def make_backend(name):
    made = CompiledBackend(name, make_machine(name))
    if name == "native-8":
        # Compiled kernels on disk are those of the processor's own vectors.
        made.machine.cache = SimpleNamespace(get=lambda key: None, put=lambda key, code: None)
    return made


@pytest.fixture(scope="module", params=["native", "wasm"])
def backend(request):
    yield from use(request.param)


@pytest.fixture(scope="module", params=["native", "native-8", "wasm"])
def any_backend(request):
    yield from use(request.param)


def use(name):
    try:
        made = make_backend(name)
    except ImportError as error:
        pytest.skip(f"{name}: {error}")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    monkeypatch.setitem(LOWERINGS, Contract, lower_direct)


# --- references ---------------------------------------------------------------------------------------------------------------


def specs_of(kernel, dtype):
    """Return the specs of inputs and outputs."""
    sizes = dict(kernel.sizes)
    labels = (kernel.labels,) if isinstance(kernel, Window) else (kernel.lhs, kernel.rhs)
    made = "int32" if getattr(kernel, "kind", "") == "argmax" else dtype
    return [Spec(tuple(sizes[x] for x in own), dtype) for own in labels], [Spec(tuple(sizes[x] for x in kernel.out), made)]


def run(backend, kernel, inputs, outputs, values):
    buffers = [v if isinstance(s.dtype, type) else backend.upload(v, s) for v, s in zip(values, inputs)]
    (made,) = backend.compile(kernel, inputs, outputs)(*buffers)
    return np.array(backend.download(made, outputs[0])).astype(outputs[0].dtype).reshape(outputs[0].shape)


def interpreted(kernel, inputs, outputs, values):
    (made,) = interpret.run(kernel, inputs, outputs)(*(v.reshape(-1).tolist() for v in values))
    return np.array(made).astype(outputs[0].dtype).reshape(outputs[0].shape)


def by_numpy(kernel, inputs, outputs, values):
    return run(NumpyBackend(), kernel, inputs, outputs, values)


def filter_gradient(x, g):
    """Return the gradient of a depthwise filter of 3 by 3 with "same" padding, in float64."""
    n = x.shape[1]
    x = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.array([[(x[:, i : i + n, j : j + n] * g).sum((0, 1, 2)) for j in range(3)] for i in range(3)])


def assert_close(got, want, dtype, where=""):
    scale = max(1.0, np.abs(want[np.isfinite(want)]).max(initial=0)) if want.size else 1.0
    tolerance = TOLERANCE.get(dtype, 0)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale, err_msg=str(where))


# --- random kernels -----------------------------------------------------------------------------------------------------------


class Cases:
    """Random kernels of up to three relations whose labels lie anywhere."""

    def __init__(self, seed):
        self.random, self.generator = random.Random(seed), np.random.default_rng(seed)

    def kernel(self):
        while True:
            made = self._kernel()
            free = {x for x, _ in made.sizes} - {r.position for r in made.relations}
            if prod(n for x, n in made.sizes if x in free) <= 6000:
                return made

    def _kernel(self):
        pick, window = self.random.choice, self.random.random() < 0.4
        relations, sizes = self._relations(pick([0, 1, 1, 2, 2, 3]))
        operands = [[] for _ in range(2 if window else 3)]
        for r in relations:
            # Most often one label to an operand, as in convolutions and their gradients; else anywhere.
            order = self.random.sample(range(len(operands)), len(operands))
            for i, label in enumerate(r[:3]):
                for o in [order[i % len(order)]] if self.random.random() < 0.8 else self.random.sample(order, pick([0, 1, 2])):
                    operands[o].append(label)
        for label in "bcgh"[: self.random.randint(0, 4)]:
            sizes[label] = pick([1, 2, 3, 5, 16, 17, 33])
            for o in self.random.sample(range(len(operands)), self.random.randint(1, len(operands))):
                operands[o].append(label)
        for own in operands:
            own.sort(key="bxyzXYZijkghc".index) if self.random.random() < 0.6 else self.random.shuffle(own)
        used = {x for own in operands for x in own} | {x for r in relations for x in r[:3]}
        if used and self.random.random() < 0.03:
            sizes[pick(sorted(used))] = 0
        labels = ["".join(own) for own in operands]
        found = tuple((x, sizes[x]) for x in sorted(used))
        if window:
            return Window(*labels, found, relations, pick(["sum", "max", "argmax"]))
        return Contract(*labels, found, relations)

    def _relations(self, count):
        relations, sizes, pick = [], {}, self.random.choice
        for labels in ["xXi", "yYj", "zZk"][:count]:
            stride, dilation, padding = pick([1, 1, 1, 2, 3, 5]), pick([1, 1, 1, 2, 3]), pick([0, 0, 1, 2, 4, -1])
            position, tap = pick([1, 2, 5, 7, 20]), pick([1, 2, 3, 5])
            fitting = max(1, (position + 2 * padding - dilation * (tap - 1) - 1) // stride + 1)
            output = pick([1, 3, position, fitting])
            if self.random.random() < 0.1:
                stride, dilation, padding, position = tap, 1, 0, output * tap
            relations.append(Relation(*labels, stride, dilation, padding))
            sizes.update(zip(labels, (position, output, tap)))
        return tuple(relations), sizes

    def dtype(self, kernel):
        some = ["float32", "float32", "int32", "float16"]
        if isinstance(kernel, Contract):
            return self.random.choice([*some, "complex64"])
        return self.random.choice([*some, "int8", "uint8", *(("bool", "complex64") if kernel.kind == "sum" else ())])

    def values(self, shape, dtype, special=False):
        if dtype == "bool":
            return self.generator.random(shape) < 0.5
        if dtype in ("int8", "uint8"):
            return self.generator.integers(-100 if dtype == "int8" else 0, 100, shape).astype(dtype)
        if dtype == "int32":
            return self.generator.integers(-(2**31), 2**31 - 1, shape).astype(dtype)
        made = self.generator.standard_normal(shape)
        if dtype == "complex64":
            return (made + 1j * self.generator.standard_normal(shape)).astype(dtype)
        made = np.where(self.generator.random(shape) < 0.3, np.round(made), made)
        if special:
            made = np.where(self.generator.random(shape) < 0.05, self.generator.choice([np.nan, np.inf, -np.inf, -0.0], shape), made)
        return made.astype(dtype)


@pytest.mark.parametrize("seed", range(8))
def test_random_kernels_agree_with_the_interpreter(any_backend, seed):
    backend, cases = any_backend, Cases(seed)
    for _ in range(5):
        kernel = cases.kernel()
        dtype = cases.dtype(kernel)
        inputs, outputs = specs_of(kernel, dtype)
        values = [cases.values(s.shape, dtype, isinstance(kernel, Window) and kernel.kind != "sum") for s in inputs]
        want, got = interpreted(kernel, inputs, outputs, values), run(backend, kernel, inputs, outputs, values)
        if isinstance(kernel, Window) and kernel.kind == "argmax":
            # Which of equals is the first depends on the order of labels that no pooling sums over: compare the elements.
            assert ((got < 0) == (want < 0)).all()
            got, want = (np.where(i < 0, 0, np.append(values[0].reshape(-1), [0])[i].astype(np.float64)) for i in (got, want))
        assert_close(got, want, dtype, (kernel, dtype))


# --- convolutions and their gradients -----------------------------------------------------------------------------------------

FORWARD, TO_INPUT, TO_FILTER = ("bxyc", "ijc", "bXYc"), ("bXYc", "ijc", "bxyc"), ("bxyc", "bXYc", "ijc")


def sliding(n, channels, taps, stride, dilation, batch=1, **more):
    """Return the sizes and relations of images n by n under square windows with "same" padding."""
    out = -(-n // stride)
    padding = max(0, (out - 1) * stride + dilation * (taps - 1) + 1 - n) // 2
    sizes = {"b": batch, "x": n, "y": n, "c": channels, "X": out, "Y": out, "i": taps, "j": taps, **more}
    return tuple(sorted(sizes.items())), tuple(Relation(p, o, t, stride, dilation, padding) for p, o, t in ("xXi", "yYj"))


@pytest.mark.parametrize("labels", [FORWARD, TO_INPUT, TO_FILTER])
@pytest.mark.parametrize(
    "n, channels, taps, stride, dilation, batch",
    [(30, 40, 3, 1, 1, 1), (23, 16, 3, 2, 1, 2), (13, 3, 5, 1, 2, 3), (12, 1, 3, 3, 2, 1), (7, 130, 3, 1, 1, 1), (28, 64, 3, 1, 1, 4)],
)
def test_depthwise_convolutions_and_their_gradients(backend, labels, n, channels, taps, stride, dilation, batch):
    kernel = Contract(*labels, *sliding(n, channels, taps, stride, dilation, batch))
    inputs, outputs = specs_of(kernel, "float32")
    values = [np.random.default_rng(n).standard_normal(s.shape).astype("f") for s in inputs]
    assert_close(run(backend, kernel, inputs, outputs, values), by_numpy(kernel, inputs, outputs, values), "float32")


@pytest.mark.parametrize("dtype", ["int32", "complex64", "float16"])
@pytest.mark.parametrize("labels", [("bxyc", "ijcmo", "bXYcmo"), ("bXYcmo", "ijcmo", "bxyc"), ("bxyc", "bXYcmo", "ijcmo")])
def test_grouped_convolutions_of_other_dtypes(backend, labels, dtype):
    kernel = Contract(*labels, *sliding(9, 3, 3, 2, 1, 2, m=2, o=5))
    inputs, outputs = specs_of(kernel, dtype)
    values = [Cases(5).values(s.shape, dtype) for s in inputs]
    assert_close(run(backend, kernel, inputs, outputs, values), by_numpy(kernel, inputs, outputs, values), dtype)


@pytest.mark.parametrize("sizes, labels", [({"k": 100_003}, ("k", "k", "")), ({"m": 37, "k": 5001}, ("mk", "mk", "m"))])
def test_products_without_neighbouring_outputs(backend, sizes, labels):
    kernel = Contract(*labels, tuple(sizes.items()), ())
    for dtype in ("float32", "int32", "complex64"):
        inputs, outputs = specs_of(kernel, dtype)
        values = [(3 * np.random.default_rng(1).standard_normal(s.shape)).astype(dtype) for s in inputs]
        assert_close(run(backend, kernel, inputs, outputs, values), by_numpy(kernel, inputs, outputs, values), dtype)


def test_long_sums_keep_their_digits(backend):
    sizes, relations = sliding(96, 20, 3, 1, 1, 4)
    kernel = Contract(*TO_FILTER, sizes, relations)
    inputs, outputs = specs_of(kernel, "float32")
    values = [np.random.default_rng(2).random(s.shape, "f") for s in inputs]
    got = run(backend, kernel, inputs, outputs, values)
    np.testing.assert_allclose(got, filter_gradient(*values), rtol=4e-7)


def test_sums_of_infinities_are_infinite(backend):
    kernel = Contract("k", "k", "", (("k", 70_000),), ())
    inputs, outputs = specs_of(kernel, "float32")
    values = [np.ones(70_000, "f"), np.full(70_000, np.inf, "f")]
    assert run(backend, kernel, inputs, outputs, values) == np.inf
    values[1][3] = -np.inf
    assert np.isnan(run(backend, kernel, inputs, outputs, values))


def test_what_lies_beside_a_window_does_not_leak_into_it(backend):
    # Products with the neighbours' NaN must not be made, whether lanes run along channels or along positions.
    for channels in (1, 3, 20):
        kernel = Contract(*FORWARD, *sliding(21, channels, 3, 1, 1, 2))
        inputs, outputs = specs_of(kernel, "float32")
        values = [np.ones(s.shape, "f") for s in inputs]
        values[0][1] = np.nan
        got = run(backend, kernel, inputs, outputs, values)
        assert np.isfinite(got[0]).all() and np.isnan(got[1]).all()
        values = [np.ones(s.shape, "f") for s in inputs]
        values[1][0] = np.inf  # the taps above
        got = run(backend, kernel, inputs, outputs, values)
        assert np.isfinite(got[:, 0]).all() and np.isinf(got[:, 1:]).all()


@pytest.mark.parametrize("n, channels, stride", [(12, 32, 1), (9, 5, 2), (14, 1, 1), (40, 64, 1)])
def test_epilogues(backend, n, channels, stride):
    sizes, relations = sliding(n, channels, 3, stride, 1, 2)
    made, bias, scale, rows = (e.argument(i) for i in range(4))
    root = e.node("add", e.node("min", e.node("max", e.node("add", e.node("mul", made, scale), bias), 0.0), 6.0), rows)
    program = lower([root], ["float32", "float32", float, "float32"], "test")
    plain = Contract(*FORWARD, sizes, relations)
    kernel = plain._replace(epilogue=program)
    inputs, outputs = specs_of(kernel, "float32")
    inputs += [Spec((channels,), "float32"), Spec((), float), Spec((outputs[0].shape[1], 1, 1), "float32")]
    values = [np.random.default_rng(n).standard_normal(s.shape).astype("f") for s in inputs]
    values[3] = 1.5
    want = np.clip(1.5 * by_numpy(plain, inputs[:2], outputs, values[:2]) + values[2], 0, 6) + values[4]
    assert_close(run(backend, kernel, inputs, outputs, values), want, "float32")


def test_an_epilogue_after_partial_sums(backend):
    program = lower([e.node("mul", e.argument(0), e.argument(1))], ["float32", "float32"], "test")
    kernel = Contract(*TO_FILTER, *sliding(48, 64, 3, 1, 1), program)
    inputs, outputs = specs_of(kernel, "float32")
    inputs.append(Spec((3, 1, 64), "float32"))
    values = [np.random.default_rng(3).standard_normal(s.shape).astype("f") for s in inputs]
    assert len(lower_direct(kernel, inputs, outputs, TARGET).launches) == 2
    want = filter_gradient(*values[:2]) * values[2]
    assert_close(run(backend, kernel, inputs, outputs, values), want, "float32")


# --- windows ------------------------------------------------------------------------------------------------------------------

WINDOWS = [("bxyc", "bXYc"), ("bXYc", "bxyc"), ("bxyc", "bXYijc"), ("bXYijc", "bxyc"), ("bcxy", "bcijXY"), ("bcijXY", "bcxy")]


@pytest.mark.parametrize("labels", WINDOWS)
@pytest.mark.parametrize("n, channels, taps, stride", [(24, 3, 2, 2), (19, 20, 3, 2), (21, 2, 5, 1)])
def test_sums_over_windows_patches_and_their_gradients(backend, labels, n, channels, taps, stride):
    kernel = Window(*labels, *sliding(n, channels, taps, stride, 1, 2), "sum")
    inputs, outputs = specs_of(kernel, "float32")
    values = [np.random.default_rng(n).standard_normal(s.shape).astype("f") for s in inputs]
    assert_close(run(backend, kernel, inputs, outputs, values), by_numpy(kernel, inputs, outputs, values), "float32")


@pytest.mark.parametrize("channels, dtype", [(1, "float32"), (3, "float32"), (20, "float32"), (1, "int32"), (20, "uint8"), (3, "float16")])
def test_maxima_and_where_they_are(backend, channels, dtype):
    for stride, taps in ((2, 2), (1, 3)):
        sizes, relations = sliding(11, channels, taps, stride, 1, 2)
        values = [np.random.default_rng(7).integers(0, 4, (2, 11, 11, channels)).astype(dtype)]
        if dtype.startswith("f"):
            values[0][values[0] == 3] = np.nan
            values[0][1, :5] = -np.inf
        for kind in ("max", "argmax"):
            kernel = Window("bxyc", "bXYc", sizes, relations, kind)
            inputs, outputs = specs_of(kernel, dtype)
            want = by_numpy(kernel, inputs, outputs, values)
            np.testing.assert_array_equal(run(backend, kernel, inputs, outputs, values), want)


@pytest.mark.parametrize(
    "kind, dtype, want", [("sum", "float32", 0), ("max", "float32", -np.inf), ("max", "int8", -128), ("argmax", "int32", -1)]
)
def test_windows_that_meet_nothing(backend, kind, dtype, want):
    sizes = (("X", 40), ("i", 2), ("x", 3))
    kernel = Window("x", "X", sizes, (Relation("x", "X", "i", 1, 1, -5),), kind)
    inputs, outputs = specs_of(kernel, dtype)
    assert (run(backend, kernel, inputs, outputs, [np.ones(3, dtype)]) == want).all()


@pytest.mark.parametrize("empty", ["b", "c", "x", "i"])
def test_empty_sizes(backend, empty):
    sizes, relations = sliding(6, 4, 3, 1, 1, 2)
    sizes = tuple((x, 0 if x == empty else n) for x, n in sizes)
    for kernel in (Contract(*FORWARD, sizes, relations), Contract(*TO_FILTER, sizes, relations), Contract(*TO_INPUT, sizes, relations)):
        inputs, outputs = specs_of(kernel, "float32")
        got = run(backend, kernel, inputs, outputs, [np.ones(s.shape, "f") for s in inputs])
        np.testing.assert_array_equal(got, interpreted(kernel, inputs, outputs, [np.ones(s.shape, "f") for s in inputs]))


# --- plans --------------------------------------------------------------------------------------------------------------------


def planned(labels, out, sizes, relations, lanes=16):
    sizes = dict(sizes)
    operands = [operand(Slot("in", i), "float32", x, [sizes[y] for y in x]) for i, x in enumerate(labels)]
    made = operand(Slot("out", 0), "float32", out, [sizes[x] for x in out])
    return list(simplified(problem(sizes, out, [*operands, made], relations), lanes))


def test_what_always_holds_is_no_tie():
    sizes = {"b": 2, "x": 10, "c": 8, "X": 8, "i": 3}
    (plan,) = planned(["bxc"], "bXc", sizes, (Relation("x", "X", "i", 1, 1, 0),))
    assert not plan.ties and plan.operands[0].strides == {"b": 80, "X": 1, "i": 8} and plan.sizes["X"] == 64
    (plan,) = planned(["bxc"], "bXc", {**sizes, "X": 10}, (Relation("x", "X", "i", 1, 1, 1),))
    (tie,) = plan.ties
    # Of 8 channels and 10 positions one label is made, which counts in eighths.
    assert plan.sizes == {"b": 2, "X": 80, "i": 3} and (tie.known, tie.inner, tie.step, tie.advance) == ("X", "i", 8, 1)
    assert [tie.range_of(x, 3) for x in (0, 7, 8, 71, 72)] == [(1, 3), (1, 3), (0, 3), (0, 3), (0, 2)]


def test_windows_that_do_not_overlap_are_another_view():
    (plan,) = planned(["bXc"], "bxc", {"b": 2, "x": 12, "c": 40, "X": 4, "i": 3}, (Relation("x", "X", "i", 3, 1, 0),))
    assert not plan.ties and not plan.summed and plan.out.strides == {"b": 120, "i": 40, "c": 1}


def test_positions_are_split_by_their_residue():
    plans = planned(["bXc", "ic"], "bxc", {"b": 1, "x": 9, "c": 40, "X": 5, "i": 3}, (Relation("x", "X", "i", 2, 1, 1),))
    assert [(p.sizes.get("x"), p.sizes.get("i", 1), p.out.offset) for p in plans] == [(5, 1, 0), (4, 2, 40)]


def test_keys_do_not_depend_on_sizes():
    def keys(n, channels, batch):
        found = []
        for labels, lowered in (((FORWARD), lower_direct), (TO_INPUT, lower_direct), (("bxyc", "bXYc"), lower_window)):
            sizes = sliding(n, channels, 3, 1, 1, batch)
            kernel = Window(*labels, *sizes, "max") if lowered is lower_window else Contract(*labels, *sizes)
            found += [launch.key for launch in lowered(kernel, *specs_of(kernel, "float32"), TARGET).launches]
        return found

    assert keys(28, 32, 2) == keys(56, 96, 3)


def test_threads_change_nothing(backend):
    results = []
    kernel = Contract(*TO_FILTER, *sliding(56, 48, 3, 1, 1, 2))
    inputs, outputs = specs_of(kernel, "float32")
    values = [np.random.default_rng(9).standard_normal(s.shape).astype("f") for s in inputs]
    for threads in (1, 3):
        before = flags.get("NUM_THREADS")
        flags.set("NUM_THREADS", threads)
        try:
            other = make_backend(backend.name)
        finally:
            flags.set("NUM_THREADS", before)
        results.append(run(other, kernel, inputs, outputs, values))
        other.close()
    np.testing.assert_array_equal(*results)
