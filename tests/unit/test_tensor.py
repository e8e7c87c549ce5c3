"""Tensors, variables and buffers: in, out, Python's operators, printing, wrong input."""

import array
import asyncio
import math

import numpy as np
import pytest

import tensorweb as tw


@pytest.mark.parametrize(
    "values, shape, dtype",
    [
        (3, (), "int32"),
        (2.5, (), "float32"),
        (True, (), "bool"),
        (1 + 2j, (), "complex64"),
        ("text", (), "string"),
        ([], (0,), "float32"),
        ([[], []], (2, 0), "float32"),
        ([1, 2, 3], (3,), "int32"),
        ([1, 2.5], (2,), "float32"),
        ([True, 2], (2,), "int32"),
        ([[1.0], [2.0]], (2, 1), "float32"),
        (["a", "b"], (2,), "string"),
        (range(4), (4,), "int32"),
        (array.array("d", [1, 2]), (2,), "float32"),
        (array.array("q", [1, 2]), (2,), "int32"),
        (b"\x01\xff", (2,), "uint8"),
        (np.float64(2), (), "float32"),
        (np.arange(6).reshape(2, 3), (2, 3), "int32"),
        (np.zeros((2, 2), "float16"), (2, 2), "float16"),
        (np.array(["x", "yy"]), (2,), "string"),
        ([np.ones(2), np.zeros(2)], (2, 2), "float32"),
    ],
)
def test_made_from(backend, values, shape, dtype):
    t = tw.tensor(values)
    assert (t.shape, t.dtype) == (shape, dtype)
    if dtype != "string":
        np.testing.assert_array_equal(t.numpy(), np.asarray(values if not isinstance(values, bytes) else list(values)))


def test_made_from_pil():
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    assert tw.tensor(image.new("RGB", (4, 3), (1, 2, 3))).tolist() == [[[1, 2, 3]] * 4] * 3


def test_made_from_dlpack():
    class OnlyDlpack:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__()

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    assert tw.tensor(OnlyDlpack(np.arange(3.0))).tolist() == [0.0, 1.0, 2.0]
    assert np.from_dlpack(tw.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_shape_and_dtype_can_be_given(backend):
    assert tw.tensor([1, 2, 3, 4], (2, -1), "float32").tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert tw.tensor([1.9, -1.9, math.nan], dtype="int32").tolist() == [1, -1, 0]
    assert tw.tensor([300], dtype="uint8").tolist() == [44]


@pytest.mark.parametrize(
    "values, error, text",
    [
        ([[1, 2], [3]], ValueError, "tensor: expected rows of equal length 2, got one of 1"),
        ([[1], 2], ValueError, "tensor: expected rows of equal length 1"),
        ([1, [2]], ValueError, "tensor: expected equal nesting everywhere"),
        (object(), TypeError, "tensor: expected numbers, strings, sequences or arrays, got object"),
        ([object()], TypeError, "tensor: expected numbers or strings of one kind, got object"),
        (["a", 1], TypeError, "tensor: expected numbers or strings"),
        (2**31, ValueError, "tensor: expected integers of 32 bits"),
        ([2**40], ValueError, "tensor: expected integers of 32 bits"),
        (np.array([2**40]), ValueError, "tensor: expected integers of 32 bits"),
        (np.array([{}]), TypeError, "tensor: expected an array of numbers or strings"),
        ({}, TypeError, "tensor: expected numbers"),
        (None, TypeError, "tensor: expected numbers"),
    ],
)
def test_wrong_values(backend, values, error, text):
    with pytest.raises(error, match=text):
        tw.tensor(values)


def test_a_list_that_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="at most 32 levels"):
        tw.tensor(loop)


@pytest.mark.parametrize("shape", [(-1, -1), (3,), (-2,), ("a",), 2.5])
def test_wrong_shape(shape):
    with pytest.raises(ValueError, match="expected"):
        tw.tensor([1, 2, 3, 4], shape)


def test_too_large_a_shape_is_refused_before_anything_is_allocated():
    with pytest.raises(ValueError, match="at most 2147483647 elements"):
        tw.zeros((2**20, 2**20))


def test_unknown_dtype():
    with pytest.raises(TypeError, match="expected a dtype, got 'float99'"):
        tw.tensor([1], dtype="float99")


def test_out_again(backend):
    t = tw.tensor([[1.0, 2.0], [3.0, 4.0]])
    flat = t.data_sync()
    assert isinstance(flat, memoryview) and flat.readonly and flat.format == "f" and flat.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert asyncio.run(t.data()).tolist() == flat.tolist()
    assert asyncio.run(t.array()) == t.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert asyncio.run(t.bytes()) == np.array([1, 2, 3, 4], "float32").tobytes()
    assert tw.tensor(["a"]).data_sync() == ["a"]
    assert tw.tensor([True]).data_sync().tolist() == [True]
    assert not t.numpy().flags.writeable
    assert np.asarray(t, "float64").dtype == np.float64
    assert tw.zeros((2, 0, 3)).tolist() == [[], []]


def test_python_protocols(backend):
    t = tw.tensor([1, 2, 3])
    assert len(t) == 3 and [int(x) for x in t] == [1, 2, 3]
    assert float(tw.tensor(2.5)) == 2.5 and bool(tw.tensor([1])) and [10, 20][tw.tensor(1)] == 20
    assert complex(tw.tensor(1j)) == 1j
    with pytest.raises(ValueError, match="item: expected a tensor of one element"):
        bool(t)
    with pytest.raises(ValueError, match="len: expected a tensor of rank 1 or more"):
        len(tw.tensor(1))


@pytest.mark.parametrize(
    "expression",
    [
        "a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "a ** 2", "2 ** abs(a)", "-a", "abs(a)", "a < b", "a >= b", "a == b",
        "a != b",
        "1 + a", "1 - a", "2 * a", "2 / b", "7 // b", "7 % b", "a + 0.5", "a @ b.T", "a[0] + b", "a + [1, 2, 3]", "+a",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["float32", "int32"])
def test_operators_as_numpy(backend, expression, kind):
    a, b = np.array([[1, -2, 3], [4, 5, -7]], kind), np.array([[2, 3, -2], [3, -4, 5]], kind)
    want = np.asarray(eval(expression, {"a": a, "b": b}))
    got = eval(expression, {"a": tw.tensor(a), "b": tw.tensor(b)})
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-6)
    assert got.dtype == {"float64": "float32", "int64": "int32"}.get(want.dtype.name, want.dtype.name)


def test_operators_with_numpy_on_the_left(backend):
    assert (np.ones(2) + tw.tensor([1.0, 2.0])).tolist() == [2.0, 3.0]
    assert isinstance(np.ones(2) * tw.tensor([1.0, 2.0]), tw.Tensor)


def test_foreign_operands_are_refused():
    with pytest.raises(TypeError):
        tw.tensor([1]) + object()
    with pytest.raises(ValueError, match="add: expected shapes that broadcast together"):
        tw.tensor([1, 2]) + tw.tensor([1, 2, 3])


def test_repr():
    assert repr(tw.tensor([[1.0, 2.5]])) == "Tensor([[1.0, 2.5]], shape=(1, 2), dtype=float32)"
    assert repr(tw.tensor(["a"])) == "Tensor(['a'], shape=(1,), dtype=string)"
    long = repr(tw.zeros((100, 100)))
    assert "..." in long and len(long) < 1000
    gone = tw.tensor([1])
    gone.dispose()
    assert "disposed" in repr(gone)


@pytest.mark.usefixtures("nothing_left")
def test_reshape_clone_and_cast_to_the_same_dtype_share_the_data(backend):
    t = tw.ones((2, 3))
    before = tw.memory()
    twins = [tw.reshape(t, (3, 2)), t.clone(), tw.cast(t, "float32")]
    after = tw.memory()
    assert after.num_tensors == before.num_tensors + 3
    assert (after.num_data_buffers, after.num_bytes) == (before.num_data_buffers, before.num_bytes)
    t.dispose()
    assert twins[0].tolist() == [[1.0, 1.0]] * 3


def test_disposed_tensors_are_refused(backend):
    t = tw.tensor([1.0])
    t.dispose()
    t.dispose()
    for use in (lambda: t + 1, t.data_sync, t.tolist, lambda: tw.reshape(t, (1,)), lambda: tw.concatenate([t, t])):
        with pytest.raises(ValueError, match="alive"):
            use()


def test_variable(backend):
    v = tw.Variable([1.0, 2.0], name="v")
    old = v.value
    v.assign([3.0, 4.0]).assign_add([1.0, 1.0])
    v.assign_sub(1.0 * tw.ones((2,)))
    assert v.numpy().tolist() == [3.0, 4.0] and old.tolist() == [1.0, 2.0]
    assert (v * 2).tolist() == [6.0, 8.0] and float(v[0]) == 3.0 and v.shape == (2,) and v.dtype == "float32"
    with pytest.raises(ValueError, match=r"assign: expected shape \(2,\), got \(3,\)"):
        v.assign([1.0, 2.0, 3.0])
    assert v.tolist() == [3.0, 4.0]


def test_buffer():
    b = tw.buffer((2, 3), "int32")
    b.set(7, 1, 2)
    assert b.get(1, 2) == 7 and b.loc_to_index((1, 2)) == 5 and b.index_to_loc(5) == (1, 2)
    assert b.to_tensor().tolist() == [[0, 0, 0], [0, 0, 7]]
    assert tw.tensor([[1, 2]]).buffer().get(0, 1) == 2
    with pytest.raises(IndexError, match="buffer: expected a location within"):
        b.get(2, 0)
