"""The workloads as TensorFlow Lite models, converted by TensorFlow: `python -m bench.peers.tflite_model FOLDER` writes model.tflite."""

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np

FILE = "model.tflite"


def main(folder):
    import tensorflow as tf

    from bench import workloads
    from bench.peers import tensorflow as peer

    about = json.loads((folder / "case.json").read_text())
    given = {name: np.load(folder / f"{name}.npy") for name in about["inputs"]}
    fed = [n for n in given if "." not in n]

    def call(*inputs):
        values = {n: tf.constant(a) for n, a in given.items()} | dict(zip(fed, inputs))
        if about["workload"] in workloads.PRIMITIVES:
            return getattr(peer, about["workload"])(*values.values())
        return partial(getattr(workloads, about["workload"]), peer, **about["options"])(values)

    traced = tf.function(call).get_concrete_function(*(tf.TensorSpec(given[n].shape, name=n) for n in fed))
    (folder / FILE).write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([traced]).convert())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
