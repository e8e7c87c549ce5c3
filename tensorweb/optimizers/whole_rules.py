"""The rules that look at a variable as a whole (its rows, norm or singular values): Adafactor, Lamb, Muon. Formulas are Keras 3's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .. import engine
from ..errors import ShapeError, message
from ..kernels import expression
from ..kernels.expression import sqrt
from ..ops.define import Body
from ..ops.update import update
from ..tensor import Tensor, Variable, op
from .hyperparameters import Configured, hyperparameters
from .rules import Rule, _adam
from .scalar import HostScalar, single


def _mean_square(x: Any) -> Tensor:
    return op("mean")(op("square")(x))


@update
def _blend(a: Any, b: Any, new: Any) -> Any:
    return a + (b - a) * new


@update
def _descend(p: Any, g: Any, rate: Any) -> Any:
    return p - rate * g


@hyperparameters(learning_rate=0.001)
class Adafactor(Configured):
    """Adam whose second moment is kept as row and column means; saves memory. Shazeer, Stern 2018."""

    beta_2_decay: float = -0.8
    epsilon_1: float = 1e-30
    epsilon_2: float = 1e-3
    clip_threshold: float = 1.0
    relative_step: bool = True

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the row means r, the column means c (numbers without use below two dimensions) and the moments v."""
        if self.built:
            return
        super().build(variables)
        self._slots: dict[int, tuple[Variable, Variable, Variable]] = {}
        for v in variables:
            shape = tuple(v.shape)
            if len(shape) < 2:
                r, c = (HostScalar(0, "int32", v.name) for _ in range(2))
                self._track(r)
                self._track(c)
            else:
                r = self.add_variable(shape[:-1], dtype=v.dtype, name=v.name)  # type: ignore[assignment]
                c = self.add_variable((*shape[:-2], shape[-1]), dtype=v.dtype, name=v.name)  # type: ignore[assignment]
            self._slots[id(v)] = (r, c, self.add_variable_from_reference(v, "velocity"))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its moments."""
        step = self._updates + 1
        r, c, v = self._slots[id(variable)]
        limit = step**-0.5
        rate = op("minimum")(learning_rate, limit) if isinstance(learning_rate, Tensor) else min(learning_rate, limit)
        new = float(step) ** self.beta_2_decay
        square = op("square")(gradient) + self.epsilon_1
        if len(variable.shape) < 2:
            _blend([v], square, new)
        else:
            _blend([r], op("mean")(square, axis=-1), new)
            _blend([c], op("mean")(square, axis=-2), new)
            rows = r / op("mean")(r, axis=-1, keepdims=True)
            v.assign(op("expand_dims")(rows, -1) * op("expand_dims")(c, -2))
        change = gradient / op("sqrt")(v.value)
        bound = op("maximum")(op("sqrt")(_mean_square(change)) / self.clip_threshold, 1.0)
        size = op("maximum")(op("sqrt")(_mean_square(variable)), self.epsilon_2)
        _descend([variable], change, size * rate / bound)


@update
def _moments(m: Any, v: Any, g: Any, new_1: Any, new_2: Any) -> Any:
    return m + (g - m) * new_1, v + (g * g - v) * new_2


def _body(function: Any, count: int) -> Any:
    """Return a function of `count` tensors or numbers that runs a body as one kernel."""
    symbols = [expression.argument(i) for i in range(count)]
    body = Body(function.__name__, [function(*symbols)], symbols)
    return lambda *args: engine.run(body, args)


def _lamb_change(m: Any, v: Any, correction_1: Any, correction_2: Any, epsilon: Any) -> Any:
    return (m / correction_1) / (sqrt(v / correction_2) + epsilon)


def _trust_ratio(value: Any, change: Any) -> Any:
    ratio = sqrt(value) / sqrt(change)
    return expression.where(value > 0, expression.where(change > 0, ratio, 1.0), 1.0)


_lamb, _trust = _body(_lamb_change, 5), _body(_trust_ratio, 2)


@hyperparameters(learning_rate=0.001)
class Lamb(Rule):
    """Adam's direction, in each variable as long as the variable is: for large batches. You et al. 2019."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_momentums": "momentum", "_velocities": "velocity"}]

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots."""
        step = self._updates + 1
        slots = self._slots[id(variable)]
        _moments(slots, gradient, 1 - self.beta_1, 1 - self.beta_2)
        corrections = 1 - single(self.beta_1) ** step, 1 - single(self.beta_2) ** step
        change = _lamb(*(s.value for s in slots), *corrections, self.epsilon)
        ratio = _trust(op("sum")(op("square")(variable)), op("sum")(op("square")(change)))
        _descend([variable], change, ratio * learning_rate)


@update
def _velocity(m: Any, g: Any, momentum: Any) -> Any:
    return momentum * m + g


_SHARED_LAST = (
    "exclude_layers", "exclude_embeddings", "muon_a", "muon_b", "muon_c", "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "rms_rate",
)  # fmt: skip


@hyperparameters(learning_rate=0.001, last=_SHARED_LAST)
class Muon(Configured):
    """Momentum made orthogonal by a Newton-Schulz iteration for matrices, AdamW for the rest. Jordan et al. 2024; Liu et al. 2025.

    Variables that are not of two dimensions, embeddings (if `exclude_embeddings`), and those whose path one of the patterns
    `exclude_layers` occurs in are updated by AdamW.
    """

    adam_beta_1: float = 0.9
    adam_beta_2: float = 0.999
    adam_weight_decay: float | None = 0.004
    epsilon: float = 1e-7
    weight_decay: float | None = 0.004
    exclude_layers: list[str] | None = None
    exclude_embeddings: bool = True
    muon_a: float = 3.4445
    muon_b: float = -4.7750
    muon_c: float = 2.0315
    adam_lr_ratio: float = 1
    momentum: float = 0.95
    ns_steps: int = 5
    nesterov: bool = True
    rms_rate: float | None = 0.2

    def check(self) -> None:
        self.exclude_layers = self.exclude_layers or []

    def _should_use_adamw(self, variable: Variable) -> bool:
        path = variable.path
        if len(variable.shape) != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(keyword, path) for keyword in self.exclude_layers or ())

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a momentum for each variable, and a velocity for those of AdamW."""
        if self.built:
            return
        super().build(variables)
        self._slots: dict[int, tuple[Variable, Variable | None]] = {}
        for v in variables:
            momentum = self.add_variable_from_reference(v, "momentum")
            self._slots[id(v)] = (momentum, self.add_variable_from_reference(v, "velocity") if self._should_use_adamw(v) else None)
        self.momentums = [m for m, _ in self._slots.values()]
        self.adam_velocities = [v for _, v in self._slots.values()]

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots."""
        m, v = self._slots[id(variable)]
        if v is not None:
            step = self._updates + 1
            correction = (1 - single(self.adam_beta_2) ** step) ** 0.5 / (1 - single(self.adam_beta_1) ** step)
            alpha = learning_rate * (self.adam_lr_ratio * correction)
            _adam([variable, m, v], gradient, alpha, 1 - self.adam_beta_1, 1 - self.adam_beta_2, self.epsilon)
            return
        _velocity([m], gradient, self.momentum)
        g = gradient + m * self.momentum if self.nesterov else m.value
        change = self.zeropower_via_newtonschulz5(g, self.ns_steps)
        _descend([variable], self.lr_adjust(change), learning_rate)

    def lr_adjust(self, x: Tensor) -> Tensor:
        """Return the change of a matrix times sqrt(longer side) * rms_rate, which makes steps as large as Adam's."""
        return x if self.rms_rate is None else x * (max(x.shape) ** 0.5 * self.rms_rate)

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """Return about U @ V.T of the singular value decomposition of each matrix, by so many quintic iterations."""
        if len(x.shape) < 2:
            raise ShapeError(message("Muon", "a gradient of rank 2 or more", x.shape, "AdamW is for the others."))
        tall = x.shape[-2] > x.shape[-1]
        if tall:
            x = op("swapaxes")(x, -1, -2)
        x = x / (op("sqrt")(op("sum")(op("square")(x), axis=(-2, -1), keepdims=True)) + 1e-7)
        for _ in range(steps):
            square = x @ op("swapaxes")(x, -1, -2)
            x = self.muon_a * x + (self.muon_b * square + (self.muon_c * square) @ square) @ x
        return op("swapaxes")(x, -1, -2) if tall else x

    def _apply_weight_decay(self, variables: Sequence[Variable]) -> None:
        for v in variables:
            self._decay_by([v], self.adam_weight_decay if self._should_use_adamw(v) else self.weight_decay)
