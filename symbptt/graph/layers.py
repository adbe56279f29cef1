"""Where the quantities of one step stand: rows by depth, columns by their neighbours.

Rows are longest paths along the edges inside a step; inside a row the order comes from barycentre
sweeps, with a place kept free for an edge that passes the row. Source: K. Sugiyama, S. Tagawa,
M. Toda, Methods for visual understanding of hierarchical system structures (1981).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

Edges = tuple[tuple[str, str], ...]
_SWEEPS = 8
_GAP = 8.0  # between neighbours, pt
_PASS = 9.0  # the width of an edge that passes


@dataclass(frozen=True)
class Place:
    """The row, from below, and the centre from the left edge of the step."""

    row: int
    x: float


@dataclass(frozen=True)
class Layers:
    """Places of the quantities, and where the edges of a quantity pass the rows above it."""

    places: dict[str, Place]
    passes: dict[tuple[str, int], float]
    width: float


def rows_of(names: Iterable[str], edges: Edges) -> dict[str, int]:
    """The row of each: above all its parents; a source right below its lowest consumer."""
    rows = dict.fromkeys(names, 0)
    for _ in rows:
        for a, b in edges:
            rows[b] = max(rows[b], rows[a] + 1)
    targets = {b for _, b in edges}
    for name in rows:
        above = [rows[b] for a, b in edges if a == name]
        if name not in targets and above:
            rows[name] = min(above) - 1
    return rows


def layers(widths: Mapping[str, float], edges: Edges, over: tuple[str, ...] = ()) -> Layers:
    """The layout of one step; ``widths`` are those of the boxes, ``over`` what is above all."""
    rows = rows_of(widths, edges)
    rows |= dict.fromkeys(over, 1 + max(r for n, r in rows.items() if n not in over))
    items: list[list[str]] = [[] for _ in range(max(rows.values()) + 1)]
    for name, row in rows.items():
        items[row].append(name)
    wide = dict(widths)
    links: dict[tuple[str, str], None] = {}
    passing: dict[str, tuple[str, int]] = {}
    for a in rows:
        _thread(a, [b for x, b in edges if x == a], rows, items, links, passing)
    wide |= dict.fromkeys(passing, _PASS)
    _order(items, tuple(links))
    x = _positions(items, tuple(links), wide)
    left = min(x[i] - wide[i] / 2 for i in x if i not in over)
    right = max(x[i] + wide[i] / 2 for i in x if i not in over)
    for i, (name, row) in passing.items():  # from below: no jogs that are too small to be meant
        below = x.get(f"{name}|{row - 1}", x[name])
        x[i] = below if abs(x[i] - below) < _PASS / 2 else x[i]
    places = {n: Place(rows[n], x[n] - left) for n in rows}
    return Layers(places, {key: x[i] - left for i, key in passing.items()}, right - left)


def _thread(
    name: str,
    consumers: list[str],
    rows: dict[str, int],
    items: list[list[str]],
    links: dict[tuple[str, str], None],
    passing: dict[str, tuple[str, int]],
) -> None:
    """Cuts the edges of one quantity into links between neighbouring rows."""
    below = name
    for row in range(rows[name] + 1, max((rows[b] for b in consumers), default=0) + 1):
        for b in consumers:
            if rows[b] == row:
                links[below, b] = None
        if any(rows[b] > row for b in consumers):
            here = f"{name}|{row}"
            items[row].append(here)
            passing[here] = (name, row)
            links[below, here] = None
            below = here


def _order(items: list[list[str]], links: Edges) -> None:
    """Sorts each row so that few links cross."""
    best, fewest = [list(row) for row in items], _crossings(items, links)
    for sweep in range(_SWEEPS):
        upward = sweep % 2 == 0
        for row in items if upward else reversed(items):
            spot = {i: n for r in items for n, i in enumerate(r)}
            near = {
                i: [spot[a if upward else b] for a, b in links if (b if upward else a) == i]
                for i in row
            }
            row.sort(key=lambda i: sum(near[i]) / len(near[i]) if near[i] else spot[i])
        if (now := _crossings(items, links)) < fewest:
            best, fewest = [list(row) for row in items], now
    for row, order in zip(items, best, strict=True):
        row[:] = order


def _crossings(items: list[list[str]], links: Edges) -> int:
    spot = {i: (r, n) for r, row in enumerate(items) for n, i in enumerate(row)}
    return sum(
        (spot[a][1] - spot[c][1]) * (spot[b][1] - spot[d][1]) < 0
        for (a, b), (c, d) in combinations(links, 2)
        if spot[a][0] == spot[c][0]
    )


def _positions(items: list[list[str]], links: Edges, wide: Mapping[str, float]) -> dict[str, float]:
    """Centres: each item near the mean of its neighbours, in order, without overlap."""
    x: dict[str, float] = {}
    for row in items:
        at = -sum(wide[i] + _GAP for i in row) / 2
        for i in row:
            x[i] = at + (wide[i] + _GAP) / 2
            at += wide[i] + _GAP
    for sweep in range(_SWEEPS):
        for row in items if sweep % 2 else reversed(items):
            wish = []
            for i in row:
                near = [x[a if b == i else b] for a, b in links if i in (a, b)]
                wish.append(sum(near) / len(near) if near else x[i])
            for i, value in zip(row, _spread(wish, [wide[i] for i in row]), strict=True):
                x[i] = value
    return x


def _spread(wish: list[float], widths: list[float]) -> list[float]:
    """The positions nearest to the wishes that keep the order (pool adjacent violators)."""
    offsets = [0.0]
    for a, b in pairwise(widths):
        offsets.append(offsets[-1] + (a + b) / 2 + _GAP)
    pools: list[list[float]] = []
    for value, offset in zip(wish, offsets, strict=True):
        pools.append([value - offset])
        while len(pools) > 1 and _mean(pools[-2]) >= _mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    flat = [_mean(p) for p in pools for _ in p]
    return [base + offset for base, offset in zip(flat, offsets, strict=True)]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
