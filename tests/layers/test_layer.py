"""The base of layers: building, weights, masks, modes, mixed precision, functional use, configs of a user's layers."""

import numpy as np
import pytest

import tensorweb as tw

L = tw.layers


class Scale(L.Layer):
    def __init__(self, start=2.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer=tw.initializers.Constant(self.start), name="factor")
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, inputs, training=None):
        if training:
            self.count.assign_add(1.0)
        return inputs * self.factor


class Stack(L.Layer):
    def __init__(self, n=2):
        super().__init__()
        self.blocks = [L.Dense(3) for _ in range(n)]
        self.named = {"last": Scale()}

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.named["last"](x)


def test_weights_are_found_in_lists_and_dicts_in_order():
    tw.utils.clear_session()
    layer = Stack()
    layer.blocks.append(L.Dense(3, use_bias=False))
    layer(tw.ones((1, 2)))
    assert [w.path for w in layer.weights] == [
        "stack/dense/kernel", "stack/dense/bias", "stack/dense_1/kernel", "stack/dense_1/bias", "stack/dense_2/kernel",
        "stack/scale/factor", "stack/scale/count",
    ]  # fmt: skip
    assert [w.name for w in layer.trainable_weights] == ["kernel", "bias", "kernel", "bias", "kernel", "factor"]
    assert [w.name for w in layer.non_trainable_weights] == ["count"]
    layer.trainable = False
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 7
    layer.blocks[0].trainable = True
    layer.trainable = True
    assert len(layer.trainable_weights) == 6, "what was never to train does not train now"


def test_unknown_sizes_stay_unknown():
    class Halves(L.Layer):
        def call(self, x):
            return tw.concatenate([x[:, ::2], x[:, 1::2]], axis=1), tw.mean(x, axis=-1), x[:, :3]

    a, b, c = Halves()(tw.Input((None, 5)))
    assert a.shape == (None, None, 5) and b.shape == (None, None) and c.shape == (None, 3, 5)
    assert Stack().compute_output_shape((None, 4)) == (None, 3)


def test_sublayers_are_built_for_unknown_batches():
    layer = Stack()
    layer(tw.Input((4,)))
    assert layer.blocks[0].get_build_config() == {"input_shape": (None, 4)}


def test_training_mode_reaches_inner_layers():
    class Outer(L.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Scale()

        def call(self, x):
            return self.inner(x)

    layer = Outer()
    x = tw.ones((1, 2))
    layer(x)
    layer.inner(x, training=False)
    assert float(layer.inner.count) == 0
    model = tw.Sequential([tw.Input((2,)), layer])
    model(x, training=True)
    model(x)
    assert float(layer.inner.count) == 1


def test_configs_of_a_users_layers():
    layer = Scale(3.0, name="mine")
    config = layer.get_config()
    assert config["start"] == 3.0 and config["name"] == "mine"
    again = Scale.from_config(config)
    assert again.start == 3.0

    class Own(Scale):
        def __init__(self, extra, **kwargs):
            super().__init__(**kwargs)
            self.extra = extra

        def get_config(self):
            return {**super().get_config(), "extra": self.extra}

    assert Own.from_config(Own(7, start=1.0).get_config()).extra == 7


def test_stateless_call_and_its_gradient():
    layer = Scale()
    x = tw.tensor([[1.0, 2.0]])
    layer(x)
    value = tw.tensor([5.0, 6.0])
    with tw.GradientTape() as tape:
        tape.watch(value)
        y, (count,) = layer.stateless_call([value], [tw.tensor(10.0)], x, training=True)
    assert y.tolist() == [[5.0, 12.0]] and float(count) == 11.0
    assert tape.gradient(y, value).tolist() == [1.0, 2.0]
    assert layer.factor.tolist() == [2.0, 2.0] and float(layer.count) == 0.0
    with pytest.raises(ValueError, match="stateless_call: expected 1 trainable values"):
        layer.stateless_call([], [count], x)


def test_mixed_precision_keeps_float32_weights():
    layer = L.Dense(4, dtype="mixed_float16")
    y = layer(tw.ones((2, 3)))
    assert y.dtype == "float16" and layer.kernel.dtype == "float32" and layer.compute_dtype == "float16"
    with tw.GradientTape() as tape:
        loss = tw.sum(tw.cast(layer(tw.ones((2, 3))), "float32"))
    g = tape.gradient(loss, layer.kernel)
    assert g.dtype == "float32" and g.shape == (3, 4)
    tw.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = tw.Sequential([tw.Input((3,)), L.Dense(4, activation="relu"), L.Dense(1, dtype="float32")])
        model.compile(tw.optimizers.Adam(0.05), "mse")
        assert type(model.optimizer).__name__ == "LossScaleOptimizer"
        x, y = np.random.default_rng(0).normal(size=(64, 3)).astype("float32"), np.ones((64, 1), "float32")
        losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
        assert losses[-1] < 0.5 * losses[0] and model.weights[0].dtype == "float32"
    finally:
        tw.mixed_precision.set_global_policy("float32")
    with pytest.raises(TypeError, match="bfloat16"):
        tw.mixed_precision.Policy("mixed_bfloat16")


def test_masks_travel_and_are_made():
    embedded = L.Embedding(5, 2, mask_zero=True)(tw.tensor([[1, 0, 2]]))
    assert embedded._keras_mask.tolist() == [[True, False, True]]
    after = L.Dropout(0.5)(embedded)
    assert after._keras_mask.tolist() == [[True, False, True]]

    class UsesMask(L.Layer):
        def call(self, x, mask=None):
            return tw.sum(tw.cast(mask, "float32"))

    assert float(UsesMask()(embedded)) == 2.0
    symbolic = L.Embedding(5, 2, mask_zero=True)(tw.Input((3,), dtype="int32"))
    assert symbolic._keras_mask.shape == (None, 3)


def test_regularizers_constraints_and_losses():
    layer = L.Dense(2, kernel_regularizer="l2", kernel_initializer="ones", activity_regularizer="l1")
    layer(tw.ones((4, 3)))
    assert sorted(round(float(v), 4) for v in layer.losses) == [0.06, 0.06]
    layer(tw.ones((4, 3)))
    assert len(layer.losses) == 2, "losses of the call before are gone"


WRONG = [
    (lambda: L.Dense(3)(tw.ones((2,))), "dense.*: expected an input of rank at least 2"),
    (lambda: L.Dense(3, unknown=1), "Dense: expected arguments of this layer"),
    (lambda: L.Layer()(tw.ones((1,))), "does not define call"),
    (lambda: tw.Model(tw.Input((2,)), tw.ones((2,))), "Model: expected symbolic tensors as outputs"),
    (lambda: tw.Model(tw.Input((2,)), tw.Input((2,)) + 1.0), "Model: expected outputs that depend on the given inputs"),
    (lambda: float(tw.Input((2,))), "KerasTensor: expected a tensor with values"),
    (lambda: tw.Input(), "Input: expected a shape"),
    (lambda: L.Dense(2)(tw.Input((None,))), "add_weight: expected known sizes|.*known"),
    (lambda: L.Dense(2).count_params(), "count_params: expected a built layer"),
    (lambda: tw.Sequential([L.Dense(1, name="a"), L.Dense(1, name="a")]), "expected a layer with a name of its own"),
    (lambda: tw.Sequential([3]), "Sequential.add: expected a layer"),
]


@pytest.mark.parametrize("call,text", WRONG, ids=range(len(WRONG)))
def test_wrong_use(call, text):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=text):
        call()


def test_set_weights_checks_all_before_it_changes_any():
    layer = L.Dense(2)
    layer(tw.ones((1, 3)))
    before = layer.kernel.tolist()
    with pytest.raises(ValueError, match="expected shape"):
        layer.set_weights([np.zeros((3, 2)), np.zeros(5)])
    assert layer.kernel.tolist() == before
