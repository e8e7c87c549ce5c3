"""Writing at places: scatter, scatter_update, slice_update, sparse_to_dense, and one-hot codes. Reading: `indexing.py`.

Negative indices count from the end. An index that the host knows raises IndexRangeError outside its axis; one in a tensor is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..shapes import Shape, as_ints, as_shape, broadcast, normalize_axis, size_of
from ..tensor import Operators, as_tensor
from .define import composite, op, row_body
from .gathering import scatter_rows
from .indexing import window_of
from .places import apply, index_tensor, rows_of
from .shaping import broadcast_to, expand_dims, pad_interior, reshape

# --- scatter ---


def _scattered(x: Any, indices: Any, updates: Any, kind: str, where: str) -> Any:
    """Return x with updates put at the rows of indices [..., k]; updates broadcast to [..., *x.shape[k:]]."""
    updates = as_tensor(updates, where, x.dtype if not isinstance(updates, Operators) and x.dtype != "string" else None)
    updates = updates if updates.dtype == x.dtype else op("cast")(updates, x.dtype)
    shape = indices.shape if isinstance(indices, Operators) else as_tensor(indices, where).shape
    flat = rows_of(indices, x.shape, where)
    k = shape[-1]
    wanted = shape[:-1] + x.shape[k:]
    if broadcast(where, updates.shape, wanted) != wanted:
        raise ShapeError(message(where, f"updates of shape {wanted}", updates.shape, "An update belongs to each row of indices."))
    n, m, inner = size_of(x.shape[:k]), flat.size, size_of(x.shape[k:])
    made = scatter_rows(reshape(x, (1, n, inner)), reshape(flat, (1, m)), reshape(broadcast_to(updates, wanted), (1, m, inner)), kind)
    return reshape(made, x.shape)


@composite(method=False)
def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Any:
    """Return zeros of `shape` with `values` added at indices [..., k], which name places in the first k axes; repeated ones add up.

    Keras's scatter, TensorFlow.js's scatterND.

    >>> import tensorweb as tw
    >>> tw.scatter(tw.tensor([[0], [2], [0]]), tw.tensor([1, 2, 3]), (4,)).tolist()
    [4, 0, 2, 0]
    """
    values = as_tensor(values, "scatter")
    dims = as_shape(shape.tolist() if isinstance(shape, Operators) else shape, "scatter")
    return _scattered(op("zeros")(dims, values.dtype), indices, values, "add", "scatter")


_KINDS = {None: "set", "add": "add", "mul": "mul", "max": "max", "min": "min"}


@composite
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """Return inputs with `updates` put at indices [..., k]; `reduction` (add, mul, max, min) combines them with what is there.

    Of several updates at one place the last one counts. TensorFlow.js's tensorScatterUpdate.

    >>> import tensorweb as tw
    >>> tw.scatter_update(tw.zeros(3), [[1]], [5.0]).tolist()
    [0.0, 5.0, 0.0]
    """
    if reduction not in _KINDS:
        raise ArgumentError(message("scatter_update", "a reduction among None, add, mul, max, min", repr(reduction), "Choose one."))
    return _scattered(as_tensor(inputs, "scatter_update"), indices, updates, _KINDS[reduction], "scatter_update")


@composite(method=False)
def sparse_to_dense(sparse_indices: Any, sparse_values: Any, output_shape: Sequence[int], default_value: Any = 0) -> Any:
    """Return a tensor of `output_shape` full of `default_value` but for the values at the indices: [n, rank], [n] or one scalar.

    TensorFlow.js's sparseToDense.

    >>> import tensorweb as tw
    >>> tw.sparse_to_dense([1, 3], [5, 6], (4,), -1).tolist()
    [-1, 5, -1, 6]
    """
    values = as_tensor(sparse_values, "sparse_to_dense")
    dims = as_shape(output_shape.tolist() if isinstance(output_shape, Operators) else output_shape, "sparse_to_dense")
    if values.dtype == "string" and type(default_value) in engine.NUMBERS:
        default_value = ""
    base = op("full")(dims, default_value, values.dtype)
    indices = index_tensor(sparse_indices, "sparse_to_dense")
    if len(indices.shape) < 2:
        indices = reshape(indices, (-1, 1) if indices.size else (0, 1))
    if len(indices.shape) != 2 or indices.shape[1] != len(dims):
        raise ShapeError(message("sparse_to_dense", f"indices of shape [n, {len(dims)}]", indices.shape, "Pass a row for each value."))
    rows: Any = indices if isinstance(sparse_indices, Operators) else indices.tolist() or indices
    return _scattered(base, rows, values, "set", "sparse_to_dense")


# --- blocks ---


def _replaced(x: Any, new: Any, *bounds: Any) -> Any:
    inside: Any = True
    for axis in range(len(bounds) // 2):
        c = e.coordinate(axis)
        inside = e.logical_and(inside, e.logical_and(c >= bounds[2 * axis], c < bounds[2 * axis + 1]))
    return e.where(inside, new, x)


@composite
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """Return inputs with the block that begins at `start_indices` replaced by `updates`.

    >>> import tensorweb as tw
    >>> tw.slice_update(tw.zeros((2, 2)), (0, 1), tw.ones((2, 1))).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    x = as_tensor(inputs, "slice_update")
    new = as_tensor(updates, "slice_update")
    new = new if new.dtype == x.dtype else op("cast")(new, x.dtype)
    first, sizes = window_of(x.shape, start_indices, new.shape, "slice_update")
    after = [d - a - n for d, a, n in zip(x.shape, first, sizes)]
    new = pad_interior(new, first, after, [0] * len(first), "" if x.dtype == "string" else 0)
    return apply(_replaced, x, new, *(v for a, n in zip(first, sizes) for v in (a, a + n)))


# --- codes ---


def _code(x: Any, on: Any, off: Any, axis: int, dtype: str) -> Any:
    return e.cast(e.where(e.equal(x, e.coordinate(axis)), on, off), dtype)


@composite(gradient="none")
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False, on_value: float = 1, off_value: float = 0
) -> Any:
    """Return vectors along a new `axis` with `on_value` at index x and `off_value` elsewhere; float32 unless `dtype` is given.

    An index outside gives off_value everywhere. Keras's one_hot, with TensorFlow.js's on and off values; always dense.

    >>> import tensorweb as tw
    >>> tw.one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    _no_sparse(sparse, "one_hot")
    i = as_tensor(x, "one_hot")
    i = index_tensor(i if dtypes.kind(i.dtype) == "i" else op("cast")(i, "int32"), "one_hot")
    (n,) = as_ints((num_classes,), "one_hot", "num_classes")
    if n < 0:
        raise ArgumentError(message("one_hot", "`num_classes` of 0 or more", n, "Pass the number of classes."))
    at = normalize_axis(axis, len(i.shape) + 1, "one_hot")
    wide = expand_dims(i, at)
    shape: Shape = tuple(n if d == at else s for d, s in enumerate(wide.shape))
    made = row_body(_code, None, True, 3, (("axis", at), ("dtype", dtypes.canonical("float32" if dtype is None else dtype, "one_hot"))))
    return engine.run(made, (broadcast_to(wide, shape), on_value, off_value))


@composite(gradient="none")
def multi_hot(inputs: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """Return vectors along `axis` with 1 at each of the indices in a row of inputs [batch, n] (or [n]), 0 elsewhere.

    >>> import tensorweb as tw
    >>> tw.multi_hot([[0, 2], [1, 1]], 3).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    _no_sparse(sparse, "multi_hot")
    x = as_tensor(inputs, "multi_hot")
    codes = one_hot(x, num_classes, axis, dtype)
    return op("max")(codes, axis=1 if len(x.shape) > 1 else 0)


def _no_sparse(sparse: bool, where: str) -> None:
    if sparse:
        raise ArgumentError(message(where, "sparse=False", "sparse=True", "Tensors are dense here."))
