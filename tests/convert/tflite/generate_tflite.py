"""Writes tests/data/tflite_ops.json.gz: models of one op or few, inputs, and what LiteRT gives. Needs TensorFlow and ai-edge-litert.

Run `python -m tests.convert.tflite.generate_tflite` after changes.
"""

import base64
import gzip
import json
from pathlib import Path

import numpy as np

from tensorweb.convert.tflite.reader import tflite_model

from .building import finished
from .cases import CASES
from .converted import converted_models
from .few_ops import FILES, GRAPHS

PATH = Path(__file__).parents[2] / "data" / "tflite_ops.json.gz"


def stored(array):
    """Return an array as JSON holds it."""
    if array.dtype == object or array.dtype.kind in "SU":
        return {
            "dtype": "string",
            "shape": list(array.shape),
            "values": [v if isinstance(v, str) else v.decode() for v in array.ravel().tolist()],
        }
    if array.dtype == np.int64:
        array = array.astype(np.int32)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def case(name, make):
    """Return a case of a name, or None where LiteRT does not run it."""
    made = make()
    if not isinstance(made, tuple):
        graphs = made if isinstance(made, list) else [made]
        try:
            made = finished(graphs)
        except (RuntimeError, ValueError) as error:
            print(f"{name}: LiteRT says {str(error)[:160]!r}")
            return None
    data, inputs, outputs = made
    return {
        "name": name,
        "ops": sorted(set(tflite_model(data).codes)),
        "model": base64.b64encode(data).decode(),
        "inputs": [stored(x) for x in inputs],
        "outputs": [stored(np.asarray(y)) for y in outputs],
    }


def main():
    """Make all cases and write them."""
    found = [case(name, make) for name, make in [*CASES.items(), *GRAPHS.items(), *converted_models().items()]]
    kept = [each for each in found if each]
    files = {name: base64.b64encode(make()).decode() for name, make in FILES.items()}
    text = json.dumps({"cases": kept, "files": files}, separators=(",", ":"))
    PATH.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(kept)} of {len(found)} cases, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
