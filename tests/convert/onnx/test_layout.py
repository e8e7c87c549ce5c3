"""Transposes move through ops without changing what a graph gives: each rule, alone and in chains, against the graph without the pass."""

import random

import pytest

import tensorweb as tw
from tensorweb.convert.onnx import layout, read_onnx
from tensorweb.graph.running import Runner
from tensorweb.waiting import wait

from .test_hostile import attribute, model, node, tensor


def ints(name, *values):
    return attribute(name, 7, ints=list(values))


def integer(name, value):
    return attribute(name, 2, i=value)


AXES = tensor("axis1", dims=(), kind=7, int64_data=[1])
TENSORS = [
    AXES, tensor("times", dims=(4,), kind=7, int64_data=[1, 2, 1, 3]), tensor("places", dims=(2,), kind=7, int64_data=[1, 0]),
    tensor("scalar", dims=(), float_data=[0.5]), tensor("row", dims=(2, 1), float_data=[2.0, -1.0]),
    tensor("one", dims=(1,), float_data=[3.0]), tensor("low", dims=(), float_data=[-0.5]), tensor("zero", dims=(), kind=7, int64_data=[0]),
]  # fmt: skip
# Ops on a [3, 4, 2, 5] tensor "t", which is x with its axes in another order: name -> node.
OPS = {
    "Relu": node("Relu", ["t"], ["r"]),
    "Clip": node("Clip", ["t", "low", "scalar"], ["r"]),
    "Mul": node("Mul", ["t", "row"], ["r"]),
    "Add": node("Add", ["one", "t"], ["r"]),
    "both": node("Sub", ["t", "t"], ["r"]),
    "Greater": node("Greater", ["t", "scalar"], ["r"]),
    "Concat": node("Concat", ["t", "t"], ["r"], integer("axis", 1)),
    "Pad": node("Pad", ["t"], ["r"], ints("pads", 0, 1, 2, 0, 1, 0, 0, 3)),
    "reflect": node("Pad", ["t"], ["r"], ints("pads", 0, 1, 0, 0, 1, 0, 0, 3), attribute("mode", 3, s=b"reflect")),
    "ReduceMean": node("ReduceMean", ["t"], ["r"], ints("axes", 1, 3)),
    "ReduceMax": node("ReduceMax", ["t"], ["r"], ints("axes", -3), integer("keepdims", 0)),
    "ReduceSum": node("ReduceSum", ["t"], ["r"]),
    "ArgMax": node("ArgMax", ["t"], ["r"], integer("axis", 2)),
    "Softmax": node("Softmax", ["t"], ["r"], integer("axis", -1)),
    "CumSum": node("CumSum", ["t", "axis1"], ["r"]),
    "Slice": node("Slice", ["t"], ["r"], ints("starts", 1, -3), ints("ends", 3, 9), ints("axes", 1, 3)),
    "Split": node("Split", ["t"], ["r", "s"], integer("axis", 1)),
    "sizes": node("Split", ["t"], ["s", "r"], integer("axis", 3), ints("split", 1, 4)),
    "Tile": node("Tile", ["t", "times"], ["r"]),
    "Gather": node("Gather", ["t", "places"], ["r"], integer("axis", 1)),
    "scalar": node("Gather", ["t", "zero"], ["r"], integer("axis", 2)),
    "Squeeze": node("Squeeze", ["m"], ["r"], ints("axes", 1)),
    "Unsqueeze": node("Unsqueeze", ["t"], ["r"], ints("axes", 2)),
    "MatMul": node("MatMul", ["t", "t2"], ["r"]),
    "Shape": node("Shape", ["t"], ["r"]),
}  # fmt: skip
OPSETS = {"Pad": 10, "Slice": 9, "reflect": 10}
ORDERS = {
    "last": ((3, 5, 4, 2), (0, 2, 3, 1)), "first": ((3, 2, 4, 5), (0, 2, 1, 3)), "any": ((5, 3, 2, 4), (1, 3, 2, 0)),
    "ends": ((3, 4, 5, 2), (0, 1, 3, 2)),
}  # fmt: skip


def made(nodes, shape, opset):
    names = [n["output"][0] for n in nodes]
    before = [node("ReduceMean", ["t"], ["m"], ints("axes", 1)), node("Transpose", ["t"], ["t2"], ints("perm", 0, 1, 3, 2))]
    used = {name for n in nodes for name in n["input"]}
    needed = [n for n in before if n["output"][0] in used]
    return model([nodes[0], *needed, *nodes[1:]], TENSORS, outputs=(names[-1],), shape=shape, opset=opset)


def result(data, x):
    graph = read_onnx(data)
    return wait(Runner(graph).calling([x]))[0], [n.op for n in graph.nodes.values()].count("Transpose")


def same(data, x, monkeypatch):
    got, count = result(data, x)
    with monkeypatch.context() as patch:
        patch.setattr(layout, "cancel_transposes", lambda graph: None)
        wanted, before = result(data, x)
    assert got.shape == wanted.shape and bool(tw.allclose(tw.cast(got, "float32"), tw.cast(wanted, "float32"), atol=1e-5).item())
    return count, before


def numbers(shape):
    return tw.random.normal(shape, seed=1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("op", OPS)
def test_rule(order, op, monkeypatch):
    shape, perm = ORDERS[order]
    nodes = [node("Transpose", ["x"], ["t"], ints("perm", *perm)), OPS[op]]
    last = node("Identity", ["r"], ["y"]) if op != "Shape" else node("Cast", ["r"], ["y"], integer("to", 1))
    count, before = same(made([*nodes, last], shape, OPSETS.get(op, 11)), numbers(shape), monkeypatch)
    assert count <= max(before, 1)


def test_chains(monkeypatch):
    """Ops one after the other, with transposes between them."""
    for seed in range(60):
        chance = random.Random(seed)
        shape, perm = ORDERS[chance.choice(list(ORDERS))]
        nodes, name = [node("Transpose", ["x"], ["n0"], ints("perm", *perm))], "n0"
        for i in range(1, 9):
            kind = chance.choice(("Relu", "Mul", "Add", "Pad", "Tile", "Transpose", "own", "Concat"))
            new = f"n{i}"
            if kind == "Transpose":
                order = chance.sample(range(4), 4)
                nodes.append(node("Transpose", [name], [new], ints("perm", *order)))
            elif kind == "Pad":
                nodes.append(node("Pad", [name], [new], ints("pads", *chance.choices((0, 1), k=8))))
            else:
                inputs = {"Relu": [name], "Mul": [name, "scalar"], "Add": ["one", name], "Tile": [name, "ones"], "own": [name, name],
                          "Concat": [name, name]}[kind]  # fmt: skip
                more = [integer("axis", chance.randrange(4))] if kind == "Concat" else []
                nodes.append(node("Sub" if kind == "own" else kind, inputs, [new], *more))
            name = new
        ones = tensor("ones", dims=(4,), kind=7, int64_data=[1] * 4)
        data = model(nodes, [*TENSORS, ones], outputs=(name,), shape=shape, opset=10)
        count, before = same(data, numbers(shape), monkeypatch)
        assert count <= 1 <= before
