"""get_file: files from the web, kept in a folder, checked by their hash. Unpacking is in `archives.py`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import warnings
from typing import Any
from urllib.parse import urlsplit

from ..errors import ArgumentError, message
from .messages import print_message
from .progress import Progbar


def get_file(
    fname: Any = None, origin: str | None = None, untar: bool = False, md5_hash: str | None = None, file_hash: str | None = None,
    cache_subdir: str = "datasets", hash_algorithm: str = "auto", extract: bool = False, archive_format: Any = "auto",
    cache_dir: Any = None, force_download: bool = False,
) -> str:  # fmt: skip
    """Return the path of a file from `origin` (http, https, file), which is downloaded unless it is in the cache. Keras's function.

    It is kept as `fname` (by default the URL's last part) in `cache_subdir` of `cache_dir` ($KERAS_HOME, ~/.keras). A `file_hash`
    (sha256 or md5) is checked before the file is in place, so that it is whole or not there. With `extract` the archive's folder is
    returned. Raises ArgumentError if the download fails, the hash differs or the archive is unsafe.
    """
    if origin is None:
        raise ArgumentError(message("get_file", "an origin", "None", "Pass the file's URL."))
    if urlsplit(origin).scheme not in ("http", "https", "file"):
        raise ArgumentError(message("get_file", "an http, https or file URL", repr(origin), "Use one of these."))
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    name = _file_name(fname, origin)
    folder = os.path.join(_cache_folder(cache_dir), cache_subdir)
    os.makedirs(folder, exist_ok=True)
    unpacks = extract or untar
    target, unpacked = os.path.join(folder, name), ""
    if unpacks:
        target, unpacked = _archive_names(folder, name, bool(fname))
    if force_download or not _is_cached(target, file_hash, hash_algorithm):
        print_message(f"Downloading data from {origin}")
        _download(origin, target, file_hash, hash_algorithm)
    if not unpacks:
        return target
    from .archives import extract_archive

    if not extract_archive(target, unpacked, "tar" if untar else archive_format):
        warnings.warn("Could not extract archive.", stacklevel=2)
    return unpacked


def _file_name(fname: Any, origin: str) -> str:
    if fname:
        name = os.fspath(fname)
        if os.sep in name or "/" in name or name in (".", ".."):
            raise ArgumentError(message("get_file", "fname without a path", name, "Use cache_dir and cache_subdir for the folder."))
        return name
    name = os.path.basename(urlsplit(origin).path)
    if not name or name in (".", ".."):
        raise ArgumentError(message("get_file", "a URL that ends in a file name", repr(origin), "Pass fname."))
    return name


def _archive_names(folder: str, name: str, was_given: bool) -> tuple[str, str]:
    """Return where the archive goes and where its folder does."""
    if was_given and "." in name:
        return os.path.join(folder, name), os.path.join(folder, name[: name.find(".")] + "_extracted")
    return os.path.join(folder, name + "_archive"), os.path.join(folder, name)


def _cache_folder(cache_dir: Any) -> str:
    if cache_dir is None:
        cache_dir = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    folder = os.path.expanduser(os.fspath(cache_dir))
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
    return folder if os.access(folder, os.W_OK) else os.path.join(tempfile.gettempdir(), ".keras")


def _is_cached(target: str, file_hash: str | None, algorithm: str) -> bool:
    if not os.path.exists(target):
        return False
    if file_hash is None or validate_file(target, file_hash, algorithm):
        return True
    print_message(f"The {algorithm} hash of the local file is not {file_hash}: it is incomplete or outdated, so it is downloaded again.")
    return False


def _download(origin: str, target: str, file_hash: str | None, algorithm: str) -> None:
    """Write the file beside its place first, and move it there only when it is whole."""
    handle, draft = tempfile.mkstemp(prefix=".download-", dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(origin, file)
        if file_hash is not None and not validate_file(draft, file_hash, algorithm):
            got = hash_file(draft, _algorithm(algorithm, file_hash))
            raise ArgumentError(message("get_file", f"a file of hash {file_hash}", got, "It is incomplete, corrupted or another one."))
        os.chmod(draft, 0o644)
        os.replace(draft, target)
    except BaseException:
        if os.path.exists(draft):
            os.remove(draft)
        raise


def _fetch(origin: str, file: Any) -> None:
    # Imported here: it costs more than all else that importing the library does.
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    def fail(why: object) -> ArgumentError:
        return ArgumentError(message("get_file", f"the file at {origin}", why, "Check the URL and the connection."))

    try:
        with urlopen(origin) as answer:
            length = answer.headers.get("Content-Length")
            total = int(length) if length is not None and length.isdigit() else None
            bar, done = Progbar(total), 0
            while chunk := answer.read(1 << 16):
                file.write(chunk)
                done += len(chunk)
                bar.update(done if total is None else min(done, total))
    except HTTPError as error:
        raise fail(f"{error.code} {error.reason}") from None
    except (URLError, ConnectionError, TimeoutError) as error:
        raise fail(getattr(error, "reason", error)) from None
    if total is not None and done != total:
        raise fail(f"{done} of {total} bytes")


def _algorithm(algorithm: str, file_hash: str | None = None) -> str:
    return "sha256" if algorithm == "sha256" or (algorithm == "auto" and file_hash is not None and len(file_hash) == 64) else "md5"


def hash_file(fpath: Any, algorithm: str = "sha256", chunk_size: int = 65535) -> str:
    """Return the sha256 or md5 hash of a file."""
    with open(fpath, "rb") as file:
        hasher = hashlib.new(_algorithm(algorithm), usedforsecurity=False)
        while chunk := file.read(chunk_size):
            hasher.update(chunk)
    return hasher.hexdigest()


def validate_file(fpath: Any, file_hash: str, algorithm: str = "auto", chunk_size: int = 65535) -> bool:
    """Tell whether a file has a sha256 or md5 hash."""
    return hash_file(fpath, _algorithm(algorithm, file_hash), chunk_size) == str(file_hash).lower()
