"""Real models give what TensorFlow.js gives: audio, faces, hands, poses, objects; in float32, float16 and uint8; with loops.

The outputs are stored by generate_tfjs_models.mjs; the models come from npm (package.json here).
"""

import json
import math
from pathlib import Path

import pytest

import tensorweb as tw
from tests.graph.json_graphs import congruence

FOLDER = Path(__file__).parent / "node_modules"
DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "graph_models.json").read_text())
QUICK = ("basic-pitch", "blazeface", "movenet", "base/model.json")  # loops and float16 among them

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no npm here that could fetch the models")


def load(name):
    return tw.load_graph_model(FOLDER / name)


def run(name, told):
    inputs = [congruence(spec) for spec in told["inputs"]]
    if name.startswith("@upscalerjs"):
        return [tw.saving.load_model(FOLDER / name, compile=False).predict(inputs[0], verbose=0)]
    outputs = load(name).execute(inputs, list(told["outputs"]))
    return outputs if isinstance(outputs, list) else [outputs]


def check(name, told, outputs):
    for (node, expected), got in zip(told["outputs"].items(), outputs, strict=True):
        assert (list(got.shape), got.dtype) == (expected["shape"], expected["dtype"]), (name, node)
        values = list(got.data_sync())[:: expected["step"]]
        worst = max((abs(a - b) for a, b in zip(values, expected["values"], strict=True)), default=0.0)
        assert worst <= 1e-4 * max(expected["largest"], 1e-9), (name, node, worst / max(expected["largest"], 1e-9))


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if any(q in n for q in QUICK) else pytest.mark.slow) for n in CASES])
def test_outputs_are_tensorflow_jss(fast_backend, name):
    check(name, CASES[name], run(name, CASES[name]))


def test_a_sine_of_440_hz_is_note_69(fast_backend):
    """The golden test of basic-pitch: notes from 21 on, 0.755 for 69 in the midst of the window."""
    name = "@spotify/basic-pitch/model/model.json"
    wave = [0.5 * math.sin(2 * math.pi * 440 * i / 22050) for i in range(43844)]
    notes = load(name).execute(tw.reshape(tw.tensor(wave), (1, 43844, 1)), "Identity_1")
    heights = tw.mean(notes[0, 20:150], axis=0)
    assert int(tw.argmax(heights)) + 21 == 69


def test_languages_of_texts_are_tensorflow_jss(fast_backend):
    """Strings, hash tables, ragged and sparse tensors, a loop of functions; TensorFlow.js 3.21 (generate_tfjs_languages.mjs).

    For the text beyond ASCII the scores are TensorFlow's (PyPI's guesslang, the same model): TensorFlow.js takes single bytes of a letter
    for other letters. The tolerance there is what the weights lose in uint8.
    """
    model = load("@vscode/vscode-languagedetection/model/model.json")
    for told in json.loads((DATA / "graph_languages.json").read_text()):
        scores, classes = model.predict(tw.tensor([told["text"]]))
        assert classes.tolist() == [told["classes"]]
        tolerance = 5e-3 if told.get("by") == "tensorflow" else 1e-4 * max(told["scores"])
        assert max(abs(a - b) for a, b in zip(scores.tolist()[0], told["scores"], strict=True)) <= tolerance


@pytest.mark.slow
def test_saved_models_are_the_same(fast_backend, tmp_path):
    for name in (n for n in CASES if any(q in n for q in QUICK)):
        told, model = CASES[name], load(name)
        model.save(tmp_path / "saved")
        outputs = tw.load_graph_model(tmp_path / "saved").execute([congruence(spec) for spec in told["inputs"]], list(told["outputs"]))
        check(name, told, outputs if isinstance(outputs, list) else [outputs])
