"""`python -m tests.oracle.generate [SUBJECT...]`: write the cases of the subjects (all of them if none is named)."""

import sys
from importlib import import_module
from pathlib import Path

here = Path(__file__).parent
names = sys.argv[1:] or sorted(p.stem for p in here.glob("*.py") if not p.stem.startswith("_") and p.stem != "common")
for name in names:
    import_module(f".{name}", __package__).cases.write()
