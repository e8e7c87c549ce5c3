"""Gradients: the tape, and the functions on top of it. How one op differentiates stands with the op, in `ops/`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, NamedTuple

from . import dtypes, engine
from .errors import GradientError, message
from .kernels.patterns import Spec
from .tensor import OPS, Operators, Tensor, Variable, as_tensor, op


class Node(NamedTuple):
    """One recorded call: the op, its static attributes, ids and specs of inputs and outputs, and what its rule asked to keep."""

    op: Any
    static: tuple
    input_ids: tuple[int | None, ...]  # None: no gradient goes there
    output_ids: tuple[int, ...]
    inputs: tuple[Any, ...]  # the tensor where kept, else its Spec; Python numbers as they are
    outputs: tuple[Any, ...]


class GradientTape(AbstractContextManager):
    """Records operations so that gradients can be taken, as TensorFlow's and Keras's tape.

    Trainable variables are watched when read (unless `watch_accessed_variables` is False), tensors by `watch`. A tape gives
    gradients once; a `persistent` one as often as it is asked.

    >>> import tensorweb as tw
    >>> x = tw.tensor(3.0)
    >>> with tw.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> float(tape.gradient(y, x))
    6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True):
        self.persistent, self.watch_accessed_variables = persistent, watch_accessed_variables
        self._nodes: list[Node] | None = []
        self._watched: set[int] = set()
        self._variables: dict[int, tuple[Variable, set[int]]] = {}
        self._token: Any = None

    def __enter__(self) -> GradientTape:
        if self._token is not None:
            raise GradientError(message("GradientTape", "a tape that does not record yet", "one that does", "Make a second tape."))
        now = engine.state.get()
        self._token = engine.state.set(now._replace(tapes=(*now.tapes, self)))
        return self

    def __exit__(self, *exc: object) -> None:
        # Not the token: other tapes may have been entered and left out of order.
        now = engine.state.get()
        engine.state.set(now._replace(tapes=tuple(t for t in now.tapes if t is not self)))
        self._token = None

    def watch(self, tensor: Any) -> None:
        """Follow a tensor, a variable, or a (nested) list or dict of them."""
        for leaf in leaves(tensor):
            if isinstance(leaf, Variable):
                self._note(leaf)
            elif isinstance(leaf, Tensor):
                if not dtypes.is_float(leaf.dtype):
                    raise GradientError(message("watch", "a floating-point tensor", leaf.dtype, "Cast it first."))
                self._watched.add(leaf.id)
            else:
                raise GradientError(message("watch", "a tensor or variable", type(leaf).__name__, "Make it a tensor first."))

    def read(self, variable: Variable) -> None:
        """Note that a variable's value was used; called by the variable."""
        if (variable.trainable and self.watch_accessed_variables) or id(variable) in self._variables:
            self._note(variable)

    def _note(self, variable: Variable) -> None:
        self._variables.setdefault(id(variable), (variable, set()))[1].add(variable._value.id)
        self._watched.add(variable._value.id)

    def watched_variables(self) -> list[Variable]:
        """Return the variables that were read, in order of first use."""
        return [v for v, _ in self._variables.values()]

    def record(self, called: Any, static: tuple, args: Sequence[Any], outputs: tuple[Tensor, ...]) -> None:
        """Note one call, if it depends on what is watched; called by the engine."""
        watched = self._watched
        wanted = [type(a) is Tensor and a.id in watched and dtypes.is_float(a.dtype) for a in args]
        if not any(wanted) or self._nodes is None or not any(dtypes.is_float(o.dtype) for o in outputs):
            return
        kept_inputs, kept_outputs = called.saves(static, tuple(wanted))
        node = Node(
            called,
            static,
            tuple(a.id if w else None for a, w in zip(args, wanted, strict=True)),
            tuple(o.id for o in outputs),
            tuple(a if type(a) is not Tensor or i in kept_inputs else Spec(a.shape, a.dtype) for i, a in enumerate(args)),
            # A handle of the tape's own: a recorded output may be disposed by its user, and must not keep itself alive.
            tuple(_detached(o) if i in kept_outputs else Spec(o.shape, o.dtype) for i, o in enumerate(outputs)),
        )
        self._nodes.append(node)
        watched.update(node.output_ids)

    def gradient(self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none") -> Any:
        """Return d target / d sources, nested as `sources`; None (or zeros) where target does not depend on a source.

        Several targets are summed. `output_gradients`, nested as the target, weighs its elements. Raises GradientError on a
        second call of a tape that is not persistent.
        """
        if self._nodes is None:
            raise GradientError(message("gradient", "a tape that still holds its record", "a used one", "Make it persistent=True."))
        nodes, targets = self._nodes, leaves(target)
        weights = [None] * len(targets) if output_gradients is None else leaves(output_gradients)
        if not self.persistent:
            self._nodes = None
        received: dict[int, Tensor] = {}
        for t, weight in zip(targets, weights, strict=True):
            y = t._value if isinstance(t, Variable) else t
            seed = op("ones_like")(y) if weight is None else as_tensor(weight, "gradient", y.dtype)
            if seed.shape != y.shape:
                raise GradientError(message("gradient", f"an output gradient of shape {y.shape}", seed.shape, "Reshape it."))
            _receive(received, y.id, seed)
        found = {i for s in leaves(sources) for i in self._ids(s)}
        backpropagate(nodes, received, found, self.persistent)
        return map_leaves(lambda s: self._result(s, received, unconnected_gradients), sources)

    def _ids(self, source: Any) -> set[int]:
        if isinstance(source, Variable):
            return self._variables[id(source)][1] if id(source) in self._variables else set()
        return {source.id}

    def _result(self, source: Any, received: dict[int, Tensor], unconnected: str) -> Tensor | None:
        parts = [received[i] for i in sorted(self._ids(source)) if i in received]
        if not parts:
            return op("zeros_like")(source) if unconnected == "zero" else None
        total = parts[0]
        for part in parts[1:]:
            total = op("add")(total, part)
        return total

    def jacobian(self, target: Tensor, source: Any) -> Any:
        """Return the derivatives of each element of `target`, shape target.shape + source.shape, row by row."""
        if not self.persistent:
            raise GradientError(message("jacobian", "a persistent tape", "another", "Make it GradientTape(persistent=True)."))
        eye = op("reshape")(op("eye")(target.size, dtype=target.dtype), (target.size, *target.shape))
        rows = [self.gradient(target, source, eye[i], unconnected_gradients="zero") for i in range(target.size)]
        return op("reshape")(op("stack")(rows), target.shape + source.shape)


def _detached(t: Tensor) -> Tensor:
    """Return a handle on the same container that has the same identity for the tapes around it."""
    twin = Tensor(t._container, t.shape, t.dtype)
    twin.id = t.id
    return twin


def _receive(received: dict[int, Tensor], key: int, g: Tensor) -> None:
    received[key] = op("add")(received[key], g) if key in received else g


def backpropagate(nodes: list[Node], received: dict[int, Tensor], wanted: set[int], keep: bool) -> None:
    """Walk the record backwards, adding to `received` (by id of tensor) what each rule gives; frees as it goes unless `keep`."""
    remaining = list(nodes) if keep else nodes
    while remaining:
        node = remaining.pop()
        gradients = [received.get(i) if i in wanted else received.pop(i, None) for i in node.output_ids]
        if all(g is None for g in gradients):
            continue
        parts = node.op.backward(gradients, node)
        for key, part in zip(node.input_ids, parts, strict=True):
            if key is not None and part is not None:
                _receive(received, key, part)


# --- nested values ----------------------------------------------------------------------------------------------------------


def keys_in_order(value: dict[Any, Any]) -> list[Any]:
    """Return the keys of a dict in the order in which Keras goes through it: sorted, an OrderedDict's as they stand."""
    if len(value) < 2 or isinstance(value, OrderedDict):
        return list(value)
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def leaves(value: Any) -> list[Any]:
    """Return the leaves of nested lists, tuples and dicts, in order; those of a dict in the order of its sorted keys."""
    if isinstance(value, dict):
        return [leaf for k in keys_in_order(value) for leaf in leaves(value[k])]
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves(v)]
    return [value]


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """Return the same nesting with `function` of each leaf, called in the order of `leaves`."""
    if isinstance(value, dict):
        made = {k: map_leaves(function, value[k]) for k in keys_in_order(value)}
        return {k: made[k] for k in value}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_leaves(function, v) for v in value))
    if isinstance(value, (list, tuple)):
        return type(value)(map_leaves(function, v) for v in value)
    return function(value)


# --- functions ---------------------------------------------------------------------------------------------------------------


def _taped(f: Callable[..., Any], args: Sequence[Any], dy: Any, where: str) -> tuple[Tensor, list[Tensor]]:
    # Handles of its own, so that the same tensor passed twice stays two arguments.
    xs = [op("copy")(as_tensor(a, where, "float32" if not isinstance(a, Operators) else None)) for a in args]
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(xs)
        y = f(*xs)
    if not isinstance(y, Tensor):
        raise GradientError(message(where, "a function that returns a tensor", type(y).__name__, "Return the tensor to differentiate."))
    gradients = tape.gradient(y, xs, dy)
    for i, g in enumerate(gradients):
        if g is None:
            name = getattr(f, "__code__", None)
            label = name.co_varnames[i] if name is not None and i < name.co_argcount else str(i)
            raise GradientError(
                message(where, "a result that depends on every argument", f"one without {label!r}", "Remove that argument.")
            )
    return y, gradients


def grad(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the function x, dy=None -> df/dx; a result of more than one element is summed, weighted by `dy`.

    Raises GradientError if the result does not depend on x. TensorFlow.js's grad.

    >>> import tensorweb as tw
    >>> float(tw.grad(lambda x: x**3)(tw.tensor(2.0)))
    12.0
    """
    return lambda x, dy=None: _taped(f, [x], dy, "grad")[1][0]


def grads(f: Callable[..., Tensor]) -> Callable[..., list[Tensor]]:
    """Return the function (list of arguments), dy=None -> list of gradients. TensorFlow.js's grads."""
    return lambda args, dy=None: _taped(f, args, dy, "grads")[1]


def value_and_grad(f: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return the function x, dy=None -> (f(x), df/dx). TensorFlow.js's valueAndGrad."""

    def run(x: Any, dy: Any = None) -> tuple[Tensor, Tensor]:
        y, found = _taped(f, [x], dy, "value_and_grad")
        return y, found[0]

    return run


def value_and_grads(f: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, list[Tensor]]]:
    """Return the function (list of arguments), dy=None -> (value, list of gradients). TensorFlow.js's valueAndGrads."""
    return lambda args, dy=None: _taped(f, args, dy, "value_and_grads")


def variable_grads(f: Callable[[], Tensor], var_list: Sequence[Variable] | None = None) -> tuple[Tensor, dict[str, Tensor]]:
    """Return f() and its gradients by name of variable, for `var_list` or every trainable variable that f read.

    The value must be a scalar. Raises GradientError if it depends on none of them. TensorFlow.js's variableGrads.
    """
    with GradientTape(watch_accessed_variables=var_list is None) as tape:
        if var_list is not None:
            tape.watch([v for v in var_list if v.trainable])
        y = f()
    if not isinstance(y, Tensor) or y.shape != ():
        got = f"shape {y.shape}" if isinstance(y, Tensor) else type(y).__name__
        raise GradientError(message("variable_grads", "a function that returns a scalar tensor", got, "Reduce it with mean or sum."))
    variables = tape.watched_variables()
    found = tape.gradient(y, variables)
    result = {v.name: g for v, g in zip(variables, found, strict=True) if g is not None}
    if not result:
        raise GradientError(message("variable_grads", "a result that depends on a trainable variable", "none", "Use a variable in f."))
    return y, result


class _CustomGradient:
    """The op of one call of a function with a gradient of its own."""

    name = "custom_gradient"

    def __init__(self, rule: Callable[..., Any]):
        self.rule = rule

    def saves(self, static: tuple, wanted: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (), ()

    def backward(self, gradients: list[Tensor | None], node: Node) -> Sequence[Tensor | None]:
        filled = [op("zeros")(o.shape, o.dtype) if g is None else g for g, o in zip(gradients, node.outputs, strict=True)]
        parts = self.rule(*filled)
        parts = list(parts) if isinstance(parts, (list, tuple)) else [parts]
        if len(parts) != len(node.inputs):
            raise GradientError(message("custom_gradient", f"{len(node.inputs)} gradients", len(parts), "Return one for each argument."))
        return parts


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate f(*xs) -> (value, grad_fn) so that grad_fn(*dys) gives the gradients. Keras's and TensorFlow's custom_gradient.

    >>> import tensorweb as tw
    >>> @tw.custom_gradient
    ... def clipped(x):
    ...     return x * 2.0, lambda dy: tw.clip(dy, -1.0, 1.0)
    >>> float(tw.grad(clipped)(tw.tensor(5.0)))
    1.0
    """

    @wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        xs = [as_tensor(a, "custom_gradient") if isinstance(a, Operators) else a for a in args]
        with engine.changed_state(tapes=()):
            value, rule = f(*xs, **kwargs)
        outputs = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        fresh = tuple(engine.alias(o) for o in outputs)
        for tape in engine.state.get().tapes:
            tape.record(_CustomGradient(rule), (), xs, fresh)
        return type(value)(fresh) if isinstance(value, (list, tuple)) else fresh[0]

    return run


def custom_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose gradient is its own: f(*xs, save) -> (value, grad_func), where grad_func(dy, saved) gives gradients.

    `save` takes a list of tensors that grad_func gets back. TensorFlow.js's customGrad.
    """

    @custom_gradient
    def inner(*xs: Any) -> Any:
        saved: list[Tensor] = []
        value, rule = f(*xs, saved.extend)
        return value, lambda dy: rule(dy, saved)

    return inner


__all__ = [
    "OPS", "GradientTape", "custom_grad", "custom_gradient", "grad", "grads", "leaves", "map_leaves", "value_and_grad",
    "value_and_grads", "variable_grads",
]  # fmt: skip
