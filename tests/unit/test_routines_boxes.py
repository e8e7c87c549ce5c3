"""non_max_suppression against TensorFlow, and by hand where TensorFlow and TensorFlow.js differ."""

import math

import numpy as np
import pytest

from tensorweb.kernels.routines import ROUTINES, HostArray
from tests.recorded import tensorflow as tf


def nms(boxes, scores, **attrs):
    boxes, scores = np.asarray(boxes, np.float32), np.asarray(scores, np.float32)
    indices, kept = ROUTINES["non_max_suppression"](
        HostArray(boxes.ravel().tolist(), boxes.shape, "float32"), HostArray(scores.ravel().tolist(), scores.shape, "float32"), **attrs
    )
    assert (indices.dtype, kept.dtype) == ("int32", "float32") and indices.shape == kept.shape == (len(kept.values),)
    return indices.values, kept.values


BOXES = [[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [0, 100, 1, 101]]
SCORES = [0.9, 0.75, 0.6, 0.95, 0.5, 0.3]


def test_three_clusters():
    assert nms(BOXES, SCORES, max_output_size=3, iou_threshold=0.5)[0] == [3, 0, 5]
    assert nms(BOXES, SCORES, max_output_size=30, iou_threshold=0.5)[0] == [3, 0, 5]
    assert nms(BOXES, SCORES, max_output_size=2, iou_threshold=0.5)[0] == [3, 0]
    assert nms(BOXES, SCORES, max_output_size=3, iou_threshold=0.5, score_threshold=0.4)[0] == [3, 0]
    assert nms(BOXES, SCORES, max_output_size=0)[0] == []
    assert nms(np.zeros((0, 4)), [], max_output_size=3) == ([], [])


def test_flipped_corners_equal_scores_and_empty_boxes():
    flipped = [[y2, x2, y1, x1] for y1, x1, y2, x2 in BOXES]
    assert nms(flipped, SCORES, max_output_size=3)[0] == [3, 0, 5]
    assert nms([[0, 0, 1, 1]] * 4, [1, 1, 1, 1], max_output_size=4)[0] == [0]
    assert nms([[0, 0, 0, 0]] * 3, [1, 1, 1], max_output_size=4)[0] == [0, 1, 2]


def detections(seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 3, (60, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0.5, 2, (60, 2))], 1).astype(np.float32)
    return boxes, rng.uniform(0, 1, 60).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("sigma", "threshold"), [(0.0, 0.3), (0.0, 0.71), (0.0, 1.0), (0.2, 1.0), (1.0, 1.0)])
@pytest.mark.parametrize(("size", "least"), [(10, 0.05), (60, 0.3), (60, 0.0)])
def test_it_is_tensorflows(seed, sigma, threshold, size, least):
    attrs = {"max_output_size": size, "iou_threshold": threshold, "score_threshold": least, "soft_nms_sigma": sigma}
    boxes, scores = detections(seed)
    expected = tf.image.non_max_suppression_with_scores(boxes, scores, **attrs)
    indices, kept = nms(boxes, scores, **attrs)
    assert indices == expected[0].numpy().tolist()
    np.testing.assert_allclose(kept, expected[1].numpy(), rtol=1e-5)


def naive(boxes, scores, size, threshold, least, sigma):
    """Soft suppression without a queue: after each selection, lower or drop all that remain."""
    boxes, scores = boxes.astype(float), scores.astype(float)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    selected, kept = [], []
    while len(selected) < size and scores.max() > least:
        best = int(scores.argmax())
        selected.append(best)
        kept.append(scores[best])
        sides = np.minimum(boxes[best, 2:], boxes[:, 2:]) - np.maximum(boxes[best, :2], boxes[:, :2])
        common = np.maximum(sides, 0).prod(1)
        iou = common / (area + area[best] - common)
        scores = np.where(iou >= threshold, -np.inf, scores * np.exp(-iou * iou / (2 * sigma)))
    return selected, kept


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_soft_suppression_with_a_threshold(seed, sigma, threshold):
    boxes, scores = detections(seed)
    expected = naive(boxes, scores, 40, threshold, 0.01, sigma)
    found = nms(boxes, scores, max_output_size=40, iou_threshold=threshold, score_threshold=0.01, soft_nms_sigma=sigma)
    assert found[0] == expected[0]
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9)


def test_tensorflow_js_at_the_threshold_itself():
    half = [[0, 0, 1, 1], [0, 0, 1, 2]]  # they overlap by exactly 0.5
    assert nms(half, [1, 0.5], max_output_size=2, iou_threshold=0.5)[0] == [0]
    assert nms(half, [1, 0.5], max_output_size=2, iou_threshold=0.51)[0] == [0, 1]
    assert nms(half, [1, 0.5], max_output_size=2, iou_threshold=0.4, soft_nms_sigma=0.5)[0] == [0]


def test_nan_is_no_detection():
    assert nms([[0, 0, 1, 1]] * 2, [math.nan, 0.5], max_output_size=2)[0] == [1]
    assert nms([[0, 0, 1, math.nan], [0, 0, 1, 1]], [1.0, 0.5], max_output_size=2)[0] == [0, 1]
    assert nms([[0, 0, math.inf, 1], [0, 0, 1, 1]], [1.0, 0.5], max_output_size=2)[0] == [0, 1]


@pytest.mark.parametrize(
    ("boxes", "scores", "attrs"),
    [
        (np.zeros((2, 3)), np.zeros(2), {}),
        (np.zeros(4), np.zeros(1), {}),
        (np.zeros((2, 4)), np.zeros(3), {}),
        (np.zeros((2, 4)), np.zeros((2, 1)), {}),
        (np.zeros((2, 4)), np.zeros(2), {"iou_threshold": 1.5}),
        (np.zeros((2, 4)), np.zeros(2), {"iou_threshold": math.nan}),
        (np.zeros((2, 4)), np.zeros(2), {"soft_nms_sigma": -1.0}),
        (np.zeros((2, 4)), np.zeros(2), {"max_output_size": -1}),
    ],
)
def test_wrong_inputs(boxes, scores, attrs):
    with pytest.raises(ValueError, match="non_max_suppression: expected"):
        nms(boxes, scores, **{"max_output_size": 1, **attrs})
