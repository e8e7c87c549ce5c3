"""Recognise handwritten digits with a small convolutional network: Sequential, compile, fit, evaluate."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

NUM_CLASSES = 10
BATCH_SIZE = 64
EPOCHS = 4
DROPOUT = 0.3


def load_data():
    """Return the digits with a channel and values from 0 to 1, the labels as one-hot rows."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = np.expand_dims(x_train.astype("float32") / 255, -1)
    x_test = np.expand_dims(x_test.astype("float32") / 255, -1)
    return (x_train, keras.utils.to_categorical(y_train, NUM_CLASSES)), (x_test, keras.utils.to_categorical(y_test, NUM_CLASSES))


def make_model():
    """Return the compiled network."""
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(16, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(DROPOUT),
            layers.Dense(NUM_CLASSES, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.002), metrics=["accuracy"])
    return model


def main():
    """Train, then test on digits that were held out; return the accuracy."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model()
    model.summary()
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, validation_split=0.1, verbose=2)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy: {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
