"""Models of several ops or subgraphs whose answers are stored, and files that LiteRT is not asked for."""

import struct

import numpy as np
from flatbuffers import flexbuffers

from .building import Graph, T, c, finished, pack
from .cases import f


def branches(condition):
    """Return a model that adds or multiplies."""
    graph, then, other = Graph(), Graph(), Graph()
    graph.outputs = [graph.add("IF", [T(np.array([condition])), T(np.float32([1, 2])), T(np.float32([3, 5]))], [T(shape=[2])], "If",
                               thenSubgraphIndex=1, elseSubgraphIndex=2)]  # fmt: skip
    for each, op, options in ((then, "ADD", "Add"), (other, "MUL", "Mul")):
        each.outputs = [each.add(op, [T(shape=[2]), T(shape=[2])], [T(shape=[2])], options)]
    return [graph, then, other]


def loop():
    """Return a model that doubles a value until it is 100 or more."""
    graph, cond, body = Graph(), Graph(), Graph()
    graph.outputs = [graph.add("WHILE", [T(np.float32([3]))], [T(shape=[1])], "While", condSubgraphIndex=1, bodySubgraphIndex=2)]
    cond.outputs = [cond.add("LESS", [T(shape=[1]), c([100], np.float32)], [T(dtype="bool", shape=[1])])]
    x = T(shape=[1])
    body.outputs = [body.add("ADD", [x, x], [T(shape=[1])], "Add")]
    return [graph, cond, body]


def table(size):
    """Return a model that looks texts up by numbers in a table which is filled once; or tells its size."""
    graph, once = Graph(), Graph()
    fields = {"tableId": 7, "keyDtype": 4, "valueDtype": 5}
    graph.add("CALL_ONCE", [], [], "CallOnce", initSubgraphIndex=1)
    handle = graph.add("HASHTABLE", [], [T(dtype="resource", shape=[1])], "Hashtable", **fields)
    if size:
        graph.outputs = [graph.add("HASHTABLE_SIZE", [handle], [T(dtype="int64", shape=[1])])]
    else:
        keys = T(np.int64([2, 9, 1]))
        graph.outputs = [graph.add("HASHTABLE_FIND", [handle, keys, c(["none"], "U")], [T(dtype="object", shape=[3])])]
    made = once.add("HASHTABLE", [], [T(dtype="resource", shape=[1])], "Hashtable", **fields)
    once.add("HASHTABLE_IMPORT", [made, c([1, 2], np.int64), c(["one", "two"], "U")], [])
    return [graph, once]


def variable():
    """Return a model that adds a variable which is set once."""
    graph, once = Graph(), Graph()
    graph.add("CALL_ONCE", [], [], "CallOnce", initSubgraphIndex=1)
    handle = graph.add("VAR_HANDLE", [], [T(dtype="resource", shape=[1])], "VarHandle", container="", sharedName="v")
    value = graph.add("READ_VARIABLE", [handle], [T(shape=[3])])
    graph.outputs = [graph.add("ADD", [T(np.float32([1, 2, 3])), value], 1, "Add")]
    made = once.add("VAR_HANDLE", [], [T(dtype="resource", shape=[1])], "VarHandle", container="", sharedName="v")
    once.add("ASSIGN_VARIABLE", [made, c([10, 20, 30], np.float32)], [])
    return [graph, once]


def halves():
    """Return a model with float16 weights that an op makes float32, one of them without zeros."""
    graph = Graph()
    weights = graph.add("DEQUANTIZE", [c(f(4, 6), np.float16)], [T(shape=[4, 6])])
    graph.outputs = [graph.add("FULLY_CONNECTED", [T(f(3, 6)), weights, None], 1, "FullyConnected")]
    return graph


def sparse():
    """Return a model with a sparse constant: a 4 x 4 matrix of blocks of 2 x 2, of which two are stored."""
    graph = Graph()
    values = T(f(8), const=True, sparsity=([0, 1, 2, 3], [0, 1], [(2,), (0, [0, 1, 2], [1, 0]), (2,), (2,)]))
    values.shape = [4, 4]
    dense = graph.add("DENSIFY", [values], [T(shape=[4, 4])])
    graph.outputs = [graph.add("FULLY_CONNECTED", [T(f(3, 4)), dense, None], 1, "FullyConnected")]
    return graph


def transposed_with_bias(padding):
    """Return MediaPipe's transposed convolution with its options in C, an input, and what LiteRT's own op gives."""
    x, weights, bias = T(f(1, 3, 4, 2)), c(f(3, 3, 2, 2)), c(f(3))
    size = [1, 6, 8, 3] if padding == 1 else [1, 7, 8, 3]
    like, graph = Graph(), Graph()
    fields = {"padding": padding - 1, "strideH": 2, "strideW": 2}
    like.outputs = [like.add("TRANSPOSE_CONV", [c(size, np.int32), weights, x, bias], 1, "TransposeConv", **fields)]
    graph.outputs = [graph.add("Convolution2DTransposeBias", [x, weights, bias], [T(shape=size)], struct.pack("<3i", padding, 2, 2))]
    return pack([graph]), [x.value], finished([like])[2]


GRAPHS = {
    "Convolution2DTransposeBias": lambda: transposed_with_bias(1),
    "Convolution2DTransposeBias, VALID": lambda: transposed_with_bias(2),
    "DENSIFY": sparse,
    "IF, true": lambda: branches(True), "IF, false": lambda: branches(False), "WHILE": loop, "HASHTABLE_FIND": lambda: table(False),
    "HASHTABLE_SIZE": lambda: table(True), "READ_VARIABLE": variable, "DEQUANTIZE, float16 weights": halves,
}  # fmt: skip


# --- files that LiteRT is not asked for -------------------------------------------------------------------------------------


def signed():
    """Return a model with a signature."""
    graph = Graph()
    x = T(f(2), name="serving_x:0")
    graph.outputs = [graph.add("ADD", [x, x], [T(shape=[2], name="StatefulPartitionedCall:0")], "Add")]
    return pack([graph], [("twice", {"x": 0}, {"doubled": 1}, 0)])


def any_batch():
    """Return a model that takes any number of rows."""
    graph = Graph()
    x = T(f(1, 4))
    x.signature = [-1, 4]
    y = T(shape=[1, 2])
    y.signature = [-1, 2]
    graph.outputs = [graph.add("FULLY_CONNECTED", [x, c(f(2, 4)), None], [y], "FullyConnected")]
    return pack([graph])


def mysterious():
    """Return a model with two ops that are not supported and one that is."""
    graph = Graph()
    x = graph.add("Mystery", [T(f(2, 3))], [T(shape=[2, 3])], b"abc")
    graph.outputs = [graph.add("SVDF", [graph.add("ABS", [x], [T(shape=[2, 3])])], [T(shape=[2, 3])])]
    return pack([graph])


def calls_itself():
    """Return a model with a branch that is the branch itself."""
    graph, then = Graph(), Graph()
    for each in (graph, then):
        each.outputs = [each.add("IF", [T(np.array([True])), T(f(2))], [T(shape=[2])], "If", thenSubgraphIndex=1, elseSubgraphIndex=1)]
    return pack([graph, then])


def out_of_order():
    """Return a model whose first op reads what its second gives."""
    graph = Graph()
    first = graph.add("ABS", [T(f(2))], [T(shape=[2])])
    graph.outputs = [graph.add("NEG", [first], [T(shape=[2])])]
    graph.operators.reverse()
    return pack([graph])


def written_twice():
    """Return a model in which two ops give the same tensor."""
    graph = Graph()
    x = T(f(2))
    graph.outputs = [graph.add("ABS", [x], [T(shape=[2])])]
    graph.add("NEG", [x], graph.outputs)
    return pack([graph])


def mesh(op, inputs, **options):
    """Return a model of one of the custom ops of MediaPipe's face mesh."""
    graph = Graph()
    graph.outputs = [graph.add(op, [T(shape=shape) for shape in inputs], 1, bytes(flexbuffers.Dumps(options)))]
    return pack([graph])


def crop():
    """Return a model that gives the box around landmarks 0, 1 and 3, in which 0 and 1 are level, for a picture of 8 x 4."""
    more = {"left_rotation_idx": 0, "right_rotation_idx": 1, "target_rotation_radians": 0.0, "subset_idxs": [0, 1, 3]}
    return mesh("Landmarks2TransformMatrix", [[1, 4, 3]], output_width=8, output_height=4, scale_x=1.0, scale_y=1.0, **more)


FILES = {
    "Landmarks2TransformMatrix": crop,
    "TransformLandmarks": lambda: mesh("TransformLandmarks", [[1, 2, 3], [1, 4, 4]], dimensions=3),
    "TransformTensorBilinear": lambda: mesh("TransformTensorBilinear", [[1, 3, 4, 1], [1, 4, 4]], output_height=2, output_width=3),
    "signature": signed, "any batch": any_batch, "not supported": mysterious, "calls itself": calls_itself,
    "reads what comes later": out_of_order, "written twice": written_twice,
}  # fmt: skip
