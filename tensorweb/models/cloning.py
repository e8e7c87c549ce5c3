"""Models from models: clone_model, and model_from_json. Reading and writing files is in saving/."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ..autodiff import leaves, map_leaves
from ..errors import ArgumentError, message
from ..layers.input_layer import Input, InputLayer
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..symbolic import KerasTensor, OpCall
from ..tree import assert_same_structure
from .functional import Functional
from .model import made_like_functional
from .sequential import Sequential


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None, recursive: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """Return a model of new layers with new weights, connected and compiled as `model`. Keras's clone_model.

    Args: `input_tensors`: symbolic tensors to build on, nested as the model's inputs; `clone_function(layer)`: gives the layer's
    copy; `call_function(layer, *args, **kwargs)`: calls a copy, for functional models; `recursive`: clone the models within in the
    same way. Subclassed models are made anew from their config, and take no functions. Raises ArgumentError for wrong arguments.

    >>> import tensorweb as tw
    >>> model = tw.Sequential([tw.Input((2,)), tw.layers.Dense(3)])
    >>> copy = tw.models.clone_model(model)
    >>> copy.count_params(), copy.layers[0] is model.layers[0]
    (9, False)
    """
    cache = kwargs.pop("cache", None)
    if kwargs:
        raise ArgumentError(message("clone_model", "known arguments", sorted(kwargs), "Check their spelling."))
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ArgumentError(message("clone_model", "call_function for functional models only", "a Sequential", "Leave it out."))
        return _compiled_like(model, _clone_sequential(model, _Cloner(clone_function, None, recursive, cache), input_tensors))
    if isinstance(model, Functional):
        return _compiled_like(model, _clone_functional(model, _Cloner(clone_function, call_function, recursive, cache), input_tensors))
    if clone_function or input_tensors or call_function:
        wanted = "no clone_function, call_function or input_tensors for a subclassed model"
        raise ArgumentError(message("clone_model", wanted, type(model).__name__, "Its inner structure is not known: leave them out."))
    return deserialize_keras_object(serialize_keras_object(model), custom_objects={type(model).__name__: type(model)})


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the model, with new weights, of the text that `model.to_json()` gave, here, in Keras 3, Keras 2 or TensorFlow.js.

    Raises FormatError for text that is no JSON object, or no model's, or nested too deeply.
    """
    from ..io.jsons import parse_object
    from ..saving.dialects import model_of

    return model_of(parse_object(json_string, "model_from_json"), custom_objects)


class _Cloner:
    """Copies layers, each once, however often it is used."""

    def __init__(self, function: Callable[[Any], Any] | None, call_function: Callable[..., Any] | None, recursive: bool, cache: Any):
        self.function = function or (lambda layer: type(layer).from_config(layer.get_config()))
        self.call_function, self.recursive = call_function, recursive
        # The originals are held, too: an id is one object's only as long as it lives.
        self.cache: dict[int, tuple[Any, Any]] = {} if cache is None else cache

    def __call__(self, layer: Any) -> Any:
        if id(layer) not in self.cache:
            self.cache[id(layer)] = layer, self._clone(layer)
        return self.cache[id(layer)][1]

    def _clone(self, layer: Any) -> Any:
        if isinstance(layer, OpCall):
            made = copy.copy(layer)
            made.__dict__.pop("_inbound_nodes", None)
            return made
        if self.recursive and isinstance(layer, (Functional, Sequential)):
            call_function = self.call_function if isinstance(layer, Functional) else None
            return clone_model(layer, None, self.function, call_function, True, cache=self.cache)
        return self.function(layer)


def _clone_sequential(model: Sequential, clone: _Cloner, input_tensors: Any) -> Sequential:
    first = model._stack[0] if model._stack else None
    inputs = []
    if input_tensors is not None:
        flat = leaves(input_tensors)
        if len(flat) != 1 or not isinstance(flat[0], KerasTensor):
            raise ArgumentError(message("clone_model", "one symbolic tensor for a Sequential", input_tensors, "Make it by tw.Input."))
        named: dict[str, Any] = {"name": first.name, "optional": first.optional} if isinstance(first, InputLayer) else {}
        inputs = [Input(tensor=flat[0], **named)]
    elif isinstance(first, InputLayer):
        inputs = [Input(batch_shape=first.batch_shape, dtype=first.dtype, name=first.name, optional=first.optional)]
    return Sequential([*inputs, *(clone(layer) for layer in model.layers)], trainable=model.trainable, name=model.name)


def _clone_functional(model: Functional, clone: _Cloner, input_tensors: Any) -> Any:
    graph = model.graph
    if input_tensors is None:
        input_tensors = map_leaves(lambda t: Input(batch_shape=t.shape, dtype=t.dtype, name=graph.placeholders[id(t)].name), model.input)
    elif not all(isinstance(t, KerasTensor) for t in leaves(input_tensors)):
        raise ArgumentError(message("clone_model", "symbolic tensors as input_tensors", input_tensors, "Make them by tw.Input."))
    else:
        assert_same_structure(input_tensors, model.input)
    known = {id(t): new for t, new in zip(graph.inputs, leaves(input_tensors))}
    for node in graph.nodes:
        if node.is_input or all(id(t) in known for t in node.output_tensors):
            continue
        args = map_leaves(lambda a: known[id(a)] if isinstance(a, KerasTensor) else a, list(node.args))
        kwargs = map_leaves(lambda a: known[id(a)] if isinstance(a, KerasTensor) else a, node.kwargs)
        layer = clone(node.operation)
        made = layer(*args, **kwargs) if clone.call_function is None else clone.call_function(layer, *args, **kwargs)
        known.update((id(t), new) for t, new in zip(node.output_tensors, leaves(made)))
    outputs = map_leaves(lambda t: known[id(t)], model.output)
    cls = type(model) if made_like_functional(type(model)) else Functional
    return cls(input_tensors, outputs, name=model.name)


def _compiled_like(model: Any, clone: Any) -> Any:
    if model.compiled:
        clone.compile_from_config(model.get_compile_config())
    return clone
