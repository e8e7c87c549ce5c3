"""convert: from any model file to TensorFlow.js's formats, with a report; and what `tensorweb info` tells of a file."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import ops
from ..errors import ArgumentError, FormatError, message
from ..graph.define import find_op
from ..graph.definition import Graph
from ..graph.loading import load_graph_model
from ..graph.model import GraphModel
from ..graph.running import FRAME_OPS, calls_functions
from ..graph.writing import name_constants_apart
from ..io import load_safetensors
from ..saving import load_model, save_model
from ..saving.web_files import artifacts_of
from ..tree import flatten
from ..waiting import wait
from . import sources
from .checking import difference, layers_tried, outputs_of, tried
from .onnx import read_onnx
from .onnx_writing import write_onnx
from .optimizing import Changes, optimize
from .tfjs_ops import TFJS_OPS

_LARGEST_HALF = 65504.0


@dataclass
class Report:
    """What a conversion did: ops by number before and after, bytes of the weights, what was joined, what TensorFlow.js does not know.

    Of an ONNX file `bytes_after` are those of the whole file.

    `checked`: the largest difference between the source's outputs and those of what was written, relative to the largest |value|; None
    if it was not asked for. `model`: the model that was written, or None for layers models.
    """

    source: str
    kind: str
    target: str
    ops_before: Counter[str] = field(default_factory=Counter)
    ops_after: Counter[str] = field(default_factory=Counter)
    bytes_before: int = 0
    bytes_after: int = 0
    changes: Changes | None = None
    unknown_to_tfjs: list[str] = field(default_factory=list)
    checked: float | None = None
    model: GraphModel | None = None

    def __str__(self) -> str:
        lines = [f"{self.source} ({self.kind}) -> {self.target}"]
        if self.ops_before:
            lines.append(f"nodes {self.ops_before.total()} -> {self.ops_after.total()}: " + told(self.ops_after))
        lines.append(f"weights {self.bytes_before:,} -> {self.bytes_after:,} bytes")
        if self.changes is not None:
            told_changes = ", ".join(f"{name} {count}" for name, count in self.changes._asdict().items())
            lines.append(f"nodes gone: {told_changes}")
        if self.unknown_to_tfjs:
            lines.append("TensorFlow.js itself cannot run it; it does not know: " + ", ".join(self.unknown_to_tfjs))
        if self.checked is not None:
            lines.append(f"checked: outputs differ by {self.checked:.2g} of the largest value")
        return "\n".join(lines)


def told(counts: Counter[str]) -> str:
    """Return the most frequent ops with their numbers."""
    shown = ", ".join(f"{name} {number}" for name, number in counts.most_common(12))
    return shown + (f" and {len(counts) - 12} more kinds" if len(counts) > 12 else "")


def convert(
    source: Any, target: Any, *, signature: str | None = None, inputs: Any = None, outputs: Any = None, quantization: Any = None,
    optimized: bool = True, check: Any = False, on_progress: Callable[[str, float], Any] | None = None,
) -> Report:  # fmt: skip
    """Write any model as TensorFlow.js's: graphs as a graph model, Keras's files as a layers model. TensorFlow.js's converter.

    `source`: a SavedModel's or TF-Hub module's folder, a frozen .pb, .onnx, .tflite, .keras, .h5, TensorFlow.js's own model.json, or a
    folder of .safetensors with a Keras model's config.json; `target`: a folder, or for graphs a path that ends in .onnx, which becomes an
    ONNX model (docs/onnx.md has the ops that can be written; no quantization there).
    `signature`: of a SavedModel or TFLite file (default: serving_default, or the only one); `inputs`, `outputs`: names of a frozen graph's
    nodes, which else are its placeholders and ends. `quantization`: "uint8", "uint16", "float16", or {dtype: glob patterns of weights'
    names}; for "uint8" vectors become float16: they are few, and a wrong variance spoils a whole channel. `optimized`: constants and
    batch norms folded, chains fused, what leads to no output left out. `check`: what was written is loaded and run beside the source, on
    random inputs for True, else on these, as `predict` takes them. `on_progress(stage, fraction)` is called as it goes on. Raises
    ArgumentError if there is no file, FormatError where it is damaged or has ops that are not known, all of which it names.
    """
    kind = sources.kind_of(source)
    told_progress = on_progress or (lambda stage, fraction: None)
    told_progress(f"reading {kind}", 0.0)
    to_onnx = _is_onnx(target, kind, quantization)
    if kind in sources.LAYERS:
        return _convert_layers(source, target, kind, quantization, check, told_progress)
    if kind not in sources.GRAPHS:
        raise ArgumentError(message("convert", "a model with a graph", kind, "It holds weights only: build the model and load them."))
    graph = sources.read_graph(source, kind, signature, inputs, outputs)
    check_ops(graph)
    report = Report(os.fspath(source), kind, os.fspath(target), count_ops(graph), bytes_before=weight_bytes(graph))
    expected: list[Any] = []
    if check is not False:
        told_progress("running the source", 0.2)
        expected = tried(graph, GraphModel(graph, fused=False), check)
    if optimized:
        told_progress("optimizing", 0.4)
        report.changes = optimize(graph)
    told_progress("writing", 0.6)
    name_constants_apart(graph)  # quantization is told by name
    report.model = model = GraphModel(graph)
    report.ops_after = count_ops(graph)
    if to_onnx:
        report.bytes_after = write_onnx(graph, target)
    else:
        report.bytes_after = model.save(target, spared(quantization, model.weights)).model_artifacts_info.weight_data_bytes
        report.unknown_to_tfjs = sorted(set(report.ops_after) - TFJS_OPS)
    if expected:
        told_progress("running what was written", 0.8)
        written = GraphModel(read_onnx(target)) if to_onnx else load_graph_model(target)
        report.checked = max(difference(wanted, outputs_of(written, given)) for given, wanted in expected)
    told_progress("done", 1.0)
    return report


def _is_onnx(target: Any, kind: str, quantization: Any) -> bool:
    """Tell whether an ONNX file is asked for; ArgumentError for what cannot become one."""
    if Path(os.fspath(target)).suffix.lower() != ".onnx":
        return False
    if kind in sources.LAYERS:
        advice = "Write model.export's SavedModel, or a folder."
        raise ArgumentError(message("convert", "a graph for an ONNX file", kind, advice))
    if quantization:
        advice = "Leave it out, or write a folder."
        raise ArgumentError(message("convert", "no quantization of an ONNX file", repr(quantization)[:80], advice))
    return True


def _convert_layers(
    source: Any, target: Any, kind: str, quantization: Any, check: Any, told_progress: Callable[[str, float], Any]
) -> Report:  # fmt: skip
    model = sources.read_layers(source, kind)
    told_progress("writing", 0.5)
    if quantization == "uint8":
        quantization = spared(quantization, wait(artifacts_of(model)).tensors())
    result = save_model(model, target, quantization=quantization, save_format="tfjs")
    report = Report(os.fspath(source), kind, os.fspath(target))
    report.bytes_before = sum(w.size * 4 for w in model.weights)
    report.bytes_after = result.model_artifacts_info.weight_data_bytes
    if check is not False:
        told_progress("running both", 0.8)
        written = load_model(target, compile=False)
        expected = layers_tried(model, check)
        report.checked = max(difference(wanted, flatten(written.predict(given, verbose=0))) for given, wanted in expected)
    told_progress("done", 1.0)
    return report


# --- parts ------------------------------------------------------------------------------------------------------------------


def spared(quantization: Any, weights: dict[str, Any]) -> Any:
    """Return what is stored as what, by name, for "uint8": vectors as float16 where it holds them. Else the quantization as it is."""
    if quantization != "uint8":
        return quantization
    names: dict[str, list[str]] = {"uint8": [], "float16": []}
    for name, x in weights.items():
        if x.dtype == "float32" and x.size:
            exact = re.sub(r"([*?[])", r"[\1]", name)
            if len(x.shape) > 1:
                names["uint8"].append(exact)
            elif float(ops.max(ops.abs(x))) < _LARGEST_HALF:
                names["float16"].append(exact)
    return {dtype: found for dtype, found in names.items() if found}


def count_ops(graph: Graph) -> Counter[str]:
    """Return the ops of a graph and its functions by number."""
    return Counter(node.op for each in graph.all_graphs() for node in each.nodes.values())


def weight_bytes(graph: Graph) -> int:
    """Return the bytes of all constants; texts count as nothing."""
    return sum(x.nbytes for each in graph.all_graphs() for x in each.weights.values() if x.dtype != "string")


def check_ops(graph: Graph) -> None:
    """Raise FormatError that names all ops without a definition, with a node for each."""
    missing: dict[str, str] = {}
    for each in graph.all_graphs():
        for node in each.nodes.values():
            if not (find_op(node.op) or calls_functions(node.op) or node.op in FRAME_OPS or node.op in ("Const", "Placeholder")):
                missing.setdefault(node.op, node.name)
    if missing:
        where = ", ".join(f"{op} (at {name!r})" for op, name in sorted(missing.items()))
        raise FormatError(message("convert", "ops that are known", where, "Define them by tw.register_op."))


# --- info -------------------------------------------------------------------------------------------------------------------


def info(source: Any) -> str:
    """Return what a model file is: its format, inputs and outputs, ops, weights. Raises what `convert` does for files it cannot read."""
    kind = sources.kind_of(source)
    lines = [f"{os.fspath(source)}: {kind}"]
    if kind in sources.GRAPHS:
        graph = sources.read_graph(source, kind)
        for part, arguments in (("input", graph.inputs), ("output", graph.outputs)):
            lines += [f"  {part} {a.name}: {a.dtype or 'dtype not told'} {'any shape' if a.shape is None else a.shape}" for a in arguments]
        counts = count_ops(graph)
        lines.append(f"  {counts.total()} nodes: {told(counts)}")
        lines.append(f"  weights: {sum(len(g.weights) for g in graph.all_graphs())} tensors, {weight_bytes(graph):,} bytes")
    elif kind in sources.LAYERS:
        model = sources.read_layers(source, kind)
        model.summary(print_fn=lambda line, **_: lines.append(f"  {line}"))
    else:
        tensors = load_safetensors(Path(source))
        lines += [f"  {name}: {x.dtype} {x.shape}" for name, x in tensors.items()]
    return "\n".join(lines)
