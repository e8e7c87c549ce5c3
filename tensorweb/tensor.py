"""Tensor, Variable and TensorBuffer. Their operators are in `operators.py`; computing is the engine's and the ops' business."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from operator import index as as_index
from typing import Any

from . import dtypes, engine, interop
from .engine import ABSTRACT, Container, ledger
from .errors import ArgumentError, ConversionError, DisposedError, IndexRangeError, ShapeError, message
from .kernels.patterns import Spec
from .operators import OPS, Operators, op
from .shapes import Shape, as_shape, size_of, strides_of

__all__ = ["OPS", "Operators", "Tensor", "TensorBuffer", "Variable", "as_tensor", "buffer", "op", "tensor", "variable"]


class Tensor(Operators):
    """An immutable array of numbers or strings: a shape and a dtype over a reference-counted container on a backend.

    Made by `tw.tensor` and by ops; freed when Python drops the last reference.
    """

    # _keras_mask is set by layers that mask, and only there: reading it costs nobody else.
    __slots__ = ("__weakref__", "_container", "_keras_mask", "dtype", "id", "shape")
    _keras_mask: Any

    def __init__(self, container: Any, shape: Shape, dtype: str):
        self._container = container
        self.shape = shape
        self.dtype = dtype
        self.id = next(ledger.made_tensors)

    def __del__(self) -> None:
        if self._container is not None:
            next(ledger.freed_tensors)

    # --- life ---

    @property
    def is_disposed(self) -> bool:
        """Whether `dispose` was called."""
        return self._container is None

    def dispose(self) -> None:
        """Free the tensor now; later use raises DisposedError. Nobody needs this: dropping the last reference does the same."""
        if self._container is not None:
            self._container = None
            next(ledger.freed_tensors)

    @property
    def is_abstract(self) -> bool:
        """Whether the tensor has a shape and a dtype but no data."""
        return self._container is ABSTRACT

    def _alive(self, where: str) -> Container:
        if self._container is None:
            raise DisposedError(message(where, "a tensor that is alive", "a disposed one", "Keep or clone it before it is disposed."))
        if self._container is ABSTRACT:
            raise ArgumentError(message(where, "a tensor with data", "an abstract tensor", "Only shapes and dtypes are known here."))
        return self._container

    # --- out again ---

    def _host(self) -> tuple[Any, Spec]:
        container = self._alive("read")
        if not hasattr(container.backend, "download_later"):  # what comes from afar is a copy
            container.exported = True
        spec = Spec(self.shape, self.dtype)
        return container.backend.download(container.value, spec), spec

    def data_sync(self) -> Any:
        """Return the elements, flat: a read-only typed memoryview, or a list for strings and complex numbers.

        >>> import tensorweb as tw
        >>> tw.tensor([[1, 2], [3, 4]]).data_sync().tolist()
        [1, 2, 3, 4]
        """
        return self._host()[0]

    async def data(self) -> Any:
        """Return what `data_sync` returns, without blocking the event loop."""
        container = self._alive("data")
        later = getattr(container.backend, "download_later", None)
        if later is not None:
            return await later(container.value, Spec(self.shape, self.dtype))
        await asyncio.sleep(0)
        return self.data_sync()

    def tolist(self) -> Any:
        """Return the elements as nested lists (a number for a scalar)."""
        flat, _ = self._host()
        items = flat if isinstance(flat, list) else flat.tolist()
        for dim in reversed(self.shape[1:]):
            items = [items[i * dim : (i + 1) * dim] for i in range(len(items) // dim)] if dim else []
        if 0 in self.shape[1:]:
            return _empty_lists(self.shape)
        return items if self.shape else items[0]

    async def array(self) -> Any:
        """Return what `tolist` returns, without blocking the event loop."""
        await asyncio.sleep(0)
        return self.tolist()

    async def bytes(self) -> Any:
        """Return the elements' bytes (a list of bytes objects for strings), as TensorFlow.js's `bytes`."""
        flat = await self.data()
        if self.dtype == "string":
            return [v.encode() if isinstance(v, str) else v for v in flat]
        if self.dtype == "complex64":
            from array import array

            return array("f", [part for v in flat for part in (v.real, v.imag)]).tobytes()
        return flat.tobytes()

    def numpy(self) -> Any:
        """Return the elements as a read-only NumPy array of the same shape; it may share the tensor's memory."""
        container = self._alive("numpy")
        container.exported = True
        memory = getattr(container.backend, "memory", None)
        if memory is not None and self.dtype != "string":
            return interop.numpy_view(memory(container.value, Spec(self.shape, self.dtype)), Spec(self.shape, self.dtype))
        return interop.to_numpy(*self._host())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        result = self.numpy()
        if dtype is not None and result.dtype != dtype:
            return result.astype(dtype)
        return result.copy() if copy else result

    def __dlpack__(self, **kwargs: Any) -> Any:
        # NumPy exports no read-only arrays: the consumer gets a copy.
        return self.numpy().copy().__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def item(self, *index: int) -> Any:
        """Return the one element (or the one at an index) as a Python number or string; raise ShapeError if there are more."""
        if index:
            return (op("reshape")(self, (-1,))[index[0]] if len(index) == 1 else self[index]).item()
        if self.size != 1:
            raise ShapeError(message("item", "a tensor of one element", f"shape {self.shape}", "Reduce or index it first."))
        return self.data_sync()[0]

    def __bool__(self) -> bool:
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if dtypes.kind(self.dtype) != "i" or self.shape:
            raise ConversionError(message("index", "an integer scalar", f"{self.dtype} of shape {self.shape}", "Cast or index it first."))
        return as_index(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def clone(self) -> Tensor:
        """Return a new tensor on the same container."""
        return op("copy")(self)

    def buffer(self) -> TensorBuffer:
        """Return a mutable copy on the host."""
        flat = self.data_sync()
        return TensorBuffer(self.shape, self.dtype, list(flat))

    def print(self) -> None:
        """Print the tensor, as TensorFlow.js's `print`."""
        print(self)

    def __repr__(self) -> str:
        from .formatting import tensor_text

        return tensor_text(self)


def _empty_lists(shape: Shape) -> Any:
    return [_empty_lists(shape[1:]) for _ in range(shape[0])] if shape else []


def tensor(values: Any, shape: Any = None, dtype: Any = None) -> Tensor:
    """Return a tensor of the values: numbers, strings, nested lists, arrays (NumPy, DLPack, PIL), buffers, tensors.

    Python ints give int32, floats float32, int64 arrives as int32 (out of range raises), float64 as float32. Raises
    ConversionError, ShapeError (ragged lists) or ArgumentError. TensorFlow.js's tensor and tensor1d to tensor6d.

    >>> import tensorweb as tw
    >>> tw.tensor([1, 2, 3, 4], shape=(2, 2)).tolist()
    [[1, 2], [3, 4]]
    """
    wanted = None if dtype is None else dtypes.canonical(dtype, "tensor")
    if isinstance(values, Operators):
        made = values if isinstance(values, Tensor) else values.value  # type: ignore[attr-defined]
        if wanted is not None and wanted != made.dtype:
            made = op("cast")(made, wanted)
        return made if shape is None else op("reshape")(made, shape)
    flat, spec = interop.host_values(values, "tensor")
    return engine.upload(*interop.convert_values(flat, spec, wanted, shape, "tensor"))


def as_tensor(value: Any, where: str, dtype: str | None = None) -> Tensor:
    """Return `value` as a tensor for an op's argument; tensors pass through, variables give their value."""
    if type(value) is Tensor:
        if value._container is None:
            raise DisposedError(message(where, "tensors that are alive", "a disposed one", "Keep or clone it before it is disposed."))
        return value
    if isinstance(value, Variable):
        return value._read()
    try:
        flat, spec = interop.host_values(value, where)
    except ConversionError as error:
        raise ConversionError(str(error)) from None
    return engine.upload(*interop.convert_values(flat, spec, dtype, None, where))


engine.Tensor = Tensor
engine.convert_argument = as_tensor


class Variable(Operators):
    """A tensor that can be assigned anew: a layer's weights, an optimizer's slots.

    Args: `initializer`: anything `tw.tensor` takes, or a function (shape, dtype=...) such as an initializer, with `shape`;
    `dtype`; `trainable`: whether tapes watch it; `autocast`: whether a layer of mixed precision reads it in its compute dtype;
    `name`. Keras's Variable.

    >>> import tensorweb as tw
    >>> v = tw.Variable([1.0, 2.0])
    >>> v.assign_add([1.0, 1.0]).numpy().tolist()
    [2.0, 3.0]
    """

    _count = 0
    constraint: Any = None
    regularizer: Any = None

    def __init__(
        self, initializer: Any, shape: Any = None, dtype: Any = None, trainable: bool = True, autocast: bool = True, name: str | None = None
    ):  # fmt: skip
        Variable._count += 1
        self.name = name or f"variable_{Variable._count}"
        self.path = self.name
        self.trainable, self.autocast = trainable, autocast
        self.may_train = trainable  # what a frozen layer's variable comes back to
        # Outside scopes: tidy leaves variables alone.
        with engine.changed_state(scope=None, tapes=(), autocast=None):
            if callable(initializer) and not isinstance(initializer, Operators):
                if shape is None:
                    raise ShapeError(message("Variable", "a shape for the initializer", "None", "Pass shape=."))
                initializer = initializer(as_shape(shape, "Variable"), dtype=dtype or "float32")
                shape = None
            self._value = engine.alias(tensor(initializer, shape, dtype))

    @property
    def value(self) -> Tensor:
        """The current value, as a tensor that later assigns do not change."""
        return self._read()

    def _read(self) -> Tensor:
        now = engine.state.get()
        for tape in now.tapes:
            tape.read(self)
        if now.autocast is not None and self.autocast and now.autocast != self._value.dtype and dtypes.is_float(self._value.dtype):
            return op("cast")(self._value, now.autocast)
        return self._value

    @property
    def shape(self) -> Shape:  # type: ignore[override]
        """The shape, which assigns keep."""
        return self._value.shape

    @property
    def dtype(self) -> str:  # type: ignore[override]
        """The dtype, which assigns keep."""
        return self._value.dtype

    def assign(self, value: Any) -> Variable:
        """Replace the value by one of the same shape and dtype; raise ShapeError or DTypeError otherwise."""
        new = as_tensor(value, "assign", self.dtype)
        if new.shape != self.shape:
            raise ShapeError(message("assign", f"shape {self.shape}", new.shape, f"Variable {self.name!r} keeps its shape."))
        if engine.state.get().symbolic:
            return self
        if new.dtype != self.dtype:
            new = op("cast")(new, self.dtype)
        with engine.changed_state(scope=None, tapes=(), autocast=None):
            self._value = engine.alias(new)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add to the value."""
        return self.assign(op("add")(self, value))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract from the value."""
        return self.assign(op("subtract")(self, value))

    def dispose(self) -> None:
        """Free the value."""
        self._value.dispose()

    @property
    def is_disposed(self) -> bool:
        """Whether the value was disposed."""
        return self._value.is_disposed

    def __getattr__(self, name: str) -> Any:
        # What reads the data (numpy, tolist, item, ...) is the value's.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._value, name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self._value.__array__(dtype, copy)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __int__(self) -> int:
        return int(self._value)

    def __float__(self) -> float:
        return float(self._value)

    def __repr__(self) -> str:
        return f"<Variable {self.name!r} {self._value!r}>"


def variable(initial_value: Any, trainable: bool = True, name: str | None = None, dtype: Any = None) -> Variable:
    """Return a new Variable, as TensorFlow.js's `variable`."""
    return Variable(initial_value, dtype=dtype, trainable=trainable, name=name)


class TensorBuffer:
    """A mutable array on the host, to fill element by element and then make a tensor of. TensorFlow.js's TensorBuffer."""

    def __init__(self, shape: Sequence[int], dtype: Any = "float32", values: list | None = None):
        self.shape = as_shape(shape, "buffer")
        self.dtype = dtypes.canonical(dtype, "buffer")
        self.strides = strides_of(self.shape)
        zero = {"b": False, "i": 0, "f": 0.0, "c": 0j, "s": ""}[dtypes.kind(self.dtype)]
        self.values = [zero] * self.size if values is None else list(values)
        if len(self.values) != self.size:
            raise ShapeError(message("buffer", f"{self.size} values for shape {self.shape}", len(self.values), "Correct either."))

    @property
    def size(self) -> int:
        """The number of elements."""
        return size_of(self.shape)

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    def loc_to_index(self, loc: Sequence[int]) -> int:
        """Return the flat index of a location; raise IndexRangeError outside the shape."""
        if len(loc) != self.rank or not all(0 <= i < d for i, d in zip(loc, self.shape, strict=True)):
            raise IndexRangeError(message("buffer", f"a location within {self.shape}", tuple(loc), "Count from 0 in each dimension."))
        return sum(i * s for i, s in zip(loc, self.strides, strict=True))

    def index_to_loc(self, index: int) -> tuple[int, ...]:
        """Return the location of a flat index."""
        loc = []
        for stride in self.strides:
            loc.append(index // stride)
            index %= stride
        return tuple(loc)

    def set(self, value: Any, *loc: int) -> None:
        """Set one element."""
        self.values[self.loc_to_index(loc)] = value

    def get(self, *loc: int) -> Any:
        """Return one element."""
        return self.values[self.loc_to_index(loc)]

    def to_tensor(self) -> Tensor:
        """Return a tensor of the values."""
        return tensor(self.values, self.shape, self.dtype)


def buffer(shape: Sequence[int], dtype: Any = "float32", values: list | None = None) -> TensorBuffer:
    """Return a new TensorBuffer, as TensorFlow.js's `buffer`."""
    return TensorBuffer(shape, dtype, values)
