"""The examples run, short ones at each test run, in full length among the slow tests, and reach what they promise."""

import importlib

import pytest

from . import parity

# For each example: settings of a short run, and the bounds of its result in a short and in a full run; see `main` for its meaning.
AT_LEAST, AT_MOST = "at least", "at most"
EXAMPLES = {
    "mnist_convnet": ({"EPOCHS": 1}, AT_LEAST, 0.88, 0.955),
    "text_classification_lstm": ({"EPOCHS": 3}, AT_LEAST, 0.8, 0.95),
    "text_classification_transformer": ({"EPOCHS": 2}, AT_LEAST, 0.7, 0.85),
    "autoencoder": ({"EPOCHS": 3, "DIGITS": 2000}, AT_LEAST, 1.5, 5.0),
    "variational_autoencoder": ({"EPOCHS": 1}, AT_MOST, 225.0, 180.0),
    "functional_multi_input": ({}, AT_LEAST, 0.9, 0.9),
    "timeseries_lstm": ({"EPOCHS": 3}, AT_MOST, 0.2, 0.13),
    "transfer_learning": ({"BASE_EPOCHS": 2, "HEAD_EPOCHS": 8, "TUNING_EPOCHS": 3}, AT_LEAST, 0.8, 0.87),
    "gan": ({"EPOCHS": 5}, AT_MOST, 2.0, 1.6),
    "actor_critic": ({}, AT_LEAST, 190.0, 190.0),
    "custom_layer_serialization": ({"EPOCHS": 4}, AT_LEAST, 0.97, 0.99),
    "knowledge_distillation": ({"TEACHER_EPOCHS": 1, "STUDENT_EPOCHS": 2}, AT_LEAST, 0.65, 0.84),
    "siamese_network": ({"EPOCHS": 3}, AT_LEAST, 0.75, 0.88),
    "image_augmentation": ({"EPOCHS": 8}, AT_LEAST, 0.8, 0.91),
    "functional_resnet": ({"EPOCHS": 3, "DIGITS": 1500}, AT_LEAST, 0.35, 0.9),
    "callbacks_and_schedules": ({"EPOCHS": 8}, AT_MOST, 0.25, 0.06),
    "structured_data": ({"EPOCHS": 3}, AT_LEAST, 0.95, 0.98),
}


def check(name, settings, sense, bound, monkeypatch, capsys):
    module = importlib.import_module(f"examples.{name}")
    for key, value in settings.items():
        assert hasattr(module, key), f"{name} has no setting {key}"
        monkeypatch.setattr(module, key, value)
    result = float(module.main())
    assert result >= bound if sense is AT_LEAST else result <= bound
    shown = capsys.readouterr().out.strip().splitlines()[-1]
    assert any(character.isdigit() for character in shown), "the last line tells the result"


def test_every_example_is_run():
    assert set(EXAMPLES) == set(parity.PROGRAMS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_short_run(name, monkeypatch, capsys):
    settings, sense, bound, _ = EXAMPLES[name]
    check(name, settings, sense, bound, monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXAMPLES if EXAMPLES[name][0]])
def test_full_run(name, monkeypatch, capsys):
    _, sense, _, bound = EXAMPLES[name]
    check(name, {}, sense, bound, monkeypatch, capsys)


@pytest.mark.parametrize("epochs, bound", [(1, 0.9), pytest.param(None, 0.975, marks=pytest.mark.slow)])
def test_demo(epochs, bound, monkeypatch, capsys, tmp_path):
    demo = importlib.import_module("examples.mnist.__main__")
    monkeypatch.chdir(tmp_path)
    if epochs is not None:
        monkeypatch.setattr(demo, "EPOCHS", epochs)
    assert demo.main() >= bound
    shown = capsys.readouterr().out
    assert "the loaded model predicts the same" in shown and "model.json" in shown
    assert (tmp_path / "mnist.png").read_bytes().startswith(b"\x89PNG")
