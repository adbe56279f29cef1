"""The nets of a picture: which rails every value takes from its node to its consumers."""

from __future__ import annotations

from symbptt.core.terms import Elem

from .excerpt import Edge
from .nets import Net, Stop
from .plan import ASIDE, STEPS, Plan, direct


def nets_of(plan: Plan) -> list[Net]:
    """All nets, those of steps outside the picture included where they enter it."""
    part = plan.excerpt
    reach = max((abs(e.lag) for e in part.edges), default=0)
    found = [
        _net(plan, key, step) for key in part.cells for step in range(-reach, len(STEPS) + reach)
    ]
    for key, (row, x) in plan.ends.items():
        net = Net(f"end {key}", 0)
        for a, b in part.finals:
            if a == key:
                _climb(net, row, x, plan.ends[b])
        found.append(net)
        if (
            isinstance(part.ends[key], Elem)
            and part.ends[key].key in part.cells
            and key not in part.defined
        ):
            found.append(_arrival(key, row, x))
    found += [_sum(plan, end) for end in dict.fromkeys(b for _, b in part.sums)]
    return [n for n in found if any(len(stops) > 1 for stops in n.stops.values())]


def _arrival(key: str, row: int, x: float) -> Net:
    """The way into an element at a fixed time, from the steps before it."""
    net = Net(f"to {key}", 0)
    net.add(row, Stop(x - 24, "enter", True))
    net.add(row, Stop(x - ASIDE, "target", True))
    return net


def _climb(net: Net, row: int, x: float, target: tuple[int, float]) -> None:
    """From an end to another, higher one."""
    net.add(row + 1, Stop(x - ASIDE, "source"))
    for gap in range(row + 1, target[0]):
        net.add(gap, Stop(x - ASIDE, "pass"))
        net.add(gap + 1, Stop(x - ASIDE, "below"))
    net.add(target[0], Stop(target[1] - ASIDE, "target"))


def _net(plan: Plan, key: str, step: int) -> Net:
    """The net of one cell at one step; steps outside the picture enter at its edge."""
    net = Net(key, step)
    inside = 0 <= step < len(STEPS)
    part = plan.excerpt
    if inside:
        _inside(plan, net, key, step)
    for e in part.edges:
        if e.parent == key and e.lag:
            _across(plan, net, e, step)
    return net


def _inside(plan: Plan, net: Net, key: str, step: int) -> None:
    """The edges inside the step, past the rows between."""
    row, edges = plan.row(key), [e for e in plan.excerpt.edges if e.parent == key and e.lag == 0]
    net.add(row + 1, Stop(plan.centre(key, step) - ASIDE, "source"))
    for e in edges:
        net.add(plan.row(e.consumer), Stop(plan.port(key, 0, e.consumer, step), "target"))
    for r in range(row + 1, plan.last + 1):
        if (key, r) not in plan.layers.passes:
            break
        x = plan.left(step) + plan.layers.passes[key, r] - ASIDE
        net.add(r, Stop(x, "pass"))
        if r < plan.last:  # above all rows it goes on in the net of the sum
            net.add(r + 1, Stop(x, "below"))


def _across(plan: Plan, net: Net, e: Edge, step: int) -> None:
    """An edge to another step; what leaves the picture ends at its edge."""
    there = step + e.lag
    inside, arrives = 0 <= step < len(STEPS), 0 <= there < len(STEPS)
    if not inside and not arrives:
        return
    way = 1 if e.lag > 0 else -1
    before, after = (0.0, plan.right) if way > 0 else (plan.right, 0.0)
    gap, below = plan.row(e.consumer), plan.row(e.parent) + 1
    target = (
        Stop(plan.port(e.parent, e.lag, e.consumer, there), "target", True)
        if arrives
        else Stop(after, "leave", True)
    )
    net.add(gap, target)
    next_step = 0 <= step + way < len(STEPS) or inside
    if not inside and (direct(plan, e) or not next_step):
        net.add(gap, Stop(before, "enter", True))
    elif not direct(plan, e):
        lane = plan.lane(e.parent, way, step)
        net.add(below, Stop(lane, "lane", True))
        net.add(gap, Stop(lane, "lane", True))
        if (lane, below, gap) not in net.lanes:
            net.lanes.append((lane, below, gap))
        if not inside:
            net.add(below, Stop(before, "enter", True))


def _sum(plan: Plan, end: str) -> Net:
    """The net into a sum over all steps, of which the picture shows some."""
    gap, x = plan.ends[end]
    net = Net(f"sum {end}", 0)
    net.add(gap, Stop(x - ASIDE, "target"))
    for edge in (0.0, plan.right):
        net.add(gap, Stop(edge, "enter"))
    for cell in (a for a, b in plan.excerpt.sums if b == end):
        for step in range(len(STEPS)):
            if plan.row(cell) == plan.last:
                net.add(gap, Stop(plan.centre(cell, step) - ASIDE, "source"))
            else:
                x = plan.left(step) + plan.layers.passes[cell, plan.last]
                net.add(gap, Stop(x - ASIDE, "below"))
    return net
