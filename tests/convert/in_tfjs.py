"""Runs graph models that were written to folders in the real TensorFlow.js and returns its answers; what is right the tests know."""

import math
from pathlib import Path

import pytest

from tests.formats import live
from tools.node import node

needs_tfjs = pytest.mark.skipif(live.tfjs_folder() is None, reason=live.NO_TFJS)


def job(model, folder, tensors):
    """Return what is to be run: a GraphModel that was written to a folder, for inputs in its order."""
    fed = {str(a.ref): _plain(x) for a, x in zip(model.graph.inputs, tensors, strict=True)}
    return {"folder": str(folder), "inputs": fed, "outputs": [str(a.ref) for a in model.graph.outputs]}


def run(jobs, folder):
    """Return the results of jobs: {outputs: [{shape, dtype, v}]} or {error}."""
    command = [node(), str(Path(__file__).parent / "run_graph_models.mjs"), str(live.tfjs_folder())]
    results = live.run(command, jobs, folder)
    for output in (x for result in results for x in result.get("outputs", ())):
        if output["dtype"] != "string":
            output["v"] = [float(v) if isinstance(v, str) else v for v in output["v"]]
    return results


def _plain(x):
    """Return a tensor as JSON holds it: what is not finite as text."""
    values = [v.decode() if isinstance(v, bytes) else str(v) if isinstance(v, float) and not math.isfinite(v) else v for v in x.data_sync()]
    return {"shape": x.shape, "dtype": x.dtype, "v": values}
