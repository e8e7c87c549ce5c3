"""Activation functions, those along an axis (softmax) too. All are finite where the function is: large inputs give no NaN."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

from ..errors import ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..shapes import normalize_axis, size_of
from ..tensor import as_tensor
from .define import also, composite, elementwise, named, op, reduction
from .primitives import scan_rows, sort_rows
from .shaping import take_slice
from .special import erf
from .unknown import unknown_size, with_shape

# Stands for infinity where a factor of 0 meets it: activations have reached their limits long before.
_FAR = 6e4


def _clip(x: Any, low: Any, high: Any) -> Any:
    return e.minimum(e.maximum(x, low), high)


# --- sigmoid and what is made of it ---


@elementwise
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)).

    >>> import tensorweb as tw
    >>> tw.sigmoid(tw.tensor([0.0, 100.0])).tolist()
    [0.5, 1.0]
    """
    return 1.0 / (1.0 + e.exp(-x))


@sigmoid.derivative
def _sigmoid_derivative(g: Any, y: Any, x: Any) -> Any:
    return g * e.conj(y * (1.0 - y))


@elementwise
def silu(x: Any) -> Any:
    """Return x * sigmoid(x), also known as swish."""
    return e.maximum(x, -_FAR) / (1.0 + e.exp(-x))


@silu.derivative
def _silu_derivative(g: Any, y: Any, x: Any) -> Any:
    s = sigmoid(x)
    return g * s * (1.0 + _clip(x, -_FAR, _FAR) * (1.0 - s))


also("swish", silu)


@elementwise
def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)), computed so that it does not overflow."""
    return e.maximum(x, 0.0) + e.log1p(e.exp(-e.absolute(x)))


@softplus.derivative
def _softplus_derivative(g: Any, y: Any, x: Any) -> Any:
    return g * sigmoid(x)


log_sigmoid = named("log_sigmoid", lambda x: -softplus(-x), "Return log(sigmoid(x)), computed so that it does not overflow.")


# (1 + tanh(u)) / 2 is the sigmoid of 2u, and 2u is x times this.
_STEEP, _BENT = sqrt(8 / pi), 0.044715 * sqrt(8 / pi)


@elementwise
def _gelu_by_tanh(x: Any) -> Any:
    return e.maximum(x, -_FAR) / (1.0 + e.exp(x * (-_STEEP - _BENT * x * x)))


@_gelu_by_tanh.derivative
def _gelu_by_tanh_derivative(g: Any, y: Any, x: Any) -> Any:
    z = _clip(x, -13.0, 13.0)  # beyond, the sigmoid is 0 or 1
    s = sigmoid(z * (_STEEP + _BENT * z * z))
    return g * s * (1.0 + z * (1.0 - s) * (_STEEP + 3 * _BENT * z * z))


@elementwise(static=("approximate",))
def gelu(x: Any, approximate: bool = True) -> Any:
    """Return x times the normal distribution's cumulative function: exactly, or by default by a tanh that comes close.

    >>> import tensorweb as tw
    >>> tw.gelu(tw.tensor([0.0, 20.0])).tolist()
    [0.0, 20.0]
    """
    if approximate:
        return _gelu_by_tanh(x)
    return 0.5 * e.maximum(x, -_FAR) * (1.0 + erf(_clip(x, -12.0, 12.0) * sqrt(0.5)))


# --- pieces of lines ---


@elementwise
def relu(x: Any) -> Any:
    """Return max(x, 0); the derivative at 0 is 0.

    >>> import tensorweb as tw
    >>> tw.relu(tw.tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    return e.maximum(0, x)


@relu.derivative
def _relu_derivative(g: Any, y: Any, x: Any) -> Any:
    return e.where(y <= 0, 0.0, g)  # in terms of y, so that x need not be kept


relu6 = named("relu6", lambda x: e.minimum(e.maximum(0, x), 6), "Return x bounded to [0, 6].")


@relu6.derivative
def _relu6_derivative(g: Any, y: Any, x: Any) -> Any:
    return e.where((y <= 0) | (y >= 6), 0.0, g)

hard_tanh = named("hard_tanh", lambda x: _clip(x, -1, 1), "Return x bounded to [-1, 1].")
hard_sigmoid = named("hard_sigmoid", lambda x: _clip(x + 3, 0, 6) / 6.0, "Return x / 6 + 1/2 bounded to [0, 1].")
sparse_sigmoid = named("sparse_sigmoid", lambda x: _clip(0.5 * x + 0.5, 0.0, 1.0), "Return (x + 1) / 2 bounded to [0, 1].")
hard_silu = named("hard_silu", lambda x: e.maximum(x, -_FAR) * hard_sigmoid(x), "Return x * hard_sigmoid(x).")
also("hard_swish", hard_silu)


@elementwise
def leaky_relu(x: Any, negative_slope: Any = 0.2) -> Any:
    """Return x above 0, negative_slope * x below.

    >>> import tensorweb as tw
    >>> tw.leaky_relu(tw.tensor([-1.0, 2.0]), 0.5).tolist()
    [-0.5, 2.0]
    """
    return e.where(x > 0, x, negative_slope * x)


@elementwise
def prelu(x: Any, alpha: Any) -> Any:
    """Return x from 0 on, alpha * x below, with a tensor `alpha` to learn. As TensorFlow.js's prelu."""
    return e.where(x >= 0, x, alpha * x)


@elementwise
def threshold(x: Any, threshold: Any, default_value: Any) -> Any:
    """Return x where it is above `threshold`, else `default_value`."""
    return e.where(x > threshold, x, default_value)


@elementwise
def hard_shrink(x: Any, threshold: Any = 0.5) -> Any:
    """Return x where |x| is above `threshold`, else 0."""
    return e.where(e.absolute(x) <= threshold, 0, x)  # this way round NaN stays


@elementwise
def soft_shrink(x: Any, threshold: Any = 0.5) -> Any:
    """Return x moved towards 0 by `threshold`, and 0 within it."""
    return x - _clip(x, -threshold, threshold)


@elementwise
def sparse_plus(x: Any) -> Any:
    """Return 0 up to -1, x from 1 on, and (x + 1)**2 / 4 between."""
    z = _clip(x, -1, 1) + 1
    return e.where(x >= 1, x, 0.25 * z * z)


# --- exponentials below zero ---


def _below(x: Any, scale: Any = 1.0) -> Any:
    # Where x is above 0 this branch is not taken: the bound keeps it from overflowing there.
    return e.expm1(e.where(x > 0, 0.0, x) / scale)


@elementwise
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Return x above 0, alpha * (exp(x) - 1) below.

    >>> import tensorweb as tw
    >>> tw.elu(tw.tensor([-100.0, 2.0])).tolist()
    [-1.0, 2.0]
    """
    return e.where(x > 0, x, alpha * _below(x))


@elementwise
def celu(x: Any, alpha: Any = 1.0) -> Any:
    """Return x above 0, alpha * (exp(x / alpha) - 1) below: elu with a derivative without a jump."""
    return e.where(x > 0, x, alpha * _below(x, alpha))


@elementwise
def selu(x: Any) -> Any:
    """Return the scaled elu that keeps mean 0 and variance 1 from layer to layer."""
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return scale * e.where(x > 0, x, alpha * _below(x))


# --- smooth ---


@elementwise
def softsign(x: Any) -> Any:
    """Return x / (1 + |x|)."""
    z = _clip(x, -1e30, 1e30)
    return z / (1.0 + e.absolute(z))


@elementwise
def squareplus(x: Any, b: Any = 4.0) -> Any:
    """Return (x + sqrt(x**2 + b)) / 2."""
    z = _clip(x, -1e9, 1e9)
    root = e.sqrt(z * z + b)
    # Below 0 the sum would cancel: b over the difference is the same.
    return e.where(x > 1e9, x, 0.5 * e.where(x >= 0, z + root, b / (root + e.absolute(z))))


tanh_shrink = named("tanh_shrink", lambda x: x - e.tanh(x), "Return x - tanh(x).")


# --- along an axis ---


@reduction(full=True, default_axis=-1)
def softmax(x: Any) -> Any:
    """Return exp(x) / sum(exp(x)) along `axis` (an int, a tuple, None for all), computed so that it does not overflow.

    >>> import tensorweb as tw
    >>> tw.softmax(tw.tensor([1000.0, 1000.0])).tolist()
    [0.5, 0.5]
    """
    shifted = e.exp(x - e.stop(reduce.max(x)))
    return shifted / reduce.sum(shifted)


@reduction(full=True, default_axis=-1)
def log_softmax(x: Any) -> Any:
    """Return log(softmax(x)) along `axis`, computed so that it does not overflow."""
    shifted = x - e.stop(reduce.max(x))
    return shifted - e.log(reduce.sum(e.exp(shifted)))


@composite
def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of x along `axis` times the sigmoid of the second. Raises ShapeError where the dimension is odd.

    >>> import tensorweb as tw
    >>> tw.glu(tw.tensor([3.0, 0.0])).tolist()
    [1.5]
    """
    x = as_tensor(x, "glu")
    rank = len(x.shape)
    at = normalize_axis(axis, rank, "glu")
    if x.shape[at] % 2 and unknown_size() and x.shape[at] % unknown_size() == 0:
        # Nobody knows that it is odd.
        return with_shape(x, x.shape[:at] + (unknown_size(),) + x.shape[at + 1 :])
    if x.shape[at] % 2:
        raise ShapeError(message("glu", f"an even dimension {at}", f"shape {x.shape}", "Pad it by one."))
    half = tuple(d // 2 if i == at else d for i, d in enumerate(x.shape))
    start = tuple(half[at] if i == at else 0 for i in range(rank))
    ones = (1,) * rank
    return take_slice(x, (0,) * rank, half, ones) * sigmoid(take_slice(x, start, half, ones))


@composite
def sparsemax(x: Any, axis: int = -1) -> Any:
    """Return the point of the probability simplex closest to x along `axis`: like softmax, with exact zeros.

    >>> import tensorweb as tw
    >>> tw.sparsemax(tw.tensor([2.0, 1.5, 0.0])).tolist()
    [0.75, 0.25, 0.0]
    """
    x = as_tensor(x, "sparsemax")
    rank = len(x.shape)
    at = normalize_axis(axis, rank, "sparsemax")
    order = tuple(i for i in range(rank) if i != at) + (at,)
    last = op("transpose")(x, order)
    n = last.shape[-1]
    rows = op("reshape")(last, (size_of(last.shape[:-1]), n)) * 1.0
    chosen = _sparsemax_support(op("stop_gradient")(rows), n)
    size = op("sum")(op("cast")(chosen, rows.dtype), axis=1, keepdims=True)
    total = op("sum")(op("where")(chosen, rows, 0.0), axis=1, keepdims=True)
    result = op("where")(chosen, rows - (total - 1.0) / size, 0.0)
    back = tuple(sorted(range(rank), key=order.__getitem__))
    return op("transpose")(op("reshape")(result, last.shape), back)


def _sparsemax_support(rows: Any, n: int) -> Any:
    """Return which elements of each row are not 0 in the result: those above the value that the k largest agree on."""
    ordered, _ = sort_rows(rows, True)
    running = op("reshape")(scan_rows(op("reshape")(ordered, (*ordered.shape, 1)), "add", False, False), ordered.shape)
    place = op("arange")(1, n + 1, dtype=rows.dtype)
    inside = op("cast")(1.0 + place * ordered > running, rows.dtype)
    count = op("sum")(inside, axis=1, keepdims=True)
    level = (op("sum")(ordered * inside, axis=1, keepdims=True) - 1.0) / count
    return rows > level
