"""Arguments that layers over images and sequences share: sizes for each axis, paddings, activations to fuse. No layer lives here."""

from __future__ import annotations

from typing import Any

from .. import activations
from ..errors import ArgumentError, message
from ..tensor import OPS

PADDINGS = ("valid", "same")


def window(value: Any, rank: int, name: str, least: int = 1) -> tuple[int, ...]:
    """Return an int, or a sequence of `rank` ints, as a tuple of `rank`; raise ArgumentError if any is below `least`."""
    advice = "One integer holds for all axes."
    wanted = f"`{name}` of {rank} integers, each at least {least}"
    if isinstance(value, int):
        found: tuple[Any, ...] = (value,) * rank
    elif isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        found = tuple(value)
    else:
        raise ArgumentError(message(name, wanted, repr(value), advice))
    if len(found) != rank or not all(hasattr(v, "__index__") or (isinstance(v, float) and v.is_integer()) for v in found):
        raise ArgumentError(message(name, wanted, repr(value), advice))
    found = tuple(int(v) for v in found)
    if min(found) < least:
        raise ArgumentError(message(name, wanted, repr(value), advice))
    return found


def padding_name(value: Any, causal: bool = False) -> Any:
    """Return a padding's name in lower case, or the pairs it was given as; raise ArgumentError for an unknown name."""
    if isinstance(value, (list, tuple)):
        return value
    allowed = (*PADDINGS, "causal") if causal else PADDINGS
    found = value.lower() if isinstance(value, str) else value
    if found not in allowed:
        raise ArgumentError(message("padding", f"the `padding` {' or '.join(allowed)}, or pairs", repr(value), "Choose one of them."))
    return found


def at_least_one(value: Any, name: str, where: str) -> Any:
    """Return a count as it is, or None; raise ArgumentError if it is below 1."""
    if value is not None and value <= 0:
        raise ArgumentError(message(where, f"a strictly positive value for `{name}`", repr(value), "Count at least one."))
    return value


def fusible(activation: Any) -> str | None:
    """Return the name under which the fused ops know an activation function; None if it is to be applied after them."""
    if activation is activations.linear:
        return "linear"
    name = getattr(activation, "__name__", "")
    # An op of the same name may have other defaults (gelu): only the functions that call the op as it is are that op.
    same = activation is activations.relu or hasattr(activation, "__signature__")
    known = same and getattr(activations, name, None) is activation and name in OPS and OPS[name].pattern == "map"
    return name if known else None
