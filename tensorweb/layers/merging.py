"""Layers that merge a list of inputs: elementwise (Add, ..., Minimum) and Concatenate, and the functions that call them. Dot: `dot`."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..symbolic import KerasTensor
from ..tensor import Tensor, op
from .layer import Layer


class Merge(Layer):
    """Base of the layers that take a list of inputs. Of inputs of lower rank, axes of size 1 follow the batch."""

    supports_masking = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Lists of tensors without masks need nothing of what belongs to a call in general.
        if len(args) == 1 and not kwargs and self.built and type(args[0]) is list and self.activity_regularizer is None:
            dtype = self.dtype_policy.compute_dtype
            if all(type(x) is Tensor and x.dtype == dtype and getattr(x, "_keras_mask", None) is None for x in args[0]):
                return self.call(args[0])
        return super().__call__(*args, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Check that the shapes broadcast."""
        shapes = _shapes_of(input_shape, type(self).__name__)
        if len({s[0] for s in shapes if s} - {None}) > 1:
            raise ShapeError(message(self.name, "inputs of one batch size", shapes, "Merge along other axes."))
        rank = max(map(len, shapes))
        for sizes in zip(*((1,) * (rank - len(s)) + tuple(s[1:]) for s in shapes)):
            if len(set(sizes) - {1, None}) > 1:
                raise ShapeError(message(self.name, "inputs whose shapes broadcast", shapes, "Make the sizes equal or 1."))

    def call(self, inputs: Any) -> Any:
        """Return the inputs merged."""
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ArgumentError(message(self.name, "a list of at least one input", repr(inputs)[:80], "Pass a list."))
        rank = max(len(x.shape) for x in inputs)
        if any(len(x.shape) != rank for x in inputs):
            inputs = [_with_rank(x, rank) for x in inputs]
        return self._merge(inputs)

    def _merge(self, inputs: Any) -> Any:
        raise NotImplementedError

    def _tied(self, shapes: list[tuple]) -> list[tuple[tuple[int, int], ...]]:
        """Return groups of (input, axis) that have one size, apart from 1."""
        rank = max(map(len, shapes))
        places = [[(k, 0) for k, s in enumerate(shapes) if s]]
        places += [[(k, len(s) - i) for k, s in enumerate(shapes) if i < len(s)] for i in range(1, rank)]
        return [tuple(p) for p in places]

    def _filled(self, shapes: list[tuple]) -> list[tuple]:
        """Return the shapes with unknown sizes taken from the inputs that know them."""
        made = [list(s) for s in shapes]
        for places in self._tied(shapes):
            known = {made[k][d] for k, d in places} - {None, 1}
            for k, d in places:
                if made[k][d] is None and len(known) == 1:
                    made[k][d] = next(iter(known))
        return [tuple(s) for s in made]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape for a list of shapes."""
        return super().compute_output_shape(self._filled(_shapes_of(input_shape, self.name)))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the KerasTensor of the outputs for a list of inputs."""
        inputs = args[0] if args else kwargs["inputs"]
        shapes = self._filled([tuple(x.shape) for x in inputs])
        return super().compute_output_spec([_with_shape(x, s) for x, s in zip(inputs, shapes)])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where any of the masks is True; None unless all inputs have one."""
        if mask is None:
            return None
        masks = _masks_of(inputs, mask, self.name)
        return None if any(m is None for m in masks) else reduce(op("logical_or"), masks)


class Add(Merge):
    """The sum of the inputs. Keras's Add, TensorFlow.js's add.

    >>> import tensorweb as tw
    >>> tw.layers.Add()([tw.tensor([[1.0, 2.0]]), tw.tensor([[3.0, 4.0]])]).tolist()
    [[4.0, 6.0]]
    """

    def _merge(self, inputs: Any) -> Any:
        return reduce(op("add"), inputs)


class Multiply(Merge):
    """The product of the inputs, of which what is masked counts as 1 (0 where all are). Keras's Multiply, TensorFlow.js's multiply."""

    def _merge(self, inputs: Any) -> Any:
        masks = [_wide_mask(x) for x in inputs]
        made = reduce(op("multiply"), [x if m is None else op("where")(m, x, 1) for x, m in zip(inputs, masks)])
        if any(m is None for m in masks):
            return made
        mask = reduce(op("logical_or"), masks)
        made = op("where")(mask, made, 0)
        made._keras_mask = op("any")(mask, axis=-1)
        return made


class Average(Merge):
    """The mean of the inputs. Keras's Average, TensorFlow.js's average."""

    def _merge(self, inputs: Any) -> Any:
        return op("divide")(reduce(op("add"), inputs), len(inputs))


class Subtract(Merge):
    """The first of two inputs minus the second. Keras's Subtract. Raises ArgumentError for another number of inputs."""

    def build(self, input_shape: Any) -> None:
        """Check that there are two shapes that broadcast."""
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ArgumentError(message(self.name, "two inputs", len(input_shape), "Pass a list of two."))

    def _merge(self, inputs: Any) -> Any:
        if len(inputs) != 2:
            raise ArgumentError(message(self.name, "two inputs", len(inputs), "Pass a list of two."))
        return op("subtract")(*inputs)


class _Extreme(Merge):
    """Base of Maximum and Minimum: where one input is masked, the other's value stands."""

    def _merge(self, inputs: Any) -> Any:
        choose = op(type(self).__name__.lower())
        made = inputs[0]
        mask = _wide_mask(made)
        for x in inputs[1:]:
            other = _wide_mask(x)
            x = x if other is None else op("where")(other, x, made)
            made = made if mask is None else op("where")(mask, made, x)
            mask = None if mask is None or other is None else op("logical_or")(mask, other)
            made = choose(made, x)
        if mask is not None and len(inputs) > 1:
            made._keras_mask = op("any")(mask, axis=-1)
        return made


class Maximum(_Extreme):
    """The largest of the inputs, element by element. Keras's Maximum, TensorFlow.js's maximum."""


class Minimum(_Extreme):
    """The smallest of the inputs, element by element. Keras's Minimum, TensorFlow.js's minimum."""


class Concatenate(Merge):
    """The inputs joined along `axis`. Keras's Concatenate, TensorFlow.js's concatenate. Raises ShapeError where other sizes differ.

    >>> import tensorweb as tw
    >>> tw.layers.Concatenate()([tw.tensor([[1.0]]), tw.tensor([[2.0, 3.0]])]).tolist()
    [[1.0, 2.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def _tied(self, shapes: list[tuple]) -> list[tuple[tuple[int, int], ...]]:
        rank = min(map(len, shapes))
        return [tuple((k, d) for k in range(len(shapes))) for d in range(rank) if d != self.axis % max(rank, 1)]

    def build(self, input_shape: Any) -> None:
        """Check that the shapes differ along the axis only."""
        shapes = _shapes_of(input_shape, "Concatenate")
        ranks = {len(s) for s in shapes}
        rank = ranks.pop()
        sizes = [set(s) - {None} for i, s in enumerate(zip(*shapes)) if i != self.axis % max(rank, 1)]
        if ranks or any(len(s) > 1 for s in sizes):
            raise ShapeError(message(self.name, f"shapes that are equal but for axis {self.axis}", shapes, "Check the inputs."))

    def call(self, inputs: Any) -> Any:
        """Return the inputs joined."""
        return op("concatenate")(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the masks joined, that of an input without one being True; None if none has one."""
        if mask is None:
            return None
        masks = _masks_of(inputs, mask, self.name)
        if all(m is None for m in masks):
            return None
        wide = [op("ones_like")(x, dtype="bool") if m is None else _wide(m, x) for x, m in zip(inputs, masks)]
        return op("any")(op("concatenate")(wide, axis=self.axis), axis=-1)


def _shapes_of(input_shape: Any, where: str) -> list[tuple]:
    if not input_shape or not isinstance(input_shape[0], (list, tuple)):
        raise ArgumentError(message(where, "a list of at least one input", f"shape {input_shape}", "Pass a list of tensors."))
    return [tuple(s) for s in input_shape]


def _masks_of(inputs: Any, mask: Any, where: str) -> Any:
    if not isinstance(mask, (list, tuple)) or not isinstance(inputs, (list, tuple)) or len(mask) != len(inputs):
        raise ArgumentError(message(where, "a list of masks, one for each input", repr(mask)[:80], "None stands for no mask."))
    return mask


def _with_rank(x: Any, rank: int) -> Any:
    made = op("reshape")(x, (x.shape[0], *((1,) * (rank - len(x.shape))), *x.shape[1:]))
    mask = getattr(x, "_keras_mask", None)
    if mask is not None:
        made._keras_mask = mask
    return made


def _with_shape(x: Any, shape: tuple) -> Any:
    """Return a KerasTensor with another shape, and its mask with the same; other inputs as they are."""
    if not isinstance(x, KerasTensor) or x.shape == shape:
        return x
    made, mask = KerasTensor(shape, x.dtype), getattr(x, "_keras_mask", None)
    if mask is not None:
        made._keras_mask = KerasTensor(shape[: len(mask.shape)], mask.dtype)
    return made


def _wide_mask(x: Any) -> Any:
    """Return an input's mask in the shape of the input, or None."""
    mask = getattr(x, "_keras_mask", None)
    return None if mask is None else op("broadcast_to")(op("expand_dims")(mask, -1), x.shape)


def _wide(mask: Any, x: Any) -> Any:
    if len(mask.shape) >= len(x.shape):
        return mask
    return op("logical_or")(op("expand_dims")(mask, -1), op("zeros_like")(x, dtype="bool"))


def _function(cls: type, name: str) -> Callable[..., Any]:
    def call(inputs: Any, **kwargs: Any) -> Any:
        return cls(**kwargs)(inputs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Return a new {cls.__name__} layer's output for a list of inputs. keras.layers.{name}."
    return call


add, subtract, multiply = _function(Add, "add"), _function(Subtract, "subtract"), _function(Multiply, "multiply")
average, maximum, minimum = _function(Average, "average"), _function(Maximum, "maximum"), _function(Minimum, "minimum")


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return a new Concatenate layer's output for a list of inputs. keras.layers.concatenate."""
    return Concatenate(axis, **kwargs)(inputs)
