"""Callbacks of a few lines: LambdaCallback, TerminateOnNaN, RemoteMonitor, SwapEMAWeights."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import ArgumentError, NumericsError, message
from .callback import Callback, Logs


class LambdaCallback(Callback):
    """A callback whose hooks are the functions given by the hooks' names. Keras's LambdaCallback, TensorFlow.js's customCallback.

    >>> import tensorweb as tw
    >>> stop = tw.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    >>> stop.on_epoch_end(2, {"loss": 0.5})
    2 0.5
    """

    def __init__(
        self, on_epoch_begin: Callable | None = None, on_epoch_end: Callable | None = None, on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None, on_train_batch_begin: Callable | None = None, on_train_batch_end: Callable | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__()
        named = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin, "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin, "on_train_batch_end": on_train_batch_end,
        }  # fmt: skip
        self.__dict__.update(kwargs)
        self.__dict__.update({k: v for k, v in named.items() if v is not None})


class TerminateOnNaN(Callback):
    """Stops training at a loss that is NaN or infinite; raises NumericsError instead if `raise_error`. Keras's TerminateOnNaN."""

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the loss."""
        from ..utils.messages import print_message

        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise NonFiniteLossError(message("fit", "a finite loss", f"{loss} at batch {batch}", "Lower the learning rate."))
        print_message(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


class NonFiniteLossError(NumericsError, RuntimeError):
    """The loss became NaN or infinite."""


class RemoteMonitor(Callback):
    """Posts each epoch's logs to a server at `root` + `path`, as a form's field or as JSON. Keras's RemoteMonitor.

    Args: `field`: the form's field that holds the JSON text; `headers`: a dict; `send_as_json`: send JSON as the body instead.
    A server that cannot be reached gives a warning.
    """

    def __init__(
        self, root: str = "http://localhost:9000", path: str = "/publish/epoch/end/", field: str = "data",
        headers: dict[str, str] | None = None, send_as_json: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.root, self.path, self.field, self.headers, self.send_as_json = root, path, field, headers, send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Post the logs."""
        from urllib.parse import urlencode
        from urllib.request import Request, urlopen

        text = json.dumps({"epoch": epoch, **{k: _plain(v) for k, v in (logs or {}).items()}})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urlencode({self.field: text})
        request = Request(self.root + self.path, body.encode(), {"Content-Type": kind, **(self.headers or {})}, method="POST")
        try:
            urlopen(request, timeout=10).close()
        except OSError as error:  # URLError and timeouts; also an answer of an error code
            warnings.warn(f"RemoteMonitor: {self.root} could not be reached: {error}", stacklevel=2)


class SwapEMAWeights(Callback):
    """Lets evaluation and prediction see the running means of the weights that an optimizer with `use_ema` keeps.

    `swap_on_epoch`: swap at the end of each epoch too, so that checkpoints hold the means. Raises ArgumentError for optimizers
    without `use_ema`. Keras's SwapEMAWeights.
    """

    def __init__(self, swap_on_epoch: bool = False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._ema_weights_in_model = False

    def _pairs(self) -> Iterable[tuple[Any, Any]]:
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        several = getattr(optimizer, "optimizers", [optimizer])
        chosen = [o for o in several if getattr(o, "use_ema", False)]
        if not chosen or not all(hasattr(o, "_model_variables_moving_average") for o in chosen):
            got = f"{type(optimizer).__name__} without it"
            raise ArgumentError(message("SwapEMAWeights", "an optimizer with use_ema=True", got, "Pass use_ema=True to it."))
        return [pair for o in chosen for pair in zip(o._trainable_variables, o._model_variables_moving_average)]

    def _swap(self, means_in_model: bool) -> None:
        if self._ema_weights_in_model is means_in_model:
            return
        for variable, average in self._pairs():
            value, mean = variable.value, average.value
            variable.assign(mean)
            average.assign(value)
        self._ema_weights_in_model = means_in_model

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Go on with the weights in training."""
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Put the means into the model."""
        if self.swap_on_epoch and not self._ema_weights_in_model:
            self._swap(True)
            if epoch == self.params["epochs"] - 1:
                # The optimizer ends training by taking its means: they are what the model holds now.
                for variable, average in self._pairs():
                    average.assign(variable.value)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Put the means into the model."""
        self._swap(True)

    def on_test_end(self, logs: Logs = None) -> None:
        """Put the weights in training back."""
        self._swap(False)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Put the means into the model."""
        self._swap(True)

    def on_predict_end(self, logs: Logs = None) -> None:
        """Put the weights in training back."""
        self._swap(False)


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    return value.tolist() if hasattr(value, "tolist") else value
