"""What `compile` makes of losses that are given by name, as objects, in lists or dicts nested as the outputs."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import losses as losses_module
from .. import metrics as metrics_module
from ..autodiff import keys_in_order, leaves, map_leaves
from ..errors import ArgumentError, message
from ..tree import assert_same_paths, is_nested, pack_sequence_as
from .by_shapes import kind_by_shapes, name_of


class MissingOutputError(ArgumentError, KeyError):
    """A loss stands at a place where there is no output or no target."""

    __str__ = Exception.__str__


class _Weighted:
    """A loss and its weight: a leaf of the nested losses."""

    def __init__(self, loss: Any, weight: Any):
        self.loss, self.weight = loss, weight


class Placed(NamedTuple):
    """A loss for the output at `path`, a tuple of keys and indices into the nested outputs."""

    path: tuple
    function: Any
    weight: Any
    name: str


class CompiledLoss:
    """The total loss of all outputs, and a running mean for each where there are several."""

    def __init__(self, loss: Any, weights: Any = None):
        if weights is not None and not isinstance(weights, (list, tuple, dict, float, int)):
            raise ArgumentError(message("compile", "loss_weights as a number, list or dict", type(weights).__name__, "Nest it as loss."))
        self.given, self.weights_given = loss, weights
        self.placed: list[Placed] | None = None
        self.metrics: list[Any] = []
        for one in leaves(loss):
            if one is not None and not (isinstance(one, str) and one.lower() in _BY_SHAPES):
                losses_module.get(one)

    def _start(self, y_true: Any, y_pred: Any, names: list[str | None]) -> None:
        struct: Any = pack_sequence_as(y_pred, names) if len(names) == len(leaves(y_pred)) else map_leaves(lambda _: None, y_pred)
        placed: list[Placed] = []
        losses = _weighted(self._by_position(names, y_pred), self._weights(names, y_pred))
        if not is_nested(losses):
            one = losses
            losses = map_leaves(lambda _: one, y_pred)
        _place(losses, y_true, y_pred, struct, (), placed)
        self.placed = placed
        self.metrics = [metrics_module.Mean(name=f"{p.name}_loss") for p in placed] if len(placed) > 1 else []

    def _by_position(self, names: list[str | None], y_pred: Any) -> Any:
        """Return the losses of a dict by output name as a list, where the outputs are not a dict."""
        if not isinstance(self.given, dict) or isinstance(y_pred, dict):
            return self.given
        known = [n for n in names if n is not None]
        if known and set(self.given) != set(known):
            wanted = f"losses for the outputs {known}"
            raise ArgumentError(message("compile", wanted, f"{list(self.given)}", "Use the outputs' names as keys, None for no loss."))
        found = [self.given[n] for n in names] if known else list(self.given.values())
        return found if is_nested(y_pred) else found[0]

    def _weights(self, names: list[str | None], y_pred: Any) -> Any:
        given = self.weights_given
        if isinstance(given, dict) and isinstance(self.given, dict) and not isinstance(y_pred, dict):
            return [given.get(n) for n in names]
        return {k: given.get(k) for k in self.given} if isinstance(given, dict) and isinstance(self.given, dict) else given

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any, names: list[str | None]) -> Any:
        """Return the weighted sum of the outputs' losses; None without any."""
        alone = not is_nested(y_true) and not is_nested(y_pred)
        targets = y_true if alone else fit_targets(y_true, y_pred, names, self.given)
        if self.placed is None:
            self._start(targets, y_pred, names)
        total = None
        for i, (path, function, weight, _) in enumerate(self.placed or ()):
            target, prediction = _at(targets, path), _at(y_pred, path)
            if target is None:
                raise ArgumentError(message("loss", "a target for each output with a loss", "None", "Pass y, or leave out that loss."))
            value = function(target, prediction, sample_weight=_weight_at(sample_weight, path, y_pred, names))
            if self.metrics:
                # Each batch counts the same, as with Keras on TensorFlow, where a graph does not know the batch's size.
                self.metrics[i].update_state(value)
            value = value if weight is None or (isinstance(weight, (int, float)) and weight == 1) else value * weight
            total = value if total is None else total + value
            if alone:
                # As in Keras: of several losses of one output, the first counts.
                break
        return total


_BY_SHAPES = ("crossentropy", "ce")


def _loss_of(given: Any, target: Any, prediction: Any) -> Any:
    """Return the Loss of a name, config, function or Loss."""
    if isinstance(given, str) and given.lower() in _BY_SHAPES:
        kinds = ("binary_crossentropy", "sparse_categorical_crossentropy", "categorical_crossentropy")
        return losses_module.LossFunctionWrapper(losses_module.get(kinds[kind_by_shapes(target, prediction)]), name=given)
    found = losses_module.get(given)
    if isinstance(found, losses_module.Loss):
        return found
    return losses_module.LossFunctionWrapper(found, name=given if isinstance(given, str) else name_of(found))


def _weighted(losses: Any, weights: Any) -> Any:
    """Return the nested losses with their weights beside them, None where there is no loss."""
    if weights is None:
        flat = [None] * len(leaves(losses))
    else:
        flat = leaves(weights)
        if len(flat) != len(leaves(losses)):
            raise ArgumentError(message("compile", f"{len(leaves(losses))} loss weights", len(flat), "Pass one for each loss."))
    pairs = iter(flat)

    def pair(loss: Any) -> Any:
        weight = next(pairs)
        return None if loss is None else _Weighted(loss, weight)

    return map_leaves(pair, losses)


def _place(loss: Any, y_true: Any, y_pred: Any, names: Any, path: tuple, placed: list[Placed]) -> None:
    """Find the output of each loss; a loss that stands where several outputs are takes them all at once."""
    if not is_nested(loss):
        if loss is not None:
            function = _loss_of(loss.loss, y_true, y_pred)
            placed.append(Placed(path, function, loss.weight, _name_at(path, names, function)))
        return
    flat = isinstance(loss, (list, tuple)) and not any(is_nested(one) for one in loss)
    if flat and is_nested(y_pred) and len(loss) == len(leaves(y_pred)):
        loss = pack_sequence_as(y_pred, list(loss))
    elif isinstance(loss, (list, tuple)) and not isinstance(y_pred, type(loss)):
        # A list where there is no list of outputs: several losses of the same output.
        for one in loss:
            _place(one, y_true, y_pred, names, path, placed)
        return
    elif isinstance(loss, dict) != isinstance(y_pred, dict):
        raise MissingOutputError(message("compile", f"an output for the loss at {path}", "none", "Nest the losses as the outputs."))
    for key, one in loss.items() if isinstance(loss, dict) else enumerate(loss):
        if one is not None:
            if not (_has(y_pred, key) and _has(y_true, key)):
                where = "/".join(str(k) for k in (*path, key))
                raise MissingOutputError(message("loss", f"an output and a target at {where!r}", "none", "Nest the losses as the outputs."))
            _place(one, y_true[key], y_pred[key], names[key], (*path, key), placed)


def _has(nested: Any, key: Any) -> bool:
    return key in nested if isinstance(nested, dict) else isinstance(nested, (list, tuple)) and isinstance(key, int) and key < len(nested)


def _name_at(path: tuple, names: Any, function: Any) -> str:
    """Return what the loss is called in logs: its keys joined by "/", an index at the end replaced by the output's name."""
    if not is_nested(names):
        name = function.name if names is None else names
        path = (name,) if not path else (*path[:-1], name) if isinstance(path[-1], int) else path
    return "/".join(str(key) for key in path) or "_".join(str(n) for n in (names if isinstance(names, dict) else leaves(names)))


def _at(nested: Any, path: tuple) -> Any:
    for key in path:
        nested = nested[key]
    return nested


def _weight_at(sample_weight: Any, path: tuple, y_pred: Any, names: list[str | None]) -> Any:
    if not is_nested(sample_weight):
        return sample_weight
    if isinstance(sample_weight, dict) and path and path[0] not in sample_weight:
        return sample_weight.get(names[path[0]]) if isinstance(path[0], int) else None
    if isinstance(sample_weight, (list, tuple)) and path and not isinstance(path[0], int):
        sample_weight = dict(zip(keys_in_order(y_pred), sample_weight))
    for key in path:
        if is_nested(sample_weight):
            sample_weight = sample_weight[key]
    return sample_weight


def fit_targets(y_true: Any, y_pred: Any, names: list[str | None], losses: Any = None) -> Any:
    """Return the targets nested as the outputs, of targets nested so, flat, by output name, or only for outputs with a loss."""
    count = len(leaves(y_pred))
    if isinstance(y_true, dict) and isinstance(y_pred, dict) and set(y_true) != set(y_pred):
        if set(y_true) == set(names):
            return pack_sequence_as(y_pred, [y_true[n] for n in names])
    elif isinstance(y_true, dict) and not isinstance(y_pred, dict):
        if set(y_true) == set(names):
            return pack_sequence_as(y_pred, [y_true[n] for n in names])
        if len(y_true) == count and None in names:
            return pack_sequence_as(y_pred, list(y_true.values()))
    elif not is_nested(y_pred) and is_nested(y_true) and len(leaves(y_true)) == 1:
        return leaves(y_true)[0]
    flat = [y_true] if y_true is None or not is_nested(y_true) else leaves(y_true)
    if _same_paths(y_true, y_pred):
        return pack_sequence_as(y_pred, flat)
    if len(flat) == count and (count == 1 or (isinstance(y_true, (list, tuple)) and not any(is_nested(v) for v in y_true))):
        return pack_sequence_as(y_pred, flat)
    if is_nested(losses) and len(flat) == sum(loss is not None for loss in leaves(losses)):
        given = iter(flat)
        return pack_sequence_as(y_pred, [None if loss is None else next(given) for loss in leaves(losses)])
    wanted = f"targets nested as the outputs, {map_leaves(lambda _: '*', y_pred)}"
    raise ArgumentError(message("loss", wanted, f"{map_leaves(lambda _: '*', y_true)}", f"The outputs are {names}."))


def _same_paths(a: Any, b: Any) -> bool:
    try:
        assert_same_paths(a, b)
    except ArgumentError:
        return False
    return True


__all__ = ["CompiledLoss", "fit_targets"]
