"""The table of `model.summary()`. What the numbers are is in the layers; drawings of models are in utils/plotting.py."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, message
from ..symbolic import OpCall

_SEQUENTIAL = (88, (0.45, 0.80, 1.0), ("Layer (type)", "Output Shape", "Param #"))
_GRAPH = (108, (0.3, 0.56, 0.74, 1.0), ("Layer (type)", "Output Shape", "Param #", "Connected to"))


def print_summary(
    model: Any, line_length: int | None = None, positions: Sequence[float] | None = None, print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False, show_trainable: bool = False, layer_range: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Print a model's layers as a table, then its counts of parameters; `print_fn` gets the whole text. See Model.summary.

    Args: `line_length`; `positions`: where columns end, as parts of the line; `expand_nested`: rows for the layers within models;
    `show_trainable`: a column for it; `layer_range`: names or patterns of the first and last layer. Raises ArgumentError for a
    line too short, or a range that no layer matches.
    """
    from ..utils.messages import print_message

    connections = None if _is_chain(model) else _Connections(model)
    default, parts, header = _SEQUENTIAL if connections is None else _GRAPH
    positions, columns = list(positions or parts), list(header)
    if show_trainable:
        default, positions, columns = default + 12, [p * 0.9 for p in positions] + [1.0], [*columns, "Trainable"]
    line_length = line_length or min(default, shutil.get_terminal_size().columns - 4)
    widths = _widths(positions, line_length)
    layers = getattr(model, "operations", None) or model.layers
    first, last = _range(layers, layer_range)
    rows = [row for layer in layers[first:last] for row in _rows(layer, connections, show_trainable, expand_nested, 0)]
    text = "\n".join([f'Model: "{model.name}"', *_table(columns, rows, widths), *_totals(model)])
    (print_fn or print_message)(text + "\n" * (print_fn is not None))


# --- rows -----------------------------------------------------------------------------------------------------------------------


def class_name(layer: Any) -> str:
    """Return the name of a layer's class, or of the op of a graph's op call as Keras spells it."""
    if not isinstance(layer, OpCall):
        return type(layer).__name__
    return "".join(part.capitalize() for part in layer.op_name.rpartition(".")[2].split("_"))


def _rows(layer: Any, connections: Any, show_trainable: bool, expand: bool, depth: int) -> list[list[str]]:
    prefix = "   " * depth + "└ " if depth else ""
    row = [f"{prefix}{layer.name} ({class_name(layer)})", _shape_text(layer), _params_text(layer)]
    if connections is not None:
        row.append(connections.of(layer))
    if show_trainable:
        row.append("-" if not getattr(layer, "weights", None) else "Y" if layer.trainable else "N")
    rows = [row]
    for inner in getattr(layer, "layers", None) or () if expand else ():
        rows += _rows(inner, connections, show_trainable, expand, depth + 1)
    return rows


def _params_text(layer: Any) -> str:
    if not hasattr(layer, "count_params"):
        return "0"
    return f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"


def _shape_text(layer: Any) -> str:
    nodes = getattr(layer, "_inbound_nodes", ())
    if nodes:
        return _nested_text([t.shape for t in nodes[-1].output_tensors])
    built_for = getattr(layer, "_build_shapes", None)
    if not built_for:
        return "?"
    try:
        return _nested_text(layer.compute_output_shape(*built_for.values()))
    except (NotImplementedError, ValueError, TypeError):
        return "?"


def _nested_text(shapes: Any) -> str:
    """Return nested shapes as text; of a single one, that one's."""
    if all(d is None or isinstance(d, int) for d in shapes) and not isinstance(shapes, dict):
        return str(tuple(shapes))
    if len(shapes) == 1:
        return _nested_text(next(iter(shapes.values() if isinstance(shapes, dict) else shapes)))
    if isinstance(shapes, dict):
        return "{" + ", ".join(f"{k}: {_nested_text(v)}" for k, v in shapes.items()) + "}"
    return str([_nested_text(v) for v in shapes]).replace("'", "")


class _Connections:
    """Where layers of a graph get their inputs from."""

    def __init__(self, model: Any):
        self.nodes = {node for nodes in model.graph.by_depth.values() for node in nodes}

    def of(self, layer: Any) -> str:
        """Return the sources of a layer, as name[node][output]."""
        nodes = [node for node in getattr(layer, "_inbound_nodes", ()) if node in self.nodes]
        sources = [t.keras_history for node in nodes for t in node.input_tensors]
        return ", ".join(f"{s.operation.name}[{s.node_index}][{s.tensor_index}]" for s in sources) or "-"


def _is_chain(model: Any) -> bool:
    """Tell whether a model's layers need no column that says what they are connected to."""
    from .functional import Functional

    if not isinstance(model, Functional):
        return True
    nodes: set[Any] = set()
    for at_depth in model.graph.by_depth.values():
        if len(at_depth) > 1 or len(at_depth[0].input_tensors) > 1:
            return False
        nodes.add(at_depth[0])
    return all(sum(node in nodes for node in layer._inbound_nodes) <= 1 for layer in model.layers)


def _range(layers: Sequence[Any], names: Sequence[str] | None) -> tuple[int, int]:
    """Return the slice of the layers between two names or patterns, both included."""
    if names is None:
        return 0, len(layers)
    if len(names) != 2 or not all(isinstance(n, str) for n in names):
        raise ArgumentError(message("summary", "layer_range of two names", names, "Pass the first and the last layer's name."))
    first, last = ([i for i, layer in enumerate(layers) if re.match(n, layer.name)] for n in names)
    if not first or not last:
        raise ArgumentError(message("summary", "layer_range of names of layers", names, "See model.summary() without it."))
    return (min(last), max(first) + 1) if min(first) > max(last) else (min(first), max(last) + 1)


# --- the table --------------------------------------------------------------------------------------------------------------------


def _widths(positions: Sequence[float], line_length: int) -> list[int]:
    """Return the columns' widths without their margins and borders, which are taken from all alike."""
    ends = [int(p * line_length) for p in positions]
    widths = [end - start for start, end in zip([0, *ends], ends)]
    excess = ends[-1] - line_length + len(widths) * 3 + 1
    for i in range(len(widths)):
        share = round(excess / (len(widths) - i))
        widths[i] -= share
        excess -= share
    if min(widths) < 1:
        raise ArgumentError(message("summary", "room for the columns", f"{line_length} characters", "Raise line_length."))
    return widths


def _table(header: list[str], rows: list[list[str]], widths: list[int]) -> list[str]:
    def rule(left: str, line: str, cross: str, right: str) -> str:
        return left + cross.join(line * (w + 2) for w in widths) + right

    lines = [rule("┏", "━", "┳", "┓"), *_row(header, widths, header, "┃"), rule("┡", "━", "╇", "┩")]
    for i, row in enumerate(rows):
        lines += [rule("├", "─", "┼", "┤")] * (i > 0) + _row(row, widths, header, "│")
    return [*lines, rule("└", "─", "┴", "┘")]


def _row(cells: list[str], widths: list[int], header: list[str], border: str) -> list[str]:
    columns = [_wrapped(cell, width) for cell, width in zip(cells, widths)]
    height = max(len(c) for c in columns)
    lines = []
    for i in range(height):
        parts = [_placed(c[i] if i < len(c) else "", w, name) for c, w, name in zip(columns, widths, header)]
        lines.append(f"{border} " + f" {border} ".join(parts) + f" {border}")
    return lines


def _placed(text: str, width: int, name: str) -> str:
    if name == "Trainable":
        left = (width - len(text)) // 2
        return " " * left + text.ljust(width - left)
    return text.rjust(width) if name == "Param #" else text.ljust(width)


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines broken between words; longer words are cut."""
    lines = [""]
    for word in re.findall(r"\s*\S+\s*", text) or [""]:
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append(word)
        else:
            lines[-1] += word
    lines = [line.rstrip() for line in lines]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]


# --- totals -----------------------------------------------------------------------------------------------------------------------


def _totals(model: Any) -> list[str]:
    counted = {"Trainable": model.trainable_weights, "Non-trainable": model.non_trainable_weights}
    if model.compiled and model.optimizer is not None and model.optimizer.built:
        counted["Optimizer"] = model.optimizer.variables
    everything = [w for weights in counted.values() for w in weights]
    return [f" {name} params: {_count(weights)}" for name, weights in {"Total": everything, **counted}.items()]


def _count(weights: Sequence[Any]) -> str:
    unique = {id(w): w for w in weights}.values()
    size: float = sum(prod(w.shape) * dtypes.TABLE[w.dtype].itemsize for w in unique)
    units = ["B", "KB", "MB", "GB", "TB", "PB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{sum(prod(w.shape) for w in unique):,} ({size:.2f} {units[0]})"
