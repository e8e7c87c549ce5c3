"""Sequential: layers one after the other."""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..layers.input_layer import Input, InputLayer
from ..layers.layer import Layer
from ..serialization import CustomObjectScope, deserialize_keras_object, serialize_keras_object
from ..symbolic import KerasTensor
from .functional import Functional
from .model import Model


class NotBuiltError(ArgumentError, AttributeError):
    """A Sequential has no inputs and outputs before it is built; an AttributeError, so that hasattr tells."""


class Sequential(Model):
    """A stack of layers, each with one input and one output. Keras's Sequential.

    The weights are made when the input's shape is known: by an Input as first layer (or `input_shape=` of the first), or at the
    first call.

    >>> import tensorweb as tw
    >>> model = tw.Sequential([tw.Input((4,)), tw.layers.Dense(2), tw.layers.Activation("softmax")])
    >>> model.output_shape, model.count_params()
    ((None, 2), 10)
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None):
        Layer.__init__(self, name=name)
        self._start()
        self._stack: list[Any] = []
        self._functional: Functional | None = None
        self.built = False
        for layer in layers or []:
            self.add(layer, rebuild=False)
        self._maybe_rebuild()
        if not trainable:
            self.trainable = False

    # --- the stack ---

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Append a layer (or an Input, first of all); raise ArgumentError for what is no layer, or if its name is taken."""
        if isinstance(layer, KerasTensor):
            layer = layer.keras_history.operation if layer.keras_history is not None else layer
        if not isinstance(layer, Layer):
            layer = _as_layer(layer)
        if any(layer.name == other.name for other in self._stack):
            raise ArgumentError(message(f"{self.name}.add", "a layer with a name of its own", repr(layer.name), "Pass name= to one."))
        shape = getattr(layer, "_batch_shape", None)
        if not self._stack and shape is not None and not isinstance(layer, InputLayer):
            dtype = "int32" if type(layer).__name__ == "Embedding" else None
            self._stack.append(InputLayer(batch_shape=shape, dtype=dtype))
        elif isinstance(layer, InputLayer) and self._stack:
            raise ArgumentError(message(f"{self.name}.add", "an Input as the first layer only", layer.name, "Put it first."))
        self._stack.append(layer)
        if rebuild:
            self._maybe_rebuild()
        else:
            self._functional, self.built = None, False

    def pop(self, rebuild: bool = True) -> Any:
        """Remove the last layer and return it."""
        if not self._stack:
            raise ArgumentError(message(f"{self.name}.pop", "a layer to remove", "none", "Add layers first."))
        layer = self._stack.pop()
        self._functional, self.built = None, False
        if rebuild:
            self._maybe_rebuild()
        return layer

    def _maybe_rebuild(self) -> None:
        self._functional, self.built = None, False
        if len(self._stack) > 1 and isinstance(self._stack[0], InputLayer):
            self.build(self._stack[0].batch_shape)
        elif (len(self._stack) == 1 and isinstance(self._stack[0], (Functional, Sequential)) and self._stack[0].built) or (
            self._stack and isinstance(self._stack[0], (Functional, Sequential)) and self._stack[0].built and self._stack[0].inputs
        ):
            self.build(self._stack[0].input_shape)

    def _has_layers(self) -> bool:
        return True

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the InputLayer."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    @property
    def _layers(self) -> list[Layer]:
        return list(self._stack)

    # --- building and running ---

    def build(self, input_shape: Any = None) -> None:
        """Make the layers' weights for inputs of a shape, the batch included."""
        if not self._stack:
            raise ArgumentError(message(f"{self.name}.build", "at least one layer", "none", "Add layers first."))
        if isinstance(self._stack[0], InputLayer):
            x = self._stack[0].output
            given = None if input_shape is None else tuple(input_shape)
            if given is not None and (len(given) != len(x.shape) or any(a != b for a, b in zip(given[1:], x.shape[1:]) if a and b)):
                raise ShapeError(message(f"{self.name}.build", f"the shape {x.shape} of its Input", given, "Leave the shape out."))
        else:
            if input_shape is None:
                raise ArgumentError(message(f"{self.name}.build", "an input shape", "None", "Pass it, or add an Input first."))
            if isinstance(input_shape, list) and input_shape and isinstance(input_shape[0], (list, tuple)):
                input_shape = input_shape[0]
            dtype = "int32" if type(self._stack[0]).__name__ == "Embedding" else _input_dtype(self._stack[0])
            x = self._begin(tuple(input_shape), dtype)
        self._connect(x)

    def _begin(self, shape: tuple, dtype: Any) -> KerasTensor:
        """Put an Input before the layers, and return its tensor."""
        x: Any = Input(batch_shape=shape, dtype=dtype)
        self._stack.insert(0, x.keras_history.operation)
        return x

    def _connect(self, inputs: KerasTensor) -> None:
        """Connect the layers to a functional model, unless one cannot tell its output's shape."""
        x: Any = inputs
        for layer in self._stack:
            if not isinstance(layer, InputLayer):
                _check_call(layer)
                try:
                    x = layer(x)
                except NotImplementedError:
                    self.built = True
                    return
        self._functional = Functional(inputs, x, name=self.name)
        self._functional._fixed_sizes = False
        self.built = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the last layer's output."""
        if self._functional is not None:
            try:
                return self._functional.call(inputs, training=training, mask=mask)
            except ValueError as error:
                raise self._clearer(error, inputs) from error
        if self._stack and not self.built and hasattr(inputs, "shape"):
            self.build(inputs.shape)
            return self.call(inputs, training=training, mask=mask)
        x = inputs
        for layer in self.layers:
            x = layer(x)
        return x

    def _clearer(self, error: ValueError, inputs: Any) -> ValueError:
        """Return the error of a call, or one that names the model's input where its sizes are not the declared ones."""
        wanted, got = self.inputs[0].shape, tuple(getattr(inputs, "shape", ()))
        if len(wanted) != len(got) or all(a == b or a is None or b is None for a, b in zip(wanted[1:], got[1:])):
            return error
        return ShapeError(message(self.name, f"inputs of shape {wanted}", got, str(error)))

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        from ..symbolic import known_shape

        x: Any = args[0] if args else kwargs.get("inputs")
        if not self._stack:
            raise ArgumentError(message(self.name, "at least one layer", "none", "Add layers first."))
        if not hasattr(x, "shape"):
            self.built = True
            return
        from ..engine import changed_state, state

        self.path = self.name
        self._place_under(state.get().path)
        with changed_state(path=self.path):
            self._build_with_dtype((None, *known_shape(x.shape)[1:]) if x.shape else (), x.dtype)

    def _build_with_dtype(self, shape: Any, dtype: str) -> None:
        if isinstance(self._stack[0], InputLayer):
            self.build(shape)
            return
        self._connect(self._begin(shape, dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input's shape."""
        if self._functional is None:
            for layer in self._stack:
                if not isinstance(layer, InputLayer):
                    input_shape = layer.compute_output_shape(input_shape)
            return input_shape
        return super().compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None, **kwargs: Any) -> Any:
        """Return the symbolic outputs for symbolic inputs."""
        given = {k: v for k, v in (("training", training), ("mask", mask)) if v is not None}
        return super().compute_output_spec(inputs, **given, **kwargs)

    def _graph(self) -> Functional:
        if self._functional is None:
            raise NotBuiltError(
                message(self.name, "a model that was built", "one that was not", "Call it, build it, or add an Input first.")
            )
        return self._functional

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return self._graph().inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return self._graph().outputs

    input = property(lambda self: self._graph().input, doc="The symbolic input.")
    output = property(lambda self: self._graph().output, doc="The symbolic output.")
    input_shape = property(lambda self: self._graph().input_shape, doc="The shape of the input.")
    output_shape = property(lambda self: self._graph().output_shape, doc="The shape of the output.")
    input_names = property(lambda self: self._graph().input_names, doc="The names of the inputs.")
    output_names = property(lambda self: self._graph().output_names, doc="The names of the outputs.")
    graph = property(lambda self: self._graph().graph, doc="The nodes between input and output.")

    # --- configs ---

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configs, as Keras writes them."""
        from .. import dtype_policies

        config = {
            "name": self.name, "trainable": self.trainable, "dtype": dtype_policies.serialize(self.dtype_policy),
            "layers": [serialize_keras_object(layer) for layer in self._stack],
        }  # fmt: skip
        if self._functional is not None:
            config["build_input_shape"] = self._functional.input_shape
        return config

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the input's shape."""
        return None if self._functional is None else {"input_shape": self._functional.input_shape}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build for the shape of `get_build_config`."""
        if config.get("input_shape") is not None and not self.built:
            self.build(tuple(config["input_shape"]))

    @classmethod
    def from_config(cls, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the model of a config; lists of layers, as old files have them, are taken too."""
        if isinstance(config, list):
            config = {"layers": config}
        model = cls(name=config.get("name"))
        with CustomObjectScope(custom_objects or {}):
            for entry in config["layers"]:
                model.add(deserialize_keras_object(entry), rebuild=False)
        model._maybe_rebuild()
        shape = config.get("build_input_shape")
        if not model.built and shape and isinstance(shape, (list, tuple)) and model._stack:
            model.build(tuple(shape))
        if config.get("trainable") is False:
            model.trainable = False
        return model


def _check_call(layer: Layer) -> None:
    """Raise ArgumentError if a layer's `call` needs more than its input."""
    parameters = inspect.signature(layer.call).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(needed) > 1:
        wanted = "layers whose call takes one input"
        raise ArgumentError(message("Sequential", wanted, f"{layer.name} with {needed}", "Use a functional model."))


def _as_layer(value: Any) -> Layer:
    from ..layers import Lambda

    if callable(value):
        return Lambda(value)
    raise ArgumentError(message("Sequential.add", "a layer", type(value).__name__, "Pass an instance of tw.layers.Layer."))


def _input_dtype(layer: Any) -> str | None:
    if isinstance(layer, (Functional, Sequential)) and layer.built:
        return layer.inputs[0].dtype
    return getattr(layer, "input_dtype_hint", None)
