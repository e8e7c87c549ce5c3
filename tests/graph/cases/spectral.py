"""Cases of Fourier transforms."""

import numpy as np

from . import case, complexes, floats

for op in ("FFT", "IFFT"):
    for shape in ((8,), (2, 6), (2, 1, 5), (1,)):
        case(op, complexes(*shape))
for op in ("FFT2D", "IFFT2D"):
    case(op, complexes(2, 4, 3))
for shape, length in (((8,), 8), ((2, 6), 4), ((3, 7), 7)):
    case("RFFT", floats(*shape), np.array([length], "int32"))
for shape, length in (((5,), 8), ((2, 4), 7), ((3, 5), 4)):
    z = complexes(*shape)
    z[..., 0] = z[..., 0].real  # what is no spectrum of real numbers is undefined
    case("IRFFT", z, np.array([length], "int32"))
