"""`python -m tools.document_onnx`: write docs/onnx.md, the ops that are read from ONNX and written as it, from the tables of both."""

from __future__ import annotations

from pathlib import Path

from tensorweb.convert import onnx
from tensorweb.convert.onnx.translate import OPS
from tensorweb.convert.onnx_writing.channels import FUSED
from tensorweb.convert.onnx_writing.model import OPSET
from tensorweb.convert.onnx_writing.scope import WRITERS

PATH = Path(__file__).parents[1] / "docs" / "onnx.md"

HEAD = """# ONNX

Written by `python -m tools.document_onnx` from the tables of `tensorweb/convert/onnx` and `tensorweb/convert/onnx_writing`.

## Reading

`tensorweb convert model.onnx OUT` reads ONNX models of opset 7 and later, without the onnx package. The ops become
ops of TensorFlow.js's graph models; each below is tested against ONNX Runtime (`tests/convert/onnx`).

- Numbers are float32 and int32: float64, float16 and bfloat16 are read as float32, 64-bit integers as int32, cut to its range.
- Quantised ops compute with float32 and agree with ONNX Runtime within one step.
- Data in files beside the model are read where they lie within its folder.
- Functions of a model take the places of their calls; branches and loops become `StatelessIf` and `StatelessWhile`.
- ZipMap gives the table of probabilities, a column for each class, and not a list of maps.
- Shapes, axes, pads and kernels' sizes may be unknown beforehand only where the graph's ops take them as inputs.
- What cannot be translated is told all at once, with node and reason.

"""


WRITING = f"""
## Writing

`tensorweb convert SOURCE model.onnx` and `tw.convert.write_onnx(graph, path)` write ONNX models of opset {OPSET}, without the onnx package.
The ops of TensorFlow's graphs below can be written; each is tested in ONNX Runtime against TensorFlow's answers
(`tests/convert/onnx_writing`).

- Numbers within are float32, int32 and bool, int64 where ONNX asks for it; inputs and outputs have the dtypes that the graph declares.
- Sizes that are not known stay unknown. What ONNX has as attributes (axes, kernels' sizes) must be known beforehand.
- Convolutions have channels first, between transposes, most of which cancel.
- Branches and loops become If and Loop, TensorFlow 1's too; lists that a loop fills are what Loop stacks, other lists are sequences.
- Random numbers come from ONNX's generators. Texts are only passed on; complex numbers only go in and out of transforms.
- Weights of more than 2 GB stand in a second file, `model.onnx.data`.
- What cannot be written is told all at once, with node and reason, before a file is touched.

"""
_BY_FRAMES = ("Enter", "Exit", "LoopCond", "Merge", "NextIteration", "Switch", "_SwitchN")


def written() -> str:
    """Return the table of TensorFlow's ops that can be written."""
    subjects: dict[str, list[str]] = {"fused": [*FUSED], "graph": ["Const", "Placeholder"], "control": [*_BY_FRAMES]}
    for name, function in WRITERS.items():
        subjects.setdefault(function.__module__.rpartition(".")[2], []).append(name)
    count = sum(map(len, subjects.values()))
    rows = [f"| {subject} | {', '.join(sorted(names))} |\n" for subject, names in sorted(subjects.items())]
    return WRITING + f"{count} ops:\n\n| subject | ops |\n|---|---|\n" + "".join(rows)


def page() -> str:
    """Return docs/onnx.md."""
    assert onnx
    parts = [HEAD + f"{len(OPS)} ops:\n"]
    for domain, title in (("", "The standard's"), ("ai.onnx.ml", "`ai.onnx.ml`"), ("com.microsoft", "`com.microsoft`")):
        parts.append(f"\n### {title}\n")
        if not domain:
            parts.append("\n| subject | ops |\n|---|---|\n")
            subjects: dict[str, list[str]] = {}
            for (own, name), op in OPS.items():
                if own == domain:
                    subjects.setdefault(op.subject, []).append(name)
            parts += [f"| {subject} | {', '.join(sorted(names))} |\n" for subject, names in sorted(subjects.items())]
        else:
            parts.append("\n" + ", ".join(sorted(name for own, name in OPS if own == domain)) + "\n")
    return "".join([*parts, written()])


if __name__ == "__main__":
    PATH.write_text(page())
