"""The remaining primitives: running sums, sorting, Fourier transforms, host routines. Public ops: the files of their subjects."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, TensorWebError
from ..kernels.patterns import Fft, Routine, Scan, Sort, Spec
from .define import Primitive, op, primitive
from .gathering import gather_rows


@primitive("scan")
def _scan(x: Spec, kind: str, exclusive: bool, reverse: bool) -> Any:
    outer, n, inner = x.shape
    return Scan(outer, n, inner, kind, exclusive, reverse), (Spec(x.shape, x.dtype),)


@_scan.vjp(inputs=(0,), outputs=(0,))
def _scan_vjp(node: Any, g: Any) -> Any:
    kind, exclusive, reverse = node.static
    x, y = node.inputs[0], node.outputs[0]
    if kind == "add":
        return scan_rows(g, kind, exclusive, not reverse)
    if kind in ("max", "min"):
        # Each output's gradient goes to the element that set the running extreme.
        n = x.shape[1]
        place = op("reshape")(op("arange")(n, dtype="int32"), (1, n, 1))
        fresh = op("where")(op("equal")(x, y), place, n if reverse else -1)
        source = scan_rows(op("broadcast_to")(fresh, x.shape), "min" if reverse else "max", False, reverse)
        hit = op("equal")(op("expand_dims")(source, 1), op("reshape")(place, (1, n, 1, 1)))
        return op("sum")(op("where")(hit, op("expand_dims")(g, 1), 0.0), axis=2)
    return _product_gradient(x, g, exclusive, reverse)


def _product_gradient(x: Any, g: Any, exclusive: bool, reverse: bool) -> Any:
    """Return the gradient of a running product without dividing, so that zeros are right: n**2 elements, from products of ranges."""
    if reverse:
        return op("flip")(_product_gradient(op("flip")(x, axis=1), op("flip")(g, axis=1), exclusive, False), axis=1)
    x = op("conjugate")(x) if x.dtype == "complex64" else x
    n = x.shape[1]
    row = op("reshape")(op("arange")(n, dtype="int32"), (1, n, 1, 1))
    column = op("reshape")(op("arange")(n, dtype="int32"), (1, 1, n, 1))
    # ranges[i, j] = x[i+1] * ... * x[j]: what multiplies x[i] in y[j] beside what came before i.
    factors = op("where")(op("greater")(column, row), op("expand_dims")(x, 1), 1.0)
    shape = factors.shape
    folded = scan_rows(op("reshape")(factors, (shape[0] * shape[1], *shape[2:])), "mul", False, False)
    ranges = op("where")(op("greater_equal")(column, row), op("reshape")(folded, shape), 0.0)
    before = op("expand_dims")(scan_rows(x, "mul", True, False), 2)
    if exclusive:
        g = op("concatenate")([g[:, 1:], op("zeros_like")(g[:, :1])], axis=1)
    return op("sum")(ranges * before * op("expand_dims")(g, 1), axis=2)


def scan_rows(x: Any, kind: str, exclusive: bool, reverse: bool) -> Any:
    """Return the running add, mul, max or min along the middle axis of x [outer, n, inner]."""
    return _scan(x, static=(kind, exclusive, reverse))


@primitive("sort")
def _sort(x: Spec, descending: bool) -> Any:
    outer, n = x.shape
    return Sort(outer, n, descending), (x, Spec(x.shape, "int32"))


@_sort.vjp(outputs=(1,))
def _sort_vjp(node: Any, g: Any, _: Any) -> Any:
    if g is None:
        return None
    order = node.outputs[1]
    back = sort_rows(order, False)[1]  # the inverse permutation
    return op("reshape")(gather_rows(op("reshape")(g, (*g.shape, 1)), back), g.shape)


def sort_rows(x: Any, descending: bool) -> tuple[Any, Any]:
    """Return (sorted rows, int32 order) of x [outer, n]; stable, NaN last."""
    return _sort(x, static=(descending,))


@primitive("fft")
def _fft(x: Spec, inverse: bool) -> Any:
    outer, n = x.shape
    return Fft(outer, n, inverse), (Spec(x.shape, "complex64"),)


@_fft.vjp()
def _fft_vjp(node: Any, g: Any) -> Any:
    (inverse,) = node.static
    n = g.shape[1]
    back = fft_rows(g, not inverse)
    return back / n if inverse else back * n


def fft_rows(x: Any, inverse: bool) -> Any:
    """Return the Fourier transform of each row of a complex64 x [outer, n]; the inverse divides by n."""
    return _fft(x, static=(inverse,))


class _HostRoutine(Primitive):
    """What a routine refuses only when it sees the values (a singular matrix) is an error of the library too."""

    def __call__(self, *args: Any, static: tuple = ()) -> Any:
        try:
            return super().__call__(*args, static=static)
        except TensorWebError:
            raise
        except ValueError as error:
            raise ArgumentError(str(error)) from None


def host_routine(name: str, outputs: Any) -> Primitive:
    """Return the primitive of a host routine: `outputs(*specs, **attrs)` gives the outputs' specs; None where only data decides.

    Call it with tensors and static=(tuple of (name, value) attributes,).
    """

    def plan(*args: Any) -> Any:
        *specs, attrs = args
        made = outputs(*specs, **dict(attrs)) if outputs is not None else None
        return Routine(name, attrs), made

    return _HostRoutine(name, plan)


__all__ = ["fft_rows", "host_routine", "scan_rows", "sort_rows"]
