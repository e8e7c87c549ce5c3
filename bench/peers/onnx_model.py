"""The workloads as ONNX models: `python -m bench.peers.onnx_model FOLDER` writes model.onnx from a case's inputs.

Images are channels first. The primitives are those of every peer, but here a value is a name in the graph.
"""

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np

FILE = "model.onnx"


def channels_first(given):
    """Return what is fed: all but the weights."""
    fed = {n: a for n, a in given.items() if "." not in n}
    return {n: np.ascontiguousarray(a.transpose(0, 3, 1, 2)) if a.ndim == 4 else a for n, a in fed.items()}


def channels_last(outputs):
    return [o.transpose(0, 2, 3, 1) if o.ndim == 4 else o for o in outputs]


class Graph:
    """A graph in the making."""

    def __init__(self):
        self.nodes, self.weights = [], {"zero": np.float32(0), "six": np.float32(6)}

    def node(self, kind, *inputs, **attributes):
        from onnx import helper

        output = f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [i for i in inputs if i is not None], [output], **attributes))
        return output

    def add(self, x, y):
        return self.node("Add", x, y)

    def matmul(self, x, y):
        return self.node("MatMul", x, y)

    def gelu(self, x):
        return self.node("Gelu", x, approximate="tanh")

    def conv(self, x, kernel, bias, stride, activation, groups=1):
        x = self.node("Conv", x, kernel, bias, auto_pad="SAME_UPPER", strides=[stride, stride], group=groups)
        return self.node("Clip", x, "zero", "six") if activation == "relu6" else x

    def depthwise(self, x, kernel, bias, stride, activation):
        return self.conv(x, kernel, bias, stride, activation, len(self.weights[kernel]))

    def spatial_mean(self, x):
        return self.node("Flatten", self.node("GlobalAveragePool", x))

    def dense(self, x, kernel, bias):
        return self.node("Gemm", x, kernel, bias)

    def softmax(self, x):
        return self.node("Softmax", x)


def model(about, given):
    """Return the model of a case."""
    from onnx import TensorProto, helper, numpy_helper

    from bench import workloads

    graph, fed = Graph(), channels_first(given)
    for name, a in given.items():
        if "." in name:
            order = (2, 3, 0, 1) if name.endswith(".depthwise") else (3, 2, 0, 1) if a.ndim == 4 else range(a.ndim)
            graph.weights[name] = a.transpose(*order)
    if about["workload"] in workloads.PRIMITIVES:
        output = getattr(graph, about["workload"])(*given)
    else:
        output = partial(getattr(workloads, about["workload"]), graph, **about["options"])({n: n for n in given})
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in fed.items()]
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in graph.weights.items()]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
    made = helper.make_graph(graph.nodes, about["workload"], inputs, outputs, weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def main(folder):
    about = json.loads((folder / "case.json").read_text())
    given = {name: np.load(folder / f"{name}.npy") for name in about["inputs"]}
    (folder / FILE).write_bytes(model(about, given).SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
