"""Keras 3's files: `.keras` (config, weights, assets) and `.weights.h5` (weights)."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import FormatError, message
from ..io.hdf5 import Dataset, Group, create_hdf5, open_hdf5
from ..io.keras_archive import WEIGHTS, open_archive, write_archive
from ..models import Model
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..waiting import Call, Read, Waits
from .assets import collect_assets, restore_assets
from .state import State, collect, restore

# The version whose form the files have.
KERAS_VERSION = "3.15.1"


class _Store(Mapping[str, Any]):
    """The variables of a group, read when they are asked for."""

    def __init__(self, group: Group):
        self._names = {name: found for name, found in group.items() if isinstance(found, Dataset)}

    def __getitem__(self, name: str) -> Any:
        return self._names[name].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def reading_values(state: State) -> Waits[None]:
    """Wait until the host has the values of all tensors."""
    for store in state.values():
        for name, value in store.items():
            if name and hasattr(value, "data_sync"):
                yield Read(value)


def write_state(target: Any, state: State) -> None:
    """Write groups of variables to an HDF5 file."""
    with create_hdf5(target) as root:
        for path, store in state.items():
            group = root.create_group(path)
            group.set_attr("name", store[""])
            for name, value in store.items():
                if name:
                    group.write(name, value)


def read_state(root: Group, model: Any, skip_mismatch: bool = False, optimizer: bool = True) -> None:
    """Give a model the variables of an open HDF5 file of this layout."""

    def find(path: str) -> Mapping[str, Any] | None:
        found = root.get(path)
        if isinstance(found, Dataset):
            raise FormatError(message("weights", f"a group {path!r}", "a dataset", "The file is damaged."))
        return None if found is None else _Store(found)

    restore(model, find, skip_mismatch, optimizer)


# --- .weights.h5 --------------------------------------------------------------------------------------------------------------


def saving_weights(model: Any, target: Any) -> Waits[None]:
    """Save the weights, and as Keras the optimizer's state, to a .weights.h5 file."""
    state = collect(model)
    yield from reading_values(state)
    yield Call(write_state, target, state)


def is_state(root: Group) -> bool:
    """Tell Keras 3's layout of weights from Keras 2's."""
    return "layer_names" not in root.attrs and "model_weights" not in root and "layer_names0" not in root.attrs


# --- .keras -------------------------------------------------------------------------------------------------------------------


def saving_archive(model: Any, target: Any, include_optimizer: bool = True) -> Waits[None]:
    """Save a whole model to a .keras file."""
    config = serialize_keras_object(model)
    if not include_optimizer:
        config.pop("compile_config", None)
    state = collect(model, include_optimizer)
    assets = collect_assets(model)
    yield from reading_values(state)
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": KERAS_VERSION, "date_saved": now}
    yield Call(write_archive, target, config, metadata, lambda file: write_state(file, state), assets)


def load_archive(source: Any, custom_objects: dict[str, Any] | None, compile: bool, safe_mode: bool) -> Any:
    """Return the model of a .keras file: a path or a binary file."""
    with open_archive(source) as archive:
        config = archive.config
        if not compile:
            config.pop("compile_config", None)
        model = deserialize_keras_object(config, custom_objects=custom_objects, safe_mode=safe_mode)
        if not isinstance(model, Model) and not getattr(type(model), "saved_as_model", False):
            raise FormatError(message(str(source)[:200], "the config of a model", type(model).__name__, "This is no saved model."))
        if WEIGHTS in archive.names:
            with archive.weights() as file, open_hdf5(file) as root:
                read_state(root, model, optimizer=compile)
        if archive.assets:
            with tempfile.TemporaryDirectory() as folder:
                archive.extract_assets(folder)
                restore_assets(model, folder, archive.assets)
    return model


def load_archive_weights(source: Any, model: Any, skip_mismatch: bool) -> None:
    """Give a model the weights of a .keras file."""
    with open_archive(source) as archive, archive.weights() as file, open_hdf5(file) as root:
        read_state(root, model, skip_mismatch)
