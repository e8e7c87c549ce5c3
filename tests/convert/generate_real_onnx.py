"""Writes tests/data/real_onnx.json.gz: what ONNX Runtime computes with the ONNX models in packages, optimized and as they are written.

Run `python -m tests.convert.generate_real_onnx` where `python -m tools.node tests/graph --alone` has been run. Needs onnxruntime.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

from tests.convert.real_models import VAD, VOICES, store, told
from tests.convert.saved_models import PITCH, pip_files, wave

LEVELS = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL


def sessions(path):
    """Return a model that is optimized, and one that is not."""
    found = []
    for level in LEVELS:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        found.append(onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))
    return found


def listened(session, case):
    """Return the probability of speech in each frame, and the states after the last one."""
    states = {name: np.zeros(case.state, np.float32) for name in case.states}
    scores = []
    for sound in case.frames():
        score, *after = session.run(None, {"input": sound, "sr": np.array(case.rate, np.int64), **states})
        states = dict(zip(states, after, strict=True))
        scores.append(score.item())
    return [np.array(scores, np.float32), *states.values()]


def pitches():
    """Return the outputs of basic-pitch, from both sessions."""
    sound = np.array(wave(), np.float32).reshape(1, -1, 1)
    with tempfile.TemporaryDirectory() as place:
        path = next(pip_files(PITCH, Path(place), lambda name: name.endswith(".onnx")).rglob("*.onnx"))
        return [session.run(None, {session.get_inputs()[0].name: sound}) for session in sessions(path)]


if __name__ == "__main__":
    found = {"basic_pitch": [told(a, b) for a, b in zip(*pitches())]}
    for name, case in VOICES.items():
        runs = [listened(session, case) for session in sessions(VAD / case.file)]
        found[name] = [told(a, b) for a, b in zip(*runs)]
        print(name, " ".join(f"{score:.2f}" for score in runs[0][0]))
    store("real_onnx.json.gz", found)
    for name, outputs in found.items():
        print(name, [(each["shape"], each["largest"], each["kernels"]) for each in outputs])
