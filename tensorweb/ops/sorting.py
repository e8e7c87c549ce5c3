"""Order: sort, top_k, places in sorted sequences, counts by value. The primitive is in `primitives.py`, quantiles: `statistics.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index as as_index
from typing import Any, NamedTuple

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..shapes import normalize_axis, size_of
from ..tensor import as_tensor
from .define import op, public
from .gathering import gather_rows, scatter_rows
from .primitives import sort_rows
from .reduction import to_rows
from .shaping import promote_all


class TopK(NamedTuple):
    """The largest elements of each row and their int32 indices."""

    values: Any
    indices: Any


def _sorted(x: Any, axis: int | None, where: str) -> tuple[Any, Any, Callable[[Any], Any]]:
    """Return the sorted rows of x along `axis`, their order, and the function that puts rows back in x's place."""
    x = as_tensor(x, where)
    if x.dtype == "complex64":
        raise DTypeError(message(where, "real numbers or strings", "dtype complex64", "Sort by real or imag, or by absolute."))
    x = op("reshape")(x, (-1,)) if axis is None or not x.shape else x
    rows, back = to_rows(x, (normalize_axis(-1 if axis is None else axis, len(x.shape), where),))
    return *sort_rows(rows, False), back


@public("sort")
def sort(x: Any, axis: int | None = -1) -> Any:
    """Return x sorted along `axis` (flat if None), ascending, NaN last.

    >>> import tensorweb as tw
    >>> tw.sort(tw.tensor([3, 1, 2])).tolist()
    [1, 2, 3]
    """
    values, _, back = _sorted(x, axis, "sort")
    return back(values)


@public("sort", gradient="none")
def argsort(x: Any, axis: int | None = -1) -> Any:
    """Return the int32 indices that sort x along `axis` (flat if None); equal elements keep their order."""
    _, order, back = _sorted(x, axis, "argsort")
    return back(order)


@public("sort", gradient="none")
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Any:
    """Return int32 indices that put the element of rank `kth` in its place, smaller ones before it. They are those of argsort."""
    _, order, back = _sorted(x, axis, "argpartition")
    n = order.shape[-1]
    if not -n <= kth < n:
        raise ArgumentError(message("argpartition", f"kth from {-n} to {n - 1}", kth, "Choose a rank within the axis."))
    return back(order)


@public("sort")
def top_k(x: Any, k: int = 1, sorted: bool = True) -> TopK:
    """Return the k largest elements along the last axis, largest first, and their int32 indices, as a TopK (values, indices).

    Of equal elements the one with the lower index comes first. The result is sorted in any case. Raises ArgumentError unless k is
    from 0 to the size of the last axis. TensorFlow.js's topk.

    >>> import tensorweb as tw
    >>> tw.top_k(tw.tensor([1, 9, 4]), k=2).indices.tolist()
    [1, 2]
    """
    x = as_tensor(x, "top_k")
    if not x.shape:
        raise ShapeError(message("top_k", "a tensor of rank 1 or more", "a scalar", "Reshape it."))
    n = x.shape[-1]
    if not isinstance(k, int) or not 0 <= k <= n:
        raise ArgumentError(message("top_k", f"an integer k from 0 to {n}", k, "The last axis has no more elements."))
    made = sort_rows(op("reshape")(x, (size_of(x.shape[:-1]), n)), True)
    return TopK(*(op("reshape")(part[:, :k], (*x.shape[:-1], k)) for part in made))


@public("composite", gradient="none")
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Return for each row of predictions [..., classes] whether the class in targets [...] is among the k largest.

    Classes equal to the k-th count as inside. False where the target is out of range or its prediction is not finite.
    """
    targets, predictions = as_tensor(targets, "in_top_k"), as_tensor(predictions, "in_top_k")
    if not predictions.shape or predictions.shape[:-1] != targets.shape:
        text = f"{targets.shape} and {predictions.shape}"
        raise ShapeError(message("in_top_k", "predictions of the targets' shape and one axis more", text, "Reshape one of them."))
    if dtypes.kind(targets.dtype) != "i":
        raise DTypeError(message("in_top_k", "integer targets", f"dtype {targets.dtype}", "Cast them to int32."))
    classes, rows = predictions.shape[-1], size_of(targets.shape)
    wanted = op("reshape")(op("cast")(targets, "int32"), (rows, 1))
    scores = op("reshape")(predictions, (rows, classes))
    own = op("reshape")(gather_rows(op("expand_dims")(scores, -1), wanted), (rows, 1))
    above = op("sum")(op("greater")(scores, own), axis=1, keepdims=True)
    valid = op("logical_and")(op("greater_equal")(wanted, 0), op("less")(wanted, classes))
    valid = op("logical_and")(valid, op("isfinite")(own))
    return op("reshape")(op("logical_and")(valid, op("less")(above, k)), targets.shape)


# --- places in sorted sequences ---


def _search(sequence: Any, values: Any, side: str, where: str) -> Any:
    """Return how many elements of each row of sequence [rows, n] come before each of values [rows, m]: one stable sort of both."""
    if side not in ("left", "right"):
        raise ArgumentError(message(where, 'side "left" or "right"', repr(side), "Choose one of these."))
    sequence, values = promote_all([sequence, values])
    n, m = sequence.shape[1], values.shape[1]
    left = side == "left"
    # Where elements are equal the sort keeps this order.
    _, order = sort_rows(op("concatenate")([values, sequence] if left else [sequence, values], axis=1), False)
    from_sequence = op("greater_equal")(order, m) if left else op("less")(order, n)
    before = op("expand_dims")(op("cumsum")(op("cast")(from_sequence, "int32"), axis=1), -1)
    places = scatter_rows(op("zeros_like")(before), order, before, "set")[:, :, 0]
    return places[:, :m] if left else places[:, n:]


@public("composite", gradient="none")
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Return the int32 places where `values` go into an ascending sequence so that it stays sorted.

    `side`: before ("left") or after ("right") equal elements. A sequence of rank 1 takes values of any shape; one of a higher
    rank [..., n] takes values [..., m] with the same leading axes, as TensorFlow.js's searchSorted.

    >>> import tensorweb as tw
    >>> tw.searchsorted(tw.tensor([1, 3, 5]), tw.tensor([0, 3, 9])).tolist()
    [0, 1, 3]
    """
    return _searchsorted(sorted_sequence, values, side, "searchsorted")


def _searchsorted(sorted_sequence: Any, values: Any, side: str, where: str) -> Any:
    sequence, values = as_tensor(sorted_sequence, where), as_tensor(values, where)
    lead = sequence.shape[:-1]
    if not sequence.shape or (lead and values.shape[:-1] != lead):
        text = f"{sequence.shape} and {values.shape}"
        raise ShapeError(message(where, "a sequence of rank 1, or values with its leading axes", text, "Reshape one of them."))
    rows = size_of(lead)
    count = size_of(values.shape) // rows if rows else 0
    found = _search(op("reshape")(sequence, (rows, sequence.shape[-1])), op("reshape")(values, (rows, count)), side, where)
    return op("reshape")(found, values.shape)


@public("composite", gradient="none")
def lower_bound(sorted_sequence: Any, values: Any) -> Any:
    """Return searchsorted with side="left". TensorFlow.js's lowerBound."""
    return _searchsorted(sorted_sequence, values, "left", "lower_bound")


@public("composite", gradient="none")
def upper_bound(sorted_sequence: Any, values: Any) -> Any:
    """Return searchsorted with side="right". TensorFlow.js's upperBound."""
    return _searchsorted(sorted_sequence, values, "right", "upper_bound")


@public("composite", gradient="none")
def digitize(x: Any, bins: Sequence[float]) -> Any:
    """Return the int32 index of the bin of each element: i where bins[i-1] <= x < bins[i]; `bins` ascend."""
    edges = as_tensor(bins, "digitize")
    if len(edges.shape) != 1:
        raise ShapeError(message("digitize", "bins of rank 1", f"shape {edges.shape}", "Pass a list of edges."))
    return _searchsorted(edges, x, "right", "digitize")


# --- counts ---


def _counts(x: Any, weights: Any, size: int, dtype: str) -> Any:
    """Return for x [rows, m] and weights [rows, m] or None the sums [rows, size] of the weights by value."""
    rows, m = x.shape
    updates = op("ones")((rows, m, 1), dtype) if weights is None else op("reshape")(weights, (rows, m, 1))
    start = op("zeros")((rows, size, 1), dtype)
    return op("reshape")(scatter_rows(start, x, updates, "add"), (rows, size))


def _counted(x: Any, weights: Any, where: str) -> tuple[Any, Any]:
    x = as_tensor(x, where)
    if dtypes.kind(x.dtype) not in "bi":
        raise DTypeError(message(where, "integers", f"dtype {x.dtype}", "Cast it to int32 first."))
    if len(x.shape) not in (1, 2):
        raise ShapeError(message(where, "a tensor of rank 1 or 2", f"shape {x.shape}", "Reshape it."))
    weights = None if weights is None else as_tensor(weights, where)
    if weights is not None and weights.shape != x.shape:
        raise ShapeError(message(where, f"weights of shape {x.shape}", weights.shape, "Give each element its weight."))
    x = op("cast")(x, "int32") if x.dtype != "int32" else x
    if size_of(x.shape) and op("min")(x).item() < 0:
        raise ArgumentError(message(where, "no negative value", op("min")(x).item(), "Shift the values."))
    rows = (1, *x.shape)[-2]
    wide = [None if t is None else op("reshape")(t, (rows, x.shape[-1])) for t in (x, weights)]
    return wide[0], wide[1]


@public("scatter")
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """Return how often each of 0, 1, 2, ... occurs in x [n], or in each row of x [rows, n]; or the sums of their weights.

    The result has max(x) + 1 elements, at least `minlength`; int32, or the weights' dtype. Raises ArgumentError for negative values
    and for sparse=True, DTypeError for floats.

    >>> import tensorweb as tw
    >>> tw.bincount(tw.tensor([1, 2, 2, 3])).tolist()
    [0, 1, 2, 1]
    """
    if sparse:
        raise ArgumentError(message("bincount", "sparse=False", True, "Make the result sparse if need be."))
    given = as_tensor(x, "bincount")
    x, weights = _counted(given, weights, "bincount")
    size = int(op("max")(x, initial=-1).item()) + 1
    dtype = "int32" if weights is None else dtypes.promote(given.dtype, weights.dtype)
    weights = None if weights is None else op("cast")(weights, dtype)
    counts = _counts(x, weights, size if size > minlength else int(as_index(minlength)), dtype)
    return op("reshape")(counts, counts.shape[-1:] if len(given.shape) == 1 else counts.shape)


@public("scatter")
def dense_bincount(x: Any, weights: Any, size: int, binary_output: bool = False) -> Any:
    """Return for each of 0 to size - 1 how often it occurs in x [n], or in each row of x [rows, n]; other values are dropped.

    `weights` (None or empty: each counts 1, in float32) are summed instead; `binary_output` gives 1 for what occurs at all.
    TensorFlow.js's denseBincount, and its bincount, whose `size` is given.
    """
    shape = as_tensor(x, "dense_bincount").shape
    weights = None if weights is None or size_of(as_tensor(weights, "dense_bincount").shape) == 0 else weights
    x, weights = _counted(x, weights, "dense_bincount")
    dtype = "float32" if weights is None else weights.dtype
    counts = _counts(x, None if binary_output else weights, as_index(size), dtype)
    counts = op("cast")(op("greater")(counts, 0), dtype) if binary_output else counts
    return op("reshape")(counts, counts.shape[-1:] if len(shape) == 1 else counts.shape)


@public("composite", gradient="none", method=False, namespace="math")
def confusion_matrix(labels: Any, predictions: Any, num_classes: int) -> Any:
    """Return the int32 matrix that counts label i predicted as j at [i, j]. TensorFlow.js's math.confusionMatrix.

    Raises ShapeError unless labels and predictions are of one shape [n], ArgumentError for num_classes below 1.
    """
    where = "math.confusion_matrix"
    labels, predictions = (op("cast")(as_tensor(v, where), "int32") for v in (labels, predictions))
    if len(labels.shape) != 1 or labels.shape != predictions.shape:
        text = f"{labels.shape} and {predictions.shape}"
        raise ShapeError(message(where, "labels and predictions of one shape [n]", text, "Flatten both."))
    if not isinstance(num_classes, int) or num_classes < 1:
        raise ArgumentError(message(where, "a positive integer num_classes", repr(num_classes), "Count the classes."))
    inside = [op("logical_and")(op("greater_equal")(v, 0), op("less")(v, num_classes)) for v in (labels, predictions)]
    place = op("where")(op("logical_and")(*inside), op("add")(op("multiply")(labels, num_classes), predictions), -1)
    counts = _counts(op("reshape")(place, (1, -1)), None, num_classes**2, "int32")
    return op("reshape")(counts, (num_classes, num_classes))
