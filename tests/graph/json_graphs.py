"""What the tests of graph models share: small graphs in TensorFlow.js's JSON, and inputs that any language can make."""

import base64
from array import array

import tensorweb as tw

TYPES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL", "string": "DT_STRING"}


def placeholder(name, dtype="float32", shape=None):
    attr = {"dtype": {"type": TYPES[dtype]}}
    if shape is not None:
        attr["shape"] = {"shape": {"dim": [{"size": str(-1 if size is None else size)} for size in shape]}}
    return {"name": name, "op": "Placeholder", "attr": attr}


def node(op, name, *inputs, **attr):
    return {"name": name, "op": op, "input": list(inputs), "attr": attr}


def const(name):
    return {"name": name, "op": "Const", "attr": {}}


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def artifacts(nodes, weights=None, **more):
    data, specs = tw.io.encode_weights(weights or {})
    topology = {"node": nodes, **({"library": {"function": more.pop("library")}} if "library" in more else {})}
    return tw.io.ModelArtifacts(model_topology=topology, weight_specs=specs, weight_data=data, format="graph-model", **more)


def model(nodes, weights=None, **more):
    return tw.load_graph_model(artifacts(nodes, weights, **more))


def congruence(spec):
    """Return the input that generate_tfjs_models.mjs made: numbers of a linear congruence."""
    size, state = 1, 1
    for n in spec["shape"]:
        size *= n
    values = array("f", bytes(4 * size))
    low, width = spec["low"], spec["high"] - spec["low"]
    for i in range(size):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        value = low + ((state >> 8) / 2**24) * width
        values[i] = value // 1 if spec["dtype"] == "int32" else value
    return tw.cast(tw.reshape(tw.tensor(values), spec["shape"]), spec["dtype"])
