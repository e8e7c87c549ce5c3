"""Progbar: how far a loop is, as one line that is drawn over in terminals and notebooks, and as plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import Any

from ..errors import ArgumentError, message
from ..tensor import Operators, tensor
from .messages import print_message

_BOLD, _GREEN, _GREY, _PLAIN = "\033[1m", "\033[32m", "\033[37m", "\033[0m"


class Progbar:
    """A text bar: steps done, time, and the mean of each value (of values in `stateful_metrics`, the last). Keras's Progbar.

    Args: `target` number of steps or None; `verbose` 0 silent, 1 a bar, 2 one line at the end; `interval` seconds between updates;
    `stateful_metrics` or `stateless_metrics`, names of values not averaged, or of the only ones averaged. ArgumentError for both.
    """

    def __init__(
        self, target: int | None, width: int = 20, verbose: int = 1, interval: float = 0.05, stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None, unit_name: str = "step",
    ):  # fmt: skip
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError(message("Progbar", "stateful_metrics or stateless_metrics", "both", "The one follows from the other."))
        self.target, self.width, self.verbose, self.interval, self.unit_name = target, width, verbose, interval, unit_name
        self.stateful_metrics = None if stateless_metrics is not None else set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._overdraws = _can_overdraw()
        self._seen_so_far = 0
        self._values: dict[str, list[float]] = {}
        self._start = time.time()
        self._last_update = 0.0
        self._after_first_step: float | None = None
        self._drawn = 0

    def update(self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None) -> None:
        """Show that `current` steps are done, with (name, value) pairs of the last of them; `finalize` ends the line."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._collect(current, values or (), finalize)
        self._seen_so_far = current
        now = time.time()
        per_step = self._step_duration(current, now)
        if self.verbose == 1:
            if now - self._last_update < self.interval and not finalize:
                return
            self._draw(current, now, per_step, finalize)
        elif self.verbose == 2 and finalize and self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            text = f"{count} - {now - self._start:.0f}s - {self._format_time(per_step)}{self._metrics()}\n"
            print_message(text, line_break=False)
        self._last_update = now

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that `n` more steps are done."""
        self.update(self._seen_so_far + n, values)

    def _collect(self, current: int, values: Iterable[tuple[str, Any]], finalize: bool) -> None:
        for name, value in values:
            number = _mean(value)
            averaged = name in self.stateless_metrics if self.stateless_metrics is not None else name not in (self.stateful_metrics or ())
            if finalize or not averaged:
                self._values[name] = [number, 1]
                continue
            steps = max(current - self._seen_so_far, 1)
            entry = self._values.setdefault(name, [0.0, 0])
            entry[0] += number * steps
            entry[1] += steps

    def _draw(self, current: int, now: float, per_step: float, finalize: bool) -> None:
        plain = self._bar(current) + " " + self._clock(current, now, per_step, finalize)
        rest = f" {self._format_time(per_step)}{self._metrics()}"
        width = len(plain) + len(rest)
        if self._overdraws:
            coloured = self._bar(current, True) + f" {_BOLD}{self._clock(current, now, per_step, finalize)}{_PLAIN}"
            text = "\b" * self._drawn + "\r" + coloured + rest + " " * max(0, self._drawn - width)
        else:
            text = "\n" + plain + rest
        print_message(text + "\n" * finalize, line_break=False)
        self._drawn = width

    def _bar(self, current: int, coloured: bool = False) -> str:
        if not self.target:
            return f"{current:7d}/Unknown"
        count = f"{current:{len(str(self.target))}d}/{self.target}"
        done = int(self.width * current / self.target)
        parts = "━" * done, "━" * (self.width - done)
        if not coloured:
            # Without colours, what is done and what is not must differ in another way.
            return f"{count} {parts[0]}" + " " * len(parts[1])
        return f"{_BOLD}{count}{_PLAIN} " + (f"{_GREEN}{parts[0]}{_PLAIN}" if done > 0 else "") + f"{_GREY}{parts[1]}{_PLAIN}"

    def _clock(self, current: int, now: float, per_step: float, finalize: bool) -> str:
        if not self.target or finalize:
            return f"{now - self._start:.0f}s"
        left = int(per_step * (self.target - current))
        if left > 3600:
            return f"{left // 3600}:{left % 3600 // 60:02d}:{left % 60:02d}"
        return f"{left // 60}:{left % 60:02d}" if left > 60 else f"{left}s"

    def _format_time(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        return f"{seconds * 1e3:.0f}ms/{self.unit_name}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _metrics(self) -> str:
        text = ""
        for name, (total, count) in self._values.items():
            mean = total / max(1, count)
            text += f" - {name}: {mean:.4f}" if abs(mean) > 1e-3 else f" - {name}: {mean:.4e}"
        return text

    def _step_duration(self, current: int, now: float) -> float:
        """Return the seconds of a step; the first, which compiles, does not count once there are more."""
        if not current:
            return 0.0
        if self._after_first_step is not None and current > 1:
            found = (now - self._after_first_step) / (current - 1)
        else:
            found = (now - self._start) / current
        if current == 1:
            self._after_first_step = now
        return found


def _mean(value: Any) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    made = value if isinstance(value, Operators) else tensor(value)
    flat = made.data_sync()  # type: ignore[attr-defined]
    return float(sum(flat)) / max(1, len(flat))


def _can_overdraw() -> bool:
    is_terminal = getattr(sys.stdout, "isatty", lambda: False)()
    return bool(is_terminal) or "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ
