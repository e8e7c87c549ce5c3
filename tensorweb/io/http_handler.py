"""Models on servers: model.json and shards by http and https. How files are got is in `getting.py`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ArgumentError, FormatError, message
from ..waiting import Call, Waits
from .artifacts import ModelArtifacts, SaveResult, check_artifacts, get_model_artifacts_info_for_json, model_json
from .buffers import CompositeArrayBuffer
from .caching import store_of
from .calls import twins
from .fetching import fetch_waiting, is_http_scheme
from .files import file_system
from .getting import RETRIES, Getter, requesting
from .handlers import IOHandler, register_load_router, register_save_router
from .shards import Source, collecting, reading_pieces
from .web_format import loading_parsed, manifest_of, reading_json, shards_of
from .weights import loading_by

_OPTIONS = (
    "request_init", "headers", "on_progress", "weight_path_prefix", "weight_url_converter", "fetch_func", "timeout", "stream_weights",
    "retries", "cache",
)  # fmt: skip


class HTTPHandler(IOHandler):
    """A model.json behind a URL, its shards beside it; `http` makes it."""

    def __init__(
        self,
        path: str | list[str] | tuple[str, ...],
        request_init: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        on_progress: Callable[[float], Any] | None = None,
        weight_path_prefix: str | None = None,
        weight_url_converter: Callable[[str], Any] | None = None,
        fetch_func: Callable[..., Any] | None = None,
        timeout: float = 60.0,
        stream_weights: bool = False,
        retries: int = RETRIES,
        cache: bool | str = False,
    ):
        urls = [path] if isinstance(path, str) else list(path or [])
        if not 1 <= len(urls) <= 2 or not all(isinstance(u, str) and is_http_scheme(u) for u in urls):
            raise ArgumentError(message("http", "an http:// or https:// URL (or two: of model.json, of the weights)", path, "Correct it."))
        init = dict(request_init or {})
        if init.get("body") is not None:
            raise ArgumentError(message("http", "a request_init without a body", "one with a body", "Loading sends none, saving its own."))
        init["headers"] = {**dict(init.get("headers") or {}), **dict(headers or {})}
        self.urls, self.init = urls, init
        self.on_progress, self.stream_weights = on_progress, stream_weights
        self.weight_path_prefix, self.weight_url_converter = weight_path_prefix, weight_url_converter
        self.fetch = fetch_func or (lambda url, init: fetch_waiting(url, init, timeout))
        self.getter = Getter(self.fetch, init, retries, store_of(cache))

    def loading(self) -> Waits[ModelArtifacts]:
        """Load model.json and its shards."""
        source = yield from self.getter.opening(self.urls[0], "model.json")
        try:
            parsed = yield from reading_json(source, self.urls[0])
        except FormatError as error:
            if self.urls[0].endswith(".pb"):
                raise FormatError(f"{error} A .pb file is not read: convert it to model.json.") from None
            raise
        return (yield from loading_parsed(parsed, self.opening, self.on_progress, self.stream_weights))

    def opening(self, path: str) -> Waits[Source]:
        """Request a shard."""
        url = yield from self._weights_url(path)
        return (yield from self.getter.opening(url, "weights file"))

    def _weights_url(self, path: str) -> Waits[str]:
        if self.weight_url_converter is not None:
            return (yield Call(self.weight_url_converter, path))
        prefix, suffix = parse_url(self.urls[-1])
        return (self.weight_path_prefix or prefix) + path + suffix

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Send model.json and the weights as the files of a form, by POST unless `request_init` says otherwise."""
        artifacts = check_artifacts(artifacts, "save")
        shards = shards_of(artifacts)
        manifest = manifest_of(artifacts.weight_specs, ["./model.weights.bin"])
        files = [("model.json", "application/json", model_json(artifacts, manifest).encode())]
        if shards is not None:
            files.append(("model.weights.bin", "application/octet-stream", CompositeArrayBuffer.join(shards)))
        kind, body = form_data(files)
        init = {"method": "POST", **self.init, "headers": {**self.init["headers"], "Content-Type": kind}, "body": body}
        response = yield from requesting(self.fetch, self.urls[0], init, "save")
        return SaveResult(get_model_artifacts_info_for_json(artifacts), [response])


def parse_url(url: str) -> tuple[str, str]:
    """Return what stands before the last name of a URL, and its query.

    >>> parse_url("http://host/folder/model.json?key=1")
    ('http://host/folder/', '?key=1')
    """
    place, mark, query = url.partition("#")[0].partition("?")
    return place[: place.rfind("/") + 1], mark + query


def form_data(files: list[tuple[str, str, bytes]]) -> tuple[str, bytes]:
    """Return (content type, body) of a multipart form of files (name, type, bytes)."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + data
        for name, kind, data in files
    ]
    return f"multipart/form-data; boundary={boundary}", b"\r\n".join([*parts, f"--{boundary}--\r\n".encode()])


def http(
    path: str | list[str] | tuple[str, ...],
    request_init: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    on_progress: Callable[[float], Any] | None = None,
    weight_path_prefix: str | None = None,
    weight_url_converter: Callable[[str], Any] | None = None,
    fetch_func: Callable[..., Any] | None = None,
    timeout: float = 60.0,
    stream_weights: bool = False,
    retries: int = RETRIES,
    cache: bool | str = False,
) -> IOHandler:
    """Return the handler of a model on a server. TensorFlow.js's io.http and io.browserHTTPRequest.

    `path`: the URL of model.json (or two: that, and one beside which the shards lie); `request_init`: {"method", "headers"};
    `on_progress` gets fractions from 0 to 1 while the weights arrive; `weight_path_prefix`: where the shards lie; `weight_url_converter`:
    from a path in the manifest to a URL; `fetch_func(url, init)` makes the requests in place of `tw.io.fetch` (it may be a coroutine
    function); `timeout`: seconds without a byte; `retries`: how often a file is asked for again where the network or the server failed
    for a moment, from where it broke off; `cache=True`: files are kept, in a page in IndexedDB, and read from there while the server's
    ETag and date are the same or nobody can be reached; "immutable": they are never asked for again. `tw.io.clear_cache` removes them.
    Saving sends a multipart form by POST, once. Raises FetchError for what servers do, FormatError for what the files hold.
    """
    return HTTPHandler(
        path, request_init, headers, on_progress, weight_path_prefix, weight_url_converter, fetch_func, timeout, stream_weights, retries,
        cache,
    )  # fmt: skip


def _router(url: Any, options: dict[str, Any] | None = None) -> IOHandler | None:
    urls = [url] if isinstance(url, str) else url
    if not all(is_http_scheme(u) for u in urls):
        return None
    return HTTPHandler(url, **{n: v for n, v in (options or {}).items() if n in _OPTIONS})


register_save_router(_router)
register_load_router(_router)


# --- weights without a model ------------------------------------------------------------------------------------------------


def _loading_weights(
    manifest: Any, file_path_prefix: str = "", weight_names: list[str] | None = None, request_init: Mapping[str, Any] | None = None
) -> Waits[dict[str, Any]]:
    """Return the tensors by name of a weights manifest, whose shards lie under a URL or a folder. TensorFlow.js's io.loadWeights.

    `weight_names`: only these, and only their groups are read. Raises ArgumentError for names that are not there, FormatError where
    files and manifest do not fit.
    """
    start = file_path_prefix if file_path_prefix.endswith("/") or not file_path_prefix else file_path_prefix + "/"
    handler: Any = HTTPHandler(start + "model.json", request_init) if is_http_scheme(start) else file_system(start + "model.json")
    return (yield from loading_by(manifest, weight_names, lambda groups: collecting(reading_pieces(groups, handler.opening))))


load_weights, load_weights_async = twins(_loading_weights, "load_weights", __name__)
