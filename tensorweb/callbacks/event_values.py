"""Weights as TensorBoard shows them: histograms and images. The bytes of the files around them are in `event_files.py`."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from ..tensor import op
from .event_files import double_tensor, string_tensor

BUCKETS = 30
IMAGES = 3  # at most so many of a batch


def histogram(values: Sequence[float]) -> bytes:
    """Return the encoded histogram of numbers: rows (left edge, right edge, count). NaN is not counted."""
    data = [v for v in values if math.isfinite(v)]
    if not data:
        return double_tensor([(0.0, 0.0, 0.0)] * BUCKETS, 3)
    low, high = min(data), max(data)
    counts = [0.0] * BUCKETS
    if low == high:
        counts[-1] = float(len(data))
        return double_tensor([(low, high, count) for count in counts], 3)
    width = (high - low) / BUCKETS
    for v in data:
        counts[min(int((v - low) / width), BUCKETS - 1)] += 1
    edges = [low + (high - low) * i / BUCKETS for i in range(BUCKETS)] + [high]
    return double_tensor([(edges[i], edges[i + 1], counts[i]) for i in range(BUCKETS)], 3)


def weight_images(weight: Any) -> bytes | None:
    """Return a weight as encoded images: a vector or matrix in grey, kernels of convolutions as far as channels allow; else None."""
    from ..config import image_data_format

    w = op("squeeze")(weight.value if hasattr(weight, "value") else weight)
    if len(w.shape) == 1:
        w = op("reshape")(w, (1, w.shape[0], 1, 1))
    elif len(w.shape) == 2:
        w = op("transpose")(w) if w.shape[0] > w.shape[1] else w
        w = op("reshape")(w, (1, *w.shape, 1))
    elif len(w.shape) == 3:
        w = op("transpose")(w, (2, 0, 1)) if image_data_format() == "channels_last" else w
        w = op("reshape")(w, (*w.shape, 1))
    if len(w.shape) != 4 or w.shape[-1] not in (1, 3, 4):
        return None
    count, height, tall_width, channels = w.shape
    pixels = [_byte(v) for v in w.data_sync()]
    size = height * tall_width * channels
    parts = [bytes(pixels[i * size : (i + 1) * size]) for i in range(min(count, IMAGES))]
    header = [str(tall_width).encode(), str(height).encode()]
    return string_tensor(header + [png(part, tall_width, height, channels) for part in parts])


def png(pixels: bytes, width: int, height: int, channels: int) -> bytes:
    """Return an image of 8 bits a channel (1 grey, 3 RGB, 4 RGBA) as PNG."""
    row = width * channels
    lines = b"".join(b"\0" + pixels[i * row : (i + 1) * row] for i in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def _byte(value: float) -> int:
    return 0 if value != value else int(min(max(value, 0.0) * 255.5, 255))
