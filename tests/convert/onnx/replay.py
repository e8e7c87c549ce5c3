"""Runs stored ONNX models and compares with what ONNX Runtime gave."""

import base64
import gzip
import json
from array import array
from math import prod
from pathlib import Path

import tensorweb as tw
from tensorweb.convert.onnx import read_onnx
from tensorweb.graph.running import Runner
from tensorweb.waiting import wait

CODES = {"float32": "f", "int32": "i", "int64": "q", "uint8": "B", "int8": "b", "bool": "B", "uint16": "H", "int16": "h", "uint32": "I",
         "uint64": "Q"}  # fmt: skip


def stored(name):
    """Return a stored file of cases."""
    return json.loads(gzip.decompress((Path(__file__).parents[2] / "data" / name).read_bytes()))


def values(entry):
    """Return the flat values of a stored array."""
    return entry["value"] if "value" in entry else array(CODES[entry["dtype"]], base64.b64decode(entry["data"])).tolist()


def to_tensor(entry):
    """Return a stored array as a tensor of the dtype that graphs compute with."""
    dtype = {"float32": "float32", "bool": "bool", "string": "string"}.get(entry["dtype"], "int32")
    flat = [bool(v) for v in values(entry)] if dtype == "bool" else values(entry)
    return tw.tensor(flat, tuple(entry["shape"]), dtype)


def run(model, inputs):
    """Return the outputs of a model for stored inputs."""
    return wait(Runner(read_onnx(model)).calling([to_tensor(x) for x in inputs]))


def difference(got, entry):
    """Return the largest difference, as a part of the largest value; the shapes must be the same."""
    assert list(got.shape) == list(entry["shape"]), f"shape {got.shape}, not {entry['shape']}"
    wanted, found = values(entry), got.data_sync()
    if entry["dtype"] == "string":
        return 0.0 if list(found) == wanted else float("inf")
    assert len(found) == prod(entry["shape"])
    size = max((abs(v) for v in wanted if abs(v) < float("inf")), default=1.0) or 1.0
    worst = 0.0
    for a, b in zip(found, wanted, strict=True):
        if a == b or (a != a and b != b):
            continue
        worst = max(worst, abs(float(a) - float(b)) / size if a == a and b == b else float("inf"))
    return worst


def check(entry, outputs):
    """Raise AssertionError unless outputs agree with a stored case."""
    assert len(outputs) == len(entry["outputs"])
    for number, (got, wanted) in enumerate(zip(outputs, entry["outputs"], strict=True)):
        if entry.get("step") and wanted["dtype"] != "float32":
            apart = max((abs(a - b) for a, b in zip(got.data_sync(), values(wanted), strict=True)), default=0)
            assert list(got.shape) == list(wanted["shape"]) and apart <= entry["step"], f"output {number}: {apart} steps apart"
        else:
            assert difference(got, wanted) <= entry["tolerance"], f"output {number}: {got} is not {values(wanted)[:30]}"
