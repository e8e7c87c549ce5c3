"""Graph ops that slide windows over images: convolutions, pooling, patches. What is fused with them: `matrices.fused_parts`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import ops
from ...errors import FormatError, message
from ..define import graph_op
from .matrices import fused_parts
from .support import text

_CHANNELS_FIRST = ("NCW", "NCHW", "NCDHW")


def _refuse(node: Any, expected: str, got: Any) -> FormatError:
    return FormatError(message(f"node {node.name!r}", expected, repr(got)[:80], "TensorFlow cannot run this on a CPU either."))


def _along_axes(node: Any, values: Any, data_format: str, name: str) -> tuple[int, ...]:
    """Return the part of an attribute that belongs to the spatial axes; that of batch and channels must be 1."""
    rank = len(data_format) - 2
    values = list(values or [1] * (rank + 2))
    if len(values) == 1:
        values = [1, *values * rank, 1] if data_format not in _CHANNELS_FIRST else [1, 1, *values * rank]
    first = 2 if data_format in _CHANNELS_FIRST else 1
    others = values[:first] + values[first + rank :]
    if len(values) != rank + 2 or others != [1, 1]:
        raise _refuse(node, f"{rank + 2} numbers for {name}, 1 for batch and channels", values)
    return tuple(values[first : first + rank])


def _padding(node: Any, data_format: str) -> Any:
    """Return the padding as our ops take it: a name or pairs for the spatial axes."""
    name = text(node, "padding", "VALID").lower()
    if name != "explicit":
        return name
    rank, flat = len(data_format) - 2, list(node.attrs.get("explicit_paddings") or ())
    if len(flat) != 2 * rank + 4:
        raise _refuse(node, f"{2 * rank + 4} explicit paddings", flat)
    first = 2 if data_format in _CHANNELS_FIRST else 1
    return [(flat[2 * i], flat[2 * i + 1]) for i in range(first, first + rank)]


# --- convolutions ---


def _settings(node: Any, data_format: str) -> dict[str, Any]:
    return {
        "strides": _along_axes(node, node.attrs.get("strides"), data_format, "strides"),
        "pad": _padding(node, data_format),
        "data_format": data_format,
        "dilations": _along_axes(node, node.attrs.get("dilations"), data_format, "dilations"),
    }


def _define_convolution(names: tuple[str, ...], function: Callable[..., Any], default: str) -> None:
    @graph_op(*names)
    def convolved(node: Any, x: Any, kernel: Any, *args: Any) -> Any:
        return function(x, kernel, **_settings(node, text(node, "data_format", default)), **fused_parts(node, list(args)))


_define_convolution(("Conv2D", "_FusedConv2D"), ops.fused.conv2d, "NHWC")
_define_convolution(
    ("DepthwiseConv2d", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative", "_FusedDepthwiseConv2dNative"),
    ops.fused.depthwise_conv2d, "NHWC",
)  # fmt: skip
_define_convolution(("Conv3D",), ops.conv3d, "NDHWC")


@graph_op("Conv1D")
def _conv1d(node: Any, x: Any, kernel: Any) -> Any:
    """Only TensorFlow.js has it."""
    data_format = text(node, "data_format", "NWC").replace("H", "")
    return ops.conv1d(x, kernel, node.attrs.get("stride", 1), _padding(node, data_format), data_format, node.attrs.get("dilation", 1))


_TRANSPOSED = {"NHWC": ops.conv2d_transpose, "NDHWC": ops.conv3d_transpose}


def _define_transposed(names: tuple[str, ...], default: str) -> None:
    @graph_op(*names, host=(0,))
    def transposed(node: Any, shape: list[int], kernel: Any, x: Any) -> Any:
        data_format = text(node, "data_format", default)
        if any(d != 1 for d in _along_axes(node, node.attrs.get("dilations"), data_format, "dilations")):
            raise _refuse(node, "no dilations", node.attrs["dilations"])
        strides, padding = _along_axes(node, node.attrs.get("strides"), data_format, "strides"), _padding(node, data_format)
        rank = len(data_format) - 2
        first = data_format in _CHANNELS_FIRST
        if len(shape) == rank:  # the sizes alone
            shape = [x.shape[0], *shape, kernel.shape[-2]]
        elif first:
            shape = [shape[0], *shape[2:], shape[1]]
        x = ops.moveaxis(x, 1, -1) if first else x
        made = _TRANSPOSED[default](x, kernel, tuple(shape), strides, padding)
        return ops.moveaxis(made, -1, 1) if first else made


_define_transposed(("Conv2DBackpropInput",), "NHWC")
_define_transposed(("Conv3DBackpropInputV2",), "NDHWC")


@graph_op("Dilation2D")
def _dilation2d(node: Any, x: Any, kernel: Any) -> Any:
    strides, rates = (_along_axes(node, node.attrs.get(name), "NHWC", name) for name in ("strides", "rates"))
    return ops.dilation2d(x, kernel, strides, _padding(node, "NHWC"), rates)


# --- pooling ---


def _define_pooling(names: tuple[str, ...], function: Callable[..., Any], default: str) -> None:
    @graph_op(*names, host=(1, 2))
    def pooled(node: Any, x: Any, size: Any = None, strides: Any = None) -> Any:
        """Sizes and strides are attributes, inputs of MaxPoolV2."""
        data_format = text(node, "data_format", default)
        window = _along_axes(node, node.attrs.get("ksize") if size is None else size, data_format, "ksize")
        steps = _along_axes(node, node.attrs.get("strides") if strides is None else strides, data_format, "strides")
        order = "channels_first" if data_format in _CHANNELS_FIRST else "channels_last"
        return function(x, window, steps, _padding(node, data_format), order)


_define_pooling(("MaxPool", "MaxPoolV2"), ops.max_pool, "NHWC")
_define_pooling(("AvgPool",), ops.average_pool, "NHWC")
_define_pooling(("MaxPool3D",), ops.max_pool, "NDHWC")
_define_pooling(("AvgPool3D",), ops.average_pool, "NDHWC")


@graph_op("MaxPoolWithArgmax")
def _max_pool_with_argmax(node: Any, x: Any) -> Any:
    window, strides = (_along_axes(node, node.attrs.get(name), "NHWC", name) for name in ("ksize", "strides"))
    whole_batch = bool(node.attrs.get("include_batch_in_index"))
    return ops.max_pool_with_argmax(x, window, strides, _padding(node, "NHWC"), whole_batch)
