"""The meaning of every pattern, in plain Python on flat lists: slow, everywhere, and what all other targets are compared with.

`run(kernel, inputs, outputs)` returns a function from the inputs' flat lists (or Python numbers) to the outputs' flat lists.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterator, Sequence
from functools import reduce as fold
from itertools import product, repeat
from math import prod
from typing import Any

from ..dtypes import kind
from ..errors import ArgumentError
from . import patterns, scalars
from .patterns import Spec
from .program import Instruction, Program
from .routines import ROUTINES, HostArray

Values = Any  # a flat list, or one Python number for all elements
Function = Callable[..., list]


def executor(program: Program, function_of: Callable[[Instruction], Callable]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function that runs a program step by step on values of any kind, dropping each after its last use."""
    plan = [
        (step.op, step.value, None if step.op in ("arg", "const") else function_of(step), step.args, released)
        for step, released in zip(program.steps, program.released, strict=True)
    ]

    def execute(args: Sequence[Any]) -> list[Any]:
        values: list[Any] = [None] * len(plan)
        for i, (op, value, function, operands, released) in enumerate(plan):
            if function is not None:
                values[i] = function(*[values[j] for j in operands])
            else:
                values[i] = args[value] if op == "arg" else value
            for j in released:
                values[j] = None
        return [values[i] for i in program.outputs]

    return execute


def _lift(function: Callable) -> Callable[..., Values]:
    """Return `function` on numbers as one on lists of equal length and numbers."""

    def lifted(*operands: Values) -> Values:
        if not any(type(x) is list for x in operands):
            return function(*operands)
        return list(map(function, *(x if type(x) is list else repeat(x) for x in operands)))

    return lifted


def _flat_indices(shape: Sequence[int], strides: Sequence[int], offset: int = 0) -> list[int]:
    """Return offset + sum(index * strides) for every index of `shape`, in row-major order."""
    flat = [offset]
    for dim, stride in zip(shape, strides, strict=True):
        flat = [base + i * stride for base in flat for i in range(dim)]
    return flat


def _strides(shape: Sequence[int]) -> list[int]:
    strides = [1] * len(shape)
    for d in range(len(shape) - 2, -1, -1):
        strides[d] = strides[d + 1] * shape[d + 1]
    return strides


def _broadcast(values: Sequence, shape: Sequence[int], target: Sequence[int]) -> list:
    if tuple(shape) == tuple(target):
        return list(values)
    steps = [0] * (len(target) - len(shape)) + [0 if d == 1 else s for d, s in zip(shape, _strides(shape), strict=True)]
    return [values[i] for i in _flat_indices(target, steps)]


def _map(k: patterns.Map, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    shape = outputs[0].shape

    def function_of(step: Instruction) -> Callable:
        if step.op == "coord":
            unit = _strides(shape) if step.value < 0 else [int(d == step.value) for d in range(len(shape))]
            return lambda: _flat_indices(shape, unit)
        return _lift(scalars.function_of(step))

    execute = executor(k.program, function_of)

    def run(*args: Values) -> list:
        operands = [a if isinstance(s.dtype, type) else _broadcast(a, s.shape, shape) for a, s in zip(args, inputs, strict=True)]
        return [r if type(r) is list else [r] * prod(shape) for r in execute(operands)]

    return run


_IDENTITY = {"sum": 0, "prod": 1, "any": False, "all": True}
_COMBINE = {"sum": "add", "prod": "mul", "max": "max", "min": "min", "any": "or", "all": "and"}


def _reduction(name: str, dtype: str) -> Callable[[list], Any]:
    if name in ("argmax", "argmin"):
        # The first of equals, and the first NaN before all, as NumPy.
        pick = max if name == "argmax" else min
        return lambda row: next((i for i, x in enumerate(row) if x != x), None) or row.index(pick(row)) if row else 0
    combine = scalars.function_of(Instruction(_COMBINE[name], (), None, dtype))
    if name == "sum" and kind(dtype) in "fc":
        return _pairwise_sum
    if name in _IDENTITY:
        return lambda row: fold(combine, row, _IDENTITY[name])
    return lambda row: fold(combine, row)


def _pairwise_sum(row: list) -> Any:
    if len(row) <= 8:
        return sum(row, 0.0)
    return _pairwise_sum(row[: len(row) // 2]) + _pairwise_sum(row[len(row) // 2 :])


def _row(k: patterns.Row, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    shape, axes = k.shape, k.axes
    strides = _strides(shape)
    rest = [d for d in range(len(shape)) if d not in axes]
    bases = _flat_indices([shape[d] for d in rest], [strides[d] for d in rest])
    offsets = _flat_indices([shape[d] for d in axes], [strides[d] for d in axes])
    n = len(offsets)

    def function_of(step: Instruction) -> Callable:
        if step.op == "count":
            return lambda: n
        if step.op == "reduce":
            reduction = _reduction(step.value, step.dtype)
            return lambda row: reduction(row if type(row) is list else [row] * n)
        if step.op == "coord":
            raise TypeError("a body along rows cannot use coordinates")
        return _lift(scalars.function_of(step))

    execute = executor(k.program, function_of)

    def run(*args: Values) -> list:
        operands = [a if isinstance(s.dtype, type) else _broadcast(a, s.shape, shape) for a, s in zip(args, inputs, strict=True)]
        constant = [_is_row_constant(s, shape, axes) for s in inputs]
        results: list[list] = [[None] * (prod(shape) if full else len(bases)) for full in k.full]
        for r, base in enumerate(bases):
            row = [
                a if type(a) is not list else (a[base] if n else 0) if c else [a[base + o] for o in offsets]
                for a, c in zip(operands, constant, strict=True)
            ]
            for result, value, full in zip(results, execute(row), k.full, strict=True):
                if not full:
                    result[r] = value[0] if type(value) is list else value
                else:
                    for i, o in enumerate(offsets):
                        result[base + o] = value[i] if type(value) is list else value
        return results

    return run


def _is_row_constant(spec: Spec, shape: Sequence[int], axes: Sequence[int]) -> bool:
    padded = (1,) * (len(shape) - len(spec.shape)) + spec.shape
    return all(padded[d] == 1 for d in axes)


def _view(k: patterns.View, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    return lambda x: [[x[i] for i in _flat_indices(outputs[0].shape, k.strides)]]


def _slice(k: patterns.Slice, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    return lambda x, offset: [[x[i] for i in _flat_indices(outputs[0].shape, k.strides, offset)]]


def _place(k: patterns.Place, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    def run(x: Values, offset: int) -> list:
        out = [0] * prod(outputs[0].shape)
        for value, i in zip(x, _flat_indices(inputs[0].shape, k.strides, offset), strict=True):
            out[i] = value
        return [out]

    return run


def _pad(k: patterns.Pad, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    shape, target = inputs[0].shape, outputs[0].shape

    def run(x: Values) -> list:
        out = [k.value] * prod(target)
        for value, index in zip(x, product(*map(range, shape)), strict=True):
            place = [i * (gap + 1) + low for i, gap, low in zip(index, k.interior, k.low, strict=True)]
            if all(0 <= p < d for p, d in zip(place, target, strict=True)):
                out[sum(p * s for p, s in zip(place, _strides(target), strict=True))] = value
        return [out]

    return run


def _concat(k: patterns.Concat, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    blocks = [prod(s.shape[k.axis :]) for s in inputs]
    outer = prod(outputs[0].shape[: k.axis])
    return lambda *xs: [[v for o in range(outer) for x, b in zip(xs, blocks, strict=True) for v in x[o * b : (o + 1) * b]]]


def _assignments(labels: Sequence[str], sizes: dict[str, int], relations: Sequence[patterns.Relation]) -> Iterator[dict[str, int]]:
    """Yield every value of the labels that satisfies the relations; positions follow from outputs and taps."""
    positions = {r.position for r in relations}
    free = [x for x in labels if x not in positions]
    for values in product(*(range(sizes[x]) for x in free)):
        index = dict(zip(free, values, strict=True))
        for r in relations:
            index[r.position] = r.stride * index[r.output] + r.dilation * index[r.tap] - r.padding
        if all(0 <= index[r.position] < sizes[r.position] for r in relations):
            yield index


def _locate(labels: str, sizes: dict[str, int]) -> Callable[[dict[str, int]], int]:
    strides = _strides([sizes[x] for x in labels])
    return lambda index: sum(index[x] * s for x, s in zip(labels, strides, strict=True))


def _labels(k: patterns.Contract | patterns.Window, *operands: str) -> list[str]:
    tied = "".join(r.position + r.output + r.tap for r in k.relations)
    return sorted(set("".join(operands) + tied))


def with_epilogue(
    run: Callable[..., Function], k: patterns.Contract, inputs: Sequence[Spec], outputs: Sequence[Spec], then: Callable[..., Function]
) -> Function:
    """Return a contraction whose result goes through its epilogue: `run` and `then` give the functions of the two kernels."""
    assert k.epilogue is not None
    result = outputs[0]._replace(dtype=inputs[0].dtype)
    first = run(k._replace(epilogue=None), inputs[:2], [result])
    second = then(patterns.Map(k.epilogue), [result, *inputs[2:]], outputs)
    return lambda lhs, rhs, *others: second(*first(lhs, rhs), *others)


def _contract(k: patterns.Contract, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    if k.epilogue is not None:
        return with_epilogue(_contract, k, inputs, outputs, _map)
    sizes = dict(k.sizes)
    at_lhs, at_rhs, at_out = (_locate(labels, sizes) for labels in (k.lhs, k.rhs, k.out))

    def run(lhs: Values, rhs: Values) -> list:
        out = [0] * prod(outputs[0].shape)
        for index in _assignments(_labels(k, k.lhs, k.rhs, k.out), sizes, k.relations):
            out[at_out(index)] += lhs[at_lhs(index)] * rhs[at_rhs(index)]
        return [_in_range(out, outputs[0].dtype)]

    return run


def _in_range(values: list, dtype: str | type) -> list:
    return [scalars.wrap_int(int(v), str(dtype)) for v in values] if kind(str(dtype)) == "i" else values


def _window(k: patterns.Window, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    sizes = dict(k.sizes)
    at_in, at_out = _locate(k.labels, sizes), _locate(k.out, sizes)

    def run(x: Values) -> list:
        out: list = [0 if k.kind == "sum" else None] * prod(outputs[0].shape)
        for index in _assignments(_labels(k, k.labels, k.out), sizes, k.relations):
            i, o = at_in(index), at_out(index)
            if k.kind == "sum":
                out[o] += x[i]
            elif k.kind == "max":
                out[o] = x[i] if out[o] is None else scalars.FUNCTIONS["max"](out[o], x[i])
            elif out[o] is None or x[i] > x[out[o]] or (x[i] != x[i] and x[out[o]] == x[out[o]]):
                out[o] = i
        low = scalars.TABLE[str(inputs[0].dtype)].low if kind(str(inputs[0].dtype)) != "f" else float("-inf")
        return [_in_range([(low if k.kind == "max" else -1) if v is None else v for v in out], outputs[0].dtype)]

    return run


def _gather(k: patterns.Gather, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    zero: Any = "" if inputs[0].dtype == "string" else 0

    def run(x: Values, indices: Values) -> list:
        out: list = []
        for j, i in enumerate(indices):
            start = (j // k.m * k.n + i) * k.inner
            out.extend(x[start : start + k.inner] if 0 <= i < k.n else [zero] * k.inner)
        return [out]

    return run


def _scatter(k: patterns.Scatter, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    dtype = str(inputs[0].dtype)
    combine: Callable[[Any, Any], Any]
    combine = (lambda old, new: new) if k.kind == "set" else scalars.function_of(Instruction(k.kind, (), None, dtype))

    def run(x: Values, indices: Values, updates: Values) -> list:
        out = list(x)
        for j, i in enumerate(indices):
            if 0 <= i < k.n:
                start = (j // k.m * k.n + i) * k.inner
                for c in range(k.inner):
                    out[start + c] = combine(out[start + c], updates[j * k.inner + c])
        return [out]

    return run


def _scan(k: patterns.Scan, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    combine = scalars.function_of(Instruction(k.kind, (), None, str(outputs[0].dtype)))
    identity = {"add": 0, "mul": 1}.get(k.kind)

    def run(x: Values) -> list:
        out = [None] * len(x)
        order = range(k.n - 1, -1, -1) if k.reverse else range(k.n)
        for o, i in product(range(k.outer), range(k.inner)):
            total: Any = identity
            for j in order:
                at = (o * k.n + j) * k.inner + i
                following = x[at] if total is None else combine(total, x[at])
                out[at] = total if k.exclusive else following
                total = following
        return [out]

    return run


def _sort(k: patterns.Sort, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    sign = -1 if k.descending else 1

    def order_of(row: list) -> list[int]:
        if kind(str(inputs[0].dtype)) == "s":
            return sorted(range(len(row)), key=row.__getitem__, reverse=k.descending)
        return sorted(range(len(row)), key=lambda i: (row[i] != row[i], 0 if row[i] != row[i] else sign * row[i]))

    def run(x: Values) -> list:
        rows = [list(x[r * k.n : (r + 1) * k.n]) for r in range(k.outer)]
        orders = [order_of(row) for row in rows]
        return [[row[i] for row, order in zip(rows, orders, strict=True) for i in order], [i for order in orders for i in order]]

    return run


def _fft_row(x: list[complex], sign: int) -> list[complex]:
    """Return the transform of one row: halves while the length is even, the plain sum on what is left."""
    n = len(x)
    if n <= 1:
        return list(x)
    if n % 2:
        roots = [cmath.exp(sign * 2j * cmath.pi * j / n) for j in range(n)]
        return [sum(v * roots[i * j % n] for j, v in enumerate(x)) for i in range(n)]
    even, odd = _fft_row(x[::2], sign), _fft_row(x[1::2], sign)
    turned = [cmath.exp(sign * 2j * cmath.pi * j / n) * v for j, v in enumerate(odd)]
    return [a + b for a, b in zip(even, turned, strict=True)] + [a - b for a, b in zip(even, turned, strict=True)]


def _fft(k: patterns.Fft, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    scale = 1 / k.n if k.inverse and k.n else 1

    def run(x: Values) -> list:
        rows = (_fft_row(list(x[r * k.n : (r + 1) * k.n]), 1 if k.inverse else -1) for r in range(k.outer))
        return [[v * scale for row in rows for v in row]]

    return run


def _routine(k: patterns.Routine, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    routine = ROUTINES[k.name]

    def run(*xs: Values) -> list:
        try:
            return routine(*(HostArray(list(x), s.shape, str(s.dtype)) for x, s in zip(xs, inputs, strict=True)), **dict(k.attrs))
        except ValueError as error:
            raise ArgumentError(str(error)) from None

    return run


PATTERNS: dict[type, Callable[[Any, Sequence[Spec], Sequence[Spec]], Function]] = {
    patterns.Map: _map, patterns.Row: _row, patterns.View: _view, patterns.Slice: _slice, patterns.Place: _place, patterns.Pad: _pad,
    patterns.Concat: _concat,
    patterns.Contract: _contract, patterns.Window: _window, patterns.Gather: _gather, patterns.Scatter: _scatter,
    patterns.Scan: _scan, patterns.Sort: _sort, patterns.Fft: _fft, patterns.Routine: _routine,
}  # fmt: skip


def run(kernel: patterns.Kernel, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    """Return the function that a kernel is, on flat lists and Python numbers."""
    return PATTERNS[type(kernel)](kernel, inputs, outputs)
