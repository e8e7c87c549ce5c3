"""Gather: threads that read where an index in memory says. Copies between fixed places: `moves.py`; updates: `scatter.py`."""

from __future__ import annotations

from collections.abc import Sequence

from ..patterns import Gather, Spec
from .builder import Shader
from .elements import digits, give, load_words, word_dtype
from .launch import Launch, Lowered, Target, array_in, array_out, emitter, lowering, words_of


@lowering(Gather)
def lower_gather(k: Gather, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the one launch of a gather of words: a complex number is two columns."""
    inner = k.inner * words_of(str(inputs[0].dtype))
    lanes = 1 if inner % 4 else 4
    reads = (array_in(0, inputs[0]), array_in(1, inputs[1]))
    threads = k.batch * k.m * inner // lanes
    return Lowered((Launch("gather", (), reads, (array_out(0, outputs[0]),), threads, (k.n, k.m, inner), lanes=lanes),))


@emitter("gather")
def emit_gather(b: Shader) -> None:
    """Write a thread of a gather; what is read for an index out of range is the first place, and dropped."""
    size = b.sizes()
    n, m, inner = size(), size(), size()
    row, column = digits(b, b.at, [inner])
    batch = b.op("div_s", row, m)
    index = b.convert(b.load(1, row), "index")
    inside = b.op("lt_u", index, n)
    place = batch * n + b.select(inside, index, 0)
    found = load_words(b, 0, place * inner + column)
    give(b, 0, word_dtype(b.writes), b.select(b.splat(inside), found, 0))
