"""The loop patterns as data: what each kernel computes, without how. `interpret.py` holds their meaning, backends their speed.

A kernel is one of the classes below together with the specs (shape, dtype) of its inputs and outputs. All are hashable. Adding a
pattern means: a class here, a function in `interpret.py`, and one in each backend that is to be fast at it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .program import Program

Shape = tuple[int, ...]


class Spec(NamedTuple):
    """The shape and dtype of one operand; a Python number has shape () and its type in place of a dtype."""

    shape: Shape
    dtype: str | type


class Map(NamedTuple):
    """Each output element is a program of the input elements that broadcasting puts beside it (and of its coordinates).

    With `in_place`, output k overwrites input k, for all outputs, once every element is computed.
    """

    program: Program
    in_place: bool = False


class Row(NamedTuple):
    """A program over rows: the elements that share all indices but those of `axes`. `full[k]`: output k keeps the row's length.

    Reductions are rows with a short output; softmax is a row with a full one.
    """

    program: Program
    shape: Shape
    axes: Shape
    full: tuple[bool, ...]


class View(NamedTuple):
    """Output element at index i is the input's flat element sum(i * strides): transpose, broadcast."""

    strides: Shape


class Slice(NamedTuple):
    """Output element at index i is the flat element offset + sum(i * strides); the offset is the second input, a number."""

    strides: Shape


class Place(NamedTuple):
    """Zeros, but for the input's elements at flat places offset + sum(i * strides), all distinct: the adjoint of Slice."""

    strides: Shape


class Pad(NamedTuple):
    """The input with `interior` values between neighbours and `low`, `high` ones around (negative: cut off), all equal to `value`."""

    low: Shape
    high: Shape
    interior: Shape
    value: Any


class Concat(NamedTuple):
    """The inputs one after the other along `axis`."""

    axis: int


class Relation(NamedTuple):
    """Ties three labels of a contraction: position = stride * output + dilation * tap - padding. What lies outside is zero."""

    position: str
    output: str
    tap: str
    stride: int
    dilation: int
    padding: int


class Contract(NamedTuple):
    """An einsum of two operands whose labels may be tied by relations: matmul, convolutions, and all of their gradients.

    Exchanging the roles of an operand and the output gives the gradient, so the pattern is closed under differentiation. With an
    epilogue, a program of (result, further inputs...) that broadcast to the result's shape, its output is stored instead.
    """

    lhs: str
    rhs: str
    out: str
    sizes: tuple[tuple[str, int], ...]
    relations: tuple[Relation, ...]
    epilogue: Program | None = None


class Window(NamedTuple):
    """A reduction (sum, max, argmax) of one operand over the labels that the output lacks, with relations as in Contract.

    Pooling is sum or max over taps; patches are a sum that keeps the taps; their gradients exchange input and output. A maximum
    skips what lies outside; argmax gives the flat index into the operand.
    """

    labels: str
    out: str
    sizes: tuple[tuple[str, int], ...]
    relations: tuple[Relation, ...]
    kind: str


class Gather(NamedTuple):
    """[batch, n, inner] at indices [batch, m] gives [batch, m, inner]; an index out of range reads zero."""

    batch: int
    n: int
    m: int
    inner: int


class Scatter(NamedTuple):
    """A copy of [batch, n, inner] where updates [batch, m, inner] are put at indices [batch, m], in order; out of range is dropped.

    `kind` is set, add, mul, max or min.
    """

    batch: int
    n: int
    m: int
    inner: int
    kind: str


class Scan(NamedTuple):
    """Running add, mul, max or min along the middle of [outer, n, inner]."""

    outer: int
    n: int
    inner: int
    kind: str
    exclusive: bool
    reverse: bool


class Sort(NamedTuple):
    """Each row of [outer, n] in stable order, and the int32 indices it came from; NaN is last in either direction."""

    outer: int
    n: int
    descending: bool


class Fft(NamedTuple):
    """The discrete Fourier transform of each row of [outer, n], complex64; the inverse divides by n."""

    outer: int
    n: int
    inverse: bool


class Routine(NamedTuple):
    """A host routine of `kernels.routines`, by name, with its attributes."""

    name: str
    attrs: tuple[tuple[str, Any], ...]


Kernel = Map | Row | View | Slice | Place | Pad | Concat | Contract | Window | Gather | Scatter | Scan | Sort | Fft | Routine


def pattern_name(kernel: object) -> str:
    """Return the name under which profiles and docs show a kernel's pattern."""
    return type(kernel).__name__.lower()
