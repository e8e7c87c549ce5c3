"""Programs as Keras's guides and examples write them do what real Keras's do (stored answers)."""

import json
from pathlib import Path

import pytest

import tensorweb as tw

from .guides import PROGRAMS

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_guides.json").read_text())


def assert_alike(got, want, where):
    """Compare nested results: numbers to 1e-4, all else exactly."""
    if isinstance(want, dict):
        assert set(got) == set(want), f"{where}: {sorted(got)}, Keras {sorted(want)}"
        for k in want:
            assert_alike(got[k], want[k], f"{where}.{k}")
    elif isinstance(want, list):
        assert isinstance(got, list) and len(got) == len(want), f"{where}: {got}, Keras {want}"
        for i, (a, b) in enumerate(zip(got, want)):
            assert_alike(a, b, f"{where}[{i}]")
    elif isinstance(want, float):
        assert float(got) == pytest.approx(want, rel=1e-4, abs=1e-5, nan_ok=True), where
    else:
        assert got == want and type(got) is type(want), where


def test_every_answer_has_its_program():
    assert set(PROGRAMS) == set(KERAS)


@pytest.fixture(autouse=True)
def custom_objects_of_others():
    """Give other tests back the custom objects that programs clear."""
    registry = tw.saving.get_custom_objects()
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_as_keras(name, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    tw.utils.clear_session()
    tw.utils.set_random_seed(0)
    assert_alike(json.loads(json.dumps(PROGRAMS[name](tw, str(tmp_path)))), KERAS[name], name)
