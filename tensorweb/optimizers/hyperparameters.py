"""How an optimizer class declares its constructor: annotated attributes become arguments, attributes and config keys."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ArgumentError, message
from .base import Optimizer

# The arguments that all optimizers take, in Keras's order.
SHARED: dict[str, Any] = {
    "weight_decay": None, "clipnorm": None, "clipvalue": None, "global_clipnorm": None, "use_ema": False, "ema_momentum": 0.99,
    "ema_overwrite_frequency": None, "loss_scale_factor": None, "gradient_accumulation_steps": None, "name": None,
}  # fmt: skip

C = TypeVar("C", bound=type)


class Configured(Optimizer):
    """Base of the optimizers whose constructor `hyperparameters` makes."""

    own_arguments: tuple[str, ...]

    if TYPE_CHECKING:

        def __init__(self, *args: Any, **kwargs: Any): ...

    def check(self) -> None:
        """Raise ArgumentError if an own argument of the class is wrong; called when all are set."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, by Keras's keys."""
        return {**super().get_config(), **{k: getattr(self, k) for k in self.own_arguments}}


def hyperparameters(learning_rate: float, last: Sequence[str] = ()) -> Callable[[C], C]:
    """Decorate an optimizer class: __init__ takes learning_rate, the annotated attributes (inherited ones after), the shared arguments.

    `last` names the ones that come after the shared arguments. `get_config` returns them all; `check` is called when they are set.
    """

    def decorate(cls: C) -> C:
        own: dict[str, Any] = {}
        for base in cls.__mro__[: cls.__mro__.index(Configured)]:
            for name in inspect.get_annotations(base):
                own.setdefault(name, base.__dict__[name])
        first = {k: v for k, v in own.items() if k not in last}
        rest = {k: v for k, v in SHARED.items() if k not in own}
        defaults = {"learning_rate": learning_rate, **first, **rest, **{k: own[k] for k in last}}
        names = tuple(defaults)
        own = {k: v for k, v in own.items() if k not in SHARED}

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            if len(args) > len(names) or not kwargs.keys().isdisjoint(names[: len(args)]):
                wanted = f"each of {', '.join(names)} at most once"
                raise ArgumentError(message(cls.__name__, wanted, f"{len(args)} by place and {list(kwargs)}", "Pass them by name."))
            given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
            values = {k: given.pop(k) for k in own}
            Optimizer.__init__(self, **given)
            for k, v in values.items():
                setattr(self, k, v)
            self.check()

        keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter("self", keyword), *(inspect.Parameter(k, keyword, default=v) for k, v in defaults.items())]
        parameters.append(inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD))
        __init__.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__, cls.own_arguments = __init__, tuple(own)  # type: ignore[misc, attr-defined]
        return cls

    return decorate
