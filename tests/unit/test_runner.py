"""The runner of scripts, on CPython: where an interrupt ends a script, and where it must be sent again."""

import asyncio
import json
import signal
import sys

import pytest

import tensorweb as tw
from tensorweb.web.runner import Runner


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs a script and returns what the runner tells, and how often it asked for the signal again."""
    asked = []
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    runner = Runner(str(tmp_path), lambda: asked.append(signal.SIGINT))
    before, backend, flags = signal.signal(signal.SIGINT, runner.interrupt), tw.get_backend(), tw.flags.as_dict()
    yield lambda source: (json.loads(asyncio.run(runner.run(source, "script.py", "numpy"))), len(asked))
    signal.signal(signal.SIGINT, before)
    tw.set_backend(backend)
    for name, value in flags.items():
        tw.flags.set(name, value)


INTERRUPT = "import signal\nsignal.raise_signal(signal.SIGINT)\nprint('beyond')\n"


@pytest.mark.parametrize("source", [INTERRUPT, f"import asyncio\nawait asyncio.sleep(0)\n{INTERRUPT}"], ids=["at once", "after an await"])
def test_an_interrupt_ends_the_script(run, capsys, source):
    told, asked = run(source)
    assert told["stopped"] and not told["ok"] and told["error"] == ""
    assert asked == 0 and capsys.readouterr().out == ""


FINALIZERS = {
    "__del__": "class Thing:\n    def __del__(self):\n        signal.raise_signal(signal.SIGINT)\n\nThing()\n",
    "weakref": "import weakref\n\nclass Thing: pass\n\nt = Thing()\nweakref.finalize(t, signal.raise_signal, signal.SIGINT)\ndel t\n",
}


@pytest.mark.parametrize("which", FINALIZERS)
def test_where_an_interrupt_would_be_lost_it_is_asked_for_again(run, capsys, which):
    told, asked = run(f"import signal\n{FINALIZERS[which]}print('beyond')\n")
    assert told["ok"], told["error"]
    assert asked == 1 and capsys.readouterr().out == "beyond\n"


def test_between_scripts_an_interrupt_is_nobodys(run):
    signal.raise_signal(signal.SIGINT)
    told, asked = run("print(1)")
    assert told["ok"] and asked == 0
