"""Graphs as ONNX models, written without the onnx package: `write_onnx`. A file per subject has what each op becomes."""

from . import (
    control,
    elementwise,
    images,
    lists,
    loops,
    matrices,
    normalization,
    random,
    reduction,
    searching,
    shaping,
    slicing,
    sparse,
    spectral,
    windows,
)
from .writer import write_onnx

__all__ = ["write_onnx"]
