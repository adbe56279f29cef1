"""The lines of a net: forwards, and backwards a little aside."""

from __future__ import annotations

from dataclasses import dataclass

from .drawing import Dot, Head, Line, Shape
from .nets import Net, Slot, Stop

_FROM_BELOW = ("source", "below")
_SHORT = 3.5  # a line ends inside the arrowhead


@dataclass(frozen=True)
class Rails:
    """Heights: ``bottoms`` of the rows, and the tracks in the gaps below them."""

    bottoms: tuple[float, ...]
    box: float
    tracks: dict[tuple[int, Slot], int]
    pad: float
    pitch: float

    @property
    def top(self) -> float:
        """The upper edge of the last row."""
        return self.bottoms[-1] + self.box

    def floor(self, gap: int) -> float:
        """The top of the row below a gap."""
        return self.bottoms[gap - 1] + self.box if gap else 0.0

    def ceiling(self, gap: int) -> float:
        """The bottom of the row above a gap."""
        return self.bottoms[gap]

    def track(self, net: Net, gap: int) -> float:
        """The height at which a net runs in a gap."""
        number = self.tracks.get((gap, (net.key, net.step)), 0)
        return self.floor(gap) + self.pad + self.pitch * number + 1


def wires(net: Net, rails: Rails, aside: float) -> list[Shape]:
    """Forward and backward lines of a net, with arrowheads and junctions."""
    return [*_way(net, rails, 0.0, False), *_way(net, rails, 2 * aside, True)]


def _way(net: Net, rails: Rails, shift: float, backward: bool) -> list[Shape]:
    out: list[Shape] = []
    height = {gap: rails.track(net, gap) - shift for gap in net.stops}
    for x, low, high in net.lanes:
        ends = ((x + shift, height[low]), (x + shift, height[high]))
        out.append(Line(ends, backward, True))
    for gap, stops in net.stops.items():
        y = height[gap]
        for recurrent in (False, True):
            out += _horizontal(net, stops, y, shift, backward, recurrent)
        for s in stops:
            out += _vertical(s, gap, net, rails, y, shift, backward)
        out += _junctions(net, gap, stops, y, shift, height)
    return out


def _horizontal(
    net: Net, stops: list[Stop], y: float, shift: float, backward: bool, recurrent: bool
) -> list[Shape]:
    """The track, thick where the line leads to another step."""
    xs = [s.x + shift for s in stops if s.recurrent == recurrent]
    trunk = [s.x + shift for s in stops if s.kind in _FROM_BELOW]
    if xs and (trunk or recurrent):
        xs += trunk
    if not xs or max(xs) - min(xs) < 0.1:
        return []
    shapes: list[Shape] = [Line(((min(xs), y), (max(xs), y)), backward, recurrent)]
    for s in stops:
        if s.recurrent == recurrent and s.kind == ("enter" if backward else "leave"):
            towards = -1 if s.x <= min(x.x for x in stops) else 1
            shapes.append(Head(s.x, y, towards, 0))
    return shapes


def _vertical(
    s: Stop, gap: int, net: Net, rails: Rails, y: float, shift: float, backward: bool
) -> list[Shape]:
    x = s.x + shift
    if s.kind == "target":
        top = rails.ceiling(gap)
        end = top if backward else top - _SHORT
        line = Line(((x, y), (x, end)), backward, s.recurrent)
        return [line] if backward else [line, Head(x, top, 0, 1)]
    if s.kind == "pass":
        return [Line(((x, y), (x, rails.ceiling(gap))), backward, False)]
    if s.kind in _FROM_BELOW:
        at_source = s.kind == "source"
        floor = rails.floor(gap) if at_source else rails.ceiling(gap - 1)
        stop = floor + _SHORT if backward and at_source else floor
        line = Line(((x, stop), (x, y)), backward, False)
        return [line, Head(x, floor, 0, -1)] if backward and at_source else [line]
    return []


def _junctions(
    net: Net, gap: int, stops: list[Stop], y: float, shift: float, height: dict[int, float]
) -> list[Shape]:
    """A dot where three lines or more meet."""
    xs = [round(s.x, 1) for s in stops]
    dots: list[Shape] = []
    for x in sorted(set(xs)):
        ways = {"up" if s.kind in ("target", "pass") else "down" for s in stops
                if round(s.x, 1) == x and s.kind in ("target", "pass", *_FROM_BELOW)}  # fmt: skip
        for lane, low, high in net.lanes:
            if round(lane, 1) == x and gap in (low, high):
                other = high if gap == low else low
                ways.add("up" if height[other] > y else "down")
        arms = len(ways) + (x > min(xs)) + (x < max(xs))
        if arms > 2:
            dots.append(Dot(x + shift, y))
    return dots
