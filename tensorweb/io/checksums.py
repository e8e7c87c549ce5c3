"""CRC-32C, the checksum of TensorFlow's files, in plain Python at a hundred megabytes a second. What is checked stands with its format."""

from __future__ import annotations

from functools import cache
from typing import Any

_POLYNOMIAL = 0x82F63B78  # reflected
_STEP = 256  # bytes of a lane
_PIECE = 1 << 20  # bytes at a time
_FEW = 1 << 13  # below, lanes do not pay


def masked_crc(data: Any) -> int:
    """Return the CRC-32C of bytes, rotated and shifted as TFRecord files and checkpoints have it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data: Any) -> int:
    """Return the CRC-32C of bytes.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    view, crc = memoryview(data).cast("B"), 0xFFFFFFFF
    for start in range(0, len(view), _PIECE):
        piece = bytes(view[start : start + _PIECE])
        whole = len(piece) // _STEP * _STEP if len(piece) >= _FEW else 0
        if whole:
            crc = _in_lanes(piece[:whole], crc)
        crc = _one_by_one(piece[whole:], crc)
    return crc ^ 0xFFFFFFFF


def _one_by_one(data: bytes, crc: int) -> int:
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _in_lanes(data: bytes, crc: int) -> int:
    """Cut the data into lanes of _STEP bytes, step through all of them at once (`translate` looks a byte up in all lanes), and join."""
    lanes, number = len(data) // _STEP, int.from_bytes
    tables = [bytes(word >> 8 * k & 0xFF for word in _TABLE) for k in range(4)]
    # The k-th byte of all lanes' checksums, as one number. The first lane goes on from what was before.
    a, b, c, d = (crc >> 8 * k & 0xFF for k in range(4))
    for place in range(_STEP):
        index = (a ^ number(data[place::_STEP], "little")).to_bytes(lanes, "little")
        t0, t1, t2, t3 = (number(index.translate(table), "little") for table in tables)
        a, b, c, d = b ^ t0, c ^ t1, d ^ t2, t3
    after, crc = _after_zeros(), 0
    for low, second, third, high in zip(*(part.to_bytes(lanes, "little") for part in (a, b, c, d)), strict=True):
        crc = after[0][crc & 0xFF] ^ after[1][crc >> 8 & 0xFF] ^ after[2][crc >> 16 & 0xFF] ^ after[3][crc >> 24]
        crc ^= low | second << 8 | third << 16 | high << 24
    return crc


@cache
def _after_zeros() -> list[list[int]]:
    """Return what each byte of a checksum becomes over _STEP bytes of zeros: it is linear, so the four add up."""
    zeros = bytes(_STEP)
    bits = [_one_by_one(zeros, 1 << bit) for bit in range(32)]
    tables = [[0] * 256 for _ in range(4)]
    for k, table in enumerate(tables):
        for byte in range(1, 256):
            lowest = byte & -byte
            table[byte] = table[byte ^ lowest] ^ bits[8 * k + lowest.bit_length() - 1]
    return tables


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = [_crc_of_byte(byte) for byte in range(256)]
