"""Layers, a loss and an activation of one's own in a model that is saved to one file and loaded again, with nothing lost."""

import os
import tempfile

import numpy as np

import tensorweb as keras
from tensorweb import layers, ops

SAMPLES = 2000
BATCH_SIZE = 32
EPOCHS = 12


@keras.saving.register_keras_serializable(package="examples")
def softsign_square(x):
    """Return the square of softsign, with the sign of x."""
    y = x / (1 + ops.abs(x))
    return ops.sign(x) * y * y


@keras.saving.register_keras_serializable(package="examples")
class Antirectifier(layers.Layer):
    """Joins the positive parts of the centred input and of its negative, so that nothing is lost and features double."""

    def __init__(self, initializer="glorot_uniform", scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.initializer = keras.initializers.get(initializer)
        self.scale = scale

    def build(self, input_shape):
        """Make the matrix that mixes the parts."""
        width = input_shape[-1]
        self.kernel = self.add_weight(shape=(2 * width, width), initializer=self.initializer, name="kernel")

    def call(self, inputs):
        """Return the mixed parts."""
        centred = inputs - ops.mean(inputs, axis=-1, keepdims=True)
        both = ops.concatenate([ops.relu(centred), ops.relu(-centred)], axis=-1)
        return self.scale * ops.matmul(both, self.kernel)

    def get_config(self):
        """Return what from_config needs."""
        config = super().get_config()
        config.update({"initializer": keras.initializers.serialize(self.initializer), "scale": self.scale})
        return config


@keras.saving.register_keras_serializable(package="examples")
class ResidualPair(layers.Layer):
    """Two inner layers around which the input passes; the inner layers are saved with it."""

    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.widen = layers.Dense(units)
        self.mix = Antirectifier(scale=0.5)

    def call(self, inputs):
        """Return the sum of the way through and the way around."""
        x = self.widen(inputs)
        return x + self.activation(self.mix(x))

    def get_config(self):
        """Return what from_config needs."""
        return {**super().get_config(), "units": self.units, "activation": keras.activations.serialize(self.activation)}


@keras.saving.register_keras_serializable(package="examples")
class FocalLoss(keras.losses.Loss):
    """Crossentropy that counts easy samples less."""

    def __init__(self, gamma=1.0, name="focal", **kwargs):
        super().__init__(name=name, **kwargs)
        self.gamma = gamma

    def call(self, y_true, y_pred):
        """Return a loss for each sample."""
        likelihood = ops.sum(y_true * y_pred, axis=-1)
        return -ops.power(1 - likelihood, self.gamma) * ops.log(likelihood + 1e-7)

    def get_config(self):
        """Return what from_config needs."""
        return {**super().get_config(), "gamma": self.gamma}


def load_data():
    """Return points in three interleaved spirals and their one-hot classes, to train on and to test with."""
    rng = np.random.default_rng(6)
    label = rng.integers(0, 3, SAMPLES)
    radius = rng.uniform(0.1, 1, SAMPLES)
    angle = 2 * np.pi / 3 * label + 3.5 * radius + rng.normal(scale=0.1, size=SAMPLES)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype("float32")
    y = np.eye(3, dtype="float32")[label]
    border = SAMPLES * 4 // 5
    return (x[:border], y[:border]), (x[border:], y[border:])


def make_model():
    """Return the compiled model."""
    model = keras.Sequential(
        [
            keras.Input(shape=(2,)),
            layers.Dense(16, activation=softsign_square),
            ResidualPair(24, activation="relu", name="first"),
            Antirectifier(initializer="he_normal"),
            ResidualPair(24, activation="relu", name="second"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss=FocalLoss(gamma=1.5), metrics=["accuracy"])
    return model


def main():
    """Train, save, load, compare, train on; return the test accuracy of the loaded model."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model()
    model.summary()
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spirals.keras")
        model.save(path)
        loaded = keras.saving.load_model(path)
    same = np.allclose(np.array(model.predict(x_test, verbose=0)), np.array(loaded.predict(x_test, verbose=0)), atol=1e-6)
    assert same, "the loaded model computes what the saved one did"
    assert loaded.get_layer("first").activation is keras.activations.relu
    loaded.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=2, verbose=0)
    _, accuracy = loaded.evaluate(x_test, y_test, verbose=0)
    print(f"the loaded model predicts the same; after 2 more epochs its test accuracy: {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
