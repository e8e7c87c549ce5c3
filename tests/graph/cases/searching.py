"""Cases of ops whose results' sizes depend on the data, and of searches and orders."""

import numpy as np
import tensorflow as tf

from . import INF, NAN, bools, case, complexes, empty, floats, ints

case("Where", bools(3, 4))
case("Where", np.array([True, False, True]))
case("Where", np.array([[0.0, 1.5], [-2.0, 0.0]], "float32"))
case("Where", ints(2, 2, 2, low=0, high=2))
case("Where", np.zeros((2, 3), bool))
case("Where", complexes(2) * np.array([0, 1], "complex64"))
case("Where", empty(0, 2, dtype="bool"))
for op, more in (("Unique", ()), ("UniqueV2", (empty(0, dtype="int32"),)), ("UniqueV2", ([0],))):
    case(op, [4, 1, 4, 7, 1], *more)
    case(op, np.array([1.5, -1.0, 1.5], "float32"), *more)
    case(op, np.array(["b", "a", "b", "ü"], object), *more)
case("Unique", empty(0))
case("Unique", ints(4, dtype="int64"), out_idx=tf.int64)
case("UniqueV2", np.array([[1, 2], [1, 2], [0, 1]], "int32"), [0])
case("UniqueV2", np.array([[1, 1, 0], [2, 2, 1]], "int32"), np.array([1], "int64"))
case("UniqueWithCounts", [4, 1, 4, 7, 1])
case("ListDiff", [1, 2, 3, 4, 3], [2, 4])
case("ListDiff", floats(3), empty(0))
case("ListDiff", np.array(["a", "b"], object), np.array(["b"], object))

BOXES = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [1, 101, 0, 100]], "float32")
SCORES = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], "float32")
case("NonMaxSuppression", BOXES, SCORES, 3, iou_threshold=0.5)
case("NonMaxSuppressionV2", BOXES, SCORES, 3, 0.5)
case("NonMaxSuppressionV2", BOXES, SCORES, 30, 0.9)
case("NonMaxSuppressionV3", BOXES, SCORES, 6, 0.5, 0.4)
case("NonMaxSuppressionV3", BOXES, SCORES, 6, 0.5, -INF)
case("NonMaxSuppressionV3", BOXES, SCORES, 0, 0.5, 0.0)
case("NonMaxSuppressionV3", empty(0, 4), empty(0), 5, 0.5, 0.0)
for padded in (False, True):
    case("NonMaxSuppressionV4", BOXES, SCORES, 5, 0.5, 0.4, pad_to_max_output_size=padded)
    case("NonMaxSuppressionV5", BOXES, SCORES, 5, 0.5, 0.4, 0.0, pad_to_max_output_size=padded)
case("NonMaxSuppressionV5", BOXES, SCORES, 6, 0.5, 0.0, 0.5)
case("NonMaxSuppressionV5", BOXES, SCORES, 3, 1.0, 0.2, 0.3)

PAIRS = np.stack([np.stack([BOXES, BOXES[::-1]], 1) / 12, np.stack([BOXES + 0.5, BOXES], 1) / 12]).astype("float32")
RANKED = (np.arange(1, 37) * 7 % 37 / 37).astype("float32")  # no two are equal: their order would be undefined
for attrs in ({}, {"pad_per_class": True, "clip_boxes": False}):
    case("CombinedNonMaxSuppression", PAIRS, RANKED[:24].reshape(2, 6, 2), 2, 5, 0.5, 0.2, **attrs)
case("CombinedNonMaxSuppression", PAIRS[:, :, :1], RANKED.reshape(2, 6, 3), 3, 6, 0.4, 0.3)

case("TopKV2", floats(2, 5), 3)
case("TopKV2", floats(2, 3, 4), 2)
case("TopKV2", np.array([-INF, 1.0, INF, -1.0], "float32"), 4)
PAIRS = np.stack([np.stack([BOXES, BOXES[::-1]], 1) / 12, np.stack([BOXES + 0.5, BOXES], 1) / 12]).astype("float32")
RANKED = (np.arange(1, 37) * 7 % 37 / 37).astype("float32")  # no two are equal: their order would be undefined
for attrs in ({}, {"pad_per_class": True, "clip_boxes": False}):
    case("CombinedNonMaxSuppression", PAIRS, RANKED[:24].reshape(2, 6, 2), 2, 5, 0.5, 0.2, **attrs)
case("CombinedNonMaxSuppression", PAIRS[:, :, :1], RANKED.reshape(2, 6, 3), 3, 6, 0.4, 0.3)

case("TopKV2", np.array([1, 3, 3, 2], "int32"), 4)
PAIRS = np.stack([np.stack([BOXES, BOXES[::-1]], 1) / 12, np.stack([BOXES + 0.5, BOXES], 1) / 12]).astype("float32")
RANKED = (np.arange(1, 37) * 7 % 37 / 37).astype("float32")  # no two are equal: their order would be undefined
for attrs in ({}, {"pad_per_class": True, "clip_boxes": False}):
    case("CombinedNonMaxSuppression", PAIRS, RANKED[:24].reshape(2, 6, 2), 2, 5, 0.5, 0.2, **attrs)
case("CombinedNonMaxSuppression", PAIRS[:, :, :1], RANKED.reshape(2, 6, 3), 3, 6, 0.4, 0.3)

case("TopKV2", floats(4), 0)
PAIRS = np.stack([np.stack([BOXES, BOXES[::-1]], 1) / 12, np.stack([BOXES + 0.5, BOXES], 1) / 12]).astype("float32")
RANKED = (np.arange(1, 37) * 7 % 37 / 37).astype("float32")  # no two are equal: their order would be undefined
for attrs in ({}, {"pad_per_class": True, "clip_boxes": False}):
    case("CombinedNonMaxSuppression", PAIRS, RANKED[:24].reshape(2, 6, 2), 2, 5, 0.5, 0.2, **attrs)
case("CombinedNonMaxSuppression", PAIRS[:, :, :1], RANKED.reshape(2, 6, 3), 3, 6, 0.4, 0.3)

case("TopKV2", ints(2, 3), 1, sorted=False)
case("TopK", floats(2, 4), k=2, reference=lambda tf, x, k: list(tf.math.top_k(x, k)))
SORTED = np.array([[1, 3, 3, 7], [0, 2, 4, 6]], "float32")
for op in ("LowerBound", "UpperBound"):
    case(op, SORTED, np.array([[3, 0, 9], [4, 5, -1]], "float32"))
    case(op, SORTED.astype("int32"), np.array([[3], [6]], "int32"))
case("InTopKV2", np.array([[0.1, 0.8, 0.1], [0.5, 0.2, 0.3]], "float32"), [1, 1], 2)
case("InTopK", np.array([[0.1, 0.8, 0.1], [NAN, 0.2, 0.3]], "float32"), [0, 0], k=2)
case("InvertPermutation", [2, 0, 1])
