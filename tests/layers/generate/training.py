"""Writes the losses of real Keras for the training parity test, on its torch backend.

Its TensorFlow backend squares the gradient of each lookup of an embedding before it adds up those of one row (sparse gradients with
repeated rows), so that Adam and RMSprop take other steps there than their papers say; with torch, JAX and here they are dense.
Networks without an embedding give the same losses on both backends.
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
import keras

from tests.layers import parity_models


def main():
    """Write tests/data/keras_training.json."""
    found = {f"{m}/{o}": parity_models.losses(keras, m, o) for m in parity_models.MODELS for o in parity_models.OPTIMIZERS}
    found = {k: [float(f"{v:.7g}") for v in values] for k, values in found.items()}
    (Path(__file__).parents[2] / "data" / "keras_training.json").write_text(json.dumps(found, indent=0) + "\n")
