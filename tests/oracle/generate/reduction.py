"""Oracle cases of reductions, norms, means, variances, quantiles, histograms, correlation, differences."""

import warnings

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("reduction")
NAN, INF = float("nan"), float("inf")


def holed(*shape, seed=0):
    """Return values of which some are NaN, one row wholly."""
    x = values(*shape, seed=seed)
    x.reshape(-1)[::4] = NAN
    x[0] = NAN
    return x


def f32(*v):
    return np.array(v, "float32")


def corrcoef(x):
    d = x - tf.reduce_mean(x, 1, keepdims=True)
    d /= tf.norm(d, axis=1, keepdims=True)
    return tf.matmul(d, d, transpose_b=True)


def correlate(a, b, mode="valid"):
    n, m = a.shape[0], b.shape[0]
    full = tf.stack([tf.reduce_sum(a[max(0, k) : min(n, k + m)] * b[max(0, -k) : min(m, n - k)]) for k in range(1 - m, n)])
    order = [np.argmin(np.abs(full.numpy() - v)) for v in np.correlate(a.numpy(), b.numpy(), mode)]
    return tf.gather(full, order)


def moments(x, axes, keepdims=False, synchronized=False):
    """The second derivative of Keras's own is that of a mean held still."""
    return tf.reduce_mean(x, axes, keepdims), tf.math.reduce_variance(x, axes, keepdims)


def prod(x, axis=None, keepdims=False):
    """The second derivative of TensorFlow's own is 0 at a zero, where it need not be; that of complex numbers lacks a conjugate."""
    x = tf.reshape(x, (1, -1)) if axis is None else x
    result = x[:, 0]
    for i in range(1, x.shape[1]):
        result *= x[:, i]
    return result[0] if axis is None else result[:, None] if keepdims else result


AXES = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (-1, 1), "keepdims": True}]
X3 = values(2, 3, 4)

# Every reduction over every choice of axes, and on scalars, rank 6, and each dtype.
for op in ("sum", "prod", "mean", "max", "min", "amax", "amin", "std", "var", "ptp", "logsumexp", "nansum", "nanprod", "nanmax", "nanmin",
           "nanmean", "nanvar", "nanstd"):  # fmt: skip
    for kwargs in AXES:
        cases.add(op, X3, **kwargs)
    cases.add(op, values(2, 1, 2, 1, 3, 1), axis=(1, 4))
    cases.add(op, values(3, 1), axis=1)
    if op != "ptp":
        x = values(5, low=-9, high=9, dtype="int32").astype("float32")
        cases.add(op, x, reference=prod if "prod" in op else None)
    if op not in ("std", "nanstd", "ptp"):
        cases.add(op, np.float32(1.5))
    if op not in ("logsumexp",):
        for dtype in ("int32", "uint8") if op != "ptp" else ("int32",):
            cases.add(op, values(3, 4, low=0, high=3, dtype=dtype), axis=1, gradient=0, wide=False)
for op in ("all", "any"):
    for kwargs in AXES:
        cases.add(op, values(2, 3, 4, dtype="bool"), gradient=0, **kwargs)
    for x in (values(2, 0, dtype="bool"), np.array([[0, 2], [1, 1]], "int32"), f32(0, NAN), np.bool_(True)):
        cases.add(op, x, axis=None if not x.shape else -1, expected=getattr(np, op)(x, axis=None if not x.shape else -1))
for op in ("argmax", "argmin", "nanargmax", "nanargmin"):
    for kwargs in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": 1}, {"keepdims": True}):
        cases.add(op, X3, gradient=0, **kwargs)
        cases.add(op, values(2, 3, 4, low=0, high=2, dtype="int32"), gradient=0, **kwargs)
    cases.add(op, f32(INF, -INF, INF, -INF), gradient=0)
    cases.add(op, np.float32(3), gradient=0)
    cases.add(
        op,
        np.array([[True, False], [False, False]]),
        axis=1,
        expected=getattr(np, op)([[True, False], [False, False]], axis=1).astype("int32"),
    )
    wrong = f32(1, NAN, 5, NAN, -3)
    cases.add(op, wrong, expected=np.int32(getattr(np, op)(wrong)))
cases.add("nanargmax", np.array([[NAN, -INF], [NAN, NAN]], "float32"), axis=1, expected=np.array([1, -1], "int32"))
cases.add("nanargmin", np.array([[NAN, INF], [NAN, NAN]], "float32"), axis=1, expected=np.array([1, -1], "int32"))
for kwargs in ({}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1}):
    cases.add("count_nonzero", values(2, 3, low=-1, high=1, dtype="int32"), gradient=0, **kwargs)
    cases.add("count_nonzero", values(2, 3, dtype="bool"), gradient=0, **kwargs)
    cases.add("count_nonzero", np.array([[0, NAN, INF], [-0.0, 1, 0]], "float32"), gradient=0, **kwargs)

# Sums: overflow, small integers, no elements, special values, complex numbers.
cases.add("sum", np.array([2**31 - 1, 5], "int32"), gradient=0)
cases.add("sum", np.full(300, True), expected=np.int32(300))
cases.add("sum", np.full((3, 2), 100, "int8"), axis=0, gradient=0)
cases.add("mean", np.array([2**31 - 1, 2**31 - 1], "int32"), expected=np.float32(2**31 - 1))
cases.add("mean", values(3, dtype="bool"), gradient=0)
cases.add("prod", np.array([2**20, 2**20, 3], "int32"), gradient=0)
cases.add("prod", values(2, 3, dtype="bool"), axis=1, expected=np.prod(values(2, 3, dtype="bool"), axis=1).astype("int32"))
cases.add("prod", np.array([2, 3], "int32"), dtype="float32", expected=np.float32(6))
for x in (f32(0, 2, 3), f32(0, 2, 0, 4), np.array([[0, 2], [3, 4], [0, 0]], "float32")):
    cases.add("prod", x, reference=prod)
    cases.add("prod", x.reshape(-1, x.shape[-1]), axis=-1, keepdims=True, reference=prod)
for op, x in (("sum", f32()), ("prod", f32()), ("sum", values(2, 0, 3)), ("prod", values(2, 0, 3)), ("max", values(0, 3))):
    cases.add(
        op,
        x,
        axis=0 if op == "max" else -2 if x.ndim > 1 else None,
        **({"initial": -1.0, "expected": f32(-1, -1, -1)} if op == "max" else {}),
    )
cases.add("max", values(0, 2), axis=1, expected=f32())
for op in ("sum", "mean", "max", "min", "prod", "var", "std", "ptp"):
    for x in (f32(1, NAN, 2), f32(INF, 1, -INF), f32(3e38, 3e38, 1)):
        if op in ("sum", "max", "min", "prod", "ptp") or x[1] == 1:
            cases.add(op, x, gradient=0, wide=False)
for op in ("sum", "mean", "prod"):
    cases.add(op, values(2, 3, dtype="complex64"), axis=1, reference=prod if op == "prod" else None)
cases.add("var", values(2, 3, dtype="complex64"), axis=1, expected=np.var(values(2, 3, dtype="complex64"), axis=1))
for op in ("max", "min"):
    for initial in (-1.0, 0, 1.25):
        cases.add(
            op,
            values(2, 3),
            initial=initial,
            reference=lambda x, initial=0, op=op, **k: getattr(tf, op + "imum")(getattr(tf, "reduce_" + op)(x, **k), initial),
        )
        cases.add(op, values(2, 3, dtype="int32"), axis=1, initial=int(initial), gradient=0)
    cases.add(op, np.array([[1, 2, 2], [2, 2, 2], [-1, -1, -3]], "float32"), axis=1)
    cases.add(op, np.array([[True, False], [False, False]]), axis=1, gradient=0)

# What skips NaN.
for op in ("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "nanmedian"):
    for kwargs in AXES[:3]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = holed(3, 4)
            cases.add(op, x, expected=getattr(np, op)(x.astype("float64"), **kwargs), **kwargs)
    cases.add(op, holed(2, 3)[1:], axis=-1) if op in ("nansum", "nanmax", "nanmin") else None

# Log-sum-exp, moments, averages.
for x in (f32(1000, 1000), f32(-1000, -1001), f32(-INF, 1), f32(INF, 1), f32(-INF, -INF), f32(NAN, 1), f32(3e38, 3e38)):
    cases.add("logsumexp", x, gradient=0)
for kwargs in ({"axes": 0}, {"axes": (0, 2)}, {"axes": -1, "keepdims": True}, {"axes": (1,), "synchronized": False}, {"axes": [0, 1, 2]}):
    cases.add("moments", X3, **kwargs, reference=moments)
cases.add("moments", values(3, 2).astype("float16"), axes=0, gradient=0, wide=False, tolerance=2e-3, note="float16 holds 11 bits")
cases.add(
    "moments",
    values(3, 2, dtype="int32"),
    axes=0,
    expected=tuple(f(values(3, 2, dtype="int32"), 0).astype("float32") for f in (np.mean, np.var)),
)
for kwargs in ({}, {"axis": 0}, {"axis": -1}, {"axis": 1}, {"axis": (0, 2)}):
    cases.add("average", X3, **kwargs)
    cases.add("average", X3, weights=values(2, 3, 4, seed=1, low=0.5), **kwargs)
cases.add("average", X3, axis=1, weights=values(3, seed=1, low=0.5))
cases.add(
    "average",
    X3,
    axis=-1,
    weights=np.array([1, 2, 3, 4], "int32"),
    reference=lambda x, axis, weights: tf.reduce_sum(x * tf.cast(weights, x.dtype), axis) / 10,
)
cases.add("average", np.array([1, 2, 4], "int32"), weights=np.array([1, 1, 2], "int32"), gradient=0)

# Norms.
NORMS = [None, 1, 2, 3, 0, -1, -2, 1.5, INF, -INF]
for order in NORMS:
    for kwargs in ({"axis": 1}, {"axis": -1, "keepdims": True}, {"axis": 0}):
        cases.add("norm", values(2, 3), ord=order, gradient=2 if order not in (0, 3, 1.5) else 1, **kwargs)
    cases.add("norm", values(4), ord=order, gradient=1)
for order in (None, "fro", 1, -1, INF, -INF, "nuc", 2, -2):
    for kwargs in ({}, {"keepdims": True}):
        cases.add("norm", values(3, 2), ord=order, gradient=0 if order in ("nuc", 2, -2) else 1, **kwargs)
    for axis in ((0, 1), (2, 0), (-2, -1)):
        x = values(2, 3, 2).astype("float64")
        cases.add("norm", values(2, 3, 2), ord=order, axis=axis, expected=np.linalg.norm(x, order, axis))
cases.add("norm", values(2, 3, 4), reference=tf.norm)
cases.add("norm", f32(0, 0), expected=np.float32(0))
cases.add("norm", np.array([3, 4], "int32"), gradient=0)
cases.add("norm", values(3, dtype="complex64"), expected=np.float32(np.linalg.norm(values(3, dtype="complex64"))))
cases.add("norm", values(3, 2), ord="euclidean", reference=lambda x, ord: tf.norm(x))
for kwargs in ({}, {"axis": 0}, {"axis": (0, 1), "keepdims": True}, {"axis": -1}):
    cases.add(
        "euclidean_norm", values(2, 3), reference=lambda x, axis=None, keepdims=False: tf.norm(x, axis=axis, keepdims=keepdims), **kwargs
    )
for kwargs in ({}, {"axis": 0}, {"order": 1}, {"order": 3}, {"axis": (0, 1)}, {"epsilon": 5.0}, {"axis": 0, "order": 1, "epsilon": 0.5}):
    cases.add("normalize", values(2, 3), gradient=1 if kwargs.get("order") == 3 else 2, **kwargs)
cases.add("normalize", np.float32(-2.5), gradient=0)
cases.add("normalize", f32(0, 0), gradient=0)

# Quantiles.
Q = [0.0, 0.1, 0.25, 0.5, 1 / 3, 0.9, 1.0]
for method in ("linear", "lower", "higher", "midpoint", "nearest"):
    for q in (0.25, 0.5, 0.0, 1.0):
        cases.add("quantile", values(2, 5), q, axis=1, method=method, gradient=1)
    cases.add("percentile", values(5, 2), 60.0, axis=0, method=method, gradient=1)
    cases.add("quantile", values(2, 3, 2), [0.3, 0.8], axis=(0, 2), method=method, keepdims=True, gradient=1)
METHODS = ("linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
           "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased")  # fmt: skip
for method in METHODS:
    for n in (1, 4, 5, 10):
        x = values(n)
        cases.add("quantile", x, Q, method=method, expected=np.quantile(x.astype("float64"), Q, method=method))
        cases.add("percentile", x, [10.0, 50.0], method=method, expected=np.percentile(x.astype("float64"), [10, 50], method=method))
    x = holed(3, 4, seed=2)
    x[0, 1:] = [1, 2, 3]
    for op, scale in (("nanquantile", 1), ("nanpercentile", 100)):
        q = [0.2 * scale, 0.5 * scale]
        cases.add(
            op,
            x,
            q,
            axis=1,
            method=method,
            keepdims=method < "l",
            expected=getattr(np, op)(x.astype("float64"), q, axis=1, method=method, keepdims=method < "l"),
        )
for kwargs in AXES:
    cases.add("median", X3, gradient=1, **kwargs)
    cases.add("nanmedian", X3, expected=np.nanmedian(X3.astype("float64"), **kwargs), **kwargs)
cases.add("median", np.array([3, 1, 2, 9], "int32"), gradient=0)
for x, want in ((f32(1, NAN, 3), NAN), (f32(1, 2, INF), 2), (f32(-INF, INF, 0), 0)):
    cases.add("median", x, expected=np.float32(want))
cases.add("nanquantile", f32(NAN, NAN), 0.5, expected=np.float32(NAN))
cases.add("quantile", np.float32(2), 0.5, expected=np.float32(2))

# Histograms.
for x in (values(20), values(7, low=0, high=5, dtype="int32"), f32(1, 1, 1), f32(0, 0.5, 1), values(10) * 1000):
    for kwargs in ({}, {"bins": 4}, {"bins": 3, "range": (-1.0, 1.0)}, {"bins": 1}):
        counts, edges = np.histogram(x, **kwargs)
        cases.add("histogram", x, expected=(counts.astype("int32"), edges.astype("float32")), **kwargs)
cases.add("histogram", f32(), bins=2, expected=(np.zeros(2, "int32"), f32(0, 0.5, 1)))

# Correlation and signals' quality.
for x in (values(3, 5), values(2, 4, seed=1), values(4, 3)):
    cases.add("corrcoef", x, gradient=0)
    cases.add("corrcoef", x, reference=corrcoef)
cases.add("corrcoef", values(5), expected=np.float32(1))
cases.add("corrcoef", np.array([[1, 2, 4], [4, 2, 2]], "int32"), gradient=0)
cases.add("corrcoef", values(2, 4, dtype="complex64"), expected=np.corrcoef(values(2, 4, dtype="complex64")).astype("complex64"))


for n, m in ((5, 3), (5, 2), (4, 4), (3, 5), (2, 5), (1, 4), (4, 1), (6, 4), (1, 1), (2, 4)):
    for mode in ("valid", "same", "full"):
        cases.add("correlate", values(n), values(m, seed=1), mode=mode, reference=correlate)
a, b = values(3, dtype="complex64"), values(2, dtype="complex64")
for mode in ("valid", "same", "full"):
    cases.add("correlate", a, b, mode=mode, expected=np.correlate(a, b, mode))
    cases.add("correlate", np.array([1, 2, 3], "int32"), np.array([1, 2], "int32"), mode=mode, gradient=0)
for peak in (1.0, 255.0, 2):
    cases.add(
        "psnr",
        values(2, 3),
        values(2, 3, seed=1),
        max_val=peak,
        reference=lambda a, b, max_val: tf.image.psnr(a[..., None], b[..., None], max_val),
    )
    cases.add("psnr", values(4), values(4, seed=1), peak, reference=lambda a, b, p: tf.image.psnr(a[:, None, None], b[:, None, None], p))
cases.add("psnr", values(4), values(4), 1.0, expected=np.float32(INF))

# Differences and areas.


def trapezoid(y, dx=1.0, axis=-1):
    """Keras on TensorFlow fails for an axis before the last."""
    y = tf.experimental.numpy.moveaxis(y, axis, -1)
    return tf.reduce_sum(y[..., 1:] + y[..., :-1], -1) * (dx / 2)


for kwargs in ({}, {"n": 0}, {"n": 2}, {"axis": 0}, {"axis": 1, "n": 2}, {"n": 3, "axis": -1}, {"n": 5}):
    cases.add("diff", X3, **kwargs)
    cases.add("diff", values(2, 3, 4, dtype="int32"), gradient=0, **kwargs)
cases.add("diff", np.array([True, False, False]), gradient=0)
for kwargs in ({}, {"dx": 0.5}, {"axis": 0}, {"axis": 1, "dx": 2}, {"axis": -3, "dx": 2.0}):
    cases.add("trapezoid", X3, **kwargs, reference=trapezoid)
cases.add("trapezoid", values(4), x=values(4, seed=1))
for axis in (0, -1):
    cases.add(
        "trapezoid",
        values(2, 3),
        x=values(2, 3, seed=1),
        axis=axis,
        expected=np.trapezoid(values(2, 3).astype("float64"), values(2, 3, seed=1), axis=axis),
    )
    cases.add(
        "trapezoid",
        values(3, 3),
        x=values(3, seed=1),
        axis=axis,
        expected=np.trapezoid(values(3, 3).astype("float64"), values(3, seed=1), axis=axis),
    )
cases.add("trapezoid", np.array([1, 2, 3], "int32"), gradient=0)
