"""Oracle cases of sorting, searching, counting and sets."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("sorting")
NAN, INF = float("nan"), float("inf")
TIES = np.array([[2, 1, 2, 1, 3], [0, 0, 0, 0, 0]], "int32")
SPECIAL = np.array([INF, NAN, -INF, 1, NAN, 0], "float32")
I32 = "int32"

for kwargs in ({}, {"axis": 0}, {"axis": 1}, {"axis": None}, {"axis": -2}):
    for x in (values(2, 3, 2), values(3, 4, seed=1), values(2, 4, dtype=I32), TIES):
        flat = x.reshape(-1) if kwargs.get("axis", -1) is None else x
        at = 0 if kwargs.get("axis", -1) is None else kwargs.get("axis", -1)
        cases.add("sort", x, **kwargs, **({} if x.dtype == "float32" else {"expected": np.sort(x, **kwargs)}))
        cases.add("argsort", x, expected=np.argsort(flat, axis=at, kind="stable").astype(I32), **kwargs)
for x in (
    SPECIAL,
    np.array([True, False, True]),
    np.array([3, 200, 5], "uint8"),
    np.array(["b", "a", "é", "B"]),
    values(0),
    np.array([-0.0, 0.0, -1], "float32"),
):
    cases.add("sort", x, expected=np.sort(x))
    cases.add("argsort", x, expected=np.argsort(x, kind="stable").astype(I32))
cases.add("sort", values(2, 1, 2, 1, 2, 3))
cases.add("argsort", values(2, 1, 2, 1, 2, 3), gradient=0)
cases.add("sort", np.float32(2), axis=None, expected=np.array([2], "float32"))
for x in (values(6), values(2, 4), TIES, values(3, dtype=I32)):
    for kth in (0, 1, 2):
        cases.add("argpartition", x, kth, expected=np.argsort(x, kind="stable").astype(I32))
    cases.add("argpartition", x, kth=1, axis=0 if x.ndim == 2 else None, expected=np.argsort(x, axis=0, kind="stable").astype(I32))
for x in (values(6), values(2, 3), values(2, 2, 3), TIES):
    for k in (1, 2, 3):
        for kwargs in ({}, {"sorted": True}):
            cases.add("top_k", x, k, gradient=2 if x.dtype == "float32" else 0, **kwargs)
    cases.add("top_k", x, k=0, expected=(np.zeros((*x.shape[:-1], 0), x.dtype), np.zeros((*x.shape[:-1], 0), I32)))
cases.add("top_k", SPECIAL, k=5, expected=(SPECIAL[[0, 3, 5, 2, 1]], np.array([0, 3, 5, 2, 1], I32)), note="NaN is last, as in sort")
cases.add("top_k", values(4), 2, sorted=False, expected=tuple(tf.math.top_k(values(4), 2)), note="we sort in any case")

targets = np.array([1, 0, 3, 2], I32)
scores = values(4, 3)
scores[1] = 0.5
for k in (1, 2, 3, 5):
    cases.add("in_top_k", targets, scores, k, expected=tf.math.in_top_k(targets, scores, k))
    cases.add("in_top_k", np.array([[1, 0], [2, 2]], I32), scores.reshape(2, 2, 3), k=k,
              expected=tf.reshape(tf.math.in_top_k(np.array([1, 0, 2, 2]), scores, k), (2, 2)))  # fmt: skip
cases.add(
    "in_top_k", np.array([0, -1, 1], I32), np.array([[NAN, 1], [1, 2], [1, INF]], "float32"), 1, expected=np.array([False, False, False])
)

# Places in sorted sequences.
SORTED = np.array([-1, 0, 0, 0.5, 2], "float32")
for side in ("left", "right"):
    for v in (
        np.array([-2, -1, 0, 0.2, 2, 3], "float32"),
        np.array([[0, 5], [-9, 2]], "float32"),
        np.float32(0),
        np.array([INF, -INF, NAN], "float32"),
        values(0),
    ):
        want = np.searchsorted(SORTED, v, side).astype(I32)
        cases.add("searchsorted", SORTED, v, side=side, expected=want)
        cases.add("lower_bound" if side == "left" else "upper_bound", SORTED, v, expected=want)
    cases.add(
        "searchsorted",
        np.array([1, 3, 3, 7], I32),
        np.array([3, 0, 8], I32),
        side,
        expected=np.searchsorted([1, 3, 3, 7], [3, 0, 8], side).astype(I32),
    )
    cases.add("searchsorted", np.array([1, 3, 3, 7], I32), np.array([2.5, 3.5], "float32"), side, expected=np.array([1, 3], I32))
    rows, wanted = np.sort(values(2, 4), 1), values(2, 3, seed=3)
    reference = tf.searchsorted(rows, wanted, side)
    cases.add("searchsorted", rows, wanted, side=side, expected=reference)
    cases.add("lower_bound" if side == "left" else "upper_bound", rows, wanted, expected=reference)
    cases.add("searchsorted", values(0), values(3), side=side, expected=np.zeros(3, I32))
for x in (
    values(5),
    values(2, 3),
    np.array([0, 1, 2], I32),
    np.array([NAN, INF, 0.5], "float32"),
    np.float32(0.5),
    np.array([1, 3], "uint8"),
):
    for bins in ([0.0, 0.5, 1.5], [1.0], [-2.0, -1.0, 0.0, 1.0, 2.0]):
        cases.add("digitize", x, bins, expected=np.asarray(np.digitize(x, bins)).astype(I32))

# Counts.
for x in (np.array([1, 2, 2, 5], I32), np.array([0], I32), np.array([3, 3, 1], "uint8"), np.array([[0, 1, 1], [3, 0, 2]], I32)):
    for kwargs in ({}, {"minlength": 3}, {"minlength": 8}, {"sparse": False}):
        cases.add("bincount", x, gradient=0, **kwargs)
        cases.add("bincount", x, weights=values(*x.shape), gradient=0, **kwargs)
    cases.add("bincount", x, weights=np.ones(x.shape, I32) * 2, gradient=0)
    for size in (2, 6):
        for binary in (False, True):
            weights = values(*x.shape)
            kept = [
                np.bincount(r[r < size], None if binary else w[r < size], minlength=size)
                for r, w in zip(np.atleast_2d(x), np.atleast_2d(weights))
            ]
            want = np.array([np.minimum(k, 1) if binary else k for k in kept], "float32").reshape(*x.shape[:-1], size)
            cases.add("dense_bincount", x, weights, size, binary_output=binary, expected=want)
    counts = np.array([np.bincount(r, minlength=7) for r in np.atleast_2d(x)], "float32").reshape(*x.shape[:-1], 7)
    cases.add("dense_bincount", x, None, 7, expected=counts)
    cases.add("dense_bincount", x, [], size=7, expected=counts)
cases.add("bincount", np.array([0, 2, 0], I32), weights=values(3), reference=lambda x, weights: tf.math.unsorted_segment_sum(weights, x, 3))
cases.add("bincount", np.array([], I32), minlength=2, expected=np.zeros(2, I32))
for labels, found, n in (
    ([0, 1, 2, 1], [0, 2, 2, 1], 3),
    ([0, 0], [1, 1], 2),
    ([], [], 2),
    ([0], [0], 1),
    ([4, 1, 0], [1, 1, 0], 5),
    ([1, 1, 1, 0], [1, 1, 0, 0], 4),
):
    labels, found = np.array(labels, I32), np.array(found, I32)
    cases.add("math.confusion_matrix", labels, found, n, expected=tf.math.confusion_matrix(labels, found, n))
    cases.add(
        "math.confusion_matrix", labels, predictions=found, num_classes=n + 1, expected=tf.math.confusion_matrix(labels, found, n + 1)
    )

# Sets.
INTS, FLOATS, ROWS = (
    np.array([3, 1, 2, 1, 3, 2], I32),
    np.array([[2.5, 0.5], [0.5, -1]], "float32"),
    np.array([[1, 0], [0, 1], [1, 0]], I32),
)
FLAGS = [
    {},
    {"return_index": True},
    {"return_inverse": True},
    {"return_counts": True},
    {"return_index": True, "return_inverse": True, "return_counts": True},
]
for kwargs in FLAGS:
    for x, more in (
        (INTS, {}),
        (FLOATS, {}),
        (ROWS, {}),
        (ROWS, {"axis": 0}),
        (ROWS, {"axis": 1}),
        (FLOATS, {"axis": -1}),
        (np.array(["b", "a", "b"]), {}),
    ):
        result = np.unique(x, **kwargs, **more)
        parts = result if isinstance(result, tuple) else (result,)
        parts = (parts[0], *(p.astype(I32) for p in parts[1:]))
        if kwargs.get("return_inverse") and more:
            at = 1 + bool(kwargs.get("return_index"))
            parts = (*parts[:at], parts[at].reshape(-1), *parts[at + 1 :])
        cases.add("unique", x, expected=parts if kwargs else parts[0], **kwargs, **more)
    for size in (2, 3, 5):
        cases.add("unique", INTS, size=size, gradient=0, **kwargs)
        cases.add("unique", INTS, size=size, fill_value=-1, gradient=0, **kwargs)
        cases.add("unique", ROWS, size=size, axis=0, gradient=0, **kwargs)
cases.add("unique", INTS, sorted=False, return_inverse=True, gradient=0)
cases.add("unique", ROWS, sorted=False, return_inverse=True, return_counts=True, axis=0, gradient=0)
cases.add("unique", np.array([NAN, 1, NAN], "float32"), return_counts=True, expected=(np.array([1, NAN], "float32"), np.array([1, 2], I32)))
cases.add("unique", values(0), expected=values(0))
for x, y in (
    ([1, 2, 3, 4, 5, 6], [1, 3, 5]),
    ([1, 1, 2], [2]),
    ([1, 2], []),
    ([], [1]),
    ([7, 7], [7]),
    ([0.5, -1, 2], [2, 0.5]),
    ([3], [4]),
    ([5, 4, 3, 5], [4, 4]),
):
    x, y = (np.array(v, "float32" if 0.5 in v or 0.5 in x else I32) for v in (x, y))
    cases.add("setdiff1d", x, y, expected=tuple(tf.raw_ops.ListDiff(x=x, y=y)))
cases.add("setdiff1d", np.array(["a", "b"]), np.array(["a"]), expected=(np.array(["b"]), np.array([1], I32)))
cases.add("setdiff1d", np.array([True, False]), np.array([True]), expected=(np.array([False]), np.array([1], I32)))
