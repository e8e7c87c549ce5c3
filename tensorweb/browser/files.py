"""Files that the user of the page picks. What is in them is the business of `tw.io.browser_files` and `tw.browser.from_pixels_async`."""

from __future__ import annotations

from typing import Any

from .services import ask, in_page


async def pick_files(accept: str = "", multiple: bool = True, title: str = "Choose files") -> list[Any]:
    """Ask the user of the page for files and return them, as JavaScript's File objects; none if the user cancels.

    `accept`: suffixes and media types, as in HTML: ".json,.bin" or "image/*"; `title` is what the dialog says. The files go to
    `tw.io.browser_files` (models) or `from_pixels_async` (pictures), or are read with `(await file.arrayBuffer()).to_bytes()`. Raises
    DeviceError outside a page.
    """
    in_page("pick_files", "Open files by their paths.")
    return list(await ask("pick_files", "pick", {"accept": accept, "multiple": multiple, "title": title}))
