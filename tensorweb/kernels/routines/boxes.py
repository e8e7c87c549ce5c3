"""The host routine non_max_suppression, a greedy loop over boxes. Cropping and resizing of boxes are kernels and not here."""

from __future__ import annotations

import heapq
import math

from .base import HostArray, check, fail, ints, routine


@routine
def non_max_suppression(
    boxes: HostArray,
    scores: HostArray,
    *,
    max_output_size: int,
    iou_threshold: float = 0.5,
    score_threshold: float = -math.inf,
    soft_nms_sigma: float = 0.0,
) -> list[HostArray]:
    """Return [indices, scores] of the boxes to keep, best first: each that overlaps no better one by `iou_threshold` or more.

    boxes: [n, 4], two opposite corners y1, x1, y2, x2; scores: [n]; indices: int32 [k], scores: float32 [k],
    k <= max_output_size. Only scores above `score_threshold` count. With soft_nms_sigma > 0 a box that overlaps better ones by
    less than the threshold keeps a lower score, score * exp(-iou^2 / (2 sigma)) for each. Source: TensorFlow.js
    nonMaxSuppressionWithScore. Today's TensorFlow (NonMaxSuppressionV5) differs: it keeps an overlap of exactly the threshold,
    and in soft mode has no threshold, which iou_threshold=1 gives here.
    """
    _check(boxes, scores, max_output_size, iou_threshold, soft_nms_sigma)
    corners = [_corners(boxes.values[4 * i : 4 * i + 4]) for i in range(boxes.shape[0])]
    decay = -0.5 / soft_nms_sigma if soft_nms_sigma > 0 else 0.0
    # Entries are (-score, box, how many of the selected it has been held against): equal scores go by index.
    queue = [(-s, i, 0) for i, s in enumerate(scores.values) if s > score_threshold]
    heapq.heapify(queue)
    selected: list[int] = []
    kept: list[float] = []
    while queue and len(selected) < max_output_size:
        negative, box, seen = heapq.heappop(queue)
        before = score = -negative
        # Overlapping boxes have similar scores, so the latest selected is the likeliest to suppress this one.
        for other in reversed(selected[seen:]):
            overlap = _overlap(corners[box], corners[other])
            score = -math.inf if overlap >= iou_threshold else score * math.exp(decay * overlap * overlap)
            if score <= score_threshold:
                break
        if score == before:
            selected.append(box)
            kept.append(score)
        elif score > score_threshold:
            heapq.heappush(queue, (-score, box, len(selected)))
    return [ints(selected), HostArray(kept, (len(kept),), "float32")]


def _check(boxes: HostArray, scores: HostArray, size: int, iou_threshold: float, sigma: float) -> None:
    name = "non_max_suppression"
    check(name, "boxes", boxes, rank=2)
    check(name, "scores", scores, rank=1)
    if boxes.shape[1] != 4:
        fail(name, "boxes of shape [n, 4]", list(boxes.shape), "Pass y1, x1, y2, x2 for each box.")
    if scores.shape[0] != boxes.shape[0]:
        fail(name, f"{boxes.shape[0]} scores, one a box", scores.shape[0], "Pass one score for each box.")
    if size < 0:
        fail(name, "max_output_size of 0 or more", size, "Pass how many boxes to keep.")
    if not 0 <= iou_threshold <= 1:
        fail(name, "iou_threshold from 0 to 1", iou_threshold, "0.5 is usual.")
    if not sigma >= 0:
        fail(name, "soft_nms_sigma of 0 or more", sigma, "0 turns soft suppression off.")


def _corners(box: list[float]) -> tuple[float, float, float, float]:
    """Return top, left, bottom, right, whichever two opposite corners were given."""
    y1, x1, y2, x2 = box
    return min(y1, y2), min(x1, x2), max(y1, y2), max(x1, x2)


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return intersection over union, 0 where a box is empty."""
    area_a = (a[2] - a[0]) * (a[3] - a[1])
    area_b = (b[2] - b[0]) * (b[3] - b[1])
    if not (area_a > 0 and area_b > 0):
        return 0.0
    height = min(a[2], b[2]) - max(a[0], b[0])
    width = min(a[3], b[3]) - max(a[1], b[1])
    common = max(height, 0.0) * max(width, 0.0)
    union = area_a + area_b - common
    return common / union if math.isfinite(union) else 0.0
