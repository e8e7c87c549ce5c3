"""Models in the page's stores, which are dicts here: what is written, checked and refused. Real browsers are in tests/browser."""

import asyncio
import base64
import json
from types import SimpleNamespace

import pytest

import tensorweb as tw
from tensorweb.browser import services
from tensorweb.errors import ArgumentError, DeviceError, FormatError, StorageError
from tensorweb.io import handlers, page_stores

URLS = ["indexeddb://m", "localstorage://m"]


class Proxy:
    """A value as JavaScript gives it."""

    def __init__(self, value):
        self.value = value

    def to_py(self):
        return self.value

    def to_bytes(self):
        return bytes(self.value)


class Page:
    """IndexedDB and localStorage as dicts; `broken`, a name of the DOM, is why it refuses."""

    def __init__(self):
        self.models, self.local, self.downloads, self.broken = {}, {}, [], None

    async def database(self, method, *given):
        await asyncio.sleep(0)
        if self.broken:
            raise services.Refused(self.broken, "no")
        return getattr(self, method)(*given)

    async def ask(self, where, service, *given):
        await asyncio.sleep(0)
        if self.broken:
            raise services.Refused(self.broken, "no")
        return getattr(self, service)(*given)

    async def available(self):
        return True

    def write(self, name, model, parts, info):
        self.models[name] = (model, None if parts is None else b"".join(parts), info)

    def read(self, name):
        if name not in self.models:
            return None
        model, weights, _ = self.models[name]
        return SimpleNamespace(model=model, weights=None if weights is None else Proxy(weights))

    def remove(self, name):
        return self.models.pop(name, (None,) * 3)[2]

    def list(self):
        return json.dumps([[name, json.loads(info)] for name, (_, _, info) in self.models.items()])

    def localWrite(self, entries):
        self.local |= entries

    def localRead(self, keys):
        return Proxy({k: self.local[k] for k in keys if k in self.local})

    def localKeys(self, prefix):
        return Proxy([k for k in self.local if k.startswith(prefix)])

    def localRemove(self, keys):
        for key in keys:
            self.local.pop(key, None)

    def download(self, files):
        self.downloads += files


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.setattr(handlers, "_kept", {})
    monkeypatch.setattr(services, "PAGE", True)
    monkeypatch.setattr(services, "ask", page.ask)
    monkeypatch.setattr(services, "available", page.available)
    monkeypatch.setattr(page_stores, "database", page.database)
    return page


X = [[0.1, -0.5, 2.0], [1.0, 0.0, -1.0]]


def model():
    made = tw.Sequential([tw.Input((3,)), tw.layers.Dense(4, activation="tanh", name="a"), tw.layers.Dense(2, name="b")])
    made.compile(optimizer="adam", loss="mse")
    made.train_on_batch(tw.tensor(X), tw.ones((2, 2)))
    return made


def predict(made):
    return made.predict(tw.tensor(X), verbose=0).tolist()


@pytest.mark.parametrize("url", URLS)
def test_models_come_back(page, url):
    made = model()
    told = made.save(url, include_optimizer=True)
    assert told.model_artifacts_info.weight_data_bytes >= 4 * made.count_params()
    again = tw.saving.load_model(url)
    assert predict(again) == predict(made) and type(again.optimizer) is type(made.optimizer)
    other = model()
    other.load_weights(url)
    assert predict(other) == predict(made)
    assert predict(asyncio.run(tw.saving.load_model_async(url))) == predict(made)


@pytest.mark.parametrize("url", URLS)
def test_names_of_files_are_names_there(page, url):
    made = model()
    for name in ("a/b", "model.keras", "x.h5", "Ünï ✓"):
        made.save(url[:-1] + name)
        assert predict(tw.saving.load_model(url[:-1] + name)) == predict(made)
    assert {u.removeprefix(url[:-1]) for u in tw.io.list_models()} == {"a/b", "model.keras", "x.h5", "Ünï ✓"}


def test_managing(page):
    made = model()
    made.save("memory://m")
    for source, target in (("memory://m", "indexeddb://a"), ("indexeddb://a", "localstorage://b"), ("localstorage://b", "indexeddb://c")):
        assert tw.io.copy_model(source, target).weight_data_bytes == 4 * made.count_params()
    infos = tw.io.list_models()
    assert set(infos) == {"memory://m", "indexeddb://a", "localstorage://b", "indexeddb://c"} == set(asyncio.run(tw.io.list_models_async()))
    assert {i.weight_data_bytes for i in infos.values()} == {4 * made.count_params()}
    tw.io.move_model("indexeddb://c", "localstorage://d")
    assert tw.io.remove_model("localstorage://b").date_saved.tzinfo is not None
    assert set(tw.io.list_models()) == {"memory://m", "indexeddb://a", "localstorage://d"}
    assert predict(tw.saving.load_model("localstorage://d")) == predict(made)
    assert {key.rsplit("/", 1)[0] for key in page.local} == {"tensorflowjs_models/d"} and len(page.local) == 5


@pytest.mark.parametrize("url", URLS)
def test_what_is_not_there(page, url):
    for use in (tw.saving.load_model, tw.io.remove_model, lambda u: tw.io.move_model(u, "memory://x")):
        with pytest.raises(ArgumentError, match=f"{url}: expected the name of a model that was saved"):
            use(url)
    with pytest.raises(ArgumentError, match="a name behind it"):
        model().save(url[:-1])


@pytest.mark.parametrize("url", [*URLS, "downloads://m"])
@pytest.mark.parametrize("name, text", [("QuotaExceededError", "room for the model"), ("InvalidStateError", "a store that works")])
def test_what_the_page_refuses(page, url, name, text):
    page.broken = name
    with pytest.raises(StorageError, match=f"{url}: expected {text}, got {name}: no"):
        model().save(url)


def test_what_is_too_large_for_local_storage(page, monkeypatch):
    monkeypatch.setattr(page_stores, "MAX_LOCAL_BYTES", 100)
    with pytest.raises(StorageError, match=r"room for the model, got 104 bytes. .*indexeddb://"):
        model().save("localstorage://m")
    assert not page.local


def test_what_does_not_fit_is_not_written(page):
    data, specs = tw.io.encode_weights({"x": tw.ones((5,))})
    for wrong, error in (
        (tw.io.ModelArtifacts({"a": 1}, specs, data[:-1]), FormatError),
        (tw.io.ModelArtifacts({"a": float("nan")}, specs, data), ArgumentError),
        (tw.io.ModelArtifacts(b"binary", specs, data), ArgumentError),
    ):
        for url in (*URLS, "downloads://m"):
            with pytest.raises(error):
                tw.io.handler_of(url, saving=True).save(wrong)
    assert not page.models and not page.local and not page.downloads


def test_only_a_topology(page):
    for url in URLS:
        handler = tw.io.handler_of(url)
        handler.save(tw.io.ModelArtifacts({"class_name": "Model"}, user_defined_metadata={"by": "me"}))
        loaded = handler.load()
        assert loaded.model_topology == {"class_name": "Model"} and loaded.weight_specs is None
        assert loaded.user_defined_metadata == {"by": "me"}


DAMAGE = {
    "no JSON": lambda v, w: ("{", w),
    "a list": lambda v, w: ("[1]", w),
    "no topology": lambda v, w: (json.dumps({}), w),
    "specs that are none": lambda v, w: (json.dumps({**v, "weightSpecs": 3}), w),
    "a spec of nothing": lambda v, w: (json.dumps({**v, "weightSpecs": [None]}), w),
    "huge": lambda v, w: (json.dumps({**v, "weightSpecs": [{"name": "x", "shape": [2**31, 2**31], "dtype": "float32"}]}), w),
    "a format of numbers": lambda v, w: (json.dumps({**v, "format": 3}), w),
    "metadata of text": lambda v, w: (json.dumps({**v, "userDefinedMetadata": "x"}), w),
    "too few weights": lambda v, w: (json.dumps(v), w[:-1]),
    "too many weights": lambda v, w: (json.dumps(v), w + b"x"),
    "no weights": lambda v, w: (json.dumps(v), None),
    "deep": lambda v, w: ('{"modelTopology":' + "[" * 9999 + "]" * 9999 + "}", w),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_databases(page, damage):
    model().save("indexeddb://m")
    text, weights, info = page.models["m"]
    page.models["m"] = (*DAMAGE[damage](json.loads(text), weights), info)
    with pytest.raises(FormatError):
        tw.saving.load_model("indexeddb://m")
    tw.io.remove_model("indexeddb://m")
    assert not page.models


@pytest.mark.parametrize("part, text", [
    ("model_topology", "{"), ("model_topology", None), ("weight_specs", "3"), ("weight_data", "%%%"), ("weight_data", "AAA"),
    ("weight_data", base64.b64encode(bytes(8)).decode()), ("weight_data", None), ("model_metadata", "[]"), ("weight_data", "Ü"),
])  # fmt: skip
def test_damaged_texts(page, part, text):
    model().save("localstorage://m")
    key = f"tensorflowjs_models/m/{part}"
    page.local.pop(key) if text is None else page.local.update({key: text})
    with pytest.raises(FormatError):
        tw.saving.load_model("localstorage://m")


@pytest.mark.parametrize("info", ["{", "[]", "{}", '{"dateSaved": 3}', '{"dateSaved": "today"}',
                                  '{"dateSaved": "2026-01-01T00:00:00.000Z", "weightDataBytes": "many"}'])  # fmt: skip
def test_damaged_infos(page, info):
    model().save("localstorage://m")
    page.local["tensorflowjs_models/m/info"] = info
    with pytest.raises(FormatError, match="localstorage://m"):
        tw.io.list_models()


def test_infos_of_tensorflow_js(page):
    model().save("localstorage://m")
    info = {"dateSaved": "2026-01-02T03:04:05.678Z", "modelTopologyType": "JSON", "modelTopologyBytes": 5, "weightDataBytes": 7}
    page.local["tensorflowjs_models/m/info"] = json.dumps(info)
    told = tw.io.list_models()["localstorage://m"]
    assert (told.date_saved.microsecond, told.model_topology_bytes, told.weight_data_bytes, told.weight_specs_bytes) == (678000, 5, 7, 0)


def test_downloads_load_as_chosen_files(page, tmp_path):
    made = model()
    told = made.save("downloads://mine")
    assert told.model_artifacts_info.weight_data_bytes == 4 * made.count_params()
    assert [f["name"] for f in page.downloads] == ["mine.json", "mine.weights.bin"]
    for file in page.downloads:
        (tmp_path / file["name"]).write_bytes(file["content"])
    for order in (1, -1):
        files = sorted(tmp_path.iterdir())[::order]
        assert predict(tw.saving.load_model(tw.io.browser_files(files))) == predict(made)
    page.downloads.clear()
    tw.io.downloads().save(tw.io.ModelArtifacts({"class_name": "Model"}))
    assert [f["name"] for f in page.downloads] == ["model.json"]
    with pytest.raises(ArgumentError, match="loads"):
        tw.saving.load_model("downloads://mine")
    for name in ("a/b", "a\\b", "C:", "a\n"):
        with pytest.raises(ArgumentError, match="the name of a file"):
            tw.io.downloads(name)


class PageFile:
    """A File of the page."""

    def __init__(self, name, content):
        self.name, self.content, self.size = name, content, len(content)

    def slice(self, start, end):
        return PageFile(self.name, self.content[start:end])

    async def arrayBuffer(self):
        return Proxy(self.content)


def test_files_that_the_user_picked(page):
    made = model()
    made.save("downloads://mine")
    files = [PageFile(f["name"], f["content"]) for f in reversed(page.downloads)]
    assert predict(asyncio.run(tw.saving.load_model_async(tw.io.browser_files(files)))) == predict(made)
    files[0].content = files[0].content[:-1]
    with pytest.raises(FormatError):
        asyncio.run(tw.saving.load_model_async(tw.io.browser_files(files)))


@pytest.mark.parametrize("url", [*URLS, "downloads://m"])
def test_without_a_page(url):
    with pytest.raises(DeviceError, match=f"{url}: expected a program that runs in a browser's page"):
        model().save(url)
    assert not any(u.startswith(("indexeddb", "localstorage")) for u in tw.io.list_models())
