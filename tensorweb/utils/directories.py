"""Folders of files with a folder for each class: which files, which labels, which split. What is read from them is elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..data import AUTOTUNE, Dataset, TensorSpec
from ..errors import ArgumentError, message
from ..ops.random import draw_seed
from ..tensor import Tensor, op, tensor
from .legacy_shuffle import shuffled
from .messages import print_message


class Files(NamedTuple):
    """Paths, their class numbers (or None) and the classes' names (or None)."""

    paths: list[str]
    labels: list[Any] | None
    class_names: list[str] | None


class Request(NamedTuple):
    """What the functions *_dataset_from_directory have in common."""

    where: str
    kind: str  # of files, in messages
    formats: tuple[str, ...]
    directory: Any
    labels: Any
    label_mode: str | None
    class_names: Any
    batch_size: int | None
    shuffle: bool
    seed: Any
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool
    format: str = "tf"  # or grain: a Dataset stands in for it, with one order for all iterations


def datasets_of(request: Request, load: Callable[[str], Tensor], spec: TensorSpec, batch: Callable[..., Dataset] = Dataset.batch) -> Any:
    """Return the dataset of (load(path), label) that was asked for, or the pair of training and validation datasets."""
    request = _checked(request)
    if request.seed is None:
        request = request._replace(seed=draw_seed(None)[0] % 10**6)
    files = index_directory(request)
    if request.label_mode == "binary" and len(files.class_names or ()) != 2:
        raise ArgumentError(message(request.where, "two classes for label_mode='binary'", files.class_names, "Use 'int' or 'categorical'."))
    if request.subset == "both":
        return [_dataset(request, split(files, request, s), load, spec, batch, s == "training", s) for s in ("training", "validation")]
    return _dataset(request, split(files, request, request.subset), load, spec, batch, True, "")


def _checked(r: Request) -> Request:
    where, split = r.where, r.validation_split
    if r.labels not in ("inferred", None) and not isinstance(r.labels, (list, tuple)):
        raise ArgumentError(message(where, "labels='inferred', None or a list of ints", repr(r.labels), "Give one label for each file."))
    if isinstance(r.labels, (list, tuple)) and r.class_names:
        raise ArgumentError(message(where, "class_names only with labels='inferred'", r.class_names, "Leave one of them out."))
    if r.label_mode not in ("int", "categorical", "binary", None):
        raise ArgumentError(message(where, "a label_mode of int, categorical, binary or None", repr(r.label_mode), "Use one of them."))
    if split and not 0 < split < 1:
        raise ArgumentError(message(where, "a validation_split between 0 and 1", split, "It is a fraction."))
    if bool(split) != bool(r.subset):
        raise ArgumentError(message(where, "validation_split and subset", "only one of them", "Set both or none."))
    if r.subset not in ("training", "validation", "both", None):
        raise ArgumentError(message(where, "a subset of training, validation or both", repr(r.subset), "Use one of them."))
    if split and r.shuffle and r.seed is None:
        raise ArgumentError(message(where, "a seed for a shuffled split", "None", "Without it the two subsets may overlap."))
    if r.format not in ("tf", "grain"):
        raise ArgumentError(message(where, "format tf or grain", repr(r.format), "Both give a tw.data.Dataset."))
    return r._replace(labels=None, label_mode=None) if r.labels is None or r.label_mode is None else r


def index_directory(r: Request) -> Files:
    """Return the files of a directory in Keras's order: by class and path, or shuffled by the seed."""
    if r.labels == "inferred":
        found = sorted(d for d in os.listdir(r.directory) if os.path.isdir(os.path.join(r.directory, d)) and not d.startswith("."))
        if r.class_names is not None and not set(r.class_names) <= set(found):
            raise ArgumentError(message(r.where, f"class_names among {found}", r.class_names, "They are the names of subdirectories."))
        folders: list[str] = list(found if r.class_names is None else r.class_names)
    else:
        if r.class_names is not None:
            raise ArgumentError(message(r.where, "class_names only with labels='inferred'", r.class_names, "Leave them out."))
        folders = [""]
    paths, numbers = [], []
    for number, folder in enumerate(folders):
        for path in _files_below(os.path.join(r.directory, folder), r.follow_links, r.formats):
            paths.append(os.path.join(r.directory, folder, path))
            numbers.append(number)
    labels, names = _labels(r, paths, numbers, folders)
    if r.verbose:
        print_message(f"Found {len(paths)} files" + ("." if labels is None else f" belonging to {len(names or ())} classes."))
    if r.shuffle:
        paths, labels = shuffled(paths, r.seed), labels if labels is None else shuffled(labels, r.seed)
    return Files(paths, labels, names)


def _labels(r: Request, paths: list[str], numbers: list[int], folders: list[str]) -> tuple[list[Any] | None, list[str] | None]:
    if r.labels == "inferred":
        return numbers, folders
    if r.labels is None:
        return None, None
    if len(r.labels) != len(paths):
        raise ArgumentError(message(r.where, f"{len(paths)} labels, one for each file", len(r.labels), "Give them in the files' order."))
    return list(r.labels), [str(label) for label in sorted(set(r.labels))]


def _files_below(folder: str, follow_links: bool, formats: tuple[str, ...]) -> list[str]:
    found = []
    for root, _, names in sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0]):
        found += [os.path.relpath(os.path.join(root, name), folder) for name in sorted(names) if name.lower().endswith(formats)]
    return found


def split(files: Files, r: Request, subset: str | None) -> Files:
    """Return the files of a subset: the last ones validate."""
    if not r.validation_split:
        return files
    held_out = int(r.validation_split * len(files.paths))
    training = subset == "training"
    print_message(f"Using {len(files.paths) - held_out if training else held_out} files for {subset}.")

    def part(items: list[Any]) -> list[Any]:
        return items[: len(items) - held_out] if training else items[len(items) - held_out :]

    return Files(part(files.paths), None if files.labels is None else part(files.labels), files.class_names)


def _dataset(
    r: Request, files: Files, load: Callable[[str], Tensor], spec: TensorSpec, batch: Callable[..., Dataset], shuffle: bool, name: str
) -> Dataset:
    if not files.paths:
        got = f"none in {r.directory}; allowed formats: {', '.join(r.formats)}"
        raise ArgumentError(message(r.where, f"{name} {r.kind} files".strip(), got, "Check the directory and the split."))
    labels = None if files.labels is None else _encoded(files.labels, r.label_mode, len(files.class_names or ()))
    made = Dataset.from_tensor_slices(files.paths if labels is None else (files.paths, labels))
    if r.shuffle and shuffle:
        buffer = 1024 if r.batch_size is None else r.batch_size * 8
        made = made.shuffle(buffer, seed=r.seed, reshuffle_each_iteration=r.format == "tf")
    if labels is None:
        made = made.map(lambda path: load(path.item()), num_parallel_calls=AUTOTUNE)
        made._spec = spec
    else:
        made = made.map(lambda path, label: (load(path.item()), label), num_parallel_calls=AUTOTUNE)
        made._spec = (spec, TensorSpec(labels.shape[1:], labels.dtype))
    if r.batch_size is not None:
        made = batch(made, r.batch_size)
    made.class_names, made.file_paths = files.class_names, files.paths
    return made


def _encoded(labels: Sequence[Any], label_mode: str | None, classes: int) -> Tensor:
    """Return class numbers as int32 [n], as float32 [n, 1] or as one-hot rows."""
    numbers = tensor(list(labels), dtype="int32")
    if label_mode == "binary":
        return op("cast")(op("expand_dims")(numbers, -1), "float32")
    return op("one_hot")(numbers, classes) if label_mode == "categorical" else numbers
