"""The loss classes: each wraps a function, with the signature, the default name and the config that Keras gives it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .. import serialization
from . import classification as c
from . import regression as r
from . import similarity as s
from .loss import Loss, align_ranks


class LossFunctionWrapper(Loss):
    """A loss of a function (y_true, y_pred, **kwargs) that returns the loss of each sample."""

    def __init__(
        self, fn: Callable[..., Any], reduction: Any = "sum_over_batch_size", name: str | None = None, dtype: Any = None, **kwargs: Any
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn, self._fn_kwargs = fn, kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if hasattr(y_true, "shape") and hasattr(y_pred, "shape"):
            y_true, y_pred = align_ranks(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        kwargs = {k: serialization.serialize_keras_object(v) for k, v in self._fn_kwargs.items()}
        return {**super().get_config(), "fn": serialization.serialize_keras_object(self.fn), **kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        if "fn" in config:
            config = serialization.deserialize_keras_object(dict(config))
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.fn}, kwargs={self._fn_kwargs})>"


_COMMON = {"reduction": "sum_over_batch_size", "name": None, "dtype": None}


def _wraps(
    class_name: str, fn: Callable[..., Any], order: str = "", saved: str | None = None, check: Callable[[dict], None] | None = None,
    **defaults: Any,
) -> Any:  # fmt: skip
    """Return the class of a loss function.

    `defaults`: the function's parameters; `order`: all parameters, unless the common ones come last. `saved` names what its config
    holds beside name and reduction (None: all that the function takes); `check` raises for wrong values.
    """
    kept = tuple(k for k in defaults if k not in _COMMON) if saved is None else tuple(saved.split())
    defaults = {**defaults, **{k: v for k, v in _COMMON.items() if k not in defaults}}
    defaults["name"] = defaults["name"] or fn.__name__
    names = order.split() or list(defaults)
    signature = inspect.Signature([inspect.Parameter(k, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=defaults[k]) for k in names])

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if check is not None:
            check(bound.arguments)
        LossFunctionWrapper.__init__(self, fn, **bound.arguments)
        for k, v in self._fn_kwargs.items():
            setattr(self, k, v)

    def get_config(self: Any) -> dict[str, Any]:
        return {**Loss.get_config(self), **{k: self._fn_kwargs[k] for k in kept}}

    text = f"The loss of `{fn.__name__}` as an object, with a reduction. Keras's {class_name}.\n\n    {fn.__doc__}"
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = signature.replace(parameters=[me, *signature.parameters.values()])  # type: ignore[attr-defined]
    __init__.__qualname__ = f"{class_name}.__init__"
    members = {"__init__": __init__, "get_config": get_config, "__module__": __name__, "__doc__": text.partition(">>>")[0].rstrip()}
    return type(class_name, (LossFunctionWrapper,), members)


MeanSquaredError = _wraps("MeanSquaredError", r.mean_squared_error)
MeanAbsoluteError = _wraps("MeanAbsoluteError", r.mean_absolute_error)
MeanAbsolutePercentageError = _wraps("MeanAbsolutePercentageError", r.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _wraps("MeanSquaredLogarithmicError", r.mean_squared_logarithmic_error)
# Keras leaves the axis of cosine and sparse losses and the delta of Huber out of their configs.
CosineSimilarity = _wraps("CosineSimilarity", r.cosine_similarity, saved="", axis=-1)
Huber = _wraps("Huber", r.huber, "delta reduction name dtype", saved="", delta=1.0, name="huber_loss")
LogCosh = _wraps("LogCosh", r.log_cosh)
KLDivergence = _wraps("KLDivergence", r.kl_divergence)
Poisson = _wraps("Poisson", r.poisson)
Hinge = _wraps("Hinge", c.hinge)
SquaredHinge = _wraps("SquaredHinge", c.squared_hinge)
CategoricalHinge = _wraps("CategoricalHinge", c.categorical_hinge)
BinaryCrossentropy = _wraps("BinaryCrossentropy", c.binary_crossentropy, from_logits=False, label_smoothing=0.0, axis=-1)
BinaryFocalCrossentropy = _wraps(
    "BinaryFocalCrossentropy", c.binary_focal_crossentropy,
    apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1,
)  # fmt: skip
CategoricalCrossentropy = _wraps("CategoricalCrossentropy", c.categorical_crossentropy, from_logits=False, label_smoothing=0.0, axis=-1)
CategoricalFocalCrossentropy = _wraps(
    "CategoricalFocalCrossentropy", c.categorical_focal_crossentropy, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
)
SparseCategoricalCrossentropy = _wraps(
    "SparseCategoricalCrossentropy", c.sparse_categorical_crossentropy, "from_logits ignore_class reduction axis name dtype",
    saved="from_logits ignore_class", from_logits=False, ignore_class=None, axis=-1,
)  # fmt: skip
CategoricalGeneralizedCrossEntropy = _wraps(
    "CategoricalGeneralizedCrossEntropy", c.categorical_generalized_cross_entropy, check=lambda given: c.check_q(given["q"]), q=0.5
)
CTC = _wraps("CTC", c.ctc)
Dice = _wraps("Dice", s.dice, "reduction name axis dtype", axis=None)
Tversky = _wraps("Tversky", s.tversky, "alpha beta reduction name axis dtype", alpha=0.5, beta=0.5, axis=None)
Circle = _wraps("Circle", s.circle, gamma=80.0, margin=0.4, remove_diagonal=True)
