"""Writes ops on lists of tensors, TensorFlow 2's TensorList and TensorFlow 1's TensorArray, as ONNX's sequences.

A TensorArray is what its flow stands for; its handle is not needed. Elements that were never set are zeros of the shape that is known.
"""

from __future__ import annotations

from typing import Any

from ...graph.definition import Node
from ...graph.tf_dtypes import own_dtype
from .control import branch
from .model import NUMBERS
from .scope import Scope, Unwritable, Value, writes


def _list(value: Value, dtype: str, shape: Any) -> Value:
    """Return a value as a list whose elements have a dtype and shape."""
    value.listed, value.dtype, value.shape = True, dtype, shape
    return value


def _like(value: Value, of: Value, shape: Any = None) -> Value:
    return _list(value, of.dtype, of.shape if shape is None else shape)


def _dtype(node: Node, name: str) -> str:
    found = own_dtype(node.attrs.get(name))
    if found is None or found == "complex64":
        raise Unwritable(f"its elements are {node.attrs.get(name)}")
    return found


def _element_shape(value: Value) -> Any:
    """Return the shape of elements that an input says: sizes with -1 for unknown ones, the number -1 for an unknown rank."""
    if value.host is None or value.shape == ():
        return None
    return tuple(None if size is None or size < 0 else int(size) for size in value.host)


def _joined(b: Scope, of: Value) -> Value:
    """Return the elements as one tensor with a first axis."""
    if of.rows is not None:
        return of.rows
    shape = None if of.shape is None else (None, *of.shape)
    made: Value = b("ConcatFromSequence", of, axis=0, new_axis=1, shape=shape)
    return made


def _parted(b: Scope, x: Value) -> Value:
    """Return the rows of a tensor as a list."""
    made = _list(Value(x.dtype, None, home=b), x.dtype, None if x.shape is None else x.shape[1:])
    made.rows = x
    return made


def _reserved(b: Scope, dtype: str, shape: Any, count: Value) -> Value:
    sizes = [0 if size is None else size for size in ((None,) if shape is None else shape)]
    whole = b("Concat", b.vector(count), b.value(sizes), axis=0) if sizes else b.vector(count)
    made = _list(_parted(b, b.expand(b.zero(dtype), whole)), dtype, shape)
    made.reserved = b.vector(count)
    return made


# --- making ------------------------------------------------------------------------------------------------------------------


@writes("EmptyTensorList")
def empty(b: Scope, node: Node, shape: Value, most: Value) -> Value:
    dtype = _dtype(node, "element_dtype")
    made = b("SequenceEmpty")
    b.made.nodes[-1].attrs["dtype"] = NUMBERS[dtype]
    return _list(made, dtype, _element_shape(shape))


@writes("TensorListReserve")
def reserve(b: Scope, node: Node, shape: Value, count: Value) -> Value:
    return _reserved(b, _dtype(node, "element_dtype"), _element_shape(shape), count)


@writes("TensorArrayV3")
def array(b: Scope, node: Node, count: Value) -> list[Value]:
    made = _reserved(b, _dtype(node, "dtype"), node.attrs.get("element_shape"), count)
    made.grows = bool(node.attrs.get("dynamic_size"))
    return [made, made]


@writes("TensorListFromTensor")
def from_tensor(b: Scope, node: Node, x: Value, shape: Value) -> Value:
    return _parted(b, x)


@writes("TensorListSplit")
def split(b: Scope, node: Node, x: Value, shape: Value, lengths: Value) -> Value:
    made = b("SplitToSequence", x, b.vector(lengths), axis=0)
    return _list(made, x.dtype, None if x.shape is None else (None, *x.shape[1:]))


@writes("TensorArraySplitV3")
def split_array(b: Scope, node: Node, handle: Value, x: Value, lengths: Value, flow: Value) -> Value:
    return split(b, node, x, lengths, lengths)


@writes("TensorListScatter", "TensorListScatterV2")
def scatter(b: Scope, node: Node, x: Value, indices: Value, shape: Value, count: Value | None = None) -> Value:
    """Without a number of elements there are as many as the largest index says."""
    places = b.vector(indices)
    if count is None or count.known == [-1]:
        return _scattered(b, x, places, _least(b, places))
    if count.known is None:
        raise Unwritable("its number of elements is computed while the model runs")
    return _scattered(b, x, places, b.vector(count))


def _least(b: Scope, places: Value) -> Value:
    """Return how many elements there are at least where some are at these places."""
    return b("Add", b("ReduceMax", b("Concat", b.value([-1]), places, axis=0), keepdims=1), 1, shape=(1,))


def _scattered(b: Scope, x: Value, places: Value, count: Value) -> Value:
    rows = b("Shape", x, start=1, shape=(b.rank(x) - 1,))
    zeros = b.expand(b.zero(x.dtype), b("Concat", count, rows, axis=0))
    made = b("ScatterND", zeros, b("Unsqueeze", places, [-1]), x)
    return _list(_parted(b, made), x.dtype, None if x.shape is None else x.shape[1:])


@writes("TensorArrayScatterV3")
def scatter_array(b: Scope, node: Node, handle: Value, indices: Value, x: Value, flow: Value) -> Value:
    if b.graph.nodes[node.inputs[3].name].op != "TensorArrayV3":
        raise Unwritable("some of its elements may have been set before")
    count = b("Unsqueeze", _length(b, flow), [0], shape=(1,))
    places = b.vector(indices)
    return _scattered(b, x, places, b("Max", count, _least(b, places), shape=(1,)) if handle.grows else count)


@writes("TensorListScatterIntoExistingList")
def scatter_into(b: Scope, node: Node, handle: Value, x: Value, indices: Value) -> Value:
    made = b("ScatterND", _joined(b, handle), b("Unsqueeze", b.vector(indices), [-1]), x)
    return _like(_parted(b, made), handle)


# --- single elements ---------------------------------------------------------------------------------------------------------


def _set(b: Scope, of: Value, index: Value, x: Value, grows: bool) -> Value:
    """Put an element in the place of another, or with `grows` right behind the last one."""
    place = b.int64(index)

    def inserted(scope: Scope, into: Value) -> Value:
        return _list(scope("SequenceInsert", into, x, place), of.dtype, of.shape if of.shape is not None else x.shape)

    def replaced(scope: Scope) -> Value:
        return inserted(scope, _like(scope("SequenceErase", of, place), of))

    if not grows:
        return replaced(b)
    within = b("Less", place, _length(b, of))
    return branch(b, within, lambda scope: [replaced(scope)], lambda scope: [inserted(scope, of)])[0]


def _length(b: Scope, of: Value) -> Value:
    """Return the number of elements as an int64 number."""
    if of.rows is not None:
        return b.number(b.size(of.rows, 0))
    made: Value = b("SequenceLength", of, shape=())
    return made


def _get(b: Scope, of: Value, index: Value) -> Value:
    made: Value = b("SequenceAt", of, b.int64(index)) if of.rows is None else b("Gather", of.rows, b.int64(index), axis=0)
    made.shape = of.shape
    return made


@writes("TensorListSetItem")
def set_item(b: Scope, node: Node, handle: Value, index: Value, x: Value) -> Value:
    return _set(b, handle, index, x, bool(node.attrs.get("resize_if_index_out_of_bounds")))


@writes("TensorArrayWriteV3")
def write_array(b: Scope, node: Node, handle: Value, index: Value, x: Value, flow: Value) -> Value:
    return _set(b, flow, index, x, handle.grows)


@writes("TensorListGetItem")
def get_item(b: Scope, node: Node, handle: Value, index: Value, shape: Value | None = None) -> Value:
    made = _get(b, handle, index)
    if made.shape is None and shape is not None:
        made.shape = _element_shape(shape)
    return made


@writes("TensorArrayReadV3")
def read_array(b: Scope, node: Node, handle: Value, index: Value, flow: Value) -> Value:
    return _get(b, flow, index)


@writes("TensorListPushBack")
def push_back(b: Scope, node: Node, handle: Value, x: Value) -> Value:
    made = b("SequenceInsert", handle, x)
    return _list(made, handle.dtype, handle.shape if handle.shape is not None else x.shape)


@writes("TensorListPopBack")
def pop_back(b: Scope, node: Node, handle: Value, shape: Value) -> list[Value]:
    return [_like(b("SequenceErase", handle), handle), _get(b, handle, b.const([-1], (), "int32"))]


# --- all elements ------------------------------------------------------------------------------------------------------------


def _more(x: Any, y: Any) -> Any:
    """Return what two shapes tell together."""
    if x is None or y is None or len(x) != len(y):
        return y if x is None else x
    return tuple(q if p is None else p for p, q in zip(x, y, strict=True))


@writes("TensorListStack")
def stack(b: Scope, node: Node, handle: Value, shape: Value) -> Value:
    """ONNX joins no list without elements: where their shape is known, one more is put behind them and cut off."""
    return _stacked(b, handle, _more(handle.shape, _element_shape(shape)))


def _stacked(b: Scope, handle: Value, known: Any) -> Value:
    if handle.rows is not None:
        return handle.rows
    if known is None or None in known:
        made = _joined(b, handle)
        made.shape = None if known is None else (None, *known)
        return made
    one = b.expand(b.zero(handle.dtype), b.value(list(known)))
    return b.slice(_joined(b, _like(b("SequenceInsert", handle, one), handle, known)), 0, 0, -1)


@writes("TensorListGather")
def gather(b: Scope, node: Node, handle: Value, indices: Value, shape: Value) -> Value:
    return b("Gather", _joined(b, handle), b.vector(indices), axis=0, shape=None if handle.shape is None else (None, *handle.shape))


@writes("TensorArrayGatherV3")
def gather_array(b: Scope, node: Node, handle: Value, indices: Value, flow: Value) -> Value:
    return gather(b, node, flow, indices, indices)


@writes("TensorListConcat", "TensorListConcatV2")
def concat(b: Scope, node: Node, handle: Value, *others: Value) -> list[Value]:
    """Return (elements one behind the other, how long each is); that needs a loop."""
    if len(others) > 1 and others[1].known != []:
        raise Unwritable("it says how long elements are that were never set")
    joined = b("ConcatFromSequence", handle, axis=0, new_axis=0, shape=None if handle.shape is None else (None, *handle.shape[1:]))
    inner = b.inner()
    count, going = (Value(dtype, (), b.model.fresh(f"{b.base}/count"), home=inner) for dtype in ("int64", "bool"))
    size = inner("Squeeze", inner("Shape", inner("SequenceAt", handle, count), end=1), shape=())
    again = inner("Identity", going, shape=())
    body = b.subgraph(inner, [count, going], [again, size])
    lengths = b("Loop", _length(b, handle), True, dtype="int64", shape=(None,), body=body)
    return [joined, b.int32(lengths)]


@writes("TensorArrayConcatV3")
def concat_array(b: Scope, node: Node, handle: Value, flow: Value) -> list[Value]:
    return concat(b, node, flow)


@writes("TensorListResize")
def resize(b: Scope, node: Node, handle: Value, size: Value) -> Value:
    """Elements beyond go, or zeros are put behind."""
    if handle.shape is None or None in handle.shape:
        raise Unwritable("the shape of its elements is not known beforehand")
    wanted = b.vector(size)
    more = b.expand(b.zero(handle.dtype), b("Concat", wanted, b.value(list(handle.shape)), axis=0) if handle.shape else wanted)
    rows = b("Concat", _stacked(b, handle, handle.shape), more, axis=0, shape=(None, *handle.shape))
    return _like(_parted(b, b.slice(rows, 0, 0, wanted)), handle)


@writes("TensorListElementShape")
def element_shape(b: Scope, node: Node, handle: Value) -> Value:
    if handle.shape is None:
        return b.const([-1], (), "int32")
    return b.const([-1 if size is None else size for size in handle.shape], (len(handle.shape),), "int32")


@writes("TensorListLength")
def length(b: Scope, node: Node, handle: Value) -> Value:
    return b.int32(_length(b, handle))


@writes("TensorArraySizeV3")
def array_size(b: Scope, node: Node, handle: Value, flow: Value) -> Value:
    return length(b, node, flow)


@writes("TensorArrayCloseV3")
def close(b: Scope, node: Node, handle: Value) -> list[Value]:
    return []
