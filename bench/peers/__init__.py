"""The peers: a row of the table is a row of the results. Adding one is a line here and a file of primitives beside this one.

A file defines `tensor(array)`, `arrays(value)`, `bind(function, *values)`, the primitives its workloads need (see bench/workloads.py),
and where it has them `set_up(variant, threads)`, `wait(value)`, `bind_gradients`, `image`, `kernel`, `depthwise_kernel`, `build_WORKLOAD`.
A peer that runs files defines `arrays` and `open_model(folder, given)`. Files ending in .mjs run in Node through worker.mjs, or in a page
through page_worker.js.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

OPS = "add matmul gelu conv mobilenet"
STEPS = "train_mnist lstm"


class Peer(NamedTuple):
    """A row of the results: a library, the variant of it, and which workloads it runs."""

    name: str
    file: str
    requires: str  # what must be installed, importable modules, npm packages or parts of Node; the first is the one whose import is timed
    workloads: str
    variant: str = ""
    style: str = ""  # builds by build_WORKLOAD_STYLE
    model: str = ""  # runs a model file that bench.peers.<model> writes
    environment: Mapping[str, str] = MappingProxyType({})
    place: str = ""  # "page": a worker in a page


# The first that ran is what the outputs of the others are compared with.
REFERENCES = ("numpy", "pytorch", "tensorflow", "keras tensorflow")


def own(backend: str) -> list[Peer]:
    """Return the rows of one of our backends."""
    name = f"tensorweb {backend}"
    return [
        Peer(name, "tensorweb", "tensorweb", f"{OPS} {STEPS} transformer_block layer", backend),
        Peer(f"{name} layers", "tensorweb", "tensorweb", "mobilenet layer", backend, "layers"),
    ]


def in_page(library: str, file: str, requires: str, backend: str, model: str = "") -> Peer:
    """Return the row of a library's backend in a page."""
    step = "" if model else " train_mnist"
    return Peer(f"{library} {backend} in the page", file, requires, f"add matmul mobilenet{step}", backend, model=model, place="page")


PEERS = [
    Peer("numpy", "numpy", "numpy", OPS),
    Peer("pytorch", "torch", "torch", f"{OPS} {STEPS} transformer_block layer"),
    Peer("tensorflow", "tensorflow", "tensorflow", f"{OPS} transformer_block", "eager"),
    Peer("tensorflow function", "tensorflow", "tensorflow", f"{OPS} transformer_block", "function"),
    Peer("keras tensorflow", "keras", "keras tensorflow", f"{STEPS} layer", environment={"KERAS_BACKEND": "tensorflow"}),
    Peer("keras tensorflow layers", "keras", "keras tensorflow", "mobilenet", "", "layers", environment={"KERAS_BACKEND": "tensorflow"}),
    Peer("jax", "jax", "jax", f"{OPS} {STEPS} transformer_block"),
    Peer("tinygrad", "tinygrad", "tinygrad", f"{OPS} train_mnist"),
    Peer("onnxruntime", "onnxruntime", "onnxruntime onnx", OPS, model="onnx_model"),
    Peer("openvino", "openvino", "openvino onnx", OPS, model="onnx_model"),
    Peer("litert", "litert", "ai_edge_litert tensorflow", "matmul conv mobilenet", model="tflite_model"),
    Peer("tensorflow.js cpu", "tfjs.mjs", "@tensorflow/tfjs", OPS, "cpu"),
    Peer("tensorflow.js wasm", "tfjs.mjs", "@tensorflow/tfjs @tensorflow/tfjs-backend-wasm", OPS, "wasm"),
    Peer("tensorweb wasm in Node (relaxed)", "tensorweb_wasm.mjs", "node:v8", OPS, "relaxed", model="wasm_recording"),
    Peer("tensorweb wasm in Node (plain)", "tensorweb_wasm.mjs", "node:v8", OPS, "plain", model="wasm_recording"),
    Peer("onnxruntime-web", "onnxruntime_web.mjs", "onnxruntime-web", OPS, model="onnx_model"),
    *(in_page("tensorflow.js", "tfjs_page.mjs", f"@tensorflow/tfjs @tensorflow/tfjs-backend-{b}", b) for b in ("wasm", "webgl", "webgpu")),
    in_page("onnxruntime-web", "onnxruntime_page.mjs", "onnxruntime-web", "wasm", "onnx_model"),
    *(in_page("tensorweb", "tensorweb_page.mjs", "", b) for b in ("wasm", "webgl", "webgpu")),
]
