"""Replays stored graphs of control flow, lists, tables, texts, ragged and sparse tensors; TensorFlow's answers are stored beside them."""

import gzip
import json
from functools import lru_cache

import tensorweb as tw
from tensorweb.graph import GraphModel
from tensorweb.graph.parsing import parse_graph_model
from tensorweb.graph.tf_dtypes import own_dtype

from .replay import DATA, check_floats, tensor


@lru_cache
def stored():
    """Return the cases by subject."""
    return json.loads(gzip.decompress((DATA / "graph_control.json.gz").read_bytes()))


def names(subject):
    """Return the names of a subject's cases."""
    return [case["name"] for case in stored()[subject]]


def ops_of(*subjects):
    """Return the ops in the graphs of subjects, in their functions too."""
    graphs = [case["topology"] for subject in subjects for case in stored()[subject]]
    nodes = [graph["node"] for graph in graphs]
    nodes += [function.get("nodeDef", []) for graph in graphs for function in graph.get("library", {}).get("function", [])]
    return {node["op"] for part in nodes for node in part}


def model_of(case):
    """Return the model of a case, with what is to run first done."""
    model = GraphModel(parse_graph_model(case["topology"], {}))
    for name in case["first"]:
        model.execute({}, [edge.lstrip("^") for edge in _controls(case, name)])
    return model


def _controls(case, name):
    """Return the operation itself, or what a NoOp stands for."""
    node = next(node for node in case["topology"]["node"] if node["name"] == name)
    return node.get("input", []) if node["op"] == "NoOp" else [name]


def check(subject, name):
    """Raise AssertionError where a case gives anything but TensorFlow's answers."""
    case = next(case for case in stored()[subject] if case["name"] == name)
    inputs = {key: tensor(packed) for key, packed in case["inputs"].items()}
    made = model_of(case).execute(inputs, case["outputs"])
    for found, (dtype, shape, values), output in zip(made, case["answers"], case["outputs"], strict=True):
        assert isinstance(found, tw.Tensor) and found.dtype == own_dtype(dtype), f"{output}: {found}, not of {dtype}"
        assert list(found.shape) == shape, f"{output}: shape {found.shape}, not {shape}"
        flat = list(found.data_sync())
        if found.dtype == "float32":
            check_floats(output, flat, values, 1e-5)
        else:
            assert flat == values, f"{output}: {flat[:20]}, not {values[:20]}"
