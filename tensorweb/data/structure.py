"""Nested elements: tuples, named tuples and dicts of tensors; mapping, stacking, unpacking and the specs of their tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError, TensorWebError, message
from ..tensor import Tensor, op, tensor

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class TensorSpec:
    """The shape (None where it varies) and dtype of the tensors at one place of a dataset's elements. TensorFlow's TensorSpec."""

    shape: Any = ()
    dtype: Any = "float32"
    name: str | None = None

    def __post_init__(self) -> None:
        shape = None if self.shape is None else tuple(None if d is None else int(d) for d in self.shape)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "dtype", dtypes.canonical(self.dtype, "TensorSpec"))

    def fits(self, shape: Sequence[int]) -> bool:
        """Tell whether a tensor of `shape` is one of these."""
        return self.shape is None or (len(shape) == len(self.shape) and all(s in (None, d) for s, d in zip(self.shape, shape)))


def map_structure(function: Callable[..., Any], first: Any, *others: Any) -> Any:
    """Return the structure of `first` with function(leaf, *the others' leaves) at its leaves; None stays None."""
    if isinstance(first, tuple):
        _check_alike(first, others)
        return rebuilt(first, [map_structure(function, *parts) for parts in zip(first, *others)])
    if isinstance(first, Mapping):
        _check_alike(first, others)
        return {k: map_structure(function, v, *(o[k] for o in others)) for k, v in first.items()}
    return None if first is None else function(first, *others)


def rebuilt(like: tuple, parts: Sequence[Any]) -> tuple:
    """Return the parts as a tuple of the same class."""
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def _check_alike(first: Any, others: Sequence[Any]) -> None:
    for other in others:
        if isinstance(first, tuple):
            alike = isinstance(other, tuple) and len(other) == len(first)
        else:
            alike = isinstance(other, Mapping) and other.keys() == first.keys()
        if not alike:
            raise ArgumentError(message("data", f"elements built like {_sketch(first)}", _sketch(other), "Give all one structure."))


def _sketch(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_sketch, value)) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {_sketch(v)}" for k, v in value.items()) + "}"
    return "None" if value is None else "*"


def tupled(structure: Any) -> Any:
    """Return the structure with tuples in place of lists."""
    if isinstance(structure, Mapping):
        return {k: tupled(v) for k, v in structure.items()}
    if isinstance(structure, list):
        return tuple(map(tupled, structure))
    return rebuilt(structure, [tupled(v) for v in structure]) if isinstance(structure, tuple) else structure


def leaves(structure: Any) -> Iterator[Any]:
    """Yield the leaves of a structure in order."""
    if isinstance(structure, (tuple, Mapping)):
        for part in structure.values() if isinstance(structure, Mapping) else structure:
            yield from leaves(part)
    elif structure is not None:
        yield structure


def as_element(value: Any, where: str) -> Any:
    """Return a value as an element: tuples and dicts of tensors; lists, numbers, strings and arrays become tensors."""
    if type(value) is Tensor:
        return value
    if isinstance(value, (tuple, Mapping)):
        if isinstance(value, tuple):
            return rebuilt(value, [as_element(v, where) for v in value])
        return {k: as_element(v, where) for k, v in value.items()}
    if value is None or hasattr(value, "element_spec"):  # a dataset within a dataset, as `window` makes them
        return value
    try:
        return tensor(value)
    except TensorWebError as error:
        raise type(error)(f"data.{where}: {error}") from None


def conform(value: Any, spec: Any, where: str) -> Any:
    """Return a value as an element of `spec`; raise ShapeError, DTypeError or ArgumentError if it is none."""
    if isinstance(spec, tuple) and isinstance(value, list):
        value = tuple(value)

    def leaf(part: TensorSpec, item: Any) -> Tensor:
        try:
            made = tensor(item, dtype=part.dtype)
        except TensorWebError as error:
            raise type(error)(f"data.{where}: {error}") from None
        if not part.fits(made.shape):
            raise ShapeError(message(f"data.{where}", f"elements of shape {part.shape}", made.shape, "Correct the signature."))
        return made

    return map_structure(leaf, spec, value)


def call(function: Callable[..., Any], element: Any) -> Any:
    """Return function(element), a plain tuple's parts as separate arguments."""
    return function(*element) if type(element) is tuple else function(element)


def stacked(elements: Sequence[Any], where: str = "batch") -> Any:
    """Return the element whose tensors are the elements' tensors, one above the other. None among floats, as in CSV rows, is NaN."""
    first = elements[0]
    if isinstance(first, (tuple, Mapping)):
        _check_alike(first, elements[1:])
    if isinstance(first, tuple):
        return rebuilt(first, [stacked(parts, where) for parts in zip(*elements)])
    if isinstance(first, Mapping):
        return {k: stacked([e[k] for e in elements], where) for k in first}
    parts = _without_gaps(elements, where) if any(e is None for e in elements) else elements
    if parts[0] is None:
        return None
    _check_uniform(parts, where)
    return op("stack")(parts, 0)


def _without_gaps(parts: Sequence[Any], where: str) -> Sequence[Any]:
    found = next((p for p in parts if p is not None), None)
    if found is None:
        return parts
    if found.dtype != "float32":
        raise ArgumentError(message(f"data.{where}", "a value in every element", f"none beside {found.dtype}", "Give a default."))
    missing = op("full")(found.shape, float("nan"))
    return [missing if p is None else p for p in parts]


def _check_uniform(parts: Sequence[Any], where: str) -> None:
    if not all(isinstance(p, Tensor) for p in parts):
        raise ArgumentError(message(f"data.{where}", "tensors", "datasets or other structures", "Batch what is within them first."))
    shapes = {p.shape for p in parts}
    if len(shapes) > 1:
        found = ", ".join(map(str, sorted(shapes)))
        raise ShapeError(message(f"data.{where}", "elements of one shape", found, "Use padded_batch, or resize them before."))
    kinds = {p.dtype for p in parts}
    if len(kinds) > 1:
        raise DTypeError(message(f"data.{where}", "elements of one dtype", ", ".join(sorted(kinds)), "Cast them before."))


# --- specs ---


def spec_of(element: Any) -> Any:
    """Return the structure of an element's specs."""
    return map_structure(lambda t: t if hasattr(t, "element_spec") else TensorSpec(t.shape, t.dtype), element)


def as_spec(signature: Any) -> Any:
    """Return a signature as TensorSpecs: of anything with a shape and a dtype; lists stand for tuples."""
    return map_structure(lambda s: s if isinstance(s, TensorSpec) else TensorSpec(s.shape, s.dtype), tupled(signature))


def batch_spec(spec: Any, size: int | None) -> Any:
    """Return the spec of batches of elements of `spec`."""
    return map_structure(lambda s: TensorSpec(None if s.shape is None else (size, *s.shape), s.dtype), spec)


def merged(first: Any, second: Any) -> Any:
    """Return the spec of both: None where the dimensions differ."""

    def leaf(a: TensorSpec, b: TensorSpec) -> TensorSpec:
        if not isinstance(a, TensorSpec):
            return a
        if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
            return TensorSpec(None, a.dtype)
        return TensorSpec(tuple(m if m == n else None for m, n in zip(a.shape, b.shape)), a.dtype)

    return map_structure(leaf, first, second)
