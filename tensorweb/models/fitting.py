"""The loops of fit, evaluate and predict, each one generator that yields what it waits for. Data come from `batches.py`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from .. import config
from ..autodiff import leaves, map_leaves
from ..callbacks import CallbackList, History
from ..errors import ArgumentError, message
from ..tensor import Tensor, op
from ..waiting import Pause, Reads
from .batches import END, as_batches, one_batch, split_validation, unpack

__all__ = ["evaluate", "fit", "one_batch", "predict", "unpack"]


def fit(
    model: Any, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1, verbose: Any = "auto", callbacks: Any = None,
    validation_split: float = 0.0, validation_data: Any = None, shuffle: bool = True, class_weight: Any = None, sample_weight: Any = None,
    initial_epoch: int = 0, steps_per_epoch: int | None = None, validation_steps: int | None = None,
    validation_batch_size: int | None = None, validation_freq: Any = 1,
) -> Generator[Any, Any, History]:  # fmt: skip
    """Train a model; see Trainer.fit."""
    epochs = min(epochs, config.max_epochs() or epochs)
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = split_validation(x, y, sample_weight, validation_split)
    steps_per_epoch, validation_steps = _whole(model, steps_per_epoch), _whole(model, validation_steps)
    data = as_batches(x, y, sample_weight, batch_size or 32, shuffle, class_weight, steps_per_epoch, "fit")
    held_out = None
    if validation_data is not None:
        vx, vy, vw = unpack(validation_data) if isinstance(validation_data, (tuple, list)) else (validation_data, None, None)
        held_out = as_batches(vx, vy, vw, validation_batch_size or batch_size or 32, False, None, validation_steps, "validation_data")
    verbose = 1 if verbose == "auto" else int(verbose)
    called = _callback_list(callbacks, model, add_history=True, progress=verbose != 0, verbose=verbose, epochs=epochs, steps=data.steps)
    model.stop_training = False
    called.on_train_begin()
    logs: dict[str, Any] = {}
    # BackupAndRestore says where to go on.
    start = getattr(model, "_initial_epoch", None) or initial_epoch
    for epoch in range(start, epochs):
        model.reset_metrics()
        called.on_epoch_begin(epoch)
        logs = dict((yield from _train_epoch(model, data, called, epoch == start)))
        if held_out is not None and _due(epoch, validation_freq):
            found = yield from _test_epoch(model, held_out, called)
            logs.update({f"val_{k}": v for k, v in found.items()})
        called.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    if model.optimizer is not None and epochs > 0 and hasattr(model.optimizer, "finalize_variable_values"):
        model.optimizer.finalize_variable_values(model.trainable_weights)
    called.on_train_end(logs=logs)
    return model.history


def _whole(model: Any, steps: int | None) -> int | None:
    """Return a number of steps as a multiple of those that are run at once."""
    several = max(int(model.steps_per_execution or 1), 1)
    return None if steps is None else -(-steps // several) * several


def _due(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return (epoch + 1) in frequency


def _train_epoch(model: Any, data: Any, called: Any, first: bool) -> Generator[Any, Any, dict[str, Any]]:
    done, logs = yield from _steps(model, data, model.train_step, called, "train", "stop_training")
    if not done:
        if first:
            raise ArgumentError(message("fit", "data with at least one batch", "none", "Check that the dataset is not empty or used up."))
        # As in Keras, what is used up after the first epoch leaves the later ones empty.
        warnings.warn("the data ran out before this epoch: pass steps_per_epoch, or an iterable that can begin anew", stacklevel=2)
        logs = model.get_metrics_result()
    return (yield from read_logs(logs))


def _test_epoch(model: Any, data: Any, called: Any) -> Generator[Any, Any, dict[str, Any]]:
    model.reset_metrics()
    model.stop_evaluating = False
    data.reset()
    called.on_test_begin()
    _, logs = yield from _steps(model, data, model.test_step, called, "test", "stop_evaluating")
    logs = yield from read_logs(logs)
    called.on_test_end(logs)
    return logs


def _steps(
    model: Any, data: Any, step: Callable[[Any], Any], called: Any, mode: str, stop: str, together: Callable[[Any], Any] | None = None
) -> Generator[Any, Any, tuple[int, Any]]:  # fmt: skip
    """Run a step on each batch and return (number of batches, last result); callbacks see `steps_per_execution` batches as one.

    `together(results)`: what callbacks are given for the results of those batches; the last one's logs without it.
    """
    begin, end = getattr(called, f"on_{mode}_batch_begin"), getattr(called, f"on_{mode}_batch_end")
    stream, done, several = data.open(), 0, max(int(model.steps_per_execution or 1), 1)
    results: list[Any] = []
    logs: Any = {}

    while True:
        batch = yield from stream.pull()
        if batch is END and not results:
            break
        if batch is not END:
            if not results:
                begin(done)
            results.append(step(batch))
            done += 1
            if len(results) < several:
                continue
        logs = results[-1] if together is None else together(results)
        if together is None and called.wants_batch_logs:
            logs = yield from read_logs(logs)
        end(done - len(results) + several - 1, logs)
        results = []
        yield _PAUSE
        if batch is END or getattr(model, stop):
            break
    return done, logs


def evaluate(
    model: Any, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = "auto", sample_weight: Any = None,
    steps: int | None = None, callbacks: Any = None, return_dict: bool = False, **kwargs: Any,
) -> Generator[Any, Any, Any]:  # fmt: skip
    """Evaluate a model; see Trainer.evaluate."""
    if kwargs:
        raise ArgumentError(message("evaluate", "known arguments", sorted(kwargs), "Check their spelling."))
    data = as_batches(x, y, sample_weight, batch_size or 32, False, None, _whole(model, steps), "evaluate")
    verbose = 1 if verbose == "auto" else int(verbose)
    called = _callback_list(callbacks, model, progress=verbose != 0, verbose=verbose, epochs=1, steps=data.steps)
    logs = yield from _test_epoch(model, data, called)
    return logs if return_dict else model._in_order(logs)


def predict(
    model: Any, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None, callbacks: Any = None
) -> Generator[Any, Any, Any]:
    """Return a model's outputs; see Trainer.predict."""
    data = as_batches(x, None, None, batch_size or 32, False, None, _whole(model, steps), "predict")
    verbose = 1 if verbose == "auto" else int(verbose)
    called = _callback_list(callbacks, model, progress=verbose != 0, verbose=verbose, epochs=1, steps=data.steps)
    called.on_predict_begin()
    model.stop_predicting = False
    parts: list[list[Any]] = []
    struct: Any = None

    def collect(results: list[Any]) -> dict[str, Any]:
        nonlocal struct
        struct = results[-1]
        parts.extend(leaves(r) for r in results)
        return {"outputs": struct if len(results) == 1 else _all_joined([leaves(r) for r in results], struct)}

    yield from _steps(model, data, model.predict_step, called, "predict", "stop_predicting", collect)
    called.on_predict_end()
    if not parts:
        raise ArgumentError(message("predict", "data with at least one batch", "none", "Check that x is not empty."))
    return _all_joined(parts, struct)


def _all_joined(parts: list[list[Any]], struct: Any) -> Any:
    joined = iter([_joined([p[i] for p in parts]) for i in range(len(parts[0]))])
    return map_leaves(lambda _: next(joined), struct)


def _joined(parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else op("concatenate")(list(parts), axis=0)


def read_logs(logs: Any) -> Generator[Any, Any, dict[str, Any]]:
    """Return logs sorted by name, as Keras shows them, with numbers in place of scalar tensors; dicts within are spread out."""
    found = dict(_spread(logs))
    scalars = [key for key, value in found.items() if isinstance(value, Tensor) and value.size == 1]
    if scalars:
        found.update(zip(scalars, (flat[0] for flat in (yield Reads([found[key] for key in scalars])))))
    return found


def _spread(logs: Any) -> Iterator[tuple[str, Any]]:
    for key, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            yield from _spread(value)
        else:
            yield key, value.value if hasattr(value, "assign") else value


_PAUSE = Pause()


def _callback_list(callbacks: Any, model: Any, add_history: bool = False, progress: bool = False, **params: Any) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(callbacks, add_history=add_history, add_progbar=progress, model=model, **params)
