"""Messages to the user: printed, or logged where interactive logging is off. What a progress bar looks like is in `progress.py`."""

from __future__ import annotations

import logging
import sys

_interactive = True


def enable_interactive_logging() -> None:
    """Let messages and progress bars go to standard output, which is the default. Keras's function."""
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """Let messages go to the logger `tensorweb` instead of standard output. Keras's function."""
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Tell whether messages go to standard output."""
    return _interactive


def print_message(text: object, line_break: bool = True) -> None:
    """Print a message, or log it where interactive logging is off."""
    line = str(text)
    if not _interactive:
        logging.getLogger("tensorweb").info(line)
        return
    line = line + "\n" if line_break else line
    try:
        sys.stdout.write(line)
    except UnicodeEncodeError:  # a terminal that has no bar characters
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(line.replace("━", "=").encode(encoding, "ignore").decode(encoding))
    sys.stdout.flush()
