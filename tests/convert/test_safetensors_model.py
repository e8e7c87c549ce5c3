"""A Keras model's config with its weights as safetensors, as Keras wrote them, predicts what Keras does; what does not fit is named."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.__main__ import main
from tensorweb.convert import convert, info
from tensorweb.errors import FormatError
from tests.formats import live

pytestmark = pytest.mark.skipif(not live.has_keras(), reason=live.NO_KERAS)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder that Keras wrote, and what it predicts."""
    folder = tmp_path_factory.mktemp("keras")
    command = [sys.executable, str(Path(__file__).with_name("write_safetensors.py")), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return folder, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def copy(written, tmp_path):
    """A folder of its own with a config and safetensors, that may be damaged."""
    for file in (written[0] / "plain").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize("part, tolerance", [("plain", 1e-6), ("plain/model.safetensors", 1e-6), ("shards", 1e-6), ("points", 1e-3)])
def test_it_predicts_what_keras_does(written, tmp_path, fast_backend, part, tolerance):
    folder, expected = written
    report = convert(folder / part, tmp_path / "out", check=True)
    assert report.kind == "safetensors with a config" and report.checked < 1e-6
    x = tw.reshape(tw.sin(tw.arange(120, dtype="float32")), (2, 6, 5, 2))
    got = tw.load_model(tmp_path / "out").predict(x, verbose=0).tolist()
    assert max(abs(a - b) for row, other in zip(got, expected, strict=True) for a, b in zip(row, other, strict=True)) < tolerance


def test_info_and_command_line(copy, capsys, tmp_path):
    assert "safetensors with a config" in info(copy) and "dense" in info(copy).lower()
    assert main(["convert", str(copy), str(tmp_path / "web"), "--uint8", "--check"]) == 0
    assert "outputs differ by" in capsys.readouterr().out and (tmp_path / "web" / "model.json").is_file()


def damage_config(change):
    def damage(folder):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(change(config)))

    return damage


def other_tensors(change):
    def damage(folder):
        tensors = tw.io.load_safetensors(folder / "model.safetensors")
        tw.io.save_safetensors(change(tensors), folder / "model.safetensors")

    return damage


def index(names):
    text = json.dumps({"weight_map": {str(i): name for i, name in enumerate(names)}})
    return lambda folder: (folder / "model.safetensors.index.json").write_text(text)


@pytest.mark.parametrize(
    "damage, told",
    [
        (other_tensors(lambda t: {n: v for n, v in t.items() if "bias" not in n}), "none for .*bias"),
        (other_tensors(lambda t: {**t, "more": tw.ones((2,))}), "beyond these more"),
        (other_tensors(lambda t: {n: tw.transpose(v) if "dense/kernel" in n else v for n, v in t.items()}), "dense/kernel.*shape"),
        (damage_config(lambda c: {"architectures": ["BertModel"], "hidden_size": 3}), "BertModel"),
        (damage_config(lambda c: [c]), "object"),
        (damage_config(lambda c: {**c, "class_name": "os.system"}), "os.system"),
        (lambda folder: (folder / "config.json").write_text("{" * 100_000), "JSON|nested|deep"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 100), "safetensors"),
        (lambda folder: (folder / "again.safetensors").write_bytes((folder / "model.safetensors").read_bytes()), "once"),
        (index(["../model.safetensors"]), "below the model's folder"),
        (index(["/etc/passwd"]), "below the model's folder"),
        (index(["gone.safetensors"]), "gone.safetensors"),
    ],
    ids=["missing", "more", "shape", "other library", "list", "class", "deep", "bytes", "twice", "climbs", "absolute", "gone"],
)
def test_what_does_not_fit_is_told(copy, damage, told, tmp_path):
    damage(copy)
    with pytest.raises((FormatError, tw.errors.TensorWebError), match=f"(?s){told}"):
        convert(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()
