"""The update rules, each one body: a single kernel updates the value and its slots in place. Formulas and defaults are Keras 3's."""

from __future__ import annotations

from typing import Any

from ..kernels.expression import absolute, maximum, sqrt
from ..ops.update import update
from ..tensor import Tensor, Variable, op
from .base import Optimizer


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


class SGD(Optimizer):
    """Gradient descent, with momentum and Nesterov's form of it."""

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **kwargs: Any):
        super().__init__(learning_rate, **kwargs)
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = ("momentum",) if momentum else ()

    def update_step(self, gradient: Tensor, variable: Variable, slots: list[Variable], learning_rate: float) -> None:
        if not self.momentum:
            _sgd([variable], gradient, learning_rate)
        else:
            (_nesterov if self.nesterov else _momentum)([variable, *slots], gradient, learning_rate, self.momentum)


@update
def _adagrad(p: Any, a: Any, g: Any, rate: Any, epsilon: Any) -> Any:
    a = a + g * g
    return p - rate * g / sqrt(a + epsilon), a


class Adagrad(Optimizer):
    """Steps divided by the root of all squared gradients so far. Duchi et al. 2011."""

    slots = ("accumulator",)

    def __init__(self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, **kwargs: Any):
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def slot_value(self, slot: str, variable: Variable) -> Any:
        return op("full")(variable.shape, self.initial_accumulator_value, dtype=variable.dtype)

    def update_step(self, gradient: Tensor, variable: Variable, slots: list[Variable], learning_rate: float) -> None:
        _adagrad([variable, *slots], gradient, learning_rate, self.epsilon)


@update
def _adadelta(p: Any, a: Any, d: Any, g: Any, rate: Any, rho: Any, epsilon: Any) -> Any:
    a = rho * a + (1 - rho) * (g * g)
    step = -sqrt(d + epsilon) * g / sqrt(a + epsilon)
    return p + rate * step, a, rho * d + (1 - rho) * (step * step)


class Adadelta(Optimizer):
    """Steps scaled by the ratio of recent steps to recent gradients. Zeiler 2012."""

    slots = ("accumulated_grad", "accumulated_delta_var")

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **kwargs: Any):
        super().__init__(learning_rate, **kwargs)
        self.rho, self.epsilon = rho, epsilon

    def update_step(self, gradient: Tensor, variable: Variable, slots: list[Variable], learning_rate: float) -> None:
        _adadelta([variable, *slots], gradient, learning_rate, self.rho, self.epsilon)


@update
def _adam(p: Any, m: Any, v: Any, g: Any, alpha: Any, beta_1: Any, beta_2: Any, epsilon: Any) -> Any:
    m = m + (g - m) * (1 - beta_1)
    v = v + (g * g - v) * (1 - beta_2)
    return p - m * alpha / (sqrt(v) + epsilon), m, v


@update
def _amsgrad(p: Any, m: Any, v: Any, top: Any, g: Any, alpha: Any, beta_1: Any, beta_2: Any, epsilon: Any) -> Any:
    m = m + (g - m) * (1 - beta_1)
    v = v + (g * g - v) * (1 - beta_2)
    top = maximum(top, v)
    return p - m * alpha / (sqrt(top) + epsilon), m, v, top


class Adam(Optimizer):
    """Running means of the gradient and its square, corrected for their start at zero. Kingma, Ba 2014; amsgrad: Reddi et al. 2018."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad
        self.slots = ("momentum", "velocity", "velocity_hat") if amsgrad else ("momentum", "velocity")

    def update_step(self, gradient: Tensor, variable: Variable, slots: list[Variable], learning_rate: float) -> None:
        step = self.iterations + 1
        alpha = learning_rate * (1 - self.beta_2**step) ** 0.5 / (1 - self.beta_1**step)
        (_amsgrad if self.amsgrad else _adam)([variable, *slots], gradient, alpha, self.beta_1, self.beta_2, self.epsilon)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient. Loshchilov, Hutter 2017."""

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, **kwargs: Any):
        super().__init__(learning_rate, weight_decay=weight_decay, **kwargs)


@update
def _adamax(p: Any, m: Any, u: Any, g: Any, alpha: Any, beta_1: Any, beta_2: Any, epsilon: Any) -> Any:
    m = m + (g - m) * (1 - beta_1)
    u = maximum(beta_2 * u, absolute(g))
    return p - alpha * m / (u + epsilon), m, u


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the mean square. Kingma, Ba 2014."""

    slots = ("momentum", "norm")

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7, **kwargs: Any):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def update_step(self, gradient: Tensor, variable: Variable, slots: list[Variable], learning_rate: float) -> None:
        alpha = learning_rate / (1 - self.beta_1 ** (self.iterations + 1))
        _adamax([variable, *slots], gradient, alpha, self.beta_1, self.beta_2, self.epsilon)


def _rmsprop(centered: bool, momentum: bool) -> Any:
    """Return the rule with the slots that the options ask for, in the order velocity, momentum, average_gradient."""

    def step(p: Any, v: Any, mo: Any, a: Any, g: Any, rate: Any, rho: Any, mu: Any, epsilon: Any) -> tuple[Any, ...]:
        v = rho * v + (1 - rho) * (g * g)
        if centered:
            a = rho * a + (1 - rho) * g
        change = rate * g / sqrt((v - a * a if centered else v) + epsilon)
        if momentum:
            mo = mu * mo + change
            change = mo
        return p - change, v, mo, a

    def plain(p: Any, v: Any, g: Any, rate: Any, rho: Any, mu: Any, epsilon: Any) -> Any:
        return step(p, v, None, None, g, rate, rho, mu, epsilon)[:2]

    def with_momentum(p: Any, v: Any, mo: Any, g: Any, rate: Any, rho: Any, mu: Any, epsilon: Any) -> Any:
        return step(p, v, mo, None, g, rate, rho, mu, epsilon)[:3]

    def with_average(p: Any, v: Any, a: Any, g: Any, rate: Any, rho: Any, mu: Any, epsilon: Any) -> Any:
        p, v, _, a = step(p, v, None, a, g, rate, rho, mu, epsilon)
        return p, v, a

    return update((step if momentum else with_average) if centered else with_momentum if momentum else plain)


_RMSPROP = {(c, m): _rmsprop(c, m) for c in (False, True) for m in (False, True)}


class RMSprop(Optimizer):
    """Steps divided by the root of the running mean of squared gradients, its variance if `centered`. Hinton 2012."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self.slots = ("velocity", *(("momentum",) if momentum else ()), *(("average_gradient",) if centered else ()))

    def update_step(self, gradient: Tensor, variable: Variable, slots: list[Variable], learning_rate: float) -> None:
        rule = _RMSPROP[self.centered, self.momentum > 0]
        rule([variable, *slots], gradient, learning_rate, self.rho, self.momentum, self.epsilon)
