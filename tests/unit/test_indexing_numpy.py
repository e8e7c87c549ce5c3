"""`x[key]` against NumPy's own, for many random keys of every kind."""

import random

import numpy as np
import pytest

import tensorweb as tw


def random_key(rng, shape):
    """Return a key of ints, slices, None, Ellipsis, index arrays, masks and bools for an array of `shape`."""
    key, axis, common = [], 0, rng.choice([(2,), (3,), (2, 3), (1,)])
    while axis < len(shape) and rng.random() < 0.9:
        n, kind = shape[axis], rng.choice(["int", "number", "slice", "slice", "none", "dots", "array", "array", "mask", "bool"])
        if kind == "int":
            key.append(rng.randrange(-n, n))
        elif kind == "number":
            key.append(np.array(rng.randrange(-n, n), "int32"))
        elif kind == "slice":
            bounds = [rng.choice([None, rng.randint(-5, 5)]) for _ in range(2)]
            key.append(slice(*bounds, rng.choice([None, 1, 2, -1, -2])))
        elif kind == "array":
            own = common if rng.random() < 0.8 else (1,)
            key.append(np.array([rng.randrange(-n, n) for _ in range(int(np.prod(own)))], "int32").reshape(own))
        elif kind == "mask":
            covered = shape[axis : axis + rng.choice([1, 1, 2])]
            key.append(np.array([rng.random() < 0.5 for _ in range(int(np.prod(covered)))]).reshape(covered))
            axis += len(covered) - 1
        elif kind == "bool" and rng.random() < 0.2:
            key.append(rng.random() < 0.5)
        elif kind == "none":
            key.append(None)
        elif kind == "dots" and Ellipsis not in [k for k in key if k is Ellipsis]:
            key.append(Ellipsis)
            axis += rng.randint(0, len(shape) - axis)
            break
        axis += kind in ("int", "number", "slice", "array", "mask")
    return tuple(key)


def as_lists(k):
    return k.tolist() if isinstance(k, np.ndarray) and k.ndim else k


def as_tensors(k):
    return tw.tensor(k) if isinstance(k, np.ndarray) else k


@pytest.mark.parametrize("seed", range(20))
def test_get_item_is_numpys(seed):
    rng = random.Random(seed)
    for _ in range(30):
        shape = tuple(rng.choice([1, 2, 3, 4]) for _ in range(rng.randint(1, 4)))
        x = np.arange(np.prod(shape), dtype="int32").reshape(shape)
        key = random_key(rng, shape)
        try:
            expected = x[key]
        except IndexError:
            with pytest.raises(IndexError):
                tw.tensor(x)[tuple(map(as_lists, key))]
            continue
        for form in (key, tuple(map(as_lists, key)), tuple(map(as_tensors, key))):
            got = tw.tensor(x)[form].numpy()
            assert got.shape == expected.shape and (got == expected).all(), (shape, form)
