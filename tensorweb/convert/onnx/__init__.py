"""ONNX models as graphs, read without the onnx package: `read_onnx`. A file per subject has the translations of ops."""

from . import (
    control,
    convolution,
    elementwise,
    fused,
    indexing,
    learned,
    matrices,
    normalization,
    quantization,
    random,
    recurrent,
    reduction,
    resizing,
    sequences,
    shaping,
    signals,
)
from .reader import read_onnx

__all__ = ["read_onnx"]
