"""Keras's tree module: nested lists, tuples and dicts of anything, and their leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .autodiff import keys_in_order, leaves, map_leaves
from .errors import ArgumentError, message


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of nested lists, tuples and dicts, in order; those of a dict in the order of its sorted keys."""
    return leaves(structure)


def is_nested(structure: Any) -> bool:
    """Tell a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Return the nesting of the first structure with func(leaf of each structure); with `none_is_leaf=False` None stays None.

    Raises ArgumentError unless all structures nest alike.
    """
    if not callable(func):
        raise TypeError(message("map_structure", "a function", type(func).__name__, "Pass it first."))
    if not structures:
        raise ArgumentError(message("map_structure", "at least one structure", "none", "Pass one after the function."))
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    columns: Iterator[tuple] = iter(list(zip(*(leaves(s) for s in structures))))

    def mapped(_: Any) -> Any:
        found = next(columns)
        return None if not none_is_leaf and found[0] is None else func(*found)

    return map_leaves(mapped, structures[0])


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Return the nesting of `shallow_structure` with func(what each structure has at that place), however deep that nests."""
    if not structures:
        raise ArgumentError(message("map_structure_up_to", "at least one structure", "none", "Pass one after the function."))
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _assert_same_level(shallow_structure, other)
    found = {k: map_structure_up_to(shallow_structure[k], func, *(s[k] for s in structures)) for k in _keys(shallow_structure)}
    return _rebuilt(shallow_structure, found)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Return the nesting with func(shape) of each shape: a tuple or list of sizes, which may be None."""
    if isinstance(structure, (list, tuple)) and all(d is None or isinstance(d, int) for d in structure):
        return func(structure)
    if not is_nested(structure):
        raise ArgumentError(message("map_shape_structure", "nested shapes", repr(structure), "A shape is a tuple of sizes."))
    return _rebuilt(structure, {k: map_shape_structure(func, structure[k]) for k in _keys(structure)})


def _keys(structure: Any) -> list[Any]:
    return keys_in_order(structure) if isinstance(structure, dict) else list(range(len(structure)))


def _rebuilt(structure: Any, parts: dict[Any, Any]) -> Any:
    """Return a structure of the same type with these parts by key or index."""
    if isinstance(structure, dict):
        made = {k: parts[k] for k in structure}
        return made if type(structure) is dict else type(structure)(made)
    return type(structure)(*parts.values()) if hasattr(structure, "_fields") else type(structure)(parts.values())


def _assert_same_level(a: Any, b: Any) -> None:
    alike = type(a) is type(b) or (isinstance(a, dict) and isinstance(b, dict))
    if not alike or (is_nested(a) and (len(a) != len(b) or set(_keys(a)) != set(_keys(b)))):
        got = type(b).__name__ if not is_nested(b) else f"{map_leaves(lambda _: '.', b)}"
        raise ArgumentError(message("tree", f"the nesting of {map_leaves(lambda _: '.', a)}", got, "Nest both alike."))


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise ArgumentError unless two structures nest alike, with lists where lists are and tuples where tuples are.

    `check_types` has no meaning any more, as in Keras.
    """
    if is_nested(a) or is_nested(b):
        _assert_same_level(a, b)
        for k in _keys(a):
            assert_same_structure(a[k], b[k])


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ArgumentError unless the leaves of two structures have the same paths; lists and tuples count as alike."""
    paths = [{path for path, _ in flatten_with_path(s)} for s in (a, b)]
    if paths[0] != paths[1]:
        raise ArgumentError(message("tree", f"the paths {sorted(paths[0], key=str)}", sorted(paths[1], key=str), "Nest both alike."))


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """Return the nesting of `structure` with these leaves in order; for a structure that is a leaf, the one value."""
    if not hasattr(flat_sequence, "__iter__") or isinstance(flat_sequence, (str, bytes)):
        raise TypeError(message("pack_sequence_as", "a sequence of leaves", type(flat_sequence).__name__, "Pass a list."))
    values = list(flat_sequence)
    if len(values) != len(leaves(structure)):
        raise ArgumentError(message("pack_sequence_as", f"{len(leaves(structure))} leaves", len(values), "Pass one for each leaf."))
    remaining = iter(values)
    return map_leaves(lambda _: next(remaining), structure)


def flatten_with_path(structure: Any) -> list[tuple[tuple, Any]]:
    """Return (path of keys and indices, leaf) of each leaf, in order."""
    if not is_nested(structure):
        return [((), structure)]
    return [((key, *path), leaf) for key in _keys(structure) for path, leaf in flatten_with_path(structure[key])]


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with tuples in place of lists."""
    if isinstance(structure, dict):
        return {k: lists_to_tuples(v) for k, v in structure.items()}
    return tuple(lists_to_tuples(v) for v in structure) if isinstance(structure, (list, tuple)) else structure


class MAP_TO_NONE:
    """What a function for `traverse` returns to put None in a place; None itself means that nothing is replaced."""


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Return the structure with func's value in place of each part for which it is not None."""

    def replaced(part: Any, otherwise: Callable[[], Any]) -> Any:
        found = func(part)
        if found is MAP_TO_NONE or isinstance(found, MAP_TO_NONE):
            return None
        return otherwise() if found is None else found

    def parts() -> Any:
        if not is_nested(structure):
            return structure
        return _rebuilt(structure, {k: traverse(func, structure[k], top_down) for k in _keys(structure)})

    if top_down:
        return replaced(structure, parts)
    whole = parts()
    return replaced(whole, lambda: whole)
