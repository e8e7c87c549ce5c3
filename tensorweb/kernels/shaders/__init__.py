"""The patterns as threads of a GPU, written once: `launch.py` says how a pattern becomes commands, a file per pattern what threads do."""

from . import contract, fft, gather, map, moves, rows, scan, scatter, sort, traverse, window
from .launch import LOWERINGS
