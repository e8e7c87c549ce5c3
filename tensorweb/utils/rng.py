"""One seed for all generators of random numbers in a program."""

from __future__ import annotations

import random
import sys

from ..errors import ArgumentError, message
from ..ops.random import set_random_seed as set_our_seed


def set_random_seed(seed: int) -> None:
    """Seed Python's `random`, NumPy's (where it is imported) and `tw.random`. Keras's function; ArgumentError unless it is an int."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ArgumentError(message("set_random_seed", "an integer", f"{seed!r} of type {type(seed).__name__}", "Pass an int."))
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)  # raises for what is no 32-bit number, before anything is changed
    random.seed(seed)
    set_our_seed(seed)
