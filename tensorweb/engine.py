"""The engine: every operation passes through `run`. Plans, scopes, the ledger of memory; tensors themselves are in `tensor.py`.

`run` converts the arguments, finds the plan for (op, shapes, dtypes, static attributes), executes it on the current backend, wraps
the results and tells the tapes. A plan is made once: inference, lowering and compilation happen on a miss only.
"""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from . import dtypes
from .backends import registry
from .backends.protocol import Backend
from .errors import ArgumentError, DisposedError, ShapeError, message
from .flags import flags
from .kernels.patterns import Kernel, Spec, View
from .kernels.strides import strides_of
from .shapes import MAX_ELEMENTS, size_of


class Op(Protocol):
    """What `run` needs to know of an operation; `ops/define.py` makes these."""

    name: str

    def plan(self, specs: tuple[Spec, ...], *static: Any) -> tuple[Kernel | None, tuple[Spec, ...] | None]:
        """Return the kernel (None: the output shares the input's container) and the outputs' specs (None: the data decides)."""
        ...


# --- the ledger -------------------------------------------------------------------------------------------------------------


class _Ledger:
    """Counts what lives. Finalizers may run at any moment in any thread, so they only step counters that cannot be torn."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a collection while it is held runs finalizers
        self._reads = 0
        self.made_tensors, self.freed_tensors = itertools.count(), itertools.count()
        self.made_containers, self.freed_containers = itertools.count(), itertools.count()
        self.byte_events: deque[int] = deque()
        self._bytes = 0
        self.peak = 0

    def settle(self) -> int:
        """Add up the byte events and return the bytes in use."""
        with self._lock:
            while True:
                try:
                    event = self.byte_events.popleft()
                except IndexError:
                    break
                self._bytes += event
                self.peak = max(self.peak, self._bytes)
            return self._bytes

    def counts(self) -> tuple[int, int]:
        """Return the numbers of live tensors and containers."""
        with self._lock:
            # Reading a counter steps it, equally for both of a pair, so the differences stay right.
            tensors = next(self.made_tensors) - next(self.freed_tensors)
            containers = next(self.made_containers) - next(self.freed_containers)
            return tensors, containers


ledger = _Ledger()


class Container:
    """A backend's buffer with the tensors' reference count: what `reshape` and `clone` share."""

    __slots__ = ("__weakref__", "backend", "exported", "nbytes", "replicas", "value")

    def __init__(self, value: Any, backend: Backend, nbytes: int):
        self.value, self.backend, self.nbytes, self.replicas = value, backend, nbytes, None
        self.exported = False  # a view of the memory was given out: no update in place from then on
        next(ledger.made_containers)
        events = ledger.byte_events
        events.append(nbytes)
        if len(events) > 512:
            ledger.settle()

    def __del__(self) -> None:
        next(ledger.freed_containers)
        ledger.byte_events.append(-self.nbytes)


class _Abstract:
    """Stands for the container of a tensor that has a shape and a dtype but no data."""

    __slots__ = ()
    value = backend = None
    nbytes = 0


ABSTRACT: Any = _Abstract()


# --- state ------------------------------------------------------------------------------------------------------------------


class Scope:
    """What was made since a `tidy` began, weakly: what nobody holds is gone already."""

    def __init__(self, name: str, parent: Scope | None):
        self.name, self.parent = name, parent
        self.made: list[weakref.ref] = []
        self.kept: set[int] = set()

    def add(self, tensor: Any) -> None:
        self.made.append(weakref.ref(tensor))


class State(NamedTuple):
    """What travels with a task: the tapes that record, the innermost scope, the collector of a profile, and what layers inherit."""

    tapes: tuple[Any, ...] = ()
    scope: Scope | None = None
    observer: Callable[..., None] | None = None
    autocast: str | None = None  # the dtype in which variables are read
    training: Any = None  # what the outermost layer was called with
    entry: Any = None  # the outermost layer whose call runs
    path: str = ""  # names of the layers whose weights are being made
    unknown: int = 0  # the size that stands for an unknown one while shapes are inferred
    symbolic: bool = False  # shapes are inferred: a layer's code runs, but assigns nothing


state: ContextVar[State] = ContextVar("tensorweb_state", default=State())  # noqa: B039  (a NamedTuple is immutable)


@contextmanager
def changed_state(**changes: Any) -> Iterator[State]:
    """Run the block with a changed state."""
    token = state.set(state.get()._replace(**changes))
    try:
        yield state.get()
    finally:
        state.reset(token)


# --- plans ------------------------------------------------------------------------------------------------------------------


class Plan:
    """What one call of an op on given shapes and dtypes is: a compiled kernel and the outputs' specs."""

    __slots__ = ("execute", "kernel", "nbytes", "outputs")

    def __init__(self, execute: Callable[..., list[Any]] | None, kernel: Kernel | None, outputs: tuple[Spec, ...] | None):
        self.execute, self.kernel, self.outputs = execute, kernel, outputs
        self.nbytes = tuple(bytes_of(s) for s in outputs or ())


class PlanCache(dict):
    """Plans of one backend by key; the oldest go when there are too many. Counts misses, which a training loop must not have."""

    misses = 0

    def insert(self, key: tuple, plan: Plan) -> None:
        self.misses += 1
        limit = flags.get("PLAN_LIMIT")
        if len(self) >= limit:
            for old in list(itertools.islice(self, max(1, limit // 2))):
                self.pop(old, None)
        self[key] = plan


def plans(backend: Backend) -> PlanCache:
    """Return the plans of a backend. They lie on it, for they refer to it: in a table of their own they would keep it for ever."""
    return backend.__dict__.setdefault("plans", PlanCache())


def bytes_of(spec: Spec) -> int:
    """Return the bytes of a spec's elements, as `memory` counts them."""
    return size_of(spec.shape) * dtypes.TABLE[str(spec.dtype)].itemsize


def _make_plan(backend: Backend, op: Op, args: Sequence[Any], static: tuple, key: tuple) -> Plan:
    specs = tuple(Spec((), type(a)) if type(a) in NUMBERS else Spec(a.shape, a.dtype) for a in args)
    kernel, outputs = op.plan(specs, *static)
    for spec in outputs or ():
        if size_of(spec.shape) > MAX_ELEMENTS:
            advice = "Split the work into smaller tensors."
            raise ShapeError(message(op.name, f"at most {MAX_ELEMENTS} elements", spec.shape, advice))
    plan = Plan(None if kernel is None else backend.compile(kernel, specs, outputs), kernel, outputs)
    plans(backend).insert(key, plan)
    return plan


# --- run --------------------------------------------------------------------------------------------------------------------

NUMBERS = frozenset((float, int, bool, complex))

# Debug mode's observer (see profiler.py): sees every call that no profile watches.
debug_observer: Callable[..., Any] | None = None

# Set by tensor.py: the class, and the conversion of anything that is not a tensor or a number. The engine is below both.
Tensor: Any = None
convert_argument: Callable[[Any, str], Any] = lambda value, where: value  # noqa: E731


def run(op: Op, args: Sequence[Any], static: tuple = ()) -> Any:
    """Return the result of `op` (a tensor, or a tuple of them) on tensors, Python numbers and whatever converts to a tensor."""
    backend = registry._current or registry.current()
    if registry._beside is not None and _is_small(args, registry._beside):
        with registry.using(registry._beside):
            return run(op, args, static)
    signature: list[Any] = [op, static]
    for a in args:
        kind = type(a)
        if kind is Tensor:
            signature.append(a.shape)
            signature.append(a.dtype)
        elif kind is float or kind is bool or kind is complex or (kind is int and -0x80000000 <= a <= 0x7FFFFFFF):
            signature.append(kind)
        else:
            return _run_converted(op, args, static)
    key = tuple(signature)
    cache = backend.__dict__.get("plans")
    plan = cache.get(key) if cache is not None else None
    if plan is None:
        if any(type(a) is Tensor and a._container is ABSTRACT for a in args) or _of_unknown_size(op, args, static):
            return _wrap_abstract(op, args, static, _outputs_of(op, args, static))
        plan = _make_plan(backend, op, args, static, key)
    values = []
    for a in args:
        if type(a) is not Tensor:
            values.append(a)
            continue
        container = a._container
        if container is None:
            raise DisposedError(message(op.name, "tensors that are alive", f"{a!r}", "It was disposed: keep or clone it before."))
        if container.backend is backend:
            values.append(container.value)
        elif container is ABSTRACT:
            return _wrap_abstract(op, args, static, plan.outputs)
        else:
            values.append(replica(a, backend))
    now = state.get()
    observer = now.observer or debug_observer
    results = _execute(plan, values, args) if observer is None else observer(op, plan, values, args, _execute)
    outputs = _wrap(plan, results, backend, now.scope)
    for tape in now.tapes:
        tape.record(op, static, args, outputs)
    return outputs[0] if len(outputs) == 1 else outputs


def _is_small(args: Sequence[Any], backend: Backend) -> bool:
    """Tell whether all tensors, and there are some, are small and on a backend."""
    containers = [a._container for a in args if type(a) is Tensor]
    most = 4 * flags.get("CPU_HANDOFF_SIZE")
    return bool(containers) and all(c is not None and c.backend is backend and c.nbytes <= most for c in containers)


def _execute(plan: Plan, values: list[Any], args: Sequence[Any]) -> Any:
    return plan.execute(*values) if plan.execute is not None else args[0]._container


def _wrap(plan: Plan, results: Any, backend: Backend, scope: Scope | None) -> tuple[Any, ...]:
    """Return the tensors of a plan's results: on new containers, or on the input's where the plan has no kernel."""
    specs = plan.outputs
    if plan.execute is None:
        outputs = tuple(Tensor(results, s.shape, s.dtype) for s in specs or ())
    elif specs is None:
        outputs = tuple(Tensor(Container(v, backend, bytes_of(s)), s.shape, s.dtype) for v, s in results)
    elif len(specs) == 1:
        outputs = (Tensor(Container(results[0], backend, plan.nbytes[0]), specs[0].shape, specs[0].dtype),)
    else:
        outputs = tuple(Tensor(Container(v, backend, n), s.shape, s.dtype) for v, s, n in zip(results, specs, plan.nbytes, strict=True))
    if scope is not None:
        for t in outputs:
            scope.add(t)
    return outputs


def _outputs_of(op: Op, args: Sequence[Any], static: tuple) -> tuple[Spec, ...] | None:
    return op.plan(tuple(Spec((), type(a)) if type(a) in NUMBERS else Spec(a.shape, a.dtype) for a in args), *static)[1]


def _of_unknown_size(op: Op, args: Sequence[Any], static: tuple) -> bool:
    """Tell whether, while shapes are inferred, values would be made by millions for a size that stands for an unknown one."""
    now = state.get()
    if not (now.symbolic and now.unknown):
        return False
    shapes = [s.shape for s in _outputs_of(op, args, static) or ()]
    return any(size_of(shape) > 1 << 18 for shape in shapes)


def _wrap_abstract(op: Op, args: Sequence[Any], static: tuple, specs: tuple[Spec, ...] | None) -> Any:
    if specs is None:
        raise ArgumentError(message(op.name, "tensors with data", "an abstract tensor", "The result's shape depends on the values."))
    outputs = tuple(Tensor(ABSTRACT, s.shape, s.dtype) for s in specs)
    for tape in state.get().tapes:
        tape.record(op, static, args, outputs)
    return outputs[0] if len(outputs) == 1 else outputs


def _run_converted(op: Op, args: Sequence[Any], static: tuple) -> Any:
    """Convert what is neither a tensor nor a number that fits 32 bits, and run."""
    converted = [a if type(a) is Tensor or type(a) in NUMBERS else convert_argument(a, op.name) for a in args]
    wide = [a for a in converted if type(a) is int and not -(2**31) <= a < 2**31]
    if wide:
        if not any(type(a) is Tensor and dtypes.is_float(a.dtype) for a in converted):
            raise ArgumentError(message(op.name, "integers of 32 bits", wide[0], "Pass a float, or a float tensor beside it."))
        converted = [float(a) if type(a) is int else a for a in converted]
    return run(op, converted, static)


def replica(tensor: Any, backend: Backend) -> Any:
    """Return the buffer of a tensor on `backend`; a copy made for that stays with the container, which nobody writes to."""
    container = tensor._container
    if container.backend is backend:
        return container.value
    if container.replicas is None:
        container.replicas = {}
    if backend not in container.replicas:
        spec = Spec(tensor.shape, tensor.dtype)
        container.replicas[backend] = backend.upload(container.backend.download(container.value, spec), spec)
    return container.replicas[backend]


def upload(values: Any, spec: Spec) -> Any:
    """Return a new tensor with a copy of host values on the current backend."""
    backend = registry.current()
    if registry._beside is not None and size_of(spec.shape) <= flags.get("CPU_HANDOFF_SIZE"):
        backend = registry._beside
    tensor = Tensor(Container(backend.upload(values, spec), backend, bytes_of(spec)), spec.shape, spec.dtype)
    scope = state.get().scope
    if scope is not None:
        scope.add(tensor)
    return tensor


def alias(tensor: Any) -> Any:
    """Return a new handle on the same container, unknown to the tapes."""
    twin = Tensor(tensor._container, tensor.shape, tensor.dtype)
    scope = state.get().scope
    if scope is not None:
        scope.add(twin)
    return twin


# --- updates in place -------------------------------------------------------------------------------------------------------


def _count_alone() -> int:
    """Return what getrefcount tells of an object that an attribute and a local name hold: since Python 3.14 not its argument as well."""
    owner = Scope("", None)
    held = owner.made
    return sys.getrefcount(held)


_ALONE = _count_alone()


def _owns_its_memory(variable: Any) -> bool:
    """Tell whether nobody but the variable can see its memory: no tape, no tensor, no view given out."""
    value = variable._value
    container = value._container
    alone = sys.getrefcount(value) <= _ALONE and sys.getrefcount(container) <= _ALONE
    return alone and not container.exported and container.replicas is None


def _copied(container: Container, spec: Spec, backend: Backend) -> Any:
    """Return a new buffer on `backend` with what a container holds; a GPU copies it there, for to read may have to be waited for."""
    if container.backend is not backend or spec.dtype == "string":
        return backend.upload(container.backend.download(container.value, spec), spec)
    key = (View, spec)
    plan = plans(backend).get(key)
    if plan is None:
        kernel = View(tuple(strides_of(spec.shape)))
        plan = Plan(backend.compile(kernel, (spec,), (spec,)), kernel, (spec,))
        plans(backend).insert(key, plan)
    return _execute(plan, [container.value], ())[0]


def update(op: Op, variables: Sequence[Any], args: Sequence[Any]) -> None:
    """Run a kernel whose first inputs are the variables' values and whose outputs overwrite them, in their memory.

    A value that somebody else still sees is copied first. `op` must be a map with in_place set (see `ops/update.py`).
    """
    backend = registry.current()
    for v in variables:
        if v._value._container.backend is not backend or not _owns_its_memory(v):
            spec = Spec(v.shape, v.dtype)
            fresh = _copied(v._value._container, spec, backend)
            v._value = Tensor(Container(fresh, backend, bytes_of(spec)), v.shape, v.dtype)
    inputs = [v._value for v in variables] + [convert_argument(a, op.name) if type(a) not in NUMBERS else a for a in args]
    key = (op, *((a.shape, a.dtype) if type(a) is Tensor else type(a) for a in inputs))
    plan = plans(backend).get(key) or _make_plan(backend, op, inputs, (), key)
    values = [a if type(a) in NUMBERS else replica(a, backend) for a in inputs]
    observer = state.get().observer or debug_observer
    results = _execute(plan, values, inputs) if observer is None else observer(op, plan, values, inputs, _execute)
    for v, buffer in zip(variables, results or ()):
        # The same buffer where memory can be overwritten, a new one where it cannot (WebGL).
        v._value._container.value = buffer
        # A new identity on the same memory: what tapes recorded of the old value is over.
        v._value = Tensor(v._value._container, v.shape, v.dtype)
