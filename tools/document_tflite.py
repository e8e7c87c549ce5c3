"""`python -m tools.document_tflite`: write docs/tflite.md, the list of TFLite's ops that are read."""

from __future__ import annotations

from pathlib import Path

from tensorweb.convert.tflite import ops
from tensorweb.convert.tflite.schema import BUILTIN_OPS
from tensorweb.convert.tflite.translate import CUSTOM, TRANSLATIONS

PATH = Path(__file__).parents[1] / "docs" / "tflite.md"

_TEXT = """# TFLite

Written by `python -m tools.document_tflite` from the tables of `tensorweb/convert/tflite/ops`. TFLite files are read without TensorFlow:
their ops become ops of TensorFlow that TensorFlow.js's graph models have.

- Weights of 8, 16 or 4 bits, with a scale for each channel or one for all, float16 and sparse ones become float32 when the file is read.
- In quantised models, values are real numbers that are moved to the tensor's grid after each op; results are LiteRT's within one step
  (16-bit exponentials, logarithms and roots, which LiteRT takes from small tables, within 8 of 65536). Inputs and outputs are the integers
  that LiteRT takes and gives; scale and zero point are in the hints `_scale` and `_zero_point` of the nodes.
- Where only weights are quantised, LiteRT rounds what they meet to 8 bits as well. Here it stays float32, which is more exact.
- States of recurrent layers begin at zero in each run. Ops that only make sense with a state kept between runs (SVDF, and RNN and LSTM of
  one step) are not supported; variables are, as long as they are set once.
- An op that is not in the list gives one error that names all such ops of the file and where each stands.

{count} of TFLite's {all} builtin ops are supported, and {custom_count} custom ones.

Builtin: {builtin}.

Custom: {custom}.

Not supported: {missing}.
"""


def markdown() -> str:
    """Return docs/tflite.md."""
    assert ops
    known = [name for name in BUILTIN_OPS if name not in ("-", "CUSTOM", "DELEGATE")]
    names = {
        "builtin": sorted(TRANSLATIONS), "custom": sorted(CUSTOM),
        "missing": sorted(set(known) - set(TRANSLATIONS)),
    }  # fmt: skip
    texts = {key: ", ".join(f"`{name}`" for name in value) for key, value in names.items()}
    return _TEXT.format(count=len(TRANSLATIONS), all=len(known), custom_count=len(CUSTOM), **texts)


def main() -> None:
    """Write the file."""
    PATH.write_text(markdown())


if __name__ == "__main__":
    main()
