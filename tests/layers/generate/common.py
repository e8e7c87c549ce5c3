"""How layer cases are made: a real Keras layer in float64, its outputs, gradients, masks, weights and config, written as JSON lines.

One generator file a subject beside this one; `python -m tests.layers.generate SUBJECT...` writes `tests/layers/cases/SUBJECT.jsonl`.
"""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.oracle.generate.common import _weighted_sum, encode, values

CASES = Path(__file__).parent.parent / "cases"
__all__ = ["LayerCases", "keras", "np", "tf", "values"]


def default_weight(path, shape, seed):
    """Return reproducible values for a weight: small, positive for variances."""
    rng = np.random.default_rng(seed)
    w = rng.uniform(-0.6, 0.6, shape)
    return np.abs(w) + 0.3 if "variance" in path else w


class LayerCases:
    """Collects the cases of one subject."""

    def __init__(self, subject):
        self.subject, self.cases = subject, []

    def add(self, layer, *inputs, masks=None, training=None, gradient=True, weights=None, shape=True, wide=True, tolerance=None,
            note=None, after=False, config=True, **kwargs):  # fmt: skip
        """Add the case layer(*inputs, training=training, **kwargs).

        `layer`: a Keras layer, not built (made anew from its config, in float64 if `wide`). `inputs`: NumPy arrays, or nested
        lists or dicts of them for the first one. `masks`: boolean arrays, nested as the first input, that come with it.
        `weights`: arrays to use (default: `default_weight`). `after`: keep the weights after the call too (moving statistics).
        `shape`: whether to keep compute_output_shape for an unknown batch. `config`: whether get_config is compared.
        `tolerance` relative to the largest value, only with a `note` that says why.
        """
        assert tolerance is None or note, "a loosened tolerance needs its reason"
        original = layer.get_config()
        made = type(layer).from_config({**original, "dtype": "float64"} if wide else original)
        call_args = tf.nest.map_structure(lambda x: _tensor(x, wide), list(inputs))
        call_kwargs = {k: tf.nest.map_structure(lambda x: _tensor(x, wide), v) for k, v in kwargs.items()}
        if training is not None:
            call_kwargs["training"] = training
        with tf.GradientTape() as tape:
            tape.watch([t for t in tf.nest.flatten([call_args, call_kwargs]) if isinstance(t, tf.Tensor) and t.dtype.is_floating])
            _attach(masks, call_args)
            made(*call_args, **call_kwargs)  # builds
            own = made.weights
            given = weights or [default_weight(w.path, w.shape, i) for i, w in enumerate(own)]
            for w, v in zip(own, given, strict=True):
                w.assign(np.asarray(v))
            if hasattr(made, "reset_state") and getattr(made, "stateful", True):
                made.reset_state()
            start = [encode(w.numpy()) for w in own]
            _attach(masks, call_args)
            outputs = made(*call_args, **call_kwargs)
            total = _weighted_sum(outputs) if gradient else None
        case = {
            "layer": type(layer).__name__, "config": json.loads(json.dumps(keras.saving.serialize_keras_object(layer)["config"])),
            "build": json.loads(json.dumps(made.get_build_config())), "args": encode(list(inputs)), "kwargs": encode(dict(kwargs))["dict"],
            "weights": start, "names": [w.path.split("/", 1)[-1] for w in own],
            "out": encode(tuple(outputs) if isinstance(outputs, list) else outputs),
        }  # fmt: skip
        if training is not None:
            case["training"] = training
        if masks is not None:
            case["masks"] = encode(masks)
        found = [getattr(t, "_keras_mask", None) for t in tf.nest.flatten(outputs)]
        if any(m is not None for m in found):
            case["out_masks"] = [None if m is None else encode(np.asarray(m)) for m in found]
        if gradient and total is not None:
            floats = [t for t in tf.nest.flatten([call_args, call_kwargs]) if isinstance(t, tf.Tensor) and t.dtype.is_floating]
            trained = [w.value for w in made.trainable_weights]
            grads = tape.gradient(total, [*floats, *trained])
            case["grads"] = [None if g is None else encode(tf.convert_to_tensor(g)) for g in grads]
        if after:
            case["after"] = [encode(w.numpy()) for w in own]
        if shape:
            case["shape"] = _output_shape(made, inputs)
        if not config:
            case["skip_config"] = True
        if tolerance:
            case["tolerance"], case["note"] = tolerance, note
        self.cases.append(case)

    def write(self):
        """Write the subject's file."""
        CASES.mkdir(exist_ok=True)
        text = "".join(json.dumps(c, separators=(",", ":"), allow_nan=False) + "\n" for c in self.cases)
        (CASES / f"{self.subject}.jsonl").write_text(text)
        print(f"{self.subject}: {len(self.cases)} cases of {len({c['layer'] for c in self.cases})} layers, {len(text) // 1024} KB")


def _attach(masks, call_args):
    """Give the first argument its masks; some layers take them off."""
    if masks is not None:
        for t, m in zip(tf.nest.flatten(call_args[0]), tf.nest.flatten(masks)):
            if m is not None:
                t._keras_mask = tf.constant(m)


def _tensor(x, wide):
    if not isinstance(x, (np.ndarray, np.generic)):
        return x
    return tf.constant(x.astype("float64") if wide and x.dtype == np.float32 else x)


def _output_shape(layer, inputs):
    """Return [input shapes with an unknown batch, output shapes] as JSON; None where Keras cannot tell."""
    shapes = tf.nest.map_structure(lambda x: (None, *x.shape[1:]), inputs[0])
    try:
        out = layer.compute_output_shape(shapes)
    except Exception:
        return None
    return json.loads(json.dumps([shapes, out]))
