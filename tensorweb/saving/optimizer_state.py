"""An optimizer's variables slot by slot, as TensorFlow.js and Keras 2 keep them, from and to those of ours. Files are not known here."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

from ..tensor import op, tensor

# (attribute of ours, TensorFlow.js's name of the slot, Keras 2's names) by class, in TensorFlow.js's order.
SLOTS: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "SGD": [("momentums", "momentum", ("momentum", "m"))],
    "Adam": [("_momentums", "m", ("m",)), ("_velocities", "v", ("v",)), ("_velocity_hats", "vhat", ("vhat",))],
    "RMSprop": [
        ("_velocities", "rms", ("rms", "velocity")), ("_momentums", "momentum", ("momentum",)),
        ("_average_gradients", "mg", ("mg", "average_gradient")),
    ],
    "Adagrad": [("_accumulators", "accumulator", ("accumulator",))],
    "Adadelta": [
        ("_accumulated_grads", "accum_grad", ("accum_grad",)), ("_accumulated_delta_vars", "accum_var", ("accum_var",)),
    ],
    "Adamax": [("_m", "m", ("m",)), ("_u", "v", ("v",))],
    "Nadam": [("_momentums", "m", ("m",)), ("_velocities", "v", ("v",))],
    "Ftrl": [("_accumulators", "accumulator", ("accumulator",)), ("_linears", "linear", ("linear",))],
}  # fmt: skip
SLOTS["AdamW"] = SLOTS["Adam"]


def _slots(optimizer: Any) -> list[tuple[str, tuple[str, ...], list[Any]]]:
    """Return (TensorFlow.js's name, Keras 2's names, variables) of the slots that an optimizer has."""
    rows = SLOTS.get(type(optimizer).__name__, [])
    found = [(name, old, list(getattr(optimizer, attribute, None) or [])) for attribute, name, old in rows]
    return [(name, old, variables) for name, old, variables in found if variables and all(v is not None for v in variables)]


def named_slots(optimizer: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return {name: tensor} as TensorFlow.js writes them; `names`: of the trainable weights, in order."""
    found: dict[str, Any] = {"iter": op("cast")(optimizer._iterations.value, "int32")}
    for slot, _, variables in _slots(optimizer):
        values = [v.value for v in variables]
        if slot == "momentum" and type(optimizer).__name__ == "SGD":
            # There the momentum is the running sum of gradients, here of steps: minus the learning rate times that.
            rate = float(optimizer.learning_rate)
            values = [v * (-1.0 / rate) if rate else v for v in values]
        found.update((f"{name}/{slot}", value) for name, value in zip(names, values))
    if type(optimizer).__name__ == "RMSprop" and not optimizer.momentum:
        found.update((f"{name}/momentum", op("zeros_like")(v)) for name, v in zip(names, _slots(optimizer)[0][2]))
    return found


def load_slots(optimizer: Any, entries: Sequence[tuple[str, Any]], read: Any, tfjs: bool) -> None:
    """Give an optimizer its state from (name, value) pairs; with a warning nothing, if they do not fit."""
    pairs = [(optimizer._iterations, value) for name, value in entries if re.search(r"(^|/)iter(ation|ations)?(:0)?$", name)][:1]
    problem = None if pairs else "no count of steps"
    for slot, old, variables in _slots(optimizer):
        listed = [value for name, value in entries if _is_slot(name, (slot, *old))]
        if len(listed) != len(variables) or any(tuple(x.shape) != tuple(v.shape) for x, v in zip(listed, variables)):
            problem = problem or f"{len(listed)} weights {slot!r} for {len(variables)} variables, or of other shapes"
        pairs += zip(variables, listed)
    if problem:
        warnings.warn(f"the state of the optimizer {optimizer.name!r} is not loaded: {problem}", stacklevel=4)
        return
    scale = -float(optimizer.learning_rate) if tfjs and type(optimizer).__name__ == "SGD" else 1.0
    values = [(v, read(x)) for v, x in pairs]
    for v, x in values:
        v.assign(op("cast")(x * tensor(scale) if scale != 1.0 and v is not optimizer._iterations else x, v.dtype))


def _is_slot(name: str, slots: tuple[str, ...]) -> bool:
    """Tell a slot's weight: dense/kernel/m, Adam/dense/kernel/m:0, Adam/m/dense/kernel:0."""
    parts = re.sub(r":\d+$", "", name).split("/")
    return parts[-1] in slots or (len(parts) > 2 and parts[1] in slots)
