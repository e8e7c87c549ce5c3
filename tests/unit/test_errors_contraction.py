"""What products, convolutions, pooling and fused ops say to wrong inputs."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, DTypeError, ShapeError


def ones(*shape):
    return tw.ones(shape)


IMAGE, KERNEL = (1, 4, 4, 2), (3, 3, 2, 5)
CASES = [
    (ShapeError, "matmul: expected inner dimensions", lambda: tw.matmul(ones(2, 3), ones(2, 3))),
    (ShapeError, "matmul: expected tensors of rank 1", lambda: tw.matmul(ones(), ones(3))),
    (ShapeError, "matmul: expected shapes that broadcast", lambda: tw.matmul(ones(2, 2, 3), ones(3, 3, 2))),
    (DTypeError, "matmul: expected tensors of numbers", lambda: tw.matmul(tw.tensor(["a"]), ones(1))),
    (ShapeError, "dot: expected paired axes", lambda: tw.dot(ones(2), ones(3))),
    (ShapeError, "inner: expected paired axes", lambda: tw.inner(ones(2), ones(3))),
    (ShapeError, "vdot: expected paired axes", lambda: tw.vdot(ones(2), ones(3))),
    (ArgumentError, "tensordot: expected from 0 to 1 axes", lambda: tw.tensordot(ones(2), ones(2), axes=2)),
    (ArgumentError, "tensordot: expected as many axes", lambda: tw.tensordot(ones(2, 2), ones(2, 2), axes=[[0, 1], [0]])),
    (ArgumentError, "tensordot: expected each axis once", lambda: tw.tensordot(ones(2, 2), ones(2, 2), axes=[[0, 0], [0, 1]])),
    (ArgumentError, "tensordot: expected a number of axes", lambda: tw.tensordot(ones(2), ones(2), axes="x")),
    (ShapeError, "tensordot: expected an axis from", lambda: tw.tensordot(ones(2), ones(2), axes=[[1], [0]])),
    (ShapeError, "cross: expected vectors of 2 or 3", lambda: tw.cross(ones(4), ones(4))),
    (ArgumentError, "einsum: expected 2 operands", lambda: tw.einsum("i,j", ones(2))),
    (ArgumentError, "einsum: expected letters", lambda: tw.einsum("i1->i", ones(2, 2))),
    (ArgumentError, "einsum: expected each letter", lambda: tw.einsum("i->ii", ones(2))),
    (ArgumentError, "einsum: expected each letter", lambda: tw.einsum("i->j", ones(2))),
    (ArgumentError, "einsum: expected '...' in the result", lambda: tw.einsum("...i->i", ones(2, 2))),
    (ShapeError, "einsum: expected a tensor of the axes 'ij'", lambda: tw.einsum("ij->i", ones(2))),
    (ShapeError, "einsum: expected equal sizes for 'j'", lambda: tw.einsum("ij,jk->ik", ones(2, 3), ones(2, 3))),
    (ShapeError, "einsum: expected equal sizes for 'i'", lambda: tw.einsum("ii->i", ones(2, 3))),
    (ShapeError, "conv: expected a tensor of rank 3, 4 or 5", lambda: tw.conv(ones(3, 3), ones(*KERNEL))),
    (ShapeError, "conv: expected a kernel of rank 4", lambda: tw.conv(ones(*IMAGE), ones(3, 2, 5))),
    (ShapeError, "conv: expected a kernel for 2 channels", lambda: tw.conv(ones(*IMAGE), ones(3, 3, 3, 5))),
    (ShapeError, "conv: expected windows that fit", lambda: tw.conv(ones(*IMAGE), ones(5, 3, 2, 1))),
    (ArgumentError, "conv: expected padding valid", lambda: tw.conv(ones(*IMAGE), ones(*KERNEL), padding="full")),
    (ArgumentError, "conv: expected padding valid", lambda: tw.conv(ones(*IMAGE), ones(*KERNEL), padding="causal")),
    (ArgumentError, "conv: expected 2 pairs", lambda: tw.conv(ones(*IMAGE), ones(*KERNEL), padding=[[0, 1]])),
    (ArgumentError, "conv: expected 1 or 2 integers of at least 1 for `strides`", lambda: tw.conv(ones(*IMAGE), ones(*KERNEL), strides=0)),
    (ArgumentError, "conv: expected integers for `dilations`", lambda: tw.conv(ones(*IMAGE), ones(*KERNEL), dilation_rate=1.5)),
    (ArgumentError, "conv: expected data_format", lambda: tw.conv(ones(*IMAGE), ones(*KERNEL), data_format="CHWN")),
    (DTypeError, "conv: expected a tensor of numbers", lambda: tw.conv(tw.tensor([[["a"]]]), ones(1, 1, 1))),
    (ShapeError, "conv2d: expected a tensor of rank 4, or 3", lambda: tw.conv2d(ones(4, 4), ones(*KERNEL))),
    (ArgumentError, "conv2d: expected dim_rounding_mode", lambda: tw.conv2d(ones(*IMAGE), ones(*KERNEL), 1, 0, dim_rounding_mode="up")),
    (ShapeError, "depthwise_conv: expected a kernel for 2", lambda: tw.depthwise_conv(ones(*IMAGE), ones(3, 3, 3, 1))),
    (ShapeError, "conv_transpose: expected a kernel for 2", lambda: tw.conv_transpose(ones(*IMAGE), ones(3, 3, 5, 3))),
    (ArgumentError, "conv_transpose: expected padding", lambda: tw.conv_transpose(ones(*IMAGE), ones(3, 3, 5, 2), padding=1)),
    (
        ShapeError,
        "conv2d_transpose: expected an output that fits",
        lambda: tw.conv2d_transpose(ones(*IMAGE), ones(3, 3, 5, 2), (1, 9, 9, 5), 1),
    ),
    (ShapeError, "conv2d_transpose: expected an output_shape", lambda: tw.conv2d_transpose(ones(*IMAGE), ones(3, 3, 5, 2), (9, 9))),
    (ShapeError, "dilation2d: expected a filter of rank 3", lambda: tw.dilation2d(ones(*IMAGE), ones(3, 3, 3))),
    (ShapeError, "max_pool: expected windows that fit", lambda: tw.max_pool(ones(*IMAGE), 5)),
    (DTypeError, "max_pool: expected a tensor of real", lambda: tw.max_pool(tw.cast(ones(*IMAGE), "bool"), 2)),
    (ArgumentError, "average_pool: expected 1 or 2 integers", lambda: tw.average_pool(ones(*IMAGE), (1, 2, 3))),
    (ArgumentError, "pool: expected pooling_type", lambda: tw.pool(ones(*IMAGE), 2, "min")),
    (ArgumentError, "adaptive_max_pool: expected 1 or 2 integers", lambda: tw.adaptive_max_pool(ones(*IMAGE), 0)),
    (ShapeError, "unfold: expected a tensor of rank 4", lambda: tw.unfold(ones(4, 4), 2)),
    (ShapeError, "fold: expected a tensor", lambda: tw.fold(ones(1, 4, 5), 4, 2)),
    (ArgumentError, "local_response_normalization: expected", lambda: tw.local_response_normalization(ones(*IMAGE), -1)),
    (ArgumentError, "fused.matmul: expected an activation", lambda: tw.fused.matmul(ones(2, 2), ones(2, 2), activation="nope")),
    (ArgumentError, "fused.matmul: expected prelu_weights", lambda: tw.fused.matmul(ones(2, 2), ones(2, 2), activation="prelu")),
    (ShapeError, "fused.conv2d: expected parts", lambda: tw.fused.conv2d(ones(*IMAGE), ones(*KERNEL), bias=ones(2, 1, 1, 1, 5))),
]


@pytest.mark.parametrize("error, text, call", CASES, ids=[text for _, text, _ in CASES])
def test_wrong_inputs_are_named(error, text, call):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(text)
