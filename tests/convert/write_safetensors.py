"""Writes folders as users of Keras do, config.json and .safetensors, and prints what Keras predicts: write_safetensors.py FOLDER."""

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np


def save(tensors, path):
    """Write the format by its definition: the header's length, the header, the bytes."""
    header, data = {"__metadata__": {"format": "np"}}, b""
    for name, value in tensors.items():
        kind = {"float32": "F32", "float16": "F16", "int32": "I32"}[str(value.dtype)]
        header[name] = {"dtype": kind, "shape": value.shape, "data_offsets": [len(data), len(data) + value.nbytes]}
        data += value.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def main(folder):
    L = keras.layers
    net = keras.Sequential([
        keras.Input((6, 5, 2)), L.Conv2D(3, 3, activation="relu"), L.BatchNormalization(), L.Flatten(), L.Dense(4, activation="softmax"),
    ])  # fmt: skip
    net.set_weights([np.abs(np.cos(np.arange(w.size) + i)).reshape(w.shape) * 0.5 for i, w in enumerate(net.get_weights())])
    tensors = {w.path: np.array(w) for w in net.weights}
    halves = {name.replace("/", "."): value.astype("float16") for name, value in tensors.items()}
    names = list(tensors)
    for part, files in {
        "plain": {"model.safetensors": tensors},
        "points": {"model.safetensors": halves},
        "shards": {"a.safetensors": {n: tensors[n] for n in names[:3]}, "b.safetensors": {n: tensors[n] for n in names[3:]}},
    }.items():
        place = folder / part
        place.mkdir()
        (place / "config.json").write_text(net.to_json())
        for name, content in files.items():
            save(content, place / name)
        if part == "shards":
            index = {n: file for file, content in files.items() for n in content}
            (place / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    x = np.sin(np.arange(2 * 6 * 5 * 2)).reshape(2, 6, 5, 2).astype("float32")
    print(json.dumps(np.array(net(x)).tolist()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
