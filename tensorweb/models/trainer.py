"""Trainer: compile, the steps of training, evaluation and prediction, and what they report. The loops over data are in `fitting.py`."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from functools import lru_cache
from typing import Any

from .. import losses as losses_module
from .. import metrics as metrics_module
from .. import optimizers
from ..autodiff import GradientTape, keys_in_order, leaves
from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..stateless import StatelessScope
from ..tensor import as_tensor, op
from ..tree import is_nested
from ..waiting import wait, wait_async
from . import fitting
from .compiled import CompiledLoss, CompiledMetrics
from .placement import placed, placed_loop


def _signed(loop: Any) -> Any:
    """Show the parameters of a loop as those of the method that runs it, in help and to editors."""
    model, *rest = inspect.signature(loop).parameters.values()
    shown = inspect.Signature([model.replace(name="self"), *rest])

    def decorate(method: Any) -> Any:
        method.__signature__ = shown
        return method

    return decorate


class Trainer:
    """What models can do beside being layers. Custom training overrides `train_step`, `test_step`, `predict_step` or `compute_loss`."""

    name: str
    losses: Any
    trainable_variables: Any
    _layers: Any
    _flatten_layers: Any

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.compiled = False
        self.stop_training = False
        self.history: Any = None
        self._compile_loss: CompiledLoss | None = None
        self._compile_metrics: CompiledMetrics | None = None
        self._loss_tracker: Any = None
        self._compile_config: dict[str, Any] | None = None
        self.steps_per_execution, self.run_eagerly, self.jit_compile = 1, False, False

    # --- compiling ---

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None, metrics: Any = None, weighted_metrics: Any = None,
        run_eagerly: bool = False, steps_per_execution: int = 1, jit_compile: Any = "auto", auto_scale_loss: bool = True,
    ) -> None:  # fmt: skip
        """Say how to train: optimizer, losses and metrics.

        Args: `optimizer`: name, config or object; `loss`: a name, function or Loss, or a list or dict of them by output;
        `loss_weights`: numbers by output; `metrics`, `weighted_metrics`: lists of names, functions or Metrics, or dicts by output.
        The others are taken for Keras's sake: everything runs eagerly. Raises ArgumentError for unknown names.
        """
        made = optimizers.get(optimizer)
        compile_loss = None if loss is None else CompiledLoss(loss, loss_weights)
        compile_metrics = CompiledMetrics(metrics, weighted_metrics)
        if auto_scale_loss and getattr(getattr(self, "dtype_policy", None), "name", "") == "mixed_float16" and made is not None:
            made = made if isinstance(made, optimizers.LossScaleOptimizer) else optimizers.LossScaleOptimizer(made)
        self.optimizer, self.loss = made, loss
        compile_metrics.output_names = self._metric_names
        self._compile_loss, self._compile_metrics = compile_loss, compile_metrics
        self._loss_tracker = metrics_module.Mean(name="loss")
        self.stop_training, self.compiled = False, True
        self.steps_per_execution, self.run_eagerly, self.jit_compile = steps_per_execution, run_eagerly, False
        self._compile_config = {
            "optimizer": made, "loss": loss, "loss_weights": loss_weights, "metrics": metrics, "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly, "steps_per_execution": steps_per_execution, "jit_compile": False,
        }  # fmt: skip

    def get_compile_config(self) -> dict[str, Any]:
        """Return the arguments of `compile` as a config; empty if the model is not compiled."""
        return {} if self._compile_config is None else serialize_keras_object(self._compile_config)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as a saved model was."""
        if type(self).compile is not Trainer.compile:
            return
        revived = {k: _revived(k, v) for k, v in config.items()}
        self.compile(**{k: v for k, v in revived.items() if k != "auto_scale_loss" or v is not None})
        if self.optimizer is not None and getattr(self, "built", False):
            self.optimizer.build(self.trainable_variables)

    def _need_compiled(self, what: str) -> None:
        overridden = type(self).train_step is not Trainer.train_step and what == "fit"
        if not self.compiled and not overridden:
            raise ArgumentError(message(what, "a compiled model", "one that is not", "Call model.compile(optimizer, loss) first."))

    # --- names, metrics ---

    @property
    def output_names_for_losses(self) -> list[str]:
        """The outputs' names; of a subclassed model none."""
        try:
            return list(self.output_names)  # type: ignore[attr-defined]
        except (AttributeError, ArgumentError):
            return []

    def _names(self, y_pred: Any) -> list[str | None]:
        names: list[str | None] = list(self.output_names_for_losses)
        count = len(leaves(y_pred))
        if len(names) == count:
            return names
        if isinstance(y_pred, dict) and len(y_pred) == count:
            return keys_in_order(y_pred)
        return [None] * count

    def _metric_names(self, y_pred: Any) -> list[str | None]:
        """The outputs' names in logs of metrics: the keys of a dict of outputs."""
        if isinstance(y_pred, dict) and not any(is_nested(v) for v in y_pred.values()):
            return keys_in_order(y_pred)
        return self._names(y_pred)

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the compiled metrics (as one, whose result is a dict), the model's own and those of its layers."""
        from ..layers.tracking import held, is_metric, unique

        compiled = self._compile_metrics
        found = [] if self._loss_tracker is None else [self._loss_tracker]
        found += [] if compiled is None or (compiled.given is None and compiled.weighted_given is None) else [compiled]
        found += [] if self._compile_loss is None else self._compile_loss.metrics
        skipped = {id(self._loss_tracker), id(compiled)}
        found += [m for m in held(self, is_metric) if id(m) not in skipped]
        # A model within has its own training: its running loss and metrics stay out of this one's.
        inner = [layer for layer in self._flatten_layers(include_self=False) if not isinstance(layer, Trainer)]
        return unique(found + [m for layer in inner for m in layer.metrics])

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Begin all metrics anew."""
        for m in self.metrics:
            m.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the metrics' values by name."""
        found: dict[str, Any] = {}
        for m in self.metrics:
            value = m.result()
            found.update(value if isinstance(value, dict) else {m.name: value})
        return found

    def _in_order(self, logs: dict[str, Any]) -> Any:
        """Return the values of logs: the loss, the metrics in the order of `compile`, the rest by name; a single one as it is."""
        names: list[str] = []
        for m in self.metrics:
            names += [one.name for one in m.metrics] if isinstance(m, CompiledMetrics) else [m.name]
        values = [logs[n] for n in names if n in logs] + [logs[k] for k in sorted(logs) if k not in names]
        return values[0] if len(values) == 1 else values

    # --- losses and metrics of a batch ---

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:  # fmt: skip
        """Return the scalar to minimise: the compiled losses and what layers added. May be overridden."""
        parts = []
        if self._compile_loss is not None:
            total = self._compile_loss(y, y_pred, sample_weight, self._names(y_pred))
            parts = [] if total is None else [total]
        parts += [op("sum")(loss) if getattr(loss, "shape", ()) else loss for loss in self.losses]
        if not parts:
            if not training:
                return as_tensor(0.0, "compute_loss")
            raise ArgumentError(message("fit", "a loss", "none", "Pass loss= to compile, or call add_loss in a layer."))
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        # Models written before Keras 3.3 override compute_loss without `training`.
        mode = {"training": training} if "training" in parameter_names(type(self).compute_loss) else {}
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **mode)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Take a batch into the compiled metrics and return all metrics' values. May be overridden."""
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def stateless_compute_loss(
        self, trainable_variables: Any, non_trainable_variables: Any, metrics_variables: Any, x: Any = None, y: Any = None,
        y_pred: Any = None, sample_weight: Any = None, training: bool = True,
    ) -> tuple:  # fmt: skip
        """Return (loss, (trainable, non-trainable, metrics' values)) for given values of the variables, which keep their own."""
        groups = (self.trainable_variables, self.non_trainable_variables, self.metrics_variables)  # type: ignore[attr-defined]
        pairs = [p for own, new in zip(groups, (trainable_variables, non_trainable_variables, metrics_variables)) for p in zip(own, new)]
        with StatelessScope(pairs) as scope:
            loss = self._loss_of(x, y, y_pred, sample_weight, training)
        return loss, tuple([scope.get_current_value(v) for v in own] for own in groups)

    # --- steps ---

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step on a batch (x, y, sample_weight) and return the metrics. May be overridden."""
        x, y, sample_weight = fitting.unpack(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self._loss_of(x, y, y_pred, sample_weight, training=True)
            scaled = self.optimizer.scale_loss(loss) if self.optimizer is not None else loss
        self._track_loss(loss, x)
        variables = self.trainable_variables
        if variables and self.optimizer is not None:
            self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate a batch (x, y, sample_weight) and return the metrics. May be overridden."""
        x, y, sample_weight = fitting.unpack(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self._loss_of(x, y, y_pred, sample_weight, training=False)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for a batch. May be overridden."""
        x, _, _ = fitting.unpack(data)
        return self(x, training=False)  # type: ignore[operator]

    def _track_loss(self, loss: Any, x: Any) -> None:
        first: Any = leaves(x)[0] if leaves(x) else None
        weight = first.shape[0] if getattr(first, "shape", ()) else 1
        if self._loss_tracker is not None:
            self._loss_tracker.update_state(loss, sample_weight=weight)

    # --- loops, each once: a generator, driven blocking or in an event loop ---

    @_signed(fitting.fit)
    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """Train, and return the History: its `history` holds a list for each metric, a value an epoch.

        Args: `x`, `y`: tensors, arrays, lists or nested ones, or `x` a Dataset, PyDataset or generator of (x, y[, sample_weight]);
        `batch_size` (32), `epochs` (1), `verbose` ("auto", 0, 1 a bar, 2 a line), `callbacks`, `validation_split`,
        `validation_data`, `shuffle`, `class_weight`, `sample_weight`, `initial_epoch`, `steps_per_epoch`, `validation_steps`,
        `validation_batch_size`, `validation_freq`. Raises ArgumentError before anything changed if the data do not fit.
        """
        return wait(self._fit(*args, **kwargs))

    @_signed(fitting.fit)
    async def fit_async(self, *args: Any, **kwargs: Any) -> Any:
        """Train as `fit` does, without blocking the event loop."""
        return await wait_async(self._fit(*args, **kwargs))

    @placed_loop
    def _fit(self, *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        self._need_compiled("fit")
        return fitting.fit(self, *args, **kwargs)

    @_signed(fitting.evaluate)
    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Return the loss and metrics on data: a number, a list, or with `return_dict=True` a dict.

        Args: `x`, `y`, `batch_size`, `verbose`, `sample_weight`, `steps`, `callbacks`, `return_dict`, as in `fit`.
        """
        return wait(self._evaluate(*args, **kwargs))

    @_signed(fitting.evaluate)
    async def evaluate_async(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate without blocking the event loop."""
        return await wait_async(self._evaluate(*args, **kwargs))

    @placed_loop
    def _evaluate(self, *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        self._need_compiled("evaluate")
        return fitting.evaluate(self, *args, **kwargs)

    @_signed(fitting.predict)
    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for all of `x`, batch by batch, joined. Args: `x`, `batch_size`, `verbose`, `steps`, `callbacks`."""
        return wait(self._predict(*args, **kwargs))

    @_signed(fitting.predict)
    async def predict_async(self, *args: Any, **kwargs: Any) -> Any:
        """Predict without blocking the event loop."""
        return await wait_async(self._predict(*args, **kwargs))

    @placed_loop
    def _predict(self, *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        return fitting.predict(self, *args, **kwargs)

    # --- single batches ---

    @placed
    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False) -> Any:
        """Take one step on one batch and return the loss and metrics."""
        self._need_compiled("train_on_batch")
        batch = fitting.one_batch(x, y, sample_weight, class_weight)
        self.reset_metrics()
        return self._numbers(self.train_step(batch), return_dict)

    @placed
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Evaluate one batch and return the loss and metrics."""
        self._need_compiled("test_on_batch")
        batch = fitting.one_batch(x, y, sample_weight)
        self.reset_metrics()
        return self._numbers(self.test_step(batch), return_dict)

    def _numbers(self, logs: dict[str, Any], return_dict: bool) -> Any:
        values = wait(fitting.read_logs(logs))
        return values if return_dict else self._in_order(values)

    @placed
    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch."""
        return self.predict_step(fitting.one_batch(x))


@lru_cache(maxsize=256)
def parameter_names(function: Any) -> frozenset[str]:
    """Return the names of a function's parameters."""
    return frozenset(inspect.signature(function).parameters)


def _revived(key: str, value: Any) -> Any:
    """Return an argument of `compile` from its config."""
    if key == "optimizer":
        return optimizers.deserialize(value) if isinstance(value, dict) else value
    if key == "loss" and isinstance(value, dict) and "class_name" in value:
        return losses_module.get(value)
    return deserialize_keras_object(value) if isinstance(value, (dict, list)) else value
