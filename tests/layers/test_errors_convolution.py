"""Wrong arguments and inputs of convolutions and pooling raise ValueError or TypeError, with what was expected, before anything changes."""

import pytest

import tensorweb as tw

L = tw.layers
X1, X2, X3 = tw.ones((2, 5, 4)), tw.ones((2, 5, 5, 4)), tw.ones((1, 4, 4, 4, 2))

ARGUMENTS = [
    (L.Conv2D, (0, 3), {}, "filters"),
    (L.Conv2D, (-2, 3), {}, "filters"),
    (L.Conv2D, (3, 0), {}, "kernel_size"),
    (L.Conv2D, (3, (1, 0)), {}, "kernel_size"),
    (L.Conv2D, (3, (3, 3, 3)), {}, "kernel_size"),
    (L.Conv2D, (3, "three"), {}, "kernel_size"),
    (L.Conv2D, (3, None), {}, "kernel_size"),
    (L.Conv2D, (3, 3), {"strides": 0}, "strides"),
    (L.Conv2D, (3, 3), {"strides": (1, 1.5)}, "strides"),
    (L.Conv2D, (3, 3), {"dilation_rate": -1}, "dilation_rate"),
    (L.Conv2D, (3, 3), {"strides": 2, "dilation_rate": 2}, "not both"),
    (L.Conv2D, (3, 3), {"groups": 0}, "groups"),
    (L.Conv2D, (3, 3), {"groups": 2}, "evenly divisible"),
    (L.Conv2D, (3, 3), {"padding": "causal"}, "padding"),
    (L.Conv2D, (3, 3), {"padding": 1}, "padding"),
    (L.Conv2D, (3, 3), {"data_format": "NHWC"}, "channels_last"),
    (L.Conv2D, (3, 3), {"activation": "rel"}, "relu"),
    (L.Conv2D, (3, 3), {"kernel_initializer": "glorot"}, "initializer"),
    (L.Conv2D, (3, 3), {"kernel_size_": 3}, "kernel_size_"),
    (L.Conv1D, (3, 3), {"padding": "full"}, "causal"),
    (L.Conv1DTranspose, (3, 3), {"padding": "causal"}, "padding"),
    (L.Conv2DTranspose, (0, 3), {}, "filters"),
    (L.Conv2DTranspose, (2, 3), {"output_padding": 1}, "output_padding"),
    (L.Conv2DTranspose, (2, 3), {"strides": (2, 1), "output_padding": (1, 1)}, "output_padding"),
    (L.Conv3DTranspose, (2, 3), {"strides": 2, "output_padding": -1}, "output_padding"),
    (L.Conv2DTranspose, (2, 3), {"strides": 2, "dilation_rate": 2}, "not both"),
    (L.DepthwiseConv1D, (3,), {"padding": "causal"}, "padding"),
    (L.DepthwiseConv2D, (3,), {"depth_multiplier": 0}, "depth_multiplier"),
    (L.SeparableConv1D, (2, 3), {"padding": "causal"}, "padding"),
    (L.SeparableConv2D, (0, 3), {}, "filters"),
    (L.SeparableConv2D, (2, 3), {"depth_multiplier": -1}, "depth_multiplier"),
    (L.MaxPooling2D, (0,), {}, "pool_size"),
    (L.MaxPooling2D, (2,), {"strides": -1}, "strides"),
    (L.AveragePooling1D, (2.5,), {}, "pool_size"),
    (L.AveragePooling2D, ((1, 2, 3),), {}, "pool_size"),
    (L.AveragePooling2D, (2,), {"padding": "causal"}, "padding"),
    (L.MaxPooling2D, (2,), {"data_format": "first"}, "channels_first"),
    (L.GlobalAveragePooling2D, ("foo",), {}, "channels_last"),
    (L.AdaptiveAveragePooling2D, ((1, 2, 3),), {}, "output_size"),
    (L.AdaptiveMaxPooling2D, ("a",), {}, "output_size"),
    (L.AdaptiveMaxPooling1D, (0,), {}, "output_size"),
    (L.AdaptiveAveragePooling2D, (2, "x"), {}, "channels_last"),
]


@pytest.mark.parametrize(("layer", "args", "kwargs", "text"), ARGUMENTS)
def test_arguments(layer, args, kwargs, text):
    with pytest.raises((ValueError, TypeError), match=text):
        layer(*args, **kwargs)


INPUTS = [
    (L.Conv2D(2, 3), X1),
    (L.Conv2D(2, 3), tw.ones((1, 2, 5, 5, 4))),
    (L.Conv2D(2, 6), X2),
    (L.Conv2D(4, 3, groups=2), tw.ones((1, 5, 5, 3))),
    (L.Conv1D(2, 3), tw.ones((2, 5))),
    (L.Conv1D(2, 3), X2),
    (L.Conv3D(2, 5), X3),
    (L.Conv2DTranspose(2, 3), X1),
    (L.DepthwiseConv2D(7), X2),
    (L.SeparableConv1D(2, 7), X1),
    (L.MaxPooling2D(), X1),
    (L.MaxPooling2D(7), X2),
    (L.AveragePooling3D(2), X2),
    (L.GlobalMaxPooling2D(), X1),
    (L.GlobalAveragePooling1D(), X2),
    (L.Conv2D(2, 3), tw.tensor([[[["a"]]]])),
]


@pytest.mark.parametrize(("layer", "x"), INPUTS)
def test_inputs(layer, x):
    with pytest.raises((ValueError, TypeError)):
        layer(x)


def test_other_channels_than_built_for():
    layer = L.Conv2D(2, 3)
    layer(X2)
    with pytest.raises(ValueError, match="4"):
        layer(tw.ones((2, 5, 5, 3)))
    assert layer.kernel.shape == (3, 3, 4, 2)


def test_unknown_channels():
    with pytest.raises(ValueError, match="channels"):
        L.Conv2D(2, 3).build((None, 5, 5, None))
    with pytest.raises(AttributeError):
        L.Conv2D(2, 3).kernel  # noqa: B018  (there is none before it is built)


def test_no_images_at_all():
    assert L.Conv2D(2, 3, activation="relu")(tw.ones((0, 5, 5, 4))).shape == (0, 3, 3, 2)
    assert L.MaxPooling2D()(tw.ones((0, 5, 5, 4))).shape == (0, 2, 2, 4)
    assert L.GlobalAveragePooling2D()(tw.ones((0, 5, 5, 4))).shape == (0, 4)


def test_second_names_and_defaults():
    assert L.Convolution2D is L.Conv2D and L.AvgPool3D is L.AveragePooling3D and L.GlobalMaxPool1D is L.GlobalMaxPooling1D
    assert L.MaxPooling2D().pool_size == (2, 2) and L.AveragePooling2D(3).strides == (3, 3)
    assert L.Conv3DTranspose(2, 3, 2, "valid", "channels_first", 1).output_padding == (1, 1, 1)


def test_configs_of_keras_2():
    old = {"kernel_size": [3, 3], "depth_multiplier": 1, "kernel_initializer": None, "kernel_regularizer": None, "kernel_constraint": None}
    assert L.DepthwiseConv2D.from_config({**old, "groups": 1}).kernel_size == (3, 3)
    assert L.SeparableConv2D.from_config({**old, "groups": 1, "filters": 3}).filters == 3
    assert L.Conv2DTranspose.from_config({"filters": 3, "kernel_size": 2, "groups": 1}).filters == 3
    with pytest.raises(ValueError, match="groups"):
        L.Conv2DTranspose.from_config({"filters": 4, "kernel_size": 2, "groups": 2})


def test_symbolic_sizes():
    assert L.Conv2D(2, 3, padding="same", strides=2).compute_output_shape((None, None, 28, 3)) == (None, None, 14, 2)
    assert L.Conv1D(2, 3, data_format="channels_first")(L.Input((3, None))).shape == (None, 2, None)
    assert L.MaxPooling2D()(L.Input((None, None, 3))).shape == (None, None, None, 3)


def test_half_precision():
    layer = L.Conv2D(2, 3, dtype="mixed_float16")
    out = layer(X2)
    assert out.dtype == "float16" and layer.kernel.dtype == "float32"
    assert L.MaxPooling2D(dtype="float16")(X2).dtype == "float16"
