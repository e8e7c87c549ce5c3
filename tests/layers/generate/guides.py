"""Writes what real Keras gives for the programs of the guide_*.py files: tests/data/keras_guides.json."""

import json
import tempfile
from pathlib import Path

import keras

from tests.layers.guides import PROGRAMS

DATA = Path(__file__).parents[2] / "data"


def rounded(value):
    """Return nested results with floats of 7 digits; NaN and infinities as they are."""
    return json.loads(json.dumps(value), parse_float=lambda v: float(f"{float(v):.7g}"))


def main():
    """Write the file, one program a line."""
    lines = []
    for name, run in PROGRAMS.items():
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            found = run(keras, folder)
        lines.append(f"{json.dumps(name)}:{json.dumps(rounded(found), separators=(',', ':'), ensure_ascii=False)}")
    (DATA / "keras_guides.json").write_text("{" + ",\n".join(lines) + "}\n")
