"""Oracle cases of warps: affine and projective maps, rotation, map_coordinates, elastic_transform."""

import math

from .common import Cases, keras, np, tf, values

cases = Cases("image_transform")


def linear(raw):
    """Return a reference for what is affine in its first argument: TensorFlow's own gradient there is none, or not the derivative."""

    def reference(x, *args, **kwargs):
        shape, n = x.shape, int(np.prod(x.shape))
        base = np.asarray(raw(np.zeros(shape, "float64"), *args, **kwargs))
        units = [np.asarray(raw(np.eye(n)[i].reshape(shape), *args, **kwargs)) - base for i in range(n)]
        return tf.tensordot(tf.reshape(x, [-1]), tf.constant(np.stack(units).astype("float64")), 1) + base

    return reference


# --- warps ---

MOVES = (
    [1, 0, 0, 0, 1, 0, 0, 0], [1, 0, 0.4, 0, 1, -0.3, 0, 0], [1, 0, -5.2, 0, 1, 7.7, 0, 0], [0.53, 0.21, 0.1, -0.3, 1.37, 0.2, 0, 0],
    [1.2, 0, 0, 0, 0.7, 0.1, 0.05, -0.1], [-1, 0, 3, 0, -1, 2, 0, 0], [1, 0, 0, 0, 1, 0, -1, 0], [2.5, 0.1, -3.3, 0.2, 3.1, -4.13, 0, 0],
)  # fmt: skip


def projective(images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, output_shape=None, data_format=None):
    single, t = len(images.shape) == 3, np.atleast_2d(np.asarray(transform, "float32"))
    x = np.asarray(images)[None] if single else np.asarray(images)
    x = np.moveaxis(x, 1, -1) if data_format == "channels_first" else x
    y = tf.raw_ops.ImageProjectiveTransformV3(
        images=x, transforms=t, output_shape=output_shape or x.shape[1:3], fill_value=fill_value,
        interpolation=interpolation.upper(), fill_mode=fill_mode.upper()
    ).numpy()  # fmt: skip
    y = np.moveaxis(y, -1, 1) if data_format == "channels_first" else y
    return y[0] if single else y


def nearest_first(images, transforms, interpolation="nearest", **kwargs):
    return projective(images, transforms, interpolation, **kwargs)


for k, move in enumerate(MOVES):
    for mode in ("constant", "nearest", "reflect", "wrap"):
        for interpolation in ("nearest", "bilinear"):
            t = np.array(move, "float32").tolist()
            options = {"interpolation": interpolation, "fill_mode": mode, **({"fill_value": 2.5} if k % 2 else {})}
            cases.add("image.affine_transform", values(1, 3, 4, 1, seed=k), t, reference=linear(projective), **options, gradient=1)
            cases.add(
                "image.transform",
                values(1, 4, 3, 1, seed=k),
                [t],
                reference=linear(nearest_first),
                **options,
                output_shape=(2, 5),
                gradient=1,
            )
both = np.array([MOVES[1], MOVES[3]], "float32").tolist()
for shape in ((2, 2, 3, 1), (2, 3, 2, 2)):
    cases.add("image.affine_transform", values(*shape), both, reference=linear(projective), gradient=1)
    cases.add("image.affine_transform", values(*shape), both[1], reference=linear(projective), gradient=1)
    cases.add("image.affine_transform", values(*shape), both, data_format="channels_first", reference=linear(projective), gradient=1)
    cases.add("image.transform", values(*shape), both, reference=linear(nearest_first), gradient=1)
cases.add("image.affine_transform", values(3, 4, 2), both[0], reference=linear(projective), gradient=1)
for dtype in ("uint8", "int32"):
    for interpolation in ("nearest", "bilinear"):
        x = values(1, 3, 3, 1, low=0, high=200, dtype=dtype)
        cases.add(
            "image.transform",
            x,
            [MOVES[1]],
            interpolation=interpolation,
            fill_value=9.0,
            expected=projective(x, [MOVES[1]], interpolation, fill_value=9.0),
        )
cases.add("image.transform", values(1, 1, 1, 2), [MOVES[1]], fill_mode="reflect", reference=linear(nearest_first), gradient=1)
cases.add("image.transform", values(1, 1, 1, 2), [MOVES[2]], fill_mode="wrap", reference=linear(nearest_first), gradient=1)
# To transforms, which TensorFlow has no gradient for: the derivative of interpolation between four pixels.


def interpolated(images, t):
    y, x = tf.meshgrid(tf.range(3, dtype=images.dtype), tf.range(4, dtype=images.dtype), indexing="ij")
    depth = t[6] * x + t[7] * y + 1
    at = [(t[3] * x + t[4] * y + t[5]) / depth, (t[0] * x + t[1] * y + t[2]) / depth]
    return keras.ops.image.map_coordinates(images[0, :, :, 0], at, 1)[None, :, :, None]


for k in (1, 3, 7):
    cases.add("image.affine_transform", values(1, 3, 4, 1, seed=k), np.array(MOVES[k], "float32") + 0.003, reference=interpolated)

corners = [[0.0, 0.0], [3.0, 0.0], [0.0, 2.0], [3.0, 2.0]]
others = [[0.3, 0.2], [2.7, 0.1], [-0.2, 2.4], [3.2, 1.9]]
for interpolation in ("nearest", "bilinear"):
    for start, end in ((corners, others), (others, corners), (corners, corners)):
        for extra in ({}, {"fill_value": 1.5}):

            def perspective(x, s, e, data_format=None, **options):
                return keras.ops.image.perspective_transform(
                    np.asarray(x, "float32"), np.array(s, "float32"), np.array(e, "float32"), data_format=data_format, **options
                ).numpy()

            cases.add(
                "image.perspective_transform",
                values(1, 3, 4, 1),
                start,
                end,
                interpolation=interpolation,
                reference=linear(perspective),
                gradient=1,
                **extra,
            )
cases.add("image.perspective_transform", values(3, 4, 2), corners, others, reference=linear(perspective), gradient=1)
cases.add(
    "image.perspective_transform", values(2, 3, 4, 1), [corners, others], [others, corners], reference=linear(perspective), gradient=1
)
cases.add(
    "image.perspective_transform",
    values(1, 2, 3, 4),
    corners,
    others,
    data_format="channels_first",
    reference=linear(perspective),
    gradient=1,
)


def rotated(image, radians, fill_value=0, center=0.5):
    """TensorFlow.js's loop."""
    single, x = len(image.shape) == 3, np.asarray(image)
    x = x[None] if single else x
    _, height, width, channels = x.shape
    part = center if isinstance(center, (list, tuple)) else (center, center)
    cx, cy, out = width * part[0], height * part[1], np.zeros_like(x)
    for row, col, c in np.ndindex(height, width, channels):
        sx = math.floor((col - cx) * math.cos(radians) - (row - cy) * math.sin(radians) + cx + 0.5)
        sy = math.floor((col - cx) * math.sin(radians) + (row - cy) * math.cos(radians) + cy + 0.5)
        fill = fill_value if not isinstance(fill_value, (list, tuple)) else 255 if c == 3 else fill_value[c]
        out[:, row, col, c] = x[:, sy, sx, c] if 0 <= sx < width and 0 <= sy < height else fill
    return out[0] if single else out


for k, radians in enumerate((0.0, 0.4, -1.1, math.pi / 2, 2.5, math.pi)):
    cases.add("image.rotate_with_offset", values(1, 3, 4, 1, seed=k), radians, reference=linear(rotated))
    cases.add("image.rotate_with_offset", values(2, 3, 3, 1, seed=k), radians, fill_value=7.0, center=0.3, reference=linear(rotated))
    cases.add(
        "image.rotate_with_offset",
        values(1, 2, 3, 3, seed=k),
        radians,
        fill_value=[1.0, 2.0, 3.0],
        center=[0.25, 0.6],
        reference=linear(rotated),
    )
cases.add("image.rotate_with_offset", values(1, 2, 3, 4), 0.7, fill_value=[1.0, 2.0, 3.0], reference=linear(rotated))
cases.add("image.rotate_with_offset", values(3, 3, 1), 0.7, 5.0, reference=linear(rotated))
x = values(1, 3, 3, 1, low=0, high=200, dtype="int32")
cases.add("image.rotate_with_offset", x, 0.7, 5, expected=rotated(x, 0.7, 5))

# --- free coordinates ---

PADS = {"mirror": "REFLECT", "reflect": "SYMMETRIC"}


def mirrored(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Mirror and reflect as documented, by padding; Keras on TensorFlow has them wrong."""
    if fill_mode not in PADS:
        return keras.ops.image.map_coordinates(inputs, coordinates, order, fill_mode, fill_value)
    by = [d - 1 for d in inputs.shape]
    padded = tf.pad(inputs, [(b, b) for b in by], PADS[fill_mode])
    shift = tf.reshape(tf.constant(by, coordinates.dtype), (-1,) + (1,) * (len(coordinates.shape) - 1))
    return keras.ops.image.map_coordinates(padded, coordinates + shift, order)


for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
    for order in (0, 1):
        for k, (shape, count) in enumerate((((5,), (6,)), ((4, 3), (2, 3)), ((3, 2, 2), (4,)))):
            spread = [
                values(*count, seed=k + d, low=-0.9 if mode in PADS else -4, high=n - 0.1 if mode in PADS else n + 4)
                for d, n in enumerate(shape)
            ]
            extra = {"fill_value": 1.5} if mode == "constant" and k else {}
            cases.add(
                "image.map_coordinates",
                values(*shape),
                np.stack(spread),
                order,
                fill_mode=mode,
                reference=mirrored,
                gradient=2 if order else 1,
                **extra,
            )
        whole = values(4, 3, low=-9, high=9, dtype="int32")
        cases.add(
            "image.map_coordinates", whole, values(2, 5, low=0, high=2), order, fill_mode=mode, reference=mirrored, gradient=0, wide=False
        )
cases.add("image.map_coordinates", np.array([1.0, 2.0, 4.0], "float32"), np.array([[0.5, 1.5, 2.5, -0.5]], "float32"), 0)
cases.add(
    "image.map_coordinates",
    np.array([1.0, 2.0, 4.0], "float32"),
    np.array([[1e30, -1e30, np.inf, 2.0]], "float32"),
    1,
    fill_value=-1.0,
    expected=np.array([-1, -1, -1, 4], "float32"),
)
for mode in ("wrap", "mirror", "reflect"):  # several times around
    line, far = np.arange(4, dtype="float32"), np.arange(-13, 14, dtype="float32")[None]
    pad = np.pad(line, 13, mode={"wrap": "wrap", "mirror": "reflect", "reflect": "symmetric"}[mode])
    cases.add("image.map_coordinates", line, far, 0, fill_mode=mode, expected=pad[:27])
for shape in ((4, 4, 1), (2, 3, 3, 2)):
    for mode in ("reflect", "constant", "nearest", "wrap"):
        x = values(*shape)
        cases.add("image.elastic_transform", x, alpha=0.0, sigma=1.0, fill_mode=mode, expected=x)
for extra in ({"interpolation": "nearest"}, {"data_format": "channels_first"}, {"seed": 3}):
    x = values(1, 3, 4, 2)
    cases.add("image.elastic_transform", x, alpha=0.0, sigma=2.0, expected=x, **extra)
