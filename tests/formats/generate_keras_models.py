"""Writes tests/data/models/: small models as Keras saves them, and what they predict. Needs TensorFlow, Keras 3.15 and tf_keras (Keras 2).

Run: python tests/formats/generate_keras_models.py keras; python tests/formats/generate_keras_models.py keras2
"""

import json
import os
import sys
from pathlib import Path

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
import numpy as np

KERAS2 = sys.argv[1] == "keras2"
if KERAS2:
    import tf_keras as keras
else:
    import keras
L = keras.layers
TARGET = Path(__file__).parents[1] / "data" / "models"


def values(shape, kind="float"):
    """Return the inputs that the tests make, too."""
    n = np.arange(np.prod(shape), dtype="float64")
    return ((n * 7) % 5).astype("int32").reshape(shape) if kind == "int" else np.sin(n + 1).astype("float32").reshape(shape)


def randomized(model):
    """Give the weights values of all kinds, so that no two could be exchanged unnoticed."""
    model.set_weights([np.abs(np.cos(np.arange(w.size) + i)).reshape(w.shape) * 0.5 if w.dtype.kind == "f" else w
                       for i, w in enumerate(model.get_weights())])  # fmt: skip
    return model


def sequential():
    layers = [
        L.Conv2D(2, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)), L.BatchNormalization(),
        L.DepthwiseConv2D(2), L.LeakyReLU(), L.SeparableConv2D(3, 2), L.MaxPooling2D(), L.Dropout(0.5, seed=3), L.Flatten(),
        L.Dense(2, activation="softmax"),
    ]  # fmt: skip
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers], name="seq")
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model, [(8, 8, 3)]


def several():
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    shared = L.Dense(4, activation="tanh", name="shared")
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3), L.BatchNormalization()], name="inner")
    total = L.Add()([shared(a), shared(b)])
    y, z = inner(total), inner(L.ReLU()(shared(a)))
    outputs = [L.Dense(1, name="o1")(y), L.Concatenate(name="o2")([y, z])]
    model = keras.Model([a, b], outputs, name="several")
    model.compile(keras.optimizers.RMSprop(0.01), ["mse", "mae"], loss_weights=[1, 0.5])
    return model, [(6,), (6,)]


def operators():
    a = keras.Input((4, 3))
    d = L.Dense(3)(a)
    x = (a + d) * 2.0 - 1.0
    model = keras.Model(a, [x[:, 1:, 0], L.GlobalAveragePooling1D()(x / 3.0)], name="operators")
    return model, [(4, 3)]


def nested():
    i = keras.Input((5,), name="inside")
    inner = keras.Model(i, L.Dense(4, name="last")(L.BatchNormalization(name="norm")(L.Dense(6, name="first")(i))), name="within")
    inner.trainable = False
    o = keras.Input((5,), name="outside")
    model = keras.Model(o, L.Dense(2, name="last")(inner(o)), name="nested")
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model, [(5,)]


def recurrent():
    i = keras.Input((5, 4))
    x = L.Bidirectional(L.LSTM(2, return_sequences=True))(i)
    x = L.RNN([L.GRUCell(2), L.SimpleRNNCell(3)], return_sequences=True)(x)
    x = L.TimeDistributed(L.Dense(2, activation="hard_sigmoid"))(x)
    x = L.GRU(3, return_sequences=True, recurrent_activation="hard_sigmoid", reset_after=False)(x)
    return keras.Model(i, L.GRU(2, name="after")(x), name="recurrent"), [(5, 4)]


def attention():
    i = keras.Input((5, 4))
    x = L.MultiHeadAttention(2, 3)(i, i)
    x = L.LayerNormalization()(L.Add()([i, x]))
    return keras.Model(i, L.Attention()([x, i]), name="attention"), [(5, 4)]


def text():
    i = keras.Input((6,), dtype="int32")
    x = L.Embedding(7, 3, mask_zero=True)(i)
    return keras.Model(i, L.LSTM(2)(x), name="text"), [(6,)]


MAKERS = {f.__name__: f for f in (sequential, several, operators, nested, recurrent, attention, text)}

if not KERAS2:

    @keras.saving.register_keras_serializable("tests")
    class Custom(keras.Model):
        """Layers in lists and dicts, before and after `layers` in the alphabet, and a variable of its own."""

        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.blocks = [L.Dense(units), L.Dense(units)]
            self.table = {"a": L.Dense(2), "b": L.Dense(1)}
            self.head, self._hidden = L.Dense(1), L.Dense(4)
            self.scale = self.add_weight(shape=(1,), initializer="ones", name="scale")

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return self.head(self.table["a"](x)) + self.table["b"](x) * self.scale + self._hidden(x)[:, :1]

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    def custom():
        model = Custom(name="custom")
        model(np.zeros((1, 5), "float32"))
        model.compile("adamw", "mse")
        return model, [(5,)]

    MAKERS["custom"] = custom


def flat(outputs):
    return [{"s": list(o.shape), "v": [float(f"{v:.9g}") for v in o.astype("float64").reshape(-1)]}
            for o in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]  # fmt: skip


def main():
    path = TARGET / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    TARGET.mkdir(exist_ok=True)
    prefix = "keras2_" if KERAS2 else "keras3_"
    for name, make in MAKERS.items():
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        model, shapes = make()
        randomized(model)
        kinds = ["int" if name == "text" else "float"] * len(shapes)
        x = [values((4, *s), k) for s, k in zip(shapes, kinds)]
        x = x[0] if len(x) == 1 else x
        case = {"shapes": shapes, "kinds": kinds, "version": keras.__version__}
        if getattr(model, "optimizer", None) is not None:
            y = [values(o.shape) ** 2 for o in model.predict(x, verbose=0)] if len(shapes) > 1 else values(model(x).shape) ** 2
            for _ in range(3):
                model.train_on_batch(x, y)
        case["outputs"] = flat(model.predict(x, verbose=0))
        suffixes = [".h5"] if KERAS2 else [".keras", ".h5", ".weights.h5"]
        for suffix in suffixes:
            if (suffix == ".h5" and name == "custom") or (suffix == ".h5" and name == "operators" and not KERAS2):
                continue
            if suffix == ".weights.h5" and name not in ("custom", "recurrent"):
                continue
            (model.save_weights if "weights" in suffix else model.save)(str(TARGET / f"{prefix}{name}{suffix}"))
        if getattr(model, "optimizer", None) is not None and name != "sequential":
            for _ in range(3):
                model.train_on_batch(x, y)
            case["trained"] = flat(model.predict(x, verbose=0))
        expected[prefix + name] = case
        print(prefix + name)
    path.write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
