"""plot_model and model_to_dot: drawings of models as DOT text or, without Graphviz, as SVG. How SVG is laid out is in `plotting_svg.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

from ..autodiff import map_leaves
from ..errors import ArgumentError, message
from ..layers import InputLayer
from ..models import Functional, Sequential
from ..models.summary import class_name
from .plotting_svg import draw

_DIRECTIONS = ("TB", "LR", "BT", "RL")
_NODE = 'fontname="Helvetica", border="0", margin="0"'


@dataclass
class Box:
    """A layer in a drawing: its title (name, class) and below it cells of (text, value, colour of the cell)."""

    key: str
    name: str
    kind: str
    activation: str | None = None
    cells: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Group:
    """Boxes, and groups of them: a model."""

    name: str
    boxes: list[Box] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


@dataclass
class Shown:
    """What a drawing shows of layers."""

    shapes: bool
    dtype: bool
    layer_names: bool
    expand_nested: bool
    activations: bool
    trainable: bool


class Dot:
    """A drawing of a model. Notebooks show it; `to_string` gives DOT text, `to_svg` SVG text, `write` a file."""

    def __init__(self, group: Group, edges: list[tuple[str, str]], rankdir: str, dpi: int, splines: str, subgraph: bool):
        self.group, self.edges = group, edges
        self.rankdir, self.dpi, self.splines, self.subgraph = rankdir, dpi, splines, subgraph

    def to_string(self) -> str:
        """Return the drawing in DOT, the language of Graphviz."""
        if self.subgraph:
            head = [f"subgraph {_quoted('cluster_' + self.group.name)} {{", *_cluster_style(self.group, "")]
        else:
            settings = f"rankdir={self.rankdir}; concentrate=true; dpi={self.dpi}; splines={self.splines};"
            head = ["digraph G {", settings, "node [shape=record];"]
        return "\n".join([*head, *_dot_lines(self.group, ""), *(f"{a} -> {b} [penwidth=2];" for a, b in self.edges), "}", ""])

    __str__ = to_string

    def to_svg(self) -> str:
        """Return the drawing as SVG text, made without Graphviz."""
        return draw(self.group, self.edges, self.rankdir)

    _repr_svg_ = to_svg

    def write(self, path: Any, format: str | None = None) -> None:
        """Write the drawing to a file: dot and svg always, png, pdf and others by Graphviz; ArgumentError where that is missing."""
        path = os.fspath(path)
        format = format or os.path.splitext(path)[1][1:] or "png"
        if format in ("dot", "gv", "raw"):
            data = self.to_string().encode()
        elif shutil.which("dot") is not None:
            ran = subprocess.run(["dot", f"-T{format}"], input=self.to_string().encode(), capture_output=True, check=False)
            if ran.returncode:
                raise ArgumentError(message("plot_model", f"Graphviz to write {format}", ran.stderr.decode()[:200], "Use another ending."))
            data = ran.stdout
        elif format == "svg":
            data = self.to_svg().encode()
        else:
            advice = "Pass to_file='model.svg' (or .dot), which needs nothing else, or install Graphviz from graphviz.org."
            raise ArgumentError(message("plot_model", f"Graphviz for a .{format} file", "no program `dot`", advice))
        with open(path, "wb") as file:
            file.write(data)


def plot_model(
    model: Any, to_file: Any = "model.png", show_shapes: bool = False, show_dtype: bool = False, show_layer_names: bool = False,
    rankdir: str = "TB", expand_nested: bool = False, dpi: int = 200, show_layer_activations: bool = False,
    show_trainable: bool = False, splines: str = "ortho", **kwargs: Any,
) -> Dot:  # fmt: skip
    """Draw a model's layers into a file and return the drawing, which notebooks show.

    Args: `to_file`: a path that ends in .svg or .dot, or with Graphviz installed in .png, .pdf and others; None writes no file;
    `rankdir`: "TB" from top to bottom, "LR", "BT" or "RL"; `expand_nested`: draw models within, too; `dpi` and `splines` for Graphviz.
    Raises ArgumentError for a model that is not built, and where Graphviz is needed and missing. Keras's plot_model.
    """
    made = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, show_layer_activations=show_layer_activations,
        show_trainable=show_trainable, splines=splines, **kwargs,
    )  # fmt: skip
    if to_file is not None:
        made.write(to_file)
    return made


def model_to_dot(
    model: Any, show_shapes: bool = False, show_dtype: bool = False, show_layer_names: bool = True, rankdir: str = "TB",
    expand_nested: bool = False, dpi: int = 200, subgraph: bool = False, show_layer_activations: bool = False,
    show_trainable: bool = False, splines: str = "ortho", **kwargs: Any,
) -> Dot:  # fmt: skip
    """Return the drawing of a model: see `plot_model`. `subgraph`: as a cluster to put into another graph. Keras's model_to_dot."""
    if not model.built:
        raise ArgumentError(message("plot_model", "a model that is built", "one that is not", "Build it, or call it on a batch of data."))
    if kwargs:
        raise ArgumentError(message("plot_model", "known arguments", sorted(kwargs), "Check their spelling."))
    if rankdir not in _DIRECTIONS:
        raise ArgumentError(message("plot_model", f"rankdir among {_DIRECTIONS}", repr(rankdir), "TB is usual."))
    collected = _Collector(Shown(show_shapes, show_dtype, show_layer_names, expand_nested, show_layer_activations, show_trainable))
    group = collected.group(model)
    return Dot(group, collected.edges, rankdir, dpi, splines, subgraph)


# --- what is drawn --------------------------------------------------------------------------------------------------------------


class _Collector:
    """Gathers the boxes and edges of a model and, where they are expanded, of the models within."""

    def __init__(self, shown: Shown):
        self.shown = shown
        self.boxes: dict[int, Box] = {}
        self.edges: list[tuple[str, str]] = []

    def group(self, model: Any) -> Group:
        made = Group(model.name)
        if not isinstance(model, (Functional, Sequential)):
            made.boxes.append(self._box(model))
            return made
        layers = model.layers if isinstance(model, Sequential) else model.operations
        for layer in layers:
            if self._expands(layer):
                made.groups.append(self.group(layer))
            else:
                made.boxes.append(self._box(layer))
        if isinstance(model, Sequential):
            for a, b in pairwise(layers):
                self._connect(self._last(a, 0), self._first(b, 0))
        else:
            for node in model.graph.nodes:
                for i, t in enumerate(node.input_tensors):
                    history = model.graph.history(t)
                    self._connect(self._last(history[0], history[2]), self._first(node.operation, i))
        return made

    def _expands(self, layer: Any) -> bool:
        return self.shown.expand_nested and isinstance(layer, (Functional, Sequential))

    def _last(self, layer: Any, index: int) -> Any:
        """Return the layer that gives output `index`, within an expanded model."""
        while self._expands(layer):
            layer, _, index = (layer.layers[-1], 0, index) if isinstance(layer, Sequential) else layer.graph.history(layer.outputs[index])
        return layer

    def _first(self, layer: Any, index: int) -> Any:
        """Return the layer that takes input `index`, within an expanded model."""
        while self._expands(layer):
            layer = layer.layers[0] if isinstance(layer, Sequential) else layer.graph.history(layer.inputs[index])[0]
        return layer

    def _connect(self, source: Any, target: Any) -> None:
        edge = self._box(source).key, self._box(target).key
        if edge not in self.edges:
            self.edges.append(edge)

    def _box(self, layer: Any) -> Box:
        if id(layer) not in self.boxes:
            self.boxes[id(layer)] = _box(layer, f"layer_{len(self.boxes)}", self.shown)
        return self.boxes[id(layer)]


def _box(layer: Any, key: str, shown: Shown) -> Box:
    box = Box(key, layer.name if shown.layer_names else "", class_name(layer))
    activation = getattr(layer, "activation", None)
    if shown.activations and activation is not None:
        box.activation = getattr(activation, "name", None) or getattr(activation, "__name__", str(activation))
    if shown.shapes:
        if not isinstance(layer, InputLayer):
            box.cells.append(("Input shape: ", _described(layer, "input", "shape"), "white"))
        box.cells.append(("Output shape: ", _described(layer, "output", "shape"), "white"))
    if shown.dtype:
        box.cells.append(("Output dtype: ", _described(layer, "output", "dtype"), "white"))
    if shown.trainable and getattr(layer, "weights", None):
        box.cells.append(("", "Trainable", "forestgreen") if layer.trainable else ("", "Non-trainable", "firebrick"))
    return box


def _described(layer: Any, which: str, attribute: str) -> str:
    try:
        found = map_leaves(lambda t: _Plain(getattr(t, attribute)), getattr(layer, which))
    except (ValueError, AttributeError):
        return "?"
    if isinstance(found, dict):
        return ", ".join(f"{k}: {v}" for k, v in found.items())
    return str(found)


class _Plain:
    """A value within a structure, as text without quotes."""

    def __init__(self, value: Any):
        self.value = value

    def __repr__(self) -> str:
        return str(self.value)


# --- DOT --------------------------------------------------------------------------------------------------------------------------


def _dot_lines(group: Group, indent: str) -> list[str]:
    lines = [f"{indent}{box.key} [label={_label(box)}, {_NODE}];" for box in group.boxes]
    for inner in group.groups:
        lines += [f"{indent}subgraph {_quoted('cluster_' + inner.name)} {{", *_cluster_style(inner, indent)]
        lines += [*_dot_lines(inner, indent + "  "), indent + "}"]
    return lines


def _cluster_style(group: Group, indent: str) -> list[str]:
    return [f"{indent}  style=dashed; label={_quoted(group.name)}; labeljust=l;"]


def _label(box: Box) -> str:
    span = f'colspan="{max(1, len(box.cells))}"'
    title = f"<b>{escape(box.name)}</b> ({escape(box.kind)})" if box.name else f"<b>{escape(box.kind)}</b>"
    rows = [f'<tr><td {span} bgcolor="black"><font point-size="16" color="white">{title}</font></td></tr>']
    if box.activation is not None:
        rows.append(f'<tr><td {span} bgcolor="white"><font point-size="14">Activation: <b>{escape(box.activation)}</b></font></td></tr>')
    if box.cells:
        cells = []
        for text, value, colour in box.cells:
            ink = "black" if colour == "white" else "white"
            cells.append(f'<td bgcolor="{colour}"><font point-size="14" color="{ink}">{text}<b>{escape(value)}</b></font></td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<<table border="0" cellborder="1" bgcolor="black" cellpadding="10">{"".join(rows)}</table>>'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
