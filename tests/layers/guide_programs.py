"""Programs as Keras's developer guides and examples write them, the same for real Keras and for TensorWeb: the registry and what
the programs share. The programs are in the guide_*.py files beside this one; each gets the library and an empty folder."""

from __future__ import annotations

import contextlib
import io
import os

import numpy as np

PROGRAMS = {}


def program(function):
    """Register a program; its results become plain lists, dicts and numbers."""

    def run(keras, folder):
        return plain(function(keras, folder))

    PROGRAMS[function.__name__] = run
    return run


def plain(value):
    """Return tensors, arrays and variables, nested, as lists; symbolic tensors as their shapes; other objects' names."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if type(value).__name__ == "KerasTensor":
        return {"shape": list(value.shape), "dtype": str(value.dtype)}
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if hasattr(value, "numpy"):
        return plain(value.numpy())
    return plain(np.asarray(value))


def fill(model, seed=1, scale=0.5):
    """Give a model (or layer) reproducible weights."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(-scale, scale, np.shape(w)).astype("float32") for w in model.get_weights()])
    return model


def normal(*shape, seed=0):
    """Return normally distributed float32 numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def integers(high, *shape, seed=0):
    """Return integers from 0 to high - 1."""
    return np.random.default_rng(seed).integers(0, high, size=shape).astype("int32")


def numbers(history):
    """Return a history's numbers."""
    return {k: [float(v) for v in values] for k, values in history.history.items()}


def paths(model):
    """Return the paths and shapes of the weights."""
    return [[v.path, list(v.shape)] for v in model.weights]


def tape(keras, **options):
    """Return a new gradient tape."""
    if hasattr(keras, "GradientTape"):
        return keras.GradientTape(**options)
    import tensorflow as tf

    return tf.GradientTape(**options)


def dataset(keras):
    """Return the class Dataset."""
    if hasattr(keras, "data"):
        return keras.data.Dataset
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    return tf.data.Dataset


def convert(keras, value, dtype=None):
    """Return a value as a tensor."""
    return keras.ops.convert_to_tensor(value, dtype=dtype)


def fails(function, *args, **kwargs):
    """Return the kind of error a call raises, None if none."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        kinds = (ValueError, TypeError, AttributeError, NotImplementedError, KeyError, IndexError)
        return next((k.__name__ for k in kinds if isinstance(error, k)), "other")
    return None


@contextlib.contextmanager
def printed():
    """Collect what is printed in a list of lines."""
    lines = []
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        yield lines
    lines.extend(text.getvalue().splitlines())
