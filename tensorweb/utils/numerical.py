"""Arrays made ready for training: labels as one-hot rows, vectors of length 1."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..errors import DTypeError, IndexRangeError, ShapeError, message
from ..tensor import Operators, Tensor, as_tensor, op


def to_categorical(x: Any, num_classes: int | None = None) -> Tensor:
    """Return class numbers as one-hot rows, float32 [..., num_classes]; a last axis of size 1 goes away. Keras's function.

    Without num_classes it is the largest number plus 1. Numbers are cut to ints. In a list or array negative ones count
    from the last class and one that is too large raises IndexRangeError; in a tensor both give rows of zeros.

    >>> import tensorweb as tw
    >>> tw.utils.to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    where = "to_categorical"
    labels = as_tensor(x, where)
    if dtypes.kind(labels.dtype) not in "bif":
        raise DTypeError(message(where, "class numbers", f"dtype {labels.dtype}", "Number the classes first."))
    labels = op("cast")(labels, "int32")
    if len(labels.shape) > 1 and labels.shape[-1] == 1:
        labels = op("reshape")(labels, labels.shape[:-1])
    if not labels.size and not num_classes:
        raise ShapeError(message(where, "labels or num_classes", "neither", "Pass num_classes."))
    if not num_classes:
        num_classes = int(op("max")(labels)) + 1
    if not isinstance(x, Operators) and labels.size:
        low, high = int(op("min")(labels)), int(op("max")(labels))
        if high >= num_classes or low < -num_classes:
            wrong = high if high >= num_classes else low
            raise IndexRangeError(message(where, f"class numbers below num_classes={num_classes}", wrong, "Enlarge num_classes."))
        labels = op("where")(labels < 0, labels + num_classes, labels) if low < 0 else labels
    return op("one_hot")(labels, int(num_classes), dtype="float32")


def normalize(x: Any, axis: int = -1, order: Any = 2) -> Tensor:
    """Return x divided by its norms of `order` along `axis`; where a norm is 0 the values stay 0. Keras's function.

    >>> import tensorweb as tw
    >>> tw.utils.normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    values = as_tensor(x, "normalize")
    values = values if dtypes.is_float(values.dtype) else op("cast")(values, "float32")
    norms = op("norm")(values, ord=order, axis=-1 if axis is None else axis, keepdims=True)
    return values / op("where")(norms == 0, 1.0, norms)
