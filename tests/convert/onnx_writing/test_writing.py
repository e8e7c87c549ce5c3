"""write_onnx and convert to .onnx: sizes that stay unknown, dtypes and names at the borders, large weights, what is refused."""

import copy
import random

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.convert import convert, read_onnx, write_onnx
from tensorweb.convert.onnx_writing import model as onnx_model
from tensorweb.convert.onnx_writing import writer
from tensorweb.errors import ArgumentError, FormatError
from tensorweb.graph import Argument, Graph, GraphModel, Node, Ref
from tensorweb.graph.definition import FunctionName
from tests.graph.replay import load

from . import replay


def network(shape=(None, None, None, 3)):
    """Return a small network: convolution, batch norm, pooling, a branch, a transposed convolution, a mean, a product."""
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=shape)

    def weights(name, size, low=-1.0, seed=1):
        return graph.add_const(name, tw.random.uniform(size, low, 1.0, seed=seed))

    layout = {"data_format": b"NHWC", "padding": b"SAME"}
    y = graph.add("Conv2D", "conv", [x, weights("w", (3, 3, 3, 4))], strides=[1, 2, 2, 1], **layout)
    norm = [weights(f"n{i}", (4,), 0.5, seed=i) for i in range(4)]
    y = graph.add("FusedBatchNormV3", "norm", [y, *norm], epsilon=1e-3, is_training=False, data_format=b"NHWC")
    y = graph.add("MaxPool", "pool", [graph.add("Relu", "relu", [y])], ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], **layout)
    sizes = graph.add("Shape", "sizes", [x], out_type="int32")
    up = graph.add("Conv2DBackpropInput", "up", [sizes, weights("k", (3, 3, 3, 4)), y], strides=[1, 2, 2, 1], **layout)
    joined = graph.add("ConcatV2", "joined", [x, up, graph.add_const("last", tw.tensor(3))], N=2)
    mean = graph.add("Mean", "mean", [joined, graph.add_const("axes", tw.tensor([1, 2]))], keep_dims=False)
    graph.inputs = [Argument("x", x, "float32", shape)]
    graph.outputs = [Argument("up", up), Argument("scores", graph.add("MatMul", "scores", [mean, weights("v", (6, 5))]))]
    return graph


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (3, 9, 7, 3), (2, 5, 12, 3)])
def test_unknown_sizes_stay_unknown(shape, tmp_path):
    session = replay.written(network(), tmp_path / "it.onnx")
    assert session.get_inputs()[0].shape == ["x_0", "x_1", "x_2", 3]
    given = tw.random.uniform(shape, seed=5)
    expected = [value.numpy() for value in GraphModel(network()).predict(given)]
    for made, wanted in zip(session.run(["up", "scores"], {"x": given.numpy()}), expected, strict=True):
        np.testing.assert_allclose(made, wanted, atol=1e-5)


def test_batches_of_several_sizes_in_one_session(tmp_path):
    graph = network((None, 8, 8, 3))
    session = replay.written(graph, tmp_path / "it.onnx")
    for batch in (1, 4, 7):
        given = tw.random.uniform((batch, 8, 8, 3), seed=batch)
        np.testing.assert_allclose(session.run(["scores"], {"x": given.numpy()})[0], GraphModel(graph).predict(given)[1].numpy(), atol=1e-5)


def test_the_graph_stays_as_it_was(tmp_path):
    graph = network()
    before = copy.deepcopy({name: (n.op, n.inputs, n.attrs) for name, n in graph.nodes.items()}), dict(graph.weights)
    write_onnx(graph, tmp_path / "it.onnx")
    assert ({name: (n.op, n.inputs, n.attrs) for name, n in graph.nodes.items()}, dict(graph.weights)) == before


def test_nothing_is_something(tmp_path):
    """Tensors without elements go through."""
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(None, 2))
    twice = graph.add("Mul", "twice", [x, graph.add_const("two", tw.tensor(2.0))])
    parts = graph.add("ConcatV2", "y", [twice, x, graph.add_const("a", tw.tensor(0))])
    total = graph.add("Sum", "z", [parts, graph.add_const("axis", tw.tensor([0]))], keep_dims=False)
    graph.inputs, graph.outputs = [Argument("x", x, "float32", (None, 2))], [Argument("y", parts), Argument("z", total)]
    session = replay.written(graph, tmp_path / "it.onnx")
    empty, zero = session.run(None, {"x": np.zeros((0, 2), np.float32)})
    assert empty.shape == (0, 2) and zero.tolist() == [0.0, 0.0]


# --- borders ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "int64", "uint8", "int8", "int16", "uint16"])
def test_inputs_and_outputs_have_their_dtypes(dtype, tmp_path):
    graph = Graph()
    x = graph.add("Placeholder", "in", dtype=dtype, shape=(3,))
    graph.inputs = [Argument("x", x, dtype, (3,))]
    graph.outputs = [Argument("y", graph.add("AddV2", "sum", [x, x]), dtype), Argument("shape", graph.add("Shape", "s", [x]), "int64")]
    session = replay.written(graph, tmp_path / "it.onnx")
    made, shape = session.run(None, {"x": np.array([1, 2, 50], dtype)})
    assert made.dtype == dtype and made.tolist() == [2, 4, 100] and shape.dtype == np.int64 and shape.tolist() == [3]


def test_names_of_outputs(tmp_path):
    """An input, a constant, one value twice, a name that a node has already."""
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(2,))
    y = graph.add("Neg", "b", [graph.add("Exp", "y", [x])])
    graph.add_const("c", tw.tensor([1.0]))
    graph.inputs = [Argument("x", x, "float32", (2,))]
    graph.outputs = [Argument(name, ref) for name, ref in (("y", y), ("again", y), ("same", x), ("fixed", Ref("c")), ("e", Ref("y")))]
    session = replay.written(graph, tmp_path / "it.onnx")
    assert [o.name for o in session.get_outputs()] == ["y", "again", "same", "fixed", "e"]
    found = session.run(None, {"x": np.array([0.0, 0.0], np.float32)})
    assert [v.tolist() for v in found] == [[-1.0, -1.0], [-1.0, -1.0], [0.0, 0.0], [1.0], [1.0, 1.0]]


def test_an_input_with_a_default(tmp_path):
    graph = Graph()
    x = graph.add("PlaceholderWithDefault", "x", [graph.add_const("d", tw.tensor([3.0, 4.0]))], dtype="float32", shape=(2,))
    graph.inputs, graph.outputs = [Argument("x", x, "float32", (2,))], [Argument("y", graph.add("Neg", "n", [x]))]
    session = replay.written(graph, tmp_path / "it.onnx")
    assert session.run(None, {})[0].tolist() == [-3.0, -4.0]
    assert session.run(None, {"x": np.array([1.0, 2.0], np.float32)})[0].tolist() == [-1.0, -2.0]


def test_large_weights_go_into_a_file_beside(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_model, "_MAX_BYTES", 4000)
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(None, 40))
    w = [graph.add_const(f"w{i}", tw.random.uniform((40, 40), seed=i)) for i in range(2)]
    y = graph.add("MatMul", "y", [graph.add("MatMul", "h", [x, w[0]]), w[1]])
    graph.inputs, graph.outputs = [Argument("x", x, "float32", (None, 40))], [Argument("y", y)]
    size = write_onnx(graph, tmp_path / "it.onnx")
    assert {path.name for path in tmp_path.iterdir()} == {"it.onnx", "it.onnx.data"}
    assert size == sum(path.stat().st_size for path in tmp_path.iterdir()) and (tmp_path / "it.onnx").stat().st_size < 1500
    given = tw.random.uniform((2, 40), seed=9)
    expected = GraphModel(graph).predict(given).numpy()
    np.testing.assert_allclose(replay.session_of(tmp_path / "it.onnx").run(None, {"x": given.numpy()})[0], expected, rtol=1e-5)
    np.testing.assert_allclose(GraphModel(read_onnx(tmp_path / "it.onnx")).predict(given).numpy(), expected, rtol=1e-5)


# --- convert ------------------------------------------------------------------------------------------------------------------


def test_convert_writes_onnx_and_checks_it(tmp_path):
    GraphModel(network((None, 8, 8, 3))).save(tmp_path / "web")
    report = convert(tmp_path / "web", tmp_path / "it.ONNX", check=True)
    assert report.checked is not None and report.checked < 1e-5 and report.unknown_to_tfjs == []
    assert report.bytes_after == (tmp_path / "it.ONNX").stat().st_size and "it.ONNX" in str(report)
    again = convert(tmp_path / "it.ONNX", tmp_path / "again.onnx", check=True, optimized=False)
    assert again.kind == "ONNX" and again.checked < 1e-5


def test_convert_refuses_what_onnx_files_cannot_be(tmp_path):
    GraphModel(network()).save(tmp_path / "web")
    with pytest.raises(ArgumentError, match="quantization"):
        convert(tmp_path / "web", tmp_path / "it.onnx", quantization="uint8")
    layers = tw.Sequential([tw.layers.Dense(units=1, input_shape=[1])])
    tw.saving.save_model(layers, tmp_path / "layers.keras")
    with pytest.raises(ArgumentError, match="a graph for an ONNX file"):
        convert(tmp_path / "layers.keras", tmp_path / "it.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(ArgumentError, match="path of a file"):
        convert(tmp_path / "web", tmp_path / "folder.onnx")
    with pytest.raises(ArgumentError, match="a graph"):
        write_onnx(GraphModel(network()), tmp_path / "it.onnx")
    assert not (tmp_path / "it.onnx").exists()


# --- refusals -----------------------------------------------------------------------------------------------------------------


def test_all_that_cannot_be_written_is_named_before_a_file_is_touched(tmp_path):
    graph = network()
    for i, op in enumerate(("HashTableV2", "StringLower", "StringLower", "Mystery")):
        graph.add(op, f"n{i}_{op}", [Ref("x")])
        graph.outputs.append(Argument(f"o{i}", Ref(f"n{i}_{op}")))
    (tmp_path / "it.onnx").write_bytes(b"before")
    with pytest.raises(FormatError) as caught:
        write_onnx(graph, tmp_path / "it.onnx")
    assert all(name in str(caught.value) for name in ("'n0_HashTableV2'", "'n1_StringLower'", "'n3_Mystery'"))
    assert (tmp_path / "it.onnx").read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def test_all_forms_that_cannot_be_written_are_named(tmp_path):
    graph = network()
    number = graph.add("Cast", "number", [Ref("scores")], DstT="int32")
    graph.add("ExpandDims", "sound", [Ref("scores"), graph.add_const("zero", tw.tensor(0))])
    graph.add("ArgMax", "axis", [Ref("scores"), number])
    graph.add("Reverse", "turned", [Ref("sound"), graph.add("Cast", "b", [number], DstT="bool")])
    graph.outputs += [Argument("p", Ref("axis")), Argument("q", graph.add("Neg", "after", [Ref("turned")]))]
    with pytest.raises(FormatError, match=r"ArgMax \(node 'axis': its axis.*Reverse \(node 'turned'") as caught:
        write_onnx(graph, tmp_path / "it.onnx")
    assert "'after'" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "it.onnx").write_bytes(b"before")
    monkeypatch.setattr(writer, "encode_model", lambda *args: ([b"half", None], []))
    with pytest.raises(TypeError):
        write_onnx(network(), tmp_path / "it.onnx")
    assert (tmp_path / "it.onnx").read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def calling(times):
    """Return a graph whose functions each call the next one several times, the last one the first."""
    graph = Graph()
    names = [f"f{i}" for i in range(20)]
    for name, inner in zip(names, names[1:] + ["f0"] * 1, strict=True):
        function = graph.functions[name] = Graph(functions=graph.functions)
        x = function.add("Placeholder", "x", dtype="float32", shape=(2,))
        calls = [function.add("PartitionedCall", f"c{i}", [x], f=FunctionName(inner)) for i in range(times)]
        function.inputs, function.outputs = [Argument("x", x)], [Argument("y", function.add("AddN", "y", calls))]
    x = graph.add("Placeholder", "x", dtype="float32", shape=(2,))
    graph.inputs = [Argument("x", x, "float32", (2,))]
    graph.outputs = [Argument("y", graph.add("PartitionedCall", "y", [x], f=FunctionName("f0")))]
    return graph


def test_functions_without_an_end(tmp_path, monkeypatch):
    with pytest.raises(FormatError, match="nested 32 deep"):
        write_onnx(calling(1), tmp_path / "it.onnx")
    graph = calling(4)
    last = graph.functions["f19"]
    last.nodes = {"x": last.nodes["x"], "y": Node("y", "Neg", [Ref("x")])}
    monkeypatch.setattr(writer, "MAX_NODES", 5000)
    with pytest.raises(FormatError, match="5000 nodes at most"):
        write_onnx(graph, tmp_path / "it.onnx")
    assert list(tmp_path.iterdir()) == []


def test_damaged_nodes_are_format_errors(tmp_path):
    """Attributes that are wrong or not there, inputs too few: a FormatError, or a file."""
    draw, tried = random.Random(3), 0
    wrong = (None, -1, 2**40, 1.5, b"\xff", b"NHWC", [], [0], [1, 2, 3], "float32", "resource", (None, 2), True)
    for subject in replay.SUBJECTS:
        for case in load(subject):
            graph, _ = replay.one_op(case, draw.random() < 0.5)
            node = graph.nodes["it"]
            if draw.random() < 0.2 and node.inputs:
                node.inputs.pop(draw.randrange(len(node.inputs)))
            for key in list(node.attrs):
                if draw.random() < 0.5:
                    node.attrs[key] = draw.choice(wrong)
            tried += 1
            try:
                write_onnx(graph, tmp_path / "it.onnx")
            except FormatError:
                continue
    assert tried > 900
