"""Control flow, and the twins that wait: what takes functions or is a coroutine, so that no data file can hold its cases."""

import asyncio

import pytest

import tensorweb as tw

pytestmark = pytest.mark.usefixtures("backend")


def gradient(function, x):
    return tw.grad(function)(x).tolist()


def test_cond_and_switch_choose_and_carry_gradients():
    x = tw.tensor(3.0)
    assert tw.cond(x > 2, lambda: x, lambda: -x).item() == 3.0
    assert tw.cond(False, lambda: 1, lambda: 2) == 2
    assert gradient(lambda v: tw.cond(v > 2, lambda: v * v, lambda: v), x) == 6.0
    branches = [lambda v: v + 1, lambda v: v * 2, lambda v: v * v]
    assert [tw.switch(i, branches, 5) for i in (-3, 0, 1, 2, 9)] == [6, 6, 10, 25, 25]
    assert gradient(lambda v: tw.switch(tw.tensor(2), branches, v), x) == 6.0


def test_while_loop_keeps_structure_and_stops():
    assert tw.while_loop(lambda i: i < 10, lambda i: i * 3, tw.tensor(1)).item() == 27
    i, total = tw.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), [tw.tensor(0), tw.tensor(0)])
    assert (i.item(), total.item()) == (4, 6)
    assert tw.while_loop(lambda i: True, lambda i: i + 1, (tw.tensor(0),), maximum_iterations=3)[0].item() == 3
    cube = lambda x: tw.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, tw.tensor(1.0)))[1]  # noqa: E731
    assert gradient(cube, tw.tensor(2.0)) == 12.0


def test_fori_loop():
    assert tw.fori_loop(2, tw.tensor(5), lambda i, s: s + i, 0) == 9
    assert tw.fori_loop(5, 2, lambda i, s: s + i, 7) == 7


def test_scan_stacks_in_order_either_way():
    step = lambda c, x: (c + x, c * x)  # noqa: E731
    carry, ys = tw.scan(step, tw.tensor(1.0), tw.tensor([2.0, 3.0, 4.0]))
    assert (carry.item(), ys.tolist()) == (10.0, [2.0, 9.0, 24.0])
    carry, ys = tw.scan(step, tw.tensor(1.0), tw.tensor([2.0, 3.0, 4.0]), reverse=True)
    assert (carry.item(), ys.tolist()) == (10.0, [16.0, 15.0, 4.0])
    carry, ys = tw.scan(lambda c, _: (c * 2, {"c": c}), tw.tensor(1), length=3)
    assert (carry.item(), ys["c"].tolist()) == (8, [1, 2, 4])
    carry, ys = tw.scan(lambda c, x: (c, x["a"] + x["b"][0]), 0, {"a": tw.tensor([1, 2]), "b": tw.tensor([[3], [4]])})
    assert ys.tolist() == [4, 6]
    assert tw.scan(lambda c, x: (c + x, None), tw.tensor(0), tw.tensor([1, 2]))[1] is None
    assert gradient(lambda x: tw.scan(lambda c, v: (c * v, c), tw.tensor(1.0), x)[0], tw.tensor([2.0, 3.0])) == [3.0, 2.0]


def test_map_and_vectorized_map():
    x = tw.tensor([[1.0, 2.0], [3.0, 4.0]])
    for function in (tw.map, tw.vectorized_map):
        assert function(lambda r: tw.sum(r), x).tolist() == [3.0, 7.0]
        total, double = function(lambda p: (p[0] + p[1], p[0] * 2), (x, x))
        assert total.tolist() == double.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert gradient(lambda v: tw.sum(tw.map(lambda r: r * r, v)), x) == [[2.0, 4.0], [6.0, 8.0]]


def test_vectorize_broadcasts_and_takes_signatures():
    larger = tw.vectorize(lambda a, b: a if a > b else b)
    assert larger([1, 5, 3], 2).tolist() == [2, 5, 3]
    assert larger([[1], [4]], [2, 3]).tolist() == [[2, 3], [4, 4]]
    dot = tw.vectorize(lambda a, b: tw.sum(a * b), signature="(n),(n)->()")
    assert dot([[1, 2], [3, 4]], [1, 1]).tolist() == [3, 7]
    assert tw.vectorize(lambda a, n: a**n, excluded={1})([1, 2, 3], 2).tolist() == [1, 4, 9]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 13])
def test_associative_scan_is_a_running_fold(n):
    x = [float(i % 5) - 1.5 for i in range(n)]
    sums = [sum(x[: i + 1]) for i in range(n)]
    assert tw.associative_scan(tw.add, tw.tensor(x)).tolist() == sums
    back = [sum(x[i:]) for i in range(n)]
    assert tw.associative_scan(tw.add, tw.tensor(x), reverse=True).tolist() == back
    columns = tw.associative_scan(tw.add, tw.tensor([x, x]), axis=1)
    assert columns.tolist() == [sums, sums]


def test_associative_scan_of_a_nesting_keeps_the_order_of_a_non_commutative_function():
    # Affine maps x -> a * x + b, composed.
    a, b = [2.0, 3.0, 0.5, 4.0, 1.0], [1.0, -1.0, 2.0, 0.0, 3.0]
    made = tw.associative_scan(lambda f, g: (g[0] * f[0], g[0] * f[1] + g[1]), (tw.tensor(a), tw.tensor(b)))
    expected, state = [], (1.0, 0.0)
    for p, q in zip(a, b, strict=True):
        state = (p * state[0], p * state[1] + q)
        expected.append(state)
    assert list(zip(made[0].tolist(), made[1].tolist(), strict=True)) == expected
    assert gradient(lambda v: tw.sum(tw.associative_scan(tw.multiply, v)), tw.tensor([2.0, 3.0, 4.0])) == [1 + 3 + 12, 2 + 8, 6]


def test_jvp_is_the_directional_derivative():
    value, slope = tw.jvp(lambda x, y: x * x * y, (tw.tensor([1.0, 2.0]), tw.tensor(3.0)), (tw.tensor([1.0, 0.0]), tw.tensor(1.0)))
    assert value.tolist() == [3.0, 12.0]
    assert slope.tolist() == [7.0, 4.0]
    value, slope, aux = tw.jvp(lambda x: (x + 1, "aux"), (tw.tensor(1.0),), (tw.tensor(2.0),), has_aux=True)
    assert (value.item(), slope.item(), aux) == (2.0, 2.0, "aux")


def test_twins_that_wait():
    mask = tw.tensor([[True, False], [True, True]])
    assert asyncio.run(tw.where_async(mask)).tolist() == [[0, 0], [1, 0], [1, 1]]
    assert asyncio.run(tw.boolean_mask_async(tw.tensor([[1, 2], [3, 4]]), mask)).tolist() == [1, 3, 4]


def test_conversions():
    x = tw.tensor([1, 2])
    assert tw.dtype(x) == "int32" and tw.shape(x) == (2,) and tw.is_tensor(x) and not tw.is_tensor([1])
    assert tw.convert_to_numpy(x).tolist() == [1, 2]
    assert tw.ops.custom_gradient is tw.custom_gradient


def test_indexing_with_tensors_in_slices_and_iteration():
    x = tw.arange(6)
    assert x[tw.tensor(1) : tw.tensor(4)].tolist() == [1, 2, 3]
    assert [v.item() for v in x[:3]] == [0, 1, 2]
    assert x[tw.tensor(-1)].item() == 5
    assert x[tw.tensor([7, -9])].tolist() == [0, 0]  # what nobody looked at reads 0


def test_strings_go_through_shapes_and_places():
    x = tw.tensor([["a", "b"], ["c", "d"]])
    assert tw.transpose(x).tolist() == [["a", "c"], ["b", "d"]]
    assert tw.scatter_update(x, [[0, 1]], tw.tensor(["z"])).tolist() == [["a", "z"], ["c", "d"]]
    assert tw.zeros_like(x).tolist() == [["", ""], ["", ""]]
    assert tw.take(x, tw.tensor([5]), axis=0).tolist() == [["", ""]]
