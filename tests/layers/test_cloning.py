"""clone_model and model_from_json."""

import json
from pathlib import Path

import pytest

import tensorweb as tw

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_callbacks.json").read_text())


def branched():
    a, b = tw.Input((4,), name="a"), tw.Input((4,), name="b", dtype="int32")
    shared = tw.layers.Dense(4, name="shared")
    inner = tw.Sequential([tw.Input((8,)), tw.layers.Dense(2, name="p")], name="inner")
    z = tw.layers.Concatenate(name="cat")([shared(a), shared(tw.ops.cast(b, "float32"))])
    return tw.Model({"a": a, "b": b}, [inner(z)[:, :1] * 2.0, tw.ops.relu(z)], name="branched")


def inputs():
    return {"a": tw.random.normal((3, 4), seed=1), "b": tw.tensor([[1, 2, 3, 4]] * 3)}


def same(a, b):
    return all(x.tolist() == y.tolist() for x, y in zip(a.predict(inputs(), verbose=0), b.predict(inputs(), verbose=0)))


def test_names_of_the_module():
    assert set(KERAS["models"]) <= set(dir(tw.models))


@pytest.mark.parametrize("copy", [tw.models.clone_model, lambda m: tw.models.model_from_json(m.to_json())])
def test_functional(copy):
    model = branched()
    made = copy(model)
    assert type(made) is type(model) and made.name == "branched"
    assert [layer.name for layer in made.layers] == [layer.name for layer in model.layers]
    assert [(w.name, w.shape) for w in made.weights] == [(w.name, w.shape) for w in model.weights]
    assert made.get_layer("shared") is not model.get_layer("shared") and not same(made, model)
    assert {k: (t.shape, t.dtype) for k, t in made.input.items()} == {k: (t.shape, t.dtype) for k, t in model.input.items()}
    made.set_weights(model.get_weights())
    assert same(made, model)


def test_sequential_keeps_what_is_known_of_the_input():
    model = tw.Sequential([tw.Input((4,), batch_size=2, name="begin"), tw.layers.Dense(3)], name="s")
    made = tw.models.clone_model(model)
    assert made.name == "s" and made.inputs[0].shape == (2, 4) and made.input_names == ["begin"] and made.count_params() == 15
    unbuilt = tw.models.clone_model(tw.Sequential([tw.layers.Dense(3)]))
    assert not unbuilt.built


def test_compiled_models_stay_compiled():
    model = branched()
    model.compile(tw.optimizers.SGD(0.25), ["mse", "mae"])
    made = tw.models.clone_model(model)
    assert made.compiled and float(made.optimizer.learning_rate) == 0.25 and made.optimizer is not model.optimizer


def test_clone_function():
    def wider(layer):
        config = layer.get_config()
        if config["name"] == "shared":
            config["use_bias"] = False
        return type(layer).from_config(config)

    made = tw.models.clone_model(branched(), clone_function=wider)
    assert made.count_params() == branched().count_params() - 4
    sequential = tw.Sequential([tw.Input((2,)), tw.layers.Dense(3), tw.layers.Dense(3)])
    assert all(a is b for a, b in zip(tw.models.clone_model(sequential, clone_function=lambda x: x).layers, sequential.layers))


def test_call_function_may_insert_layers():
    def call(layer, *args, **kwargs):
        out = layer(*args, **kwargs)
        return tw.layers.Dropout(0.5)(out) if isinstance(layer, tw.layers.Dense) else out

    model = branched()
    made = tw.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
    assert sum(isinstance(layer, tw.layers.Dropout) for layer in made.layers) == 2
    assert made.get_layer("shared") is model.get_layer("shared") and same(made, model)


def test_recursive_reaches_layers_within():
    model, seen = branched(), []

    def noting(layer):
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    tw.models.clone_model(model, clone_function=noting)
    assert seen.count("shared") == 1 and "inner" in seen and "p" not in seen
    seen.clear()
    made = tw.models.clone_model(model, clone_function=noting, recursive=True)
    assert "p" in seen and "inner" not in seen and made.get_layer("inner") is not model.get_layer("inner")


def test_input_tensors():
    x = tw.Input((4,), name="mine")
    made = tw.models.clone_model(tw.Sequential([tw.layers.Dense(2)]), input_tensors=x)
    assert made.inputs[0] is x and made.count_params() == 10
    model = branched()
    named = {"a": tw.Input((4,)), "b": tw.Input((4,), dtype="int32")}
    assert tw.models.clone_model(model, input_tensors=named).inputs[0] is named["a"]
    with pytest.raises(ValueError):
        tw.models.clone_model(model, input_tensors=[x])
    with pytest.raises(ValueError, match="symbolic"):
        tw.models.clone_model(model, input_tensors={"a": 1, "b": 2})
    with pytest.raises(ValueError, match="symbolic"):
        tw.models.clone_model(tw.Sequential([tw.layers.Dense(2)]), input_tensors=[x, x])


class Own(tw.Model):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = tw.layers.Dense(units)

    def call(self, x):
        return self.dense(x)

    def get_config(self):
        return {"units": self.units}


def test_subclassed():
    assert tw.models.clone_model(Own(5)).units == 5
    for wrong in ({"clone_function": lambda x: x}, {"input_tensors": [tw.Input((2,))]}, {"call_function": print}):
        with pytest.raises(ValueError, match="subclassed"):
            tw.models.clone_model(Own(), **wrong)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="call_function"):
        tw.models.clone_model(tw.Sequential([tw.layers.Dense(2)]), call_function=print)
    with pytest.raises(ValueError, match="strange"):
        tw.models.clone_model(branched(), strange=1)


def test_slices_and_indices_survive_json():
    x = tw.Input((4, 5))
    model = tw.Model(x, [x[:, 1:3], x[:, 0], x[..., -1], x[:, None, ::2]])
    made = tw.models.model_from_json(model.to_json())
    data = tw.random.normal((2, 4, 5), seed=0)
    assert all(a.tolist() == b.tolist() for a, b in zip(model(data), made(data)))


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100000, '{"a":' * 3000 + "1" + "}" * 3000, "null"])
def test_json_from_strangers(text):
    with pytest.raises(ValueError):
        tw.models.model_from_json(text)


def test_custom_objects():
    text = tw.Sequential([tw.Input((3,)), Own(4)]).to_json()
    made = tw.models.model_from_json(text, custom_objects={"Own": Own})
    assert made.layers[0].units == 4


def test_connecting_a_layer_assigns_nothing():
    class Counting(tw.layers.Layer):
        def build(self, input_shape):
            self.counter = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.counter.assign(5.0)

        def call(self, x):
            self.counter.assign_add(1.0)
            return x

    model = tw.Sequential([tw.Input((3,)), Counting()])
    assert float(model.layers[0].counter) == 5.0
    model(tw.ones((1, 3)))
    assert float(model.layers[0].counter) == 6.0
