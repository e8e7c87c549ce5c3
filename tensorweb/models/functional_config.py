"""Functional models to configs and back: Keras 3's form is written; Keras 3's, Keras 2's and TensorFlow.js's are read."""

from __future__ import annotations

from typing import Any

from ..autodiff import leaves, map_leaves
from ..errors import message
from ..serialization import CustomObjectScope, DeserializationError, deserialize_keras_object, serialize_keras_object
from ..symbolic import KerasTensor, OpCall, any_symbolic

# --- to a config --------------------------------------------------------------------------------------------------------------


def functional_to_config(model: Any) -> dict[str, Any]:
    """Return the config of a functional model."""
    graph = model.graph
    layers = []
    for operation in graph.operations:
        entry = _operation_config(operation)
        calls = [n for n in operation._inbound_nodes if n in graph._known and not n.is_input]
        if operation in graph.placeholders.values():
            calls = []
        entry["name"] = operation.name
        entry["inbound_nodes"] = [_call_config(n, graph) for n in calls]
        layers.append(entry)

    def position(t: KerasTensor) -> list[Any]:
        operation, node, index = graph.history(t)
        return [operation.name, node, index]

    return {
        "name": model.name, "trainable": model.trainable, "layers": layers,
        "input_layers": map_leaves(position, model._inputs_struct), "output_layers": map_leaves(position, model._outputs_struct),
    }  # fmt: skip


def _operation_config(operation: Any) -> dict[str, Any]:
    if not isinstance(operation, OpCall):
        return serialize_keras_object(operation)
    camel = "".join(part.capitalize() for part in operation.op_name.rpartition(".")[2].split("_"))
    module = f"keras.src.ops.{_ops_module(operation.op_name)}"
    return {"module": module, "class_name": camel, "config": serialize_keras_object(operation.get_config()), "registered_name": camel}


def _ops_module(name: str) -> str:
    namespace, _, short = name.rpartition(".")
    if namespace in ("image", "linalg"):
        return namespace
    return "nn" if short in _NN else "numpy"


_NN = frozenset(
    [
        "relu",
        "relu6",
        "sigmoid",
        "softplus",
        "softsign",
        "silu",
        "log_sigmoid",
        "leaky_relu",
        "hard_sigmoid",
        "hard_silu",
        "elu",
        "selu",
        "gelu",
        "softmax",
        "log_softmax",
        "max_pool",
        "average_pool",
        "conv",
        "depthwise_conv",
        "separable_conv",
        "conv_transpose",
        "one_hot",
        "binary_crossentropy",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "multi_hot",
        "moments",
        "batch_normalization",
        "normalize",
    ]
)


def _call_config(node: Any, graph: Any) -> dict[str, Any]:
    def encode(value: Any) -> Any:
        if not isinstance(value, KerasTensor):
            return serialize_keras_object(value)
        operation, index, output = graph.history(value)
        inner = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": [operation.name, index, output]}
        return {"class_name": "__keras_tensor__", "config": inner}

    return {"args": [map_leaves(encode, a) for a in node.args], "kwargs": {k: map_leaves(encode, v) for k, v in node.kwargs.items()}}


# --- from a config ------------------------------------------------------------------------------------------------------------


def functional_from_config(cls: Any, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the functional model of a config."""
    with CustomObjectScope(custom_objects or {}):
        layers = {}
        pending: list[tuple[Any, Any]] = []
        for entry in _listed(config, "layers"):
            layer = deserialize_keras_object({k: v for k, v in entry.items() if k not in ("inbound_nodes",)})
            name = entry.get("name") or entry.get("config", {}).get("name") or layer.name
            layer.name = name
            layers[name] = layer
            pending.extend((layer, call) for call in _listed(entry, "inbound_nodes"))
    tensors = _Tensors(layers)
    _replay(pending, tensors)
    inputs = _endpoints(config.get("input_layers"), tensors)
    outputs = _endpoints(config.get("output_layers"), tensors)
    rest = {"name": config.get("name")}
    if not cls.__module__.startswith(f"{__package__}."):
        # What a class of the user's added in get_config.
        known = ("name", "trainable", "layers", "input_layers", "output_layers", "dtype")
        rest.update((k, v) for k, v in config.items() if k not in known)
    model = cls(inputs=inputs, outputs=outputs, **rest)
    if config.get("trainable") is False:
        model.trainable = False
    return model


def _listed(config: dict[str, Any], key: str) -> list[Any]:
    found = config.get(key)
    if not isinstance(found, (list, tuple)):
        raise DeserializationError(message("Functional", f"a list of {key}", type(found).__name__, "The config is broken."))
    return list(found)


class _Tensors:
    """The symbolic tensors of a graph that is being rebuilt, by [layer name, node index, tensor index]."""

    def __init__(self, layers: dict[str, Any]):
        self.layers = layers
        # A nested model has a node of its own making before those of this graph.
        self.first = {name: _own_nodes(layer) for name, layer in layers.items()}

    def find(self, reference: Any) -> Any:
        """Return the tensor of a reference; None if it is not made yet."""
        name, node, index = reference[0], reference[1], reference[2]
        if name not in self.layers or not isinstance(node, int) or not isinstance(index, int):
            raise DeserializationError(
                message("Functional", "references to layers of the model", f"{reference!r}"[:80], "The config is broken.")
            )
        nodes = getattr(self.layers[name], "_inbound_nodes", [])[self.first[name] :]
        if not 0 <= node < len(nodes):
            return None
        made = nodes[node].output_tensors
        if not 0 <= index < len(made):
            raise DeserializationError(message("Functional", f"an output of {name}", index, "The config is broken."))
        return made[index]


def _own_nodes(layer: Any) -> int:
    return 0 if type(layer).__name__ == "InputLayer" else len(getattr(layer, "_inbound_nodes", []))


def _replay(pending: list[tuple[Any, Any]], tensors: _Tensors) -> None:
    """Make the calls, each when its inputs exist; raise DeserializationError if some never do."""
    while pending:
        waiting = []
        blocked: set[int] = set()
        for layer, call in pending:
            # The calls of one layer keep their order: their number is what others refer to.
            if id(layer) in blocked or not _call(layer, call, tensors):
                blocked.add(id(layer))
                waiting.append((layer, call))
        if len(waiting) == len(pending):
            names = sorted({layer.name for layer, _ in waiting})
            raise DeserializationError(message("Functional", "inputs for every layer", f"none for {names[:5]}", "The config is broken."))
        pending = waiting


def _call(layer: Any, call: Any, tensors: _Tensors) -> bool:
    """Make one call if its inputs exist; tell whether it was made."""
    if isinstance(call, dict):
        args, kwargs = deserialize_keras_object(call.get("args", [])), deserialize_keras_object(call.get("kwargs", {}))
        found = [(t, tensors.find(t.saved_history)) for t in leaves([args, kwargs]) if isinstance(t, KerasTensor)]
        if any(v is None for _, v in found):
            return False
        by_id = {id(t): v for t, v in found}
        args = map_leaves(lambda t: by_id.get(id(t), t), args)
        kwargs = map_leaves(lambda t: by_id.get(id(t), t), kwargs)
        if isinstance(layer, OpCall) and layer.op_name == "get_item":  # JSON has no tuples; Keras indexes by one
            args = [tuple(a) if isinstance(a, list) else a for a in args]
        layer(*args, **kwargs)
        return True
    return _call_keras2(layer, call, tensors)


def _call_keras2(layer: Any, call: Any, tensors: _Tensors) -> bool:
    """Make a call in the form of Keras 2 and TensorFlow.js: a list of [layer, node, tensor, kwargs]."""
    references = [call] if call and isinstance(call[0], str) else list(call) if isinstance(call, (list, tuple)) else []
    if isinstance(call, (list, tuple)) and call and isinstance(call[0], dict):
        references = list(call[0].values())
    kwargs: dict[str, Any] = {}
    found = []
    for reference in references:
        t = tensors.find(reference)
        if t is None:
            return False
        found.append(t)
        extra = reference[3] if len(reference) > 3 and isinstance(reference[3], dict) else {}
        for k, v in extra.items():
            if _is_reference(v, tensors):
                v = tensors.find(v)
                if v is None:
                    return False
            elif isinstance(v, list) and v and all(_is_reference(i, tensors) for i in v):
                v = [tensors.find(i) for i in v]
                if any(i is None for i in v):
                    return False
            kwargs[k] = v
    kwargs = {k: v for k, v in kwargs.items() if v is not None and k != "name"}
    layer(found[0] if len(found) == 1 else found, **kwargs)
    return True


def _is_reference(value: Any, tensors: _Tensors) -> bool:
    return isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and value[0] in tensors.layers


def _endpoints(struct: Any, tensors: _Tensors) -> Any:
    if isinstance(struct, (list, tuple)) and len(struct) in (3, 4) and isinstance(struct[0], str) and isinstance(struct[1], int):
        t = tensors.find(struct)
        if t is None:
            raise DeserializationError(message("Functional", "inputs and outputs of the model", f"{struct!r}", "The config is broken."))
        return t
    if isinstance(struct, (list, tuple)):
        return type(struct)(_endpoints(s, tensors) for s in struct)
    if isinstance(struct, dict):
        return {k: _endpoints(v, tensors) for k, v in struct.items()}
    raise DeserializationError(message("Functional", "input_layers and output_layers", f"{struct!r}"[:80], "The config is broken."))


__all__ = ["any_symbolic", "functional_from_config", "functional_to_config"]
