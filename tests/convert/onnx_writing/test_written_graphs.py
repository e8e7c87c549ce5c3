"""Whole graphs as ONNX in ONNX Runtime: control flow and lists, real models, ONNX's own models read and written again."""

import base64
import re

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.convert import read_saved_model, read_tflite, sources
from tensorweb.convert.onnx import read_onnx
from tensorweb.convert.optimizing import optimize
from tensorweb.errors import FormatError
from tensorweb.graph import Argument, Ref
from tensorweb.graph.definition import parse_ref
from tensorweb.graph.parsing import parse_graph_model
from tensorweb.graph.tf_dtypes import own_dtype
from tests.convert import saved_models
from tests.convert.onnx.replay import stored, values
from tests.convert.tflite import test_tflite_ops
from tests.graph import control_replay
from tests.graph.json_graphs import congruence
from tests.graph.test_real_models import CASES, FOLDER, QUICK

from . import replay

# --- control flow, lists ------------------------------------------------------------------------------------------------------

GRAPHS = [(subject, name) for subject in ("control", "lists", "sparse") for name in control_replay.names(subject)]
REFUSED = {
    "tensor_list_joined": "elements are that were never set",
    "sparse_fill_empty_rows texts": "it reads texts",
}


def graph_of(case):
    """Return the graph of a stored case, its inputs of the sizes that the values have."""
    graph = parse_graph_model(case["topology"], {})
    shapes = {name: tuple(packed[1]) for name, packed in case["inputs"].items()}
    graph.inputs = [Argument(name, Ref(name), graph.nodes[name].attrs.get("dtype"), shape) for name, shape in shapes.items()]
    graph.outputs = [Argument(name, parse_ref(name, graph.nodes)) for name in case["outputs"]]
    return graph


@pytest.mark.parametrize("subject, name", GRAPHS)
def test_control_flow_and_lists(subject, name, tmp_path):
    case = next(case for case in control_replay.stored()[subject] if case["name"] == name)
    graph = graph_of(case)
    if name in REFUSED:
        with pytest.raises(FormatError, match=REFUSED[name]):
            replay.written(graph, tmp_path / "it.onnx")
        return
    session = replay.written(graph, tmp_path / "it.onnx")
    found = session.run(None, replay.fed(session, [replay.array(case["inputs"][a.name]) for a in graph.inputs]))
    for made, packed, output in zip(found, case["answers"], case["outputs"], strict=True):
        replay.compare(output, made, packed)


@pytest.mark.parametrize("subject", ["strings", "tables", "ragged"])
def test_what_onnx_does_not_have_is_refused(subject, tmp_path):
    """All of it is told with a node, and no file is there afterwards."""
    for case in control_replay.stored()[subject]:
        with pytest.raises(FormatError, match="node '"):
            replay.written(graph_of(case), tmp_path / "it.onnx")
    assert list(tmp_path.iterdir()) == []


def test_lists_that_loops_fill_are_stacked_by_them(tmp_path):
    """No sequences of ONNX, which few programs know."""
    for name in ("recurrent", "dynamic_rnn"):
        case = next(case for case in control_replay.stored()["control"] if case["name"] == name)
        replay.written(graph_of(case), tmp_path / "it.onnx")
        ops = set(replay.ops_of(tmp_path / "it.onnx"))
        assert "Loop" in ops and not any("Sequence" in op for op in ops), (name, ops)


# --- real models --------------------------------------------------------------------------------------------------------------

MODELS = [name for name in CASES if not name.startswith("@upscalerjs")]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no npm here that could fetch the models")
@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if any(q in n for q in QUICK) else pytest.mark.slow) for n in MODELS])
@pytest.mark.parametrize("optimized", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_real_models_give_tensorflow_jss_outputs(name, optimized, tmp_path):
    told, graph = CASES[name], sources.read_graph(FOLDER / name, sources.GRAPH_MODEL)
    refs = {a.name: a.ref for a in graph.outputs}
    graph.outputs = [Argument(node, refs.get(node) or parse_ref(node, graph.nodes)) for node in told["outputs"]]
    if optimized:
        optimize(graph)
    session = replay.written(graph, tmp_path / "it.onnx")
    found = session.run(None, replay.fed(session, [congruence(spec).numpy() for spec in told["inputs"]]))
    for (node, expected), made in zip(told["outputs"].items(), found, strict=True):
        assert list(made.shape) == expected["shape"], node
        worst = np.abs(made.ravel()[:: expected["step"]].astype(np.float64) - expected["values"]).max(initial=0.0)
        assert worst <= 1e-4 * max(expected["largest"], 1e-9), (node, worst / max(expected["largest"], 1e-9))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no npm here that could fetch the models")
@pytest.mark.parametrize("name, most", [("blazeface", 5), ("movenet-lightning", 5)])
def test_few_transposes_are_left(name, most, tmp_path):
    """That of the picture, and one for each output that is flattened or looked up."""
    graph = sources.read_graph(FOLDER / f"@vladmandic/human/models/{name}.json", sources.GRAPH_MODEL)
    replay.written(graph, tmp_path / "it.onnx")
    assert replay.ops_of(tmp_path / "it.onnx").count("Transpose") <= most


# --- from other libraries' files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in saved_models.NAMES if n != "frozen"])
def test_saved_models_give_tensorflows_answers(name, tmp_path):
    folder, cases = saved_models.unpack(name, tmp_path)
    for case in cases if isinstance(cases, list) else cases.get("cases", [cases]):
        graph = read_saved_model(folder, case.get("signature"))
        optimize(graph)
        if any(node.op == "HashTableV2" for node in graph.nodes.values()):
            with pytest.raises(FormatError, match="HashTableV2"):
                replay.written(graph, tmp_path / "it.onnx")
            continue
        session = replay.written(graph, tmp_path / "it.onnx")
        given = [np.array(case["inputs"][i.name]["v"]).reshape(case["inputs"][i.name]["shape"]) for i in session.get_inputs()]
        found = session.run(None, replay.fed(session, given))
        made = (tw.tensor(v.ravel().tolist(), v.shape, own_dtype(str(v.dtype))) for v in found)
        results = dict(zip([a.name for a in graph.outputs], made, strict=True))
        for output, difference in saved_models.differences(results, case):
            assert difference < 1e-5, (output, difference)


@pytest.mark.slow
def test_tflite_models_give_litert_s_answers(tmp_path):
    """All but complex numbers at the borders, tables, and suppression that lowers scores."""
    refused = []
    for name, case in test_tflite_ops.CASES.items():
        graph = read_tflite(base64.b64decode(case["model"]))
        try:
            session = replay.written(graph, tmp_path / "it.onnx")
        except FormatError as error:
            refused.append(name)
            assert re.search("complex|HashTable|LookupTable|a sigma other than 0", str(error)), (name, error)
            continue
        arrays = [np.array(test_tflite_ops.values(x)).reshape(x["shape"]) for x in case["inputs"]]
        for made, wanted in zip(session.run(None, replay.fed(session, arrays)), case["outputs"], strict=True):
            got = made if made.dtype in (np.float32, np.bool_, object) else made.astype(np.int32)
            value = tw.tensor(got.ravel().tolist(), got.shape, "string" if got.dtype == object else str(got.dtype))
            test_tflite_ops.assert_close(value, wanted, test_tflite_ops.tolerance_of(name), test_tflite_ops.STEPS.get(name, 1))
    assert len(refused) <= 8, refused


# --- ONNX to ONNX -------------------------------------------------------------------------------------------------------------


def again(entry, path):
    """Read a stored ONNX model, write it, and compare with what ONNX Runtime gave for the original."""
    session = replay.written(read_onnx(base64.b64decode(entry["model"])), path)
    arrays = [np.array(values(x), object if x["dtype"] == "string" else x["dtype"]).reshape(x["shape"]) for x in entry["inputs"]]
    found = session.run(None, replay.fed(session, arrays))
    for made, wanted in zip(found, entry["outputs"], strict=True):
        assert list(made.shape) == list(wanted["shape"])
        if wanted["dtype"] == "string":
            assert made.ravel().tolist() == values(wanted)
            continue
        expected = np.array(values(wanted), np.float64).reshape(wanted["shape"])
        finite = np.abs(expected[np.isfinite(expected)]).max(initial=0.0) or 1.0
        atol = entry["step"] if entry.get("step") else max(entry["tolerance"], 1e-6) * finite
        np.testing.assert_allclose(made.astype(np.float64), expected, rtol=0, atol=atol)


MODEL_CASES = stored("onnx_models.json.gz")["cases"]


@pytest.mark.parametrize("entry", MODEL_CASES, ids=[f"{i}-{case['name']}" for i, case in enumerate(MODEL_CASES)])
def test_models_read_and_written_again(entry, tmp_path):
    again(entry, tmp_path / "it.onnx")


@pytest.mark.slow
def test_onnxs_ops_read_and_written_again(tmp_path):
    """All but what compares texts, and a shape whose length is not known."""
    cases, refused = stored("onnx_ops.json.gz")["cases"], []
    for entry in cases:
        try:
            again(entry, tmp_path / "it.onnx")
        except FormatError as error:
            refused.append(entry["name"])
            assert re.search("it reads texts|how long its inputs are", str(error)), (entry["name"], error)
    assert len(cases) > 1000 and len(refused) <= 8, refused
