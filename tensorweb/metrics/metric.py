"""`Metric`, the base of all metrics: its variables, their reset, and updates without state. The metrics themselves are beside this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from .. import engine, initializers
from ..autodiff import leaves
from ..errors import ArgumentError, ShapeError, message
from ..losses.loss import policy_dtype
from ..naming import auto_name
from ..tensor import Variable, op


def _unrecorded(update: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap update_state so that no tape records it."""

    @wraps(update)
    def call(*args: Any, **kwargs: Any) -> Any:
        with engine.changed_state(tapes=()):
            return update(*args, **kwargs)

    return call


class Metric:
    """Base of metrics: subclasses make variables in __init__ and define `update_state` and `result`. Keras's Metric.

    Calling a metric updates it and returns the result. Variables and metrics among the attributes are tracked; gradient tapes never
    record updates.

    >>> import tensorweb as tw
    >>> class Positives(tw.metrics.Metric):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.count = self.add_variable(shape=(), initializer="zeros", name="count")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.count.assign_add(tw.ops.sum(tw.ops.cast(tw.tensor(y_pred) > 0, self.dtype)))
    ...     def result(self):
    ...         return self.count.value
    >>> Positives()([0, 1], [0.5, -1.0]).item()
    1.0
    """

    def __init__(self, dtype: Any = None, name: str | None = None):
        self._variables: list[Variable] = []
        self.name = name or auto_name(type(self).__name__)
        self._dtype = policy_dtype(dtype)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "update_state" in cls.__dict__:
            cls.update_state = _unrecorded(cls.__dict__["update_state"])  # type: ignore[method-assign]

    @property
    def dtype(self) -> str:
        """The dtype in which the metric computes."""
        return self._dtype

    # --- variables ---

    def add_variable(
        self, shape: Sequence[int], initializer: Any, dtype: Any = None, aggregation: str | None = "sum", name: str | None = None
    ) -> Variable:
        """Return a new variable of the metric; `aggregation` is for devices in parallel and changes nothing here."""
        name = name or auto_name("variable")
        start = initializers.get(initializer)
        variable = Variable(start, shape=tuple(shape), dtype=dtype or self.dtype, trainable=False, name=name)
        variable.path = f"{self.name}/{name}"
        self._variables.append(variable)
        return variable

    def add_weight(self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None) -> Variable:
        """Return a new variable of the metric, zeros unless an initializer is given: another name for add_variable."""
        return self.add_variable(shape=shape, initializer="zeros" if initializer is None else initializer, dtype=dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The metric's variables, then those of the metrics among its attributes."""
        found = [leaf for value in self.__dict__.values() for leaf in leaves(value) if isinstance(leaf, (Variable, Metric))]
        own = [v for v in found if isinstance(v, Variable)]
        inner = [v for m in found if isinstance(m, Metric) for v in m.variables]
        return list({id(v): v for v in own + inner}.values())

    # --- what a metric does ---

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch."""
        raise NotImplementedError(message(type(self).__name__, "a metric with a method update_state", "none", "Define it."))

    def result(self) -> Any:
        """Return the value over all batches since the last reset: a tensor or a dict of tensors."""
        raise NotImplementedError(message(type(self).__name__, "a metric with a method result", "none", "Define it."))

    def reset_state(self) -> None:
        """Set all variables to zero."""
        for v in self.variables:
            v.assign(op("zeros")(v.shape, v.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    # --- without state ---

    def _with_values(self, values: Sequence[Any] | None, call: Callable[[], Any]) -> tuple[Any, list[Any]]:
        """Return what `call` gives while the variables have other values, and those values after it; the metric does not change."""
        variables = self.variables
        if values is not None and len(values) != len(variables):
            raise ShapeError(
                message(self.name, f"{len(variables)} values, one for each of metric.variables", len(values), "Pass them all.")
            )
        before = [v._value for v in variables]
        try:
            for v, new in zip(variables, values if values is not None else before, strict=True):
                v.assign(new)
            result = call()
            return result, [v._value for v in variables]
        finally:
            for v, old in zip(variables, before, strict=True):
                v._value = old

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Return the variables' values that an update of these values makes; the metric does not change."""
        return self._with_values(metric_variables, lambda: self.update_state(*args, **kwargs))[1]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Return the result of these values of the variables."""
        return self._with_values(metric_variables, self.result)[0]

    def stateless_reset_state(self) -> list[Any]:
        """Return the variables' values after a reset; the metric does not change."""
        return self._with_values(None, self.reset_state)[1]

    # --- config ---

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Return a metric of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def one_of(where: str, argument: str, value: Any, allowed: Sequence[Any]) -> Any:
    """Return `value` if it is allowed; raise ArgumentError otherwise."""
    if value not in allowed:
        raise ArgumentError(message(where, f"{argument} to be one of {tuple(allowed)}", repr(value), "Choose one of them."))
    return value
