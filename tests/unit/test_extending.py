"""A program of its own adds an op with a gradient, a layer, an IO handler and a backend, by public names only."""

import pytest

import tensorweb as tw


def test_an_op_with_a_gradient_of_its_own_in_a_layer_in_a_model():
    @tw.custom_gradient
    def straight_through(x):
        return tw.sign(x), lambda dy: dy

    @tw.saving.register_keras_serializable(package="extending")
    class Sign(tw.layers.Layer):
        def call(self, inputs):
            return straight_through(inputs)

    model = tw.Sequential([tw.Input((2,)), tw.layers.Dense(2, kernel_initializer="ones"), Sign(), tw.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.layers[0].get_weights()[0].tolist()
    model.fit(tw.ones((4, 2)), tw.ones((4, 1)) * 3.0, verbose=0)
    assert model.layers[0].get_weights()[0].tolist() != before, "the gradient passed through"
    again = tw.saving.deserialize_keras_object(tw.saving.serialize_keras_object(model))
    again.set_weights(model.get_weights())
    assert again(tw.ones((1, 2))).tolist() == model(tw.ones((1, 2))).tolist()


def test_an_io_handler_by_a_scheme_of_its_own():
    shelf = {}

    class Shelf(tw.io.IOHandler):
        def __init__(self, name):
            self.name = name

        def saving(self, artifacts):
            shelf[self.name] = artifacts
            return tw.io.SaveResult(model_artifacts_info=tw.io.get_model_artifacts_info_for_json(artifacts))
            yield

        def loading(self):
            return shelf[self.name]
            yield

    def router(url, *rest):
        return Shelf(url.removeprefix("shelf://")) if isinstance(url, str) and url.startswith("shelf://") else None

    tw.io.register_save_router(router)
    tw.io.register_load_router(router)
    model = tw.Sequential([tw.Input((3,)), tw.layers.Dense(2)])
    model.save("shelf://one")
    assert list(shelf) == ["one"]
    x = tw.ones((1, 3))
    assert tw.load_model("shelf://one")(x).tolist() == model(x).tolist()
    with pytest.raises(ValueError):
        tw.load_model("drawer://one")


def test_a_backend_of_its_own_trains_a_model():
    calls = []
    base = type(tw.find_backend("python"))

    class Counting(base):
        name = "counting"

        def compile(self, kernel, inputs, outputs):
            calls.append(type(kernel).__name__)
            return super().compile(kernel, inputs, outputs)

    tw.register_backend("counting", Counting, priority=-1)
    try:
        tw.set_backend("counting")
        model = tw.Sequential([tw.Input((2,)), tw.layers.Dense(1)])
        model.compile("adam", "mse")
        losses = model.fit(tw.ones((4, 2)), tw.ones((4, 1)), epochs=3, verbose=0).history["loss"]
        assert losses[-1] <= losses[0] and "Contract" in calls
    finally:
        tw.set_backend("numpy")
        tw.remove_backend("counting")
