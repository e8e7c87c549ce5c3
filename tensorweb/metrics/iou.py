"""Intersection over union of predicted and true classes, from a confusion matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, message
from ..tensor import op, tensor
from .counts import confusion_matrix
from .metric import Metric


class IoU(Metric):
    """The mean over `target_class_ids` of tp / (tp + fp + fn).

    y_true, y_pred: class indices (`sparse_y_true`, `sparse_y_pred`) or scores whose argmax along `axis` counts; `ignore_class`: pairs
    with this label do not count. The matrix is int unless `dtype` says otherwise, as in Keras: fractional weights need "float32".
    Raises ArgumentError.

    >>> import tensorweb as tw
    >>> round(tw.metrics.IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]).item(), 4)
    0.3333
    """

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
        ignore_class: int | None = None, sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1,
    ):  # fmt: skip
        super().__init__(name=name, dtype=dtype or "int32")
        self._direction = "up"
        self._config_dtype = dtype or "int64"
        wrong = [c for c in target_class_ids if c >= num_classes]
        if wrong:
            raise ArgumentError(message("IoU", f"target_class_ids below {num_classes}", wrong, "Count classes from 0."))
        self.num_classes, self.target_class_ids, self.ignore_class = num_classes, list(target_class_ids), ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_cm = self.add_variable((num_classes, num_classes), "zeros", name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, x = tensor(y_true), tensor(y_pred)
        t = t if self.sparse_y_true else op("argmax")(t, axis=self.axis)
        x = x if self.sparse_y_pred else op("argmax")(x, axis=self.axis)
        t, x = (op("reshape")(op("cast")(v, "int32"), (-1,)) for v in (t, x))
        weights = None
        if sample_weight is not None:
            given = tensor(sample_weight)
            if dtypes.is_float(given.dtype) and not dtypes.is_float(self.dtype):
                warnings.warn(
                    f"sample_weight is float, {self.name} is int: casting cuts the weights off; pass dtype='float32'", stacklevel=3
                )
            weights = op("cast")(given, self.dtype)
            weights = op("reshape")(weights, (-1,)) if weights.size != 1 else op("broadcast_to")(weights, t.shape)
        if self.ignore_class is not None:
            kept = op("cast")(op("not_equal")(t, self.ignore_class), self.dtype)
            weights = kept if weights is None else weights * kept
        self.total_cm.assign_add(confusion_matrix(t, x, self.num_classes, weights, self.dtype))

    def result(self) -> Any:
        matrix = op("cast")(self.total_cm.value, "float32")
        hits = op("take")(op("diagonal")(matrix), self.target_class_ids)
        union = op("take")(op("sum")(matrix, axis=0) + op("sum")(matrix, axis=1), self.target_class_ids) - hits
        present = op("sum")(op("cast")(op("not_equal")(union, 0), "float32"))
        return op("divide_no_nan")(op("sum")(op("divide_no_nan")(hits, union)), present)

    def _config(self, *names: str) -> dict[str, Any]:
        return {"name": self.name, "dtype": self._config_dtype, **{k: getattr(self, k) for k in names}}

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class BinaryIoU(IoU):
    """IoU of the classes 0 and 1 (or those in `target_class_ids`), where predictions of `threshold` and more are class 1."""

    def __init__(self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, name: str | None = None, dtype: Any = None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(y_true, op("greater_equal")(tensor(y_pred), self.threshold), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return self._config("target_class_ids", "threshold")


class MeanIoU(IoU):
    """IoU, averaged over all classes that occur."""

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None, sparse_y_true: bool = True,
        sparse_y_pred: bool = True, axis: int = -1,
    ):  # fmt: skip
        super().__init__(num_classes, list(range(num_classes)), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class OneHotIoU(IoU):
    """IoU with one-hot labels; predictions are scores unless `sparse_y_pred`."""

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
        ignore_class: int | None = None, sparse_y_pred: bool = False, axis: int = -1,
    ):  # fmt: skip
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")


class OneHotMeanIoU(MeanIoU):
    """MeanIoU with one-hot labels; predictions are scores unless `sparse_y_pred`."""

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None, sparse_y_pred: bool = False,
        axis: int = -1,
    ):  # fmt: skip
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "ignore_class", "sparse_y_pred", "axis")
