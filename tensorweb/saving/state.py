"""The state of a model in Keras 3's layout: a walk over what a model owns, from and to groups of arrays. Files are not known here.

A layer's variables stand under the path of attributes that leads to it: layers/dense/vars/0, cell/cells/gru_cell/vars/1, optimizer/vars/2.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ..errors import FormatError, TensorWebError, message
from ..layers.layer import Layer
from ..layers.tracking import UNTRACKED, is_metric
from ..models import Functional, Model, Sequential
from ..naming import to_snake_case
from ..optimizers import Optimizer

State = dict[str, dict[str, Any]]
# Of a model, what is walked although every model has it.
_WALKED = ("layers", "optimizer")
_DEPTH = 100


def is_saveable(value: Any) -> bool:
    """Tell what has state of its own: layers, metrics, optimizers, and a user's objects with their methods."""
    if isinstance(value, type):
        return False
    return isinstance(value, (Layer, Optimizer)) or (is_metric(value) and hasattr(value, "variables"))


@lru_cache(maxsize=64)
def _common(kind: type) -> frozenset[str]:
    """Return the attributes that every object of a kind has: they hold nothing of its own."""
    if kind is Model:
        plain = Model()
        shared = {*dir(Functional), *dir(Sequential), *dir(plain), *vars(Sequential()), "_nodes", "_inputs_struct", "_outputs_struct"}
        return frozenset(shared - set(_WALKED))
    if kind is Layer:
        return frozenset({*dir(Layer), *vars(Layer())})
    return frozenset(dir(kind))


def _kind(owner: Any) -> type:
    return next((k for k in (Model, Layer, Optimizer) if isinstance(owner, k)), type(owner).__mro__[-2])


def children(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield (attribute, value) in Keras's order: of Functional and Sequential the layers first; then public names, then private ones."""
    if isinstance(owner, (Functional, Sequential)):
        yield "layers", owner.layers
    skipped = _common(_kind(owner)) | UNTRACKED - {"optimizer"}
    for name in sorted(dir(owner), key=lambda n: (n.startswith("_"), n)):
        if name.startswith("__") or name in skipped:
            continue
        try:
            value = getattr(owner, name)
        except Exception:  # a property that cannot be computed now
            continue
        if is_saveable(value) or isinstance(value, (list, tuple, dict, set)):
            yield name, value


def saveables(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield (path, object) of everything with state, each once; the path is where Keras 3 keeps it. The root's path is ""."""
    seen: set[int] = set()

    def visit(owner: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
        if id(owner) in seen or depth > _DEPTH:
            return
        seen.add(id(owner))
        yield path, owner
        for name, value in children(owner):
            inner = f"{path}/{name}" if path else name
            if is_saveable(value):
                yield from visit(value, inner, depth + 1)
            else:
                for key, item in _named(value):
                    yield from visit(item, f"{inner}/{key}", depth + 1)

    return visit(root, "", 0)


def _named(container: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, object) of what has state in a list or dict, named by class: dense, dense_1, ..."""
    used: dict[str, int] = {}
    for item in list(container.values()) if isinstance(container, dict) else container:
        if is_saveable(item):
            name = to_snake_case(type(item).__name__)
            used[name] = used.get(name, -1) + 1
            yield f"{name}_{used[name]}" if used[name] else name, item


# --- to groups ----------------------------------------------------------------------------------------------------------------


def collect(model: Any, optimizer: bool = True) -> State:
    """Return {group path: {variable's name: tensor}} of a model; of a group the key "" holds its object's name."""
    state: State = {}
    for path, owner in saveables(model):
        if not hasattr(owner, "save_own_variables") or (isinstance(owner, Optimizer) and not optimizer):
            continue
        store: dict[str, Any] = {}
        owner.save_own_variables(store)
        state[f"{path}/vars" if path else "vars"] = {"": getattr(owner, "name", ""), **store}
    return state


# --- from groups --------------------------------------------------------------------------------------------------------------


@contextmanager
def all_or_nothing(model: Any) -> Iterator[None]:
    """Give all variables their old values back if the block raises."""
    variables = {id(v): v for _, owner in saveables(model) for v in _variables_of(owner)}.values()
    kept = [(v, v.value) for v in variables]
    try:
        yield
    except BaseException:
        for v, value in kept:
            if v.value is not value:
                v.assign(value)
        raise


def _variables_of(owner: Any) -> list[Any]:
    return list(owner._own() if isinstance(owner, Layer) else owner.variables)


def restore(model: Any, find: Callable[[str], Mapping[str, Any] | None], skip_mismatch: bool = False, optimizer: bool = True) -> None:
    """Give a model the state that `find` returns by group path; on an error no variable has changed.

    Raises FormatError naming the objects whose variables do not fit; with `skip_mismatch` a warning, and those keep their values.
    """
    failed: dict[str, str] = {}
    with all_or_nothing(model):
        for path, owner in saveables(model):
            if not hasattr(owner, "load_own_variables") or (isinstance(owner, Optimizer) and not optimizer):
                continue
            store = find(f"{path}/vars" if path else "vars")
            if store is None and (isinstance(owner, Optimizer) or not _variables_of(owner)):
                continue
            if isinstance(owner, Optimizer) and store is not None and len(store) <= 2 < len(owner.variables):
                continue  # saved before the first step: there is no state
            if (problem := _load(owner, {} if store is None else store)) is not None:
                failed[path or getattr(owner, "name", "model")] = problem
        if failed and not skip_mismatch:
            raise FormatError(_told(failed))
    if failed:
        warnings.warn(_told(failed), stacklevel=4)


def _load(owner: Any, store: Mapping[str, Any]) -> str | None:
    """Load one object's variables; return what is wrong, if they do not fit."""
    try:
        owner.load_own_variables(store)
    except FormatError:
        raise  # a damaged file
    except (TensorWebError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _told(failed: dict[str, str]) -> str:
    names = ", ".join(list(failed)[:10])
    first = next(iter(failed.values()))
    return message("load_weights", f"weights that fit {len(failed)} object(s): {names}", f"others ({first[:300]})", "Is it the same model?")
