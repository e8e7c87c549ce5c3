"""Oracle cases of tensors from nothing: constants, ranges, grids, unit matrices."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("creation")
INTS = values(2, 3, dtype="int32", low=-9, high=9)
BOOLS = values(2, 3, dtype="bool")
WORDS = np.array(["a", ""], object)
DTYPES = (None, "float32", "int32", "bool", "uint8", "int8", "float16", "complex64")
f32 = lambda x: np.asarray(x, "float32")  # noqa: E731

for name in ("zeros", "ones", "empty"):
    made = np.zeros if name == "empty" else getattr(np, name)
    for shape in [(2, 3), (), (0, 2), 3, (1, 2, 1, 2, 1, 2)]:
        cases.add(name, shape, expected=made(shape, "float32"))
    for dtype in DTYPES:
        cases.add(name, (2,), dtype=dtype, expected=made((2,), dtype or "float32"))
    for x in (INTS, BOOLS, values(2, 3), values(), values(0, 2), values(2, dtype="complex64")):
        cases.add(name + "_like", x, expected=made(x.shape, x.dtype))
        cases.add(name + "_like", x, dtype="int32", expected=made(x.shape, "int32"))
cases.add("zeros", (2,), dtype="string", expected=np.array(["", ""], object))
for value in (0, 7, 2.5, True, float("nan"), float("inf"), -3):
    made = np.full((2, 2), value)
    cases.add("full", (2, 2), value, expected=made)
    for dtype in ("float32", "float16") + (("int32", "uint8") if value in (0, 7, 2.5, True) else ()):
        cases.add("full", (2,), value, dtype=dtype, expected=np.full((2,), value, dtype))
cases.add("full", (2, 3), f32([1, 2, 3]), reference=lambda s, v: tf.broadcast_to(v, s))
cases.add("full", (2,), "x", expected=np.array(["x", "x"], object))
cases.add("full", (0, 3), 1, expected=np.ones((0, 3), "int32"))
for x in (INTS, values(2, 3), BOOLS):
    cases.add("full_like", x, 2, expected=np.full_like(x, 2))
    cases.add("full_like", x, 2, dtype="float32", expected=np.full_like(x, 2, dtype="float32"))
for x in (INTS, values(2, 3), BOOLS, WORDS, values(2, dtype="complex64")):
    cases.add("array", x, expected=x)
    cases.add("convert_to_tensor", x, expected=x)
for value, dtype, made in [
    ([1, 2], None, np.array([1, 2], "int32")),
    ([1.5, 2], "int32", np.array([1, 2], "int32")),
    (3, "float32", f32(3)),
    ([[True]], None, np.array([[True]])),
    ([0, 2], "bool", np.array([False, True])),
    (["a"], None, np.array(["a"], object)),
]:
    for name in ("array", "convert_to_tensor"):
        cases.add(name, value, dtype=dtype, expected=made)
cases.add("is_tensor", INTS, expected=True)
cases.add("is_tensor", 3, expected=False)
cases.add("is_tensor", [1.0], expected=False)

for args in [(5,), (2, 5), (1, 10, 3), (10, 1, -4), (5, 5), (3, 1), (0,), (-3, 3, 2), (5, 0, -1), (7, 100, 40)]:
    cases.add("arange", *args, expected=np.arange(*args, dtype="int32"))
    cases.add("arange", *args, dtype="float32", expected=np.arange(*args, dtype="float32"))
for args in [(2.5,), (0, 1, 0.25), (0.0, 2), (1.5, -1.5, -0.5), (0, 1, 0.1), (1.0, 1.0)]:
    cases.add("arange", *args, expected=np.arange(*args).astype("float32"))
cases.add("arange", 4, dtype="uint8", expected=np.arange(4, dtype="uint8"))
cases.add("arange", 4, step=2, expected=np.arange(0, 4, 2, dtype="int32"))

for start, stop in [(0, 1), (-2.5, 4.0), (3, 3), (5, -5), (1e-3, 1e3)]:
    for num in (0, 1, 2, 5, 9):
        for endpoint in (True, False):
            cases.add("linspace", start, stop, num, endpoint=endpoint, expected=f32(np.linspace(start, stop, num, endpoint)))
    cases.add(
        "logspace",
        start / 10 if stop < 100 else -3,
        stop / 10 if stop < 100 else 3,
        5,
        expected=f32(np.logspace(start / 10 if stop < 100 else -3, stop / 10 if stop < 100 else 3, 5)),
    )
cases.add("linspace", 0, 1, expected=f32(np.linspace(0, 1)))
cases.add("linspace", 0, 10, 4, retstep=True, expected=tuple(map(f32, np.linspace(0, 10, 4, retstep=True))))
cases.add("linspace", 0, 10, 4, endpoint=False, retstep=True, expected=tuple(map(f32, np.linspace(0, 10, 4, False, retstep=True))))
cases.add("linspace", 0, 10, 1, retstep=True, expected=(f32([0]), f32(np.nan)))
for dtype in ("int32", "float16"):
    cases.add("linspace", -4, 4, 6, dtype=dtype, expected=np.linspace(-4, 4, 6, dtype=dtype))
for axis in (0, 1, -1):
    a, b = values(2, 3), values(3, seed=4)
    cases.add("linspace", a, b, 4, axis=axis, expected=f32(np.linspace(a, b, 4, axis=axis)))
    cases.add("logspace", a, b, 3, axis=axis, base=2, expected=f32(np.logspace(a, b, 3, base=2, axis=axis)))
    cases.add(
        "geomspace", np.abs(a) + 0.5, np.abs(b) + 1, 4, axis=axis, expected=f32(np.geomspace(np.abs(a) + 0.5, np.abs(b) + 1, 4, axis=axis))
    )
line = lambda a, b, n: tf.stack([a + (b - a) * i / (n - 1) for i in range(n)])  # noqa: E731
cases.add("linspace", values(2), values(2, seed=1), 4, reference=line)
cases.add("linspace", values(), values(2, seed=1), 3, reference=line)
cases.add("logspace", values(2), values(2, seed=1), 3, reference=lambda a, b, n: tf.pow(tf.cast(10.0, a.dtype), line(a, b, n)))
geometric = lambda a, b, n: tf.stack([a * tf.pow(b / a, i / (n - 1)) for i in range(n)])  # noqa: E731
cases.add("geomspace", values(2, low=1, high=3), values(2, seed=1, low=4, high=9), 4, reference=geometric)
for start, stop in [(1, 1000), (1000, 1), (-1, -256), (2.0, 3.0), (1e-10, 1e10), (5, 5)]:
    for num in (0, 1, 2, 4, 7):
        cases.add("geomspace", start, stop, num, expected=f32(np.geomspace(start, stop, num)))
    cases.add("geomspace", start, stop, 4, endpoint=False, expected=f32(np.geomspace(start, stop, 4, endpoint=False)))
for base in (2, 10, 2.5):
    for endpoint in (True, False):
        cases.add("logspace", 0, 3, 4, endpoint=endpoint, base=base, expected=f32(np.logspace(0, 3, 4, endpoint, base)))
cases.add("logspace", 0, 3, 4, dtype="int32", expected=np.logspace(0, 3, 4, dtype="int32"))

for n in (0, 1, 3):
    cases.add("identity", n, expected=np.identity(n, "float32"))
    for k in (-2, 0, 1, 3):
        for m in (None, 2, 4):
            cases.add("eye", n, m, k=k, expected=np.eye(n, m, k, "float32"))
            cases.add("tri", n, m, k=k, expected=np.tri(n, m, k, "float32"))
for dtype in DTYPES:
    cases.add("eye", 2, dtype=dtype, expected=np.eye(2, dtype=dtype or "float32"))
    cases.add("tri", 2, dtype=dtype, expected=np.tri(2, dtype=dtype or "float32"))
    cases.add("identity", 2, dtype=dtype, expected=np.identity(2, dtype or "float32"))
for parts in ([values(2), values(3)], [values(2), values(3), values(2, seed=1)], [values(4)], [values(), values(2)]):
    for indexing in ("xy", "ij"):
        cases.add("meshgrid", *parts, indexing=indexing, expected=list(np.meshgrid(*parts, indexing=indexing)))
        if all(p.ndim for p in parts):
            cases.add("meshgrid", *parts, indexing=indexing)
cases.add("meshgrid", INTS[0], INTS[1], expected=list(np.meshgrid(INTS[0], INTS[1])))
cases.add("meshgrid", values(0), values(2), expected=list(np.meshgrid(values(0), values(2))))
