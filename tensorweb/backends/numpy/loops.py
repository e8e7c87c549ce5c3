"""Each pattern on NumPy arrays; contractions and windows are in `contract.py`. A function from arrays to a list of arrays each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...dtypes import kind
from ...kernels import patterns
from ...kernels.interpret import executor, with_epilogue
from ...kernels.patterns import Spec
from ...kernels.program import Instruction, Program
from .contract import contract, window
from .functions import FUNCTIONS, NUMPY_DTYPES, function_of, quiet

Array = Any
Function = Callable[..., list[Array]]


def _shaped(function: Function, inputs: Sequence[Spec]) -> Function:
    """Return `function` with each array argument in its spec's shape: handles that share a buffer may differ in shape."""
    shapes = [None if isinstance(s.dtype, type) else s.shape for s in inputs]

    def run(*args: Array) -> list[Array]:
        return function(*[a if s is None or a.shape == s else a.reshape(s) for a, s in zip(args, shapes, strict=True)])

    return run


def _finish(value: Any, spec: Spec) -> Array:
    """Return a result as an array of its own with the spec's shape and dtype."""
    dtype = NUMPY_DTYPES[str(spec.dtype)]
    result = np.asarray(value, dtype)
    if result.shape != spec.shape:
        # A copy also where one element stays one: broadcast_to gives read-only memory, and updates in place write to it.
        return np.broadcast_to(result, spec.shape).copy()
    return result if result.flags.c_contiguous else np.ascontiguousarray(result)


def _single_ufunc(program: Program) -> Any:
    """Return the NumPy function if the program is one such applied to its arguments in order, else None."""
    *arguments, last = program.steps
    in_order = all(s.op == "arg" and s.value == i for i, s in enumerate(arguments))
    if in_order and last.args == tuple(range(len(arguments))) and program.outputs == (len(arguments),):
        function = FUNCTIONS.get(last.op)
        return function if isinstance(function, np.ufunc) and not (last.op == "pow" and kind(last.dtype) == "i") else None
    return None


def _map(k: patterns.Map, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    ufunc = _single_ufunc(k.program)
    if ufunc is not None and not k.in_place and not all(isinstance(s.dtype, type) for s in inputs):
        return _map_ufunc(quiet(ufunc), inputs, outputs[0])
    shape = outputs[0].shape

    def of(step: Instruction) -> Callable:
        if step.op == "coord" and step.value < 0:
            numbers = np.arange(prod(shape), dtype=np.int32).reshape(shape)
            return lambda: numbers
        if step.op == "coord":
            column = np.arange(shape[step.value], dtype=np.int32).reshape([-1 if d == step.value else 1 for d in range(len(shape))])
            return lambda: column
        return function_of(step, [k.program.steps[a] for a in step.args])

    execute = quiet(executor(k.program, of))

    def run(*args: Array) -> list[Array]:
        return [_owned(_finish(value, spec), args) for value, spec in zip(execute(args), outputs, strict=True)]

    def run_in_place(*args: Array) -> list[Array]:
        results = execute(args)
        for target, value in zip(args, results):
            np.copyto(target, value)
        return list(args[: len(results)])

    return _shaped(run_in_place if k.in_place else run, inputs)


def _owned(result: Array, args: Sequence[Array]) -> Array:
    """Return a copy where a program handed an argument through."""
    if result.base is None:  # its memory is its own, unless it is an argument
        return result.copy() if any(result is a for a in args) else result
    return result.copy() if any(np.may_share_memory(result, a) for a in args if isinstance(a, np.ndarray)) else result


def _map_ufunc(ufunc: Callable, inputs: Sequence[Spec], output: Spec) -> Function:
    dtype, shapes = NUMPY_DTYPES[str(output.dtype)], [s.shape for s in inputs]
    scalars = [NUMPY_DTYPES[str(output.dtype)].type if isinstance(s.dtype, type) else None for s in inputs]
    if len(shapes) == 2 and not any(scalars):
        left, right = shapes

        def binary(a: Array, b: Array) -> list[Array]:
            if a.shape != left:
                a = a.reshape(left)
            if b.shape != right:
                b = b.reshape(right)
            result = ufunc(a, b)
            return [result if type(result) is np.ndarray else np.asarray(result, dtype)]

        return binary
    return _shaped(lambda *args: [np.asarray(ufunc(*args), dtype)], inputs)


_REDUCERS: dict[str, Any] = {
    "sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum, "any": np.logical_or, "all": np.logical_and,
}  # fmt: skip

# NumPy adds rows one after the other unless the last axes are reduced; from here on that loses digits, so blocks are summed first.
_BLOCK = 128


def _row(k: patterns.Row, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    count = prod(k.shape[d] for d in k.axes)

    def of(step: Instruction) -> Callable:
        if step.op == "count":
            return lambda: np.int32(count)
        if step.op == "reduce":
            return _reducer(step, k.shape, k.axes)
        return function_of(step, [k.program.steps[a] for a in step.args])

    execute = quiet(executor(k.program, of))

    def run(*args: Array) -> list[Array]:
        return [
            _finish(value, spec)
            if full
            else np.ascontiguousarray(_first(value, k.axes)).astype(NUMPY_DTYPES[str(spec.dtype)]).reshape(spec.shape)
            for value, spec, full in zip(execute(args), outputs, k.full, strict=True)
        ]

    def expand(*args: Array) -> list[Array]:
        rank = len(k.shape)
        return run(*[a.reshape((1,) * (rank - a.ndim) + a.shape) if isinstance(a, np.ndarray) else a for a in args])

    return _shaped(expand, inputs)


def _first(value: Any, axes: Sequence[int]) -> Array:
    """Return a value that is constant along the axes with one element there."""
    array = np.asarray(value)
    if array.ndim == 0:
        return array
    return array[tuple(slice(0, 1) if d in axes else slice(None) for d in range(array.ndim))]


def _reducer(step: Instruction, shape: Sequence[int], axes: Sequence[int]) -> Callable[[Array], Array]:
    full = tuple(shape)
    dtype = NUMPY_DTYPES[step.dtype]

    def whole(x: Array) -> Array:
        array = np.asarray(x)
        padded = (1,) * (len(full) - array.ndim) + array.shape
        if all(padded[d] == full[d] for d in axes):
            return array.reshape(padded)
        return np.broadcast_to(array, tuple(full[d] if d in axes else padded[d] for d in range(len(full))))

    if step.value in ("argmax", "argmin"):
        search = np.argmax if step.value == "argmax" else np.argmin

        def find(x: Array) -> Array:
            moved = np.moveaxis(whole(x), axes, range(-len(axes), 0))
            flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], prod(full[d] for d in axes))
            found = search(flat, axis=-1).astype(np.int32)
            return np.expand_dims(found, tuple(axes))

        return find
    ufunc = _REDUCERS[step.value]
    axis = tuple(axes)
    if step.dtype == "float16" and step.value in ("sum", "prod"):
        return lambda x: ufunc.reduce(whole(x), axis=axis, keepdims=True, dtype=np.float32).astype(dtype)
    if step.value == "sum" and kind(step.dtype) in "fc" and any(n > _BLOCK and inner > 1 for _, n, inner in _runs(axis, full)):
        return lambda x: _blocked_sum(whole(x), axis)
    if ufunc in (np.maximum, np.minimum):
        return lambda x: ufunc.reduce(whole(x), axis=axis, keepdims=True)
    return lambda x: ufunc.reduce(whole(x), axis=axis, keepdims=True, dtype=dtype)


@lru_cache(maxsize=1024)
def _runs(axes: tuple[int, ...], shape: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Return for each run of neighbouring axes, the last first, how it is reduced: as the middle of [outer, n, inner]."""
    runs: list[tuple[int, int, int]] = []
    left = list(shape)
    for a in sorted(axes, reverse=True):
        outer, n, inner = prod(left[:a]), left[a], prod(left[a + 1 :])
        if runs and inner == runs[-1][2]:
            n *= runs.pop()[1]
        runs.append((outer, n, inner))
        left[a] = 1
    return runs


def _blocked_sum(x: Array, axes: tuple[int, ...]) -> Array:
    shape = tuple(1 if d in axes else n for d, n in enumerate(x.shape))
    for outer, n, inner in _runs(axes, x.shape):
        x = x.reshape(outer, n, inner)
        while inner > 1 and x.shape[1] > _BLOCK:
            x = np.add.reduceat(x, np.arange(0, x.shape[1], _BLOCK // 2), axis=1)
        x = np.add.reduce(x, axis=1)
    return x.reshape(shape)


def _strided(x: Array, shape: Sequence[int], strides: Sequence[int], offset: int) -> Array:
    flat = x.reshape(-1)
    return as_strided(flat[offset:], shape, [s * flat.itemsize for s in strides])


def _view(k: patterns.View, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    return _slice(patterns.Slice(k.strides), inputs, outputs)


def _slice(k: patterns.Slice, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    shape = outputs[0].shape
    empty = not prod(shape)

    def run(x: Array, offset: int = 0) -> list[Array]:
        # copy(): a view of one's own memory would be changed by an in-place update.
        return [np.empty(shape, x.dtype) if empty else _strided(x, shape, k.strides, offset).copy()]

    return run


def _place(k: patterns.Place, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    shape = inputs[0].shape
    empty = not prod(shape)

    def run(x: Array, offset: int) -> list[Array]:
        out = np.zeros(outputs[0].shape, x.dtype)
        if not empty:
            _strided(out, shape, k.strides, offset)[...] = x.reshape(shape)
        return [out]

    return run


def _pad(k: patterns.Pad, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    target = outputs[0].shape
    source, destination = [], []
    for low, gap, n, limit in zip(k.low, k.interior, inputs[0].shape, target, strict=True):
        step = gap + 1
        first = max(0, -(low // step)) if low < 0 else 0
        last = min(n, (limit - 1 - low) // step + 1)
        source.append(slice(first, max(last, first)))
        start = first * step + low
        destination.append(slice(start, start + max(0, last - first - 1) * step + 1, step) if last > first else slice(0, 0))

    def run(x: Array) -> list[Array]:
        out = np.full(target, k.value, x.dtype)
        out[tuple(destination)] = x[tuple(source)]
        return [out]

    return _shaped(run, inputs)


def _concat(k: patterns.Concat, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    return _shaped(lambda *xs: [np.concatenate(xs, axis=k.axis)], inputs)


def _gather(k: patterns.Gather, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    def run(x: Array, indices: Array) -> list[Array]:
        index = indices.reshape(k.batch, k.m)
        inside = (index >= 0) & (index < k.n)
        everywhere = inside.all()
        if k.n == 0:
            return [np.zeros(outputs[0].shape, x.dtype)]
        safe = index if everywhere else np.where(inside, index, 0)
        rows = x.reshape(k.batch, k.n, k.inner)
        out = rows[0].take(safe[0], axis=0)[None] if k.batch == 1 else rows[np.arange(k.batch)[:, None], safe]
        if not everywhere:
            out[~inside] = "" if x.dtype == object else 0
        return [out.reshape(outputs[0].shape)]

    return run


_UPDATES: dict[str, Any] = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}


def _scatter(k: patterns.Scatter, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    def run(x: Array, indices: Array, updates: Array) -> list[Array]:
        out = x.reshape(k.batch * k.n, k.inner).copy()
        index = indices.reshape(k.batch, k.m)
        inside = ((index >= 0) & (index < k.n)).reshape(-1)
        flat = (index + np.arange(k.batch)[:, None] * k.n).reshape(-1)[inside]
        values = updates.reshape(k.batch * k.m, k.inner)[inside]
        if k.kind == "set":
            out[flat] = values
        elif k.kind == "add" and k.inner == 1 and out.dtype == np.float32 and k.m >= k.n:
            out[:, 0] += np.bincount(flat, values[:, 0], minlength=len(out)).astype(np.float32)
        else:
            _UPDATES[k.kind].at(*((out[:, 0], flat, values[:, 0]) if k.inner == 1 else (out, flat, values)))
        return [out.reshape(outputs[0].shape)]

    return quiet(run)


def _scan(k: patterns.Scan, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    ufunc, dtype = _UPDATES[k.kind], NUMPY_DTYPES[str(outputs[0].dtype)]
    # Running sums in float64 keep the error as small as a tree's.
    wide = np.float64 if k.kind == "add" and dtype == np.float32 else dtype

    def run(x: Array) -> list[Array]:
        rows = x.reshape(k.outer, k.n, k.inner)
        if k.reverse:
            rows = rows[:, ::-1]
        out = ufunc.accumulate(rows, axis=1, dtype=wide).astype(dtype)
        if k.exclusive and k.n:
            first = np.full((k.outer, 1, k.inner), {"add": 0, "mul": 1}.get(k.kind, 0), dtype)
            out = np.concatenate([first, out[:, :-1]], axis=1)
        if k.reverse:
            out = out[:, ::-1]
        return [np.ascontiguousarray(out).reshape(outputs[0].shape)]

    return quiet(run)


def _sort(k: patterns.Sort, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    def run(x: Array) -> list[Array]:
        rows = x.reshape(k.outer, k.n)
        if not k.descending:
            order = np.argsort(rows, axis=1, kind="stable")
        else:
            # Reversed twice, so that equal elements keep their order; NaN goes from first back to last.
            order = k.n - 1 - np.argsort(rows[:, ::-1], axis=1, kind="stable")[:, ::-1]
            if rows.dtype.kind == "f":
                missing = np.isnan(np.take_along_axis(rows, order, axis=1))
                if missing.any():
                    order = np.take_along_axis(order, np.argsort(missing, axis=1, kind="stable"), axis=1)
        values = np.take_along_axis(rows, order, axis=1)
        return [values.reshape(outputs[0].shape), order.astype(np.int32).reshape(outputs[1].shape)]

    return run


def _fft(k: patterns.Fft, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    transform = np.fft.ifft if k.inverse else np.fft.fft

    def run(x: Array) -> list[Array]:
        rows = x.reshape(k.outer, k.n)
        return [(transform(rows, axis=1) if k.n else rows).astype(np.complex64).reshape(outputs[0].shape)]

    return run


def _contract(k: patterns.Contract, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Function:
    if k.epilogue is not None:
        return with_epilogue(_contract, k, inputs, outputs, _map)
    return _shaped(contract(k, inputs, outputs), inputs)


PATTERNS: dict[type, Callable[..., Function]] = {
    patterns.Map: _map, patterns.Row: _row, patterns.View: _view, patterns.Slice: _slice, patterns.Place: _place, patterns.Pad: _pad,
    patterns.Concat: _concat,
    patterns.Contract: _contract, patterns.Window: lambda k, i, o: _shaped(window(k, i, o), i),
    patterns.Gather: _gather, patterns.Scatter: _scatter, patterns.Scan: _scan, patterns.Sort: _sort, patterns.Fft: _fft,
}  # fmt: skip
