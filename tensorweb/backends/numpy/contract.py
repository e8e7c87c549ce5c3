"""Contractions and windows on NumPy arrays: gathered into one matrix product where an operand is read, tap by tap where it is written.

For Relation position = stride * output + dilation * tap - padding there are two ways. *Patches*: an operand with the position is
expanded to (output, tap) by strides over a padded copy, and the rest is one matrix product. *Taps*: for each tap the operands
and the result are sliced so that positions and outputs pair up; no padding, no copy of patches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...kernels import patterns
from ...kernels.patterns import Relation, Spec
from .functions import NUMPY_DTYPES, quiet

Array = Any


def matrix_product(a: Array, la: str, b: Array, lb: str, out: str) -> Array:
    """Return the einsum la,lb->out by one batched matrix product (or an elementwise product where nothing is summed)."""
    return _product(la, lb, out, a.shape, b.shape)(a, b)


@lru_cache(maxsize=4096)
def _product(la: str, lb: str, out: str, shape_a: tuple[int, ...], shape_b: tuple[int, ...]) -> Callable[[Array, Array], Array]:
    """Return the function of two arrays of these shapes; all that depends on labels and shapes is done once."""
    sizes = dict(zip(la + lb, shape_a + shape_b, strict=True))
    private_a = tuple(i for i, x in enumerate(la) if x not in lb + out)
    private_b = tuple(i for i, x in enumerate(lb) if x not in la + out)
    la, lb = "".join(x for x in la if x in lb + out), "".join(x for x in lb if x in la + out)
    batch = [x for x in out if x in la and x in lb]
    rows = [x for x in out if x in la and x not in lb]
    columns = [x for x in out if x in lb and x not in la]
    summed = [x for x in la if x in lb and x not in out]

    def prepared(a: Array, b: Array) -> tuple[Array, Array]:
        a = a.sum(axis=private_a, dtype=a.dtype) if private_a else a
        return a, b.sum(axis=private_b, dtype=b.dtype) if private_b else b

    if not summed:
        return lambda a, b: _multiplied(*prepared(a, b), la, lb, out)
    left, right = _matrix(la, sizes, batch, rows, summed), _matrix(lb, sizes, batch, summed, columns)
    made = batch + rows + columns
    shape, order = [sizes[x] for x in made], [made.index(x) for x in out]
    if not private_a and not private_b and len(shape) == 2 and order == [0, 1] and not batch:
        return lambda a, b: np.matmul(left(a), right(b))

    def run(a: Array, b: Array) -> Array:
        a, b = prepared(a, b)
        return np.matmul(left(a), right(b)).reshape(shape).transpose(order)

    return run


def _multiplied(a: Array, b: Array, la: str, lb: str, out: str) -> Array:
    return _outer(a, la, out) * _outer(b, lb, out)


def _matrix(labels: str, sizes: dict[str, int], batch: list[str], first: list[str], second: list[str]) -> Callable[[Array], Array]:
    """Return the function to [batch, first, second], without a copy if possible; a copy keeps the innermost axis, the product turns it."""
    turned = bool(labels) and labels[-1] in first
    order = batch + (second + first if turned else first + second)
    nb, n1, n2 = (prod(sizes[l] for l in group) for group in (batch, first, second))
    lead = (nb,) if batch else ()
    axes = [labels.index(l) for l in order]
    shape = (*lead, *((n2, n1) if turned else (n1, n2)))
    if axes == [0, 1] and len(first) == 1 == len(second):
        return (lambda x: x.T) if turned else (lambda x: x)
    if axes == list(range(len(axes))):
        return lambda x: x.reshape(shape).swapaxes(-1, -2) if turned else x.reshape(shape)

    def run(x: Array) -> Array:
        made = x.transpose(axes).reshape(shape)
        return made.swapaxes(-1, -2) if turned else made

    return run


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
        padded = np.zeros([d + low + high for d, (low, high) in zip(a.shape, widths)], a.dtype)
        padded[tuple(slice(low, low + d) for d, (low, _) in zip(a.shape, widths))] = a
        a = padded
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

    if not k.relations and not outside:
        return quiet(lambda a, b: [np.ascontiguousarray(matrix_product(a, k.lhs, b, k.rhs, k.out), dtype).reshape(spec.shape)])

    def by_patches(a: Array, b: Array) -> Array:
        a, la = _expand(a, k.lhs, k.relations, sizes)
        b, lb = _expand(b, k.rhs, k.relations, sizes)
        kept = "".join(x for x in k.out if x not in outside)
        result = matrix_product(a, la, b, lb, kept)
        return np.broadcast_to(_outer(result, kept, k.out), spec.shape) if outside else result

    def by_taps(a: Array, b: Array) -> Array:
        la, lb, lo = (_paired(x, k.relations) for x in (k.lhs, k.rhs, k.out))
        made = {**sizes, **dict(zip(k.lhs + k.rhs, a.shape + b.shape))}
        out = np.zeros([made[x] for x in k.out], dtype)
        whole = {r.output for r in k.relations}
        for taps, slices in _taps(k):
            # Outputs are left whole where the result is cut: a slice of an operand would be copied before the product.
            own = {x: c for x, c in slices.items() if x not in whole}
            part = matrix_product(a[_cut(k.lhs, taps, own)], la, b[_cut(k.rhs, taps, own)], lb, lo)
            out[_cut(k.out, taps, slices)] += part[_cut(lo, taps, {x: slices[x] for x in whole})]
        return out

    la, lb, lo = (set(_paired(x, k.relations)) for x in (k.lhs, k.rhs, k.out))
    if k.relations and 0 not in spec.shape and la | lb == lo and (la & lb - {r.output for r in k.relations} or la == lo or lb == lo):
        return quiet(_elementwise(k, spec.shape, dtype))
    if k.relations and la == lb and lo < la and not positions & set(k.out):
        return quiet(_filter_gradient(k, spec.shape, dtype))
    function = by_taps if positions & set(k.out) else by_patches
    return quiet(_in_chunks(function, k, sizes, spec.shape, dtype))


# The bytes of patches that one product works on: they should stay in a processor's cache.
_CHUNK = 2 << 20


def _in_chunks(
    function: Callable[..., Array], k: patterns.Contract, sizes: dict[str, int], shape: tuple[int, ...], dtype: Any
) -> Callable[..., list[Array]]:
    """Return `function` on a few elements of the batch at a time if there are many; what is summed over the batch is added up."""
    tied = {x for r in k.relations for x in r[:3]}
    label = k.lhs[0] if k.relations and k.lhs else ""
    if not label or label in tied or label not in k.rhs + k.out or (label in k.out and k.out[0] != label):
        return lambda a, b: [np.ascontiguousarray(function(a, b), dtype).reshape(shape)]
    positions = {r.position for r in k.relations}
    patch = (set(k.lhs) | tied) - positions - {label}
    n, one = sizes[label], prod(sizes[x] for x in patch)
    step = max(1, _CHUNK // max(1, 4 * one))
    if step >= n:
        return lambda a, b: [np.ascontiguousarray(function(a, b), dtype).reshape(shape)]

    def run(a: Array, b: Array) -> list[Array]:
        out = np.empty(shape, dtype) if label in k.out else np.zeros(shape, dtype)
        for start in range(0, n, step):
            chunk = {label: slice(start, start + step)}
            part = function(a[_cut(k.lhs, {}, chunk)], b[_cut(k.rhs, {}, chunk)])
            if label in k.out:
                out[chunk[label]] = part
            else:
                out += part
        return [out]

    return run


def _filter_gradient(k: patterns.Contract, shape: Sequence[int], dtype: Any) -> Callable[..., list[Array]]:
    """Return the function of a contraction that multiplies element by element for each tap and sums: of a depthwise filter."""
    la, lb, lo = (_paired(x, k.relations) for x in (k.lhs, k.rhs, k.out))
    summed = [x for x in la if x not in lo]
    order = "".join(summed) + lo
    cuts = [(_cut(k.lhs, taps, slices), _cut(k.rhs, taps, slices), _cut(k.out, taps, {})) for taps, slices in _taps(k)]

    def run(a: Array, b: Array) -> list[Array]:
        out = np.zeros(shape, dtype)
        for ca, cb, co in cuts:
            part = _outer(a[ca], la, order) * _outer(b[cb], lb, order)
            for axis in reversed(range(len(summed))):
                part = part.sum(axis=axis, dtype=dtype)  # axis by axis: short sums keep the digits
            out[co] = part
        return [out]

    return run


def _elementwise(k: patterns.Contract, shape: Sequence[int], dtype: Any) -> Callable[..., list[Array]]:
    """Return the function of a contraction that sums over taps only, such as a depthwise convolution."""
    la, lb, lo = (_paired(x, k.relations) for x in (k.lhs, k.rhs, k.out))
    cuts = [tuple(_cut(x, taps, slices) for x in (k.lhs, k.rhs, k.out)) for taps, slices in _taps(k)]
    # A tap that meets every output goes first: it writes where the others add.
    full = [i for i, (_, _, c) in enumerate(cuts) if all(s == slice(None) or s == slice(0, d) for s, d in zip(c, shape))]
    cuts.insert(0, cuts.pop(full[0])) if full else None

    def run(a: Array, b: Array) -> list[Array]:
        out = np.empty(shape, dtype) if full else np.zeros(shape, dtype)
        scratch = np.empty(prod(shape), dtype)
        for i, (ca, cb, co) in enumerate(cuts):
            left, right, target = _outer(a[ca], la, lo), _outer(b[cb], lb, lo), out[co]
            left, right = _widened(left, right), _widened(right, left)
            if full and i == 0:
                np.multiply(left, right, out=target)
            else:
                product = scratch[: target.size].reshape(target.shape)
                np.multiply(left, right, out=product)
                np.add(target, product, out=target)
        return [out]

    return run


def _widened(x: Array, other: Array) -> Array:
    """Return a short row repeated along the axis before it: NumPy's inner loops then run over both axes, not over a few channels."""
    if x.ndim > 1 and x.shape[-2] == 1 and x.size == x.shape[-1] < 256 and other.shape[-2] > 1:
        return np.repeat(x, other.shape[-2], axis=-2)
    return x


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
        out = np.full(spec.shape, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min, x.dtype)
        for taps, slices in _taps(k):
            cut = _cut(k.out, taps, slices)
            np.maximum(out[cut], aligned(x[_cut(k.labels, taps, slices)]), out=out[cut])
        return [out]

    def where_largest(x: Array) -> list[Array]:
        (best,) = largest(x)
        index = np.full(spec.shape, -1, np.int32)
        flat = np.arange(x.size, dtype=np.int32).reshape(x.shape)
        missing = x.dtype.kind == "f" and bool(np.isnan(best).any())
        # Backwards, so that the first of equals is what stays.
        for taps, slices in reversed(list(_taps(k))):
            cut, source = _cut(k.out, taps, slices), _cut(k.labels, taps, slices)
            value = aligned(x[source])
            hit = value == best[cut]
            np.copyto(index[cut], aligned(flat[source]), where=hit | np.isnan(value) if missing else hit)
        return [index]

    return {"sum": summed, "max": largest, "argmax": where_largest}[k.kind]
