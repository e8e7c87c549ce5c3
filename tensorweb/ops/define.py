"""How ops are defined: the decorators, the registry, and the derivative of bodies. The ops themselves are in the files beside this one.

* `@elementwise` and `@reduction` take a body (see `kernels.expression`): the op, its derivative and all its targets follow from it.
* `primitive` makes an op of one kernel of another pattern; `.vjp` gives its derivative in terms of other ops.
* `@composite` is an op made of ops: its derivative is theirs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache, wraps
from typing import Any

from .. import dtypes, engine
from ..errors import DTypeError, ShapeError, TensorWebError, message
from ..kernels import expression, patterns
from ..kernels.expression import Expr
from ..kernels.patterns import Spec
from ..kernels.program import Program, lower
from ..shapes import broadcast, normalize_axes, reduced_shape, size_of
from ..tensor import OPS, Operators, Tensor, op

# --- registry ---------------------------------------------------------------------------------------------------------------


# Set by `symbolic`: tells a KerasTensor among the arguments, and notes a call on them as a node of a functional graph. Ops fail
# on such arguments and only then ask, so that calls on tensors pay nothing.
any_symbolic: Callable[[tuple, dict], bool] = lambda args, kwargs: False  # noqa: E731
symbolic_call: Callable[..., Any] = lambda call, args, kwargs: None  # noqa: E731


class Registered:
    """A public op: its function, and what the docs and the tests need to know of it."""

    def __init__(self, function: Callable[..., Any], pattern: str, gradient: str, namespace: str = ""):
        self.function, self.pattern, self.gradient, self.namespace = function, pattern, gradient, namespace
        self.name = f"{namespace}.{function.__name__}" if namespace else function.__name__
        self.module = function.__module__.rpartition(".")[2]


def public(pattern: str, gradient: str = "derived", method: bool = True, namespace: str = "") -> Callable[[Callable], Callable]:
    """Register a function as a public op; the op of a tensor becomes a method too. Errors are raised at the user's line.

    `pattern` is the kernel pattern the op comes down to (map, row, view, pad, concat, contract, window, gather, scatter, scan, sort,
    fft, alias, routine, composite); `gradient` is derived or none. With a `namespace` (image, signal, ...) the op is known as
    namespace.name and is no method.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                if any_symbolic(args, kwargs):
                    return symbolic_call(call, args, kwargs)
                if isinstance(error, TensorWebError):
                    # The traceback begins anew here, so that it ends at the line that called the op.
                    raise error.with_traceback(None) from None
                raise

        return _register(call, pattern, gradient, method and not namespace, namespace)

    return register


def _register(function: Callable[..., Any], pattern: str, gradient: str, method: bool, namespace: str = "") -> Callable[..., Any]:
    entry = Registered(function, pattern, gradient, namespace)
    if entry.name in OPS:
        raise ValueError(f"op {entry.name!r} is defined twice")
    OPS[entry.name] = entry
    if method and not hasattr(Operators, entry.name) and entry.name not in ("shape", "dtype", "size"):
        setattr(Operators, entry.name, function)
    return function


def composite(function: Callable[..., Any] | None = None, *, gradient: str = "derived", method: bool = True, namespace: str = "") -> Any:
    """Decorate an op made of other ops."""
    register = public("composite", gradient, method, namespace)
    return register(function) if function is not None else register


def also(name: str, existing: Callable[..., Any]) -> Callable[..., Any]:
    """Register a second name that Keras has for an op; it is the same function."""
    entry = OPS[existing.__name__]
    OPS[name] = entry
    if not hasattr(Operators, name):
        setattr(Operators, name, existing)
    return existing


# --- primitives -------------------------------------------------------------------------------------------------------------


class Primitive:
    """An op of one kernel: `planner(*specs, *static)` returns the kernel and the outputs' specs; the vjp is set by `.vjp`."""

    def __init__(self, name: str, planner: Callable[..., Any]):
        self.name, self.plan_function = name, planner
        self._rule: Callable[..., Any] | None = None
        self._saved: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    def plan(self, specs: tuple[Spec, ...], *static: Any) -> Any:
        return self.plan_function(*specs, *static)

    def vjp(self, inputs: tuple[int, ...] = (), outputs: tuple[int, ...] = ()) -> Callable[[Callable], Callable]:
        """Decorate the rule (node, *output gradients) -> input gradients; `inputs`, `outputs` name what it needs the values of.

        In the rule `node.inputs[i]` and `node.outputs[i]` are tensors where named here, else specs; `node.static` the attributes.
        An output gradient is None where nothing depends on that output.
        """

        def register(rule: Callable[..., Any]) -> Callable[..., Any]:
            self._rule, self._saved = rule, (inputs, outputs)
            return rule

        return register

    def saves(self, static: tuple, wanted: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return self._saved

    def backward(self, gradients: list[Tensor | None], node: Any) -> Sequence[Tensor | None]:
        if self._rule is None:
            return [None] * len(node.inputs)
        parts = self._rule(node, *gradients)
        return parts if isinstance(parts, (list, tuple)) else (parts,)

    def __call__(self, *args: Any, static: tuple = ()) -> Any:
        return engine.run(self, args, static)


def primitive(name: str) -> Callable[[Callable[..., Any]], Primitive]:
    """Decorate a planner and get the Primitive."""
    return lambda planner: Primitive(name, planner)


# --- bodies -----------------------------------------------------------------------------------------------------------------


class Body:
    """A traced body as an op of the engine: expressions over `count` arguments, along rows if `axes` is not None."""

    def __init__(
        self,
        name: str,
        roots: Sequence[Expr],
        symbols: Sequence[Expr],
        axes: tuple[int, ...] | None = None,
        keepdims: bool = True,
        row_constant: frozenset[int] = frozenset(),
    ):
        self.name, self.roots, self.symbols = name, tuple(roots), tuple(symbols)
        self.axes, self.keepdims, self.row_constant = axes, keepdims, row_constant
        varies = expression.varying(self.roots, row_constant)
        self.full = tuple(axes is None or varies[id(r)] for r in self.roots)
        self._derived: list[tuple[Body, tuple[int, ...]] | None] | None = None

    def plan(self, specs: tuple[Spec, ...]) -> tuple[patterns.Kernel, tuple[Spec, ...]]:
        shape = broadcast(self.name, *(s.shape for s in specs))
        program = lower(self.roots, [s.dtype for s in specs], self.name)
        made = [program.steps[o].dtype for o in program.outputs]
        if self.axes is None:
            return patterns.Map(program), tuple(Spec(shape, d) for d in made)
        if size_of(shape) == 0 and all(self.full):  # there is nothing to reduce, and nothing to fill
            nothing = lower([expression.cast(0, d) for d in made], [s.dtype for s in specs], self.name)
            return patterns.Map(nothing), tuple(Spec(shape, d) for d in made)
        self._check_rows(program, shape)
        short = reduced_shape(shape, self.axes, self.keepdims)
        outputs = tuple(Spec(shape if f else short, d) for f, d in zip(self.full, made, strict=True))
        return patterns.Row(program, shape, self.axes, self.full), outputs

    def _check_rows(self, program: Program, shape: tuple[int, ...]) -> None:
        needs_one = {s.value for s in program.steps if s.op == "reduce"} & {"max", "min", "argmax", "argmin"}
        if needs_one and any(shape[a] == 0 for a in self.axes or ()):
            raise ShapeError(message(self.name, "at least one element to reduce", f"shape {shape}", "Check for empty tensors first."))

    # --- derivative ---

    def derived(self, i: int) -> tuple[Body, tuple[int, ...]] | None:
        """Return the body of input i's gradient and which of (output gradients, inputs, outputs) are its arguments.

        Inputs that receive the same, as the terms of a sum do, have one body.
        """
        if self._derived is None:
            self._derived = self._differentiate()
        return self._derived[i]

    def _differentiate(self) -> list[tuple[Body, tuple[int, ...]] | None]:
        n_out, n_in = len(self.roots), len(self.symbols)
        g = [expression.argument(n_in + k) for k in range(n_out)]
        short = {n_in + k for k in range(n_out) if not self.full[k]}
        made: dict[int, tuple[Body, tuple[int, ...]]] = {}
        found = expression.differentiate(self.roots, g, self.symbols, self.row_constant | frozenset(short))
        for part in found:
            if part is not None and id(part) not in made:
                made[id(part)] = self._gradient_body(part)
        return [None if part is None else made[id(part)] for part in found]

    def _gradient_body(self, found: Expr) -> tuple[Body, tuple[int, ...]]:
        """Return an input's gradient with the body's outputs named where they occur, as a body of what it uses."""
        n_out, n_in = len(self.roots), len(self.symbols)
        y = [expression.argument(n_in + n_out + k) for k in range(n_out)]
        replaced = {id(r): y[k] for k, r in enumerate(self.roots) if r.op not in ("arg", "const")}
        found = expression.substitute([found], replaced)[0]
        constant = self.row_constant | {n_in + k + o for k in range(n_out) if not self.full[k] for o in (0, n_out)}
        used = sorted({e.value for e in expression.postorder([found]) if e.op == "arg"})
        fresh = [expression.argument(j) for j in range(len(used))]
        by_index = dict(zip(used, fresh, strict=True))
        at = {id(e): by_index[e.value] for e in expression.postorder([found]) if e.op == "arg"}
        root = expression.substitute([found], at)[0]
        row_constant = frozenset(used.index(u) for u in used if u in constant)
        return Body(f"{self.name}_gradient", [root], fresh, self.axes, True, row_constant), tuple(used)

    @cached_property
    def follows_from_output(self) -> bool:
        """Whether no gradient needs the first input's value."""
        return not any(d is not None and 0 in d[1] for d in map(self.derived, range(len(self.symbols))))

    def saves(self, static: tuple, wanted: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        n_in, n_out = len(self.symbols), len(self.roots)
        used = {u for i, w in enumerate(wanted) if w for d in [self.derived(i)] if d is not None for u in d[1]}
        return tuple(u for u in used if u < n_in), tuple(u - n_in - n_out for u in used if u >= n_in + n_out)

    def backward(self, gradients: list[Tensor | None], node: Any) -> Sequence[Tensor | None]:
        n_in, n_out = len(self.symbols), len(self.roots)
        results: list[Tensor | None] = []
        made: dict[Body, Any] = {}
        for i in range(n_in):
            derived = self.derived(i) if node.input_ids[i] is not None else None
            if derived is None:
                results.append(None)
                continue
            body, used = derived
            if body not in made:
                args = [self._argument(u, n_in, n_out, gradients, node) for u in used]
                # A body that hands one argument through needs no kernel.
                made[body] = args[body.roots[0].value] if body.roots[0].op == "arg" else engine.run(body, args)
            results.append(fit(made[body], self._natural_shape(i, node), node.inputs[i]))
        return results

    def _natural_shape(self, i: int, node: Any) -> tuple[int, ...]:
        """Return the shape of input i's gradient before broadcasting is undone."""
        shape = broadcast(self.name, *(x.shape for x in node.inputs if hasattr(x, "shape")))
        return reduced_shape(shape, self.axes or (), True) if i in self.row_constant else shape

    def _argument(self, u: int, n_in: int, n_out: int, gradients: Sequence[Tensor | None], node: Any) -> Any:
        if u < n_in:
            return node.inputs[u]
        k = (u - n_in) % n_out
        value = gradients[k] if u < n_in + n_out else node.outputs[k]
        if value is None:
            spec = node.outputs[k]
            value = op("zeros")(spec.shape, spec.dtype)
        if not self.full[k] and not self.keepdims and self.axes is not None:
            value = op("reshape")(value, _with_ones(value.shape, self.axes))
        return value


def _with_ones(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    rest = iter(shape)
    return tuple(1 if d in axes else next(rest) for d in range(len(shape) + len(axes)))


def fit(g: Tensor, natural: tuple[int, ...], x: Any) -> Tensor:
    """Return a gradient in its input's shape and dtype, given the shape in which the op worked."""
    if not isinstance(g, Tensor):
        g = op("full")(natural, g, dtype=x.dtype)
    if g.shape != natural and not (x.shape == natural and g.size == size_of(natural)):
        g = op("broadcast_to")(g, natural)
    if g.dtype != x.dtype:
        g = op("cast")(op("real")(g) if g.dtype == "complex64" else g, x.dtype)
    return sum_to(g, x.shape)


def sum_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return `g` summed over the axes along which `shape` was broadcast."""
    if g.shape == shape:
        return g
    lead = len(g.shape) - len(shape)
    axes = tuple(i for i, d in enumerate(g.shape) if i < lead or (shape[i - lead] == 1 and d != 1))
    if axes:
        g = op("sum")(g, axis=axes, keepdims=True)
    if g.shape == shape:
        return g
    return op("reshape")(g, shape) if g.size == size_of(shape) else op("broadcast_to")(g, shape)


class _Inline:
    """A body with a derivative of its own, as it stands in another body: what a `call` node refers to."""

    def __init__(self, body: Callable[..., Expr], derivative: Callable[..., Any]):
        self.body, self.derivative = body, derivative


class _Family:
    """The bodies of one public op, one for each choice of its static attributes, and the custom derivative if there is one."""

    def __init__(self, name: str, function: Callable[..., Any], operands: Sequence[str]):
        self.name, self.function, self.operands = name, function, tuple(operands)
        self.custom: Callable[..., Any] | None = None

    def derivative(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate (g, y, *operands) -> what each operand receives: used in place of the derivative of the body."""
        self.custom = rule
        return rule

    def inline(self, args: Sequence[Any], static: dict[str, Any]) -> Any:
        """Return the body with `args` in place of its operands, for use in another body."""
        if self.custom is None:
            return self.function(*args, **static)
        inner = _Inline(lambda *xs: expression.wrap(self.function(*xs, **static)), lambda g, y, *xs: _as_tuple(self.custom(g, y, *xs)))  # type: ignore[misc]
        return Expr("call", tuple(expression.wrap(a) for a in args), inner)

    def trace(self, static: dict[str, Any]) -> tuple[list[Expr], list[Expr]]:
        symbols = [expression.argument(i) for i in range(len(self.operands))]
        made = self.inline(symbols, static)
        return [expression.wrap(r) for r in (made if isinstance(made, tuple) else (made,))], symbols


def _as_tuple(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def elementwise(function: Callable[..., Any] | None = None, *, static: Sequence[str] = ()) -> Any:
    """Decorate a scalar body and get a public op on tensors with broadcasting.

    Parameters named in `static` select the body (Python values); all others are operands: tensors or Python numbers. Called with
    symbols, the op gives its expression, so bodies can use one another. `.derivative` on the result sets a derivative by hand.
    A body whose name begins with _ is not registered.
    """
    if function is None:
        return lambda f: elementwise(f, static=static)
    signature = inspect.signature(function)
    names = list(signature.parameters)
    operands = [n for n in names if n not in static]
    family = _Family(function.__name__.strip("_"), function, operands)
    count, simple = len(operands), not static

    @lru_cache(maxsize=256)
    def body_of(*attrs: Any) -> Body:
        return Body(family.name, *family.trace(dict(zip(static, attrs, strict=True))))

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        attrs: tuple = ()
        if kwargs or len(args) != count or not simple:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            attrs = tuple(bound.arguments[n] for n in static)
            args = tuple(bound.arguments[n] for n in operands)
        for a in args:
            if type(a) is Expr:
                return family.inline(args, dict(zip(static, attrs, strict=True)))
        try:
            return engine.run(body_of(*attrs), args)
        except TensorWebError as error:
            if any_symbolic(args, {}):
                return symbolic_call(call, args, dict(zip(static, attrs, strict=True)))
            raise error.with_traceback(None) from None

    call.derivative = family.derivative  # type: ignore[attr-defined]
    return call if function.__name__.startswith("_") else _register(call, "map", "derived", True)


def named(name: str, body: Callable[..., Any], doc: str) -> Any:
    """Return the elementwise op of a short body, for tables of ops; the lambda's parameters are the op's."""
    body.__name__, body.__qualname__, body.__doc__ = name, name, doc
    return elementwise(body)


def row_body(function: Callable[..., Any], axes: tuple[int, ...] | None, keepdims: bool, operands: int, attrs: tuple = ()) -> Body:
    """Return the Body of a row function for its axes (None: a map); cached, since plans are kept by the body's identity."""
    return _row_body(function, axes, keepdims, operands, attrs)


@lru_cache(maxsize=4096)
def _row_body(function: Callable[..., Any], axes: tuple[int, ...] | None, keepdims: bool, operands: int, attrs: tuple) -> Body:
    name = function.__name__.strip("_")
    family = _Family(name, function, [str(i) for i in range(operands)])
    return Body(name, *family.trace(dict(attrs)), axes, keepdims)


def reduction(
    function: Callable[..., Any] | None = None,
    *,
    operands: int = 1,
    full: bool = False,
    default_axis: Any = None,
    gradient: str = "derived",
) -> Any:
    """Decorate a body that uses `reduce` and get a public op with `axis` (and `keepdims`, unless its output is `full`).

    The function's first `operands` parameters are tensors of one shape; what follows are static attributes. `axis` is an int, a
    tuple, or None for all axes.
    """
    if function is None:
        return lambda f: reduction(f, operands=operands, full=full, default_axis=default_axis, gradient=gradient)
    own = inspect.signature(function)
    tensors = list(own.parameters.values())[:operands]
    statics = list(own.parameters.values())[operands:]
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    extra = [inspect.Parameter("axis", keyword, default=default_axis)]
    if not full:
        extra.append(inspect.Parameter("keepdims", keyword, default=False))
    public_signature = own.replace(parameters=[*tensors, *extra, *(s.replace(kind=inspect.Parameter.KEYWORD_ONLY) for s in statics)])
    name = function.__name__

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        bound = public_signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        xs = [_operand(given[p.name], name) for p in tensors]
        shape = broadcast(name, *(x.shape for x in xs))
        axes = normalize_axes(given["axis"], len(shape), name)
        attrs = tuple((s.name, given[s.name]) for s in statics)
        return engine.run(_row_body(function, axes, bool(given.get("keepdims", True)), operands, attrs), xs)

    call.__signature__ = public_signature  # type: ignore[attr-defined]
    call.body = function  # type: ignore[attr-defined]
    return public("row", gradient)(call)


def _operand(value: Any, where: str) -> Tensor:
    return value if type(value) is Tensor else engine.convert_argument(value, where)


def need_kind(x: Any, kinds: str, where: str, what: str) -> None:
    """Raise DTypeError unless the dtype's kind is among `kinds`."""
    if dtypes.kind(x.dtype) not in kinds:
        raise DTypeError(message(where, what, f"dtype {x.dtype}", "Cast it first."))


__all__ = [
    "OPS", "Body", "Primitive", "Registered", "also", "composite", "elementwise", "named", "need_kind", "op", "primitive", "public",
    "reduction", "row_body", "sum_to",
]  # fmt: skip
