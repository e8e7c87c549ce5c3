"""Hash tables and variables in graph models, against TensorFlow's stored answers; and what they refuse."""

import pytest

import tensorweb as tw
from tensorweb.errors import DTypeError, FormatError, ShapeError
from tests.graph import control_replay
from tests.graph.json_graphs import const, model, node, placeholder, text


@pytest.mark.parametrize("name", control_replay.names("tables"))
def test_tensorflows_answers(fast_backend, name):
    control_replay.check("tables", name)


def table(**attrs):
    types = {"key_dtype": {"type": "DT_STRING"}, "value_dtype": {"type": "DT_INT64"}}
    made = [placeholder("x", "string"), const("keys"), const("values"), const("default"), node("HashTableV2", "table", **(types | attrs))]
    made += [node("LookupTableImportV2", "import", "table", "keys", "values"), node("LookupTableFindV2", "find", "table", "x", "default")]
    return made


WEIGHTS = {"keys": tw.tensor(["a", "ö"]), "values": tw.tensor([1, 2]), "default": tw.tensor(-1)}


def test_a_table_that_nothing_filled(fast_backend):
    made = model(table(), WEIGHTS)
    with pytest.raises(FormatError, match="nothing filled"):
        made.execute({"x": ["a"]}, "find")
    made.execute({}, "import")
    assert made.execute({"x": [["a", "b"], ["ö", "ö"]]}, "find").tolist() == [[1, -1], [2, 2]]
    assert made.execute({"x": tw.tensor([b"a", "ö".encode()])}, "find").tolist() == [1, 2]


def test_wrong_keys_and_values(fast_backend):
    for weights, error in (
        ({"values": tw.tensor([1, 2, 3])}, ShapeError),
        ({"keys": tw.tensor([1, 2])}, DTypeError),
        ({"values": tw.tensor([1.5, 2.5])}, DTypeError),
    ):
        with pytest.raises(error):
            model(table(), WEIGHTS | weights).execute({}, "import")
    made = model(table(), WEIGHTS | {"default": tw.tensor(0.5)})
    made.execute({}, "import")
    with pytest.raises(DTypeError):
        made.execute({"x": ["a"]}, "find")


def test_resources_of_another_kind(fast_backend):
    name = {"shared_name": {"s": "c2hhcmVk"}}
    nodes = [placeholder("x"), node("VarHandleOp", "v", **name), node("HashTableV2", "t", **name), node("ReadVariableOp", "read", "v")]
    nodes += [node("LookupTableSizeV2", "size", "t"), node("AssignVariableOp", "assign", "v", "x"), node("LookupTableSizeV2", "wrong", "x")]
    made = model(nodes)
    with pytest.raises(FormatError, match="a value"):
        made.execute({}, "read")
    made.execute({"x": [1.0, 2.0]}, "assign")
    assert made.execute({}, "read").tolist() == [1.0, 2.0]
    with pytest.raises(FormatError, match="HashTable"):
        made.execute({}, "size")
    with pytest.raises(FormatError, match="HashTable"):
        made.execute({"x": 1.0}, "wrong")


def test_variables_keep_their_shape(fast_backend):
    made = model(
        [
            placeholder("x"),
            node("VarHandleOp", "v"),
            node("AssignVariableOp", "set", "v", "x"),
            node("AssignAddVariableOp", "add", "v", "x"),
            node("ReadVariableOp", "read", "v"),
        ]
    )
    made.execute({"x": [1.0, 2.0]}, "set")
    made.execute({"x": [1.0, 2.0]}, "add")
    assert made.execute({}, "read").tolist() == [2.0, 4.0]
    with pytest.raises(ShapeError):
        made.execute({"x": 1.0}, "add")


@pytest.mark.parametrize("signed", [True, False])
def test_tables_that_an_initializer_fills(fast_backend, signed):
    """As TensorFlow.js's converter writes them: the graph takes the table from the initializer by a number, or has one of that name."""
    library = {"initializer_signature": {"outputs": {"made": {"name": "table:0", "resourceId": "7"}}}} if signed else {}
    signature = {"inputs": {"x": {"name": "x:0", "dtype": "DT_STRING"}}, "outputs": {"y": {"name": "find:0"}}}
    if signed:
        signature["inputs"]["given"] = {"name": "given:0", "dtype": "DT_RESOURCE", "resourceId": "7"}
    attrs = {"key_dtype": {"type": "DT_STRING"}, "value_dtype": {"type": "DT_INT64"}, "shared_name": text("shared")}
    first = [
        const("keys"),
        const("values"),
        node("HashTableV2", "table", **attrs),
        node("LookupTableImportV2", "fill", "table", "keys", "values"),
    ]
    given = (
        {"name": "given", "op": "Placeholder", "attr": {"dtype": {"type": "DT_RESOURCE"}}}
        if signed
        else node("HashTableV2", "given", **attrs)
    )
    nodes = [placeholder("x", "string"), given, const("default"), node("LookupTableFindV2", "find", "given", "x", "default")]
    made = model(nodes, WEIGHTS, signature=signature, model_initializer={"node": first}, **library)
    assert made.input_nodes == ["x"] and made.predict(["a", "b", "ö"]).tolist() == [1, -1, 2]
