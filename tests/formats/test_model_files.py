"""Models that Keras 3, Keras 2 and TensorFlow.js saved are loaded here and predict, and train on, as there."""

import pytest

import tensorweb as tw

from . import model_files as files

pytest.importorskip("h5py")
TFJS = sorted(files.FOLDER.glob("tfjs_*.json"))


@pytest.mark.parametrize("name", [n for n in files.stored() if not n.endswith(".weights.h5")])
def test_files_of_keras(name):
    case = files.case_of(name)
    model = tw.saving.load_model(files.FOLDER / name)
    x = files.inputs_of(case)
    outputs = files.outputs_of(model, x)
    assert files.largest_difference(outputs, case["outputs"]) < 1e-5
    if "trained" in case:
        files.train(model, x, outputs)
        assert files.largest_difference(files.outputs_of(model, x), case["trained"]) < 1e-4


@pytest.mark.parametrize("name", [n for n in files.stored() if n.endswith(".weights.h5")])
def test_weights_of_keras(name):
    case = files.case_of(name)
    model = tw.saving.load_model(files.FOLDER / name.replace(".weights.h5", ".keras"), compile=False)
    for w in model.weights:
        w.assign(tw.zeros_like(w.value))
    model.load_weights(files.FOLDER / name)
    assert files.largest_difference(files.outputs_of(model, files.inputs_of(case)), case["outputs"]) < 1e-5


@pytest.mark.parametrize("path", TFJS, ids=lambda p: p.stem)
def test_files_of_tfjs(path):
    case, artifacts = files.tfjs_case(path)
    model = tw.saving.load_model(artifacts)
    x = files.inputs_of(case)
    outputs = files.outputs_of(model, x)
    assert files.largest_difference(outputs, case["outputs"]) < 1e-5
    if case.get("trained"):
        files.train(model, x, outputs)
        assert files.largest_difference(files.outputs_of(model, x), case["trained"]) < 1e-4


@pytest.mark.parametrize("name", ["keras3_several.keras", "keras2_recurrent.h5", "keras3_recurrent.h5", "keras3_operators.keras"])
@pytest.mark.filterwarnings("ignore:TensorFlow.js")
def test_again_through_every_format(name, tmp_path):
    case = files.case_of(name)
    model = tw.saving.load_model(files.FOLDER / name)
    x = files.inputs_of(case)
    for place in ("again.keras", "again.h5", "folder", "model.json"):
        model.save(tmp_path / place)
        model = tw.saving.load_model(tmp_path / place)
        assert files.largest_difference(files.outputs_of(model, x), case["outputs"]) < 1e-5
