"""Divides sums among threads and rows among storages: a problem becomes one of the parts, and one that puts them together.

Sums are divided where there would be too few threads, and where a thread would run too long: software devices end all loops of a
thread together after 65,535 rounds, whatever they still had to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

from ..loops.launch import Slot
from ..loops.nest import Operand, Problem
from ..strides import strides_of
from .launch import Target, stored, words_of

_ROUNDS = 60_000  # of all loops of a thread
_EXACT = 4096  # longer sums are divided for the sake of their digits; those of large outputs, which are many, at four times that
_PIECE = 256  # those divided for the sake of more threads have parts of at least so many products
_MOST_PARTS = 64  # for either


class Tile(NamedTuple):
    """What a thread computes of the output: so many rows, the values of a label, of so many vectors."""

    row: str = ""
    rows: int = 1
    columns: int = 1


class Between(NamedTuple):
    """The scratch storages between two launches: how many, and the words and type of each."""

    storages: int
    words: int
    type: str


Parts = dict[str, int]  # for each summed label that is divided, how many of its values belong to a part


def part_of(label: str) -> str:
    """Return the label that numbers the parts of another."""
    return f"#{label}"


def is_part(label: str) -> bool:
    """Tell whether a label numbers the parts of another."""
    return label[0] == "#"


def parts_of(p: Problem, kind: str, target: Target, tile: Tile, lanes: int, quad: bool) -> Parts:
    """Return how sums are divided; the longest labels first."""
    # Where a texel's elements are computed one after the other, they share the rounds.
    share = 1 if lanes == 4 or target.groups else 4 // words_of(p.out.dtype)
    wanted = -(-_rounds(p, quad) * share // _ROUNDS)
    threads = prod(p.sizes[x] for x in p.bound) // (4 * tile.rows * tile.columns) or 1
    length = prod(p.sizes[x] for x in p.summed)
    if kind == "product":
        spread = min(-(-target.busy // threads), length // _PIECE) if length >= 4 * _PIECE else 1
        wanted = max(wanted, min(max(spread, length // (_EXACT * (4 if tile.columns > 1 else 1))), _MOST_PARTS))
    parts: Parts = {}
    for label in sorted(p.summed, key=lambda x: -p.sizes[x]):
        if wanted > 1:
            unit = 4 if quad and label == p.summed[-1] else 1
            parts[label] = -(-p.sizes[label] // wanted // unit) * unit
            wanted = -(-wanted // -(-p.sizes[label] // parts[label]))
    return {x: n for x, n in parts.items() if n < p.sizes[x]}


def _rounds(p: Problem, quad: bool) -> int:
    """Return the rounds of a thread's loops over all that is summed."""
    total, times = 0, 1
    for x in p.summed:
        times *= -(-p.sizes[x] // 4) if quad and x == p.summed[-1] else p.sizes[x]
        total += times
    return total


def divided(p: Problem, factors: int, kind: str, parts: Parts, tile: Tile) -> tuple[Problem, Problem, Between]:
    """Return the problem of the parts, that of putting them together, and what lies between.

    Each row of the tile goes to a storage of its own; of places of maxima, the second problem reads what they are the places of.
    """
    numbers = {part_of(x): -(-p.sizes[x] // chunk) for x, chunk in parts.items()}
    sizes = p.sizes | numbers
    bound = [*numbers, *p.bound]
    dims = [-(-sizes[x] // tile.rows) if x == tile.row else sizes[x] for x in bound]
    dtype = "int32" if kind == "argmax" else {"float16": "float32"}.get(p.operands[0].dtype, p.operands[0].dtype)
    made = [Operand(Slot("scratch", i), dtype, _strides(bound, dims), prod(dims)) for i in range(tile.rows)]
    first = replace(p, sizes=sizes, bound=bound, operands=[*p.operands[:factors], made[0]])
    found = [replace(p.operands[0], strides={})] if kind == "argmax" else []
    second = Problem({x: sizes[x] for x in bound}, list(p.bound), list(numbers), [*made, *found, *p.operands[factors:]])
    return first, second, Between(tile.rows, made[0].count * words_of(dtype), stored(dtype))


def _strides(labels: Sequence[str], dims: Sequence[int]) -> dict[str, int]:
    return dict(zip(labels, strides_of(tuple(dims)), strict=True))
