"""What reductions, scans, sorting, statistics and segments refuse, and how accurate sums are. Their values: `tests/oracle`."""

import random

import pytest

import tensorweb as tw
from tensorweb.tensor import OPS

X = tw.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
V = tw.tensor([1.0, 2.0, 3.0])
I = tw.tensor([0, 1, 2])
EMPTY = tw.zeros((0, 3))
C = tw.tensor([1 + 2j])

WRONG = [
    *((op, (X,), {"axis": 2}, ValueError, f"{op}: expected an axis from -2 to 1") for op in ("sum", "prod", "max", "all", "argmax", "std")),
    *((op, (X,), {"axis": (0, 0)}, ValueError, f"{op}: expected each axis once") for op in ("sum", "min", "var", "logsumexp", "any")),
    *((op, (EMPTY,), {"axis": 0}, ValueError, f"{op}: expected at least one element") for op in ("max", "min", "argmax", "nanmax", "ptp")),
    ("max", (C,), {}, TypeError, "max: expected"),
    ("sort", (C,), {}, TypeError, "sort: expected real numbers"),
    ("norm", (X,), {"ord": "bad"}, ValueError, "norm: expected one of"),
    ("norm", (V,), {"ord": "fro"}, ValueError, "norm: expected a number for `ord`"),
    ("norm", (tw.zeros((2, 2, 2)),), {"ord": 1}, ValueError, "norm: expected a vector or a matrix"),
    ("norm", (tw.zeros((2, 2, 2)),), {"ord": 1, "axis": (0, 1, 2)}, ValueError, "norm: expected one axis or two"),
    ("normalize", (X,), {"order": 0}, ValueError, "normalize: expected an integer order"),
    ("average", (X,), {"weights": V}, ValueError, "average: expected weights of shape"),
    ("quantile", (X, 1.5), {}, ValueError, "quantile: expected q from 0 to 1"),
    ("percentile", (X, -1), {}, ValueError, "percentile: expected q from 0 to 100"),
    ("quantile", (X, 0.5), {"method": "best"}, ValueError, "quantile: expected a method"),
    ("median", (EMPTY,), {}, ValueError, "median: expected at least one element"),
    ("histogram", (X,), {}, ValueError, "histogram: expected a tensor of rank 1"),
    ("histogram", (V,), {"bins": 0}, ValueError, "histogram: expected a positive integer"),
    ("histogram", (V,), {"range": (2.0, 1.0)}, ValueError, "histogram: expected a finite range"),
    ("corrcoef", (tw.zeros((2, 2, 2)),), {}, ValueError, "corrcoef: expected a tensor of rank 2"),
    ("correlate", (X, V), {}, ValueError, "correlate: expected two vectors"),
    ("correlate", (V, V), {"mode": "all"}, ValueError, "correlate: expected mode"),
    ("psnr", (X, V, 1.0), {}, ValueError, "psnr: expected two tensors of one shape"),
    ("diff", (V,), {"n": -1}, ValueError, "diff: expected an order"),
    ("diff", (tw.tensor(1.0),), {}, ValueError, "diff: expected an axis"),
    ("cumsum", (X,), {"axis": 2}, ValueError, "cumsum: expected an axis"),
    ("cummax", (C,), {}, TypeError, "cummax: expected real numbers"),
    ("top_k", (V, 4), {}, ValueError, "top_k: expected an integer k from 0 to 3"),
    ("top_k", (tw.tensor(1.0), 1), {}, ValueError, "top_k: expected a tensor of rank 1"),
    ("argpartition", (V, 3), {}, ValueError, "argpartition: expected kth"),
    ("in_top_k", (I, X, 1), {}, ValueError, "in_top_k: expected predictions"),
    ("in_top_k", (tw.tensor([0.0, 1.0]), X, 1), {}, TypeError, "in_top_k: expected integer targets"),
    ("searchsorted", (V, V), {"side": "middle"}, ValueError, "searchsorted: expected side"),
    ("lower_bound", (X, V), {}, ValueError, "lower_bound: expected a sequence of rank 1"),
    ("digitize", (V, X), {}, ValueError, "digitize: expected bins of rank 1"),
    ("bincount", (V,), {}, TypeError, "bincount: expected integers"),
    ("bincount", (tw.tensor([-1]),), {}, ValueError, "bincount: expected no negative value"),
    ("bincount", (I,), {"sparse": True}, ValueError, "bincount: expected sparse=False"),
    ("bincount", (I,), {"weights": X}, ValueError, "bincount: expected weights of shape"),
    ("dense_bincount", (tw.zeros((1, 1, 1), "int32"), None, 2), {}, ValueError, "dense_bincount: expected a tensor of rank 1 or 2"),
    ("unique", (I,), {"axis": 1}, ValueError, "unique: expected an axis"),
    ("unique", (I,), {"size": -1}, ValueError, "unique: expected a size"),
    ("setdiff1d", (X, V), {}, ValueError, "setdiff1d: expected two tensors of rank 1"),
    ("setdiff1d", (V, tw.tensor(["a"])), {}, TypeError, "setdiff1d: expected x and y of one kind"),
    ("segment_sum", (X, I), {}, ValueError, "segment_sum: expected segment_ids in the shape"),
    ("segment_max", (V, V), {}, TypeError, "segment_max: expected integer segment_ids"),
    ("segment_min", (V, I), {"num_segments": -1}, ValueError, "segment_min: expected num_segments"),
    ("math.confusion_matrix", (I, tw.tensor([0]), 2), {}, ValueError, "math.confusion_matrix: expected labels"),
    ("math.confusion_matrix", (I, I, 0), {}, ValueError, "math.confusion_matrix: expected a positive integer"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "args", "kwargs", "error", "text"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_refuses(op, args, kwargs, error, text):
    with pytest.raises(error) as caught:
        OPS[op].function(*args, **kwargs)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((10**6,), None), ((10**6, 1), 0), ((10**6, 2), 0), ((2, 10**6), 1), ((1000, 1000, 2), (0, 1)), ((10**5, 2, 10), (0, 2)),
        ((2, 10**6 // 2, 2), (0, 1)),
    ],
)  # fmt: skip
def test_sums_are_as_accurate_as_pairwise(shape, axis):
    # The same number everywhere: its sum is known exactly, and adding one by one would lose three digits.
    value = tw.tensor(0.1).item()
    total = tw.sum(tw.full(shape, 0.1), axis=axis)
    expected = value * _size(shape) / total.size
    assert all(abs(v - expected) <= 1e-6 * expected for v in total.data_sync())


def test_sums_of_random_numbers():
    numbers = [random.Random(0).random() for _ in range(1000)] * 1000
    total = sum(map(float, tw.tensor(numbers[:1000]).tolist())) * 1000
    x = tw.tensor(numbers)
    for got in (tw.sum(x), tw.sum(tw.stack([x, x], axis=1), axis=0)[0], tw.mean(x) * 1e6, tw.cumsum(x)[-1]):
        assert abs(got.item() - total) <= 1e-6 * total


def _size(shape):
    size = 1
    for n in shape:
        size *= n
    return size
