"""Which weight of a file belongs to which variable: by the ends of their names where those tell, else by order. Shapes decide nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import FormatError, message
from ..tensor import op


def legacy_order(layer: Any) -> list[Any]:
    """Return a layer's weights as Keras 2 lists them: those that train first."""
    return list(layer.trainable_weights) + list(layer.non_trainable_weights)


def _tail(name: str, count: int) -> str:
    parts = [p for p in re.sub(r":\d+$", "", name).split("/") if p]
    return "/".join(parts[-count:])


def paired(variables: Sequence[Any], entries: Sequence[tuple[str, Any]]) -> list[tuple[Any, str, Any]]:
    """Return (variable, name in the file, value) for as many of both."""
    for count in (2, 1):
        ours, theirs = [_tail(v.path, count) for v in variables], [_tail(name, count) for name, _ in entries]
        if len(set(ours)) == len(ours) and set(ours) == set(theirs) and len(theirs) == len(ours):
            by_name = dict(zip(theirs, entries))
            return [(v, *by_name[tail]) for v, tail in zip(variables, ours)]
    return [(v, *entry) for v, entry in zip(variables, entries)]


def check_shape(variable: Any, name: str, shape: Sequence[int]) -> str | None:
    """Return what is wrong if a value of a shape is not for the variable."""
    return None if tuple(shape) == tuple(variable.shape) else f"{name}: shape {tuple(shape)}, the variable {variable.path} {variable.shape}"


def assign_all(pairs: Sequence[tuple[Any, str, Any]], read: Callable[[Any], Any], where: str) -> None:
    """Assign values to variables after all are read and checked; raise FormatError before anything changed."""
    wrong = [w for v, name, value in pairs if (w := check_shape(v, name, value.shape or ()))]
    if wrong:
        raise FormatError(message(where, "the shapes of the model's weights", f"{'; '.join(wrong[:3])}", "Is it the same model?"))
    values = [(v, read(value)) for v, _, value in pairs]
    strings = [v.path for v, x in values if (x.dtype == "string") != (v.dtype == "string")]
    if strings:
        raise FormatError(message(where, "numbers for numbers and text for text", ", ".join(strings[:3]), "The file is damaged."))
    with restoring(v for v, _ in values):
        for v, x in values:
            v.assign(x if x.dtype == v.dtype else op("cast")(x, v.dtype))


@contextmanager
def restoring(variables: Any) -> Iterator[None]:
    """Give the variables their old values back if the block raises."""
    kept = [(v, v.value) for v in variables]
    try:
        yield
    except BaseException:
        for v, value in kept:
            v.assign(value)
        raise
