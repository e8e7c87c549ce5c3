"""What a model file is, told by its content, and the readers. What is done with the model stands in `converting.py`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FormatError, message
from ..graph.definition import Graph
from ..graph.loading import load_graph_model
from ..io import jsons
from ..saving import load_model
from .safetensors_model import config_of, read_safetensors_model

SAVED_MODEL, FROZEN_GRAPH, ONNX, TFLITE = "SavedModel", "frozen GraphDef", "ONNX", "TFLite"
GRAPH_MODEL, LAYERS_MODEL = "TensorFlow.js graph model", "TensorFlow.js layers model"
KERAS, H5, SAFETENSORS, SAFETENSORS_MODEL = "Keras", "HDF5", "safetensors", "safetensors with a config"
GRAPHS = (SAVED_MODEL, FROZEN_GRAPH, ONNX, TFLITE, GRAPH_MODEL)
LAYERS = (LAYERS_MODEL, KERAS, H5, SAFETENSORS_MODEL)
_SUFFIXES = {".onnx": ONNX, ".tflite": TFLITE, ".lite": TFLITE, ".pb": FROZEN_GRAPH, ".safetensors": SAFETENSORS}


def kind_of(source: Any) -> str:
    """Return what a path is, one of the names above; ArgumentError if there is nothing, FormatError if it is none of them."""
    path = Path(os.path.expanduser(os.fspath(source)))
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return SAVED_MODEL
        if config_of(path) is not None:
            return SAFETENSORS_MODEL
        if not (path / "model.json").is_file():
            advice = "A folder must hold saved_model.pb, model.json, or config.json with .safetensors."
            raise FormatError(message("convert", "a model's folder", str(path), advice))
        path = path / "model.json"
    if not path.is_file():
        raise ArgumentError(message("convert", "a file or folder", f"none at {str(path)!r}", "Check the path."))
    with path.open("rb") as file:
        head = file.read(8)
    if head[4:8] == b"TFL3":
        return TFLITE
    if head.startswith(b"PK\x03\x04"):
        return KERAS
    if head == b"\x89HDF\r\n\x1a\n":
        return H5
    if path.suffix.lower() == ".json":
        return _json_kind(path)
    if path.name == "saved_model.pb":
        return SAVED_MODEL
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        advice = f"Known are {', '.join((*GRAPHS, *LAYERS, SAFETENSORS))}."
        raise FormatError(message("convert", "a model that is known", str(path), advice))
    return SAFETENSORS_MODEL if found == SAFETENSORS and config_of(path) is not None else found


def _json_kind(path: Path) -> str:
    topology = jsons.read_object(path).get("modelTopology")
    return GRAPH_MODEL if isinstance(topology, dict) and "node" in topology else LAYERS_MODEL


def read_graph(source: Any, kind: str, signature: str | None = None, inputs: Any = None, outputs: Any = None) -> Graph:
    """Return the graph of a file of one of the GRAPHS; FormatError where it is damaged or has what is not supported, all of it named."""
    path = Path(os.path.expanduser(os.fspath(source)))
    if kind == SAVED_MODEL:
        from .tensorflow import read_saved_model

        return read_saved_model(path if path.is_dir() else path.parent, signature)
    if kind == FROZEN_GRAPH:
        from .tensorflow import read_frozen_graph

        return read_frozen_graph(path, inputs, outputs)
    if kind == ONNX:
        from .onnx import read_onnx

        return read_onnx(path)
    if kind == TFLITE:
        from .tflite import read_tflite

        return read_tflite(path, signature)
    return load_graph_model(path).graph


def read_layers(source: Any, kind: str) -> Any:
    """Return the model of a file of one of LAYERS, not compiled; FormatError where it is damaged."""
    if kind == SAFETENSORS_MODEL:
        return read_safetensors_model(Path(os.path.expanduser(os.fspath(source))))
    return load_model(source, compile=False)
