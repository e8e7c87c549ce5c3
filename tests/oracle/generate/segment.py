"""Oracle cases of segment sums, products and extremes."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("segment")
IDS = np.array([0, 2, 0, 1, 2, 0], "int32")
for kind in ("sum", "max", "min", "prod"):
    op, reference = f"segment_{kind}", getattr(tf.math, f"unsorted_segment_{kind}")

    def plain(data, segment_ids, num_segments=None, sorted=False, reference=reference):
        return reference(data, segment_ids, int(np.max(segment_ids)) + 1 if num_segments is None else num_segments)

    for data in (values(6), values(6, 2), values(6, 1, 2), values(6, dtype="int32")):
        gradient = 2 if data.dtype == "float32" else 0
        for kwargs in ({}, {"num_segments": 3}, {"num_segments": 5}, {"sorted": False}):
            # In float32, whose ends are what a segment of no rows gives.
            cases.add(op, data, IDS, gradient=gradient, reference=plain, wide=kind in ("sum", "prod"), **kwargs)
        cases.add(op, data, np.sort(IDS), gradient=gradient, reference=plain, sorted=True)
    cases.add(op, values(2, 3), np.array([[0, 1, 0], [1, 1, 0]], "int32"), num_segments=2, reference=plain)
    cases.add(op, values(2, 2, 2), np.array([[0, 1], [3, 1]], "int32"), reference=plain, wide=kind in ("sum", "prod"))
    cases.add(op, values(4), np.array([0, -1, 1, 0], "int32"), num_segments=2, reference=plain)
    kept = values(4)[[0, 3]].astype("float64")
    want = {"sum": np.sum, "max": np.max, "min": np.min, "prod": np.prod}[kind](kept)
    cases.add(op, values(4), np.array([0, 5, -7, 0], "int32"), num_segments=1, expected=np.array([want], "float32"))
    cases.add(op, np.array([5, 250, 3], "uint8"), np.array([0, 0, 1], "int32"), gradient=0, reference=plain)
    cases.add(op, values(0, 2), np.zeros(0, "int32"), num_segments=2, gradient=0, wide=False, reference=plain)
    cases.add(op, np.array([1, float("inf"), float("nan"), 3], "float32"), np.array([0, 0, 1, 2], "int32"), gradient=0, reference=plain)
    cases.add(op, np.array([2**31 - 1, 2, 3], "int32"), np.array([0, 0, 1], "int32"), gradient=0, reference=plain)
for kind in ("max", "min"):
    cases.add(f"segment_{kind}", np.array([2, 2, 1, 1, 2], "float32"), np.array([0, 0, 1, 1, 1], "int32"), num_segments=2,
              reference=lambda d, s, num_segments, kind=kind: getattr(tf.math, f"unsorted_segment_{kind}")(d, s, num_segments))  # fmt: skip
for data in ([0, 2, 3, 4], [0, 0, 3, 4], [2, 0, 0, 0], [0, 2, 0, 5]):
    cases.add(
        "segment_prod",
        np.array(data, "float32"),
        np.array([0, 0, 1, 1], "int32"),
        num_segments=2,
        reference=tf.math.unsorted_segment_prod,
        gradient=1,
    )
