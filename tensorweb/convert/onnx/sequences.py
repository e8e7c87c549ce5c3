"""ONNX's ops on sequences of tensors, as far as their lengths are known while the model is read: nothing of them is left in the graph."""

from __future__ import annotations

from .elementwise import number_of
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

MAX_LENGTH = 4096


class Sequence(Value):
    """A list of values."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Value]):
        super().__init__(None, None)
        self.parts = parts


def parts_of(x: Value) -> list[Value]:
    """Return the values of a sequence; Unsupported for what is none."""
    if not isinstance(x, Sequence):
        raise Unsupported("the length of a sequence is not known beforehand")
    return x.parts


@onnx_op("SequenceEmpty")
def sequence_empty(b: Scope, node: OnnxNode) -> Value:
    return Sequence([])


@onnx_op("SequenceConstruct")
def sequence_construct(b: Scope, node: OnnxNode, *parts: Value) -> Value:
    return Sequence(list(parts))


@onnx_op("SplitToSequence")
def split_to_sequence(b: Scope, node: OnnxNode, x: Value, sizes: Value | None = None) -> Value:
    axis = node.int("axis", 0) % b.rank(x)
    whole = b.size(x, axis)
    if sizes is None:
        listed = [1] * min(whole, MAX_LENGTH + 1)
    elif sizes.ndim == 0:
        each = max(int(number_of(sizes)), 1)
        listed = [min(each, whole - at) for at in range(0, whole, each)]
    else:
        listed = b.ints(sizes, "sizes")
    if len(listed) > MAX_LENGTH:
        raise Unsupported(f"a sequence of {len(listed)}")
    parts = b("SplitV", x, listed, axis, outputs=len(listed), num_split=len(listed))
    if sizes is None and not node.int("keepdims", 1):
        parts = [b.squeeze(p, [axis]) for p in parts]
    return Sequence(parts)


@onnx_op("SequenceAt")
def sequence_at(b: Scope, node: OnnxNode, x: Value, place: Value) -> Value:
    return b("Identity", parts_of(x)[int(number_of(place))])


@onnx_op("SequenceInsert")
def sequence_insert(b: Scope, node: OnnxNode, x: Value, part: Value, place: Value | None = None) -> Value:
    parts = list(parts_of(x))
    if len(parts) >= MAX_LENGTH:
        raise Unsupported(f"a sequence of {len(parts)}")
    parts.insert(len(parts) if place is None else int(number_of(place)), part)
    return Sequence(parts)


@onnx_op("SequenceErase")
def sequence_erase(b: Scope, node: OnnxNode, x: Value, place: Value | None = None) -> Value:
    parts = list(parts_of(x))
    del parts[-1 if place is None else int(number_of(place))]
    return Sequence(parts)


@onnx_op("SequenceLength")
def sequence_length(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b.const([len(parts_of(x))], [], "int64")


@onnx_op("ConcatFromSequence")
def concat_from_sequence(b: Scope, node: OnnxNode, x: Value) -> Value:
    parts = parts_of(x)
    if node.int("new_axis", 0):
        return b("Pack", *parts, axis=node.int("axis", 0))
    return b("ConcatV2", *parts, node.int("axis", 0), N=len(parts)) if len(parts) > 1 else b("Identity", parts[0])
