"""A model of one layer for each case of tests/layers/cases: what is saved and loaded again by the tests of formats."""

import json

import tensorweb as tw
from tests.layers import replay
from tests.oracle.replay import decode, flatten


class CannotBeModel(Exception):
    """The case has no functional model; the text says why."""


def cases(*subjects):
    """Return (name, case) of the layer cases of subjects, by default of all."""
    chosen = subjects or replay.subjects()
    return [(f"{subject}-{i}-{case['layer']}", case) for subject in chosen for i, case in enumerate(replay.load(subject))]


def _symbolic(value, symbols, tensors):
    """Return arguments with an Input for each tensor."""
    if isinstance(value, tw.Tensor):
        t = tw.Input(batch_shape=(None, *value.shape[1:]) if value.shape else (), dtype=value.dtype)
        symbols.append(t)
        tensors.append(value)
        return t
    if isinstance(value, dict):
        return {k: _symbolic(v, symbols, tensors) for k, v in value.items()}
    return type(value)(_symbolic(v, symbols, tensors) for v in value) if isinstance(value, (list, tuple)) else value


def build(case):
    """Return (model, inputs) of a case; raise CannotBeModel where that cannot be."""
    if "masks" in case:
        raise CannotBeModel("its masks come from outside, not from a layer")
    if '"stateful": true' in json.dumps(case["config"]):
        raise CannotBeModel("the state of a stateful layer is no weight")
    layer = replay.make(tw, case)
    args = [decode(a, tw, []) for a in case["args"]]
    kwargs = {k: decode(v, tw, []) for k, v in case["kwargs"].items()}
    batches = {t.shape[:1] for t in flatten([args, kwargs], tw) if isinstance(t, tw.Tensor)}
    if len(batches) != 1 or () in batches:
        raise CannotBeModel("its arguments have no batch in common")
    symbols, tensors = [], []
    args, kwargs = _symbolic(args, symbols, tensors), _symbolic(kwargs, symbols, tensors)
    outputs = layer(*args, **kwargs)
    return tw.Model(symbols if len(symbols) > 1 else symbols[0], outputs), tensors if len(tensors) > 1 else tensors[0]


def predicted(model, inputs):
    """Return the outputs as nested lists, NaN as text."""
    return [str(t.tolist()) for t in flatten(model(inputs), tw)]
