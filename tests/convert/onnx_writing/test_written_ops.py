"""Each op that can be written as ONNX, alone: what ONNX Runtime computes is TensorFlow's stored answer."""

import json
import math
import re
from collections import defaultdict

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.convert.onnx_writing.channels import FUSED
from tensorweb.convert.onnx_writing.scope import WRITERS
from tensorweb.errors import FormatError
from tensorweb.graph import Argument, Graph, Ref
from tests.graph import control_replay
from tests.graph.replay import load

from . import replay

WRITTEN = {*WRITERS, *FUSED}
CASES = defaultdict(list)
for _subject in replay.SUBJECTS:
    for _case in load(_subject):
        if _case["op"] in WRITTEN and _case["outputs"]:
            CASES[_case["op"]].append(_case)

# What is refused, by what the error says; of each op something else can be written.
LIMITS = {
    **dict.fromkeys((op for op in WRITTEN if op.startswith("Matrix")), "other diagonals|other sizes"),
    "NonMaxSuppressionV5": "a sigma other than 0",
    "Cast": "makes (complex64|string) of",
}
ALWAYS = "it reads (texts|complex numbers)|it holds complex numbers"
OPEN = "not known beforehand"
# Of these ONNX Runtime leaves NaN out, or says 0 of nothing.
WITHOUT_NAN = {"Max", "Min", "Mean"}

RANDOM = {
    "Multinomial": ([[[0.0, 2.0]], 4000], {}, (0, 1, 0.881, 0.324)),
    "RandomStandardNormal": ([[4000]], {}, (-6.0, 6.0, 0.0, 1.0)),
    "RandomUniform": ([[4000]], {}, (0.0, 1.0, 0.5, 0.289)),
    "RandomUniformInt": ([[4000], -3, 5], {}, (-3, 4, 0.5, 2.291)),
    "StatelessRandomNormal": ([[4000], [3, 5]], {}, (-6.0, 6.0, 0.0, 1.0)),
    "StatelessRandomUniform": ([[4000], [3, 5]], {}, (0.0, 1.0, 0.5, 0.289)),
    "StatelessTruncatedNormal": ([[4000], [3, 5]], {}, (-2.0, 2.0, 0.0, 0.88)),
    "TruncatedNormal": ([[4000]], {}, (-2.0, 2.0, 0.0, 0.88)),
}
OWN = {"RandomShuffle", "NoOp", "Print", "PrintV2", "Assert", *RANDOM}  # tested below
OTHER_VERSIONS = {"MatrixDiagPartV2", "MatrixSetDiagV2"}  # their only cases are refused; those of version 3, the same functions, run
FUSED_ACTIVATIONS = {"Swish", "GeluApproximate", "_FusedHardSwish"}


@pytest.mark.parametrize("op", sorted(CASES))
def test_onnx_runtime_gives_tensorflows_answers(op, tmp_path):
    ran = 0
    for case in CASES[op]:
        if op in WITHOUT_NAN and any(isinstance(v, float) and math.isnan(v) for v in case["outputs"][0][2]):
            continue
        for known_sizes in (True, False):
            try:
                replay.check(case, tmp_path / "it.onnx", known_sizes)
                ran += 1
            except FormatError as error:
                allowed = "|".join(filter(None, (ALWAYS, LIMITS.get(op), None if known_sizes else OPEN)))
                assert re.search(allowed, str(error)), (case["attrs"], error)
    assert ran or op in OTHER_VERSIONS, f"no case of {op} was run"


def test_every_op_has_a_case():
    """Or is another name of one that has."""
    tried = {*CASES, *OWN, *FUSED_ACTIVATIONS, *control_replay.ops_of("control", "lists", "sparse")}
    functions = {WRITERS[op] for op in tried if op in WRITERS}
    assert {op for op in WRITERS if WRITERS[op] not in functions} == set()


def test_most_ops_of_tensorflow_js_are_there():
    names = {op for part in json.loads((replay.replay.DATA / "tfjs_graph_ops.json").read_text()).values() for op in part}
    assert len(names & {*WRITTEN, "Const", "Placeholder", "Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond"}) >= 225


# --- what has no stored answer ------------------------------------------------------------------------------------------------


def run(graph, path, *arrays):
    """Return what ONNX Runtime gives for a graph."""
    session = replay.written(graph, path)
    return session.run(None, replay.fed(session, [np.asarray(a) for a in arrays]))


@pytest.mark.parametrize("op", sorted(RANDOM))
def test_random_numbers_have_tensorflows_distributions(op, tmp_path):
    inputs, attrs, (low, high, mean, spread) = RANDOM[op]
    made = []
    for seed in (3, 3, 4):
        graph = Graph()
        last = [seed, 5] if op.startswith("Stateless") else inputs[-1]
        refs = [graph.add_const(f"in{i}", tw.tensor(x)) for i, x in enumerate([*inputs[:-1], last])]
        graph.outputs = [Argument("it", graph.add(op, "it", refs, dtype="float32", seed=seed, seed2=5, **attrs))]
        made.append(run(graph, tmp_path / "it.onnx")[0])
    values = made[0]
    assert values.tolist() == made[1].tolist() != made[2].tolist()
    assert values.size == 4000 and low <= values.min() and values.max() <= high
    assert abs(values.mean() - mean) < 0.15 and abs(values.std() - spread) < 0.15


def test_a_shuffle_keeps_rows(tmp_path):
    graph = Graph()
    rows = [[i, -i] for i in range(50)]
    graph.outputs = [Argument("it", graph.add("RandomShuffle", "it", [graph.add_const("x", tw.tensor(rows))], seed=1))]
    made = run(graph, tmp_path / "it.onnx")[0].tolist()
    assert made != rows and sorted(made) == rows


def test_what_only_tells_is_left_out(tmp_path):
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(2,))
    text = graph.add_const("text", tw.tensor("hello"))
    graph.add("PrintV2", "say", [text])
    graph.add("Assert", "sure", [x])
    graph.add("NoOp", "nothing", controls=["say", "sure"])
    graph.add("Print", "y", [x, x], message=b"x:")
    graph.nodes["y"].controls = ["nothing"]
    graph.inputs, graph.outputs = [Argument("x", x, "float32", (2,))], [Argument("out", Ref("y"))]
    assert run(graph, tmp_path / "it.onnx", [1.0, 2.0])[0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("activation", sorted(FUSED_ACTIVATIONS | {"Elu", "Relu6", "Selu", "Tanh", "LeakyRelu", "Prelu"}))
@pytest.mark.parametrize("op", sorted(FUSED.keys() - {"DepthwiseConv2d"}))
def test_fused_ops_come_apart(op, activation, tmp_path):
    """Product, bias and every activation, against our own ops, which other tests compare with TensorFlow's."""
    graph, channels = Graph(), 3
    shape = (4, 3) if op == "_FusedMatMul" else (2, 5, 5, 3)
    x = graph.add("Placeholder", "x", dtype="float32", shape=shape)
    kernel = {"_FusedMatMul": (3, 3), "_FusedConv2D": (3, 3, 3, 3)}.get(op, (3, 3, 3, 1))
    extra = [graph.add_const("slope", tw.random.uniform((channels,), seed=3))] if activation == "Prelu" else []
    weights = [graph.add_const(n, tw.random.uniform(s, -1, 1, seed=i)) for i, (n, s) in enumerate((("w", kernel), ("b", (channels,))))]
    attrs = {"strides": [1, 2, 2, 1], "padding": b"SAME", "data_format": b"NHWC"} if op != "_FusedMatMul" else {}
    graph.add(op, "y", [x, *weights, *extra], fused_ops=[b"BiasAdd", activation.encode()], leakyrelu_alpha=0.3, **attrs)
    graph.inputs, graph.outputs = [Argument("x", x, "float32", shape)], [Argument("y", Ref("y"))]
    given = tw.random.uniform(shape, -2, 2, seed=7)
    expected = tw.GraphModel(graph).predict(given).numpy()
    np.testing.assert_allclose(run(graph, tmp_path / "it.onnx", given.numpy())[0], expected, atol=2e-6 * np.abs(expected).max() + 1e-6)
