"""Handlers: where a model is saved to and loaded from, the routers that find one by its URL, and models kept in memory.

Files are in `files.py`, servers in `http_handler.py`; each registers its router.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import copy
from typing import Any

from ..errors import ArgumentError, ConversionError, message
from ..waiting import Call, Waits, wait, wait_async
from .artifacts import ModelArtifacts, ModelArtifactsInfo, SaveResult, check_artifacts, get_model_artifacts_info_for_json
from .calls import twins


class IOHandler:
    """A place for a model. A subclass has the generators `saving` and `loading`, or one of them; callers use what follows."""

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Save, as a generator of waits."""
        raise ArgumentError(message(type(self).__name__, "a handler that saves", "one that loads only", "Choose another."))

    def loading(self) -> Waits[ModelArtifacts]:
        """Load, as a generator of waits."""
        raise ArgumentError(message(type(self).__name__, "a handler that loads", "one that saves only", "Choose another."))

    def save(self, artifacts: ModelArtifacts) -> SaveResult:
        """Save the artifacts and return the SaveResult."""
        return wait(self.saving(artifacts))

    def load(self) -> ModelArtifacts:
        """Return the ModelArtifacts."""
        return wait(self.loading())

    async def save_async(self, artifacts: ModelArtifacts) -> SaveResult:
        """Save without blocking the event loop."""
        return await wait_async(self.saving(artifacts))

    async def load_async(self) -> ModelArtifacts:
        """Load without blocking the event loop."""
        return await wait_async(self.loading())


# --- handlers made of functions ---------------------------------------------------------------------------------------------


class FunctionHandler(IOHandler):
    """A handler of a user's functions, plain or coroutine functions."""

    def __init__(self, save: Callable[..., Any] | None = None, load: Callable[..., Any] | None = None):
        self._save, self._load = save, load

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Save by the function."""
        if self._save is None:
            return (yield from super().saving(artifacts))
        return (yield Call(self._save, check_artifacts(artifacts, "save")))

    def loading(self) -> Waits[ModelArtifacts]:
        """Load by the function."""
        if self._load is None:
            return (yield from super().loading())
        return check_artifacts((yield Call(self._load)), "load")


def with_save_handler(save_handler: Callable[[ModelArtifacts], Any]) -> IOHandler:
    """Return a handler that saves by calling a function (or coroutine function) of the artifacts. TensorFlow.js's io.withSaveHandler.

    >>> import tensorweb as tw
    >>> seen = []
    >>> tw.io.with_save_handler(lambda artifacts: seen.append(artifacts.format)).save(tw.io.ModelArtifacts(format="mine"))
    >>> seen
    ['mine']
    """
    if not callable(save_handler):
        raise ConversionError(message("with_save_handler", "a function", type(save_handler).__name__, "Pass a callable."))
    return FunctionHandler(save=save_handler)


def from_memory(
    model_artifacts: Any, weight_specs: list[dict] | None = None, weight_data: Any = None, training_config: dict | None = None
) -> IOHandler:
    """Return a handler that loads what it is given: ModelArtifacts, or a topology with specs and data. TensorFlow.js's io.fromMemory.

    >>> import tensorweb as tw
    >>> tw.io.from_memory({"class_name": "Model"}).load().model_topology
    {'class_name': 'Model'}
    """
    if not isinstance(model_artifacts, ModelArtifacts):
        model_artifacts = ModelArtifacts(model_artifacts, weight_specs, weight_data, training_config)
    return FunctionHandler(load=lambda: copy(model_artifacts))


# --- models in memory -------------------------------------------------------------------------------------------------------

_kept: dict[str, tuple[ModelArtifacts, ModelArtifactsInfo]] = {}


class MemoryHandler(IOHandler):
    """A model kept under a name until the process ends: `memory://name`."""

    def __init__(self, name: str):
        if not isinstance(name, str) or not name:
            raise ArgumentError(message("memory", "a name", repr(name), "Name the model by a string."))
        self.name = name

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Keep a copy."""
        yield from ()
        kept = copy(check_artifacts(artifacts, "save"))
        if kept.weight_specs is not None:
            # Copied: the caller's buffers may change.
            kept.weight_data, kept.get_weight_stream = b"".join(kept.buffer().parts), None
        info = get_model_artifacts_info_for_json(kept)
        _kept[self.name] = kept, info
        return SaveResult(info)

    def loading(self) -> Waits[ModelArtifacts]:
        """Return what is kept."""
        yield from ()
        return copy(self._found()[0])

    def _found(self) -> tuple[ModelArtifacts, ModelArtifactsInfo]:
        if self.name not in _kept:
            known = ", ".join(sorted(_kept)) or "none"
            raise ArgumentError(message("memory", f"the name of a model that was saved (there are: {known})", self.name, "Save it first."))
        return _kept[self.name]

    def removing(self) -> Waits[ModelArtifactsInfo]:
        """Forget the model and return what it was."""
        yield from ()
        info = self._found()[1]
        del _kept[self.name]
        return info


def memory(name: str) -> IOHandler:
    """Return the handler of a model kept in memory under a name; its URL is `memory://name`.

    >>> import tensorweb as tw
    >>> _ = tw.io.memory("mine").save(tw.io.ModelArtifacts({"class_name": "Model"}))
    >>> tw.io.memory("mine").load().model_topology
    {'class_name': 'Model'}
    """
    return MemoryHandler(name)


# --- routers ----------------------------------------------------------------------------------------------------------------

Router = Callable[..., IOHandler | None]
_save_routers: list[Router] = []
_load_routers: list[Router] = []


def register_save_router(save_router: Router) -> None:
    """Add a function (url, options) -> handler, or None where the URL is not its own. TensorFlow.js's io.registerSaveRouter."""
    _save_routers.append(save_router)


def register_load_router(load_router: Router) -> None:
    """Add a function (url, options) -> handler, or None where the URL is not its own. TensorFlow.js's io.registerLoadRouter."""
    _load_routers.append(load_router)


def _handlers(routers: list[Router], url: Any, options: dict[str, Any]) -> list[IOHandler]:
    place = os.fspath(url) if isinstance(url, os.PathLike) else url
    if not (isinstance(place, str) or (isinstance(place, (list, tuple)) and all(isinstance(p, str) for p in place))) or not place:
        raise ConversionError(message("handlers", "a URL or a path", repr(url)[:80], "Pass a string."))
    return [h for h in (router(place, options) for router in routers) if h is not None]


def get_save_handlers(url: Any) -> list[IOHandler]:
    """Return the handlers that save to a URL or a path. TensorFlow.js's io.getSaveHandlers.

    URLs begin with file://, http://, https://, memory://, in a page also with indexeddb://, localstorage://, downloads://.

    >>> import tensorweb as tw
    >>> [type(h).__name__ for h in tw.io.get_save_handlers("memory://mine")]
    ['MemoryHandler']
    """
    return _handlers(_save_routers, url, {})


def get_load_handlers(url: Any, load_options: dict[str, Any] | None = None, **options: Any) -> list[IOHandler]:
    """Return the handlers that load from a URL or a path; options as `http` and `file_system` take them.

    TensorFlow.js's io.getLoadHandlers.
    """
    return _handlers(_load_routers, url, {**(load_options or {}), **options})


def handler_of(place: Any, saving: bool = False, **options: Any) -> IOHandler:
    """Return the one handler of a URL, a path, ModelArtifacts or a user's object with `save` or `load`; raise if there is not one."""
    if isinstance(place, IOHandler):
        return place
    if isinstance(place, ModelArtifacts):
        return from_memory(place)
    if isinstance(place, (str, os.PathLike, list, tuple)):
        found = get_save_handlers(place) if saving else get_load_handlers(place, options)
        if len(found) != 1:
            what = "save" if saving else "load"
            advice = "Use http://, https://, file://, memory://, indexeddb://, localstorage://, a path, or a router of your own."
            raise ArgumentError(message(what, f"one handler for {str(place)[:80]!r}", len(found), advice))
        return found[0]
    if callable(getattr(place, "save" if saving else "load", None)):
        return FunctionHandler(getattr(place, "save", None), getattr(place, "load", None))
    raise ConversionError(message("handler", "a URL, a path or a handler", type(place).__name__, "See tw.io."))


def scheme_router(scheme: str, make: Callable[[str], IOHandler]) -> Router:
    """Return the router of the URLs that begin with a scheme; `make` gets the rest."""

    def router(url: Any, options: dict[str, Any] | None = None) -> IOHandler | None:
        return make(url[len(scheme) :]) if isinstance(url, str) and url.startswith(scheme) else None

    return router


for _register in (register_save_router, register_load_router):
    _register(scheme_router("memory://", memory))


# --- managing models --------------------------------------------------------------------------------------------------------

Infos = dict[str, ModelArtifactsInfo]


def _listing_memory() -> Waits[Infos]:
    yield from ()
    return {f"memory://{name}": info for name, (_, info) in _kept.items()}


# Each lists the models of one kind of place by their URLs.
listings: list[Callable[[], Waits[Infos]]] = [_listing_memory]


def _listing() -> Waits[Infos]:
    """Return the models kept in memory and, in a page, in IndexedDB and localStorage, by URL. TensorFlow.js's io.listModels.

    >>> import tensorweb as tw
    >>> _ = tw.io.memory("listed").save(tw.io.ModelArtifacts({"class_name": "Model"}))
    >>> tw.io.list_models()["memory://listed"].model_topology_bytes
    22
    """
    found: Infos = {}
    for listing in listings:
        found |= yield from listing()
    return found


def _removable(url: Any) -> Any:
    handler = handler_of(url, saving=True)
    if not hasattr(handler, "removing"):
        raise ArgumentError(message("remove_model", "a place that models can leave", str(url)[:80], "It cannot be removed from there."))
    return handler


def _copying(source_url: Any, dest_url: Any) -> Waits[ModelArtifactsInfo | None]:
    """Copy a model from one URL (or path) to another and return its sizes. TensorFlow.js's io.copyModel.

    >>> import tensorweb as tw
    >>> _ = tw.io.memory("here").save(tw.io.ModelArtifacts({"class_name": "Model"}))
    >>> tw.io.copy_model("memory://here", "memory://there").model_topology_bytes
    22
    """
    if source_url == dest_url:
        raise ArgumentError(message("copy_model", "two places", repr(source_url), "Source and destination are the same."))
    target = handler_of(dest_url, saving=True)
    artifacts = yield from handler_of(source_url).loading()
    result = yield from target.saving(artifacts)
    return result.model_artifacts_info


def _moving(source_url: Any, dest_url: Any) -> Waits[ModelArtifactsInfo | None]:
    """Move a model from one URL (or path) to another and return its sizes. TensorFlow.js's io.moveModel."""
    source = _removable(source_url)
    info = yield from _copying(source_url, dest_url)
    yield from source.removing()
    return info


def _removing(url: Any) -> Waits[ModelArtifactsInfo]:
    """Remove a model (of files: model.json and its shards) and return what its sizes were. TensorFlow.js's io.removeModel."""
    return (yield from _removable(url).removing())


list_models, list_models_async = twins(_listing, "list_models", __name__)
copy_model, copy_model_async = twins(_copying, "copy_model", __name__)
move_model, move_model_async = twins(_moving, "move_model", __name__)
remove_model, remove_model_async = twins(_removing, "remove_model", __name__)
