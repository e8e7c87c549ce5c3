"""Keras's public names by module: python -m tests.layers.generate names writes tests/data/keras_names.json"""

import json
from pathlib import Path

import keras

HOUSES = ("layers", "losses", "metrics", "optimizers", "callbacks", "initializers", "regularizers", "constraints", "activations")


def main():
    """Write the file."""
    names = {h: sorted(n for n in dir(getattr(keras, h)) if not n.startswith("_")) for h in HOUSES}
    path = Path(__file__).parents[2] / "data" / "keras_names.json"
    path.write_text(json.dumps(names, separators=(",", ":")) + "\n")
    print({h: len(n) for h, n in names.items()})
