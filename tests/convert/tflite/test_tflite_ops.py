"""Models of one op or few give what LiteRT gave, on each backend: floats to 1e-5 of the largest, quantised ones to one step."""

import base64
import gzip
import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.convert.tflite import read_tflite
from tensorweb.convert.tflite.translate import TRANSLATIONS
from tensorweb.graph.running import Runner
from tensorweb.io.buffers import typed
from tensorweb.waiting import wait

DATA_FOLDER = Path(__file__).parents[2] / "data"
DATA = json.loads(gzip.decompress((DATA_FOLDER / "tflite_ops.json.gz").read_bytes()))
CASES = {case["name"]: case for case in DATA["cases"]}
CODES = {"float32": "f", "int32": "i", "uint32": "I", "int8": "b", "uint8": "B", "int16": "h", "bool": "B", "complex64": "f"}
QUANTIZED = ("int8", "uint8", "int16")
# LiteRT quantises what meets int8 weights on the way, so its products are off by up to 1 % of the largest.
TOLERANCES = {"int8 weights": 2e-2}
# 16-bit functions that LiteRT reads from tables of 513 entries, with errors of some of their 65536 steps; of its LSTM see `converted.py`.
STEPS = {"EXP, int16": 4, "RSQRT, int16": 8, "LOG, int16": 8, "TANH, int16": 4}
WITHOUT_CASES = {"MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"}  # random numbers have no reference


def values(stored):
    """Return the numbers or texts of an array in the data file, flat."""
    if stored["dtype"] == "string":
        return stored["values"]
    flat = typed(memoryview(base64.b64decode(stored["data"])), CODES[stored["dtype"]]).tolist()
    if stored["dtype"] == "complex64":
        return [complex(a, b) for a, b in zip(flat[::2], flat[1::2])]
    return [bool(v) for v in flat] if stored["dtype"] == "bool" else flat


def as_input(stored):
    """Return an array of the data file as a tensor."""
    dtype = stored["dtype"] if stored["dtype"] in ("float32", "bool", "string", "complex64") else "int32"
    return tw.tensor(values(stored), stored["shape"], dtype)


def run(graph, inputs):
    """Return what a graph gives, its hash tables filled before."""
    runner = Runner(graph)
    if graph.initializer is not None:
        tables = wait(Runner(graph.initializer, runner.resources).calling([]))
        for argument, table in zip(graph.initializer.outputs, tables, strict=True):
            runner.captured[graph.shared_resources[argument.name]] = table
    return wait(runner.calling(inputs))


def tolerance_of(name):
    """Return how far a case's floats may be off, relative to the largest."""
    return next((tolerance for part, tolerance in TOLERANCES.items() if part in name), 1e-5)


def assert_close(found, stored, tolerance, steps=1):
    """Compare an output with LiteRT's."""
    assert tuple(found.shape) == tuple(stored["shape"])
    got, wanted = list(found.data_sync()), values(stored)
    if stored["dtype"] == "string":
        assert [v.decode() if isinstance(v, bytes) else v for v in got] == wanted
        return
    limit = {"float32": tolerance, "complex64": tolerance}.get(stored["dtype"], 0) * max([1e-6, *map(abs, wanted)])
    limit = steps if stored["dtype"] in QUANTIZED else limit
    off = max([0, *(abs(a - b) for a, b in zip(got, wanted, strict=True) if a != b)])
    assert off <= limit, f"{off} of {max(map(abs, wanted))}"


@pytest.mark.parametrize("name", CASES)
def test_op(name, fast_backend):
    case = CASES[name]
    graph = read_tflite(base64.b64decode(case["model"]))
    found = run(graph, [as_input(x) for x in case["inputs"]])
    for got, stored in zip(found, case["outputs"], strict=True):
        assert_close(got, stored, tolerance_of(name), STEPS.get(name, 1))


def test_nodes_are_of_ops_that_tensorflow_js_has():
    known = {op for ops in json.loads((DATA_FOLDER / "tfjs_graph_ops.json").read_text()).values() for op in ops}
    for name, case in CASES.items():
        for graph in read_tflite(base64.b64decode(case["model"])).all_graphs():
            assert {node.op for node in graph.nodes.values()} <= known, name


def test_every_op_has_a_case():
    told = {op for case in CASES.values() for op in case["ops"]}
    assert TRANSLATIONS.keys() - told == WITHOUT_CASES
    assert len(TRANSLATIONS) >= 90
