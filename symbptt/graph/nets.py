"""Nets: what is computed at one place and used at several, routed along rows and columns.

Horizontal *tracks* run in the gaps between rows, vertical *lanes* in the channels between steps,
so a line never meets a node that is not its own. The net of a value is drawn twice: forwards from
the value to its consumers, and backwards (dashed, a little aside) from their adjoints to its own,
where they are added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Span = tuple[float, float]
Slot = tuple[str, int]
_APART = 4.0  # between two lines on one track


@dataclass(frozen=True)
class Stop:
    """Where a net meets a gap.

    ``kind``: from below, "source" (its own node) or "below" (past a row); upwards, "target" (a
    consumer) or "pass" (past a row); "lane" (between steps); at the edge of the picture, "enter"
    or "leave".
    """

    x: float
    kind: str
    recurrent: bool = False


@dataclass
class Net:
    """The net of one value: its stops in each gap, and the lanes that join two gaps.

    Gap g lies between the rows g - 1 and g. Nets of one ``key`` (the same quantity at other steps)
    run on the same tracks where they can.
    """

    key: str
    step: int
    stops: dict[int, list[Stop]] = field(default_factory=dict)
    lanes: list[tuple[float, int, int]] = field(default_factory=list)

    def add(self, gap: int, stop: Stop) -> None:
        """Adds a stop, once."""
        stops = self.stops.setdefault(gap, [])
        if stop not in stops:
            stops.append(stop)

    def span(self, gap: int) -> Span:
        """The interval that the net takes in the gap."""
        xs = [s.x for s in self.stops[gap]]
        return min(xs), max(xs)


def tracks(nets: Iterable[Net]) -> dict[tuple[int, Slot], int]:
    """The track of each net in each gap, from below; spans that overlap get different tracks.

    A quantity runs at the same height in every step, unless its nets would run into each other.
    """
    spans: dict[int, dict[str, dict[int, Span]]] = {}
    for net in nets:
        for gap in net.stops:
            lo, hi = net.span(gap)
            if hi - lo > 0.1:
                spans.setdefault(gap, {}).setdefault(net.key, {})[net.step] = (lo, hi)
    out: dict[tuple[int, Slot], int] = {}
    for gap, by_key in spans.items():
        groups = [(key, group) for key, by_step in by_key.items() for group in _groups(by_step)]
        rows: list[list[Span]] = []
        for key, group in sorted(groups, key=lambda g: (_longest(g[1].values()), g[0], min(g[1]))):
            mine = list(group.values())
            free = next((n for n, row in enumerate(rows) if not _overlap(row, mine)), len(rows))
            if free == len(rows):
                rows.append([])
            rows[free] += mine
            out |= {(gap, (key, step)): free for step in group}
    return out


def _groups(by_step: dict[int, Span]) -> list[dict[int, Span]]:
    """The steps in as few groups as possible, taken in turns, so that none overlap in a group."""
    count = next(
        n
        for n in range(1, len(by_step) + 1)
        if not any(
            _overlap([a], [b])
            for s, a in by_step.items()
            for r, b in by_step.items()
            if s < r and (r - s) % n == 0
        )
    )
    return [
        {s: x for s, x in by_step.items() if s % count == turn}
        for turn in range(count)
        if any(s % count == turn for s in by_step)
    ]


def _longest(spans: Iterable[Span]) -> float:
    return max(hi - lo for lo, hi in spans)


def _overlap(row: list[Span], mine: list[Span]) -> bool:
    return any(a - _APART < d and c - _APART < b for a, b in row for c, d in mine)
