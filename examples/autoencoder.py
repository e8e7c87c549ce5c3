"""Clean noisy pictures of digits with a convolutional autoencoder: strided and transposed convolutions, functional model."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

DIGITS = 4000
NOISE = 0.4
BATCH_SIZE = 64
EPOCHS = 5


def add_noise(images, seed):
    """Return the pictures with noise on every pixel."""
    noisy = images + NOISE * np.random.default_rng(seed).normal(size=images.shape)
    return np.clip(noisy, 0, 1).astype("float32")


def load_data():
    """Return (noisy, clean) pictures to train on and to test with."""
    (x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
    x_train = x_train[:DIGITS, ..., None].astype("float32") / 255
    x_test = x_test[..., None].astype("float32") / 255
    return (add_noise(x_train, 1), x_train), (add_noise(x_test, 2), x_test)


def make_model():
    """Return the compiled autoencoder."""
    inputs = keras.Input(shape=(28, 28, 1))
    # Encoder: 28 by 28 pixels become 7 by 7 places with 16 numbers.
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    # Decoder: the same way back.
    x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")(x)
    outputs = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    model = keras.Model(inputs, outputs, name="autoencoder")
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy", metrics=["mse"])
    return model


def show(*columns):
    """Print the first pictures of each kind side by side, as characters."""
    for row in range(4, 26, 2):
        print("  ".join("".join(" .:*#"[int(4.99 * v)] for v in images[0, row, ::2, 0]) for images in columns))


def main():
    """Train, then clean pictures that were held out; return how many times smaller the squared error became."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model()
    model.summary()
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, validation_data=(x_test, y_test), verbose=2)
    cleaned = np.array(model.predict(x_test, verbose=0))
    show(x_test, cleaned, y_test)
    before, after = np.mean((x_test - y_test) ** 2), np.mean((cleaned - y_test) ** 2)
    print(f"mean squared error: {before:.4f} noisy, {after:.4f} cleaned, {before / after:.1f} times less")
    return float(before / after)


if __name__ == "__main__":
    main()
