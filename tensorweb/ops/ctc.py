"""Connectionist temporal classification: the loss over all alignments, and decoding. The other losses: `losses.py`."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..tensor import as_tensor, tensor
from .define import composite, op, row_body
from .gathering import gather_rows
from .losses import log_sum_exp
from .primitives import sort_rows
from .shaping import pad_interior, take_slice

# The logarithm of no chance at all: finite, so that differences stay numbers.
_NEVER = -1e30


def _map(function: Any, *args: Any) -> Any:
    return engine.run(row_body(function, None, True, len(args)), args)


# --- loss -------------------------------------------------------------------------------------------------------------------


def _less(x: Any, total: Any) -> Any:
    return x - total


def _advance(stay: Any, step: Any, skip: Any, may_skip: Any, emitted: Any, t: Any, length: Any) -> Any:
    """Return the logarithms of the chances after one more frame: by staying, by a step, by a skip over a blank."""
    skip = e.where(may_skip, skip, _NEVER)
    m = e.stop(e.maximum(e.maximum(stay, step), skip))
    total = e.log(e.exp(stay - m) + e.exp(step - m) + e.exp(skip - m)) + m + emitted
    return e.where(t < length, e.maximum(total, _NEVER), stay)


def _begin(emitted: Any, place: Any, length: Any) -> Any:
    # Without any frame only the empty sequence is possible.
    first = e.where(length > 0, emitted, e.where(e.equal(place, 0), 0.0, _NEVER))
    return e.where(place < 2, first, _NEVER)


def _finish(last: Any, before: Any, empty: Any) -> Any:
    before = e.where(empty, _NEVER, before)
    m = e.stop(e.maximum(last, before))
    total = e.log(e.exp(last - m) + e.exp(before - m)) + m
    return e.where(total < 0.1 * _NEVER, math.inf, -total)


def _may_skip(label: Any, earlier: Any, place: Any) -> Any:
    # The blanks between labels are known by their places: a target may hold the blank as a label, too, and Keras lets it be skipped to.
    return e.logical_and(e.logical_and(place > 1, e.equal(place % 2, 1)), e.not_equal(label, earlier))


def _interleaved(target: Any, blank: int) -> Any:
    """Return [batch, 2 * n + 1] labels with a blank before, between and after."""
    batch, n = target.shape
    return pad_interior(target, (0, 1), (0, 1), (0, 1), blank) if n else op("full")((batch, 1), blank, dtype="int32")


@composite(method=False)
def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Any:
    """Return -log of the chance of each label sequence [batch], summed over all its alignments with the frames. keras.ops.ctc_loss.

    `target` [batch, labels] int; `output` logits [batch, frames, classes]; both lengths [batch]; `mask_index` is the blank. Infinite
    where the frames are too few. Raises ShapeError, ArgumentError.
    """
    where = "ctc_loss"
    labels, x = as_tensor(target, where), as_tensor(output, where)
    counts, frames = (op("cast")(as_tensor(v, where), "int32") for v in (target_length, output_length))
    batch = _check(where, x, mask_index)
    if len(labels.shape) != 2 or labels.shape[0] != batch or counts.shape != (batch,) or frames.shape != (batch,):
        shapes = f"{labels.shape}, {counts.shape}, {frames.shape}"
        raise ShapeError(message(where, f"a target of ({batch}, labels) and lengths of ({batch},)", shapes, "Correct them."))
    _, steps, classes = x.shape
    blank = mask_index % classes
    x = x if x.dtype == "float32" else op("cast")(x, "float32")
    x = _map(_less, x, engine.run(row_body(log_sum_exp, (2,), True, 1), (x,)))
    path = _interleaved(op("cast")(labels, "int32"), blank)
    size = path.shape[1]
    place = op("arange")(size, dtype="int32")
    earlier = take_slice(pad_interior(path, (0, 2), (0, 0), (0, 0), blank), (0, 0), path.shape, (1, 1))
    may_skip = _map(_may_skip, path, earlier, place)
    emitted = op("transpose")(gather_rows(op("transpose")(x, (0, 2, 1)), path), (2, 0, 1))
    length = op("reshape")(frames, (batch, 1))
    shape = (batch, size)

    def frame(t: int) -> Any:
        return op("reshape")(take_slice(emitted, (t, 0, 0), (1, *shape), (1, 1, 1)), shape)

    chances = _map(_begin, frame(0), place, length)
    for t in range(1, steps):
        wide = pad_interior(chances, (0, 2), (0, 0), (0, 0), _NEVER)
        step, skip = (take_slice(wide, (0, k), shape, (1, 1)) for k in (1, 0))
        chances = _map(_advance, chances, step, skip, may_skip, frame(t), t, length)
    return _at_end(chances, op("reshape")(counts, (batch, 1)))


def _at_end(chances: Any, counts: Any) -> Any:
    """Return the loss from the chances of the last label and of the blank behind it."""
    batch, size = chances.shape
    column = op("reshape")(chances, (batch, size, 1))
    last = op("multiply")(counts, 2)
    ends = [op("reshape")(gather_rows(column, i), (batch, 1)) for i in (last, op("subtract")(last, 1))]
    return op("reshape")(_map(_finish, *ends, op("equal")(counts, 0)), (batch,))


def _check(where: str, x: Any, mask_index: Any) -> int:
    if len(x.shape) != 3 or not x.shape[1] or not x.shape[2]:
        raise ShapeError(message(where, "logits of shape (batch, frames, classes)", x.shape, "Reshape them."))
    if dtypes.kind(x.dtype) != "f":
        raise DTypeError(message(where, "floating logits", f"dtype {x.dtype}", "Cast them first."))
    classes = x.shape[2]
    if not isinstance(mask_index, int) or not -classes <= mask_index < classes:
        raise ArgumentError(message(where, f"a mask_index below {classes}", repr(mask_index), "It is the class of the blank."))
    return x.shape[0]


# --- decoding ---------------------------------------------------------------------------------------------------------------


@composite(gradient="none", method=False)
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Any, Any]:
    """Return (labels [paths, batch, frames] filled up with -1, scores) of logits [batch, frames, classes]. keras.ops.ctc_decode.

    `strategy` is greedy (scores [batch, 1]: minus the sum of the largest logits) or beam_search (scores [batch, top_paths]:
    logarithms of the chances; here repeats are always merged). `mask_index` is the blank; None means the last class.
    """
    where = "ctc_decode"
    x, lengths = as_tensor(inputs, where), op("cast")(as_tensor(sequence_lengths, where), "int32")
    batch = _check(where, x, 0 if mask_index is None else mask_index)
    if lengths.shape != (batch,):
        raise ShapeError(message(where, f"sequence_lengths of shape ({batch},)", lengths.shape, "Pass one length a sample."))
    blank = (x.shape[2] - 1 if mask_index is None else mask_index) % x.shape[2]
    if strategy == "greedy":
        return _greedy(op("cast")(x, "float32"), op("reshape")(lengths, (batch, 1)), blank, merge_repeated)
    if strategy != "beam_search":
        raise ArgumentError(message(where, "the strategy greedy or beam_search", repr(strategy), "Choose one of them."))
    if beam_width < 1 or not 1 <= top_paths <= beam_width:
        raise ArgumentError(message(where, "1 <= top_paths <= beam_width", f"{top_paths} and {beam_width}", "Widen the beam."))
    total = engine.run(row_body(log_sum_exp, (2,), True, 1), (x,))
    return _beams(_map(_less, x, total).tolist(), lengths.tolist(), x.shape, blank, beam_width, top_paths)


def _dropped(label: Any, before: Any, blank: Any, place: Any, length: Any, merge: Any) -> Any:
    """Return 1 for a frame that adds no label, else 0."""
    repeated = e.logical_and(merge, e.logical_and(place > 0, e.equal(label, before)))
    return e.cast(e.logical_or(e.logical_or(place >= length, e.equal(label, blank)), repeated), "int32")


def _greedy(x: Any, lengths: Any, blank: int, merge: bool) -> tuple[Any, Any]:
    batch, steps, _ = x.shape
    best, label = op("max")(x, axis=-1), op("cast")(op("argmax")(x, axis=-1), "int32")
    place = op("arange")(steps, dtype="int32")
    before = take_slice(pad_interior(label, (0, 1), (0, 0), (0, 0), -1), (0, 0), label.shape, (1, 1))
    dropped = _map(_dropped, label, before, blank, place, lengths, bool(merge))
    # A stable sort by what is dropped moves the labels to the front in their order.
    _, order = sort_rows(dropped, False)
    label = op("where")(op("equal")(dropped, 1), -1, label)
    moved = gather_rows(op("reshape")(label, (batch, steps, 1)), order)
    scores = op("negative")(op("sum")(op("where")(op("less")(place, lengths), best, 0.0), axis=-1, keepdims=True))
    return op("reshape")(moved, (1, batch, steps)), scores


def _add(a: float, b: float) -> float:
    low, high = (a, b) if a < b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def _beams(rows: list, lengths: list, shape: tuple[int, ...], blank: int, width: int, paths: int) -> tuple[Any, Any]:
    batch, steps, _ = shape
    found = [_search(frames[: max(0, n)], blank, width)[:paths] for frames, n in zip(rows, lengths, strict=True)]
    found = [best + [((), -math.inf)] * (paths - len(best)) for best in found]
    labels = [[[*best[k][0], *[-1] * (steps - len(best[k][0]))] for best in found] for k in range(paths)]
    scores = [[score for _, score in best] for best in found]
    return tensor(labels, (paths, batch, steps), "int32"), tensor(scores, (batch, paths), "float32")


def _search(frames: list, blank: int, width: int) -> list[tuple[tuple, float]]:
    """Return the most likely label sequences with the logarithms of their chances, best first: a search over prefixes.

    A beam holds, for each prefix, the chances that it ends with a blank and that it ends with its last label.
    """
    never = -math.inf
    beams = {(): (0.0, never)}
    for frame in frames:
        grown: dict[tuple, list[float]] = {}
        for prefix, (with_blank, with_label) in beams.items():
            own = grown.setdefault(prefix, [never, never])
            own[0] = _add(own[0], _add(with_blank, with_label) + frame[blank])
            if prefix:
                own[1] = _add(own[1], with_label + frame[prefix[-1]])
            for label, chance in enumerate(frame):
                if label != blank:
                    # After the same label a new one needs a blank between.
                    source = with_blank if prefix and prefix[-1] == label else _add(with_blank, with_label)
                    longer = grown.setdefault((*prefix, label), [never, never])
                    longer[1] = _add(longer[1], source + chance)
        best = sorted(grown.items(), key=lambda item: -_add(*item[1]))
        beams = {prefix: (both[0], both[1]) for prefix, both in best[:width]}
    return [(prefix, _add(*both)) for prefix, both in beams.items()]


__all__ = ["ctc_decode", "ctc_loss"]
