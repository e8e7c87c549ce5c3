"""The custom op that SSD's models end with: boxes from what the network says of anchors."""

from __future__ import annotations

from typing import Any

from ....graph.definition import Ref
from ..flexbuffers import read_map
from ..translate import Op, Unsupported, translates_custom

_DETECTIONS = 1 << 16


@translates_custom("TFLite_Detection_PostProcess")
def detection_postprocess(op: Op) -> list[Ref]:
    """Boxes relative to anchors become corners; of those that overlap, the one with the best score stays."""
    options = read_map(op.table.custom_options, op.kind)
    count, classes = options["max_detections"], options["num_classes"]
    each = 1 if options.get("use_regular_nms") else min(options["max_classes_per_detection"], classes)
    total = count * options["max_classes_per_detection"]
    if not (0 < total <= _DETECTIONS and 0 < classes <= _DETECTIONS):
        raise Unsupported(f"{count} detections")
    background = op.known(op.info(1).shape[-1], "a number of classes") - classes
    if background not in (0, 1):
        raise Unsupported(f"{classes} classes and {classes + background} scores")
    corners = _corners(op, options)
    scores = op.emit("Reshape", op.x(1), [-1, classes + background])
    scores = op.emit("Slice", scores, [0, background], [-1, -1]) if background else scores
    limits = count, float(options["nms_iou_threshold"]), float(options["nms_score_threshold"])
    if options.get("use_regular_nms"):
        if options.get("detections_per_class", 100) < count:
            raise Unsupported("fewer detections for a class than in all")
        found = _by_class(op, corners, scores, classes, limits)
    else:
        found = _by_box(op, corners, scores, each, limits)
    return _fixed(op, *found, total, each)


def _corners(op: Op, options: dict[str, Any]) -> Ref:
    """Return [boxes, 4]: top, left, bottom, right."""
    emit = op.emit
    parts = emit("Unpack", emit("Reshape", op.x(0), [-1, 4]), axis=1, num=4)
    anchors = emit("Unpack", emit("Reshape", op.x(2), [-1, 4]), axis=1, num=4)
    ends = []
    for axis, letter in enumerate("yx"):
        center, size = Ref(anchors.name, axis), Ref(anchors.name, axis + 2)
        moved = emit("Mul", emit("Mul", Ref(parts.name, axis), 1.0 / options[f"{letter}_scale"]), size)
        middle = emit("AddV2", moved, center)
        scale = 1.0 / options["h_scale" if letter == "y" else "w_scale"]
        half = emit("Mul", emit("Mul", emit("Exp", emit("Mul", Ref(parts.name, axis + 2), scale)), size), 0.5)
        ends.append((emit("Sub", middle, half), emit("AddV2", middle, half)))
    return emit("Pack", ends[0][0], ends[1][0], ends[0][1], ends[1][1], axis=1, N=4)


def _by_box(op: Op, corners: Ref, scores: Ref, each: int, limits: tuple[Any, ...]) -> tuple[Ref, Ref, Ref]:
    """Choose boxes by their best class; return boxes, classes and scores, `each` of a box one after another."""
    emit = op.emit
    best = emit("TopKV2", scores, each, sorted=True)
    chosen = emit("NonMaxSuppressionV3", corners, emit("Max", scores, [1], keep_dims=False), *limits)
    boxes = emit("Tile", emit("ExpandDims", emit("GatherV2", corners, chosen, 0, batch_dims=0), 1), [1, each, 1])
    classes, values = (emit("Reshape", emit("GatherV2", x, chosen, 0, batch_dims=0), [-1]) for x in (Ref(best.name, 1), best))
    return emit("Reshape", boxes, [-1, 4]), classes, values


def _by_class(op: Op, corners: Ref, scores: Ref, classes: int, limits: tuple[Any, ...]) -> tuple[Ref, Ref, Ref]:
    """Choose among boxes of the same class only: those of each class are moved to where those of no other are."""
    emit = op.emit
    span = emit("AddV2", emit("Mul", emit("Max", emit("Abs", corners), [0, 1], keep_dims=False), 2.0), 1.0)
    shifts = emit("Reshape", emit("Mul", [float(i) for i in range(classes)], span), [1, -1, 1])
    apart = emit("Reshape", emit("AddV2", emit("ExpandDims", corners, 1), shifts), [-1, 4])
    flat = emit("Reshape", scores, [-1])
    chosen = emit("NonMaxSuppressionV3", apart, flat, *limits)
    boxes = emit("GatherV2", corners, emit("FloorDiv", chosen, classes), 0, batch_dims=0)
    return boxes, emit("FloorMod", chosen, classes), emit("GatherV2", flat, chosen, 0, batch_dims=0)


def _fixed(op: Op, boxes: Ref, classes: Ref, scores: Ref, count: int, each: int) -> list[Ref]:
    """Return boxes, classes, scores with zeros behind them up to a number, and how many boxes there are."""
    emit, build = op.emit, op.builder
    there = build.size(scores, 0)
    missing = emit("Sub", count, there)
    ends = emit("Reshape", emit("Pack", 0, missing, axis=0, N=2), [1, 2])
    padded = emit("PadV2", boxes, build.concat([ends, build.const([[0, 0]])], 0), 0.0)
    rest = [emit("Reshape", emit("PadV2", x, ends, 0.0), [1, count]) for x in (build.cast(classes, "float32"), scores)]
    number = build.cast(emit("FloorDiv", there, each), "float32")
    return [emit("Reshape", padded, [1, count, 4]), *rest, emit("Reshape", number, [1])]
