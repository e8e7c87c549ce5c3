"""Layers models of a config and safetensors: config.json as Keras writes a model's, beside it the weights. The format itself: `tw.io`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .. import ops
from ..errors import FormatError, message
from ..io import jsons, load_safetensors
from ..io.manifest import check_path
from ..models.cloning import model_from_json
from ..tensor import Tensor

CONFIG, INDEX = "config.json", "model.safetensors.index.json"
_ADVICE = "Tensors are named by the weights' paths, as {w.path: w for w in model.weights}."


def config_of(path: Path) -> Path | None:
    """Return the config that belongs to a folder or a .safetensors file; None if there is none."""
    folder = path if path.is_dir() else path.parent
    fits = any(folder.glob("*.safetensors")) if path.is_dir() else path.suffix.lower() == ".safetensors"
    return folder / CONFIG if fits and (folder / CONFIG).is_file() else None


def read_safetensors_model(path: Path, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the model of a folder with config.json and .safetensors, or of one such file and the config beside it.

    Names of tensors are the weights' paths, "dense/kernel", also with points in place of slashes. Raises FormatError where config and
    tensors do not fit, all of which it names.
    """
    config = config_of(path)
    assert config is not None
    model = model_from_json(_config_text(config), custom_objects)
    if not model.built:
        advice = "Write the config of a built model."
        raise FormatError(message(str(config), "a model with known input shapes", type(model).__name__, advice))
    _assign(model, _tensors(path), str(path))
    return model


def _config_text(config: Path) -> str:
    found = jsons.read_object(config)
    if "class_name" not in found:
        kind = found.get("architectures") or found.get("model_type") or ", ".join(found)
        advice = "Other libraries' configs do not tell their layers: build the model, and load the tensors by tw.io.load_safetensors."
        raise FormatError(message(str(config), "the config of a Keras model", str(kind)[:80], advice))
    return json.dumps(found)


def _tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, or of all files that a folder's index names."""
    files = [path]
    if path.is_dir():
        index = path / INDEX
        files = sorted(path.glob("*.safetensors"))
        if index.is_file():
            names = jsons.field(jsons.read_object(index), "weight_map", dict, str(index)).values()
            files = [path / name for name in sorted({check_path(name, str(index)) for name in names})]
    found: dict[str, Tensor] = {}
    for file in files:
        if not file.is_file():
            raise FormatError(message(str(path), f"the file {file.name!r}", "none", "Copy the whole folder."))
        for name, value in load_safetensors(file).items():
            key = name.removesuffix(":0").replace(".", "/")
            if key in found:
                raise FormatError(message(str(file), "each tensor once", repr(name[:80]), "Leave one of them out."))
            found[key] = value
    return found


def _fitting(tensors: dict[str, Tensor], names: set[str]) -> dict[str, Tensor]:
    """Return the tensors without the model's own name before theirs, which Keras has in some models, if only then they fit."""
    roots = {name.partition("/")[0] for name in tensors}
    shorter = {name.partition("/")[2]: value for name, value in tensors.items()}
    return shorter if set(tensors) != names and len(roots) == 1 and set(shorter) & names else tensors


def _assign(model: Any, tensors: dict[str, Tensor], where: str) -> None:
    weights = {w.path.replace(".", "/"): w for w in model.weights}
    tensors = _fitting(tensors, set(weights))
    missing, unknown = sorted(set(weights) - set(tensors)), sorted(set(tensors) - set(weights))
    if missing or unknown:
        got = f"none for {', '.join(missing) or 'nothing'}; beyond these {', '.join(unknown) or 'none'}"
        raise FormatError(message(where, f"tensors for {len(weights)} weights", got[:400], _ADVICE))
    for name, weight in weights.items():
        if tensors[name].shape != weight.shape:
            raise FormatError(message(f"{where}, {name}", f"shape {weight.shape}", tensors[name].shape, "The config is another model's."))
    for name, weight in weights.items():
        weight.assign(ops.cast(tensors[name], weight.dtype))
