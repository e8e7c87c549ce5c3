"""Models in the page's stores: IndexedDB, localStorage, and what the user downloads. The databases are laid out as TensorFlow.js does.

Scripts of the same site share the stores, so what they hold is checked as files are. How the page is asked is in `browser/services`.
"""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..browser import services
from ..errors import ArgumentError, FormatError, StorageError, message
from ..waiting import Call, Waits
from . import jsons
from .artifacts import (
    KEYS,
    ModelArtifacts,
    ModelArtifactsInfo,
    SaveResult,
    check_artifacts,
    check_model_json,
    get_model_artifacts_info_for_json,
    model_json,
)
from .buffers import CompositeArrayBuffer
from .handlers import Infos, IOHandler, listings, register_load_router, register_save_router, scheme_router
from .shards import BytesSource, Source
from .web_format import loading_parsed, manifest_of, shards_of

# More than any browser gives localStorage; ours is the clearer error.
MAX_LOCAL_BYTES = 32 * 2**20
_INFO_KEYS = {
    "model_topology_type": "modelTopologyType", "model_topology_bytes": "modelTopologyBytes", "weight_specs_bytes": "weightSpecsBytes",
    "weight_data_bytes": "weightDataBytes",
}  # fmt: skip


# --- what is common -----------------------------------------------------------------------------------------------------------


def _info_json(info: ModelArtifactsInfo) -> str:
    values = {key: getattr(info, name) for name, key in _INFO_KEYS.items()}
    return jsons.dumps({"dateSaved": info.date_saved.isoformat(), **values}, "model")


def _info_of(value: Any, where: str) -> ModelArtifactsInfo:
    numbers = {name: jsons.field(value, key, int, where, 0) for name, key in _INFO_KEYS.items() if name != "model_topology_type"}
    date = jsons.field(value, "dateSaved", str, where)
    try:
        saved = datetime.datetime.fromisoformat(date)
    except ValueError:
        raise FormatError(message(where, "a date", repr(date[:80]), "Remove this model.")) from None
    return ModelArtifactsInfo(saved, jsons.field(value, "modelTopologyType", str, where, "JSON"), **numbers)


def _prepared(artifacts: ModelArtifacts) -> tuple[dict[str, Any], list[memoryview] | None, ModelArtifactsInfo]:
    """Return the artifacts' JSON values, the parts of the weights and the sizes, all checked before anything is written."""
    artifacts = check_artifacts(artifacts, "save")
    shards = shards_of(artifacts)
    if shards is not None:
        artifacts = replace(artifacts, weight_data=shards, get_weight_stream=None)
    model_json(artifacts, [])
    values = {key: getattr(artifacts, name) for name, key in {**KEYS, "weight_specs": "weightSpecs"}.items()}
    return {k: v for k, v in values.items() if v is not None}, shards, get_model_artifacts_info_for_json(artifacts)


def _loading(values: dict[str, Any], data: bytes | None, where: str) -> Waits[ModelArtifacts]:
    """Return the artifacts of stored values, checked as those of a file."""
    specs = values.pop("weightSpecs", None)
    if specs is not None:
        values["weightsManifest"] = [{"paths": ["weights"], "weights": specs}]

    def opening(path: str) -> Waits[Source]:
        yield from ()
        return BytesSource(data or b"")

    return (yield from loading_parsed(check_model_json(values, where), opening, None, False))


class _Store(IOHandler):
    """A model under a name in a store of the page."""

    scheme: str
    advice = "Save to a path, or to memory://."
    full = "Remove other models, see tw.io.list_models()."

    def __init__(self, name: str):
        if not name:
            raise ArgumentError(message(self.scheme, "a name behind it", "none", f"For example {self.scheme}my-model."))
        self.name, self.url = name, self.scheme + name

    def _asking(self, question: Any, *given: Any) -> Waits[Any]:
        services.in_page(self.url, self.advice)
        return (yield Call(self._ask, question, *given))

    async def _ask(self, question: Any, *given: Any) -> Any:
        """Return what a coroutine function gives; raise StorageError for what the page says."""
        try:
            return await question(*given)
        except services.Refused as refused:
            full = refused.name == "QuotaExceededError"
            expected, advice = ("room for the model", self.full) if full else ("a store that works", "Private windows may have none.")
            raise StorageError(message(self.url, expected, f"{refused.name}: {refused.text}", advice)) from None

    def _missing(self) -> ArgumentError:
        return ArgumentError(message(self.url, "the name of a model that was saved", self.name[:80], "See tw.io.list_models()."))


# --- IndexedDB ----------------------------------------------------------------------------------------------------------------


async def database(method: str, *given: Any) -> Any:
    """Return what a function of database.js returns, which runs beside Python: workers have databases."""
    from pyodide.ffi import JsException

    script = await services.module("database.js")
    try:
        return await getattr(script, method)(*map(services.to_page, given))
    except JsException as error:
        raise services.Refused(error.name, error.message) from None


async def asking_database(method: str, *given: Any) -> Any:
    """Return what `database` does; raise StorageError for what the page says."""
    return await IndexedDBHandler("all")._ask(database, method, *given)


class IndexedDBHandler(_Store):
    """A model in the database of the page's site; `indexed_db` makes it."""

    scheme = "indexeddb://"

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Write the model in one transaction: it replaces the old one, or nothing changes."""
        values, shards, info = _prepared(artifacts)
        yield from self._asking(database, "write", self.name, jsons.dumps(values, "model"), shards, _info_json(info))
        return SaveResult(info)

    def loading(self) -> Waits[ModelArtifacts]:
        """Read the model."""
        found = yield from self._asking(database, "read", self.name)
        if found is None:
            raise self._missing()
        data = None if found.weights is None else found.weights.to_bytes()
        return (yield from _loading(jsons.parse_object(found.model, self.url), data, self.url))

    def removing(self) -> Waits[ModelArtifactsInfo]:
        """Remove the model and return what its sizes were."""
        found = yield from self._asking(database, "remove", self.name)
        if found is None:
            raise self._missing()
        return _info_of(jsons.parse_object(found, self.url), self.url)


def indexed_db(name: str) -> IOHandler:
    """Return the handler of a model in the page's IndexedDB: `indexeddb://name`. TensorFlow.js's io.browserIndexedDB.

    It stays there for pages of the same site, TensorFlow.js's among them, until it is removed. Used outside a page it raises DeviceError;
    StorageError where the page gives no room.
    """
    return IndexedDBHandler(name)


def _listing_databases() -> Waits[Infos]:
    if not services.PAGE:
        return {}
    found = yield from IndexedDBHandler("all")._asking(database, "list")
    return _infos("indexeddb://", jsons.parse(found, "indexeddb://"))


def _infos(scheme: str, pairs: Any) -> Infos:
    return {f"{scheme}{name}": _info_of(info, f"{scheme}{name}"[:80]) for name, info in pairs}


# --- localStorage -------------------------------------------------------------------------------------------------------------

_PREFIX = "tensorflowjs_models/"
_PARTS = ("info", "model_topology", "weight_specs", "weight_data", "model_metadata")


class LocalStorageHandler(_Store):
    """A small model in the page's localStorage, as texts; `local_storage` makes it."""

    scheme = "localstorage://"
    full = "localStorage holds some 5 MB: use indexeddb://."

    def _keys(self) -> dict[str, str]:
        return {part: f"{_PREFIX}{self.name}/{part}" for part in _PARTS}

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Write the model's texts: all of them, or what was there stays."""
        values, shards, info = _prepared(artifacts)
        if info.weight_data_bytes > MAX_LOCAL_BYTES:
            raise StorageError(message(self.url, "room for the model", f"{info.weight_data_bytes} bytes", self.full))
        texts = {
            "info": _info_json(info),
            "model_topology": jsons.dumps(values.pop("modelTopology", None), "model"),
            "weight_specs": jsons.dumps(values.pop("weightSpecs", None), "model"),
            "weight_data": base64.b64encode(CompositeArrayBuffer.join(shards)).decode(),
            "model_metadata": jsons.dumps(values, "model"),
        }
        keys = self._keys()
        yield from self._asking(services.ask, self.url, "localWrite", {keys[part]: text for part, text in texts.items()})
        return SaveResult(info)

    def _reading(self) -> Waits[dict[str, str]]:
        """Return the model's texts by part."""
        keys = self._keys()
        found = (yield from self._asking(services.ask, self.url, "localRead", list(keys.values()))).to_py()
        if keys["info"] not in found:
            raise self._missing()
        return {part: found[key] for part, key in keys.items() if key in found}

    def loading(self) -> Waits[ModelArtifacts]:
        """Read the model."""
        texts = yield from self._reading()
        values = jsons.parse_object(texts.get("model_metadata", "{}"), self.url)
        for part, key in (("model_topology", "modelTopology"), ("weight_specs", "weightSpecs")):
            values[key] = jsons.parse(texts.get(part, "null"), self.url)
        try:
            data = base64.b64decode(texts.get("weight_data", ""), validate=True)
        except (binascii.Error, ValueError):
            raise FormatError(message(self.url, "weights as base64", "other text", "The model is damaged.")) from None
        return (yield from _loading(values, data, self.url))

    def removing(self) -> Waits[ModelArtifactsInfo]:
        """Remove the model and return what its sizes were."""
        info = _info_of(jsons.parse_object((yield from self._reading())["info"], self.url), self.url)
        yield from self._asking(services.ask, self.url, "localRemove", list(self._keys().values()))
        return info


def local_storage(name: str) -> IOHandler:
    """Return the handler of a small model in the page's localStorage: `localstorage://name`. TensorFlow.js's io.browserLocalStorage.

    It stays there for pages of the same site, TensorFlow.js's among them. Browsers give some 5 MB, which hold weights of 3.5 MB. Workers
    have no localStorage: the page must answer them, as ours does. Raises DeviceError where there is none, StorageError where it is full.
    """
    return LocalStorageHandler(name)


def _listing_local() -> Waits[Infos]:
    if not services.PAGE or not (yield Call(services.available)):
        return {}
    store = LocalStorageHandler("all")
    keys = (yield from store._asking(services.ask, store.scheme, "localKeys", _PREFIX)).to_py()
    keys = [key for key in keys if key.endswith("/info")]
    found: Mapping[str, str] = (yield from store._asking(services.ask, store.scheme, "localRead", keys)).to_py()
    pairs = ((key[len(_PREFIX) : -len("/info")], text) for key, text in found.items())
    return _infos(store.scheme, [(name, jsons.parse_object(text, f"{store.scheme}{name}"[:80])) for name, text in pairs])


# --- downloads ----------------------------------------------------------------------------------------------------------------


class DownloadsHandler(_Store):
    """Gives the user a model as two files; `downloads` makes it."""

    scheme = "downloads://"

    def __init__(self, name: str = ""):
        super().__init__(name or "model")
        if any(c in "/\\:" or ord(c) < 32 for c in self.name):
            raise ArgumentError(message(self.scheme, "the name of a file, without its suffix", repr(self.name)[:80], "Leave folders out."))

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Let the page download name.json and name.weights.bin."""
        artifacts = check_artifacts(artifacts, "save")
        _, shards, info = _prepared(artifacts)
        weights = f"{self.name}.weights.bin"
        manifest = None if shards is None else manifest_of(artifacts.weight_specs, [f"./{weights}"])
        files = [{"name": f"{self.name}.json", "type": "application/json", "content": model_json(artifacts, manifest).encode()}]
        if shards is not None:
            files.append({"name": weights, "type": "application/octet-stream", "content": CompositeArrayBuffer.join(shards)})
        yield from self._asking(services.ask, self.url, "download", files)
        return SaveResult(info)


def downloads(name: str = "model") -> IOHandler:
    """Return the handler that lets the page download a model: name.json and name.weights.bin. TensorFlow.js's io.browserDownloads.

    Its URL is `downloads://name`. It saves only; `browser_files` loads what it saved. Browsers may ask the user before the second file.
    """
    return DownloadsHandler(name)


for _kind in (IndexedDBHandler, LocalStorageHandler, DownloadsHandler):
    _router = scheme_router(_kind.scheme, _kind)
    register_save_router(_router)
    register_load_router(_router)
listings += [_listing_databases, _listing_local]
