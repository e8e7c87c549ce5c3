"""Predict from a table with columns of words and of numbers: an input a column, one-hot words, normalised numbers, class weights."""

import numpy as np

import tensorweb as keras
from tensorweb import layers

ROWS = 3000
BATCH_SIZE = 32
EPOCHS = 8
WORDS = {"job": ["farmer", "nurse", "teacher", "welder"], "region": ["north", "south", "west"], "smoker": ["no", "yes"]}
NUMBERS = ["age", "pressure", "cholesterol"]
DROPOUT = 0.1


class OneHot(layers.Layer):
    """Makes a row of zeros with a single one of a number."""

    def __init__(self, depth, **kwargs):
        super().__init__(**kwargs)
        self.depth = depth

    def call(self, inputs):
        """Return the rows."""
        return keras.ops.one_hot(inputs[:, 0], self.depth)

    def compute_output_shape(self, input_shape):
        """Return (batch, depth)."""
        return (input_shape[0], self.depth)


class Standardize(layers.Layer):
    """Shifts and scales numbers to mean 0 and deviation 1, as they were in the data it adapted to."""

    def build(self, input_shape):
        """Make the mean and the deviation, which training leaves alone."""
        self.mean = self.add_weight(shape=(), initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=(), initializer="ones", trainable=False, name="deviation")

    def adapt(self, data):
        """Take mean and deviation from a column."""
        self.build(data.shape)
        self.built = True
        self.mean.assign(float(np.mean(data)))
        self.deviation.assign(float(np.std(data)))

    def call(self, inputs):
        """Return the standardised numbers."""
        return (inputs - self.mean) / self.deviation


def make_table():
    """Return a table of invented patients as lists by column, and who fell ill (few of them)."""
    rng = np.random.default_rng(12)
    table = {name: [words[i] for i in rng.integers(0, len(words), ROWS)] for name, words in WORDS.items()}
    table["age"] = rng.uniform(25, 80, ROWS).tolist()
    table["pressure"] = (110 + 0.5 * np.array(table["age"]) + rng.normal(scale=12, size=ROWS)).tolist()
    table["cholesterol"] = rng.normal(220, 40, ROWS).tolist()
    smokes = np.array(table["smoker"]) == "yes"
    north = np.array(table["region"]) == "north"
    risk = (np.array(table["pressure"]) - 136) / 10 + (np.array(table["cholesterol"]) - 220) / 40 * (1 + 2 * smokes) + north
    return table, (risk + rng.normal(scale=0.3, size=ROWS) > 2).astype("float32")[:, None]


def load_data():
    """Return columns as arrays (words as their number) and targets, to train on and to test with."""
    table, ill = make_table()
    x = {name: np.array([[WORDS[name].index(word)] for word in table[name]], "int32") for name in WORDS}
    x.update({name: np.array(table[name], "float32")[:, None] for name in NUMBERS})
    border = ROWS * 3 // 4
    return ({k: v[:border] for k, v in x.items()}, ill[:border]), ({k: v[border:] for k, v in x.items()}, ill[border:])


def make_model(x):
    """Return the compiled model for the columns of `x`."""
    inputs = {name: keras.Input(shape=(1,), name=name, dtype="int32" if name in WORDS else "float32") for name in x}
    encoded = []
    for name, column in inputs.items():
        if name in WORDS:
            encoded.append(OneHot(len(WORDS[name]))(column))
        else:
            standardize = Standardize()
            standardize.adapt(x[name])
            encoded.append(standardize(column))
    features = layers.concatenate(encoded)
    hidden = layers.Dropout(DROPOUT)(layers.Dense(32, activation="relu")(features))
    outputs = layers.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model(inputs, outputs)
    metrics = [keras.metrics.BinaryAccuracy(name="accuracy"), keras.metrics.AUC(name="auc"), keras.metrics.Recall(name="recall")]
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=metrics)
    return model


def main():
    """Train, test, ask for one patient; return the area under the ROC curve."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_data()
    model = make_model(x_train)
    model.summary()
    ill = float(y_train.mean())
    weights = {0: 0.5 / (1 - ill), 1: 0.5 / ill}
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, class_weight=weights, verbose=2)
    result = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    patient = {"job": 0, "region": 0, "smoker": 1, "age": 60.0, "pressure": 145.0, "cholesterol": 270.0}
    one = {name: np.array([[value]], x_train[name].dtype) for name, value in patient.items()}
    print(f"a smoker from the north with high cholesterol: risk {float(np.array(model.predict(one, verbose=0))[0, 0]):.2f}")
    print("test: " + ", ".join(f"{name} {result[name]:.3f}" for name in ("accuracy", "recall", "auc")))
    return result["auc"]


if __name__ == "__main__":
    main()
