"""The same shapes through many simple ops: scalar, empty, one element, rank 6, broadcasts. Tops up the subjects' own cases."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("shapes_of_all")


SHAPES = [(), (0,), (1,), (2, 0), (2, 1, 1, 1, 1, 2), (3, 2)]
UNARY = [
    "arccos", "arcsin", "ceil", "deg2rad", "exp2", "fabs", "floor", "hard_sigmoid", "hard_tanh", "imag", "isfinite", "isinf", "isnan",
    "isneginf", "isposinf", "isreal", "log10", "log2", "rad2deg", "real", "relu6", "sign", "signbit", "sparse_plus", "sparse_sigmoid",
    "tanh_shrink", "trunc",
]  # fmt: skip
for name in UNARY:
    positive = name in ("log10", "log2")
    for shape in SHAPES:
        cases.add(name, values(*shape, low=0.1 if positive else -0.9, high=0.9))

PAIRS = [((), ()), ((3,), ()), ((2, 1), (1, 3)), ((2, 3), (3,)), ((0,), (1,)), ((2, 1, 1, 1, 2), (1, 3, 1, 1, 1))]
for name in ["arctan2", "divide_no_nan", "fmod", "greater", "less_equal", "logaddexp2", "heaviside", "complex", "nextafter"]:
    reference = {"complex": tf.complex}.get(name)
    for i, (a, b) in enumerate(PAIRS):
        x, y = values(*a, low=0.2), values(*b, seed=100 + i, low=0.3)
        if name in ("nextafter", "fmod"):
            cases.add(name, x, y, expected=getattr(np, name)(x, y))
        else:
            cases.add(name, x, y, **({"reference": reference} if reference else {}))
for name in ["bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm"]:
    for i, (a, b) in enumerate(PAIRS):
        x, y = values(*a, dtype="int32", low=-50, high=50), values(*b, seed=100 + i, dtype="int32", low=1, high=40)
        cases.add(name, x, y, expected=getattr(np, name)(x, y))
for i, (a, b) in enumerate(PAIRS):
    cases.add("ldexp", values(*a), values(*b, seed=100 + i, dtype="int32", low=-3, high=3), gradient=0)
    cases.add("polar", values(*a, low=0.1), values(*a, seed=7), gradient=1)
    cases.add("prelu", values(*a), values(*a, seed=9), reference=lambda x, alpha: tf.where(x > 0, x, alpha * x))

for axis in (None, 0, -1, (0, 1), (0, 2)):
    for keepdims in (False, True):
        for name in ("all", "any"):
            cases.add(name, values(2, 3, 2, dtype="bool"), axis=axis, keepdims=keepdims)
        cases.add(
            "euclidean_norm",
            values(2, 3, 2),
            axis=axis,
            keepdims=keepdims,
            reference=lambda x, axis, keepdims: (
                tf.norm(x, axis=None if axis is None else axis, keepdims=keepdims)
                if not isinstance(axis, tuple)
                else tf.sqrt(tf.reduce_sum(x * x, axis, keepdims=keepdims))
            ),
        )
        for name in ("median", "nanmedian"):
            cases.add(name, values(2, 3, 2), axis=axis, keepdims=keepdims, gradient=0)

for shape in SHAPES:
    x = values(*shape)
    for name in ("size", "ndim"):
        cases.add(name, x, expected=np.int32(getattr(np, name)(x)).item())
    cases.add("is_tensor", x, expected=True)
    cases.add("stop_gradient", x, gradient=0)
    cases.add("full_like", x, 2.5, gradient=0)
    cases.add("copy", x)
    cases.add("ravel", x, reference=lambda x: tf.reshape(x, [-1]))
    cases.add("view_as_complex", values(*shape, 2))
    cases.add("view_as_real", values(*shape, dtype="complex64"))
    cases.add("broadcast_to", x, (2, *([3] if shape == (1,) else []), *shape) if shape != (1,) else (2, 3, 1), gradient=1)
    cases.add("add_n", [x, values(*shape, seed=4), values(*shape, seed=5)], reference=lambda xs: tf.add_n(xs))
for shape in ((2, 3), (4, 2), (2, 2, 2), (0, 2), (4, 6)):
    x = values(*shape)
    for name in ("fliplr", "flipud", "nonzero"):
        cases.add(name, x, gradient=0 if name == "nonzero" else 2)
    if shape[0] % 2 == 0 and shape[0]:
        cases.add("vsplit", x, 2)
    if shape[1] % 2 == 0:
        cases.add("hsplit", x, 2)
    cases.add("unstack", x, axis=1, num=shape[1])
    cases.add("squeeze", x[None], axis=0)
    cases.add("normalize", x + 3 if x.size else x, axis=-1, gradient=0 if not x.size else 1)
for n in (1, 2, 4):
    for section in (1, 2):
        cases.add("dsplit", values(2, 2, 2 * n), section)
for n in (0, 1, 2, 3, 6, 9, 10, 17):
    for name in ("bartlett", "blackman", "hamming", "hanning"):
        if n > 9:
            cases.add(name, n, expected=getattr(np, name)(n).astype("float32"))
for n in (11, 14):
    cases.add("signal.hamming_window", n, reference=lambda n: tf.signal.hamming_window(n, dtype=tf.float64), gradient=0)
    cases.add("signal.hann_window", n, reference=lambda n: tf.signal.hann_window(n, dtype=tf.float64), gradient=0)
    cases.add("signal.enclosing_power_of_two", n, expected=16)
for shape in ((1, 2, 3, 1), (2, 2, 2, 1), (1, 1, 1, 1), (1, 3, 2, 1), (3, 1, 4, 1)):
    cases.add("image.grayscale_to_rgb", values(*shape), reference=tf.image.grayscale_to_rgb)
    cases.add("image.flip_left_right", values(*shape[:3], 2), reference=tf.image.flip_left_right)
    cases.add("image.rgb_to_hsv", values(*shape[:3], 3, low=0.05, high=0.95), gradient=1)
    for name in ("lower_bound", "upper_bound"):
        ordered, sought = np.sort(values(2, shape[1] + 2)), values(2, 3, seed=shape[2])
        cases.add(
            name,
            ordered,
            sought,
            reference=lambda s, v, side=name[:5]: tf.searchsorted(s, v, side="left" if side == "lower" else "right"),
            gradient=0,
        )
    cases.add("broadcast_args", np.int32(shape), np.int32([1]), expected=np.int32(shape))
    cases.add("moments", values(*shape), axes=[0], keepdims=True, gradient=1)
    cases.add("psnr", values(*shape, low=0.0), values(*shape, seed=3, low=0.0), 1.0, gradient=1)
    cases.add("glu", values(*shape[:3], 4), axis=-1)
    cases.add("corrcoef", values(shape[0] + 1, 5), gradient=0)
    cases.add("shape", values(*shape), expected=tuple(shape))
    cases.add("in_top_k", np.int32([0, 2]), values(2, 4, seed=shape[1]), shape[0], gradient=0, wide=False)
for mode in ("reflect", "symmetric"):
    for pads in ([[1, 1], [0, 1]], [[0, 0], [2, 1]]):
        cases.add("mirror_pad", values(3, 4), pads, mode, reference=lambda x, p, m: tf.pad(x, p, m.upper()))
for i in range(4):
    x = values(3, 2, seed=i)
    cases.add(
        "select",
        [x > 0, x < -1],
        [x, values(3, 2, seed=9)],
        0.5,
        reference=lambda c, v, d: tf.where(c[0], v[0], tf.where(c[1], v[1], tf.constant(d, v[0].dtype))),
    )
for seed in range(6):
    x, w = values(1, 5, 2, seed=seed), values(2, 2, 3, seed=seed)
    cases.add(
        "conv1d",
        x,
        w,
        1 + seed % 2,
        "same" if seed % 3 else "valid",
        reference=lambda x, w, s, p: tf.nn.conv1d(x, w, s, p.upper()),
        gradient=1,
    )
    x, w = values(1, 3, 3, 3, 1, seed=seed), values(2, 2, 2, 1, 2, seed=seed)
    cases.add(
        "conv3d",
        x,
        w,
        1 + seed % 2,
        "same" if seed % 3 else "valid",
        reference=lambda x, w, s, p: tf.nn.conv3d(x, w, [1, s, s, s, 1], p.upper()),
        gradient=1,
    )
    x, w = values(1, 4, 4, 2, seed=seed), values(2, 2, 2, 1, seed=seed)
    cases.add(
        "conv2d",
        x,
        values(2, 2, 2, 3, seed=seed),
        1 + seed % 2,
        "same",
        reference=lambda x, w, s, p: tf.nn.conv2d(x, w, s, p.upper()),
        gradient=1,
    )
    cases.add(
        "depthwise_conv2d",
        x,
        w,
        1 + seed % 2,
        "same" if seed % 3 else "valid",
        reference=lambda x, w, s, p: tf.nn.depthwise_conv2d(x, w, [1, s, s, 1], p.upper()),
        gradient=1,
    )
    point = values(1, 1, 2, 3, seed=seed)
    cases.add(
        "separable_conv2d",
        x,
        w,
        point,
        1 + seed % 2,
        "same" if seed % 3 else "valid",
        reference=lambda x, w, q, s, p: tf.nn.separable_conv2d(x, w, q, [1, s, s, 1], p.upper()),
        gradient=1,
    )
    cases.add(
        "local_response_normalization",
        x,
        1 + seed % 2,
        1.0,
        0.5,
        0.6,
        reference=lambda x, r, b, a, e: tf.nn.local_response_normalization(tf.cast(x, tf.float32), r, b, a, e),
        gradient=0,
    )
    w = values(2, 2, 3, 2, seed=seed)
    cases.add(
        "conv2d_transpose",
        x,
        w,
        (1, 4 * (1 + seed % 2), 4 * (1 + seed % 2), 3),
        1 + seed % 2,
        "same",
        reference=lambda x, w, o, s, p: tf.nn.conv2d_transpose(x, w, o, s, p.upper()),
        gradient=1,
    )
    x, w = values(1, 2, 2, 2, 1, seed=seed), values(2, 2, 2, 2, 1, seed=seed)
    cases.add(
        "conv3d_transpose",
        x,
        w,
        (1, *[2 * (1 + seed % 2)] * 3, 2),
        1 + seed % 2,
        "same",
        reference=lambda x, w, o, s, p: tf.nn.conv3d_transpose(x, w, o, s, p.upper()),
        gradient=1,
    )
for text in (["a"], ["", "tensor"], ["x" * 70]):
    cases.add(
        "strings.string_to_hash_bucket_fast",
        np.array(text, object),
        97,
        reference=lambda x, n: tf.strings.to_hash_bucket_fast(x, n),
        gradient=0,
    )
for value in (0.0, -0.0, np.inf, -np.inf, np.nan, 3e38):
    x = np.float32([value, 1.0])
    cases.add("nextafter", x, np.float32([1.0, value]), expected=np.nextafter(x, np.float32([1.0, value])))
    cases.add("is_tensor", float(value), expected=False)
