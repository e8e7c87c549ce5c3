"""Train a small convnet on handwritten digits with the Ops API, show how it goes, and test it on 1,000 digits it never saw."""

from __future__ import annotations

import sys
import time

import tensorweb as tw
from examples.mnist import draw

BATCH, EPOCHS = 64, 8


class Convnet:
    """Two convolutions with max pooling, then two dense layers; the weights start as He et al. 2015 advise."""

    def __init__(self):
        def weights(*shape):
            fan_in = 1
            for d in shape[:-1]:
                fan_in *= d
            return tw.Variable(tw.random.normal(shape, stddev=(2 / fan_in) ** 0.5))

        self.kernels = [weights(3, 3, 1, 16), weights(3, 3, 16, 32), weights(800, 64), weights(64, 10)]
        self.biases = [tw.Variable(tw.zeros((k.shape[-1],))) for k in self.kernels]

    def __call__(self, x):
        """Return the logits [n, 10] of images [n, 28, 28, 1]."""
        for k, b in zip(self.kernels[:2], self.biases):
            x = tw.max_pool(tw.relu(tw.conv(x, k) + b), 2)
        x = tw.reshape(x, (x.shape[0], -1))
        x = tw.relu(x @ self.kernels[2] + self.biases[2])
        return x @ self.kernels[3] + self.biases[3]


def train(model, images, labels):
    """Train for some epochs, with a progress bar; return the losses."""
    optimizer = tw.optimizers.Adam(tw.optimizers.schedules.CosineDecay(0.003, EPOCHS * len(images) // BATCH))
    losses, steps = [], len(images) // BATCH
    for epoch in range(EPOCHS):
        order = tw.random.shuffle(tw.arange(len(images)), seed=epoch)
        for step in range(steps):
            chosen = order[step * BATCH : (step + 1) * BATCH]
            x, y = tw.take(images, chosen, axis=0), tw.take(labels, chosen, axis=0)
            loss = optimizer.minimize(lambda: tw.mean(tw.sparse_categorical_crossentropy(y, model(x), from_logits=True)))  # noqa: B023
            losses.append(float(loss))
            if sys.stdout.isatty() or step == steps - 1:
                mean = sum(losses[-50:]) / len(losses[-50:])
                end = "\n" if step == steps - 1 else "\r"
                print(draw.progress_bar(step + 1, steps, f"epoch {epoch + 1}/{EPOCHS}  loss {mean:.4f}"), end=end, flush=True)
    return losses


def main():
    """Train, draw, test."""
    start = time.perf_counter()
    tw.random.set_random_seed(1)
    digits = tw.data.mnist()
    print(f"TensorWeb {tw.__version__} on the backend {tw.get_backend()}: {len(digits.train_images)} digits to learn from")
    model = Convnet()
    losses = train(model, digits.train_images, digits.train_labels)
    print(draw.loss_curve(losses))
    predicted = tw.argmax(model(digits.test_images), axis=-1)
    right = tw.sum(predicted == digits.test_labels)
    shown = 20
    pictures = tw.reshape(digits.test_images[:shown], (shown, 784)).tolist()
    labels, guesses = digits.test_labels[:shown].tolist(), predicted[:shown].tolist()
    print(draw.digits_text(pictures[:12], labels[:12], guesses[:12]))
    draw.save_png("mnist.png", losses, pictures, labels, guesses)
    accuracy = int(right) / len(digits.test_labels)
    print(
        f"accuracy on {len(digits.test_labels)} held-out digits: {accuracy:.1%}"
        f"  ({time.perf_counter() - start:.0f} s; pictures in mnist.png)"
    )
    return accuracy


if __name__ == "__main__":
    main()
