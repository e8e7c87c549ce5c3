"""Writes tests/data/keras_examples.json: the first losses of each example with real Keras on TensorFlow.

Run from the root, with Keras, TensorFlow and tensorweb-datasets installed: python -m tests.examples.generate
"""

import json
from pathlib import Path

import keras

from . import parity

TARGET = Path(__file__).parents[1] / "data" / "keras_examples.json"


def main(names):
    """Write the losses of the examples."""
    found = {}
    for name in names:
        keras.backend.clear_session()
        found[name] = parity.losses(name, real_keras=True)
        print(name, found[name][0], found[name][-1], flush=True)
    rounded = {name: [{k: float(f"{v:.9g}") for k, v in step.items()} for step in steps] for name, steps in found.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(steps)}" for name, steps in rounded.items())
    TARGET.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main(parity.PROGRAMS)
