"""`read_tflite`: a TFLite file as a graph. What its bytes mean stands beside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, FormatError, message
from ...graph.definition import Graph
from ...io.buffers import as_bytes
from ..protobuf import map_file
from . import ops
from .flatbuffers import File, Table
from .schema import SCHEMA
from .subgraphs import Model

__all__ = ["ops", "read_tflite", "tflite_model"]


def read_tflite(source: Any, signature: str | None = None) -> Graph:
    """Return the graph of a TFLite file: a path, or its bytes.

    `signature` names one of the file's signatures, whose names its inputs and outputs then have; without, it is the first one that belongs
    to the main subgraph, if there is one. Inputs and outputs of quantised models are the stored integers, as in LiteRT; nodes carry their
    scale and zero point as the hints `_scale` and `_zero_point`. Raises FormatError for a damaged file and for ops that are not supported,
    all of them at once, and ArgumentError for a signature that is not there.
    """
    model = tflite_model(source)
    found = _signature(model.root, signature)
    return model.translate(found.subgraph_index if found else 0, found)


def tflite_model(source: Any) -> Model:
    """Return the model of a file before it is translated."""
    data = as_bytes(map_file(Path(source)) if isinstance(source, (str, os.PathLike)) else source, "tflite")
    if len(data) < 8 or bytes(data[4:8]) != b"TFL3":
        raise FormatError(message("tflite", "a file with the mark TFL3", repr(bytes(data[4:8])), "This is no TFLite model."))
    return Model(File(data, SCHEMA, "tflite"))


def _signature(root: Table, wanted: str | None) -> Table | None:
    signatures = {each.signature_key: each for each in root.signature_defs}
    if wanted is None:
        return next((each for each in signatures.values() if each.subgraph_index == 0), None)
    if wanted not in signatures:
        there = ", ".join(signatures) or "(none)"
        raise ArgumentError(message("read_tflite", f"one of the signatures {there}", repr(wanted), "Name one of them."))
    return signatures[wanted]
