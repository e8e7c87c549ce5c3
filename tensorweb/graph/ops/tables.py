"""Graph ops on resources: hash tables and variables. A runner's family shares them by name, the initializer's too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...errors import DTypeError, FormatError, ShapeError, message
from ...kernels.routines.base import HostArray
from ...shapes import size_of
from ...tensor import Tensor, tensor
from ...waiting import Waits
from ..define import graph_op
from ..running import calling_op
from ..tf_dtypes import own_dtype
from .hosted import as_tensor, reading_arrays
from .support import text


def _shared(runner: Any, node: Any, kind: type, make: Any) -> Any:
    """Return the resource that a node names, a new one the first time; FormatError if that name is of another kind."""
    name = text(node, "shared_name") or node.name
    found = runner.resources.setdefault(name, None)
    if found is None:
        found = runner.resources[name] = make()
    return _of_kind(found, kind, node)


def _of_kind(value: Any, kind: type, node: Any) -> Any:
    if not isinstance(value, kind):
        raise FormatError(message(f"node {node.name!r}", kind.__name__, type(value).__name__, "The file is damaged."))
    return value


# --- hash tables ------------------------------------------------------------------------------------------------------------


class HashTable:
    """A table from keys to values, both numbers or texts (as bytes); each value is a list of `shape`'s elements."""

    def __init__(self, key_dtype: str | None, value_dtype: str | None, shape: tuple[int, ...] = (), mutable: bool = False):
        self.key_dtype, self.value_dtype = own_dtype(key_dtype), own_dtype(value_dtype)
        self.shape = shape
        self.entries: dict[Any, list[Any]] = {}
        self.filled = mutable  # one that never was is no empty table

    def fitting(self, keys: HostArray, values: HostArray, where: str) -> None:
        """Raise DTypeError or ShapeError where keys and values are not those of this table."""
        for array, dtype, what in ((keys, self.key_dtype, "keys"), (values, self.value_dtype, "values")):
            if dtype is not None and array.dtype != dtype and array.values:
                raise DTypeError(message(where, f"{what} of {dtype}", array.dtype, "The table has others."))
        if values.shape != (*keys.shape, *self.shape):
            raise ShapeError(message(where, f"values of shape {(*keys.shape, *self.shape)}", values.shape, "Pass one for each key."))

    def put(self, keys: HostArray, values: HostArray, where: str) -> None:
        """Set entries."""
        self.fitting(keys, values, where)
        size = size_of(self.shape)
        for i, key in enumerate(keys.values):
            self.entries[key] = values.values[i * size : (i + 1) * size]
        self.filled = True


@calling_op("HashTable", "HashTableV2")
def _hash_table(runner: Any, node: Any) -> Any:
    return _shared(runner, node, HashTable, lambda: HashTable(node.attrs.get("key_dtype"), node.attrs.get("value_dtype")))


@calling_op("MutableHashTable", "MutableHashTableV2", "MutableHashTableOfTensorsV2")
def _mutable_table(runner: Any, node: Any) -> Any:
    shape = tuple(size or 0 for size in node.attrs.get("value_shape") or ())
    return _shared(runner, node, HashTable, lambda: HashTable(node.attrs.get("key_dtype"), node.attrs.get("value_dtype"), shape, True))


def _putting(node: Any, handle: Any, keys: Tensor, values: Tensor, clear: bool = False) -> Waits[Any]:
    table = _of_kind(handle, HashTable, node)
    arrays: Sequence[HostArray] = yield from reading_arrays([keys, values])
    if clear:
        table.entries.clear()
    table.put(*arrays, node.op)
    return handle  # the op has no output, but by this it can be asked for


@graph_op("InitializeTable", "InitializeTableV2", "LookupTableImport", "LookupTableImportV2")
def _import(node: Any, handle: Any, keys: Any, values: Any) -> Waits[Any]:
    return (yield from _putting(node, handle, keys, values, True))


@graph_op("LookupTableInsert", "LookupTableInsertV2")
def _insert(node: Any, handle: Any, keys: Any, values: Any) -> Waits[Any]:
    return (yield from _putting(node, handle, keys, values))


@graph_op("LookupTableRemoveV2")
def _remove(node: Any, handle: Any, keys: Any) -> Waits[Any]:
    (array,) = yield from reading_arrays([keys])
    for key in array.values:
        _of_kind(handle, HashTable, node).entries.pop(key, None)
    return handle


@graph_op("LookupTableFind", "LookupTableFindV2")
def _find(node: Any, handle: Any, keys: Any, default: Any) -> Waits[Tensor]:
    table = _of_kind(handle, HashTable, node)
    if not table.filled:
        advice = "The model came without what fills it."
        raise FormatError(message(f"node {node.name!r}", "a table with entries", "one that nothing filled", advice))
    wanted, other = yield from reading_arrays([keys, default])
    if other.shape == table.shape:
        table.fitting(HostArray([], (), table.key_dtype), other, node.op)
        other = HostArray(other.values * len(wanted.values), (*wanted.shape, *table.shape), other.dtype)
    table.fitting(wanted, other, node.op)
    size = size_of(table.shape)
    found = [v for i, key in enumerate(wanted.values) for v in table.entries.get(key, other.values[i * size : (i + 1) * size])]
    return as_tensor(HostArray(found, other.shape, other.dtype))


@graph_op("LookupTableSize", "LookupTableSizeV2")
def _size(node: Any, handle: Any) -> Tensor:
    return tensor(len(_of_kind(handle, HashTable, node).entries), dtype="int32")


@graph_op("LookupTableExportV2")
def _export(node: Any, handle: Any) -> list[Tensor]:
    table = _of_kind(handle, HashTable, node)
    count = len(table.entries)
    values = [v for entry in table.entries.values() for v in entry]
    arrays = HostArray(list(table.entries), (count,), table.key_dtype), HostArray(values, (count, *table.shape), table.value_dtype)
    return [as_tensor(array) for array in arrays]


# --- variables --------------------------------------------------------------------------------------------------------------


class VariableResource:
    """What a variable's handle stands for: its value, None before the first assignment."""

    def __init__(self, name: str, value: Tensor | None = None):
        self.name = name
        self.value = value


@calling_op("VarHandleOp")
def _variable(runner: Any, node: Any) -> Any:
    return _shared(runner, node, VariableResource, lambda: VariableResource(text(node, "shared_name") or node.name))


def _value(handle: Any, node: Any) -> Tensor:
    variable = _of_kind(handle, VariableResource, node)
    if variable.value is None:
        raise FormatError(message(f"node {node.name!r}", "a variable with a value", f"none of {variable.name!r}", "It was never assigned."))
    return variable.value


@graph_op("ReadVariableOp")
def _read(node: Any, handle: Any) -> Any:
    return _value(handle, node)


@graph_op("ResourceGather")
def _gather(node: Any, handle: Any, indices: Any) -> Any:
    if node.attrs.get("batch_dims"):
        raise FormatError(message(f"node {node.name!r}", "batch_dims 0", node.attrs["batch_dims"], "Others are not known here."))
    return ops.take(_value(handle, node), indices, axis=0)


@graph_op("VariableShape")
def _shape(node: Any, handle: Any) -> Any:
    return tensor(list(_value(handle, node).shape), dtype="int32")


@graph_op("VarIsInitializedOp")
def _is_initialized(node: Any, handle: Any) -> Any:
    return tensor(_of_kind(handle, VariableResource, node).value is not None, dtype="bool")


def _assigning(*names: str) -> Any:
    """Define ops that assign to a variable the result of a function of (its value or None, what is passed)."""

    def define(function: Any) -> None:
        def assign(node: Any, handle: Any, value: Any) -> Any:
            variable = _of_kind(handle, VariableResource, node)
            before = None if node.op == "AssignVariableOp" else _value(handle, node)
            if before is not None and before.shape != value.shape:
                raise ShapeError(message(node.op, f"shape {before.shape}", value.shape, f"Variable {variable.name!r} keeps its shape."))
            variable.value = function(before, value)
            return handle

        graph_op(*names)(assign)

    return define


_assigning("AssignVariableOp")(lambda before, value: value)
_assigning("AssignAddVariableOp")(ops.add)
_assigning("AssignSubVariableOp")(ops.subtract)
