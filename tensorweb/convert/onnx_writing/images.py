"""Writes ops on images: resizing, crops, projections, which have channels first here (`channels.py`); colours."""

from __future__ import annotations

from typing import Any

from ...graph.definition import Node
from .scope import Scope, Unwritable, Value, writes

# --- resizing ---------------------------------------------------------------------------------------------------------------


@writes("ResizeBilinear", "ResizeNearestNeighbor")
def resize(b: Scope, node: Node, x: Value, size: Value) -> Value:
    corners, half = bool(node.attrs.get("align_corners")), bool(node.attrs.get("half_pixel_centers"))
    attrs: dict[str, Any] = {"coordinate_transformation_mode": "align_corners" if corners else "half_pixel" if half else "asymmetric"}
    if node.op == "ResizeBilinear":
        x = b.cast(x, "float32")
        attrs["mode"] = "linear"
    else:
        attrs.update(mode="nearest", nearest_mode="round_prefer_ceil" if corners or half else "floor")
    if b.rank(x) != 4:
        raise Unwritable("its images are no batch")
    # The first two sizes are told as well: not every program knows the attribute that leaves them out.
    sizes = b("Concat", b("Shape", x, end=2, shape=(2,)), b.vector(size), axis=0) if None in (x.shape or (None,))[:2] else None
    assert x.shape is not None
    if sizes is None:
        listed = b.vector(size)
        sizes = b.value([*x.shape[:2], *listed.known]) if listed.known else b("Concat", b.value(list(x.shape[:2])), listed, axis=0)
    told = sizes.known[2:] if sizes.known else [None, None]
    return b("Resize", x, None, None, sizes, shape=(*x.shape[:2], *told), **attrs)


# --- crops and projections ---------------------------------------------------------------------------------------------------


def _float(b: Scope, x: Value) -> Value:
    """Return an int64 vector of one element as a float of the same shape."""
    return b.cast(x, "float32")


def _grid(b: Scope, ys: Value, xs: Value, height: Value, width: Value) -> Value:
    """Return places [n, h, w] as GridSample takes them: x, then y, from -1 in the midst of the first pixel to 1 in that of the last."""
    parts = []
    for places, size in ((xs, width), (ys, height)):
        gaps = b("Max", b("Sub", _float(b, size), 1.0), 1.0)
        parts.append(b("Unsqueeze", b("Sub", b("Div", b("Mul", places, 2.0), gaps), 1.0), [-1]))
    return b("Concat", *parts, axis=-1)


def _sampled(b: Scope, x: Value, ys: Value, xs: Value, nearest: bool, padding: str) -> Value:
    """Return images [n, c, h, w] at places in pixels. Nearest places are rounded beforehand: half a pixel goes up, as in TensorFlow."""
    height, width = b.size(x, 2), b.size(x, 3)
    if nearest:
        ys, xs = (b("Floor", b("Add", v, 0.5)) for v in (ys, xs))
    grid, mode = _grid(b, ys, xs, height, width), "nearest" if nearest else "bilinear"
    return b("GridSample", x, grid, mode=mode, padding_mode=padding, align_corners=1)


def _outside(b: Scope, places: Value, size: Value) -> Value:
    return b("Or", b("Less", places, 0.0), b("Greater", places, b("Sub", _float(b, size), 1.0)))


@writes("CropAndResize")
def crop_and_resize(b: Scope, node: Node, x: Value, boxes: Value, owners: Value, size: Value) -> Value:
    """Boxes are y1, x1, y2, x2 as parts of the picture; what lies outside of it has a value of its own."""
    pictures = b("Gather", b.cast(x, "float32"), b.int64(owners), axis=0, shape=(None,) * 4)
    corners = b("Split", boxes, outputs=4, axis=1, num_outputs=4)
    wanted = b.vector(size)
    places, outside = [], []
    for axis in (0, 1):
        whole, count = b.size(x, 2 + axis), b.slice(wanted, 0, axis, axis + 1)
        last = b("Sub", _float(b, whole), 1.0)
        steps = b.cast(b.range(count), "float32")
        gaps = b("Max", b("Sub", _float(b, count), 1.0), 1.0)
        first, end = corners[axis], corners[2 + axis]
        spread = b("Add", b("Mul", first, last), b("Mul", steps, b("Div", b("Mul", b("Sub", end, first), last), gaps)))
        middle = b("Mul", b("Mul", b("Add", first, end), 0.5), last)
        found = b("Where", b("Greater", count, 1), spread, middle)
        found = b("Unsqueeze", found, [2 - axis])
        places.append(found)
        outside.append(_outside(b, found, whole))
    shape = b("Concat", b("Shape", boxes, end=1, shape=(1,)), wanted, axis=0)
    ys, xs = (b("Expand", v, shape) for v in places)
    nearest = node.attrs.get("method", b"bilinear") == b"nearest"
    made = _sampled(b, pictures, ys, xs, nearest, "border")
    beyond = b("Unsqueeze", b("Or", *outside), [1])
    return b("Where", beyond, float(node.attrs.get("extrapolation_value", 0.0)), made, shape=(None,) * 4)


def _reflected(b: Scope, places: Value, size: Value) -> Value:
    """Return places in a picture that goes on mirrored, its first pixel twice, and so on."""
    twice = b("Mul", size, 2.0)
    within = b("Add", places, 0.5)
    within = b("Sub", within, b("Mul", b("Floor", b("Div", within, twice)), twice))
    return b("Sub", b("Min", within, b("Sub", twice, within)), 0.5)


def _wrapped(b: Scope, places: Value, size: Value) -> Value:
    """Return places in a picture that begins anew, as TensorFlow counts."""
    gaps = b("Max", b("Sub", size, 1.0), 1.0)
    before = b("Add", places, b("Mul", size, b("Add", b("Floor", b("Div", b("Neg", places), gaps)), 1.0)))
    after = b("Sub", places, b("Mul", size, b("Floor", b("Div", places, gaps))))
    inside = b("Where", b("Greater", places, b("Sub", size, 1.0)), after, places)
    return b("Where", b("Less", places, 0.0), before, inside)


_FILLS: dict[bytes, Any] = {b"CONSTANT": None, b"NEAREST": lambda b, places, size: places, b"REFLECT": _reflected, b"WRAP": _wrapped}


@writes("ImageProjectiveTransformV2", "ImageProjectiveTransformV3")
def projected(b: Scope, node: Node, x: Value, transforms: Value, size: Value, fill: Value | None = None) -> Value:
    """A transform has 8 numbers: places (x, y) of the result lie at (a x + b y + c, d x + e y + f) / (g x + h y + 1) of the picture."""
    mode, kind = node.attrs.get("fill_mode", b"CONSTANT"), node.attrs.get("interpolation", b"NEAREST")
    if mode not in _FILLS:
        raise Unwritable(f"it fills up by {mode.decode()}")
    x = b.cast(x, "float32")
    numbers = [b.reshape(part, [-1, 1, 1]) for part in b("Split", transforms, outputs=8, axis=1, num_outputs=8)]
    wanted = b.vector(size)
    down, right = (b.cast(b.range(b.slice(wanted, 0, axis, axis + 1)), "float32") for axis in (0, 1))
    down = b("Unsqueeze", down, [1])

    def combined(first: Value, second: Value, third: Any) -> Value:
        return b("Add", b("Add", b("Mul", first, right), b("Mul", second, down)), third)

    bottom = combined(numbers[6], numbers[7], 1.0)
    xs, ys = (b("Div", combined(*numbers[i : i + 3]), bottom) for i in (0, 3))
    shape = b("Concat", b("Shape", x, end=1, shape=(1,)), wanted, axis=0)
    ys, xs = (b("Expand", v, shape) for v in (ys, xs))
    if _FILLS[mode] is not None:
        ys, xs = (_FILLS[mode](b, v, _float(b, b.size(x, axis))) for v, axis in ((ys, 2), (xs, 3)))
        return _sampled(b, x, ys, xs, kind == b"NEAREST", "border")
    made = _sampled(b, x if fill is None else b("Sub", x, fill), ys, xs, kind == b"NEAREST", "zeros")
    return made if fill is None else b("Add", made, fill)


# --- colours ----------------------------------------------------------------------------------------------------------------


@writes("AdjustContrastv2")
def adjust_contrast(b: Scope, node: Node, x: Value, factor: Value) -> Value:
    mean = b("ReduceMean", x, [-3, -2], keepdims=1)
    return b("Add", b("Mul", b("Sub", x, mean), factor), mean)


@writes("RGBToHSV")
def rgb_to_hsv(b: Scope, node: Node, x: Value) -> Value:
    red, green, blue = b("Split", x, outputs=3, axis=-1, num_outputs=3)
    value = b("Max", red, green, blue)
    spread = b("Sub", value, b("Min", red, green, blue))
    gray = b("Equal", spread, 0.0)
    divisor = b("Where", gray, 1.0, b("Mul", spread, 6.0))

    def sixth(first: Value, second: Value, turn: float) -> Value:
        return b("Add", b("Div", b("Sub", first, second), divisor), turn)

    of_green = b("Where", b("Equal", value, green), sixth(blue, red, 1 / 3), sixth(red, green, 2 / 3))
    hue = b("Where", b("Equal", value, red), sixth(green, blue, 0.0), of_green)
    hue = b("Where", b("Less", hue, 0.0), b("Add", hue, 1.0), hue)
    black = b("Equal", value, 0.0)
    saturation = b("Where", black, 0.0, b("Div", spread, b("Where", black, 1.0, value)))
    return b("Concat", b("Where", gray, 0.0, hue), saturation, value, axis=-1, shape=x.shape)


@writes("HSVToRGB")
def hsv_to_rgb(b: Scope, node: Node, x: Value) -> Value:
    hue, saturation, value = b("Split", x, outputs=3, axis=-1, num_outputs=3)
    chroma, six = b("Mul", saturation, value), b("Mul", hue, 6.0)

    def channel(turn: float, sign: float) -> Value:
        """A channel rises and falls with the hue between full and none."""
        near = b("Clip", b("Mul", b("Sub", b("Abs", b("Sub", six, turn)), 1.0 if sign > 0 else 2.0), sign), 0.0, 1.0)
        return b("Add", b("Mul", chroma, b("Sub", near, 1.0)), value)

    return b("Concat", channel(3.0, 1.0), channel(2.0, -1.0), channel(4.0, -1.0), axis=-1, shape=x.shape)
