"""Reductions along axes: sums, products, extremes and where they are, truth, norms. Means and what follows: `statistics.py`."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

from .. import dtypes, engine
from ..dtypes import canonical
from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..kernels.patterns import Spec
from ..shapes import normalize_axes, normalize_axis, reduced_shape, size_of
from ..tensor import as_tensor
from .define import also, op, primitive, public, reduction, row_body
from .primitives import scan_rows

Axis = int | Sequence[int] | None


def reduce_rows(body: Callable[..., Any], x: Any, axis: Axis, keepdims: bool = False, attrs: tuple = ()) -> Any:
    """Return a reduction by a module-level body along `axis`; the body's name, less its underscore, is the op's."""
    where = body.__name__.strip("_")
    x = as_tensor(x, where)
    return engine.run(row_body(body, normalize_axes(axis, len(x.shape), where), bool(keepdims), 1, attrs), (x,))


# --- sums and products ---


@reduction
def sum(x: Any) -> Any:
    """Return the sum over `axis` (all axes if None); bool and 8-bit integers are summed in int32.

    Float sums are as accurate as pairwise ones; int32 wraps. Of no elements: 0.

    >>> import tensorweb as tw
    >>> tw.sum(tw.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
    [4.0, 6.0]
    """
    return reduce.sum(x)


def _prod(x: Any) -> Any:
    return reduce.prod(x)


@primitive("prod")
def _product(x: Spec, axes: tuple[int, ...], keepdims: bool) -> Any:
    return row_body(_prod, axes, keepdims, 1).plan((x,))


@_product.vjp(inputs=(0,))
def _product_vjp(node: Any, g: Any) -> Any:
    # What multiplies each element is the product of those before and those after it: right where elements are zero.
    axes, _ = node.static
    x = node.inputs[0]
    rows, back = to_rows(x, axes)
    rows = op("expand_dims")(rows, -1)
    others = scan_rows(rows, "mul", True, False) * scan_rows(rows, "mul", True, True)
    others = back(op("reshape")(others, rows.shape[:2]))
    g = op("reshape")(g, reduced_shape(x.shape, axes, True))
    return op("multiply")(g, op("conjugate")(others) if x.dtype == "complex64" else others)


def to_rows(x: Any, axes: Sequence[int]) -> tuple[Any, Callable[[Any], Any]]:
    """Return x as [others, elements of the axes], and the function that puts such a tensor back in x's place."""
    rest = [d for d in range(len(x.shape)) if d not in axes]
    order = rest + list(axes)
    moved = op("transpose")(x, order)
    shape = moved.shape
    inverse = sorted(range(len(order)), key=order.__getitem__)
    rows = op("reshape")(moved, (size_of(shape[: len(rest)]), size_of(shape[len(rest) :])))
    return rows, lambda made: op("transpose")(op("reshape")(made, shape), inverse)


@public("row")
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Return the product over `axis` (all axes if None); bool and 8-bit integers are multiplied in int32.

    Of no elements: 1. The derivative is right where elements are zero.

    >>> import tensorweb as tw
    >>> tw.prod(tw.tensor([2, 3, 4])).item()
    24
    """
    x = as_tensor(x, "prod")
    if dtype is not None:
        x = op("cast")(x, canonical(dtype, "prod"))
    return _product(x, static=(normalize_axes(axis, len(x.shape), "prod"), bool(keepdims)))


@reduction
def nansum(x: Any) -> Any:
    """Return the sum over `axis` with NaN taken as 0."""
    return reduce.sum(_filled(x, 0))


@public("row")
def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the product over `axis` with NaN taken as 1."""
    return prod(without_nan(as_tensor(x, "nanprod"), 1), axis, keepdims)


def _filled(x: Any, value: float) -> Any:
    return e.where(e.isnan(x), value, x)


def without_nan(x: Any, value: float) -> Any:
    """Return a float x with NaN replaced by `value`; anything else as it is."""
    return op("where")(op("isnan")(x), value, x) if dtypes.kind(x.dtype) in "fc" else x


def _count_nonzero(x: Any) -> Any:
    return reduce.sum(e.not_equal(x, 0))


@public("row", gradient="none")
def count_nonzero(x: Any, axis: Axis = None) -> Any:
    """Return the int32 count of the elements over `axis` that are not 0."""
    return reduce_rows(_count_nonzero, x, axis)


# --- truth ---


@reduction(gradient="none")
def all(x: Any) -> Any:
    """Return whether all elements over `axis` are true (not 0); of no elements: True."""
    return reduce.all(x)


@reduction(gradient="none")
def any(x: Any) -> Any:
    """Return whether some element over `axis` is true (not 0); of no elements: False."""
    return reduce.any(x)


# --- extremes ---


def _max(x: Any) -> Any:
    return reduce.max(x)


def _min(x: Any) -> Any:
    return reduce.min(x)


def _extreme(body: Any, combine: str, x: Any, axis: Axis, keepdims: bool, initial: Any) -> Any:
    where = body.__name__.strip("_")
    x = as_tensor(x, where)
    if initial is None:
        return reduce_rows(body, x, axis, keepdims)
    axes = normalize_axes(axis, len(x.shape), where)
    if not size_of(x.shape):
        return op("full")(reduced_shape(x.shape, axes, keepdims), initial, dtype=x.dtype)
    return op("cast")(op(combine)(reduce_rows(body, x, axes, keepdims), initial), x.dtype)


@public("row")
def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the largest element over `axis`, at least `initial` if given; NaN wins; ties share the gradient evenly.

    Raises ShapeError where there is no element and no `initial`.
    """
    return _extreme(_max, "maximum", x, axis, keepdims, initial)


@public("row")
def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the smallest element over `axis`, at most `initial` if given; NaN wins; ties share the gradient evenly.

    Raises ShapeError where there is no element and no `initial`.
    """
    return _extreme(_min, "minimum", x, axis, keepdims, initial)


also("amax", max)
also("amin", min)


@reduction
def ptp(x: Any) -> Any:
    """Return the range over `axis`: the largest element less the smallest."""
    return reduce.max(x) - reduce.min(x)


@reduction(gradient="none")
def argmax(x: Any) -> Any:
    """Return the int32 index of the first largest element along `axis` (into the flat tensor if None); NaN wins.

    >>> import tensorweb as tw
    >>> tw.argmax(tw.tensor([1.0, 5.0, 5.0])).item()
    1
    """
    return reduce.argmax(x)


@reduction(gradient="none")
def argmin(x: Any) -> Any:
    """Return the int32 index of the first smallest element along `axis` (into the flat tensor if None); NaN wins."""
    return reduce.argmin(x)


# --- extremes that skip NaN ---


def _nanmax(x: Any) -> Any:
    return e.where(reduce.all(e.isnan(x)), math.nan, reduce.max(_filled(x, -math.inf)))


def _nanmin(x: Any) -> Any:
    return e.where(reduce.all(e.isnan(x)), math.nan, reduce.min(_filled(x, math.inf)))


# argmax of -1 where NaN stands would be right but for rows that hold -inf: there NaN must lose to it too.
def _nanargmax(x: Any) -> Any:
    best = reduce.max(_filled(x, -math.inf))
    return e.where(reduce.all(e.isnan(x)), -1, reduce.argmax(e.cast(e.equal(x, best), "int32")))


def _nanargmin(x: Any) -> Any:
    best = reduce.min(_filled(x, math.inf))
    return e.where(reduce.all(e.isnan(x)), -1, reduce.argmax(e.cast(e.equal(x, best), "int32")))


def _skipping(body: Any, plain: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    x = as_tensor(x, body.__name__.strip("_"))
    return reduce_rows(body, x, axis, keepdims) if dtypes.kind(x.dtype) == "f" else plain(x, axis, keepdims)


@public("row")
def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest element over `axis` that is not NaN; NaN where all are."""
    return _skipping(_nanmax, max, x, axis, keepdims)


@public("row")
def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest element over `axis` that is not NaN; NaN where all are."""
    return _skipping(_nanmin, min, x, axis, keepdims)


@public("row", gradient="none")
def nanargmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the int32 index of the largest element along `axis` that is not NaN; -1 where all are, as Keras."""
    return _skipping(_nanargmax, argmax, x, axis, keepdims)


@public("row", gradient="none")
def nanargmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the int32 index of the smallest element along `axis` that is not NaN; -1 where all are, as Keras."""
    return _skipping(_nanargmin, argmin, x, axis, keepdims)


# --- norms ---


@reduction
def logsumexp(x: Any) -> Any:
    """Return log(sum(exp(x))) over `axis` without overflow.

    >>> import tensorweb as tw
    >>> tw.logsumexp(tw.tensor([1000.0, -1000.0])).item()
    1000.0
    """
    top = e.stop(reduce.max(x))
    top = e.where(e.isinf(top), 0.0, top)
    return e.log(reduce.sum(e.exp(x - top))) + top


def _root(s: Any) -> Any:
    """The square root whose derivative at 0 counts as 0."""
    positive = s > 0
    return e.where(positive, e.sqrt(e.where(positive, s, 1.0)), s)


def _norm(x: Any, ord: Any) -> Any:
    x = e.result_like(x, 1.0)
    if ord == 2:
        return _root(reduce.sum(e.real(x * e.conj(x))))
    size = e.absolute(x)
    if ord == 0:
        return reduce.sum(e.cast_like(e.not_equal(x, 0), size))
    if ord == 1:
        return reduce.sum(size)
    if ord in (math.inf, -math.inf):
        return reduce.max(size) if ord > 0 else reduce.min(size)
    return reduce.sum(size**ord) ** (1 / ord)


@public("row")
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the norm of vectors (one axis) or matrices (two axes); the Euclidean norm of all elements by default.

    `ord`: of vectors any number, inf and -inf (0 counts what is not 0); of matrices "fro", "nuc", 1, -1, 2, -2, inf, -inf; None or
    "euclidean" is the root of the sum of squares over any axes. The derivative of that root at 0 is 0. Raises ArgumentError.

    >>> import tensorweb as tw
    >>> tw.norm(tw.tensor([3.0, 4.0])).item()
    5.0
    """
    x = as_tensor(x, "norm")
    rank = len(x.shape)
    if ord is None or ord == "euclidean":
        return reduce_rows(_norm, x, axis, keepdims, (("ord", 2),))
    if axis is None and rank not in (1, 2):
        raise ShapeError(message("norm", "a vector or a matrix", f"shape {x.shape}", "Name the axes, or leave `ord` out."))
    given = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(normalize_axis(a, rank, "norm") for a in given)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ArgumentError(message("norm", "a number for `ord` of vectors", repr(ord), "Name two axes for a matrix norm."))
        return reduce_rows(_norm, x, axes, keepdims, (("ord", ord),))
    return _matrix_norm(x, ord, axes, keepdims)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ShapeError(message("norm", "one axis or two", axes, "Leave `ord` out for the norm over more axes."))
    if ord == "fro":
        return reduce_rows(_norm, x, axes, keepdims, (("ord", 2),))
    largest = not isinstance(ord, str) and ord > 0
    if ord in (1, -1, math.inf, -math.inf):
        inner, outer = axes if builtins.abs(ord) == 1 else axes[::-1]
        sums = reduce_rows(_norm, x, inner, True, (("ord", 1),))
        result = (max if largest else min)(sums, outer, True)
    elif ord in ("nuc", 2, -2):
        values = op("svd")(op("transpose")(x, [d for d in range(len(x.shape)) if d not in axes] + list(axes)), compute_uv=False)
        result = sum(values, -1) if ord == "nuc" else (max if largest else min)(values, -1)
    else:
        raise ArgumentError(message("norm", 'one of "fro", "nuc", 1, -1, 2, -2, inf, -inf for matrices', repr(ord), "Choose one of these."))
    return op("reshape")(result, reduced_shape(x.shape, axes, keepdims))


@public("row")
def euclidean_norm(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the root of the sum of squares over `axis`. TensorFlow.js's euclideanNorm."""
    return norm(x, None, axis, keepdims)


@public("row")
def normalize(x: Any, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """Return x divided by its norm of `order` along `axis`, which counts as `epsilon` (tw.epsilon()) where it is less.

    A scalar becomes a vector of one element, as in Keras. Raises ArgumentError for an order below 1.
    """
    x = as_tensor(x, "normalize")
    if not isinstance(order, int) or order < 1:
        raise ArgumentError(message("normalize", "an integer order of 1 or more", repr(order), "Use 2 for the Euclidean norm."))
    if epsilon is None:
        from ..numerics import epsilon as machine_epsilon

        epsilon = machine_epsilon()
    x = op("reshape")(x, (1,)) if not x.shape else x
    size = norm(x, None if order == 2 else order, axis, True)
    return op("divide")(x, op("maximum")(size, epsilon))
