"""SipHash-2-4 of a byte string under a key. Which strings are hashed, and into how many buckets, is not decided here.

Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF" (2012).
"""

from __future__ import annotations

MASK = 2**64 - 1
START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


def siphash64(s: bytes, key: tuple[int, int]) -> int:
    """Return the 64-bit SipHash-2-4 of `s` under a key of two 64-bit words."""
    a, b = (k & MASK for k in key)
    state = [a ^ START[0], b ^ START[1], a ^ START[2], b ^ START[3]]
    whole = len(s) // 8 * 8
    words = [int.from_bytes(s[i : i + 8], "little") for i in range(0, whole, 8)]
    words.append(int.from_bytes(s[whole:], "little") | (len(s) & 0xFF) << 56)
    for word in words:
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[int], count: int) -> None:
    a, b, c, d = state
    for _ in range(count):
        a, c = (a + b) & MASK, (c + d) & MASK
        b, d = _rotated(b, 13) ^ a, _rotated(d, 16) ^ c
        a = _rotated(a, 32)
        c, a = (c + b) & MASK, (a + d) & MASK
        b, d = _rotated(b, 17) ^ c, _rotated(d, 21) ^ a
        c = _rotated(c, 32)
    state[:] = a, b, c, d


def _rotated(v: int, bits: int) -> int:
    return (v << bits | v >> (64 - bits)) & MASK
