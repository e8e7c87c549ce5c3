"""What callbacks share that watch a value: whether more or less of it is better, and by how much."""

from __future__ import annotations

import struct
import warnings
from typing import Any

from .. import ops
from ..errors import ArgumentError, message
from .callback import Callback


class MonitorCallback(Callback):
    """Base of callbacks that compare a loss or metric with the best so far. `mode` "auto" decides by the metric, "min", "max"."""

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__} mode {mode!r} is unknown, and taken as auto", stacklevel=3)
            mode = "auto"
        self.monitor, self.mode, self.best, self.min_delta = monitor, mode, baseline, abs(min_delta)
        self.monitor_op: Any = None

    def _set_monitor_op(self) -> None:
        """Set `monitor_op`, the comparison that is true of better values, if it is not set."""
        if self.monitor_op is not None:
            return
        mode = self.mode if self.mode != "auto" else self._auto_mode()
        self.monitor_op = ops.less if mode == "min" else ops.greater
        if mode == "min":
            self.min_delta = -self.min_delta

    def _auto_mode(self) -> str:
        name = self.monitor.removeprefix("val_")
        compiled = getattr(self.model, "_compile_metrics", None)
        directions = [getattr(m, "_direction", None) for m in getattr(compiled, "metrics", ()) if m.name == name]
        known = [d for d in directions if d is not None]
        if known:
            return "max" if known[-1] == "up" else "min"
        if name == "loss":
            return "min"
        wanted = "mode 'min' or 'max' for a metric whose better direction is unknown"
        raise ArgumentError(message(type(self).__name__, wanted, repr(self.monitor), "Pass mode=."))

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        if reference is None:
            return True
        value, reference = as_float32(value - self.min_delta), as_float32(reference)
        return value < reference if self.monitor_op is ops.less else value > reference

    def _value_in(self, logs: dict[str, Any]) -> Any:
        """Return the monitored value, None with a warning if there is none."""
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(f"{type(self).__name__}: {self.monitor!r} is not among {', '.join(logs)}", stacklevel=4)
        return value


def as_float32(value: float) -> float:
    """Return a number rounded to float32: what is compared has that precision, as in Keras."""
    try:
        return struct.unpack("f", struct.pack("f", float(value)))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
