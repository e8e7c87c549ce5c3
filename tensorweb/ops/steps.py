"""What makes a step of a recurrent layer cheap: cutting a tensor into equal parts, and bodies whose gradients come all from one kernel.

No public op lives here; the cells that use these are in `layers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from inspect import isfunction
from typing import Any

from .. import engine
from ..errors import TensorWebError
from ..kernels import expression
from ..kernels.expression import Expr
from ..shapes import strides_of
from ..tensor import Tensor, op
from .define import Body
from .joining import concatenate
from .shaping import _slice

# The package's own functions: what others pass may have state, and is called with tensors.
_OURS = __name__.partition(".")[0] + "."

# --- equal parts --------------------------------------------------------------------------------------------------------------


class _Parts:
    """Cutting along an axis, as the tapes see it: the gradient of all parts is one concatenation, where each slice would fill zeros."""

    name = "parts"

    def saves(self, static: tuple, wanted: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (), ()

    def backward(self, gradients: list[Tensor | None], node: Any) -> Sequence[Tensor | None]:
        (axis,) = node.static
        filled = [op("zeros")(o.shape, o.dtype) if g is None else g for g, o in zip(gradients, node.outputs, strict=True)]
        return [concatenate(filled, axis)]


_PARTS = _Parts()


def parts(x: Tensor, count: int, axis: int) -> tuple[Tensor, ...]:
    """Return `x` cut into `count` equal parts along `axis` (not negative); the size there must be a multiple."""
    if count == 1:
        return (x,)
    size = x.shape[axis] // count
    shape, strides = (*x.shape[:axis], size, *x.shape[axis + 1 :]), strides_of(x.shape)
    static, step = (shape, strides), size * strides[axis]
    now = engine.state.get()
    token = engine.state.set(now._replace(tapes=())) if now.tapes else None
    try:
        made = tuple([engine.run(_slice, (x, k * step), static) for k in range(count)])
    finally:
        if token is not None:
            engine.state.reset(token)
    for tape in now.tapes:
        tape.record(_PARTS, (axis,), (x,), made)
    return made


# --- bodies with one gradient ---------------------------------------------------------------------------------------------------


_Joint = tuple[Body | None, tuple[int, ...], tuple[int, ...]]


class StepBody(Body):
    """A body on tensors of one shape, whose inputs' gradients are the outputs of one other body.

    Its roots may contain intermediate values: being outputs, they are kept for the gradient and not computed again.
    """

    def __init__(self, name: str, roots: Sequence[Expr], symbols: Sequence[Expr]):
        super().__init__(name, roots, symbols)
        self._joint: dict[tuple, _Joint] = {}

    def joint(self, wanted: tuple[int, ...], present: tuple[int, ...]) -> _Joint:
        """Return the body of the gradients, which of (inputs, output gradients, outputs) it takes, and which inputs it gives."""
        key = (wanted, present)
        if key not in self._joint:
            self._joint[key] = self._differentiate_jointly(wanted, present)
        return self._joint[key]

    def _differentiate_jointly(self, wanted: tuple[int, ...], present: tuple[int, ...]) -> _Joint:
        n_in, n_out = len(self.symbols), len(self.roots)
        seeds = [expression.argument(n_in + k) for k in present]
        found = expression.differentiate([self.roots[k] for k in present], seeds, [self.symbols[i] for i in wanted])
        given = tuple(i for i, f in zip(wanted, found, strict=True) if f is not None)
        kept = {id(r): expression.argument(n_in + n_out + k) for k, r in enumerate(self.roots) if r.op not in ("arg", "const")}
        made = expression.substitute([f for f in found if f is not None], kept)
        if not made:
            return None, (), ()
        nodes = [n for n in expression.postorder(made) if n.op == "arg"]
        used = sorted({n.value for n in nodes})
        fresh = [expression.argument(j) for j in range(len(used))]
        made = expression.substitute(made, {id(n): fresh[used.index(n.value)] for n in nodes})
        return Body(f"{self.name}_gradient", made, fresh), tuple(used), given

    def saves(self, static: tuple, wanted: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        n_in, n_out = len(self.symbols), len(self.roots)
        _, used, _ = self.joint(tuple(i for i, w in enumerate(wanted) if w), tuple(range(n_out)))
        return tuple(u for u in used if u < n_in), tuple(u - n_in - n_out for u in used if u >= n_in + n_out)

    def backward(self, gradients: list[Tensor | None], node: Any) -> Sequence[Tensor | None]:
        n_in, n_out = len(self.symbols), len(self.roots)
        wanted = tuple(i for i, key in enumerate(node.input_ids) if key is not None)
        body, used, given = self.joint(wanted, tuple(k for k, g in enumerate(gradients) if g is not None))
        results: list[Tensor | None] = [None] * n_in
        if body is not None:
            made = engine.run(body, [self._argument(u, n_in, n_out, gradients, node) for u in used])
            for i, g in zip(given, made if isinstance(made, tuple) else (made,), strict=True):
                results[i] = g if g.dtype == node.inputs[i].dtype else op("cast")(g, node.inputs[i].dtype)
        return results


@lru_cache(maxsize=512)
def step_body(function: Callable[..., tuple], activations: tuple[Callable[..., Any], ...], count: int) -> StepBody | None:
    """Return the body of function(*activations, *symbols); None where an activation is not ours, or no body of single elements."""
    if any(not isfunction(a) or not a.__module__.startswith(_OURS) for a in activations):
        return None
    symbols = [expression.argument(i) for i in range(count)]
    try:
        roots = [expression.wrap(r) for r in function(*activations, *symbols)]
        if any(n.op in ("reduce", "coordinate") for n in expression.postorder(roots)):
            return None
    except (TensorWebError, TypeError, AttributeError, ValueError):
        return None
    return StepBody(function.__name__.strip("_"), roots, symbols)


def apply_step(function: Callable[..., tuple], activations: tuple[Callable[..., Any], ...], *tensors: Tensor) -> tuple[Tensor, ...]:
    """Return function(*activations, *tensors): as one kernel if the activations allow that, else op by op."""
    body = step_body(function, activations, len(tensors))
    if body is None or any(t.shape != tensors[0].shape for t in tensors):
        return function(*activations, *tensors)
    made = engine.run(body, tensors)
    return made if isinstance(made, tuple) else (made,)
