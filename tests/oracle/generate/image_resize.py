"""Oracle cases of resizing: keras.ops.image.resize, TensorFlow's older resize ops, scale_and_translate."""

from .common import Cases, keras, np, tf, values

cases = Cases("image_resize")
SIZES = [
    ((1, 3, 4, 2), (5, 2)),
    ((2, 2, 3, 1), (4, 6)),
    ((1, 5, 4, 1), (2, 3)),
    ((4, 3, 1), (4, 5)),
    ((1, 1, 1, 3), (2, 2)),
    ((1, 7, 2, 1), (1, 1)),
]


def upsampled(images, size, **kwargs):
    """Without a filter for smaller images, cubic weights are the same; TensorFlow's plain cubic rounds positions to 1/1024."""
    return keras.ops.image.resize(images, size, interpolation="bicubic", antialias=True)


# --- resize ---
# The gradients' gradients are zero: resizing is linear, and TensorFlow has no second ones.
for method in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
    for k, (shape, size) in enumerate(SIZES):
        x, antialias = values(*shape, seed=k), method != "bicubic" and k % 2 == 1
        smaller = any(m < n for m, n in zip(size, shape[-3:-1]))
        if method == "bicubic" and not smaller:
            cases.add("image.resize", x, size, interpolation=method, reference=upsampled, gradient=1, wide=False)
        elif method != "bicubic" or k == 2:
            antialias = antialias or method == "bicubic"
            cases.add("image.resize", x, size, interpolation=method, antialias=antialias, gradient=1, wide=False)
    for antialias in (False, True):
        # Halving and doubling: positions that TensorFlow's table of cubic weights has exactly.
        cases.add("image.resize", values(1, 4, 8, 1), (8, 4), interpolation=method, antialias=antialias, gradient=1, wide=False)
        cases.add(
            "image.resize",
            values(1, 2, 4, 4),
            (8, 2),
            interpolation=method,
            antialias=antialias,
            data_format="channels_first",
            wide=False,
            gradient=1,
        )
    cases.add("image.resize", values(4, 4, 1, low=0, high=255, dtype="uint8"), (8, 2), interpolation=method, gradient=0)
    cases.add("image.resize", values(1, 2, 4, 2, low=-100, high=100, dtype="int32"), (4, 8), interpolation=method, gradient=0)
    cases.add("image.resize", values(1, 4, 4, 1), (4, 4), interpolation=method, gradient=0, wide=False)
    cases.add(
        "image.resize",
        values(1, 4, 4, 1).astype("float16"),
        (8, 4),
        interpolation=method,
        gradient=0,
        tolerance=1e-3,
        note="half precision",
    )
for shape, size in SIZES:
    cases.add("image.resize", values(*shape), size, interpolation="area", gradient=0, wide=False)
for k, (shape, size) in enumerate([((1, 4, 6, 1), (2, 2)), ((5, 3, 2), (4, 4)), ((1, 3, 7, 1), (3, 2)), ((2, 4, 4, 1), (3, 5))]):
    for name in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
        for method in ("bilinear", "nearest"):
            extra = {"fill_value": 1.5} if name[0] == "p" and k % 2 else {}
            cases.add("image.resize", values(*shape), size, interpolation=method, gradient=1, wide=False, **{name: True}, **extra)
cases.add("image.resize", values(1, 2, 5, 3), (3, 3), data_format="channels_first", pad_to_aspect_ratio=True, gradient=1, wide=False)
cases.add("image.resize", np.zeros((0, 2, 2, 1), "float32"), (3, 3), expected=np.zeros((0, 3, 3, 1), "float32"))
cases.add("image.resize", values(0, 4, 4, 2), (3, 3), interpolation="bicubic", expected=np.zeros((0, 3, 3, 2), "float32"))
cases.add("image.resize", np.array([[[np.inf], [1.0], [np.nan], [2.0]]], "float32"), (1, 8), interpolation="nearest", gradient=0)
# In exact arithmetic pixel 41 of 82 is at 1; TensorFlow's 32-bit positions fall short of it.
cases.add(
    "image.resize_nearest_neighbor",
    np.array([[[1.0], [2.0]]], "float32"),
    (1, 82),
    expected=np.repeat([1.0, 2.0], 41).astype("float32").reshape(1, 82, 1),
)

# --- the conventions of TensorFlow 1 and TensorFlow.js ---


def bilinear(images, size, align_corners=False, half_pixel_centers=False):
    return tf.raw_ops.ResizeBilinear(images=images, size=size, align_corners=align_corners, half_pixel_centers=half_pixel_centers)


def nearest(images, size, align_corners=False, half_pixel_centers=False):
    return tf.raw_ops.ResizeNearestNeighbor(images=images, size=size, align_corners=align_corners, half_pixel_centers=half_pixel_centers)


for name, reference in (("resize_bilinear", bilinear), ("resize_nearest_neighbor", nearest)):
    for shape, size in [
        ((1, 3, 4, 2), (5, 2)),
        ((2, 2, 3, 1), (4, 6)),
        ((1, 5, 4, 1), (2, 3)),
        ((1, 1, 1, 3), (2, 2)),
        ((1, 4, 4, 1), (1, 1)),
        ((1, 3, 3, 1), (3, 6)),
    ]:
        for options in ({}, {"align_corners": True}, {"half_pixel_centers": True}):
            cases.add(f"image.{name}", values(*shape), size, reference=reference, gradient=1, wide=False, **options)
    for dtype in ("int32", "uint8"):
        cases.add(f"image.{name}", values(1, 3, 4, 1, low=0, high=200, dtype=dtype), (4, 3), reference=reference, gradient=0)
    cases.add(f"image.{name}", values(3, 2, 1), (4, 3), reference=lambda x, size, f=reference: f(x[None], size)[0], gradient=1, wide=False)

# --- scale_and_translate ---

for k, method in enumerate(("linear", "bilinear", "triangle", "cubic", "bicubic", "trilinear", "tricubic", "lanczos3", "lanczos5")):
    if method == "triangle":  # in Keras's documentation, not in its check
        continue
    for scale, shift, shape in (((1.7, 0.63), (0.3, -0.4), (5, 3)), ((0.4, 2.3), (-0.6, 0.2), (2, 7)), ((1.0, 1.5), (1.2, 3.1), (4, 6))):
        for antialias in (True, False):
            args = values(4, 5, seed=k), shape, np.array(scale, "float32"), np.array(shift, "float32"), (0, 1), method
            cases.add("image.scale_and_translate", *args, antialias=antialias, gradient=2 if k in (0, 3) else 1)
one = np.array([1.5], "float32"), np.array([0.2], "float32")
cases.add("image.scale_and_translate", values(2, 3, 2), (2, 5, 2), *one, (1,), "cubic")
cases.add("image.scale_and_translate", values(2, 3, 2), (2, 3, 4), *one, (-1,), "linear")
for dtype, low, method in (("int32", -20, "cubic"), ("uint8", 0, "linear")):  # Keras on TensorFlow fails here: its float result, rounded
    x = values(4, 3, low=low, high=20, dtype=dtype)
    real = keras.ops.image.scale_and_translate(x.astype("float32"), (6, 3), *one, (0,), method).numpy()
    cases.add("image.scale_and_translate", x, (6, 3), *one, (0,), method, expected=np.clip(np.rint(real), x.min(), x.max()).astype(dtype))
