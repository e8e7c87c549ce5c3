"""Pooling over windows, over adaptive windows and over whole images or sequences; 1, 2 and 3 dimensions."""

from __future__ import annotations

from typing import Any

from ..config import standardize_data_format
from ..errors import ConversionError, message
from ..tensor import op
from .arguments import padding_name, window
from .input_spec import InputSpec
from .layer import Layer

# --- over windows ---


class _Pooling(Layer):
    """Pooling of `rank` dimensions by the op `_op`."""

    rank = 0
    _op = ""

    def __init__(
        self, pool_size: Any, strides: Any = None, padding: Any = "valid", data_format: str | None = None, name: str | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(name=name, **kwargs)
        self.pool_size = window(pool_size, self.rank, "pool_size")
        self.strides = window(pool_size if strides is None else strides, self.rank, "strides")
        self.padding = padding_name(padding)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any) -> Any:
        """Return the pooled inputs."""
        return op(self._op)(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class _MaxPooling(_Pooling):
    _op = "max_pool"

    def __init__(self, pool_size: Any = 2, *args: Any, **kwargs: Any):
        super().__init__(pool_size, *args, **kwargs)


class MaxPooling1D(_MaxPooling):
    """Maximum of each `pool_size` steps of sequences. Arguments as in MaxPooling2D. Keras's MaxPooling1D."""

    rank = 1


class MaxPooling2D(_MaxPooling):
    """Maximum over windows of images: `pool_size`, `strides` (by default the pool size), `padding`, `data_format`.

    Keras's MaxPooling2D; TensorFlow.js's maxPooling2d.

    >>> import tensorweb as tw
    >>> tw.layers.MaxPooling2D()(tw.ones((1, 5, 4, 3))).shape
    (1, 2, 2, 3)
    """

    rank = 2


class MaxPooling3D(_MaxPooling):
    """Maximum over windows of volumes. Arguments as in MaxPooling2D. Keras's MaxPooling3D."""

    rank = 3


class _AveragePooling(_Pooling):
    _op = "average_pool"


class AveragePooling1D(_AveragePooling):
    """Mean of each `pool_size` steps of sequences, padding not counted. Arguments as in AveragePooling2D. Keras's AveragePooling1D."""

    rank = 1


class AveragePooling2D(_AveragePooling):
    """Mean over windows of images, padding not counted: `pool_size`, `strides` (by default the pool size), `padding`, `data_format`.

    Keras's AveragePooling2D; TensorFlow.js's averagePooling2d.
    """

    rank = 2


class AveragePooling3D(_AveragePooling):
    """Mean over windows of volumes, padding not counted. Arguments as in AveragePooling2D. Keras's AveragePooling3D."""

    rank = 3


# --- over everything ---


class _GlobalPooling(Layer):
    """Reduction of `rank` spatial axes by the op `_op`."""

    rank = 0
    _op = ""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format, self.keepdims = standardize_data_format(data_format), keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        first = 1 if self.data_format == "channels_last" else 2
        self._axes = tuple(range(first, first + self.rank))
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any) -> Any:
        """Return the inputs without (with keepdims: with 1 in place of) their spatial axes."""
        return op(self._op)(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalAveragePooling1D(_GlobalPooling):
    """Mean over the steps of sequences, of those that the mask holds, if there is one. Keras's GlobalAveragePooling1D.

    Args: `data_format`, `keepdims`: whether the axis stays with size 1.

    >>> import tensorweb as tw
    >>> x, mask = tw.tensor([[[1.0], [3.0], [8.0]]]), tw.tensor([[True, True, False]])
    >>> tw.layers.GlobalAveragePooling1D()(x, mask=mask).tolist()
    [[2.0]]
    """

    rank = 1
    _op = "mean"
    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mean of the steps that the mask [batch, steps] holds; NaN where it holds none."""
        if mask is None:
            return super().call(inputs)
        held = op("cast")(op("expand_dims")(mask, 3 - self._axes[0]), "bool")
        total = op("sum")(op("where")(held, inputs, 0), axis=self._axes, keepdims=self.keepdims)
        return total / op("sum")(op("cast")(held, total.dtype), axis=self._axes, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """Return None: without steps there is nothing to mask."""


class GlobalAveragePooling2D(_GlobalPooling):
    """Mean over height and width of images. Args: `data_format`, `keepdims`. Keras's GlobalAveragePooling2D.

    >>> import tensorweb as tw
    >>> tw.layers.GlobalAveragePooling2D()(tw.ones((2, 5, 4, 3))).shape
    (2, 3)
    """

    rank = 2
    _op = "mean"


class GlobalAveragePooling3D(_GlobalPooling):
    """Mean over the spatial axes of volumes. Args: `data_format`, `keepdims`. Keras's GlobalAveragePooling3D."""

    rank = 3
    _op = "mean"


class GlobalMaxPooling1D(_GlobalPooling):
    """Maximum over the steps of sequences. Args: `data_format`, `keepdims`. Keras's GlobalMaxPooling1D."""

    rank = 1
    _op = "max"


class GlobalMaxPooling2D(_GlobalPooling):
    """Maximum over height and width of images. Args: `data_format`, `keepdims`. Keras's GlobalMaxPooling2D."""

    rank = 2
    _op = "max"


class GlobalMaxPooling3D(_GlobalPooling):
    """Maximum over the spatial axes of volumes. Args: `data_format`, `keepdims`. Keras's GlobalMaxPooling3D."""

    rank = 3
    _op = "max"


# --- over adaptive windows ---


class _AdaptivePooling(Layer):
    """Pooling of `rank` dimensions to `output_size` by the op `_op`."""

    rank = 0
    _op = ""

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        whole = isinstance(output_size, (list, tuple)) and len(output_size) == self.rank
        if not whole and not isinstance(output_size, int):
            wanted = f"an `output_size` that is an integer or {self.rank} of them"
            raise ConversionError(message(type(self).__name__, wanted, repr(output_size), "One integer holds for all axes."))
        self.output_size = window(output_size, self.rank, "output_size")
        self.data_format = standardize_data_format(data_format)

    def build(self, input_shape: Any) -> None:
        """Note the inputs' shape: Keras's files have it for these layers."""

    def call(self, inputs: Any) -> Any:
        """Return the pooled inputs."""
        return op(self._op)(inputs, self.output_size, self.data_format)


class AdaptiveAveragePooling1D(_AdaptivePooling):
    """Mean over windows so that sequences become `output_size` steps long. Keras's AdaptiveAveragePooling1D."""

    rank = 1
    _op = "adaptive_average_pool"


class AdaptiveAveragePooling2D(_AdaptivePooling):
    """Mean over windows chosen so that images get the size `output_size` (an int or two). Keras's AdaptiveAveragePooling2D.

    >>> import tensorweb as tw
    >>> tw.layers.AdaptiveAveragePooling2D((2, 3))(tw.ones((1, 7, 5, 4))).shape
    (1, 2, 3, 4)
    """

    rank = 2
    _op = "adaptive_average_pool"


class AdaptiveAveragePooling3D(_AdaptivePooling):
    """Mean over windows chosen so that volumes get the size `output_size`. Keras's AdaptiveAveragePooling3D."""

    rank = 3
    _op = "adaptive_average_pool"


class AdaptiveMaxPooling1D(_AdaptivePooling):
    """Maximum over windows so that sequences become `output_size` steps long. Keras's AdaptiveMaxPooling1D."""

    rank = 1
    _op = "adaptive_max_pool"


class AdaptiveMaxPooling2D(_AdaptivePooling):
    """Maximum over windows chosen so that images get the size `output_size`. Keras's AdaptiveMaxPooling2D."""

    rank = 2
    _op = "adaptive_max_pool"


class AdaptiveMaxPooling3D(_AdaptivePooling):
    """Maximum over windows chosen so that volumes get the size `output_size`. Keras's AdaptiveMaxPooling3D."""

    rank = 3
    _op = "adaptive_max_pool"


# Keras's second names.
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
