"""HDF5 files through h5py (extra `formats`): groups as mappings, datasets as tensors, everything checked before it is allocated.

No layout of Keras's here; the old one is in `keras_h5.py`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import ArgumentError, BackendError, FormatError, TensorWebError, message
from ..shapes import size_of
from ..tensor import Tensor, as_tensor, tensor
from .atomic import replacing
from .manifest import check_shape
from .safetensors import bfloat16

# HDF5 keeps an attribute in an object's header, which has no more room; Keras cuts longer lists of names.
MAX_ATTRIBUTE_BYTES = 64512
# A dataset may be this much larger than the file (compression, fill values), or this large in any case.
MAX_EXPANSION = 200
FLOOR_BYTES = 64 * 1024 * 1024
_MAX_LINKS = 16
_DAMAGE = (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError, AttributeError)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError:
        advice = "Install it: pip install tensorweb[formats]"
        raise BackendError(message("HDF5", "the package h5py", "none", advice)) from None
    return h5py


@contextmanager
def _guarded(where: str) -> Iterator[None]:
    """Make what h5py raises on a damaged file a FormatError."""
    try:
        yield
    except TensorWebError:
        raise
    except _DAMAGE as error:
        raise FormatError(message(where, "readable HDF5", str(error)[:200], "The file is damaged or of another format.")) from error


class Dataset:
    """An array in a file: `shape` and `dtype` (as the file names it) at once, the values by `read`."""

    def __init__(self, dataset: Any, file_bytes: int):
        self._dataset, self._file_bytes = dataset, file_bytes
        self.name: str = dataset.name or ""
        with _guarded(self.name):
            self.dtype = str(dataset.dtype)
            self.shape = check_shape(dataset.shape, self.name) if dataset.shape is not None else None

    def __repr__(self) -> str:
        return f"<Dataset {self.name!r} {self.dtype} {self.shape}>"

    @property
    def attrs(self) -> Attributes:
        """The attributes."""
        return Attributes(self._dataset, self.name)

    def read(self) -> Tensor:
        """Return the values as a tensor (int64 as int32, float64 and bfloat16 as float32); FormatError where that cannot be."""
        with _guarded(self.name):
            self._check()
            found = self._dataset
            if found.dtype.kind in "SO":
                return tensor(_texts(found[()]), self.shape, "string") if found.size else tensor([], self.shape, "string")
            if found.dtype.kind == "V":
                return bfloat16(memoryview(found[()].tobytes()), self.shape or ())
            return tensor(found[()])

    def _check(self) -> None:
        found, kind = self._dataset, self._dataset.dtype.kind
        if found.is_virtual or found.external:
            raise FormatError(message(self.name, "values in this file", "values in other files", "Do not trust this file."))
        half = kind == "V" and found.dtype.itemsize == 2 and found.dtype.names is None and self.attrs.get("dtype", "bfloat16") == "bfloat16"
        texts = kind in "SO" and _h5py().check_string_dtype(found.dtype) is not None
        if self.shape is None or not (kind in "fiubc" or half or texts):
            raise FormatError(message(self.name, "numbers or strings", self.dtype, "Such data is no weight."))
        most = max(FLOOR_BYTES, MAX_EXPANSION * self._file_bytes)
        if found.nbytes > most:
            got = f"{found.nbytes} declared in a file of {self._file_bytes}"
            raise FormatError(message(self.name, f"at most {most} bytes", got, "It would fill the memory with nothing."))
        plain = found.chunks is None and found.nbytes and kind != "O"
        if plain and found.id.get_storage_size() not in (0, found.nbytes):
            raise FormatError(message(self.name, f"{found.nbytes} bytes", found.id.get_storage_size(), "The file is cut short."))


def _texts(values: Any) -> Any:
    """Return strings from h5py: bytes and arrays of bytes decoded, nested as they are."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list):
        return [_texts(v) for v in values]
    if isinstance(values, bytes):
        try:
            return values.decode()
        except UnicodeDecodeError:
            return values
    return values


class Attributes(Mapping[str, Any]):
    """The attributes of a group or dataset as Python's values: str, numbers, lists of them; None for an empty one."""

    def __init__(self, owner: Any, where: str):
        self._attrs, self._where = owner.attrs, where

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        with _guarded(f"{self._where}, attribute {name!r}"):
            about = self._attrs.get_id(name)
            if about.shape is None:
                return None
            size = size_of(check_shape(about.shape, name)) * about.dtype.itemsize
            if size > FLOOR_BYTES or about.dtype.kind not in "SOfiub":
                raise FormatError(message(f"attribute {name!r}", "text or numbers", str(about.dtype), "It is none of Keras's."))
            return _texts(self._attrs[name])

    def __contains__(self, name: object) -> bool:
        with _guarded(self._where):
            return name in self._attrs

    def __iter__(self) -> Iterator[str]:
        with _guarded(self._where):
            return iter(list(self._attrs))

    def __len__(self) -> int:
        with _guarded(self._where):
            return len(self._attrs)

    def texts(self, name: str) -> list[str]:
        """Return a list of strings, also one cut into name0, name1, ... as Keras does; [] if there is none, FormatError for others."""
        names = [name] if name in self else list(itertools.takewhile(self.__contains__, (f"{name}{i}" for i in itertools.count())))
        parts = [self[n] for n in names]
        found = [v for part in parts for v in (part if isinstance(part, list) else [part])]
        if not all(isinstance(v, str) for v in found):
            raise FormatError(message(f"{self._where}, attribute {name!r}", "a list of names", str(found)[:80], "The file is damaged."))
        return found


class Group(Mapping[str, Any]):
    """A group as a mapping from names (or paths a/b) to Groups and Datasets. Links out of the file raise FormatError."""

    def __init__(self, group: Any, file_bytes: int = 0):
        self._group, self._file_bytes = group, file_bytes
        self.name: str = group.name or "/"

    def __repr__(self) -> str:
        return f"<Group {self.name!r}>"

    @property
    def attrs(self) -> Attributes:
        """The attributes."""
        return Attributes(self._group, self.name)

    def __iter__(self) -> Iterator[str]:
        with _guarded(self.name):
            return iter(list(self._group))

    def __len__(self) -> int:
        with _guarded(self.name):
            return len(self._group)

    def __getitem__(self, path: str) -> Any:
        found = _follow(self._group, path, _MAX_LINKS)
        kinds = _h5py()
        if isinstance(found, kinds.Dataset):
            return Dataset(found, self._file_bytes)
        if isinstance(found, kinds.Group):
            return Group(found, self._file_bytes)
        raise FormatError(message(path, "a group or a dataset", type(found).__name__, "It is none of Keras's."))

    # --- writing ---

    def create_group(self, path: str) -> Group:
        """Return a new group, those above it included; an existing one is given back."""
        return Group(self._group.require_group(path), self._file_bytes)

    def write(self, path: str, value: Any) -> None:
        """Write anything that a tensor can be made of as a dataset; ArgumentError if the name is taken."""
        x = as_tensor(value, "hdf5")
        if path in self._group:
            raise ArgumentError(message("hdf5", "a new name", repr(path), "It is there already."))
        if x.dtype == "string":
            kinds = _h5py()
            self._group.create_dataset(path, shape=x.shape, dtype=kinds.string_dtype())
            if x.size:
                self._group[path][()] = x.tolist() if x.shape else x.item()
        else:
            self._group.create_dataset(path, data=x.numpy())

    def set_attr(self, name: str, value: Any) -> None:
        """Write an attribute: text, a number, or a list of texts, which is cut into name0, name1, ... where it is too long."""
        if not isinstance(value, (list, tuple)):
            self._group.attrs[name] = value
            return
        for part_name, part in _cut_names(name, [v.encode() if isinstance(v, str) else v for v in value]):
            self._group.attrs.create(part_name, part, dtype=f"S{max(map(len, part), default=1) or 1}")


def _cut_names(name: str, texts: Sequence[bytes]) -> list[tuple[str, list[bytes]]]:
    """Return (attribute name, its texts): one attribute, or as many as are needed for each to fit."""
    width = max(map(len, texts), default=0)
    if width > MAX_ATTRIBUTE_BYTES:
        raise ArgumentError(message("hdf5", f"names of at most {MAX_ATTRIBUTE_BYTES} bytes", width, "Shorten the names."))
    if width * len(texts) <= MAX_ATTRIBUTE_BYTES:
        return [(name, list(texts))]
    step = MAX_ATTRIBUTE_BYTES // width
    return [(f"{name}{i // step}", list(texts[i : i + step])) for i in range(0, len(texts), step)]


def _follow(group: Any, path: str, links: int) -> Any:
    """Return the object at a path, taking each step by itself, so that no link leads out of the file; KeyError if there is none."""
    kinds = _h5py()
    here = group.file["/"] if path.startswith("/") else group
    for name in [n for n in path.split("/") if n not in ("", ".")]:
        with _guarded(path):
            link = here.get(name, getlink=True) if isinstance(here, kinds.Group) and here.id.links.exists(name.encode()) else None
        if link is None:
            raise KeyError(path)
        if isinstance(link, kinds.SoftLink):
            if not links:
                raise FormatError(message(path, f"at most {_MAX_LINKS} soft links in a row", "more", "They run in a circle."))
            here = _follow(here, link.path, links - 1)
        elif isinstance(link, kinds.HardLink):
            with _guarded(path):
                here = here[name]
        else:
            raise FormatError(message(path, "data in this file", f"a {type(link).__name__}", "Do not trust this file."))
    return here


@contextmanager
def open_hdf5(source: Any) -> Iterator[Group]:
    """Give the root Group of a file for reading: a path or a binary file; FileNotFoundError, or FormatError if it is no HDF5."""
    h5py = _h5py()
    if isinstance(source, (str, os.PathLike)):
        size = os.stat(source).st_size
    else:
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
    with _guarded(str(source)[:200]):
        file = h5py.File(source, "r")
    with file:
        with _guarded(str(source)[:200]):
            root = file["/"]
        yield Group(root, size)


@contextmanager
def create_hdf5(target: Any) -> Iterator[Group]:
    """Give the root Group of a new file to write to; a path is replaced when all is written, and stays as it was on an error."""
    h5py = _h5py()
    if not isinstance(target, (str, os.PathLike)):
        with h5py.File(target, "w") as file:
            yield Group(file["/"])
        return
    with replacing(target) as made, h5py.File(made, "w") as file:
        yield Group(file["/"])
