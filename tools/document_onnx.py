"""`python -m tools.document_onnx`: write docs/onnx.md, the list of ONNX's ops that are read, from the table of translations."""

from __future__ import annotations

from pathlib import Path

from tensorweb.convert import onnx
from tensorweb.convert.onnx.translate import OPS

PATH = Path(__file__).parents[1] / "docs" / "onnx.md"

HEAD = """# ONNX

Written by `python -m tools.document_onnx` from the tables of `tensorweb/convert/onnx`.

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


def page() -> str:
    """Return docs/onnx.md."""
    assert onnx
    parts = [HEAD + f"{len(OPS)} ops:\n"]
    for domain, title in (("", "The standard's"), ("ai.onnx.ml", "`ai.onnx.ml`"), ("com.microsoft", "`com.microsoft`")):
        parts.append(f"\n## {title}\n")
        if not domain:
            parts.append("\n| subject | ops |\n|---|---|\n")
            subjects: dict[str, list[str]] = {}
            for (own, name), op in OPS.items():
                if own == domain:
                    subjects.setdefault(op.subject, []).append(name)
            parts += [f"| {subject} | {', '.join(sorted(names))} |\n" for subject, names in sorted(subjects.items())]
        else:
            parts.append("\n" + ", ".join(sorted(name for own, name in OPS if own == domain)) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    PATH.write_text(page())
