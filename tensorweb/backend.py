"""Keras's backend module: settings and names under their older home."""

from .dtypes import canonical as _canonical


def standardize_dtype(dtype: object) -> str:
    """Return the library's name of a dtype."""
    return _canonical(dtype, "standardize_dtype")


def is_int_dtype(dtype: object) -> bool:
    """Tell an integer dtype."""
    return standardize_dtype(dtype) in ("int32", "int8", "uint8")
