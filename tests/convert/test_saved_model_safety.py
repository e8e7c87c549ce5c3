"""TensorFlow's files that are damaged or hostile: a clear error, in bounded time and memory. What whole ones give: test_saved_model.py."""

import random
import time

import pytest

from tensorweb.convert.protobuf import decode, encode
from tensorweb.convert.tensorflow import inlining, read_frozen_graph, read_saved_model
from tensorweb.convert.tensorflow.schema import SCHEMA
from tensorweb.errors import ArgumentError, FormatError
from tensorweb.graph.model import GraphModel
from tests.convert.saved_models import NAMES, unpack

FLOAT, INT32, STRING, INT64, RESOURCE = 1, 3, 7, 9, 20


def node(name, op, inputs=(), **attrs):
    return {"name": name, "op": op, "input": list(inputs), "attr": attrs}


def const(name, dtype=FLOAT, shape=(), **values):
    proto = {"dtype": dtype, "tensor_shape": {"dim": [{"size": n} for n in shape]}, **values}
    return node(name, "Const", dtype={"type": dtype}, value={"tensor": proto})


def placeholder(name="x", dtype=FLOAT):
    return node(name, "Placeholder", dtype={"type": dtype})


def frozen(folder, nodes, functions=()):
    """Return the path of a GraphDef of nodes and (name, arguments, nodes, result by name)."""
    library = [
        {"signature": {"name": name, "input_arg": [{"name": a, "type": FLOAT} for a in args],
                       "output_arg": [{"name": r, "type": FLOAT} for r in results]}, "node_def": inner, "ret": results,
         "control_ret": {n["name"]: n["name"] for n in inner if n["op"].startswith("Assign")}}
        for name, args, inner, results in functions
    ]  # fmt: skip
    path = folder / "graph.pb"
    path.write_bytes(encode(SCHEMA, "GraphDef", {"node": nodes, "library": {"function": library}}))
    return path


def add_to(x, *consts):
    """Return constants and a sum of all, so that they are needed."""
    return [*consts, node("y", "AddN", [x, *(c["name"] for c in consts)])]


# --- graphs ---


@pytest.mark.parametrize("constant, told", [
    (const("c", shape=(2**40,)), "shape"), (const("c", shape=(2**20, 2**20), float_val=[1]), "shape"),
    (const("c", shape=(2**27,), float_val=[1]), "memory"), (const("c", shape=(-1,)), "shape"),
    (const("c", shape=(3,), tensor_content=b"1234"), "12 bytes"), (const("c", shape=(1,), float_val=[1, 2]), "1 values"),
    (const("c", INT32, (2,), int_val=[1, 2, 3]), "2 values"), (const("c", 6, (1,), int_val=[300]), "int8"),
    (const("c", INT64, (1,), int64_val=[2**40]), "32 bits"), (const("c", RESOURCE), "numbers or text"),
    (const("c", 8, (1,), scomplex_val=[1, 2, 3]), "pairs"), (const("c", 77), "numbers or text"),
    (const("c", STRING, (1000,), tensor_content=b"\5"), "1000 strings"), (const("c", STRING, (2,), tensor_content=b"\1\1a"), "bytes"),
    (node("c", "Const", dtype={"type": FLOAT}), "a value"),
])  # fmt: skip
def test_constants_that_cannot_be_are_refused(constant, told, tmp_path):
    with pytest.raises(FormatError, match=f"(?s)'c'.*{told}|{told}.*'c'"):
        read_frozen_graph(frozen(tmp_path, [placeholder(), *add_to("x", constant)]))


def test_only_what_is_needed_is_read(tmp_path):
    path = frozen(tmp_path, [placeholder(), const("c", INT64, (1,), int64_val=[2**40]), node("y", "Neg", ["x"])])
    assert GraphModel(read_frozen_graph(path)).predict(2.0).tolist() == -2


def test_many_constants_that_repeat_a_value_are_refused(tmp_path):
    consts = [const(f"c{i}", shape=(2**25,), float_val=[1]) for i in range(12)]
    with pytest.raises(FormatError, match="memory"):
        read_frozen_graph(frozen(tmp_path, [placeholder(), *add_to("x", *consts)]))


@pytest.mark.parametrize("nodes, told", [
    ([], "nodes"), ([placeholder(), placeholder()], "once"), ([node("y", "Neg", ["missing"])], "inputs that exist"),
    ([placeholder(), node("y", "Neg", ["x:-1"])], "an output"), ([placeholder(), node("y", "Neg", ["x:a:b:c"])], "an output"),
    ([placeholder(), node("", "Neg", ["x"])], "names"), ([node("a", "Neg", ["b"]), node("b", "Neg", ["a"])], "nobody reads"),
    ([placeholder(), node("y", "While", ["x"], body={"func": {"name": "missing"}})], "a function of the file"),
    ([placeholder(), node("v", "VarHandleOp", dtype={"type": FLOAT}), node("y", "ReadVariableOp", ["v"])], "Freeze"),
])  # fmt: skip
def test_graphs_that_cannot_be_are_refused(nodes, told, tmp_path):
    with pytest.raises(FormatError, match=told):
        read_frozen_graph(frozen(tmp_path, nodes))


def test_cycles_do_not_hang(tmp_path):
    nodes = [placeholder(), node("a", "Add", ["x", "b"]), node("b", "Neg", ["a"]), node("y", "Neg", ["b"])]
    nodes += [node("i", "Identity", ["j"]), node("j", "Identity", ["i"]), node("f", "LookupTableImportV2", ["i", "i", "i"])]
    with pytest.raises(FormatError, match="cycle"):
        GraphModel(read_frozen_graph(frozen(tmp_path, nodes), outputs=["y"])).predict(1.0)


def call(name, function, *inputs):
    return node(name, "PartitionedCall", inputs, f={"func": {"name": function}})


def test_functions_that_call_themselves_are_refused(tmp_path):
    inner = [call("again", "f", "a")]
    with pytest.raises(FormatError, match="deep"):
        read_frozen_graph(frozen(tmp_path, [placeholder(), call("y", "f", "x")], [("f", ["a"], inner, {"r": "again:output:0"})]))


def test_functions_that_call_others_many_times_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(inlining, "MAX_SIZE", 1_000_000)
    functions = []
    for level in range(30):
        inner = [call("p", f"f{level + 1}", "a"), call("q", f"f{level + 1}", "p:output:0")] if level < 29 else [node("q", "Neg", ["a"])]
        functions.append((f"f{level}", ["a"], inner, {"r": "q:y:0"}))
    with pytest.raises(FormatError, match="deep that make"):
        read_frozen_graph(frozen(tmp_path, [placeholder(), call("y", "f0", "x")], functions))


@pytest.mark.parametrize("arguments, results, told", [
    (["a", "b"], {"r": "n:y:0"}, "2 arguments"), (["a"], {"r": "missing:0"}, "outputs"), (["a"], {}, "outputs that a function has"),
])  # fmt: skip
def test_functions_that_are_called_wrongly_are_refused(arguments, results, told, tmp_path):
    function = ("f", arguments, [node("n", "Neg", ["a"])], results)
    with pytest.raises(FormatError, match=told):
        read_frozen_graph(frozen(tmp_path, [placeholder(), call("c", "f", "x"), node("y", "Neg", ["c"])], [function]))


# --- SavedModels ---


def change_model(folder, change):
    model = decode(SCHEMA, "SavedModel", (folder / "saved_model.pb").read_bytes())
    change(model.meta_graphs[0])
    (folder / "saved_model.pb").write_bytes(encode(SCHEMA, "SavedModel", model))


def test_variables_that_change_are_refused(tmp_path):
    folder, _ = unpack("signatures", tmp_path)

    def read_the_counter(meta):
        function = next(f for f in meta.graph_def.library.function if any(n.op == "AssignAddVariableOp" for n in f.node_def))
        handle = next(n for n in function.node_def if n.op == "AssignAddVariableOp").input[0]
        matmul = next(n for n in function.node_def if n.op == "ReadVariableOp")
        matmul.input[0] = handle

    change_model(folder, read_the_counter)
    with pytest.raises(FormatError, match="only reads"):
        read_saved_model(folder)


def test_loops_that_change_variables_are_refused(tmp_path):
    loop = node("y", "While", ["x"], body={"func": {"name": "body"}}, cond={"func": {"name": "cond"}})
    step = [node("v", "VarHandleOp"), node("change", "AssignAddVariableOp", ["v", "a"])]
    for body in (step, [call("within", "f", "a")]):
        functions = [("body", ["a"], body, {"r": "a"}), ("cond", ["a"], [], {"r": "a"}), ("f", ["a"], step, {"r": "a"})]
        body += [node("AssignNothing", "NoOp", ["^within"])] if body is not step else []
        with pytest.raises(FormatError, match="only reads"):
            read_frozen_graph(frozen(tmp_path, [placeholder(), loop], functions))


@pytest.mark.parametrize("name", ["../../secret.txt", "/etc/hostname", "..", "", "missing.txt", "a\0b", "a" * 5000])
def test_assets_lie_in_their_folder(name, tmp_path):
    folder, _ = unpack("tables", tmp_path)
    (tmp_path / "secret.txt").write_text("secret")
    change_model(folder, lambda meta: [setattr(asset, "filename", name) for asset in meta.asset_file_def])
    with pytest.raises(FormatError, match="folder assets"):
        read_saved_model(folder)


def test_tables_whose_file_does_not_fit_are_refused(tmp_path):
    folder, _ = unpack("tables", tmp_path)
    (folder / "assets" / "pairs.csv").write_text("one;1.5\ntwo;x\n")
    with pytest.raises(FormatError, match="column"):
        read_saved_model(folder)
    (folder / "assets" / "pairs.csv").write_text("one\n")
    with pytest.raises(FormatError, match="columns"):
        read_saved_model(folder)


# --- any damage ---


def mutated(data, generator):
    changed = bytearray(data)
    for _ in range(generator.choice([1, 1, 2, 8])):
        place = generator.randrange(len(changed))
        kind = generator.randrange(4)
        if kind == 0:
            changed[place] = generator.choice([0, 1, 127, 128, 255, generator.randrange(256)])
        elif kind == 1:
            changed[place] ^= 1 << generator.randrange(8)
        elif kind == 2:
            del changed[place : place + generator.randint(1, 8)]
        else:
            changed[place:place] = generator.randbytes(generator.randint(1, 8))
        if not changed:
            break
    return bytes(changed) if generator.random() < 0.9 else bytes(changed[: generator.randrange(len(changed) + 1)])


def test_any_damage_is_read_or_refused(tmp_path):
    """A fixed number of inputs by seed; each file of each stored model is changed, and read as its cases do."""
    start, count, slowest = time.monotonic(), 0, 0.0
    for number, name in enumerate(NAMES):
        folder, cases = unpack(name, tmp_path / name)
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            whole, generator = file.read_bytes(), random.Random(number)
            for _ in range(40 if file.name.endswith(".pb") else 12):
                file.write_bytes(mutated(whole, generator))
                begin = time.monotonic()
                for case in cases:
                    try_reading(folder, case["signature"])
                count, slowest = count + 1, max(slowest, time.monotonic() - begin)
            file.write_bytes(whole)
    print(f"{count} inputs in {time.monotonic() - start:.1f} s, the slowest {slowest:.2f} s")
    assert slowest < 10


def try_reading(folder, signature):
    try:
        if signature == "frozen":
            read_frozen_graph(folder / "frozen.pb")
        else:
            read_saved_model(folder, signature)
    except (FormatError, ArgumentError):
        pass
