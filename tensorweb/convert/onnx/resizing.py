"""ONNX's Resize and Upsample: engines' own for images where they mean the same, else products with matrices of weights, axis by axis."""

from __future__ import annotations

import math
import struct
from typing import Any

from .convolution import channels_first, channels_last
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

MAX_WEIGHTS = 1 << 22


@onnx_op("Upsample")
def upsample(b: Scope, node: OnnxNode, x: Value, scales: Value | None = None) -> Value:
    factors = [float(v) for v in (scales.known or [])] if scales is not None else node.floats("scales", [])
    return _resized(b, node, x, list(range(b.rank(x))), factors, None, ("asymmetric", "floor"))


@onnx_op("Resize")
def resize(
    b: Scope, node: OnnxNode, x: Value, region: Value | None = None, scales: Value | None = None, sizes: Value | None = None
) -> Value:
    if node.opset < 11:
        scales, places = region, ("asymmetric", "floor")
    else:
        kind = node.text("coordinate_transformation_mode", "half_pixel")
        places = kind, node.text("nearest_mode", "round_prefer_floor")
    rank = b.rank(x)
    axes = [a % rank for a in node.ints("axes", list(range(rank)))]
    if node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Unsupported("it keeps the ratio of the sides")
    factors = None if scales is None or scales.shape == (0,) else scales.known
    wanted = None
    if factors is None:
        if sizes is None or sizes.host is None:
            raise Unsupported("its scales or sizes are computed while the model runs")
        wanted = [s if s is not None else b("GatherV2", sizes, i, 0) for i, s in enumerate(sizes.host)]
    return _resized(b, node, x, axes, None if factors is None else [float(v) for v in factors], wanted, places)


def _resized(b: Scope, node: OnnxNode, x: Value, axes: list[int], factors: Any, wanted: Any, places: tuple[str, str]) -> Value:
    own, mode = b.dims(x), node.text("mode", "nearest")
    made = list(own)
    scales: list[Any] = [1.0] * len(own)
    for i, axis in enumerate(axes):
        size = own[axis]
        if wanted is not None:
            made[axis] = size if isinstance(size, Value) and _same_size(x, wanted[i], axis) else wanted[i]
            known = isinstance(size, int) and isinstance(wanted[i], int) and size
            scales[axis] = wanted[i] / size if known else None if made[axis] is not size else 1.0
        else:
            scales[axis] = factors[i]
            if factors[i] != 1:
                made[axis] = math.floor(size * factors[i]) if isinstance(size, int) else _scaled(b, size, factors[i])
    changed = [i for i in range(len(own)) if made[i] is not own[i] and (scales[i] != 1 or made[i] != own[i])]
    if not changed:
        return b("Identity", x)
    op = _own_op(mode, places, [own[i] for i in changed], [made[i] for i in changed], [scales[i] for i in changed])
    if op is not None and len(own) == 4 and set(changed) <= {2, 3} and not node.int("antialias", 0):
        name, attrs = op
        return channels_first(b, b(name, channels_last(b, x), b.pack(made[2:]), **attrs))
    for axis in changed:
        if not isinstance(made[axis], int) or not isinstance(own[axis], int):
            raise Unsupported(f"dimension {axis} of its input is not known beforehand")
        x = _along(b, node, x, axis, made[axis], scales[axis], mode, places)
    return x


def _same_size(x: Value, wanted: Any, axis: int) -> bool:
    """Tell whether a size that is computed is that of x: the batch's and channels', most often."""
    return isinstance(wanted, Value) and axis < 2


def _scaled(b: Scope, size: Value, factor: float) -> Value:
    if factor == int(factor):
        return b("Mul", size, int(factor))
    return b.cast(b("Floor", b("Mul", b.cast(size, "float32"), factor)), "int32")


def _own_op(mode: str, places: tuple[str, str], own: list[Any], made: list[Any], scales: list[Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the engines' op that means the same, and its attributes; None if there is none."""
    kind, rounding = places
    exact = all(s is None or not isinstance(n, int) or math.isclose(n * s, m) for n, m, s in zip(own, made, scales, strict=True))
    if kind == "pytorch_half_pixel" and all(not isinstance(m, int) or m > 1 for m in made):
        kind = "half_pixel"
    form = {"asymmetric": (False, False), "half_pixel": (False, True), "align_corners": (True, False)}.get(kind)
    if form is None or (not exact and kind != "align_corners"):
        return None
    attrs = {"align_corners": form[0], "half_pixel_centers": form[1]}
    if mode == "linear":
        return "ResizeBilinear", attrs
    fits = (kind, rounding) in (("asymmetric", "floor"), ("half_pixel", "round_prefer_ceil"))
    return ("ResizeNearestNeighbor", attrs) if mode == "nearest" and fits else None


def _along(b: Scope, node: OnnxNode, x: Value, axis: int, made: int, scale: float, mode: str, places: tuple[str, str]) -> Value:
    """Return x with another size of one axis."""
    own = b.size(x, axis)
    at = [_source(places[0], i, scale, own, made) for i in range(made)]
    if mode == "nearest":
        return b("GatherV2", x, [min(max(_rounded(v, places[1]), 0), own - 1) for v in at], axis, batch_dims=0)
    if own * made > MAX_WEIGHTS:
        raise Unsupported(f"it resizes {own} to {made} with mode {mode}")
    shrink = min(1.0, scale) if node.int("antialias", 0) else 1.0
    outside = bool(node.int("exclude_outside", 0))
    rows = [_weights(mode, node.float("cubic_coeff_a", -0.75), v, own, outside, shrink) for v in at]
    matrix = b.const([w for row in zip(*rows, strict=True) for w in row], [own, made], "float32")
    rank = b.rank(x)
    perm = [*(i for i in range(rank) if i != axis), axis]
    found = b("BatchMatMulV2", b.transpose(x, perm), matrix, adj_x=False, adj_y=False)
    return b.transpose(found, [perm.index(i) for i in range(rank)])


def _source(kind: str, i: int, scale: float, own: int, made: int) -> float:
    """Return the place in the input that an output's place comes from."""
    if kind == "align_corners":
        return i * (own - 1) / (made - 1) if made > 1 else 0.0
    if kind == "asymmetric":
        return _single(i / scale)
    if kind == "pytorch_half_pixel" and made == 1:
        return 0.0
    if kind == "half_pixel_symmetric":
        return own / 2 * (1 - made / (own * scale)) + (i + 0.5) / scale - 0.5
    if kind in ("half_pixel", "pytorch_half_pixel"):
        return _single((i + 0.5) / scale) - 0.5
    raise Unsupported(f"the coordinates are {kind[:30]!r}")


def _single(v: float) -> float:
    """Return a number rounded to float32, with which the models' makers compare: nearest may hang on the last bit."""
    found: float = struct.unpack("f", struct.pack("f", v))[0]
    return found


def _rounded(v: float, kind: str) -> int:
    kinds = {
        "floor": math.floor, "ceil": math.ceil, "round_prefer_floor": lambda x: math.ceil(x - 0.5),
        "round_prefer_ceil": lambda x: math.floor(x + 0.5),
    }  # fmt: skip
    return kinds[kind](v)


def _weights(mode: str, a: float, at: float, size: int, outside: bool, shrink: float) -> list[float]:
    """Return the weight of each element of the input for one of the output."""
    reach = (2 if mode == "cubic" else 1) / shrink
    row = [0.0] * size
    low, high = math.floor(at - reach) + 1, math.ceil(at + reach)
    values = {i: (_cubic(a, (i - at) * shrink) if mode == "cubic" else max(0.0, 1 - abs(i - at) * shrink)) for i in range(low, high)}
    if outside:
        values = {i: v for i, v in values.items() if 0 <= i < size}
    total = sum(values.values()) or 1.0
    for i, v in values.items():
        row[min(max(i, 0), size - 1)] += v / total
    return row


def _cubic(a: float, t: float) -> float:
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0
