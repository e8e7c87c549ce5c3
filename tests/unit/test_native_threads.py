"""The backend `native` used by many at once: threads, tasks, its own pool, forked and spawned processes, and the end of a program."""

import asyncio
import ctypes
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.backends import registry
from tensorweb.flags import flags

pytest.importorskip("llvmlite")

from tensorweb.backends.native import create
from tensorweb.backends.native import pool as pool_module

ROOT = Path(__file__).parents[2]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="only where a process can be forked")


def use(threads):
    """Make a backend of its own with so many threads current, and close it in the end."""
    before = flags.get("NUM_THREADS")
    flags.set("NUM_THREADS", threads)
    tw.register_backend("many", create, priority=-1)
    try:
        tw.set_backend("many")
        yield registry.current()
    finally:
        flags.set("NUM_THREADS", before)
        tw.remove_backend("many")


@pytest.fixture(params=[1, 3])
def backend(request):
    yield from use(request.param)


@pytest.fixture
def threaded():
    """A backend whose pool has two workers, even on one core."""
    yield from use(3)


@pytest.fixture
def run(tmp_path_factory):
    """Return the function that runs a program in a process of its own with an empty disk cache: all kernels are compiled."""
    folder = tmp_path_factory.mktemp("cache")

    def run(code, timeout=100, **environment):
        variables = {**os.environ, "TENSORWEB_CACHE_DIR": str(folder), "TENSORWEB_NUM_THREADS": "3", "PYTHONPATH": str(ROOT), **environment}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, cwd=folder, timeout=timeout)
        # Since 3.12, Python warns of forks in processes with threads.
        done.stderr = "\n".join(x for x in done.stderr.splitlines() if "DeprecationWarning" not in x and "os.fork" not in x)
        return done

    return run


def work(seed, n=5):
    """Return what a mixture of operations, small and large, makes of numbers of one's own."""
    rng = np.random.default_rng(seed)
    x = tw.tensor(rng.standard_normal((300, 200)).astype("f4"))
    w = tw.tensor(rng.standard_normal((200, 100)).astype("f4"))
    results = []
    for _ in range(n):
        y = tw.softmax(tw.relu(x @ w) + 0.5)
        results += [y, tw.sum(y, axis=0), tw.sort(y[:, 0]), tw.exp(x * 0.1) - 1.0, tw.transpose(x), tw.mean(x)]
    return np.concatenate([r.numpy().reshape(-1) for r in results])


# --- Python's threads and tasks ---


def test_many_threads_at_once(backend):
    expected = [work(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as executor:
        for _ in range(3):
            for got, wanted in zip(executor.map(work, range(6)), expected, strict=True):
                np.testing.assert_array_equal(got, wanted)


def test_first_uses_at_once_compile_once(run):
    done = run("""
import threading, tensorweb as tw
barrier, results = threading.Barrier(8), []
def first():
    barrier.wait()
    x = tw.ones((40, 30))
    results.append([float(tw.sum(x @ tw.ones((30, 20)))), float(tw.sum(tw.softmax(x) * 2.0 - x)), tw.get_backend()])
threads = [threading.Thread(target=first) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
assert all(r == results[0] for r in results) and len(results) == 8, results
assert results[0][0] == 24000.0 and abs(results[0][1] + 1120) < 1e-2 and results[0][2] == "native", results
from tensorweb.backends import registry
machine = registry.current().machine
print(machine.compiled - len(machine._handles), machine.cache.found)
""")
    assert done.stdout in ("0 0\n", "1 0\n"), done.stderr  # 1: the code of the pool


def train(seed, steps=8):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((32, 20)).astype("f4"), rng.standard_normal((32, 2)).astype("f4")
    model = tw.Sequential([tw.Input((20,)), tw.layers.Dense(30, activation="relu"), tw.layers.Dense(2)])
    model.set_weights([rng.standard_normal(w.shape).astype("f4") / 5 for w in model.get_weights()])
    model.compile(tw.optimizers.Adam(0.01), "mse")
    for _ in range(steps):
        model.train_on_batch(x, y)
        yield
    yield np.concatenate([w.reshape(-1) for w in model.get_weights()])


def trained(seed):
    return list(train(seed))[-1]


def test_models_train_in_threads(threaded):
    expected = [trained(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as executor:
        for got, wanted in zip(executor.map(trained, range(4)), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_tasks_take_turns(threaded):
    expected = [trained(seed) for seed in range(4)]

    async def task(seed):
        results = []
        for result in train(seed):
            results.append(result)
            await asyncio.sleep(0)
        return results[-1]

    async def everything():
        return await asyncio.gather(*map(task, range(4)), *(asyncio.to_thread(work, seed) for seed in range(3)))

    got = asyncio.run(everything())
    for a, b in zip(got, expected + [work(seed) for seed in range(3)], strict=True):
        np.testing.assert_array_equal(a, b)


# --- the pool ---


def test_any_number_of_threads_gives_the_same_bits():
    results = []
    for threads in (1, 2, 3, 8):
        for _ in use(threads):
            x = tw.tensor(np.random.default_rng(0).standard_normal((1000, 1001)).astype("f4"))
            image = tw.reshape(x[:, :1000], (1, 100, 100, 100))
            made = [
                x * 2.0 + x, tw.sum(x), tw.sum(x, axis=0), tw.sum(x, axis=1), tw.softmax(x), x @ tw.transpose(x), tw.cumsum(x, axis=1),
                tw.var(x),
                tw.conv2d(image, tw.ones((3, 3, 100, 20)), 1, "same"), tw.max_pool(image, 2, 2, "valid"), tw.sort(x), tw.transpose(x),
            ]  # fmt: skip
            results.append([r.numpy() for r in made])
            assert len(registry.current().machine.pool._workers) == threads - 1
    for others in results[1:]:
        for got, wanted in zip(others, results[0], strict=True):
            np.testing.assert_array_equal(got, wanted)


def big():
    """Compute something that is split, and check it."""
    x = tw.full((1000, 1000), 2.0)
    assert float(tw.sum(x * 3.0 + 1.0)) == 7e6


def test_a_second_caller_computes_alone(threaded):
    pool = threaded.machine.pool
    big()
    with pool._lock:  # as if it worked for somebody
        assert not pool.run(0, b"", 100, 1)
        big()
    big()


def test_workers_sleep_and_wake(threaded):
    pool = threaded.machine.pool
    for _ in range(5):
        big()
        sleepers = ctypes.c_int32.from_address(pool._state + pool_module._SLEEPERS)
        end = time.monotonic() + 20
        while sleepers.value < 2 and time.monotonic() < end:
            time.sleep(0.001)
        assert sleepers.value == 2


def test_the_pool_closes_and_starts_again(threaded):
    pool = threaded.machine.pool
    big()
    for _ in range(3):
        workers = list(pool._workers)
        assert len(workers) == 2 and all(w.is_alive() for w in workers)
        threaded.close()
        assert not any(w.is_alive() for w in workers) and not pool._workers
        big()
    threaded.close()
    threaded.close()


def test_the_pool_closes_while_it_is_used(threaded):
    with ThreadPoolExecutor(3) as executor:
        futures = [executor.submit(big) for _ in range(30)]
        for _ in range(10):
            threaded.close()
        for future in futures:
            future.result()


def test_threads_that_cannot_start_are_not_missed(threaded, monkeypatch):
    start, calls = threading.Thread.start, []

    def refuse(thread):
        calls.append(thread)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    big()
    assert calls and not threaded.machine.pool._workers
    monkeypatch.setattr(threading.Thread, "start", start)
    big()
    assert len(threaded.machine.pool._workers) == 2


def test_more_threads_than_cores():
    for _ in use(8):
        for _ in range(200):
            big()


# --- processes ---

FORK = """
import os, sys, threading, numpy as np, tensorweb as tw
tw.set_backend("native")
def compute(k):
    return float(tw.sum(tw.full((1000, 1000), 2.0) * k + 1.0))
v = tw.Variable(tw.ones((300000,)))
small = tw.Variable(tw.ones((3,)))
step = tw.optimizers.SGD(1.0)
def update():
    step.apply([tw.ones((300000,)), tw.ones((3,))], [v, small])
def check(child):
    status = os.waitpid(child, 0)[1]
    assert status == 0, status
"""


@needs_fork
def test_a_fork_has_memory_and_threads_of_its_own(run):
    done = run(
        FORK
        + """
assert compute(3.0) == 7e6
update()
child = os.fork()
if not child:
    update()
    assert compute(4.0) == 9e6 and float(tw.sum(tw.sort(v.value))) == -300000.0 and small.tolist() == [-1.0] * 3
    from tensorweb.backends import registry
    workers = registry.current().machine.pool._workers
    assert len(workers) == 2 and all(w.is_alive() for w in workers)
    grandchild = os.fork()
    if not grandchild:
        os._exit(0 if compute(3.0) == 7e6 else 1)
    check(grandchild)
    os._exit(0)
check(child)
assert v.numpy().sum() == 0.0 and small.tolist() == [0.0] * 3
assert compute(3.0) == 7e6
print("done")
"""
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


@needs_fork
def test_forks_while_threads_compute_and_compile(run):
    done = run(
        FORK
        + """
stop = False
def other(k):
    n = 0
    while not stop:
        n += 1
        compute(3.0)
        # A kernel that is new: a program of so many steps.
        tw.grad(lambda x: tw.sum(tw.tanh(x) * float(n)))(tw.ones((k, 2)))
        tw.transpose(tw.ones((2,) * (2 + n % 5)))
threads = [threading.Thread(target=other, args=(k,)) for k in range(2, 5)]
for t in threads: t.start()
for k in range(10):
    child = os.fork()
    if not child:
        ok = compute(float(k)) == 1e6 * (2 * k + 1) and tw.cumsum(tw.ones((k + 1, 3)), axis=0).numpy()[k, 0] == k + 1
        os._exit(0 if ok else 1)
    check(child)
stop = True
for t in threads: t.join()
print("done")
"""
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(method, run, tmp_path):
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    module = tmp_path / "computing.py"
    module.write_text("import tensorweb as tw\ndef compute(k):\n    return float(tw.sum(tw.full((1000, 1000), 2.0) * k + 1.0))\n")
    done = run(f"""
import multiprocessing, sys
sys.path.insert(0, {str(tmp_path)!r})
from computing import compute
if __name__ == "__main__":
    assert compute(3.0) == 7e6
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(pool.map(compute, [1.0, 2.0, 3.0, 4.0]), compute(3.0))
""")
    assert (done.stdout, done.stderr) == ("[3000000.0, 5000000.0, 7000000.0, 9000000.0] 7000000.0\n", "")


# --- the end of a program ---

START = """
import atexit, sys, threading, tensorweb as tw
tw.set_backend("native")
x = tw.full((1000, 1000), 2.0)
print(float(tw.sum(x @ x * 3.0)), flush=True)
def daemon(function):
    started = threading.Event()
    def loop():
        while True:
            function()
            started.set()
    for _ in range(3):
        threading.Thread(target=loop, daemon=True).start()
    started.wait()
numbers = iter(range(10 ** 9))
def compile_new():
    from tensorweb.backends import registry
    registry.current().machine._link(f"define i32 @f{next(numbers)}() {{\\n ret i32 1\\n}}\\n")
"""
ENDS = {
    "at the end of the code": ("", 0, ""),
    "by exit": ("sys.exit(3)", 3, ""),
    "by an exception": ("raise KeyError('wrong')", 1, "KeyError: 'wrong'"),
    "in the middle of work": ("y = x * 2.0", 0, ""),
    "with daemons in short kernels": ("daemon(lambda: x[0] + 1.0)", 0, ""),
    "with daemons in long kernels": ("daemon(lambda: x @ x)", 0, ""),
    "with daemons that compile": ("daemon(compile_new)", 0, ""),
    "with work at exit": ("atexit.register(lambda: tw.sum(tw.cumsum(x @ x, axis=0)).numpy())", 0, ""),
    "with work that begins at exit": ("tw.find_backend('native').close()\natexit.register(lambda: (x @ x).numpy())", 0, ""),
    "with a closed backend": ("tw.remove_backend('native')", 0, ""),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
def test_a_program_ends(run, how):
    code, status, error = ENDS[how]
    done = run(START + code, timeout=30)
    assert (done.returncode, done.stdout) == (status, "12000000000.0\n"), done.stderr
    assert done.stderr == "" if not error else done.stderr.strip().splitlines()[-1] == error
