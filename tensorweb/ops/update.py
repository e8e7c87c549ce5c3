"""Updates of variables in place: the decorator for the bodies that optimizers are made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from .. import engine
from ..kernels import expression
from ..kernels.patterns import Kernel, Map, Spec
from .define import Body


class _InPlace(Body):
    """A body whose outputs overwrite its first inputs, which keep their dtypes."""

    def plan(self, specs: tuple[Spec, ...]) -> tuple[Kernel, tuple[Spec, ...]]:
        kernel, _ = super().plan(specs)
        assert isinstance(kernel, Map)
        return kernel._replace(in_place=True), specs[: len(self.roots)]


def update(function: Callable[..., Any]) -> Callable[..., None]:
    """Decorate a body (values..., others...) -> new values, and get a function (variables, *others) that updates them in one kernel.

    The body's outputs belong to its first arguments, in order. `others` are tensors of the same shape, or Python numbers.
    """
    names = list(inspect.signature(function).parameters)
    symbols = [expression.argument(i) for i in range(len(names))]
    made = function(*symbols)
    roots = [expression.cast_like(r, s) for r, s in zip(made if isinstance(made, tuple) else (made,), symbols)]
    body = _InPlace(function.__name__, roots, symbols)

    def run(variables: Sequence[Any], *others: Any) -> None:
        engine.update(body, variables, others)

    run.__name__, run.__doc__ = function.__name__, function.__doc__
    return run
