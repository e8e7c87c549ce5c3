"""No holes: every function of TensorFlow.js and of keras.ops, by the reference tables in tests/data, has its counterpart."""

import inspect
import json
from pathlib import Path

import pytest

import tensorweb as tw
from tools.tfjs_names import GROUPS, LEFT_OUT, ours

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
    "kerasMask": "comes with the Layers API", "bufferSync": "buffer() is it", "arraySync": "tolist() is Python's name",
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
