"""FarmHash Fingerprint64 of a byte string. Which strings are hashed, and into how many buckets, is in strings.py.

Source: the published definition of FarmHash (Google, https://github.com/google/farmhash), whose results may never change.
"""

from __future__ import annotations

MASK = 2**64 - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def fingerprint64(s: bytes) -> int:
    """Return the 64-bit fingerprint of `s`, from 0 to 2**64 - 1."""
    if len(s) <= 16:
        return _upto16(s)
    if len(s) <= 32:
        return _upto32(s)
    return _upto64(s) if len(s) <= 64 else _longer(s)


def _word(s: bytes, at: int, size: int = 8) -> int:
    """Return the little-endian word at `at`, counted from the end where negative."""
    at %= len(s)
    return int.from_bytes(s[at : at + size], "little")


def _rotate(v: int, bits: int) -> int:
    v &= MASK
    return (v >> bits | v << (64 - bits)) & MASK


def _shift_mix(v: int) -> int:
    v &= MASK
    return v ^ v >> 47


def _mix(u: int, v: int, factor: int) -> int:
    """Hash two words to one."""
    a = _shift_mix(((u ^ v) & MASK) * factor)
    return _shift_mix(((v ^ a) & MASK) * factor) * factor & MASK


def _upto16(s: bytes) -> int:
    n = len(s)
    factor = K2 + 2 * n
    if n >= 8:
        a, b = _word(s, 0) + K2, _word(s, -8)
        return _mix(_rotate(b, 37) * factor + a, (_rotate(a, 25) + b) * factor, factor)
    if n >= 4:
        return _mix(n + (_word(s, 0, 4) << 3), _word(s, -4, 4), factor)
    if n:
        y = s[0] + (s[n >> 1] << 8)
        z = n + (s[-1] << 2)
        return _shift_mix(y * K2 ^ z * K0) * K2 & MASK
    return K2


def _upto32(s: bytes) -> int:
    factor = K2 + 2 * len(s)
    a, b, c, d = _word(s, 0) * K1, _word(s, 8), _word(s, -8) * factor, _word(s, -16) * K2
    return _mix(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + K2, 18) + c, factor)


def _upto64(s: bytes) -> int:
    factor = K2 + 2 * len(s)
    a, b, c, d = _word(s, 0) * K2, _word(s, 8), _word(s, -8) * factor, _word(s, -16) * K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _mix(y, a + _rotate(b + K2, 18) + c, factor)
    e, f, g, h = _word(s, 16) * factor, _word(s, 24), (y + _word(s, -32)) * factor, (z + _word(s, -24)) * factor
    return _mix(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, factor)


def _weak32(s: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Hash the 32 bytes at `at` with two seeds, quickly and weakly."""
    w, x, y, z = (_word(s, at + i) for i in (0, 8, 16, 24))
    a += w
    b = _rotate(b + a + z, 21)
    c = a
    a += x + y
    return (a + z) & MASK, (b + _rotate(a, 44) + c) & MASK


def _longer(s: bytes) -> int:
    """Hash 64 bytes a round, with 56 bytes of state; the last round takes the last 64 bytes, again in part."""
    x, y = 81, (81 * K1 + 113) & MASK
    state = ((x * K2 + _word(s, 0)) & MASK, y, _shift_mix(y * K2 + 113) * K2 & MASK, (0, 0), (0, 0))
    for at in range(0, (len(s) - 1) // 64 * 64, 64):
        state = _round(s, at, state, K1, 1)
    x, y, z, v, w = state
    factor = K1 + ((z & 0xFF) << 1)
    w0 = w[0] + ((len(s) - 1) & 63)
    v0 = v[0] + w0
    x, y, z, v, w = _round(s, len(s) - 64, (x, y, z, (v0, v[1]), (w0 + v0, w[1])), factor, 9)
    return _mix(
        _mix(v[0], w[0], factor) + _shift_mix(y) * K0 + z,
        _mix(v[1], w[1], factor) + x,
        factor,
    )


def _round(s: bytes, at: int, state: tuple, factor: int, weight: int) -> tuple:
    x, y, z, v, w = state
    x = _rotate(x + y + v[0] + _word(s, at + 8), 37) * factor
    y = _rotate(y + v[1] + _word(s, at + 48), 42) * factor
    x = (x ^ w[1] * weight) & MASK
    y = (y + v[0] * weight + _word(s, at + 40)) & MASK
    z = _rotate(z + w[0], 33) * factor & MASK
    v = _weak32(s, at, v[1] * factor, x + w[0])
    w = _weak32(s, at + 32, z + w[1], y + _word(s, at + 16))
    return z, y, x, v, w
