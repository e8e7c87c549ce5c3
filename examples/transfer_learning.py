"""Reuse a network: train it on the digits 0 to 4, freeze it and learn 5 to 9 from few examples on top of it, then fine-tune all."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

FEW = 150
BATCH_SIZE = 32
BASE_EPOCHS = 3
HEAD_EPOCHS = 12
TUNING_EPOCHS = 6


def load_data():
    """Return the parts with the digits 0 to 4 and with the digits 5 to 9 (their labels less 5), each to train and to test."""

    def part(images, labels, low, limit=None):
        chosen = (labels >= low) & (labels < low + 5)
        x = images[chosen][:limit, ..., None].astype("float32") / 255
        return x, (labels[chosen][:limit].astype("int32") - low)

    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    low = part(x_train, y_train, 0), part(x_test, y_test, 0)
    high = part(x_train, y_train, 5, FEW), part(x_test, y_test, 5)
    return low, high


def make_base():
    """Return the network that sees: from pictures to features."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(12, 3, strides=2, activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(24, 3, strides=2, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
        ],
        name="base",
    )


def make_model(base, learning_rate=0.002):
    """Return the compiled network: the base and a new head."""
    inputs = keras.Input(shape=(28, 28, 1))
    outputs = layers.Dense(5, activation="softmax")(base(inputs))
    model = keras.Model(inputs, outputs)
    compile_model(model, learning_rate)
    return model


def compile_model(model, learning_rate):
    """Compile, which must be done anew after a change of `trainable`."""
    model.compile(keras.optimizers.Adam(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def unfreeze(base):
    """Let the base train, but for its batch normalisation: few examples say little of means and variances."""
    base.trainable = True
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def main():
    """Train the base, a head on it, then all; return the test accuracy on the digits 5 to 9."""
    keras.utils.set_random_seed(1)
    low, high = load_data()
    base = make_base()
    first = make_model(base)
    first.fit(*low[0], batch_size=64, epochs=BASE_EPOCHS, verbose=2)
    print(f"digits 0 to 4: test accuracy {first.evaluate(*low[1], verbose=0)[1]:.3f}")

    base.trainable = False
    model = make_model(base)
    model.summary()
    before = np.array(base.get_weights()[0])
    model.fit(*high[0], batch_size=BATCH_SIZE, epochs=HEAD_EPOCHS, verbose=0)
    assert np.array_equal(before, np.array(base.get_weights()[0])), "frozen weights stay"
    frozen = model.evaluate(*high[1], verbose=0)[1]
    print(f"digits 5 to 9 from {FEW} examples, base frozen: test accuracy {frozen:.3f}")

    unfreeze(base)
    compile_model(model, 0.0005)
    model.fit(*high[0], batch_size=BATCH_SIZE, epochs=TUNING_EPOCHS, verbose=0)
    accuracy = model.evaluate(*high[1], verbose=0)[1]
    print(f"digits 5 to 9 after fine-tuning: test accuracy {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
