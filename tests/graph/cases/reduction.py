"""Cases of reductions, running sums, counts and segments."""

import numpy as np
import tensorflow as tf

from . import INF, NAN, bools, case, complexes, empty, floats, ints

AXES = (([0], {}), ([1, -1], {"keep_dims": True}), (1, {}), ([0, 1, 2], {}), (np.zeros(0, "int32"), {}), (np.array(-1, "int64"), {}))
for op in ("Sum", "Mean", "Max", "Min", "Prod", "EuclideanNorm"):
    for axes, attrs in AXES:
        case(op, floats(2, 3, 4), axes, **attrs)
    case(op, empty(2, 0), [1])
    case(op, np.array([1.0, NAN, INF], "float32"), 0)
    case(op, floats(), empty(0, dtype="int32"))
for op in ("Sum", "Mean", "Max", "Min", "Prod"):
    case(op, ints(3, 4), 1)
    case(op, np.array([-7, -2, 1], "int32"), [0], keep_dims=True)
for op in ("Sum", "Mean", "Prod"):
    case(op, complexes(2, 3), 1)
for op in ("All", "Any"):
    for axes, attrs in AXES:
        case(op, bools(2, 2, 2), axes, **attrs)
    case(op, empty(2, 0, dtype="bool"), 1)
case("Sum", empty(0, 3, dtype="int32"), 0)
case("Max", empty(0, 3, dtype="int32"), 0)
for op in ("ArgMax", "ArgMin"):
    case(op, floats(3, 4), 0)
    case(op, floats(3, 4), -1, output_type=tf.int32)
    case(op, ints(2, 5), 1)
    case(op, np.array([1.0, 3.0, 3.0, 1.0], "float32"), np.array(0, "int64"))
case("ArgMax", bools(6), 0)
case("ArgMax", floats(2, 3, 4), 1, output_type=tf.int32)
case("ArgMax", np.array([-INF, -INF], "float32"), 0)
case("ArgMin", np.array([INF, INF], "float32"), 0)
for op in ("Cumsum", "Cumprod", "CumulativeLogsumexp"):
    for attrs in ({}, {"exclusive": True}, {"reverse": True}, {"exclusive": True, "reverse": True}):
        case(op, floats(2, 4), 1, **attrs)
for op in ("Cumsum", "Cumprod"):
    case(op, ints(4, 2), np.array(0, "int64"))
    case(op, empty(0, 2), -1)

case("Bincount", [1, 0, 3, 1, 9], 4, floats(5))
case("Bincount", [1, 0, 3, 1, 9], 5, empty(0))
case("Bincount", ints(2, 3, low=0, high=3), 3, empty(0, dtype="int32"))
case("DenseBincount", [1, 0, 3, 1, 9], 4, empty(0))
case("DenseBincount", [1, 0, 3, 1], 4, floats(4))
case("DenseBincount", [[1, 1, 0], [2, 2, 2]], 4, empty(0, dtype="int32"))
case("DenseBincount", [[1, 1, 0], [2, 2, 7]], 4, floats(2, 3))
case("DenseBincount", [[1, 1, 0], [2, 2, 2]], 4, empty(0), binary_output=True)
case("DenseBincount", [1, 1, 3], 4, floats(3), binary_output=True)
case("DenseBincount", empty(0, dtype="int32"), 3, empty(0))
for op in ("Sum", "Max", "Min", "Prod"):
    case(f"UnsortedSegment{op}", floats(4, 2), [1, 0, 1, 3], 5)
    case(f"UnsortedSegment{op}", ints(2, 2), [[0, 1], [1, -1]], 2)
for op in ("Sum", "Max", "Min", "Prod", "Mean"):
    case(f"Segment{op}", floats(4, 2), [0, 0, 1, 3])
    case(f"Segment{op}", floats(3), np.array([0, 2, 2], "int64"))
