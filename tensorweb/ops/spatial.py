"""What convolutions, pooling and patches share: data formats, paddings, the sizes of outputs. Plain Python, no kernels here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, NamedTuple

from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels.patterns import Relation
from ..shapes import as_ints
from ..tensor import as_tensor
from .shaping import reshape, transpose

# Labels of spatial axes, by use; "b", "c", "o", "m" and "g" are batch, channels, filters, multiplier and groups.
POSITIONS, OUTPUTS, TAPS = "xyz", "XYZ", "ijk"

_LAST = (None, "channels_last", "NWC", "NHWC", "NDHWC")
_FIRST = ("channels_first", "NCW", "NCHW", "NCDHW")
_ROUNDINGS: dict[str | None, Callable[[float], int]] = {None: int, "floor": int, "round": lambda v: int(v + 0.5), "ceil": ceil}


class Image(NamedTuple):
    """A tensor brought to [batch, ...spatial, channels], and how the result goes back."""

    x: Any
    sizes: tuple[int, ...]
    restore: Callable[[Any], Any]
    moved: bool  # whether the axes were not [batch, ...spatial, channels]


def image(where: str, x: Any, data_format: str | None = None, rank: int | None = None) -> Image:
    """Return the tensor with channels last and a batch axis; `rank` is the number of spatial axes, found from the tensor if None.

    Where the rank is known the batch axis may be missing, as in TensorFlow.js. Raises ShapeError, ArgumentError, DTypeError.
    """
    x = as_tensor(x, where)
    if x.dtype == "string":
        raise DTypeError(message(where, "a tensor of numbers", "dtype string", "Decode the strings first."))
    if data_format not in _LAST + _FIRST:
        raise ArgumentError(message(where, "data_format channels_last or channels_first", repr(data_format), "NHWC and NCHW will do too."))
    spatial = len(x.shape) - 2 if rank is None else rank
    single = rank is not None and len(x.shape) == rank + 1
    if not 1 <= spatial <= 3 or len(x.shape) not in (spatial + 2, spatial + 2 - single):
        wanted = "of rank 3, 4 or 5" if rank is None else f"of rank {rank + 2}, or {rank + 1} without a batch"
        raise ShapeError(message(where, f"a tensor {wanted}", f"shape {x.shape}", "It holds batch, spatial axes and channels."))
    if single:
        x = reshape(x, (1, *x.shape))
    first = data_format in _FIRST
    if first:
        x = transpose(x, (0, *range(2, spatial + 2), 1))

    def restore(y: Any) -> Any:
        if first:
            y = transpose(y, (0, spatial + 1, *range(1, spatial + 1)))
        return reshape(y, y.shape[1:]) if single else y

    return Image(x, x.shape[1:-1], restore, first or single)


class Steps(NamedTuple):
    """How windows slide over each spatial axis."""

    windows: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    outputs: tuple[int, ...]

    def relations(self) -> tuple[Relation, ...]:
        """Return the relations of positions, outputs and taps."""
        steps = zip(POSITIONS, OUTPUTS, TAPS, self.strides, self.dilations, self.before)
        return tuple(Relation(*r) for r in steps if len(self.windows))[: len(self.windows)]

    def labels(self) -> tuple[str, str, str]:
        """Return the labels of positions, outputs and taps."""
        n = len(self.windows)
        return POSITIONS[:n], OUTPUTS[:n], TAPS[:n]


def per_axis(value: Any, n: int, where: str, what: str, least: int = 1) -> tuple[int, ...]:
    """Return an integer or n of them as a tuple of n, each at least `least`."""
    found = as_ints(value, where, what)
    found = found * n if len(found) == 1 else found
    if len(found) == n + 2 and found[0] == found[-1] == 1:
        found = found[1:-1]  # TensorFlow's form with batch and channels
    if len(found) != n or min(found, default=least) < least:
        raise ArgumentError(message(where, f"1 or {n} integers of at least {least} for `{what}`", repr(value), "One holds for all axes."))
    return found


def steps(
    where: str, sizes: Sequence[int], windows: Any, strides: Any, padding: Any, dilations: Any = 1, rounding: str | None = None
) -> Steps:
    """Return how windows slide: padding is "valid", "same", "causal", a number, or a pair (before, after) for each axis.

    "same" gives ceil(size / stride) outputs. Otherwise their count is rounded as `rounding` says: floor, round or ceil.
    """
    n = len(sizes)
    windows, strides = per_axis(windows, n, where, "window"), per_axis(strides, n, where, "strides")
    dilations = per_axis(dilations, n, where, "dilations")
    if rounding not in _ROUNDINGS:
        raise ArgumentError(message(where, "dim_rounding_mode floor, round or ceil", repr(rounding), "Choose one of them."))
    spans = [d * (w - 1) + 1 for d, w in zip(dilations, windows)]
    pairs = paddings(where, padding, sizes, spans, strides)
    counts = [
        _ROUNDINGS[rounding]((size + a + b - span) / s) + 1 if size + a + b >= span else 0
        for size, span, s, (a, b) in zip(sizes, spans, strides, pairs)
    ]
    if min(counts, default=1) < 1 <= min(sizes, default=1):
        raise ShapeError(message(where, f"windows that fit into {tuple(sizes)}", f"{tuple(spans)}", "Pad, or use smaller windows."))
    return Steps(windows, strides, dilations, tuple(a for a, _ in pairs), tuple(counts))


def paddings(where: str, padding: Any, sizes: Sequence[int], spans: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """Return (before, after) for each spatial axis."""
    n = len(sizes)
    name = padding.lower() if isinstance(padding, str) else None
    if name == "valid":
        return [(0, 0)] * n
    if name == "same":
        totals = [max(0, (-(-size // s) - 1) * s + span - size) for size, span, s in zip(sizes, spans, strides)]
        return [(t // 2, t - t // 2) for t in totals]
    if name == "causal" and n == 1:
        return [(spans[0] - 1, 0)]
    if isinstance(padding, int) and padding >= 0:
        return [(padding, padding)] * n
    if isinstance(padding, (list, tuple)):
        return _explicit(where, padding, n)
    wanted = "padding valid, same, causal (1D), a number or a pair for each axis"
    raise ArgumentError(message(where, wanted, repr(padding), "Choose one of them."))


def _explicit(where: str, padding: Sequence[Any], n: int) -> list[tuple[int, int]]:
    pairs = [as_ints(p, where, "padding") for p in padding]
    pairs = [p * 2 if len(p) == 1 else p for p in pairs]
    if len(pairs) == n + 2:  # TensorFlow.js's form, with zeros for batch and channels
        pairs = pairs[1:-1] if tuple(pairs[-1]) == (0, 0) else pairs[2:]
    if len(pairs) != n or any(len(p) != 2 or min(p) < 0 for p in pairs):
        raise ArgumentError(message(where, f"{n} pairs (before, after) of padding", repr(padding), "None may be negative."))
    return [(p[0], p[1]) for p in pairs]
