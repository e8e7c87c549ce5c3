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

house, subjects, few, part, gradients = {given!r}
TOGETHER = 20  # cases whose results are read at once: to read may take a browser 100 ms

async def fetch(path):
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        answer = await pyfetch("/" + path)
        content = await answer.bytes() if answer.status == 200 else b""
        with open(path, "wb") as file:
            file.write(content)

def check(case):
    return replay.check(case, tw, gradients) if house == "oracle" else replay.check(case, tw)

async def check_all(cases):
    try:
        computed = [replay.compute(case, tw, gradients) for case in cases]
        tensors = [t for parts in computed for _, gots, *_ in parts for t in gots if hasattr(t, "data")]
        values = dict(zip(map(id, tensors), await asyncio.gather(*[t.data() for t in tensors])))
        return [replay.compare(parts, values) for parts in computed]
    except Exception:  # one of them fails, and tells which
        return [check(case) for case in cases]

for path in ["tests/__init__.py", *(f"tests/{{name}}/{{file}}.py" for name in ("oracle", house) for file in ("__init__", "replay"))]:
    await fetch(path)
replay = import_module(f"tests.{{house}}.replay")
told = {{}}
for subject in subjects:
    await fetch(f"tests/{{house}}/cases/{{subject}}.jsonl")
    cases = replay.load(subject)
    smallest = replay.smallest(cases) if few else cases
    more = [case for case in getattr(replay, few)(cases) if case not in smallest] if few else []
    cases = smallest[part[0] :: part[1]] + more
    failed, together = [], TOGETHER if hasattr(replay, "compute") else 1
    for i in range(0, len(cases), together):
        batch = cases[i : i + together]
        for case, wrong in zip(batch, await check_all(batch) if together > 1 else map(check, batch)):
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


def replay(page, subjects, backend="", house="oracle", few="", part=(0, 1), gradients=2, flags="", timeout=600):
    """Replay the cases of subjects in a page of `playground` and return what happened.

    `few` is the function of the house's replay.py that chooses cases: "smallest", of ops also "telling" and "edges"; "" takes all.
    `part`: (i, n) takes every n-th case from the i-th on, but of few cases always those that are not smallest: they tell of dtypes, edges.
    The result has, by subject, the number of cases and those that failed (label and texts); the backend that ran them, what ran elsewhere
    though it is no host routine (`misplaced`), and the backend's counters `here` and `elsewhere`, where it has them.
    Raises AssertionError if the program failed.
    """
    program = PROGRAM.format(given=(house, list(subjects), few, tuple(part), gradients))
    result = page.run(program, "replay.py", backend, flags, timeout)
    assert result["ok"], result["error"]
    told = next(line for line in result["stdout"].splitlines() if line.startswith("REPLAYED "))
    return json.loads(told.removeprefix("REPLAYED ")) | {"seconds": result["seconds"]}


def wrong(told):
    """Return what is wrong in what `replay` returned, as one text; empty if nothing."""
    failed = [f"{subject}: {label}\n    {'; '.join(texts)}" for subject, s in told["subjects"].items() for label, texts in s["failed"]]
    return "\n".join(failed + [f"ran elsewhere: {what}" for what in told["misplaced"]])
