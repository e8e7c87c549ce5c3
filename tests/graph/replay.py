"""Replays stored cases of graph ops: each is a graph of one op. Plain Python, so that it runs in the page too."""

from __future__ import annotations

import gzip
import json
from math import isinf, isnan
from pathlib import Path

import tensorweb as tw
from tensorweb.graph import Argument, Graph, Node, Ref
from tensorweb.graph.running import Runner
from tensorweb.graph.tf_dtypes import own_dtype
from tensorweb.waiting import wait

DATA = Path(__file__).parents[1] / "data"


def load(subject):
    """Return the cases of a subject."""
    lines = gzip.decompress((DATA / f"graph_ops_{subject}.jsonl.gz").read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines]


def attr(value):
    """Return an attribute as graphs have it."""
    if isinstance(value, list):
        return [attr(v) for v in value]
    if isinstance(value, dict):
        ((kind, found),) = value.items()
        return found.encode() if kind == "bytes" else tuple(found) if kind == "shape" and found is not None else found
    return value


def tensor(packed):
    dtype, shape, values = packed
    if dtype.startswith("complex"):
        values = [complex(*pair) for pair in zip(values[::2], values[1::2])]
    return tw.tensor(values, tuple(shape), own_dtype(dtype))


def outputs_of(case):
    """Return what the op of a case gives: a graph of placeholders and that op, run; what depends on it if it gives nothing."""
    graph = Graph()
    refs = [graph.add("Placeholder", f"in{i}") for i in range(len(case["inputs"]))]
    graph.inputs = [Argument(ref.name, ref) for ref in refs]
    graph.nodes["it"] = Node("it", case["op"], refs, {key: attr(value) for key, value in case["attrs"].items()})
    graph.outputs = [Argument(str(i), Ref("it", i)) for i in range(len(case["outputs"]))]
    if not case["outputs"]:
        graph.add("Identity", "after", [graph.add_const("one", tw.tensor(1))], ["it"])
        graph.outputs = [Argument("after", Ref("after"))]
    made = wait(Runner(graph).calling([tensor(packed) for packed in case["inputs"]]))
    return made if case["outputs"] else []


def check(case):
    """Raise AssertionError where an answer differs."""
    for number, (made, (dtype, shape, values)) in enumerate(zip(outputs_of(case), case["outputs"], strict=True)):
        where = f"{case['op']} output {number}"
        assert made.dtype == own_dtype(dtype), f"{where}: {made.dtype}, not {dtype}"
        assert list(made.shape) == shape, f"{where}: shape {made.shape}, not {shape}"
        flat = list(made.data_sync())
        if made.dtype in ("float32", "complex64"):
            if made.dtype == "complex64":
                flat = [part for v in flat for part in (v.real, v.imag)]
            check_floats(where, flat, values, case.get("tolerance", 1e-5))
        else:
            assert flat == values, f"{where}: {flat[:20]}, not {values[:20]}"


def check_floats(where, made, wanted, tolerance):
    """Compare floats: NaN and infinities exactly, others by the largest |value|."""
    limit = tolerance * max((abs(v) for v in wanted if not isnan(v) and not isinf(v)), default=0.0)
    for place, (a, b) in enumerate(zip(made, wanted, strict=True)):
        same = (isnan(a) and isnan(b)) or a == b or abs(a - b) <= limit
        assert same, f"{where}: {a} at {place}, not {b}; {made[:20]}, not {wanted[:20]}"
