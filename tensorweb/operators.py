"""The registry of ops, and what tensors and variables share: Python's operators, ops as methods, what NumPy's users call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import dtypes
from .errors import ShapeError, message
from .shapes import Shape, size_of, strides_of

# Every op by name; `ops/define.py` fills it and gives each op of one tensor to `Operators` as a method.
OPS: dict[str, Any] = {}


def op(name: str) -> Any:
    """Return the public function of an op: the way from tensors up to ops without an import that runs up."""
    return OPS[name].function


def _binary(name: str) -> tuple[Any, Any]:
    def forward(self: Any, other: Any) -> Any:
        return OPS[name].function(self, other) if _is_operand(other) else NotImplemented

    def reflected(self: Any, other: Any) -> Any:
        return OPS[name].function(other, self) if _is_operand(other) else NotImplemented

    return forward, reflected


def _is_operand(value: Any) -> bool:
    return isinstance(value, (Operators, int, float, complex, list, tuple, str)) or hasattr(value, "__array__")


# NumPy's names of the functions behind Python's operators, where ours differ.
_UFUNCS = {"remainder": "mod", "left_shift": "bitwise_left_shift", "right_shift": "bitwise_right_shift"} | {
    n: n
    for n in (
        "add", "subtract", "multiply", "divide", "floor_divide", "power", "matmul", "bitwise_and", "bitwise_or", "bitwise_xor",
        "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    )
}  # fmt: skip


def _as_arrays(value: Any) -> Any:
    """Return NumPy arrays for tensors and variables, nested ones too."""
    if isinstance(value, Operators):
        return value.numpy()  # type: ignore[attr-defined]
    if isinstance(value, (list, tuple)):
        return type(value)(map(_as_arrays, value)) if type(value) in (list, tuple) else value
    return {k: _as_arrays(v) for k, v in value.items()} if isinstance(value, dict) else value


class Operators:
    """What tensors and variables have in common: Python's operators, and the ops of one tensor as methods."""

    __slots__ = ()
    __hash__ = object.__hash__
    __array_priority__ = 1000

    shape: Shape
    dtype: str
    tolist: Any

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("subtract")
    __mul__, __rmul__ = _binary("multiply")
    __truediv__, __rtruediv__ = _binary("divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide")
    __mod__, __rmod__ = _binary("mod")
    __pow__, __rpow__ = _binary("power")
    __matmul__, __rmatmul__ = _binary("matmul")
    __and__, __rand__ = _binary("bitwise_and")
    __or__, __ror__ = _binary("bitwise_or")
    __xor__, __rxor__ = _binary("bitwise_xor")
    __lshift__, __rlshift__ = _binary("bitwise_left_shift")
    __rshift__, __rrshift__ = _binary("bitwise_right_shift")
    __lt__, _ = _binary("less")
    __le__, _ = _binary("less_equal")
    __gt__, _ = _binary("greater")
    __ge__, _ = _binary("greater_equal")

    def __eq__(self, other: Any) -> Any:
        return op("equal")(self, other) if _is_operand(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return op("not_equal")(self, other) if _is_operand(other) else NotImplemented

    def __neg__(self) -> Any:
        return op("negative")(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return op("absolute")(self)

    def __invert__(self) -> Any:
        return op("bitwise_not")(self)

    def __round__(self, ndigits: int = 0) -> Any:
        return op("round")(self, ndigits)

    def __getitem__(self, key: Any) -> Any:
        return op("get_item")(self, key)

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError(message("len", "a tensor of rank 1 or more", "a scalar", "Use reshape first."))
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    ndim = rank

    @property
    def size(self) -> int:
        """The number of elements."""
        return size_of(self.shape)

    @property
    def itemsize(self) -> int:
        """The bytes of an element."""
        return dtypes.TABLE[self.dtype].itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.size * self.itemsize

    @property
    def strides(self) -> Shape:
        """The row-major strides in elements; the last one is left out, as in TensorFlow.js, since it is 1."""
        return strides_of(self.shape)[:-1]

    @property
    def T(self) -> Any:
        """The tensor with its axes reversed."""
        return op("transpose")(self)

    # --- what NumPy's users call ---

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        # `array + tensor` arrives here and is the tensor's; np.exp(tensor) is NumPy's.
        ours = _UFUNCS.get(ufunc.__name__) if method == "__call__" and not kwargs else None
        return op(ours)(*inputs) if ours else getattr(ufunc, method)(*_as_arrays(inputs), **_as_arrays(kwargs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_as_arrays(args), **_as_arrays(kwargs))

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Return the tensor in another dtype."""
        return op("cast")(self, dtype)

    def flatten(self) -> Any:
        """Return the elements in one dimension."""
        return op("reshape")(self, (-1,))

    def reshape(self, *newshape: Any, **kwargs: Any) -> Any:
        """Return the tensor in another shape, a tuple or ints."""
        return op("reshape")(self, newshape, **kwargs) if len(newshape) > 1 else op("reshape")(self, *newshape, **kwargs)

    def transpose(self, *axes: Any, **kwargs: Any) -> Any:
        """Return the tensor with its axes in another order, a tuple or ints; reversed without them."""
        return op("transpose")(self, axes, **kwargs) if len(axes) > 1 else op("transpose")(self, *axes, **kwargs)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        from importlib import import_module

        return import_module("tensorweb.array_api")

    def __format__(self, spec: str) -> str:
        # A scalar formats as its number does; without a format the tensor prints.
        return format(self.item(), spec) if spec else str(self)  # type: ignore[attr-defined]

    def tobytes(self) -> bytes:
        """Return the elements' bytes, in row-major order."""
        return self.data_sync().tobytes()  # type: ignore[attr-defined]
