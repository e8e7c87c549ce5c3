"""float16 on lanes: between its 16-bit patterns, held in int32, and float32."""

from __future__ import annotations

from .code import Code, Value

_SIGN, _REST = 0x8000, 0x7FFF
_INFINITY, _NAN = 0x7C00, 0x7E00
_REBIAS = (127 - 15) << 23  # between the biases of the exponents
_SMALLEST_NORMAL = (127 - 14) << 23  # 2**-14, the smallest normal float16, as float32
_TOO_LARGE = (127 + 16) << 23  # 2**16
_DENORMAL = (127 - 1) << 23  # 0.5: its last bit is worth 2**-24, as that of a denormal float16


def half_to_float(b: Code, half: Value) -> Value:
    """Return the float32 numbers of 16-bit patterns; bits above the 16 do not count."""
    shifted = (half & _REST) << 13
    normal = shifted + _REBIAS
    tiny = b.bits(normal + (1 << 23), "vf") - b.bits(b.constant("vi", _SMALLEST_NORMAL), "vf")
    size = b.select(shifted < (1 << 23), b.bits(tiny, "vi"), normal)
    size = b.select(shifted >= (_INFINITY << 13), normal + _REBIAS, size)
    return b.bits(size | ((half & _SIGN) << 16), "vf")


def float_to_half(b: Code, number: Value) -> Value:
    """Return the 16-bit patterns of float32 numbers, rounded to nearest even; what is too large becomes infinite."""
    bits = b.bits(number, "vi")
    size = bits & 0x7FFFFFFF
    normal = (size - _REBIAS + 0xFFF + ((size >> 13) & 1)) >> 13
    half = b.bits(b.constant("vi", _DENORMAL), "vf")
    tiny = b.bits(b.bits(size, "vf") + half, "vi") - _DENORMAL  # the addition rounds
    result = b.select(size < _SMALLEST_NORMAL, tiny, normal)
    special = b.select(size > 0x7F800000, b.constant("vi", _NAN), _INFINITY)
    result = b.select(size < _TOO_LARGE, result, special)
    return result | ((bits >> 16) & _SIGN)
