"""Models in files: model.json and shards beside it, as TensorFlow.js's converter writes them; and files that a user chose.

A save never harms the model that is there. Shards are written to names that are free, so no file of the old model changes; renaming
model.json over the old one is the one step at which the new model is there; then the old one's shards go. After a crash at any moment
model.json with all its shards is the old model or the new one, and at worst there are unused files beside it. Shards are called
group1-shard1of2.bin, as TensorFlow.js's converter does; where such files lie there already, the names get the first digits of the
content's SHA-256: group1-shard1of2-0123456789ab.bin.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, ConversionError, FormatError, TensorWebError, message
from ..waiting import Call, Waits, wait
from .artifacts import ModelArtifacts, ModelArtifactsInfo, SaveResult, check_artifacts, get_model_artifacts_info_for_json, model_json
from .atomic import replacing, sync_folder, write_synced
from .handlers import IOHandler, register_load_router, register_save_router
from .manifest import check_manifest
from .shards import SHARD_BYTES, ReadSource, Source
from .web_format import loading_parsed, manifest_of, reading_json, shards_of

# What a manifest's wrong path gives; other failures, such as missing permission, are the system's and stay what they are.
_NO_SUCH_FILE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)
_OUR_SHARD = re.compile(r"group\d+-shard\d+of\d+(-[0-9a-f]{12}(-\d+)?)?\.bin")


class FileSource(ReadSource):
    """An open file as a Source; only regular files, whose size is known."""

    def __init__(self, path: Path):
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for ever
            raise FormatError(message("file", "a regular file", str(path), "Folders, devices and pipes are not read."))
        self.file = open(path, "rb", buffering=0)  # noqa: SIM115  (close is the reader's)
        self.size = os.fstat(self.file.fileno()).st_size

    def read(self, count: int) -> bytes:
        """Return at most `count` more bytes."""
        return self.file.read(count) or b""

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class FileSystemHandler(IOHandler):
    """A model.json and its shards in one folder; `file_system` makes it."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        on_progress: Callable[[float], Any] | None = None,
        weight_shard_size: int = SHARD_BYTES,
        stream_weights: bool = False,
    ):
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            raise ConversionError(message("file_system", "a path", repr(path)[:80], "Pass a folder or a model.json."))
        given = Path(path)
        self.path = given if given.suffix == ".json" or given.is_file() else given / "model.json"
        self.on_progress, self.weight_shard_size, self.stream_weights = on_progress, weight_shard_size, stream_weights

    # --- loading ---

    def loading(self) -> Waits[ModelArtifacts]:
        """Load model.json and its shards."""
        parsed = yield from self._parsing()
        return (yield from loading_parsed(parsed, self.opening, self.on_progress, self.stream_weights))

    def _parsing(self) -> Waits[dict[str, Any]]:
        source = yield Call(FileSource, self.path)
        return (yield from reading_json(source, str(self.path)))

    def opening(self, path: str) -> Waits[Source]:
        """Open a shard."""
        return (yield Call(self._open_shard, path))

    def _open_shard(self, path: str) -> FileSource:
        try:
            return FileSource(self.path.parent / path)
        except OSError as error:
            if error.errno not in _NO_SUCH_FILE:
                raise
            got = error.strerror or "none"
            raise FormatError(message(str(self.path), f"the weights file {path[:80]!r} beside it", got, "Copy it, too.")) from None

    # --- saving ---

    def saving(self, artifacts: ModelArtifacts) -> Waits[SaveResult]:
        """Save model.json and its shards, replacing the model that is there."""
        artifacts = check_artifacts(artifacts, "save")
        shards = shards_of(artifacts, self.weight_shard_size)
        if shards is not None:
            artifacts = replace(artifacts, weight_data=shards, get_weight_stream=None)
        info = get_model_artifacts_info_for_json(artifacts)
        model_json(artifacts, [])  # what JSON cannot hold raises here, before anything is written
        yield Call(self._replace, artifacts, shards)
        return SaveResult(info)

    def _replace(self, artifacts: ModelArtifacts, shards: list[memoryview] | None) -> None:
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        old, names = self._shards_there(), []
        try:
            for i, shard in enumerate(shards or []):
                names.append(self._write_shard(f"group1-shard{i + 1}of{len(shards or [])}", shard))
            sync_folder(folder)
            manifest = manifest_of(artifacts.weight_specs, names) if shards is not None else None
            with replacing(self.path) as made:
                write_synced(made, [model_json(artifacts, manifest).encode()])
        except BaseException:
            if not set(names) & set(_referred(self.path)):  # an interrupt may come when all is done
                _delete_files(folder / name for name in names)
            raise
        _delete_files(old)
        sync_folder(folder)

    def _write_shard(self, stem: str, shard: memoryview) -> str:
        """Write a shard to a file that is not there yet, and return its name."""
        for name in _shard_names(stem, shard):
            try:
                write_synced(self.path.parent / name, [shard])
                return name
            except FileExistsError:
                continue
        raise AssertionError("there is always a free name")

    def _shards_there(self) -> list[Path]:
        """Return the shards that the old model.json alone refers to and that a save made."""
        mine = _referred(self.path)
        others = {name for other in self.path.parent.glob("*.json") if other != self.path for name in _referred(other)}
        return [self.path.parent / name for name in mine if name not in others and _OUR_SHARD.fullmatch(name)]

    def removing(self) -> Waits[ModelArtifactsInfo]:
        """Delete model.json and the shards that a save made, and return what the sizes were."""
        artifacts = yield from self.loading()
        if artifacts.get_weight_stream is not None:
            artifacts.weight_data, artifacts.get_weight_stream = list(artifacts.get_weight_stream()), None
        yield Call(self._delete)
        return get_model_artifacts_info_for_json(artifacts)

    def _delete(self) -> None:
        shards = self._shards_there()
        self.path.unlink()
        _delete_files(shards)


def _shard_names(stem: str, shard: memoryview) -> Iterator[str]:
    yield f"{stem}.bin"
    stem += f"-{hashlib.sha256(shard).hexdigest()[:12]}"
    yield f"{stem}.bin"
    for n in itertools.count(2):
        yield f"{stem}-{n}.bin"


def _delete_files(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _referred(path: Path) -> list[str]:
    """Return the names of the shards in a model.json; none if there is no such file or it is another kind of JSON."""
    try:
        parsed = wait(reading_json(FileSource(path), str(path)))
        return [name for group in check_manifest(parsed.get("weightsManifest") or []) for name in group.paths]
    except (OSError, TensorWebError):
        return []


def file_system(
    path: str | os.PathLike[str],
    on_progress: Callable[[float], Any] | None = None,
    weight_shard_size: int = SHARD_BYTES,
    stream_weights: bool = False,
) -> IOHandler:
    """Return the handler of a model in files: `path` is a folder, or the model.json itself. tfjs-node's io.fileSystem.

    `on_progress` gets fractions from 0 to 1 while the weights are read; `stream_weights`: load() gives artifacts with
    `get_weight_stream` and reads the weights when that is used. Saving replaces the old model in one step. Loading raises
    FileNotFoundError, or FormatError where the files do not fit one another.

    >>> import tempfile, tensorweb as tw
    >>> data, specs = tw.io.encode_weights({"x": tw.tensor([1.0, 2.0])})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = tw.io.file_system(folder).save(tw.io.ModelArtifacts({"class_name": "Model"}, specs, data))
    ...     tw.io.file_system(folder).load().tensors()["x"].tolist()
    [1.0, 2.0]
    """
    return FileSystemHandler(path, on_progress, weight_shard_size, stream_weights)


def _router(url: Any, options: dict[str, Any] | None = None) -> IOHandler | None:
    if not isinstance(url, str):
        return None
    path = url.removeprefix("file://")
    if path == url and "://" in url:
        return None
    if os.name == "nt" and re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    names = ("on_progress", "weight_shard_size", "stream_weights")
    return FileSystemHandler(path, **{n: v for n, v in (options or {}).items() if n in names})


register_save_router(_router)
register_load_router(_router)


# --- files that a user chose ------------------------------------------------------------------------------------------------


class _ChosenSource(ReadSource):
    """An open file object as a Source; it stays open for its owner."""

    def __init__(self, file: Any):
        self.file, self.read = file, file.read
        if callable(getattr(file, "seek", None)):
            file.seek(0)


class _PickedSource(ReadSource):
    """A File of the page as a Source."""

    def __init__(self, file: Any):
        self.file, self.size, self._at = file, int(file.size), 0

    async def read(self, count: int) -> bytes:
        """Return at most `count` more bytes."""
        part = self.file.slice(self._at, self._at + count)
        self._at += count
        return (await part.arrayBuffer()).to_bytes()


class ChosenFilesHandler(IOHandler):
    """Loads from files in any places that are found by their names; `browser_files` makes it."""

    def __init__(self, files: Iterable[Any], on_progress: Callable[[float], Any] | None = None):
        listed = [] if isinstance(files, (str, bytes, os.PathLike)) or files is None else list(files)
        if not listed:
            raise ArgumentError(message("browser_files", "a list of files with a model.json", repr(files)[:80], "Pass at least one."))
        # A user picks files in no order: the model's is the one that is JSON.
        self.first = next((f for f in listed if _name_of(f).endswith(".json")), listed[0])
        self.on_progress = on_progress
        self.rest = {os.path.basename(_name_of(f)): f for f in listed if f is not self.first}
        self.count = len(listed) - 1

    def loading(self) -> Waits[ModelArtifacts]:
        """Load the first file as model.json and the others as its shards; only the topology if there are no others."""
        source = yield Call(_open_chosen, self.first)
        parsed = yield from reading_json(source, _name_of(self.first))
        if not self.count:
            parsed = {**parsed, "weightsManifest": None}
        else:
            self._check(check_manifest(parsed.get("weightsManifest"), free_paths=True))
        return (yield from loading_parsed(parsed, self.opening, self.on_progress, False, free_paths=True))

    def _check(self, groups: Sequence[Any]) -> None:
        names = [os.path.basename(path) for group in groups for path in group.paths]
        if len(set(names)) < len(names) or len(names) != self.count or set(names) != set(self.rest):
            expected, got = ", ".join(names)[:200], ", ".join(self.rest)[:200]
            raise FormatError(message("browser_files", f"the weights files {expected}", got, "Choose the files that belong to the model."))

    def opening(self, path: str) -> Waits[Source]:
        """Open a shard."""
        return (yield Call(_open_chosen, self.rest[os.path.basename(path)]))


def _name_of(file: Any) -> str:
    name = os.fspath(file) if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
    if not isinstance(name, str):
        raise ConversionError(message("browser_files", "paths, or files with `name` and `read`", type(file).__name__, "Pass open files."))
    return name


def _open_chosen(file: Any) -> Any:
    if isinstance(file, (str, os.PathLike)):
        return FileSource(Path(file))
    return _PickedSource(file) if hasattr(file, "arrayBuffer") else _ChosenSource(file)


def browser_files(files: Iterable[Any], on_progress: Callable[[float], Any] | None = None) -> IOHandler:
    """Return a handler that loads from files a user chose: a model.json and its shards, by name. TensorFlow.js's io.browserFiles.

    `files`: paths, File objects of the page as `tw.browser.pick_files` returns them, or objects with `name` and `read(count)` (also as a
    coroutine function). The first that is called .json is the model.json, else the first. With it alone the artifacts have no weights.
    Loading raises FormatError if the others are not the manifest's files.

    >>> import io, tensorweb as tw
    >>> file = io.BytesIO(b'{"modelTopology": {"class_name": "Model"}}')
    >>> file.name = "model.json"
    >>> tw.io.browser_files([file]).load().model_topology
    {'class_name': 'Model'}
    """
    return ChosenFilesHandler(files, on_progress)
