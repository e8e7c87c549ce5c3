"""Initializers whose values are known: constants, the identity matrix, kernels of the short-time Fourier transform."""

from __future__ import annotations

from math import pi
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..shapes import as_shape
from ..tensor import as_tensor, op
from .base import Initializer, result_dtype
from .windows import check_window, window


class Constant(Initializer):
    """Give `value`, a number or an array that broadcasts to the weight's shape. Keras's Constant.

    >>> import tensorweb as tw
    >>> tw.initializers.Constant(2.0)((2,)).tolist()
    [2.0, 2.0]
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return the value in the weight's shape and dtype."""
        value = op("cast")(as_tensor(self.value, "Constant"), result_dtype(dtype))
        return op("broadcast_to")(value, as_shape(shape, "Constant"))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the initializer of a config."""
        return cls(deserialize_keras_object(config["value"]) if "value" in config else 0.0)


class Zeros(Initializer):
    """Give zeros. Keras's Zeros."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return zeros of the weight's shape and dtype."""
        return op("zeros")(shape, result_dtype(dtype))


class Ones(Initializer):
    """Give ones. Keras's Ones."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return ones of the weight's shape and dtype."""
        return op("ones")(shape, result_dtype(dtype))


class Identity(Initializer):
    """Give `gain` times the identity matrix, for weights of rank 2 (others raise ShapeError). Keras's Identity."""

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return ones on the diagonal, times the gain."""
        dims = as_shape(shape, "Identity")
        if len(dims) != 2:
            raise ShapeError(message("Identity", "a shape of rank 2", dims, "Choose another initializer."))
        return self.gain * op("eye")(*dims, dtype=result_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; as in Keras nothing for a gain of 1 (which drops any other, too)."""
        return {} if self.gain == 1 else {"gain": self.gain}


class STFT(Initializer):
    """Give convolution kernels of the short-time Fourier transform, shape (frame, 1, bands // 2 + 1). Keras's STFT.

    `side`: "real" (cosines) or "imag" (sines); `window`: one of SciPy's window names that need no parameter, the values
    themselves, or None; `scaling`: "density" (divide by the window's L2 norm), "spectrum" (by its sum of absolute values)
    or None; `periodic`: whether the named window is periodic. Raises ArgumentError for other values.
    """

    def __init__(self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False):
        if side not in ("real", "imag"):
            raise ArgumentError(message("STFT", "side 'real' or 'imag'", repr(side), "Choose one of them."))
        if scaling not in (None, "density", "spectrum"):
            raise ArgumentError(message("STFT", "scaling 'density', 'spectrum' or None", repr(scaling), "Choose one of them."))
        if isinstance(window, str):
            check_window(window)
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return the kernel."""
        dims = as_shape(shape, "STFT")
        if len(dims) != 3:
            raise ShapeError(message("STFT", "a shape (frame, 1, bands)", dims, "Choose another initializer."))
        frame, _, bands = dims
        period = max(2 * (bands - 1), 1)
        time, band = op("reshape")(op("arange")(frame), (frame, 1, 1)), op("reshape")(op("arange")(bands), (1, 1, bands))
        # The remainder of the integers keeps all digits of the angle; in floats it would lose some as the frame grows.
        angle = op("cast")(op("mod")(op("multiply")(time, band), period), "float32") * (-2.0 * pi / period)
        kernel = op("cos" if self.side == "real" else "sin")(angle)
        if self.window is not None:
            kernel = kernel * self._scaled_window(frame)
        return op("cast")(kernel, result_dtype(dtype))

    def _scaled_window(self, frame: int) -> Any:
        values = window(self.window, frame, self.periodic) if isinstance(self.window, str) else self.window
        weights = op("cast")(as_tensor(values, "STFT"), "float32")
        if weights.shape != (frame,):
            raise ShapeError(message("STFT", f"a window of shape ({frame},)", weights.shape, "Give one value for each step of a frame."))
        if self.scaling == "density":
            weights = weights / op("sqrt")(op("sum")(op("square")(weights)))
        elif self.scaling == "spectrum":
            weights = weights / op("sum")(op("absolute")(weights))
        return op("reshape")(weights, (frame, 1, 1))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"side": self.side, "window": self.window, "periodic": self.periodic, "scaling": self.scaling}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the initializer of a config, whose window may be a serialized array."""
        return super().from_config({**config, "window": deserialize_keras_object(config.get("window"))})
