"""Model: a layer that can be compiled, trained, summarised and saved. Functional and Sequential are beside this file."""

from __future__ import annotations

import inspect
import warnings
from functools import lru_cache
from typing import Any

from .. import engine
from ..errors import ArgumentError, message
from ..layers.layer import Layer
from ..symbolic import KerasTensor, any_symbolic, known_shape
from ..waiting import wait
from .placement import placed
from .trainer import Trainer


class Model(Trainer, Layer):
    """A network with training, evaluation and prediction. Keras's Model.

    Made in three ways: `Model(inputs, outputs)` from symbolic tensors, `Sequential`, or by a subclass with `call`.

    >>> import tensorweb as tw
    >>> inputs = tw.Input((3,))
    >>> outputs = tw.layers.Dense(2, kernel_initializer="ones")(inputs)
    >>> model = tw.Model(inputs, outputs)
    >>> model.predict(tw.ones((1, 3)), verbose=0).tolist()
    [[3.0, 3.0]]
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _functional_arguments(args, kwargs):
            from .functional import Functional

            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any):
        if _functional_arguments(args, kwargs):
            self.__class__ = _with_functional(type(self))  # type: ignore[arg-type]
            from .functional import Functional

            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        if args:
            raise ArgumentError(message("Model", "inputs= and outputs=, or no positional arguments", f"{len(args)}", "Pass both or none."))
        Layer.__init__(self, **kwargs)
        self._start()

    def _start(self) -> None:
        """Set what training needs; called by each constructor."""
        Trainer.__init__(self)
        self._seen_inputs: Any = None
        self.user_defined_metadata: dict[str, Any] | None = None

    __call__ = placed(Layer.__call__)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs; defined by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} does not define call(inputs)")

    @property
    def layers(self) -> list[Layer]:
        """The layers directly within the model."""
        return [layer for layer in self._layers if not _is_metric_layer(layer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """Return a layer by name or by index; raise ArgumentError if there is none."""
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(message("get_layer", f"an index below {len(self.layers)}", index, "See model.summary()."))
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers[:30])
        raise ArgumentError(message("get_layer", f"one of {names}", repr(name), "See model.summary()."))

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        outputs = super()._run(*args, **kwargs)
        if self._seen_inputs is None and args and not kwargs.get("mask"):
            self._seen_inputs = _shapes_of(args[0])
        return outputs

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build for the shapes of a saved model: those of the inputs it was called with."""
        shape = config.get("input_shape")
        shapes = config.get("shapes_dict")
        if shape is None and not shapes:
            return
        try:
            if type(self).build is not Layer.build:
                super().build_from_config(config)
            else:
                self.build(_shape(shape) if shape is not None else {k: _shape(v) for k, v in shapes.items()})  # type: ignore[union-attr]
        except NotImplementedError:
            warnings.warn(f"{self.name} could not be built from its config: its weights load after a first call", stacklevel=2)

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if type(self).build is not Model.build:
            super()._build_for(args, kwargs)
            return
        # The call under way builds the layers within, for inputs of any dtype and structure.
        self._build_shapes = self._call_spec_of().build_shapes(type(self), args, kwargs, known_shape)
        self._place_under(engine.state.get().path)
        self.built = True

    def build(self, input_shape: Any) -> None:
        """Build the layers by running `call` on symbolic inputs of a shape, a list or dict of shapes."""
        if self.built or type(self).call is Model.call:
            self.built = True
            return
        from ..layers.shapes import symbols

        self.built = True
        try:
            self._seen_inputs = input_shape
            self.compute_output_spec(symbols(input_shape))
        except Exception:
            self.built = False
            raise

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes of the inputs the model was first called with."""
        found = super().get_build_config()
        if found is not None:
            return found
        return None if self._seen_inputs is None else {"input_shape": self._seen_inputs}

    # --- looking at it ---

    def summary(
        self, line_length: int | None = None, positions: Any = None, print_fn: Any = None, expand_nested: bool = False,
        show_trainable: bool = False, layer_range: Any = None,
    ) -> None:  # fmt: skip
        """Print a table of the layers: name, class, output shape, parameters, and where each comes from. Keras's summary."""
        from .summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def execute(self, inputs: Any, outputs: Any) -> Any:
        """Return what layers give within the model: `outputs` names a layer, or a list of them. TensorFlow.js's execute.

        A name is a layer's or a symbolic tensor of the model. Raises ArgumentError for unknown names.
        """
        wanted = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        found = [self.get_layer(o).output if isinstance(o, str) else o for o in wanted]
        part = Model(self.inputs, found)  # type: ignore[attr-defined]
        made = part(inputs)
        return made if isinstance(outputs, (list, tuple)) else made[0]

    def set_user_defined_metadata(self, metadata: dict[str, Any]) -> None:
        """Keep a dict that TensorFlow.js's model format saves with the model. TensorFlow.js's setUserDefinedMetadata."""
        self.user_defined_metadata = dict(metadata)

    def get_user_defined_metadata(self) -> dict[str, Any] | None:
        """Return the dict of `set_user_defined_metadata`, or that of the file the model came from."""
        return self.user_defined_metadata

    def reset_states(self) -> None:
        """Begin the states of all stateful recurrent layers anew. TensorFlow.js's resetStates."""
        for layer in self._flatten_layers(include_self=False):
            if getattr(layer, "stateful", False):
                layer.reset_state()

    def dispose(self) -> None:
        """Free the weights now; dropping the last reference to the model does the same. TensorFlow.js's dispose."""
        for v in self.variables:
            v.dispose()

    # --- all variables at once ---

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Return the values of all variables, nested by the parts of their paths: trainable, non-trainable, optimizer's, metrics'.

        `value_format`: "backend_tensor", or "numpy_array". Raises ArgumentError if two variables have one path.
        """
        from .state_tree import state_tree

        return state_tree(self, value_format)

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Set the variables that a nested dict as of `get_state_tree` names; the others keep their values."""
        from .state_tree import assign_tree

        assign_tree(self, state_tree)

    # --- files ---

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> Any:
        """Save the model: `.keras`, `.h5`, or a folder or model.json in TensorFlow.js's layers format. See saving.save_model."""
        from ..saving import save_model

        return save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    async def save_async(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> Any:
        """Save the model without blocking the event loop."""
        from ..saving import save_model_async

        return await save_model_async(self, filepath, overwrite=overwrite, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Save the weights only, into a `.weights.h5` file (or TensorFlow.js's shards)."""
        from ..saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Load weights that `save_weights` or a whole saved model holds; nothing changes if they do not fit."""
        from ..saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """Return the config of the model (not the weights) as JSON; `model_from_json` makes a model of it."""
        import json

        from ..serialization import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    # --- configs ---

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the model of a config."""
        if {"layers", "input_layers", "output_layers"} <= set(config):
            from .functional import Functional

            target = cls
            if cls is Model:
                target = Functional
            if made_like_functional(target):
                from .functional_config import functional_from_config

                return functional_from_config(target, config, custom_objects)
        try:
            return cls(**config)
        except TypeError as error:
            advice = "Let get_config return the constructor's arguments, or define from_config."
            raise TypeError(message(f"{cls.__name__}.from_config", "the constructor's arguments", f"{sorted(config)}", advice)) from error

    def __reduce__(self) -> Any:
        # Pickled, and so copied, as a .keras file: the graph refers to its tensors by identity.
        from io import BytesIO

        from ..saving.keras_files import saving_archive

        buffer = BytesIO()
        wait(saving_archive(self, buffer))
        return _unpickled, (buffer.getvalue(),)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _unpickled(content: bytes) -> Any:
    """Return the model of the bytes of a .keras file."""
    from io import BytesIO

    from ..saving.keras_files import load_archive

    return load_archive(BytesIO(content), None, True, False)


def _functional_arguments(args: tuple, kwargs: dict[str, Any]) -> bool:
    given = len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or {"inputs", "outputs"} <= set(kwargs)
    return given and (any_symbolic(args, kwargs) or "outputs" in kwargs)


def made_like_functional(cls: type) -> bool:
    """Tell whether a class is constructed as Functional is: Model(inputs, outputs, name=...), or takes any arguments."""
    from .functional import Functional

    own, wanted = (inspect.getfullargspec(c.__init__) for c in (cls, Functional))  # type: ignore[misc]
    return cls in (Model, Functional) or own.args == wanted.args or (own.varargs == "args" and own.varkw == "kwargs")


@lru_cache(maxsize=256)
def _with_functional(cls: type) -> type:
    """Return a user's Model class with Functional among its bases."""
    from .functional import Functional

    if issubclass(cls, Functional):
        return cls
    return type(cls.__name__, (cls, Functional), {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__})


def _is_metric_layer(layer: Any) -> bool:
    return hasattr(layer, "update_state") and not isinstance(layer, Layer)


def _shapes_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _shapes_of(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shapes_of(v) for v in value]
    if isinstance(value, KerasTensor):
        return value.shape
    return (None, *value.shape[1:]) if hasattr(value, "shape") and value.shape else None


def _shape(value: Any) -> Any:
    from ..layers.shapes import as_shape

    return as_shape(value)
