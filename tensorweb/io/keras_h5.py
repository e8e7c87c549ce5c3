"""Keras 2's layout of HDF5 files: configs as attributes, weights by layer. Datasets stay unread; building models is not done here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import FormatError, message
from . import jsons
from .hdf5 import Dataset, Group

Weights = list[tuple[str, Any]]
TOP_LEVEL = "top_level_model_weights"


@dataclass
class KerasH5:
    """What such a file holds. `layers`: (layer name, its (weight name, Dataset) pairs), in order; None: no such part."""

    model_config: dict[str, Any] | None = None
    training_config: dict[str, Any] | None = None
    keras_version: str | None = None
    backend: str | None = None
    layers: list[tuple[str, Weights]] = field(default_factory=list)
    top_level_weights: Weights = field(default_factory=list)
    optimizer_weights: Weights | None = None


def read_keras_h5(root: Group) -> KerasH5:
    """Return the parts of a file of a whole model or of weights alone; raise FormatError where it has another layout."""
    weights = root["model_weights"] if "layer_names" not in root.attrs and "model_weights" in root else root
    if not isinstance(weights, Group):
        raise FormatError(message("Keras HDF5", "a group model_weights", "a dataset", "The file is of another layout."))
    names = weights.attrs.texts("layer_names")
    if not names and "layer_names" not in weights.attrs:
        raise FormatError(message("Keras HDF5", "the attribute layer_names", "none", "The file is of another layout."))
    optimizer = _subgroup(root, "optimizer_weights") if "optimizer_weights" in root else None
    return KerasH5(
        _config(root, "model_config"),
        _config(root, "training_config"),
        _text(root, "keras_version") or _text(weights, "keras_version"),
        _text(root, "backend") or _text(weights, "backend"),
        [(name, _named_weights(_subgroup(weights, name))) for name in names],
        _named_weights(_subgroup(weights, TOP_LEVEL)) if TOP_LEVEL in weights else [],
        None if optimizer is None else _named_weights(optimizer),
    )


def _subgroup(group: Group, name: str) -> Group:
    found = group.get(name)
    if not isinstance(found, Group):
        raise FormatError(message("Keras HDF5", f"a group {name!r} in {group.name!r}", "none", "The file is damaged."))
    return found


def _text(group: Group, name: str) -> str | None:
    value = group.attrs.get(name)
    return value if isinstance(value, str) else None


def _config(group: Group, name: str) -> dict[str, Any] | None:
    value = group.attrs.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise FormatError(message("Keras HDF5", f"{name} as JSON text", type(value).__name__, "The file is damaged."))
    return jsons.parse_object(value, f"Keras HDF5, {name}")


def _named_weights(group: Group) -> Weights:
    """Return the (name, Dataset) pairs that a group lists."""
    pairs: Weights = []
    for name in group.attrs.texts("weight_names"):
        found = group.get(name)
        if not isinstance(found, Dataset):
            raise FormatError(message("Keras HDF5", f"a dataset {name!r} in {group.name!r}", "none", "The file is damaged."))
        pairs.append((name, found))
    return pairs


def write_keras_h5(root: Group, content: KerasH5, weights_only: bool = False) -> None:
    """Write a file of Keras 2's layout; the values in `content` are tensors. `weights_only`: as save_weights, no configs."""
    if not weights_only:
        for name in ("model_config", "training_config"):
            value = getattr(content, name)
            if value is not None:
                root.set_attr(name, jsons.dumps(value, name, allow_nan=True).encode())
    weights = root if weights_only else root.create_group("model_weights")
    for group in {id(g): g for g in (root, weights)}.values():
        for name in ("keras_version", "backend"):
            if getattr(content, name) is not None:
                group.set_attr(name, getattr(content, name).encode() if group is weights else getattr(content, name))
    weights.set_attr("layer_names", [name for name, _ in content.layers])
    for name, pairs in content.layers:
        _write_weights(weights.create_group(name), pairs)
    _write_weights(weights.create_group(TOP_LEVEL), content.top_level_weights)
    if content.optimizer_weights and not weights_only:
        _write_weights(root.create_group("optimizer_weights"), content.optimizer_weights)


def _write_weights(group: Group, pairs: Sequence[tuple[str, Any]]) -> None:
    group.set_attr("weight_names", [name for name, _ in pairs])
    for name, value in pairs:
        group.write(name, value)
