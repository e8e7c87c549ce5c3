"""Draw digits with a generative adversarial network: two models, two optimizers, one training step that plays them off."""

import numpy as np

import tensorweb as keras
from tensorweb import GradientTape, layers, ops

LATENT_DIM = 16
SIDE = 14
BATCH_SIZE = 64
EPOCHS = 25
DIGIT = 3


def load_data():
    """Return pictures of one digit, each 2 by 2 pixels made one: what to learn from and what was held out."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()

    def part(images, labels):
        chosen = images[labels == DIGIT].astype("float32") / 255
        return chosen.reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4))[..., None]

    return part(x_train, y_train), part(x_test, y_test)


def make_discriminator():
    """Return the network that tells drawn pictures (1) from real ones (0), as a logit."""
    return keras.Sequential(
        [
            keras.Input(shape=(SIDE, SIDE, 1)),
            layers.Conv2D(16, 3, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(32, 3, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def make_generator():
    """Return the network that draws a picture from random numbers."""
    return keras.Sequential(
        [
            keras.Input(shape=(LATENT_DIM,)),
            layers.Dense(7 * 7 * 16),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((7, 7, 16)),
            layers.Conv2DTranspose(16, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, 5, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )


class GAN(keras.Model):
    """A generator and a discriminator that train against each other."""

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")
        self.seed_generator = keras.random.SeedGenerator(1337)

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        """Take an optimizer for each network, and the loss of the game."""
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        """What fit begins anew at each epoch."""
        return [self.d_loss_tracker, self.g_loss_tracker]

    def draw(self, count):
        """Return some pictures."""
        points = keras.random.normal(shape=(count, self.latent_dim), seed=self.seed_generator)
        return self.generator(points)

    def train_step(self, real_images):
        """Train the discriminator on real and drawn pictures, then the generator through the discriminator."""
        batch_size = ops.shape(real_images)[0]
        images = ops.concatenate([self.draw(batch_size), real_images], axis=0)
        labels = ops.concatenate([ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))], axis=0)
        with GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(images))
        gradients = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply(gradients, self.discriminator.trainable_weights)

        misleading = ops.zeros((batch_size, 1))
        with GradientTape() as tape:
            g_loss = self.loss_fn(misleading, self.discriminator(self.draw(batch_size)))
        gradients = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply(gradients, self.generator.trainable_weights)

        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {"d_loss": self.d_loss_tracker.result(), "g_loss": self.g_loss_tracker.result()}


def make_model():
    """Return the compiled model."""
    model = GAN(make_discriminator(), make_generator(), LATENT_DIM)
    model.compile(
        d_optimizer=keras.optimizers.Adam(0.001, beta_1=0.5),
        g_optimizer=keras.optimizers.Adam(0.002, beta_1=0.5),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return model


def nearest(images, real):
    """Return the mean distance from each picture to the real one that is most like it."""
    a, b = images.reshape(len(images), -1), real.reshape(len(real), -1)
    squares = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)
    return float(np.sqrt(np.maximum(squares.min(1), 0)).mean())


def main():
    """Train and draw; return how far drawn pictures are from real ones, in units of the distance of held-out real ones."""
    keras.utils.set_random_seed(1)
    real, held_out = load_data()
    model = make_model()
    noise = nearest(np.random.default_rng(0).random((100, SIDE, SIDE, 1)), real)
    model.fit(real, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)
    drawn = np.array(model.draw(100))
    for row in range(SIDE):
        print("  ".join("".join(" .:*#"[int(4.99 * v)] for v in image[row, :, 0]) for image in drawn[:6]))
    unit = nearest(held_out, real)
    print(f"distance to real pictures: drawn {nearest(drawn, real) / unit:.2f}, noise {noise / unit:.2f}, real 1.00")
    return nearest(drawn, real) / unit


if __name__ == "__main__":
    main()
