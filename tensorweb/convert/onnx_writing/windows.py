"""Writes ops that slide windows over images, which have channels first here (`channels.py`): convolutions, pooling, patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...graph.definition import Node
from ..onnx.shapes import window_size
from .scope import WRITERS, Scope, Unwritable, Value, writes


def _along(node: Node, name: str, rank: int) -> list[int]:
    """Return the part of an attribute that belongs to the spatial axes."""
    values = node.attrs.get(name)
    values = [1] if values is None else list(values) if isinstance(values, (list, tuple)) else [values]
    return [int(v) for v in (values * rank if len(values) == 1 else values[2:])]


def _padding(node: Node, rank: int) -> dict[str, Any]:
    """Return the attributes that say how images are padded."""
    kind = node.attrs.get("padding", b"VALID")
    if kind == b"SAME":
        return {"auto_pad": "SAME_UPPER"}
    if kind == b"VALID":
        return {}
    flat = list(node.attrs.get("explicit_paddings") or ())
    if len(flat) != 2 * rank + 4:
        raise Unwritable(f"it has {len(flat)} explicit paddings")
    return {"pads": [*flat[4::2], *flat[5::2]]}


def _window(node: Node, x: Value, kernel: Sequence[int | None], dilations: str = "dilations") -> dict[str, Any]:
    """Return strides, dilations and padding. With dilations ONNX Runtime has no automatic padding: it is told then."""
    rank = len(kernel)
    strides, gaps, padding = _along(node, "strides", rank), _along(node, dilations, rank), _padding(node, rank)
    if "auto_pad" in padding and any(gap != 1 for gap in gaps):
        sizes = [None] * rank if x.shape is None else x.shape[2:]
        whole = [_same(*each) for each in zip(sizes, kernel, strides, gaps, strict=True)]
        padding = {"pads": [total // 2 for total in whole] + [total - total // 2 for total in whole]}
    return {"strides": strides, "dilations": gaps, **padding}


def _same(size: int | None, kernel: int | None, stride: int, gap: int) -> int:
    """Return the padding of an axis, before and behind together, with which there is a place for each stride."""
    if kernel is None or (size is None and stride != 1):
        raise Unwritable("it has strides and dilations, and its image's size is not known beforehand")
    wide = (kernel - 1) * gap + 1
    return max(0, wide - 1 if size is None or stride == 1 else (-(-size // stride) - 1) * stride + wide - size)


# --- convolutions -----------------------------------------------------------------------------------------------------------


def _groups(x: Value, kernel: Value) -> int:
    """Return how many groups of channels a convolution has: the kernel's may be fewer than the image's."""
    inner, channels = (None if v.shape is None else v.shape[at] for v, at in ((kernel, -2), (x, 1)))
    return 1 if inner is None or channels is None else channels // inner


@writes("Conv2D", "Conv3D")
def convolution(b: Scope, node: Node, x: Value, kernel: Value, bias: Value | None = None) -> Value:
    rank = b.rank(kernel) - 2
    weights = b.transpose(kernel, [rank + 1, rank, *range(rank)])
    groups = _groups(x, kernel)
    sizes = (None,) * (rank + 2) if kernel.shape is None else kernel.shape
    window = _window(node, x, sizes[:rank])
    return b("Conv", x, weights, bias, group=None if groups == 1 else groups, shape=_shape(x, sizes[-1], sizes[:rank], window), **window)


def _shape(x: Value, channels: int | None, kernel: Sequence[int | None], window: dict[str, Any]) -> Any:
    """Return the shape of what windows on an image give."""
    if x.shape is None:
        return None
    rank = len(kernel)
    flat = window.get("pads") or [0] * (2 * rank)
    pads = [None if "auto_pad" in window else (flat[i], flat[i + rank]) for i in range(rank)]
    gaps = window.get("dilations") or [1] * rank
    return (x.shape[0], channels, *map(window_size, x.shape[2:], kernel, window["strides"], gaps, pads))


@writes("Conv1D")
def convolution_1d(b: Scope, node: Node, x: Value, kernel: Value) -> Value:
    """Only TensorFlow.js has it; its strides and dilations are numbers."""
    attrs = {**node.attrs, "strides": [node.attrs.get("stride", 1)], "dilations": [node.attrs.get("dilation", 1)]}
    return convolution(b, Node(node.name, node.op, node.inputs, attrs), x, kernel)


@writes("DepthwiseConv2dNative")
def depthwise(b: Scope, node: Node, x: Value, kernel: Value, bias: Value | None = None) -> Value:
    if kernel.shape is None or kernel.shape[2] is None:
        raise Unwritable("its number of channels is not known beforehand")
    height, width, channels, times = kernel.shape
    sizes = (s if s is not None else b.size(kernel, i) for i, s in enumerate((height, width)))
    weights = b.reshape(b.transpose(kernel, [2, 3, 0, 1]), [-1, 1, *sizes])
    window = _window(node, x, (height, width))
    shape = _shape(x, None if times is None else channels * times, (height, width), window)
    return b("Conv", x, weights, bias, group=channels, shape=shape, **window)


@writes("Conv2DBackpropInput", "Conv3DBackpropInputV2")
def transposed_convolution(b: Scope, node: Node, sizes: Value, kernel: Value, x: Value) -> Value:
    rank = b.rank(kernel) - 2
    if kernel.shape is None or None in kernel.shape[:rank]:
        raise Unwritable("its kernel's size is not known beforehand")
    strides = _along(node, "strides", rank)
    if any(d != 1 for d in _along(node, "dilations", rank)):
        raise Unwritable("it has dilations")
    weights = b.transpose(kernel, [rank + 1, rank, *range(rank)])
    told = list(sizes.host or [None] * (rank + 2))
    if sizes.shape != (rank,):  # TensorFlow.js lets the sizes stand alone
        told = told[1:-1] if "_input" in node.attrs else told[2:]
    if None in told[:rank]:
        return _cut_later(b, node, b("ConvTranspose", x, weights, strides=strides), _spatial(b, node, sizes, rank), rank)
    cuts = [_cut(node, *each) for each in zip(kernel.shape, strides, told, range(rank))]
    more = [max(-after, 0) for _, after in cuts]
    pads = [before for before, _ in cuts] + [max(after, 0) for _, after in cuts]
    return b("ConvTranspose", x, weights, strides=strides, pads=pads, output_padding=more if any(more) else None)


def _around(node: Node, axis: int) -> tuple[int, int]:
    """Return the explicit padding of a spatial axis."""
    flat = list(node.attrs.get("explicit_paddings") or ())
    return (flat[2 * (axis + 2)], flat[2 * (axis + 2) + 1]) if node.attrs.get("padding") == b"EXPLICIT" else (0, 0)


def _spatial(b: Scope, node: Node, sizes: Value, rank: int) -> Value:
    """Return the spatial sizes of a shape as an int64 vector; TensorFlow.js lets them stand alone."""
    if sizes.shape == (rank,):
        return b.int64(sizes)
    first = 1 if "_input" in node.attrs else 2
    return b.slice(b.int64(sizes), 0, first, first + rank)


def _cut_later(b: Scope, node: Node, whole: Value, wanted: Value, rank: int) -> Value:
    """Return the whole result of a transposed convolution cut to a size that is computed, with zeros behind where it is shorter."""
    made = b("Shape", whole, start=2, shape=(rank,))
    behind = b("Max", b("Sub", wanted, made), 0)
    if node.attrs.get("padding") == b"SAME":
        before = b("Div", b("Max", b("Sub", made, wanted), 0), 2)
    else:
        before = b.value([_around(node, axis)[0] for axis in range(rank)])
    padded = b("Pad", whole, b("Concat", b.value([0] * (rank + 4)), behind, axis=0))
    return b("Slice", padded, before, b("Add", before, wanted), list(range(2, rank + 2)))


def _cut(node: Node, kernel: int, stride: int, outside: int, axis: int) -> tuple[int, int]:
    """Return how much of the whole result is cut off before and behind; negative behind: how much is added.

    The image is what a convolution would make of the result, so the result's size tells its size.
    """
    around = _around(node, axis)
    same = node.attrs.get("padding") == b"SAME"
    inside = -(-outside // stride) if same else (outside + sum(around) - kernel) // stride + 1
    total = (inside - 1) * stride + kernel - outside
    before = max(total, 0) // 2 if same else around[0]
    return before, total - before


@writes("Dilation2D")
def dilation(b: Scope, node: Node, x: Value, kernel: Value) -> Value:
    """The largest of image plus kernel, place by place of the kernel; channels are last here."""
    if kernel.shape is None or None in kernel.shape or kernel.shape[0] * kernel.shape[1] > 256:
        raise Unwritable("its kernel is large or computed")
    strides, rates = (list(node.attrs.get(name) or [1] * 4)[1:3] for name in ("strides", "rates"))
    wide = [(k - 1) * r + 1 for k, r in zip(kernel.shape, rates)]
    if node.attrs.get("padding") == b"SAME":
        sizes = x.shape[1:3] if x.shape else (None, None)
        if None in sizes:
            raise Unwritable("its image's size is not known beforehand")
        pads = [max(0, (-(-s // t) - 1) * t + w - s) for s, t, w in zip(sizes, strides, wide)]
        before = [0, *(p // 2 for p in pads), 0]
        x = b("Pad", x, before + [0, *(p - p // 2 for p in pads), 0], float("-inf"))
    height, width = (b.size(x, axis) if x.shape is not None else b("Shape", x, start=axis, end=axis + 1, shape=(1,)) for axis in (1, 2))
    found = []
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            first = [i * rates[0], j * rates[1]]
            last = [b("Sub", s, w - 1 - f, shape=(1,)) for s, w, f in zip((height, width), wide, first)]
            part = b("Slice", x, first, b("Concat", *last, axis=0), [1, 2], strides)
            found.append(b("Add", part, b("Gather", b("Gather", kernel, b.int64(i), axis=0), b.int64(j), axis=0)))
    return b("Max", *found)


# --- pooling ----------------------------------------------------------------------------------------------------------------


def _pooling(op: str, rank: int) -> Any:
    def write(b: Scope, node: Node, x: Value, size: Value | None = None, strides: Value | None = None) -> Value:
        """Sizes and strides are inputs of MaxPoolV2, there in the order of channels last."""
        given = {"strides": _along(node, "strides", rank), "kernel_shape": _along(node, "ksize", rank)}
        for name, value in (("kernel_shape", size), ("strides", strides)):
            if value is not None:
                listed = b.ints(value, "sizes")
                given[name] = listed[2:] if node.attrs.get("_input") is None else listed[1:-1]
        more: dict[str, Any] = {"count_include_pad": 0} if op == "AveragePool" else {}
        window: dict[str, Any] = {**given, **_padding(node, rank)}
        shape = _shape(x, None if x.shape is None else x.shape[1], given["kernel_shape"], window)
        return b.cast(b(op, b.cast(x, "float32"), shape=shape, **window, **more), x.dtype)

    return write


WRITERS.update({name: _pooling("MaxPool", 2) for name in ("MaxPool", "MaxPoolV2")})
WRITERS.update({"AvgPool": _pooling("AveragePool", 2), "MaxPool3D": _pooling("MaxPool", 3), "AvgPool3D": _pooling("AveragePool", 3)})


@writes("MaxPoolWithArgmax")
def max_pool_with_argmax(b: Scope, node: Node, x: Value) -> list[Value]:
    """ONNX counts places with channels first over the whole batch, TensorFlow with channels last, most often within a picture."""
    window: dict[str, Any] = {"strides": _along(node, "strides", 2), "kernel_shape": _along(node, "ksize", 2), **_padding(node, 2)}
    found, places = b("MaxPool", x, outputs=2, **window)
    found.shape = None if x.shape is None else _shape(x, x.shape[1], window["kernel_shape"], window)
    channels, height, width = (b.size(x, axis) for axis in (1, 2, 3))
    area = b("Mul", height, width, shape=(1,))
    within = b("Add", b("Mul", b("Mod", places, area), channels), b.reshape(b.range(channels), [-1, 1, 1]))
    if node.attrs.get("include_batch_in_index"):
        picture = b("Mul", area, channels, shape=(1,))
        within = b("Add", within, b("Mul", b.reshape(b.range(b.size(x, 0)), [-1, 1, 1, 1]), picture))
    return [found, b.int32(within)]


@writes("ExtractImagePatches")
def patches(b: Scope, node: Node, x: Value) -> Value:
    """A convolution with a kernel that has a single 1 for each place and channel."""
    size = _along(node, "ksizes", 2)
    channels = None if x.shape is None else x.shape[1]
    if channels is None or size[0] * size[1] * channels > 4096:
        raise Unwritable("its window is large, or the number of channels is not known beforehand")
    kernel = b.of_tensor(ops.reshape(ops.eye(size[0] * size[1] * channels), (-1, *size, channels)))
    made = b("Conv", b.cast(x, "float32"), b.transpose(kernel, [0, 3, 1, 2]), **_window(node, x, size, "rates"))
    return b.cast(made, x.dtype)
