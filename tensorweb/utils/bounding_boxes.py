"""keras.utils.bounding_boxes: formats of boxes, clipping, moving, overlaps, and deltas to anchors. Boxes are [..., 4]; no drawing.

The formats: xyxy, yxyx (corners), xywh (a corner and the size), center_xywh, center_yxhw; and with `rel_` xyxy, yxyx, xywh and
center_xywh as parts of the image's width and height.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import numerics, ops
from ..errors import ArgumentError, ShapeError, message
from ..tensor import as_tensor

Columns = tuple[Any, Any, Any, Any]


def _from_center(x: Any, y: Any, w: Any, h: Any) -> Columns:
    return x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0


def _to_center(left: Any, top: Any, right: Any, bottom: Any) -> Columns:
    w, h = right - left, bottom - top
    return left + w / 2.0, top + h / 2.0, w, h


def _exchanged(a: Any, b: Any, c: Any, d: Any) -> Columns:
    return b, a, d, c


# Of each format: what makes its columns xyxy, and what makes xyxy its columns.
_FORMATS: dict[str, tuple[Callable[..., Columns], Callable[..., Columns]]] = {
    "xyxy": (lambda *c: c, lambda *c: c),
    "yxyx": (_exchanged, _exchanged),
    "xywh": (lambda x, y, w, h: (x, y, x + w, y + h), lambda a, b, c, d: (a, b, c - a, d - b)),
    "center_xywh": (_from_center, _to_center),
    "center_yxhw": (lambda *c: _from_center(*_exchanged(*c)), lambda *c: _exchanged(*_to_center(*c))),
}
FORMATS = (*_FORMATS, "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


class UnsupportedFormatError(ArgumentError, NotImplementedError):
    """The function does not know boxes of this format."""


def columns(boxes: Any) -> Columns:
    """Return the four columns [..., 1] of boxes [..., 4]."""
    return tuple(ops.split(boxes, 4, axis=-1))


def joined(*found: Any) -> Any:
    """Return boxes [..., 4] of four columns [..., 1]."""
    return ops.concatenate(list(found), axis=-1)


def _need(where: str, wanted: str, given: Any, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UnsupportedFormatError(message(where, f"{wanted} among {', '.join(known)}", repr(given), "Convert the boxes first."))


def _format(where: str, name: Any) -> str:
    found = name.lower() if isinstance(name, str) else name
    if found not in FORMATS:
        raise ArgumentError(message(where, f"a format among {', '.join(FORMATS)}", repr(name), "Choose one of them."))
    return found


def convert_format(boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: str = "float32") -> Any:
    """Return boxes [..., 4] of the format `source` in the format `target`; of a dict, its entry "boxes" converted.

    `height` and `width` of the image are needed between relative formats and others; they may be tensors. Raises ArgumentError,
    ShapeError. Keras's convert_format.

    >>> import tensorweb as tw
    >>> tw.utils.bounding_boxes.convert_format([[10, 20, 30, 60]], "xyxy", "center_xywh").tolist()
    [[20.0, 40.0, 20.0, 40.0]]
    """
    where = "convert_format"
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    x = as_tensor(boxes, where)
    if not x.shape or x.shape[-1] != 4:
        raise ShapeError(message(where, "boxes of shape (..., 4)", x.shape, "Each box has four numbers."))
    source, target = _format(where, source), _format(where, target)
    relative = source.startswith("rel_"), target.startswith("rel_")
    if any(relative) and (height is None or width is None):
        got = f"height={height}, width={width}"
        raise ArgumentError(message(where, f"the image's height and width to convert {source} to {target}", got, "Pass both."))
    x = ops.cast(x, dtype)
    if source == target:
        return x
    w, h = (None if v is None else ops.cast(as_tensor(v, where), dtype) for v in (width, height))
    found = _FORMATS[source.removeprefix("rel_")][0](*columns(x))
    if relative == (True, False):
        found = found[0] * w, found[1] * h, found[2] * w, found[3] * h
    name = target.removeprefix("rel_")
    found = _FORMATS[name][1](*found)
    if relative == (False, True):
        sides = (h, w, h, w) if name == "yxyx" else (w, h, w, h)
        found = tuple(c / side for c, side in zip(found, sides))
    return joined(*found)


def clip_to_image_size(bounding_boxes: dict[str, Any], height: Any = None, width: Any = None, bounding_box_format: str = "xyxy") -> Any:
    """Return a dict of "boxes" (and "labels") with the boxes cut at the image's edges; labels of boxes without area become -1.

    The format is xyxy (then `height` and `width` are needed) or rel_xyxy. Raises ArgumentError. Keras's clip_to_image_size.
    """
    where = "clip_to_image_size"
    _need(where, "a format", bounding_box_format, ("xyxy", "rel_xyxy"))
    if bounding_box_format == "xyxy" and (height is None or width is None):
        raise ArgumentError(message(where, "height and width", f"height={height}, width={width}", "Pass both for the format xyxy."))
    boxes = as_tensor(bounding_boxes["boxes"], where)
    right, bottom = (1.0, 1.0)
    if bounding_box_format == "xyxy":
        right, bottom = (ops.cast(as_tensor(v, where), boxes.dtype) for v in (width, height))
    clipped = [ops.clip(c, 0, end) for c, end in zip(columns(boxes), (right, bottom, right, bottom))]
    found = {**bounding_boxes, "boxes": joined(*clipped)}
    if bounding_boxes.get("labels") is not None:
        area = (clipped[2] - clipped[0]) * (clipped[3] - clipped[1])
        found["labels"] = ops.where(ops.squeeze(area, axis=-1) > 0, as_tensor(bounding_boxes["labels"], where), -1)
    return found


def _inverse_matrix(center: tuple[Any, Any], numbers: list[Any], size: tuple[Any, Any]) -> Any:
    """Return [batch, 3, 2]: where (x, y, 1) comes to lie when images are transformed by these numbers."""
    radians, (height, width) = math.pi / 180.0, size
    angle, translate_x, translate_y, scale, shear_x, shear_y = numbers
    cx, cy = center[0] * (width - 1), center[1] * (height - 1)
    rot, sx, sy = -angle * radians, -shear_x * radians, -shear_y * radians
    x, y = cx - translate_x * (width - 1), cy - translate_y * (height - 1)
    cos_sy, tan_sx = ops.cos(sy), ops.tan(sx)
    a, c = ops.cos(rot - sy) / cos_sy, -ops.sin(rot - sy) / cos_sy
    b, d = a * tan_sx + ops.sin(rot), ops.cos(rot) - c * tan_sx
    a0, a1, b0, b1 = d * scale, -b * scale, -c * scale, a * scale
    rows = [a0, b0, a1, b1, cx - a0 * x - a1 * y, cy - b0 * x - b1 * y]
    return ops.reshape(ops.stack(rows, axis=-1), (-1, 3, 2))


def affine_transform(
    boxes: Any, angle: Any, translate_x: Any, translate_y: Any, scale: Any, shear_x: Any, shear_y: Any, height: Any, width: Any,
    center_x: Any = None, center_y: Any = None, bounding_box_format: str = "xyxy",
) -> Any:  # fmt: skip
    """Return the boxes [batch, n, 4] around xyxy boxes after images were turned (degrees), moved, scaled and sheared (degrees).

    The numbers are tensors [batch]; `center_x`, `center_y` are parts of the size, 0.5 by default. Raises ArgumentError. Keras's
    affine_transform.
    """
    where = "affine_transform"
    _need(where, "a format", bounding_box_format, ("xyxy",))
    numbers = [ops.cast(as_tensor(v, where), "float32") for v in (angle, translate_x, translate_y, scale, shear_x, shear_y)]
    center = (0.5 if center_x is None else center_x, 0.5 if center_y is None else center_y)
    matrix = _inverse_matrix(center, numbers, (height, width))
    left, top, right, bottom = columns(ops.cast(as_tensor(boxes, where), "float32"))
    one = ops.ones_like(left)
    corners = ops.concatenate([left, top, one, right, top, one, right, bottom, one, left, bottom, one], axis=-1)
    batch, n = corners.shape[:2]
    points = ops.matmul(ops.reshape(corners, (batch, n * 4, 3)), matrix)
    points = ops.reshape(points, (batch, n, 4, 2))
    return ops.concatenate([ops.min(points, axis=2), ops.max(points, axis=2)], axis=-1)


def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Any:
    """Return xyxy boxes as they lie in the part of the image from (left, top) with this height and width. Keras's crop."""
    _need("crop", "a format", bounding_box_format, ("xyxy",))
    x1, y1, x2, y2 = columns(as_tensor(boxes, "crop"))
    moved = (x1 - left, width), (y1 - top, height), (x2 - left, width), (y2 - top, height)
    return joined(*(ops.clip(c, 0, end) for c, end in moved))


def pad(boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy") -> Any:
    """Return xyxy boxes as they lie after `top` rows and `left` columns were added. Keras's pad."""
    _need("pad", "a format", bounding_box_format, ("xyxy",))
    x1, y1, x2, y2 = columns(as_tensor(boxes, "pad"))
    return joined(x1 + left, y1 + top, x2 + left, y2 + top)


# --- deltas ------------------------------------------------------------------------------------------------------------------


def _sides(image_shape: Any) -> tuple[Any, Any]:
    """Return (height, width) of an image's shape (height, width, channels)."""
    return (None, None) if image_shape is None else (image_shape[0], image_shape[1])


def _centered(where: str, name: Any, variance: Any) -> Any:
    if name not in ("center_xywh", "center_yxhw"):
        raise ArgumentError(message(where, "an encoding of center_xywh or center_yxhw", repr(name), "Choose one of them."))
    if variance is None:
        return None
    found = ops.cast(as_tensor(variance, where), "float32")
    if not found.shape or found.shape[-1] != 4:
        raise ArgumentError(message(where, "a variance of 4 numbers", f"shape {found.shape}", "Pass one for each column."))
    return found


def encode_box_to_deltas(
    anchors: Any, boxes: Any, anchor_format: str, box_format: str, encoding_format: str = "center_yxhw", variance: Any = None,
    image_shape: Any = None,
) -> Any:  # fmt: skip
    """Return how boxes differ from anchors: centers in units of the anchors' sizes, and logarithms of the ratios of sizes.

    `variance`: four numbers that the deltas are divided by; `image_shape` (height, width, channels) for relative formats. Raises
    ArgumentError. Keras's encode_box_to_deltas.
    """
    scale = _centered("encode_box_to_deltas", encoding_format, variance)
    height, width = _sides(image_shape)
    base = convert_format(anchors, anchor_format, encoding_format, height, width)
    found = convert_format(boxes, box_format, encoding_format, height, width)
    least = numerics.epsilon()
    sizes = ops.maximum(base[..., 2:], least)
    deltas = [(found[..., :2] - base[..., :2]) / sizes, ops.log(ops.maximum(found[..., 2:], least) / sizes)]
    made = ops.concatenate(deltas, axis=-1)
    return made if scale is None else made / scale


def decode_deltas_to_boxes(
    anchors: Any, boxes_delta: Any, anchor_format: str, box_format: str, encoded_format: str = "center_yxhw", variance: Any = None,
    image_shape: Any = None,
) -> Any:  # fmt: skip
    """Return the boxes that deltas to anchors stand for: the inverse of `encode_box_to_deltas`; of dicts, one for each key.

    Raises ArgumentError. Keras's decode_deltas_to_boxes.
    """
    where = "decode_deltas_to_boxes"
    scale = _centered(where, encoded_format, variance)
    height, width = _sides(image_shape)

    def decoded(anchor: Any, delta: Any) -> Any:
        base, change = convert_format(anchor, anchor_format, encoded_format, height, width), as_tensor(delta, where)
        change = change if scale is None else change * scale
        found = [change[..., :2] * base[..., 2:] + base[..., :2], ops.exp(change[..., 2:]) * base[..., 2:]]
        return convert_format(ops.concatenate(found, axis=-1), encoded_format, box_format, height, width)

    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {k: decoded(v, boxes_delta[k]) for k, v in anchors.items()}
    return decoded(anchors, boxes_delta)


# --- overlaps ----------------------------------------------------------------------------------------------------------------


def compute_iou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, use_masking: bool = False, mask_val: float = -1, image_shape: Any = None
) -> Any:
    """Return intersection over union of every pair of boxes [(batch,) n, 4] and [(batch,) m, 4]: [(batch,) n, m].

    With `use_masking`, pairs with a box of negative numbers get `mask_val`; `image_shape` (height, width, channels) for relative
    formats. Raises ShapeError, ArgumentError. Keras's compute_iou.

    >>> import tensorweb as tw
    >>> tw.utils.bounding_boxes.compute_iou([[0, 0, 2, 2]], [[0, 0, 2, 4], [4, 4, 5, 5]], "xyxy").tolist()
    [[0.5, 0.0]]
    """
    given = [as_tensor(b, "compute_iou") for b in (boxes1, boxes2)]
    for name, b in zip(("boxes1", "boxes2"), given):
        if len(b.shape) not in (2, 3):
            raise ShapeError(message("compute_iou", f"{name} of rank 2, or 3 with a batch", b.shape, "Each box is a row of 4 numbers."))
    if "rel" in bounding_box_format and image_shape is None:
        raise ArgumentError(message("compute_iou", "an image_shape for a relative format", None, "Pass (height, width, channels)."))
    one, other = (convert_format(b, bounding_box_format, "yxyx", *_sides(image_shape)) for b in given)
    first, second = columns(one), [ops.swapaxes(c, -1, -2) for c in columns(other)]
    tall = ops.maximum(ops.minimum(first[2], second[2]) - ops.maximum(first[0], second[0]), 0.0)
    wide = ops.maximum(ops.minimum(first[3], second[3]) - ops.maximum(first[1], second[1]), 0.0)
    both = tall * wide
    areas = [(bottom - top) * (right - left) for top, left, bottom, right in (first, second)]
    found = both / (areas[0] + areas[1] - both + numerics.epsilon())
    if not use_masking:
        return found
    absent = [ops.max(b, axis=-1, keepdims=True) < 0.0 for b in (one, other)]
    return ops.where(ops.logical_or(absent[0], ops.swapaxes(absent[1], -1, -2)), float(mask_val), found)


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Any:
    """Return the complete IoU of boxes [..., 4] with boxes at the same places: IoU less distance and difference in shape.

    Formats are absolute. Raises ArgumentError. Keras's compute_ciou (Zheng et al., 2020).
    """
    if "rel" in bounding_box_format:
        raise ArgumentError(message("compute_ciou", "an absolute format", bounding_box_format, "Convert the boxes by convert_format."))
    sides, tiny = _sides(image_shape), numerics.epsilon()
    one, other = (columns(convert_format(b, bounding_box_format, "xyxy", *sides)) for b in (boxes1, boxes2))
    (l1, t1, r1, b1), (l2, t2, r2, b2) = one, other
    w1, h1, w2, h2 = r1 - l1, b1 - t1 + tiny, r2 - l2, b2 - t2 + tiny
    both = ops.maximum(ops.minimum(r1, r2) - ops.maximum(l1, l2), 0) * ops.maximum(ops.minimum(b1, b2) - ops.maximum(t1, t2), 0)
    iou = both / (w1 * h1 + w2 * h2 - both + tiny + tiny)
    wide, tall = ops.maximum(r1, r2) - ops.minimum(l1, l2), ops.maximum(b1, b2) - ops.minimum(t1, t2)
    distance = ops.square((l1 + r1) / 2 - (l2 + r2) / 2) + ops.square((t1 + b1) / 2 - (t2 + b2) / 2)
    v = 4 / math.pi**2 * ops.square(ops.arctan(w2 / h2) - ops.arctan(w1 / h1))
    alpha = v / (v - iou + (1 + tiny))
    return ops.squeeze(iou - (distance / (ops.square(wide) + ops.square(tall) + tiny) + v * alpha), axis=-1)
