"""How operands lie in memory along the axes of a result: strides, broadcasting, axes that can be joined."""

from __future__ import annotations

from collections.abc import Sequence


def strides_of(shape: Sequence[int]) -> list[int]:
    """Return the row-major strides of a shape, in elements."""
    strides = [1] * len(shape)
    for d in range(len(shape) - 2, -1, -1):
        strides[d] = strides[d + 1] * shape[d + 1]
    return strides


def broadcast_strides(shape: Sequence[int], target: Sequence[int]) -> list[int]:
    """Return the strides with which an operand of `shape` is read along the axes of `target`: 0 where it repeats."""
    own = [0 if d == 1 else s for d, s in zip(shape, strides_of(shape), strict=True)]
    return [0] * (len(target) - len(shape)) + own


def collapse(shape: Sequence[int], operands: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Return the shape and each operand's strides with axes of size 1 dropped and neighbours joined that step as one.

    >>> collapse((2, 3, 4), [(12, 4, 1), (0, 0, 1)])
    ([6, 4], [[4, 1], [0, 1]])
    """
    dims: list[int] = []
    made: list[list[int]] = [[] for _ in operands]
    for axis, dim in enumerate(shape):
        if dim == 1:
            continue
        steps = [strides[axis] for strides in operands]
        if dims and all(m[-1] == step * dim for m, step in zip(made, steps, strict=True)):
            dims[-1] *= dim
            for m, step in zip(made, steps, strict=True):
                m[-1] = step
        else:
            dims.append(dim)
            for m, step in zip(made, steps, strict=True):
                m.append(step)
    if not dims:
        return [1], [[0] for _ in operands]
    return dims, made
