"""Axes cut into blocks and put together anew: rearrange, and the exchanges between space and depth or batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..shapes import as_ints
from ..tensor import as_tensor
from .define import composite
from .shaping import need_rank, pad_interior, reshape, take_slice, transpose

# --- einops patterns ---

_DOTS = ["", "..."]  # an ellipsis that is not in parentheses


def _groups(text: str) -> list[list[str]]:
    """Return the axes of one side of a pattern: each a list of names, empty for 1 and ()."""
    groups: list[list[str]] = []
    inside = False
    for token in text.replace("(", " ( ").replace(")", " ) ").replace("...", " ... ").split():
        if token in "()":
            if inside == (token == "("):
                raise ArgumentError(message("rearrange", "parentheses in pairs, not nested", repr(text), "Correct the pattern."))
            inside = token == "("
            if inside:
                groups.append([])
        elif token != "..." and not token.isidentifier() and token != "1":
            raise ArgumentError(message("rearrange", "names, 1, ... and parentheses", repr(token), "Correct the pattern."))
        else:
            names = [] if token == "1" else [token] if inside or token != "..." else _DOTS
            if inside:
                groups[-1].extend(names)
            else:
                groups.append(names)
    if inside:
        raise ArgumentError(message("rearrange", "parentheses in pairs, not nested", repr(text), "Correct the pattern."))
    return groups


def _sizes(groups: list[list[str]], shape: Sequence[int], known: dict[str, int], pattern: str) -> dict[str, int]:
    """Return the size of every name on the left side."""
    sizes = dict(known)
    for names, d in zip(groups, shape):
        unknown = [n for n in names if n not in sizes]
        rest = prod(sizes[n] for n in names if n in sizes)
        if len(unknown) > 1 or (d % rest if rest else d) or (not unknown and rest != d):
            raise ShapeError(
                message(
                    "rearrange",
                    f"sizes that fit {tuple(shape)}",
                    f"{pattern!r} with {known}",
                    "Give the sizes of all axes but one in a group.",
                )
            )
        if unknown:
            sizes[unknown[0]] = d // rest if rest else 0
    return sizes


def _without_dots(groups: list[list[str]], dots: list[str]) -> list[list[str]]:
    """Return the groups with the names of the axes that an ellipsis stands for in its place."""
    made: list[list[str]] = []
    for names in groups:
        made.extend([[d] for d in dots] if names == _DOTS else [[m for n in names for m in (dots if n == "..." else [n])]])
    return made


@composite
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Return the tensor with its axes reordered, split and merged as an einops pattern says. Keras's rearrange.

    >>> import tensorweb as tw
    >>> tw.rearrange(tw.zeros((2, 12, 3)), "b (h w) c -> b c h w", h=4).shape
    (2, 3, 4, 3)
    """
    x = as_tensor(tensor, "rearrange")
    left, arrow, right = pattern.partition("->")
    before, after = _groups(left), _groups(right)
    if _DOTS in before:
        dots = [f"...{i}" for i in range(len(x.shape) - len(before) + 1)]
        before, after = _without_dots(before, dots), _without_dots(after, dots)
    names, target = ([n for g in groups for n in g] for groups in (before, after))
    if not arrow or sorted(names) != sorted(target) or len(set(names)) != len(names):
        raise ArgumentError(message("rearrange", "each name once on either side of ->", repr(pattern), "Correct the pattern."))
    if len(before) != len(x.shape):
        raise ShapeError(message("rearrange", f"{len(before)} axes for {pattern!r}", f"shape {x.shape}", "Name each axis."))
    sizes = _sizes(before, x.shape, {k: as_ints((v,), "rearrange", k)[0] for k, v in axes_lengths.items()}, pattern)
    moved = transpose(reshape(x, [sizes[n] for n in names]), [names.index(n) for n in target])
    return reshape(moved, [prod(sizes[n] for n in group) for group in after])


# --- space and depth ---


def _last(x: Any, block_size: Any, data_format: str, where: str) -> tuple[Any, int, bool]:
    """Return x as [batch, height, width, channels], the checked block size, and whether channels came first."""
    x = as_tensor(x, where)
    (block,) = as_ints((block_size,), where, "block_size")
    if len(x.shape) != 4:
        raise ShapeError(message(where, "images of rank 4", f"shape {x.shape}", "Add a batch axis."))
    if block < 2:
        raise ArgumentError(message(where, "a block size of 2 or more", block, "Correct it."))
    if data_format not in ("channels_last", "channels_first"):
        raise ArgumentError(message(where, "channels_last or channels_first", repr(data_format), "Choose one."))
    first = data_format == "channels_first"
    return transpose(x, (0, 2, 3, 1)) if first else x, block, first


def _back(x: Any, first: bool) -> Any:
    return transpose(x, (0, 3, 1, 2)) if first else x


@composite
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Return images whose channels hold the pixels of blocks: [b, h/k, w/k, c*k*k]. Raises ShapeError if k does not divide."""
    x, k, first = _last(x, block_size, data_format, "space_to_depth")
    b, h, w, c = x.shape
    if h % k or w % k:
        raise ShapeError(message("space_to_depth", f"a height and width that {k} divides", (h, w), "Pad the images."))
    blocks = transpose(reshape(x, (b, h // k, k, w // k, k, c)), (0, 1, 3, 2, 4, 5))
    return _back(reshape(blocks, (b, h // k, w // k, k * k * c)), first)


@composite
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Return images whose blocks hold what was in the channels: [b, h*k, w*k, c/(k*k)]. Raises ShapeError if k*k does not divide."""
    x, k, first = _last(x, block_size, data_format, "depth_to_space")
    b, h, w, c = x.shape
    if c % (k * k):
        raise ShapeError(message("depth_to_space", f"channels that {k * k} divides", c, "Choose another block size."))
    blocks = transpose(reshape(x, (b, h, w, k, k, c // (k * k))), (0, 1, 3, 2, 4, 5))
    return _back(reshape(blocks, (b, h * k, w * k, c // (k * k))), first)


# --- space and batch ---


def _blocks(x: Any, block_shape: Any, margins: Any, where: str, what: str) -> tuple[Any, tuple[int, ...], list[tuple[int, int]]]:
    x = as_tensor(x, where)
    block_shape, margins = (v.tolist() if hasattr(v, "tolist") else v for v in (block_shape, margins))
    blocks = as_ints(block_shape, where, "block_shape")
    pairs = [as_ints(p, where, what) for p in margins]
    need_rank(x, 1 + len(blocks), where)
    if any(b < 1 for b in blocks) or len(pairs) != len(blocks) or any(len(p) != 2 or min(p) < 0 for p in pairs):
        raise ArgumentError(message(where, f"blocks of 1 or more and a pair of {what} for each", (blocks, pairs), "Correct them."))
    return x, blocks, [(a, b) for a, b in pairs]


@composite
def space_to_batch_nd(x: Any, block_shape: Sequence[int], paddings: Sequence[Sequence[int]]) -> Any:
    """Return x [batch, *spatial, ...] zero-padded and cut so that each place of a block becomes an element of the batch.

    TensorFlow.js's spaceToBatchND.

    >>> import tensorweb as tw
    >>> tw.space_to_batch_nd(tw.reshape(tw.arange(4), (1, 4)), [2], [[0, 0]]).tolist()
    [[0, 2], [1, 3]]
    """
    x, blocks, pairs = _blocks(x, block_shape, paddings, "space_to_batch_nd", "paddings")
    n, rest = len(blocks), len(x.shape) - 1 - len(blocks)
    if any(map(any, pairs)):
        low, high = ([0, *(p[i] for p in pairs), *[0] * rest] for i in (0, 1))
        x = pad_interior(x, low, high, [0] * len(x.shape), "" if x.dtype == "string" else 0)
    if any(d % b for d, b in zip(x.shape[1:], blocks)):
        raise ShapeError(message("space_to_batch_nd", f"padded sizes that {blocks} divide", x.shape[1 : n + 1], "Pad more."))
    fine = [v for d, b in zip(x.shape[1:], blocks) for v in (d // b, b)]
    x = reshape(x, (x.shape[0], *fine, *x.shape[n + 1 :]))
    order = [*range(2, 2 * n + 1, 2), 0, *range(1, 2 * n, 2), *range(2 * n + 1, 2 * n + 1 + rest)]
    x = transpose(x, order)
    return reshape(x, (prod(x.shape[: n + 1]), *x.shape[n + 1 :]))


@composite
def batch_to_space_nd(x: Any, block_shape: Sequence[int], crops: Sequence[Sequence[int]]) -> Any:
    """Return x with elements of the batch put back as the places of blocks, then cropped. TensorFlow.js's batchToSpaceND."""
    x, blocks, pairs = _blocks(x, block_shape, crops, "batch_to_space_nd", "crops")
    n, count = len(blocks), prod(blocks)
    batch, space, rest = x.shape[0], x.shape[1 : n + 1], x.shape[n + 1 :]
    if batch % count:
        raise ShapeError(message("batch_to_space_nd", f"a batch that {count} divides", batch, "Check the block shape."))
    x = reshape(x, (*blocks, batch // count, *space, *rest))
    order = [n, *(v for i in range(n) for v in (n + 1 + i, i)), *range(2 * n + 1, 2 * n + 1 + len(rest))]
    sizes = [d * b for d, b in zip(space, blocks)]
    x = reshape(transpose(x, order), (batch // count, *sizes, *rest))
    kept = [d - a - b for d, (a, b) in zip(sizes, pairs)]
    if any(d < 0 for d in kept):
        raise ShapeError(message("batch_to_space_nd", f"crops within {tuple(sizes)}", pairs, "Crop less."))
    start = [0, *(a for a, _ in pairs), *[0] * len(rest)]
    return take_slice(x, start, (batch // count, *kept, *rest), [1] * len(start))
