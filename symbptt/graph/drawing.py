"""A picture as plain data, in points, y upwards: what the TikZ and the SVG writer draw."""

from __future__ import annotations

from dataclasses import dataclass

from symbptt.core.terms import Term

Point = tuple[float, float]


@dataclass(frozen=True)
class Band:
    """A shaded rectangle behind one time step, from its lower left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Box:
    """A node around its centre; a leaf has square corners and no fill."""

    x: float
    y: float
    width: float
    height: float
    label: Term
    leaf: bool


@dataclass(frozen=True)
class Line:
    """A polyline; ``backward`` ones are dashed, ``recurrent`` ones thick."""

    points: tuple[Point, ...]
    backward: bool
    recurrent: bool


@dataclass(frozen=True)
class Head:
    """An arrowhead with its tip at (x, y), pointing along (dx, dy), a unit vector."""

    x: float
    y: float
    dx: int
    dy: int

    def triangle(self, length: float = 4.5, half: float = 1.7) -> tuple[Point, Point, Point]:
        """Its corners, the tip first."""
        x, y = self.x - length * self.dx, self.y - length * self.dy
        return (
            (self.x, self.y),
            (x - half * self.dy, y + half * self.dx),
            (x + half * self.dy, y - half * self.dx),
        )


@dataclass(frozen=True)
class Dot:
    """A junction: what is computed once is used twice, or two adjoints are added."""

    x: float
    y: float


@dataclass(frozen=True)
class Ellipsis:
    """Three dots where the sequence goes on."""

    x: float
    y: float


Shape = Band | Box | Line | Head | Dot | Ellipsis


@dataclass(frozen=True)
class Drawing:
    """Shapes, those behind first, inside the rectangle from (0, 0)."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
