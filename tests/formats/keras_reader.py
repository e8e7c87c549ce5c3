"""Loads models with Keras and predicts. Run: python keras_reader.py jobs.json results.json

A job: {"file": path, "weights": path or absent, "inputs": [{"s": shape, "d": dtype, "v": values}], "train": [targets] or absent}.
"""

import importlib.util
import json
import os
import sys

backend = "tensorflow" if importlib.util.find_spec("tensorflow") else "jax"
os.environ.update(KERAS_BACKEND=os.environ.get("KERAS_BACKEND", backend), TF_CPP_MIN_LOG_LEVEL="3", JAX_PLATFORMS="cpu")
import keras
import numpy as np


def arrays(encoded):
    made = [
        np.array(i["v"] if i["d"] == "string" else [float(v) for v in i["v"]], object if i["d"] == "string" else i["d"]).reshape(i["s"])
        for i in encoded
    ]
    return made if len(made) > 1 else made[0]


def coded(outputs):
    flat = keras.tree.flatten(outputs)
    return [{"s": list(o.shape), "v": ["" if isinstance(v, bytes) else str(v) for v in np.asarray(o).reshape(-1).tolist()]} for o in flat]


def result_of(job):
    model = keras.models.load_model(job["file"])
    if job.get("weights"):
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
        model.load_weights(job["weights"])
    x = arrays(job["inputs"])
    made = {"outputs": coded(model(x))}
    if job.get("train"):
        for _ in range(3):
            model.train_on_batch(x, arrays(job["train"]))
        made["trained"] = coded(model(x))
    return made


def main():
    results = []
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    for job in jobs:
        print(job["file"], file=sys.stderr, flush=True)
        try:
            results.append(result_of(job))
        except Exception as error:
            results.append({"error": f"{type(error).__name__}: {error}"[:800]})
    with open(sys.argv[2], "w") as file:
        json.dump(results, file)


if __name__ == "__main__":
    main()
