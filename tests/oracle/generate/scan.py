"""Oracle cases of running reductions."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("scan")
NAN, INF = float("nan"), float("inf")
SHAPES = [{"axis": None}, {"axis": 0}, {"axis": 1}, {"axis": -1}]
TF = {"cumsum": tf.cumsum, "cumprod": tf.math.cumprod}


def of_tf(function):
    return lambda x, axis=None, **k: function(tf.reshape(x, [-1]) if axis is None else x, axis=axis or 0, **k)


def running(combine):
    def reference(x, axis=None, reverse=False):
        x = tf.reshape(x, [-1]) if axis is None else x
        parts = tf.unstack(x, axis=axis or 0)
        parts = parts[::-1] if reverse else parts
        for i in range(1, len(parts)):
            parts[i] = combine(parts[i - 1], parts[i])
        return tf.stack(parts[::-1] if reverse else parts, axis=axis or 0)

    return reference


for op, function in TF.items():
    for kwargs in SHAPES:
        cases.add(op, values(2, 3, 2), **kwargs)
        cases.add("nan" + op, values(2, 3, 2), **kwargs)
        for exclusive, reverse in ((True, False), (False, True), (True, True)):
            cases.add(op, values(2, 4), **kwargs, exclusive=exclusive, reverse=reverse, reference=of_tf(function))
    for x in ([0, 2, 3, 4], [2, 0, 3, 0, 5], [0, 0, 0], [1, 2, 0]):
        for exclusive, reverse in ((False, False), (True, False), (False, True), (True, True)):
            # TensorFlow divides by the element, which makes its derivative NaN at a zero.
            cases.add(
                op,
                np.array(x, "float32"),
                axis=0,
                exclusive=exclusive,
                reverse=reverse,
                reference=of_tf(function),
                gradient=2 if op == "cumsum" else 0,
            )
    cases.add(op, np.float32(3), expected=np.array([3], "float32"))
    cases.add(op, values(0, 3), axis=0, gradient=0)
    cases.add(op, values(3, dtype="bool"), gradient=0)
    cases.add(op, np.array([2**30, 2**30, 2**30, 3], "int32"), gradient=0)
    cases.add(op, values(2, 3, low=0, high=3, dtype="uint8"), axis=1, gradient=0)
    cases.add(op, values(3, dtype="int32"), dtype="float32", gradient=0)
    # TensorFlow's derivative of a complex cumprod lacks the conjugate that its other derivatives have.
    combine = {"cumsum": tf.add, "cumprod": tf.multiply}[op]
    cases.add(op, values(2, 3, dtype="complex64"), axis=1, reference=running(combine))
    cases.add(op, values(2, 1, 2, 1, 2, 2), axis=-2)
    for x in ([1, NAN, 2], [INF, 1, -INF]):
        cases.add(op, np.array(x, "float32"), gradient=0, wide=False)
    holed = np.array([[1, NAN, 2], [NAN, NAN, 3]], "float32")
    for kwargs in SHAPES:
        cases.add("nan" + op, holed, expected=getattr(np, "nan" + op)(holed, **kwargs), **kwargs)
    cases.add("nan" + op, values(3, dtype="int32"), gradient=0)
    cases.add("nan" + op, values(3, dtype="int32"), dtype="float32", gradient=0)


for op, combine in (("cummax", tf.maximum), ("cummin", tf.minimum)):
    for kwargs in SHAPES:
        for reverse in (False, True):
            cases.add(op, values(2, 4), **kwargs, reverse=reverse, reference=running(combine))
    cases.add(op, values(2, 4, dtype="int32"), axis=1, gradient=0, reference=running(combine))
    cases.add(op, np.array([1, 3, NAN, 5], "float32"), gradient=0, reference=running(combine))
    cases.add(op, np.array([1, INF, -INF, 5], "float32"), gradient=0, reference=running(combine))
for exclusive in (False, True):
    for reverse in (False, True):
        for x, axis in ((values(5), 0), (values(2, 3), -1), (values(2, 3), 0), (values(2, 7, 1), 1)):
            finite = {"exclusive": exclusive, "reverse": reverse, "axis": axis}
            cases.add("logcumsumexp", x, **finite, reference=tf.math.cumulative_logsumexp, gradient=0 if exclusive else 2)
cases.add("logcumsumexp", np.array([1000, 0, -1000, 1001], "float32"), gradient=0, reference=tf.math.cumulative_logsumexp)
cases.add("logcumsumexp", np.array([-1000, 0, 5], "float32"), gradient=0, reference=tf.math.cumulative_logsumexp)
