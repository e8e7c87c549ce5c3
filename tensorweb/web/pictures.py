"""Pictures a script shows: PNG, JPEG, SVG, tensors and what draws itself, brought to bytes that a page or a notebook can show."""

from __future__ import annotations

import base64
import io
import struct
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError, message
from ..tensor import Tensor

Post = Callable[[str, bytes, str], None]  # media type, content, title
_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_post: Post | None = None


def show(picture: Any, title: str = "") -> None:
    """Show a picture in the page that runs the script, or in a notebook of IPython or marimo; elsewhere a line says what would be shown.

    It may be the bytes of a PNG, JPEG or GIF file, the text of an SVG, a tensor [height, width] or [height, width, 1, 3 or 4 channels] of
    uint8 or int32 from 0 to 255 or of floats from 0 to 1, a PIL image, or a matplotlib figure. Raises ArgumentError for anything else.
    """
    kind, content = encode(picture)
    if _post is not None:
        _post(kind, content, title)
    elif not _in_notebook(kind, content, title):
        print(f"[{title or 'picture'}: {kind}, {len(content):,} bytes, which a page would show]")


def post_to(post: Post | None) -> None:
    """Set where pictures go; None: to the notebook, if this is one."""
    global _post
    _post = post


def encode(picture: Any) -> tuple[str, bytes]:
    """Return a picture's media type and bytes."""
    if isinstance(picture, (bytes, bytearray, memoryview)):
        content = bytes(picture)
        for begin, kind in _SIGNATURES.items():
            if content.startswith(begin):
                return kind, content
    elif isinstance(picture, str) and "<svg" in picture[:1000]:
        return "image/svg+xml", picture.encode()
    elif isinstance(picture, Tensor):
        return "image/png", _png(picture)
    elif hasattr(picture, "savefig") or hasattr(picture, "save"):
        file = io.BytesIO()
        (picture.savefig if hasattr(picture, "savefig") else picture.save)(file, format="png")
        return "image/png", file.getvalue()
    expected = "the bytes of a PNG, JPEG or GIF, the text of an SVG, a tensor, a PIL image or a figure"
    raise ArgumentError(message("show", expected, type(picture).__name__, "Encode the picture as PNG."))


def _png(pixels: Tensor) -> bytes:
    shape = tuple(pixels.shape)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3, 4)) or 0 in shape:
        advice = "Take one picture of a batch: show(images[0])."
        raise ArgumentError(message("show", "a tensor [height, width] or [height, width, 1, 3 or 4]", f"shape {shape}", advice))
    scale = 255.0 if pixels.dtype in ("float32", "float16") else 1
    data = bytes(_level(v * scale) for v in pixels.data_sync())
    return write_png(data, shape[1], shape[0], shape[2] if len(shape) == 3 else 1)


def _level(value: float) -> int:
    return int(min(max(value, 0), 255) + 0.5) if value == value else 0


def write_png(data: bytes, width: int, height: int, channels: int) -> bytes:
    """Return a PNG file of 8-bit samples, rows from the top: grey (1 channel), RGB (3) or RGBA (4)."""
    row = width * channels
    rows = b"".join(b"\0" + data[i * row : (i + 1) * row] for i in range(height))  # 0: the row is stored without a filter
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    parts: Sequence[tuple[bytes, bytes]] = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = [struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _in_notebook(kind: str, content: bytes, title: str) -> bool:
    """Show a picture if a notebook of IPython or marimo runs this; return whether one does."""
    display, marimo = sys.modules.get("IPython.display"), sys.modules.get("marimo")
    is_text = kind.endswith("xml")
    if display is not None and sys.modules["IPython"].get_ipython() is not None:
        # As text already: JupyterLite's kernel takes bytes for text of UTF-8.
        display.display({kind: content.decode() if is_text else base64.b64encode(content).decode()}, raw=True)
    elif marimo is not None and marimo.running_in_notebook():
        marimo.output.append(marimo.Html(content.decode()) if is_text else marimo.image(content, alt=title))
    else:
        return False
    return True
