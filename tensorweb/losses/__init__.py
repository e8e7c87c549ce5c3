"""Losses, by Keras's names: functions that give the loss of each sample, and classes that weigh, mask and reduce them."""

from __future__ import annotations

from typing import Any

from .. import serialization as _serialization
from .classes import (
    CTC,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Circle,
    CosineSimilarity,
    Dice,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    LossFunctionWrapper,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Tversky,
)  # fmt: skip
from .classification import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    ctc,
    hinge,
    sparse_categorical_crossentropy,
    squared_hinge,
)  # fmt: skip
from .classification import crossentropy as _crossentropy
from .loss import Loss
from .regression import (
    cosine_similarity,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
)  # fmt: skip
from .similarity import circle, dice, tversky

__all__ = [
    "CTC", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle", "CosineSimilarity", "Dice", "Hinge", "Huber", "KLDivergence",
    "LogCosh", "Loss", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky", "binary_crossentropy", "binary_focal_crossentropy",
    "categorical_crossentropy", "categorical_focal_crossentropy", "categorical_generalized_cross_entropy", "categorical_hinge", "circle",
    "cosine_similarity", "ctc", "deserialize", "dice", "get", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error", "poisson", "serialize",
    "sparse_categorical_crossentropy", "squared_hinge", "tversky",
]  # fmt: skip

_OBJECTS = {name: globals()[name] for name in __all__ if name in globals()}
_OBJECTS |= {"LossFunctionWrapper": LossFunctionWrapper, "crossentropy": _crossentropy}
# The short names of Keras 3, then those of Keras 2 and TensorFlow.js that no change of case gives.
_ALIASES = {
    "bce": "binary_crossentropy", "kld": "kl_divergence", "mae": "mean_absolute_error", "mse": "mean_squared_error",
    "ce": "crossentropy",
    "mape": "mean_absolute_percentage_error", "msle": "mean_squared_logarithmic_error",
    "cosine": "cosine_similarity", "cosine_proximity": "cosine_similarity", "cosineproximity": "cosine_similarity",
    "huber_loss": "huber", "logcosh": "log_cosh", "kullback_leibler_divergence": "kl_divergence",
    "kullbackleiblerdivergence": "kl_divergence",
}  # fmt: skip


def serialize(loss: Any) -> Any:
    """Return the config of a loss or loss function."""
    return _serialization.serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the loss or loss function of a config or name."""
    return _serialization.deserialize_keras_object(name, custom_objects=custom_objects, module_objects=_OBJECTS)


def get(identifier: Any) -> Any:
    """Return the loss that `identifier` means: None, a name ("mse", "MeanSquaredError"), a config, a loss, a function or class.

    A function's name gives the function, a class's name an instance. Raises ArgumentError.

    >>> import tensorweb as tw
    >>> tw.losses.get("mse").__name__
    'mean_squared_error'
    """
    return _serialization.get_object(identifier, "losses", "a loss", _OBJECTS, _ALIASES)
