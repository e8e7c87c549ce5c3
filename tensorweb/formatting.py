"""How a tensor looks when printed. Text only."""

from __future__ import annotations

from typing import Any

EDGE = 3  # items shown at each end of a long dimension
THRESHOLD = 1000  # elements from which a tensor is shortened


def tensor_text(t: Any) -> str:
    """Return `Tensor(values, shape=..., dtype=...)`, the values shortened when there are many."""
    if t.is_disposed or t.is_abstract:
        return f"Tensor(<{'disposed' if t.is_disposed else 'abstract'}>, shape={t.shape}, dtype={t.dtype})"
    flat = t.data_sync()
    size = t.size
    short = size > THRESHOLD
    cells = {i: _cell(flat[i], t.dtype) for i in _shown(t.shape, short)}
    width = max(map(len, cells.values()), default=0)
    body = _block(t.shape, 0, size, cells, width, short, len("Tensor(") + 1)
    return f"Tensor({body}, shape={t.shape}, dtype={t.dtype})"


def _indices(dim: int, short: bool) -> list[int]:
    return list(range(dim)) if not short or dim <= 2 * EDGE else [*range(EDGE), *range(dim - EDGE, dim)]


def _shown(shape: tuple[int, ...], short: bool) -> list[int]:
    shown = [0]
    for dim in shape:
        shown = [base * dim + i for base in shown for i in _indices(dim, short)]
    return shown


def _cell(value: Any, dtype: str) -> str:
    if dtype == "bool":
        return str(bool(value))
    if dtype in ("float32", "float16"):
        if value - value != 0:  # infinite or NaN
            return str(value)
        return f"{value:.1f}" if value == int(value) and abs(value) < 1e7 else f"{value:.7g}"
    return repr(value)


def _block(shape: tuple[int, ...], start: int, size: int, cells: dict[int, str], width: int, short: bool, indent: int) -> str:
    if not shape:
        return cells[start]
    step = size // shape[0] if shape[0] else 0
    parts = []
    previous = -1
    for i in _indices(shape[0], short):
        if i != previous + 1:
            parts.append("...")
        previous = i
        text = _block(shape[1:], start + i * step, step, cells, width, short, indent + 1)
        parts.append(text.rjust(width) if len(shape) == 1 else text)
    glue = ", " if len(shape) == 1 else ",\n" + " " * indent
    return f"[{glue.join(parts)}]"
