"""Dot: the product of two inputs summed along an axis of each, sample by sample."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ConversionError, ShapeError, message
from ..tensor import op
from .merging import Merge

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Dot(Merge):
    """Sums the product of two inputs along an axis of each, sample by sample. Keras's Dot, TensorFlow.js's dot.

    Inputs (batch, ...) of rank 2 or more; outputs: the first's axes, then the second's, without the batch of the second and what was
    summed; (batch, 1) for two vectors. Args: `axes`: an axis or one for each input, not 0; `normalize`: whether to divide by the
    norms along the axes first (cosine similarity). Raises ArgumentError, ShapeError.

    >>> import tensorweb as tw
    >>> tw.layers.Dot(axes=1)([tw.tensor([[1.0, 2.0]]), tw.tensor([[3.0, 4.0]])]).tolist()
    [[11.0]]
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        pair = isinstance(axes, (list, tuple)) and len(axes) == 2 and all(isinstance(a, int) for a in axes)
        if not pair and (not isinstance(axes, int) or isinstance(axes, bool)):
            kind = ArgumentError if isinstance(axes, (list, tuple)) else ConversionError
            raise kind(message("Dot", "an integer or two as `axes`", repr(axes), "Name one axis of each input."))
        self.axes, self.normalize = axes, normalize

    def build(self, input_shape: Any) -> None:
        """Check that there are two shapes of equal size along the axes."""
        if len(input_shape) != 2 or not isinstance(input_shape[0], (list, tuple)):
            raise ArgumentError(message("Dot", "a list of two inputs", f"shape {input_shape}", "Pass two tensors."))
        first, second = input_shape
        a, b = self._axes_of(first, second)
        if None not in (first[a], second[b]) and first[a] != second[b]:
            raise ShapeError(message("Dot", "equal sizes along the axes", f"{first} at {a} and {second} at {b}", "Correct `axes`."))

    def call(self, inputs: Any) -> Any:
        """Return the products of two inputs."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ArgumentError(message("Dot", "a list of two inputs", repr(inputs)[:80], "Pass two tensors."))
        x, y = inputs
        a, b = self._axes_of(x.shape, y.shape)
        if x.shape[0] != y.shape[0]:
            raise ShapeError(message("Dot", "inputs of one batch size", f"{x.shape} and {y.shape}", "Correct the inputs."))
        if self.normalize:
            x, y = op("normalize")(x, axis=a), op("normalize")(y, axis=b)
        ours = list(_LETTERS[: len(x.shape)])
        theirs = [ours[0], *_LETTERS[len(ours) : len(ours) + len(y.shape) - 1]]
        theirs[b] = ours[a]
        kept = [c for c in ours if c != ours[a]] + [c for c in theirs[1:] if c != ours[a]]
        made = op("einsum")(f"{''.join(ours)},{''.join(theirs)}->{''.join(kept)}", x, y)
        return op("reshape")(made, (x.shape[0], 1)) if len(kept) == 1 else made

    def _tied(self, shapes: list[tuple]) -> list[tuple[tuple[int, int], ...]]:
        a, b = self._axes_of(*shapes)
        return [((0, 0), (1, 0)), ((0, a), (1, b))]

    def _axes_of(self, first: Any, second: Any) -> tuple[int, int]:
        """Return the axes counted from the front."""
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        found = []
        for axis, shape in zip(pair, (first, second)):
            if len(shape) < 2 or not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ArgumentError(message("Dot", f"an axis of shape {tuple(shape)} after the batch", axis, "Inputs have rank 2 or more."))
            found.append(axis % len(shape))
        return found[0], found[1]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return None: the outputs have no mask."""
        return None


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """Return a new Dot layer's output for a list of two inputs. keras.layers.dot."""
    return Dot(axes, **kwargs)(inputs)
