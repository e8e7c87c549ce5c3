"""What a layer owns: its variables, layers, metrics and seed generators are what its attributes hold, in the order they were set.

Nothing is registered when an attribute is set; the attributes are walked when somebody asks. So lists may grow and attributes change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..ops.random import SeedGenerator
from ..tensor import Variable

# Attributes that refer to something without owning it, or hold what is counted elsewhere.
UNTRACKED = frozenset(
    (
        "_inbound_nodes",
        "_losses",
        "_lossy",
        "_init_args",
        "_init_kwargs",
        "_nodes",
        "optimizer",
        "_own_variables",
        "_compile_loss",
        "_compile_config",
        "_compile_metrics",
        "_flat",
        "history",
        "_rnn_states",
        "_dtype_policy",
    )
)
_PLAIN = frozenset((str, int, float, bool, type(None), bytes, type(lambda: 0)))


def held(owner: Any, wanted: Callable[[Any], bool]) -> Iterator[Any]:
    """Yield what `wanted` accepts among the owner's attributes and the lists, tuples and dicts there."""
    for name, value in list(vars(owner).items()):
        if name not in UNTRACKED and type(value) not in _PLAIN:
            yield from _within(value, wanted, 0)


def _within(value: Any, wanted: Callable[[Any], bool], depth: int) -> Iterator[Any]:
    if wanted(value):
        yield value
    elif isinstance(value, (list, tuple, set)) and depth < 8:
        for v in value:
            if type(v) not in _PLAIN:
                yield from _within(v, wanted, depth + 1)
    elif isinstance(value, dict) and depth < 8:
        for v in value.values():
            if type(v) not in _PLAIN:
                yield from _within(v, wanted, depth + 1)


def unique(values: Any) -> list[Any]:
    """Return the values without repetitions, compared by identity."""
    return list({id(v): v for v in values}.values())


def is_variable(value: Any) -> bool:
    """Tell a Variable."""
    return isinstance(value, Variable)


def is_seed_generator(value: Any) -> bool:
    """Tell a SeedGenerator."""
    return isinstance(value, SeedGenerator)


def is_metric(value: Any) -> bool:
    """Tell a metric, which has state to reset and a result."""
    return all(hasattr(value, n) for n in ("reset_state", "update_state", "result")) and not isinstance(value, type)
