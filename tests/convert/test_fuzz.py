"""Damaged files of the formats that have no fuzz test of their own: an error of ours or a model, soon, whatever was changed in them.

SavedModels, protocol buffers, ONNX and TFLite have theirs beside their other tests.
"""

import random
import time
import zipfile

import pytest

import tensorweb as tw
from tensorweb.convert import info
from tensorweb.convert.safetensors_model import read_safetensors_model
from tensorweb.graph import Argument, Graph, GraphModel

SEEDS = 400  # of each file
SECONDS = 5  # for one
_NUMBERS = (b"-1", b"0", b"1e999", b"1099511627776", b"9" * 400, b"null", b'""', b"[]", b"{}", b"[" * 2000)


def layers_model():
    return tw.Sequential([tw.Input((4, 4, 1)), tw.layers.Conv2D(2, 2), tw.layers.Flatten(), tw.layers.Dense(3, name="last")])


def graph_model(folder):
    graph = Graph()
    x = graph.add("Placeholder", "x", dtype="float32", shape=(None, 3))
    w = graph.add_const("w", tw.reshape(tw.arange(12, dtype="float32"), (3, 4)))
    y = graph.add("Relu", "relu", [graph.add("MatMul", "y", [x, w])])
    graph.inputs, graph.outputs = [Argument("x", x, "float32", (None, 3))], [Argument("y", y, "float32", (None, 4))]
    GraphModel(graph).save(folder / "web", "uint8")
    return folder / "web", lambda path: tw.load_graph_model(path).predict(tw.ones((1, 3)))


def web_layers(folder):
    layers_model().save(folder / "web")
    return folder / "web", lambda path: tw.load_model(path, compile=False)


def keras(folder):
    layers_model().save(folder / "m.keras")
    return folder / "m.keras", info


def stored_keras(folder):
    """The same, not compressed, so that the damage is in what it holds."""
    layers_model().save(folder / "packed.keras")
    with zipfile.ZipFile(folder / "packed.keras") as old, zipfile.ZipFile(folder / "m.keras", "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return folder / "m.keras", info


def hdf5(folder):
    layers_model().save(folder / "m.h5")
    return folder / "m.h5", info


def safetensors(folder):
    tw.io.save_safetensors({"x": tw.ones((3, 4)), "y": tw.tensor([1, 2])}, folder / "x.safetensors", {"about": "this"})
    return folder / "x.safetensors", info


def safetensors_with_config(folder):
    model, place = layers_model(), folder / "model"
    place.mkdir()
    (place / "config.json").write_text(model.to_json())
    tw.io.save_safetensors({w.path: w.value for w in model.weights}, place / "model.safetensors")
    return place, read_safetensors_model


def damaged(data, draw):
    """Return bytes with some of them changed, cut out or put in, or with a number replaced."""
    found = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 3, 10))):
        at, kind = draw.randrange(len(found) + 1), draw.randrange(9)
        if kind == 0 and found:
            found[at % len(found)] = draw.randrange(256)
        elif kind == 1:
            del found[at:]
        elif kind == 2:
            del found[at : at + draw.randrange(1, 20)]
        elif kind == 3:
            found[at:at] = draw.randbytes(draw.randrange(1, 20))
        elif kind == 4:
            found[at:at] = found[at : at + draw.randrange(1, 200)]
        else:
            places = [i for i, byte in enumerate(found) if 48 <= byte <= 57]
            place = draw.choice(places or [0])
            found[place : place + 1] = draw.choice(_NUMBERS)
    return bytes(found)


@pytest.mark.parametrize(
    "make", [graph_model, web_layers, keras, stored_keras, hdf5, safetensors, safetensors_with_config], ids=lambda make: make.__name__
)
def test_damaged_files_are_refused_or_read(make, tmp_path, capsys):
    if make in (keras, stored_keras, hdf5):
        pytest.importorskip("h5py", reason="h5py reads the files of Keras")
    path, read = make(tmp_path)
    read(path)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    whole, good, slowest, begin = {file: file.read_bytes() for file in files}, 0, 0.0, time.monotonic()
    for file in files:
        for seed in range(SEEDS):
            file.write_bytes(damaged(whole[file], random.Random(seed)))
            start = time.monotonic()
            try:
                read(path)
                good += 1
            except tw.errors.TensorWebError as error:
                assert str(error)
            slowest = max(slowest, time.monotonic() - start)
        file.write_bytes(whole[file])
    assert slowest < SECONDS
    count = SEEDS * len(files)
    with capsys.disabled():
        print(f"\n{make.__name__}: {count} damaged files, {good} could be read, {time.monotonic() - begin:.1f} s")
