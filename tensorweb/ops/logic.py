"""Logic on truth values and on bits, element by element. Any number that is not 0 counts as true."""

from __future__ import annotations

from typing import Any

from ..kernels import expression as e
from .define import also, elementwise, named


@elementwise
def logical_and(x1: Any, x2: Any) -> Any:
    """Return whether both x1 and x2 are true, element by element.

    >>> import tensorweb as tw
    >>> tw.logical_and(tw.tensor([True, True]), tw.tensor([True, False])).tolist()
    [True, False]
    """
    return e.logical_and(x1, x2)


logical_or = named("logical_or", lambda x1, x2: e.logical_or(x1, x2), "Return whether x1 or x2 is true, element by element.")
logical_xor = named("logical_xor", lambda x1, x2: e.logical_xor(x1, x2), "Return whether one of x1 and x2 is true, but not both.")
logical_not = named("logical_not", lambda x: e.logical_not(x), "Return whether x is false, element by element.")


@elementwise
def bitwise_and(x: Any, y: Any) -> Any:
    """Return the bits that integers (or booleans) x and y share. Raises DTypeError for floats, as do all bitwise ops.

    >>> import tensorweb as tw
    >>> tw.bitwise_and(tw.tensor([12, 10]), 6).tolist()
    [4, 2]
    """
    return x & y


bitwise_or = named("bitwise_or", lambda x, y: x | y, "Return the bits that integers (or booleans) x or y have.")
bitwise_xor = named("bitwise_xor", lambda x, y: x ^ y, "Return the bits that just one of the integers (or booleans) x and y has.")
bitwise_not = named("bitwise_not", lambda x: e.bitwise_not(x), "Return integers with all bits flipped, booleans negated.")
bitwise_left_shift = named("bitwise_left_shift", lambda x, y: x << y, "Return integers x with their bits moved up by y places.")
bitwise_right_shift = named("bitwise_right_shift", lambda x, y: x >> y, "Return integers x moved down by y places; the sign stays.")
also("bitwise_invert", bitwise_not)
also("left_shift", bitwise_left_shift)
also("right_shift", bitwise_right_shift)
