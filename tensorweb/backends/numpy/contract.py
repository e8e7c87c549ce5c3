"""Contractions and windows on NumPy arrays: gathered into one matrix product where an operand is read, tap by tap where it is written.

For Relation position = stride * output + dilation * tap - padding there are two ways. *Patches*: an operand with the position is
expanded to (output, tap) by strides over a padded copy, and the rest is one matrix product. *Taps*: for each tap the operands
and the result are sliced so that positions and outputs pair up; no padding, no copy of patches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...kernels import patterns
from ...kernels.patterns import Relation, Spec
from .functions import NUMPY_DTYPES

Array = Any


def matrix_product(a: Array, la: str, b: Array, lb: str, out: str) -> Array:
    """Return the einsum la,lb->out by one batched matrix product (or an elementwise product where nothing is summed)."""
    a, la = _sum_private(a, la, lb + out)
    b, lb = _sum_private(b, lb, la + out)
    batch = [x for x in out if x in la and x in lb]
    rows = [x for x in out if x in la and x not in lb]
    columns = [x for x in out if x in lb and x not in la]
    summed = [x for x in la if x in lb and x not in out]
    sizes = dict(zip(la + lb, a.shape + b.shape, strict=True))
    if not summed:
        return _outer(a, la, out) * _outer(b, lb, out)
    left = a.transpose([la.index(x) for x in batch + rows + summed])
    right = b.transpose([lb.index(x) for x in batch + summed + columns])
    shape = [tuple(sizes[x] for x in group) for group in (batch, rows, summed, columns)]
    nb, nr, ns, nc = (prod(s) for s in shape)
    lead = (nb,) if batch else ()
    result = np.matmul(left.reshape(*lead, nr, ns), right.reshape(*lead, ns, nc))
    made = batch + rows + columns
    return result.reshape(shape[0] + shape[1] + shape[3]).transpose([made.index(x) for x in out])


def _sum_private(a: Array, labels: str, others: str) -> tuple[Array, str]:
    private = tuple(i for i, x in enumerate(labels) if x not in others)
    return (a.sum(axis=private, dtype=a.dtype), "".join(x for x in labels if x in others)) if private else (a, labels)


def _outer(a: Array, labels: str, out: str) -> Array:
    kept = [x for x in out if x in labels]
    ordered = a.transpose([labels.index(x) for x in kept])
    return ordered.reshape([ordered.shape[kept.index(x)] if x in labels else 1 for x in out])


def _expand(a: Array, labels: str, relations: Sequence[Relation], sizes: dict[str, int]) -> tuple[Array, str]:
    """Return `a` with each position label replaced by the pair (output, tap), zero where the position lies outside."""
    widths, plans = [(0, 0)] * len(labels), {r.position: r for r in relations}
    for axis, label in enumerate(labels):
        if label in plans:
            r = plans[label]
            last = r.stride * (sizes[r.output] - 1) + r.dilation * (sizes[r.tap] - 1) - r.padding
            widths[axis] = (max(0, r.padding), max(0, last - sizes[label] + 1))
    if any(w != (0, 0) for w in widths):
        a = np.pad(a, widths)
    shape: list[int] = []
    strides: list[int] = []
    start, made = 0, ""
    for axis, label in enumerate(labels):
        step = a.strides[axis]
        if label in plans:
            r = plans[label]
            start += max(0, -r.padding) * step
            shape += [sizes[r.output], sizes[r.tap]]
            strides += [r.stride * step, r.dilation * step]
            made += r.output + r.tap
        else:
            shape.append(a.shape[axis])
            strides.append(step)
            made += label
    origin = np.ndarray(shape, a.dtype, a, start, strides) if a.flags.c_contiguous else as_strided(a, shape, strides)
    return origin, made


def _taps(k: patterns.Contract | patterns.Window) -> Iterator[tuple[dict[str, int], dict[str, slice]]]:
    """Yield, tap by tap, the tap labels' values and the slices that pair positions with outputs; taps that meet nothing are left out."""
    sizes = dict(k.sizes)
    for taps in product(*(range(sizes[r.tap]) for r in k.relations)):
        slices: dict[str, slice] = {}
        for r, tap in zip(k.relations, taps, strict=True):
            shift = r.dilation * tap - r.padding
            first = max(0, -(shift // r.stride))
            last = min(sizes[r.output] - 1, (sizes[r.position] - 1 - shift) // r.stride)
            if last < first:
                break
            start = r.stride * first + shift
            slices[r.output] = slice(first, last + 1)
            slices[r.position] = slice(start, r.stride * last + shift + 1, r.stride)
        else:
            yield {r.tap: t for r, t in zip(k.relations, taps, strict=True)}, slices


def _cut(labels: str, taps: dict[str, int], slices: dict[str, slice]) -> tuple[Any, ...]:
    return tuple(taps[x] if x in taps else slices.get(x, slice(None)) for x in labels)


def _paired(labels: str, relations: Sequence[Relation], taps: bool = False) -> str:
    """Return the labels of a slice: positions take their output's name, taps are gone."""
    names = {r.position: r.output for r in relations}
    return "".join(names.get(x, x) for x in labels if taps or x not in {r.tap for r in relations})


def contract(k: patterns.Contract, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Callable[..., list[Array]]:
    """Return the function of a contraction."""
    sizes, spec = dict(k.sizes), outputs[0]
    dtype = NUMPY_DTYPES[str(spec.dtype)]
    positions = {r.position for r in k.relations}
    outside = [x for x in k.out if x not in k.lhs and x not in k.rhs and not k.relations]

    def by_patches(a: Array, b: Array) -> list[Array]:
        a, la = _expand(a, k.lhs, k.relations, sizes)
        b, lb = _expand(b, k.rhs, k.relations, sizes)
        kept = "".join(x for x in k.out if x not in outside)
        result = matrix_product(a, la, b, lb, kept)
        if outside:
            result = np.broadcast_to(_outer(result, kept, k.out), spec.shape)
        return [np.ascontiguousarray(result, dtype).reshape(spec.shape)]

    def by_taps(a: Array, b: Array) -> list[Array]:
        out = np.zeros(spec.shape, dtype)
        la, lb, lo = (_paired(x, k.relations) for x in (k.lhs, k.rhs, k.out))
        for taps, slices in _taps(k):
            part = matrix_product(a[_cut(k.lhs, taps, slices)], la, b[_cut(k.rhs, taps, slices)], lb, lo)
            out[_cut(k.out, taps, slices)] += part
        return [out]

    multiplies = _sums_beyond_taps(k)
    return by_patches if multiplies and not positions & set(k.out) else by_taps


def _sums_beyond_taps(k: patterns.Contract) -> bool:
    """Tell whether patches make a real matrix product; a depthwise convolution is better off tap by tap."""
    if not k.relations:
        return True
    tied = {x for r in k.relations for x in (r.position, r.output, r.tap)}
    both = set(k.lhs) & set(k.rhs)
    return any(x not in tied and x in k.out and x not in both for x in k.lhs + k.rhs)


def window(k: patterns.Window, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Callable[..., list[Array]]:
    """Return the function of a pooling or of patches."""
    spec = outputs[0]
    dtype = NUMPY_DTYPES[str(spec.dtype)]
    labels, target = _paired(k.labels, k.relations), _paired(k.out, k.relations)
    private = tuple(i for i, x in enumerate(labels) if x not in target)
    order = [[x for x in labels if x in target].index(x) for x in target if x in labels]

    def aligned(part: Array) -> Array:
        if private:
            part = part.sum(axis=private, dtype=part.dtype)
        part = part.transpose(order)
        missing = tuple(i for i, x in enumerate(target) if x not in labels)
        return np.expand_dims(part, missing)

    def summed(x: Array) -> list[Array]:
        out = np.zeros(spec.shape, dtype)
        for taps, slices in _taps(k):
            out[_cut(k.out, taps, slices)] += aligned(x[_cut(k.labels, taps, slices)])
        return [out]

    def largest(x: Array) -> list[Array]:
        out = np.full(spec.shape, -np.inf if dtype.kind == "f" else np.iinfo(dtype).min, dtype)
        for taps, slices in _taps(k):
            cut = _cut(k.out, taps, slices)
            out[cut] = np.maximum(out[cut], aligned(x[_cut(k.labels, taps, slices)]))
        return [out]

    def where_largest(x: Array) -> list[Array]:
        best = np.zeros(spec.shape, x.dtype)
        index = np.full(spec.shape, -1, np.int32)
        flat = np.arange(x.size, dtype=np.int32).reshape(x.shape)
        for taps, slices in _taps(k):
            cut, source = _cut(k.out, taps, slices), _cut(k.labels, taps, slices)
            value, place = aligned(x[source]), aligned(flat[source])
            better = (index[cut] < 0) | (value > best[cut]) | (np.isnan(value) & ~np.isnan(best[cut]))
            best[cut] = np.where(better, value, best[cut])
            index[cut] = np.where(better, place, index[cut])
        return [index]

    return {"sum": summed, "max": largest, "argmax": where_largest}[k.kind]
