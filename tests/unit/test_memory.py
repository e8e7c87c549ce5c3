"""memory(), tidy, keep, dispose, updates in place, and a loop that must not grow."""

import gc
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import engine
from tensorweb.backends import registry


def counts():
    gc.collect()
    m = tw.memory()
    return m.num_tensors, m.num_data_buffers, m.num_bytes


def test_the_last_reference_frees(backend):
    before = counts()
    x = tw.ones((10,))
    y = tw.sum(x * 2 + 1)
    assert counts() == (before[0] + 2, before[1] + 2, before[2] + 44)
    del x, y
    assert counts() == before


def test_tidy_returns_its_result_and_disposes_the_rest(backend):
    before, inside = counts(), []

    def f():
        a = tw.ones((4,))
        inside.append(a)
        return {"sum": tw.sum(a), "pair": (a * 2, [a * 3])}

    result = tw.tidy("name", f)
    assert inside[0].is_disposed and float(result["sum"]) == 4.0 and result["pair"][1][0].tolist() == [3.0] * 4
    del result
    assert counts() == before


def test_tidy_as_a_block_with_keep(backend):
    with tw.tidy() as scope:
        a, b, c = tw.ones((2,)), tw.ones((2,)), tw.ones((2,))
        v = tw.Variable([1.0])
        scope.keep(a)
        tw.keep({"b": b})
    assert not a.is_disposed and not b.is_disposed and c.is_disposed and not v.is_disposed


def test_nested_tidies_hand_results_outwards(backend):
    with tw.tidy():
        inner = tw.tidy(lambda: tw.ones((2,)))
        assert not inner.is_disposed
    assert inner.is_disposed


def test_keep_outlives_all_tidies():
    with tw.tidy(), tw.tidy():
        a = tw.keep(tw.ones((2,)))
    assert not a.is_disposed


def test_tidy_refuses_coroutines():
    async def f():
        return 1

    with pytest.raises(ValueError, match="tidy: expected a plain function"):
        tw.tidy(f)
    with pytest.raises(ValueError, match="tidy: expected a plain result"):
        tw.tidy(lambda: f())


def test_tidy_cleans_up_after_an_error():
    made = []
    with pytest.raises(RuntimeError), tw.tidy():
        made.append(tw.ones((2,)))
        raise RuntimeError
    assert made[0].is_disposed


def test_dispose_looks_through_containers():
    a, b = tw.ones((1,)), tw.Variable([1.0])
    tw.dispose([{"a": a}, (b,)])
    assert a.is_disposed and b.is_disposed


@pytest.mark.usefixtures("nothing_left")
def test_a_leak_is_found():
    hoard, before = [], tw.memory().num_tensors
    for _ in range(5):
        tw.tidy(lambda: tw.sum(tw.keep(hoard.append(tw.ones((2,))) or hoard[-1])))
    assert tw.memory().num_tensors == before + 5


@pytest.mark.usefixtures("nothing_left")
def test_bytes_by_dtype():
    for dtype, size in (("bool", 1), ("uint8", 1), ("float16", 2), ("int32", 4), ("complex64", 8)):
        before = tw.memory().num_bytes
        t = tw.zeros((10,), dtype)
        assert tw.memory().num_bytes - before == 10 * size, t
        del t


def test_updates_are_in_place_unless_somebody_sees_the_memory(backend):
    v = tw.Variable([1.0, 2.0])
    step = tw.optimizers.SGD(1.0)
    step.apply([tw.tensor([1.0, 1.0])], [v])
    address = id(v._value._container)  # only the number: a reference would make it shared
    step.apply([tw.tensor([1.0, 1.0])], [v])
    assert id(v._value._container) == address
    seen, view = v.value, v.numpy()
    step.apply([tw.tensor([1.0, 1.0])], [v])
    assert seen.tolist() == [-1.0, 0.0] == view.tolist() and v.tolist() == [-2.0, -1.0]
    with tw.GradientTape() as tape:
        y = v * v
    step.apply([tw.tensor([1.0, 1.0])], [v])
    assert tape.gradient(y, v).tolist() == [-4.0, -2.0]


def _training(steps):
    w, b = tw.Variable(tw.ones((4, 3))), tw.Variable(tw.zeros((3,)))
    x, y = tw.ones((5, 4)), tw.zeros((5, 3))
    optimizer = tw.optimizers.Adam(0.01)

    def loss():
        return tw.mean((tw.relu(x @ w + b) - y) ** 2)

    def run(n):
        for _ in range(n):
            optimizer.minimize(loss)

    run(2)
    return run


def test_from_step_three_no_plan_is_missed():
    run = _training(2)
    misses = engine.plans(registry.current()).misses
    run(3)
    assert engine.plans(registry.current()).misses == misses


def test_a_slice_that_moves_is_one_plan():
    x = tw.ones((20, 3))

    def use(i):
        return tw.grad(lambda a: tw.sum(a[i] * 2) + tw.sum(a[i : i + 2]))(x)

    use(0)
    misses = engine.plans(registry.current()).misses
    for i in range(1, 18):
        use(i)
    assert engine.plans(registry.current()).misses == misses


def _resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def twenty_thousand_steps():
    """Raise AssertionError unless 20,000 steps leave tensors, plans and the process's memory as they were."""
    run = _training(2)
    run(500)
    before, resident = counts(), _resident()
    misses = engine.plans(registry.current()).misses
    run(20_000)
    assert counts() == before
    assert engine.plans(registry.current()).misses == misses
    grown = _resident() - resident
    assert grown < 4_000_000, grown


@pytest.mark.slow
def test_twenty_thousand_steps_stay_flat():
    """In a process of its own: memory that other tests have given back comes again as it is needed."""
    command = [sys.executable, "-c", f"from {__name__} import twenty_thousand_steps; twenty_thousand_steps()"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
