"""Cases of casts, shapes, padding and blocks, and of what tells or passes on values."""

import numpy as np
import tensorflow as tf

from . import INF, bools, case, complexes, empty, floats, ints

WILD = np.array([0.0, 1.75, -1.75, 2.5, -0.25, 100.875], "float32")  # float16 has these too
for wanted in (tf.int32, tf.int64, tf.bool, tf.float64, tf.float16, tf.complex64, tf.float32, tf.uint8, tf.int8):
    case("Cast", np.abs(WILD) if wanted == tf.uint8 else WILD, DstT=wanted)
    case("Cast", ints(2, 3, low=0, high=9), DstT=wanted)
    case("Cast", bools(4), DstT=wanted)
for wanted in (tf.uint8, tf.int8, tf.int16, tf.uint16):
    case("Cast", np.array([-1, 255, 256, 300, -129, 128, 70000], "int32"), DstT=wanted)
case("Cast", complexes(3), DstT=tf.float32)
case("Cast", empty(0, 2), DstT=tf.int32)
case("Cast", ints(3, dtype="uint8", low=0), DstT=tf.float32)
case("Bitcast", floats(3), type=tf.int32)
case("Bitcast", ints(3, low=10**9, high=2 * 10**9), type=tf.float32)

case("Reshape", floats(2, 6), [3, -1])
case("Reshape", floats(2, 6), np.array([12], "int64"))
case("Reshape", floats(1, 1), empty(0, dtype="int32"))
case("Reshape", empty(0, 3), [-1, 3])
case("Reshape", empty(0, 3), [3, -1])
case("Reshape", empty(2, 0), [0, 5])
case("Reshape", np.array(["a", "b"], object), [2, 1])
case("Reshape", bools(4), [2, 2])
for axis in (0, 1, -1, -3):
    case("ExpandDims", floats(2, 3), axis)
case("ExpandDims", floats(2, 3), [1])
case("ExpandDims", np.array("x", object), 0)
case("Squeeze", floats(1, 2, 1, 3))
case("Squeeze", floats(1, 2, 1, 3), squeeze_dims=[2])
case("Squeeze", ints(1, 2, 1), squeeze_dims=[0, -1])
case("EnsureShape", floats(2, 3), shape=[None, 3])
case("EnsureShape", ints(), shape=[])
case("BroadcastTo", floats(3), [2, 3])
case("BroadcastTo", ints(2, 1), [4, 2, 3])
case("BroadcastTo", np.array("x", object), [2])
case("BroadcastTo", floats(1), [0])
case("BroadcastArgs", [2, 1, 3], [5, 1])
case("BroadcastArgs", np.array([4], "int64"), empty(0, dtype="int64"))
case("Tile", floats(2, 3), [2, 1])
case("Tile", ints(2), [3])
case("Tile", np.array(["a"], object), [2])
case("Tile", floats(2, 1), [0, 2])
for op in ("Identity", "Snapshot", "StopGradient", "PreventGradient"):
    case(op, floats(2, 2))
    case(op, ints(2))
case("Identity", np.array(["a", "ß"], object))
case("PlaceholderWithDefault", floats(3), shape=[None])
case("PlaceholderWithDefault", ints(), shape=[])
case("CheckNumerics", floats(2), message="")
case("IdentityN", (floats(2), ints(3)))
for shape in ((2, 3, 4), (), (0, 2)):
    for op in ("Shape", "Rank", "Size"):
        case(op, floats(*shape))
case("Shape", np.array(["a"], object), out_type=tf.int64)
case("Size", ints(3, 2), out_type=tf.int64)
case("ShapeN", (floats(2, 3), floats(1)))
case("ShapeN", (ints(), ints(0, 2)), out_type=tf.int64)
case("NoOp")
case("Assert", np.array(True), (floats(2),))

for op, more in (("Pad", ()), ("PadV2", (1.5,))):
    case(op, floats(2, 3), [[1, 0], [0, 2]], *more)
    case(op, floats(2), np.array([[0, 0]], "int64"), *more)
    case(op, empty(0, 2), [[1, 1], [0, 0]], *more)
case("Pad", np.array(["a"], object), [[1, 0]])
case("Pad", complexes(2), [[0, 1]])
case("Pad", bools(2), [[1, 0]])
case("Pad", ints(2, 2), [[1, 1], [1, 1]])
case("Pad", floats(), empty(0, 2, dtype="int32"))
case("PadV2", ints(2, 2), [[1, 1], [1, 1]], -7)
case("PadV2", floats(2), [[1, 1]], -INF)
case("PadV2", bools(2), [[1, 1]], np.array(True))
for mode in ("REFLECT", "SYMMETRIC"):
    case("MirrorPad", floats(3, 4), [[1, 2], [2, 1]], mode=mode)
    case("MirrorPad", ints(2, 3, 2), [[0, 0], [1, 1], [0, 0]], mode=mode)
case("SpaceToBatchND", floats(1, 4, 4, 2), [2, 2], [[0, 0], [0, 0]])
case("SpaceToBatchND", floats(2, 3, 5, 1), [2, 3], [[1, 0], [0, 1]])
case("SpaceToBatchND", floats(2, 4, 3), [2], [[1, 1]])
case("BatchToSpaceND", floats(4, 2, 2, 1), [2, 2], [[0, 0], [0, 0]])
case("BatchToSpaceND", floats(6, 2, 2, 1), [2, 3], [[1, 0], [0, 2]])
case("BatchToSpaceND", ints(4, 3, 2), [2], [[1, 1]])
case("SpaceToBatch", floats(1, 2, 4, 1), [[1, 1], [0, 0]], block_size=2)
case("BatchToSpace", floats(4, 2, 2, 1), [[1, 0], [0, 1]], block_size=2)


def _blocks_first(op):
    def reference(tf, x, block_size, data_format):
        made = getattr(tf.raw_ops, op)(input=tf.transpose(x, (0, 2, 3, 1)), block_size=block_size)
        return tf.transpose(made, (0, 3, 1, 2))

    return reference


for op, shape in (("DepthToSpace", (1, 8, 2, 3)), ("SpaceToDepth", (2, 3, 4, 2))):
    case(op, floats(*shape), block_size=2, data_format="NCHW", reference=_blocks_first(op))
for block in (2, 3):
    case("DepthToSpace", floats(1, 2, 1, block * block * 2), block_size=block)
    case("SpaceToDepth", floats(2, block, 2 * block, 2), block_size=block)
