"""Graph ops that pass values on or tell their shape, and those that compute nothing. Constants and placeholders: `graph/running.py`."""

from __future__ import annotations

import sys
from typing import Any

from ... import ops
from ...errors import FormatError, message
from ...tensor import Tensor, tensor
from ...waiting import Reads, Waits
from ..define import graph_op
from .support import plain_ops, text

plain_ops(
    {
        "Identity Snapshot StopGradient PreventGradient PlaceholderWithDefault CheckNumerics RefIdentity": lambda x: x,
        "IdentityN": lambda *xs: list(xs),
        "Rank": lambda x: tensor(len(x.shape), dtype="int32"),
        "Size": lambda x: tensor(x.size, dtype="int32"),
        "Shape": lambda x: _shape(x),
        "ShapeN": lambda *xs: [_shape(x) for x in xs],
    }
)


def _shape(x: Any) -> Tensor:
    return tensor(list(x.shape), (len(x.shape),), "int32")


@graph_op("NoOp", "Assert")
def _nothing(node: Any, *inputs: Any) -> list[Any]:
    """Assertions are not checked: each would wait for a GPU. TensorFlow.js's converter leaves them out."""
    return []


# --- printing ---


@graph_op("Print")
def _print(node: Any, x: Any, *data: Any) -> Waits[Any]:
    """Print the first values of each tensor to stderr, as TensorFlow does, and pass on the first input."""
    count = node.attrs.get("summarize", 3)
    read = yield Reads([value for value in data if isinstance(value, Tensor)])
    parts = ["[" + " ".join(str(v) for v in list(flat)[: count if count >= 0 else None]) + "]" for flat in read]
    print(text(node, "message") + "".join(parts), file=sys.stderr)
    return x


@graph_op("PrintV2", host=(0,))
def _print_text(node: Any, words: Any) -> list[Any]:
    words = words.decode(errors="replace") if isinstance(words, bytes) else words
    print(words, end=text(node, "end", "\n"), file=sys.stderr)
    return []


# --- what simulates quantization ---


def _fake_quantized(node: Any, x: Any, low: Any, high: Any) -> Any:
    """Return x rounded to the steps of `num_bits` between two bounds, which move so that 0 is a step."""
    bits = node.attrs.get("num_bits", 8)
    if not 2 <= bits <= 16:
        raise FormatError(message(f"node {node.name!r}", "2 to 16 bits", bits, "The file is damaged."))
    first, last = float(bool(node.attrs.get("narrow_range"))), float(2**bits - 1)
    step = ops.divide(ops.subtract(high, low), last - first)
    zero = ops.clip(ops.floor(ops.add(ops.subtract(first, ops.divide(low, step)), 0.5)), first, last)
    bottom, top = ops.multiply(ops.subtract(first, zero), step), ops.multiply(ops.subtract(last, zero), step)
    steps = ops.floor(ops.add(ops.divide(ops.subtract(ops.clip(x, bottom, top), bottom), step), 0.5))
    # A multiple of the step from 0, so that 0 stays exactly 0.
    return ops.multiply(ops.add(steps, ops.subtract(first, zero)), step)


graph_op("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")(_fake_quantized)


@graph_op("FakeQuantWithMinMaxArgs")
def _fake_quantized_by_attributes(node: Any, x: Any) -> Any:
    return _fake_quantized(node, x, *(tensor(float(node.attrs.get(name, value))) for name, value in (("min", -6.0), ("max", 6.0))))
