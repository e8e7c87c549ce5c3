"""Writes the losses of real Keras for the training parity test."""

import json
from pathlib import Path

import keras

from tests.layers import parity_models


def main():
    """Write tests/data/keras_training.json."""
    found = {f"{m}/{o}": parity_models.losses(keras, m, o) for m in parity_models.MODELS for o in parity_models.OPTIMIZERS}
    found = {k: [float(f"{v:.7g}") for v in values] for k, values in found.items()}
    (Path(__file__).parents[2] / "data" / "keras_training.json").write_text(json.dumps(found, indent=0) + "\n")
