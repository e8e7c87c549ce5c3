"""The host routines: the few ops that run on the host, on plain lists. Only the imports that fill ROUTINES; the code is in the modules."""

from . import boxes, derived, linalg, ragged, sets, sparse, spectral, strings, svd
from .base import ROUTINES, HostArray, routine

__all__ = ["ROUTINES", "HostArray", "boxes", "derived", "linalg", "ragged", "routine", "sets", "sparse", "spectral", "strings", "svd"]
