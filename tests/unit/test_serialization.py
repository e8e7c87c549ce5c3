"""Configs to objects and back: what Keras writes is read, custom classes are found, and a file's word imports and runs nothing."""

import json

import numpy as np
import pytest

import tensorweb as tw

S = tw.saving


class Loose(tw.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


@S.register_keras_serializable(package="tests", name="Times")
class Registered(Loose):
    pass


@S.register_keras_serializable(package="tests")
def cubed(x):
    return x**3


@pytest.mark.parametrize(
    "value",
    [None, 3, 2.5, "text", True, [1, [2]], {"a": [1, None]}, slice(1, None, 2), Ellipsis, b"bytes"],
    ids=repr,
)
def test_plain_values(value):
    assert S.deserialize_keras_object(json.loads(json.dumps(S.serialize_keras_object(value)))) == value


def test_arrays_and_tensors():
    for value in (np.arange(3.0), tw.tensor([0, 1, 2])):
        again = S.deserialize_keras_object(json.loads(json.dumps(S.serialize_keras_object(value))))
        assert again.tolist() == value.tolist()


def test_builtin_objects_have_kerass_form():
    config = S.serialize_keras_object(tw.initializers.HeNormal(seed=3))
    assert config.pop("config")["seed"] == 3
    assert config == {"module": "keras.initializers", "class_name": "HeNormal", "registered_name": None}
    for made in (
        tw.layers.Dense(2, activation="relu"),
        tw.losses.Huber(),
        tw.optimizers.Adam(0.1),
        tw.metrics.AUC(),
        tw.regularizers.L1(0.1),
    ):
        again = S.deserialize_keras_object(json.loads(json.dumps(S.serialize_keras_object(made))))
        assert type(again) is type(made) and again.get_config() == made.get_config()


def test_custom_classes_and_functions():
    layer = tw.layers.Activation(cubed)
    config = json.loads(json.dumps(S.serialize_keras_object(layer)))
    assert S.deserialize_keras_object(config)(tw.tensor([2.0])).tolist() == [8.0]
    config = json.loads(json.dumps(S.serialize_keras_object(Registered(5.0))))
    assert config["registered_name"] == "tests>Times"
    assert S.deserialize_keras_object(config).factor == 5.0
    assert S.get_registered_object("tests>Times") is Registered and S.get_registered_name(Registered) == "tests>Times"


def test_a_loaded_programs_layer_needs_no_registration():
    config = json.loads(json.dumps(S.serialize_keras_object(Loose(7.0))))
    assert S.deserialize_keras_object(config).factor == 7.0
    config["module"] = "elsewhere"
    with pytest.raises(ValueError, match="expected a known class or function"):
        S.deserialize_keras_object(config)
    assert S.deserialize_keras_object(config, custom_objects={"Loose": Loose}).factor == 7.0
    with S.custom_object_scope({"Loose": Loose}):
        assert S.deserialize_keras_object(config).factor == 7.0


HOSTILE = [
    {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"}, "registered_name": None},
    {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"},
    {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
    {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"},
    {"module": "keras", "class_name": "function", "config": "load_model", "registered_name": "load_model"},
    {"module": "keras.layers", "class_name": "__class__", "config": {}, "registered_name": None},
    {"module": "keras.layers", "class_name": ["Dense"], "config": {}},
    {"module": "keras.layers", "class_name": "Dense", "config": "units"},
    {"module": "keras.layers", "class_name": "Dense", "config": {"unit": 3}},
    {"module": "tensorweb.engine", "class_name": "Container", "config": {}},
    {"class_name": "__lambda__", "config": {"value": ["AAAA", None, None]}},
]


@pytest.mark.parametrize("config", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_file_must_not_do(config):
    with pytest.raises((ValueError, TypeError)):
        S.deserialize_keras_object(config)


def test_depth_is_bounded():
    config: list = []
    for _ in range(5000):
        config = [config]
    with pytest.raises(ValueError, match="nested at most"):
        S.deserialize_keras_object(config)


def test_a_lambda_is_revived_only_where_it_is_asked_for():
    with pytest.warns(UserWarning, match="safe_mode"):
        config = json.loads(json.dumps(S.serialize_keras_object(lambda x: x + 1)))
    with pytest.raises(ValueError, match="safe_mode=False"):
        S.deserialize_keras_object(config)
    assert S.deserialize_keras_object(config, safe_mode=False)(1) == 2
