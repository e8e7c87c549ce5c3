"""Cases of batch norm, local response, softmax."""

import numpy as np

from . import INF, case, floats

for op in ("Softmax", "LogSoftmax"):
    case(op, floats(2, 5))
    case(op, floats(4))
    case(op, floats(0, 3))
    case(op, floats(2, 3, 4, low=-50, high=50))
    case(op, np.array([[1000.0, 0.0, -1000.0], [-INF, 0.0, 1.0]], "float32"))
case("L2Loss", floats(2, 3))
case("LRN", floats(2, 3, 3, 6))
case("LRN", floats(1, 2, 2, 5), depth_radius=2, bias=2.0, alpha=0.5, beta=0.75)
for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
    parts = floats(3), floats(3), floats(3), floats(3, low=0.5)
    case(op, floats(2, 4, 4, 3), *parts, is_training=False, epsilon=0.001, outputs=3)
    case(op, floats(0, 4, 4, 3), *parts, is_training=False, outputs=1)
    case(op, floats(1, 1, 1, 3, low=-9, high=9), *parts, is_training=False, epsilon=0.0, outputs=3)
    case(op, floats(2, 4, 4, 3), *parts[:2], np.zeros(0, "float32"), np.zeros(0, "float32"), is_training=True, outputs=5)


def _first(tf, x, scale, offset, mean, variance, **attrs):
    made = tf.raw_ops.FusedBatchNormV3(
        x=tf.transpose(x, (0, 2, 3, 1)), scale=scale, offset=offset, mean=mean, variance=variance, is_training=False
    )
    return [tf.transpose(made[0], (0, 3, 1, 2)), *made[1:]]


case("FusedBatchNormV3", floats(2, 3, 4, 4), floats(3), floats(3), floats(3), floats(3, low=0.5), data_format="NCHW", is_training=False,
     reference=_first, outputs=3)  # fmt: skip
