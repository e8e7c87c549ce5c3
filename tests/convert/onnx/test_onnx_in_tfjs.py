"""What is made of each stored ONNX model gives ONNX Runtime's answers in the real TensorFlow.js, but for four faults of its own."""

import base64
from collections import Counter

import pytest

import tensorweb as tw
from tensorweb.convert import convert
from tensorweb.convert.onnx import read_onnx
from tensorweb.graph.model import GraphModel
from tests.convert import in_tfjs
from tests.graph.json_graphs import model as graph_model
from tests.graph.json_graphs import node, placeholder

from .replay import check, stored, to_tensor

OPS, MODELS = (stored(f"onnx_{part}.json.gz")["cases"] for part in ("ops", "models"))
INT, FLOAT = {"type": "DT_INT32"}, {"type": "DT_FLOAT"}

# What TensorFlow.js says -> how many cases of which op or model it concerns; the smallest graph that shows it, inputs and the right answer.
FAULTS = {
    # Its table of ops calls the inputs x and y, what runs them asks for a and b.
    "'x' passed to 'bitwiseAnd' must be a Tensor": (
        {"BitwiseAnd": 4, "BitwiseOr": 4, "BitwiseXor": 4},
        [placeholder("x", "int32"), placeholder("y", "int32"), node("BitwiseAnd", "z", "x", "y", T=INT)],
        [tw.tensor([6]), tw.tensor([3])], [2],
    ),
    # Classes that are texts.
    "'x' passed to 'gather' must be numeric tensor": (
        {"LabelEncoder": 2, "LinearClassifier": 2, "sklearn-names": 1},
        [placeholder("x", "string"), placeholder("i", "int32"), node("Gather", "z", "x", "i")],
        [tw.tensor(["a", "b"]), tw.tensor([1])], ["b"],
    ),
    # It gives half of the values where neither side has all of the batches; what says so is our reading of its tensor.
    "expected a shape of": (
        {"MatMul": 1},
        [placeholder("x"), placeholder("y"), node("BatchMatMulV2", "z", "x", "y", T=FLOAT)],
        [tw.tensor([1.0, 2.0], (2, 1, 1, 1)), tw.tensor([3.0, 4.0], (2, 1, 1))], [3.0, 4.0, 6.0, 8.0],
    ),
    # What a loop without a single round has listed.
    "Pass at least one tensor to tf.stack": (
        {"loop": 1},
        [placeholder("s", "int32"), placeholder("n", "int32"), node("EmptyTensorList", "list", "s", "n", element_dtype=FLOAT),
         node("TensorListStack", "z", "list", "s", element_dtype=FLOAT)],
        [tw.tensor([3]), tw.tensor(-1)], [],
    ),
}  # fmt: skip

pytestmark = in_tfjs.needs_tfjs


def written(entry, folder):
    """Write the model of a case as it is read; return it."""
    model = GraphModel(read_onnx(base64.b64decode(entry["model"])))
    model.save(folder)
    return model


def converted(entry, folder):
    """Convert the model of a case; return what was written."""
    path = folder.with_suffix(".onnx")
    path.write_bytes(base64.b64decode(entry["model"]))
    return convert(path, folder).model


def answers(entries, write, folder):
    """Yield (case, TensorFlow.js's result) of each case."""
    places = [folder / str(number) for number in range(len(entries))]
    models = [write(entry, place) for entry, place in zip(entries, places, strict=True)]
    jobs = [
        in_tfjs.job(model, place, map(to_tensor, entry["inputs"])) for model, place, entry in zip(models, places, entries, strict=True)
    ]
    yield from zip(entries, in_tfjs.run(jobs, folder), strict=True)


def as_tensor(output):
    values = [bool(v) for v in output["v"]] if output["dtype"] == "bool" else output["v"]
    return tw.tensor(values, output["shape"], output["dtype"])


def fault(entry, result):
    """Return what is wrong with a result, or None."""
    if "error" in result:
        return result["error"]
    try:
        check({**entry, "tolerance": 3 * entry["tolerance"]}, [as_tensor(x) for x in result["outputs"]])
    except (AssertionError, ValueError) as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "entries, write, name",
    [pytest.param(OPS, written, "op", marks=pytest.mark.slow, id="ops"), pytest.param(MODELS, converted, "name", id="models")],
)
def test_tensorflow_js_gives_onnx_runtimes_answers(entries, write, name, tmp_path):
    found = Counter()
    for entry, result in answers(entries, write, tmp_path):
        wrong = fault(entry, result)
        if wrong is not None:
            why = next((text for text in FAULTS if text in wrong), None)
            assert why is not None, (entry["name"], wrong)
            found[why, entry[name]] += 1
    names = {entry[name] for entry in entries}
    assert found == {(why, what): n for why, told in FAULTS.items() for what, n in told[0].items() if what in names}


@pytest.mark.parametrize("why", FAULTS)
def test_the_faults_are_those_of_tensorflow_js(why, tmp_path):
    """Graphs of one op that TensorFlow defines and TensorFlow.js knows."""
    _, nodes, inputs, expected = FAULTS[why]
    model = graph_model(nodes)
    assert tw.reshape(model.predict(inputs), (-1,)).tolist() == expected
    model.save(tmp_path / "model")
    (result,) = in_tfjs.run([in_tfjs.job(model, tmp_path / "model", inputs)], tmp_path)
    if "error" in result:
        assert why in result["error"]
    else:
        assert len(result["outputs"][0]["v"]) < len(expected)
