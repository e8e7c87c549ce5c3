"""Layer: the base of all layers. Building, calling with masks and training modes, losses, configs. Its weights: `weights.py`.

A call costs little: after the first call of a layer without special needs, `__call__` goes straight to `call`.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from functools import wraps
from typing import Any

from .. import dtype_policies, engine, regularizers
from .. import dtypes as dtype_table
from ..autodiff import leaves, map_leaves
from ..engine import changed_state
from ..errors import ArgumentError, message
from ..naming import auto_name
from ..stateless import StatelessScope
from ..symbolic import KerasTensor, Node, Operation, any_symbolic, infer, known_shape
from ..tensor import Tensor, Variable, as_tensor, op
from .call_spec import CallSpec, call_spec
from .config import generic_config
from .input_spec import InputSpec, check_inputs, with_known_sizes
from .shapes import as_shape as _as_shape
from .shapes import batch_shape as _batch_shape
from .shapes import shapes_in as _shapes_in
from .shapes import symbols as _symbols
from .weights import WeightOwner, is_layer


class ConfigError(ArgumentError, TypeError):
    """A config does not make the layer that it is for."""


class Layer(WeightOwner, Operation):
    """Base of layers: subclasses define `__init__`, `build(input_shape)` and `call(inputs, ...)`. Keras's Layer.

    Args: `activity_regularizer`, `trainable`, `dtype` (a dtype, a policy or its name), `autocast`: whether float inputs are cast to
    the compute dtype, `name`; and `input_shape` (without the batch), `input_dim`, `batch_input_shape`, `batch_size` for the first
    layer of a Sequential.

    >>> import tensorweb as tw
    >>> class Scale(tw.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> layer = Scale()
    >>> layer(tw.tensor([[1.0, 2.0]])).tolist(), layer.count_params()
    ([[1.0, 2.0]], 2)
    """

    supports_masking = False
    input_spec: Any = None
    built: Any = False
    _call_spec: CallSpec
    _init_args: tuple
    _init_kwargs: dict[str, Any]
    # The dtype for which __call__ may go straight to call; None where it may not. Set by the first call.
    _fast: str | None = None
    _seen_shape: Any = None
    _has_training = False
    _build_shapes: Any = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        made._init_args, made._init_kwargs = args, kwargs
        return made

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # As in Keras, a layer that says what becomes of masks supports them.
        if "compute_mask" in cls.__dict__ and "supports_masking" not in cls.__dict__:
            cls.supports_masking = True
        if "build" in cls.__dict__:
            cls.build = _noting_build(cls.__dict__["build"])  # type: ignore[method-assign]

    def __init__(
        self, *, activity_regularizer: Any = None, trainable: bool = True, dtype: Any = None, autocast: bool = True,
        name: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        self.name = auto_name(type(self).__name__) if name is None else str(name)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.dtype_policy = dtype_policies.get(dtype)
        if not isinstance(trainable, bool):
            raise ArgumentError(message(type(self).__name__, "True or False as trainable", repr(trainable), "Pass a bool."))
        self.autocast, self._trainable = autocast, trainable
        self._own_variables: list[Variable] = []
        self._losses: list[Any] = []
        self._lossy: list[Layer] = []  # the layers that added losses in the last call of this one
        self.path = self.name
        shape = _batch_shape(kwargs)
        if shape is not None:
            self._batch_shape = shape
        if kwargs.pop("weights", None) is not None:
            warnings.warn(f"{self.name}: the argument weights is not used; call set_weights after the layer is built", stacklevel=3)
        kwargs.pop("implementation", None)
        if kwargs:
            raise ArgumentError(message(type(self).__name__, "arguments of this layer", f"{sorted(kwargs)}", "Check their spelling."))

    # --- to be defined by layers ---

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of a shape; called once, at the first call."""
        self._build_shapes, self.built = {"input_shape": input_shape}, True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for the inputs; defined by each layer."""
        raise NotImplementedError(f"{type(self).__name__} does not define call(inputs)")

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the outputs; by default the inputs' mask."""
        return previous_mask

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs' shape for inputs of a shape (None: unknown sizes)."""
        shapes = [_symbols(a) for a in args]
        named = {k.removesuffix("_shape") if k != "input_shape" else self._call_spec_of().first: _symbols(v) for k, v in kwargs.items()}
        if not self.built:
            self._build_for((*shapes,), named)
        return map_leaves(lambda t: tuple(t.shape), infer(self.call, tuple(with_known_sizes(self.input_spec, s) for s in shapes), named))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return KerasTensors of the outputs' shapes and dtypes for symbolic inputs."""
        try:
            return infer(self._run, tuple(with_known_sizes(self.input_spec, a) for a in args[:1]) + args[1:], kwargs)
        except Exception:
            # As in Keras, a layer of the user's that says its output shape may have a `call` that only works on values.
            if type(self).compute_output_shape.__module__.startswith(f"{__package__}.") or not any_symbolic(args, kwargs):
                raise
            return self._spec_by_shape(args, kwargs)

    def _spec_by_shape(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Return KerasTensors of the shapes that `compute_output_shape` gives."""
        names = inspect.signature(self.compute_output_shape).parameters
        first, rest = self._call_spec_of().split(args, kwargs)
        shapes = {f"{self._call_spec_of().first}_shape": first, **{f"{k}_shape": v for k, v in rest.items()}}
        if len(names) == 1 or not all(n in shapes for n in names):
            found = self.compute_output_shape(_shapes_in(first))
        else:
            found = self.compute_output_shape(**{n: _shapes_in(shapes[n]) for n in names})
        return _symbols(found, self.compute_dtype)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return KerasTensors of the outputs, as `compute_output_spec`."""
        return self.compute_output_spec(*args, **kwargs)

    # --- losses ---

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or a list of them), made during `call`, to what training minimises."""
        found = [v for v in leaves(loss) if isinstance(v, Tensor) and not v.is_abstract]
        entry = engine.state.get().entry
        if found and entry is not None and not any(layer is self for layer in entry._lossy):
            # What an earlier call of another outermost layer left behind.
            self._losses = []
            entry._lossy.append(self)
        self._losses.extend(found)

    @property
    def losses(self) -> list[Any]:
        """The scalars from `add_loss`, activity regularizers (of the last call) and weight regularizers."""
        found = [v for layer in self._flatten_layers() for v in layer._losses]
        return found + [w.regularizer(w) for w in self.trainable_weights if w.regularizer is not None]

    def _clear_losses(self) -> None:
        for layer in self._lossy:
            layer._losses = []
        self._losses, self._lossy = [], []

    # --- dtypes ---

    @property
    def dtype_policy(self) -> Any:
        """The policy of dtypes; set to a policy or its name, it holds for the layer's next calls."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy, self._fast = dtype_policies.get(value), None

    @property
    def compute_dtype(self) -> str:
        """The dtype the layer computes in."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the layer's variables."""
        return self.dtype_policy.variable_dtype

    dtype = variable_dtype
    input_dtype = compute_dtype

    # --- calling ---

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._fast is not None and len(args) == 1 and not kwargs:
            x = args[0]
            if type(x) is Tensor and x.shape == self._seen_shape and x.dtype == self._fast and getattr(x, "_keras_mask", None) is None:
                now = engine.state.get()
                if now.autocast is None:
                    return self.call(x, training=now.training) if self._has_training and now.training is not None else self.call(x)
        return self._call_general(args, kwargs)

    def _call_general(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        spec = self._call_spec_of()
        args, kwargs = spec.convert(self, args, kwargs)
        if not any_symbolic(args, kwargs):
            return self._run(*args, **kwargs)
        if not self.built:
            self._build_for(args, kwargs)
        outputs = self.compute_output_spec(*args, **kwargs)
        if not any(getattr(t, "_keras_mask", None) is not None for t in leaves(outputs)):
            first, _ = spec.split(args, kwargs)
            self._set_masks(first, outputs, _masks_of(first))
        _fresh = map_leaves(lambda t: _own_symbol(t, args, kwargs), outputs)
        Node(self, args, kwargs, _fresh)
        return _fresh

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        """Do all that belongs to a call on tensors: masks, training mode, building, checks, losses."""
        spec = self._call_spec_of()
        first, rest = spec.split(args, kwargs)
        now = engine.state.get()
        training = spec.complete(first, rest, now)
        if not self.built:
            self._build_for((first,) if spec.first_given else (), rest)
        if self.input_spec is not None:
            check_inputs(self.input_spec, first, self.name)
        outputs = self._call_in_context((first, *spec.extra(args)) if spec.first_given else (), rest, now, training)
        previous = rest["mask"] if rest.get("mask") is not None else _masks_of(first)
        if self.activity_regularizer is not None:
            for out in leaves(outputs):
                self.add_loss(self.activity_regularizer(out) / (out.shape[0] or 1))
        if self.supports_masking:
            self._set_masks(first, outputs, previous)
        elif any(m is not None for m in leaves(previous)):
            _warn_lost_mask(self)
        self._seen_shape, self._fast = getattr(first, "shape", None), self._fast_dtype(spec)
        return outputs

    def _call_in_context(self, args: tuple, kwargs: dict[str, Any], now: Any, training: Any) -> Any:
        """Run `call` with what layers within inherit: the training mode, the outermost layer, the dtype to read variables in."""
        changes: dict[str, Any] = {}
        mixed = self.compute_dtype if self.compute_dtype != self.variable_dtype and self.autocast else None
        if mixed != now.autocast:
            changes["autocast"] = mixed
        if now.entry is None:
            self._clear_losses()
        if self._has_layers():
            changes["path"] = self.path
            if now.entry is None:
                changes["entry"] = self
            if training is not now.training:
                changes["training"] = training
        if not changes:
            return self.call(*args, **kwargs)
        with changed_state(**changes):
            return self.call(*args, **kwargs)

    def _fast_dtype(self, spec: CallSpec) -> str | None:
        special = self.activity_regularizer is not None or self.compute_dtype != self.variable_dtype or self._losses
        # A mask of the layer's own making is made anew at each call.
        masks = self.supports_masking and type(self).compute_mask is not Layer.compute_mask
        if special or masks or not spec.plain or not self.built or self.autocast is False or self._has_layers():
            return None
        self._has_training = spec.has_training
        return self.compute_dtype

    def _set_masks(self, inputs: Any, outputs: Any, previous: Any) -> None:
        flat = [t for t in leaves(outputs) if isinstance(t, (Tensor, KerasTensor))]
        if all(getattr(t, "_keras_mask", None) is not None for t in flat):
            return
        if type(self).compute_mask is Layer.compute_mask and all(m is None for m in leaves(previous)):
            return
        masks = self.compute_mask(inputs, previous)
        if masks is not None:
            for t, mask in zip(flat, leaves(masks)):
                if mask is not None:
                    t._keras_mask = mask

    def _call_spec_of(self) -> CallSpec:
        found = self.__dict__.get("_call_spec")
        if found is None:
            found = self._call_spec = call_spec(type(self))  # type: ignore[arg-type]
        return found

    # --- building ---

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """Build for the shapes of the arguments."""
        shapes = self._call_spec_of().build_shapes(type(self), args, kwargs, known_shape)
        now = engine.state.get()
        self._place_under(now.path)
        with changed_state(tapes=(), path=self.path, symbolic=False):
            if shapes is not None:
                self.build(**shapes)
        self.built = True

    def _place_under(self, path: str) -> None:
        """Let the paths of the weights begin with the path of the layer that builds this one."""
        if path and path != self.path and not self.path.startswith(path + "/"):
            self.path = f"{path}/{self.name}"

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes the layer was built for."""
        shapes = self._build_shapes
        if shapes is None:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": shapes}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build for the shapes of `get_build_config`."""
        if config.get("shapes_dict"):
            self.build(**{k: _as_shape(v) for k, v in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None:
            self.build(_as_shape(config["input_shape"]))
        self.built = True

    # --- configs ---

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs: name, trainable, dtype and the constructor's arguments."""
        base = {"name": self.name, "trainable": self.trainable, "dtype": dtype_policies.serialize(self.dtype_policy)}
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return {**base, **generic_config(self, Layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer of a config; raise ConfigError, also a TypeError, if its arguments are not those of the layer."""
        try:
            return cls(**config)
        except Exception as error:
            wanted = f"a config that makes a {cls.__name__}"
            raise ConfigError(message(f"{cls.__name__}.from_config", wanted, f"{config}"[:300], f"{error}")) from error

    # --- functional use ---

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """Return (outputs, new non-trainable values[, losses]) for given values of the variables, which keep their own.

        The values may be tensors that a tape watches. Raises ArgumentError if their numbers are not those of the variables.
        """
        own = [self.trainable_variables, self.non_trainable_variables]
        for name, variables, values in zip(("trainable", "non-trainable"), own, (trainable_variables, non_trainable_variables)):
            if len(variables) != len(values):
                raise ArgumentError(
                    message(f"{self.name}.stateless_call", f"{len(variables)} {name} values", len(values), "Build the layer first.")
                )
        values = [*trainable_variables, *non_trainable_variables]
        with StatelessScope(list(zip([*own[0], *own[1]], values))):
            outputs = self(*args, **kwargs)
            result: tuple = (outputs, [v._value for v in own[1]])
            return (*result, self.losses) if return_losses else result

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _noting_build(build: Any) -> Any:
    """Wrap a `build` so that the layer knows its shapes and that it is built; the outermost of several builds decides."""
    signature = inspect.signature(build)

    @wraps(build)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        shapes = {k: v for k, v in list(bound.arguments.items())[1:] if v is not None and k not in ("args", "kwargs")}
        self._place_under(engine.state.get().path)
        with changed_state(tapes=(), path=self.path, symbolic=False):
            build(self, *args, **kwargs)
        self._build_shapes = shapes or None
        self.built = True

    return noted


def _masks_of(inputs: Any) -> Any:
    return map_leaves(lambda t: getattr(t, "_keras_mask", None), inputs)


def _own_symbol(t: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Return a KerasTensor of this call's own for an output that is one of its inputs."""
    if not isinstance(t, KerasTensor) or t.keras_history is None:
        return t
    twin = KerasTensor(t.shape, t.dtype)
    if getattr(t, "_keras_mask", None) is not None:
        twin._keras_mask = t._keras_mask
    return twin


_warned: set[int] = set()


def _warn_lost_mask(layer: Layer) -> None:
    if id(type(layer)) not in _warned:
        _warned.add(id(type(layer)))
        warnings.warn(f"{layer.name}: {type(layer).__name__} does not support masking, the mask of its input ends here", stacklevel=4)


def cast_inputs(layer: Layer, value: Any) -> Any:
    """Return a call's argument as the layer computes with it: arrays as tensors, floats in the compute dtype."""
    kind = type(value)
    if kind is Tensor or kind is KerasTensor:
        if (
            layer.autocast
            and value.dtype != layer.compute_dtype
            and dtype_table.is_float(value.dtype)
            and dtype_table.is_float(layer.compute_dtype)
        ):
            mask = getattr(value, "_keras_mask", None)
            value = op("cast")(value, layer.compute_dtype)
            if mask is not None:
                value._keras_mask = mask
        return value
    if isinstance(value, Variable):
        return cast_inputs(layer, value.value)
    if hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
        return cast_inputs(layer, as_tensor(value, layer.name))
    return value


__all__ = ["InputSpec", "Layer", "cast_inputs", "is_layer"]
