"""The networks of the training parity test, written once for real Keras and for TensorWeb; data and weights by NumPy's generator."""

from __future__ import annotations

import numpy as np
import tensorweb_datasets

STEPS, BATCH = 50, 32


def digits(count):
    """Return `count` real digits and their labels."""
    raw = tensorweb_datasets.mnist()
    images = np.frombuffer(raw.train_images, np.uint8)[: count * 784].reshape(count, 28, 28, 1).astype("float32") / 255
    return images, np.frombuffer(raw.train_labels, np.uint8)[:count].astype("int32")


def words(count):
    """Return sequences of 20 word numbers and whether they hold more of the even ones."""
    rng = np.random.default_rng(3)
    x = rng.integers(1, 50, (count, 20))
    return x.astype("int32"), ((x % 2 == 0).sum(1) > 10).astype("float32")[:, None]


def convnet(keras):
    """Return a small convnet on digits."""
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return model, digits(STEPS * BATCH), "sparse_categorical_crossentropy"


def mlp(keras):
    """Return a multilayer perceptron on digits."""
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_regularizer="l2"),
            layers.Dense(32, activation="gelu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return model, digits(STEPS * BATCH), "sparse_categorical_crossentropy"


def lstm(keras):
    """Return an LSTM on the rows of digits."""
    layers = keras.layers
    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Reshape((28, 28)), layers.LSTM(24), layers.Dense(10, activation="softmax")])
    return model, digits(STEPS * BATCH), "sparse_categorical_crossentropy"


def transformer(keras):
    """Return a transformer block on sequences of words."""
    layers = keras.layers
    inputs = keras.Input((20,), dtype="int32")
    x = layers.Embedding(50, 16)(inputs)
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=8)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + attended)
    forward = layers.Dense(16)(layers.Dense(32, activation="relu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(x + forward)
    outputs = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, outputs), words(STEPS * BATCH), "binary_crossentropy"


MODELS = {"convnet": convnet, "mlp": mlp, "lstm": lstm, "transformer": transformer}
OPTIMIZERS = {
    "sgd": lambda keras: keras.optimizers.SGD(0.01),
    "momentum": lambda keras: keras.optimizers.SGD(0.02, momentum=0.9),
    "adam": lambda keras: keras.optimizers.Adam(0.002),
    "rmsprop": lambda keras: keras.optimizers.RMSprop(0.001),
    "adamw": lambda keras: keras.optimizers.AdamW(0.002, weight_decay=0.01),
}


def initial_weights(model):
    """Return the weights to start from: small for matrices, as they are for all else."""
    # From seed 11 two elements of a pooling window come within a unit in the last place at step 10, and rounding decides between them.
    rng = np.random.default_rng(17)
    made = []
    for w in model.get_weights():
        scale = np.sqrt(2.0 / np.prod(w.shape[:-1])) if w.ndim > 1 else 0
        made.append(rng.normal(0, 1, w.shape).astype("float32") * np.float32(scale) if w.ndim > 1 else w)
    return made


def losses(keras, name, optimizer):
    """Return the loss of each of the first steps."""
    model, (x, y), loss = MODELS[name](keras)
    model.set_weights(initial_weights(model))
    model.compile(optimizer=OPTIMIZERS[optimizer](keras), loss=loss)
    found = []
    for i in range(STEPS):
        model.reset_metrics()
        found.append(float(model.train_on_batch(x[i * BATCH : (i + 1) * BATCH], y[i * BATCH : (i + 1) * BATCH])))
    return found
