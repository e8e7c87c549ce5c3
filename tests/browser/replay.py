"""Replays stored cases (tests/oracle, tests/layers) in a page, on a backend by name; the cases come from the server, no NumPy is needed."""

from __future__ import annotations

import json
from pathlib import Path

TESTS = Path(__file__).parents[1]
MODULES = ("oracle", "layers")

PROGRAM = """
import asyncio, json, os
from importlib import import_module
from pyodide.http import pyfetch
import tensorweb as tw
from tensorweb.backends import registry

house, subjects, small, part, gradients = {given!r}

async def fetch(path):
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        answer = await pyfetch("/" + path)
        content = await answer.bytes() if answer.status == 200 else b""
        with open(path, "wb") as file:
            file.write(content)

for path in ["tests/__init__.py", *(f"tests/{{name}}/{{file}}.py" for name in ("oracle", house) for file in ("__init__", "replay"))]:
    await fetch(path)
replay = import_module(f"tests.{{house}}.replay")
told = {{}}
for subject in subjects:
    await fetch(f"tests/{{house}}/cases/{{subject}}.jsonl")
    cases = replay.load(subject)
    if small:
        cases = getattr(replay, "telling", replay.smallest)(cases)
    failed, cases = [], cases[part[0]::part[1]]
    for case in cases:
        wrong = replay.check(case, tw, gradients) if house == "oracle" else replay.check(case, tw)
        if wrong:
            failed.append([replay.label(case), wrong[:4]])
        await asyncio.sleep(0)
    told[subject] = {{"cases": len(cases), "failed": failed}}
backend = registry.find_backend(tw.get_backend())
told = {{"subjects": told, "backend": tw.get_backend(), "misplaced": import_module("tests.oracle.replay").misplaced(tw),
        "here": dict(getattr(backend, "here", {{}})), "elsewhere": dict(getattr(backend, "elsewhere", {{}}))}}
print("REPLAYED", json.dumps(told))
"""


def files():
    """Return what a server must have for `replay`: addresses to files."""
    found = [TESTS / "__init__.py"]
    for house in MODULES:
        found += [TESTS / house / "__init__.py", TESTS / house / "replay.py", *(TESTS / house / "cases").glob("*.jsonl")]
    return {f"tests/{path.relative_to(TESTS).as_posix()}": path for path in found}


def replay(page, subjects, backend="", house="oracle", small=False, part=(0, 1), gradients=2, flags="", timeout=600):
    """Replay the cases of subjects in a page of `playground` and return what happened.

    `small`: the cases that tell most (`telling` of the house, else `smallest`); `part`: (i, n) takes every n-th case from the i-th.
    The result has, by subject, the number of cases and those that failed (label and texts); the backend that ran them, what ran elsewhere
    though it is no host routine (`misplaced`), and the backend's counters `here` and `elsewhere`, where it has them.
    Raises AssertionError if the program failed.
    """
    program = PROGRAM.format(given=(house, list(subjects), small, tuple(part), gradients))
    result = page.run(program, "replay.py", backend, flags, timeout)
    assert result["ok"], result["error"]
    told = next(line for line in result["stdout"].splitlines() if line.startswith("REPLAYED "))
    return json.loads(told.removeprefix("REPLAYED ")) | {"seconds": result["seconds"]}


def wrong(told):
    """Return what is wrong in what `replay` returned, as one text; empty if nothing."""
    failed = [f"{subject}: {label}\n    {'; '.join(texts)}" for subject, s in told["subjects"].items() for label, texts in s["failed"]]
    return "\n".join(failed + [f"ran elsewhere: {what}" for what in told["misplaced"]])
