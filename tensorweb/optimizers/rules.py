"""The rules that are one body each: a single kernel updates the value and its slots in place. Formulas and defaults are Keras 3's.

Kernels take 1 - beta, not beta: it is computed in double precision on the host, where a device would lose digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from ..errors import ArgumentError, message
from ..kernels.expression import absolute, maximum, minimum, sign, sqrt
from ..naming import auto_name
from ..ops.update import update
from ..tensor import Tensor, Variable
from .hyperparameters import Configured, hyperparameters
from .scalar import HostScalar, single


class Rule(Configured):
    """Base of the optimizers whose step is one kernel (value, slots..., gradient, numbers...) -> new value and slots.

    A subclass gives its slots as groups of attribute -> name of slot (a group is made variable by variable), `kernel` and `numbers`.
    """

    def groups(self) -> Sequence[dict[str, str]]:
        """Return the groups of slots."""
        return ()

    def initial(self, slot: str) -> Any:
        """Return the number that a slot begins with."""
        return "zeros"

    def kernel(self) -> Any:
        """Return the update that the options ask for."""
        raise NotImplementedError

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        """Return the kernel's last arguments: numbers that may change with the step."""
        raise NotImplementedError

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots of the variables."""
        if self.built:
            return
        super().build(variables)
        self._slots: dict[int, list[Variable]] = {id(v): [] for v in variables}
        for group in self.groups():
            names = list(group.values())
            made = self.add_optimizer_variables(variables, names, [self.initial(n) for n in names])
            for attribute, column in zip(group, made, strict=True):
                setattr(self, attribute, column)
                for v, slot in zip(variables, column, strict=True):
                    self._slots[id(v)].append(slot)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots."""
        self.kernel()([variable, *self._slots[id(variable)]], gradient, *self.numbers(learning_rate))


@update
def _sgd(p: Any, g: Any, rate: Any) -> Any:
    return p - rate * g


@update
def _momentum(p: Any, m: Any, g: Any, rate: Any, momentum: Any) -> Any:
    m = momentum * m - rate * g
    return p + m, m


@update
def _nesterov(p: Any, m: Any, g: Any, rate: Any, momentum: Any) -> Any:
    m = momentum * m - rate * g
    return p + momentum * m - rate * g, m


@hyperparameters(learning_rate=0.01)
class SGD(Rule):
    """Gradient descent: value -= learning_rate * gradient, with momentum (`nesterov`: looking ahead). Sutskever et al. 2013.

    >>> import tensorweb as tw
    >>> v = tw.Variable([1.0, 2.0])
    >>> tw.optimizers.SGD(0.5).apply([tw.ones((2,))], [v])
    >>> v.tolist()
    [0.5, 1.5]
    """

    momentum: float = 0.0
    nesterov: bool = False

    def check(self) -> None:
        if isinstance(self.momentum, (str, bool)) or not hasattr(self.momentum, "__float__") or not 0 <= self.momentum <= 1:
            raise ArgumentError(message("SGD", "momentum to be a float between 0 and 1", repr(self.momentum), "0.9 is usual."))

    def groups(self) -> Sequence[dict[str, str]]:
        self.momentums: list[Variable] = []
        return [{"momentums": "momentum"}] if self.momentum else ()

    def kernel(self) -> Any:
        return _sgd if not self.momentums else _nesterov if self.nesterov else _momentum

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        return (rate, self.momentum) if self.momentums else (rate,)


@update
def _adagrad(p: Any, a: Any, g: Any, rate: Any, epsilon: Any) -> Any:
    a = a + g * g
    return p - rate * g / sqrt(a + epsilon), a


@hyperparameters(learning_rate=0.001)
class Adagrad(Rule):
    """Steps divided by the root of all squared gradients so far. Duchi et al. 2011."""

    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_accumulators": "accumulator"}]

    def initial(self, slot: str) -> Any:
        return float(self.initial_accumulator_value)

    def kernel(self) -> Any:
        return _adagrad

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        return rate, self.epsilon


@update
def _adadelta(p: Any, a: Any, d: Any, g: Any, rate: Any, new: Any, epsilon: Any) -> Any:
    a = a + (g * g - a) * new
    step = -sqrt(d + epsilon) * g / sqrt(a + epsilon)
    return p + rate * step, a, d + (step * step - d) * new


@hyperparameters(learning_rate=0.001)
class Adadelta(Rule):
    """Steps scaled by the ratio of recent steps to recent gradients. Zeiler 2012."""

    rho: float = 0.95
    epsilon: float = 1e-7

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_accumulated_grads": "accumulated_grad", "_accumulated_delta_vars": "accumulated_delta_var"}]

    def kernel(self) -> Any:
        return _adadelta

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        return rate, 1 - self.rho, self.epsilon


@update
def _adam(p: Any, m: Any, v: Any, g: Any, alpha: Any, new_1: Any, new_2: Any, epsilon: Any) -> Any:
    m = m + (g - m) * new_1
    v = v + (g * g - v) * new_2
    return p - m * alpha / (sqrt(v) + epsilon), m, v


@update
def _amsgrad(p: Any, m: Any, v: Any, top: Any, g: Any, alpha: Any, new_1: Any, new_2: Any, epsilon: Any) -> Any:
    m = m + (g - m) * new_1
    v = v + (g * g - v) * new_2
    top = maximum(top, v)
    return p - m * alpha / (sqrt(top) + epsilon), m, v, top


@hyperparameters(learning_rate=0.001)
class Adam(Rule):
    """Running means of the gradient and its square, corrected for their start at zero. Kingma, Ba 2014; amsgrad: Reddi et al. 2018.

    Args: `beta_1`, `beta_2`: how much of the means stays in each step; `epsilon` is added to the divisor; `amsgrad` divides by the
    largest mean so far; further ones as in `Optimizer`.

    >>> import tensorweb as tw
    >>> v = tw.Variable(1.0)
    >>> optimizer = tw.optimizers.Adam(learning_rate=0.1)
    >>> optimizer.apply([tw.tensor(3.0)], [v])
    >>> round(float(v), 3), int(optimizer.iterations)
    (0.9, 1)
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False

    def groups(self) -> Sequence[dict[str, str]]:
        moments = {"_momentums": "momentum", "_velocities": "velocity"}
        return [moments, {"_velocity_hats": "velocity_hat"}] if self.amsgrad else [moments]

    def kernel(self) -> Any:
        return _amsgrad if self.amsgrad else _adam

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        step = self._updates + 1
        alpha = rate * ((1 - single(self.beta_2) ** step) ** 0.5 / (1 - single(self.beta_1) ** step))
        return alpha, 1 - self.beta_1, 1 - self.beta_2, self.epsilon


@hyperparameters(learning_rate=0.001)
class AdamW(Adam):
    """Adam with weight decay apart from the gradient. Loshchilov, Hutter 2017."""

    weight_decay: float = 0.004

    def check(self) -> None:
        if self.weight_decay is None:
            raise ArgumentError(message("AdamW", "weight_decay to be a float", None, "Use Adam to go without."))


@update
def _adamax(p: Any, m: Any, u: Any, g: Any, alpha: Any, new_1: Any, beta_2: Any, epsilon: Any) -> Any:
    m = m + (g - m) * new_1
    u = maximum(beta_2 * u, absolute(g))
    return p - alpha * m / (u + epsilon), m, u


@hyperparameters(learning_rate=0.001)
class Adamax(Rule):
    """Adam with the largest recent gradient in place of the mean square. Kingma, Ba 2014."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_m": "momentum", "_u": "norm"}]

    def kernel(self) -> Any:
        return _adamax

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        return rate / (1 - single(self.beta_1) ** (self._updates + 1)), 1 - self.beta_1, self.beta_2, self.epsilon


@update
def _nadam(
    p: Any, m: Any, v: Any, g: Any, of_mean: Any, of_gradient: Any, of_square: Any, new_1: Any, new_2: Any, epsilon: Any
) -> Any:  # fmt: skip
    m = m + (g - m) * new_1
    v = v + (g * g - v) * new_2
    return p - (of_mean * m + of_gradient * g) / (sqrt(v * of_square) + epsilon), m, v


@hyperparameters(learning_rate=0.001)
class Nadam(Rule):
    """Adam with Nesterov's momentum. Dozat 2015."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_momentums": "momentum", "_velocities": "velocity"}]

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots of the variables, and the product of the momentums so far."""
        if not self.built:
            super().build(variables)
            self._u_product = HostScalar(1.0, "float32", auto_name("variable"))

    def kernel(self) -> Any:
        return _nadam

    def _momentum_of(self, step: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**step)

    def _backend_update_step(self, gradients: list[Tensor], variables: Sequence[Variable], learning_rate: Any) -> None:
        self._u_product.number *= self._momentum_of(self._updates + 1)
        super()._backend_update_step(gradients, variables, learning_rate)

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        step, product = self._updates + 1, self._u_product.number
        now, following = self._momentum_of(step), self._momentum_of(step + 1)
        of_mean, of_gradient = rate * (following / (1 - product * following)), rate * ((1 - now) / (1 - product))
        beta_2 = single(self.beta_2)
        return of_mean, of_gradient, 1 / (1 - beta_2**step), 1 - single(self.beta_1), 1 - beta_2, self.epsilon


@update
def _lion(p: Any, m: Any, g: Any, rate: Any, new_1: Any, new_2: Any) -> Any:
    return p - rate * sign(m + (g - m) * new_1), m + (g - m) * new_2


@hyperparameters(learning_rate=0.001)
class Lion(Rule):
    """Steps of one size: the sign of the momentum. Chen et al. 2023."""

    beta_1: float = 0.9
    beta_2: float = 0.99

    def check(self) -> None:
        if not 0 < self.beta_1 <= 1:
            raise ArgumentError(message("Lion", "beta_1 in (0, 1]", self.beta_1, "0.9 is usual; 0 would be the gradient's sign alone."))

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_momentums": "momentum"}]

    def kernel(self) -> Any:
        return _lion

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        return rate, 1 - self.beta_1, 1 - self.beta_2


def _rmsprop(centered: bool, momentum: bool) -> Any:
    """Return the rule with the slots that the options ask for, in the order velocity, momentum, average_gradient."""

    def step(p: Any, v: Any, mo: Any, a: Any, g: Any, rate: Any, new: Any, mu: Any, epsilon: Any) -> tuple[Any, ...]:
        v = v + (g * g - v) * new
        if centered:
            a = a + (g - a) * new
        change = rate * g / sqrt((v - a * a if centered else v) + epsilon)
        if momentum:
            mo = mu * mo + change
            change = mo
        return p - change, v, mo, a

    def plain(p: Any, v: Any, g: Any, rate: Any, new: Any, mu: Any, epsilon: Any) -> Any:
        return step(p, v, None, None, g, rate, new, mu, epsilon)[:2]

    def with_momentum(p: Any, v: Any, mo: Any, g: Any, rate: Any, new: Any, mu: Any, epsilon: Any) -> Any:
        return step(p, v, mo, None, g, rate, new, mu, epsilon)[:3]

    def with_average(p: Any, v: Any, a: Any, g: Any, rate: Any, new: Any, mu: Any, epsilon: Any) -> Any:
        p, v, _, a = step(p, v, None, a, g, rate, new, mu, epsilon)
        return p, v, a

    return update((step if momentum else with_average) if centered else with_momentum if momentum else plain)


_RMSPROP = {(c, m): _rmsprop(c, m) for c in (False, True) for m in (False, True)}


@hyperparameters(learning_rate=0.001)
class RMSprop(Rule):
    """Steps divided by the root of the running mean of squared gradients, its variance if `centered`. Hinton 2012."""

    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    legacy_arguments = {"decay": "rho"}  # noqa: RUF012  (TensorFlow.js)

    def groups(self) -> Sequence[dict[str, str]]:
        self._momentums: list[Variable] = []
        self._average_gradients: list[Variable] = []
        average = {"_average_gradients": "average_gradient"} if self.centered else {}
        return [g for g in ({"_velocities": "velocity"}, {"_momentums": "momentum"} if self.momentum > 0 else {}, average) if g]

    def kernel(self) -> Any:
        return _RMSPROP[bool(self._average_gradients), bool(self._momentums)]

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        return rate, 1 - self.rho, self.momentum, self.epsilon


@update
def _ftrl(p: Any, a: Any, z: Any, g: Any, rate: Any, power: Any, l1: Any, l2: Any, shrinkage: Any) -> Any:
    new = a + g * g
    z = z + (g + 2 * shrinkage * p) - (new**power - a**power) / rate * p
    return (minimum(maximum(z, -l1), l1) - z) / (new**power / rate + 2 * l2), new, z


@hyperparameters(learning_rate=0.001)
class Ftrl(Rule):
    """Follow the regularized leader, with l1, l2 and shrinkage: for sparse linear models. McMahan et al. 2013."""

    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0

    def check(self) -> None:
        for name in type(self).own_arguments:
            value = getattr(self, name)
            if name == "learning_rate_power" and value > 0:
                raise ArgumentError(message("Ftrl", "learning_rate_power <= 0", value, "-0.5 is usual."))
            if name not in ("learning_rate_power", "beta") and value < 0:
                raise ArgumentError(message("Ftrl", f"{name} >= 0", value, "0 is usual for the strengths."))

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_accumulators": "accumulator", "_linears": "linear"}]

    def initial(self, slot: str) -> Any:
        return float(self.initial_accumulator_value) if slot == "accumulator" else "zeros"

    def kernel(self) -> Any:
        return _ftrl

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        inverse = 0.5 / rate if isinstance(rate, Tensor) or rate else inf
        l2 = self.l2_regularization_strength + self.beta * inverse if self.beta else self.l2_regularization_strength
        return rate, -self.learning_rate_power, self.l1_regularization_strength, l2, self.l2_shrinkage_regularization_strength


@update
def _schedule_free(
    p: Any, z: Any, v: Any, g: Any, rate: Any, correction: Any, weight: Any, beta_1: Any, new_2: Any, epsilon: Any
) -> Any:  # fmt: skip
    v = v + (g * g - v) * new_2
    x = (p - (1 - beta_1) * z) / beta_1
    z = z - rate * g / (sqrt(v / correction) + epsilon)
    x = (1 - weight) * x + weight * z
    return (1 - beta_1) * z + beta_1 * x, z, v


@hyperparameters(learning_rate=0.0025)
class ScheduleFreeAdamW(Rule):
    """AdamW whose averages take the place of a schedule; the variable is where gradients are taken. Defazio et al. 2024."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    warmup_steps: int = 0

    def groups(self) -> Sequence[dict[str, str]]:
        return [{"_momentums": "momentum", "_velocities": "velocity"}]

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots of the variables; momentum begins at the value."""
        if not self.built:
            super().build(variables)
            for v in variables:
                if self._slots[id(v)][0] is not None:
                    self._slots[id(v)][0].assign(v.value)

    def kernel(self) -> Any:
        return _schedule_free

    def numbers(self, rate: Any) -> tuple[Any, ...]:
        step = self._updates + 1
        if self.warmup_steps > 0:
            rate = rate * min(step / self.warmup_steps, 1.0)
        beta_2 = single(self.beta_2)
        return rate, 1 - beta_2**step, 1 / step, self.beta_1, 1 - beta_2, self.epsilon
