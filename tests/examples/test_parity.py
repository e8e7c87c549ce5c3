"""Each example follows real Keras for its first steps, from equal weights on equal batches."""

import json
from pathlib import Path

import pytest

from . import parity

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_examples.json").read_text())


def test_every_example_is_compared():
    assert set(KERAS) == set(parity.PROGRAMS) == {path.stem for path in parity.FOLDER.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("name", parity.PROGRAMS)
def test_first_losses_follow_keras(name):
    expected, got = KERAS[name], parity.losses(name)
    assert len(got) == len(expected) >= 10
    for step, (a, b) in enumerate(zip(got, expected)):
        assert set(a) == set(b), f"step {step}"
        for key in b:
            assert a[key] == pytest.approx(b[key], rel=1e-3, abs=1e-4), f"{key} at step {step}"
    first, last = expected[0], expected[-1]
    assert any(first[k] != last[k] for k in first), "the weights move"
