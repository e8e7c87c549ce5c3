"""CRC-32C: known values, and the fast way against the plain one."""

import random

import pytest

from tensorweb.io import checksums


@pytest.mark.parametrize("data, crc", [
    (b"", 0), (b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E),
])  # fmt: skip
def test_known_values(data, crc):  # those of RFC 3720
    assert checksums.crc32c(data) == crc


@pytest.mark.parametrize("size", [8191, 8192, 8193, 20000, (1 << 20) - 1, (1 << 20) + 8192 + 77])
def test_lanes_give_what_bytes_one_by_one_give(size):
    data = random.Random(size).randbytes(size)
    assert checksums.crc32c(memoryview(data)) == checksums._one_by_one(data, 0xFFFFFFFF) ^ 0xFFFFFFFF
