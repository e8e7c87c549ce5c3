"""Graph ops of Fourier transforms."""

from __future__ import annotations

from ... import ops
from .support import as_list, plain_ops

plain_ops({"FFT": ops.fft, "IFFT": ops.ifft, "FFT2D": ops.fft2, "IFFT2D": ops.ifft2})
plain_ops(
    {
        "RFFT": lambda x, length: ops.complex(*ops.rfft(x, as_list(length)[0])),
        "IRFFT": lambda x, length: ops.irfft(x, as_list(length)[0]),
    },
    host=(1,),
)
