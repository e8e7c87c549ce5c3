"""ONNX's LSTM, GRU and RNN: products with the inputs of all steps at once, then a loop, or few known steps one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .control import new_list, push, stack, while_loop
from .elementwise import activation
from .indexing import reversed_rows
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

UNROLLED = 4  # steps
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
# (scope, x's part of the gates, states, weights) -> next states
Cell = Callable[[Scope, Value, list[Value], list[Value]], list[Value]]


class Settings:
    """What a node's attributes say of one direction."""

    def __init__(self, node: OnnxNode, number: int):
        count = len(DEFAULTS[node.op])
        names = node.texts("activations") or DEFAULTS[node.op] * 2
        self.names = names[number * count : (number + 1) * count]
        # Each activation that takes a parameter takes the next of the list.
        self.alpha, self.beta = ((node.floats(f"activation_{p}") or []) for p in ("alpha", "beta"))
        self.clip, self.hidden = node.float("clip"), node.int("hidden_size", 0)
        self.after = bool(node.int("linear_before_reset", 0))
        self.coupled = bool(node.int("input_forget", 0))
        if len(self.names) < count:
            raise Unsupported(f"it has {len(names)} activations")

    def act(self, b: Scope, place: int, x: Value) -> Value:
        """Return the activation of a place for the clipped x."""
        if self.clip:
            x = b("ClipByValue", x, -self.clip, self.clip)
        alpha, beta = (v[place] if place < len(v) else None for v in (self.alpha, self.beta))
        return activation(b, self.names[place], x, alpha, beta)


def _product(b: Scope, x: Value, weights: Value) -> Value:
    return b("MatMul", x, weights, transpose_a=False, transpose_b=True)


def _lstm(s: Settings) -> Cell:
    def step(b: Scope, gates: Value, states: list[Value], weights: list[Value]) -> list[Value]:
        h, c = states
        i, o, f, g = b("Split", 1, b("AddV2", gates, _product(b, h, weights[0])), outputs=4, num_split=4)
        peep = b("Split", 0, weights[1], outputs=3, num_split=3) if len(weights) > 1 else [None] * 3
        i = s.act(b, 0, _peeped(b, i, peep[0], c))
        f = b("Sub", 1.0, i) if s.coupled else s.act(b, 0, _peeped(b, f, peep[2], c))
        kept = b("AddV2", b("Mul", f, c), b("Mul", i, s.act(b, 1, g)))
        o = s.act(b, 0, _peeped(b, o, peep[1], kept))
        return [b("Mul", o, activation(b, s.names[2], kept)), kept]

    return step


def _peeped(b: Scope, gate: Value, weight: Value | None, c: Value) -> Value:
    return gate if weight is None else b("AddV2", gate, b("Mul", weight, c))


def _gru(s: Settings) -> Cell:
    def step(b: Scope, gates: Value, states: list[Value], weights: list[Value]) -> list[Value]:
        h, hidden = states[0], s.hidden
        both, own = b("SplitV", weights[0], [2 * hidden, hidden], 0, outputs=2, num_split=2)
        zr, x = b("SplitV", gates, [2 * hidden, hidden], 1, outputs=2, num_split=2)
        z, r = b("Split", 1, s.act(b, 0, b("AddV2", zr, _product(b, h, both))), outputs=2, num_split=2)
        if s.after:
            inner = b("Mul", r, b("AddV2", _product(b, h, own), weights[1]))
        else:
            inner = _product(b, b("Mul", r, h), own)
        new = s.act(b, 1, b("AddV2", x, inner))
        return [b("AddV2", new, b("Mul", z, b("Sub", h, new)))]

    return step


def _rnn(s: Settings) -> Cell:
    return lambda b, gates, states, weights: [s.act(b, 0, b("AddV2", gates, _product(b, states[0], weights[0])))]


CELLS = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}


@onnx_op("LSTM", "GRU", "RNN")
def recurrent(
    b: Scope, node: OnnxNode, x: Value, w: Value, r: Value, bias: Value | None = None, lengths: Value | None = None, h: Value | None = None,
    c: Value | None = None, peep: Value | None = None,
) -> list[Value | None]:  # fmt: skip
    for each in (x, h, c):
        if each is not None:
            b.rank(each, 3)
    batch_first, kind = bool(node.int("layout", 0)), node.text("direction", "forward")
    if batch_first:
        x = b.transpose(x, [1, 0, 2])
        h, c = (None if v is None else b.transpose(v, [1, 0, 2]) for v in (h, c))
    if lengths is not None and lengths.known is not None and x.shape and set(lengths.known) == {x.shape[0]}:
        lengths = None
    ends, outputs = [], []
    for number in range(2 if kind == "bidirectional" else 1):
        parts = [None if v is None else _direction(b, v, number) for v in (w, r, bias, h, c, peep)]
        given, last = _one_way(b, node, x, parts, lengths, number, kind == "reverse" or number == 1)
        outputs.append(given)
        ends.append(last)
    whole = b("Pack", *outputs, axis=1) if outputs[0] is not None else None
    found = [b("Pack", *states, axis=0) for states in zip(*ends, strict=True)]
    if batch_first:
        whole = None if whole is None else b.transpose(whole, [2, 0, 1, 3])
        found = [b.transpose(v, [1, 0, 2]) for v in found]
    return [whole, *found]


def _direction(b: Scope, value: Value, number: int) -> Value:
    """Return the part of a weight that belongs to one direction."""
    if value.constant is not None:
        return b.tensor(value.constant.tensor()[number])
    return b("GatherV2", value, number, 0, batch_dims=0)


def _one_way(
    b: Scope, node: OnnxNode, x: Value, parts: list[Value | None], lengths: Value | None, number: int, backwards: bool
) -> tuple[Value | None, list[Value]]:
    """Return the outputs of all steps, where they are wanted, and the last states."""
    w, r, bias, h, c, peep = parts
    assert w is not None and r is not None
    settings, gates = Settings(node, number), GATES[node.op]
    hidden = settings.hidden = b.size(r, -1)
    steps, batch, _ = b.dims(x)
    x = _turned(b, x, lengths) if backwards else x
    flat = b("MatMul", b.reshape(x, [-1, b.size(w, -1)]), w, transpose_a=False, transpose_b=True)
    weights = [r]
    if bias is not None:
        own, other = b("Split", 0, bias, outputs=2, num_split=2)
        if node.op == "GRU" and settings.after:
            # The product with the state has a bias of its own before it is reset.
            first, last = b("SplitV", other, [2 * hidden, hidden], 0, outputs=2, num_split=2)
            weights.append(last)
            other = b("ConcatV2", first, b("ZerosLike", last), 0, N=2)
        flat = b("BiasAdd", flat, b("AddV2", own, other), data_format=b"NHWC")
    elif node.op == "GRU" and settings.after:
        weights.append(b.const([0.0] * hidden, [hidden], "float32"))
    if peep is not None:
        weights.append(peep)
    zeros = b.const([0.0] * (batch * hidden), [batch, hidden], "float32") if isinstance(batch, int) and batch * hidden < 4096 else None
    given_states = (h, c) if node.op == "LSTM" else (h,)
    if None in given_states and zeros is None:
        zeros = b("Fill", b.pack([batch, hidden]), 0.0, T="float32")
    states = [state for state in (v or zeros for v in given_states) if state is not None]
    parts_of_x = b.reshape(flat, [steps, batch, gates * hidden])
    run = _unrolled if isinstance(steps, int) and steps <= UNROLLED else _looped
    given, last = run(b, CELLS[node.op](settings), parts_of_x, states, weights, lengths, node.has_output(0))
    if given is not None and backwards:
        given = _turned(b, given, lengths)
    return given, last


def _turned(b: Scope, x: Value, lengths: Value | None) -> Value:
    """Return [time, batch, ...] with time backwards."""
    if lengths is None:
        return b("ReverseV2", x, [0])
    swapped = [1, 0, 2]
    return b.transpose(reversed_rows(b, b.transpose(x, swapped), lengths), swapped)


def _masked(b: Scope, at: Any, lengths: Value | None, new: list[Value], old: list[Value]) -> tuple[Value, list[Value]]:
    """Return the output and states of a step; rows that have ended keep their states and give zeros."""
    if lengths is None:
        return new[0], new
    live = b("ExpandDims", b("Less", at, lengths), 1)
    kept = [b("SelectV2", live, n, o) for n, o in zip(new, old, strict=True)]
    return b("SelectV2", live, new[0], b("ZerosLike", new[0])), kept


def _unrolled(
    b: Scope, cell: Cell, x: Value, states: list[Value], weights: list[Value], lengths: Value | None, wanted: bool
) -> tuple[Value | None, list[Value]]:
    outputs = []
    for at in range(b.size(x, 0)):
        row = b("GatherV2", x, at, 0, batch_dims=0) if b.size(x, 0) > 1 else b.squeeze(x, [0])
        given, states = _masked(b, at, lengths, cell(b, row, states, weights), states)
        outputs.append(given)
    return (b("Pack", *outputs, axis=0) if wanted and outputs else None), states


def _looped(
    b: Scope, cell: Cell, x: Value, states: list[Value], weights: list[Value], lengths: Value | None, wanted: bool
) -> tuple[Value | None, list[Value]]:
    shape = states[0].shape
    handle = [new_list(b, "float32", shape)] if wanted else []
    through = [v for v in (*weights, lengths) if v is not None and v.constant is None]  # constants stand in the body itself
    count, lists = len(states), len(handle)

    def step(inner: Scope, values: list[Value]) -> list[Value]:
        at, last, rows, *rest = values
        passed = iter(rest[count + lists :])
        own = [v if v.constant is not None else next(passed) for v in weights]
        ends = None if lengths is None else lengths if lengths.constant is not None else next(passed)
        new = cell(inner, inner("GatherV2", rows, at, 0, batch_dims=0), rest[:count], own)
        given, kept = _masked(inner, at, ends, new, rest[:count])
        gathered = [push(inner, rest[count], given)] if wanted else []
        return [inner("AddV2", at, 1), last, rows, *kept, *gathered, *rest[count + lists :]]

    first = [b.value(0), b.value(b.dims(x)[0]), x, *states, *handle, *through]
    found = while_loop(b, first, lambda inner, values: inner("Less", values[0], values[1]), step)[3:]
    return (stack(b, found[count], "float32", shape) if wanted else None), found[:count]
