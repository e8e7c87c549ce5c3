"""Each graph op alone against TensorFlow's answers (`generate_tensorflow.py`), and that there are all of TensorFlow.js's ops."""

import json
from collections import defaultdict

import pytest

import tensorweb as tw
from tensorweb.graph import Argument, Graph, Ref
from tensorweb.graph.define import OPS
from tensorweb.graph.running import Runner
from tensorweb.waiting import wait

from . import control_replay, replay

CASES = defaultdict(list)
for _subject in ("elementwise", "layers", "rows", "shapes"):
    for _case in replay.load(_subject):
        CASES[_case["op"]].append(_case)

REFERENCE = json.loads((replay.DATA / "tfjs_graph_ops.json").read_text())
LEFT_OUT = {"SimpleMLCreateModelResource", "SimpleMLInferenceOpWithHandle", "SimpleMLLoadModelFromPathWithHandle"}  # decision forests
BY_RUNNER = {"Const", "Placeholder"}
RANDOM = {
    "Multinomial": ({}, [[[0.0, 2.0]], 4000]),
    "RandomStandardNormal": ({"dtype": "float32"}, [[4000]]),
    "RandomUniform": ({"dtype": "float32"}, [[4000]]),
    "RandomUniformInt": ({}, [[4000], -3, 5]),
    "StatelessRandomNormal": ({}, [[4000], [3, 5]]),
    "StatelessRandomUniform": ({}, [[4000], [3, 5]]),
    "StatelessTruncatedNormal": ({}, [[4000], [3, 5]]),
    "TruncatedNormal": ({"dtype": "float32"}, [[4000]]),
}
OWN = {"Print", "PrintV2", "RandomShuffle", *RANDOM}  # tested below


def test_the_list_is_not_stale():
    from tools import document_graph_ops

    assert document_graph_ops.PATH.read_text() == document_graph_ops.page(), "run python -m tools.document_graph_ops"
    left_out = document_graph_ops.page().split("\n## ")[-1]
    assert all(f"`{op}`" in left_out for op in LEFT_OUT) and left_out.count("`") == 2 * len(LEFT_OUT)


@pytest.mark.parametrize("op", sorted(CASES))
def test_answers_are_tensorflows(fast_backend, op):
    for case in CASES[op]:
        replay.check(case)


@pytest.mark.parametrize("subject", ["elementwise", "layers", "rows", "shapes"])
def test_answers_are_tensorflows_on_gpus(gpu_backend, subject):
    for case in replay.load(subject):
        replay.check(case)


@pytest.mark.parametrize("category", sorted(REFERENCE))
def test_all_ops_of_tensorflow_js_have_cases(category):
    """Those of control flow, lists, tables, texts, ragged and sparse tensors in graphs of more than one op."""
    tried = set(CASES) | OWN | BY_RUNNER | control_replay.ops_of(*control_replay.stored())
    assert set(REFERENCE[category]) - LEFT_OUT - tried == set()


def test_the_list_is_whole():
    assert sum(map(len, REFERENCE.values())) == 248


def test_every_op_has_cases():
    """Or is another name of one that has. The files beside this one test other subjects."""
    ours = {name for name, op in OPS.items() if op.function.__module__.rpartition(".")[2] in SUBJECTS}
    functions = {OPS[name].function for name in (set(CASES) | OWN) & set(OPS)}
    assert {name for name in ours if OPS[name].function not in functions} == set()


SUBJECTS = (
    "basics", "convolution", "creation", "elementwise", "image", "linalg", "matrices", "normalization", "reduction", "searching", "shaping",
    "slicing", "spectral", "support",
)  # fmt: skip


# --- what has no answer of TensorFlow's to compare with ---


def run(op, inputs, **attrs):
    """Return the first output of a graph of one op whose inputs are constants."""
    graph = Graph()
    refs = [graph.add_const(f"in{i}", tw.tensor(x)) for i, x in enumerate(inputs)]
    graph.add(op, "it", refs, **attrs)
    graph.outputs = [Argument("it", Ref("it"))]
    return wait(Runner(graph).calling([]))[0]


@pytest.mark.parametrize("op", sorted(RANDOM))
def test_random_numbers_have_tensorflows_distributions(fast_backend, op):
    attrs, inputs = RANDOM[op]
    made = run(op, inputs, seed=3, seed2=5, **attrs)
    assert made.tolist() == run(op, inputs, seed=3, seed2=5, **attrs).tolist()
    other = [[4000], [4, 5]] if op.startswith("Stateless") else inputs
    assert made.tolist() != run(op, other, **attrs).tolist()
    low, high, mean, spread = {
        "Multinomial": (0, 1, 0.881, 0.324),
        "RandomStandardNormal": (-6.0, 6.0, 0.0, 1.0),
        "RandomUniform": (0.0, 1.0, 0.5, 0.289),
        "RandomUniformInt": (-3, 4, 0.5, 2.291),
        "TruncatedNormal": (-2.0, 2.0, 0.0, 0.88),
    }[op.removeprefix("Stateless").replace("RandomNormal", "RandomStandardNormal")]
    assert made.dtype == ("int32" if op in ("Multinomial", "RandomUniformInt") else "float32")
    values = tw.cast(made, "float32")
    assert low <= tw.min(values).item() and tw.max(values).item() <= high
    assert abs(tw.mean(values).item() - mean) < 0.15
    assert abs(tw.std(values).item() - spread) < 0.15


def test_a_shuffle_keeps_rows():
    rows = [[i, -i] for i in range(50)]
    made = run("RandomShuffle", [rows], seed=1).tolist()
    assert made != rows
    assert sorted(made) == rows


def test_random_ops_take_tensorflow_js_attributes():
    made = run("TruncatedNormal", [[500]], means=10.0, stddev=0.1, dtype="float32")
    assert 9.79 < tw.min(made).item() < tw.max(made).item() < 10.21
    made = run("RandomUniformInt", [[500]], minval=2, maxval=4)
    assert {2, 3} == set(made.tolist())


def test_print_writes_to_stderr(capsys):
    made = run("Print", [[1.5], [1, 2, 3, 4], [7]], message=b"seen: ", summarize=3)
    assert made.tolist() == [1.5]
    assert capsys.readouterr().err == "seen: [1 2 3][7]\n"
    graph = Graph()
    graph.add("PrintV2", "it", [graph.add_const("text", tw.tensor("text"))], end=b"!")
    graph.add("Identity", "after", [Ref("text")], ["it"])
    graph.outputs = [Argument("after", Ref("after"))]
    wait(Runner(graph).calling([]))
    assert capsys.readouterr().err == "text!"


def test_sizes_beyond_reason_are_refused():
    with pytest.raises(tw.errors.FormatError, match="some of a matrix of 2 x 2"):
        run("MatrixDiagPartV3", [[[1.0, 2.0], [3.0, 4.0]], [-(2**30), 2**30], 0.0])
    with pytest.raises(tw.errors.FormatError, match="places from 0"):
        run("DynamicStitch", [[2**31 - 1], [1.0]])
    with pytest.raises(tw.errors.FormatError, match="partitions below"):
        run("DynamicPartition", [[1.0], [0]], num_partitions=2**40)
    with pytest.raises(tw.errors.FormatError, match="2 to 16 bits"):
        run("FakeQuantWithMinMaxArgs", [[1.0]], num_bits=2**40)
    assert run("LRN", [[[[[1.0]]]]], depth_radius=2**40).shape == (1, 1, 1, 1)


def test_strange_windows_and_fused_ops_are_refused():
    image, kernel = [[[[1.0]]]], [[[[1.0]]]]
    with pytest.raises(tw.errors.FormatError, match="fused ops that are known"):
        run("_FusedConv2D", [image, kernel], strides=[1, 1, 1, 1], padding=b"SAME", fused_ops=[b"Mystery"])
    with pytest.raises(tw.errors.FormatError, match="inputs"):
        run("_FusedConv2D", [image, kernel], strides=[1, 1, 1, 1], padding=b"SAME", fused_ops=[b"BiasAdd"])
    with pytest.raises(tw.errors.FormatError, match="1 for batch and channels"):
        run("MaxPool", [image], ksize=[1, 1, 1, 2], strides=[1, 1, 1, 1], padding=b"SAME")
    with pytest.raises(tw.errors.FormatError, match="8 explicit paddings"):
        run("Conv2D", [image, kernel], strides=[1, 1, 1, 1], padding=b"EXPLICIT", explicit_paddings=[1, 1])
    with pytest.raises(tw.errors.FormatError, match="sizes that make 2"):
        run("SplitV", [[1.0, 2.0], [1, 3], 0])
