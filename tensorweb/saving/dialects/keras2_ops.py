"""TensorFlow ops in functional models of Keras 2 (TFOpLambda, SlicingOpLambda), made ops of ours."""

from __future__ import annotations

from typing import Any

from ... import serialization
from ...errors import message
from ...serialization import DeserializationError

# TensorFlow's function to our op, and its arguments' names to ours; the first is positional.
_TWO = {"y": "x2"}
_REDUCE = {"axis": "axis", "keepdims": "keepdims"}
OPS: dict[str, tuple[str, dict[str, str]]] = {
    **dict.fromkeys(("math.add", "__operators__.add", "math.add_v2"), ("Add", _TWO)),
    **dict.fromkeys(("math.subtract", "__operators__.sub"), ("Subtract", _TWO)),
    **dict.fromkeys(("math.multiply", "__operators__.mul"), ("Multiply", _TWO)),
    **dict.fromkeys(("math.truediv", "math.divide", "__operators__.truediv"), ("TrueDivide", _TWO)),
    **dict.fromkeys(("math.pow", "__operators__.pow"), ("Power", _TWO)),
    "math.maximum": ("Maximum", _TWO), "math.minimum": ("Minimum", _TWO), "linalg.matmul": ("Matmul", {"b": "x2"}),
    "math.reduce_sum": ("Sum", _REDUCE), "math.reduce_mean": ("Mean", _REDUCE), "math.reduce_max": ("Max", _REDUCE),
    "math.reduce_min": ("Min", _REDUCE), "math.reduce_prod": ("Prod", _REDUCE),
    "math.square": ("Square", {}), "math.sqrt": ("Sqrt", {}), "math.rsqrt": ("Rsqrt", {}), "math.exp": ("Exp", {}),
    "math.log": ("Log", {}), "math.abs": ("Absolute", {}), "math.negative": ("Negative", {}), "math.tanh": ("Tanh", {}),
    "math.sigmoid": ("Sigmoid", {}), "nn.relu": ("Relu", {}), "nn.relu6": ("Relu6", {}), "nn.softmax": ("Softmax", {"axis": "axis"}),
    "nn.sigmoid": ("Sigmoid", {}), "nn.tanh": ("Tanh", {}), "nn.gelu": ("Gelu", {"approximate": "approximate"}),
    "nn.silu": ("Silu", {}), "reshape": ("Reshape", {"shape": "newshape"}), "transpose": ("Transpose", {"perm": "axes"}),
    "expand_dims": ("ExpandDims", {"axis": "axis"}), "squeeze": ("Squeeze", {"axis": "axis"}), "cast": ("Cast", {"dtype": "dtype"}),
    "concat": ("Concatenate", {"axis": "axis"}), "stack": ("Stack", {"axis": "axis"}),
}  # fmt: skip


# Before the names of operations: Add is a layer's name, too.
_PREFIX = "op "


def operations() -> dict[str, Any]:
    """Return the classes of the operations by the names that `op_of_lambda` gives."""
    names = {"GetItem", *(name for name, _ in OPS.values())}
    return {_PREFIX + name: serialization.operation_class("keras.src.ops.numpy", name) for name in names}


def op_of_lambda(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of Keras 3's operation for one of Keras 2; raise DeserializationError for a function that is not known."""
    config = entry.get("config") if isinstance(entry.get("config"), dict) else {}
    function = config.get("function")  # type: ignore[union-attr]
    sliced = function == "__operators__.getitem"
    if not sliced and function not in OPS:
        advice = "Build the model anew with layers and ops, and load its weights."
        raise DeserializationError(message(entry.get("class_name", ""), "one of the functions that are known", repr(function)[:80], advice))
    name, keys = ("GetItem", {}) if sliced else OPS[function]  # type: ignore[index]
    calls = [_call(call, keys, sliced) for call in entry.get("inbound_nodes") or []]
    return {"class_name": _PREFIX + name, "config": {"name": entry.get("name")}, "name": entry.get("name"), "inbound_nodes": calls}


def _call(call: Any, keys: dict[str, str], sliced: bool) -> dict[str, Any]:
    """Return Keras 3's form of a call: ["dense", 0, 0, {"y": 2.0}]."""
    while isinstance(call, list) and len(call) == 1 and isinstance(call[0], list):
        call = call[0]
    several = isinstance(call, list) and call and isinstance(call[0], list)
    references = call if several else [call]
    if not all(isinstance(r, list) and len(r) >= 3 for r in references):
        raise DeserializationError(message("TFOpLambda", "a reference to a layer", repr(call)[:80], "The config is broken."))
    given = references[0][3] if len(references[0]) > 3 and isinstance(references[0][3], dict) else {}
    first: Any = [_symbol(r) for r in references] if several else _symbol(call)
    if sliced:
        return {"args": [first, _slices(given.get("slice_spec"))], "kwargs": {}}
    if unknown := [k for k, v in given.items() if k not in keys and k != "name" and v is not None]:
        raise DeserializationError(message("TFOpLambda", f"arguments among {list(keys)}", unknown, "Build the model anew with ops."))
    return {"args": [first], "kwargs": {keys[k]: _argument(v) for k, v in given.items() if k in keys and v is not None}}


def _symbol(reference: list[Any]) -> dict[str, Any]:
    history = {"shape": [], "dtype": "float32", "keras_history": reference[:3]}
    return {"class_name": "__keras_tensor__", "config": history}


def _argument(value: Any) -> Any:
    if isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and type(value[1]) is int:
        return _symbol(value)
    return value


def _slices(spec: Any) -> Any:
    if isinstance(spec, dict) and set(spec) <= {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": {k: spec.get(k) for k in ("start", "stop", "step")}}
    return [_slices(s) for s in spec] if isinstance(spec, list) else spec
