"""Learn from few pictures by changing them at random while training: augmentation layers of one's own, active in training only."""

import numpy as np

import tensorweb as keras
from tensorweb import layers, ops

DIGITS = 300
BATCH_SIZE = 32
EPOCHS = 40


class RandomShift(layers.Layer):
    """Moves each batch of pictures by a few pixels while training; what comes in is empty."""

    def __init__(self, pixels=2, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.pixels = pixels
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        """Return the moved pictures; outside training the pictures themselves."""
        if not training:
            return images
        p = self.pixels
        padded = ops.pad(images, [[0, 0], [p, p], [p, p], [0, 0]])
        start = keras.random.randint((2,), 0, 2 * p + 1, seed=self.seed_generator)
        zero = ops.zeros((1,), "int32")
        return ops.slice(padded, ops.concatenate([zero, ops.cast(start, "int32"), zero]), ops.shape(images))

    def get_config(self):
        """Return what from_config needs."""
        return {**super().get_config(), "pixels": self.pixels, "seed": self.seed}


class RandomTurn(layers.Layer):
    """Turns and stretches each picture by a little while training, with an affine map of its own."""

    def __init__(self, strength=0.15, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        """Return the turned pictures; outside training the pictures themselves."""
        if not training:
            return images
        count, side = ops.shape(images)[0], images.shape[1]
        change = keras.random.uniform((count, 4), -self.strength, self.strength, seed=self.seed_generator)
        a, b, c, d = 1 + change[:, 0], change[:, 1], change[:, 2], 1 + change[:, 3]
        middle, zero = (side - 1) / 2, ops.zeros((count,))
        # The middle of a picture stays where it is.
        maps = ops.stack([a, b, middle * (1 - a - b), c, d, middle * (1 - c - d), zero, zero], axis=1)
        return ops.image.affine_transform(images, maps, interpolation="bilinear", data_format="channels_last")

    def get_config(self):
        """Return what from_config needs."""
        return {**super().get_config(), "strength": self.strength, "seed": self.seed}


def load_data():
    """Return few digits to train on, as bytes, and all that are held out."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    few, test = x_train[:DIGITS, ..., None], x_test[..., None]
    return (few.astype("float32"), y_train[:DIGITS].astype("int32")), (test.astype("float32"), y_test.astype("int32"))


def make_model(augment=True):
    """Return the compiled network, with or without augmentation before it."""
    inputs = keras.Input((28, 28, 1))
    x = layers.Lambda(lambda images: images / 255.0)(inputs)
    if augment:
        x = RandomTurn(0.2, seed=1)(x)
        x = RandomShift(2, seed=2)(x)
    x = layers.Conv2D(16, 3, strides=2, activation="relu")(x)
    x = layers.Conv2D(32, 3, strides=2, activation="relu")(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    """Train with and without augmentation; return the test accuracy with it."""
    keras.utils.set_random_seed(1)
    train, test = load_data()
    accuracies = []
    for augment in (False, True):
        model = make_model(augment)
        model.fit(*train, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
        same = np.array_equal(np.array(model.predict(test[0][:5], verbose=0)), np.array(model.predict(test[0][:5], verbose=0)))
        assert same, "nothing is random outside training"
        accuracies.append(model.evaluate(*test, verbose=0)[1])
    print(f"test accuracy from {DIGITS} pictures: {accuracies[0]:.3f} as they are, {accuracies[1]:.3f} augmented")
    return accuracies[1]


if __name__ == "__main__":
    main()
