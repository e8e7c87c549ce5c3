"""The errors that TensorWeb raises and the one way to word them; raising is left to the code that finds the fault.

A message reads ``<op>: <what was expected>, got <what>. <what to do>``. Every class is also the built-in that a Python user
would expect, so ``except ValueError`` keeps working.
"""

from __future__ import annotations


class TensorWebError(Exception):
    """Base of all errors of the library."""


class ShapeError(TensorWebError, ValueError):
    """Shapes, axes or sizes do not fit."""


class ArgumentError(TensorWebError, ValueError):
    """An argument has a value that the function does not accept."""


class DTypeError(TensorWebError, TypeError):
    """A dtype is unknown or is not supported by the function."""


class ConversionError(TensorWebError, TypeError):
    """An object cannot be made a tensor."""


class IndexRangeError(TensorWebError, IndexError):
    """An index lies outside its dimension."""


class DisposedError(TensorWebError, ValueError):
    """A tensor was used after it was disposed."""


class GradientError(TensorWebError, ValueError):
    """A gradient was asked for that does not exist."""


class BackendError(TensorWebError, RuntimeError):
    """A backend is unknown or cannot be set up."""


class DeviceError(TensorWebError, RuntimeError):
    """A device failed while it ran a command."""


class OutOfMemoryError(TensorWebError, MemoryError):
    """A backend has no memory left for a tensor; what exists stays usable."""


class FormatError(TensorWebError, ValueError):
    """A file or a stream does not hold what its format says."""


class FetchError(TensorWebError, OSError):
    """A server could not be reached, answered with an error, or its answer broke off.

    `status` is that of its answer, None where there was none; `retry_after` the seconds after which it wants to be asked again.
    """

    status: int | None = None
    retry_after: float | None = None


class StorageError(TensorWebError, OSError):
    """A store of the page, such as IndexedDB, is full, closed or not permitted."""


class NumericsError(TensorWebError, ArithmeticError):
    """Debug mode found a NaN or an infinity that no input had."""


def message(where: str, expected: str, got: object, advice: str) -> str:
    """Return the text of an error in the library's one form."""
    return f"{where}: expected {expected}, got {got}. {advice}"
