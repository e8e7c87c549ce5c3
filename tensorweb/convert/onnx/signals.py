"""ONNX's Fourier transforms, and sampling of images at places: DFT, STFT, GridSample, AffineGrid."""

from __future__ import annotations

from typing import Any

from .elementwise import number_of
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

# --- Fourier transforms -------------------------------------------------------------------------------------------------------


def _complex(b: Scope, x: Value) -> Value:
    """Return [..., 1 or 2] as complex numbers [...]."""
    rank, parts = b.rank(x), b.size(x, -1)
    real = b.squeeze(b.slice(x, -1, 0, 1), [rank - 1])
    imaginary = b("ZerosLike", real) if parts == 1 else b.squeeze(b.slice(x, -1, 1, 2), [rank - 1])
    return b("Complex", real, imaginary, _dtype="complex64")


def _parts(b: Scope, x: Value) -> Value:
    """Return complex numbers as pairs of floats."""
    found = [b(part, x, _dtype="float32") for part in ("Real", "Imag")]
    for value in found:
        value.shape = x.shape
    return b("Pack", *found, axis=b.rank(x))


@onnx_op("DFT")
def dft(b: Scope, node: OnnxNode, x: Value, length: Value | None = None, axis: Value | None = None) -> Value:
    rank = b.rank(x)
    if axis is not None:
        place = int(number_of(axis)) % rank
    else:
        place = node.int("axis", 1 if node.opset < 20 else -2) % rank
    inverse, half = node.int("inverse", 0), node.int("onesided", 0)
    if length is not None and int(number_of(length)) != b.size(x, place):
        raise Unsupported("its length is not that of the signal")
    if inverse and half:
        raise Unsupported("it is inverse of one side")
    perm = [*(i for i in range(rank - 1) if i != place), place]
    signal = b.transpose(_complex(b, x), perm)
    found = b("IFFT" if inverse else "FFT", signal)
    found.shape, found.dtype = signal.shape, "complex64"
    pairs = _parts(b, found)
    pairs = b.slice(pairs, rank - 2, 0, b.size(x, place) // 2 + 1) if half else pairs
    return b.transpose(pairs, [*(perm.index(i) for i in range(rank - 1)), rank - 1])


@onnx_op("STFT")
def stft(b: Scope, node: OnnxNode, x: Value, step: Value, window: Value | None = None, length: Value | None = None) -> Value:
    if b.rank(x, 3) == 3 and b.size(x, 2) != 1:
        raise Unsupported("its signal is complex")
    size = int(number_of(length)) if length is not None else b.size(window, 0) if window is not None else 0
    hop, total = int(number_of(step)), b.size(x, 1)
    count = (total - size) // hop + 1 if size and hop > 0 else 0
    if not 0 < count * size <= 1 << 22:
        raise Unsupported(f"{count} frames of {size}")
    places = b.const([i * hop + j for i in range(count) for j in range(size)], [count, size], "int32")
    frames = b("GatherV2", b.squeeze(x, [2]), places, 1, batch_dims=0)
    frames = frames if window is None else b("Mul", frames, window)
    found = b("FFT", b("Complex", frames, b("ZerosLike", frames), _dtype="complex64"))
    found.shape, found.dtype = frames.shape, "complex64"
    pairs = _parts(b, found)
    return b.slice(pairs, 2, 0, size // 2 + 1) if node.int("onesided", 1) else pairs


# --- sampling -----------------------------------------------------------------------------------------------------------------


@onnx_op("GridSample")
def grid_sample(b: Scope, node: OnnxNode, x: Value, grid: Value) -> Value:
    mode, padding = node.text("mode", "linear"), node.text("padding_mode", "zeros")
    if b.rank(x) != 4 or mode not in ("linear", "bilinear", "nearest") or padding not in ("zeros", "border"):
        raise Unsupported(f"mode {mode[:20]!r}, padding {padding[:20]!r}, {b.rank(x)} dimensions")
    n, c, *sizes = b.dims(x)
    flat = b.reshape(b.transpose(x, [0, 2, 3, 1]), [-1, c])
    places = [_unscaled(b, b.squeeze(b.slice(grid, 3, i, i + 1), [3]), sizes[1 - i], node, padding) for i in (0, 1)]
    area = sizes[0] * sizes[1] if all(isinstance(s, int) for s in sizes) else b("Mul", *sizes)
    first = b.reshape(b("Mul", b("Range", 0, n, 1, Tidx="int32"), area), [-1, 1, 1])

    def corner(across: Value, down: Value) -> Value:
        """Return the pixels at whole places; 0 outside."""
        inside, cells = None, []
        for place, size in ((across, sizes[1]), (down, sizes[0])):
            whole, last = b.cast(place, "int32"), size - 1 if isinstance(size, int) else b("Sub", size, 1)
            here = b("LogicalAnd", b("GreaterEqual", whole, 0), b("LessEqual", whole, last))
            inside = here if inside is None else b("LogicalAnd", inside, here)
            cells.append(b("Maximum", b("Minimum", whole, last), 0))
        found = b("GatherV2", flat, b("AddV2", first, b("AddV2", b("Mul", cells[1], sizes[1]), cells[0])), 0, batch_dims=0)
        return b("Mul", found, b("ExpandDims", b.cast(inside, "float32"), 3)) if inside is not None else found

    if mode == "nearest":
        return b.transpose(corner(*(b("Round", p) for p in places)), [0, 3, 1, 2])
    low = [b("Floor", p) for p in places]
    high = [b("AddV2", p, 1.0) for p in low]
    more = [b("ExpandDims", b("Sub", p, q), 3) for p, q in zip(places, low, strict=True)]
    less = [b("Sub", 1.0, m) for m in more]
    rows = [b("AddV2", b("Mul", corner(low[0], y), less[0]), b("Mul", corner(high[0], y), more[0])) for y in (low[1], high[1])]
    return b.transpose(b("AddV2", b("Mul", rows[0], less[1]), b("Mul", rows[1], more[1])), [0, 3, 1, 2])


def _unscaled(b: Scope, v: Value, size: Any, node: OnnxNode, padding: str) -> Value:
    """Return places from -1 to 1 as places of pixels."""
    wide = float(size) if isinstance(size, int) else b.cast(size, "float32")
    last = wide - 1 if isinstance(wide, float) else b("Sub", wide, 1.0)
    if node.int("align_corners", 0):
        found = b("Mul", b("Mul", b("AddV2", v, 1.0), 0.5), last)
    else:
        found = b("Mul", b("Sub", b("Mul", b("AddV2", v, 1.0), wide), 1.0), 0.5)
    return b("Maximum", b("Minimum", found, last), 0.0) if padding == "border" else found


@onnx_op("AffineGrid")
def affine_grid(b: Scope, node: OnnxNode, theta: Value, size: Value) -> Value:
    n, _, *sizes = b.ints(size, "size")
    if len(sizes) != 2 or not 0 < sizes[0] * sizes[1] <= 1 << 20:
        raise Unsupported(f"a grid of {sizes}"[:80])

    def steps(count: int) -> list[float]:
        if node.int("align_corners", 0):
            return [2 * i / (count - 1) - 1 if count > 1 else 0.0 for i in range(count)]
        return [(2 * i + 1) / count - 1 for i in range(count)]

    flat = [v for y in steps(sizes[0]) for x in steps(sizes[1]) for v in (x, y, 1.0)]
    base = b.const(flat, [1, sizes[0] * sizes[1], 3], "float32")
    return b.reshape(b("BatchMatMulV2", base, theta, adj_x=False, adj_y=True), [n, *sizes, 2])
