"""EinsumDense: a contraction of the inputs with a kernel as an einsum equation says, with bias and activation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .. import activations, regularizers
from ..errors import ArgumentError, ShapeError, message
from ..ops.fused import finish
from ..tensor import op
from .arguments import fusible
from .input_spec import InputSpec
from .layer import Layer
from .weight_arguments import add_described, drop_unsupported, set_weight_arguments

_FORM = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(Layer):
    """activation(einsum(equation, inputs, kernel) + bias). Keras's EinsumDense.

    Args: `equation`: of the form "ab,bc->ac", "...b,bc->...c" or "ab...,bc->ac..."; `output_shape`: sizes of the outputs without the
    batch and what ... stands for (None: as the input's); `bias_axes`: labels of the outputs' axes along which the bias varies;
    initializers, regularizers and constraints of `kernel` and `bias`. Raises ArgumentError for other equations, ShapeError.

    >>> import tensorweb as tw
    >>> tw.layers.EinsumDense("abc,cde->abde", (None, 2, 4), bias_axes="de")(tw.ones((5, 7, 3))).shape
    (5, 7, 2, 4)
    """

    kernel_initializer: Any

    def __init__(
        self, equation: str, output_shape: Any, activation: Any = None, bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any,
    ):  # fmt: skip
        drop_unsupported("EinsumDense", kwargs)
        super().__init__(**kwargs)
        self.equation, self.bias_axes = equation, bias_axes
        self.output_shape = self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activations.get(activation)
        set_weight_arguments(
            self, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip

    def build(self, input_shape: Any) -> None:
        """Make the kernel and the bias for inputs of a shape."""
        kernel, bias, fans = weight_shapes(self.equation, self.bias_axes, input_shape, self.partial_output_shape)
        self.input_spec = InputSpec(ndim=len(input_shape))
        initializer = self.kernel_initializer
        if hasattr(initializer, "input_axes") and (initializer.input_axes is None or initializer.output_axes is None):
            # A copy draws what the original would, spread by what counts as input here.
            axes = {"input_axes": fans[0], "output_axes": fans[1]}
            initializer = type(initializer).from_config({**initializer.get_config(), "seed": initializer.seed, **axes})
        self.kernel = add_described(self, "kernel", kernel, initializer=initializer)
        self.bias = None if bias is None else add_described(self, "bias", bias)

    def call(self, inputs: Any) -> Any:
        """Return the outputs for inputs as the equation names them."""
        fused = "linear" if self.activation is None else fusible(self.activation)
        made = op("einsum")(self.equation, inputs, self.kernel)
        made = finish("EinsumDense", made, bias=self.bias, activation=fused or "linear")
        return made if fused else self.activation(made)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "activity_regularizer": regularizers.serialize(self.activity_regularizer)}


def weight_shapes(
    equation: str, bias_axes: str | None, input_shape: Sequence[int | None], output_shape: Sequence[int | None]
) -> tuple[tuple, tuple | None, tuple[list[int], list[int]]]:
    """Return the shapes of kernel and bias (or None), and which of the kernel's axes are inputs and outputs."""
    found = _FORM.fullmatch(equation)
    left, ours, right, theirs, left_out, made, right_out = found.groups("") if found else ("",) * 7
    if not found or bool(left) != bool(left_out) or bool(right) != bool(right_out) or (left and right):
        raise ArgumentError(message("EinsumDense", "an equation like ab,bc->ac, ...b,bc->...c or ab...,bc->ac...", equation, "Correct it."))
    elided = len(input_shape) - len(ours)
    if elided < 0:
        raise ShapeError(message("EinsumDense", f"inputs of rank {len(ours)} for {equation}", f"shape {tuple(input_shape)}", "Use ..."))
    given = dict(zip(ours, input_shape[elided:] if left else input_shape))
    # The batch has a label of its own unless ... stands for it.
    whole = list(output_shape) if left and elided else [input_shape[0], *output_shape]
    if len(whole) < len(made):
        raise ShapeError(message("EinsumDense", f"an output_shape for {made!r}", tuple(output_shape), "Give each axis but the batch."))
    wanted = dict(zip(made, whole))
    for label, size in wanted.items():
        if label in given and size not in (None, given[label]):
            raise ShapeError(message("EinsumDense", f"size {given[label]} for {label!r} in the output", size, "Correct output_shape."))
        if label not in given and label not in theirs:
            raise ArgumentError(message("EinsumDense", f"{label!r} in the inputs or the kernel", equation, "Correct the equation."))
    unknown = [label for label in theirs if label not in wanted and label not in given]
    if unknown or set(bias_axes or "") - set(made):
        raise ArgumentError(message("EinsumDense", "labels of inputs or outputs", unknown or bias_axes, "Correct equation or bias_axes."))
    kernel = tuple(wanted[x] if x in wanted else given[x] for x in theirs)
    fans = [i for i, x in enumerate(theirs) if x not in wanted], [i for i, x in enumerate(theirs) if x in wanted]
    if bias_axes is None:
        return kernel, None, fans
    first = min(made.index(x) for x in bias_axes)
    bias = tuple(wanted[x] if x in bias_axes else 1 for x in made[first:])
    return kernel, bias + ((1,) * elided if not left else ()), fans
