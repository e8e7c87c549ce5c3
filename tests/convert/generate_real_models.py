"""Writes tests/data/real_saved_models.json: what TensorFlow computes with the SavedModels in packages. Needs TensorFlow and pip.

Run: python -m tests.convert.generate_real_models
"""

import json
import os
import tempfile
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
import numpy as np
import tensorflow as tf

from tests.convert.saved_models import STEP, TEXTS, fetch, wave

v1 = tf.compat.v1
INPUTS = {"guesslang": np.array(TEXTS, object), "basic-pitch": np.array(wave(), "float32").reshape(1, -1, 1)}


def run(folder, value):
    with tf.Graph().as_default(), v1.Session() as session:
        signature = v1.saved_model.load(session, ["serve"], str(folder)).signature_def["serving_default"]
        (told,) = signature.inputs.values()
        return session.run({k: t.name for k, t in signature.outputs.items()}, {told.name: value})


def stored(value):
    flat = value.reshape(-1)[::STEP]
    values = [v.decode() for v in flat] if value.dtype == object else [float(f"{v:.9g}") for v in flat]
    return {"shape": value.shape, "v": values, "largest": float(np.abs(value).max()) if value.dtype != object else 0}


if __name__ == "__main__":
    found = {}
    for name, value in INPUTS.items():
        with tempfile.TemporaryDirectory() as place:
            found[name] = {k: stored(v) for k, v in run(fetch(name, Path(place)), value).items()}
    (Path(__file__).parents[1] / "data" / "real_saved_models.json").write_text(json.dumps(found) + "\n")
