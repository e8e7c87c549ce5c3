"""Reads stored cases of Keras (tests/data/keras_*.jsonl) and compares results with them; plain Python, runs without NumPy too."""

import json
import math
from pathlib import Path

import tensorweb as tw

DATA = Path(__file__).parents[1] / "data"
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def load(name):
    """Return the header and the cases of a file, the arrays still encoded but in their places."""
    header, *cases = (json.loads(line) for line in (DATA / name).read_text().splitlines())
    arrays = header.pop("arrays")
    return header, [_filled(case, arrays) for case in cases]


def _filled(value, arrays):
    if isinstance(value, dict):
        return arrays[value["a"]] if set(value) == {"a"} else {k: _filled(v, arrays) for k, v in value.items()}
    return [_filled(v, arrays) for v in value] if isinstance(value, list) else value


def decode(value):
    """Return what was encoded; arrays as tensors."""
    if isinstance(value, dict) and "t" in value:
        return tw.tensor(flat(value), tuple(value["s"]), value["d"])
    if isinstance(value, dict) and "dict" in value:
        return {k: decode(v) for k, v in value["dict"].items()}
    if isinstance(value, dict) and "tuple" in value:
        return tuple(decode(v) for v in value["tuple"])
    if isinstance(value, list):
        return [decode(v) for v in value]
    return SPECIAL.get(value, value) if isinstance(value, str) else value


def flat(encoded):
    """Return the elements of an encoded array."""
    return [SPECIAL.get(v, v) if encoded["d"] != "string" else v for v in encoded["t"]]


def difference(got, encoded, rtol, atol):
    """Return None if a tensor is what is stored, or a text that says where it differs."""
    if list(got.shape) != encoded["s"]:
        return f"shape {got.shape}, expected {encoded['s']}"
    if str(got.dtype) != encoded["d"]:
        return f"dtype {got.dtype}, expected {encoded['d']}"
    for i, (a, b) in enumerate(zip(tw.reshape(got, (-1,)).tolist() if got.shape else [got.item()], flat(encoded), strict=True)):
        same = a == b or (a != a and b != b) or (isinstance(b, float) and math.isfinite(b) and abs(a - b) <= atol + rtol * abs(b))
        if not same:
            return f"element {i}: {a}, expected {b}"
    return None


def weight(shape):
    """Return what each output element counts for when gradients are checked: cos of its flat index."""
    n = math.prod(shape)
    return tw.tensor([math.cos(i) for i in range(n)], tuple(shape), "float32")
