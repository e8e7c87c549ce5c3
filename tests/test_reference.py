"""No holes: every function of TensorFlow.js and of keras.ops, by the reference tables in tests/data, has its counterpart."""

import inspect
import json
from pathlib import Path

import pytest

import tensorweb as tw
from tools.tfjs_names import GROUPS, LEFT_OUT, ours, snake_case

DATA = Path(__file__).parent / "data"
TFJS = json.loads((DATA / "tfjs_api.json").read_text())
KERAS = json.loads((DATA / "keras_ops.json").read_text())

# Keras's functions that are deliberately left out, with the reason; docs/ops.md shows the same list.
KERAS_LEFT_OUT: dict[str, str] = {}


def find(name):
    found = tw
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_every_function_of_tensorflow_js(group):
    missing = []
    for name, _ in TFJS[group]:
        short = name.removeprefix("tf.")
        if short in LEFT_OUT:
            continue
        try:
            find(ours(short))
        except AttributeError:
            missing.append(f"{short} -> {ours(short)}")
    assert not missing


def test_what_is_left_out_exists_there():
    known = {n.removeprefix("tf.") for g in GROUPS for n, _ in TFJS[g]}
    assert set(LEFT_OUT) <= known


@pytest.mark.parametrize("module", ["ops", "image", "linalg", "random"])
def test_every_function_of_keras(module):
    place = tw if module == "ops" else getattr(tw, module)
    missing = [n for n in KERAS[module] if not hasattr(place, n) and n not in KERAS_LEFT_OUT]
    assert not missing


def parameters(text):
    """Return the parameter names of a stored signature."""
    scope: dict = {}
    cleaned = text.split(" -> ")[0]
    try:
        exec(f"def f{cleaned}: pass", {"keras": None}, scope)
    except Exception:
        return None
    return list(inspect.signature(scope["f"]).parameters)


def test_keras_keywords():
    """Every keyword of a function of keras.ops is taken here too (jax's and numpy's own *args aside)."""
    lacking = {}
    for name, text in KERAS["ops"].items():
        theirs = parameters(text) if text else None
        if name in KERAS_LEFT_OUT or not hasattr(tw, name) or theirs is None:
            continue
        own = inspect.signature(getattr(tw, name)).parameters
        absent = [p for p in theirs if p not in own and p not in ("args", "kwargs", "name")]
        if absent and not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in own.values()):
            lacking[name] = absent
    assert not lacking


TENSOR_MEMBERS_LEFT_OUT = {
    "dataId": "the container is not public", "rankType": "TypeScript's", "kept": "scopes know what they keep", "scopeId": "scopes know",
    "kerasMask": "_keras_mask, as in Keras", "bufferSync": "buffer() is it", "arraySync": "tolist() is Python's name",
    "dataToGPU": "comes with the GPU backends", "throwIfDisposed": "every use does", "toString": "repr()", "variable": "tw.Variable(t)",
    "asScalar": "reshape(t, ())", "as1D": "reshape", "as2D": "reshape", "as3D": "reshape", "as4D": "reshape", "as5D": "reshape",
    "asType": "cast", "toBool": "cast", "toFloat": "cast", "toInt": "cast", "reshapeAs": "reshape(t, other.shape)", "print": "print",
    "flatten": "ravel", "concat": "concatenate takes a list", "stack": "stack takes a list", "resizeBilinear": "image.resize_bilinear",
    "resizeNearestNeighbor": "image.resize_nearest_neighbor",
}  # fmt: skip


def test_every_member_of_tensorflow_js_tensor():
    t = tw.tensor([1.0])
    missing = [n for n, _ in TFJS["class Tensor members"] if n not in TENSOR_MEMBERS_LEFT_OUT and not hasattr(t, ours(n))]
    assert not missing


# Members of TensorFlow.js's classes that Keras's classes have not, and what stands in for them; what begins alike is one entry.
MEMBERS_LEFT_OUT = {
    "batchInputShape": "layer.get_build_config()", "initialWeights": "set_weights", "inboundNodes": "nodes are internal",
    "outboundNodes": "nodes are internal", "id": "id(layer)", "getInputAt": "layer.input", "getOutputAt": "layer.output",
    "calculateLosses": "losses", "updates": "layers update their variables themselves", "stateful": "an attribute of recurrent layers",
    "setCallHook": "subclass the layer", "clearCallHook": "subclass the layer", "invokeCallHook": "subclass the layer",
    "apply": "layer(inputs)", "outputShape": "layer.output.shape", "setFastWeightInitDuringBuild": "there is no slow way",
    "getClassName": "type(layer).__name__", "className": "type(layer).__name__", "nodeKey": "nodes are internal",
    "addInboundNode": "internal", "getNodeAtIndex": "internal", "assert": "internal", "dispose": "models have it",
    "disposeWeights": "internal", "setMaskMetadata": "internal", "warnOnIncompatibleInputShape": "internal",
    "lossFunctions": "compile's business", "resetStates": "reset_state", "metricsTensors": "metrics", "evaluateDataset": "evaluate",
    "fitDataset": "fit", "loadTrainingConfig": "compile_from_config", "inputLayers": "inputs", "outputLayers": "outputs",
    "layersByDepth": "graph.by_depth", "nodesByDepth": "graph.by_depth", "internalContainerRefs": "internal",
    "containerNodes": "graph.nodes", "feedInputShapes": "input_shape", "findLayer": "get_layer", "build": "internal", "check": "internal",
    "getDedupedMetricsNames": "metrics_names", "getLossIdentifiers": "get_compile_config", "getMetricIdentifiers": "get_compile_config",
    "getNamedWeights": "weights", "getTrainingConfig": "get_compile_config", "make": "internal", "parseWeights": "internal",
    "predictLoop": "predict", "testLoop": "evaluate", "fitLoop": "fit", "retrieveSymbolicTensors": "execute", "runInternalGraph": "call",
    "standardize": "internal", "updatedConfig": "get_config", "iterator": "iter(dataset)", "size": "cardinality",
    "mapAsync": "map takes coroutines too", "toArrayForTest": "to_list", "MAX_BUFFER_SIZE": "buffers are as large as asked",
    "validationData": "fit keeps it to itself", "syncData": "logs are read when somebody looks",
}  # fmt: skip


def trained():
    model = tw.Sequential([tw.Input((2,)), tw.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model, model.fit(tw.ones((2, 2)), tw.ones((2, 1)), verbose=0)


@pytest.mark.parametrize("name", ["Layer", "LayersModel", "Sequential", "Dataset", "Callback", "EarlyStopping", "History"])
def test_members_of_tensorflow_js_classes(name):
    model, history = trained()
    made = {
        "Layer": model.layers[0], "LayersModel": model, "Sequential": model, "Dataset": tw.data.Dataset.range(3), "History": history,
        "Callback": tw.callbacks.Callback(), "EarlyStopping": tw.callbacks.EarlyStopping(),
    }[name]  # fmt: skip
    members = [n.removeprefix("static ") for n, _ in TFJS[f"class {name} members"]]
    missing = [n for n in members if not hasattr(made, snake_case(n)) and not n.startswith(tuple(MEMBERS_LEFT_OUT))]
    assert not missing
