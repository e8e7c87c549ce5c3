"""The registry, moving between backends, flags."""

import gc
import subprocess
import sys
import weakref

import pytest

import tensorweb as tw
from tensorweb.backends.python import PythonBackend


def test_set_get_find():
    before = tw.get_backend()
    assert before in ("native", "numpy") and tw.find_backend("none") is None  # native where llvmlite is
    with pytest.raises(RuntimeError, match="set_backend: expected one of"):
        tw.set_backend("none")
    assert tw.get_backend() == before


def test_a_backend_of_ones_own():
    class Mine(PythonBackend):
        name = "mine"

    tw.register_backend("mine", Mine, priority=-1)
    try:
        with pytest.raises(RuntimeError, match="a new name"):
            tw.register_backend("mine", Mine)
        x = tw.tensor([1.0, 2.0])
        tw.set_backend("mine")
        assert (x * 2).tolist() == [2.0, 4.0]
    finally:
        tw.remove_backend("mine")
        tw.set_backend("numpy")


def test_tensors_follow_the_current_backend():
    x = tw.tensor([[1.0, 2.0]])
    tw.set_backend("python")
    try:
        y = x + 1
        assert y._container.backend.name == "python" and y.numpy().tolist() == [[2.0, 3.0]]
    finally:
        tw.set_backend("numpy")
    assert (x + y).tolist() == [[3.0, 5.0]]


def run(code, **environment):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": ".", **environment})


def test_flags_from_the_environment():
    assert run("import tensorweb as tw; print(tw.get_backend())", TENSORWEB_BACKEND="python").stdout.strip() == "python"
    assert run("import tensorweb as tw; print(tw.flags.get('PLAN_LIMIT'))", TENSORWEB_PLAN_LIMIT="7").stdout.strip() == "7"
    assert "expected true or false" in run("import tensorweb", TENSORWEB_DEBUG="maybe").stderr


def test_flags():
    with pytest.raises(ValueError, match="flags: expected one of"):
        tw.flags.get("NONE")
    with pytest.raises(ValueError, match="flag DEBUG: expected bool"):
        tw.flags.set("DEBUG", 1)


def test_errors_are_raised_at_the_users_line():
    done = run("import tensorweb as tw\nx = tw.ones((2,))\ny = tw.add(x, tw.ones((3,)))\n")
    lines = done.stderr.strip().splitlines()
    assert '"<string>", line 3' in lines[1] and len([line for line in lines if line.startswith("  File")]) <= 2
    assert lines[-1].startswith("tensorweb.errors.ShapeError: add: expected shapes that broadcast together")


def test_plans_are_bounded():
    from tensorweb import engine
    from tensorweb.backends import registry

    limit = tw.flags.get("PLAN_LIMIT")
    tw.flags.set("PLAN_LIMIT", 50)
    try:
        for n in range(200):
            tw.zeros((n,))
        assert len(engine.plans(registry.current())) <= 50
    finally:
        tw.flags.set("PLAN_LIMIT", limit)


def test_a_backend_that_was_removed_goes_with_its_plans():
    class Mine(PythonBackend):
        def compile(self, kernel, inputs, outputs):
            run = super().compile(kernel, inputs, outputs)
            return lambda *values: self.counted(run(*values))  # as in most backends, a plan refers to its backend

        def counted(self, results):
            return results

    tw.register_backend("mine", Mine)
    tw.set_backend("mine")
    held = weakref.ref(tw.find_backend("mine"))
    assert tw.add([1.0], [2.0]).tolist() == [3.0] and held().plans
    tw.remove_backend("mine")
    gc.collect()
    assert held() is None


def test_epsilon_and_prod_mode():
    assert tw.epsilon() == 1e-7
    tw.enable_prod_mode()
    assert tw.flags.get("PROD")
    tw.flags.set("PROD", False)
