"""`python -m tests.layers.generate SUBJECT...`: write the cases of the subjects."""

import os
import sys
from importlib import import_module

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
for name in sys.argv[1:]:
    module = import_module(f".{name}", __package__)
    if hasattr(module, "cases"):
        module.cases.write()
    else:
        module.main()
