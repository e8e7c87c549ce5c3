"""Each ONNX op against what ONNX Runtime gave for models of one op (generate_onnx.py made them)."""

import base64
import json
from array import array
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.convert.onnx import read_onnx
from tensorweb.convert.onnx.translate import OPS
from tools.document_onnx import PATH, page

from .replay import check, run, stored
from .test_hostile import model, node

CASES = stored("onnx_ops.json.gz")["cases"]
GROUPS = sorted({case["op"] for case in CASES})
RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}
# These stand in the whole models (test_onnx_models.py).
ELSEWHERE = {"If", "Loop", "Scan", "TreeEnsembleClassifier", "TreeEnsembleRegressor", "ZipMap", "SplitToSequence", "ConcatFromSequence"}
ELSEWHERE |= {f"Sequence{name}" for name in ("At", "Construct", "Empty", "Erase", "Insert", "Length")}


@pytest.mark.parametrize("op", GROUPS)
def test_op(fast_backend, op):
    for entry in CASES:
        if entry["op"] == op:
            try:
                check(entry, run(base64.b64decode(entry["model"]), entry["inputs"]))
            except Exception as error:
                error.add_note(f"in the case {entry['name']}")
                raise


def test_only_ops_that_graph_models_have():
    groups = json.loads((Path(__file__).parents[2] / "data" / "tfjs_graph_ops.json").read_text())
    known = {op for ops in groups.values() for op in ops}
    for entry in CASES + stored("onnx_models.json.gz")["cases"]:
        for graph in read_onnx(base64.b64decode(entry["model"])).all_graphs():
            assert {node.op for node in graph.nodes.values()} <= known, entry["name"]


def test_the_list_is_current():
    assert PATH.read_text() == page(), "run python -m tools.document_onnx"


def test_many_ops_are_tested():
    tested = {(case["domain"], case["op"]) for case in CASES}
    assert len(tested) >= 180
    assert sorted(op for domain, op in set(OPS) - tested) == sorted(ELSEWHERE | RANDOM)


def test_random_ops(fast_backend):
    """Their numbers are the engine's own: only what they are like is compared."""
    table = {"dtype": "float32", "shape": [40, 50], "data": base64.b64encode(array("f", [0.25] * 2000).tobytes()).decode()}
    expected = {"RandomNormalLike": (3.0, 2.0), "RandomUniformLike": (-0.5, 0.29), "Bernoulli": (0.25, 0.43)}
    settings = {"RandomNormalLike": {"mean": 3.0, "scale": 2.0}, "RandomUniformLike": {"low": -1.0, "high": 0.0}, "Bernoulli": {}}
    for op, (mean, deviation) in expected.items():
        attributes = [{"name": name, "type": 1, "f": value} for name, value in settings[op].items()]
        (found,) = run(model([node(op, ["x"], ["y"], *attributes)], shape=("a", "b")), [table])
        assert abs(float(found.mean().item()) - mean) < 0.2 and abs(float(tw.std(found).item()) - deviation) < 0.1
    for op in ("RandomNormal", "RandomUniform"):
        assert run(model([node(op, [], ["y"], {"name": "shape", "type": 7, "ints": [2, 3]})], inputs=(), shape=()), [])[0].shape == (2, 3)
    (drawn,) = run(model([node("Multinomial", ["x"], ["y"], {"name": "sample_size", "type": 2, "i": 9})], shape=("a", "b")), [table])
    assert drawn.shape == (40, 9) and 0 <= min(drawn.data_sync()) <= max(drawn.data_sync()) < 50
