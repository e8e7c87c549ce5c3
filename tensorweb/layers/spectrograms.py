"""Layers that make spectrograms of audio: MelSpectrogram and STFTSpectrogram. The transforms themselves: `ops.frames`, initializers."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import dtypes, initializers, numerics, ops
from ..config import standardize_data_format
from ..engine import changed_state
from ..errors import ArgumentError, DTypeError, message
from ..initializers.windows import check_window
from ..symbolic import KerasTensor
from ..tensor import as_tensor
from .arguments import padding_name
from .input_spec import InputSpec
from .layer import Layer

# O'Shaughnessy's mel scale, as in HTK and TensorFlow.
_BREAK, _HIGH_Q = 700.0, 1127.0


def _mel(hertz: float) -> float:
    return _HIGH_Q * math.log(1.0 + hertz / _BREAK)


class MelSpectrogram(Layer):
    """Gives mel spectrograms [batch, mel bins, time] of audio [batch, samples], or of one signal. Keras's MelSpectrogram.

    Args: `fft_length`; `sequence_stride`, `sequence_length` (default: fft_length), `window` ("hann", "hamming" or None) of the
    short-time Fourier transform; `sampling_rate`; `num_mel_bins` between `min_freq` and `max_freq` (default: half the rate);
    `power_to_db`: decibels above `ref_power`, at most `top_db` below the highest, powers below `min_power` raised to it; `mag_exp`:
    the exponent of the magnitudes. Raises ArgumentError if sequence_length exceeds fft_length.
    """

    def __init__(
        self, fft_length: int = 2048, sequence_stride: int = 512, sequence_length: int | None = None, window: Any = "hann",
        sampling_rate: int = 16000, num_mel_bins: int = 128, min_freq: float = 20.0, max_freq: float | None = None,
        power_to_db: bool = True, top_db: float = 80.0, mag_exp: float = 2.0, min_power: float = 1e-10, ref_power: float = 1.0,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.fft_length, self.sequence_stride = fft_length, sequence_stride
        self.sequence_length = sequence_length or fft_length
        if fft_length < self.sequence_length:
            got = f"sequence_length {self.sequence_length}, fft_length {fft_length}"
            raise ArgumentError(message(type(self).__name__, "fft_length at least sequence_length", got, "Choose a longer transform."))
        self.window, self.sampling_rate, self.num_mel_bins = window, sampling_rate, num_mel_bins
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power
        self._weights_of: dict[int, Any] = {}

    def call(self, inputs: Any) -> Any:
        """Return the spectrograms."""
        x = as_tensor(inputs, self.name)
        x = x if x.dtype == "float32" else ops.cast(x, "float32")
        parts = ops.stft(x, self.sequence_length, self.sequence_stride, self.fft_length, window=self.window, center=True)
        magnitude = ops.sqrt(ops.square(parts[0]) + ops.square(parts[1]))
        power = magnitude if self.mag_exp == 1 else ops.power(magnitude, self.mag_exp)
        found = ops.matmul(power, self._matrix(power.shape[-1]))
        found = ops.swapaxes(self._decibels(found) if self.power_to_db else found, -1, -2)
        return found if found.dtype == self.compute_dtype else ops.cast(found, self.compute_dtype)

    def _decibels(self, power: Any) -> Any:
        reference = 10.0 * math.log10(max(abs(float(self.ref_power)), self.min_power))
        found = 10.0 * ops.log10(ops.maximum(power, self.min_power)) - reference
        return ops.maximum(found, ops.max(found) - self.top_db)

    def _matrix(self, bands: int) -> Any:
        if bands not in self._weights_of:
            with changed_state(tapes=(), scope=None):
                self._weights_of[bands] = self.linear_to_mel_weight_matrix(
                    self.num_mel_bins, bands, self.sampling_rate, self.min_freq, self.max_freq
                )
        return self._weights_of[bands]

    def linear_to_mel_weight_matrix(
        self, num_mel_bins: int = 20, num_spectrogram_bins: int = 129, sampling_rate: float = 8000, lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0, dtype: str = "float32",
    ) -> Any:  # fmt: skip
        """Return [bands, mel bins]: the triangles, even on the mel scale, that bands of linear frequencies are summed by."""
        step = sampling_rate / 2.0 / max(num_spectrogram_bins - 1, 1)
        low, high = _mel(lower_edge_hertz), _mel(upper_edge_hertz)
        edges = [low + (high - low) * i / (num_mel_bins + 1) for i in range(num_mel_bins + 2)]
        mels = [_mel(i * step) for i in range(1, num_spectrogram_bins)]
        place = ops.reshape(as_tensor(mels, self.name, "float32"), (-1, 1))
        left, middle, right = (
            ops.reshape(as_tensor(edges[k : k + num_mel_bins], self.name, "float32"), (1, num_mel_bins)) for k in range(3)
        )
        slopes = ops.minimum((place - left) / (middle - left), (right - place) / (right - middle))
        return ops.cast(ops.pad(ops.maximum(slopes, 0.0), ((1, 0), (0, 0))), dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, mel bins, time)."""
        n = input_shape[-1]
        return (*input_shape[:-1], self.num_mel_bins, None if n is None else (n + self.sequence_stride + 1) // self.sequence_stride)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic outputs."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)


_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """Gives short-time spectra of signals by convolution, so that its kernels can be trained. Keras's STFTSpectrogram.

    [batch, time, channels] become [batch, frames, channels * bands], with `expand_dims` [batch, frames, bands, channels]. Args:
    `mode`: log, magnitude, psd, real, imag, angle or stft (real and imaginary bands joined); `frame_length`, `frame_step` (default:
    half of it), `fft_length` (default: the next power of two); `window`: a name without parameters, values or None, `periodic`;
    `scaling`: density, spectrum or None; `padding`: valid or same. Weights: real_kernel, imag_kernel. Raises ArgumentError.
    """

    def __init__(
        self, mode: str = "log", frame_length: int = 256, frame_step: int | None = None, fft_length: int | None = None,
        window: Any = "hann", periodic: bool = False, scaling: str | None = "density", padding: str = "valid", expand_dims: bool = False,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        where = type(self).__name__
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ArgumentError(message(where, f"`frame_step` from 1 to frame_length = {frame_length}", frame_step, "Frames may overlap."))
        if fft_length is not None and fft_length < frame_length:
            raise ArgumentError(message(where, f"`fft_length` at least frame_length = {frame_length}", fft_length, "Choose a longer one."))
        if fft_length is not None and fft_length & -fft_length != fft_length:
            warnings.warn(f"{where}: fft_length {fft_length} is not a power of two, which is recommended", stacklevel=2)
        for name, value, allowed in (("mode", mode, _MODES), ("scaling", scaling, ("density", "spectrum", None))):
            if value not in allowed:
                raise ArgumentError(message(where, f"`{name}` among {', '.join(map(str, allowed))}", repr(value), "Choose one of them."))
        if isinstance(window, str):
            check_window(window)
        self.mode, self.frame_length, self.frame_step, self.fft_length = mode, frame_length, frame_step, fft_length
        self.window, self.periodic, self.scaling, self.expand_dims = window, periodic, scaling, expand_dims
        self.padding = padding_name(padding)
        self.real_kernel: Any = None
        self.imag_kernel: Any = None
        self._step = frame_step or frame_length // 2
        self._bands = (fft_length or 2 ** math.ceil(math.log2(frame_length))) // 2 + 1
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        """Make the kernels of cosines and sines."""
        for side, absent in (("real", "imag"), ("imag", "real")):
            if self.mode != absent:
                given = initializers.STFT(side, self.window, self.scaling, self.periodic)
                shape = (self.frame_length, 1, self._bands)
                setattr(self, f"{side}_kernel", self.add_weight(shape=shape, initializer=given, name=f"{side}_kernel"))

    def _spectrum(self, inputs: Any, kernel: Any) -> Any:
        """Return [batch, channels, bands, frames]: every channel convolved by the kernel."""
        x = ops.swapaxes(inputs, 1, 2) if self.data_format == "channels_last" else inputs
        batch, channels, n = x.shape
        x = ops.reshape(x, (batch * channels, n, 1))
        made = ops.conv(x, ops.cast(kernel, x.dtype), strides=self._step, padding=self.padding, data_format="channels_last")
        return ops.swapaxes(ops.reshape(made, (batch, channels, *made.shape[1:])), 2, 3)

    def _arranged(self, x: Any) -> Any:
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return ops.transpose(x, (0, 3, 2, 1) if last else (0, 1, 3, 2))
        flat = ops.reshape(x, (x.shape[0], x.shape[1] * x.shape[2], x.shape[3]))
        return ops.swapaxes(flat, 1, 2) if last else flat

    def call(self, inputs: Any) -> Any:
        """Return the spectra."""
        if not dtypes.is_float(inputs.dtype):
            raise DTypeError(message(self.name, "a floating-point signal", f"dtype {inputs.dtype}", "Cast it first."))
        if self.mode in ("real", "imag"):
            return self._arranged(self._spectrum(inputs, getattr(self, f"{self.mode}_kernel")))
        real, imag = self._spectrum(inputs, self.real_kernel), self._spectrum(inputs, self.imag_kernel)
        if self.mode == "angle":
            return self._arranged(ops.arctan2(imag, real))
        if self.mode == "stft":
            return self._arranged(ops.concatenate([real, imag], axis=2))
        power = ops.square(real) + ops.square(imag)
        if self.mode == "psd":
            # The bands between the first and the last stand for their negative frequencies too.
            return self._arranged(power + ops.pad(power[:, :, 1:-1, :], ((0, 0), (0, 0), (1, 1), (0, 0))))
        magnitude = self._arranged(ops.sqrt(ops.maximum(power, numerics.epsilon())))
        return magnitude if self.mode == "magnitude" else ops.log(ops.maximum(magnitude, numerics.epsilon()))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, frames, channels * bands), with `expand_dims` (batch, frames, bands, channels); or channels first."""
        last = self.data_format == "channels_last"
        batch, n, channels = input_shape if last else (input_shape[0], input_shape[2], input_shape[1])
        bands = self._bands * (2 if self.mode == "stft" else 1)
        whole = n is None or self.padding == "same"
        frames = None if n is None else -(-n // self._step) if whole else max((n - self.frame_length) // self._step + 1, 0)
        if self.expand_dims:
            return (batch, frames, bands, channels) if last else (batch, channels, frames, bands)
        joined = None if channels is None else bands * channels
        return (batch, frames, joined) if last else (batch, joined, frames)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic outputs; signals of unknown length would be too short to try."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
