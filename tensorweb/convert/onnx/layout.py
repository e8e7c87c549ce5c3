"""Passes on graphs that came from ONNX: transposes between channels first and last cancel, unused nodes are dropped.

ONNX's convolutions have channels first and are computed with channels last, between transposes. Nodes are gone through in their order, and
a Transpose is only noted: what reads it is computed on its source where that is the same in another order of axes (elementwise ops,
concatenations, pads, reductions, slices ...), with the order noted for its result. Where an order comes to be that of the source nothing is
left of it; what needs the values as they are gets a Transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ... import ops
from ...graph.define import entering
from ...graph.definition import FunctionName, Graph, Node, Ref
from ...tensor import tensor
from .shapes import JOINED, UNARY


class Turned(NamedTuple):
    """A value that is a Transpose of another."""

    source: Ref
    perm: tuple[int, ...]


class Moved(NamedTuple):
    """What a node becomes when it is computed on the sources of its inputs; `perms` turn its outputs into the former ones."""

    inputs: list[Ref]
    perms: list[tuple[int, ...]]
    attrs: dict[str, Any]


Rule = Callable[["Layout", Node, list["Turned | None"]], "Moved | None"]
RULES: dict[str, Rule] = {}


moves = entering(RULES)  # How ops are computed on the sources of transposes; None: they cannot be.


def cancel_transposes(graph: Graph) -> None:
    """Move transposes towards the outputs of a graph and its functions, and drop those that cancel."""
    for each in graph.all_graphs():
        Layout(each).run()


def prune_functions(graph: Graph) -> None:
    """Drop what nobody needs of a graph and its functions, and functions that nobody calls."""
    called, waiting = set[str](), [graph]
    while waiting:
        each = waiting.pop()
        each.prune()
        for node in each.nodes.values():
            for value in (part for v in node.attrs.values() for part in (v if isinstance(v, list) else [v])):
                if isinstance(value, FunctionName) and value not in called and value in graph.functions:
                    called.add(value)
                    waiting.append(graph.functions[value])
    for name in [name for name in graph.functions if name not in called]:
        del graph.functions[name]


class Layout:
    """The pass over one graph."""

    def __init__(self, graph: Graph):
        self.graph, self.old = graph, graph.nodes
        self.turned: dict[Ref, Turned] = {}  # those that are not computed
        self.same: dict[Ref, Ref] = {}  # those that are another
        self.made: dict[Turned, Ref] = {}
        self.consts: dict[Any, Ref] = {}

    def run(self) -> None:
        """Rewrite the graph's nodes, which stand in an order in which they can run."""
        nodes, self.graph.nodes = list(self.old.values()), {}
        for node in nodes:
            self.visit(node)
        for argument in self.graph.outputs:
            argument.ref = self.plain(argument.ref)

    def visit(self, node: Node) -> None:
        """Keep a node, computed on the sources of its inputs if that is possible."""
        refs = [self.same.get(ref, ref) for ref in node.inputs]
        found = [self.turned.get(ref) for ref in refs]
        node.inputs = refs
        if node.op == "Transpose" and self.note(node, found[0]):
            return
        rule = RULES.get(node.op)
        moved = rule(self, node, found) if rule is not None and any(found) and not node.controls else None
        if moved is None:
            if node.op == "Shape" and found[0] is not None:
                self.shape(node, found[0])
                return
            node.inputs = [self.plain(ref) for ref in refs]
            self.graph.nodes[node.name] = node
            return
        former = node.name
        if any(list(perm) != sorted(perm) for perm in moved.perms):
            node.name = self.free_name(f"{former}/turned")
            for i, perm in enumerate(moved.perms):
                self.turned[Ref(former, i)] = Turned(Ref(node.name, i), perm)
        node.inputs, node.attrs = moved.inputs, {**node.attrs, **moved.attrs}
        self.graph.nodes[node.name] = node

    def shape(self, node: Node, turned: Turned) -> None:
        """Give the shape of a Transpose from that of its source."""
        sizes = self.graph.add("Shape", self.free_name(f"{node.name}/turned"), [turned.source], **node.attrs)
        self.graph.add("GatherV2", node.name, [sizes, self.const(list(turned.perm)), self.scalar(0)], batch_dims=0)

    def free_name(self, wanted: str) -> str:
        """Return a name that no node has or had."""
        name, number = wanted, 0
        while name in self.graph.nodes or name in self.old:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def note(self, node: Node, before: Turned | None) -> bool:
        """Note a Transpose whose order is known; what it gives is made when something needs it."""
        perm = self.ints(node.inputs[1])
        if perm is None:
            return False
        source, first = before or Turned(node.inputs[0], tuple(range(len(perm))))
        whole = tuple(first[p] for p in perm)
        if list(whole) == sorted(whole):
            self.same[Ref(node.name)] = source
        else:
            self.turned[Ref(node.name)] = Turned(source, whole)
        return True

    def plain(self, ref: Ref) -> Ref:
        """Return a value as it was before the pass: a Transpose of its source where it is a turned one."""
        ref = self.same.get(ref, ref)
        found = self.turned.get(ref)
        if found is None:
            return ref
        if found not in self.made:
            name = ref.name if not ref.index and ref.name not in self.graph.nodes else self.free_name(f"{ref.name}/Transpose")
            self.made[found] = self.graph.add("Transpose", name, [found.source, self.const(list(found.perm))])
        return self.made[found]

    # --- constants ---

    def ints(self, ref: Ref) -> list[int] | None:
        """Return the integers of a small constant; None if it is none."""
        node = self.graph.nodes.get(ref.name)
        return node.attrs.get("_values") if node is not None and node.op == "Const" else None

    def const(self, values: list[int], rows: int | None = None) -> Ref:
        """Return integers as a constant, a vector or with so many rows."""
        key = (tuple(values), rows)
        if key not in self.consts:
            shape = (len(values),) if rows is None else (rows, len(values) // rows)
            self.consts[key] = self.add_const("layout/order", tensor(values, shape, "int32"))
            self.graph.nodes[self.consts[key].name].attrs["_values"] = list(values)
        return self.consts[key]

    def scalar(self, value: int) -> Ref:
        """Return an integer as a constant."""
        key = value
        if key not in self.consts:
            self.consts[key] = self.add_const("layout/axis", tensor(value, (), "int32"))
            self.graph.nodes[self.consts[key].name].attrs["_values"] = [value]
        return self.consts[key]

    def add_const(self, wanted: str, value: Any) -> Ref:
        """Add a constant with a free name."""
        return self.graph.add_const(self.free_name(wanted), value)

    def turned_const(self, ref: Ref, perm: Sequence[int]) -> Ref | None:
        """Return the constant that, transposed, is one that broadcasts with it; None if it is no constant."""
        node = self.graph.nodes.get(ref.name)
        if node is None or node.op != "Const":
            return None
        value = self.graph.weights[ref.name]
        rank = len(perm)
        if not value.shape:
            return ref
        if len(value.shape) > rank:
            return None
        key = (ref, tuple(perm))
        if key not in self.consts:
            wide = ops.reshape(value, (1,) * (rank - len(value.shape)) + tuple(value.shape))
            self.consts[key] = self.add_const(f"{ref.name}/turned", ops.transpose(wide, inverse(perm)))
        return self.consts[key]


def inverse(perm: Sequence[int]) -> list[int]:
    """Return the order that turns a Transpose back."""
    return [list(perm).index(i) for i in range(len(perm))]


def without(perm: Sequence[int], gone: Sequence[int]) -> tuple[int, ...]:
    """Return the order of the axes that are left when some of the result's are gone."""
    left = [p for i, p in enumerate(perm) if i not in gone]
    return tuple(sorted(left).index(p) for p in left)


# --- rules --------------------------------------------------------------------------------------------------------------------


@moves(*UNARY)
def _unary(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first = found[0]
    return None if first is None or any(found[1:]) else Moved([first.source, *node.inputs[1:]], [first.perm], {})


@moves(*(JOINED - {"BiasAdd"}))
def _joined(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    perms = {f.perm for f in found if f is not None}
    if len(perms) != 1:
        return None
    perm = perms.pop()
    inputs = [layout.turned_const(ref, perm) if f is None else f.source for ref, f in zip(node.inputs, found, strict=True)]
    return None if any(ref is None for ref in inputs) else Moved([ref for ref in inputs if ref is not None], [perm], {})


@moves("ConcatV2")
def _concat(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    axis = layout.ints(node.inputs[-1])
    moved = _joined(layout, Node("", "", node.inputs[:-1]), found[:-1])
    if axis is None or moved is None:
        return None
    ranks = [len(layout.graph.weights[r.name].shape) for r in node.inputs[:-1] if r.name in layout.graph.weights]
    perm = moved.perms[0]
    return None if any(r != len(perm) for r in ranks) else Moved([*moved.inputs, layout.scalar(perm[axis[0]])], [perm], {})


def by_axis(values: list[int], perm: Sequence[int], each: int = 1) -> list[int]:
    """Return what a list says of each axis in the order of the source's axes."""
    back = inverse(perm)
    return [values[back[axis] * each + i] for axis in range(len(perm)) for i in range(each)]


@moves("Pad", "PadV2", "MirrorPad")
def _pad(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, pads = found[0], layout.ints(node.inputs[1])
    if first is None or pads is None or any(found[1:]):
        return None
    moved = layout.const(by_axis(pads, first.perm, 2), len(first.perm))
    return Moved([first.source, moved, *node.inputs[2:]], [first.perm], {})


@moves("Tile")
def _tile(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, times = found[0], layout.ints(node.inputs[1])
    return None if first is None or times is None else Moved([first.source, layout.const(by_axis(times, first.perm))], [first.perm], {})


@moves("Sum", "Mean", "Max", "Min", "Prod", "All", "Any", "ArgMax", "ArgMin")
def _reduce(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, axes = found[0], layout.ints(node.inputs[1])
    if first is None or axes is None:
        return None
    rank = len(first.perm)
    axes = [a % rank for a in axes]
    kept = first.perm if node.attrs.get("keep_dims") else without(first.perm, axes)
    moved = [first.perm[a] for a in axes]
    return Moved([first.source, layout.scalar(moved[0]) if node.op.startswith("Arg") else layout.const(sorted(moved))], [kept], {})


@moves("Reshape")
def _reshape(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    """What was reduced to one place has its channels in the same order first and last."""
    first = found[0]
    source = layout.graph.nodes.get(first.source.name) if first is not None else None
    if first is None or source is None or source.op not in ("Mean", "Max") or not source.attrs.get("keep_dims") or found[1]:
        return None
    axes = layout.ints(source.inputs[1])
    if axes is None or any(a < 0 for a in axes):
        return None
    left = [p for p in first.perm if p not in axes]
    return Moved([first.source, node.inputs[1]], [()], {}) if left == sorted(left) else None


@moves("Softmax", "LogSoftmax")
def _softmax(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first = found[0]
    return Moved([first.source], [first.perm], {}) if first is not None and first.perm[-1] == len(first.perm) - 1 else None


@moves("Cumsum", "Cumprod")
def _cumulative(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, axis = found[0], layout.ints(node.inputs[1])
    return None if first is None or axis is None else Moved([first.source, layout.scalar(first.perm[axis[0]])], [first.perm], {})


@moves("StridedSlice")
def _strided_slice(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, parts = found[0], [layout.ints(ref) for ref in node.inputs[1:]]
    names = ("begin_mask", "end_mask")
    plain = not any(node.attrs.get(m) for m in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask"))
    if first is None or not plain or any(p is None or len(p) != len(first.perm) for p in parts):
        return None
    moved = [layout.const(by_axis(p, first.perm)) for p in parts if p is not None]
    masks = {name: sum(1 << p for i, p in enumerate(first.perm) if node.attrs.get(name, 0) >> i & 1) for name in names}
    return Moved([first.source, *moved], [first.perm], masks)


@moves("Split")
def _split(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    axis, first = layout.ints(node.inputs[0]), found[1]
    if axis is None or first is None:
        return None
    return Moved([layout.scalar(first.perm[axis[0]]), first.source], [first.perm] * node.attrs["num_split"], {})


@moves("SplitV")
def _split_v(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, axis = found[0], layout.ints(node.inputs[2])
    if first is None or axis is None:
        return None
    return Moved([first.source, node.inputs[1], layout.scalar(first.perm[axis[0]])], [first.perm] * node.attrs["num_split"], {})


@moves("GatherV2")
def _gather(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, axis = found[0], layout.ints(node.inputs[2])
    indices = layout.graph.weights.get(node.inputs[1].name)
    if first is None or axis is None or indices is None or len(indices.shape) > 1 or node.attrs.get("batch_dims"):
        return None
    perm = first.perm if indices.shape else without(first.perm, [axis[0] % len(first.perm)])
    return Moved([first.source, node.inputs[1], layout.scalar(first.perm[axis[0]])], [perm], {})


@moves("Squeeze")
def _squeeze(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, axes = found[0], node.attrs.get("squeeze_dims")
    if first is None or not axes:
        return None
    axes = [a % len(first.perm) for a in axes]
    return Moved([first.source], [without(first.perm, axes)], {"squeeze_dims": sorted(first.perm[a] for a in axes)})


@moves("ExpandDims")
def _expand(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    first, axis = found[0], layout.ints(node.inputs[1])
    if first is None or axis is None:
        return None
    rank = len(first.perm)
    place = axis[0] % (rank + 1)
    # Before the axis of the source that the new one stands before in the result.
    new = first.perm[place] if place < rank else rank
    perm = [p + (p >= new) for p in first.perm]
    perm.insert(place, new)
    return Moved([first.source, layout.scalar(new)], [tuple(perm)], {})


@moves("MatMul", "BatchMatMulV2")
def _matmul(layout: Layout, node: Node, found: list[Turned | None]) -> Moved | None:
    """Products turn the last two axes themselves."""
    names = ("transpose_a", "transpose_b") if node.op == "MatMul" else ("adj_x", "adj_y")
    inputs, attrs, rank = [], {}, 0
    for ref, turned, name in zip(node.inputs, found, names, strict=True):
        swapped = turned is not None and list(turned.perm) == [*range(len(turned.perm) - 2), len(turned.perm) - 1, len(turned.perm) - 2]
        inputs.append(turned.source if turned is not None and swapped else layout.plain(ref))
        attrs[name] = bool(node.attrs.get(name)) != swapped
        rank += swapped
    return Moved(inputs, [()], attrs) if rank else None
