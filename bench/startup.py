"""What a fresh process waits for: the import; then, until MobileNet's first output, set-up, building from arrays or a file, one call.

In a page it is a fresh worker, and the time begins when Pyodide, or with other libraries the worker, is ready.
"""

from dataclasses import replace

from . import mobilenet, overhead
from .harness.case import Case

AGAINST = ("onnxruntime", "pytorch", "numpy", "tensorflow.js wasm in the page")


def cases(quick: bool) -> list[Case]:
    """Return the import, the first call with an empty and with a filled disk cache, and first results in a page."""
    network = mobilenet.cases(quick)[0]
    names = {"import": "import"} if quick else {"import": "import", "cold": "first call, cold cache", "warm": "first call, warm cache"}
    first = [replace(overhead.cases(quick)[0], name="first result in a page"), replace(network, name="first MobileNet in a page")]
    return [
        *(replace(network, name=name, flops=0, fresh=fresh) for fresh, name in names.items()),
        *(replace(case, flops=0, fresh="all", place="page") for case in first),
    ]
