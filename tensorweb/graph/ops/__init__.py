"""The ops of graph models, by subject; importing this package defines them. The table they go into is `graph/define.py`."""

from importlib import import_module

_SUBJECTS = (
    "basics", "control", "convolution", "creation", "diagonals", "elementwise", "image", "linalg", "lists", "matrices", "normalization",
    "ragged", "reduction", "searching", "shaping", "slicing", "sparse", "spectral", "strings", "tables",
)  # fmt: skip

for _subject in _SUBJECTS:
    import_module(f"{__name__}.{_subject}")
