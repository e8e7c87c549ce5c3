"""Means, variances, quantiles, histograms, correlation, differences. Plain reductions: `reduction.py`."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..kernels.patterns import Relation
from ..shapes import broadcast, normalize_axes, normalize_axis, reduced_shape
from ..tensor import as_tensor
from .contraction import contract
from .define import op, public, reduction, row_body
from .gathering import gather_rows
from .primitives import sort_rows
from .reduction import Axis, reduce_rows, to_rows
from .unknown import with_shape

# --- means and variances ---


def _floating(x: Any) -> Any:
    """x itself, or in float32 if it is of integers or booleans."""
    return e.result_like(x, 1.0)


def _mean_of(x: Any) -> Any:
    return reduce.sum(_floating(x)) / reduce.count()


def _variance_of(x: Any) -> Any:
    d = _floating(x) - _mean_of(x)
    return reduce.sum(e.real(d * e.conj(d))) / reduce.count()


@reduction
def mean(x: Any) -> Any:
    """Return the mean over `axis`; integers give float32; of no elements: NaN.

    >>> import tensorweb as tw
    >>> tw.mean(tw.tensor([1, 2, 4, 5])).item()
    3.0
    """
    return _mean_of(x)


@reduction
def var(x: Any) -> Any:
    """Return the variance over `axis`, the mean of squared distances from the mean; integers give float32."""
    return _variance_of(x)


@reduction
def std(x: Any) -> Any:
    """Return the standard deviation over `axis`, the root of the variance; integers give float32."""
    return e.sqrt(_variance_of(x))


def _valid(x: Any) -> tuple[Any, Any]:
    """Whether an element is a number, as 0 or 1, and how many along the row are."""
    valid = e.cast_like(e.logical_not(e.isnan(x)), _floating(x))
    return valid, reduce.sum(valid)


def _nanmean_of(x: Any) -> Any:
    return reduce.sum(e.where(e.isnan(x), 0.0, x)) / _valid(x)[1]


def _nanvariance_of(x: Any) -> Any:
    d = e.where(e.isnan(x), 0.0, x - _nanmean_of(x))
    return reduce.sum(d * d) / _valid(x)[1]


@reduction
def nanmean(x: Any) -> Any:
    """Return the mean over `axis` of what is not NaN; NaN where all are."""
    return _nanmean_of(x)


@reduction
def nanvar(x: Any) -> Any:
    """Return the variance over `axis` of what is not NaN; NaN where all are."""
    return _nanvariance_of(x)


@reduction
def nanstd(x: Any) -> Any:
    """Return the standard deviation over `axis` of what is not NaN; NaN where all are."""
    return e.sqrt(_nanvariance_of(x))


def _moments(x: Any) -> Any:
    return _mean_of(x), _variance_of(x)


@public("row")
def moments(x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> Any:
    """Return (mean, variance) over `axes`; `synchronized` changes nothing, since there is one device.

    Integers give float32; float16 is computed in float32 and comes back as float16 that saturates. TensorFlow.js's moments.

    >>> import tensorweb as tw
    >>> [m.item() for m in tw.moments(tw.tensor([1.0, 3.0]), axes=0)]
    [2.0, 1.0]
    """
    x = as_tensor(x, "moments")
    if x.dtype != "float16":
        return reduce_rows(_moments, x, axes, keepdims)
    made = reduce_rows(_moments, op("cast")(x, "float32"), axes, keepdims)
    limit = dtypes.TABLE["float16"].high
    return tuple(op("cast")(op("maximum")(op("minimum")(m, limit), -limit), "float16") for m in made)


def _average(x: Any, weights: Any) -> Any:
    x, w = e.result_like(x, weights, 1.0), e.result_like(weights, x, 1.0)
    return reduce.sum(x * w) / reduce.sum(w)


@public("row")
def average(x: Any, axis: Axis = None, weights: Any = None) -> Any:
    """Return the mean over `axis` with weights of x's shape, or of rank 1 along the one axis; integers give float32."""
    x = as_tensor(x, "average")
    if weights is None:
        return op("mean")(x, axis)
    weights, rank = as_tensor(weights, "average"), len(x.shape)
    axes = normalize_axes(axis, rank, "average")
    if weights.shape != x.shape:
        if len(axes) != 1 or weights.shape != (x.shape[axes[0]],):
            advice = "Or name one axis and give its elements weights."
            raise ShapeError(message("average", f"weights of shape {x.shape}", weights.shape, advice))
        weights = op("reshape")(weights, [-1 if d == axes[0] else 1 for d in range(rank)])
    return engine.run(row_body(_average, axes, False, 2), (x, weights))


# --- quantiles ---

# Where quantile q of n sorted elements stands: n * q + a + q * (1 - a - b) - 1 (Hyndman and Fan 1996, types 4 to 9).
_BETWEEN = {
    "linear": (1.0, 1.0), "interpolated_inverted_cdf": (0.0, 1.0), "hazen": (0.5, 0.5), "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3), "normal_unbiased": (3 / 8, 3 / 8),
}  # fmt: skip
_METHODS = (*_BETWEEN, "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf", "closest_observation")


def _place(q: float, n: int, method: str) -> tuple[int, int, float]:
    """Return the two ranks between which quantile q of n elements lies, and the weight of the second."""
    if method in _BETWEEN:
        a, b = _BETWEEN[method]
        v = n * q + (a + q * (1 - a - b)) - 1 if method != "linear" else (n - 1) * q
        low, weight = math.floor(v), v - math.floor(v)
    elif method in ("inverted_cdf", "averaged_inverted_cdf", "closest_observation"):
        v = n * q - 1 - (0.5 if method == "closest_observation" else 0)
        low = math.floor(v)
        on_step = v == low
        weight = {"inverted_cdf": 0.0, "averaged_inverted_cdf": 0.5, "closest_observation": float(low % 2 == 0)}[method] if on_step else 1.0
    else:
        v = (n - 1) * q
        low, f = math.floor(v), v - math.floor(v)
        weight = {"lower": 0.0, "higher": 1.0 if f else 0.0, "midpoint": 0.5 if f else 0.0, "nearest": float(round(v) - low)}[method]
    first, second = (min(max(i, 0), n - 1) for i in (low, low + 1))
    if 0 < weight < 1 and first != second:
        return first, second, weight
    only = second if weight == 1 else first
    return only, only, 0.0


def _quantile(x: Any, q: Any, axis: Axis, method: str, keepdims: bool, skip: bool, where: str, scale: float = 1.0) -> Any:
    x = as_tensor(x, where)
    if dtypes.kind(x.dtype) in "cs":
        raise DTypeError(message(where, "real numbers", f"dtype {x.dtype}", "Cast it first."))
    if method not in _METHODS:
        raise ArgumentError(message(where, f"a method out of {', '.join(_METHODS)}", repr(method), "Choose one of these."))
    x = x if dtypes.is_float(x.dtype) else op("cast")(x, "float32")
    wanted, q_shape = _fractions(q, scale, where)
    axes = normalize_axes(axis, len(x.shape), where)
    rows, _ = to_rows(x, axes)
    if rows.shape[1] == 0:
        raise ShapeError(message(where, "at least one element to reduce", f"shape {x.shape}", "Check for empty tensors first."))
    if x.is_abstract:
        return with_shape(x, q_shape + reduced_shape(x.shape, axes, keepdims))
    made = _of_sorted(sort_rows(rows, False)[0], wanted, method, skip)
    return op("reshape")(op("transpose")(made), q_shape + reduced_shape(x.shape, axes, keepdims))


def _fractions(q: Any, scale: float, where: str) -> tuple[list[float], tuple[int, ...]]:
    """Return the fractions as Python numbers, whose precision the places need, and their shape."""
    if isinstance(q, (int, float)):
        flat: list[float] = [float(q)]
        shape: tuple[int, ...] = ()
    else:
        given = q if isinstance(q, (list, tuple)) and all(isinstance(v, (int, float)) for v in q) else as_tensor(q, where)
        shape = (len(given),) if isinstance(given, (list, tuple)) else given.shape
        flat = [float(v) for v in (given if isinstance(given, (list, tuple)) else given.data_sync())]
    if not all(0 <= v <= scale for v in flat):
        raise ArgumentError(message(where, f"q from 0 to {scale:g}", q, "A quantile is a share of the elements."))
    return [v / scale for v in flat], shape


def _of_sorted(rows: Any, wanted: Sequence[float], method: str, skip: bool) -> Any:
    """Return the quantiles [rows, len(wanted)] of sorted rows, NaN last: ignored if `skip`, else the result where there is one."""
    count, n = rows.shape
    missing = op("isnan")(rows[:, -1:])
    if not skip:
        places = [_place(q, n, method) for q in wanted] * count
    else:
        valid = op("sum")(op("logical_not")(op("isnan")(rows)), axis=1).tolist()
        known = {k: [_place(q, k, method) if k else (0, 0, 0.0) for q in wanted] for k in set(valid)}
        places = [p for k in valid for p in known[k]]
    shape = (count, len(wanted))
    column = op("expand_dims")(rows, -1)

    def at(part: int) -> Any:
        index = op("reshape")(as_tensor([p[part] for p in places] or [0], "quantile", "int32")[: len(places)], shape)
        return op("reshape")(gather_rows(column, index), shape)

    result = at(0)
    if any(p[2] for p in places):
        weights = op("reshape")(as_tensor([p[2] for p in places], "quantile", rows.dtype), shape)
        # Where the weight is 0 both are the same element, and infinity less itself would be NaN.
        result = op("where")(op("equal")(weights, 0), result, op("add")(result, op("multiply")(weights, op("subtract")(at(1), result))))
    return result if skip else op("where")(missing, math.nan, result)


@public("sort")
def quantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return the q-th quantiles over `axis`, q from 0 to 1: a number or a list, whose axes come first in the result.

    `method`: linear, lower, higher, midpoint, nearest, and NumPy's other names. A row with a NaN gives NaN. Raises ArgumentError.

    >>> import tensorweb as tw
    >>> tw.quantile(tw.tensor([1.0, 2.0, 3.0, 4.0]), 0.25).item()
    1.75
    """
    return _quantile(x, q, axis, method, keepdims, False, "quantile")


@public("sort")
def percentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return the quantiles of q / 100."""
    return _quantile(x, q, axis, method, keepdims, False, "percentile", 100.0)


@public("sort")
def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the median over `axis`: the middle element, or the mean of the two in the middle; a row with a NaN gives NaN."""
    return _quantile(x, 0.5, axis, "linear", keepdims, False, "median")


@public("sort")
def nanquantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return the quantiles over `axis` of what is not NaN; NaN where all are."""
    return _quantile(x, q, axis, method, keepdims, True, "nanquantile")


@public("sort")
def nanpercentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return the quantiles of q / 100 over `axis` of what is not NaN; NaN where all are."""
    return _quantile(x, q, axis, method, keepdims, True, "nanpercentile", 100.0)


@public("sort")
def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the median over `axis` of what is not NaN; NaN where all are."""
    return _quantile(x, 0.5, axis, "linear", keepdims, True, "nanmedian")


# --- histograms ---


@public("composite", gradient="none")
def histogram(x: Any, bins: int = 10, range: tuple[float, float] | None = None) -> Any:
    """Return (counts, edges) of equal bins over `range` (the extremes of x if None); the last bin holds its right edge too.

    x: [n]; counts: int32 [bins]; edges: [bins + 1], float32 for integers. What lies outside the range and NaN are not counted.
    Raises ArgumentError, ShapeError.

    >>> import tensorweb as tw
    >>> tw.histogram(tw.tensor([1.0, 2.0, 2.0, 5.0]), bins=2)[0].tolist()
    [3, 1]
    """
    x = as_tensor(x, "histogram")
    if len(x.shape) != 1:
        raise ShapeError(message("histogram", "a tensor of rank 1", f"shape {x.shape}", "Reshape it."))
    if not isinstance(bins, int) or bins < 1:
        raise ArgumentError(message("histogram", "a positive integer of bins", repr(bins), "Digitize counts into bins of your own."))
    x = x if dtypes.is_float(x.dtype) else op("cast")(x, "float32")
    low, high = range if range else (op("min")(x).item(), op("max")(x).item()) if x.shape[0] else (0.0, 1.0)
    if not high - low >= 0 or math.isinf(high - low):
        raise ArgumentError(message("histogram", "a finite range, low to high", (low, high), "Name the range."))
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
    edges = as_tensor([low + (high - low) * i / bins for i in builtins.range(bins)] + [high], "histogram", x.dtype)
    place = op("subtract")(op("searchsorted")(edges, x, side="right"), 1)
    place = op("where")(op("equal")(x, edges[-1]), bins - 1, place)
    inside = op("logical_and")(op("greater_equal")(x, edges[0]), op("less_equal")(x, edges[-1]))
    return op("segment_sum")(op("ones_like")(place), op("where")(inside, place, -1), bins), edges


# --- relations of two ---


@public("composite")
def corrcoef(x: Any) -> Any:
    """Return the matrix of correlations of the rows of x [variables, observations]; a vector has the correlation 1 with itself."""
    x = as_tensor(x, "corrcoef")
    if len(x.shape) > 2:
        raise ShapeError(message("corrcoef", "a tensor of rank 2 or less", f"shape {x.shape}", "Reshape it."))
    x = x if dtypes.is_float(x.dtype) else op("cast")(x, "float32")
    rows = op("reshape")(x, (1, -1)) if len(x.shape) < 2 else x
    centred = op("subtract")(rows, op("mean")(rows, axis=1, keepdims=True))
    size = op("sqrt")(op("sum")(op("square")(op("absolute")(centred)), axis=1, keepdims=True))
    unit = op("divide")(centred, size)
    made = op("matmul")(unit, op("conjugate")(op("transpose")(unit)))
    if made.dtype != "complex64":
        made = op("clip")(made, -1.0, 1.0)
    return made if len(x.shape) == 2 else op("reshape")(made, ())


@public("contract")
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Return the cross-correlation of two vectors: sum over i of x1[i + k] * conj(x2[i]).

    `mode`: "full" for every overlap, "same" for max(n, m) of them, "valid" for whole overlaps. Integers give float32.

    >>> import tensorweb as tw
    >>> tw.correlate(tw.tensor([1.0, 2.0, 3.0]), tw.tensor([0.0, 1.0, 0.5])).tolist()
    [3.5]
    """
    a, b = as_tensor(x1, "correlate"), as_tensor(x2, "correlate")
    if len(a.shape) != 1 or len(b.shape) != 1 or not a.shape[0] or not b.shape[0]:
        raise ShapeError(message("correlate", "two vectors that are not empty", f"{a.shape} and {b.shape}", "Reshape them."))
    dtype = dtypes.to_float(dtypes.promote(a.dtype, b.dtype))
    a, b = op("cast")(a, dtype), op("cast")(b, dtype)
    b = op("conjugate")(b) if dtype == "complex64" else b
    n, m = a.shape[0], b.shape[0]
    total, least = n + m - 1, min(n, m)
    # NumPy's "same" exchanges the operands and turns the result round where the second is longer.
    windows = {"full": (0, total), "same": ((least - (m <= n)) // 2, max(n, m)), "valid": (least - 1, max(n, m) - least + 1)}
    if mode not in windows:
        raise ArgumentError(message("correlate", 'mode "valid", "same" or "full"', repr(mode), "Choose one of these."))
    start, length = windows[mode]
    # Output o stands at offset o + start of the full result, whose first has the last of x2 beside the first of x1.
    tie = Relation("p", "o", "t", 1, 1, m - 1 - start)
    return contract(a, "p", b, "t", "o", [tie], extra={"o": length})


@public("composite")
def psnr(x1: Any, x2: Any, max_val: Any) -> Any:
    """Return the peak signal-to-noise ratio of two tensors of one shape, in decibels: 20 log10(max_val) - 10 log10(mse)."""
    a, b = as_tensor(x1, "psnr"), as_tensor(x2, "psnr")
    if a.shape != b.shape:
        raise ShapeError(message("psnr", "two tensors of one shape", f"{a.shape} and {b.shape}", "Resize one of them."))
    error = op("mean")(op("square")(op("subtract")(a, b)))
    peak = as_tensor(max_val, "psnr")
    return op("multiply")(op("subtract")(op("multiply")(op("log")(peak), 2.0), op("log")(error)), 10 / math.log(10))


# --- differences and areas ---


def _part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return x[(slice(None),) * axis + (slice(start, stop),)]


@public("composite")
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Return the n-th differences of neighbours along `axis`; of booleans, whether they differ."""
    a = as_tensor(a, "diff")
    d = normalize_axis(axis, len(a.shape), "diff")
    if not isinstance(n, int) or n < 0:
        raise ArgumentError(message("diff", "an order n of 0 or more", repr(n), "Pass a natural number."))
    for _ in range(n):
        a = op("not_equal" if a.dtype == "bool" else "subtract")(_part(a, d, 1, None), _part(a, d, None, -1))
    return a


@public("composite")
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Return the area under y along `axis` by the trapezoidal rule, at the places x (of y's shape, or a vector) or `dx` apart."""
    y = as_tensor(y, "trapezoid")
    y = y if dtypes.is_float(y.dtype) else op("cast")(y, "float32")
    d = normalize_axis(axis, len(y.shape), "trapezoid")
    heights = op("add")(_part(y, d, 1, None), _part(y, d, None, -1))
    if x is None:
        return op("multiply")(op("sum")(heights, axis=d), op("divide")(dx, 2.0) if not isinstance(dx, (int, float)) else dx / 2)
    x = as_tensor(x, "trapezoid")
    widths = diff(x) if len(x.shape) == 1 else diff(x, axis=axis)
    if len(x.shape) == 1:
        widths = op("reshape")(widths, [-1 if i == d else 1 for i in range(len(y.shape))])
    broadcast("trapezoid", widths.shape, heights.shape)
    return op("sum")(op("multiply")(op("multiply")(heights, widths), 0.5), axis=d)
