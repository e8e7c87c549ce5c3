"""Losses of classes: hinges, cross-entropies, focal and generalized ones, CTC. Functions only."""

from __future__ import annotations

import struct
import warnings
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..numerics import epsilon
from ..ops.losses import softplus
from ..shapes import normalize_axis
from ..tensor import op, tensor
from .loss import set_mask
from .regression import mean, pair, rows

# --- hinges -----------------------------------------------------------------------------------------------------------------


def _signed(t: Any) -> Any:
    """Return labels as -1 and 1 if they are all 0 or 1, as they are otherwise."""
    binary = op("all")(op("logical_or")(op("equal")(t, 0), op("equal")(t, 1)))
    return op("where")(binary, 2.0 * t - 1.0, t)


def _hinge(t: Any, x: Any) -> Any:
    return mean(e.maximum(1.0 - t * x, 0.0))


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return mean(max(1 - y_true * y_pred, 0)) along the last axis; labels that are all 0 or 1 are taken as -1 and 1."""
    t, x = pair(y_true, y_pred)
    return rows(_hinge, (_signed(t), x))


def _squared_hinge(t: Any, x: Any) -> Any:
    h = e.maximum(1.0 - t * x, 0.0)
    return mean(h * h)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return mean(max(1 - y_true * y_pred, 0)**2) along the last axis; labels that are all 0 or 1 are taken as -1 and 1."""
    t, x = pair(y_true, y_pred)
    return rows(_squared_hinge, (_signed(t), x))


def _categorical_hinge(t: Any, x: Any) -> Any:
    return e.maximum(reduce.max((1.0 - t) * x) - reduce.sum(t * x) + 1.0, 0.0)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return max(max((1 - y_true) * y_pred) - sum(y_true * y_pred) + 1, 0) along the last axis, for one-hot y_true."""
    return rows(_categorical_hinge, pair(y_true, y_pred))


# --- cross-entropies --------------------------------------------------------------------------------------------------------


def _several_classes(where: str, x: Any) -> None:
    """Warn where there is one class only: then its probability is 1 whatever the model does."""
    if len(x.shape) > 1 and x.shape[-1] == 1:
        text = f"{where}: expected several classes along the last axis, got shape {x.shape}; use binary_crossentropy"
        warnings.warn(text, SyntaxWarning, stacklevel=3)


def _smoothed(t: Any, smoothing: float, classes: int) -> Any:
    """Return targets moved towards 1 / classes."""
    return t if not smoothing else t * (1.0 - smoothing) + smoothing / classes


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    """Return -sum(y_true * log(y_pred)) along `axis`, for one-hot or soft y_true of y_pred's shape.

    y_pred: probabilities, or logits with `from_logits`. `label_smoothing` in [0, 1] mixes uniform labels in. Raises ShapeError.

    >>> import tensorweb as tw
    >>> tw.losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).shape
    (1,)
    """
    t, x = pair(y_true, y_pred)
    _several_classes("categorical_crossentropy", x)
    t = _smoothed(t, label_smoothing, x.shape[-1] if x.shape else 1)
    return op("categorical_crossentropy")(t, x, from_logits=from_logits, axis=axis)


def _categorical_focal(t: Any, p: Any, alpha: Any, gamma: Any, eps: float) -> Any:
    p = e.minimum(e.maximum(p / reduce.sum(p), eps), 1.0 - eps)
    return -reduce.sum(alpha * (1.0 - p) ** gamma * t * e.log(p))


def categorical_focal_crossentropy(
    y_true: Any, y_pred: Any, alpha: Any = 0.25, gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return -sum(alpha * (1 - y_pred)**gamma * y_true * log(y_pred)) along `axis`, for one-hot y_true.

    alpha: the weight of all classes, or one for each of the last axis; gamma: how much easy samples count less. Source: Lin et al.
    2018, https://arxiv.org/abs/1708.02002.
    """
    t, x = pair(y_true, y_pred)
    _several_classes("categorical_focal_crossentropy", x)
    t = _smoothed(t, label_smoothing, x.shape[-1])
    p = op("softmax")(x, axis=axis) if from_logits else x
    weight = float(alpha) if isinstance(alpha, (int, float)) else tensor(alpha, dtype=x.dtype)
    return rows(_categorical_focal, (t, p, weight, float(gamma)), axis, (("eps", epsilon()),))


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Return -log of the probability that y_pred gives, along `axis`, to each class index in y_true.

    y_true: y_pred's shape without that axis, or with size 1 there. Labels equal to `ignore_class` give 0 and are left out of means.
    """
    x = tensor(y_pred)
    labels = tensor(y_true)
    at = normalize_axis(axis, len(x.shape), "sparse_categorical_crossentropy")
    if len(labels.shape) == len(x.shape) and labels.shape[at] == 1:
        labels = op("squeeze")(labels, at)
    labels = op("cast")(labels, "int32")
    if ignore_class is None:
        return op("sparse_categorical_crossentropy")(labels, x, from_logits=from_logits, axis=axis)
    valid = op("not_equal")(labels, ignore_class)
    losses = op("sparse_categorical_crossentropy")(op("where")(valid, labels, 0), x, from_logits=from_logits, axis=axis)
    return set_mask(op("where")(valid, losses, 0.0), valid)


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    """Return the mean along `axis` of -y_true * log(y_pred) - (1 - y_true) * log(1 - y_pred).

    y_pred: probabilities, or logits with `from_logits`; `label_smoothing` in [0, 1] moves labels towards 1/2. Raises ShapeError.
    """
    t, x = _same_shape("binary_crossentropy", y_true, y_pred)
    return rows(_binary, (_smoothed(t, label_smoothing, 2), x), axis, (("logits", bool(from_logits)), ("eps", epsilon())))


def _same_shape(where: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    t, x = pair(y_true, y_pred)
    if t.shape != x.shape:
        raise ShapeError(message(where, "y_true and y_pred of one shape", f"{t.shape} and {x.shape}", "Reshape one of them."))
    return t, x


def _binary_losses(t: Any, x: Any, logits: bool, eps: float) -> Any:
    if logits:
        return softplus(x) - x * t
    # The least distance from 1 is what float32 leaves of eps there, 2**-23 and not 1e-7, on devices of other precision too.
    (least,) = struct.unpack("f", struct.pack("f", 1.0 - eps))
    p, rest = e.minimum(e.maximum(x, eps), 1.0 - eps), e.minimum(e.maximum(1.0 - x, 1.0 - least), 1.0 - eps)
    return -(t * e.log(p) + (1.0 - t) * e.log(rest))


def _binary(t: Any, x: Any, logits: bool, eps: float) -> Any:
    return mean(_binary_losses(t, x, logits, eps))


def _binary_focal(t: Any, x: Any, alpha: float, gamma: float, balanced: bool, logits: bool, eps: float) -> Any:
    p = op("sigmoid")(x) if logits else x
    right = t * p + (1.0 - t) * (1.0 - p)
    losses = (1.0 - right) ** gamma * _binary_losses(t, x, logits, eps)
    return mean(losses * (t * alpha + (1.0 - t) * (1.0 - alpha)) if balanced else losses)


def binary_focal_crossentropy(
    y_true: Any, y_pred: Any, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False,
    label_smoothing: float = 0.0, axis: int = -1,
) -> Any:  # fmt: skip
    """Return the mean along `axis` of binary cross-entropies times (1 - the probability of the right class)**gamma.

    With `apply_class_balancing` class 1 has the weight alpha and class 0 has 1 - alpha. Source: Lin et al. 2018,
    https://arxiv.org/abs/1708.02002.
    """
    t, x = _same_shape("binary_focal_crossentropy", y_true, y_pred)
    attrs = (
        ("alpha", float(alpha)), ("gamma", float(gamma)), ("balanced", bool(apply_class_balancing)), ("logits", bool(from_logits)),
        ("eps", epsilon()),
    )  # fmt: skip
    return rows(_binary_focal, (_smoothed(t, label_smoothing, 2), x), axis, attrs)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """Return (1 - p**q) / q of the probability p that y_pred [..., classes] gives to each class index in y_true [...] or [..., 1].

    q in (0, 1): towards 0 it is the cross-entropy, towards 1 the absolute error. Source: Zhang, Sabuncu 2018,
    https://arxiv.org/abs/1805.07836. Raises ArgumentError.
    """
    check_q(q)
    x = tensor(y_pred)
    labels = op("cast")(tensor(y_true), "int32")
    if len(labels.shape) == len(x.shape) and labels.shape[-1] == 1:
        labels = op("squeeze")(labels, -1)
    picked = op("sum")(op("one_hot")(labels, x.shape[-1], dtype=x.dtype) * x, axis=-1)
    return (1.0 - picked**q) / q


def crossentropy(y_true: Any, y_pred: Any) -> Any:
    """Return the cross-entropy that fits the shapes: binary for one output, sparse for class indices, categorical otherwise.

    This is what the name "crossentropy" means where a model is compiled.
    """
    t, x = tensor(y_true), tensor(y_pred)
    if x.shape[-1:] in ((), (1,)):
        return binary_crossentropy(t, x)
    if len(t.shape) < len(x.shape) or t.shape[-1] == 1:
        return sparse_categorical_crossentropy(t, x)
    return categorical_crossentropy(t, x)


def check_q(q: float) -> None:
    """Raise ArgumentError unless q lies within (0, 1)."""
    if not 0 < q < 1:
        raise ArgumentError(message("categorical_generalized_cross_entropy", "q within (0, 1)", q, "Use 0.5 or 0.7."))


def ctc(y_true: Any, y_pred: Any) -> Any:
    """Return the CTC loss of each sequence: y_true [batch, labels] of class indices padded by the blank 0, y_pred logits
    [batch, frames, classes]. Raises ShapeError."""
    labels, x = op("cast")(tensor(y_true), "int32"), tensor(y_pred)
    if len(x.shape) != 3:
        raise ShapeError(message("ctc", "logits of shape [batch, frames, classes]", x.shape, "Do not reduce them over frames."))
    batch, frames, _ = x.shape
    lengths = op("sum")(op("cast")(op("not_equal")(labels, 0), "int32"), axis=-1)
    return op("ctc_loss")(labels, x, lengths, op("full")((batch,), frames, dtype="int32"))
