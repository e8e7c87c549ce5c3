"""Files that are damaged, hostile or of another model: clear errors, nothing half loaded, the old file whole."""

import json
import random
import shutil
import warnings
import zipfile

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError, FormatError, TensorWebError

from . import model_files as files

pytest.importorskip("h5py")


def small(units=2, name="small"):
    model = tw.Sequential([tw.Input((3,)), tw.layers.Dense(4, name="a"), tw.layers.Dense(units, name="b")], name=name)
    for i, w in enumerate(model.weights):
        w.assign(tw.ones_like(w.value) * (i + 1.0))
    return model


def state_of(model):
    return [w.value.tolist() for w in model.weights]


PLACES = ["m.keras", "m.h5", "folder", "m.weights.h5"]


def save(model, path):
    (model.save_weights if str(path).endswith(".weights.h5") else model.save)(path)


@pytest.mark.parametrize("place", PLACES)
def test_weights_of_another_model_change_nothing(place, tmp_path):
    save(small(), tmp_path / place)
    other = small(units=3)
    for w in other.weights:
        w.assign(tw.zeros_like(w.value))
    before = state_of(other)
    with pytest.raises(FormatError, match=r"load_weights|load_model"):
        other.load_weights(tmp_path / place)
    assert state_of(other) == before
    if place != "folder":
        with pytest.warns(UserWarning):
            other.load_weights(tmp_path / place, skip_mismatch=True)
        assert state_of(other)[0] == state_of(small())[0] and state_of(other)[2:] == before[2:]


@pytest.mark.parametrize("place", PLACES[:3])
def test_a_failed_save_leaves_the_old_file(place, tmp_path, monkeypatch):
    model = small()
    save(model, tmp_path / place)

    class Broken(tw.layers.Layer):
        def call(self, x):
            return x

        def save_own_variables(self, store):
            raise OSError("disk on fire")

    bad = tw.Sequential([tw.Input((3,)), Broken()])
    import tensorweb.io.files as file_handler
    import tensorweb.saving.keras_files as keras_files
    import tensorweb.saving.legacy_h5 as legacy

    def fail(*args, **kwargs):
        raise OSError("disk on fire")

    monkeypatch.setattr(keras_files, "write_state", fail)
    monkeypatch.setattr(legacy, "write_keras_h5", fail)
    monkeypatch.setattr(file_handler, "write_synced", fail)
    with pytest.raises(OSError, match="fire"):
        save(small(units=5), tmp_path / place)
    if place == "m.keras":
        with pytest.raises(OSError, match="fire"):
            bad.save(tmp_path / place)
    again = tw.saving.load_model(tmp_path / place)
    assert state_of(again) == state_of(model)
    assert not [p for p in tmp_path.rglob("*") if p.name.startswith(".")]


@pytest.mark.parametrize("name", ["keras3_several.keras", "keras3_several.h5", "keras2_recurrent.h5", "keras3_custom.weights.h5"])
def test_damaged_files(name, tmp_path):
    data, rng = (files.FOLDER / name).read_bytes(), random.Random(5)
    path = tmp_path / name
    kinds = 0
    for _ in range(25):
        broken = bytearray(data[: rng.randrange(len(data))]) if rng.random() < 0.4 else bytearray(data)
        for _ in range(rng.randrange(1, 40)):
            if broken:
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        path.write_bytes(broken)
        model = files.Custom()
        model(tw.zeros((1, 5)))
        before = state_of(model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if name.endswith(".weights.h5"):
                    model.load_weights(path)
                else:
                    tw.saving.load_model(path)
            except TensorWebError:
                kinds += 1
                assert state_of(model) == before
    assert kinds > 3


def rewritten(path, target, change, member="config.json"):
    """Copy a .keras file with another config."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == member:
                data = json.dumps(change(json.loads(data))).encode()
            new.writestr(info.filename, data)
    return target


def test_strange_configs(tmp_path):
    source = files.FOLDER / "keras3_text.keras"
    deep = {"class_name": "Sequential", "config": {}}
    for _ in range(150):
        deep = {"class_name": "Sequential", "config": {"layers": [deep]}}
    wrong = [
        {}, {"class_name": "Sequential"}, {"class_name": 5, "config": {}}, {"class_name": "Sequential", "config": {"layers": 3}},
        {"class_name": "Functional", "config": {"layers": [], "input_layers": [], "output_layers": []}}, deep,
        {"module": "os", "class_name": "system", "config": "true", "registered_name": None},
        {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}, "registered_name": None},
        {"module": "builtins", "class_name": "eval", "config": {}, "registered_name": "eval"},
        {"class_name": "Functional", "config": {"layers": [{"class_name": "InputLayer", "name": "a", "config": {"batch_shape": [None, -3]},
         "inbound_nodes": []}], "input_layers": [["a", 0, 0]], "output_layers": [["b", 0, 0]]}},
    ]  # fmt: skip
    for config in wrong:
        with pytest.raises(TensorWebError):
            tw.saving.load_model(rewritten(source, tmp_path / "x.keras", lambda _: config))  # noqa: B023
        with pytest.raises(TensorWebError):
            tw.saving.load_model(tw.io.ModelArtifacts(config))
        with pytest.raises(TensorWebError):
            tw.models.model_from_json(json.dumps(config))


def test_a_module_in_a_file_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "evil_module_of_tests.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    bad = {"module": "evil_module_of_tests", "class_name": "Model", "config": {}, "registered_name": "Model"}
    for config in (bad, {**bad, "registered_name": None}, {**bad, "class_name": "function", "config": "run"}):
        with pytest.raises(TensorWebError):
            tw.saving.load_model(rewritten(files.FOLDER / "keras3_text.keras", tmp_path / "x.keras", lambda _: config))  # noqa: B023


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", PLACES[:3])
def test_code_in_files_needs_consent(place, tmp_path):
    model = tw.Sequential([tw.Input((3,)), tw.layers.Lambda(lambda x: x * 2.0)])
    model.save(tmp_path / place)
    with pytest.raises(TensorWebError, match="safe_mode"):
        tw.saving.load_model(tmp_path / place)
    again = tw.saving.load_model(tmp_path / place, safe_mode=False)
    assert again(tw.ones((1, 3))).tolist() == [[2.0] * 3]


@pytest.mark.parametrize("place", PLACES[:3])
def test_unknown_classes(place, tmp_path):
    class Mine(tw.layers.Layer):
        def call(self, x):
            return x + 1.0

    model = tw.Sequential([tw.Input((3,)), Mine()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / place)
    with pytest.raises(TensorWebError, match=r"Mine.*custom_objects"):
        tw.saving.load_model(tmp_path / place)
    again = tw.saving.load_model(tmp_path / place, custom_objects={"Mine": Mine})
    assert again(tw.zeros((1, 3))).tolist() == [[1.0] * 3]


def test_web_files_that_do_not_fit(tmp_path):
    model = small()
    model.save(tmp_path)
    path = tmp_path / "model.json"
    original = json.loads(path.read_text())

    def fails(change, advice=": expected "):
        changed = json.loads(json.dumps(original))
        change(changed)
        path.write_text(json.dumps(changed))
        with pytest.raises(TensorWebError, match=advice):
            tw.saving.load_model(tmp_path)

    weights = original["weightsManifest"][0]["weights"]
    fails(lambda c: c["weightsManifest"][0]["weights"].pop())
    fails(lambda c: c["weightsManifest"][0]["weights"][0].update(shape=[4, 3]), "shape")
    fails(lambda c: c["weightsManifest"][0]["weights"][0].update(shape=[2**20, 2**20]))
    fails(lambda c: c["weightsManifest"][0]["weights"][0].update(name="other/kernel"))
    fails(lambda c: c["weightsManifest"][0].update(paths=["../../secret.bin"]), "path")
    fails(lambda c: c["modelTopology"]["config"]["layers"][0].update(class_name="Nothing"), "Nothing")
    fails(lambda c: c["modelTopology"]["config"].update(layers=None))
    fails(lambda c: c.update(modelTopology={"node": []}))
    fails(lambda c: c["modelTopology"]["config"]["layers"][0]["config"].update(units=2**40))
    assert len(weights) == 4
    path.write_text("{" * 100)
    with pytest.raises(FormatError):
        tw.saving.load_model(tmp_path)
    path.write_text("[" * 100_000)
    with pytest.raises(FormatError):
        tw.saving.load_model(tmp_path)


def test_places(tmp_path):
    model = small()
    with pytest.raises(ArgumentError, match="File not found"):
        tw.saving.load_model(tmp_path / "none.keras")
    with pytest.raises(ConversionError):
        tw.saving.save_model(object(), tmp_path / "a.keras")
    with pytest.raises(ArgumentError, match=r"weights\.h5"):
        model.save_weights(tmp_path / "a.h5")
    with pytest.raises(ArgumentError, match="quantization"):
        model.save(tmp_path / "a.keras", quantization="uint8")
    model.save(tmp_path / "a.keras")
    with pytest.raises(ArgumentError, match="overwrite"):
        model.save(tmp_path / "a.keras", overwrite=False)
    shutil.copy(tmp_path / "a.keras", tmp_path / "unnamed")
    assert state_of(tw.saving.load_model(tmp_path / "unnamed")) == state_of(model)
    (tmp_path / "text.keras").write_text("hello")
    with pytest.raises(FormatError):
        tw.saving.load_model(tmp_path / "text.keras")
    with open(tmp_path / "a.keras", "rb") as file:
        assert state_of(tw.saving.load_model(file)) == state_of(model)
