"""Nodes of graph models changed at random: each gives values or one of the library's errors, in bounded time. Loops are left out."""

import copy
import random

import pytest

from tensorweb.errors import TensorWebError
from tests.graph import control_replay

SUBJECTS = ("lists", "tables", "strings", "ragged", "sparse")
ATTRS = [
    {"i": "-5"}, {"i": "99999999999"}, {"s": "KGE="}, {"b": True}, {"type": "DT_STRING"}, {"shape": {"dim": [{"size": str(1 << 40)}]}},
    {"list": {}}, {"list": {"i": ["7", "-1"]}}, {"f": "NaN"}, {"func": {"name": "f"}},
]  # fmt: skip


def changed(case, chance):
    """Return a case in which an input, an attribute or an op of a node is another."""
    made = copy.deepcopy(case)
    nodes = made["topology"]["node"]
    node, other = chance.choice(nodes), chance.choice(nodes)
    inputs, attrs = node.setdefault("input", []), node.setdefault("attr", {})
    kind = chance.randrange(6)
    if kind == 0 and inputs:
        inputs.pop(chance.randrange(len(inputs)))
    elif kind == 1:
        inputs.insert(chance.randint(0, len(inputs)), other["name"])
    elif kind == 2 and inputs:
        inputs[chance.randrange(len(inputs))] = other["name"] + chance.choice(["", ":1", ":5"])
    elif kind == 3 and attrs:
        attrs.pop(chance.choice(sorted(attrs)))
    elif kind == 4 and attrs:
        attrs[chance.choice(sorted(attrs))] = chance.choice(ATTRS)
    else:
        node["op"] = other["op"]
    return made


@pytest.mark.parametrize("subject", SUBJECTS)
def test_changed_nodes(fast_backend, subject):
    chance, ended, count = random.Random(subject), 0, 150
    for _ in range(count):
        case = changed(chance.choice(control_replay.stored()[subject]), chance)
        inputs = {key: control_replay.tensor(packed) for key, packed in case["inputs"].items()}
        try:
            control_replay.model_of(case).execute(inputs, case["outputs"])
        except TensorWebError:
            ended += 1
    print(f"{subject}: {count} changed graphs, {ended} refused")
    assert ended > 10
