"""Activation functions by Keras's names and arguments, and how a name or config becomes one. What they compute stands in `ops`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from .errors import ArgumentError, message
from .serialization import deserialize_keras_object, get_registered_object, serialize_keras_object
from .symbolic import KerasTensor
from .tensor import as_tensor, op


def linear(x: Any) -> Any:
    """Return x as it is."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Return x from `threshold` on and at most `max_value`; below, negative_slope * (x - threshold). keras.activations.relu.

    >>> import tensorweb as tw
    >>> tw.activations.relu(tw.tensor([-2.0, 1.0, 9.0]), negative_slope=0.5, max_value=5.0).tolist()
    [-1.0, 1.0, 5.0]
    """
    if not negative_slope and not threshold and max_value in (None, 6):
        return op("relu" if max_value is None else "relu6")(x)
    if max_value is None and not threshold:
        return op("leaky_relu")(x, negative_slope)
    x = x if isinstance(x, KerasTensor) else as_tensor(x, "relu")
    kept = op("where")(x > threshold, x, 0) if threshold else op("relu")(x)
    if max_value is not None:
        kept = op("clip")(kept, 0.0, max_value)
    return kept - negative_slope * op("relu")(threshold - x) if negative_slope else kept


def gelu(x: Any, approximate: bool = False) -> Any:
    """Return x times the normal distribution's cumulative function, exactly unless `approximate`. keras.activations.gelu."""
    return op("gelu")(x, approximate=approximate)


def mish(x: Any) -> Any:
    """Return x * tanh(softplus(x)) (Misra, 2019). keras.activations.mish."""
    return op("multiply")(x, op("tanh")(op("softplus")(x)))


def _of_op(name: str, op_name: str | None = None) -> Callable[..., Any]:
    """Return the activation function that is an op: of its own, so that configs name it as keras.activations has it."""
    compute = op(op_name or name)

    def call(*args: Any, **kwargs: Any) -> Any:
        return compute(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__, call.__signature__ = compute.__doc__, inspect.signature(compute)  # type: ignore[attr-defined]
    return call


celu, elu, selu, leaky_relu, relu6 = _of_op("celu"), _of_op("elu"), _of_op("selu"), _of_op("leaky_relu"), _of_op("relu6")
sigmoid, log_sigmoid, hard_sigmoid, sparse_sigmoid = map(_of_op, ("sigmoid", "log_sigmoid", "hard_sigmoid", "sparse_sigmoid"))
tanh, tanh_shrink, hard_tanh, exponential = _of_op("tanh"), _of_op("tanh_shrink"), _of_op("hard_tanh"), _of_op("exponential", "exp")
softmax, log_softmax, sparsemax, glu = _of_op("softmax"), _of_op("log_softmax"), _of_op("sparsemax"), _of_op("glu")
softplus, softsign, squareplus, sparse_plus = _of_op("softplus"), _of_op("softsign"), _of_op("squareplus"), _of_op("sparse_plus")
threshold, hard_shrink, soft_shrink = _of_op("threshold"), _of_op("hard_shrink"), _of_op("soft_shrink")
silu = swish = _of_op("silu")
hard_silu = hard_swish = _of_op("hard_silu")


def _keras2_hard_sigmoid(x: Any) -> Any:
    """Return 0.2 * x + 0.5 bounded to [0, 1]: what files of Keras 2 and TensorFlow.js mean by hard_sigmoid."""
    return op("clip")(op("add")(op("multiply")(x, 0.2), 0.5), 0.0, 1.0)


_FUNCTIONS = (
    celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear, log_sigmoid, log_softmax, mish,
    relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh,
    tanh_shrink, threshold,
)  # fmt: skip
_OBJECTS: dict[str, Any] = {f.__name__: f for f in _FUNCTIONS} | {"swish": silu, "hard_swish": hard_silu}
# A model of a Keras 2 file can be saved and loaded again.
_OBJECTS["_keras2_hard_sigmoid"] = _keras2_hard_sigmoid


def serialize(activation: Any) -> Any:
    """Return the name of an activation function of ours, the registered name's config for others, the config of an object.

    >>> import tensorweb as tw
    >>> tw.activations.serialize(tw.activations.relu)
    'relu'
    """
    config = serialize_keras_object(activation)
    if isinstance(activation, FunctionType) and isinstance(config, dict) and config.get("config") in list(_OBJECTS):
        return config["config"]
    if not isinstance(config, dict) or "config" not in config:
        raise ArgumentError(message("activations.serialize", "an activation function", repr(activation), "Register it to save it."))
    return config


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the activation function or object of a name or config."""
    return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_OBJECTS)


def get(identifier: Any) -> Any:
    """Return the activation that a name, a config or a callable means; `linear` for None.

    Raises ArgumentError for a name that nothing has.

    >>> import tensorweb as tw
    >>> tw.activations.get(None)(3.0), tw.activations.get("tanh")(0.0).item()
    (3.0, 0.0)
    """
    if identifier is None:
        return linear
    found = identifier
    if isinstance(identifier, dict):
        found = deserialize(identifier)
    elif isinstance(identifier, str):
        found = _OBJECTS.get(identifier) or get_registered_object(identifier)
    if callable(found):
        return found
    import difflib

    near = difflib.get_close_matches(str(identifier), _OBJECTS, 3)
    advice = f"Did you mean {', '.join(near)}?" if near else "Pass a function, or register it by name."
    raise ArgumentError(message("activations.get", "the name of an activation function", repr(identifier)[:80], advice))
