"""The vocabulary: every public op, by subject. `tw.ops` has the names of `keras.ops`; the top level has the same objects."""

from . import activations, contraction, creation, elementwise, gathering, primitives, reduction, shaping, window
