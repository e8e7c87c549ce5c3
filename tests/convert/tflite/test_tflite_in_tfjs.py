"""What the converter writes of each stored TFLite model gives LiteRT's answers in the real TensorFlow.js."""

import base64

import tensorweb as tw
from tensorweb.convert import convert
from tests.convert import in_tfjs

from .test_tflite_ops import CASES, STEPS, as_input, assert_close, tolerance_of

# TensorFlow.js 4.22 asks its own BitwiseAnd for inputs of other names than it gave them.
BROKEN_THERE = {"BITWISE_XOR"}


def as_job(name, case, folder):
    """Write a model for TensorFlow.js; return what is to be run, or None where its JSON cannot hold the numbers."""
    path = folder / f"{name.replace(' ', '_')}.tflite"
    path.write_bytes(base64.b64decode(case["model"]))
    model = convert(path, path.with_suffix("")).model
    if any(x["dtype"] == "complex64" for x in case["inputs"] + case["outputs"]):
        return None
    return in_tfjs.job(model, path.with_suffix(""), map(as_input, case["inputs"]))


@in_tfjs.needs_tfjs
def test_tensorflow_js_gives_litert_s_answers(tmp_path):
    jobs = {name: as_job(name, case, tmp_path) for name, case in CASES.items() if name not in BROKEN_THERE}
    jobs = {name: job for name, job in jobs.items() if job}
    results = in_tfjs.run(list(jobs.values()), tmp_path)
    for name, result in zip(jobs, results, strict=True):
        assert "outputs" in result, (name, result)
        for found, stored in zip(result["outputs"], CASES[name]["outputs"], strict=True):
            values = [bool(v) for v in found["v"]] if found["dtype"] == "bool" else found["v"]
            assert_close(tw.tensor(values, found["shape"], found["dtype"]), stored, 3 * tolerance_of(name), STEPS.get(name, 1))
    assert len(jobs) >= 340
