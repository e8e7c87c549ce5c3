"""How oracle cases are made: run a reference (Keras on TensorFlow unless told otherwise) in float64, take its gradients, write JSON lines.

One generator file a subject beside this one; `python -m tests.oracle.generate SUBJECT...` writes `tests/oracle/cases/SUBJECT.jsonl`.
Needs TensorFlow and Keras; nothing that only replays the cases imports this.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf

CASES = Path(__file__).parent.parent / "cases"


def values(*shape, seed=0, low=-2.0, high=2.0, dtype="float32"):
    """Return reproducible test values of a shape: floats without ties, or integers from low to high."""
    rng = np.random.default_rng(seed + 1000 * len(shape) + sum(shape))
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if np.dtype(dtype).kind in "iu":
        return rng.integers(int(low), int(high) + 1, shape).astype(dtype)
    if dtype == "complex64":
        return (rng.uniform(low, high, shape) + 1j * rng.uniform(low, high, shape)).astype(dtype)
    return rng.uniform(low, high, shape).astype(dtype)


def encode(value):
    """Return a JSON form: arrays as {"t": flat values, "s": shape, "d": dtype}, tuples marked, numbers as they are."""
    if isinstance(value, (tf.Tensor, tf.Variable)):
        value = value.numpy()
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        names = {"float64": "float32", "int64": "int32", "complex128": "complex64", "uint32": "int32", "int16": "int32"}
        dtype = "string" if array.dtype.kind in "OSU" else names.get(array.dtype.name, array.dtype.name)
        return {"t": [_number(v, dtype) for v in array.reshape(-1).tolist()], "s": list(array.shape), "d": dtype}
    if isinstance(value, tuple):
        return {"tuple": [encode(v) for v in value]}
    if isinstance(value, list):
        return [encode(v) for v in value]
    if isinstance(value, dict):
        return {"dict": {k: encode(v) for k, v in value.items()}}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, (float, complex)):
        return (
            _number(value, "complex64" if isinstance(value, complex) else "float32")
            if value != value or abs(value) == float("inf")
            else value
        )
    return value


def _number(v, dtype):
    if dtype == "complex64":
        return [_number(v.real, "float32"), _number(v.imag, "float32")]
    if dtype == "string":
        return v.decode("latin-1") if isinstance(v, bytes) else v
    if isinstance(v, float):
        return "nan" if v != v else ("inf" if v > 0 else "-inf") if abs(v) == float("inf") else float(f"{v:.9g}")
    return v


def weight(shape):
    """Return what each output element counts for when gradients are checked: cos of its flat index."""
    return np.cos(np.arange(int(np.prod(shape)), dtype="float64")).reshape(shape)


def _is_float(x):
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"


def _walk(value, leaves):
    """Collect the float arrays in nested arguments, in order."""
    if _is_float(value):
        leaves.append(value)
    elif isinstance(value, (list, tuple)):
        for v in value:
            _walk(v, leaves)
    elif isinstance(value, dict):
        for v in value.values():
            _walk(v, leaves)


def _rebuild(value, tensors):
    if _is_float(value):
        return next(tensors)
    if isinstance(value, (np.ndarray, np.generic)):
        return tf.constant(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_rebuild(v, tensors) for v in value)
    if isinstance(value, dict):
        return {k: _rebuild(v, tensors) for k, v in value.items()}
    return value


def _weighted_sum(outputs):
    total = None
    for out in tf.nest.flatten(outputs):
        out = tf.convert_to_tensor(out)
        if out.dtype.is_floating or out.dtype.is_complex:
            w = tf.constant(weight(out.shape))
            part = tf.reduce_sum(tf.cast(tf.math.real(out), tf.float64) * w)
            if out.dtype.is_complex:
                part += tf.reduce_sum(
                    tf.cast(tf.math.imag(out), tf.float64) * tf.reverse(tf.reshape(w, [-1]), [0]).numpy().reshape(out.shape)
                )
            total = part if total is None else total + part
    return total


class Cases:
    """Collects the cases of one subject. All that is passed as NumPy arrays becomes tensors; all else stays Python."""

    def __init__(self, subject):
        self.subject, self.cases = subject, []

    def add(self, op, *args, reference=None, gradient=2, wide=True, tolerance=None, note=None, expected=None, **kwargs):
        """Add the case op(*args, **kwargs).

        `reference`: a function of the same arguments on TensorFlow tensors (default: keras.ops of that name; dotted names are found
        in their module). `expected`: the result itself, if no function gives it. `gradient`: highest order of derivative to store
        (0, 1, 2), with respect to all float arrays among the arguments. `wide`: compute in float64. `tolerance`: relative to the
        largest value, only with a `note` that says why the default will not do.
        """
        case = {"op": op, "args": encode(list(args)), "kwargs": encode(kwargs)["dict"]}
        if tolerance is not None:
            assert note, "a loosened tolerance needs its reason"
            case["tolerance"] = tolerance
        if note:
            case["note"] = note
        if expected is not None:
            case["out"] = encode(expected)
        else:
            self._run(case, reference or self._find(op), args, kwargs, gradient, wide)
        self.cases.append(case)

    @staticmethod
    def _find(op):
        found = keras.ops
        for part in op.split("."):
            found = getattr(found, part)
        return found

    def _run(self, case, reference, args, kwargs, gradient, wide):
        leaves = []
        _walk([list(args), kwargs], leaves)
        up = {"float32": "float64", "complex64": "complex128"} if wide else {}
        tensors = [tf.constant(x.astype(up.get(x.dtype.name, x.dtype.name))) for x in leaves]
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(tensors)
            with tf.GradientTape() as inner:
                inner.watch(tensors)
                source = iter(tensors)
                call_args, call_kwargs = _rebuild([list(args), kwargs], source)
                outputs = reference(*call_args, **call_kwargs)
                total = _weighted_sum(outputs) if gradient and tensors else None
            first = inner.gradient(total, tensors) if total is not None else []
            second_total = (
                _weighted_sum([g for g in first if g is not None]) if gradient > 1 and any(g is not None for g in first) else None
            )
        case["out"] = encode(tuple(outputs) if isinstance(outputs, (list, tuple)) else outputs)
        if any(g is not None for g in first):
            case["grads"] = [None if g is None else encode(tf.convert_to_tensor(g)) for g in first]
        if second_total is not None:
            second = outer.gradient(second_total, tensors)
            if any(g is not None for g in second):
                case["grads2"] = [None if g is None else encode(tf.convert_to_tensor(g)) for g in second]

    def write(self):
        """Write the subject's file."""
        CASES.mkdir(exist_ok=True)
        text = "".join(json.dumps(c, separators=(",", ":"), allow_nan=False) + "\n" for c in self.cases)
        (CASES / f"{self.subject}.jsonl").write_text(text)
        print(f"{self.subject}: {len(self.cases)} cases of {len({c['op'] for c in self.cases})} ops, {len(text) // 1024} KB")
