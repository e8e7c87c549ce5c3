"""The flat plan of inference gives what the layers give one by one, with fewer ops, and follows the weights."""

import numpy as np
import pytest

import tensorweb as tw

L = tw.layers


def conv_net(data_format="channels_last"):
    inputs = tw.Input((8, 8, 3))
    x = L.Conv2D(4, 3, use_bias=False, name="conv")(inputs)
    x = L.BatchNormalization(name="norm")(x)
    x = L.ReLU(6.0)(x)
    x = L.DepthwiseConv2D(3, padding="same")(x)
    x = L.BatchNormalization()(x)
    x = L.Activation("swish")(x)
    y = L.Conv2D(4, 1, activation="relu")(x)
    x = L.Add()([x, y])
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dense(5)(x)
    return tw.Model(inputs, L.Activation("softmax")(x))


def randomize(model):
    rng = np.random.default_rng(0)
    model.set_weights([0.2 * np.abs(rng.normal(size=w.shape)) + 0.1 for w in model.get_weights()])


def one_by_one(model, x):
    with tw.GradientTape():
        return model(x).numpy()


def test_convolution_norm_and_activation_are_one_op():
    model = conv_net()
    randomize(model)
    x = tw.random.normal((2, 8, 8, 3), seed=1)
    got = model(x)
    np.testing.assert_allclose(got.numpy(), one_by_one(model, x), rtol=2e-5, atol=1e-6)
    calls = [r.name for r in tw.profile(lambda: model(x)).kernels]
    assert len(model._plan().steps) == 7 < len(model.layers) - 1
    assert not [name for name in calls if "batch_normalization" in name], calls


@pytest.mark.parametrize("layer", [
    L.Conv2D(4, 3, strides=2), L.Conv2D(4, 3, activation="relu"), L.DepthwiseConv2D((3, 2), depth_multiplier=2, strides=2),
    L.Conv2D(4, 3, groups=1, dilation_rate=2, activation="gelu"), L.Conv2D(4, 3, padding="same"), L.SeparableConv2D(4, 3),
], ids=lambda layer: layer.name)  # fmt: skip
@pytest.mark.parametrize("padding", [1, ((0, 1), (2, 3))])
def test_zeros_before_a_convolution_are_its_padding(layer, padding):
    inputs = tw.Input((9, 8, 3))
    own = type(layer).from_config(layer.get_config())
    model = tw.Model(inputs, L.BatchNormalization()(own(L.ZeroPadding2D(padding)(inputs))))
    randomize(model)
    x = tw.random.normal((2, 9, 8, 3), seed=1)
    got = model(x)
    np.testing.assert_allclose(got.numpy(), one_by_one(model, x), rtol=2e-5, atol=1e-6)
    calls = [r.name for r in tw.profile(lambda: model(x)).kernels]
    fused = isinstance(own, (L.Conv2D, L.DepthwiseConv2D)) and own.padding == "valid" and own.activation.__name__ != "gelu"
    assert ("pad" in calls) is not fused, calls


def test_the_plan_follows_weights_and_training():
    model = conv_net()
    randomize(model)
    x = tw.random.normal((4, 8, 8, 3), seed=1)
    first = model(x).numpy()
    model.compile("adam", "mse")
    model.train_on_batch(x, tw.zeros((4, 5)))
    second = model(x).numpy()
    assert np.abs(first - second).max() > 1e-6
    np.testing.assert_allclose(second, one_by_one(model, x), rtol=2e-5, atol=1e-6)
    model.get_layer("norm").moving_mean.assign(tw.ones((4,)))
    np.testing.assert_allclose(model(x).numpy(), one_by_one(model, x), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (5, 8, 8, 3)])
def test_a_new_batch_size_needs_no_new_plan(shape):
    model = conv_net()
    model(tw.zeros((2, 8, 8, 3)))
    plan = model._plan()
    assert model(tw.zeros(shape)).shape == (shape[0], 5)
    assert model._plan() is plan


def test_masks_and_gradients_take_the_long_way():
    model = tw.Sequential([tw.Input((4,)), L.Embedding(5, 3, mask_zero=True), L.LSTM(2)])
    assert model._functional._plan() is None
    dense = tw.Sequential([tw.Input((3,)), L.Dense(2)])
    x = tw.ones((1, 3))
    with tw.GradientTape() as tape:
        tape.watch(x)
        y = tw.sum(dense(x))
    assert tape.gradient(y, x).shape == (1, 3)


def test_nested_models_shared_layers_and_ops():
    inner = tw.Sequential([tw.Input((3,)), L.Dense(4, activation="tanh")], name="inner")
    a, b = tw.Input((3,)), tw.Input((3,))
    model = tw.Model([a, b], {"sum": inner(a) + inner(b) * 2.0, "one": inner(a)[:, :2]})
    xa, xb = tw.random.normal((2, 3), seed=1), tw.random.normal((2, 3), seed=2)
    got = model([xa, xb])
    with tw.GradientTape():
        want = model([xa, xb])
    assert set(got) == {"sum", "one"} and got["one"].shape == (2, 2)
    for k in got:
        np.testing.assert_allclose(got[k].numpy(), want[k].numpy(), rtol=1e-6)
