"""The TFLite models of mediapipe and basic-pitch compute what LiteRT does, and what is made of them in TensorFlow.js too.

The pictures are parts of scikit-image's astronaut (real_models.py), the sound is a tone with noise. Three models have ops of MediaPipe's
own; of those the reference is MediaPipe. All are in float32 and float16; quantised ones stand in tflite/test_tflite_ops.py.

The mask of pose_landmark_full, with values to 1600, is what the rounding of many layers makes of it: for many pictures LiteRT's own two
sets of kernels are 5e-4 of its largest value apart. The part of the photo here is one of those for which they are nearest.
"""

import subprocess

import pytest

import tensorweb as tw
from tensorweb.convert import convert
from tensorweb.convert.tflite import read_tflite
from tensorweb.graph.model import GraphModel

from . import in_tfjs
from .real_models import difference, pixels, sine, stored, tflite_files
from .saved_models import PITCH, pip_files, wave

STORED = stored("real_tflite.json.gz")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real_tflite")]  # one process fetches the packages


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    try:
        found = tflite_files(tmp_path_factory.mktemp("mediapipe"))
        folder = pip_files(PITCH, tmp_path_factory.mktemp("pitch"), lambda name: name.endswith("nmp.tflite"))
    except subprocess.SubprocessError as error:
        pytest.skip(f"pip cannot fetch the packages: {error}")
    return {**found, "basic_pitch": next(folder.rglob("nmp.tflite"))}


def given(name, graph):
    """Return the input of a model."""
    if name == "basic_pitch":
        return tw.reshape(tw.tensor(wave()), (1, -1, 1))
    return tw.tensor(pixels(name, *graph.inputs[0].shape[1:3]))


def outputs_of(model, x):
    return [(y.shape, y.data_sync()) for y in model.execute(x, model.output_nodes)]


def check(name, outputs):
    """Compare (shape, flat numbers) of each output with what is stored."""
    for number, ((shape, flat), expected) in enumerate(zip(outputs, STORED[name], strict=True)):
        assert list(shape) == expected["shape"]
        apart = difference(flat, expected)
        assert apart < 1e-4, (name, number, apart)


def test_all_models_are_here(files):
    assert files.keys() == STORED.keys() and len(files) == 15
    assert max(each["kernels"] for outputs in STORED.values() for each in outputs) < 1e-4


@pytest.mark.parametrize("name", STORED)
def test_outputs_are_litert_s(name, files, fast_backend):
    graph = read_tflite(files[name])
    check(name, outputs_of(GraphModel(graph), given(name, graph)))


@in_tfjs.needs_tfjs
@pytest.mark.parametrize("name", STORED)
def test_what_is_written_gives_the_same_in_tensorflow_js(name, files, tmp_path):
    model = convert(files[name], tmp_path / "model").model
    x = given(name, model.graph)
    check(name, outputs_of(tw.load_graph_model(tmp_path / "model"), x))
    (result,) = in_tfjs.run([in_tfjs.job(model, tmp_path / "model", [x])], tmp_path)
    assert "outputs" in result, result
    check(name, [(y["shape"], y["v"]) for y in result["outputs"]])


def test_a_sine_of_440_hz_is_note_69(files, fast_backend):
    notes = GraphModel(read_tflite(files["basic_pitch"])).execute(tw.tensor(sine()), "note")
    assert int(tw.argmax(tw.mean(notes[0, 20:150], axis=0))) + 21 == 69
