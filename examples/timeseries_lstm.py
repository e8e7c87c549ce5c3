"""Forecast a temperature six hours ahead from the last day with an LSTM, on windows cut by a dataset from a long record."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

HOURS = 3000
PAST = 24
AHEAD = 6
BATCH_SIZE = 64
EPOCHS = 8


def make_record():
    """Return hourly measurements: temperature and pressure, with days, weather fronts that the pressure foretells, and noise."""
    rng = np.random.default_rng(4)
    hour = np.arange(HOURS)
    front = np.zeros(HOURS + 6)
    for i in range(1, HOURS + 6):
        front[i] = 0.95 * front[i - 1] + rng.normal(scale=0.3)
    temperature = 2 * np.sin(2 * np.pi * hour / 24) + 2 * front[:HOURS] + rng.normal(scale=0.1, size=HOURS)
    pressure = -front[6:] + rng.normal(scale=0.1, size=HOURS)
    return np.stack([temperature, pressure], axis=1)


def load_data():
    """Return datasets of (windows, temperatures to come), to train on and to test with, both normalised by the training part."""
    record = make_record()
    border = HOURS * 3 // 4
    mean, deviation = record[:border].mean(0), record[:border].std(0)
    record = ((record - mean) / deviation).astype("float32")

    def windows(part, shuffle):
        return keras.utils.timeseries_dataset_from_array(
            part[: -(PAST + AHEAD - 1)],
            part[PAST + AHEAD - 1 :, :1],
            sequence_length=PAST,
            batch_size=BATCH_SIZE,
            shuffle=shuffle,
            seed=3,
        )

    return windows(record[:border], True), windows(record[border:], False)


def make_model():
    """Return the compiled network."""
    inputs = keras.Input(shape=(PAST, 2))
    x = layers.LSTM(24)(inputs)
    outputs = layers.Dense(1)(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    return model


def main():
    """Train, then forecast held-out hours; return the mean absolute error as a part of that of "as it is now"."""
    keras.utils.set_random_seed(1)
    train, test = load_data()
    model = make_model()
    model.summary()
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
    model.fit(train, epochs=EPOCHS, validation_data=test, callbacks=[stop], verbose=2)
    _, error = model.evaluate(test, verbose=0)
    naive = np.mean(np.concatenate([np.abs(np.array(x)[:, -1, :1] - np.array(y)) for x, y in test]))
    print(f"mean absolute error: {error:.3f}, of the last known value {naive:.3f}, ratio {error / naive:.2f}")
    return float(error / naive)


if __name__ == "__main__":
    main()
