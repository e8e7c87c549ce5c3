"""Graph ops whose results' sizes depend on the data, and those that search: where, unique, boxes to keep, largest elements."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from ... import ops
from ...errors import FormatError, message
from ...kernels.routines import ROUTINES, HostArray
from ...ops.masking import finding_nonzero
from ...ops.places import coordinates
from ...tensor import tensor
from ...waiting import Read, Reads, Waits
from ..define import graph_op
from .support import as_list, plain_ops

_MOST_PARTS, _MOST_ROWS = 1 << 16, 1 << 24  # what a file may ask for

# --- sizes that data decide ---


@graph_op("Where")
def _where(node: Any, condition: Any) -> Waits[Any]:
    """Return the coordinates [n, rank] of what is true."""
    flat = ops.reshape(condition, (-1 if condition.size else 0,))
    found = yield from finding_nonzero(flat)
    return ops.stack(coordinates(found, condition.shape), axis=1)


def _routine(name: str, inputs: list[Any], **settings: Any) -> Waits[list[Any]]:
    """Run a host routine on what one readback brings."""
    read = yield Reads(inputs)
    arrays = [HostArray(list(flat), x.shape, x.dtype) for flat, x in zip(read, inputs, strict=True)]
    return [tensor(made.values, made.shape, made.dtype) for made in ROUTINES[name](*arrays, **settings)]


@graph_op("Unique")
def _unique(node: Any, x: Any) -> Waits[Any]:
    values, places, *_ = yield from _routine("unique", [x], axis=0, sorted=False)
    return values, places


@graph_op("UniqueV2", host=(1,))
def _unique_v2(node: Any, x: Any, axis: Any = ()) -> Waits[Any]:
    values, places, *_ = yield from _routine("unique", [x], axis=(as_list(axis) or [0])[0], sorted=False)
    return values, places


@graph_op("UniqueWithCounts")
def _unique_with_counts(node: Any, x: Any) -> Waits[Any]:
    values, places, counts, _ = yield from _routine("unique", [x], axis=0, sorted=False)
    return values, places, counts


@graph_op("ListDiff", "SetDiff1D")
def _list_diff(node: Any, x: Any, y: Any) -> Waits[Any]:
    return (yield from _routine("setdiff1d", [x, y]))


@graph_op("DynamicPartition")
def _dynamic_partition(node: Any, data: Any, partitions: Any) -> Waits[Any]:
    """Return for each number the rows of data that have it."""
    numbers = list((yield Read(partitions)))
    count = node.attrs["num_partitions"]
    if not 1 <= count <= _MOST_PARTS or not all(0 <= number < count for number in numbers):
        wanted = f"partitions below {count}, {_MOST_PARTS} at most"
        raise FormatError(message(f"node {node.name!r}", wanted, "others", "The file is damaged."))
    chosen: list[list[int]] = [[] for _ in range(count)]
    for place, number in enumerate(numbers):
        chosen[number].append(place)
    rows = ops.reshape(data, (len(numbers), *data.shape[len(partitions.shape) :]))
    return [ops.gather(rows, tensor(places, (len(places),), "int32")) for places in chosen]


@graph_op("DynamicStitch", "ParallelDynamicStitch")
def _dynamic_stitch(node: Any, *inputs: Any) -> Waits[Any]:
    """Return the rows of several tensors at the places that their indices say; the last one counts."""
    half = len(inputs) // 2
    indices, data = inputs[:half], inputs[half:]
    places = [int(place) for flat in (yield Reads(indices)) for place in flat]
    shape = data[0].shape[len(indices[0].shape) :]
    rows = [ops.reshape(x, (i.size, *shape)) for i, x in zip(indices, data, strict=True)]
    if places and not 0 <= min(places) <= max(places) < _MOST_ROWS:
        got = f"{min(places)} to {max(places)}"
        raise FormatError(message(f"node {node.name!r}", f"places from 0 to {_MOST_ROWS - 1}", got, "The file is damaged."))
    source = [0] * (max(places, default=-1) + 1)
    for row, place in enumerate(places):
        source[place] = row
    return ops.gather(ops.concatenate(rows, 0), tensor(source, (len(source),), "int32"))


# --- boxes ---


@graph_op("NonMaxSuppression", host=(2,))
def _non_max_suppression(node: Any, boxes: Any, scores: Any, count: int) -> Waits[Any]:
    return (yield from ops.image.non_max_suppression.waits(boxes, scores, count, node.attrs.get("iou_threshold", 0.5)))


@graph_op("NonMaxSuppressionV2", "NonMaxSuppressionV3", host=(2, 3, 4))
def _non_max_suppression_v3(node: Any, boxes: Any, scores: Any, count: int, *thresholds: float) -> Waits[Any]:
    return (yield from ops.image.non_max_suppression.waits(boxes, scores, count, *thresholds))


@graph_op("NonMaxSuppressionV4", host=(2, 3, 4))
def _non_max_suppression_v4(node: Any, boxes: Any, scores: Any, count: int, *thresholds: float) -> Waits[Any]:
    padded = bool(node.attrs.get("pad_to_max_output_size"))
    return (yield from ops.image.non_max_suppression_padded.waits(boxes, scores, count, *thresholds, padded))


@graph_op("NonMaxSuppressionV5", host=(2, 3, 4, 5))
def _non_max_suppression_v5(node: Any, boxes: Any, scores: Any, count: int, iou: float, score: float, sigma: float) -> Waits[Any]:
    limit = 1.0 if sigma and not node.attrs.get("_hard") else iou  # soft suppression lowers scores and, but in TFLite, leaves no box out
    found, kept = yield from ops.image.non_max_suppression_with_score.waits(boxes, scores, count, limit, score, sigma)
    valid = found.shape[0]
    if node.attrs.get("pad_to_max_output_size"):
        found, kept = (ops.pad(x, [(0, count - valid)]) for x in (found, kept))
    return found, kept, tensor(valid, dtype="int32")


@graph_op("CombinedNonMaxSuppression", host=(2, 3, 4, 5))
def _combined(node: Any, boxes: Any, scores: Any, each: int, total: int, iou: float, score: float) -> Waits[Any]:
    """Keep boxes class by class, then the best of all: (boxes, scores, classes, how many), filled up with zeros."""
    batch, n, groups, _ = boxes.shape
    classes = scores.shape[2]
    total = min(total, each * classes) if node.attrs.get("pad_per_class") else total
    corners, values = [list(flat) for flat in (yield Reads([boxes, scores]))]
    kept: tuple[list[Any], list[Any], list[Any], list[int]] = [], [], [], []
    for image in range(batch):
        found = []
        for wanted in range(classes):
            group = wanted if groups > 1 else 0
            flat = [corners[((image * n + i) * groups + group) * 4 + c] for i in range(n) for c in range(4)]
            own = [values[(image * n + i) * classes + wanted] for i in range(n)]
            made = ROUTINES["non_max_suppression"](
                HostArray(flat, (n, 4), "float32"), HostArray(own, (n,), "float32"), max_output_size=each, iou_threshold=iou,
                score_threshold=score,
            )  # fmt: skip
            found += [(-s, wanted, flat[4 * i : 4 * i + 4]) for i, s in zip(made[0].values, made[1].values)]
        best = sorted(found, key=itemgetter(0))[:total]
        missing = total - len(best)
        kept[0].extend([v for _, _, box in best for v in box] + [0.0] * (4 * missing))
        kept[1].extend([-s for s, _, _ in best] + [0.0] * missing)
        kept[2].extend([float(c) for _, c, _ in best] + [0.0] * missing)
        kept[3].append(len(best))
    made_boxes = tensor(kept[0], (batch, total, 4), "float32")
    made_boxes = ops.clip(made_boxes, 0.0, 1.0) if node.attrs.get("clip_boxes", True) else made_boxes
    return made_boxes, *(tensor(part, (batch, total), "float32") for part in kept[1:3]), tensor(kept[3], (batch,), "int32")


# --- order ---


def _top_k(x: Any, count: int) -> list[Any]:
    return list(ops.top_k(x, count))


plain_ops({"TopKV2": _top_k}, host=(1,))
plain_ops({"InTopKV2": lambda predictions, targets, count: ops.in_top_k(targets, predictions, count)}, host=(2,))
plain_ops({"LowerBound": ops.lower_bound, "UpperBound": ops.upper_bound, "InvertPermutation": ops.argsort})


@graph_op("TopK")
def _top_k_by_attribute(node: Any, x: Any) -> list[Any]:
    return _top_k(x, node.attrs["k"])


@graph_op("InTopK")
def _in_top_k(node: Any, predictions: Any, targets: Any) -> Any:
    return ops.in_top_k(targets, predictions, node.attrs["k"])
