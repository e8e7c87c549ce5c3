"""A drawing of boxes and arrows as SVG: boxes in layers, each below those it depends on. What the boxes say is in `plotting.py`."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

_LETTER, _LINE, _PADDING = 7.4, 26.0, 10.0  # of text of 13 pixels
_GAP, _RANK_GAP, _MARGIN = 28.0, 44.0, 24.0
_SWEEPS = 6


@dataclass
class Spot:
    """A place in the drawing: that of a box, or a point that a long arrow passes."""

    box: Any
    rank: int
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0  # the middle
    y: float = 0.0


def draw(group: Any, edges: list[tuple[str, str]], rankdir: str) -> str:
    """Return SVG text of a group's boxes and the edges between them; `rankdir` as in Graphviz."""
    boxes = _boxes_of(group)
    sideways = rankdir in ("LR", "RL")
    ranks = _ranks([b.key for b in boxes], edges)
    spots = {b.key: Spot(b, ranks[b.key], *(_size(b)[::-1] if sideways else _size(b))) for b in boxes}
    paths = [_path(spots, a, b, i) for i, (a, b) in enumerate(edges)]
    _place(_ordered(spots, paths), spots, paths)
    width = max((s.x + s.width / 2 for s in spots.values()), default=0) + _MARGIN
    height = max((s.y + s.height / 2 for s in spots.values()), default=0) + _MARGIN
    for s in spots.values():
        s.y = height - s.y if rankdir in ("BT", "RL") else s.y
        if sideways:
            s.x, s.y, s.width, s.height = s.y, s.x, s.height, s.width
    width, height = (height, width) if sideways else (width, height)
    parts = [_frame(inner, spots) for inner in group.groups]
    parts += [_arrow([spots[key] for key in path], sideways) for path in paths]
    parts += [_drawn(s) for s in spots.values() if s.box is not None]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
    style = 'font-family="Helvetica, Arial, sans-serif" font-size="13">'
    marker = '<marker id="tip" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto"><path d="M0,0 L9,4 L0,8 z"/></marker>'
    return "\n".join([head + style, f"<defs>{marker}</defs>", *parts, "</svg>", ""])


# --- layout ---------------------------------------------------------------------------------------------------------------------


def _boxes_of(group: Any) -> list[Any]:
    return [*group.boxes, *(box for inner in group.groups for box in _boxes_of(inner))]


def _ranks(keys: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Return for each box the length of the longest way to it."""
    parents: dict[str, list[str]] = {key: [] for key in keys}
    children: dict[str, list[str]] = {key: [] for key in keys}
    for a, b in edges:
        parents[b].append(a)
        children[a].append(b)
    waiting = {key: len(parents[key]) for key in keys}
    ranks = dict.fromkeys(keys, 0)
    remaining = dict.fromkeys(keys)
    while remaining:
        # A layer that is called on its own output lies on a cycle: it is cut where it begins.
        key = next((k for k in remaining if waiting[k] <= 0), next(iter(remaining)))
        del remaining[key]
        for child in children[key]:
            waiting[child] -= 1
            if child in remaining:
                ranks[child] = max(ranks[child], ranks[key] + 1)
    return ranks


def _path(spots: dict[str, Spot], a: str, b: str, number: int) -> list[str]:
    """Return the spots that an arrow passes; those between distant layers are made here."""
    between = []
    for rank in range(spots[a].rank + 1, spots[b].rank):
        key = f"{a}|{b}|{number}|{rank}"
        spots[key] = Spot(None, rank)
        between.append(key)
    return [a, *between, b]


def _ordered(spots: dict[str, Spot], paths: list[list[str]]) -> list[list[str]]:
    """Return the spots of each layer in an order with few crossings: by the mean place of their neighbours."""
    layers: list[list[str]] = [[] for _ in range(max((s.rank for s in spots.values()), default=-1) + 1)]
    for key, spot in spots.items():
        layers[spot.rank].append(key)
    above: dict[str, list[str]] = {key: [] for key in spots}
    below: dict[str, list[str]] = {key: [] for key in spots}
    for path in paths:
        for a, b in pairwise(path):
            above[b].append(a)
            below[a].append(b)
    for sweep in range(_SWEEPS):
        neighbours = above if sweep % 2 == 0 else below
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            place = {key: i for row in layers for i, key in enumerate(row)}
            means = {k: sum(place[n] for n in neighbours[k]) / len(neighbours[k]) if neighbours[k] else place[k] for k in layer}
            layer.sort(key=means.__getitem__)
    return layers


def _place(layers: list[list[str]], spots: dict[str, Spot], paths: list[list[str]]) -> None:
    """Give each spot its x and y: each layer in the middle, then moved towards its neighbours as far as there is room."""
    sizes = [sum(spots[k].width for k in layer) + _GAP * (len(layer) - 1) for layer in layers]
    middle, y = max(sizes, default=0) / 2 + _MARGIN, _MARGIN
    for layer, size in zip(layers, sizes):
        x, height = middle - size / 2, max(spots[k].height for k in layer)
        for key in layer:
            spot = spots[key]
            spot.x, spot.y = x + spot.width / 2, y + height / 2
            # A long arrow goes straight past the boxes of a layer.
            spot.height = height if spot.box is None else spot.height
            x += spot.width + _GAP
        y += height + _RANK_GAP
    neighbours: dict[str, list[str]] = {key: [] for key in spots}
    for path in paths:
        for a, b in pairwise(path):
            neighbours[a].append(b)
            neighbours[b].append(a)
    for _ in range(_SWEEPS):
        for layer in layers:
            for i, key in enumerate(layer):
                spot, near = spots[key], neighbours[key]
                wanted = sum(spots[n].x for n in near) / len(near) if near else spot.x
                low = spots[layer[i - 1]].x + (spots[layer[i - 1]].width + spot.width) / 2 + _GAP if i else _MARGIN + spot.width / 2
                high = spots[layer[i + 1]].x - (spots[layer[i + 1]].width + spot.width) / 2 - _GAP if i + 1 < len(layer) else wanted
                spot.x = max(low, min(wanted, high))


# --- shapes ---------------------------------------------------------------------------------------------------------------------


def _rows(box: Any) -> list[tuple[str, str, str]]:
    """Return a box's lines: text, its colour, the ground's colour."""
    title = f"{box.name} ({box.kind})" if box.name else box.kind
    rows = [(title, "white", "black")]
    if box.activation is not None:
        rows.append((f"Activation: {box.activation}", "black", "white"))
    return rows + [(text + value, "black" if colour == "white" else "white", colour) for text, value, colour in box.cells]


def _size(box: Any) -> tuple[float, float]:
    rows = _rows(box)
    return max(len(text) for text, _, _ in rows) * _LETTER + 2 * _PADDING, len(rows) * _LINE


def _drawn(spot: Spot) -> str:
    x, y = spot.x - spot.width / 2, spot.y - spot.height / 2
    parts = []
    for text, ink, ground in _rows(spot.box):
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{spot.width:.1f}" height="{_LINE}" fill="{ground}" stroke="black"/>')
        place = f'x="{spot.x:.1f}" y="{y + _LINE * 0.67:.1f}" text-anchor="middle"'
        parts.append(f'<text {place} fill="{ink}">{escape(text)}</text>')
        y += _LINE
    return "\n".join(parts)


def _arrow(spots: list[Spot], sideways: bool) -> str:
    """Return the line from the edge of the first box, through the points between, to the edge of the last."""
    points = []
    for i, s in enumerate(spots):
        half = (s.width if sideways else s.height) / 2
        other = spots[i + 1] if i + 1 < len(spots) else spots[i - 1]
        forward = other.x - s.x if sideways else other.y - s.y
        back = forward < 0 if i + 1 < len(spots) else forward > 0
        ends = (half, -half) if back else (-half, half)
        for end in ends if s.box is None else ends[1:] if i == 0 else ends[:1]:
            points.append((s.x + end, s.y) if sideways else (s.x, s.y + end))
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{text}" fill="none" stroke="black" stroke-width="1.5" marker-end="url(#tip)"/>'


def _frame(group: Any, spots: dict[str, Spot]) -> str:
    """Return the dashed frame around a model within, and those of models within it."""
    within = [spots[b.key] for b in _boxes_of(group)]
    if not within:
        return ""
    left, top = min(s.x - s.width / 2 for s in within) - 8, min(s.y - s.height / 2 for s in within) - 18
    width, height = max(s.x + s.width / 2 for s in within) + 8 - left, max(s.y + s.height / 2 for s in within) + 8 - top
    place = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    name = f'<text x="{left + 4:.1f}" y="{top + 12:.1f}" font-size="11">{escape(group.name)}</text>'
    own = f'<rect {place} fill="none" stroke="grey" stroke-dasharray="5 4"/>{name}'
    return "\n".join([own, *(_frame(inner, spots) for inner in group.groups)])
