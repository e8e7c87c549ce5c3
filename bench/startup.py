"""What a fresh process waits for: the import; then, until MobileNet's first output, set-up, building from arrays or a file, one call."""

from dataclasses import replace

from . import mobilenet
from .harness.case import Case

AGAINST = ("onnxruntime", "pytorch", "numpy")


def cases(quick: bool) -> list[Case]:
    """Return the import, and the first call with an empty and with a filled disk cache."""
    network = mobilenet.cases(quick)[0]
    names = {"import": "import"} if quick else {"import": "import", "cold": "first call, cold cache", "warm": "first call, warm cache"}
    return [replace(network, name=name, flops=0, fresh=fresh) for fresh, name in names.items()]
