"""`Loss`, the base of all losses, and the reduction of single losses with weights and masks. The losses themselves are beside this."""

from __future__ import annotations

from typing import Any

from .. import dtype_policies
from ..autodiff import leaves, map_leaves
from ..errors import ArgumentError, message
from ..naming import auto_name
from ..tensor import op, tensor

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def mask_of(x: Any) -> Any:
    """Return the mask that layers left on a tensor, or None."""
    return getattr(x, "_keras_mask", None)


def set_mask(x: Any, mask: Any) -> Any:
    """Return `x` with a mask on it that losses and metrics will see."""
    x._keras_mask = mask
    return x


def policy_dtype(dtype: Any) -> str:
    """Return the dtype that a loss or metric computes in: floatx for None, a policy's compute dtype, or the dtype itself."""
    return dtype_policies.get(dtype or dtype_policies.floatx()).compute_dtype


def to_tensors(value: Any, dtype: Any) -> Any:
    """Return a tensor of `dtype`, or the same nesting of tensors where `value` nests arrays or tensors or is a dict."""
    nested = isinstance(value, dict) or (isinstance(value, (list, tuple)) and any(hasattr(v, "shape") for v in leaves(value)))
    return map_leaves(lambda v: tensor(v, dtype=dtype), value) if nested else tensor(value, dtype=dtype)


# --- reduction --------------------------------------------------------------------------------------------------------------


def check_reduction(reduction: Any, where: str) -> Any:
    """Return a reduction if there is such a one; raise ArgumentError otherwise."""
    if reduction not in REDUCTIONS:
        raise ArgumentError(message(where, f"a reduction of {REDUCTIONS}", repr(reduction), "Use sum_over_batch_size for a mean."))
    return reduction


def align_ranks(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Return both with one rank where they differ by a last axis of size 1: a vector gets one, otherwise the longer loses it."""
    if len(x1.shape) < len(x2.shape):
        x2, x1 = align_ranks(x2, x1)
        return x1, x2
    if len(x1.shape) == len(x2.shape) + 1 and x1.shape[-1] == 1:
        if len(x2.shape) == 1:
            return x1, op("expand_dims")(x2, -1)
        return op("squeeze")(x1, -1), x2
    return x1, x2


def masked_weights(weights: Any, mask: Any, dtype: Any, reduction: Any) -> Any:
    """Return sample weights (or None) with a mask in them; where a mean follows, they make it the mean over what the mask keeps."""
    if mask is None:
        return weights
    mask = tensor(mask)
    kept = op("cast")(op("cast")(mask, "bool"), dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        kept = kept * op("divide_no_nan")(float(kept.size), op("sum")(kept))
    if weights is None:
        return kept
    kept, weights = align_ranks(kept, tensor(weights, dtype=dtype))
    return kept * weights


def reduce_losses(losses: Any, sample_weight: Any, mask: Any, reduction: Any, dtype: Any) -> Any:
    """Return single losses times their weights, reduced; a scalar or an empty vector is not reduced further."""
    losses = tensor(losses, dtype=dtype)
    weights = None if sample_weight is None else tensor(sample_weight, dtype=losses.dtype)
    weights = masked_weights(weights, mask, losses.dtype, reduction)
    if weights is not None:
        losses, weights = align_ranks(losses, weights)
        losses = losses * weights
    if reduction in (None, "none") or losses.shape in ((), (0,)):
        return losses
    total = op("sum")(losses)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weights is not None:
        return op("divide_no_nan")(total, op("sum")(weights))
    return op("divide_no_nan")(total, float(losses.size))


# --- losses -----------------------------------------------------------------------------------------------------------------


class Loss:
    """Base of losses: subclasses define `call(y_true, y_pred)`, which returns the loss of each sample. Keras's Loss.

    Calling it takes `sample_weight` and returns the losses reduced by `reduction`: "sum_over_batch_size" or "mean", "sum",
    "mean_with_sample_weight", "none" or None. A mask on y_pred (or on what `call` returns) leaves samples out.

    >>> import tensorweb as tw
    >>> class Cubic(tw.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return tw.ops.mean((y_true - y_pred) ** 3, axis=-1)
    >>> Cubic()([[1.0, 2.0]], [[0.0, 0.0]]).item()
    4.5
    """

    def __init__(self, name: str | None = None, reduction: Any = "sum_over_batch_size", dtype: Any = None):
        self.name = name or auto_name(type(self).__name__)
        self.reduction = check_reduction(reduction, self.name)
        self._dtype = policy_dtype(dtype)

    @property
    def dtype(self) -> str:
        """The dtype in which the loss is computed."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        mask = mask_of(y_pred)
        losses = self.call(to_tensors(y_true, self.dtype), to_tensors(y_pred, self.dtype))
        found = mask_of(losses)
        if found is not None:
            mask = found if mask is None else op("logical_and")(mask, found)
        return reduce_losses(losses, sample_weight, mask, self.reduction, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample."""
        raise NotImplementedError(message(type(self).__name__, "a loss with a method call", "none", "Define call(self, y_true, y_pred)."))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Return a loss of a config."""
        return cls(**config)
