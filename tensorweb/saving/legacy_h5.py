"""Whole models in HDF5, as Keras 2 and Keras's `save("x.h5")` write them: from and to models. The file's layout is in io/keras_h5.py."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ..errors import FormatError, message
from ..io.hdf5 import create_hdf5, open_hdf5
from ..io.keras_h5 import KerasH5, read_keras_h5, write_keras_h5
from ..tensor import Variable
from ..waiting import Call, Read, Waits
from .dialects import model_of, to_legacy_keras3
from .keras_files import KERAS_VERSION, is_state, read_state
from .matching import assign_all, legacy_order, paired
from .optimizer_state import load_slots
from .training import compile_by, to_training_config

# --- writing ------------------------------------------------------------------------------------------------------------------


def content_of(model: Any, include_optimizer: bool) -> KerasH5:
    """Return the parts of a file for a model; the values are tensors."""
    layers = [(layer.name, _named(legacy_order(layer))) for layer in model.layers]
    own = {id(v) for layer in model.layers for v in layer.weights}
    top = _named([v for v in model.weights if id(v) not in own])
    content = KerasH5(to_legacy_keras3(model), None, KERAS_VERSION, "tensorflow", layers, top)
    if include_optimizer and (training := to_training_config(model)) is not None:
        content.training_config = training
        content.optimizer_weights = _named(model.optimizer.variables) if model.optimizer.variables else None
    return content


def _named(variables: Sequence[Variable]) -> list[tuple[str, Any]]:
    """Return (path, value) of variables; a path that repeats gets a number."""
    used: dict[str, int] = {}
    pairs = []
    for v in variables:
        used[v.path] = used.get(v.path, -1) + 1
        pairs.append((f"{v.path}_{used[v.path]}" if used[v.path] else v.path, v.value))
    return pairs


def saving_h5(model: Any, target: Any, include_optimizer: bool = True) -> Waits[None]:
    """Save a whole model to an HDF5 file."""
    content = content_of(model, include_optimizer)
    groups = [pairs for _, pairs in content.layers] + [content.top_level_weights, content.optimizer_weights or []]
    for _, value in (pair for pairs in groups for pair in pairs):
        yield Read(value)

    def write() -> None:
        with create_hdf5(target) as root:
            write_keras_h5(root, content)

    yield Call(write)


# --- reading ------------------------------------------------------------------------------------------------------------------


def load_h5(source: Any, custom_objects: dict[str, Any] | None, compile: bool, safe_mode: bool) -> Any:
    """Return the model of an HDF5 file: a path or a binary file."""
    with open_hdf5(source) as root:
        if is_state(root):
            raise FormatError(message(str(source)[:200], "a whole model", "weights only", "Make the model, then model.load_weights(...)."))
        content = read_keras_h5(root)
        if content.model_config is None:
            raise FormatError(message(str(source)[:200], "the attribute model_config", "none", "It holds weights only: load_weights."))
        model = model_of(content.model_config, custom_objects, safe_mode, content.keras_version)
        if not model.built and content.layers:
            warnings.warn(f"{model.name} is not built, so its weights are not loaded: build it, then load_weights", stacklevel=4)
            return model
        load_layers(model, content)
        if compile and content.training_config is not None:
            compile_by(model, content.training_config)
            if content.optimizer_weights and model.compiled and model.optimizer is not None:
                _load_optimizer(model.optimizer, content)
    return model


def _load_optimizer(optimizer: Any, content: KerasH5) -> None:
    entries = content.optimizer_weights or []
    if (content.keras_version or "").startswith("3"):
        own = optimizer.variables
        if len(own) == len(entries) and all(tuple(v.shape) == tuple(d.shape or ()) for v, (_, d) in zip(own, entries)):
            assign_all([(v, *entry) for v, entry in zip(own, entries)], lambda d: d.read(), "optimizer_weights")
            return
    if len(entries) <= 2 < len(optimizer.variables):
        return  # saved before the first step: there is no state
    load_slots(optimizer, entries, lambda d: d.read(), tfjs=False)


def load_layers(model: Any, content: KerasH5, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Give a model the weights of a file: layer by layer in order, or by their names; nothing changes if they do not fit."""
    layers = model.layers
    own = {id(v) for layer in layers for v in layer.weights}
    top = [v for v in model.weights if id(v) not in own]
    if by_name:
        groups = [(layer, dict(content.layers)[layer.name]) for layer in layers if layer.name in dict(content.layers)]
    else:
        groups = _by_order(layers, content)
    pairs: list[tuple[Any, str, Any]] = []
    for layer, entries in groups:
        pairs += _layer_pairs(layer.name, legacy_order(layer), entries, skip_mismatch)
    if not by_name or content.top_level_weights:
        pairs += _layer_pairs(model.name, top, content.top_level_weights, skip_mismatch)
    assign_all(pairs, lambda d: d.read(), "load_weights")


def _by_order(layers: Sequence[Any], content: KerasH5) -> list[tuple[Any, Any]]:
    mine = [layer for layer in layers if legacy_order(layer)]
    theirs = [(name, entries) for name, entries in content.layers if entries]
    if len(mine) != len(theirs):
        raise FormatError(message("load_weights", f"{len(mine)} layers with weights", len(theirs), "Is it the same model?"))
    names = {name for name, _ in theirs}
    if len(names) == len(theirs) and names == {layer.name for layer in mine}:
        entries_of = dict(theirs)
        return [(layer, entries_of[layer.name]) for layer in mine]
    return [(layer, entries) for layer, (_, entries) in zip(mine, theirs)]


def _layer_pairs(name: str, variables: Sequence[Any], entries: Sequence[Any], skip: bool) -> list[tuple[Any, str, Any]]:
    found = paired(variables, entries) if len(variables) == len(entries) else None
    if found is not None and (not skip or all(tuple(d.shape or ()) == tuple(v.shape) for v, _, d in found)):
        return found
    if skip:
        warnings.warn(f"the weights of {name} do not fit and are left out", stacklevel=5)
        return []
    raise FormatError(message("load_weights", f"{len(variables)} weights for {name!r}", len(entries), "Is it the same model?"))


def load_h5_weights(source: Any, model: Any, skip_mismatch: bool, by_name: bool) -> None:
    """Give a model the weights of an HDF5 file of either layout."""
    with open_hdf5(source) as root:
        if is_state(root):
            if by_name:
                raise FormatError(message("load_weights", "Keras 2's layout for by_name=True", "Keras 3's", "Leave out by_name."))
            read_state(root, model, skip_mismatch)
        else:
            load_layers(model, read_keras_h5(root), by_name, skip_mismatch)
