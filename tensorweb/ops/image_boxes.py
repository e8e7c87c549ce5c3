"""Boxes in images: crops of them, and which of many to keep. The greedy loop itself is `kernels/routines/boxes.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from .. import waiting
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.routines import ROUTINES, HostArray
from ..shapes import as_ints
from ..tensor import as_tensor, tensor
from .define import composite, op, public
from .image_sampling import OUTSIDE, choose, column, mapped, places, sample
from .shaping import reshape

# --- crops ---


def _along(many: bool, nearest: bool, low: Any, high: Any, place: Any, last: Any, steps: Any) -> Any:
    """Return where each pixel of a crop is along an axis whose last pixel is `last`."""
    # The scale is not worked out first: rounding could move the last pixel of a full box out of the image.
    p = low * last + (high - low) * place * last / steps if many else 0.5 * (low + high) * last + 0 * place
    inside = e.logical_and(p >= 0, p <= last)
    return e.where(inside, e.floor(p + 0.5) if nearest else p, OUTSIDE)


def _crop_arguments(image: Any, boxes: Any, box_ind: Any, crop_size: Any, method: str) -> tuple[Any, Any, Any, tuple[int, ...]]:
    where = "crop_and_resize"
    choose(where, "method", method, ("bilinear", "nearest"))
    x, corners, owner = as_tensor(image, where), as_tensor(boxes, where), as_tensor(box_ind, where)
    size = as_ints(crop_size, where, "crop_size")
    if len(x.shape) != 4 or 0 in x.shape[1:3]:
        raise ShapeError(message(where, "images of rank 4 with pixels", f"shape {x.shape}", "Pass [batch, height, width, channels]."))
    if len(corners.shape) != 2 or corners.shape[1] != 4 or owner.shape != corners.shape[:1]:
        got = f"{corners.shape} and {owner.shape}"
        raise ShapeError(message(where, "boxes of shape (n, 4) and box_ind of shape (n,)", got, "Pass corners and an image for each."))
    if len(size) != 2 or min(size) < 1:
        raise ArgumentError(message(where, "a crop_size of two positive integers", repr(crop_size), "Pass (height, width)."))
    if owner.dtype not in ("int32", "int8", "uint8") and owner.size:
        raise DTypeError(message(where, "integers for box_ind", f"dtype {owner.dtype}", "Cast it to int32."))
    return x, corners, owner, size


@composite(namespace="image")
def crop_and_resize(image: Any, boxes: Any, box_ind: Any, crop_size: Any, method: str = "bilinear", extrapolation_value: float = 0) -> Any:
    """Return the boxes of images [batch, height, width, channels], each resized to `crop_size`, as float32 [boxes, h, w, channels].

    boxes: [n, 4], y1, x1, y2, x2 as parts of the last pixel's place (y2 < y1 flips); box_ind: int32 [n], the image of each box.
    `method` is bilinear or nearest; what lies outside is `extrapolation_value`. Gradients flow to image and boxes. Raises ShapeError,
    DTypeError, ArgumentError. TensorFlow.js's cropAndResize.

    >>> import tensorweb as tw
    >>> images = tw.reshape(tw.arange(4, dtype="float32"), (1, 2, 2, 1))
    >>> tw.ops.image.crop_and_resize(images, [[0.0, 0.0, 1.0, 1.0]], [0], (1, 1)).tolist()
    [[[[1.5]]]]
    """
    x, corners, owner, size = _crop_arguments(image, boxes, box_ind, crop_size, method)
    (batch, height, width, channels), n = x.shape, corners.shape[0]
    corners, owner = op("cast")(corners, "float32"), reshape(op("cast")(owner, "int32"), (1, n, 1, 1))
    ends = [column(corners, k, (1, n, 1, 1)) for k in range(4)]
    positions = [
        mapped(
            _along, ends[axis], ends[axis + 2], places(m, 2 + axis, 4), float(full - 1), float(max(m - 1, 1)),
            static=(m > 1, method == "nearest"),
        )
        for axis, (m, full) in enumerate(zip(size, (height, width)))
    ]  # fmt: skip
    flat = reshape(op("cast")(x, "float32"), (1, batch * height * width, channels))
    order, fill = int(method == "bilinear"), float(extrapolation_value)
    return reshape(sample(flat, positions, (height, width), order, "constant", fill, owner), (n, *size, channels))


# --- which boxes to keep ---


def _checked(where: str, boxes: Any, scores: Any, size: Any, iou: float, sigma: float) -> tuple[Any, Any, int]:
    corners, values = as_tensor(boxes, where), as_tensor(scores, where)
    (count,) = as_ints(size, where, "max_output_size")
    if len(corners.shape) != 2 or corners.shape[1] != 4 or values.shape != corners.shape[:1]:
        got = f"{corners.shape} and {values.shape}"
        raise ShapeError(message(where, "boxes of shape (n, 4) and scores of shape (n,)", got, "Pass y1, x1, y2, x2 and a score for each."))
    if count < 0:
        raise ArgumentError(message(where, "max_output_size of 0 or more", count, "Pass how many boxes to keep."))
    if not 0 <= iou <= 1:
        raise ArgumentError(message(where, "iou_threshold from 0 to 1", iou, "0.5 is usual."))
    if not 0 <= sigma <= 1:
        raise ArgumentError(message(where, "soft_nms_sigma from 0 to 1", sigma, "0 turns soft suppression off."))
    return corners, values, count


def _keep(where: str, boxes: Any, scores: Any, size: Any, iou: float, lowest: float, sigma: float) -> waiting.Waits[list[HostArray]]:
    """Return [indices, scores] of the boxes to keep, on the host: a generator of waits for the boxes and scores."""
    corners, values, count = _checked(where, boxes, scores, size, iou, sigma)
    arrays = []
    for x in (corners, values):
        x = x if x.dtype == "float32" else op("cast")(x, "float32")
        flat = yield waiting.Read(x)
        arrays.append(HostArray(list(flat), x.shape, "float32"))
    return ROUTINES["non_max_suppression"](
        *arrays, max_output_size=count, iou_threshold=float(iou), score_threshold=float(lowest), soft_nms_sigma=float(sigma)
    )


def _indices(values: list, shape: tuple[int, ...]) -> Any:
    return tensor(values, shape, "int32")


def _waits(function: Callable[..., waiting.Waits[Any]]) -> Any:
    """Register a generator of waits as an op that blocks."""
    register: Any = public("routine", "none", namespace="image")
    made = register(waiting.blocking(function))
    made.waits = function
    return made


def _awaited(blocking: Any) -> Callable[..., Any]:
    """Register the twin of an op that does not block but is awaited."""
    waits, name = blocking.waits, f"{blocking.__name__}_async"

    @wraps(waits)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        return await waiting.wait_async(waits(*args, **kwargs))

    awaited.__name__ = awaited.__qualname__ = name
    awaited.__doc__ = f"Return what {blocking.__name__} returns, without blocking the event loop."
    return public("routine", "none", namespace="image")(awaited)


@_waits
def non_max_suppression(
    boxes: Any, scores: Any, max_output_size: int, iou_threshold: float = 0.5, score_threshold: float = -math.inf
) -> waiting.Waits[Any]:
    """Return the int32 indices of the boxes to keep, best score first: those that overlap no better one by `iou_threshold` or more.

    boxes: [n, 4], y1, x1, y2, x2; scores: [n]. At most `max_output_size` are kept, and none with a score of `score_threshold` or
    less. Overlap is intersection over union. Raises ShapeError, ArgumentError. TensorFlow.js's nonMaxSuppression.

    >>> import tensorweb as tw
    >>> boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [2.0, 2.0, 3.0, 3.0]]
    >>> tw.ops.image.non_max_suppression(boxes, [0.5, 0.9, 0.7], 3).tolist()
    [1, 2]
    """
    found = yield from _keep("non_max_suppression", boxes, scores, max_output_size, iou_threshold, score_threshold, 0.0)
    return _indices(found[0].values, found[0].shape)


@_waits
def non_max_suppression_with_score(
    boxes: Any, scores: Any, max_output_size: int, iou_threshold: float = 0.5, score_threshold: float = -math.inf,
    soft_nms_sigma: float = 0.0,
) -> waiting.Waits[Any]:  # fmt: skip
    """Return (selected indices, selected scores) of non_max_suppression, or with `soft_nms_sigma` > 0 of its soft form.

    There a box that overlaps better ones has its score multiplied by exp(-overlap**2 / (2 * sigma)). TensorFlow.js's
    nonMaxSuppressionWithScore.
    """
    where = "non_max_suppression_with_score"
    found = yield from _keep(where, boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
    return _indices(found[0].values, found[0].shape), tensor(found[1].values, found[1].shape, "float32")


@_waits
def non_max_suppression_padded(
    boxes: Any, scores: Any, max_output_size: int, iou_threshold: float = 0.5, score_threshold: float = -math.inf,
    pad_to_max_output_size: bool = False,
) -> waiting.Waits[Any]:  # fmt: skip
    """Return (selected indices, how many are valid) of non_max_suppression, with zeros up to `max_output_size` if asked for.

    TensorFlow.js's nonMaxSuppressionPadded.
    """
    where = "non_max_suppression_padded"
    found = yield from _keep(where, boxes, scores, max_output_size, iou_threshold, score_threshold, 0.0)
    indices = list(found[0].values)
    padded = indices + [0] * (max_output_size - len(indices) if pad_to_max_output_size else 0)
    return _indices(padded, (len(padded),)), _indices([len(indices)], ())


non_max_suppression_async = _awaited(non_max_suppression)
non_max_suppression_with_score_async = _awaited(non_max_suppression_with_score)
non_max_suppression_padded_async = _awaited(non_max_suppression_padded)
