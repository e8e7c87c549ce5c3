"""The `.keras` container: Keras's own files, ours, bombs, names that climb, and damage of every kind."""

import io
import random
import stat
import struct
import zipfile

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, FormatError, TensorWebError
from tensorweb.io import keras_archive

from .stored import DATA, FILES


def test_a_file_of_keras():
    with tw.io.open_archive(io.BytesIO(FILES["m.keras"])) as archive:
        assert archive.metadata["keras_version"] == DATA["keras"] and archive.config["class_name"] == "Sequential"
        assert archive.names == ["metadata.json", "config.json", "model.weights.h5"] and archive.assets == []
        pytest.importorskip("h5py")
        with archive.weights() as file, tw.io.open_hdf5(file) as root:
            bias = root["layers/dense/vars/1"].read()
            assert bias.tolist() == pytest.approx(DATA["weights"]["sequential/first/bias"], rel=1e-6)


def test_assets_of_keras(tmp_path):
    with tw.io.open_archive(io.BytesIO(FILES["text.keras"])) as archive:
        assert archive.assets, archive.names
        made = archive.extract_assets(tmp_path)
        assert all(p.is_file() and tmp_path in p.parents for p in made)
        assert "cat" in made[0].read_text()
        with pytest.raises(FileExistsError):
            archive.extract_assets(tmp_path)


def written(**changes):
    buffer = io.BytesIO()
    parts = {"config": {"class_name": "M", "inf": float("inf")}, "metadata": {"keras_version": "3"}, "weights": b"weights", **changes}
    tw.io.write_archive(buffer, **parts)
    return buffer.getvalue()


def test_writing_is_deterministic_and_plain(tmp_path):
    (tmp_path / "big").write_bytes(b"z" * 100_000)
    assets = {"b/c.txt": b"one", "a.bin": tmp_path / "big"}
    data = written(assets=assets)
    assert data == written(assets=dict(reversed(assets.items())))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5", "assets/a.bin", "assets/b/c.txt"]
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)} and archive.testzip() is None
    assert written(weights=lambda file: file.write(b"weights"), assets=assets) == data
    with tw.io.open_archive(io.BytesIO(data)) as archive:
        assert archive.config == {"class_name": "M", "inf": float("inf")} and archive.read("assets/b/c.txt") == b"one"
        with archive.weights() as file:
            assert file.read() == b"weights"
    with tw.io.open_archive(io.BytesIO(written(weights=None))) as archive, pytest.raises(FormatError), archive.weights():
        pass


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "sub" / "m.keras"
    tw.io.write_archive(path, {"a": 1}, {}, b"old")
    before = path.read_bytes()

    def fails(file):
        file.write(b"new")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        tw.io.write_archive(path, {"a": 2}, {}, fails)
    for wrong in ({"config": {"x": object()}}, {"assets": {"../x": b""}}, {"assets": {"/x": b""}}):
        with pytest.raises(ArgumentError):
            tw.io.write_archive(path, **{"config": {}, "metadata": {}, **wrong})
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == ["m.keras"]


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in [("config.json", b"{}"), *members]:
            archive.writestr(name, data)
    return buffer.getvalue()


def opens(data):
    with tw.io.open_archive(io.BytesIO(data)) as archive:
        for name in archive.names:
            archive.read(name)
        return archive.config, archive.metadata


def test_bombs(monkeypatch):
    assert opens(zipped(("model.weights.h5", bytes(1_000_000)))) == ({}, {})
    monkeypatch.setattr(keras_archive, "FLOOR_BYTES", 100_000)
    with pytest.raises(FormatError, match="bomb"):
        opens(zipped(("model.weights.h5", bytes(1_000_000))))
    with pytest.raises(FormatError, match="bomb"):
        opens(zipped(*((f"assets/{i}", bytes(90_000)) for i in range(20))))
    assert opens(zipped(("model.weights.h5", random.Random(1).randbytes(300_000)))) == ({}, {})
    monkeypatch.setattr(keras_archive, "MAX_MEMBERS", 3)
    with pytest.raises(FormatError, match="members"):
        opens(zipped(("a", b""), ("b", b""), ("c", b"")))


def test_a_bomb_that_lies_about_its_size():
    data = bytearray(zipped(("model.weights.h5", bytes(1_000_000))))
    real = struct.pack("<I", 1_000_000)
    while (at := data.find(real)) >= 0:
        data[at : at + 4] = struct.pack("<I", 10)
    with pytest.raises(FormatError):
        opens(bytes(data))


@pytest.mark.parametrize("name", ["../x", "/x", "assets/../../x", "C:/x", "a\\..\\..\\x", "assets/\x01", "//x", "http:x"])
def test_names_that_climb(name):
    with pytest.raises(FormatError):
        opens(zipped((name, b"x")))


def test_links_repeats_and_encryption():
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(FormatError, match="plain"):
        opens(zipped((link, b"/etc/passwd")))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped(("assets/a", b"1"), ("assets/a", b"2"))
    with pytest.raises(FormatError, match="once"):
        opens(twice)
    encrypted = bytearray(zipped(("a", b"x")))
    encrypted[encrypted.rfind(b"PK\1\2") + 8] |= 1
    with pytest.raises(FormatError):
        opens(bytes(encrypted))


def test_configs_that_are_none():
    for data in (b"", b"PK", written()[:-5], zipped()[:30]):
        with pytest.raises(FormatError):
            opens(data)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(FormatError, match=r"config\.json"):
        opens(empty.getvalue())
    for text in (b"[]", b"", b"[" * 10_000, b"\xff"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("config.json", text)
        with pytest.raises(FormatError):
            opens(buffer.getvalue())
    with pytest.raises(FileNotFoundError):
        opens_path = tw.io.open_archive("/nonexistent/model.keras")
        opens_path.__enter__()


def test_damage_gives_our_errors_only():
    rng, errors = random.Random(2), 0
    data = written(assets={"a.txt": b"text" * 20})
    damaged = [data[:n] for n in range(len(data))]
    for _ in range(1500):
        changed = bytearray(data)
        for _ in range(rng.choice([1, 1, 3, 20])):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        damaged.append(bytes(changed))
    for one in damaged:
        try:
            opens(one)
        except TensorWebError:
            errors += 1
    assert errors > 1000
