"""Cases of fills, ranges and one-hot codes. Random numbers are tested by their distribution in `test_ops.py`."""

import numpy as np
import tensorflow as tf

from . import case, complexes, empty, floats, ints

case("Fill", [2, 3], 1.5)
case("Fill", np.array([2], "int64"), 7)
case("Fill", empty(0, dtype="int32"), np.array(True))
case("Fill", [2], np.array("x", object))
case("Fill", [0, 3], 1.0)
case("LinSpace", 0.0, 1.0, 5)
case("LinSpace", 3.0, -3.0, 4)
case("LinSpace", 2.0, 9.0, 1)
case("OnesLike", floats(2, 2))
case("OnesLike", ints(3))
case("OnesLike", np.array([True, False]))
case("ZerosLike", floats(2, 2))
case("ZerosLike", complexes(2))
case("ZerosLike", np.array(["a", "b"], object))
case("Ones", [2, 2], reference=lambda tf, shape, dtype: tf.ones(shape, dtype), dtype=tf.int32)
case("Zeros", [3], reference=lambda tf, shape, dtype: tf.zeros(shape, dtype), dtype=tf.float32)
case("Empty", [2], init=True, dtype=tf.float32)
case("Range", 0, 5, 1)
case("Range", 10, 0, -3)
case("Range", 3, 3, 1)
case("Range", 0.0, 1.0, 0.25)
case("Range", 1.0, -1.0, -0.3)
case("Range", np.array(2, "int64"), np.array(9, "int64"), np.array(3, "int64"))
case("OneHot", [0, 2, -1, 5], 3, 1.0, 0.0)
case("OneHot", [[0], [1]], 2, 5, -1, axis=0)
case("OneHot", np.array([1, 0], "int64"), 2, np.array(True), np.array(False))
case("OneHot", 1, 3, 2.5, 0.5)
case("OneHot", ints(2, 3, low=0, high=3, dtype="uint8"), 3, 1.0, 0.0, axis=1)
