"""Fused ops: a contraction, then one body for all that is done to each element of its result. Contractions alone: `contraction.py`.

The body is the epilogue of the contraction's kernel, unless a gradient tape needs what lies between the two.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..errors import ArgumentError, message
from ..kernels import expression as e
from ..tensor import OPS
from .contraction import After, operands, product
from .convolution import convolve
from .define import Body, composite, op

_PARTS = ("bias", "scale", "shift", "residual", "weights")


@lru_cache(maxsize=512)
def _epilogue(present: tuple[str, ...], activation: str) -> Body:
    """Return the body activation((x + bias) * scale + shift + residual) with the parts that are present."""
    symbols = [e.argument(i) for i in range(len(present) + 1)]
    y, part = symbols[0], dict(zip(present, symbols[1:]))
    y = y + part["bias"] if "bias" in part else y
    y = y * part["scale"] if "scale" in part else y
    y = y + part["shift"] if "shift" in part else y
    y = y + part["residual"] if "residual" in part else y
    if activation in ("prelu", "leakyrelu"):
        y = e.where(y > 0, y, y * part["weights"])
    elif activation != "linear":
        y = op(activation)(y)
    return Body("fused", [e.wrap(y)], symbols)


def _named(where: str, activation: str | None) -> str:
    name = "linear" if activation is None else activation
    if name not in ("linear", "prelu", "leakyrelu") and name not in OPS:
        raise ArgumentError(message(where, "an activation's name", repr(activation), "For example relu, relu6, sigmoid, gelu."))
    return name


def _after(
    where: str, bias: Any = None, activation: str | None = "linear", prelu_weights: Any = None, leakyrelu_alpha: float = 0.2,
    residual: Any = None, scale: Any = None, shift: Any = None,
) -> tuple[After | None, str | None]:  # fmt: skip
    """Return the body of all parts that are given, and the name of an activation that is no body (softmax) and comes after it."""
    name = _named(where, activation)
    if (name == "prelu") != (prelu_weights is not None):
        raise ArgumentError(message(where, "prelu_weights with activation prelu", repr(activation), "Pass both or neither."))
    weights = prelu_weights if name == "prelu" else float(leakyrelu_alpha) if name == "leakyrelu" else None
    parts = {k: v for k, v in zip(_PARTS, (bias, scale, shift, residual, weights)) if v is not None}
    then = None if name in ("linear", "prelu", "leakyrelu") or OPS[name].pattern == "map" else name
    if not parts and (then or name == "linear"):
        return None, then
    tensors = tuple(v if isinstance(v, (int, float)) else operands(where, v)[0] for v in parts.values())
    return After(where, _epilogue(tuple(parts), "linear" if then else name), tensors), then


def _followed(where: str, make: Callable[[After | None], Any], parts: dict[str, Any]) -> Any:
    """Return what `make` returns for the body of the parts, and an activation that is no body after it."""
    after, then = _after(where, **parts)
    made = make(after)
    return op(then)(made) if then else made


def finish(where: str, x: Any, **parts: Any) -> Any:
    """Return activation((x + bias) * scale + shift + residual), each part where it is given; one kernel for bodies."""
    return _followed(where, lambda after: x if after is None else after.apply(x), parts)


@composite(namespace="fused")
def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, **after: Any) -> Any:
    """Return matmul followed by bias, scale, shift, residual and activation, in this order.

    Keywords after the matrices: `bias`, `activation` (linear, relu, relu6, elu, sigmoid, prelu, leakyrelu, or any op of one tensor
    by name), `prelu_weights`, `leakyrelu_alpha`, and `residual`, `scale`, `shift`. TensorFlow.js's fused.matMul.

    >>> import tensorweb as tw
    >>> tw.fused.matmul(tw.ones((1, 2)), tw.ones((2, 2)), bias=tw.tensor([-3.0, 3.0]), activation="relu").tolist()
    [[0.0, 5.0]]
    """
    return _followed("fused.matmul", lambda then: product(a, b, transpose_a, transpose_b, then), after)


@composite(namespace="fused")
def conv2d(
    x: Any, filter: Any, strides: Any = 1, pad: Any = "valid", data_format: str = "NHWC", dilations: Any = 1,
    dim_rounding_mode: str | None = None, **after: Any,
) -> Any:  # fmt: skip
    """Return conv2d followed by bias, scale, shift, residual and activation; keywords as in fused.matmul.

    Of data_format NCHW a bias of one axis belongs to the channels too. TensorFlow.js's fused.conv2d.
    """
    return _convolved("fused.conv2d", x, filter, strides, pad, data_format, dilations, dim_rounding_mode, after)


@composite(namespace="fused")
def depthwise_conv2d(
    x: Any, filter: Any, strides: Any = 1, pad: Any = "valid", data_format: str = "NHWC", dilations: Any = 1,
    dim_rounding_mode: str | None = None, **after: Any,
) -> Any:  # fmt: skip
    """Return depthwise_conv2d followed by bias, scale, shift, residual and activation. TensorFlow.js's fused.depthwiseConv2d."""
    return _convolved("fused.depthwise_conv2d", x, filter, strides, pad, data_format, dilations, dim_rounding_mode, after, True)


def _convolved(
    where: str, x: Any, filter: Any, strides: Any, pad: Any, data_format: str, dilations: Any, rounding: str | None, after: dict[str, Any],
    depthwise: bool = False,
) -> Any:  # fmt: skip
    def make(then: After | None) -> Any:
        return convolve(where, x, filter, strides, pad, data_format, dilations, rounding, 2, depthwise, then)

    return _followed(where, make, _along_channels(after, data_format))


def _along_channels(after: dict[str, Any], data_format: str | None) -> dict[str, Any]:
    """Return the parts with those of one axis moved to the channels, where these are not last."""
    if data_format not in ("NCHW", "channels_first"):
        return after
    moved = dict(after)
    for name in ("bias", "scale", "shift", "prelu_weights"):
        value = moved.get(name)
        if value is not None and len(operands(name, value)[0].shape) == 1:
            moved[name] = op("reshape")(value, (-1, 1, 1))
    return moved
