"""Oracle cases of reading and writing at places, of masks and of codes."""

import keras
import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("indexing")
INTS = values(2, 3, dtype="int32", low=-9, high=9)
CUBE = values(2, 3, 4, dtype="int32", low=-9, high=9)
BOOLS = np.array([[True, False, True], [False, False, True]])
WORDS = np.array([["a", "bb", ""], ["ü", "dd", "e"]], object)
EDGES = np.array([[np.nan, np.inf, -np.inf], [0.0, -0.0, 1e30]], "float32")
i32 = lambda *x: np.array(x, "int32")  # noqa: E731
s = slice

# --- get_item ---

BASIC = [
    0, -1, s(None), s(1, None), s(None, None, -1), s(-2, None), s(5, 1), s(0, 0), Ellipsis, None, (0, 1), (1, s(None), -1),
    (s(None), 0), (Ellipsis, 0), (Ellipsis, s(None, None, 2)), (None, 0, Ellipsis, None), (s(None), None, s(2, 0, -1)),
    (s(None, None, -2), s(None, None, -1), s(3, None, -2)), (s(-9, 9), s(1, 2), s(2, 3)), (0, 1, 2), (0, 1, 2, None), (),
]  # fmt: skip
for key in BASIC:
    gradient = 0 if 0 in CUBE[key].shape else 2
    cases.add("get_item", values(2, 3, 4), key, reference=lambda x, k: x[k if k != () else Ellipsis], gradient=gradient)
    cases.add("get_item", CUBE, key, expected=CUBE[key])
for key in [(0, 1), (s(None), s(None, None, -1)), -1]:
    for x in (WORDS, BOOLS, EDGES):
        cases.add("get_item", x, key, expected=np.asarray(x[key], x.dtype))
mask3 = values(2, 3, 4, dtype="bool")
ADVANCED = [
    i32(1, 0, 1), (s(None), i32(0, 2)), (s(None), i32([0, 2], [1, 1])), (i32(0, 1), i32(2, 0)), (i32([0], [1]), i32(2, 0)),
    (0, i32(1, 2)), (0, s(None), i32(1, -1)), (i32(0, -1), s(None), i32(1, 3)), (i32(0, 1), None, i32(1, 2)),
    (Ellipsis, i32(3, 0)), (s(None), i32(2, 0), i32(1, 1)), (s(None, None, -1), i32(1), s(1, 3)), (i32(1), 0, i32(2)), i32(),
    (s(None), BOOLS[0]), (BOOLS,), (BOOLS, 0), (s(None), values(3, 4, dtype="bool")), mask3, (BOOLS, i32(1, 2, 3)),
    (np.array(1, "int32"), s(None), 0),
]  # fmt: skip
for key in ADVANCED:
    cases.add("get_item", CUBE, key, expected=CUBE[key])
    listed = tuple(k.tolist() if isinstance(k, np.ndarray) else k for k in key) if isinstance(key, tuple) else key.tolist()
    cases.add("get_item", CUBE, listed, expected=CUBE[key])
cases.add("get_item", CUBE, ([-1, 0], s(None), [True, False, False, True]), expected=CUBE[[-1, 0], :, [True, False, False, True]])
cases.add("get_item", CUBE, True, expected=CUBE[True])
cases.add("get_item", CUBE, False, expected=CUBE[False])
cases.add("get_item", WORDS, (s(None), i32(2, 0)), expected=WORDS[:, [2, 0]])
cases.add("get_item", WORDS, BOOLS, expected=WORDS[BOOLS])
gathers = [
    (i32(1, 0, 1), lambda x, k: tf.gather(x, k)), ((s(None), i32(0, 2, 2)), lambda x, k: tf.gather(x, k[1], axis=1)),
    (mask3, tf.boolean_mask), (BOOLS, tf.boolean_mask),
    ((i32(0, 1, 0), i32(2, 0, 2)), lambda x, k: tf.gather_nd(x, tf.stack(k, 1))),
    ((s(None), i32(2, 0), i32(1, 1)), lambda x, k: tf.transpose(tf.gather_nd(tf.transpose(x, [1, 2, 0]), tf.stack(k[1:], 1)))),
]  # fmt: skip
for key, f in gathers:
    cases.add("get_item", values(2, 3, 4), key, reference=f)

# --- take, gather ---

for indices in (i32(1, 0, 1), i32([-1, 0], [0, 1]), np.array(1, "int32"), i32()):
    for axis in (None, 0, 1, -1):
        cases.add("take", values(2, 3), indices, axis=axis, gradient=2 if indices.size else 0)
        cases.add("take", INTS, indices, axis=axis, expected=np.take(INTS, indices, axis))
        cases.add("take", WORDS, indices.tolist(), axis=axis, expected=np.asarray(np.take(WORDS, indices, axis), object))
cases.add("take", BOOLS, i32(5, 0), expected=np.take(BOOLS, [5, 0]))
cases.add("take", EDGES, 1, axis=0, expected=EDGES[1])
cases.add("take", values(1, 2, 1, 2, 1, 2), i32(1, 1, 0), axis=3)
for axis in (0, 1, -1):
    indices = i32([0, 1, 1], [1, 0, -1]) if axis == 0 else i32([2, 0], [1, -1])
    for x in (values(2, 3), INTS, WORDS):
        cases.add("take_along_axis", x, indices, axis=axis, expected=np.take_along_axis(x, indices, axis))
    cases.add("take_along_axis", values(2, 3), indices, axis=axis)
cases.add("take_along_axis", values(2, 3), i32(4, -1, 0))
cases.add("take_along_axis", INTS, i32(4, -1, 0), expected=INTS.ravel()[[4, -1, 0]])
cases.add("take_along_axis", values(2, 3), i32([0, 2]), axis=1, reference=lambda x, i, axis: tf.gather(x, [0, 2], axis=1))
cases.add(
    "take_along_axis",
    CUBE,
    i32([[3], [0], [1]]),
    axis=2,
    expected=np.take_along_axis(CUBE, np.broadcast_to(i32([[3], [0], [1]]), (2, 3, 1)), 2),
)
for axis, batch, indices in [
    (0, 0, i32(1, 0)),
    (1, 0, i32([0, 2], [1, 1])),
    (1, 1, i32([0, 2], [1, 1])),
    (2, 1, i32([0, 3], [1, 1])),
    (2, 2, i32([[0], [3], [1]], [[2], [2], [0]])),
    (-1, 1, i32(3, 0)),
    (2, 0, np.array(1, "int32")),
]:
    cases.add("gather", values(2, 3, 4), indices, axis=axis, batch_dims=batch, reference=tf.gather)
    cases.add("gather", CUBE, indices, axis=axis, batch_dims=batch, expected=tf.gather(CUBE, indices, axis=axis, batch_dims=batch).numpy())
cases.add("gather", INTS, [1, -1], expected=INTS[[1, -1]])
cases.add("gather", WORDS, i32(1, 1), 0, 0, expected=WORDS[[1, 1]])
for indices in (
    i32([0, 0], [1, 2]),
    i32([1], [0], [1]),
    i32([0, 1, 2]),
    i32(1),
    i32(1, 2),
    i32([[0, 1]], [[1, 0]]),
    np.zeros((2, 0), "int32"),
    np.zeros((0, 2), "int32"),
):
    cases.add("gather_nd", values(2, 3, 4), indices, reference=tf.gather_nd, gradient=2 if indices.size and indices.ndim > 1 else 0)
    cases.add("gather_nd", CUBE, indices, expected=tf.gather_nd(CUBE, indices).numpy())
cases.add("gather_nd", INTS, [[-1, -1], [0, 0]], expected=i32(INTS[-1, -1], INTS[0, 0]))
cases.add("gather_nd", WORDS, i32([0, 1], [1, 0]), expected=WORDS[[0, 1], [1, 0]])

# --- slices ---

for start, shape in [
    ((0, 0, 0), (2, 3, 4)),
    ((1, 0, 2), (1, 2, 2)),
    ((0, 1, 1), (2, -1, 1)),
    ((1, 1, 1), (-1, -1, -1)),
    ((0, 0, 0), (0, 1, 1)),
]:
    cases.add("slice", values(2, 3, 4), start, shape, reference=tf.slice, gradient=0 if 0 in shape else 2)
    cases.add("slice", CUBE, start, shape, expected=tf.slice(CUBE, start, shape).numpy())
cases.add("slice", values(4), i32(1), i32(2), reference=tf.slice)
cases.add("slice", WORDS, (0, 1), (2, 2), expected=WORDS[:, 1:])
for begin, end, strides, masks in [
    ([0, 1], [2, 3], None, {}), ([1, -1, 0], [2, 0, 4], [1, -1, 2], {}), ([1, 0], [2, 1], [1, 1], {"begin_mask": 2, "end_mask": 3}),
    ([0, 0], [0, 1], [1, 1], {"ellipsis_mask": 1}),
    ([0, 0, 1], [0, 0, 2], [1, 1, 1], {"new_axis_mask": 2, "end_mask": 1}), ([1, 0], [2, 3], [1, 1], {"shrink_axis_mask": 1}),
    ([-1, 0, 1], [0, 1, 2], [1, 1, 1], {"shrink_axis_mask": 5}), ([3, 3], [0, 1], [-1, -2], {"begin_mask": 1, "end_mask": 1}),
]:  # fmt: skip
    for x in (values(2, 3, 4), CUBE):
        cases.add("strided_slice", x, begin, end, strides=strides, reference=tf.strided_slice, **masks)
for start, shape in [((0, 0), (1, 1)), ((1, 1), (1, 2)), ((0, 0), (2, 3)), ((0, 2), (2, 1)), ((1, 0), (0, 2))]:
    gradient = 0 if 0 in shape else 2
    room = [[a, d - a - n] for a, n, d in zip(start, shape, (2, 3), strict=True)]
    replaced = lambda x, _, u, room=room: tf.where(tf.pad(tf.ones(u.shape, bool), room), tf.pad(u, room), x)  # noqa: E731
    cases.add("slice_update", values(2, 3), start, values(*shape, seed=8), reference=replaced, gradient=gradient)
    made = INTS.copy()
    made[start[0] : start[0] + shape[0], start[1] : start[1] + shape[1]] = 7
    cases.add("slice_update", INTS, start, np.full(shape, 7, "int32"), expected=made)
cases.add("slice_update", values(4), i32(1), values(2), reference=lambda x, i, u: tf.concat([x[:1], u, x[3:]], 0))
cases.add("slice_update", WORDS, (1, 1), np.array([["x", "y"]], object), expected=np.array([WORDS[0], ["ü", "x", "y"]], object))
cases.add("slice_update", values(), (), values(seed=2), expected=values(seed=2))
cases.add("slice_update", EDGES, (0, 1), EDGES[:, :1], expected=np.stack([EDGES[:, 0], EDGES[:, 0], EDGES[:, 2]], 1))

# --- scatter ---

PLACES = [
    (i32([0], [2], [0]), (4,)),
    (i32([1, 1], [0, 2]), (2, 3)),
    (i32([1]), (3, 2)),
    (i32([[0], [3]], [[1], [1]]), (4, 2)),
    (i32([0, 1, 0], [1, 0, 1]), (2, 2, 2)),
    (np.zeros((0, 1), "int32"), (3,)),
    (i32([-1]), (3,)),
]
for indices, shape in PLACES:
    k = indices.shape[-1]
    updates = values(*indices.shape[:-1], *shape[k:], seed=5)
    if (indices >= 0).all() and indices.size:
        cases.add("scatter", indices, updates, shape)
        for reduction, f in [
            (None, tf.tensor_scatter_nd_update),
            ("add", tf.tensor_scatter_nd_add),
            ("max", tf.tensor_scatter_nd_max),
            ("min", tf.tensor_scatter_nd_min),
        ]:
            second = 2 if reduction in (None, "add") else 0 if reduction else 1
            if reduction is None and len(np.unique(indices.reshape(-1, k), axis=0)) < indices.size // k:
                continue  # which of two updates wins is not defined in TensorFlow
            cases.add(
                "scatter_update",
                values(*shape),
                indices,
                updates,
                reduction=reduction,
                reference=lambda x, i, u, reduction, f=f: f(x, i, u),
                gradient=second,
            )
    whole = (updates * 9).astype("int32")
    for reduction in (None, "add", "mul", "max", "min"):
        made = np.zeros(shape, "int32") + 3
        ufunc = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}.get(reduction)
        at = tuple(np.moveaxis(indices, -1, 0))
        if ufunc:
            ufunc.at(made, at, whole)
        else:
            made[at] = whole
        cases.add("scatter_update", np.zeros(shape, "int32") + 3, indices, whole, reduction=reduction, expected=made)
    made = np.zeros(shape, "int32")
    np.add.at(made, tuple(np.moveaxis(indices, -1, 0)), whole)
    cases.add("scatter", indices, whole, shape, expected=made)
    cases.add("scatter", indices.tolist() if indices.size else indices, whole, shape, expected=made)
cases.add("scatter", i32([0, 0]), values(1), i32(2, 2), expected=np.array([[values(1)[0], 0], [0, 0]], "float32"))
cases.add("scatter_update", values(3), [[0], [1]], 5.0, expected=np.array([5, 5, values(3)[2]], "float32"))
cases.add("scatter_update", values(3), [[0], [0]], values(2), expected=np.array([values(2)[1], *values(3)[1:]], "float32"))
cases.add("scatter_update", WORDS, [[1, 0]], np.array(["z"], object), expected=np.array([WORDS[0], ["z", "dd", "e"]], object))
cases.add(
    "scatter_update",
    values(2, 2),
    np.array([[0, 1], [1, 0]], "int32"),
    values(2, seed=1),
    reduction="mul",
    reference=lambda x, i, u, reduction: tf.stack([tf.stack([x[0, 0], x[0, 1] * u[0]]), tf.stack([x[1, 0] * u[1], x[1, 1]])]),
    gradient=0,
)


def reference(i, v, shape, default_value):
    """Return TensorFlow's sparse_to_dense."""
    default_value = tf.cast(default_value, v.dtype)
    return tf.raw_ops.SparseToDense(sparse_indices=i, output_shape=shape, sparse_values=v, default_value=default_value)


for indices, vals, shape, default in [
    (i32(1, 3), i32(5, 6), (4,), 0),
    (i32([0, 1], [1, 2]), values(2), (2, 3), -1.0),
    (np.array(2, "int32"), np.array(7, "int32"), (4,), 1),
    (i32([0], [2]), np.array(9, "int32"), (3,), 0),
    (i32(), i32(), (2,), 4),
]:
    cases.add("sparse_to_dense", indices, vals, shape, default_value=default, reference=reference, gradient=0)
    cases.add("sparse_to_dense", indices.tolist(), vals, shape, default, expected=reference(indices, vals, shape, default).numpy())
cases.add("sparse_to_dense", [[1]], np.array(["x"], object), (3,), expected=np.array(["", "x", ""], object))
cases.add("sparse_to_dense", [[1]], np.array(["x"], object), (2,), "-", expected=np.array(["-", "x"], object))
cases.add("sparse_to_dense", i32([0, 1], [1, 2]), values(2), (2, 3), reference=lambda i, v, s: tf.scatter_nd(i, v, s))

# --- conditions ---

for x in (BOOLS, INTS, EDGES, values(3), mask3, np.zeros((2, 2), "int32"), np.zeros((0, 3), "float32"), WORDS != ""):
    found = tuple(v.astype("int32") for v in np.nonzero(x))
    cases.add("nonzero", x, expected=found)
    cases.add("where", x, expected=found)
cases.add("nonzero", WORDS, expected=tuple(v.astype("int32") for v in np.nonzero(WORDS != "")))
for x, mask, axis in [
    (values(2, 3, 4), BOOLS, 0),
    (values(2, 3, 4), BOOLS[0], 1),
    (values(2, 3, 4), mask3, 0),
    (values(2, 3, 4), values(3, 4, dtype="bool"), 1),
    (values(3), np.array([False, True, False]), 0),
    (values(2, 4), np.array([True, False, True, True]), -1),
]:
    cases.add("boolean_mask", x, mask, axis=axis, reference=lambda t, m, axis: tf.boolean_mask(t, m, axis=axis % len(t.shape)))
    y = (x * 9).astype("int32")
    cases.add("boolean_mask", y, mask.tolist(), axis=axis, expected=tf.boolean_mask(y, mask, axis=axis % y.ndim).numpy())
cases.add("boolean_mask", values(3), np.zeros(3, bool), expected=np.zeros(0, "float32"))
cases.add("boolean_mask", WORDS, BOOLS, expected=WORDS[BOOLS])
a, b, c = values(2, 3), values(3, seed=1), values(seed=2)
cases.add("select", [BOOLS, ~BOOLS], [a, b], reference=lambda p, q: tf.where(p[0], q[0], tf.where(p[1], q[1], 0)))
cases.add("select", [BOOLS], [a], 5.0, expected=np.select([BOOLS], [a], np.float32(5)))
cases.add(
    "select",
    [BOOLS, INTS > 0],
    [a, c],
    default=-1.0,
    reference=lambda p, q, default: tf.where(p[0], q[0], tf.where(p[1], q[1], tf.cast(default, q[0].dtype))),
)
cases.add("select", [INTS > 3, INTS > 0], [INTS, -INTS], default=9, expected=np.select([INTS > 3, INTS > 0], [INTS, -INTS], 9))
for default in (0, 2):
    cases.add(
        "select",
        [INTS > 3, BOOLS, INTS < -3],
        [INTS, 2 * INTS, 3 * INTS],
        default=default,
        expected=np.select([INTS > 3, BOOLS, INTS < -3], [INTS, 2 * INTS, 3 * INTS], default).astype("int32"),
    )
    cases.add(
        "select",
        [np.array([True, False, False])],
        [INTS],
        default=default,
        expected=np.select([np.array([True, False, False])], [INTS], default).astype("int32"),
    )

# --- codes ---

for x in (i32(0, 2, 1), i32([0, 3], [-1, 1]), np.array(1, "int32"), i32()):
    for axis in {-1, 0, x.ndim}:
        cases.add("one_hot", x, 3, axis=axis, reference=lambda v, n, axis: tf.one_hot(v, n, axis=axis))
    for dtype in ("int32", "bool", "uint8"):
        cases.add(
            "one_hot",
            x,
            4,
            dtype=dtype,
            reference=lambda v, n, dtype: tf.one_hot(v, n, dtype=dtype, on_value=tf.cast(1, dtype), off_value=tf.cast(0, dtype)),
        )
    cases.add("one_hot", x, 2, on_value=5, off_value=-1, dtype="int32", expected=tf.one_hot(x, 2, 5, -1).numpy())
    cases.add("one_hot", x, 2, on_value=0.5, off_value=2.5, expected=tf.one_hot(x, 2, 0.5, 2.5).numpy())
cases.add("one_hot", [0, 1], 0, expected=np.zeros((2, 0), "float32"))
cases.add("one_hot", np.array([1.0, 0.0], "float32"), 2, expected=np.array([[0, 1], [1, 0]], "float32"))
cases.add("one_hot", np.array([2, 0], "uint8"), 3, expected=np.array([[0, 0, 1], [1, 0, 0]], "float32"))
for x in (i32(0, 2, 1), i32([0, 2], [1, 1]), i32([[0, 3], [2, 2]]), i32(-1, 1)):
    for n in (3, 4):
        codes = np.asarray(tf.one_hot(x, n))
        cases.add("multi_hot", x, n, expected=codes.max(1 if x.ndim > 1 else 0))
        cases.add("multi_hot", x, num_classes=n, dtype="int32", expected=codes.max(1 if x.ndim > 1 else 0).astype("int32"))
cases.add("multi_hot", i32([0, 2], [1, 1]), 3, axis=-1, reference=keras.ops.multi_hot)
for indices, shape in [
    (i32(5, 0, 3), (2, 3)),
    (i32([23], [0]), (2, 3, 4)),
    (np.array(7, "int32"), (3, 3)),
    (i32(), (2, 2)),
    (i32(4), (5,)),
    (i32(11, 1), (1, 2, 1, 2, 3, 1)),
]:
    found = tuple(np.asarray(v, "int32") for v in np.unravel_index(indices, shape))
    cases.add("unravel_index", indices, shape, expected=found)
    cases.add("unravel_index", indices.tolist(), shape, expected=found)
