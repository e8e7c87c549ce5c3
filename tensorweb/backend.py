"""Keras's backend module: settings and names under their older home."""

from .backends.registry import get_backend as backend
from .config import epsilon, floatx, image_data_format, set_epsilon, set_floatx, set_image_data_format
from .dtypes import canonical as _canonical
from .dtypes import promote as _promote
from .naming import clear_session, get_uid
from .symbolic import is_keras_tensor

__all__ = [
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format", "is_float_dtype", "is_int_dtype", "is_keras_tensor",
    "result_type", "set_epsilon", "set_floatx", "set_image_data_format", "standardize_dtype",
]  # fmt: skip


def is_float_dtype(dtype: object) -> bool:
    """Tell a float dtype."""
    return standardize_dtype(dtype).startswith("float")


def standardize_dtype(dtype: object) -> str:
    """Return the library's name of a dtype."""
    return _canonical(dtype, "standardize_dtype")


def is_int_dtype(dtype: object) -> bool:
    """Tell an integer dtype."""
    return standardize_dtype(dtype) in ("int32", "int8", "uint8")


def result_type(*dtypes: object) -> str:
    """Return the dtype of what is computed from values of these dtypes."""
    return _promote(*(standardize_dtype(d) for d in dtypes))
