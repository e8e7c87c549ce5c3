"""Watch and steer training: schedules, early stopping, checkpoints, logs in a file, and a callback of one's own."""

import csv
import os
import tempfile

import numpy as np

import tensorweb as keras
from tensorweb import layers

SAMPLES = 1500
BATCH_SIZE = 32
EPOCHS = 40


class SlowestBatch(keras.callbacks.Callback):
    """Remembers the batch with the largest loss, and how fast learning was in each epoch."""

    def on_train_begin(self, logs=None):
        """Begin anew."""
        self.worst = (0.0, None)
        self.rates = []

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Compare the running loss with the worst one."""
        if logs["loss"] > self.worst[0]:
            self.worst = (logs["loss"], (self.epoch, batch))

    def on_epoch_end(self, epoch, logs=None):
        """Note the learning rate that was used."""
        self.rates.append(float(np.array(self.model.optimizer.learning_rate)))


def load_data():
    """Return points and the values of a bumpy function of them, to train on and to test with."""
    rng = np.random.default_rng(10)
    x = rng.uniform(-2, 2, (SAMPLES, 3)).astype("float32")
    y = np.sin(2 * x[:, :1]) * x[:, 1:2] + 0.5 * x[:, 2:] ** 2
    border = SAMPLES * 4 // 5
    return (x[:border], y[:border]), (x[border:], y[border:])


def make_model(learning_rate=None):
    """Return the compiled network; by default its learning rate rises, then falls along a cosine."""
    steps = -(-SAMPLES * 4 // 5 // BATCH_SIZE) * EPOCHS
    if learning_rate is None:
        learning_rate = keras.optimizers.schedules.CosineDecay(
            0.001, decay_steps=steps * 3 // 4, warmup_target=0.01, warmup_steps=steps // 10, alpha=0.01
        )
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(48, activation="gelu", kernel_regularizer=keras.regularizers.L2(1e-6)),
            layers.Dense(48, activation="gelu", kernel_constraint=keras.constraints.MaxNorm(4)),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.AdamW(learning_rate, weight_decay=1e-4), loss="mse", metrics=["mae"])
    return model


def main():
    """Train by a schedule, then once more by a rate that falls when progress stops; return the better mean absolute error."""
    keras.utils.set_random_seed(1)
    train, test = load_data()
    with tempfile.TemporaryDirectory() as folder:
        log, best = os.path.join(folder, "log.csv"), os.path.join(folder, "best.weights.h5")
        watcher = SlowestBatch()
        scheduled = make_model()
        history = scheduled.fit(
            *train,
            batch_size=BATCH_SIZE,
            epochs=EPOCHS,
            validation_data=test,
            verbose=0,
            callbacks=[
                keras.callbacks.CSVLogger(log),
                keras.callbacks.ModelCheckpoint(best, monitor="val_mae", save_best_only=True, save_weights_only=True),
                keras.callbacks.TerminateOnNaN(),
                watcher,
            ],
        )
        with open(log) as file:
            rows = list(csv.DictReader(file))
        scheduled.load_weights(best)
    assert len(rows) == len(history.epoch), "the log has a row for each epoch"
    print(f"largest running loss {watcher.worst[0]:.2f} in epoch and batch {watcher.worst[1]}")
    print("learning rates:", " ".join(f"{rate:.4f}" for rate in watcher.rates[::4]))
    first, logged = scheduled.evaluate(*test, verbose=0)[1], min(float(row["val_mae"]) for row in rows)
    print(f"mean absolute error of the best epoch with the schedule: {first:.4f} (the log's best: {logged:.4f})")

    steered = make_model(0.005)
    history = steered.fit(
        *train,
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=test,
        verbose=0,
        callbacks=[
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * (0.5 if epoch == 15 else 1.0)),
            keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.3, patience=2, min_lr=1e-5),
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=6, restore_best_weights=True),
        ],
    )
    second = steered.evaluate(*test, verbose=0)[1]
    rate = history.history["learning_rate"][-1]
    print(f"mean absolute error when steered: {second:.4f} after {len(history.epoch)} epochs, last learning rate {rate:.2g}")
    print(f"best mean absolute error: {min(first, second):.4f}")
    return min(first, second)


if __name__ == "__main__":
    main()
