"""Control flow: branches, loops, maps and scans over tensors. Python's own `if` and `for` work as well; these keep Keras programs running.

Each runs its functions eagerly, so gradients flow through whatever they do. A condition or index in a tensor is read by the host.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from .. import autodiff
from ..autodiff import GradientTape, leaves, map_leaves
from ..errors import ArgumentError, ShapeError, message
from ..shapes import broadcast, normalize_axis
from ..tensor import as_tensor
from .define import composite, op, public
from .joining import concatenate, stack
from .shaping import broadcast_to, flip, part, reshape, take_slice

custom_gradient = public("composite", method=False)(autodiff.custom_gradient)

# --- branches ---


@composite(method=False)
def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return true_fn() if `pred` holds, else false_fn().

    >>> import tensorweb as tw
    >>> tw.cond(tw.tensor(True), lambda: 1, lambda: 2)
    1
    """
    return true_fn() if bool(pred) else false_fn()


@composite(method=False)
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Return branches[index](*operands); an index outside is moved to the nearest branch."""
    if not branches:
        raise ArgumentError(message("switch", "at least one branch", "none", "Pass functions."))
    return branches[min(builtins.max(int(index), 0), len(branches) - 1)](*operands)


# --- loops ---


@composite(method=False)
def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None) -> Any:
    """Return loop_vars after `loop_vars = body(*loop_vars)` while cond(*loop_vars) holds, at most `maximum_iterations` times.

    >>> import tensorweb as tw
    >>> tw.while_loop(lambda i: i < 5, lambda i: i + 2, (tw.tensor(0),))[0].tolist()
    6
    """
    single = not isinstance(loop_vars, (tuple, list))
    values = (loop_vars,) if single else tuple(loop_vars)
    done = 0
    while (maximum_iterations is None or done < int(maximum_iterations)) and bool(cond(*values)):
        made = body(*values)
        values = tuple(made) if isinstance(made, (tuple, list)) else (made,)
        done += 1
    return values[0] if single else type(loop_vars)(values)


@composite(method=False)
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """Return the value after `value = body_fun(i, value)` for i from lower to upper - 1."""
    for i in range(int(lower), int(upper)):
        init_val = body_fun(i, init_val)
    return init_val


def _length(xs: Any, where: str) -> int:
    """Return how long the leading axis is that all tensors in xs share."""
    lengths = {x.shape[0] if x.shape else None for x in leaves(xs)}
    if len(lengths) != 1 or None in lengths:
        raise ShapeError(message(where, "tensors with one leading axis in common", [x.shape for x in leaves(xs)], "Reshape them."))
    return int(lengths.pop() or 0)


def _tensors(xs: Any, where: str) -> Any:
    return map_leaves(lambda x: as_tensor(x, where), xs)


def _stacked(parts: list[Any]) -> Any:
    """Return one nesting with the parts' leaves stacked."""
    columns = builtins.iter([stack(column) for column in zip(*(leaves(p) for p in parts))])
    return map_leaves(lambda _: next(columns), parts[0])


@composite(method=False)
def scan(
    f: Callable[[Any, Any], Any], init: Any, xs: Any = None, length: int | None = None, reverse: bool = False, unroll: int | bool = 1
) -> tuple[Any, Any]:
    """Return (carry, stacked ys) of `carry, y = f(carry, x)` over the leading axis of xs (None: `length` times).

    carry, x and y may be nested; `reverse` goes from the last to the first; `unroll` is Keras's and changes nothing here.

    >>> import tensorweb as tw
    >>> total, sums = tw.scan(lambda c, x: (c + x, c + x), tw.tensor(0), tw.tensor([1, 2, 3]))
    >>> total.tolist(), sums.tolist()
    (6, [1, 3, 6])
    """
    if xs is None and length is None:
        raise ArgumentError(message("scan", "xs or length", "neither", "Pass one of them."))
    xs = None if xs is None else _tensors(xs, "scan")
    n = int(length) if xs is None else _length(xs, "scan")  # type: ignore[arg-type]
    if xs is not None and length is not None and int(length) != n:
        raise ArgumentError(message("scan", f"length={n}, as xs has", length, "Leave it out."))
    carry, ys = init, []
    for i in reversed(range(n)) if reverse else range(n):
        carry, y = f(carry, None if xs is None else map_leaves(lambda x: x[i], xs))  # noqa: B023  (used at once)
        ys.append(y)
    ys = ys[::-1] if reverse else ys
    return carry, None if not ys or builtins.all(y is None for y in leaves(ys)) else _stacked([_tensors(y, "scan") for y in ys])


@composite(method=False)
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Return f applied to each element along the leading axis of xs (a tensor or a nesting of tensors), stacked.

    >>> import tensorweb as tw
    >>> tw.map(lambda x: x * 2, tw.tensor([1, 2])).tolist()
    [2, 4]
    """
    xs = _tensors(xs, "map")
    n = _length(xs, "map")
    if not n:
        raise ShapeError(message("map", "at least one element", "none", "The function's result is unknown without one."))
    return _stacked([_tensors(f(map_leaves(lambda x: x[i], xs)), "map") for i in range(n)])  # noqa: B023


@composite(method=False)
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Return `map(function, elements)`; Keras's name for a map that may run all at once."""
    return map(function, elements)


def _core(text: str) -> list[list[str]]:
    """Return the names of the core axes of each operand in one side of a signature such as (n,m),(m)."""
    return [[n.strip() for n in group.split(",") if n.strip()] for group in text.strip().strip("()").replace(" ", "").split("),(")]


@composite(method=False)
def vectorize(pyfunc: Callable[..., Any], *, excluded: Sequence[int] | None = None, signature: str | None = None) -> Callable[..., Any]:
    """Return a function that broadcasts its arguments and calls `pyfunc` for each element, as NumPy's vectorize.

    `signature`, such as "(n),(n)->()", names the axes that stay whole; arguments whose positions are in `excluded` are passed as
    they are.
    """
    skipped = set(excluded or ())

    def run(*args: Any) -> Any:
        at = [i for i in range(len(args)) if i not in skipped]
        xs = [as_tensor(args[i], "vectorize") for i in at]
        cores = [len(names) for names in _core(signature.split("->")[0])] if signature else [0] * len(xs)
        if len(cores) != len(xs) or any(c > len(x.shape) for c, x in zip(cores, xs)):
            raise ArgumentError(message("vectorize", f"arguments that fit {signature}", [x.shape for x in xs], "Correct either."))
        split = [(x.shape[: len(x.shape) - c], x.shape[len(x.shape) - c :]) for x, c in zip(xs, cores)]
        loop = broadcast("vectorize", *(s for s, _ in split))
        wide = [broadcast_to(x, loop + core) for x, (_, core) in zip(xs, split)]
        results = []
        for index in product(*(range(d) for d in loop)):
            given = list(args)
            for i, x in zip(at, wide):
                given[i] = x[index]
            results.append(_tensors(pyfunc(*given), "vectorize"))
        if not results:
            raise ShapeError(message("vectorize", "at least one element", loop, "The function's result is unknown without one."))
        return map_leaves(lambda y: reshape(y, loop + y.shape[1:]), _stacked(results))

    return run


# --- associative scan ---


def _every_other(x: Any, axis: int, start: int) -> Any:
    n = x.shape[axis]
    first = [start if i == axis else 0 for i in range(len(x.shape))]
    shape = [len(range(start, n, 2)) if i == axis else d for i, d in enumerate(x.shape)]
    return take_slice(x, first, shape, [2 if i == axis else 1 for i in range(len(x.shape))])


def _interleaved(even: Any, odd: Any, axis: int) -> Any:
    """Return even[0], odd[0], even[1], ...; even may be one longer."""
    m = odd.shape[axis]
    pairs = stack([part(even, axis, 0, m), odd], axis=axis + 1)
    made = reshape(pairs, odd.shape[:axis] + (2 * m,) + odd.shape[axis + 1 :])
    return concatenate([made, part(even, axis, m, 1)], axis=axis) if even.shape[axis] > m else made


def _prefixes(f: Callable[[list[Any], list[Any]], list[Any]], xs: list[Any], axis: int) -> list[Any]:
    n = xs[0].shape[axis]
    if n < 2:
        return xs
    pairs = f([part(_every_other(x, axis, 0), axis, 0, n // 2) for x in xs], [_every_other(x, axis, 1) for x in xs])
    odd = _prefixes(f, pairs, axis)
    rest = [_every_other(x, axis, 0) for x in xs]
    first = [part(x, axis, 0, 1) for x in rest]
    m = (n - 1) // 2
    if not m:
        even = first
    else:
        later = f([part(y, axis, 0, m) for y in odd], [part(x, axis, 1, m) for x in rest])
        even = [concatenate([a, b], axis=axis) for a, b in zip(first, later)]
    return [_interleaved(a, b, axis) for a, b in zip(even, odd)]


@composite(method=False)
def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Return all running combinations of elems (a tensor or nesting) along `axis` by an associative f, in a logarithm of steps.

    >>> import tensorweb as tw
    >>> tw.associative_scan(lambda a, b: a + b, tw.arange(5)).tolist()
    [0, 1, 3, 6, 10]
    """
    elems = _tensors(elems, "associative_scan")
    xs = leaves(elems)
    at = normalize_axis(axis, builtins.min(len(x.shape) for x in xs), "associative_scan")
    if len({x.shape[at] for x in xs}) != 1:
        raise ShapeError(message("associative_scan", f"one size along axis {at}", [x.shape for x in xs], "Correct them."))

    def nested(parts: list[Any]) -> Any:
        rest = builtins.iter(parts)
        return map_leaves(lambda _: next(rest), elems)

    turned = [flip(x, axis=at) for x in xs] if reverse else xs
    made = _prefixes(lambda a, b: leaves(f(nested(a), nested(b))), turned, at)
    return nested([flip(y, axis=at) for y in made] if reverse else made)


# --- forward derivatives ---


@composite(method=False)
def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> tuple[Any, ...]:
    """Return (fun(*primals), its derivative in the direction of `tangents`[, aux]); fun returns (value, aux) if `has_aux`.

    >>> import tensorweb as tw
    >>> value, slope = tw.jvp(lambda x: x * x, (tw.tensor(3.0),), (tw.tensor(1.0),))
    >>> value.tolist(), slope.tolist()
    (9.0, 6.0)
    """
    xs = [op("copy")(as_tensor(x, "jvp")) for x in primals]
    directions = [as_tensor(t, "jvp") for t in tangents]
    if [x.shape for x in xs] != [t.shape for t in directions]:
        raise ShapeError(
            message("jvp", f"tangents of shapes {[x.shape for x in xs]}", [t.shape for t in directions], "One for each primal.")
        )
    # The vector-Jacobian product is linear in its vector; its derivative in that vector is the product wanted here.
    with GradientTape() as outer:
        with GradientTape() as inner:
            inner.watch(xs)
            made = fun(*xs)
        y, aux = made if has_aux else (made, None)
        seeds = map_leaves(op("zeros_like"), y)
        outer.watch(leaves(seeds))
        found = inner.gradient(leaves(y), xs, leaves(seeds), unconnected_gradients="zero")
    slopes = builtins.iter(outer.gradient(found, leaves(seeds), directions, unconnected_gradients="zero"))
    slope = map_leaves(lambda _: next(slopes), y)
    return (y, slope, aux) if has_aux else (y, slope)
