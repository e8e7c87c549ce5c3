"""Models in files: what is written, that a save which fails harms nothing, and that damaged files are errors and nothing else."""

import asyncio
import base64
import contextlib
import io
import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError, FormatError, TensorWebError
from tensorweb.io import atomic, jsons

DATA = json.loads((Path(__file__).parents[1] / "data" / "tfjs_weights.json").read_text())


def artifacts(scale=1.0, **others):
    data, specs = tw.io.encode_weights({"a": tw.arange(5.0) * scale, "b": tw.tensor([1, 2, 3]), "c": tw.tensor(True)})
    return tw.io.ModelArtifacts({"class_name": "Model", "scale": scale}, specs, data, **others)


def scale_of(folder):
    """Load the model in a folder, check that its parts belong together, and return which one it is."""
    loaded = tw.io.file_system(folder).load()
    scale = loaded.model_topology["scale"]
    assert loaded.tensors()["a"].tolist() == [i * scale for i in range(5)]
    return scale


def names(folder):
    return sorted(p.name for p in Path(folder).iterdir())


def test_files_are_laid_out_as_the_converter_does(tmp_path):
    given = artifacts(
        format="layers-model", generated_by="me", training_config={"loss": "mse"}, user_defined_metadata={"k": [1]},
        signature={"inputs": {}}, model_initializer={"node": []}, initializer_signature={"outputs": {}},
    )  # fmt: skip
    result = tw.io.file_system(tmp_path / "new" / "model", weight_shard_size=20).save(given)
    folder = tmp_path / "new" / "model"
    assert names(folder) == ["group1-shard1of2.bin", "group1-shard2of2.bin", "model.json"]
    assert [(folder / f"group1-shard{i}of2.bin").stat().st_size for i in (1, 2)] == [20, 13]
    written = json.loads((folder / "model.json").read_text())
    assert list(written)[:5] == ["modelTopology", "format", "generatedBy", "convertedBy", "weightsManifest"]
    assert written["weightsManifest"] == [{"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": given.weight_specs}]
    assert result.model_artifacts_info.weight_data_bytes == 33
    loaded = tw.io.file_system(folder / "model.json").load()
    assert replace(loaded, weight_data=b"".join(loaded.weight_data)) == given


def test_a_model_of_tfjs_goes_through(tmp_path):
    theirs = DATA["artifacts"]
    given = tw.io.get_model_artifacts_for_json_sync(
        {**theirs, "weightsManifest": []}, theirs["weightSpecs"], base64.b64decode(theirs["weightData"])
    )
    info = tw.io.get_model_artifacts_info_for_json(given)
    expected = DATA["info"]
    assert info.model_topology_bytes == expected["modelTopologyBytes"]
    assert (info.weight_specs_bytes, info.weight_data_bytes) == (expected["weightSpecsBytes"], expected["weightDataBytes"])
    tw.io.file_system(tmp_path).save(given)
    loaded = tw.io.file_system(tmp_path).load()
    assert loaded.model_topology == theirs["modelTopology"] and loaded.generated_by == theirs["generatedBy"]
    assert loaded.tensors()["first/kernel"].tolist() == [[1, 1], [1, 1], [1, 1]]


def test_saving_again_replaces_the_model_and_its_shards(tmp_path):
    for i in range(5):
        tw.io.file_system(tmp_path, weight_shard_size=[1000, 10, 33][i % 3]).save(artifacts(i))
        assert scale_of(tmp_path) == i
        assert len(names(tmp_path)) == [2, 5, 2][i % 3]


def test_models_beside_each_other_and_other_files_are_left_alone(tmp_path):
    (tmp_path / "group1-shard1of1.bin").write_bytes(b"mine")
    first, second = tw.io.file_system(tmp_path / "model.json"), tw.io.file_system(tmp_path / "second.json")
    first.save(artifacts(1))
    second.save(artifacts(1))
    first.save(artifacts(2))
    assert first.load().model_topology["scale"] == 2
    assert second.load().tensors()["a"].tolist() == [0, 1, 2, 3, 4]
    assert (tmp_path / "group1-shard1of1.bin").read_bytes() == b"mine"
    assert len(names(tmp_path)) == 5


class Crash(BaseException):
    """What no `except Exception` catches."""


@pytest.mark.parametrize("error", [OSError("disk full"), Crash()])
def test_a_failure_at_any_step_leaves_the_old_model(tmp_path, monkeypatch, error):
    """Every call into the system while saving fails once."""
    calls = {"n": 0, "fail": -1}

    def failing(function):
        def run(*args, **kwargs):
            calls["n"] += 1
            if calls["n"] == calls["fail"]:
                raise error
            return function(*args, **kwargs)

        return run

    tw.io.file_system(tmp_path, weight_shard_size=15).save(artifacts(1))
    before = names(tmp_path)
    for name in ("fsync", "replace"):
        monkeypatch.setattr(atomic.os, name, failing(getattr(os, name)))
    monkeypatch.setattr(atomic, "open", failing(open), raising=False)
    for step in range(1, 50):
        calls.update(n=0, fail=step)
        try:
            tw.io.file_system(tmp_path, weight_shard_size=15).save(artifacts(2))
        except (OSError, Crash):
            calls["fail"] = -1
            if scale_of(tmp_path) == 1:
                assert names(tmp_path) == before
                continue
            # The model was there already, and the folder's entry was being written down.
        calls["fail"] = -1
        assert scale_of(tmp_path) == 2
        break
    assert step > 5


def test_a_crash_without_cleaning_up_leaves_a_whole_model(tmp_path, monkeypatch):
    """As if the power failed at each step: nothing is deleted afterwards either."""
    for step in range(1, 12):
        folder = tmp_path / str(step)
        tw.io.file_system(folder, weight_shard_size=15).save(artifacts(1))
        with monkeypatch.context() as patch:
            count = {"n": 0}

            def dying(function, count=count, step=step):
                def run(*args, **kwargs):
                    count["n"] += 1
                    if count["n"] >= step:
                        raise Crash
                    return function(*args, **kwargs)

                return run

            for owner, name in ((atomic.os, "fsync"), (atomic.os, "replace"), (Path, "unlink")):
                patch.setattr(owner, name, dying(getattr(owner, name)))
            patch.setattr(atomic, "open", dying(open), raising=False)
            with contextlib.suppress(Crash):
                tw.io.file_system(folder, weight_shard_size=15).save(artifacts(2))
        assert scale_of(folder) in (1, 2)
        tw.io.file_system(folder, weight_shard_size=15).save(artifacts(3))
        assert scale_of(folder) == 3


def test_what_cannot_be_saved_writes_nothing(tmp_path):
    good = artifacts()
    for wrong in (
        replace(good, model_topology={"x": object()}), replace(good, model_topology={"x": float("nan")}),
        replace(good, model_topology=b"bytes"), replace(good, weight_data=good.weight_data[:-1]), replace(good, weight_specs=None),
        replace(good, weight_specs=[{"name": 3}]), 3, {"nope": 1},
    ):  # fmt: skip
        with pytest.raises(TensorWebError):
            tw.io.file_system(tmp_path / "x").save(wrong)
    with pytest.raises(ArgumentError):
        tw.io.file_system(tmp_path / "x", weight_shard_size=0).save(good)
    assert not (tmp_path / "x").exists()


def test_without_weights_and_with_none(tmp_path):
    tw.io.file_system(tmp_path / "a").save(tw.io.ModelArtifacts({"class_name": "Model"}))
    assert names(tmp_path / "a") == ["model.json"]
    assert tw.io.file_system(tmp_path / "a").load().weight_specs is None
    tw.io.file_system(tmp_path / "b").save(tw.io.ModelArtifacts({"class_name": "Model"}, [], b""))
    assert tw.io.file_system(tmp_path / "b").load().tensors() == {}


def test_asynchronous_twins_progress_and_streams(tmp_path):
    given, told = artifacts(), []
    handler = tw.io.file_system(tmp_path, on_progress=told.append, weight_shard_size=10)

    async def main():
        await handler.save_async(given)
        return await handler.load_async()

    assert asyncio.run(main()).tensors()["b"].tolist() == [1, 2, 3]
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == 4
    streamed = tw.io.file_system(tmp_path, stream_weights=True).load()
    assert streamed.weight_data is None and streamed.tensors()["a"].tolist() == [0, 1, 2, 3, 4]

    async def stream():
        return await tw.io.decode_weights_stream_async(streamed.get_weight_stream(), streamed.weight_specs)

    assert asyncio.run(stream())["b"].tolist() == [1, 2, 3]
    tw.io.file_system(tmp_path / "copy").save(streamed)
    assert scale_of(tmp_path / "copy") == 1


def test_load_weights_from_a_folder(tmp_path):
    tw.io.file_system(tmp_path, weight_shard_size=10).save(artifacts())
    manifest = json.loads((tmp_path / "model.json").read_text())["weightsManifest"]
    assert tw.io.load_weights(manifest, str(tmp_path), ["b"])["b"].tolist() == [1, 2, 3]
    found = asyncio.run(tw.io.load_weights_async(manifest, str(tmp_path)))
    assert list(found) == ["a", "b", "c"]
    with pytest.raises(ArgumentError):
        tw.io.load_weights(manifest, str(tmp_path), ["d"])


# --- damaged files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    tw.io.file_system(tmp_path, weight_shard_size=20).save(artifacts())
    return tmp_path


def test_every_truncation_is_an_error(saved):
    for file in sorted(saved.iterdir()):
        whole = file.read_bytes()
        for n in range(len(whole)):
            file.write_bytes(whole[:n])
            with pytest.raises(FormatError):
                tw.io.file_system(saved).load()
        file.write_bytes(whole)
        if file.suffix == ".bin":
            file.write_bytes(whole + b"\0")
            with pytest.raises(FormatError):
                tw.io.file_system(saved).load()
            file.write_bytes(whole)
    assert scale_of(saved) == 1


def test_missing_files(saved):
    with pytest.raises(FileNotFoundError):
        tw.io.file_system(saved / "nowhere").load()
    (saved / "group1-shard2of2.bin").unlink()
    with pytest.raises(FormatError, match="group1-shard2of2"):
        tw.io.file_system(saved).load()


@pytest.mark.parametrize(
    "path",
    ["../secret", "a/../../secret", "/etc/passwd", "C:/x", "c:x", "a\\..\\b", "\\\\host\\x", "file:///x", "http://host/x", "..", "%2e%2e/x",
     "x\0y", "", None, 3, "~/x", "/", "a/", "%2Fetc/passwd", "\ud800", "x\n"],
)  # fmt: skip
def test_paths_that_climb_out(saved, path):
    parsed = json.loads((saved / "model.json").read_text())
    parsed["weightsManifest"][0]["paths"][0] = path
    (saved / "model.json").write_text(json.dumps(parsed))
    with pytest.raises(FormatError):
        tw.io.file_system(saved).load()


def test_harmless_paths(saved):
    parsed = json.loads((saved / "model.json").read_text())
    (saved / "sub").mkdir()
    (saved / "group1-shard1of2.bin").rename(saved / "sub" / "a..b %20 ü.bin")
    parsed["weightsManifest"][0]["paths"] = ["./sub/a..b %20 ü.bin", "./group1-shard2of2.bin"]
    (saved / "model.json").write_text(json.dumps(parsed))
    assert scale_of(saved) == 1


def test_json_that_is_absurd(saved):
    for text in (
        b"[" * 100_000, b'{"modelTopology":' + b"[" * 300 + b"]" * 300 + b"}", b"[]", b"3", b"{}", b"\xff\xfe", b'{"a": 1}', b"null", b"",
        b'{"modelTopology": ' + b"1" * 5000 + b"}", b'{"modelTopology": {}, "weightsManifest": {}}',
        b'{"modelTopology": {}, "format": 3}', b'{"modelTopology": {}, "signature": []}',
    ):  # fmt: skip
        (saved / "model.json").write_bytes(text)
        with pytest.raises(FormatError):
            tw.io.file_system(saved).load()
    (saved / "model.json").write_bytes(b"\xef\xbb\xbf" + b'{"modelTopology": {"a": ' + b"[" * 150 + b"]" * 150 + b"}}")
    assert tw.io.file_system(saved).load().weight_specs is None


def test_a_huge_json_is_not_read(saved, monkeypatch):
    monkeypatch.setattr(jsons, "MAX_BYTES", 100)
    with pytest.raises(FormatError, match="100"):
        tw.io.file_system(saved).load()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_folders_and_pipes_are_no_shards(saved):
    for make in (os.mkfifo, os.mkdir):
        shard = saved / "group1-shard1of2.bin"
        shard.unlink()
        make(shard)
        with pytest.raises(FormatError):
            tw.io.file_system(saved).load()


def test_names_too_long(saved):
    text = (saved / "model.json").read_text()
    (saved / "model.json").write_text(text.replace("group1-shard1of2.bin", "x" * 5000))
    with pytest.raises(FormatError):
        tw.io.file_system(saved).load()


ODD = [None, True, -1, 0, 3, 2**31, 2**64, 1e308, "", "x", "float32", "uint8", "string", [], [[]], {}, {"name": "x"}, [2**40, 2**40]]


def places_of(value, path=()):
    yield path
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield from places_of(value[key], (*path, key))


def mutate(value, rng):
    """Replace, delete or double a random part of parsed JSON."""
    path = rng.choice([p for p in places_of(value) if p])
    owner = value
    for key in path[:-1]:
        owner = owner[key]
    action = rng.random()
    if action < 0.7:
        owner[path[-1]] = json.loads(json.dumps(rng.choice(ODD)))
    elif action < 0.85:
        del owner[path[-1]]
    elif isinstance(owner, list):
        owner.append(owner[path[-1]])
    else:
        owner[rng.choice(["x", "quantization", "paths"])] = owner[path[-1]]


def test_random_damage_gives_our_errors_only(saved):
    rng, text = random.Random(7), (saved / "model.json").read_text()
    errors = 0
    for _ in range(800):
        parsed = json.loads(text)
        for _ in range(rng.choice([1, 1, 2, 4])):
            mutate(parsed, rng)
        (saved / "model.json").write_text(json.dumps(parsed))
        try:
            loaded = tw.io.file_system(saved).load()
            loaded.tensors()
        except TensorWebError:
            errors += 1
    assert 300 < errors < 800


# --- files a user chose -----------------------------------------------------------------------------------------------------


def named(path):
    file = io.BytesIO(Path(path).read_bytes())
    file.name = str(path)
    return file


def test_chosen_files(saved):
    files = [saved / "model.json", named(saved / "group1-shard2of2.bin"), str(saved / "group1-shard1of2.bin")]
    told = []
    handler = tw.io.browser_files(files, on_progress=told.append)
    for _ in range(2):
        assert handler.load().tensors()["b"].tolist() == [1, 2, 3]
    assert told[-1] == 1.0
    assert tw.io.browser_files(files[:1]).load().weight_specs is None
    for wrong in (files[:2], [*files, named(saved / "model.json")], [files[0], files[1], files[1]]):
        with pytest.raises(FormatError):
            tw.io.browser_files(wrong).load()
    for wrong in ([], "model.json", None):
        with pytest.raises(ArgumentError):
            tw.io.browser_files(wrong)
    with pytest.raises(ConversionError):
        tw.io.browser_files([3, 4])


def test_chosen_files_of_the_page_are_read_by_coroutines(saved):
    class PageFile:
        def __init__(self, path):
            self.name, self.rest = path.name, path.read_bytes()

        async def read(self, count):
            await asyncio.sleep(0)
            piece, self.rest = self.rest[:count], self.rest[count:]
            return piece

    files = [PageFile(saved / n) for n in ("model.json", "group1-shard1of2.bin", "group1-shard2of2.bin")]
    assert asyncio.run(tw.io.browser_files(files).load_async()).tensors()["b"].tolist() == [1, 2, 3]
