"""Keras's tree module: nested lists, tuples and dicts of anything, and their leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .autodiff import leaves, map_leaves
from .errors import ArgumentError, message

flatten = leaves


def is_nested(structure: Any) -> bool:
    """Tell a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


def map_structure(func: Callable[..., Any], *structures: Any) -> Any:
    """Return the nesting of the first structure with func(leaf of each structure)."""
    if len(structures) == 1:
        return map_leaves(func, structures[0])
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    columns: Iterator[tuple] = iter(list(zip(*(leaves(s) for s in structures))))
    return map_leaves(lambda _: func(*next(columns)), structures[0])


def assert_same_structure(a: Any, b: Any) -> None:
    """Raise ArgumentError unless two structures nest alike."""
    if map_leaves(lambda _: None, a) != map_leaves(lambda _: None, b):
        raise ArgumentError(
            message("tree", f"the nesting of {map_leaves(lambda _: '.', a)}", map_leaves(lambda _: ".", b), "Nest both alike.")
        )


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """Return the nesting of `structure` with these leaves in order."""
    values = list(flat_sequence)
    if len(values) != len(leaves(structure)):
        raise ArgumentError(message("pack_sequence_as", f"{len(leaves(structure))} leaves", len(values), "Pass one for each leaf."))
    remaining = iter(values)
    return map_leaves(lambda _: next(remaining), structure)


def flatten_with_path(structure: Any) -> list[tuple[tuple, Any]]:
    """Return (path of keys and indices, leaf) of each leaf, in order."""
    if isinstance(structure, dict):
        items = structure.items()
    elif isinstance(structure, (list, tuple)):
        items = enumerate(structure)  # type: ignore[assignment]
    else:
        return [((), structure)]
    return [((key, *path), leaf) for key, value in items for path, leaf in flatten_with_path(value)]


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with tuples in place of lists."""
    if isinstance(structure, dict):
        return {k: lists_to_tuples(v) for k, v in structure.items()}
    return tuple(lists_to_tuples(v) for v in structure) if isinstance(structure, (list, tuple)) else structure


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Return the structure with func's value in place of each part for which it is not None."""
    if top_down:
        found = func(structure)
        if found is not None:
            return found
    if isinstance(structure, dict):
        structure = {k: traverse(func, v, top_down) for k, v in structure.items()}
    elif isinstance(structure, (list, tuple)):
        structure = type(structure)(traverse(func, v, top_down) for v in structure)
    if not top_down:
        found = func(structure)
        return structure if found is None else found
    return structure
