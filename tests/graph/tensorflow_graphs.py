"""How graphs are added that TensorFlow builds and answers for `generate_tensorflow_control.py`. Needs TensorFlow."""

import numpy as np
import tensorflow as tf

v1, raw = tf.compat.v1, tf.raw_ops
GRAPHS = {"control": {}, "lists": {}, "tables": {}, "strings": {}, "ragged": {}, "sparse": {}}
FUNCTIONS = {}


def graph(subject, name=None):
    """Add a function that builds a graph of TensorFlow 1 and returns ({placeholder: value}, outputs, operations to run before ...)."""

    def add(build):
        GRAPHS[subject][name or build.__name__] = build
        return build

    return add


def function(*arguments):
    """Add a function that becomes a tf.function; it is called with the arguments."""

    def add(body):
        FUNCTIONS[body.__name__] = body, [np.asarray(a, np.float32 if isinstance(a, (float, list)) else None) for a in arguments]
        return body

    return add


def op(subject, raw_op, name="", outputs=None, **given):
    """Add a graph of one op: arrays are placeholders, the rest its attributes."""

    def build():
        feeds = {}

        def holder(value):
            if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
                return [holder(v) for v in value]
            if not isinstance(value, np.ndarray):
                return value
            made = v1.placeholder(tf.string if value.dtype == object else value.dtype, value.shape)
            feeds[made] = value
            return made

        made = raw_op(**{key: holder(value) for key, value in given.items()})
        made = tf.nest.flatten(made)
        return feeds, made[:outputs]

    GRAPHS[subject][f"{raw_op.__name__} {name}".strip()] = build


def text(*values, shape=None):
    return np.array(values, dtype=object).reshape((len(values),) if shape is None else shape)


def array(*values, dtype=np.float32):
    return np.array(values, dtype)


def number(value, dtype=np.int32):
    return np.array(value, dtype)


def fed(*values):
    """Return placeholders with the feeds for them."""
    values = [np.asarray(v, np.float32) if isinstance(v, (float, list)) else np.asarray(v) for v in values]
    holders = [v1.placeholder(v.dtype, v.shape) for v in values]
    return holders, dict(zip(holders, values, strict=True))
