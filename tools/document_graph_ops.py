"""`python -m tools.document_graph_ops`: write docs/graph_ops.md, the ops of graph models, from the tables of `tensorweb/graph`."""

from __future__ import annotations

import json
from pathlib import Path

from tensorweb.graph.define import OPS, find_op
from tensorweb.graph.running import FRAME_OPS, calls_functions

ROOT = Path(__file__).parents[1]
PATH = ROOT / "docs" / "graph_ops.md"
BY_RUNNER = ("Const", "Placeholder")

HEAD = """# Ops of graph models

Written by `python -m tools.document_graph_ops` from the tables of `tensorweb/graph`.

`tw.load_graph_model` and `tensorweb convert` know these ops of TensorFlow; `tw.register_op` adds others. Each is checked against
TensorFlow's answers, in a graph of its own or among others (`tests/graph`).

- Numbers are float32, int32, bool, complex64 and string, as TensorFlow.js has them: 64-bit integers are int32, other floats float32.
"""


def is_known(op: str) -> bool:
    """Tell whether graph models with an op run."""
    return bool(find_op(op)) or calls_functions(op) or op in FRAME_OPS or op in BY_RUNNER


def page() -> str:
    """Return docs/graph_ops.md."""
    reference = json.loads((ROOT / "tests" / "data" / "tfjs_graph_ops.json").read_text())
    theirs = sorted({op for names in reference.values() for op in names})
    missing = [op for op in theirs if not is_known(op)]
    more = sorted(set(OPS) - set(theirs))
    parts = [HEAD]
    for title, ops in (
        (f"{len(theirs) - len(missing)} of TensorFlow.js's {len(theirs)} ops", [op for op in theirs if is_known(op)]),
        (f"{len(more)} more", more),
        (f"{len(missing)} of TensorFlow.js's are left out: decision forests, which it runs by a library of its own", missing),
    ):
        parts.append(f"\n## {title}\n\n{', '.join(f'`{op}`' for op in ops)}\n")
    return "".join(parts)


if __name__ == "__main__":
    PATH.write_text(page())
    print(PATH)
