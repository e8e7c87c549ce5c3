"""Every layer case on every backend: outputs, gradients, masks, configs, shapes as Keras has them."""

import subprocess
import sys
from pathlib import Path

import pytest

import tensorweb as tw

from ..oracle.replay import misplaced
from . import replay

ROOT = Path(__file__).parents[2]


def all_right(cases):
    misplaced(tw)
    wrong = [(replay.label(c), w) for c in cases for w in [replay.check(c, tw)] if w]
    assert not wrong, "\n".join(f"{name}: {problems[:3]}" for name, problems in wrong[:20])
    assert not misplaced(tw), "these ran on another backend"


@pytest.mark.parametrize("subject", replay.subjects())
def test_layers_as_keras(fast_backend, subject):
    all_right(replay.load(subject))


@pytest.mark.slow
@pytest.mark.parametrize("subject", replay.subjects())
def test_layers_as_keras_on_gpu(gpu_backend, subject):
    all_right(replay.load(subject))


@pytest.mark.parametrize("backend", ["python", "wasm"])
def test_layers_without_numpy(backend):
    if backend == "wasm":
        pytest.importorskip("wasmtime", reason="backend wasm: wasmtime is not installed")
    command = [sys.executable, "-m", "tests.layers.replay", "--backend", backend, "--block-numpy", "--small"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
