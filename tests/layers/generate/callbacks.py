"""Writes what real Keras gives for the programs in `callback_programs.py`, its summaries, and event records as TensorFlow writes them.

Needs the packages rich and tensorboard beside Keras.
"""

import inspect
import json
import os
import tempfile
from pathlib import Path

import keras
import numpy as np

from tests.layers.callback_programs import PROGRAMS
from tests.layers.summary_programs import SUMMARIES

DATA = Path(__file__).parents[2] / "data"


def signatures():
    """Return the constructors' arguments and defaults of all public callbacks."""
    found = {}
    for name in dir(keras.callbacks):
        cls = getattr(keras.callbacks, name)
        if inspect.isclass(cls):
            parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
            found[name] = [[p.name, None if p.default is p.empty else repr(p.default)] for p in parameters]
    return found


def histogram(values):
    """Return the bytes of the tensor of a histogram by TensorBoard."""
    import tensorflow as tf
    from tensorboard.plugins.histogram.summary_v2 import _buckets

    tensor = _buckets(tf.constant(values, "float64"), bucket_count=30)
    return tf.make_tensor_proto(tensor).SerializeToString().hex()


def records():
    """Return records of events with their content."""
    import tensorflow as tf
    from tensorboard.plugins.scalar import metadata
    from tensorflow.core.framework.summary_pb2 import SummaryMetadata
    from tensorflow.core.util.event_pb2 import Event
    from tensorflow.python.lib.io.tf_record import TFRecordWriter

    found = []
    cases = [("epoch_loss", 0.25, 0), ("a", -1e30, 1), ("évaluation" * 30, float("inf"), 300), ("nan", float("nan"), 2**31 - 1)]
    for tag, value, step in cases:
        event = Event(wall_time=1234567.875, step=step)
        made = event.summary.value.add(tag=tag)
        made.tensor.CopyFrom(tf.make_tensor_proto(np.float32(value)))
        made.tensor.ClearField("float_val")
        made.tensor.tensor_content = np.float32(value).tobytes()
        made.metadata.CopyFrom(SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=metadata.PLUGIN_NAME)))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r")
            with TFRecordWriter(path) as writer:
                writer.write(event.SerializeToString())
            found.append({"tag": tag, "value": str(value), "step": step, "bytes": Path(path).read_bytes().hex()})
    return found


def board():
    """Return (folder, tag, step, plugin) of what Keras's TensorBoard writes."""
    from tensorflow.python.summary.summary_iterator import summary_iterator

    from tests.layers.callback_programs import data, small_model

    found = {}
    for name, option in BOARDS.items():
        with tempfile.TemporaryDirectory() as folder:
            x, y = data()
            callback = keras.callbacks.TensorBoard(folder, **option)
            small_model(keras).fit(x, y, batch_size=2, epochs=2, shuffle=False, validation_data=(x, y), verbose=0, callbacks=[callback])
            found[name] = []
            for path in sorted(Path(folder).rglob("*tfevents*")):
                for event in summary_iterator(str(path)):
                    for value in event.summary.value:
                        number = None
                        if value.metadata.plugin_data.plugin_name == "scalars" and "per_second" not in value.tag:
                            number = float(np.frombuffer(value.tensor.tensor_content, "float32")[0])
                        found[name].append([path.parent.name, value.tag, event.step, value.metadata.plugin_data.plugin_name, number])
    return found


BOARDS = {"epoch": {}, "batch": {"update_freq": "batch"}, "two": {"update_freq": 2, "write_graph": False, "histogram_freq": 1, "write_images": True, "write_steps_per_second": True}}  # fmt: skip  # noqa: E501
HISTOGRAMS = [[0.0, 1.0, 2.0, 3.0], [5.0], [], [-1.5, 0.25, 0.25, 7.0] * 5, [1e-8, 2e-8, 9e-8]]


def main():
    """Write tests/data/keras_callbacks.json and keras_summaries.json."""
    found = {}
    for name, run in PROGRAMS.items():
        keras.utils.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            found[name] = run(keras, folder)
    found["signatures"] = signatures()
    found["models"] = [n for n in dir(keras.models) if not n.startswith("_")]
    found["records"], found["board"], found["boards"] = records(), board(), BOARDS
    found["histograms"] = [[values, histogram(values)] for values in HISTOGRAMS]
    write("keras_callbacks.json", found)
    os.environ["COLUMNS"] = "160"
    summaries = {}
    for name, run in SUMMARIES.items():
        keras.utils.clear_session()
        summaries[name] = run(keras)
    write("keras_summaries.json", summaries)


def write(name, found):
    """Write a file of answers."""
    rounded = json.loads(json.dumps(found, default=float), parse_float=lambda v: float(f"{float(v):.9g}"))
    lines = [f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'), ensure_ascii=False)}" for k, v in rounded.items()]
    (DATA / name).write_text("{" + ",\n".join(lines) + "}\n")
