"""Writes tests/data/graph_control.json.gz: graphs of control flow, lists, tables, texts and such, and what TensorFlow gives.

Run: python -m tests.graph.generate_tensorflow_control. The graphs are in `*_graphs.py`. Each is stored as protobuf's JSON form of its
GraphDef, constants as lists. Needs TensorFlow.
"""

import gzip
import json

from .generate_tensorflow import TARGET, packed  # sets TensorFlow up, too

import numpy as np  # isort: skip
import tensorflow as tf  # isort: skip
from google.protobuf.json_format import MessageToDict  # isort: skip
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2  # isort: skip

from . import control_graphs, list_graphs, tensorflow_graphs, text_graphs  # noqa: F401  isort: skip

_LISTS = {"f": "floatVal", "i": "intVal", "u": "intVal", "b": "boolVal"}


def constant(proto):
    """Return a TensorProto as JSON with its values in a list."""
    array = tf.make_ndarray(proto)
    made = MessageToDict(proto)
    made.pop("tensorContent", None)
    if array.dtype != object:
        kind = "int64Val" if proto.dtype == tf.int64.as_datatype_enum else _LISTS[array.dtype.kind]
        made[kind] = [str(v) if kind == "int64Val" else v for v in array.reshape(-1).tolist()]
    made.setdefault("tensorShape", {})
    return made


def topology(graph_def):
    """Return a GraphDef as JSON."""
    made = MessageToDict(graph_def)
    made.pop("versions", None)
    functions = zip(made.get("library", {}).get("function", []), graph_def.library.function, strict=True)
    lists = [(made["node"], graph_def.node), *((f.get("nodeDef", []), proto.node_def) for f, proto in functions)]
    for nodes, protos in lists:
        for node, proto in zip(nodes, protos, strict=True):
            if node["op"] == "Const":
                node["attr"]["value"]["tensor"] = constant(proto.attr["value"].tensor)
    return made


def of_graph(name, build):
    """Return the case of a graph of TensorFlow 1: `build()` gives feeds, outputs, and what is to run first."""
    tf.compat.v1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph:
        feeds, outputs, *first = build()
        with tf.compat.v1.Session() as session:
            for operation in first:
                session.run(operation)
            answers = session.run(outputs, feeds)
        return case(name, graph.as_graph_def(), feeds.items(), outputs, answers, [operation.name for operation in first])


def of_function(name, function, arguments, lowered):
    """Return the case of a tf.function, frozen; `lowered`: its control flow is TensorFlow 1's then."""
    tf.compat.v1.enable_control_flow_v2()
    arguments = [np.asarray(a) for a in arguments]
    specs = [tf.TensorSpec([None] * a.ndim, a.dtype) for a in arguments]
    concrete = tf.function(function).get_concrete_function(*specs)
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=lowered)
    answers = tf.nest.flatten(frozen(*map(tf.constant, arguments)))
    feeds = list(zip(frozen.inputs, arguments, strict=True))
    name += " lowered" if lowered else ""
    return case(name, frozen.graph.as_graph_def(), feeds, frozen.outputs, [a.numpy() for a in answers], [])


def case(name, graph_def, feeds, outputs, answers, first):
    inputs = {tensor.op.name: packed(np.asarray(value)) for tensor, value in feeds}
    return {
        "name": name, "topology": topology(graph_def), "inputs": inputs, "first": first, "outputs": [t.name for t in outputs],
        "answers": [packed(np.asarray(a, object) if isinstance(a, bytes) else a) for a in answers],
    }  # fmt: skip


def main():
    cases = {}
    for subject, builders in tensorflow_graphs.GRAPHS.items():
        cases[subject] = []
        for name, build in builders.items():
            try:
                cases[subject].append(of_graph(name, build))
            except Exception as error:
                print(f"{subject} {name}: {type(error).__name__} {str(error)[:400]}")
    for name, (function, arguments) in tensorflow_graphs.FUNCTIONS.items():
        for lowered in (False, True):
            try:
                cases["control"].append(of_function(name, function, arguments, lowered))
            except Exception as error:
                print(f"function {name} {lowered}: {type(error).__name__} {str(error)[:400]}")
    path = TARGET / "graph_control.json.gz"
    path.write_bytes(gzip.compress(json.dumps(cases, separators=(",", ":")).encode(), 9, mtime=0))
    print(f"{path.name}: { {s: len(c) for s, c in cases.items()} } cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
