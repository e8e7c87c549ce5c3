"""HDF5 through h5py: files of Keras and h5py read, ours read by h5py, and nothing outside the file ever opened."""

import io
import json

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError, FormatError
from tensorweb.io import hdf5

from .stored import DATA, FILES, HDF5

h5py = pytest.importorskip("h5py")


@pytest.fixture
def root():
    with tw.io.open_hdf5(io.BytesIO(HDF5)) as found:
        yield found


def test_numbers(backend, root):
    expected = {"float16": "float16", "float32": "float32", "float64": "float32", "int8": "int8", "uint8": "uint8", "int32": "int32",
                "int64": "int32", "uint32": "int32", "bool": "bool"}  # fmt: skip
    for name, dtype in expected.items():
        t = root["numbers"][name].read()
        assert (t.dtype, t.shape) == (dtype, (2, 2))
        assert t.tolist() == ([[False, True], [True, True]] if dtype == "bool" else [[0, 1], [1, 2]])
    assert root["numbers/complex"].read().tolist() == [1 + 2j]
    assert root["numbers/half"].read().tolist() == [1.5, -3.0]
    assert root["scalar"].read().item() == 2.5 and root["scalar"].shape == ()
    assert root["packed"].read().shape == (1000, 100)
    with pytest.raises(ArgumentError):
        root["numbers/big"].read()


def test_texts(backend, root):
    assert root["texts"].read().tolist() == ["a", "hä", ""]
    assert root["fixed"].read().tolist() == ["ab", "c"]


def test_it_is_a_mapping(root):
    assert sorted(root["numbers"])[:2] == ["big", "bool"] and len(root["numbers"]) == 12
    assert "numbers" in root and "nope" not in root and root.get("nope") is None and "numbers/nope" not in root
    assert root["/numbers"].name == "/numbers" and "scalar/x" not in root
    with pytest.raises(KeyError):
        root["nope"]


def test_attributes(root):
    attrs = root.attrs
    assert (attrs["text"], attrs["bytes"], attrs["number"], attrs["float"]) == ("t", "b", 3, 0.5)
    assert attrs["names"] == ["x", "yy"] and attrs["nothing"] is None and "nope" not in attrs
    assert attrs.texts("names") == ["x", "yy"] and attrs.texts("cut") == ["x", "y", "z"]
    assert attrs.texts("nope") == attrs.texts("empty") == []
    with pytest.raises(FormatError):
        attrs.texts("number")


@pytest.mark.parametrize("path", ["far", "far/x", "beyond", "loop", "virtual", "external", "declared", "compound", "nothing"])
def test_what_leads_out_or_would_fill_the_memory(root, path):
    with pytest.raises(FormatError):
        root[path].read()


def test_links_within_the_file(root):
    assert root["link"].read().tolist() == [[0, 1], [1, 2]]


@pytest.mark.parametrize("name", ["m.h5", "m.weights.h5"])
def test_every_weight_of_keras(backend, name):
    with tw.io.open_hdf5(io.BytesIO(FILES[name])) as root:
        if name == "m.h5":
            found = tw.io.read_keras_h5(root)
            assert found.model_config["class_name"] == "Sequential" and found.training_config["loss"] == "mse"
            assert found.keras_version == DATA["keras"] and found.backend == "tensorflow"
            assert [layer for layer, _ in found.layers] == ["first", "norm"] and found.top_level_weights == []
            assert found.optimizer_weights[1][1].read().item() == pytest.approx(1e-3)
            weights = {name: data.read().reshape((-1,)).tolist() for _, pairs in found.layers for name, data in pairs}
            for path, values in DATA["weights"].items():
                assert weights[path] == pytest.approx(values, rel=1e-6)
        else:
            assert sorted(root["layers"]) == ["batch_normalization", "dense"]
            kernel = root["layers/dense/vars/0"].read()
            assert kernel.reshape((-1,)).tolist() == pytest.approx(DATA["weights"]["sequential/first/kernel"], rel=1e-6)


def content():
    return tw.io.KerasH5(
        {"class_name": "Sequential"}, {"loss": "mse"}, "3.0", "numpy",
        [("a", [("a/kernel:0", tw.tensor([[1.0, 2.0]])), ("a/bias:0", tw.tensor([0.5]))]), ("empty", [])], [("top", tw.tensor(3))],
        [("iteration", tw.tensor(7))],
    )  # fmt: skip


def test_keras_2_layout_round_trip(backend, tmp_path):
    path = tmp_path / "m.h5"
    with tw.io.create_hdf5(path) as root:
        tw.io.write_keras_h5(root, content())
    with h5py.File(path) as f:
        assert json.loads(f.attrs["model_config"]) == {"class_name": "Sequential"} and f.attrs["keras_version"] == "3.0"
        assert list(f["model_weights"].attrs["layer_names"]) == [b"a", b"empty"]
        assert list(f["model_weights/a"].attrs["weight_names"]) == [b"a/kernel:0", b"a/bias:0"]
        assert f["model_weights/a/a/kernel:0"][()].tolist() == [[1, 2]]
        assert len(f["model_weights/empty"].attrs["weight_names"]) == 0
    with tw.io.open_hdf5(path) as root:
        found = tw.io.read_keras_h5(root)
        assert [(layer, [n for n, _ in pairs]) for layer, pairs in found.layers] == [("a", ["a/kernel:0", "a/bias:0"]), ("empty", [])]
        assert found.top_level_weights[0][1].read().item() == 3 and found.optimizer_weights[0][1].read().item() == 7
    with tw.io.create_hdf5(tmp_path / "w.h5") as root:
        tw.io.write_keras_h5(root, content(), weights_only=True)
    with tw.io.open_hdf5(tmp_path / "w.h5") as root:
        found = tw.io.read_keras_h5(root)
        assert found.model_config is None and found.optimizer_weights is None and found.backend == "numpy"
        assert found.layers[0][1][1][1].read().tolist() == [0.5]


def test_long_lists_of_names_are_cut_as_keras_does(tmp_path):
    names = [f"layer_{i}/" + "x" * 200 for i in range(1000)]
    with tw.io.create_hdf5(tmp_path / "n.h5") as root:
        root.set_attr("weight_names", names)
        with pytest.raises(ArgumentError):
            root.set_attr("too_long", ["x" * 70_000])
    with h5py.File(tmp_path / "n.h5") as f:
        chunks = [f.attrs[f"weight_names{i}"] for i in range(len(f.attrs))]
        assert "weight_names" not in f.attrs and [n.decode() for c in chunks for n in c] == names
    with tw.io.open_hdf5(tmp_path / "n.h5") as root:
        assert root.attrs.texts("weight_names") == names


def test_writing(backend, tmp_path):
    tensors = {"half": tw.cast(tw.tensor([1.5]), "float16"), "s": tw.tensor([["a", "é"]]), "one": tw.tensor("x"), "b": tw.tensor([True]),
               "z": tw.zeros((0, 3)), "c": tw.tensor([1j]), "i": tw.tensor(3), "deep/er/v": tw.Variable([2.0]), "list": [1, 2]}  # fmt: skip
    buffer = io.BytesIO()
    with tw.io.create_hdf5(buffer) as root:
        for name, value in tensors.items():
            root.write(name, value)
        root.create_group("g/h").set_attr("n", 3)
        with pytest.raises(ArgumentError):
            root.write("i", 4)
        with pytest.raises(ConversionError):
            root.write("object", object())
    with tw.io.open_hdf5(buffer) as root:
        for name, value in tensors.items():
            t = root[name].read()
            assert (t.tolist(), t.dtype) == (tw.tensor(value).tolist(), tw.tensor(value).dtype)
        assert root["g/h"].attrs["n"] == 3


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.h5"
    for value in (1, 2):
        with tw.io.create_hdf5(path) as root:
            root.write("x", value)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), tw.io.create_hdf5(path) as root:
        root.write("x", 3)
        raise ZeroDivisionError
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["x.h5"]


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError), tw.io.open_hdf5(tmp_path / "none.h5"):
        pass
    for data in (b"", b"text", HDF5[:100], b"\x89HDF\r\n\x1a\n" + bytes(100)):
        with pytest.raises(FormatError), tw.io.open_hdf5(io.BytesIO(data)):
            pass
    with tw.io.open_hdf5(io.BytesIO(HDF5)) as root, pytest.raises(FormatError):
        tw.io.read_keras_h5(root)


def read_all(group):
    for name in group:
        found = group[name]
        if isinstance(found, hdf5.Group):
            read_all(found)
        else:
            found.read()
    dict(group.attrs)


def test_every_truncation_is_an_error():
    """Bytes that are changed within are HDF5's own business: its C library does not survive all of them."""
    data = FILES["m.h5"]
    for n in [*range(0, len(data), 97), len(data) - 1]:
        with pytest.raises(FormatError), tw.io.open_hdf5(io.BytesIO(data[:n])) as root:
            tw.io.read_keras_h5(root)
            read_all(root)
