"""Settings that hold for the whole library: Keras's config module."""

from __future__ import annotations

from . import numerics
from .backends.registry import get_backend as backend
from .dtype_policies import dtype_policy, floatx, set_dtype_policy, set_floatx
from .errors import ArgumentError, message
from .numerics import epsilon as epsilon  # Keras's config.epsilon
from .serialization import enable_unsafe_deserialization

__all__ = ["backend", "dtype_policy", "enable_unsafe_deserialization", "floatx", "set_dtype_policy", "set_floatx"]

_image_data_format = "channels_last"
_limits: dict[str, int | None] = {"max_epochs": None, "max_steps_per_epoch": None}


def set_epsilon(value: float) -> None:
    """Set the small number that `epsilon` returns."""
    numerics.set_epsilon(float(value))


def image_data_format() -> str:
    """Return where images have their channels by default: "channels_last" unless set."""
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set where images have their channels: "channels_last" or "channels_first"."""
    global _image_data_format
    _image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """Return a data format checked, the default one for None; TensorFlow.js's camelCase spelling is taken too."""
    if data_format is None:
        return _image_data_format
    found = {"channelslast": "channels_last", "channelsfirst": "channels_first"}.get(str(data_format).lower().replace("_", ""))
    if found is None:
        raise ArgumentError(message("data_format", "channels_last or channels_first", repr(data_format), "Pass one of these."))
    return found


def max_epochs() -> int | None:
    """Return the bound on epochs of every fit, None without."""
    return _limits["max_epochs"]


def set_max_epochs(value: int | None) -> None:
    """Bound the epochs of every fit."""
    _limits["max_epochs"] = value


def max_steps_per_epoch() -> int | None:
    """Return the bound on steps of every epoch, None without."""
    return _limits["max_steps_per_epoch"]


def set_max_steps_per_epoch(value: int | None) -> None:
    """Bound the steps of every epoch."""
    _limits["max_steps_per_epoch"] = value


def disable_traceback_filtering() -> None:
    """Do nothing: errors always end at the user's line here."""


def enable_traceback_filtering() -> None:
    """Do nothing: errors always end at the user's line here."""


def is_traceback_filtering_enabled() -> bool:
    """Return True: errors always end at the user's line here."""
    return True


_flash_attention = True


def enable_flash_attention() -> None:
    """Allow fused attention; here attention has one form, so only the setting changes."""
    global _flash_attention
    _flash_attention = True


def disable_flash_attention() -> None:
    """Forbid fused attention; here attention has one form, so only the setting changes."""
    global _flash_attention
    _flash_attention = False


def is_flash_attention_enabled() -> bool:
    """Return the setting."""
    return _flash_attention


def is_nnx_enabled() -> bool:
    """Return False: NNX belongs to JAX."""
    return False


def version() -> str:
    """Return the version of the library. Keras's version."""
    from importlib import import_module

    return import_module(__package__ or "").__version__


def __getattr__(name: str) -> object:
    # The switches of the progress bar live with it; utils stands above this module.
    if name in ("enable_interactive_logging", "disable_interactive_logging", "is_interactive_logging_enabled"):
        from importlib import import_module

        return getattr(import_module(f"{__package__}.utils"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
