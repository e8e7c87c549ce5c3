"""Tensors where NumPy's users put arrays: NumPy's functions take them, and they have the methods people call on arrays."""

import pytest

import tensorweb as tw

np = pytest.importorskip("numpy")


def test_functions_of_numpy(backend):
    t = tw.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert np.sum(t) == 10.0 and np.mean(t, axis=0).tolist() == [2.0, 3.0] and np.all(t > 0)
    assert np.argmax(t, axis=1).tolist() == [1, 1] and np.sqrt(t * t).tolist() == t.tolist()
    assert np.concatenate([t, np.zeros((1, 2))]).shape == (3, 2) and np.sum(tw.Variable(t)) == 10.0
    assert np.add.reduce(t).tolist() == [4.0, 6.0] and np.maximum(t, 2).tolist() == [[2.0, 2.0], [3.0, 4.0]]
    assert all(type(v) is np.ndarray for v in (np.exp(t), np.stack([t, t]), np.where(t > 1, t, 0.0)))


def test_operators_of_arrays_give_tensors(backend):
    t, a = tw.tensor([1.0, 2.0]), np.array([4.0, 8.0])
    results = [a + t, a - t, a * t, a / t, a // t, a % t, a**t, a @ t, a < t, a >= t, a == t, a != t, np.float32(2) * t]
    assert all(isinstance(r, tw.Tensor) for r in results)
    assert [r.tolist() for r in results[:4]] == [[5.0, 10.0], [3.0, 6.0], [4.0, 16.0], [4.0, 4.0]]
    assert results[7].item() == 20.0 and results[8].tolist() == [False, False]
    a += t
    assert type(a) is np.ndarray and a.tolist() == [5.0, 10.0]
    with tw.GradientTape() as tape:
        tape.watch(t)
        y = np.array([3.0, 5.0]) * t
    assert tape.gradient(y, t).tolist() == [3.0, 5.0]


def test_methods_of_arrays(backend):
    t = tw.tensor([[1.5, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert t.astype("int32").tolist() == [[1, 2, 3], [4, 5, 6]] and t.astype(float, copy=False).dtype == "float32"
    assert t.flatten().shape == (6,) and t.reshape(3, -1).shape == t.reshape((3, 2)).shape == t.reshape(newshape=(3, 2)).shape == (3, 2)
    assert t.transpose(1, 0).shape == t.transpose((1, 0)).shape == t.transpose().shape == (3, 2)
    assert tw.Variable(t).reshape(2, 3, 1).shape == (2, 3, 1)


def test_symbolic_tensors_have_no_values():
    symbol = tw.KerasTensor((None, 2))
    with pytest.raises(TypeError, match="KerasTensor: expected a tensor with values"):
        np.exp(symbol)
    assert symbol.reshape(-1, 1).shape == (None, 1) and (np.ones(2, "float32") * symbol).shape == (None, 2)
    assert symbol.astype("float16").dtype == "float16"
