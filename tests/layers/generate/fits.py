"""Writes what real Keras gives for the programs in `fit_programs.py`."""

import json
from pathlib import Path

import keras

from tests.layers.fit_programs import PROGRAMS


def main():
    """Write tests/data/keras_fits.json."""
    found = {name: run(keras) for name, run in PROGRAMS.items()}
    rounded = json.loads(json.dumps(found, default=float), parse_float=lambda v: float(f"{float(v):.7g}"))
    (Path(__file__).parents[2] / "data" / "keras_fits.json").write_text(json.dumps(rounded, indent=0) + "\n")
