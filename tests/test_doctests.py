"""The examples in the docstrings of the public functions run, and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import tensorweb as tw

# These import Pyodide.
IN_THE_PAGE = {f"tensorweb.backends.{m}" for m in ("wasm.page", *(f"devices.browser_{x}" for x in ("player", "webgl", "webgpu")))}
MODULES = sorted({m.name for m in pkgutil.walk_packages(tw.__path__, "tensorweb.")} - IN_THE_PAGE) + ["tools.tfjs_names"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    # Ops are wrapped, so doctest's own search would miss them.
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    seen = set()
    for value in vars(module).values():
        if getattr(value, "__module__", None) != name or not getattr(value, "__doc__", None) or id(value) in seen:
            continue
        seen.add(id(value))
        for test in finder.find(value, getattr(value, "__name__", name), module=False, globs=dict(vars(module))):
            runner.run(test)
    assert runner.failures == 0
