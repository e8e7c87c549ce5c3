"""Oracle cases of whole-tensor relations: allclose, isin, cdist."""

import keras
import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("relations")

a = values(2, 3)
for x1, x2, options in (
    (a, a, {}), (a, a + np.float32(1e-3), {}), (a, a + np.float32(1e-3), {"atol": 1e-2}), (a, a * np.float32(1.01), {"rtol": 0.1}),
    (a, a * np.float32(1.01), {"rtol": 1e-6}), (np.float32([np.nan, 1]), np.float32([np.nan, 1]), {}),
    (np.float32([np.nan, 1]), np.float32([np.nan, 1]), {"equal_nan": True}), (np.float32([np.inf]), np.float32([np.inf]), {}),
    (np.float32([np.inf]), np.float32([-np.inf]), {}), (np.zeros((0,), "f"), np.zeros((0,), "f"), {}), (np.int32([1, 2]), np.int32([1,
    2]), {}),
):  # fmt: skip
    cases.add("allclose", x1, x2, expected=np.allclose(x1, x2, **options), **options)

for x1, x2 in (
    (np.int32([1, 5, 2]), np.int32([[2, 1]])), (values(2, 3, dtype="int32"), np.int32([0, 1])), (np.float32([0.5, np.nan]),
    np.float32([np.nan, 0.5])),
    (np.float32([1, 2]), np.zeros((0,), "f")), (np.int32(3), np.int32([3, 3])), (np.zeros((0, 2), "i"), np.int32([1])),
    (np.array([True, False]), np.array([True])),
):  # fmt: skip
    for invert in (False, True):
        cases.add("isin", x1, x2, expected=np.isin(x1, x2, invert=invert), invert=invert)
cases.add("isin", np.int32([1, 2, 3]), np.int32([2]), assume_unique=True, expected=np.array([False, True, False]))


def _safe(x, y):
    square = tf.reduce_sum((x[..., :, None, :] - y[..., None, :, :]) ** 2, -1)
    return tf.where(square > 0, tf.sqrt(tf.where(square > 0, square, 1.0)), 0.0)


for shape_x, shape_y in (
    ((2, 3), (4, 3)),
    ((1, 1), (1, 1)),
    ((2, 2, 3), (2, 4, 3)),
    ((2, 2, 3), (1, 3, 3)),
    ((3, 2), (2, 2)),
    ((2, 5), (3, 5)),
):
    x, y = values(*shape_x), values(*shape_y, seed=50)
    cases.add("cdist", x, y)
    cases.add("cdist", x * 100, y * np.float32(0.01), reference=keras.ops.cdist)
cases.add("cdist", values(2, 3), values(2, 3), reference=_safe, note="equal vectors: the derivative at distance 0 is taken as 0")
