"""Pictures of a training run, for a terminal and as a PNG file, with nothing but the standard library.

Here lives drawing only. Images come as 784 floats (28 rows of 28, 0 is background, 1 is ink), losses as floats; nothing here
knows of tensors, models or data sets.
"""

import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

SIDE = 28
Image = Sequence[float]
Colour = tuple[int, int, int]


# ---------------------------------------------------------------- terminal


def progress_bar(step: int, total: int, text: str = "", width: int = 30) -> str:
    """Return one line such as `[#####.....]  5/10 text`; print it after a carriage return to redraw it in place."""
    done = width * min(step, total) // max(total, 1)
    return f"[{'#' * done}{'.' * (width - done)}] {step:>{len(str(total))}}/{total} {text}".rstrip()


def loss_curve(losses: Sequence[float], width: int = 72, height: int = 10) -> str:
    """Return a plot of the losses in braille dots, `width` by `height` characters with its axes; the lower edge is 0."""
    values = _resample(losses, 2 * (width - _MARGIN))  # a braille character is 2 dots wide and 4 high
    if not values:
        return "(no losses to show)"
    rows = height - 1
    top = max(values) or 1.0
    cells = [[0] * (width - _MARGIN) for _ in range(rows)]
    for x, y in _polyline(values, top, 4 * rows):
        cells[y // 4][x // 2] |= _BRAILLE[y % 4][x % 2]
    labels = {0: _short(top), rows - 1: "0"}
    plot = ["".join(chr(0x2800 + dots) for dots in row).rstrip("\u2800") for row in cells]
    lines = [f"{labels.get(i, ''):>{_MARGIN - 2}} ┤{line}" for i, line in enumerate(plot)]
    return "\n".join([*lines, " " * _MARGIN + "loss, step 1 to " + str(len(losses))])


def digits_text(images: Sequence[Image], labels: Sequence[int], predictions: Sequence[int], per_row: int = 6) -> str:
    """Return the digits side by side in half blocks, under each its prediction and, where that is wrong, the truth."""
    blocks = []
    for image, label, prediction in zip(images, labels, predictions, strict=True):
        caption = f"{prediction}" if prediction == label else f"{prediction}, is {label}"
        blocks.append([*_half_blocks(image), caption.center(_DIGIT_COLUMNS)])
    groups = [blocks[i : i + per_row] for i in range(0, len(blocks), per_row)]
    return "\n\n".join("\n".join(" ".join(line).rstrip() for line in zip(*group, strict=True)) for group in groups)


_MARGIN = 9  # characters left of the plot
_DIGIT_COLUMNS = 12
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def _half_blocks(image: Image) -> list[str]:
    """Return 6 lines of 12 characters: the digit without its empty border, each 2 x 2 pixels made one half block."""
    border = 2

    def ink(row: int, column: int) -> bool:
        start = (2 * row + border) * SIDE + 2 * column + border
        return sum(image[start + offset] for offset in (0, 1, SIDE, SIDE + 1)) > 1.4

    columns = range(_DIGIT_COLUMNS)
    return ["".join(" ▀▄█"[ink(row, c) + 2 * ink(row + 1, c)] for c in columns) for row in range(0, _DIGIT_COLUMNS, 2)]


# ---------------------------------------------------------------- both


def _resample(losses: Sequence[float], count: int) -> list[float]:
    """Return `count` values: the means of that many stretches of the losses. Values that are not finite are left out."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    if not finite:
        return []
    means = []
    for i in range(count):
        start = i * len(finite) // count
        stretch = finite[start : max(start + 1, (i + 1) * len(finite) // count)]
        means.append(sum(stretch) / len(stretch))
    return means


def _polyline(values: Sequence[float], top: float, height: int) -> list[tuple[int, int]]:
    """Return the dots (x, y) of a curve, a value a column, y downwards and `top` at 0; upright strokes close the gaps."""
    dots = []
    before = None
    for x, value in enumerate(values):
        y = round((1 - min(max(value / top, 0.0), 1.0)) * (height - 1))
        low, high = sorted((y, y if before is None else before))
        dots += [(x, between) for between in range(low, high + 1)]
        before = y
    return dots


def _short(value: float) -> str:
    """Return the number in at most 7 characters (3 digits), written without a plus, for which the PNG has no glyph."""
    return f"{value:.3g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


# ---------------------------------------------------------------- PNG

WHITE, INK, GREY, FAINT = (255, 255, 255), (40, 44, 52), (140, 146, 156), (214, 218, 224)
BLUE, RED = (24, 90, 188), (200, 30, 40)

# A glyph is 5 rows of 3 pixels, a row written as an octal digit: 4 is the left pixel, 2 the middle one, 1 the right one.
_GLYPHS = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757", "7": "71111",
    "8": "75757", "9": "75717", ".": "00002", "-": "00700", "E": "74747", "L": "44447", "O": "75557", "P": "75744",
    "S": "74717", "T": "72222", " ": "00000",
}  # fmt: skip


class Canvas:
    """A picture being drawn: rows of red, green, blue bytes, white at first."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.rows = [bytearray(bytes(WHITE) * width) for _ in range(height)]

    def rectangle(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """Fill a rectangle; what lies outside of the picture is cut off."""
        left, right = max(x, 0), min(x + width, self.width)
        for row in self.rows[max(y, 0) : max(y + height, 0)]:
            row[3 * left : 3 * right] = bytes(colour) * (right - left)

    def text(self, x: int, y: int, text: str, colour: Colour = INK, scale: int = 3) -> None:
        """Write digits and the few letters that there are, the upper left corner at (x, y)."""
        for i, character in enumerate(text.upper()):
            for row, bits in enumerate(_GLYPHS[character]):
                for column in range(3):
                    if int(bits) & (4 >> column):
                        self.rectangle(x + (4 * i + column) * scale, y + row * scale, scale, scale, colour)

    def png(self) -> bytes:
        """Return the picture as a PNG file: 8 bits a channel, no filter, one compressed block."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def save_png(path: str | Path, losses: Sequence[float], images: Sequence[Image], labels: Sequence[int], predictions: Sequence[int]) -> None:
    """Write one PNG: the loss curve, below it the digits with their predictions, the wrong ones in red with the truth."""
    per_row, cell, below = 10, 98, 280
    rows = -(-len(images) // per_row)
    canvas = Canvas(20 + per_row * cell + 6, below + rows * (cell + 20))
    _draw_curve(canvas, losses, left=90, top=40, width=canvas.width - 120, height=190)
    for i, (image, label, prediction) in enumerate(zip(images, labels, predictions, strict=True)):
        x, y = 20 + i % per_row * cell, below + i // per_row * (cell + 20)
        _draw_digit(canvas, image, label, prediction, x, y)
    Path(path).write_bytes(canvas.png())


def _draw_curve(canvas: Canvas, losses: Sequence[float], left: int, top: int, width: int, height: int) -> None:
    values = _resample(losses, width)
    highest = max(values, default=1.0) or 1.0
    for quarter in range(5):
        y = top + quarter * (height - 1) // 4
        canvas.rectangle(left, y, width, 1, INK if quarter == 4 else FAINT)
        label = _short(highest * (4 - quarter) / 4)
        canvas.text(left - 10 - 8 * len(label), y - 5, label, scale=2)
    for x, y in _polyline(values, highest, height):
        canvas.rectangle(left + x, top + y - 1, 2, 3, BLUE)
    canvas.text(left, top - 26, "LOSS")
    last = f"STEP {len(losses)}"
    canvas.text(left + width - 8 * len(last), top + height + 10, last, scale=2)


def _draw_digit(canvas: Canvas, image: Image, label: int, prediction: int, x: int, y: int) -> None:
    """Draw a digit in a frame, below it the prediction and, where that is wrong, the truth in grey."""
    right = prediction == label
    scale = 3
    size = scale * SIDE
    canvas.rectangle(x - 2, y - 2, size + 4, size + 4, FAINT if right else RED)
    for i, value in enumerate(image):
        grey = 255 - round(255 * min(max(value, 0.0), 1.0))
        canvas.rectangle(x + i % SIDE * scale, y + i // SIDE * scale, scale, scale, (grey, grey, grey))
    canvas.text(x, y + size + 8, str(prediction), INK if right else RED)
    if not right:
        canvas.text(x + 18, y + size + 8, str(label), GREY)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
