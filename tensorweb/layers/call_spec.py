"""How a layer's `call` takes its arguments: which is the first input, whether it wants masks and the training mode; once a class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..autodiff import leaves, map_leaves
from ..symbolic import KerasTensor
from ..tensor import Tensor


class CallSpec:
    """The signature of one class's `call`, and what follows from it for each call."""

    def __init__(self, call: Callable[..., Any]):
        parameters = list(inspect.signature(call).parameters.values())[1:]
        kinds = inspect.Parameter
        self.names = [p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
        self.keyword_only = [p.name for p in parameters if p.kind is kinds.KEYWORD_ONLY]
        self.variadic = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
        self.first = self.names[0] if self.names else ""
        known = {*self.names, *self.keyword_only}
        self.has_training, self.has_mask = "training" in known, "mask" in known
        self.masks = [n for n in known if n.endswith("_mask") and n.removesuffix("_mask") in known]
        self.training_default = next((p.default for p in parameters if p.name == "training" and p.default is not kinds.empty), None)
        self.plain = not (self.masks or self.variadic) and known <= {self.first, "training", "mask"}
        self.first_given = bool(self.first) or self.variadic

    def convert(self, layer: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """Return the arguments with arrays made tensors and floats cast for the layer."""
        from .layer import cast_inputs

        def cast(v: Any) -> Any:
            return cast_inputs(layer, v)

        return tuple(map_leaves(cast, list(args))), map_leaves(cast, kwargs)

    def split(self, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the first argument and all others by name."""
        rest = dict(kwargs)
        if not args:
            return (rest.pop(self.first) if self.first in rest else None), rest
        if not self.variadic:
            if len(args) > len(self.names):
                raise TypeError(f"call takes at most {len(self.names)} arguments ({', '.join(self.names)}), got {len(args)}")
            rest.update(zip(self.names[1:], args[1:]))
        return args[0], rest

    def extra(self, args: tuple) -> tuple:
        """Return the arguments that only *args can take."""
        return args[1:] if self.variadic else ()

    def complete(self, first: Any, rest: dict[str, Any], now: Any) -> Any:
        """Add masks and the training mode to the named arguments where `call` wants them; return the training mode."""
        # As in Keras: `mask` where the first argument is the only tensor, else `<name>_mask` for each.
        several = (self.has_mask or self.masks) and any(_holds_tensors(v) for v in rest.values())
        if self.has_mask and not several and rest.get("mask") is None:
            found = _masks(first)
            if found is not None:
                rest["mask"] = found
        for name in self.masks if several else ():
            if rest.get(name) is None:
                source = name.removesuffix("_mask")
                found = _masks(first if source == self.first else rest.get(source))
                if found is not None:
                    rest[name] = found
        training = rest.pop("training", None)
        if training is None:
            training = now.training
        if training is None:
            training = self.training_default
        if self.has_training and training is not None:
            rest["training"] = training
        return training

    def build_shapes(self, cls: type, args: tuple, kwargs: dict[str, Any], known: Callable[[Any], Any]) -> dict[str, Any] | None:
        """Return the arguments of `build`: shapes of the call's arguments by name; None if there is nothing to build from."""
        wanted = _build_names(cls)
        first, rest = self.split(args, kwargs)
        if len(wanted) == 1 and not (wanted[0].removesuffix("_shape") in rest and wanted[0].removesuffix("_shape") != self.first):
            shapes = _shapes(first, known)
            return None if shapes is None else {wanted[0]: shapes}
        given = {self.first: first, **rest}
        found = {n: _shapes(given[n.removesuffix("_shape")], known) for n in wanted if n.removesuffix("_shape") in given}
        if wanted and wanted[0] not in found:
            found[wanted[0]] = _shapes(first, known)
        return {k: v for k, v in found.items() if v is not None}


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, (Tensor, KerasTensor)):
        return True
    found = leaves(value) if isinstance(value, (list, tuple, dict)) else []
    return bool(found) and all(isinstance(v, (Tensor, KerasTensor)) for v in found)


def _masks(value: Any) -> Any:
    if isinstance(value, (Tensor, KerasTensor)):
        return getattr(value, "_keras_mask", None)
    found = map_leaves(lambda t: getattr(t, "_keras_mask", None), value)
    return found if any(m is not None for m in leaves(found)) else None


def _shapes(value: Any, known: Callable[[Any], Any]) -> Any:
    """Return the nested shapes of nested tensors; None where there is none."""
    if isinstance(value, dict):
        return {k: _shapes(v, known) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shapes(v, known) for v in value] if any(hasattr(v, "shape") for v in leaves(value)) else None
    return known(value.shape) if hasattr(value, "shape") else None


@lru_cache(maxsize=1024)
def _build_names(cls: type) -> tuple[str, ...]:
    parameters = list(inspect.signature(cls.build).parameters.values())[1:]  # type: ignore[attr-defined]
    return tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY))


@lru_cache(maxsize=1024)
def call_spec(cls: type) -> CallSpec:
    """Return the call spec of a class."""
    return CallSpec(cls.call)  # type: ignore[attr-defined]
