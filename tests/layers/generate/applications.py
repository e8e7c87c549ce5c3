"""Write tests/data/applications.jsonl from Keras: python -m tests.layers.generate applications

Structures of networks and, computed in float64, outputs.
"""

import json
from pathlib import Path

import keras
import numpy as np

from tests.layers.networks import NETWORKS, digest, images, sample, structure, weight

PATH = Path(__file__).parents[2] / "data" / "applications.jsonl"


def zeros(self, shape, dtype=None):
    return keras.ops.zeros(shape, dtype)


def case(name, arguments, whole, outputs):
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(**arguments)
    lines = structure(model)
    found = {"network": name, "arguments": arguments, "params": model.count_params(), "layers": len(model.layers)}
    found |= {"structure": lines} if whole else {"digest": digest(lines)}
    if outputs:
        for i, w in enumerate(model.weights):
            w.assign(weight(w.path, w.shape, i))
        rows = np.asarray(model(images(model).astype("float64"), training=False)).tolist()
        found["out"] = [[float(f"{v:.9g}") for v in row] for row in sample(rows, outputs)]
        found["largest"] = float(f"{max(abs(v) for row in rows for v in row):.9g}")
    return found


def main():
    keras.config.set_floatx("float64")
    keras.initializers.VarianceScaling.__call__ = zeros
    keras.src.initializers.random_initializers.VarianceScaling.__call__ = zeros
    text = "".join(json.dumps(case(*n), separators=(",", ":")) + "\n" for n in NETWORKS)
    PATH.write_text(text)
    print(f"applications: {len(NETWORKS)} networks, {len(text) // 1024} KB")
