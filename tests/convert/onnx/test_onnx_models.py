"""Whole ONNX models against what ONNX Runtime gave: control flow, exports of PyTorch and scikit-learn (generate_models.py made them)."""

import base64

import pytest

from tensorweb.convert.onnx import read_onnx

from .replay import check, run, stored

CASES = stored("onnx_models.json.gz")["cases"]


@pytest.mark.parametrize("entry", CASES, ids=[f"{i}-{case['name']}" for i, case in enumerate(CASES)])
def test_models(fast_backend, entry):
    check(entry, run(base64.b64decode(entry["model"]), entry["inputs"]))


def test_a_network_keeps_the_transposes_at_its_ends():
    entry = next(case for case in CASES if case["name"] == "torch-cnn")
    graph = read_onnx(base64.b64decode(entry["model"]))
    ops = [node.op for node in graph.nodes.values()]
    assert ops.count("Conv2D") == 4 and ops.count("DepthwiseConv2dNative") == 1
    assert ops.count("Transpose") == 1, "the picture's; what was averaged to one place needs none"
