"""TensorFlow.js itself loads what we save: it predicts the same, and trains on. Skipped where it is not installed."""

import warnings

import pytest

import tensorweb as tw
from tensorweb.saving.dialects import to_web
from tests.oracle.replay import flatten

from . import layer_models, live
from . import model_files as files

pytestmark = pytest.mark.skipif(live.tfjs_folder() is None, reason=live.NO_TFJS)
# Of models that TensorFlow.js reads as they are.
MODELS = ["tfjs_sequential.json", "tfjs_several.json", "tfjs_recurrent.json", "tfjs_text.json", "tfjs_nested.json", "tfjs_pooled.json",
          "keras3_sequential.keras", "keras2_sequential.h5", "keras3_several.keras", "keras2_several.h5", "keras3_text.keras",
          "keras2_text.h5"]  # fmt: skip
TOLERANCE = {None: 1e-5, "uint16": 1e-3, "float16": 5e-3, "uint8": 0.1}


def load(name):
    """Return (model, inputs) of a stored file."""
    if name.endswith(".json"):
        case, artifacts = files.tfjs_case(files.FOLDER / name)
        return tw.saving.load_model(artifacts), files.inputs_of(case)
    pytest.importorskip("h5py")
    return tw.saving.load_model(files.FOLDER / name), files.inputs_of(files.case_of(name))


def test_models_in_every_precision(tmp_path):
    jobs, ours = [], []
    for name in MODELS:
        for how in TOLERANCE:
            model, x = load(name)
            folder = tmp_path / f"{name}-{how}"
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                model.save(folder, quantization=how, include_optimizer=model.compiled)
            again = tw.saving.load_model(folder)
            job = {"folder": str(folder), "inputs": live.encoded(x)}
            outputs = again(x)
            if how is None and model.compiled and name in ("tfjs_several.json", "tfjs_nested.json"):
                job["train"] = live.encoded([files.values(o.shape) ** 2 for o in flatten(outputs, tw)])
            jobs.append(job)
            ours.append((name, how, model(x), outputs, again, x))
    wrong = []
    for (name, how, exact, outputs, again, x), result in zip(ours, live.run_tfjs(jobs, tmp_path)):
        same, near = live.difference(outputs, result), live.difference(exact, result)
        if isinstance(same, str) or same > 1e-5 or near > TOLERANCE[how]:
            wrong.append((name, how, same, near))
        if "trained" in result:
            files.train(again, x, flatten(outputs, tw))
            d = live.difference(again(x), result, "trained")
            if isinstance(d, str) or d > 1e-4:
                wrong.append((name, "trained", d))
    assert not wrong


def test_layers_that_it_reads_as_they_are(tmp_path):
    """Whatever we save without a warning TensorFlow.js must understand as we do."""
    jobs, ours = [], []
    for name, case in layer_models.cases():
        if "_constraint" in str([k for k, v in case["config"].items() if v is not None]):
            continue  # TensorFlow.js applies constraints to loaded weights, which these are not within
        try:
            model, x = layer_models.build(case)
        except (layer_models.CannotBeModel, tw.errors.TensorWebError):
            continue
        outputs = model(x)
        if any(0 in t.shape for t in flatten([x, outputs], tw)) or not to_web(model).faithful:
            continue  # it joins batches, and fails for empty ones
        model.save(tmp_path / name)
        jobs.append({"folder": str(tmp_path / name), "inputs": live.encoded(x)})
        # Means and variances of numbers far from 0 (LayerNormalization near 100) lose as many digits, there and here.
        far = max((abs(v) for t in flatten(x, tw) if t.dtype == "float32" for v in t.data_sync()), default=0.0)
        ours.append((name, outputs, 1e-5 * max(1.0, far / 10)))
    results = [(name, live.difference(o, r), allowed) for (name, o, allowed), r in zip(ours, live.run_tfjs(jobs, tmp_path))]
    wrong = [(name, d) for name, d, allowed in results if isinstance(d, str) or d > allowed]
    assert not wrong and len(results) > 300
