"""`tw.ragged`: ragged tensors as (nested row splits, flat values), by the host routines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import as_tensor
from .define import composite, op
from .places import index_tensor
from .primitives import host_routine
from .shaping import promote_all

_range = host_routine("ragged_range", None)
_gather = host_routine("ragged_gather_flat", None)
_to_tensor = host_routine("ragged_tensor_to_tensor_flat", None)


@composite(gradient="none", namespace="ragged")
def ragged_range(starts: Any, limits: Any, deltas: Any) -> tuple[Any, Any]:
    """Return (rt_nested_splits, rt_dense_values): row i counts from starts[i] by deltas[i] and stops before limits[i].

    TensorFlow.js's raggedRange.

    >>> import tensorweb as tw
    >>> [t.tolist() for t in tw.ragged.ragged_range([0, 5], [3, 7], 1)]
    [[0, 3, 5], [0, 1, 2, 5, 6]]
    """
    return _range(*promote_all([as_tensor(v, "ragged_range") for v in (starts, limits, deltas)]), static=((),))


@composite(gradient="none", namespace="ragged")
def ragged_gather(
    params_nested_splits: Sequence[Any], params_dense_values: Any, indices: Any, output_ragged_rank: int | None = None
) -> tuple[list[Any], Any]:
    """Return (output_nested_splits, output_dense_values): the rows of a ragged tensor that `indices` names, in that shape.

    TensorFlow.js's raggedGather.

    >>> import tensorweb as tw
    >>> splits, values = tw.ragged.ragged_gather([[0, 2, 3]], [7, 8, 9], [1, 0])
    >>> splits[0].tolist(), values.tolist()
    ([0, 1, 3], [9, 7, 8])
    """
    splits = [index_tensor(s, "ragged_gather") for s in params_nested_splits]
    values, where = as_tensor(params_dense_values, "ragged_gather"), index_tensor(indices, "ragged_gather")
    made = _gather(*splits, values, where, static=((("output_ragged_rank", output_ragged_rank),),))
    *outer, inner = made if isinstance(made, tuple) else (made,)
    return outer, inner


@composite(gradient="none", namespace="ragged")
def ragged_tensor_to_tensor(
    shape: Any, values: Any, default_value: Any, row_partition_tensors: Sequence[Any], row_partition_types: Sequence[str]
) -> Any:
    """Return the dense tensor of a ragged one, its missing elements filled with the default, what lies outside `shape` left out.

    A size of -1 is the data's own; the types are FIRST_DIM_SIZE, VALUE_ROWIDS, ROW_SPLITS. TensorFlow.js's raggedTensorToTensor.

    >>> import tensorweb as tw
    >>> tw.ragged.ragged_tensor_to_tensor([2, -1], [1, 2, 3], 0, [[0, 1, 3]], ["ROW_SPLITS"]).tolist()
    [[1, 0], [2, 3]]
    """
    where = "ragged_tensor_to_tensor"
    v, default = as_tensor(values, where), as_tensor(default_value, where)
    if default.dtype != v.dtype:
        default = op("cast")(default, v.dtype)
    partitions = [index_tensor(t, where) for t in row_partition_tensors]
    return _to_tensor(index_tensor(shape, where), v, default, *partitions, static=((("row_partition_types", tuple(row_partition_types)),),))
