"""What cases of convolutions cannot show: that fused activations are the activations, regularizers, sharing, speed paths."""

import math

import pytest

import tensorweb as tw

L = tw.layers
X = tw.reshape(tw.tensor([math.sin(i) * 3 for i in range(2 * 6 * 5 * 3)]), (2, 6, 5, 3))


def pair(cls, activation, *args, **kwargs):
    """Return the outputs with the activation in the layer, and with the activation applied to the layer's outputs."""
    layer, plain = cls(*args, activation=activation, **kwargs), cls(*args, **kwargs)
    x = X if layer.rank == 2 else X[:, :, 0]
    layer.build(x.shape)
    plain.build(x.shape)
    plain.set_weights(layer.get_weights())
    return layer(x), tw.activations.get(activation)(plain(x))


CLASSES = [(L.Conv2D, (4, 2)), (L.Conv1D, (4, 2)), (L.DepthwiseConv2D, (2,)), (L.SeparableConv1D, (4, 2)), (L.Conv2DTranspose, (4, 2))]


# The activation `threshold` needs arguments.
@pytest.mark.parametrize("name", sorted({*tw.activations._OBJECTS} - {"threshold"}))
def test_fused_activations(name):
    for cls, args in CLASSES:
        if name == "glu" and cls is L.DepthwiseConv2D:
            continue
        got, want = pair(cls, name, *args)
        assert got.shape == want.shape and tw.max(tw.abs(got - want)).item() <= 1e-6, cls


def test_activations_of_users():
    def relu(x):
        return x * 2 + 1

    layer = L.ReLU(max_value=0.5)
    for activation in (relu, tw.relu, layer, lambda x: -x):
        got, want = pair(L.Conv2D, activation, 4, 2)
        assert got.tolist() == want.tolist()


def test_regularizers_add_losses():
    layer = L.Conv2D(2, 2, kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l1", bias_initializer="ones")
    out = layer(X)
    assert len(layer.losses) == 3
    want = [0.01 * tw.sum(tw.abs(out)).item() / 2, 0.01 * tw.sum(layer.kernel * layer.kernel).item(), 0.01 * 2]
    assert sorted(v.item() for v in layer.losses) == pytest.approx(sorted(want), rel=1e-5)


def test_groups_are_separate_convolutions():
    layer = L.Conv2D(6, 3, groups=3)
    out = layer(X)
    for g in range(3):
        alone = tw.conv(X[..., g : g + 1], layer.kernel[..., 2 * g : 2 * g + 2])
        assert tw.max(tw.abs(alone - out[..., 2 * g : 2 * g + 2])).item() <= 1e-6


def test_seeded_kernels_are_equal():
    make = lambda: L.Conv2D(2, 3, kernel_initializer=tw.initializers.GlorotUniform(seed=3))  # noqa: E731
    assert make()(X).tolist() == make()(X).tolist()


def test_image_data_format_is_the_default():
    tw.config.set_image_data_format("channels_first")
    try:
        assert L.Conv2D(2, 3).data_format == L.MaxPooling2D().data_format == L.GlobalMaxPooling1D().data_format == "channels_first"
    finally:
        tw.config.set_image_data_format("channels_last")
    assert L.Conv2D(2, 3).data_format == "channels_last"


def test_another_shape_after_the_first():
    layer = L.Conv2D(2, 3, padding="same")
    layer(X)
    assert layer(X[:1, :4, :4]).shape == (1, 4, 4, 2)
    with pytest.raises(ValueError):
        layer(X[..., :2])
    assert layer(X).shape == (2, 6, 5, 2)


def test_gradients_reach_the_weights_on_the_fast_path():
    layer = L.Conv2D(2, 3)
    layer(X)
    with tw.GradientTape() as tape:
        loss = tw.sum(layer(X))
    kernel, bias = tape.gradient(loss, layer.trainable_variables)
    assert bias.tolist() == [24.0, 24.0] and kernel.shape == (3, 3, 3, 2)
    layer.trainable = False
    assert layer.trainable_variables == []
