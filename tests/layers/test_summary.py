"""model.summary() prints what real Keras prints (stored texts)."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.naming import clear_session

from .summary_programs import SUMMARIES, text_of

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_summaries.json").read_text())


@pytest.mark.parametrize("name", SUMMARIES)
def test_summaries_as_keras(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    clear_session()  # the ops of a graph have default names
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


def test_layers_with_nested_outputs():
    class Heads(tw.layers.Layer):
        def __init__(self, count):
            super().__init__(name=f"heads_{count}")
            self.heads = [tw.layers.Dense(2 + i) for i in range(count)]

        def call(self, x):
            return {f"h{i}": head(x) for i, head in enumerate(self.heads)}

    class Own(tw.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = Heads(1), Heads(2)

        def call(self, x):
            return self.one(x), self.two(x)

    model = Own()
    model(tw.ones((1, 3)))
    (text,) = text_of(model, line_length=100)
    assert "│ (1, 2) " in text and "│ {h0: (1, 2), h1: (1, 3)} " in text


WRONG = [{"layer_range": ("one",)}, {"layer_range": ("one", 2)}, {"layer_range": ("no", "one")}, {"line_length": 8}]


@pytest.mark.parametrize("options", WRONG)
def test_wrong_arguments(options):
    with pytest.raises(ValueError, match="summary"):
        text_of(model(), **options)
