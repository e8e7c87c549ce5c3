"""Oracle cases of reshape and its kin, joining, splitting, padding, diagonals, blocks."""

import keras
import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("shaping")
WORDS = np.array([["a", "bb", ""], ["ü", "dd", "e"]], object)
CUBE = values(2, 3, 4, dtype="int32", low=-9, high=9)
INTS = values(2, 3, dtype="int32", low=-9, high=9)
BOOLS = values(2, 3, dtype="bool")
SIX = (1, 2, 1, 2, 1, 2)
EDGES = np.array([[np.nan, np.inf, -np.inf], [0.0, -0.0, 1e30]], "float32")


def both(name, x, *args, numpy=None, reference=None, gradient=2, **kwargs):
    """Add a case with Keras's derivatives, and the same on ints, bools, strings, NaN and infinities with NumPy's result."""
    cases.add(name, values(*x.shape, seed=3), *args, reference=reference, gradient=gradient, **kwargs)
    function = numpy or getattr(np, name)
    made = function(x, *args, **kwargs)
    cases.add(name, x, *args, expected=list(made) if isinstance(made, (list, tuple)) else made, **kwargs)


# --- shapes ---

for x, shapes in [
    (INTS, [(3, 2), -1, (6,), (1, -1, 2), (2, 3, 1, 1, 1, 1)]),
    (values(0, 3), [(3, 0), (0,)]),
    (values(), [(1,), ()]),
    (WORDS, [(-1,)]),
]:
    for shape in shapes:
        cases.add("reshape", x, shape, expected=np.reshape(x, shape))
for x in (values(2, 3), values(*SIX), values()):
    cases.add("reshape", x, (x.size,))
    cases.add("ravel", x)
    cases.add("copy", x)
for x in (INTS, BOOLS, WORDS, EDGES, values(0, 3), CUBE):
    cases.add("ravel", x, expected=np.ravel(x))
    cases.add("copy", x, expected=x)
    cases.add("transpose", x, expected=np.transpose(x))
    cases.add("flip", x, expected=np.flip(x))
    cases.add("roll", x, 2, expected=np.roll(x, 2))
for shape, axis in [
    ((1, 3, 1), None),
    ((1, 3, 1), 0),
    ((1, 3, 1), -1),
    ((1, 3, 1), (0, 2)),
    ((), None),
    (SIX, (0, 2)),
    ((2, 3), None),
    ((1, 0), 0),
]:
    cases.add("squeeze", values(*shape), axis=axis, gradient=2 if 0 not in shape else 0)
for x, axis in [(values(2, 3), 0), (values(2, 3), -1), (values(), 0), (INTS, 1), (BOOLS, 2), (values(3, 0), 1)]:
    cases.add("expand_dims", x, axis, gradient=2 if x.size else 0)
for axis in [(0, -1), (1, 2), (0, 1, 4), (2,)]:
    cases.add("expand_dims", values(2, 3), axis, expected=np.expand_dims(values(2, 3), axis))
for shape, axes in [
    ((2, 3), None),
    ((2, 3), (1, 0)),
    ((2, 3, 4), (2, 0, 1)),
    ((2, 3, 4), (0, 1, 2)),
    ((2, 3, 4), (-1, 0, -2)),
    (SIX, (5, 3, 1, 0, 2, 4)),
    ((), None),
    ((4,), None),
]:
    cases.add("transpose", values(*shape), axes=axes)
cases.add("transpose", values(2, 3, dtype="complex64"))
for a, b in [(0, 1), (0, -1), (1, 1), (-2, 0), (2, 1)]:
    both("swapaxes", CUBE, a, b)
for a, b in [(0, -1), (2, 0), (1, 1), ((0, 1), (-1, 0)), ((2, 0), (0, 1)), ((0, 1, 2), (2, 1, 0))]:
    both("moveaxis", CUBE, a, b)
both("moveaxis", values(*SIX), (0, 5), (3, 0))
for axis in [None, 0, -1, (0, 2), (1,)]:
    both("flip", CUBE, axis=axis)
for x in (CUBE, INTS, WORDS, EDGES):
    for name in ("fliplr", "flipud"):
        cases.add(name, x, expected=getattr(np, name)(x))
for name in ("fliplr", "flipud"):
    cases.add(name, values(2, 3))
    cases.add(name, values(2, 3, 2))
cases.add("flipud", values(4))
for shift, axis in [(1, None), (-2, None), (1, 0), (2, 1), (-1, -1), ((1, 2), (0, 1)), ((1, -1, 5), (0, 0, 2)), (7, 1), (0, 0)]:
    both("roll", CUBE, shift, axis=axis)
for shift, axis in [(2, (0, 1)), ((1, 2), 0)]:
    cases.add("roll", CUBE, shift, axis=axis, expected=np.roll(CUBE, shift, axis))
cases.add("roll", values(0, 3), 1, axis=0, expected=values(0, 3))
for k in (-1, 0, 1, 2, 3, 5):
    # Keras on TensorFlow transposes for k=2.
    cases.add("rot90", values(2, 3), k=k, reference=None if k != 2 else lambda x, k: tf.reverse(x, [0, 1]))
    cases.add("rot90", CUBE, k=k, axes=(1, 2), expected=np.rot90(CUBE, k, (1, 2)))
cases.add("rot90", CUBE, axes=(2, 0), expected=np.rot90(CUBE, 1, (2, 0)))
cases.add("rot90", WORDS, expected=np.rot90(WORDS))
for x, shape in [
    (values(3), (2, 3)),
    (values(2, 1), (2, 3)),
    (values(), (2, 2)),
    (values(1, 3, 1), (2, 3, 2)),
    (values(1), (0,)),
    (values(2), (2,)),
    (values(2, 1), (1, 2, 1, 1, 2, 2)),
]:
    cases.add("broadcast_to", x, shape, gradient=2 if 0 not in shape else 0)
cases.add("broadcast_to", WORDS, (2, 2, 3), expected=np.broadcast_to(WORDS, (2, 2, 3)))
for repeats in (2, (2,), (1, 2), (2, 1), (2, 1, 3), (0, 2), (2, 2, 1, 1)):
    both(
        "tile",
        INTS,
        repeats,
        gradient=0 if repeats == (0, 2) else 2,
        reference=lambda x, r: (
            keras.ops.tile(x, r) if isinstance(r, tuple) and len(r) >= 2 else keras.ops.tile(x, [1, r if isinstance(r, int) else r[0]])
        ),
    )
cases.add("tile", values(), 3, reference=lambda x, r: tf.tile(tf.reshape(x, [1]), [r]))
cases.add("tile", WORDS, (2, 1), expected=np.tile(WORDS, (2, 1)))
for repeats, axis in [(2, None), (3, 0), (2, -1), ([1, 2], 0), ([0, 3, 1], 1), (0, 1), ([2], 1)]:
    cases.add(
        "repeat",
        values(2, 3),
        repeats,
        axis=axis,
        reference=lambda x, r, axis: tf.repeat(x, r, axis=axis),
        gradient=0 if repeats == 0 else 2,
    )
    cases.add("repeat", INTS, repeats, axis=axis, expected=np.repeat(INTS, repeats, axis))
cases.add("repeat", INTS, np.array([2, 0], "int32"), axis=0, expected=np.repeat(INTS, [2, 0], 0))
cases.add("repeat", WORDS, 2, axis=1, expected=np.repeat(WORDS, 2, 1))
cases.add("repeat", values(), 3, expected=np.repeat(values(), 3))
for x in (CUBE, INTS, BOOLS, WORDS, values(), values(0, 3)):
    cases.add("shape", x, expected=tuple(x.shape))
    cases.add("size", x, expected=x.size)
    cases.add("ndim", x, expected=x.ndim)
    cases.add("ensure_shape", x, (None,) * x.ndim, expected=x)
    cases.add("ensure_shape", x, x.shape, expected=x)
cases.add("ensure_shape", values(2, 3), (2, None), reference=tf.ensure_shape)
for a, b in [((2, 1), (3,)), ((), (4, 2)), ((1, 5), (7, 1, 1)), ((0,), (1,)), ((2,), (2,))]:
    a, b = np.array(a, "int32"), np.array(b, "int32")
    cases.add("broadcast_args", a, b, expected=np.array(np.broadcast_shapes(a, b), "int32"))

# --- joining ---

for shapes, axis in [
    ([(2, 3), (2, 1)], 1),
    ([(2, 3), (1, 3), (2, 3)], 0),
    ([(2, 3)], -1),
    ([(2, 0), (2, 3)], -1),
    ([SIX, SIX], 4),
    ([(3,), (2,)], 0),
]:
    cases.add("concatenate", [values(*s, seed=i) for i, s in enumerate(shapes)], axis=axis)
cases.add("concatenate", [INTS, values(1, 3)], expected=np.concatenate([INTS, values(1, 3)]).astype("float32"))
for parts in ([INTS, BOOLS.astype("int32")], [WORDS, WORDS], [BOOLS, BOOLS], [EDGES, EDGES]):
    for axis in (0, 1):
        cases.add("concatenate", parts, axis=axis, expected=np.concatenate(parts, axis))
        cases.add("stack", parts, axis=axis, expected=np.stack(parts, axis))
        cases.add("append", *parts, axis=axis, expected=np.append(*parts, axis))
    for name in ("hstack", "vstack", "dstack"):
        cases.add(name, parts, expected=getattr(np, name)(parts))
for shape in [(3,), (2, 3), (2, 1, 3), ()]:
    pair = [values(*shape, seed=i) for i in range(2)]
    for axis in {0, len(shape), -1}:
        cases.add("stack", pair, axis=axis)
    for name in ("hstack", "vstack", "dstack"):
        if len(shape) > 1:
            cases.add(name, pair)
        cases.add(name, pair, expected=getattr(np, name)(pair))
    cases.add("append", *pair, reference=lambda a, b: tf.concat([tf.reshape(a, [-1]), tf.reshape(b, [-1])], 0))
for axis in (0, 1, -1):
    cases.add("append", values(2, 3), values(2, 3, seed=1), axis=axis)

# --- splitting ---

for x in (values(4, 6), values(4, 6, dtype="int32")):
    for sections, axis in [(2, 0), (3, 1), (2, -1), ([1, 3], 0), ([2], 1), ([1, 1, 4], 1), ([2, 9], 0), (1, 0)]:
        if x.dtype == "float32" and sections != [2, 9]:
            cases.add("split", x, sections, axis=axis)
        cases.add("split", x, sections, axis=axis, expected=np.split(x, sections, axis))
        cases.add("array_split", x, sections, axis=axis, expected=np.array_split(x, sections, axis))
for sections, axis in [(4, 1), (3, 0), (5, 0)]:
    cases.add("array_split", values(4, 6), sections, axis=axis)
for name, rank in [("hsplit", 2), ("vsplit", 2), ("dsplit", 3)]:
    x = values(4, 6) if rank == 2 else values(2, 2, 4)
    for sections in (2, [1, 3], [1]):
        cases.add(name, x, sections)
        cases.add(name, x, sections, expected=getattr(np, name)(x, sections))
cases.add("hsplit", values(6), 3, expected=np.hsplit(values(6), 3))
cases.add("split", WORDS, 3, axis=1, expected=np.split(WORDS, 3, 1))
cases.add("split", values(4), [-1], expected=np.split(values(4), [-1]))
for axis in (0, 1, -1):
    cases.add("unstack", values(2, 3, 2), axis=axis)
    cases.add("unstack", CUBE, axis=axis, expected=[np.take(CUBE, i, axis) for i in range(CUBE.shape[axis])])
cases.add("unstack", values(3), num=3)
cases.add("unstack", WORDS, expected=list(WORDS))

# --- padding ---

for width in (1, (1, 2), ((1, 2),), ((0, 1), (2, 0)), 0):
    full = [[a, b] for a, b in np.broadcast_to(np.array(width), (2, 2))]
    for value in (None, 7.5):
        cases.add(
            "pad",
            values(2, 3),
            width,
            constant_values=value,
            reference=lambda x, w, constant_values, f=full: tf.pad(x, f, constant_values=tf.cast(constant_values or 0, x.dtype)),
        )
    for mode in ("reflect", "symmetric", "edge", "wrap", "mean", "maximum", "minimum", "median", "linear_ramp", "constant"):
        for x in (values(2, 3), INTS) if mode != "median" else (values(2, 3),):
            cases.add("pad", x, width, mode=mode, expected=np.pad(x, width, mode=mode))
for width in (((1, 1), (2, 1)), ((0, 1), (1, 2))):
    for mode in ("reflect", "symmetric"):
        cases.add("pad", values(2, 3), width, mode=mode)
        cases.add("mirror_pad", values(2, 3), width, mode=mode, reference=lambda x, w, mode: tf.pad(x, w, mode=mode))
        cases.add("mirror_pad", INTS, width, mode, expected=np.pad(INTS, width, mode=mode))
for mode in ("reflect", "symmetric", "edge", "wrap"):
    for x in (values(3), values(1), WORDS[0], EDGES[0]):
        cases.add("pad", x, (4, 5), mode=mode, expected=np.pad(x, (4, 5), mode=mode))
cases.add("pad", values(3), 2, mode="circular", expected=np.pad(values(3), 2, mode="wrap"))
cases.add("pad", values(2), 1, mode="empty", expected=np.pad(values(2), 1))
for x, value in [(INTS, 3), (BOOLS, True), (values(0, 2), 1), (INTS, -1), (EDGES, float("inf"))]:
    cases.add("pad", x, 1, constant_values=value, expected=np.pad(x, 1, constant_values=value))
cases.add("pad", WORDS, 1, expected=np.pad(WORDS, 1, constant_values=""))
cases.add("pad", WORDS, ((0, 0), (1, 0)), constant_values="x", expected=np.pad(WORDS, ((0, 0), (1, 0)), constant_values="x"))
for width in (1, ((0, 1), (1, 0))):
    x = values(2, 3)
    front = [[a, b] for a, b in np.broadcast_to(np.array(width), (2, 2))]
    cases.add("pad", x, width, mode="edge", reference=lambda v, w, mode, f=front: tf.pad(v, f, mode="SYMMETRIC"))

# --- diagonals ---

for k in (-3, -1, 0, 1, 2, 4):
    for name in ("triu", "tril"):
        cases.add(name, values(3, 4), k=k)
        cases.add(name, CUBE, k=k, expected=getattr(np, name)(CUBE, k))
    cases.add("diag", values(3), k=k)
    for name, keyword in (("diag", "k"), ("diagonal", "offset")):
        made = {} if -3 < k < 4 else {"expected": np.diag(values(3, 4), k)}
        cases.add(name, values(3, 4), **{keyword: k}, **made)
    cases.add("diag", INTS, k=k, expected=np.diag(INTS, k))
    cases.add("diagflat", values(2, 2), k=k)
    cases.add("diagflat", INTS, k=k, expected=np.diagflat(INTS, k))
    cases.add("diagonal", CUBE, offset=k, axis1=2, axis2=0, expected=np.diagonal(CUBE, k, 2, 0))
    cases.add("diagonal", CUBE, offset=k, axis1=-2, axis2=-1, expected=np.diagonal(CUBE, k, -2, -1))
    cases.add(
        "trace",
        values(3, 4),
        offset=k,
        reference=lambda x, offset: tf.reduce_sum(tf.linalg.diag_part(x, k=offset)) if -3 < offset < 4 else tf.reduce_sum(x * 0),
    )
    cases.add("trace", CUBE, offset=k, axis1=0, axis2=2, expected=np.trace(CUBE, k, 0, 2).astype("int32"))
for name in ("triu", "tril"):
    cases.add(name, BOOLS, expected=getattr(np, name)(BOOLS))
    cases.add(name, EDGES, expected=getattr(np, name)(EDGES))
    cases.add(name, values(0, 3), expected=values(0, 3))
cases.add("diag", values(0), k=2, expected=np.zeros((2, 2), "float32"))
cases.add("trace", BOOLS, expected=np.int32(np.trace(BOOLS)))
for n in (None, 2, 5, 0):
    for increasing in (False, True):
        cases.add("vander", values(3), N=n, increasing=increasing, expected=np.vander(values(3), n, increasing))
        cases.add("vander", INTS[0], N=n, increasing=increasing, expected=np.vander(INTS[0], n, increasing))
cases.add("vander", values(3), reference=lambda x: tf.stack([x * x, x, tf.ones_like(x)], 1))
cases.add(
    "vander",
    np.array([0.0, 2.0], "float32"),
    N=3,
    increasing=True,
    reference=lambda x, N, increasing: tf.stack([tf.ones_like(x), x, x * x], 1),
)

# --- blocks ---

for shape, pattern, lengths in [
    ((2, 4, 6), "b h w -> b w h", {}), ((2, 4, 6), "b (h p) w -> b h (p w)", {"p": 2}), ((2, 3), "a b -> (a b)", {}),
    ((6,), "(a b) -> a b", {"a": 2}),
    ((2, 4, 6), "b (h p) (w q) -> b (h w) (p q)", {"p": 2, "q": 3}),
]:  # fmt: skip
    cases.add("rearrange", values(*shape), pattern, **lengths)
for pattern, f in [
    ("a ... -> ... a", lambda x: np.moveaxis(x, 0, -1)), ("... a -> a (...)", lambda x: np.moveaxis(x, -1, 0).reshape(4, 6)),
    ("a b c -> a 1 b c", lambda x: x[:, None]), ("a b c -> (a b c) 1", lambda x: x.reshape(-1, 1)),
    ("a b c -> () c b a", lambda x: x.T[None]),
]:  # fmt: skip
    cases.add("rearrange", CUBE, pattern, expected=f(CUBE))
cases.add("rearrange", WORDS, "a b -> b a", expected=WORDS.T)
for block, shape in [(2, (1, 2, 4, 1)), (2, (2, 4, 2, 3)), (3, (1, 3, 3, 2)), (2, (1, 4, 4, 0))]:
    b, h, w, c = shape
    x, deep = values(*shape), values(b, h // block, w // block, c * block * block)
    gradient = 2 if c else 0
    cases.add("space_to_depth", x, block, gradient=gradient)
    cases.add("depth_to_space", deep, block, gradient=gradient)
    for name, y, f in [("space_to_depth", x, tf.nn.space_to_depth), ("depth_to_space", deep, tf.nn.depth_to_space)]:
        if c:
            first = lambda v, k, data_format, f=f: tf.transpose(f(tf.transpose(v, [0, 2, 3, 1]), k), [0, 3, 1, 2])  # noqa: E731
            cases.add(name, np.transpose(y, (0, 3, 1, 2)).copy(), block, data_format="channels_first", reference=first)
            z = (y * 9).astype("int32")
            cases.add(name, z, block, data_format="channels_last", expected=f(z, block).numpy())
for shape, blocks, pads in [
    ((1, 4, 4, 1), [2, 2], [[0, 0], [0, 0]]), ((2, 2, 4, 1), [2, 2], [[0, 0], [2, 0]]), ((1, 3, 5), [2], [[1, 0]]),
    ((2, 3, 2, 2), [3, 2], [[1, 2], [1, 1]]), ((3, 4), [4], [[0, 0]]), ((1, 4), [1], [[0, 1]]),
]:  # fmt: skip
    f = lambda x, b, p: tf.space_to_batch(x, b, p)  # noqa: E731
    g = lambda x, b, p: tf.raw_ops.BatchToSpaceND(input=x, block_shape=b, crops=p)  # noqa: E731
    cases.add("space_to_batch_nd", values(*shape), blocks, pads, reference=f)
    x = (values(*shape) * 9).astype("int32")
    cases.add("space_to_batch_nd", x, blocks, pads, expected=f(x, blocks, pads).numpy())
    cases.add("batch_to_space_nd", f(x, blocks, pads).numpy(), blocks, pads, expected=x)
    cases.add("batch_to_space_nd", values(*f(x, blocks, pads).shape), blocks, pads, reference=g)
