"""CallbackList: calls each hook on all callbacks in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autodiff import leaves
from ..errors import ArgumentError, message
from ..tensor import Tensor, Variable
from .callback import Callback, Logs
from .history import History
from .progress import ProgbarLogger


class CallbackList(Callback):
    """Callbacks as one: calling a hook calls it on each. Keras's CallbackList.

    Args: `callbacks`: a callback or nested lists of them; `add_history`, `add_progbar`: add a History or ProgbarLogger at the end if
    none is there; `model`; `params`: what `set_params` of each gets.
    """

    def __init__(self, callbacks: Any = None, add_history: bool = False, add_progbar: bool = False, model: Any = None, **params: Any):
        super().__init__()
        self.callbacks: list[Any] = list(leaves(callbacks)) if callbacks else []
        self._asked = False
        self._open = 0
        self._history = self._find(History, add_history)
        self._progbar = self._find(ProgbarLogger, add_progbar)
        self.set_model(model)
        self.set_params(params)

    def _find(self, cls: type, add: bool) -> Any:
        found = [c for c in self.callbacks if isinstance(c, cls)]
        if not found and add:
            found = [cls()]
            self.callbacks += found
        return found[-1] if found else None

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand the parameters to each callback."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hand the model to each callback."""
        if model is None:
            return
        self._model = model
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    @property
    def wants_batch_logs(self) -> bool:
        """Whether some callback needs the numbers of the batch just done; who asks before a batch hook reads them itself."""
        self._asked = True
        return any(getattr(callback, "wants_batch_logs", True) for callback in self.callbacks)

    def _call(self, name: str, *args: Any, **kwargs: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, name)(*args, **kwargs)

    def _batch_end(self, name: str, batch: int, logs: Logs) -> None:
        self._call(name, batch, logs=_sorted(logs) if self._asked else numbers(logs))

    def _end(self, name: str, logs: Logs) -> None:
        if self._open <= 0:
            raise ArgumentError(message(name, "its hook of the beginning first", "none", "Call the hooks in pairs."))
        self._call(name, numbers(logs))
        self._open -= 1

    def _begin(self, name: str, logs: Logs) -> None:
        self._open += 1
        self._call(name, numbers(logs))

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Call the hook on each callback; outputs stay tensors."""
        self._call("on_predict_batch_end", batch, logs=logs or {})


def numbers(logs: Logs) -> dict[str, Any]:
    """Return logs with numbers in place of scalar tensors, nested dicts flattened, sorted by name as Keras's are."""
    return {k: _number(v) for k, v in _sorted(logs).items()}


def _sorted(logs: Logs) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in sorted((logs or {}).items()):
        found.update(_sorted(value) if isinstance(value, dict) else {key: value})
    return found


def _number(value: Any) -> Any:
    if isinstance(value, (Tensor, Variable)) and value.dtype == "string":
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _step_hook(name: str, call: Callable[..., None]) -> Callable[..., None]:
    def hook(self: CallbackList, index: int, logs: Logs = None) -> None:
        call(self, name, index, logs)

    hook.__name__, hook.__qualname__, hook.__doc__ = name, f"CallbackList.{name}", f"Call {name} on each callback."
    return hook


def _phase_hook(name: str, call: Callable[..., None]) -> Callable[..., None]:
    def hook(self: CallbackList, logs: Logs = None) -> None:
        call(self, name, logs)

    hook.__name__, hook.__qualname__, hook.__doc__ = name, f"CallbackList.{name}", f"Call {name} on each callback."
    return hook


def _call_with_numbers(self: CallbackList, name: str, index: int, logs: Logs) -> None:
    if "epoch" in name:
        self._call(name, index, numbers(logs))
    else:
        self._call(name, index, logs=numbers(logs))  # by name, as Keras: users' hooks may take **kwargs


for _name in ("on_batch_begin", "on_train_batch_begin", "on_test_batch_begin", "on_predict_batch_begin", "on_epoch_begin", "on_epoch_end"):
    setattr(CallbackList, _name, _step_hook(_name, _call_with_numbers))
for _name in ("on_batch_end", "on_train_batch_end", "on_test_batch_end"):
    setattr(CallbackList, _name, _step_hook(_name, CallbackList._batch_end))
for _phase in ("train", "test", "predict"):
    setattr(CallbackList, f"on_{_phase}_begin", _phase_hook(f"on_{_phase}_begin", CallbackList._begin))
    setattr(CallbackList, f"on_{_phase}_end", _phase_hook(f"on_{_phase}_end", CallbackList._end))
