"""Wrong arguments of the core, merging, reshaping, noise and normalization layers: which error, what it names, and that it comes early."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError, ShapeError

L = tw.layers
ones = tw.ones

WRONG = [
    # at construction
    (lambda: L.Dense(0), ArgumentError, "units"),
    (lambda: L.Dense(-3), ArgumentError, "units"),
    (lambda: L.Dense("4"), ArgumentError, "units"),
    (lambda: L.Dense(2.5), ArgumentError, "units"),
    (lambda: L.Dense(True), ArgumentError, "units"),
    (lambda: L.Dense(2, activation="rellu"), ArgumentError, "relu"),
    (lambda: L.Dense(2, kernel_initializer="glorot"), ArgumentError, "glorot"),
    (lambda: L.Dense(2, knel_initializer="zeros"), ArgumentError, "knel_initializer"),
    (lambda: L.Dense(2, quantization_config={"class_name": "Int8"}), ArgumentError, "quantization_config"),
    (lambda: L.Embedding(0, 2), ArgumentError, "input_dim"),
    (lambda: L.Embedding(3, None), ArgumentError, "output_dim"),
    (lambda: L.Lambda(3), ArgumentError, "function"),
    (lambda: L.Wrapper("dense"), ArgumentError, "layer"),
    (lambda: L.SpectralNormalization(L.Dense(2), power_iterations=0), ArgumentError, "power_iterations"),
    (lambda: L.LeakyReLU(negative_slope=-0.1), ArgumentError, "negative_slope"),
    (lambda: L.LeakyReLU(None), ArgumentError, "negative_slope"),
    (lambda: L.ReLU(max_value=-1), ArgumentError, "max_value"),
    (lambda: L.ReLU(negative_slope=None), ArgumentError, "negative_slope"),
    (lambda: L.ReLU(threshold=-1), ArgumentError, "threshold"),
    (lambda: L.ThresholdedReLU(theta=-1), ArgumentError, "theta"),
    (lambda: L.Dot("1"), ConversionError, "axes"),
    (lambda: L.Dot((1, 2, 3)), ArgumentError, "axes"),
    (lambda: L.Reshape((-1, -1)), ArgumentError, "target_shape"),
    (lambda: L.Reshape((-2, 3)), ArgumentError, "target_shape"),
    (lambda: L.Permute((0, 1)), ArgumentError, "dims"),
    (lambda: L.Permute((1, 3)), ArgumentError, "dims"),
    (lambda: L.RepeatVector("2"), ConversionError, "n"),
    (lambda: L.RepeatVector(0), ArgumentError, "n"),
    (lambda: L.Cropping1D(-1), ArgumentError, "cropping"),
    (lambda: L.Cropping2D((1, 2, 3)), ArgumentError, "cropping"),
    (lambda: L.Cropping2D(((1, 2, 3), (1, 1))), ArgumentError, "cropping"),
    (lambda: L.Cropping3D("abc"), ArgumentError, "cropping"),
    (lambda: L.ZeroPadding1D((1, 2, 3)), ArgumentError, "padding"),
    (lambda: L.ZeroPadding2D(((1, -2), (1, 1))), ArgumentError, "padding"),
    (lambda: L.ZeroPadding3D((1, 1)), ArgumentError, "padding"),
    (lambda: L.ZeroPadding2D(1, data_format="last"), ArgumentError, "data_format"),
    (lambda: L.UpSampling1D("2"), ConversionError, "size"),
    (lambda: L.UpSampling1D(0), ArgumentError, "size"),
    (lambda: L.UpSampling2D((1, 2, 3)), ArgumentError, "size"),
    (lambda: L.Dropout(-0.5), ArgumentError, "rate"),
    (lambda: L.Dropout(1.5), ArgumentError, "rate"),
    (lambda: L.Dropout(0.5, noise_shape="a"), ArgumentError, "noise_shape"),
    (lambda: L.Dropout(0.5, noise_shape=(2, 1.5)), ArgumentError, "noise_shape"),
    (lambda: L.Dropout(0.5, noise_shape=(2, -1)), ArgumentError, "noise_shape"),
    (lambda: L.Dropout(0.5, noise_shape=(2, 0)), ArgumentError, "noise_shape"),
    (lambda: L.AlphaDropout(2), ArgumentError, "rate"),
    (lambda: L.GaussianDropout(-1), ArgumentError, "rate"),
    (lambda: L.GaussianNoise(1.1), ArgumentError, "stddev"),
    (lambda: L.SpatialDropout2D(0.5, data_format="x"), ArgumentError, "data_format"),
    (lambda: L.BatchNormalization(renorm=True, renorm_clipping={"max": 1}), ArgumentError, "renorm_clipping"),
    (lambda: L.BatchNormalization(renorm=True, renorm_clipping={"rmax": 1, "rmin": 2}), ArgumentError, "rmin"),
    (lambda: L.BatchNormalization(renorm=True, renorm_clipping={"dmax": -1}), ArgumentError, "dmax"),
    (lambda: L.LayerNormalization(axis="x"), ConversionError, "axis"),
    (lambda: L.UnitNormalization(axis={"a": 1}), ConversionError, "axis"),
    (lambda: L.GroupNormalization(groups=0), ArgumentError, "groups"),
    (lambda: L.GroupNormalization(groups=2.0), ArgumentError, "groups"),
    # at the first call
    (lambda: L.Dense(2)(ones((3,))), ShapeError, "rank"),
    (lambda: L.Dense(2)(tw.Input((None,))), ShapeError, "known"),
    (lambda: L.EinsumDense("abc->ab", 2)(ones((2, 3, 4))), ArgumentError, "equation"),
    (lambda: L.EinsumDense("ab,cd->ae", 2)(ones((2, 3))), ArgumentError, "equation"),
    (lambda: L.EinsumDense("ab,bc->ac", 2)(ones((2, 3, 4))), ShapeError, "rank"),
    (lambda: L.EinsumDense("abc,bc->ac", 2)(ones((2, 3))), ShapeError, "rank"),
    (lambda: L.EinsumDense("ab,bc->ac", ())(ones((2, 3))), ShapeError, "output_shape"),
    (lambda: L.EinsumDense("abc,cd->abd", (9, 3))(ones((2, 3, 4))), ShapeError, "output_shape"),
    (lambda: L.EinsumDense("ab,bc->ac", 2, bias_axes="z")(ones((2, 3))), ArgumentError, "bias_axes"),
    (lambda: L.SpectralNormalization(L.ReLU())(ones((2, 3))), ArgumentError, "kernel"),
    (lambda: L.Softmax()(ones((2, 3)), mask=ones((2, 4))), ShapeError, "mask"),
    (lambda: L.Softmax()(ones((2, 3)), mask=ones((1, 2, 3))), ShapeError, "mask"),
    (lambda: L.Add()(ones((2, 3))), ArgumentError, "list"),
    (lambda: L.Add()([]), ArgumentError, "list"),
    (lambda: L.Add()([ones((2, 3)), ones((3, 3))]), ShapeError, "batch"),
    (lambda: L.Add()([ones((2, 3)), ones((2, 4))]), ShapeError, "broadcast"),
    (lambda: L.Maximum()([ones((2, 3, 2)), ones((2, 4, 2))]), ShapeError, "broadcast"),
    (lambda: L.Subtract()([ones((2, 3))] * 3), ArgumentError, "two"),
    (lambda: L.Subtract()([ones((2, 3))]), ArgumentError, "two"),
    (lambda: L.Concatenate(1)([ones((2, 3)), ones((2, 3, 1))]), ShapeError, "axis"),
    (lambda: L.Concatenate(1)([ones((2, 3, 1)), ones((2, 3, 2))]), ShapeError, "axis"),
    (lambda: L.Concatenate()(ones((2, 3))), ArgumentError, "list"),
    (lambda: L.Dot(1)([ones((2, 3))] * 3), ArgumentError, "two"),
    (lambda: L.Dot(1)([ones((2, 3)), ones((2, 4))]), ShapeError, "axes"),
    (lambda: L.Dot(0)([ones((2, 3)), ones((2, 3))]), ArgumentError, "axis"),
    (lambda: L.Dot(5)([ones((2, 3)), ones((2, 3))]), ArgumentError, "axis"),
    (lambda: L.Reshape((4,))(ones((2, 3))), ShapeError, "target_shape"),
    (lambda: L.Reshape((-1, 2))(ones((2, 3))), ShapeError, "target_shape"),
    (lambda: L.Reshape((4,))(tw.Input((3,))), ShapeError, "target_shape"),
    (lambda: L.Permute((2, 1))(ones((2, 3))), ShapeError, "rank"),
    (lambda: L.RepeatVector(2)(ones((2, 3, 4))), ShapeError, "rank"),
    (lambda: L.Cropping1D(2)(ones((2, 4, 1))), ShapeError, "crop"),
    (lambda: L.Cropping2D(((0, 0), (2, 3)))(ones((1, 4, 5, 1))), ShapeError, "crop"),
    (lambda: L.ZeroPadding2D()(ones((2, 3, 4))), ShapeError, "rank"),
    (lambda: L.UpSampling2D(interpolation="foo")(ones((1, 2, 2, 1))), ArgumentError, "foo"),
    (lambda: L.SpatialDropout1D(0.5)(ones((2, 3))), ShapeError, "rank"),
    (lambda: L.GaussianDropout(1.0)(ones((2, 3)), training=True), ArgumentError, "rate"),
    (lambda: L.BatchNormalization(axis=3)(ones((2, 3))), ArgumentError, "axis"),
    (lambda: L.BatchNormalization()(ones((2, 3, 4)), training=True, mask=ones((2,), dtype="bool")), ShapeError, "mask"),
    (lambda: L.BatchNormalization()(tw.Input((None,))), ShapeError, "known"),
    (lambda: L.LayerNormalization(axis=3)(ones((2, 3))), ShapeError, "axes"),
    (lambda: L.LayerNormalization()(tw.Input((None,))), ShapeError, "known"),
    (lambda: L.GroupNormalization(groups=3)(ones((2, 4))), ArgumentError, "groups"),
    (lambda: L.GroupNormalization(groups=8)(ones((2, 4))), ArgumentError, "groups"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_arguments(number):
    make, error, word = WRONG[number]
    with pytest.raises(error) as caught:
        make()
    assert word in str(caught.value)


def test_a_layer_refuses_inputs_of_another_size_than_it_was_built_for():
    for layer in (L.Dense(2), L.BatchNormalization(), L.GroupNormalization(1), L.PReLU(shared_axes=[1])):
        layer(ones((2, 3, 4)))
        before = [w.tolist() for w in layer.weights]
        with pytest.raises(ShapeError):
            layer(ones((2, 3, 5)), **({"training": True} if isinstance(layer, L.BatchNormalization) else {}))
        assert [w.tolist() for w in layer.weights] == before
