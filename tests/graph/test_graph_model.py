"""Graph models as people use them: inputs and outputs by name, intermediate nodes, errors, custom ops, saving. The ops: test_ops.py."""

import asyncio
import gc
import math

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, DisposedError, DTypeError, FormatError, ShapeError
from tensorweb.graph import Argument, Graph, GraphModel
from tests.graph.json_graphs import artifacts, const, model, node, placeholder, text


@pytest.fixture
def affine(fast_backend):
    """relu(x @ w + b) * 2, with shape [None, 2] -> [None, 3]."""
    nodes = [
        placeholder("x", shape=(None, 2)), const("w"), const("b"), const("two"),
        node("MatMul", "dense/MatMul", "x", "w"), node("BiasAdd", "dense/BiasAdd", "dense/MatMul", "b"),
        node("Relu", "dense/Relu", "dense/BiasAdd"), node("Mul", "y", "dense/Relu", "two"),
    ]  # fmt: skip
    weights = {"w": tw.tensor([[1.0, 2, 3], [4, 5, 6]]), "b": tw.tensor([0.0, -100, 1]), "two": tw.tensor(2.0)}
    return model(nodes, weights)


X = [[1.0, 1.0], [0.0, 2.0]]
Y = [[10.0, 0.0, 20.0], [16.0, 0.0, 26.0]]


def test_predict_takes_what_people_have(affine):
    for x in (X, [tw.tensor(X)], {"x": X}, {"x:0": X}, tw.tensor(X), [[1, 1], [0, 2]]):
        assert affine.predict(x).tolist() == affine(x).tolist() == Y
    np = pytest.importorskip("numpy")
    assert affine.predict(np.array(X)).tolist() == affine.predict(np.array(X, "int64")).tolist() == Y


def test_an_input_whose_dtype_nobody_tells_takes_lists():
    graph = Graph()
    x = graph.add("Placeholder", "x")
    graph.inputs, graph.outputs = [Argument("x", x)], [Argument("y", graph.add("Neg", "y", [x]))]
    assert GraphModel(graph).predict([1.0, 2.0]).tolist() == [-1.0, -2.0] and GraphModel(graph).predict(3.0).tolist() == -3.0


def test_execute_gives_any_node(affine):
    assert affine.execute(X, "y").tolist() == affine.execute({"x": X}, "y:0").tolist() == Y
    both = affine.execute(X, ["dense/MatMul", "dense/Relu"])
    assert [v.tolist() for v in both] == [[[5, 7, 9], [8, 10, 12]], [[5, 0, 10], [8, 0, 13]]]
    assert affine.execute({"dense/Relu": [[1.0, 2.0, 3.0]]}, "y").tolist() == [[2, 4, 6]]
    assert [v.tolist() for v in affine.execute(X, ["y"])] == [Y]


def test_what_it_tells_of_itself(affine):
    assert (affine.input_nodes, affine.output_nodes) == (["x"], ["y"])
    assert (affine.inputs[0].name, affine.inputs[0].dtype, affine.inputs[0].shape) == ("x", "float32", (None, 2))
    assert sorted(affine.weights) == ["b", "two", "w"] and affine.weights["b"].tolist() == [0, -100, 1]
    assert repr(affine) == "<GraphModel of 8 nodes, (x: float32 (None, 2)) -> (y: None None)>"


def test_wrong_inputs_raise_before_anything_runs(affine):
    for wrong, error, says in (
        ({"z": X}, ArgumentError, "takes 'x'"),
        ([tw.tensor(X), tw.tensor(X)], ShapeError, "shape"),
        ([[1.0, 2.0, 3.0]], ShapeError, r"\(None, 2\)"),
        (tw.tensor([[1, 2]]), DTypeError, "tw.cast"),
        ({}, ArgumentError, "none for 'x'"),
    ):
        with pytest.raises(error, match=says):
            affine.predict(wrong)
    with pytest.raises(ArgumentError, match="outputs are 'y'"):
        affine.execute(X, "nothing")


def test_async_twins_give_the_same(affine):
    async def both():
        return (await affine.predict_async(X)).tolist(), (await affine.execute_async(X, "dense/Relu")).tolist()

    assert asyncio.run(both()) == (Y, [[5, 0, 10], [8, 0, 13]])


def test_nothing_is_left_behind(affine):
    affine.predict(X)
    gc.collect()
    before = tw.memory().num_tensors
    for _ in range(3):
        affine.predict(X)
    gc.collect()
    assert tw.memory().num_tensors == before
    affine.dispose()
    with pytest.raises(DisposedError):
        affine.predict(X)


def test_saved_and_loaded_again(affine, tmp_path):
    affine.save(tmp_path / "model")
    loaded = tw.load_graph_model(tmp_path / "model")
    assert loaded.predict(X).tolist() == Y and loaded.inputs[0].shape == (None, 2)
    assert tw.load_graph_model(tmp_path / "model" / "model.json", fused=False).predict(X).tolist() == Y
    affine.save("memory://affine", quantization="float16")
    assert tw.load_graph_model("memory://affine").predict(X).tolist() == Y


# --- signatures, functions, custom ops --------------------------------------------------------------------------------------


def test_signatures_name_and_order(fast_backend):
    nodes = [placeholder("a"), placeholder("b"), node("Sub", "d", "a", "b"), node("AddV2", "s", "a", "b")]
    signature = {
        "inputs": {"second": {"name": "b:0", "dtype": "DT_FLOAT"}, "first": {"name": "a:0", "dtype": "DT_FLOAT"}},
        "outputs": {"sum": {"name": "s:0"}, "difference": {"name": "d:0"}},
    }
    made = model(nodes, signature=signature)
    assert [v.tolist() for v in made.predict([1.0, 3.0])] == [4, 2]
    assert [v.tolist() for v in made.predict({"first": 1.0, "second": 3.0})] == [4, -2]
    assert made.execute({"a": 1.0, "b": 3.0}, "difference").tolist() == -2
    keyed = model(nodes, signature=signature, user_defined_metadata={"structuredOutputKeys": ["sum", "difference"]})
    assert {k: v.tolist() for k, v in keyed.predict([1.0, 3.0]).items()} == {"sum": 4, "difference": 2}


def test_functions_run_and_may_not_call_themselves_for_ever(fast_backend):
    def function(name, nodes, returned):
        argument = {"name": "x", "type": "DT_FLOAT"}
        signature = {"name": name, "inputArg": [argument], "outputArg": [{"name": "y", "type": "DT_FLOAT"}]}
        return {"signature": signature, "nodeDef": nodes, "ret": {"y": returned}}

    def call(name, of, x):
        return node("PartitionedCall", name, x, f={"func": {"name": of}})

    library = [
        function("twice", [node("AddV2", "sum", "x", "x")], "sum:z:0"),
        function("four", [call("a", "twice", "x"), call("b", "twice", "a:output:0")], "b:output:0"),
        function("endless", [call("a", "endless", "x")], "a:output:0"),
    ]  # fmt: skip
    assert model([placeholder("x"), call("y", "four", "x")], library=library).predict(3.0).tolist() == 12
    with pytest.raises(FormatError, match="calls itself"):
        model([placeholder("x"), call("y", "endless", "x")], library=library).predict(3.0)
    with pytest.raises(FormatError, match="'missing'"):
        model([placeholder("x"), call("y", "missing", "x")], library=library)


def test_custom_ops(fast_backend):
    seen = []

    def scale(node):
        seen.append((node.name, node.op, node.attrs))
        return [node.inputs[0] * node.attrs["by"], node.inputs[0]]

    nodes = [placeholder("x"), node("Scale", "s", "x", by={"f": 2.5}, label=text("a")), node("AddV2", "y", "s", "s:1")]
    with pytest.raises(FormatError, match="Scale"):
        model(nodes).predict(2.0)
    tw.register_op("Scale", scale)
    try:
        assert model(nodes).predict(2.0).tolist() == 7
        assert seen == [("s", "Scale", {"by": 2.5, "label": b"a"})] and tw.get_registered_op("Scale") is not None
    finally:
        tw.deregister_op("Scale")
    assert tw.get_registered_op("Scale") is None
    for wrong in (("", scale), ("Scale", 5), (5, scale)):
        with pytest.raises(ArgumentError):
            tw.register_op(*wrong)


# --- chains -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["Relu", "Relu6", "Elu", "Sigmoid", "LeakyRelu", "Prelu", None])
@pytest.mark.parametrize("layer", ["Conv2D", "DepthwiseConv2dNative", "MatMul"])
def test_chains_run_as_one_op_and_give_the_same(fast_backend, layer, activation):
    image = layer != "MatMul"
    x = tw.random.uniform((2, 5, 5, 3) if image else (4, 3), -2, 2, seed=1)
    kernel = tw.random.uniform((2, 2, 3, 1 if layer.startswith("Depth") else 4) if image else (3, 4), -1, 1, seed=2)
    channels = 3 if layer.startswith("Depth") else 4
    attr = {"strides": {"list": {"i": ["1", "1", "1", "1"]}}, "padding": text("SAME")} if image else {}
    nodes = [placeholder("x"), const("w"), const("b"), const("alpha")]
    nodes += [node(layer, "l", "x", "w", **attr), node("BiasAdd", "bias", "l", "b")]
    if activation:
        more = ["alpha"] if activation == "Prelu" else []
        nodes.append(node(activation, "act", "bias", *more, **({"alpha": {"f": 0.3}} if activation == "LeakyRelu" else {})))
    weights = {"w": kernel, "b": tw.random.uniform((channels,), seed=3), "alpha": tw.random.uniform((channels,), seed=4)}
    fused, plain = (tw.load_graph_model(artifacts(nodes, weights), fused=fused) for fused in (True, False))
    assert [len(m._runner.plan(["x"], [m.outputs[0].ref]).steps) for m in (fused, plain)] == [1, 3 if activation else 2]
    assert tw.allclose(fused.predict(x), plain.predict(x), rtol=1e-5, atol=1e-6)
    assert tw.allclose(fused.execute(x, "l"), plain.execute(x, "l"))


# --- what is damaged --------------------------------------------------------------------------------------------------------

GOOD = [placeholder("x"), node("AddV2", "y", "x", "x")]


@pytest.mark.parametrize(
    "nodes, says",
    [
        ([*GOOD, GOOD[1]], "once"),
        ([placeholder("x"), node("AddV2", "y", "x", "z")], "'z'"),
        ([placeholder("x"), node("AddV2", "y", "x", "x:9")], "output 9"),
        ([placeholder("x"), node("Neg", "a", "b"), node("Neg", "b", "a"), node("Neg", "c", "a")], "cycles"),
        ([placeholder("x"), {"name": "y"}], "a op"),
        ([placeholder("x"), {"name": 5, "op": "Neg"}], "a name"),
        ([placeholder("x"), node("Neg", "y", 5)], "by name"),
        ([placeholder("x"), node("Neg", "y", "x:y:z:0")], "node:0"),
        ([placeholder("x"), node("Neg", "y", "x", bad={"s": "***"})], "base64"),
        ([placeholder("x"), node("Neg", "y", "x", bad={"i": "many"})], "a number"),
        ([placeholder("x"), const("w"), node("AddV2", "y", "x", "w")], "weight of that name"),
        ([placeholder("x"), node("Const", "w", value={"tensor": {"dtype": "DT_FLOAT", "floatVal": [1.0],
          "tensorShape": {"dim": [{"size": str(1 << 40)}]}}}), node("AddV2", "y", "x", "w")], "values of a constant"),
        (["x"], "a name"),
        ({}, "nodes"),
    ],
)  # fmt: skip
def test_damaged_graphs(nodes, says):
    with pytest.raises(FormatError, match=says):
        model(nodes).predict(1.0)


def test_what_is_no_graph_model(tmp_path):
    with pytest.raises(FormatError, match="load_model"):
        tw.load_graph_model(tw.io.ModelArtifacts(model_topology={"model_config": {}}, format="layers-model"))
    with pytest.raises(FileNotFoundError):
        tw.load_graph_model(tmp_path / "nothing")


def test_constants_in_the_json(fast_backend):
    value = {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "2"}, {"size": "2"}]}, "floatVal": [1.5, "NaN"]}
    nodes = [placeholder("x"), node("Const", "w", value={"tensor": value}), node("AddV2", "y", "x", "w")]
    got = model(nodes).predict(1.0).tolist()
    assert got[0][0] == 2.5 and all(math.isnan(v) for v in (got[0][1], *got[1]))
