"""Small programs around compile, fit and evaluate, the same for real Keras and for TensorWeb: each returns numbers to compare."""

from __future__ import annotations

import numpy as np

PROGRAMS = {}


def program(function):
    """Register a program."""
    PROGRAMS[function.__name__] = function
    return function


def data(n=48, features=4, outputs=1, seed=0):
    """Return random inputs and targets."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)).astype("float32"), rng.normal(size=(n, outputs)).astype("float32")


def set_weights(model, seed=1):
    """Give a model reproducible weights."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(-0.5, 0.5, w.shape).astype("float32") for w in model.get_weights()])


def two_outputs(keras):
    """Return a model with two inputs, a shared layer and two outputs."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = keras.layers.Dense(3, activation="tanh", name="shared")
    h = keras.layers.Concatenate()([shared(a), shared(b)])
    return keras.Model([a, b], [keras.layers.Dense(1, name="value")(h), keras.layers.Dense(3, activation="softmax", name="kind")(h)])


def numbers(history):
    """Return a history's values as plain lists by name."""
    return {k: [float(v) for v in values] for k, values in history.history.items()}


@program
def regression(keras):
    """MSE with metrics by name, validation split, no shuffling."""
    x, y = data()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
    set_weights(model)
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse", metrics=["mae", keras.metrics.RootMeanSquaredError()])
    history = model.fit(x, y, epochs=3, batch_size=10, shuffle=False, validation_split=0.25, verbose=0)
    return {"history": numbers(history), "evaluate": model.evaluate(x, y, verbose=0), "predict": model.predict(x, verbose=0)[:3].tolist()}


@program
def weighted_classes(keras):
    """Class weights, sample weights, weighted metrics."""
    x, _ = data()
    y = (x[:, 0] > 0).astype("int32") + (x[:, 1] > 0.5).astype("int32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    set_weights(model)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["sparse_categorical_accuracy"])
    weight = np.linspace(0, 2, len(x)).astype("float32")
    first = model.fit(x, y, epochs=2, batch_size=16, shuffle=False, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, verbose=0)
    second = model.fit(
        x, y, epochs=2, batch_size=16, shuffle=False, sample_weight=weight, validation_data=(x[:9], y[:9], weight[:9]), verbose=0
    )
    return {
        "first": numbers(first),
        "second": numbers(second),
        "dict": model.evaluate(x, y, sample_weight=weight, return_dict=True, verbose=0),
    }


def _targets(x):
    return [x[:, :1] * 2, np.abs(x[:, 1] * 3).astype("int32") % 3]


@program
def outputs_by_name(keras):
    """Losses, weights and metrics in dicts by output; inputs and targets in dicts."""
    x, _ = data()
    z, _ = data(seed=5)
    value, kind = _targets(x)
    model = two_outputs(keras)
    set_weights(model)
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.5), loss={"value": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"value": 1.0, "kind": 0.2}, metrics={"value": ["mae"], "kind": ["accuracy", "sparse_top_k_categorical_accuracy"]},
    )  # fmt: skip
    history = model.fit({"a": x, "b": z}, {"value": value, "kind": kind}, epochs=2, batch_size=12, shuffle=False, verbose=0)
    return {"history": numbers(history), "evaluate": model.evaluate([x, z], [value, kind], return_dict=True, verbose=0)}


@program
def outputs_in_lists(keras):
    """Losses and weights in lists; validation data nested alike."""
    x, _ = data()
    z, _ = data(seed=5)
    targets = _targets(x)
    model = two_outputs(keras)
    set_weights(model)
    model.compile(
        "rmsprop", loss=["mae", keras.losses.SparseCategoricalCrossentropy()], loss_weights=[0.5, 2.0], metrics=[[], ["accuracy"]]
    )
    history = model.fit([x, z], targets, epochs=2, batch_size=12, shuffle=False, validation_data=([x, z], targets), verbose=0)
    return {"history": numbers(history), "shapes": [list(p.shape) for p in model.predict([x, z], verbose=0)]}


@program
def generator_and_steps(keras):
    """A generator with steps_per_epoch, train_on_batch and test_on_batch."""
    x, y = data()

    def batches():
        while True:
            for i in range(0, 48, 16):
                yield x[i : i + 16], y[i : i + 16]

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    set_weights(model)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    history = model.fit(batches(), steps_per_epoch=4, epochs=2, verbose=0)
    return {
        "history": numbers(history), "train": model.train_on_batch(x[:8], y[:8]), "test": model.test_on_batch(x[:8], y[:8]),
        "predict": model.predict_on_batch(x[:2]).tolist() if hasattr(model.predict_on_batch(x[:2]), "tolist") else None,
    }  # fmt: skip


@program
def masked_sequences(keras):
    """An embedding's mask reaches the LSTM and the loss."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 6, (32, 7)).astype("int32")
    y = rng.integers(0, 3, (32, 7)).astype("int32")
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((7,)),
            layers.Embedding(6, 4, mask_zero=True),
            layers.LSTM(5, return_sequences=True),
            layers.Dense(3, activation="softmax"),
        ]
    )
    set_weights(model)
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
    return {"history": numbers(history)}


@program
def added_losses(keras):
    """Regularizers of weights and activity, and add_loss in a custom layer."""

    class Penalty(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(0.1 * keras.ops.mean(keras.ops.square(inputs)))
            return inputs

    x, y = data()
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.01), activity_regularizer="l1"),
            Penalty(),
            keras.layers.Dense(1, kernel_constraint="max_norm", bias_constraint=keras.constraints.NonNeg()),
        ]
    )
    set_weights(model)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    history = model.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0)
    return {"history": numbers(history), "bias": model.layers[-1].get_weights()[1].tolist()}


@program
def frozen_layers(keras):
    """A frozen base: its weights stay, batch normalization infers."""
    base = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.BatchNormalization()], name="base")
    set_weights(base.layers[0])
    base.trainable = False
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1)(base(inputs, training=False)))
    model.layers[-1].set_weights([np.ones((5, 1), "float32"), np.zeros(1, "float32")])
    before = [w.tolist() for w in base.get_weights()]
    model.compile(keras.optimizers.Adam(0.01), "mse")
    x, y = data()
    history = model.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0)
    base.trainable = True
    return {
        "history": numbers(history), "same": before == [w.tolist() for w in base.get_weights()],
        "counts": [len(model.trainable_weights), len(model.non_trainable_weights)],
    }  # fmt: skip


@program
def custom_steps(keras):
    """compute_loss and metrics of a subclassed model."""

    class Doubled(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)
            self.seen = keras.metrics.Mean(name="seen")

        def call(self, inputs):
            return self.dense(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = 2.0 * keras.ops.mean(keras.ops.square(y - y_pred))
            self.seen.update_state(loss)
            return loss

    x, y = data()
    model = Doubled()
    model(x[:1])
    set_weights(model)
    model.compile(keras.optimizers.SGD(0.02), metrics=["mae"])
    history = model.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0)
    return {"history": numbers(history), "names": [m.name for m in model.metrics]}
