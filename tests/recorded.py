"""TensorFlow's answers to the questions of the tests, recorded: `tests/data/tensorflow_answers.json`.

`recorded.tensorflow.raw_ops.ListDiff(x=..., y=...)` gives what TensorFlow gave. With TENSORWEB_RECORD=1 (and TensorFlow installed) the
questions are put to TensorFlow itself and the answers written down; a question without an answer fails.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "data" / "tensorflow_answers.json"
RECORDING = os.environ.get("TENSORWEB_RECORD") == "1"


class Answer:
    """An array that is asked for by `.numpy()`, as TensorFlow's tensors are."""

    def __init__(self, stored):
        values = [v.encode("latin-1") for v in stored["v"]] if stored["d"] == "object" else stored["v"]
        self.array = np.array(values, dtype=stored["d"]).reshape(stored["s"])

    def numpy(self):
        return self.array if self.array.ndim or self.array.dtype == object else self.array[()]


def _plain(value):
    """Return a question's argument in a form whose text is the same on every machine."""
    if isinstance(value, np.generic):  # NumPy 1 and 2 print their scalars differently
        return repr(value.item())
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest() if value.dtype != object else value.tolist()]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)) and len(value) > 50:
        return hashlib.sha256(repr(value).encode()).hexdigest()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return repr(value)


def _encode(answer):
    if hasattr(answer, "numpy"):
        array = np.asarray(answer.numpy())
        values = [v.decode("latin-1") if isinstance(v, bytes) else v for v in array.ravel().tolist()]
        return {"s": list(array.shape), "d": "object" if array.dtype.kind in "SO" else array.dtype.name, "v": values}
    return [_encode(a) for a in answer]


def _decode(stored):
    return Answer(stored) if isinstance(stored, dict) else [_decode(s) for s in stored]


class Recorded:
    """A name in TensorFlow, by its dotted path; calling it asks."""

    answers = json.loads(FILE.read_text()) if FILE.exists() else {}

    def __init__(self, path=""):
        self.path = path

    def __getattr__(self, name):
        return Recorded(f"{self.path}.{name}" if self.path else name)

    def __call__(self, *args, **kwargs):
        key = f"{self.path} {hashlib.sha256(json.dumps([_plain(args), _plain(kwargs)], sort_keys=True).encode()).hexdigest()[:20]}"
        if RECORDING:
            import tensorflow

            function = tensorflow
            for part in self.path.split("."):
                function = getattr(function, part)
            tensors = {k: tensorflow.constant(v) if isinstance(v, np.ndarray) and v.dtype.kind in "fi" else v for k, v in kwargs.items()}
            self.answers[key] = _encode(function(*args, **tensors))
            FILE.write_text(json.dumps(self.answers, separators=(",", ":"), sort_keys=True) + "\n")
        assert key in self.answers, f"TensorFlow was not asked this before: run with TENSORWEB_RECORD=1 ({key})"
        return _decode(self.answers[key])


tensorflow = Recorded()
