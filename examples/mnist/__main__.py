"""Train a convnet on handwritten digits, show how it goes, test it on 1,000 digits it never saw, save it and load it back."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import tensorweb as tw
from examples.mnist import draw

BATCH, EPOCHS = 64, 8


class Losses(tw.callbacks.Callback):
    """Keeps the running loss of each batch for the curve."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        """Note the running loss, which begins anew with each epoch."""
        self.values.append(logs["loss"])


def make_model(steps):
    """Return the compiled network; its learning rate falls to zero along a cosine."""
    layers = tw.layers
    model = tw.Sequential(
        [
            tw.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu", kernel_initializer="he_normal"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu", kernel_initializer="he_normal"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    rate = tw.optimizers.schedules.CosineDecay(0.003, steps)
    model.compile(tw.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def save_and_load(model):
    """Save the model as TensorFlow.js stores models and return what is loaded from there."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder)
        sizes = ", ".join(f"{path.name} ({path.stat().st_size:,} bytes)" for path in sorted(Path(folder).iterdir()))
        print(f"saved for TensorFlow.js: {sizes}")
        return tw.saving.load_model(folder)


def main():
    """Train, draw, test, save, load; return the accuracy."""
    start = time.perf_counter()
    tw.utils.set_random_seed(1)
    digits = tw.data.mnist()
    print(f"TensorWeb {tw.__version__} on the backend {tw.get_backend()}: {len(digits.train_images)} digits to learn from")
    model = make_model(EPOCHS * -(-len(digits.train_images) // BATCH))
    model.summary()
    losses = Losses()
    verbose = 1 if sys.stdout.isatty() else 2  # a progress bar, or a line an epoch
    model.fit(digits.train_images, digits.train_labels, batch_size=BATCH, epochs=EPOCHS, callbacks=[losses], verbose=verbose)
    print(draw.loss_curve(losses.values))
    _, accuracy = model.evaluate(digits.test_images, digits.test_labels, verbose=0)
    loaded = save_and_load(model)
    probabilities = loaded.predict(digits.test_images, verbose=0)
    same = tw.max(tw.abs(probabilities - model.predict(digits.test_images, verbose=0))).item() < 1e-6
    print("the loaded model predicts the same" if same else "the loaded model does NOT predict the same")
    show(digits, tw.argmax(probabilities, axis=-1), losses.values)
    seconds = time.perf_counter() - start
    print(f"accuracy on {len(digits.test_labels)} held-out digits: {accuracy:.1%}  ({seconds:.0f} s; pictures in mnist.png)")
    return accuracy


def show(digits, predicted, losses, count=20):
    """Draw the first held-out digits with what the model takes them for, in the terminal and in mnist.png."""
    pictures = tw.reshape(digits.test_images[:count], (count, 784)).tolist()
    labels, guesses = digits.test_labels[:count].tolist(), predicted[:count].tolist()
    print(draw.digits_text(pictures[:12], labels[:12], guesses[:12]))
    draw.save_png("mnist.png", losses, pictures, labels, guesses)


if __name__ == "__main__":
    main()
