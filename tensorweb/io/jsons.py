"""JSON from strangers: parsed with limits on size and depth, and typed look-ups that fail with a FormatError. Writing, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FormatError, message

MAX_BYTES = 512 * 1024 * 1024
MAX_DEPTH = 200

_MISSING: Any = object()


def parse(data: Any, where: str, unique: bool = False) -> Any:
    """Return the value of JSON text (str, or bytes in UTF-8); raise FormatError if it is none, too large or nested too deeply.

    `unique`: also where an object names a key twice.
    """
    if len(data) > MAX_BYTES:
        raise FormatError(message(where, f"JSON of at most {MAX_BYTES} bytes", len(data), "This is no model description."))
    try:
        text = data if isinstance(data, str) else str(data, "utf-8-sig")
        value = json.loads(text, object_pairs_hook=_unique_pairs if unique else None)
    except RecursionError:
        raise FormatError(message(where, f"JSON of at most {MAX_DEPTH} levels", "more", "This is no model description.")) from None
    except ValueError as error:
        raise FormatError(message(where, "JSON", str(error)[:200], "Check that the file is complete and of this format.")) from None
    _check_depth(value, where)
    return value


def _check_depth(value: Any, where: str) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise FormatError(message(where, f"JSON of at most {MAX_DEPTH} levels", "more", "This is no model description."))
        containers = [v for v in level if isinstance(v, (dict, list))]
        level = [item for v in containers for item in (v.values() if isinstance(v, dict) else v)]


def _unique_pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    pairs = dict(items)
    if len(pairs) < len(items):
        raise ValueError("a name that stands twice")
    return pairs


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object that a file holds; FormatError if it holds none, or is too large to be read."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FormatError(message(str(path), f"JSON of at most {MAX_BYTES} bytes", size, "This is no model description."))
    return parse_object(path.read_bytes(), str(path))


def parse_object(data: Any, where: str, unique: bool = False) -> dict[str, Any]:
    """Return the dict of a JSON object; raise FormatError for any other JSON."""
    value = parse(data, where, unique)
    if not isinstance(value, dict):
        raise FormatError(message(where, "a JSON object", type(value).__name__, "Check that this is the right file."))
    return value


def field(owner: Any, key: str, kind: type, where: str, default: Any = _MISSING) -> Any:
    """Return owner[key], checked to be of `kind`; null and absence give `default`, or FormatError where there is none."""
    value = owner.get(key) if isinstance(owner, dict) else None
    if value is None and default is not _MISSING:
        return default
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        got = "nothing" if value is None else f"{type(value).__name__} {str(value)[:60]!r}"
        raise FormatError(message(where, f"{key!r}, a {kind.__name__}", got, "The description is damaged or of another format."))
    return value


def dumps(value: Any, where: str, **options: Any) -> str:
    """Return JSON text that JavaScript reads too; raise ArgumentError for what JSON cannot say (objects; NaN unless `allow_nan`)."""
    try:
        return json.dumps(value, **{"allow_nan": False, **options})
    except (TypeError, ValueError, RecursionError) as error:
        advice = "Use None, strings, finite numbers, lists and dicts."
        raise ArgumentError(message(where, "what JSON can hold", str(error), advice)) from None
