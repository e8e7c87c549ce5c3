"""The order in which Keras shuffles files: the Mersenne Twister seeded as NumPy's RandomState, in plain Python.

A directory split into training and validation parts with some seed must be split alike here and there.
"""

from __future__ import annotations

from random import Random
from typing import Any


def _twister(seed: int) -> Random:
    """Return the generator in the state that RandomState(seed) begins with."""
    words = [seed & 0xFFFFFFFF]
    for i in range(1, 624):
        words.append((1812433253 * (words[-1] ^ (words[-1] >> 30)) + i) & 0xFFFFFFFF)
    generator = Random()
    generator.setstate((3, (*words, 624), None))
    return generator


def shuffled(items: list[Any], seed: int) -> list[Any]:
    """Return the items in the order in which RandomState(seed).shuffle leaves them.

    >>> shuffled(list(range(8)), 1)
    [7, 2, 1, 6, 0, 4, 3, 5]
    """
    result, generator = list(items), _twister(seed)
    for i in range(len(result) - 1, 0, -1):
        # Draws of as many bits as i has, until one is not above i.
        mask = (1 << i.bit_length()) - 1
        while (j := generator.getrandbits(32) & mask) > i:
            pass
        result[i], result[j] = result[j], result[i]
    return result
