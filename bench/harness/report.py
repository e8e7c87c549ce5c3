"""Results as a table, a CSV and a plot."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from .rounds import Row

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that may be compared, the fastest first."""
    return sorted((row for row in rows if not row.problem), key=lambda row: row.median)


def races(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows by threads and case, in the order measured."""
    return [list(group) for _, group in groupby(rows, key=lambda row: (row.threads, row.case.name))]


def find(rows: Sequence[Row], names: Sequence[str]) -> Row | None:
    """Return the row of the first of the names that was measured."""
    measured = {row.peer: row for row in rows if not row.problem}
    return next((measured[name] for name in names if name in measured), None)


def columns(row: Row, against: Row | None, over: Sequence[Row], peak: float | None, unit: str = "ms") -> dict[str, float | None]:
    """Return the figures of a row by their headings; None where there is none."""
    low, high = row.quartiles
    case, scale = row.case, UNITS[unit]
    figures: dict[str, float | None] = {unit: row.median / scale, "low": low / scale, "high": high / scale}
    figures[f"x {against.peer}" if against else "ratio"] = row.median / against.median if against else None
    figures |= {f"faster than {other.peer}": other.median / row.median for other in over}
    if case.flops:
        figures["GFLOP/s"] = case.flops / row.median / 1e9
        figures["of peak"] = case.flops / row.median / (peak * row.threads) if peak else None
    if case.bytes:
        figures["GB/s"] = case.bytes / row.median / 1e9
    return figures


def table(rows: Sequence[Row], against: Sequence[str], speed_up_over: Sequence[str], peak: float | None) -> str:
    """Return one race as lines: time (median, quartiles), relative to a reference too, and rates; the fastest first."""
    case, order, reference = rows[0].case, ranked(rows), find(rows, against)
    over = [row for name in speed_up_over if (row := find(rows, [name]))]
    unit = next((u for u in UNITS if order and order[0].median < 200 * UNITS[u]), "s")
    figures = [columns(row, reference, over, peak, unit) for row in order]
    lines = [["", *figures[0]]] if order else []
    lines += [[row.peer, *("" if v is None else f"{v:.4g}" for v in found.values())] for row, found in zip(order, figures)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = ["  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]) for line in lines]
    problems = [f"{row.peer}: {row.problem or row.note}" for row in rows if row.problem or row.note]
    return "\n".join([f"{case.name}, {rows[0].threads} thread{'s' * (rows[0].threads > 1)}", *("  " + line for line in [*text, *problems])])


def write_csv(path: Path, rows: Sequence[Row], against: Sequence[str], peak: float | None, notes: Sequence[str]) -> None:
    """Write every row, below the notes as comments."""
    about = ["case", "threads", "peer", "version"]
    fields = [*about, "ms", "low", "high", "ratio", "reference", "GFLOP/s", "of peak", "GB/s", "problem", "note"]
    with path.open("w", newline="") as file:
        file.writelines(f"# {note}\n" for note in notes)
        writer = csv.DictWriter(file, fields, restval="", lineterminator="\n")
        writer.writeheader()
        for race in races(rows):
            reference = find(race, against)
            for row in [*ranked(race), *(row for row in race if row.problem)]:
                about = {"case": row.case.name, "threads": row.threads, "peer": row.peer, "version": row.version}
                about |= {"problem": row.problem, "note": row.note}
                if not row.problem:
                    figures = columns(row, None, (), peak) | {"ratio": row.median / reference.median if reference else None}
                    about |= {k: f"{v:.5g}" for k, v in figures.items() if v is not None}
                    about["reference"] = reference.peer if reference else ""
                writer.writerow(about)


def plot(path: Path, title: str, rows: Sequence[Row]) -> bool:
    """Draw each race as bars on a logarithmic axis; return whether matplotlib is there to do it."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    shown = [race for race in map(ranked, races(rows)) if race]
    across = min(len(shown), 3)
    down = -(-len(shown) // max(across, 1))
    tallest = max(map(len, shown), default=0)
    figure = Figure(figsize=(5.5 * across, down * (0.8 + 0.26 * tallest)), layout="constrained")
    for i, race in enumerate(shown, 1):
        axes = figure.add_subplot(down, across, i)
        bars = [row.median * 1e3 for row in race]
        colours = ["tab:orange" if row.peer.startswith("tensorweb") else "tab:blue" for row in race]
        drawn = axes.barh([row.peer for row in race], bars, color=colours)
        axes.bar_label(drawn, [f" {b:.3g}" for b in bars], fontsize=8)
        axes.set_xscale("log")
        axes.set_xlim(min(bars) / 2, max(bars) * 4)
        axes.invert_yaxis()
        axes.tick_params(labelsize=8)
        axes.set_title(f"{race[0].case.name}, {race[0].threads} thread{'s' * (race[0].threads > 1)}: ms", fontsize=9)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=80)
    return True
