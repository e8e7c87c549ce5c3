"""Writes tests/data/graph_ops_*.jsonl.gz: what TensorFlow's kernels answer to the cases of `cases/`, one op each. Needs TensorFlow.

Run: python -m tests.graph.generate_tensorflow [subject ...]
"""

import gzip
import importlib
import json
import os
import sys
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_ENABLE_ONEDNN_OPTS="0")

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_library, op_def_registry

from . import cases

TARGET = Path(__file__).parents[1] / "data"
SUBJECTS = {
    "elementwise": ("elementwise",),
    "shapes": ("shaping", "slicing", "creation"),
    "rows": ("reduction", "searching", "spectral"),
    "layers": ("convolution", "matrices", "normalization", "image"),
}


def packed(array):
    """Return an array as JSON: dtype, shape, flat values; float32 with as many digits as tell it from its neighbours."""
    array = np.asarray(array)
    flat = array.reshape(-1)
    dtype = "string" if array.dtype == object else str(array.dtype)
    if dtype == "string":
        values = [v if isinstance(v, str) else bytes(v).decode() for v in flat]
    elif array.dtype.kind == "c":
        values = [float(np.format_float_positional(p, unique=True)) for v in flat for p in (v.real, v.imag)]
    elif array.dtype.kind == "f":
        values = [short(v) for v in flat.astype("float32")]
    else:
        values = flat.tolist()
    return [dtype, list(array.shape), values]


def short(value):
    """Return a float32 as the Python number of fewest digits that gives it again."""
    return float(str(value)) if np.isfinite(value) else float(value)


def attr(value):
    """Return an attribute of a NodeDef as JSON; see `tests/graph/replay.py`."""
    kind = value.WhichOneof("value")
    if kind == "list":
        for part in ("s", "i", "f", "b", "type", "shape"):
            found = getattr(value.list, part)
            if len(found):
                return [attr(tf.compat.v1.AttrValue(**{part: v})) for v in found]
        return []
    found = getattr(value, kind)
    if kind == "type":
        return {"dtype": tf.dtypes.as_dtype(found).name}
    if kind == "s":
        return {"bytes": found.decode()}
    if kind == "f":
        return short(np.float32(found))
    if kind == "shape":
        return {"shape": None if found.unknown_rank else [None if d.size < 0 else d.size for d in found.dim]}
    return found


def given_attr(value):
    """Return an attribute of a case that TensorFlow has no op for."""
    if isinstance(value, (list, tuple)):
        return [given_attr(v) for v in value]
    return {"bytes": value} if isinstance(value, str) else {"dtype": value.name} if isinstance(value, tf.DType) else value


def defaults(op):
    """Return the attributes of an op that have defaults and do not follow from its inputs."""
    definition = op_def_registry.get(op)
    inferred = {name for a in definition.input_arg for name in (a.type_attr, a.number_attr, a.type_list_attr)}
    return {a.name: plain(a.default_value) for a in definition.attr if a.HasField("default_value") and a.name not in inferred}


def plain(value):
    """Return an attribute of a NodeDef as Python has it."""
    kind = value.WhichOneof("value")
    if kind == "list":
        return [v for part in ("s", "i", "f", "b", "type") for v in getattr(value.list, part)]
    return tf.TensorShape(value.shape) if kind == "shape" else getattr(value, kind)


def run(case):
    """Return a case with its answer as JSON."""
    flat = [x for given in case.inputs for x in (given if isinstance(given, list) else [given])]
    with tf.Graph().as_default():
        placeholders = iter([tf.compat.v1.placeholder(tf.string if x.dtype == object else x.dtype, x.shape) for x in flat])
        feeds = []

        def feed(x):
            holder = next(placeholders)
            feeds.append((holder, x))
            return holder

        args = [[feed(x) for x in given] if isinstance(given, list) else feed(given) for given in case.inputs]
        if case.reference is not None:
            made = case.reference(tf, *args, **case.attrs)
            made = list(made) if isinstance(made, (list, tuple)) else [made]
            attrs = {key: given_attr(value) for key, value in case.attrs.items()}
        else:
            names = [a.name for a in op_def_registry.get(case.op).input_arg]
            given = defaults(case.op) | {key.removesuffix("_attr"): value for key, value in case.attrs.items()}
            op_def_library.apply_op(case.op, name="it", **dict(zip(names, args, strict=True)), **given)
            node = tf.compat.v1.get_default_graph().get_operation_by_name("it")
            made = list(node.outputs)
            attrs = {key: attr(value) for key, value in node.node_def.attr.items() if not key.startswith("_output")}
        with tf.compat.v1.Session() as session:
            answers = session.run(made, dict(feeds))
    answer = {"op": case.op, "inputs": [packed(x) for x in flat], "attrs": attrs, "outputs": [packed(x) for x in answers[: case.outputs]]}
    return answer | ({"tolerance": case.tolerance} if case.tolerance else {})


def main():
    for subject in sys.argv[1:] or SUBJECTS:
        cases.CASES.clear()
        for module in SUBJECTS[subject]:
            importlib.import_module(f"{__package__}.cases.{module}")
        lines = []
        for case in cases.CASES:
            try:
                lines.append(json.dumps(run(case), separators=(",", ":")))
            except Exception as error:
                sys.exit(f"{case.op} {[getattr(x, 'shape', x) for x in case.inputs]} {case.attrs}: {error}")
        path = TARGET / f"graph_ops_{subject}.jsonl.gz"
        path.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
        print(f"{path.name}: {len(lines)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
