"""The same networks from the same weights on the same batches follow Keras's loss for 50 steps."""

import json
from pathlib import Path

import pytest

import tensorweb as tw

from . import parity_models

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_training.json").read_text())


@pytest.mark.parametrize("optimizer", parity_models.OPTIMIZERS)
@pytest.mark.parametrize("name", parity_models.MODELS)
def test_losses_follow_keras(name, optimizer):
    expected = KERAS[f"{name}/{optimizer}"]
    got = parity_models.losses(tw, name, optimizer)
    worst = max(abs(a - b) / abs(b) for a, b in zip(got, expected, strict=True))
    assert worst < 1e-3, f"relative difference {worst:.2g}"
    assert expected[-1] < expected[0], "the network learns"
