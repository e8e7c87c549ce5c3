"""Graph ops on lists of tensors: TensorFlow 1's TensorArray, which writes change, and TensorFlow 2's TensorList, which is a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ... import ops
from ...errors import ArgumentError, DTypeError, FormatError, IndexRangeError, ShapeError, message
from ...tensor import Tensor, tensor
from ..define import graph_op
from ..tf_dtypes import own_dtype
from .support import as_list

_MOST = 1 << 22  # elements: what a file asks for is not reserved without a limit

Shape = tuple[int | None, ...] | None  # None: of unknown rank, or a size that is not known


def _shape_of(value: Any) -> Shape:
    """Return an element's shape as inputs tell it: sizes with -1 for unknown ones, the number -1 for an unknown rank."""
    if not isinstance(value, (list, tuple)):
        return None
    return tuple(None if size is None or size < 0 else int(size) for size in value)


def _merged(a: Shape, b: Shape, where: str) -> Shape:
    """Return what two shapes tell together; ShapeError if they contradict each other."""
    if a is None or b is None:
        return b if a is None else a
    if len(a) != len(b) or any(None not in (x, y) and x != y for x, y in zip(a, b, strict=True)):
        raise ShapeError(message(where, f"elements of shape {a}", f"{b}", "All of a list have one shape."))
    return tuple(y if x is None else x for x, y in zip(a, b, strict=True))


def _count(value: Any, where: str) -> int:
    """Return a number of elements; ArgumentError if it is negative or too large to reserve."""
    number = int(as_list(value)[0])
    if not 0 <= number <= _MOST:
        raise ArgumentError(message(where, f"0 to {_MOST} elements", number, "The model or its input asks for too many."))
    return number


def _place(index: Any, size: int, where: str) -> int:
    number = int(as_list(index)[0])
    if not 0 <= number < size:
        raise IndexRangeError(message(where, f"an index from 0 to {size - 1}", number, "The list is shorter."))
    return number


class _Elements:
    """Tensors of one dtype and of shapes that fit `shape`; None for those that were not set."""

    def __init__(self, dtype: str | None, shape: Shape, items: Iterable[Any]):
        self.dtype = dtype  # TensorFlow's name: "variant" for lists of lists
        self.shape = shape
        self.items = list(items)

    def fitting(self, value: Any, where: str) -> Any:
        """Return an element if it may be one."""
        own = own_dtype(self.dtype)
        if own is not None and getattr(value, "dtype", None) != own:
            raise DTypeError(message(where, f"elements of {own}", getattr(value, "dtype", type(value).__name__), "Cast it."))
        if isinstance(value, Tensor):
            _merged(self.shape, value.shape, where)
        return value

    def known_shape(self, wanted: Shape, where: str) -> Shape:
        """Return what the declarations and the elements together tell of the shape."""
        shape = _merged(self.shape, wanted, where)
        for item in self.items:
            if isinstance(item, Tensor):
                return _merged(shape, item.shape, where)
        return shape

    def filled(self, shape: Shape, where: str, items: Sequence[Any] | None = None) -> list[Any]:
        """Return elements, zeros for those that were not set; ShapeError if their shape is not known."""
        items = self.items if items is None else items
        if all(item is not None for item in items):
            return list(items)
        own = own_dtype(self.dtype)
        if shape is None or None in shape or own is None:
            raise ShapeError(message(where, "elements that were set, or of a known shape", f"shape {shape}", "Set all elements first."))
        if own == "string":
            zero = ops.full(shape, "", own)
        else:
            zero = ops.zeros(shape, own)
        return [zero if item is None else item for item in items]

    def stacked(self, items: Sequence[Any], shape: Shape, where: str) -> Any:
        """Return elements as one tensor; without any, it has the shape's sizes."""
        if items:
            return ops.stack(self.filled(shape, where, items), 0)
        if shape is None or None in shape:
            raise ShapeError(message(where, "elements, or a known shape of them", f"none, and {shape}", "Give the list its element shape."))
        return _empty((0, *shape), own_dtype(self.dtype))

    def joined(self, items: Sequence[Any], shape: Shape, where: str) -> tuple[Any, Any]:
        """Return elements one behind the other, and how long each is."""
        if not items:
            rest = shape[1:] if shape else ()
            return _empty((0, *(size or 0 for size in rest)), own_dtype(self.dtype)), _empty((0,), "int32")
        if any(not item.shape for item in items):
            raise ShapeError(message(where, "elements of rank 1 or more", "scalars", "Stack them instead."))
        return ops.concatenate(items, 0), tensor([item.shape[0] for item in items], dtype="int32")


def _empty(shape: tuple[Any, ...], dtype: str | None) -> Any:
    return tensor([], shape, dtype) if dtype == "string" else ops.zeros(shape, dtype or "float32")


def _parts(x: Any, lengths: Any, where: str) -> list[Any]:
    """Return pieces of a tensor along its first axis."""
    sizes = [int(size) for size in as_list(lengths)]
    if not x.shape or any(size < 0 for size in sizes) or sum(sizes) != x.shape[0]:
        raise ShapeError(message(where, f"lengths that make up {x.shape[:1]}", sizes[:8], "Their sum is the tensor's first size."))
    return list(ops.split(x, [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)], 0)) if len(sizes) > 1 else [x] * len(sizes)


def _rows(x: Any, where: str) -> list[Any]:
    if not x.shape:
        raise ShapeError(message(where, "a tensor of rank 1 or more", "a scalar", "Its rows are the elements."))
    return list(ops.unstack(x, axis=0)) if x.shape[0] else []


# --- TensorList: a value, as all tensors are --------------------------------------------------------------------------------


class TensorList(_Elements):
    """The value of a TensorList; ops give new ones. `most`: how many elements it may have."""

    most = _MOST

    def with_items(self, items: Sequence[Any]) -> TensorList:
        """Return a list of the same kind."""
        made = TensorList(self.dtype, self.shape, items)
        made.most = self.most
        return made


def _list(value: Any, node: Any) -> TensorList:
    if not isinstance(value, TensorList):
        raise FormatError(message(f"node {node.name!r}", "a TensorList", type(value).__name__, "The file is damaged."))
    wanted = node.attrs.get("element_dtype")
    if wanted is not None and own_dtype(wanted) != own_dtype(value.dtype):
        raise DTypeError(message(f"node {node.name!r}", f"a list of {wanted}", f"{value.dtype}", "The file is damaged."))
    return value


def _new(node: Any, shape: Any, items: Iterable[Any]) -> TensorList:
    made = TensorList(node.attrs.get("element_dtype"), _shape_of(shape), [])
    made.items = [None if item is None else made.fitting(item, node.op) for item in items]
    return made


@graph_op("EmptyTensorList", host=(0, 1))
def _empty_list(node: Any, shape: Any, most: Any) -> Any:
    made = _new(node, shape, [])
    if as_list(most)[0] >= 0:
        made.most = min(int(as_list(most)[0]), _MOST)
    return made


@graph_op("TensorListReserve", host=(0, 1))
def _reserve(node: Any, shape: Any, count: Any) -> Any:
    return _new(node, shape, [None] * _count(count, node.op))


@graph_op("TensorListFromTensor", host=(1,))
def _from_tensor(node: Any, x: Any, shape: Any) -> Any:
    return _new(node, shape, _rows(x, node.op))


@graph_op("TensorListSplit", host=(1, 2))
def _split(node: Any, x: Any, shape: Any, lengths: Any) -> Any:
    return _new(node, shape, _parts(x, lengths, node.op))


@graph_op("TensorListScatter", "TensorListScatterV2", host=(1, 2, 3))
def _scatter(node: Any, x: Any, indices: Any, shape: Any, count: Any = -1) -> Any:
    wanted = as_list(count)[0]
    size = max(as_list(indices), default=-1) + 1 if wanted == -1 else wanted
    return _scattered(_new(node, shape, [None] * _count(size, node.op)), x, indices, node.op)


@graph_op("TensorListScatterIntoExistingList", host=(2,))
def _scatter_into(node: Any, handle: Any, x: Any, indices: Any) -> Any:
    return _scattered(_list(handle, node), x, indices, node.op)


def _scattered(into: TensorList, x: Any, indices: Any, where: str) -> TensorList:
    places, rows = as_list(indices), _rows(x, where)
    if len(places) != len(rows):
        raise ShapeError(message(where, f"{len(rows)} indices", len(places), "Pass one for each row."))
    items = list(into.items)
    for place, row in zip(places, rows, strict=True):
        items[_place(place, len(items), where)] = into.fitting(row, where)
    return into.with_items(items)


@graph_op("TensorListGather", host=(1, 2))
def _gather(node: Any, handle: Any, indices: Any, shape: Any) -> Any:
    of = _list(handle, node)
    items = [of.items[_place(i, len(of.items), node.op)] for i in as_list(indices)]
    return of.stacked(items, of.known_shape(_shape_of(shape), node.op), node.op)


@graph_op("TensorListGetItem", host=(1, 2))
def _get_item(node: Any, handle: Any, index: Any, shape: Any) -> Any:
    of = _list(handle, node)
    item = of.items[_place(index, len(of.items), node.op)]
    return item if item is not None else of.filled(of.known_shape(_shape_of(shape), node.op), node.op, [item])[0]


@graph_op("TensorListSetItem", host=(1,))
def _set_item(node: Any, handle: Any, index: Any, x: Any) -> Any:
    of = _list(handle, node)
    size = len(of.items)
    if node.attrs.get("resize_if_index_out_of_bounds"):
        size = max(size, _count(as_list(index)[0] + 1, node.op))
    items = of.items + [None] * (size - len(of.items))
    items[_place(index, size, node.op)] = of.fitting(x, node.op)
    return of.with_items(items)


@graph_op("TensorListStack", host=(1,))
def _stack(node: Any, handle: Any, shape: Any) -> Any:
    of = _list(handle, node)
    wanted = node.attrs.get("num_elements", -1)
    if wanted not in (None, -1, len(of.items)):
        raise ShapeError(message(node.op, f"{wanted} elements", len(of.items), "The list has another length."))
    return of.stacked(of.items, of.known_shape(_shape_of(shape), node.op), node.op)


@graph_op("TensorListConcat", "TensorListConcatV2", host=(1, 2))
def _concat(node: Any, handle: Any, shape: Any = None, lengths: Any = ()) -> Any:
    of = _list(handle, node)
    wanted = _shape_of(shape if shape is not None else node.attrs.get("element_shape"))
    if wanted and node.op == "TensorListConcat":
        wanted = (None, *wanted[1:])
    items, sizes = list(of.items), as_list(lengths) if lengths is not None else []
    for i, item in enumerate(items):
        if item is None and wanted:
            items[i] = of.filled((sizes[i] if i < len(sizes) else wanted[0], *wanted[1:]), node.op, [None])[0]
    of.filled(None, node.op, items)
    return of.joined(items, wanted, node.op)


@graph_op("TensorListPopBack", host=(1,))
def _pop_back(node: Any, handle: Any, shape: Any) -> Any:
    of = _list(handle, node)
    if not of.items:
        raise IndexRangeError(message(node.op, "a list with elements", "an empty one", "Push before popping."))
    item = of.items[-1]
    if item is None:
        item = of.filled(of.known_shape(_shape_of(shape), node.op), node.op, [item])[0]
    return [of.with_items(of.items[:-1]), item]


@graph_op("TensorListPushBack")
def _push_back(node: Any, handle: Any, x: Any) -> Any:
    of = _list(handle, node)
    if len(of.items) >= of.most:
        raise ArgumentError(message(node.op, f"{of.most} elements at most", "more", "The list is full."))
    return of.with_items([*of.items, of.fitting(x, node.op)])


@graph_op("TensorListLength")
def _length(node: Any, handle: Any) -> Any:
    return tensor(len(_list(handle, node).items), dtype="int32")


@graph_op("TensorListElementShape")
def _element_shape(node: Any, handle: Any) -> Any:
    shape = _list(handle, node).shape
    return tensor(-1 if shape is None else [-1 if size is None else size for size in shape], dtype="int32")


@graph_op("TensorListResize", host=(1,))
def _resize(node: Any, handle: Any, size: Any) -> Any:
    of, count = _list(handle, node), _count(size, node.op)
    return of.with_items(of.items[:count] + [None] * (count - len(of.items)))


# --- TensorArray: one thing that all its ops share, in the order of `flow` ---------------------------------------------------


class TensorArray(_Elements):
    """What a TensorArray's handle stands for. Each place is written once, and with `once` also read once, which frees it."""

    once = False
    grows = False
    closed = False

    def __init__(self, dtype: str | None, shape: Shape, items: Iterable[Any]):
        super().__init__(dtype, shape, items)
        self.read_places: set[int] = set()

    def write(self, index: int, value: Any, where: str) -> None:
        """Set an element; ArgumentError if it was set."""
        if self.grows and index >= len(self.items):
            self.items += [None] * (_count(index + 1, where) - len(self.items))
        index = _place(index, len(self.items), where)
        if self.items[index] is not None or index in self.read_places:
            raise ArgumentError(message(where, "an element that was not written", f"element {index}", "Write each once."))
        self.items[index] = self.fitting(value, where)

    def read(self, index: int, where: str) -> Any:
        """Return an element, None if it was never written; ArgumentError if it was read before and freed."""
        index = _place(index, len(self.items), where)
        if index in self.read_places:
            raise ArgumentError(message(where, "an element that was not read", f"element {index}", "It is freed when it is read."))
        found = self.items[index]
        if self.once and found is not None:
            self.read_places.add(index)
            self.items[index] = None
        return found


def _array(value: Any, node: Any) -> TensorArray:
    if not isinstance(value, TensorArray) or value.closed:
        told = "a closed one" if isinstance(value, TensorArray) else type(value).__name__
        raise FormatError(message(f"node {node.name!r}", "a TensorArray", told, "The file is damaged."))
    return value


def _shape_attr(node: Any) -> Shape:
    """Return the shape of elements as an attribute tells it; where they are joined, all but their first size."""
    rest = node.attrs.get("element_shape_except0")
    return node.attrs.get("element_shape") if rest is None else (None, *rest)


@graph_op("TensorArrayV3", host=(0,))
def _tensor_array(node: Any, size: Any) -> Any:
    made = TensorArray(node.attrs.get("dtype"), _shape_attr(node), [None] * _count(size, node.op))
    made.once, made.grows = node.attrs.get("clear_after_read", True), bool(node.attrs.get("dynamic_size"))
    return [made, ops.zeros((), "float32")]


@graph_op("TensorArrayWriteV3", host=(1,))
def _write(node: Any, handle: Any, index: Any, x: Any, flow: Any) -> Any:
    _array(handle, node).write(int(index), x, node.op)
    return flow


@graph_op("TensorArrayReadV3", host=(1,))
def _read(node: Any, handle: Any, index: Any, flow: Any) -> Any:
    of = _array(handle, node)
    shape = of.known_shape(None, node.op)
    return of.filled(shape, node.op, [of.read(int(index), node.op)])[0]


@graph_op("TensorArrayGatherV3", host=(1,))
def _gather_array(node: Any, handle: Any, indices: Any, flow: Any) -> Any:
    of = _array(handle, node)
    shape = of.known_shape(_shape_attr(node), node.op)
    return of.stacked([of.read(int(i), node.op) for i in as_list(indices)], shape, node.op)


@graph_op("TensorArrayScatterV3", host=(1,))
def _scatter_array(node: Any, handle: Any, indices: Any, x: Any, flow: Any) -> Any:
    places, rows = as_list(indices), _rows(x, node.op)
    if len(places) != len(rows):
        raise ShapeError(message(node.op, f"{len(rows)} indices", len(places), "Pass one for each row."))
    for place, row in zip(places, rows, strict=True):
        _array(handle, node).write(int(place), row, node.op)
    return flow


@graph_op("TensorArrayConcatV3")
def _concat_array(node: Any, handle: Any, flow: Any) -> Any:
    of = _array(handle, node)
    wanted = _shape_attr(node)
    items = of.filled(of.shape, node.op, [of.read(i, node.op) for i in range(len(of.items))])
    return of.joined(items, wanted, node.op)


@graph_op("TensorArraySplitV3", host=(2,))
def _split_array(node: Any, handle: Any, x: Any, lengths: Any, flow: Any) -> Any:
    for i, part in enumerate(_parts(x, lengths, node.op)):
        _array(handle, node).write(i, part, node.op)
    return flow


@graph_op("TensorArraySizeV3")
def _size(node: Any, handle: Any, flow: Any) -> Any:
    return tensor(len(_array(handle, node).items), dtype="int32")


@graph_op("TensorArrayCloseV3")
def _close(node: Any, handle: Any) -> Any:
    of = _array(handle, node)
    of.items, of.closed = [], True
    return []
