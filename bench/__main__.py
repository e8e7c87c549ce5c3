"""`python -m bench NAME...`: run the named sets (all of them if none is named)."""

import sys
from importlib import import_module
from pathlib import Path

sets = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
for name in sys.argv[1:] or sets:
    if name not in sets:
        sys.exit(f"bench: expected one of {', '.join(sets)}, got {name!r}.")
    import_module(f"bench.{name}").main()
