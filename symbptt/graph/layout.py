"""The unrolled graph as a picture: time runs to the right, depth upwards."""

from __future__ import annotations

from symbptt.core.terms import Elem

from .drawing import Band, Box, Drawing, Ellipsis, Shape
from .excerpt import excerpt
from .graph import Graph
from .nets import Net, tracks
from .plan import ASIDE, LANE, MARGIN, PAD, STEPS, Plan, box_width, plan_of
from .routes import nets_of
from .wires import Rails, wires

BOX = 19.0  # the height of a node


def picture(graph: Graph) -> Drawing:
    """The steps t-1, t, t+1 of the graph, and the loss; parameters are left out."""
    plan = plan_of(excerpt(graph))
    nets = nets_of(plan)
    rails = rails_of(plan, nets)
    boxes = [*_boxes(plan, rails), *_end_boxes(plan, rails)]
    shapes: list[Shape] = [*_bands(plan, rails), *boxes]
    for net in nets:
        shapes += wires(net, rails, ASIDE)
    shapes += _goes_on(nets, rails)
    width = max([plan.right, *(b.x + b.width / 2 + MARGIN for b in boxes)])
    return Drawing(width, rails.top + 4, tuple(shapes))


def rails_of(plan: Plan, nets: list[Net]) -> Rails:
    """The heights of rows and tracks."""
    found = tracks(nets)
    last = max([plan.last, *(r for r, _ in plan.ends.values())])
    bottoms: list[float] = []
    heights: dict[int, float] = {}
    y = 4.0
    for row in range(last + 1):
        used = len({n for (gap, _), n in found.items() if gap == row})
        needed = row > 0 or any(0 in n.stops for n in nets)
        heights[row] = 2 * PAD + LANE * max(used - 1, 0) + 2 if needed else 0.0
        bottoms.append(y + heights[row])
        y = bottoms[-1] + BOX
    return Rails(tuple(bottoms), BOX, found, PAD, LANE)


def _boxes(plan: Plan, rails: Rails) -> list[Box]:
    out = []
    for number, offset in enumerate(STEPS):
        for key, node in plan.excerpt.cells.items():
            assert isinstance(node.head, Elem)
            y = rails.bottoms[plan.row(key)] + BOX / 2
            head = node.head.at(node.head.index + offset)
            out.append(Box(plan.centre(key, number), y, plan.widths[key], BOX, head, node.is_leaf))
    return out


def _end_boxes(plan: Plan, rails: Rails) -> list[Box]:
    out = []
    for key, (row, x) in plan.ends.items():
        head = plan.excerpt.ends[key]
        out.append(Box(x, rails.bottoms[row] + BOX / 2, box_width(head), BOX, head, False))
    return out


def _bands(plan: Plan, rails: Rails) -> list[Band]:
    top = rails.bottoms[plan.last] + BOX + 4
    low = rails.bottoms[0] - 4
    wide = plan.layers.width + 8
    return [Band(plan.left(s) - 4, low, wide, top - low) for s in range(len(STEPS))]


def _goes_on(nets: list[Net], rails: Rails) -> list[Ellipsis]:
    """Three dots at the ends of the lines that go on."""
    spots = {
        (s.x + (-7 if s.x == net.span(gap)[0] else 7), round(rails.track(net, gap), 1)): None
        for net in nets
        for gap, stops in net.stops.items()
        for s in stops
        if s.kind in ("enter", "leave")
    }
    return [Ellipsis(x, y) for x, y in spots]
