"""Names: snake_case of class names and the counters that make default names unique. What has a name is defined elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from .engine import changed_state, state

_counts: dict[str, int] = {}


def to_snake_case(name: str) -> str:
    """Return a class name in snake_case, as Keras writes it: Conv2DTranspose gives conv2d_transpose.

    >>> to_snake_case("Conv2DTranspose"), to_snake_case("LSTM"), to_snake_case("PReLU")
    ('conv2d_transpose', 'lstm', 'p_re_lu')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def get_uid(prefix: str = "") -> int:
    """Return how often the prefix was asked for, this time included. Keras's get_uid."""
    _counts[prefix] = _counts.get(prefix, 0) + 1
    return _counts[prefix]


def auto_name(prefix: str) -> str:
    """Return the next free default name: dense, dense_1, dense_2, ..."""
    count = get_uid(to_snake_case(prefix)) - 1
    prefix = to_snake_case(prefix)
    return f"{prefix}_{count}" if count else prefix


def clear_session(free_memory: bool = True) -> None:
    """Start the counters of default names anew. Keras's clear_session; memory frees itself here."""
    _counts.clear()


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Put a name before the paths of the weights that are made in the block. Keras's name_scope."""
    path = state.get().path
    with changed_state(path=f"{path}/{name}" if path else name):
        yield
