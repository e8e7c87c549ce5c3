"""The stored models (tests/data/models), their inputs, and comparisons; shared by the tests of formats."""

import base64
import json
import math
from pathlib import Path

import tensorweb as tw

FOLDER = Path(__file__).parents[1] / "data" / "models"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
SUFFIXES = (".keras", ".weights.h5", ".h5")


def values(shape, kind="float"):
    """Return the inputs that the generators made, too."""
    n = math.prod(shape)
    data = [(i * 7) % 5 for i in range(n)] if kind == "int" else [math.sin(i + 1) for i in range(n)]
    return tw.tensor(data, tuple(shape), "int32" if kind == "int" else "float32")


def inputs_of(case):
    """Return what the model of a case was called with."""
    kinds = case.get("kinds") or [case["kind"]] * len(case["shapes"])
    x = [values((4, *s), k) for s, k in zip(case["shapes"], kinds)]
    return x[0] if len(x) == 1 else x


def outputs_of(model, x):
    """Return a model's predictions as a list."""
    y = model.predict(x, verbose=0)
    return list(y) if isinstance(y, (list, tuple)) else [y]


def largest_difference(got, want):
    """Return the largest difference of predictions and stored ones, whose shapes must be the same."""
    assert [list(g.shape) for g in got] == [w["s"] for w in want]
    flat = [v for g in got for v in tw.reshape(tw.tensor(g), (-1,)).tolist()]
    return max(abs(a - b) for a, b in zip(flat, [v for w in want for v in w["v"]], strict=True))


def train(model, x, like, steps=3):
    """Take the steps that the generators took after saving."""
    y = [values(o.shape) ** 2 for o in like]
    for _ in range(steps):
        model.train_on_batch(x, y if isinstance(x, list) else y[0])


def stored():
    """Return the names of the files of Keras."""
    return sorted(p.name for p in FOLDER.iterdir() if p.name.endswith(SUFFIXES))


def case_of(name):
    """Return the recorded case of a file."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return EXPECTED[name.removesuffix(suffix)]
    raise KeyError(name)


def tfjs_case(path):
    """Return (case, ModelArtifacts) of a model that TensorFlow.js saved."""
    case = json.loads(path.read_text())
    a = case["artifacts"]
    specs, data = a.pop("weightSpecs"), base64.b64decode(case["data"])
    names = {"modelTopology": "model_topology", "trainingConfig": "training_config", "generatedBy": "generated_by",
             "convertedBy": "converted_by", "format": "format"}  # fmt: skip
    return case, tw.io.ModelArtifacts(**{names[k]: v for k, v in a.items() if k in names}, weight_specs=specs, weight_data=data)


@tw.saving.register_keras_serializable("tests")
class Custom(tw.Model):
    """The class of keras3_custom."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.blocks = [tw.layers.Dense(units), tw.layers.Dense(units)]
        self.table = {"a": tw.layers.Dense(2), "b": tw.layers.Dense(1)}
        self.head, self._hidden = tw.layers.Dense(1), tw.layers.Dense(4)
        self.scale = self.add_weight(shape=(1,), initializer="ones", name="scale")

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.table["a"](x)) + self.table["b"](x) * self.scale + self._hidden(x)[:, :1]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def largest_difference_of(printed, want):
    """Return the largest difference of a reader's results and stored ones."""
    return max(abs(float(a) - b) for p, w in zip(printed, want, strict=True) for a, b in zip(p["v"], w["v"], strict=True))
