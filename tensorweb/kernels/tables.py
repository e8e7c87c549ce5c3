"""Tables of functions that decorators fill: how each form of the patterns finds its lowerings and emitters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def put_in(table: dict[Any, Any]) -> Callable[[Any], Callable[[F], F]]:
    """Return a decorator of one argument, the key under which it puts the function into the table."""

    def under(key: Any) -> Callable[[F], F]:
        def put(function: F) -> F:
            table[key] = function
            return function

        return put

    return under
