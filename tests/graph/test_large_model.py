"""A model of 2.5 GB is loaded with little more memory than its weights take."""

import json
import subprocess
import sys
from array import array

import pytest

SIDE, COUNT = 2500, 100

PROGRAM = """
import json, resource, sys
import tensorweb as tw

tw.set_backend(sys.argv[2])
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model = tw.load_graph_model(sys.argv[1])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
y = model.predict(tw.ones((1, 2500)))
print(json.dumps([(peak - before) * unit, sum(w.nbytes for w in model.weights.values()), float(y[0, 0])]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A chain of products with matrices that are 1 / 2500 everywhere, one in each shard."""
    made = tmp_path_factory.mktemp("large")
    content = array("f", [1 / SIDE]) * SIDE * SIDE
    nodes = [{"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}}]
    for i in range(COUNT):
        (made / f"{i}.bin").write_bytes(content)
        nodes += [{"name": f"w{i}", "op": "Const"}, {"name": f"m{i}", "op": "MatMul", "input": [f"m{i - 1}" if i else "x", f"w{i}"]}]
    weights = [{"name": f"w{i}", "shape": [SIDE, SIDE], "dtype": "float32"} for i in range(COUNT)]
    manifest = [{"paths": [f"{i}.bin" for i in range(COUNT)], "weights": weights}]
    model = {"format": "graph-model", "modelTopology": {"node": nodes}, "weightsManifest": manifest}
    (made / "model.json").write_text(json.dumps(model))
    yield made
    for path in made.iterdir():
        path.unlink()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak of memory this way")
@pytest.mark.parametrize("backend", ["numpy", "native", "wasm"])
def test_peak_memory(folder, backend):
    done = subprocess.run([sys.executable, "-c", PROGRAM, folder, backend], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-2000:]
    peak, weights, value = json.loads(done.stdout)
    print(f"{backend}: peak {peak / weights:.3f} times the weights")
    assert weights == 4 * SIDE * SIDE * COUNT and abs(value - 1) < 1e-3
    assert peak <= 1.2 * weights
