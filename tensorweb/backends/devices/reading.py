"""What a readback may carry. The copies themselves are the devices'."""

from __future__ import annotations

from collections.abc import Sequence


def portions(wanted: Sequence[tuple[int, int]], most: int) -> list[list[tuple[int, int]]]:
    """Split (slot, words) in order so that no portion has more than `most` bytes, but for a single one that is larger.

    >>> portions([(0, 2), (1, 1), (2, 3)], 12)
    [[(0, 2), (1, 1)], [(2, 3)]]
    """
    found: list[list[tuple[int, int]]] = [[]]
    room = most
    for slot, words in wanted:
        if found[-1] and words * 4 > room:
            found.append([])
            room = most
        found[-1].append((slot, words))
        room -= words * 4
    return found
