"""How devices word what fails there, alike on CPython and in the page. Nothing here knows a graphics interface."""

from __future__ import annotations

from ...errors import DeviceError, OutOfMemoryError, message


def lost(device: str, reason: str) -> DeviceError:
    """Return the error of a device that will never work again."""
    advice = "Set the backend up again; what was stored there is lost."
    return DeviceError(message(device, "a device", f"one that is gone: {_ended(reason)}", advice))


def failed(device: str, where: str, reason: str) -> DeviceError:
    """Return the error of commands that did not run."""
    advice = "Their results are not valid; the device still works."
    return DeviceError(message(device, "commands that run", f"in {where}: {_ended(reason)}", advice))


def not_compiled(device: str, kernel: str, reason: str) -> DeviceError:
    """Return the error of a kernel that does not compile."""
    return DeviceError(message(device, f"kernel {kernel} to compile", _ended(reason), "This is a fault of the library or of the driver."))


def no_memory(device: str, nbytes: int, most: int) -> OutOfMemoryError:
    """Return the error of storage that cannot be had."""
    advice = f"One storage may have {most} bytes at most; dispose of tensors, or use smaller ones."
    return OutOfMemoryError(message(device, "memory for a tensor", f"none for {nbytes} bytes", advice))


def _ended(reason: str) -> str:
    return reason.strip().rstrip(".")  # the message ends the sentence
