"""InputLayer and Input: where a functional model begins."""

from __future__ import annotations

from typing import Any

from .. import dtype_policies
from ..dtypes import canonical
from ..errors import ArgumentError, message
from ..symbolic import KerasTensor, Node
from .layer import Layer


class InputLayer(Layer):
    """The layer that stands for an input of a model. Made by `Input`; Keras's InputLayer.

    Args: `shape` without the batch, `batch_size`, `dtype`, `sparse`, `batch_shape` in place of the first two, `input_tensor`:
    a KerasTensor to use, `optional`: whether the model may be called with None for it.
    """

    def __init__(
        self, shape: Any = None, batch_size: int | None = None, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None,
        batch_shape: Any = None, input_tensor: Any = None, optional: bool = False, name: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(name=name)
        kwargs.pop("trainable", None)
        legacy, shape = kwargs.pop("batch_input_shape", None), kwargs.pop("input_shape", shape)
        if kwargs:
            raise ArgumentError(message("Input", "shape or batch_shape", sorted(kwargs), "Check the arguments' names."))
        batch_shape = _batch_shape(shape, batch_size, legacy if batch_shape is None else batch_shape, input_tensor, dtype)
        dtype = dtype if input_tensor is None else input_tensor.dtype
        self.batch_shape = tuple(batch_shape)
        self._dtype = dtype or dtype_policies.floatx()
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), optional
        made = KerasTensor(self.batch_shape, self._dtype, sparse=self.sparse, name=self.name) if input_tensor is None else input_tensor
        self._dtype = made.dtype
        Node(self, (), {}, made)
        self.built = True

    @property
    def dtype(self) -> str:
        """The dtype of the input."""
        return self._dtype

    def call(self) -> None:
        """Never called: an input has no inputs."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": self.sparse, "ragged": self.ragged, "name": self.name,
            "optional": self.optional,
        }  # fmt: skip


def _batch_shape(shape: Any, batch_size: int | None, batch_shape: Any, input_tensor: Any, dtype: Any) -> Any:
    """Return the shape with the batch that the arguments of an Input agree on; raise ArgumentError if they do not."""
    if shape is not None and batch_shape is not None:
        raise ArgumentError(message("Input", "shape or batch_shape", "both", "Pass one of them."))
    if batch_size is not None and batch_shape is not None:
        raise ArgumentError(message("Input", "batch_size with shape only", "batch_shape too", "Put the size into batch_shape."))
    if input_tensor is None:
        if batch_shape is None and shape is None:
            raise ArgumentError(message("Input", "a shape", "none", "Pass shape=(...) without the batch, or batch_shape=."))
        return batch_shape if batch_shape is not None else (batch_size, *((shape,) if isinstance(shape, int) else tuple(shape)))
    if not isinstance(input_tensor, KerasTensor):
        raise ArgumentError(message("Input", "a KerasTensor as tensor", type(input_tensor).__name__, "Pass what tw.Input or a layer gave."))
    given = batch_shape if batch_shape is not None else None if shape is None else (batch_size, *shape)
    if given is not None and tuple(given) != input_tensor.shape:
        raise ArgumentError(message("Input", f"the tensor's shape {input_tensor.shape}", tuple(given), "Leave out the shape."))
    if batch_size is not None and batch_size != input_tensor.shape[0]:
        raise ArgumentError(message("Input", f"the tensor's batch size {input_tensor.shape[0]}", batch_size, "Leave out batch_size."))
    if dtype is not None and canonical(dtype, "Input") != input_tensor.dtype:
        raise ArgumentError(message("Input", f"the tensor's dtype {input_tensor.dtype}", dtype, "Leave out the dtype."))
    return input_tensor.shape


def Input(
    shape: Any = None, batch_size: int | None = None, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None,
    batch_shape: Any = None, name: str | None = None, tensor: Any = None, optional: bool = False,
) -> KerasTensor:  # fmt: skip
    """Return a symbolic tensor to build a functional model from.

    Args: `shape` without the batch (None: unknown size), `batch_size`, `dtype`, `batch_shape` in place of the first two, `name`.
    Keras's Input; TensorFlow.js's input.

    >>> import tensorweb as tw
    >>> tw.Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    layer = InputLayer(
        shape, batch_size=batch_size, dtype=dtype, sparse=sparse, ragged=ragged, batch_shape=batch_shape, input_tensor=tensor,
        optional=optional, name=name,
    )  # fmt: skip
    return layer.output
