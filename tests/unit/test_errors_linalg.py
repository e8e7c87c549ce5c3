"""What linear algebra, Fourier transforms and signals refuse, on every backend, and in which words."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, DTypeError, ShapeError

SQUARE, WIDE, VECTOR = tw.ones((2, 2)), tw.ones((2, 3)), tw.ones(3)
NAN = tw.tensor([[float("nan"), 1.0], [1.0, 1.0]])
SINGULAR = tw.tensor([[1.0, 2.0], [2.0, 4.0]])
TEXT = tw.tensor([["a", "b"], ["c", "d"]])
MATRIX_OPS = ["cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "logdet", "slogdet"]
ANY_OPS = ["lu_factor", "matrix_rank", "pinv", "qr", "svd"]


@pytest.mark.parametrize("name", MATRIX_OPS + ANY_OPS)
def test_no_matrices(name):
    with pytest.raises(ShapeError, match=rf"^{name}: expected a tensor of rank 2 or more, got shape \(3,\)\. "):
        getattr(tw, name)(VECTOR)
    with pytest.raises(DTypeError, match=f"^{name}: expected numbers, got dtype string"):
        getattr(tw, name)(TEXT)


@pytest.mark.parametrize("name", MATRIX_OPS)
def test_not_square(name):
    with pytest.raises(ShapeError, match=rf"^{name}: expected square matrices, got shape \(2, 3\)\. "):
        getattr(tw, name)(WIDE)


VALUES = [
    (lambda: tw.inv(SINGULAR), "inv: expected a matrix that can be inverted, got a singular one"),
    (lambda: tw.solve(SINGULAR, tw.ones(2)), "solve: expected a matrix that can be inverted, got a singular one"),
    (lambda: tw.solve_triangular(tw.zeros((2, 2)), tw.ones(2)), "solve_triangular: expected a matrix that can be inverted, got a singular"),
    (lambda: tw.cholesky(-SQUARE), "cholesky: expected a positive definite matrix, got "),
    (lambda: tw.cholesky(NAN), "cholesky: expected a positive definite matrix, got "),
    (lambda: tw.logdet(-SQUARE), "cholesky: expected a positive definite matrix, got "),
    (lambda: tw.eigh(NAN), "eigh: expected finite values, got nan"),
    (lambda: tw.eig(NAN), "eig: expected finite values, got nan"),
    (lambda: tw.svd(NAN), "svd: expected finite values, got nan"),
    (lambda: tw.svd(NAN, compute_uv=False), "svd: expected finite values, got nan"),
    (lambda: tw.pinv(NAN), "svd: expected finite values, got nan"),
]


@pytest.mark.parametrize("call, text", VALUES, ids=[t for _, t in VALUES])
def test_values_that_have_no_result(backend, call, text):
    with pytest.raises(ArgumentError, match=f"^{text}"):
        call()


def test_the_derivative_of_a_singular_logarithm(backend):
    with pytest.raises(ArgumentError, match=r"^inv: expected a matrix that can be inverted"):
        tw.grad(lambda x: tw.slogdet(x)[1])(SINGULAR)


ARGUMENTS = [
    (lambda: tw.qr(WIDE, mode="raw"), ArgumentError, "qr: expected mode reduced or complete, got 'raw'"),
    (lambda: tw.solve(SQUARE, 1.0), ShapeError, "solve: expected b of rank 1 or more, got a scalar"),
    (lambda: tw.solve(SQUARE, VECTOR), ShapeError, r"solve: expected b with 2 rows, got shape \(3,\)"),
    (lambda: tw.solve(SQUARE, TEXT), DTypeError, "solve: expected numbers, got dtype string"),
    (lambda: tw.solve(WIDE, VECTOR), ShapeError, "solve: expected square matrices"),
    (lambda: tw.solve(tw.ones((2, 2, 2)), tw.ones((3, 2, 1))), ShapeError, "solve: expected shapes that broadcast together"),
    (lambda: tw.solve_triangular(SQUARE, VECTOR), ShapeError, "solve_triangular: expected b with 2 rows"),
    (lambda: tw.lstsq(WIDE, VECTOR), ShapeError, r"lstsq: expected b with 2 rows, got shape \(3,\)"),
    (lambda: tw.lstsq(tw.ones((2, 2, 2)), VECTOR), ShapeError, "lstsq: expected a of rank 2 and b of rank 1 or 2"),
    (lambda: tw.linalg.band_part(VECTOR, 0, 0), ShapeError, "band_part: expected a tensor of rank 2 or more"),
    (lambda: tw.linalg.band_part(WIDE, 3, 0), ArgumentError, "band_part: expected num_lower of at most 2, got 3"),
    (lambda: tw.linalg.band_part(WIDE, 0, 4), ArgumentError, "band_part: expected num_upper of at most 3, got 4"),
    (lambda: tw.linalg.band_part(WIDE, 0.5, 0), ArgumentError, "band_part: expected an integer for `num_lower`, got 0.5"),
    (lambda: tw.linalg.gram_schmidt(tw.ones((3, 2))), ShapeError, "gram_schmidt: expected at most 2 vectors of that length, got 3"),
    (lambda: tw.linalg.gram_schmidt([VECTOR, tw.ones(2)]), ShapeError, "gram_schmidt: expected vectors of one length"),
    (lambda: tw.linalg.gram_schmidt(tw.ones((1, 2, 2))), ShapeError, "gram_schmidt: expected a matrix or a list of vectors"),
    (lambda: tw.fft((VECTOR, tw.ones(2))), ShapeError, r"fft: expected parts of one shape, got \(3,\) and \(2,\)"),
    (lambda: tw.fft((VECTOR,)), ArgumentError, r"fft: expected a pair \(real, imaginary\), got 1 values"),
    (lambda: tw.fft((tw.fft(VECTOR), VECTOR)), DTypeError, "fft: expected real numbers, got dtype complex64"),
    (lambda: tw.fft(1.0), ShapeError, r"fft: expected a tensor of rank 1 or more, got shape \(\)"),
    (lambda: tw.fft2(VECTOR), ShapeError, r"fft2: expected a tensor of rank 2 or more, got shape \(3,\)"),
    (lambda: tw.ifft(TEXT), DTypeError, "ifft: expected real numbers, got dtype string"),
    (lambda: tw.rfft(tw.fft(VECTOR)), DTypeError, "rfft: expected real numbers, got dtype complex64"),
    (lambda: tw.rfft(2.0), ShapeError, "rfft: expected a tensor of rank 1 or more, got a scalar"),
    (lambda: tw.rfft(VECTOR, fft_length=0), ArgumentError, "rfft: expected an fft_length of 1 or more, got 0"),
    (lambda: tw.irfft(tw.ones(1)), ShapeError, "irfft: expected at least two bins"),
    (lambda: tw.irfft(VECTOR, fft_length=1.5), ArgumentError, "irfft: expected an integer for `fft_length`, got 1.5"),
    (lambda: tw.bartlett(-1), ArgumentError, "bartlett: expected x of 0 or more, got -1"),
    (lambda: tw.kaiser(2.5, 1.0), ArgumentError, "kaiser: expected an integer for `x`, got 2.5"),
    (lambda: tw.signal.cosine_window(-1, 0.5, 0.5), ArgumentError, "cosine_window: expected window_length of 0 or more, got -1"),
    (lambda: tw.signal.enclosing_power_of_two(0), ArgumentError, "enclosing_power_of_two: expected value of 1 or more, got 0"),
    (lambda: tw.extract_sequences(1.0, 1, 1), ShapeError, "extract_sequences: expected a signal of rank 1 or more"),
    (lambda: tw.extract_sequences(VECTOR, 0, 1), ArgumentError, "extract_sequences: expected sequence_length of 1 or more, got 0"),
    (lambda: tw.extract_sequences(TEXT, 1, 1), DTypeError, "extract_sequences: expected numbers, got dtype string"),
    (lambda: tw.signal.frame(VECTOR, 1, 0), ArgumentError, "frame: expected frame_step of 1 or more, got 0"),
    (lambda: tw.signal.stft(VECTOR, 0, 1), ArgumentError, "stft: expected frame_length of 1 or more, got 0"),
    (lambda: tw.stft(tw.tensor([1, 2, 3]), 2, 1, 2), DTypeError, "stft: expected a floating-point signal, got dtype int32"),
    (lambda: tw.stft(VECTOR, 2, 1, 1), ArgumentError, "stft: expected an fft_length of at least sequence_length = 2, got 1"),
    (lambda: tw.stft(VECTOR, 2, 1, 2, window="box"), ArgumentError, "stft: expected a window among hann, hamming, got 'box'"),
    (lambda: tw.stft(VECTOR, 2, 1, 2, window=VECTOR), ShapeError, r"stft: expected a window of shape \(2,\), got \(3,\)"),
    (lambda: tw.stft(VECTOR, 8, 1, 8), ShapeError, "stft: expected more than 4 samples to mirror"),
    (lambda: tw.istft((VECTOR, VECTOR), 2, 1, 2), ShapeError, "istft: expected a tensor of rank 2 or more"),
    (lambda: tw.istft((WIDE, WIDE), 2, 1, 2, length=-1), ArgumentError, "istft: expected length of 0 or more, got -1"),
]


@pytest.mark.parametrize("call, error, text", ARGUMENTS, ids=[t for _, _, t in ARGUMENTS])
def test_arguments(call, error, text):
    with pytest.raises(error, match=f"^{text}"):
        call()
