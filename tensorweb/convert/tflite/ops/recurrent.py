"""RNNs and LSTMs over sequences: products with the inputs for all steps at once, then a loop. States begin at zero in each run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .... import ops as tw
from ....graph.definition import Argument, FunctionName, Graph, Ref
from ..schema import ACTIVATIONS
from ..tensors import Grid
from ..translate import Builder, Op, Unsupported, translates

Step = Callable[[Builder, Ref, list[Ref], list[Ref]], list[Ref]]


# --- loops ------------------------------------------------------------------------------------------------------------------


def scan(op: Op, sequence: Ref, sizes: tuple[int, int], states: list[Ref], weights: list[Ref], step: Step) -> Ref:
    """Return [time, batch, size] of what the steps give first, which is their first state; `sizes` are those of inputs and outputs.

    `step(builder, x, states, weights)` returns the new states.
    """
    emit = op.emit
    count = op.builder.size(sequence, 0)
    xs = emit("TensorListFromTensor", sequence, [-1, sizes[0]], element_dtype="float32", shape_type="int32")
    ys = emit("TensorListReserve", [-1, sizes[1]], count, element_dtype="float32", shape_type="int32")
    values = [op.builder.const(0), count, xs, ys, *states, *weights]
    dtypes = ["int32", "int32", "variant", "variant", *["float32"] * (len(states) + len(weights))]
    functions = op.scope.model.functions
    number = len(functions)
    names = {part: FunctionName(f"{op.kind.lower()}_{number}_{part}") for part in ("cond", "body")}
    cond, arguments = _function(functions, names["cond"], dtypes)
    cond.graph.outputs = [Argument("more", cond.emit("Less", arguments[0], arguments[1]), "bool")]
    body, arguments = _function(functions, names["body"], dtypes)
    place, total, xs, ys, *rest = arguments
    x = body.emit("TensorListGetItem", xs, place, [-1, sizes[0]], element_dtype="float32")
    new = step(body, x, rest[: len(states)], rest[len(states) :])
    ys = body.emit("TensorListSetItem", ys, place, new[0], element_dtype="float32")
    results = [body.emit("AddV2", place, 1), total, xs, ys, *new, *rest[len(states) :]]
    body.graph.outputs = [Argument(f"result_{i}", ref, dtype) for i, (ref, dtype) in enumerate(zip(results, dtypes))]
    loop = emit("StatelessWhile", *values, T=dtypes, **names)
    return emit("TensorListStack", Ref(loop.name, 3), [-1, sizes[1]], element_dtype="float32", num_elements=-1)


def _function(functions: dict[str, Graph], name: str, dtypes: Sequence[str]) -> tuple[Builder, list[Ref]]:
    graph = functions[name] = Graph(functions=functions)
    for number, dtype in enumerate(dtypes):
        ref = graph.add("Placeholder", f"argument_{number}", dtype=dtype, _number=number)
        graph.inputs.append(Argument(ref.name, ref, dtype))
    return Builder(graph), [a.ref for a in graph.inputs]


class Direction(NamedTuple):
    """Along a sequence or against it."""

    op: Op
    reverse: bool = False
    time_major: bool = False

    def sequence(self, number: int) -> Ref:
        """Return an input as [time, batch, size], in the order of the steps."""
        x = self.op.x(number) if self.time_major else self.op.builder.transpose(self.op.x(number), (1, 0, 2))
        return self.op.emit("ReverseV2", x, [0]) if self.reverse else x

    def result(self, ys: Ref) -> Ref:
        """Return what the steps gave as the op gives it."""
        ys = self.op.emit("ReverseV2", ys, [0]) if self.reverse else ys
        return ys if self.time_major else self.op.builder.transpose(ys, (1, 0, 2))


def _joined(op: Op, numbers: Sequence[int]) -> Ref:
    """Return weights [outputs, inputs] transposed and side by side."""
    infos = [op.scope.constant_info(op.index(n)) for n in numbers]
    if any(info is None for info in infos):
        return op.builder.concat([op.weight(n, (1, 0)) for n in numbers], 1)
    values = [tw.transpose(op.scope.constants.tensor(info), (1, 0)) for info in infos if info is not None]
    return op.builder.const(tw.concatenate(values, 1) if len(values) > 1 else values[0])


def _product(build: Builder, x: Ref, weights: Ref, rank: int = 2) -> Ref:
    if rank == 2:
        return build.emit("MatMul", x, weights, transpose_a=False, transpose_b=False)
    return build.emit("BatchMatMulV2", x, weights, adj_x=False, adj_y=False)


def _zeros(op: Op, sequence: Ref, size: int) -> Ref:
    """Return a state of zeros for each sequence of the batch."""
    return op.emit("Fill", op.emit("Pack", op.builder.size(sequence, 1), size, axis=0, N=2), 0.0, T="float32")


def _state(op: Op, number: int, sequence: Ref, size: int) -> Ref:
    """Return what a state begins with: zeros, unless it is computed."""
    if not op.has(number) or op.info(number).table.is_variable:
        return _zeros(op, sequence, size)
    return op.x(number)


# --- RNN --------------------------------------------------------------------------------------------------------------------


def _rnn(way: Direction, first: int, state: int, x: int = 0) -> Ref:
    """Return a simple RNN whose weights are the inputs from `first` on: inputs, recurrent, bias."""
    op = way.op
    units = op.known(op.info(first).shape[0], "a number of units")
    sequence = way.sequence(x)
    projected = op.emit("AddV2", _product(op.builder, sequence, op.weight(first, (1, 0)), 3), op.x(first + 2))
    name = ACTIVATIONS[op.options.fused_activation_function]

    def step(build: Builder, x: Ref, states: list[Ref], weights: list[Ref]) -> list[Ref]:
        return [build.activate(build.emit("AddV2", x, _product(build, states[0], weights[0])), name)]

    begin = [_state(op, state, sequence, units)]
    return way.result(scan(op, projected, (units, units), begin, [op.weight(first + 1, (1, 0))], step))


@translates("UNIDIRECTIONAL_SEQUENCE_RNN")
def unidirectional_sequence_rnn(op: Op) -> Ref:
    return _rnn(Direction(op, time_major=op.options.time_major), 1, 4)


@translates("BIDIRECTIONAL_SEQUENCE_RNN")
def bidirectional_sequence_rnn(op: Op) -> list[Ref]:
    if any(op.has(i) for i in range(9, 12)):
        raise Unsupported("a second input")
    major = op.options.time_major
    return _both(op, _rnn(Direction(op, False, major), 1, 4), _rnn(Direction(op, True, major), 5, 8))


def _both(op: Op, forward: Ref, backward: Ref) -> list[Ref]:
    return [op.builder.concat([forward, backward], 2)] if op.options.merge_outputs else [forward, backward]


# --- LSTM -------------------------------------------------------------------------------------------------------------------


class Cell(NamedTuple):
    """An LSTM's step: which gates have weights of their own, and what they do beyond the common."""

    gates: str  # of "ifco"; without "i", the input gate is what the forget gate leaves
    peepholes: dict[str, int]  # the numbers of weights in the loop
    norms: dict[str, tuple[int, int]]
    projection: tuple[int, int | None] | None
    activation: str
    clips: tuple[float, float]
    grids: tuple[Grid | None, Grid | None]

    def step(self, build: Builder, x: Ref, states: list[Ref], weights: list[Ref]) -> list[Ref]:
        """Return the new output and cell."""
        hidden, cell = states
        both = build.emit("AddV2", x, _product(build, hidden, weights[0]))
        parts = build.emit("Split", 1, both, num_split=len(self.gates))
        raw = {gate: Ref(parts.name, i) for i, gate in enumerate(self.gates)}
        forget = self._gate(build, "f", raw, cell, weights)
        new = build.activate(self._finished(build, "c", raw["c"], weights), self.activation)
        taken = self._gate(build, "i", raw, cell, weights) if "i" in self.gates else build.emit("Sub", 1.0, forget)
        cell = build.emit("AddV2", build.emit("Mul", forget, cell), build.emit("Mul", taken, new))
        cell = self._kept(build, cell, 1)
        out = self._gate(build, "o", raw, cell, weights)
        hidden = build.emit("Mul", out, build.activate(cell, self.activation))
        if self.projection:
            hidden = _product(build, hidden, weights[self.projection[0]])
            bias = self.projection[1]
            hidden = hidden if bias is None else build.emit("AddV2", hidden, weights[bias])
        return [self._kept(build, hidden, 0), cell]

    def _gate(self, build: Builder, gate: str, raw: dict[str, Ref], cell: Ref, weights: list[Ref]) -> Ref:
        x = raw[gate]
        if gate in self.peepholes:
            x = build.emit("AddV2", x, build.emit("Mul", cell, weights[self.peepholes[gate]]))
        return build.emit("Sigmoid", self._finished(build, gate, x, weights))

    def _finished(self, build: Builder, gate: str, x: Ref, weights: list[Ref]) -> Ref:
        """Return a gate's sum, normalised over the units if it is to be."""
        if gate not in self.norms:
            return x
        scale, bias = (weights[n] for n in self.norms[gate])
        away = build.emit("Sub", x, build.emit("Mean", x, [-1], keep_dims=True))
        variance = build.emit("Mean", build.emit("Square", away), [-1], keep_dims=True)
        x = build.emit("Mul", away, build.emit("Rsqrt", build.emit("AddV2", variance, 1e-8)))
        return build.emit("AddV2", build.emit("Mul", x, scale), bias)

    def _kept(self, build: Builder, x: Ref, number: int) -> Ref:
        """Return the output (0; only projections are clipped) or the cell (1) within its limits and on its grid."""
        clip = self.clips[number]
        if clip > 0 and (number or self.projection):
            x = build.emit("ClipByValue", x, -clip, clip)
        grid = self.grids[number]
        return build.snap(x, grid) if grid else x


def _lstm(way: Direction, first: int, state: int, norm: int | None = None) -> Ref:
    """Return an LSTM whose 17 weights are the inputs from `first` on, and whose output and cell begin with the inputs from `state` on."""
    op = way.op
    gates = "ifco" if op.has(first) else "fco"
    columns = {gate: "ifco".index(gate) for gate in gates}
    units = op.known(op.info(first + 1).shape[0], "a number of units")
    weights = [_joined(op, [first + 4 + columns[g] for g in gates])]

    def taken(ref: Ref) -> int:
        weights.append(ref)
        return len(weights) - 1

    peepholes = {g: taken(op.x(first + 8 + i)) for i, g in enumerate("ifo") if g in gates and op.has(first + 8 + i)}
    biases = {g: op.bias(first + 11 + i) for g, i in columns.items()}
    norms: dict[str, tuple[int, int]] = {}
    if norm is not None and op.has(norm + 1):
        norms = {g: (taken(op.x(norm + i)), taken(_bias(biases[g]))) for g, i in columns.items()}
    projection, size = None, units
    if op.has(first + 15):
        added = op.bias(first + 16)
        projection = taken(op.weight(first + 15, (1, 0))), None if added is None else taken(added)
        size = op.known(op.info(first + 15).shape[0], "a number of outputs")
    sequence = way.sequence(0)
    xs = _product(op.builder, sequence, _joined(op, [first + columns[g] for g in gates]), 3)
    if not norms:
        xs = op.emit("AddV2", xs, op.builder.concat([_bias(biases[g]) for g in gates], 0))
    begin = [_state(op, state, sequence, size), _state(op, state + 1, sequence, units)]
    options = op.options
    grids = op.info(state).grid, op.info(state + 1).grid
    limits = options.proj_clip, options.cell_clip
    cell = Cell(gates, peepholes, norms, projection, ACTIVATIONS[options.fused_activation_function], limits, grids)
    return way.result(scan(op, xs, (units * len(gates), size), begin, weights, cell.step))


def _bias(ref: Ref | None) -> Ref:
    if ref is None:
        raise Unsupported("gates without bias")
    return ref


@translates("UNIDIRECTIONAL_SEQUENCE_LSTM")
def unidirectional_sequence_lstm(op: Op) -> Ref:
    if op.options.diagonal_recurrent_tensors:
        raise Unsupported("diagonal weights")
    return _lstm(Direction(op, time_major=op.options.time_major), 1, 18, 20)


@translates("BIDIRECTIONAL_SEQUENCE_LSTM")
def bidirectional_sequence_lstm(op: Op) -> Any:
    if any(op.has(i) for i in range(39, 48)):
        raise Unsupported("a second input")
    major = op.options.time_major
    return _both(op, _lstm(Direction(op, False, major), 1, 35), _lstm(Direction(op, True, major), 18, 37))
