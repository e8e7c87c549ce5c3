"""ONNX's convolutions, transposed ones and pooling, which have channels first: computed with channels last, between transposes.

With one spatial dimension a second of size 1 is added. What the transposes cost is `layout`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

from ... import ops
from .reduction import lp_norm
from .shaping import padded
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

LOWEST = -3.4028234663852886e38


class Windows(NamedTuple):
    """How windows lie on an image: an entry per spatial dimension; `pads` are (before, after)."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    pads: list[list[int]]


def windows(b: Scope, node: OnnxNode, x: Value, kernel: list[int] | None) -> Windows:
    """Return the windows that a node's attributes say; `kernel` where its size is another input's."""
    spatial = b.rank(x) - 2
    kernel = kernel if kernel is not None else node.ints("kernel_shape", [])
    strides, dilations = (node.ints(name) or [1] * spatial for name in ("strides", "dilations"))
    if not 1 <= spatial <= 3 or {len(kernel), len(strides), len(dilations)} != {spatial} or min(*kernel, *strides, *dilations) < 1:
        raise Unsupported(f"its windows are {kernel}, {strides}, {dilations} of {spatial} dimensions"[:150])
    kind = node.text("auto_pad", "NOTSET")
    if kind in ("SAME_UPPER", "SAME_LOWER"):
        pads = [_same(b, x, i, (kernel[i] - 1) * dilations[i] + 1, strides[i], kind) for i in range(spatial)]
    else:
        listed = (node.ints("pads") if kind == "NOTSET" else None) or [0] * (2 * spatial)
        pads = [[listed[i], listed[i + spatial]] for i in range(spatial)]
    return Windows(kernel, strides, dilations, pads)


def _same(b: Scope, x: Value, i: int, reach: int, stride: int, kind: str) -> list[int]:
    total = reach - 1
    if stride > 1:
        size = b.size(x, i + 2)
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return [total // 2, total - total // 2] if kind == "SAME_UPPER" else [total - total // 2, total // 2]


def flat_to_image(b: Scope, x: Value, w: Windows) -> tuple[Value, Windows]:
    """Return a value with one spatial dimension as an image of height 1, and its windows."""
    if b.rank(x) != 3:
        return x, w
    return b("ExpandDims", x, 2), Windows([1, *w.kernel], [1, *w.strides], [1, *w.dilations], [[0, 0], *w.pads])


def channels_last(b: Scope, x: Value) -> Value:
    """Return [batch, ..., channels] of [batch, channels, ...]."""
    return b.transpose(x, [0, *range(2, b.rank(x)), 1])


def channels_first(b: Scope, x: Value) -> Value:
    """Return [batch, channels, ...] of [batch, ..., channels]."""
    return b.transpose(x, [0, b.rank(x) - 1, *range(1, b.rank(x) - 1)])


def between(b: Scope, x: Value, w: Windows, function: Callable[[Value, Windows], Value]) -> Value:
    """Return what a function of an image with channels last gives for x with channels first."""
    image, inner = flat_to_image(b, x, w)
    found = channels_first(b, function(channels_last(b, image), inner))
    return b.squeeze(found, [2]) if b.rank(x) == 3 else found


# --- convolutions -------------------------------------------------------------------------------------------------------------


@onnx_op("Conv")
def conv(b: Scope, node: OnnxNode, x: Value, kernel: Value, bias: Value | None = None) -> Value:
    return convolved(b, node, x, kernel, bias)


def convolved(b: Scope, node: OnnxNode, x: Value, kernel: Value, bias: Value | None = None) -> Value:
    """Return the convolution that a node's attributes say."""
    b.rank(x, b.rank(kernel))
    w = windows(b, node, x, [b.size(kernel, i + 2) for i in range(b.rank(kernel) - 2)])
    groups = node.int("group", 1)

    def image_conv(image: Value, inner: Windows) -> Value:
        weights = b("ExpandDims", kernel, 2) if kernel.constant is None and b.rank(kernel) == 3 else kernel
        if b.rank(weights) == 3:
            weights = b.reshape(weights, [*weights.shape[:2], 1, weights.shape[2]])  # type: ignore[index]
        found = _grouped(b, image, weights, inner, groups)
        return found if bias is None else b("BiasAdd", found, bias, data_format=b"NHWC")

    return between(b, x, w, image_conv)


def _grouped(b: Scope, image: Value, weights: Value, w: Windows, groups: int) -> Value:
    """Return the convolution of an image with weights [outputs, inputs / groups, ...]."""
    spatial = list(range(2, b.rank(weights)))
    outputs, inputs = b.size(weights, 0), b.size(weights, 1)
    if groups == 1:
        return _placed(b, "Conv3D" if len(spatial) == 3 else "Conv2D", image, b.transpose(weights, [*spatial, 1, 0]), w)
    if groups < 1 or outputs % groups:
        raise Unsupported(f"{outputs} outputs in {groups} groups")
    if inputs == 1 and len(spatial) == 2:
        # [groups * multiplier, 1, h, w] -> [h, w, groups, multiplier]
        deep = b.reshape(weights, [groups, outputs // groups, w.kernel[0], w.kernel[1]])
        return _placed(b, "DepthwiseConv2dNative", image, b.transpose(deep, [2, 3, 0, 1]), w)
    if groups > 1024:
        raise Unsupported(f"{groups} groups")
    images = b("Split", b.rank(image) - 1, image, outputs=groups, num_split=groups)
    each = outputs // groups
    parts = [_grouped(b, part, _rows(b, weights, i * each, each), w, 1) for i, part in enumerate(images)]
    return b("ConcatV2", *parts, b.rank(image) - 1, N=groups)


def _rows(b: Scope, weights: Value, first: int, count: int) -> Value:
    if weights.constant is None:
        return b.slice(weights, 0, first, first + count)
    whole = weights.constant.tensor()
    return b.tensor(ops.slice(whole, [first, *[0] * (len(whole.shape) - 1)], [count, *whole.shape[1:]]))


def _placed(b: Scope, op: str, image: Value, weights: Value, w: Windows) -> Value:
    """Return a convolution with channels last; strides beside dilations, which engines refuse, are taken from its result."""
    steps = w.strides
    both = max(w.strides) > 1 and max(w.dilations) > 1
    if (op == "DepthwiseConv2dNative" and len(set(steps)) > 1) or both:
        steps = [1] * len(steps)
    padding: Any = {"padding": b"VALID"}
    if any(map(any, w.pads)):
        if op == "Conv2D" and min(map(min, w.pads)) >= 0:
            padding = {"padding": b"EXPLICIT", "explicit_paddings": [0, 0, *(p for pair in w.pads for p in pair), 0, 0]}
        else:
            image = padded(b, image, [[0, 0], *w.pads, [0, 0]])
    form = b"NDHWC" if op == "Conv3D" else b"NHWC"
    found = b(op, image, weights, strides=[1, *steps, 1], dilations=[1, *w.dilations, 1], data_format=form, **padding)
    for axis, step in enumerate(w.strides):
        if steps != w.strides and step > 1:
            found = b.slice(found, axis + 1, 0, None, step)
    return found


# --- transposed convolutions --------------------------------------------------------------------------------------------------


@onnx_op("ConvTranspose")
def conv_transpose(b: Scope, node: OnnxNode, x: Value, kernel: Value, bias: Value | None = None) -> Value:
    spatial, groups = b.rank(kernel) - 2, node.int("group", 1)
    if spatial > 2:
        raise Unsupported("it has three spatial dimensions")
    b.rank(x, b.rank(kernel))
    sizes = [b.size(kernel, i + 2) for i in range(spatial)]
    w, more = _transposed_windows(b, node, x, sizes)
    if kernel.constant is not None and spatial == 1:
        kernel = b.reshape(kernel, [*(s or 0 for s in kernel.shape[:2]), 1, sizes[0]])  # type: ignore[index]
    elif spatial == 1:
        kernel = b("ExpandDims", kernel, 2)
    more = [0] * (2 - spatial) + more

    def image_conv(image: Value, inner: Windows) -> Value:
        weights = _dilated(b, b.transpose(kernel, [2, 3, 1, 0]), inner)  # [inputs, outputs, h, w] -> [h, w, outputs, inputs]
        each = b.size(kernel, 0) // groups
        images = [image] if groups == 1 else b("Split", 3, image, outputs=groups, num_split=groups)
        parts = [_backwards(b, p, b.slice(weights, 3, i * each, (i + 1) * each) if groups > 1 else weights, inner, more)
                 for i, p in enumerate(images)]  # fmt: skip
        found = b("ConcatV2", *parts, 3, N=groups) if groups > 1 else parts[0]
        return found if bias is None else b("BiasAdd", found, bias, data_format=b"NHWC")

    return between(b, x, w, image_conv)


def _transposed_windows(b: Scope, node: OnnxNode, x: Value, kernel: list[int]) -> tuple[Windows, list[int]]:
    """Return the windows and what is added at the end of each dimension."""
    spatial = len(kernel)
    strides, dilations = (node.ints(name) or [1] * spatial for name in ("strides", "dilations"))
    more = node.ints("output_padding") or [0] * spatial
    listed, kind, wanted = node.ints("pads") or [0] * (2 * spatial), node.text("auto_pad", "NOTSET"), node.ints("output_shape")
    pads = [[listed[i], listed[i + spatial]] for i in range(spatial)]
    if kind.startswith("SAME") or wanted:
        for i in range(spatial):
            size = b.size(x, i + 2)
            target = (wanted[-spatial:] if wanted else [size * s for s in strides])[i] if wanted else size * strides[i]
            total = max(0, strides[i] * (size - 1) + more[i] + (kernel[i] - 1) * dilations[i] + 1 - target)
            half = total // 2
            pads[i] = [half, total - half] if kind == "SAME_UPPER" else [total - half, half]
    return Windows(kernel, strides, dilations, pads), more


def _dilated(b: Scope, weights: Value, w: Windows) -> Value:
    """Return weights with zeros between their taps: engines have no dilated transposed convolution."""
    if max(w.dilations) == 1:
        return weights
    if math.prod((k - 1) * d + 1 for k, d in zip(w.kernel, w.dilations, strict=True)) > 1 << 16:
        raise Unsupported(f"dilations {w.dilations}"[:80])
    for axis, (size, dilation) in enumerate(zip(w.kernel, w.dilations, strict=True)):
        if dilation > 1 and size > 1:
            # A further place of zeros is behind the last.
            places = [i // dilation if i % dilation == 0 else size for i in range((size - 1) * dilation + 1)]
            around = [[0, 1] if i == axis else [0, 0] for i in range(4)]
            weights = b("GatherV2", b("PadV2", weights, around, 0.0), places, axis, batch_dims=0)
    return weights


def _backwards(b: Scope, image: Value, weights: Value, w: Windows, more: list[int]) -> Value:
    n, *sizes, _ = b.dims(image)
    made: list[Any] = []
    for i, size in enumerate(sizes):
        add = (w.kernel[i] - 1) * w.dilations[i] + 1 - w.strides[i] - sum(w.pads[i]) + more[i]
        made.append(size * w.strides[i] + add if isinstance(size, int) else b("AddV2", b("Mul", size, w.strides[i]), add))
    shape = b.pack([n, *made, b.size(weights, 2)])
    padding: Any = {"padding": b"VALID"}
    if any(map(any, w.pads)):
        padding = {"padding": b"EXPLICIT", "explicit_paddings": [0, 0, *(p for pair in w.pads for p in pair), 0, 0]}
    form: Any = {"strides": [1, *w.strides, 1], "dilations": [1, 1, 1, 1], "data_format": b"NHWC"}
    return b("Conv2DBackpropInput", shape, weights, image, **form, **padding)


# --- pooling ------------------------------------------------------------------------------------------------------------------


def pool_windows(b: Scope, node: OnnxNode, x: Value) -> tuple[Windows, list[int]]:
    """Return a pool's windows, and what is to be added behind each dimension so that the last windows fit."""
    w = windows(b, node, x, None)
    if not node.int("ceil_mode", 0) or node.text("auto_pad", "NOTSET") != "NOTSET":
        return w, [0] * len(w.kernel)
    more = []
    for i, (before, after) in enumerate(w.pads):
        reach, stride = (w.kernel[i] - 1) * w.dilations[i] + 1, w.strides[i]
        if after + stride - 1 < reach and (x.shape is None or x.shape[i + 2] is None):
            more.append(stride - 1)  # no window would lie in the padding alone
            continue
        size = b.size(x, i + 2)
        count = -(-(size + before + after - reach) // stride) + 1
        count -= (count - 1) * stride >= size + before
        more.append(max(0, (count - 1) * stride + reach - size - before - after))
    return w, more


def _pooled(b: Scope, op: str, image: Value, w: Windows) -> Value:
    around: Any = {"ksize": [1, *w.kernel, 1], "strides": [1, *w.strides, 1], "padding": b"VALID"}
    three = len(w.kernel) == 3
    return b(op + "3D" if three else op, image, data_format=b"NDHWC" if three else b"NHWC", **around)


def _extended(w: Windows, more: list[int]) -> list[list[int]]:
    return [[0, 0], *([p, q + m] for (p, q), m in zip(w.pads, [0] * (len(w.pads) - len(more)) + more, strict=True)), [0, 0]]


@onnx_op("MaxPool")
def max_pool(b: Scope, node: OnnxNode, x: Value) -> Any:
    w, more = pool_windows(b, node, x)
    if node.has_output(1):
        return _max_pool_places(b, node, x, w, more)

    def pooled(image: Value, inner: Windows) -> Value:
        image = padded(b, image, _extended(inner, more), "constant", b.like(LOWEST, image) if not image.whole else -(2**31))
        if image.whole:
            image = b("Cast", image, SrcT="int32", DstT="float32")
        return _pooled(b, "MaxPool", image, inner) if max(inner.dilations) == 1 else _dilated_max(b, image, inner)

    found = between(b, x, w, pooled)
    return b.typed(b.cast(found, x.dtype or "float32"), x.dtype)


def _dilated_max(b: Scope, image: Value, w: Windows) -> Value:
    """Return the maxima of windows with holes, one dimension after the other."""
    for axis, (size, stride, dilation) in enumerate(zip(w.kernel, w.strides, w.dilations, strict=True)):
        if size > 256:
            raise Unsupported(f"a dilated window of {size}")
        parts = [b.slice(image, axis + 1, i * dilation, (i + 1 - size) * dilation or None, stride) for i in range(size)]
        image = parts[0]
        for part in parts[1:]:
            image = b("Maximum", image, part)
    return image


def _max_pool_places(b: Scope, node: OnnxNode, x: Value, w: Windows, more: list[int]) -> list[Value]:
    """Return the maxima, and where in the flat input each stands."""
    if b.rank(x) > 4 or max(w.dilations) > 1 or node.int("storage_order", 0):
        raise Unsupported("it gives indices of more than two dimensions, of windows with holes or by columns")
    image, inner = flat_to_image(b, x, w)
    n, c, h, width = b.dims(image)
    wide = padded(b, channels_last(b, image), _extended(inner, more), "constant", LOWEST)
    across = b.dims(wide)[2]
    attrs: Any = {"ksize": [1, *inner.kernel, 1], "strides": [1, *inner.strides, 1], "padding": b"VALID", "include_batch_in_index": False}
    found, places = b("MaxPoolWithArgmax", wide, outputs=2, **attrs)
    channel, pixel = b("FloorMod", places, c), b("FloorDiv", places, c)
    row, column = b("FloorDiv", pixel, across), b("FloorMod", pixel, across)
    inside = b("AddV2", b("Mul", b("Sub", row, inner.pads[0][0]), width), b("Sub", column, inner.pads[1][0]))
    one = b.reshape(b("Range", 0, n, 1, Tidx="int32"), [-1, 1, 1, 1])
    area = h * width if isinstance(h, int) and isinstance(width, int) else b("Mul", h, width)
    flat = b("AddV2", b("Mul", b("AddV2", b("Mul", one, c), channel), area), inside)
    outputs = [channels_first(b, found), b.typed(channels_first(b, flat), "int64")]
    return [b.squeeze(v, [2]) for v in outputs] if b.rank(x) == 3 else outputs


@onnx_op("AveragePool")
def average_pool(b: Scope, node: OnnxNode, x: Value) -> Value:
    w, more = pool_windows(b, node, x)
    counts_pads = bool(node.int("count_include_pad", 0))

    def pooled(image: Value, inner: Windows) -> Value:
        around = _extended(inner, more)
        if not any(map(any, around)) and max(inner.dilations) == 1:
            return _pooled(b, "AvgPool", image, inner)
        wide = padded(b, image, around)
        total = _pooled(b, "AvgPool", wide, inner) if max(inner.dilations) == 1 else _dilated_mean(b, wide, inner)
        if counts_pads and not any(more):
            return total
        if image.shape is None or None in image.shape[1:-1]:
            share: Value | None = _computed_shares(b, image, inner, around, counts_pads)
        else:
            share = _shares(b, image, inner, around, counts_pads)
        return total if share is None else b("RealDiv", total, share)

    return between(b, x, w, pooled)


def _dilated_mean(b: Scope, image: Value, w: Windows) -> Value:
    for axis, (size, stride, dilation) in enumerate(zip(w.kernel, w.strides, w.dilations, strict=True)):
        if size > 256:
            raise Unsupported(f"a dilated window of {size}")
        parts = [b.slice(image, axis + 1, i * dilation, (i + 1 - size) * dilation or None, stride) for i in range(size)]
        image = b("Mul", b("AddN", *parts, N=size), 1 / size) if size > 1 else parts[0]
    return image


def _computed_shares(b: Scope, image: Value, w: Windows, around: list[list[int]], counts_pads: bool) -> Value:
    """Return which share of each window counts, of an image whose size is not known beforehand."""
    one = b("OnesLike", b.slice(b.slice(image, 0, 0, 1), b.rank(image) - 1, 0, 1))
    inside = [[0, 0], *w.pads, [0, 0]] if counts_pads else [[0, 0] for _ in around]
    wide = padded(b, one, inside, "constant", 1.0)
    rest = [[p - q, r - s] for (p, r), (q, s) in zip(around, inside, strict=True)]
    wide = padded(b, wide, rest)
    return _pooled(b, "AvgPool", wide, w) if max(w.dilations) == 1 else _dilated_mean(b, wide, w)


def _shares(b: Scope, image: Value, w: Windows, around: list[list[int]], counts_pads: bool) -> Value | None:
    """Return which share of each window counts, [1, ..., 1]; None where all of all do."""
    rank = b.rank(image)
    own: list[list[float]] = []
    for i, (before, after) in enumerate(around[1:-1]):
        size = b.size(image, i + 1)
        low, high = (-w.pads[i][0], size + w.pads[i][1]) if counts_pads else (0, size)
        step, reach = w.dilations[i], (w.kernel[i] - 1) * w.dilations[i] + 1
        starts = range(-before, size + after - reach + 1, w.strides[i])
        own.append([sum(low <= s + k * step < high for k in range(w.kernel[i])) / w.kernel[i] for s in starts])
    if math.prod(map(len, own)) > 1 << 20:
        raise Unsupported("its result is too large to be counted beforehand")
    if all(v == 1 for row in own for v in row):
        return None
    flat = [math.prod(v) for v in product(*own)]
    return b.const(flat, [1, *map(len, own), 1][:rank], "float32")


@onnx_op("LpPool")
def lp_pool(b: Scope, node: OnnxNode, x: Value) -> Value:
    w, more = pool_windows(b, node, x)
    area = float(math.prod(w.kernel))

    def pooled(image: Value, inner: Windows) -> Value:
        wide = padded(b, image, _extended(inner, more))
        mean = _pooled if max(inner.dilations) == 1 else lambda s, _, v, i: _dilated_mean(s, v, i)
        return lp_norm(b, wide, float(node.int("p", 2)), lambda v: b("Mul", mean(b, "AvgPool", v, inner), area))

    return between(b, x, w, pooled)


