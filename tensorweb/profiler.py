"""time(), profile() and debug mode: what each kernel did. They watch the engine through its observer; nothing runs when they are off."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from . import dtypes, engine
from .backends import registry
from .errors import NumericsError, message
from .flags import flags
from .kernels import expression
from .kernels.expression import reduce
from .kernels.patterns import pattern_name
from .memory import memory
from .tensor import Tensor

_PACKAGE = str(Path(__file__).parent)
logger = logging.getLogger("tensorweb")


class KernelRow(NamedTuple):
    """One kernel's run: op, pattern, shapes in and out, milliseconds, bytes of the outputs, and all bytes in use after it."""

    name: str
    pattern: str
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    kernel_ms: float
    bytes_added: int
    total_bytes: int


class TimingInfo(NamedTuple):
    """Milliseconds: of the whole call, and of the kernels alone, without uploads and downloads.

    `clock` says what measured the kernels: "device" (a GPU's timestamps), or "host" (the time until each kernel had run, which for a GPU
    without timestamps counts handing over and waiting too).
    """

    wall_ms: float
    kernel_ms: float
    clock: str = "host"


class ProfileInfo(NamedTuple):
    """What a function did: its result, tensors and bytes it left behind, the peak of bytes, and a row per kernel."""

    result: Any
    new_tensors: int
    new_bytes: int
    peak_bytes: int
    kernels: tuple[KernelRow, ...]

    @property
    def kernel_names(self) -> tuple[str, ...]:
        """The distinct ops that ran, in order of first use."""
        return tuple(dict.fromkeys(k.name for k in self.kernels))


def _timed(execute: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    """Return what a plan gives, and the milliseconds of its kernels: by the device's own clock where it has one."""
    backend = registry.current()
    device = getattr(backend, "device", None)
    if device is not None:
        backend.wait()  # for what was asked for before
        device.timed(True)
    start = perf_counter()
    results = execute(*given)
    backend.wait()
    elapsed = (perf_counter() - start) * 1e3
    own = device.elapsed() if device is not None else None
    if device is not None:
        device.timed(False)
    return results, elapsed if own is None else own


def _observed(rows: list[KernelRow]) -> Callable[..., Any]:
    def observer(op: Any, plan: Any, values: list[Any], args: Any, execute: Callable[..., Any]) -> Any:
        results, elapsed = _timed(execute, plan, values, args)
        rows.append(_row(op, plan, args, results, elapsed))
        return results

    return observer


def _row(op: Any, plan: Any, args: Any, results: Any, elapsed: float) -> KernelRow:
    outputs = plan.outputs if plan.outputs is not None else [spec for _, spec in results]
    made = 0 if plan.execute is None else sum(map(engine.bytes_of, outputs))
    return KernelRow(
        op.name,
        "alias" if plan.kernel is None else pattern_name(plan.kernel),
        tuple(a.shape for a in args if isinstance(a, Tensor)),
        tuple(s.shape for s in outputs),
        elapsed,
        made,
        engine.ledger.settle() + made,
    )


def profile(function: Callable[[], Any]) -> ProfileInfo:
    """Run a function and return its result with what it cost, kernel by kernel. TensorFlow.js's profile.

    >>> import tensorweb as tw
    >>> info = tw.profile(lambda: tw.sum(tw.ones((4, 4)) * 2))
    >>> [k.name for k in info.kernels]
    ['generate', 'multiply', 'sum']
    """
    rows: list[KernelRow] = []
    before = memory()
    with engine.changed_state(observer=_observed(rows)):
        result = function()
    after = memory()
    peak = max([before.num_bytes, after.num_bytes, *(r.total_bytes for r in rows)])
    return ProfileInfo(result, after.num_tensors - before.num_tensors, after.num_bytes - before.num_bytes, peak, tuple(rows))


def time(function: Callable[[], Any]) -> TimingInfo:
    """Run a function and return how long it took, and how long its kernels took. TensorFlow.js's time."""
    rows: list[KernelRow] = []
    start = perf_counter()
    with engine.changed_state(observer=_observed(rows)):
        function()
    device = getattr(registry.current(), "device", None)
    clock = "device" if device is not None and device.limits.timestamps else "host"
    return TimingInfo((perf_counter() - start) * 1e3, sum(r.kernel_ms for r in rows), clock)


# --- debug mode -------------------------------------------------------------------------------------------------------------


def user_line() -> str:
    """Return file and line of the nearest caller outside this package."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "?"


def _bad(x: Any) -> Any:
    return reduce.any(expression.logical_or(expression.isnan(x), expression.isinf(x)))


def _has_bad(buffer: Any, spec: Any) -> bool:
    """Tell whether a result holds a NaN or an infinity."""
    if not dtypes.is_float(str(spec.dtype)) or not math.prod(spec.shape):
        return False
    backend = registry.current()
    tensor = Tensor(engine.Container(buffer, backend, 0), spec.shape, spec.dtype)
    from .ops.define import row_body

    with engine.changed_state(observer=lambda op, plan, values, args, execute: execute(plan, values, args), tapes=(), scope=None):
        body = row_body(_bad, tuple(range(len(spec.shape))), False, 1)
        return bool(engine.run(body, (tensor,)))


def _debug_observer(op: Any, plan: Any, values: list[Any], args: Any, execute: Callable[..., Any]) -> Any:
    results, elapsed = _timed(execute, plan, values, args)
    row = _row(op, plan, args, results, elapsed)
    logger.info(
        "%-24s %-9s %-30s -> %-20s %9.3f ms %10d B", row.name, row.pattern, row.input_shapes, row.output_shapes, elapsed, row.bytes_added
    )
    if plan.execute is not None:
        pairs = results if plan.outputs is None else zip(results, plan.outputs)
        if any(_has_bad(b, s) for b, s in pairs):
            clean = not any(isinstance(a, Tensor) and _has_bad(v, a) for a, v in zip(args, values))
            if clean:
                raise NumericsError(message(op.name, "finite results", f"NaN or infinity at {user_line()}", "Check the inputs there."))
    return results


def enable_debug_mode(enabled: bool = True) -> None:
    """Log a row for every kernel and raise NumericsError where one makes the first NaN or infinity, naming op and line.

    Rows go to the logger `tensorweb` (to stderr if nothing else is set up). TensorFlow.js's enableDebugMode.
    """
    flags.set("DEBUG", enabled)
    engine.debug_observer = _debug_observer if enabled else None
    if enabled and not logger.handlers and not logging.getLogger().handlers:
        logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.INFO if enabled else logging.NOTSET)


if flags.get("DEBUG"):
    enable_debug_mode()
