"""Learn to draw digits with a variational autoencoder: a sampling layer, a model with a training step of its own."""

import numpy as np

import tensorweb as keras
from tensorweb import GradientTape, layers, ops

LATENT_DIM = 2
DIGITS = 5000
BATCH_SIZE = 64
EPOCHS = 6


class Sampling(layers.Layer):
    """Draws a point of the normal distribution with a mean and a log variance."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        """Return mean + deviation * noise, through which gradients flow."""
        mean, log_variance = inputs
        noise = keras.random.normal(shape=ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def make_encoder():
    """Return the network from pictures to means, log variances and sampled points."""
    inputs = keras.Input(shape=(28, 28, 1))
    x = layers.Conv2D(8, 3, activation="relu", strides=2, padding="same")(inputs)
    x = layers.Conv2D(16, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(32, activation="relu")(x)
    mean = layers.Dense(LATENT_DIM, name="mean")(x)
    log_variance = layers.Dense(LATENT_DIM, name="log_variance")(x)
    point = Sampling()([mean, log_variance])
    return keras.Model(inputs, [mean, log_variance, point], name="encoder")


def make_decoder():
    """Return the network from points to pictures."""
    inputs = keras.Input(shape=(LATENT_DIM,))
    x = layers.Dense(7 * 7 * 16, activation="relu")(inputs)
    x = layers.Reshape((7, 7, 16))(x)
    x = layers.Conv2DTranspose(16, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(8, 3, activation="relu", strides=2, padding="same")(x)
    outputs = layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x)
    return keras.Model(inputs, outputs, name="decoder")


class VAE(keras.Model):
    """An encoder and a decoder, trained together on the reconstruction and the divergence from the normal distribution."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.total_tracker = keras.metrics.Mean(name="loss")
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.divergence_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        """What fit begins anew at each epoch."""
        return [self.total_tracker, self.reconstruction_tracker, self.divergence_tracker]

    def call(self, inputs):
        """Return the reconstructed pictures."""
        return self.decoder(self.encoder(inputs)[2])

    def losses_of(self, data):
        """Return the two parts of the loss."""
        mean, log_variance, point = self.encoder(data)
        reconstruction = self.decoder(point)
        reconstruction_loss = ops.mean(ops.sum(keras.losses.binary_crossentropy(data, reconstruction), axis=(1, 2)))
        divergence = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        return reconstruction_loss, ops.mean(ops.sum(divergence, axis=1))

    def train_step(self, data):
        """Take one step on a batch of pictures."""
        with GradientTape() as tape:
            reconstruction_loss, divergence = self.losses_of(data)
            total = reconstruction_loss + divergence
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return self.track(total, reconstruction_loss, divergence)

    def test_step(self, data):
        """Evaluate a batch of pictures."""
        reconstruction_loss, divergence = self.losses_of(data)
        return self.track(reconstruction_loss + divergence, reconstruction_loss, divergence)

    def track(self, *values):
        """Take values into the metrics and return those."""
        for metric, value in zip(self.metrics, values):
            metric.update_state(value)
        return {metric.name: metric.result() for metric in self.metrics}


def load_data():
    """Return pictures to train on and to test with."""
    (x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
    return x_train[:DIGITS, ..., None].astype("float32") / 255, x_test[..., None].astype("float32") / 255


def make_model():
    """Return the compiled model."""
    model = VAE(make_encoder(), make_decoder())
    model.compile(optimizer=keras.optimizers.Adam(0.003))
    return model


def show(decoder, count=5):
    """Print what the decoder draws along a line through the plane of points."""
    points = np.stack([np.linspace(-1.5, 1.5, count), np.linspace(1.0, -1.0, count)], axis=1).astype("float32")
    images = np.array(decoder.predict(points, verbose=0))
    for row in range(4, 26, 2):
        print("  ".join("".join(" .:*#"[int(4.99 * v)] for v in image[row, ::2, 0]) for image in images))


def main():
    """Train, draw, and return the reconstruction loss on pictures that were held out."""
    keras.utils.set_random_seed(1)
    x_train, x_test = load_data()
    model = make_model()
    model.encoder.summary()
    model.decoder.summary()
    model.fit(x_train, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=2)
    show(model.decoder)
    result = model.evaluate(x_test, verbose=0, return_dict=True)
    print(f"test reconstruction loss: {result['reconstruction_loss']:.1f}, divergence: {result['kl_loss']:.2f}")
    return result["reconstruction_loss"]


if __name__ == "__main__":
    main()
