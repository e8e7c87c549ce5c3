"""Oracle cases of matmul, tensordot, einsum and their family."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("contraction")
F, NAN, INF = "float32", np.float32("nan"), np.float32("inf")


def numpys(op, *args, function=None, **kwargs):
    """Add a case whose result NumPy gives, in Keras's dtype (NumPy's, but for int8 where Keras widens)."""
    out = np.asarray((function or getattr(np, op))(*args, **kwargs))
    cases.add(op, *args, expected=out, **kwargs)


def _kron(x, y):
    rank = max(x.shape.rank, y.shape.rank)
    x, y = (tf.reshape(t, [1] * (rank - t.shape.rank) + list(t.shape)) for t in (x, y))
    wide = tf.tensordot(x, y, 0)
    mixed = tf.transpose(wide, [i + rank * k for i in range(rank) for k in range(2)])
    return tf.reshape(mixed, [a * b for a, b in zip(x.shape, y.shape)])


def _diagonals(subscripts, x):
    if subscripts == "iii->i":
        return tf.stack([x[i, i, i] for i in range(x.shape[0])])
    return tf.stack([tf.stack([x[i, j, i, j] for j in range(x.shape[1])]) for i in range(x.shape[0])])


# --- matmul ---
SHAPES = [
    ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((4, 2, 3), (3, 2)), ((2, 2, 3), (2, 3, 2)), ((1, 2, 3), (3, 3, 1)),
    ((2, 1, 2, 2), (3, 2, 2)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((1, 1), (1, 1)), ((1, 2, 1, 1, 2, 2), (2, 1, 1, 2, 2, 1)),
]  # fmt: skip
for a, b in SHAPES:
    cases.add("matmul", values(*a), values(*b, seed=1))
for ta, tb in ((True, False), (False, True), (True, True)):
    a, b = values(2, *((3, 2) if ta else (2, 3))), values(2, *((4, 3) if tb else (3, 4)), seed=2)
    cases.add("matmul", a, b, transpose_a=ta, transpose_b=tb, reference=tf.matmul)
for a, b in (((2, 0), (0, 3)), ((0, 2), (2, 3)), ((2, 0, 3), (3, 2)), ((0,), (0,)), ((1, 2, 3), (0, 3, 2))):
    numpys("matmul", values(*a), values(*b))
for d1, d2 in (("int32", "int32"), ("int32", F), ("bool", "bool"), ("uint8", "uint8"), ("int8", "int32"), ("bool", F), ("bool", "uint8")):
    numpys("matmul", values(2, 3, dtype=d1, low=0, high=100), values(3, 2, dtype=d2, low=-3 if d2 != "uint8" else 0, high=100))
numpys("matmul", values(2, 3, dtype="int8", low=-100, high=100), values(3, 2, dtype="int8", low=-100, high=100),
       function=lambda a, b: a.astype("int32") @ b.astype("int32"))  # fmt: skip
numpys("matmul", np.array([[2**30, 2**30]], "int32"), np.array([[4], [1]], "int32"))
numpys(
    "matmul",
    values(2, 3, dtype="float16"),
    values(3, 2, dtype="float16"),
    function=lambda a, b: (a.astype(F) @ b.astype(F)).astype("float16"),
)
cases.add("matmul", values(2, 3, dtype="complex64"), values(3, 2, dtype="complex64"), gradient=1)
cases.add("matmul", values(2, 3), values(3, 2, dtype="complex64"), gradient=0, reference=lambda a, b: tf.cast(a, b.dtype) @ b)
cases.add("matmul", np.array([[1, NAN], [INF, 1]], F), np.array([[1, 2], [3, 0]], F), gradient=0)
cases.add("matmul", np.array([[1e38, 1e38]], F), np.array([[10.0], [1.0]], F), gradient=0, wide=False)

# --- the products of two ---
PAIRS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (2, 3, 2)), ((), (2,)), ((2, 3), ()), ((), ())]
for a, b in PAIRS:
    cases.add("dot", values(*a), values(*b, seed=1))
for a, b in [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (4, 3)),
    ((2, 1, 3), (2, 3)),
    ((), (2,)),
    ((2, 2), ()),
    ((), ()),
    ((1, 1, 2), (1, 2)),
]:
    cases.add(
        "inner",
        values(*a),
        values(*b, seed=1),
        reference=lambda x, y: tf.tensordot(x, y, [[-1], [-1]]) if x.shape.rank and y.shape.rank else x * y,
    )
for a, b in [((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (6,)), ((), ()), ((1, 2, 2), (4,)), ((2, 1), (1, 2))]:
    cases.add("vdot", values(*a), values(*b, seed=1))
for a, b in [((3,), (2,)), ((2, 3), (2,)), ((2,), (2, 2)), ((), (3,)), ((2,), ()), ((), ()), ((1, 2, 1), (3, 1)), ((5,), (1,))]:
    cases.add("outer", values(*a), values(*b, seed=1))
for a, b in [
    ((2,), (3,)),
    ((2, 2), (1, 3)),
    ((2, 2), (3,)),
    ((3,), (2, 2)),
    ((1, 2, 2), (2, 1, 2)),
    ((), (2,)),
    ((2,), ()),
    ((2, 1, 2), (2,)),
    ((1, 2, 1, 2), (2, 1)),
]:
    cases.add("kron", values(*a), values(*b, seed=1), reference=lambda x, y: _kron(x, y))
for op in ("dot", "inner", "vdot", "outer", "kron"):
    numpys(op, values(3, dtype="int32"), values(3, dtype="int32", seed=1, low=-50, high=50))
    numpys(op, values(3, dtype="bool"), values(3, dtype="bool", seed=1))
    numpys(op, values(3, dtype="int32"), values(3, seed=1), function=lambda x, y, op=op: getattr(np, op)(x.astype(F), y))
    numpys(op, np.array([2**30, 7], "int32"), np.array([4, 3], "int32"))
    numpys(op, np.array([NAN, 1], F), np.array([1, INF], F))
    numpys(op, values(2, dtype="complex64"), values(2, seed=1, dtype="complex64"))
    numpys(op, values(2, dtype="int8", low=-9, high=9), values(2, seed=1, dtype="int8", low=-9, high=9))
    numpys(op, values(0), values(0))


# --- tensordot ---
for a, b, axes in [
    ((2, 3), (3, 2), 1), ((2, 3), (2, 3), 2), ((2, 3, 2), (3, 2, 2), 2), ((2, 3), (2,), 0), ((2, 3, 2), (2, 3), [[0, 1], [0, 1]]),
    ((2, 3, 2), (3, 2), [[1, 2], [0, 1]]), ((2, 3), (2, 3), [[-1], [-1]]), ((2, 3), (3, 2), [[0, 1], [1, 0]]), ((2, 3), (3,), [1, 0]),
    ((), (), 0), ((2, 1, 2, 1, 2), (2, 1), [[2, 3], [0, 1]]), ((2, 2), (2, 2), [[], []]), ((2,), (2,), 1),
]:  # fmt: skip
    cases.add("tensordot", values(*a), values(*b, seed=1), axes=axes)
cases.add("tensordot", values(2, 2, 3), values(2, 3, 2))
numpys("tensordot", values(2, 3, dtype="int32"), values(3, 2, dtype="int32"), axes=1)
numpys("tensordot", values(2, 0), values(0, 3), axes=1)
numpys("tensordot", values(2, 2, dtype="bool"), values(2, 2, dtype="bool", seed=3), axes=1)

# --- cross ---
for a, b in [
    ((3,), (3,)),
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 1, 3), (2, 3)),
    ((2, 2), (2, 3)),
    ((2,), (3,)),
    ((3,), (2,)),
    ((2, 2), (2, 2)),
    ((2,), (2,)),
]:
    cases.add("cross", values(*a), values(*b, seed=1))
for a, b, kwargs in [
    ((3, 2), (3, 2), {"axis": 0}),
    ((3, 2), (2, 3), {"axisa": 0}),
    ((2, 3), (3, 2), {"axisb": 0, "axisc": 0}),
    ((2, 3, 2), (2, 3, 2), {"axis": 1}),
    ((2, 2, 2), (3, 2, 2), {"axisa": -1, "axisb": 0, "axisc": 1}),
]:
    cases.add("cross", values(*a), values(*b, seed=1), **kwargs)
numpys("cross", values(2, 3, dtype="int32"), values(2, 3, dtype="int32", seed=2))
numpys("cross", values(3, dtype="complex64"), values(3, dtype="complex64", seed=2))
numpys("cross", values(0, 3), values(0, 3))
numpys("cross", np.array([1, NAN, 2], F), np.array([1, 2, INF], F))

# --- einsum ---
for subscripts, *shapes in [
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("ba,cb", (2, 3), (3, 2)), ("i,i", (3,), (3,)), ("i,j->ij", (2,), (3,)),
    ("i,j->ji", (2,), (3,)), ("ij->ji", (2, 3)), ("ij->i", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("ij", (2, 3)), ("ba", (2, 3)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("bij,bkj->ikb", (2, 2, 3), (2, 2, 3)), ("ij,ij->", (2, 3), (2, 3)),
    ("ij,kl->", (2, 2), (2, 2)),
    ("abc,bd->acd", (2, 2, 3), (2, 2)), ("abc,abd->dc", (2, 2, 2), (2, 2, 2)), ("...ij,...jk->...ik", (2, 2, 3), (2, 3, 2)),
    ("...ij,jk->...ik", (2, 1, 2, 3), (3, 2)), ("...ij,...jk->...ik", (1, 2, 3), (2, 3, 2)), ("...i,...i->...", (2, 3), (3,)),
    ("i...,i...->...", (3, 2), (3, 2)), ("...->...", (2, 3)), ("i...j->j...i", (2, 3, 2)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ij,jk,kl->lij", (2, 2), (2, 2), (2, 2)), ("i,i,i->i", (3,), (3,), (3,)), ("ij,i,j->", (2, 3), (2,), (3,)),
    (" i j , j k -> i k ", (2, 3), (3, 2)),
    ("abcd,cdef->abef", (1, 2, 2, 1), (2, 1, 1, 2)), (",ij->ij", (), (2, 2)), ("A,a->aA", (2,), (3,)),
    ("bhqd,bhkd->bhqk", (1, 2, 2, 2), (1, 2, 2, 2)),
]:  # fmt: skip
    cases.add("einsum", subscripts, *(values(*s, seed=i) for i, s in enumerate(shapes)), reference=tf.einsum)
for subscripts, shape in [
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iij->j", (2, 2, 3)),
    ("iji->ij", (2, 3, 2)),
    ("iii->i", (2, 2, 2)),
    ("...ii->...i", (2, 2, 2)),
    ("ijij->ij", (2, 2, 2, 2)),
]:
    cases.add(
        "einsum",
        subscripts,
        values(*shape),
        reference=lambda s, x: _diagonals(s, x) if s in ("iii->i", "ijij->ij") else tf.einsum(s, x),
    )
for subscripts, *shapes in [
    ("ii,ij->j", (2, 2), (2, 3)),
    ("ij,ij,jj->i", (2, 2), (2, 2), (2, 2)),
    ("ij,jk->ik", (2, 0), (0, 2)),
    ("ij,ij->ij", (1, 3), (2, 3)),
    ("...,...", (2, 1), (1, 3)),
    ("ij,k->i", (2, 0), (2,)),
    ("i,j,k->", (2,), (3,), (2,)),
    ("ij,ij", (1, 1), (2, 3)),
]:
    arrays = [values(*s, seed=i) for i, s in enumerate(shapes)]
    cases.add("einsum", subscripts, *arrays, expected=np.einsum(subscripts, *arrays))
for d in ("int32", "bool", "complex64"):
    arrays = values(2, 3, dtype=d), values(3, 2, dtype=d, seed=1)
    cases.add("einsum", "ij,jk->ki", *arrays, expected=np.einsum("ij,jk->ki", *arrays))
    cases.add("einsum", "ij->j", arrays[0], expected=np.einsum("ij->j", arrays[0]))
small = values(2, 3, dtype="int8", low=-100, high=100)
cases.add("einsum", "ij,ij->i", small, small, expected=np.einsum("ij,ij->i", small.astype("int32"), small.astype("int32")))
