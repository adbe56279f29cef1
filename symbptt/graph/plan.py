"""Where everything stands: steps, channels between them, lanes, ports, and the ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from symbptt.core.terms import Elem, Param

from .excerpt import Edge, Excerpt
from .labels import label
from .layers import Layers, layers

STEPS = (-1, 0, 1)  # t-1, t, t+1
LANE = 9.0  # between lanes, and between ports
PAD = 11.0  # beside the lanes, and beside the tracks
MARGIN = 20.0
ASIDE = 1.5  # half the distance between a line and its way back
_CLEAR = 4.4  # between a port and the line of another value
_END = 34.0  # before the column of the ends


@dataclass
class Plan:
    """Coordinates while the picture is made."""

    excerpt: Excerpt
    widths: dict[str, float]
    layers: Layers
    lanes: dict[tuple[str, int], int] = field(default_factory=dict)
    ends: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def channel(self) -> float:
        """The room between two steps."""
        return 2 * PAD + LANE * max(len(self.lanes) - 1, 0)

    def left(self, step: int) -> float:
        """The left edge of a step, counted from 0."""
        return MARGIN + self.channel + step * (self.layers.width + self.channel)

    @property
    def right(self) -> float:
        """Where the steps end, with the channel after the last one."""
        return self.left(len(STEPS)) + MARGIN

    @property
    def last(self) -> int:
        """The highest row of a step."""
        return max(self.row(key) for key in self.excerpt.cells)

    def row(self, key: str) -> int:
        """The row of a cell."""
        return self.layers.places[key].row

    def centre(self, key: str, step: int) -> float:
        """The centre of a cell in a step."""
        return self.left(step) + self.layers.places[key].x

    def lane(self, key: str, way: int, step: int) -> float:
        """The lane on which a value leaves a step towards later (way 1) or earlier (-1) ones."""
        beside = self.left(step + 1) if way > 0 else self.left(step)
        return beside - self.channel + PAD + LANE * self.lanes[key, way]

    def port(self, parent: str, lag: int, consumer: str, step: int) -> float:
        """Where a value enters a cell from below."""
        incoming = _incoming(self, consumer)
        at = incoming.index((parent, lag)) - _middle(self, consumer, incoming)
        port, below = self.layers.places[consumer].x + LANE * at, _beneath(self, parent, consumer)
        if lag == 0 and abs(port - below) < LANE / 2:
            port = below  # a straight line instead of a jog
        return self.left(step) + port - ASIDE


def plan_of(part: Excerpt) -> Plan:
    """The coordinates for an excerpt."""
    widths = {k: _width(n.head, part, k) for k, n in part.cells.items()}
    inner = tuple((e.parent, e.consumer) for e in part.edges if e.lag == 0)
    over = {f"over {end}": LANE for _, end in part.sums}
    up = tuple((cell, f"over {end}") for cell, end in part.sums)
    plan = Plan(part, widths, layers(widths | over, (*inner, *up), tuple(over)))
    plan.lanes = _lanes(plan)
    _place_ends(plan)
    return plan


def box_width(head: Elem | Param) -> float:
    """The width of a box around its label."""
    return max(label(head).width + 11, 24)


def _width(head: Elem | Param, part: Excerpt, key: str) -> float:
    """The width of a box, with room for its ports and the longest label of the steps."""
    ports = len({(e.parent, e.lag) for e in part.edges if e.consumer == key})
    shown = head.at(head.index - 1) if isinstance(head, Elem) else head
    return max(box_width(shown), LANE * ports + 8)


def _incoming(plan: Plan, consumer: str) -> list[tuple[str, int]]:
    """The values that enter a cell, from left to right."""
    found = {(e.parent, e.lag) for e in plan.excerpt.edges if e.consumer == consumer}

    return sorted(found, key=lambda v: (-v[1], _beneath(plan, v[0], consumer), v[0]))


def _beneath(plan: Plan, parent: str, consumer: str) -> float:
    """Where the value comes from, right below the consumer's row."""
    below = plan.layers.passes.get((parent, plan.row(consumer) - 1))
    return plan.layers.places[parent].x if below is None else below


def _middle(plan: Plan, consumer: str, incoming: list[tuple[str, int]]) -> float:
    """Which of the ports is in the middle: one that a straight line reaches, if there is room.

    No port stands right above the line of another value.
    """
    x, last = plan.layers.places[consumer].x, len(incoming) - 1
    room = plan.widths[consumer] / 2 - 3
    straight = [
        float(n)
        for n, (parent, lag) in enumerate(incoming)
        if lag == 0 and abs(_beneath(plan, parent, consumer) - x) < LANE / 2
    ]
    stems = _stems(plan, plan.row(consumer) - 1)
    for middle in (*straight, last / 2, last / 2 - 0.5, last / 2 + 0.5):
        ports = {value: x + LANE * (n - middle) for n, value in enumerate(incoming)}
        clear = not any(
            abs(port - stem) < _CLEAR and (key, 0) != value
            for value, port in ports.items()
            for key, stem in stems
        )
        if clear and all(abs(port - x) <= room for port in ports.values()):
            return middle
    return last / 2


def _stems(plan: Plan, row: int) -> list[tuple[str, float]]:
    """Where values leave a row upwards."""
    cells = [(k, plan.layers.places[k].x) for k in plan.excerpt.cells if plan.row(k) == row]
    return cells + [(key, x) for (key, r), x in plan.layers.passes.items() if r == row]


def direct(plan: Plan, e: Edge) -> bool:
    """Whether one gap lies between parent and consumer: no lane is needed."""
    return plan.row(e.consumer) == plan.row(e.parent) + 1


def _lanes(plan: Plan) -> dict[tuple[str, int], int]:
    """A lane for each quantity that leaves its step, earlier steps apart from later ones."""
    keys = (
        (e.parent, 1 if e.lag > 0 else -1)
        for e in plan.excerpt.edges
        if e.lag and not direct(plan, e)
    )
    return {key: n for n, key in enumerate(dict.fromkeys(keys))}


# ---------------------------------------------------------------- ends


def _place_ends(plan: Plan) -> None:
    """Ends above what they sum, or in a column of their own after the steps."""
    part = plan.excerpt
    summing = {b for _, b in part.sums}
    first = next((plan.layers.places[a].x for a, _ in part.sums), plan.layers.width / 2)
    middle = plan.left(len(STEPS) // 2) + first
    rows = {key: _end_row(plan, key) for key in part.ends}
    for _ in part.ends:
        for a, b in part.finals:
            rows[b] = max(rows[b], rows[a] + 1)
    alone = {k for k in part.ends if k not in summing}
    for a, b in part.finals:
        if a in summing:
            alone.discard(b)
            summing.add(b)
    in_row: dict[int, float] = {}
    for key, head in part.ends.items():
        if key in alone:
            wide = box_width(head)
            start = in_row.get(rows[key], plan.right + _END)
            plan.ends[key] = (rows[key], start + 20)
            in_row[rows[key]] = start + wide + 16
        else:
            plan.ends[key] = (rows[key], middle)


def _end_row(plan: Plan, key: str) -> int:
    head = plan.excerpt.ends[key]
    if isinstance(head, Elem):
        return plan.row(head.key) if head.key in plan.layers.places else 0
    return plan.last + 1 if any(b == key for _, b in plan.excerpt.sums) else 0
