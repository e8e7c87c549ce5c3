"""Tell whether two pictures show the same digit: one network with shared weights sees both, trained with a contrastive loss."""

import numpy as np

import tensorweb as keras
from tensorweb import layers, ops

MARGIN = 1.0
PAIRS = 6000
TEST_PAIRS = 1000
BATCH_SIZE = 64
EPOCHS = 6
LEARNING_RATE = 0.002


def make_pairs(images, labels, count, rng):
    """Return pairs of pictures, half of them of the same digit, and 0 for the same, 1 for different digits."""
    of_digit = [np.flatnonzero(labels == digit) for digit in range(10)]
    first = rng.integers(0, len(images), count)
    different = np.arange(count) % 2
    second = np.empty(count, "int64")
    for i, (a, other) in enumerate(zip(first, different)):
        digit = (labels[a] + rng.integers(1, 10)) % 10 if other else labels[a]
        second[i] = rng.choice(of_digit[digit])
    return [images[first], images[second]], different.astype("float32")[:, None]


def load_data():
    """Return pairs of digits to train on and to test with."""
    rng = np.random.default_rng(9)
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train, x_test = x_train[..., None].astype("float32") / 255, x_test[..., None].astype("float32") / 255
    return make_pairs(x_train, y_train.astype("int64"), PAIRS, rng), make_pairs(x_test, y_test.astype("int64"), TEST_PAIRS, rng)


def contrastive_loss(y_true, y_pred):
    """Pull pairs of the same digit together, push others to at least a margin apart."""
    same = ops.square(y_pred)
    different = ops.square(ops.maximum(MARGIN - y_pred, 0))
    return ops.mean((1 - y_true) * same + y_true * different)


def accuracy(y_true, y_pred):
    """Return for each pair whether its distance is on the right side of half the margin."""
    return ops.mean(ops.equal(y_true, ops.cast(y_pred > MARGIN / 2, "float32")), axis=-1)


def distance(vectors):
    """Return the Euclidean distances of two batches of vectors."""
    a, b = vectors
    squares = ops.sum(ops.square(a - b), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(squares, keras.config.epsilon()))


def make_model():
    """Return the compiled model of pairs."""
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(8, 5, strides=2, activation="relu")(inputs)
    x = layers.Conv2D(16, 3, strides=2, activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dense(10)(x)
    embedding = keras.Model(inputs, layers.UnitNormalization()(x), name="embedding")

    first, second = keras.Input((28, 28, 1), name="first"), keras.Input((28, 28, 1), name="second")
    merged = layers.Lambda(distance, output_shape=(1,))([embedding(first), embedding(second)])
    model = keras.Model(inputs=[first, second], outputs=merged)
    model.compile(loss=contrastive_loss, optimizer=keras.optimizers.RMSprop(LEARNING_RATE), metrics=[accuracy])
    return model


def main():
    """Train, then compare pairs of held-out digits; return the accuracy."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model()
    model.summary()
    model.fit(x_train, y_train, validation_data=(x_test, y_test), batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)
    _, found = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy: {found:.3f}")
    return found


if __name__ == "__main__":
    main()
