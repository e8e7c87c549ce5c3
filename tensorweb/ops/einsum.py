"""Einsum: its notation, and the order in which its operands are contracted, two at a time by `contraction.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..shapes import broadcast, size_of
from .contraction import LETTERS, broadcast_contract, widen
from .contraction import operands as as_operands
from .define import composite, op
from .shaping import promote_all, reshape, take_slice, transpose
from .unknown import tied


@composite(method=False)
def einsum(subscripts: str, *operands: Any, optimize: Any = None) -> Any:
    """Return the sum of products that the subscripts tell, as "bij,bjk->bik".

    One letter names one axis; a repeated letter in an operand is a diagonal; "..." stands for axes that broadcast; without "->" the
    result has the letters that occur once, in alphabetical order. Operands are contracted in pairs, smallest result first;
    `optimize` is taken and ignored. Raises ArgumentError for subscripts that are wrong, ShapeError for sizes that differ.
    Keras's einsum.

    >>> import tensorweb as tw
    >>> tw.einsum("ij,jk->ki", tw.ones((2, 3)), tw.ones((3, 4))).shape
    (4, 2)
    """
    xs = promote_all(widen(as_operands("einsum", *operands)))
    terms, out, batch = _parse(subscripts, [len(x.shape) for x in xs])
    xs, terms = map(list, zip(*(_diagonal(x, term) for x, term in zip(xs, terms))))
    labels = dict.fromkeys("".join(terms))
    xs = tied(xs, (), [[(k, d) for k, term in enumerate(terms) for d, x in enumerate(term) if x == label] for label in labels])
    sizes = _sizes(subscripts, xs, terms, batch)
    while len(xs) > 1:
        i, j, kept = _cheapest(terms, out, sizes)
        right, left = (xs.pop(j), terms.pop(j)), (xs.pop(i), terms.pop(i))
        own = {x: sizes[x] for x in dict.fromkeys(left[1] + right[1])}
        xs.append(broadcast_contract(*left, *right, kept, own))
        terms.append(kept)
    return _finish(xs[0], terms[0], out)


def _parse(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str, str]:
    """Return the labels of each operand and of the result, and which of them stand for the ellipsis."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ArgumentError(message("einsum", f"{len(terms)} operands for {subscripts!r}", len(ranks), "Pass a tensor for each term."))
    for term in [*terms, right]:
        letters = term.replace("...", "", 1)
        if not all(x in LETTERS for x in letters):
            raise ArgumentError(message("einsum", "letters, commas, '->' and '...'", repr(subscripts), "Name each axis by one letter."))
    hidden = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks)]
    for term, rank, more in zip(terms, ranks, hidden):
        if more < 0 or (more and "..." not in term):
            raise ShapeError(message("einsum", f"a tensor of the axes {term!r}", f"rank {rank}", "Name each axis, or write '...'."))
    free = [x for x in reversed(LETTERS) if x not in subscripts]
    wide = max([0, *(more for term, more in zip(terms, hidden) if "..." in term)])
    batch = "".join(reversed(free[:wide]))
    if not arrow:
        right = ("..." if wide else "") + "".join(x for x in sorted(set(left) - set(",.")) if left.count(x) == 1)
    elif wide and "..." not in right:
        raise ArgumentError(message("einsum", "'...' in the result too", repr(subscripts), "Sum over named axes only."))
    full = [term.replace("...", batch[wide - more :]) for term, more in zip(terms, hidden)]
    out = right.replace("...", batch)
    if len(set(out)) != len(out) or not set(out) <= set("".join(full)):
        raise ArgumentError(message("einsum", "each letter of the result once, and in an operand", repr(subscripts), "Correct the result."))
    return full, out, batch


def _diagonal(x: Any, term: str) -> tuple[Any, str]:
    """Return the tensor with each repeated label's axes replaced by their diagonal."""
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            i = term.index(label)
            j = term.index(label, i + 1)
            n = x.shape[i]
            if x.shape[j] != n:
                raise ShapeError(message("einsum", f"equal sizes for {label!r}", f"{n} and {x.shape[j]}", "Check the shapes."))
            rest = [d for d in range(len(term)) if d not in (i, j)]
            x = transpose(x, [*rest, i, j])
            lead = x.shape[:-2]
            # In the flat matrix the diagonal is every (n + 1)th element.
            x = take_slice(reshape(x, (*lead, n * n)), [0] * len(rest) + [0], (*lead, n), [1] * len(rest) + [n + 1])
            term = "".join(term[d] for d in rest) + label
    return x, term


def _sizes(subscripts: str, xs: Sequence[Any], terms: Sequence[str], batch: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for x, term in zip(xs, terms):
        for label, dim in zip(term, x.shape):
            known = sizes.setdefault(label, dim)
            if known == dim:
                continue
            if 1 not in (known, dim):
                name = "..." if label in batch else label
                raise ShapeError(
                    message("einsum", f"equal sizes for {name!r} in {subscripts!r}", f"{known} and {dim}", "Check the shapes.")
                )
            (sizes[label],) = broadcast("einsum", (known,), (dim,))
    return sizes


def _cheapest(terms: Sequence[str], out: str, sizes: dict[str, int]) -> tuple[int, int, str]:
    """Return the pair of operands whose contraction is smallest, and its labels."""
    found = []
    for j in range(1, len(terms)):
        for i in range(j):
            others = out + "".join(t for n, t in enumerate(terms) if n not in (i, j))
            together = dict.fromkeys(terms[i] + terms[j])
            last = len(terms) == 2
            kept = out if last and set(out) <= set(together) else "".join(x for x in together if x in others)
            found.append((size_of([sizes[x] for x in kept]), i, j, kept))
    _, i, j, kept = min(found, key=lambda f: f[0])
    return i, j, kept


def _finish(x: Any, term: str, out: str) -> Any:
    """Return a single operand summed over the labels the result lacks, in the result's order."""
    summed = tuple(i for i, label in enumerate(term) if label not in out)
    if summed:
        narrow = x.dtype
        x = op("sum")(x, axis=summed)
        x = x if x.dtype == narrow else op("cast")(x, narrow)
        term = "".join(label for label in term if label in out)
    return transpose(x, [term.index(label) for label in out])
