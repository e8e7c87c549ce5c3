"""Names of weights in TensorFlow.js's files: what each variable is called there, and which entry of a file is which variable's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import FormatError, message
from ..layers import Bidirectional
from ..models import Functional, Sequential

# A weight's name in TensorFlow.js (and Keras 2) where it is not Keras 3's.
_RENAMED = {"DepthwiseConv2D": {"kernel": "depthwise_kernel"}, "DepthwiseConv1D": {"kernel": "depthwise_kernel"}}


def leaf_layers(model: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (names of the models around it, layer) for the layers of a model and of the models within, each layer once."""
    seen: set[int] = set()

    def visit(owner: Any, around: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        for layer in owner.layers:
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            if isinstance(layer, (Functional, Sequential)):
                yield from visit(layer, (*around, layer.name))
            else:
                yield around, layer

    yield from visit(model, ())


def _short_name(layer: Any, variable: Any, index: int) -> str:
    """Return a weight's name below its layer's, as TensorFlow.js builds it."""
    tail = variable.path.rsplit("/", 1)[-1]
    kind = type(layer).__name__
    if isinstance(layer, Bidirectional):
        forward = any(v is variable for v in layer.forward_layer.weights)
        return f"{(layer.forward_layer if forward else layer.backward_layer).name}/{tail}"
    cells = getattr(getattr(layer, "cell", None), "cells", None)
    if cells is not None:
        number = next((i for i, cell in enumerate(cells) if any(v is variable for v in cell.weights)), 0)
        return f"RNNCell_{number}/{tail}"
    if kind == "TimeDistributed":
        kind = type(layer.layer).__name__
    return _RENAMED.get(kind, {}).get(tail, tail)


def weight_names(model: Any) -> list[tuple[str, Any]]:
    """Return (name, variable) of all weights in TensorFlow.js's names; of those that would share one, longer ones."""
    found: list[tuple[str, str, Any]] = []
    known: set[int] = set()
    for around, layer in leaf_layers(model):
        short = [f"{layer.name}/{_short_name(layer, v, i)}" for i, v in enumerate(layer.weights)]
        for v, name in zip(layer.weights, short):
            if id(v) not in known:
                known.add(id(v))
                found.append((name if short.count(name) == 1 else v.path, "/".join((*around, v.path)), v))
    found += [(v.path, v.path, v) for v in model.weights if id(v) not in known]
    counts: dict[str, int] = {}
    named, used = [], set()
    for name, _, _ in found:
        counts[name] = counts.get(name, 0) + 1
    for i, (name, full, v) in enumerate(found):
        chosen = name if counts[name] == 1 else full
        named.append((chosen if chosen not in used else f"{chosen}_{i}", v))
        used.add(named[-1][0])
    return named


# --- reading ------------------------------------------------------------------------------------------------------------------


def matched(model: Any, entries: list[tuple[str, Any]], strict: bool = True) -> list[tuple[Any, str, Any]]:
    """Return (variable, name in the file, value) for a file's entries; raise FormatError where one has no partner."""
    ours = weight_names(model)
    theirs = dict(entries)
    if len(theirs) == len(ours) and all(name in theirs for name, _ in ours):
        return [(v, name, theirs[name]) for name, v in ours]
    pairs: list[tuple[Any, str, Any]] = []
    left = list(entries)
    for around, layer in leaf_layers(model):
        group = _of_layer(layer, around, left)
        if not group and not layer.weights:
            continue
        if len(group) != len(layer.weights):
            if not strict and not group:
                continue
            got = ", ".join(name for name, _ in group)[:200] or "none"
            raise FormatError(message("load_weights", f"{len(layer.weights)} weights of the layer {layer.name!r}", got, "Same model?"))
        pairs += _in_layer(layer, group)
        taken = {name for name, _ in group}
        left = [e for e in left if e[0] not in taken]
    if left and strict:
        raise FormatError(message("load_weights", "weights of the model's layers", ", ".join(n for n, _ in left[:5]), "Same model?"))
    return pairs


def _of_layer(layer: Any, around: tuple[str, ...], entries: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the entries whose path names the layer, and the models around it where that is needed to tell."""
    found = [e for e in entries if layer.name in e[0].split("/")[:-1]]
    if len(found) > len(layer.weights):
        whole = [e for e in found if all(name in e[0].split("/")[:-1] for name in around)]
        first = [e for e in found if e[0].split("/")[0] == layer.name]
        found = next((f for f in (whole, first) if len(f) == len(layer.weights)), found)
    return found


def _in_layer(layer: Any, group: list[tuple[str, Any]]) -> list[tuple[Any, str, Any]]:
    """Return the pairs of a layer: by the last part of the names where those are different, else by order."""
    variables = list(layer.weights)
    mine = [_short_name(layer, v, i).rsplit("/", 1)[-1] for i, v in enumerate(variables)]
    tails = [name.rsplit("/", 1)[-1].split(":")[0] for name, _ in group]
    if len(set(mine)) == len(mine) and set(mine) == set(tails) and len(set(tails)) == len(tails):
        by_tail = dict(zip(tails, group))
        return [(v, *by_tail[tail]) for v, tail in zip(variables, mine)]
    return [(v, *entry) for v, entry in zip(variables, group)]
