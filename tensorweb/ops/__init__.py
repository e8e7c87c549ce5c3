"""The vocabulary: every public op, by subject. `tw.ops` has the names of `keras.ops`; the top level has the same objects."""

from ..tensor import OPS
from . import (
    activations,
    contraction,
    convolution,
    creation,
    einsum,
    elementwise,
    frames,
    fused,
    gathering,
    linalg,
    linalg_gradients,
    patches,
    pooling,
    primitives,
    random,
    random_tfjs,
    reduction,
    shaping,
    signal,
    spatial,
    spectral,
    window,
    windows,
)

globals().update({name: entry.function for name, entry in OPS.items() if not entry.namespace})
