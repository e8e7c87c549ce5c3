"""The ONNX models of vad-web (Silero's, which tell speech from other sound) and basic-pitch compute what ONNX Runtime does, and what is
made of them in TensorFlow.js too. What they hear is made by real_models.py: something like a voice, and a tone with noise.
"""

import subprocess

import pytest

import tensorweb as tw
from tensorweb.convert import convert
from tensorweb.convert.onnx import read_onnx
from tensorweb.graph.model import GraphModel

from . import in_tfjs
from .real_models import VAD, VOICES, difference, sine, stored
from .saved_models import PITCH, pip_files, wave

STORED = stored("real_onnx.json.gz")
QUICK = "silero_vad_v5-16000"
THREE = (0, 6, 17)  # frames that TensorFlow.js hears

needs_npm = pytest.mark.skipif(not VAD.is_dir(), reason="no npm here that could fetch the models")


def listened(model, case):
    """Return the probability of speech in each frame, and all states: those before the first frame, then those after each."""
    states = [[tw.zeros(case.state) for _ in case.states]]
    scores = []
    for sound in case.frames():
        score, *after = model.execute(fed(case, sound, states[-1]))
        scores.append(score.item())
        states.append(after)
    return scores, states


def fed(case, sound, states):
    """Return a frame as a model's inputs."""
    return {"input": tw.tensor(sound), "sr": tw.tensor(case.rate, dtype="int32"), **dict(zip(case.states, states, strict=True))}


def check(name, outputs):
    for number, (flat, expected) in enumerate(zip(outputs, STORED[name], strict=True)):
        apart = difference(flat, expected)
        assert apart < 1e-4, (name, number, apart)


@needs_npm
def test_all_models_are_here():
    assert {path.name for path in VAD.glob("*.onnx")} == {case.file for case in VOICES.values()}
    assert STORED.keys() == {"basic_pitch", *VOICES}


@needs_npm
@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n == QUICK else pytest.mark.slow) for n in VOICES])
def test_voices_are_heard_as_onnx_runtime_hears_them(name, fast_backend):
    case = VOICES[name]
    scores, states = listened(GraphModel(read_onnx(VAD / case.file)), case)
    check(name, [scores, *(x.data_sync() for x in states[-1])])
    assert scores[0] < 0.2 and sum(scores[-3:]) > 2.4


@pytest.mark.slow
@needs_npm
@in_tfjs.needs_tfjs
@pytest.mark.parametrize("name", VOICES)
def test_voices_are_heard_alike_in_tensorflow_js(name, tmp_path):
    case = VOICES[name]
    model = convert(VAD / case.file, tmp_path / "model").model
    scores, states = listened(tw.load_graph_model(tmp_path / "model"), case)
    heard, jobs = case.frames(), []
    chosen = [i for i in THREE if i < len(heard)]
    for i in chosen:
        values = fed(case, heard[i], states[i])
        jobs.append(in_tfjs.job(model, tmp_path / "model", [values[a.name] for a in model.inputs]))
    for i, result in zip(chosen, in_tfjs.run(jobs, tmp_path), strict=True):
        assert "outputs" in result, result
        scores[i] = result["outputs"][0]["v"][0]
        for found, wanted in zip(result["outputs"][1:], states[i + 1], strict=True):
            assert max(abs(a - b) for a, b in zip(found["v"], wanted.data_sync(), strict=True)) < 1e-4 * max(map(abs, found["v"]))
    check(name, [scores, *(x.data_sync() for x in states[-1])])


# --- basic-pitch ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pitches(tmp_path_factory):
    try:
        folder = pip_files(PITCH, tmp_path_factory.mktemp("pitch"), lambda name: name.endswith(".onnx"))
    except subprocess.SubprocessError as error:
        pytest.skip(f"pip cannot fetch the package: {error}")
    return next(folder.rglob("*.onnx"))


@pytest.mark.slow
def test_pitches_are_onnx_runtimes(pitches, fast_backend):
    outputs = GraphModel(read_onnx(pitches)).execute(tw.reshape(tw.tensor(wave()), (1, -1, 1)))
    assert [list(y.shape) for y in outputs] == [each["shape"] for each in STORED["basic_pitch"]]
    check("basic_pitch", [y.data_sync() for y in outputs])


@pytest.mark.slow
def test_a_sine_of_440_hz_is_note_69(pitches, fast_backend):
    notes = GraphModel(read_onnx(pitches)).execute(tw.tensor(sine()), "StatefulPartitionedCall:1")
    assert int(tw.argmax(tw.mean(notes[0, 20:150], axis=0))) + 21 == 69


@pytest.mark.slow
@in_tfjs.needs_tfjs
def test_pitches_are_the_same_in_tensorflow_js(pitches, tmp_path):
    model = convert(pitches, tmp_path / "model").model
    x = tw.reshape(tw.tensor(wave()), (1, -1, 1))
    check("basic_pitch", [y.data_sync() for y in tw.load_graph_model(tmp_path / "model").execute(x)])
    (result,) = in_tfjs.run([in_tfjs.job(model, tmp_path / "model", [x])], tmp_path)
    assert "outputs" in result, result
    check("basic_pitch", [y["v"] for y in result["outputs"]])
