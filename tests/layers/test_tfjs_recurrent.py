"""Recurrent layers against TensorFlow.js: configs of its layers, taken as those of Keras 2, give its numbers.

`tests/layers/generate/tfjs_recurrent.cjs` wrote the cases.
"""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.naming import to_snake_case

CASES = json.loads((Path(__file__).parents[1] / "data" / "tfjs_recurrent.json").read_text())


def pythonic(value, key=""):
    """Return a config as TensorFlow.js writes it into files: snake_case, but for names of classes and layers."""
    if isinstance(value, dict):
        return {to_snake_case(k): pythonic(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [pythonic(v, key) for v in value]
    return to_snake_case(value) if isinstance(value, str) and key not in ("className", "name") else value


def tensor(case):
    return tw.tensor(case["values"], case["shape"])


@pytest.mark.parametrize("case", CASES, ids=[c["config"]["name"] for c in CASES])
def test_as_tensorflow_js(case):
    layer = getattr(tw.layers, case["layer"]).from_keras2_config(pythonic(case["config"]))
    x = tensor(case["input"])
    layer(x)
    layer.set_weights([tensor(w) for w in case["weights"]])
    made = layer(x)
    made = made if isinstance(made, (list, tuple)) else [made]
    assert [t.shape for t in made] == [tuple(o["shape"]) for o in case["outputs"]]
    for t, o in zip(made, case["outputs"], strict=True):
        assert t.data_sync().tolist() == pytest.approx(o["values"], abs=2e-6)
