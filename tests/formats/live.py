"""Runs the real programs, where they are installed: Keras (in a process of its own) and @tensorflow/tfjs in Node."""

import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import tensorweb as tw
from tests.oracle.replay import flatten
from tools.node import node

HERE = Path(__file__).parent


def tfjs_folder():
    """Return the folder whose node_modules has @tensorflow/tfjs: tests/ or $TENSORWEB_NODE_MODULES (the node_modules); None without."""
    given = os.environ.get("TENSORWEB_NODE_MODULES")
    for folder in ([Path(given).parent] if given else []) + [HERE.parent]:
        if (folder / "node_modules" / "@tensorflow" / "tfjs").is_dir() and node():
            return folder
    return None


NO_TFJS = "needs Node with @tensorflow/tfjs in tests/node_modules or $TENSORWEB_NODE_MODULES"
NO_KERAS = "needs Keras 3 with TensorFlow or JAX"


def has_keras():
    """Tell whether Keras is installed with a backend that can do all of it."""
    return bool(importlib.util.find_spec("keras")) and (has_tensorflow() or bool(importlib.util.find_spec("jax")))


def has_tensorflow():
    """Tell whether TensorFlow is installed: Keras's layers of strings need it."""
    return bool(importlib.util.find_spec("tensorflow"))


def encoded(x):
    """Return inputs as the readers take them."""

    def plain(v):
        return str(v) if isinstance(v, float) and not math.isfinite(v) else v

    return [{"s": list(t.shape), "d": t.dtype, "v": [plain(v) for v in tw.reshape(t, (-1,)).tolist()]} for t in flatten(x, tw)]


def run(command, jobs, folder):
    """Return the results of a reader for jobs."""
    (folder / "jobs.json").write_text(json.dumps(jobs))
    done = subprocess.run([*command, str(folder / "jobs.json"), str(folder / "results.json")], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "results.json").read_text())


def run_tfjs(jobs, folder):
    """Return what TensorFlow.js predicts."""
    return run([node(), str(HERE / "tfjs_reader.mjs"), str(tfjs_folder())], jobs, folder)


def run_keras(jobs, folder):
    """Return what Keras predicts."""
    return run([sys.executable, str(HERE / "keras_reader.py")], jobs, folder)


def number(text):
    """Return a printed number, of Python or JavaScript."""
    return {"true": 1.0, "false": 0.0, "True": 1.0, "False": 0.0}[text] if text in ("true", "false", "True", "False") else float(text)


def difference(outputs, result, key="outputs"):
    """Return the largest difference, relative to the largest magnitude where that is above 1; the shapes must be the same."""
    if "error" in result:
        return result["error"]
    got, want = flatten(outputs, tw), result[key]
    if [list(t.shape) for t in got] != [w["s"] for w in want]:
        return f"shapes {[t.shape for t in got]}, there {[w['s'] for w in want]}"
    worst = 0.0
    for t, w in zip(got, want):
        if t.dtype == "string":
            continue
        theirs = [number(v) for v in w["v"]]
        scale = max([1.0, *(abs(v) for v in theirs if math.isfinite(v))])
        for a, b in zip((float(v) for v in tw.reshape(t, (-1,)).tolist()), theirs):
            if a != b and not (math.isnan(a) and math.isnan(b)):
                worst = max(worst, abs(a - b) / scale) if math.isfinite(a) and math.isfinite(b) else math.inf
    return worst
