"""Keras itself loads what we save and predicts, and trains on, the same. Skipped where it is not installed."""

import pytest

import tensorweb as tw
from tests.layers import replay
from tests.oracle.replay import flatten

from . import layer_models, live
from . import model_files as files

pytestmark = pytest.mark.skipif(not live.has_keras(), reason=live.NO_KERAS)
MODELS = ["keras3_sequential.keras", "keras3_several.keras", "keras3_operators.keras", "keras3_nested.keras", "keras3_recurrent.keras",
          "keras3_attention.keras", "keras3_text.keras", "keras2_several.h5", "keras2_nested.h5"]  # fmt: skip
# TensorFlow's process dies of the first three; Keras finds a cycle in the graph of the last.
FAILING = ("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "Equalization")


@pytest.mark.parametrize("what", ["few", *(pytest.param(what, marks=pytest.mark.slow) for what in ("models", "layers"))])
def test_keras_loads_what_we_save(what, tmp_path):
    jobs, ours = [], []
    for name in {"few": MODELS[:2], "models": MODELS[2:], "layers": []}[what]:
        if "text" in name and not live.has_tensorflow():
            continue
        case = files.case_of(name)
        model, x = tw.saving.load_model(files.FOLDER / name), files.inputs_of(case)
        outputs = model(x)
        model.save_weights(tmp_path / f"{name}.weights.h5")
        for suffix in (".keras", ".h5"):
            if suffix == ".h5" and any(part in name for part in ("operators", "text", "attention")):
                continue  # Keras does not load its own HDF5 files of these, either
            target = tmp_path / f"{name}{suffix}"
            model.save(target)
            job = {"file": str(target), "weights": str(tmp_path / f"{name}.weights.h5"), "inputs": live.encoded(x)}
            if suffix == ".keras" and model.compiled and "sequential" not in name:  # Keras does not train on from its HDF5 files
                job["train"] = live.encoded([files.values(o.shape) ** 2 for o in flatten(outputs, tw)])
            jobs.append(job)
            ours.append((target.name, outputs, case))
    chosen = layer_models.cases() if what == "layers" else []
    smallest = {id(case) for case in replay.smallest([case for _, case in chosen])}
    for name, case in chosen:
        if id(case) not in smallest or case["layer"] in FAILING:
            continue
        if name.startswith("text-") and not live.has_tensorflow():
            continue  # Keras's lookup layers work with TensorFlow only
        try:
            model, x = layer_models.build(case)
        except (layer_models.CannotBeModel, tw.errors.TensorWebError):
            continue
        outputs = model(x)
        if any(0 in t.shape or t.dtype == "string" for t in flatten([x, outputs], tw)):
            continue
        model.save(tmp_path / f"{name}.keras")
        jobs.append({"file": str(tmp_path / f"{name}.keras"), "inputs": live.encoded(x)})
        ours.append((name, outputs, {}))
    wrong = []
    for (name, outputs, case), result in zip(ours, live.run_keras(jobs, tmp_path)):
        found = live.difference(outputs, result)
        if isinstance(found, str) or found > 1e-4:
            wrong.append((name, found))
        elif "trained" in result and (d := files.largest_difference_of(result["trained"], case["trained"])) > 1e-4:
            wrong.append((name, "trained", d))
    assert not wrong
