"""The vocabulary: every public op, by subject. `tw.ops` has the names of `keras.ops`; the top level has the same objects."""

from ..tensor import OPS
from . import (
    activations,
    contraction,
    creation,
    elementwise,
    gathering,
    primitives,
    reduction,
    shaping,
    window,
)

globals().update({name: entry.function for name, entry in OPS.items() if not entry.namespace})
