"""Initializers give weights their first values: Keras's classes, its second names for them, and how a name or config becomes one."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError, message
from ..naming import to_snake_case
from ..serialization import deserialize_keras_object, get_object, serialize_keras_object
from ..shapes import as_shape
from ..tensor import Operators, as_tensor, op
from .base import Initializer, result_dtype
from .constant import STFT, Constant, Identity, Ones, Zeros
from .random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

# Keras's second names.
constant, zeros, ones = Constant, Zeros, Ones
identity = IdentityInitializer = Identity
stft = STFTInitializer = STFT
orthogonal = OrthogonalInitializer = Orthogonal
random_normal, truncated_normal, random_uniform, variance_scaling = RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling
glorot_uniform, glorot_normal, lecun_uniform, lecun_normal = GlorotUniform, GlorotNormal, LecunUniform, LecunNormal
he_uniform, he_normal = HeUniform, HeNormal

_CLASSES = (
    Initializer, Constant, Identity, Ones, STFT, Zeros, GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform,
    Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling,
)  # fmt: skip
_OBJECTS: dict[str, Any] = {n: c for c in _CLASSES for n in (c.__name__, to_snake_case(c.__name__))}
# Names that configs and `get` know beside the spellings of the classes' own; LeCun is TensorFlow.js's spelling.
_OBJECTS |= {
    "IdentityInitializer": Identity, "STFTInitializer": STFT, "OrthogonalInitializer": Orthogonal, "normal": RandomNormal,
    "uniform": RandomUniform, "one": Ones, "zero": Zeros, "LeCunNormal": LecunNormal, "LeCunUniform": LecunUniform,
}  # fmt: skip


def serialize(initializer: Any) -> Any:
    """Return the config of an initializer."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the initializer of a config."""
    return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_OBJECTS)


def get(identifier: Any) -> Any:
    """Return the initializer that a name, a config, a class, a function (shape, dtype) or an array of values means; None for None.

    Raises ArgumentError for a name that nothing has.

    >>> import tensorweb as tw
    >>> tw.initializers.get("he_normal").scale
    2.0
    """
    is_array = isinstance(identifier, Operators) or (hasattr(identifier, "__array__") and not isinstance(identifier, type))
    return _giving(identifier) if is_array else get_object(identifier, "initializers", "an initializer", _OBJECTS)


def _giving(values: Any) -> Any:
    """Return the initializer that gives these values, for weights of their shape only."""

    def given_values(shape: Any, dtype: Any = None) -> Any:
        made = as_tensor(values, "initializer")
        if as_shape(shape, "initializer") != made.shape:
            advice = f"Expected `shape` to be {made.shape}, the shape of the values given as initializer."
            raise ShapeError(message("initializer", f"shape {made.shape}", tuple(as_shape(shape)), advice))
        return op("cast")(made, result_dtype(dtype))

    return given_values
