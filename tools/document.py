"""`python -m tools.document`: write docs/ops.md, docs/ops.json and tensorweb/ops/__init__.py from the registry, and docs/layers.md.

A test runs `made()` and compares, so none of them can go stale.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from pathlib import Path
from typing import Any

from tools import document_layers
from tools.tfjs_names import GROUPS, LEFT_OUT, ours, snake_case

ROOT = Path(__file__).parent.parent
HOST = "routine"


def tfjs_functions() -> dict[str, tuple[str, str]]:
    """Return TensorFlow.js's functions: name -> (group, signature)."""
    table = json.loads((ROOT / "tests/data/tfjs_api.json").read_text())
    return {name.removeprefix("tf."): (group, text) for group in GROUPS for name, text in table[group]}


def argument_map(theirs: str, function: Any) -> str:
    """Return how TensorFlow.js's parameters map to ours, where the names differ by more than their case."""
    head = theirs[theirs.find("(") + 1 : _closing(theirs, theirs.find("("))]
    names = re.findall(r"(?:^|[,{]\s*)(\w+)\??\s*:", head)
    try:
        own = [p for p in inspect.signature(function).parameters if p not in ("args", "kwargs")]
    except (TypeError, ValueError):
        return ""
    names = list(dict.fromkeys(n for n in names if n))
    left = [n for n in names if snake_case(n) not in own]
    free = [p for p in own if p not in {snake_case(n) for n in names}]
    return ", ".join(f"{a} → {b}" for a, b in zip(left, free))


def _closing(text: str, start: int) -> int:
    depth = 0
    for i in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return len(text)


def _own(registry: dict[str, Any]) -> dict[str, Any]:
    """Return the library's own ops: users and tests may have registered more."""
    return {name: e for name, e in registry.items() if e.function.__module__.startswith("tensorweb.")}


def rows() -> list[dict[str, Any]]:
    """Return a row per op: name, module, pattern, gradient, TensorFlow.js's names and how arguments map."""
    import tensorweb as tw
    from tensorweb.tensor import OPS

    theirs: dict[str, list[str]] = {}
    for name in tfjs_functions():
        if name not in LEFT_OUT:
            theirs.setdefault(ours(name), []).append(name)
    made = []
    for name, entry in sorted(_own(OPS).items()):
        names = theirs.get(name, []) or theirs.get(entry.name, [])
        maps = {n: argument_map(tfjs_functions()[n][1], entry.function) for n in names}
        made.append({
            "name": name, "module": entry.module, "pattern": entry.pattern, "gradient": entry.gradient,
            "same_as": entry.name if entry.name != name else "", "tfjs": names, "arguments": {n: m for n, m in maps.items() if m},
            "backends": [b for b in tw.registered_backends() if b in ("numpy", "python")],
        })  # fmt: skip
    return made


def markdown(table: list[dict[str, Any]]) -> str:
    """Return docs/ops.md."""
    own = [r for r in table if not r["same_as"]]
    counts: dict[str, int] = {}
    for r in own:
        counts[r["pattern"]] = counts.get(r["pattern"], 0) + 1
    host = counts.get(HOST, 0)
    lines = [
        "# Ops", "",
        "Written by `python -m tools.document` from the registry; `ops.json` is the same as data. Every op runs on every backend",
        "named in its row, from one definition. A composite is made of other ops.", "",
        f"{len(own)} ops and {len(table) - len(own)} second names that Keras has for them. By pattern: "
        + ", ".join(f"{p} {n}" for p, n in sorted(counts.items(), key=lambda c: -c[1])) + f". Host routines: {host / len(own):.1%}.", "",
        "| op | module | pattern | gradient | TensorFlow.js | arguments | backends |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for r in table:
        same = f" (= {r['same_as']})" if r["same_as"] else ""
        arguments = "; ".join(r["arguments"].values())
        tfjs, backends = ", ".join(r["tfjs"]), ", ".join(r["backends"])
        cells = [f"`{r['name']}`{same}", r["module"], r["pattern"], r["gradient"], tfjs, arguments, backends]
        lines.append("| " + " | ".join(cells) + " |")
    known = {r["name"] for r in table}
    lines += ["", "## TensorFlow.js functions that are no ops here", "", "| TensorFlow.js | here |", "|---|---|"]
    lines += [f"| {n} | `{ours(n)}` |" for n in sorted(tfjs_functions()) if n not in LEFT_OUT and ours(n) not in known]
    lines += ["", "## Left out", "", "| TensorFlow.js | why |", "|---|---|"]
    lines += [f"| {n} | {why} |" for n, why in sorted(LEFT_OUT.items())]
    return "\n".join(lines) + "\n"


def ops_module() -> str:
    """Return tensorweb/ops/__init__.py: the modules and the public names, spelled out so that type checkers see them."""
    from tensorweb.tensor import OPS

    by_module: dict[str, list[str]] = {}
    for name, entry in _own(OPS).items():
        if not entry.namespace and name == entry.name:
            path = entry.function.__module__.removeprefix("tensorweb.")
            by_module.setdefault(path.removeprefix("ops") if path.startswith("ops.") else f"..{path}", []).append(name)
    # Modules without an op at top level: namespaces, primitives, the decorators.
    files = sorted(p.stem for p in (ROOT / "tensorweb/ops").glob("*.py") if not p.stem.startswith("_") and f".{p.stem}" not in by_module)
    seconds = sorted((name, e.module, e.name) for name, e in _own(OPS).items() if not e.namespace and name != e.name)
    lines = ['"""The vocabulary: every public op, by subject; written by `python -m tools.document`.', ""]
    lines += ["`tw.ops` has the names of `keras.ops`; the top level has the same objects.", '"""', ""]
    modules = sorted(by_module, key=lambda m: (not m.startswith(".."), m))
    above = [m for m in modules if m.startswith("..")]
    for module in above + [None] + modules[len(above) :]:
        names = files if module is None else sorted(by_module[module])
        lines += [f"from {module or '.'} import (", *_wrapped(names), ")"]
    lines += [""] + [f"{name} = {own}" for name, _, own in seconds]
    names = sorted([n for group in by_module.values() for n in group] + [name for name, _, _ in seconds])
    lines += ["", "__all__ = [", *_wrapped([f'"{n}"' for n in names]), "]"]
    return "\n".join(lines) + "\n"


def _wrapped(names: list[str]) -> list[str]:
    """Return the names as indented lines of up to 120 characters."""
    return textwrap.wrap(", ".join(names) + ",", 120, initial_indent="    ", subsequent_indent="    ")


def made() -> dict[Path, str]:
    """Return the text of each file that is written."""
    table = rows()
    return {
        ROOT / "docs/ops.md": markdown(table),
        ROOT / "docs/ops.json": json.dumps(table, indent=1) + "\n",
        ROOT / "tensorweb/ops/__init__.py": ops_module(),
        ROOT / "docs/layers.md": document_layers.page(),
    }


def main() -> None:
    """Write the files."""
    (ROOT / "docs").mkdir(exist_ok=True)
    for path, text in made().items():
        path.write_text(text)
        print(f"{path.relative_to(ROOT)}: {len(text) // 1024} KB")


if __name__ == "__main__":
    main()
