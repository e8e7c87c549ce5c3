"""Handlers of functions and of memory, routers, and managing models."""

import asyncio

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, ConversionError, FormatError
from tensorweb.io import handlers


def artifacts():
    data, specs = tw.io.encode_weights({"x": tw.tensor([1.0, 2.0])})
    return tw.io.ModelArtifacts({"class_name": "Model"}, specs, data)


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.setattr(handlers, "_kept", {})
    for name in ("_save_routers", "_load_routers"):
        monkeypatch.setattr(handlers, name, list(getattr(handlers, name)))


def test_functions_as_handlers():
    seen = []
    assert tw.io.with_save_handler(lambda a: seen.append(a) or "saved").save(artifacts()) == "saved"

    async def save(a):
        seen.append(a)
        return "later"

    handler = tw.io.with_save_handler(save)
    assert handler.save(artifacts()) == "later" and asyncio.run(handler.save_async(artifacts())) == "later"
    assert [a.model_topology["class_name"] for a in seen] == ["Model"] * 3
    with pytest.raises(ArgumentError):
        handler.load()
    with pytest.raises(ConversionError):
        tw.io.with_save_handler(3)


def test_from_memory():
    given = artifacts()
    handler = tw.io.from_memory(given)
    assert handler.load() == given and handler.load() is not given
    assert asyncio.run(handler.load_async()) == given
    loaded = tw.io.from_memory({"a": 1}, given.weight_specs, given.weight_data, {"loss": "mse"}).load()
    assert loaded.tensors()["x"].tolist() == [1, 2] and loaded.training_config == {"loss": "mse"}
    with pytest.raises(ArgumentError):
        handler.save(given)


def test_memory_keeps_a_copy():
    buffer = bytearray(artifacts().weight_data)
    given = tw.io.ModelArtifacts({"a": 1}, artifacts().weight_specs, [buffer])
    result = tw.io.memory("m").save(given)
    buffer[:] = bytes(len(buffer))
    assert tw.io.memory("m").load().tensors()["x"].tolist() == [1, 2]
    assert result.model_artifacts_info.weight_data_bytes == 8
    with pytest.raises(ArgumentError):
        tw.io.memory("other").load()
    with pytest.raises(ArgumentError):
        tw.io.memory("")


def test_managing(tmp_path):
    tw.io.memory("a").save(artifacts())
    assert list(tw.io.list_models()) == ["memory://a"]
    assert tw.io.copy_model("memory://a", "memory://b").weight_data_bytes == 8
    assert asyncio.run(tw.io.move_model_async("memory://b", f"file://{tmp_path}/m")).weight_data_bytes == 8
    assert list(tw.io.list_models()) == ["memory://a"] and (tmp_path / "m" / "model.json").is_file()
    (tmp_path / "m" / "notes.txt").write_text("mine")
    assert tw.io.remove_model(tmp_path / "m").weight_data_bytes == 8
    assert [p.name for p in (tmp_path / "m").iterdir()] == ["notes.txt"]
    assert tw.io.remove_model("memory://a").model_topology_type == "JSON" and tw.io.list_models() == {}
    for wrong in (
        lambda: tw.io.remove_model("memory://a"), lambda: tw.io.copy_model("memory://x", "memory://x"),
        lambda: tw.io.copy_model("memory://x", "memory://y"), lambda: tw.io.remove_model("http://host/m.json"),
        lambda: tw.io.remove_model("nothing://x"), lambda: tw.io.move_model("http://host/m.json", "memory://y"),
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            wrong()


def test_routers(tmp_path):
    kinds = {
        "http://host/m.json": "HTTPHandler", "https://host/m.json": "HTTPHandler", "file:///x/m.json": "FileSystemHandler",
        "folder/m": "FileSystemHandler", tmp_path: "FileSystemHandler", "memory://m": "MemoryHandler",
    }  # fmt: skip
    for url, kind in kinds.items():
        for get in (tw.io.get_save_handlers, tw.io.get_load_handlers):
            assert [type(h).__name__ for h in get(url)] == [kind]
    assert tw.io.get_load_handlers("nothing://x") == [] and tw.io.get_load_handlers(["http://a/m", "http://a/w"])
    told = []
    tw.io.file_system(tmp_path).save(artifacts())
    tw.io.get_load_handlers(str(tmp_path), {"on_progress": told.append, "fetch_func": print})[0].load()
    assert told == [1.0]
    for wrong in (None, 3, "", [3]):
        with pytest.raises(ConversionError):
            tw.io.get_load_handlers(wrong)


def test_own_routers():
    class Own(tw.io.IOHandler):
        def __init__(self, url):
            self.url = url

        def loading(self):
            yield from ()
            return tw.io.ModelArtifacts({"url": self.url})

    tw.io.register_load_router(lambda url, options: Own(url) if str(url).startswith("own://") else None)
    assert tw.io.get_load_handlers("own://x")[0].load().model_topology == {"url": "own://x"}
    assert tw.io.get_save_handlers("own://x") == []
    assert tw.io.copy_model("own://x", "memory://y").model_topology_bytes == 17
    tw.io.register_load_router(lambda url, options: Own(url) if str(url).startswith("own://") else None)
    with pytest.raises(ArgumentError, match="2"):
        tw.io.handler_of("own://x")


def test_anything_with_load_is_a_handler():
    class Theirs:
        def load(self):
            return {"model_topology": {"a": 1}}

        async def save(self, given):
            return given.model_topology

    assert tw.io.handler_of(Theirs()).load().model_topology == {"a": 1}
    assert asyncio.run(tw.io.handler_of(Theirs(), saving=True).save_async(artifacts())) == {"class_name": "Model"}
    assert tw.io.handler_of(artifacts()).load() == artifacts()
    for wrong in (3, None, object()):
        with pytest.raises(ConversionError):
            tw.io.handler_of(wrong)


def test_artifacts_for_json():
    parsed = {"modelTopology": {"a": 1}, "weightsManifest": [{"paths": ["x"], "weights": artifacts().weight_specs}], "format": "f"}
    asked = []

    def weights(manifest):
        asked.append(manifest)
        return artifacts().weight_specs, artifacts().weight_data

    found = tw.io.get_model_artifacts_for_json(parsed, weights)
    assert found.format == "f" and found.tensors()["x"].tolist() == [1, 2] and asked == [parsed["weightsManifest"]]

    async def later(manifest):
        return weights(manifest)

    assert asyncio.run(tw.io.get_model_artifacts_for_json_async(parsed, later)) == found
    with pytest.raises(FormatError):
        tw.io.get_model_artifacts_for_json_sync(parsed)
    with pytest.raises(ArgumentError):
        tw.io.get_model_artifacts_info_for_json(tw.io.ModelArtifacts(b"binary"))
