"""Control flow of TensorFlow 1 and 2 in graph models, against TensorFlow's stored answers; and graphs that are damaged."""

import asyncio
import gc

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, FormatError
from tests.graph import control_replay
from tests.graph.json_graphs import const, model, node, placeholder, text


@pytest.mark.parametrize("name", control_replay.names("control"))
def test_tensorflows_answers(fast_backend, name):
    control_replay.check("control", name)


@pytest.mark.parametrize("subject", ["control", "lists", "ragged", "sparse"])
def test_tensorflows_answers_on_gpus(gpu_backend, subject):
    for name in control_replay.names(subject):
        control_replay.check(subject, name)


def test_every_op_is_there():
    ops = control_replay.ops_of("control")
    assert ops >= {
        "Switch",
        "_SwitchN",
        "Merge",
        "Enter",
        "Exit",
        "NextIteration",
        "LoopCond",
        "If",
        "StatelessIf",
        "While",
        "StatelessWhile",
    }
    assert ops >= {"Case", "StatelessCase", "PartitionedCall", "StatefulPartitionedCall"}


def loop(frame="f", body="Add", start="x"):
    """Return the nodes of: i = x; while i < ten: i += one."""
    name = text(frame)
    return [
        node("Enter", f"{frame}/enter", start, frame_name=name),
        node("Enter", f"{frame}/ten", "ten", frame_name=name, is_constant={"b": True}),
        node("Enter", f"{frame}/one", "one", frame_name=name, is_constant={"b": True}),
        node("Merge", f"{frame}/merge", f"{frame}/enter", f"{frame}/next"),
        node("Less", f"{frame}/less", f"{frame}/merge", f"{frame}/ten"),
        node("LoopCond", f"{frame}/cond", f"{frame}/less"),
        node("Switch", f"{frame}/switch", f"{frame}/merge", f"{frame}/cond"),
        node("Exit", f"{frame}/exit", f"{frame}/switch"),
        node(body, f"{frame}/add", f"{frame}/switch:1", f"{frame}/one"),
        node("NextIteration", f"{frame}/next", f"{frame}/add"),
    ]


def looping(*more, nodes=None):
    weights = {"ten": tw.tensor(10.0), "one": tw.tensor(1.5)}
    return model([placeholder("x"), const("ten"), const("one"), *(loop() if nodes is None else nodes), *more], weights)


def test_a_loop_by_hand(fast_backend):
    made = looping(node("Neg", "y", "f/exit"), node("AddV2", "after", "x", "f/merge:1"))
    assert made.execute({"x": 2.0}, "y").tolist() == -11 and made.execute({"x": 20.0}, "y").tolist() == -20
    assert asyncio.run(made.execute_async({"x": 2.0}, "y")).tolist() == -11
    with pytest.raises(ArgumentError, match="come"):
        made.execute({"x": 2.0}, "f/add")


def test_loops_leave_nothing_behind(fast_backend):
    made = looping()
    made.execute({"x": 0.0}, "f/exit")
    gc.collect()
    before = tw.memory().num_tensors
    made.execute({"x": -300.0}, "f/exit")
    gc.collect()
    assert tw.memory().num_tensors == before


def test_values_go_when_an_iteration_ends(fast_backend):
    seen = []

    def count(node):
        seen.append(tw.memory().num_tensors)
        return node.inputs[0] + node.inputs[1]

    tw.register_op("Counted", count)
    gc.collect()  # what other tests have left must not go meanwhile
    try:
        looping(nodes=loop(body="Counted")).execute({"x": -100.0}, "f/exit")
    finally:
        tw.deregister_op("Counted")
    assert len(seen) == 74 and max(seen[2:]) - min(seen[2:]) <= 1


def test_a_branch_that_is_not_taken_gives_nothing(fast_backend):
    nodes = [placeholder("x"), placeholder("p", "bool"), node("Switch", "s", "x", "p"), node("Neg", "off", "s"), node("Exp", "on", "s:1")]
    made = model([*nodes, node("Merge", "m", "off", "on")])
    assert made.execute({"x": 2.0, "p": False}, ["off", "m", "m:1"])[2].tolist() == 0
    assert made.execute({"x": 0.0, "p": True}, ["m", "m:1"])[1].tolist() == 1
    with pytest.raises(ArgumentError, match="taken"):
        made.execute({"x": 2.0, "p": False}, "on")


def test_a_hundred_models_at_once(fast_backend):
    """The depth of functions is counted for each task by itself."""
    function = {
        "signature": {"name": "f", "inputArg": [{"name": "x", "type": "DT_FLOAT"}], "outputArg": [{"name": "y", "type": "DT_FLOAT"}]},
        "nodeDef": [node("Less", "less", "x", "x"), node("AddV2", "sum", "x", "x")],
        "ret": {"y": "sum:z:0"},
    }
    branch = {"func": {"name": "f"}}
    made = model([placeholder("x"), node("If", "y", "x", "x", then_branch=branch, else_branch=branch)], library=[function])

    async def run():
        return await asyncio.gather(*(made.predict_async(float(i)) for i in range(100)))

    assert [v.tolist() for v in asyncio.run(run())] == [2.0 * i for i in range(100)]


# --- what is damaged --------------------------------------------------------------------------------------------------------


def test_cycles_that_are_no_loops():
    with pytest.raises(FormatError, match="cycle"):
        looping(nodes=[n for n in loop() if n["op"] != "NextIteration"] + [node("Identity", "f/next", "f/add")]).execute(
            {"x": 1.0}, "f/exit"
        )
    crossed = loop("a", start="b/exit") + loop("b", start="a/exit")
    with pytest.raises(FormatError, match="cycle"):
        looping(nodes=crossed).execute({"x": 1.0}, "a/exit")
    with pytest.raises(FormatError, match="cycle"):  # the same loop twice, one behind the other
        looping(
            nodes=[
                *loop("a"),
                node("Enter", "more", "a/exit", frame_name=text("a")),
                node("Add", "both", "a/merge", "more"),
                node("Exit", "out", "both"),
            ]
        ).execute({"x": 1.0}, "out")


def test_frames_that_do_not_fit():
    with pytest.raises(FormatError, match="one outside"):
        model([placeholder("x"), node("Exit", "y", "x")]).execute({"x": 1.0}, "y")
    mixed = [*loop("a"), *loop("b"), node("Add", "sum", "a/add", "b/add"), node("Exit", "out", "sum")]
    with pytest.raises(FormatError, match="of several"):
        looping(nodes=mixed).execute({"x": 1.0}, "out")
    entered = [
        node("Enter", "c/more", "b/add", frame_name=text("c")),
        node("Add", "c/both", "c/add", "c/more"),
        node("Exit", "out", "c/both"),
    ]
    nested = [*loop("a"), *loop("b"), *loop("c", start="a/add"), *entered]
    with pytest.raises(FormatError, match="elsewhere"):
        looping(nodes=nested).execute({"x": 1.0}, "out")
    deep = [node("Enter", f"e{i}", f"e{i - 1}" if i else "x", frame_name=text(f"frame{i}")) for i in range(40)]
    with pytest.raises(FormatError, match="deep"):
        looping(nodes=[*deep, node("Exit", "out", "e39")]).execute({"x": 1.0}, "out")


def test_functions_that_do_not_fit(fast_backend):
    def function(name, nodes, returns):
        outputs = [{"name": key, "type": "DT_FLOAT"} for key in returns]
        return {
            "signature": {"name": name, "inputArg": [{"name": "x", "type": "DT_FLOAT"}], "outputArg": outputs},
            "nodeDef": nodes,
            "ret": returns,
        }

    library = [
        function("one", [node("Neg", "n", "x")], {"y": "n:y:0"}),
        function("two", [node("Neg", "n", "x")], {"y": "n:y:0", "z": "x"}),
        function("a", [node("PartitionedCall", "c", "x", f={"func": {"name": "b"}})], {"y": "c:output:0"}),
        function("b", [node("PartitionedCall", "c", "x", f={"func": {"name": "a"}})], {"y": "c:output:0"}),
    ]

    def names(**functions):
        return {key: {"func": {"name": name}} for key, name in functions.items()}

    for wrong, says in (
        (node("While", "y", "x", **names(cond="two", body="one")), "one output"),
        (node("While", "y", "x", **names(cond="one", body="two")), "2"),
        (node("If", "y", "x", **names(then_branch="one", else_branch="one")), "1 arguments"),
        (node("If", "y", "x", "x"), "name of a function"),
        (node("Case", "y", "x", "x"), "name of a function"),
        (node("PartitionedCall", "y", "x", **names(f="a")), "calls itself"),
        (node("Case", "y", "x", "x", branches={"list": {"func": [{"name": "none"}]}}), "number of a branch"),
    ):
        with pytest.raises(FormatError, match=says):
            model([placeholder("x"), wrong], library=library).execute({"x": 1.0}, "y")
