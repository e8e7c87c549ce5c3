"""What Keras's own tests of models, trainers and layers check of public behaviour, and programs showed: facts of Keras 3.15."""

import copy
import pickle
import warnings

import pytest

import tensorweb as tw
from tensorweb import layers


def two_outputs(kind=list):
    x = tw.Input((3,), name="x")
    parts = [layers.Dense(1, name="b")(x), layers.Dense(1, name="a")(x)]
    return tw.Model(x, {"second": parts[0], "first": parts[1]} if kind is dict else kind(parts))


X, Y = tw.ones((6, 3)), tw.ones((6, 1))


def history(model, y=(Y, Y), weight=None, **compiled):
    model.compile("sgd", **compiled)
    return sorted(model.fit(X, y, sample_weight=weight, verbose=0, shuffle=False).history)


# --- losses and metrics by output ---


def test_dicts_are_gone_through_by_sorted_keys():
    model = two_outputs(dict)
    assert model.output_names == ["a", "b"] and list(model(X)) == ["second", "first"]
    assert tw.tree.flatten({"b": 1, "a": [2, 3]}) == [2, 3, 1]
    assert tw.tree.pack_sequence_as({"b": 0, "a": 0}, [1, 2]) == {"b": 2, "a": 1}


@pytest.mark.parametrize("loss, weights", [
    (["mse", "mae"], [0.5, 2.0]), ({"b": "mse", "a": "mae"}, {"a": 2.0, "b": 0.5}), (["mse", ["mae"]], None), ("mse", None),
])  # fmt: skip
def test_losses_by_output(loss, weights):
    assert history(two_outputs(), loss=loss, loss_weights=weights) == ["a_loss", "b_loss", "loss"]
    model = two_outputs()
    model.set_weights([w * 0 for w in model.get_weights()])
    model.compile("sgd", loss=loss, loss_weights=weights)
    assert model.evaluate(X, (Y, Y), verbose=0)[0] == pytest.approx(2.5 if weights else 2.0)


def test_losses_for_some_outputs_and_targets_only_for_these():
    assert history(two_outputs(), loss=[None, "mse"]) == ["loss"]
    assert history(two_outputs(), y=[Y], loss=[None, "mse"]) == ["loss"]
    several = {"first": "mse", "second": ["mae", "mse"]}
    assert history(two_outputs(dict), y={"first": Y, "second": Y}, loss=several) == ["first_loss", "loss", "second_loss"]
    with pytest.raises(ValueError, match="targets"):
        history(two_outputs(), y=[Y], loss=["mse", "mse"])


def test_a_loss_takes_nested_outputs_whole():
    seen = []

    def whole(y_true, y_pred):
        seen.append((len(y_true), len(y_pred)))
        return tw.ops.mean(y_pred[0] - y_true[0]) + tw.ops.mean(y_pred[1] - y_true[1])

    x = tw.Input((3,))
    pair = [layers.Dense(1, name="p")(x), layers.Dense(1, name="q")(x)]
    model = tw.Model(x, {"pair": pair, "one": layers.Dense(1, name="o")(x)})
    names = history(model, y={"pair": [Y, Y], "one": Y}, loss={"pair": whole, "one": "mse"})
    assert names == ["loss", "one_loss", "pair_loss"] and seen[0] == (2, 2)


def test_losses_that_fit_nowhere():
    for error, loss in ((ValueError, {"a": "mse", "c": "mse"}), (KeyError, [["mse", {"z": "mse"}], "mse"])):
        with pytest.raises(error):
            history(two_outputs(), loss=loss)
    with pytest.raises(ValueError, match="loss weights"):
        history(two_outputs(), loss=["mse", "mse"], loss_weights=[1.0, 1.0, 1.0])
    for wrong in ({"metrics": "mse"}, {"loss": "mse", "loss_weights": "much"}):
        with pytest.raises(ValueError):
            two_outputs().compile("sgd", **wrong)


def test_weighted_metrics_of_the_same_name_say_so():
    one = tw.Sequential([tw.Input((3,)), layers.Dense(1)])
    names = history(one, y=Y, loss="mse", metrics=["mean_squared_error"], weighted_metrics=["mean_squared_error"])
    assert names == ["loss", "mean_squared_error", "weighted_mean_squared_error"]
    names = history(two_outputs(), loss="mse", metrics=[["mae"], None], weighted_metrics=[["mae"], ["mae"]])
    assert names == ["a_loss", "a_mae", "b_loss", "b_mae", "b_weighted_mae", "loss"]


def test_crossentropy_is_chosen_by_the_shapes():
    model = tw.Sequential([tw.Input((3,)), layers.Dense(4, activation="softmax")])
    for y in (tw.tensor([0, 1, 2, 3, 0, 1], dtype="int32"), tw.ops.one_hot([0, 1, 2, 3, 0, 1], 4)):
        model.compile("sgd", loss="crossentropy")
        assert model.evaluate(X, y, verbose=0) > 0


# --- loops ---


class Batches(tw.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_begin(self, batch, logs=None):
        self.seen.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.seen[-1] = (self.seen[-1], batch)


def small(**compiled):
    model = tw.Sequential([tw.Input((1,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", loss="mse", **compiled)
    return model


def test_steps_per_execution_groups_what_callbacks_see():
    x, seen = tw.ones((7, 1)), Batches()
    models = [small(steps_per_execution=3), small()]
    histories = [m.fit(x, x, batch_size=1, epochs=2, verbose=0, callbacks=[seen] if i == 0 else []) for i, m in enumerate(models)]
    assert seen.seen == [(0, 2), (3, 5), (6, 8)] * 2
    assert histories[0].history == histories[1].history
    assert models[0].predict(x, batch_size=2, verbose=0).shape == (7, 1)


def test_an_epoch_of_fewer_steps_goes_on_where_the_last_one_stopped():
    x = tw.tensor([[float(i)] for i in range(5)])

    class Sums(tw.Model):
        def __init__(self):
            super().__init__()
            self.taken = []

        def train_step(self, data):
            self.taken.append(data[0].item())
            return {"loss": 0.0}

    sums = Sums()
    sums.compile()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sums.fit(x, x, batch_size=1, epochs=4, steps_per_epoch=2, shuffle=False, verbose=0)
    assert sums.taken == [0, 1, 2, 3, 4, 0, 1] and any("ran out" in str(w.message) for w in told)


def test_predicting_can_be_stopped_and_signatures_are_shown():
    class Stop(tw.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            self.model.stop_predicting = True

    assert small().predict(tw.ones((6, 1)), batch_size=2, verbose=0, callbacks=[Stop()]).shape == (2, 1)


def test_a_generator_that_is_used_up_leaves_later_epochs_empty():
    with pytest.warns(UserWarning, match="ran out"):
        found = small().fit(((tw.ones((2, 1)), tw.ones((2, 1))) for _ in range(2)), epochs=3, verbose=0)
    assert len(found.history["loss"]) == 3 and found.history["loss"][1:] == [0.0, 0.0]
    with pytest.raises(ValueError, match="batch"):
        small().fit(iter(()), epochs=2, verbose=0)


def test_settings_under_both_homes():
    assert tw.config.floatx() == tw.backend.floatx() == "float32" and tw.backend.epsilon() == tw.config.epsilon()
    assert tw.config.backend() == tw.backend.backend() == tw.get_backend() and tw.backend.is_float_dtype("float16")
    assert tw.config.dtype_policy().name == "float32" and tw.backend.image_data_format() == "channels_last"


# --- inputs ---


def test_inputs_named_listed_and_missing():
    a, b = tw.Input((1,), name="a"), tw.Input((1,), name="b")
    model = tw.Model({"b": b, "a": a}, a - 2 * b)
    one, two = tw.ones((1, 1)), tw.ones((1, 1)) * 2
    assert model({"b": one, "a": two}).item() == 0
    with pytest.warns(UserWarning, match="structure"):
        model({"b": one, "a": two, "c": one})
    with pytest.raises(ValueError):
        model([one, two])
    with pytest.raises(ValueError):
        model({"a": None, "b": one})
    ordered = tw.Model({"a": a, "b": b}, a - 2 * b)
    with pytest.warns(UserWarning, match="structure"):
        assert ordered([two, one]).item() == 0


def test_what_users_classes_add_to_configs_comes_back():
    class WithParameter(tw.Model):
        def __init__(self, *args, param=1, **kwargs):
            super().__init__(*args, **kwargs)
            self.param = param

        def get_config(self):
            return {**super().get_config(), "param": self.param}

    x = tw.Input((3,))
    model = WithParameter(inputs=x, outputs=(layers.Dense(2)(x), layers.Dense(3)(x)), param=3)
    again = WithParameter.from_config(model.get_config())
    assert again.param == 3 and isinstance(again(X), tuple)


# --- Sequential ---


def test_sequential_built_by_a_call_keeps_its_input():
    model = tw.Sequential([layers.Dense(4), layers.Dense(5)])
    assert not hasattr(model, "inputs") and not hasattr(model, "output_shape")
    model(X)
    assert model.pop().name.startswith("dense") and model.built and model(X).shape == (6, 4)
    assert [layer["class_name"] for layer in model.get_config()["layers"]] == ["InputLayer", "Dense"]
    with pytest.raises(ValueError):
        model.build((None, 7))
    model.build((None, 3))


def test_sequential_of_layers_without_a_known_shape():
    class Dynamic(layers.Layer):
        def call(self, inputs):
            return inputs + 1.0

        def compute_output_spec(self, *args, **kwargs):
            raise NotImplementedError

    class Two(layers.Layer):
        def call(self, inputs, other):
            return inputs

    assert tw.Sequential([Dynamic()])(X).tolist() == (X + 1).tolist()
    with pytest.raises(ValueError, match="one input"):
        tw.Sequential([Two()]).build((None, 2))


# --- copies and states ---


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_are_copied_whole(copied):
    model = two_outputs()
    model.compile("adam", loss="mse")
    model.fit(X, (Y, Y), verbose=0)
    again = copied(model)
    assert again is not model and [o.tolist() for o in again(X)] == [o.tolist() for o in model(X)]
    assert again.optimizer.iterations.item() == 1


def test_state_trees():
    model = tw.Sequential([tw.Input((3,)), layers.Dense(1, name="out")], name="net")
    model.compile("adam", loss="mse")
    tree = model.get_state_tree()
    assert set(tree) == {"trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"}
    place = tree["trainable_variables"]
    while "kernel" not in place:
        (place,) = place.values()
    place["kernel"] = tw.ones((3, 1)) * 5
    model.set_state_tree({"trainable_variables": tree["trainable_variables"]})
    assert model.get_weights()[0].tolist() == [[5.0]] * 3
    with pytest.raises(ValueError):
        model.get_state_tree("text")


def test_states_of_random_generators_are_variables():
    layer = layers.Dropout(0.5, seed=3)
    assert [v.name for v in layer.variables] == ["seed_generator_state"] and layer.weights == []
    state = layer.seed_generator.state
    assert state.tolist() == [3, 0]
    first = layer(tw.ones((50,)), training=True).tolist()
    assert state.tolist()[1] > 0
    state.assign([3, 0])
    assert layer(tw.ones((50,)), training=True).tolist() == first


# --- layers ---


def test_layers_say_what_is_wrong_with_their_arguments():
    with pytest.raises(ValueError):
        layers.Dense(2, trainable=1)
    for config in ({"units": 2, "foo": 1}, {}):
        with pytest.raises(TypeError):
            layers.Dense.from_config(config)
    with pytest.raises(ValueError, match="name="):
        layers.Layer().add_weight("kernel")
    for wrong in ("mixed_float15", "", 5):
        with pytest.raises(ValueError):
            tw.DTypePolicy(wrong)
    with pytest.raises(ValueError):
        tw.config.set_dtype_policy(None)


def test_variables_without_names_are_numbered():
    tw.utils.clear_session()
    layer = layers.Layer(name="own")
    assert [layer.add_weight().path for _ in range(2)] == ["own/variable", "own/variable_1"]


def test_a_layer_that_says_its_shape_need_not_run_on_symbols():
    class OnValues(layers.Layer):
        def call(self, x):
            return tw.tensor([[sum(row)] for row in x.tolist()])

        def compute_output_shape(self, input_shape):
            return (input_shape[0], 1)

    x = tw.Input((3,))
    model = tw.Model(x, OnValues()(x))
    assert model.output_shape == (None, 1) and model(X).tolist() == [[3.0]] * 6


def test_what_overrides_build_is_built():
    class Scaled(layers.MaxPooling2D):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=(), initializer="ones")

        def call(self, inputs):
            return super().call(inputs) * self.scale

    assert layers.MaxPooling2D().built and not Scaled().built
    assert Scaled()(tw.ones((1, 4, 4, 1))).shape == (1, 2, 2, 1)


def test_metrics_of_layers_are_no_variables():
    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean, self.policy = tw.metrics.Mean(), None

        def call(self, x):
            return x

    layer = Counting()
    assert layer.variables == [] and len(layer.metrics_variables) == 2 and len(layer.metrics) == 1
    layer.dtype_policy = "mixed_float16"
    assert layer.compute_dtype == "float16" and layer.dtype_policy == tw.DTypePolicy("mixed_float16")


# --- tree ---


def test_trees():
    tree = tw.tree
    for call in (lambda: tree.assert_same_structure([1, 2], (1, 2)), lambda: tree.map_structure(lambda a, b: a, [1], (1,)),
                 lambda: tree.map_structure(lambda: 0), lambda: tree.pack_sequence_as([1, 2], [1]),
                 lambda: tree.map_structure_up_to([1, 2], lambda *a: a, [1]), lambda: tree.assert_same_paths([1], [1, 2])):  # fmt: skip
        with pytest.raises(ValueError):
            call()
    tree.assert_same_paths([1, 2], (1, 2))
    assert tree.map_structure_up_to([1, [2]], lambda *a: a, [1, [2]], [[3, 4], [5]]) == [(1, [3, 4]), [(2, 5)]]
    assert tree.map_shape_structure(lambda s: len(s), {"a": (1, None), "b": [(1, 2), (3,)]}) == {"a": 2, "b": [2, 1]}
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, [1, 2]) == [None, 2]
    assert tree.flatten_with_path({"b": 1, "a": {"c": 3}}) == [(("a", "c"), 3), (("b",), 1)]
