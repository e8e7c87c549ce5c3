"""Writes graphs as ONNX, runs them in ONNX Runtime, and replays TensorFlow's stored cases of single ops that way."""

import numpy as np
import onnxruntime

from tensorweb.convert.onnx.schema import SCHEMA
from tensorweb.convert.onnx_writing import write_onnx
from tensorweb.convert.protobuf import decode
from tensorweb.graph import Argument, Graph, Node, Ref
from tensorweb.graph.define import OPS
from tensorweb.graph.tf_dtypes import own_dtype
from tests.graph import replay

SUBJECTS = ("elementwise", "layers", "rows", "shapes")
# Inputs that are weights in real graphs: constants where sizes are not known.
WEIGHTS = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2d", "DepthwiseConv2dNative", "Dilation2D", "_FusedConv2D",
                     "FusedDepthwiseConv2dNative", "_FusedDepthwiseConv2dNative", "Conv2DBackpropInput", "Conv3DBackpropInputV2"), 1),
    **dict.fromkeys(("Bincount", "DenseBincount"), 2),
}  # fmt: skip
WITH_CHANNELS = {*WEIGHTS, "ExtractImagePatches"} - {"Bincount", "DenseBincount"}
_NUMPY = {"float32": np.float32, "int32": np.int32, "bool": np.bool_, "string": object, "complex64": np.complex64}
_DECLARED = {"float": "float32", "double": "float64", "bool": "bool", "string": "object"}
onnxruntime.set_default_logger_severity(4)


def session_of(path):
    """Return a session of ONNX Runtime, on one thread; shapes in the file that cannot be true are errors."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.strict_shape_type_inference", "1")
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def written(graph, path):
    """Write a graph; return a session that has read the file."""
    write_onnx(graph, path)
    return session_of(path)


def fed(session, values):
    """Return arrays by the names of a session's inputs, in their order, of the dtypes that these declare."""
    kinds = [i.type.removeprefix("tensor(").removesuffix(")") for i in session.get_inputs()]
    return {i.name: v.astype(_DECLARED.get(kind, kind)) for i, v, kind in zip(session.get_inputs(), values, kinds, strict=True)}


def ops_of(path):
    """Return the ops of the nodes in a file, those of subgraphs left out."""
    return [node.op_type for node in decode(SCHEMA, "ModelProto", path.read_bytes()).graph.node]


def array(packed):
    """Return a stored array with the dtype that graphs compute with."""
    dtype, shape, values = packed
    values = [complex(*pair) for pair in zip(values[::2], values[1::2])] if dtype.startswith("complex") else values
    return np.array(values, _NUMPY[own_dtype(dtype)]).reshape(shape)


# --- single ops -------------------------------------------------------------------------------------------------------------


def one_op(case, known_sizes):
    """Return the graph of a case and its inputs.

    What ops take on the host are constants, other inputs are placeholders, of known or unknown sizes. Complex numbers go in and out as two
    parts, since ONNX Runtime's models have no others.
    """
    graph, arrays, refs = Graph(), [], []
    op, count = OPS[case["op"]], len(case["inputs"])
    for i, packed in enumerate(case["inputs"]):
        if op.on_host(i, count) or (not known_sizes and WEIGHTS.get(case["op"]) == i):
            refs.append(graph.add_const(f"in{i}", replay.tensor(packed)))
            continue
        value = array(packed)
        shape = value.shape if known_sizes else _sizes(case, value.shape)
        if own_dtype(packed[0]) == "complex64":
            parts = [_placeholder(graph, f"in{i}{part}", "float32", shape) for part in ("real", "imag")]
            refs.append(graph.add("Complex", f"in{i}", parts))
            arrays += [value.real, value.imag]
        else:
            refs.append(_placeholder(graph, f"in{i}", own_dtype(packed[0]), shape))
            arrays.append(value)
    attrs = {key: replay.attr(value) for key, value in case["attrs"].items()}
    graph.nodes["it"] = Node("it", case["op"], refs, attrs)
    for i, packed in enumerate(case["outputs"]):
        parts = ("Real", "Imag") if packed[0].startswith("complex") else ("",)
        for part in parts:
            ref = graph.add(part, f"{part}{i}", [Ref("it", i)]) if part else Ref("it", i)
            graph.outputs.append(Argument(f"out{i}{part}", ref))
    return graph, arrays


def _sizes(case, shape):
    """Return unknown sizes, but the number of channels of what has windows."""
    if case["op"] not in WITH_CHANNELS:
        return (None,) * len(shape)
    place = 1 if str(case["attrs"].get("data_format", "")).find("NC") >= 0 else len(shape) - 1
    return tuple(size if i == place else None for i, size in enumerate(shape))


def _placeholder(graph, name, dtype, shape):
    ref = graph.add("Placeholder", name, dtype=dtype, shape=shape)
    graph.inputs.append(Argument(name, ref, dtype, shape))
    return ref


def compare(where, made, packed, tolerance=1e-5):
    """Raise AssertionError where ONNX Runtime gives anything but TensorFlow's stored answer."""
    dtype, shape, values = packed
    own = own_dtype(dtype)
    assert made.dtype == _NUMPY[own], f"{where}: {made.dtype}, not {dtype}"
    assert list(made.shape) == shape, f"{where}: shape {made.shape}, not {shape}"
    flat = made.ravel().tolist()
    if own == "complex64":
        replay.check_floats(where, [part for v in flat for part in (v.real, v.imag)], values, tolerance)
    elif own == "float32":
        replay.check_floats(where, flat, values, tolerance)
    else:
        assert flat == values, f"{where}: {flat[:20]}, not {values[:20]}"


def check(case, path, known_sizes):
    """Write, run and compare a case."""
    graph, arrays = one_op(case, known_sizes)
    session = written(graph, path)
    found = iter(session.run(None, fed(session, arrays)))
    for number, packed in enumerate(case["outputs"]):
        made = next(found)
        if packed[0].startswith("complex"):
            made = made + np.complex64(1j) * next(found)
        compare(f"{case['op']} output {number}", made, packed, case.get("tolerance", 1e-5))
