"""Cases of slices, gathers, scatters, joins and splits."""

import numpy as np

from . import bools, case, complexes, empty, floats, ints

STRINGS = np.array([["a", "bc"], ["d", "é"]], object)

case("Slice", floats(3, 4), [1, 0], [2, -1])
case("Slice", ints(5), np.array([2], "int64"), np.array([0], "int64"))
case("Slice", STRINGS, [0, 1], [2, 1])
case("Slice", floats(), empty(0, dtype="int32"), empty(0, dtype="int32"))
for begin, end, strides, masks in (
    ([1, 0], [3, 4], [1, 2], {}),
    ([0, 3], [3, 0], [2, -1], {}),
    ([1, -1], [0, 0], [1, -1], {"begin_mask": 2, "end_mask": 3}),
    ([1], [2], [1], {"shrink_axis_mask": 1}),
    ([-1, 1], [0, 9], [1, 1], {"shrink_axis_mask": 1}),
    ([0, 1], [0, 2], [1, 1], {"ellipsis_mask": 1, "shrink_axis_mask": 2}),
    ([0, 0, 1], [0, 0, 3], [1, 1, 1], {"new_axis_mask": 1, "end_mask": 2}),
    ([0, 0], [0, 0], [1, 1], {"ellipsis_mask": 1, "new_axis_mask": 2}),
    ([0, 0, 0], [1, 0, 2], [1, 1, 1], {"begin_mask": 1, "ellipsis_mask": 2}),
    ([3], [1], [1], {}),
    ([-9, -9], [9, 9], [1, 1], {}),
    ([9, 0], [-9, 4], [-1, 3], {}),
    ([0, 0], [0, 0], [1, 1], {"new_axis_mask": 3, "shrink_axis_mask": 1}),
    ([1, 2], [2, 3], [1, 1], {"shrink_axis_mask": 3}),
):
    case("StridedSlice", floats(4, 5), begin, end, strides, **masks)
case("StridedSlice", floats(2, 3, 4, 2), [0, 1, 0], [0, 3, 1], [1, 1, 1], ellipsis_mask=1, shrink_axis_mask=4)
case("StridedSlice", [5, 6, 7], [-1], [0], [1], shrink_axis_mask=1)
case("StridedSlice", STRINGS, [1], [2], [1], shrink_axis_mask=1)
case("StridedSlice", bools(4), np.array([0], "int64"), np.array([4], "int64"), np.array([2], "int64"))
case("Reverse", floats(2, 3), np.array([False, True]))
case("Reverse", ints(2, 2), np.array([True, True]))
case("Reverse", floats(3), np.array([False]))
case("ReverseV2", floats(2, 3, 2), [0, -1])
case("ReverseV2", ints(4), [0])
case("ReverseV2", floats(2, 3), empty(0, dtype="int32"))
case("ReverseV2", STRINGS, [1])
case("ReverseSequence", floats(3, 4, 2), [2, 0, 4], seq_dim=1, batch_dim=0)
case("ReverseSequence", floats(4, 3), np.array([1, 3, 4], "int64"), seq_dim=0, batch_dim=1)
case("Roll", floats(3, 4), [1, -2], [0, 1])
case("Roll", ints(5), 2, 0)

case("Gather", floats(4, 3), [3, 0, 0])
case("Gather", STRINGS, [[1], [0]])
for axis, batch, shape, indices in (
    (0, 0, (4, 3), [[0, 3], [2, 2]]),
    (1, 0, (2, 3, 2), [2, 0]),
    (-1, 0, (2, 3), 1),
    (1, 1, (2, 4), [[3, 0], [1, 1]]),
    (2, 1, (2, 3, 4), [[3, 0], [1, 1]]),
    (1, -1, (2, 3, 4), [[2, 0], [1, 1]]),
    (0, 0, (4,), empty(0, dtype="int32")),
):
    case("GatherV2", floats(*shape), indices, axis, batch_dims=batch)
case("GatherV2", ints(3, 2), np.array([2, 0], "int64"), np.array(0, "int64"))
case("GatherV2", STRINGS, [1, 0], 1)
case("GatherV2", bools(5), [4, 4], 0)
case("GatherV2", complexes(3), [1], 0)
case("GatherNd", floats(2, 3), [[0, 2], [1, 1]])
case("GatherNd", floats(2, 3, 2), [[[1]], [[0]]])
case("GatherNd", ints(2, 3), empty(2, 0, dtype="int32"))
case("GatherNd", STRINGS, [[1, 0]])
case("ScatterNd", [[1], [3], [1]], floats(3), [5])
case("ScatterNd", [[0, 1], [1, 0]], ints(2), [2, 2])
case("ScatterNd", [[2]], floats(1, 3), [4, 3])
case("ScatterNd", np.array([[1]], "int64"), bools(1), np.array([3], "int64"))
for op in ("TensorScatterUpdate", "TensorScatterAdd", "TensorScatterSub", "TensorScatterMax", "TensorScatterMin"):
    case(op, floats(5), [[4], [0]], floats(2))
    case(op, ints(3, 2), [[1]], ints(1, 2))
case("TensorScatterUpdate", bools(3), [[2]], np.array([True]))
case("ScatterNdNonAliasingAdd", floats(4), [[1], [1]], floats(2))
case("SparseToDense", [[0, 1], [1, 2]], [2, 3], floats(2), 0.0)
case("SparseToDense", [1, 3], [5], ints(2), -1)
case("SparseToDense", 2, [4], 5, 0)
case("SparseToDense", [[0], [2]], [3], 7.0, 1.0)
case("SparseToDense", np.array([[1]], "int64"), np.array([2], "int64"), np.array(["a"], object), np.array("z", object))

for axis in (0, 1, -1):
    case("ConcatV2", (floats(2, 2), floats(2, 2)), axis)
case("ConcatV2", (ints(1, 2), ints(3, 2), empty(0, 2, dtype="int32")), 0)
case("ConcatV2", (STRINGS, STRINGS), 1)
case("ConcatV2", (bools(2), bools(1)), np.array(0, "int64"))
case("Concat", 0, (ints(1), ints(2), ints(0)))
case("Concat", 1, (floats(2, 1), floats(2, 3)))
case("Pack", (floats(2, 3), floats(2, 3)), axis=1)
case("Pack", (ints(), ints(), ints()))
case("Pack", (STRINGS, STRINGS), axis=-1)
case("Unpack", floats(3, 2), num=3)
case("Unpack", ints(2, 3), num=3, axis=-1)
case("Unpack", STRINGS, num=2)
case("Split", 1, floats(2, 6), num_split=3)
case("Split", -2, ints(4, 2), num_split=2)
case("SplitV", floats(5, 2), [2, 3], 0, num_split=2)
case("SplitV", floats(2, 6), [1, -1, 2], 1, num_split=3)
case("SplitV", ints(4), np.array([0, 4], "int64"), -1, num_split=2)
case("DynamicPartition", floats(4, 2), [1, 0, 1, 1], num_partitions=3)
case("DynamicPartition", ints(2, 2), [[0, 1], [1, 0]], num_partitions=2)
case("DynamicStitch", ([0, 2], [1, 2]), (floats(2, 2), floats(2, 2)))
case("DynamicStitch", ([[2, 1]], 0), (floats(1, 2), floats()))
case("ParallelDynamicStitch", ([1], [0]), (floats(1), floats(1)))
