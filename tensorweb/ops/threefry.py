"""Threefry-2x32 with 20 rounds (Salmon et al., 2011): random bits from a key and a counter. What is made of the bits: `random.py`.

`rounds` is written once, for Python integers and for the symbols of a body alike.
"""

from __future__ import annotations

from typing import Any

from ..kernels import expression as e

_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
_PARITY = 0x1BD11BDA
_M = 0xFFFFFFFF


def _signed(x: int) -> int:
    return x - 2**32 if x & 0x80000000 else x


def schedule(key: tuple[int, int]) -> tuple[int, int, int]:
    """Return the three words that the rounds take turns to add, as signed integers: computed here once, not for each element."""
    return _signed(key[0] & _M), _signed(key[1] & _M), _signed((key[0] ^ key[1] ^ _PARITY) & _M)


def _rotate(x: Any, amount: int) -> Any:
    if isinstance(x, int):
        x &= _M
        return _signed((x << amount | x >> (32 - amount)) & _M)
    return (x << amount) | e.shift_right_logical(x, 32 - amount)


def rounds(words: Any, x0: Any, x1: Any) -> tuple[Any, Any]:
    """Return the two random words of the counter (x0, x1), given the schedule of the key."""
    x0, x1 = x0 + words[0], x1 + words[1]
    for group in range(5):
        for r in range(4):
            x0 = x0 + x1
            x1 = _rotate(x1, _ROTATIONS[group % 2 * 4 + r]) ^ x0
        # Added one after the other: a sum of two numbers alone might not wrap at 32 bits.
        x0 = x0 + words[(group + 1) % 3]
        x1 = (x1 + words[(group + 2) % 3]) + (group + 1)
    return x0, x1


def block(key: tuple[int, int], counter: tuple[int, int]) -> tuple[int, int]:
    """Return two random words, unsigned, computed on the host.

    >>> [hex(w) for w in block((0, 0), (0, 0))]
    ['0x6b200159', '0x99ba4efe']
    """
    x0, x1 = rounds(schedule(key), *counter)
    return x0 & _M, x1 & _M
