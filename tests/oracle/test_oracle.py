"""Every op against stored results of Keras, TensorFlow, NumPy and SciPy, on every backend; on python where NumPy cannot be imported."""

import inspect
import json
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import engine
from tensorweb.backends import registry
from tensorweb.tensor import OPS

from . import replay

CASES = {subject: replay.load(subject) for subject in replay.subjects()}
BY_OP = sorted({(subject, case["op"]) for subject, cases in CASES.items() for case in cases})

# Ops that have no oracle cases because nothing can be compared case by case; each is tested where it says.
TESTED_ELSEWHERE = {
    **dict.fromkeys(
        [
            "associative_scan",
            "cond",
            "custom_gradient",
            "fori_loop",
            "jvp",
            "map",
            "scan",
            "switch",
            "vectorize",
            "vectorized_map",
            "while_loop",
        ],
        "test_control.py: they take functions",
    ),
    **dict.fromkeys(["boolean_mask_async", "where_async"], "test_control.py: coroutines"),
    **dict.fromkeys((f"image.non_max_suppression{x}_async" for x in ("", "_padded", "_with_score")), "test_image.py: coroutines"),
    **dict.fromkeys(["convert_to_numpy", "dtype"], "test_tensor.py: their results are no tensors"),
    **dict.fromkeys(
        ["random_gamma", "random_normal", "random_standard_normal", "truncated_normal", "multinomial", "rand"], "test_random.py: statistics"
    ),
    **dict.fromkeys(
        (f"random.{x}" for x in ["beta", "binomial", "categorical", "gamma", "normal", "shuffle", "truncated_normal"]),
        "test_random.py: statistics",
    ),
    "multi_rnn_cell": "test_errors_losses.py: it takes functions",
}


@pytest.mark.parametrize("subject, op", BY_OP, ids=lambda v: v)
def test_on_backend(fast_backend, subject, op):
    replay_all([c for c in CASES[subject] if c["op"] == op])


@pytest.mark.parametrize("subject", CASES)
def test_telling_cases_on_gpu(gpu_backend, subject):
    replay_all(replay.telling(CASES[subject]))


@pytest.mark.slow
@pytest.mark.parametrize("subject, op", BY_OP, ids=lambda v: v)
def test_all_cases_on_gpu(gpu_backend, subject, op):
    replay_all([c for c in CASES[subject] if c["op"] == op])


def replay_all(cases):
    replay.misplaced(tw)
    wrong = [f"{replay.label(c)}\n  {text}" for c in cases for text in replay.check(c, tw)]
    assert not wrong, "\n".join(wrong[:5])
    assert not replay.misplaced(tw), "these ran on another backend"


@pytest.mark.parametrize("subject", CASES)
def test_on_python_with_numpy_blocked(subject):
    command = [sys.executable, "-m", "tests.oracle.replay", "--backend", "python", "--block-numpy", subject]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_op_has_cases():
    """At least one case for every op; the table of counts is printed (pytest -s)."""
    counts = Counter(case["op"] for cases in CASES.values() for case in cases)
    own = {e.name for e in OPS.values() if e.function.__module__.startswith("tensorweb.")}
    names = {name: e.name for name, e in OPS.items()}
    for op in list(counts):
        if names.get(op, op) != op:
            counts[names[op]] += counts[op]
    print("\n".join(f"{counts[op]:5d}  {op}" for op in sorted(own)))
    print(f"{sum(counts[o] for o in own)} cases of {len(own)} ops; {sum(counts[o] >= 10 for o in own)} ops have ten or more")
    lacking = sorted(op for op in own if not counts[op] and op not in TESTED_ELSEWHERE)
    assert not lacking, f"{len(lacking)} ops without a case: {lacking}"


# Keywords that have one value in the cases, and why.
ONE_VALUE = {
    **dict.fromkeys(
        ["bincount.sparse", "one_hot.sparse", "multi_hot.sparse", "convert_to_tensor.sparse", "convert_to_tensor.ragged"],
        "only False is taken",
    ),
    "moments.synchronized": "taken and ignored: there is one device",
    "image.resize.fill_mode": "only constant is taken, as in Keras",
    "signal.stft.window_fn": "a function: test_linalg.py",
    **dict.fromkeys(["image.elastic_transform.alpha", "image.elastic_transform.fill_value"], "random displacements: test_image.py"),
    **dict.fromkeys(
        ["random.randint.dtype", "random.uniform.dtype", "random_uniform.minval", "random_uniform.maxval", "random_uniform.dtype"],
        "test_random.py",
    ),
}


def test_every_keyword_takes_two_values():
    values: dict = {}
    for case in (case for cases in CASES.values() for case in cases):
        entry = OPS.get(case["op"]) or OPS[case["op"].rpartition(".")[2]]  # random.dropout is dropout
        signature = inspect.signature(entry.function)
        given = signature.bind(*case["args"], **case["kwargs"]).arguments
        for p in signature.parameters.values():
            if p.default is not p.empty:
                values.setdefault(f"{entry.name}.{p.name}", set()).add(json.dumps(given.get(p.name, p.default), default=str))
    lacking = sorted(name for name, found in values.items() if len(found) < 2 and name not in ONE_VALUE)
    assert not lacking


@pytest.mark.parametrize("name", ["native", "wasm"])
def test_what_memory_held_before_does_not_matter(name, monkeypatch):
    """Every buffer is handed out full of 1.2: what a kernel reads without having written it shows."""
    pytest.importorskip("llvmlite" if name == "native" else "wasmtime", reason=f"backend {name} is not installed")
    backend = registry.find_backend(name)
    take = backend.heap.take

    def used(capacity):
        buffer = take(capacity)
        backend.machine.write(buffer.address, struct.pack("f", 1.2) * (capacity // 4))
        return buffer

    monkeypatch.setattr(backend.heap, "take", used)
    engine.plans(backend).clear()  # plans made before call the heap as it was
    tw.set_backend(name)
    try:
        cases = [c for subject in ("convolution", "contraction", "pooling", "shaping", "fused") for c in CASES[subject]]
        wrong = [f"{replay.label(c)}\n  {text}" for c in cases for text in replay.check(c, tw)]
    finally:
        registry.forget_choice()
        engine.plans(backend).clear()
    assert not wrong, "\n".join(wrong[:5])
