"""model.summary() prints what real Keras prints (stored texts)."""

import json
from pathlib import Path

import pytest

import tensorweb as tw

from .summary_programs import SUMMARIES, text_of

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_summaries.json").read_text())


@pytest.mark.parametrize("name", SUMMARIES)
def test_summaries_as_keras(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    got = SUMMARIES[name](tw)
    assert len(got) == len(KERAS[name])
    for mine, theirs in zip(got, KERAS[name]):
        assert mine == theirs


def model():
    return tw.Sequential([tw.Input((4,)), tw.layers.Dense(3, name="one"), tw.layers.Dense(2, name="two")], name="small")


def test_it_is_printed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    model().summary()
    out = capsys.readouterr().out
    assert out.startswith('Model: "small"\n┏━') and out.endswith(" Non-trainable params: 0 (0.00 B)\n")
    assert max(len(line) for line in out.splitlines()) == 76


def test_optimizer_parameters_are_counted_once_it_is_built():
    made = model()
    made.compile("adam", "mse")
    made.fit(tw.ones((2, 4)), tw.ones((2, 2)), verbose=0)
    (text,) = text_of(made)
    assert " Total params: 71 " in text and " Trainable params: 23 (92.00 B)\n" in text and " Optimizer params: 48 " in text


WRONG = [{"layer_range": ("one",)}, {"layer_range": ("one", 2)}, {"layer_range": ("no", "one")}, {"line_length": 8}]


@pytest.mark.parametrize("options", WRONG)
def test_wrong_arguments(options):
    with pytest.raises(ValueError, match="summary"):
        text_of(model(), **options)
