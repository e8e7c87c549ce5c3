"""TFLite models of one op or few, made with the tables of TensorFlow's schema; and LiteRT, which runs them. For the generator only."""

import flatbuffers
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tensorflow.lite.python import schema_py_generated as schema

TYPES = {
    "float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "object": 5, "bool": 6, "int16": 7, "complex64": 8, "int8": 9,
    "resource": 13, "uint32": 15, "uint16": 16,
}  # fmt: skip


class T:
    """A tensor of a model: its values (an input's, unless `const`), scale and zero point, or neither: what an op gives."""

    def __init__(
        self, value=None, const=False, scale=None, zero=0, axis=0, dtype=None, variable=False, shape=None, name=None, sparsity=None
    ):
        self.value = None if value is None else np.asarray(value)
        self.const, self.scale, self.zero, self.axis, self.variable, self.name = const, scale, zero, axis, variable, name
        self.dtype = dtype or (self.value.dtype.name if self.value is not None else "float32")
        self.dtype = "object" if self.dtype.startswith("str") else self.dtype
        self.sparsity = sparsity  # the order of the levels, blocks, levels: (size, segments, indices), the last two for compressed ones
        self.signature = None  # the shape with -1 for what is not known
        self.shape = list(self.value.shape if self.value is not None else shape or [])


def c(value, dtype=None, **more):
    """Return a constant."""
    return T(np.asarray(value, dtype), const=True, **more)


def quantized(value, dtype="int8", const=False, axis=None):
    """Return real numbers as a quantised tensor whose range they fill: symmetric for constants, with a scale for each channel if asked."""
    value = np.asarray(value, np.float32)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    if const or dtype == "int16":
        over = tuple(i for i in range(value.ndim) if i != axis) if axis is not None else None
        scale, zero = np.maximum(np.abs(value).max(over) / min(high, 32767), 1e-6), 0
    else:
        scale = (max(value.max(), 0) - min(value.min(), 0)) / (high - low)
        zero = int(np.clip(round(low - min(value.min(), 0) / scale), low, high))
    shape = [-1 if i == axis else 1 for i in range(value.ndim)]
    stored = np.clip(np.round(value / np.reshape(scale, shape if axis is not None else ())) + zero, low, high).astype(dtype)
    return T(stored, const=const, scale=np.atleast_1d(scale).astype(np.float32).tolist(), zero=zero, axis=axis or 0)


class Graph:
    """A subgraph that grows by `add`."""

    def __init__(self):
        self.tensors, self.operators, self.inputs, self.outputs = [], [], [], []

    def add(self, op, inputs, outputs=1, options=None, **fields):
        """Add an op and return its outputs; `outputs` are tensors or their number."""
        outputs = [T() for _ in range(outputs)] if isinstance(outputs, int) else outputs
        self.operators.append((op, inputs, outputs, options, fields))
        for tensor in [*inputs, *outputs]:
            if tensor is not None and tensor not in self.tensors:
                self.tensors.append(tensor)
                if tensor in inputs and not tensor.const and not tensor.variable and tensor.dtype != "resource":
                    self.inputs.append(tensor)
        return outputs[0] if len(outputs) == 1 else outputs


def _strings(values):
    texts = [v.encode() for v in np.ravel(values).tolist()]
    ends = np.cumsum([8 + 4 * len(texts), *map(len, texts)])
    return np.array([len(texts), *ends], "<i4").tobytes() + b"".join(texts)


def _options(name, fields):
    made = getattr(schema, f"{name}OptionsT")()
    for key, value in fields.items():
        assert hasattr(made, key), (name, key)
        setattr(made, key, value)
    return getattr(schema.BuiltinOptions, f"{name}Options"), made


def pack(graphs, signatures=()):
    """Return the bytes of a model of subgraphs."""
    model, codes = schema.ModelT(), []
    model.version, model.buffers, model.subgraphs, model.operatorCodes = 3, [schema.BufferT()], [], []
    for graph in graphs:
        sub = schema.SubGraphT()
        sub.tensors = [_tensor(t, i, model.buffers) for i, t in enumerate(graph.tensors)]
        sub.inputs, sub.outputs = ([graph.tensors.index(t) for t in part] for part in (graph.inputs, graph.outputs))
        sub.operators = []
        for op, inputs, outputs, options, fields in graph.operators:
            each = schema.OperatorT()
            if op not in codes:
                codes.append(op)
                model.operatorCodes.append(_code(op))
            each.opcodeIndex = codes.index(op)
            each.inputs = [-1 if t is None else graph.tensors.index(t) for t in inputs]
            each.outputs = [graph.tensors.index(t) for t in outputs]
            if isinstance(options, bytes):
                each.customOptions = list(options)
            elif options:
                each.builtinOptionsType, each.builtinOptions = _options(options, fields)
            sub.operators.append(each)
        model.subgraphs.append(sub)
    model.signatureDefs = [_signature(*each) for each in signatures]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(op):
    code = schema.OperatorCodeT()
    number = getattr(schema.BuiltinOperator, op, schema.BuiltinOperator.CUSTOM)
    code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), VERSIONS.get(op, 1)
    if number == schema.BuiltinOperator.CUSTOM:
        code.customCode = op
    return code


VERSIONS = {"FULLY_CONNECTED": 5, "BATCH_MATMUL": 2, "GELU": 1, "TRANSPOSE_CONV": 3, "BROADCAST_TO": 2}


def _tensor(t, number, buffers):
    made = schema.TensorT()
    made.name, made.shape, made.type, made.isVariable = t.name or f"tensor_{number}", t.shape, TYPES[t.dtype], t.variable
    made.hasRank, made.shapeSignature = True, t.signature
    if t.const:
        buffer = schema.BufferT()
        data = _strings(t.value) if t.dtype == "object" else np.ascontiguousarray(t.value).tobytes()
        buffer.data = np.frombuffer(data, np.uint8)
        buffers.append(buffer)
        made.buffer = len(buffers) - 1
    if t.scale is not None:
        about = made.quantization = schema.QuantizationParametersT()
        about.scale = list(t.scale) if isinstance(t.scale, (list, tuple)) else [t.scale]
        about.zeroPoint, about.quantizedDimension = [t.zero] * len(about.scale), t.axis
    if t.sparsity:
        made.sparsity = _sparsity(*t.sparsity)
    return made


def _sparsity(order, blocks, levels):
    made = schema.SparsityParametersT()
    made.traversalOrder, made.blockMap, made.dimMetadata = order, blocks, []
    for size, *compressed in levels:
        level = schema.DimensionMetadataT()
        level.denseSize = size
        if compressed:
            level.format, level.arraySegmentsType, level.arrayIndicesType = 1, 1, 1
            level.arraySegments, level.arrayIndices = schema.Int32VectorT(), schema.Int32VectorT()
            level.arraySegments.values, level.arrayIndices.values = compressed
        made.dimMetadata.append(level)
    return made


def _signature(key, inputs, outputs, subgraph):
    made = schema.SignatureDefT()
    made.signatureKey, made.subgraphIndex, made.inputs, made.outputs = key, subgraph, [], []
    for part, names in ((made.inputs, inputs), (made.outputs, outputs)):
        for name, index in names.items():
            each = schema.TensorMapT()
            each.name, each.tensorIndex = name, index
            part.append(each)
    return made


def run(data, values):
    """Return what LiteRT gives for inputs."""
    interpreter = Interpreter(
        model_content=data, num_threads=1, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter.allocate_tensors()
    for about, value in zip(interpreter.get_input_details(), values):
        interpreter.set_tensor(about["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(about["index"]) for about in interpreter.get_output_details()]


def finished(graphs):
    """Return a model and the outputs of its first subgraph; the file tells their shapes as LiteRT found them."""
    first = graphs[0]
    values = [t.value for t in first.inputs]
    for tensor, found in zip(first.outputs, run(pack(graphs), values)):
        tensor.shape = list(found.shape)
    data = pack(graphs)
    return data, values, run(data, values)
