"""Behaviour of the core layers that stored cases cannot show: noise in training, Lambda, wrappers, kept values, files of Keras 2."""

import math

import pytest

import tensorweb as tw
from tensorweb.serialization import DeserializationError, register_keras_serializable, safe_mode_scope

L = tw.layers
ones = tw.ones


def flat(t):
    return list(t.data_sync())


def moments(t):
    values = flat(t)
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))


# --- noise ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_drops_its_share(rate):
    values = flat(L.Dropout(rate, seed=1)(ones((100, 200)), training=True))
    dropped = sum(v == 0 for v in values) / len(values)
    assert abs(dropped - rate) < 0.02
    assert {round(v, 4) for v in values} == {0.0, round(1 / (1 - rate), 4)}


def test_alpha_dropout_keeps_mean_and_deviation_of_normal_inputs():
    x = tw.random.normal((200, 200), seed=3)
    y = L.AlphaDropout(0.3, seed=1)(x, training=True)
    mean, deviation = moments(y)
    assert abs(mean) < 0.03 and abs(deviation - 1) < 0.03
    limit = -1.6732632423543772 * 1.0507009873554805
    a = (0.7 * (1 + 0.3 * limit**2)) ** -0.5
    assert abs(sum(abs(v - a * limit * 0.7) < 1e-5 for v in flat(y)) / 40000 - 0.3) < 0.02


def test_gaussian_noises_have_their_moments():
    mean, deviation = moments(L.GaussianDropout(0.3, seed=1)(ones((200, 200)), training=True))
    assert abs(mean - 1) < 0.02 and abs(deviation - math.sqrt(0.3 / 0.7)) < 0.02
    mean, deviation = moments(L.GaussianNoise(0.4, seed=1)(ones((200, 200)) * 2, training=True))
    assert abs(mean - 2) < 0.02 and abs(deviation - 0.4) < 0.02


@pytest.mark.parametrize("make", [L.Dropout, L.AlphaDropout, L.GaussianDropout, L.GaussianNoise, L.SpatialDropout1D])
def test_a_seed_makes_noise_reproducible_and_each_call_draws_anew(make):
    x = ones((4, 5, 6))
    first, second = make(0.5, seed=7), make(0.5, seed=7)
    one, two = flat(first(x, training=True)), flat(first(x, training=True))
    assert one != two
    assert one == flat(second(x, training=True)) and two == flat(second(x, training=True))
    assert one != flat(make(0.5, seed=8)(x, training=True))
    assert len(first.seed_generators) == 1 and not first.weights
    tw.random.set_random_seed(5)
    a = flat(make(0.5)(x, training=True))
    tw.random.set_random_seed(5)
    assert a == flat(make(0.5)(x, training=True))


@pytest.mark.parametrize("make", [L.Dropout, L.AlphaDropout, L.GaussianDropout, L.GaussianNoise, L.SpatialDropout1D])
def test_symbolic_calls_draw_nothing(make):
    layer = make(0.5, seed=7)
    assert layer(tw.Input((5, 6)), training=True).shape == (None, 5, 6)
    again = make(0.5, seed=7)
    assert flat(layer(ones((4, 5, 6)), training=True)) == flat(again(ones((4, 5, 6)), training=True))


@pytest.mark.parametrize(
    "layer, shape, same",
    [
        (L.Dropout(0.5, noise_shape=(None, 1, None), seed=1), (20, 5, 10), (1,)),
        (L.Dropout(0.5, noise_shape=(20, 1, 10), seed=1), (20, 5, 10), (1,)),
        (L.AlphaDropout(0.5, noise_shape=(None, 1, None), seed=1), (20, 5, 10), (1,)),
        (L.SpatialDropout1D(0.5, seed=1), (20, 5, 10), (1,)),
        (L.SpatialDropout2D(0.5, seed=1), (8, 3, 4, 10), (1, 2)),
        (L.SpatialDropout2D(0.5, data_format="channels_first", seed=1), (8, 10, 3, 4), (2, 3)),
        (L.SpatialDropout3D(0.5, seed=1), (8, 2, 3, 2, 10), (1, 2, 3)),
        (L.SpatialDropout3D(0.5, data_format="channels_first", seed=1), (8, 10, 2, 3, 2), (2, 3, 4)),
    ],
)
def test_noise_shapes_drop_together(layer, shape, same):
    y = layer(ones(shape), training=True)
    assert flat(tw.max(y, axis=same)) == flat(tw.min(y, axis=same))
    assert len({round(v, 4) for v in flat(y)}) == 2


def test_dropout_passes_gradients_where_it_keeps():
    x = ones((50,))
    layer = L.Dropout(0.5, seed=2)
    with tw.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    assert flat(tape.gradient(y, x)) == flat(y)


def test_activity_regularization_adds_to_the_losses():
    layer = L.ActivityRegularization(l1=0.5, l2=0.25)
    layer(tw.tensor([[1.0, -2.0], [3.0, 0.0]]))
    assert [float(v) for v in layer.losses] == pytest.approx([(0.5 * 6 + 0.25 * 14) / 2])
    layer(tw.tensor([[1.0, 0.0]]))
    assert [float(v) for v in layer.losses] == pytest.approx([0.75])


# --- masks ------------------------------------------------------------------------------------------------------------------


def test_masks_are_made_at_every_call():
    embedding, masking = L.Embedding(5, 2, mask_zero=True), L.Masking()
    for _ in range(3):
        assert embedding(tw.tensor([[0, 1]]))._keras_mask.tolist() == [[False, True]]
        assert masking(tw.tensor([[[0.0], [1.0]]]))._keras_mask.tolist() == [[False, True]]
        assert L.Dense(2)(embedding(tw.tensor([[3, 0]])))._keras_mask.tolist() == [[True, False]]
    assert getattr(L.Flatten()(masking(tw.tensor([[[0.0], [1.0]]]))), "_keras_mask", None) is None
    assert L.Masking()(tw.Input((3, 2)))._keras_mask.shape == (None, 3)


# --- Lambda -----------------------------------------------------------------------------------------------------------------


@register_keras_serializable("tests")
def doubled(x, by=2.0, mask=None, training=None):
    return x * by * (10.0 if training else 1.0)


def first_axis(shape):
    return (shape[0], 9)


def test_lambda_passes_what_the_function_names():
    layer = L.Lambda(doubled, arguments={"by": 3.0})
    assert layer(ones((1, 1))).tolist() == [[3.0]] and layer(ones((1, 1)), training=True).tolist() == [[30.0]]
    assert L.Lambda(lambda pair: pair[0] - pair[1])([ones((2,)), ones((2,))]).tolist() == [0.0, 0.0]
    seen = []
    L.Lambda(lambda x, mask: seen.append(mask) or x, mask=lambda i, m: m)(L.Masking()(tw.tensor([[[0.0], [1.0]]])))
    assert seen[0].tolist() == [[False, True]]


def test_lambda_shapes_and_masks():
    assert L.Lambda(lambda x: tw.concatenate([x, x], axis=-1)).compute_output_shape((None, 3)) == (None, 6)
    assert L.Lambda(lambda x: x, output_shape=(7,)).compute_output_shape((None, 3)) == (None, 7)
    assert L.Lambda(lambda x: x, output_shape=(7,))(tw.Input((3,))).shape == (None, 7)
    assert L.Lambda(lambda x: x, output_shape=first_axis)(tw.Input((3,))).shape == (None, 9)
    assert L.Lambda(lambda x: tw.cast(x, "int32"))(tw.Input((3,))).dtype == "int32"
    layer = L.Lambda(lambda x: x + 1, mask=lambda inputs, mask: tw.logical_not(mask))
    for _ in range(2):
        assert layer(L.Masking()(tw.tensor([[[0.0], [1.0]]])))._keras_mask.tolist() == [[True, False]]


def test_a_lambda_is_revived_only_outside_of_safe_mode():
    offset = 5.0
    config = L.Lambda(lambda x, by=2.0: x * by + offset, output_shape=lambda s: s, mask=lambda i, m: m).get_config()
    assert config["function"]["class_name"] == "__lambda__" and set(config["function"]["config"]) == {"code", "defaults", "closure"}
    with pytest.raises(DeserializationError, match="safe_mode"):
        L.Lambda.from_config(config)
    again = L.Lambda.from_config(config, safe_mode=False)
    assert again(ones((2,))).tolist() == [7.0, 7.0]
    whole = {"module": "keras.layers", "class_name": "Lambda", "config": config, "registered_name": None}
    with pytest.raises(DeserializationError):
        tw.saving.deserialize_keras_object(whole)
    assert tw.saving.deserialize_keras_object(whole, safe_mode=False)(ones((1,))).tolist() == [7.0]


def test_a_named_function_is_saved_by_name():
    layer = L.Lambda(doubled, output_shape=(1,), arguments={"by": 4.0}, name="twice")
    config = layer.get_config()
    assert set(config) == {"name", "trainable", "dtype", "function", "output_shape", "arguments"}
    again = L.Lambda.from_config(config)
    assert again(ones((1, 1))).tolist() == [[4.0]] and again.name == "twice" and again._output_shape == (1,)
    assert L.Lambda.from_config(L.Lambda(tw.ops.square).get_config())(ones((1,)) * 3).tolist() == [9.0]


def test_lambdas_of_keras_2():
    code, defaults, closure = L.Lambda(lambda x: x + 1).get_config()["function"]["config"].values()
    old = {
        "name": "lambda", "trainable": True, "dtype": "float32", "function": [code, defaults, closure], "function_type": "lambda",
        "module": "__main__", "output_shape": None, "output_shape_type": "raw", "output_shape_module": None, "arguments": {},
    }  # fmt: skip
    with pytest.raises(DeserializationError):
        L.Lambda.from_config(old)
    with safe_mode_scope(False):
        assert L.Lambda.from_config(old)(ones((1,))).tolist() == [2.0]
    named = {**old, "function": "doubled", "function_type": "function"}
    assert L.Lambda.from_config(named, custom_objects={"doubled": doubled})(ones((1,))).tolist() == [2.0]


# --- wrappers ---------------------------------------------------------------------------------------------------------------


def test_wrapper_builds_and_saves_the_layer_within():
    class Twice(L.Wrapper):
        def call(self, inputs):
            return self.layer(inputs) * 2.0

    layer = Twice(L.Dense(2, kernel_initializer="ones", name="within"), name="twice")
    assert layer(ones((1, 3))).tolist() == [[6.0, 6.0]]
    assert [w.path for w in layer.weights] == ["twice/within/kernel", "twice/within/bias"]
    again = Twice.from_config(layer.get_config())
    assert isinstance(again.layer, L.Dense) and again.layer.units == 2 and again.name == "twice"


def test_spectral_normalization_brings_the_largest_singular_value_to_one():
    layer = L.SpectralNormalization(L.Dense(3, use_bias=False), power_iterations=20)
    layer(ones((1, 4)), training=True)
    kernel = layer.layer.kernel
    assert float(tw.max(tw.linalg.svd(kernel, compute_uv=False))) == pytest.approx(1.0, abs=1e-3)
    assert not layer.vector_u.trainable and [w.name for w in layer.trainable_weights] == ["kernel"]
    before = kernel.tolist()
    layer(ones((1, 4)), training=False)
    assert kernel.tolist() == before


# --- BatchNormalization -----------------------------------------------------------------------------------------------------


def test_scale_and_shift_are_kept_until_a_variable_changes():
    layer = L.BatchNormalization(axis=1)
    x = tw.random.normal((2, 3, 4), seed=1)
    y = layer(x)
    scale, shift = layer.inference_scale_shift()
    assert scale.shape == (3, 1) and flat(x * scale + shift) == pytest.approx(flat(y), abs=1e-6)
    assert layer.inference_scale_shift()[0] is scale
    layer.gamma.assign([2.0, 2.0, 2.0])
    assert layer.inference_scale_shift()[0] is not scale and flat(layer(x)) == pytest.approx([2 * v for v in flat(y)], abs=1e-5)
    layer(x, training=True)
    assert flat(layer(x)) != pytest.approx([2 * v for v in flat(y)], abs=1e-5)


def test_kept_values_outlive_tidy_and_do_not_hide_gradients():
    layer = L.BatchNormalization()
    x = ones((2, 3))
    layer.build((2, 3))
    tw.tidy(lambda: [layer(x)].clear())
    plain = layer(x)
    with tw.GradientTape() as tape:
        y = layer(x)
    assert flat(y) == flat(plain)
    assert all(g is not None for g in tape.gradient(y, layer.trainable_variables))


def test_a_frozen_layer_normalizes_as_out_of_training():
    layer = L.BatchNormalization()
    x = tw.random.normal((8, 3), seed=2)
    layer.build((8, 3))
    layer.trainable = False
    assert flat(layer(x, training=True)) == flat(layer(x)) and layer.moving_mean.tolist() == [0.0] * 3
    layer.trainable = True
    assert flat(layer(x, training=True)) != flat(layer(x)) and layer.moving_mean.tolist() != [0.0] * 3


def test_symbolic_training_leaves_the_moving_statistics():
    layer = L.BatchNormalization()
    assert layer(tw.Input((4,)), training=True).shape == (None, 4) and layer.moving_mean.tolist() == [0.0] * 4


# --- mixed precision --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [lambda p: L.Dense(3, dtype=p), lambda p: L.BatchNormalization(dtype=p), lambda p: L.LayerNormalization(dtype=p),
     lambda p: L.GroupNormalization(2, dtype=p), lambda p: L.RMSNormalization(dtype=p), lambda p: L.EinsumDense("ab,bc->ac", 3, dtype=p),
     lambda p: L.PReLU(dtype=p), lambda p: L.Dropout(0.5, dtype=p), lambda p: L.SpectralNormalization(L.Dense(2, dtype=p), dtype=p)],
)  # fmt: skip
def test_mixed_precision(make):
    layer = make("mixed_float16")
    x = tw.random.normal((4, 4), seed=1)
    y = layer(x, training=True)
    assert y.dtype == "float16" and all(w.dtype == "float32" for w in layer.weights)
    assert layer(tw.Input((4,))).dtype == "float16"
    if not layer.seed_generators and not isinstance(layer, L.SpectralNormalization):
        whole = type(layer).from_config({**layer.get_config(), "dtype": "float32"})
        whole.build((4, 4))
        whole.set_weights(layer.get_weights())
        want = flat(whole(x, training=True))
        assert flat(tw.cast(y, "float32")) == pytest.approx(want, abs=4e-3 * max(map(abs, want)))


def test_embedding_computes_in_float16_from_large_numbers():
    layer = L.Embedding(5000, 2, dtype="mixed_float16")
    assert layer(tw.tensor([4001.0])).dtype == "float16"
    assert flat(tw.cast(layer(tw.tensor([4001.0])), "float32")) == pytest.approx(layer.embeddings.tolist()[4001], abs=1e-3)


# --- files of Keras 2 and TensorFlow.js -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, config, shape, expected",
    [
        ("Dense", {"units": 2, "input_dim": 3}, None, (None, 3)),
        ("Dense", {"units": 2, "batch_input_shape": [None, 5]}, None, (None, 5)),
        ("Embedding", {"input_dim": 7, "output_dim": 2, "input_length": 4}, None, (None, 4)),
        ("BatchNormalization", {"axis": [3], "fused": None, "virtual_batch_size": None, "momentum": 0.9}, (2, 2, 2, 3), None),
        ("LeakyReLU", {"alpha": 0.2}, (2, 3), None),
        ("SpatialDropout1D", {"rate": 0.5, "noise_shape": None, "trainable": True}, (2, 3, 4), None),
        ("ThresholdedReLU", {"theta": 0.5}, (2, 3), None),
        ("Reshape", {"target_shape": [None, 2]}, (2, 6), None),
        ("UpSampling1D", {"size": 2}, (2, 3, 4), None),
        ("Masking", {"mask_value": None}, (2, 3, 4), None),
    ],
)
def test_configs_of_keras_2(name, config, shape, expected):
    full = {"name": "old", "trainable": True, "dtype": "float32", **config}
    layer = getattr(L, name).from_config(full)
    if expected is not None:
        assert layer._batch_shape == expected
    if shape is not None:
        layer(ones(shape))
    again = type(layer).from_config(layer.get_config())
    assert again.name == "old"


def test_hard_sigmoid_of_keras_2():
    x = tw.tensor([[1.0]])
    old = L.Activation.from_keras2_config({"name": "a", "activation": "hard_sigmoid"})
    assert old(x).item() == pytest.approx(0.7) and L.Activation("hard_sigmoid")(x).item() == pytest.approx(4 / 6)
    dense = L.Dense.from_keras2_config({"units": 1, "activation": "hard_sigmoid", "kernel_initializer": "ones"})
    assert dense(x).item() == pytest.approx(0.7)


def test_thresholded_relu():
    x = tw.tensor([-2.0, 0.5, 1.0, 1.5])
    assert L.ThresholdedReLU()(x).tolist() == [0.0, 0.0, 0.0, 1.5] and L.ThresholdedReLU(theta=0.5)(x).tolist() == [0.0, 0.0, 1.0, 1.5]


# --- functions and symbols --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"])
def test_functions_of_merging_are_their_layers(name):
    pair = [tw.tensor([[1.0, 2.0]]), tw.tensor([[3.0, -4.0]])]
    more = {"axes": 1} if name == "dot" else {}
    function, layer = getattr(L, name), getattr(L, name.capitalize())(**more)
    assert function.__name__ == name and function(pair, **more).tolist() == layer(pair).tolist() == layer(pair).tolist()
    symbol = function([tw.Input((2,)), tw.Input((2,))], name="named", **more)
    assert symbol.keras_history.operation.name == "named"


@pytest.mark.parametrize(
    "layer, shape, expected",
    [
        (L.Reshape((-1, 2)), (None, None, 3), (None, None, 2)),
        (L.Reshape((4, 3)), (None, None, 3), (None, 4, 3)),
        (L.Flatten(), (None, None, 3), (None, None)),
        (L.Flatten(), (None, 4, 3), (None, 12)),
        (L.RepeatVector(3), (None, None), (None, 3, None)),
        (L.Cropping2D(2), (None, None, None, 3), (None, None, None, 3)),
        (L.ZeroPadding2D(2), (None, None, 4, 3), (None, None, 8, 3)),
        (L.UpSampling2D(2, interpolation="bilinear"), (None, None, 4, 3), (None, None, 8, 3)),
        (L.UpSampling3D(2), (None, 2, None, 4, 3), (None, 4, None, 8, 3)),
        (L.Permute((2, 1)), (None, None, 3), (None, 3, None)),
        (L.Dense(5), (None, None, 3), (None, None, 5)),
        (L.EinsumDense("...a,ab->...b", 5), (None, None, None, 3), (None, None, None, 5)),
        (L.LayerNormalization(), (None, None, 3), (None, None, 3)),
        (L.GroupNormalization(3), (None, None, None, 3), (None, None, None, 3)),
        (L.BatchNormalization(), (None, None, 3), (None, None, 3)),
        (L.Embedding(3, 2), (None, None), (None, None, 2)),
        (L.Softmax(), (None, None), (None, None)),
    ],
)
def test_shapes_with_unknown_sizes(layer, shape, expected):
    assert layer.compute_output_shape(shape) == expected
    assert layer(tw.Input(batch_shape=shape)).shape == expected


@pytest.mark.parametrize("shapes, expected", [
    ([(None, 3), (None, 3, 1)], (None, 3, 3)), ([(None, None, 3), (None, 4, 3)], (None, 4, 3)), ([(2, 3), (None, 3)], (2, 3)),
])  # fmt: skip
def test_merged_shapes_with_unknown_sizes(shapes, expected):
    given = [tw.Input(batch_shape=s) for s in shapes]
    for name in ("Add", "Maximum", "Multiply"):
        assert getattr(L, name)()(given).shape == getattr(L, name)().compute_output_shape(shapes) == expected


def test_joined_shapes_with_unknown_sizes():
    assert L.Concatenate()([tw.Input((None, 2)), tw.Input((4, 3))]).shape == (None, 4, 5)
    assert L.Concatenate(axis=1)([tw.Input((None, 2)), tw.Input((4, 2))]).shape == (None, None, 2)
    assert L.Dot(axes=(2, 1))([tw.Input((5, None)), tw.Input((3, 2))]).shape == (None, 5, 2)
    masked = [L.Masking()(tw.Input((None, 2))), L.Masking()(tw.Input((4, 2)))]
    assert L.Multiply()(masked)._keras_mask.shape == L.Concatenate()(masked)._keras_mask.shape == (None, 4)


def test_embedding_takes_a_matrix_to_begin_with():
    matrix = [[1.0, 2.0], [3.0, 4.0]]
    for given in (matrix, [tw.tensor(matrix)], tw.tensor(matrix)):
        layer = L.Embedding(2, 2, weights=given)
        assert layer.embeddings.tolist() == matrix and "weights" not in layer.get_config()


def test_einsum_dense_draws_by_its_own_fans():
    layer = L.EinsumDense("abc,cde->abde", (None, 50, 60), kernel_initializer=tw.initializers.GlorotUniform(seed=1))
    layer.build((None, 2, 400))
    bound = math.sqrt(6 / (400 + 3000))
    assert 0.98 * bound < float(tw.max(tw.abs(layer.kernel))) <= bound


@pytest.mark.parametrize(
    "layer, shape",
    [
        (L.LayerNormalization(), (0, 3)), (L.GroupNormalization(1), (0, 3, 2)), (L.UnitNormalization(), (0, 3)),
        (L.BatchNormalization(), (0, 3)),
        (L.Dropout(0.5), (0, 3)), (L.AlphaDropout(0.5), (0, 3)), (L.SpatialDropout1D(0.5), (0, 3, 2)), (L.Softmax(), (0, 3)),
        (L.UpSampling2D(interpolation="bilinear"), (0, 2, 2, 1)), (L.Masking(), (0, 3, 2)), (L.Reshape((-1, 3)), (0, 0, 3)),
        (L.EinsumDense("abc,cd->abd", (None, 2)), (0, 3, 4)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("training", [None, True])
def test_empty_batches(layer, shape, training):
    want = layer.compute_output_shape(shape)
    assert layer(ones(shape), training=training).shape == want and want[0] == 0


@pytest.mark.parametrize("make", [lambda: L.Dropout(0.5), lambda: L.Activation("relu"), lambda: L.Identity(), lambda: L.Reshape((2,))])
def test_layers_without_weights_are_built_unless_a_subclass_builds(make):
    class Built(type(make())):
        def build(self, input_shape):
            self.factor = self.add_weight(initializer="ones")

    layer = make()
    assert layer.built
    arguments = {k: v for k, v in layer.get_config().items() if k not in ("name", "dtype", "trainable")}
    assert not Built(**arguments).built
