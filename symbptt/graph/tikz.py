"""A drawing as a TikZ picture, its labels typeset as formulas."""

from __future__ import annotations

from symbptt.report.pen import LATEX_PEN

from .drawing import Band, Box, Dot, Drawing, Ellipsis, Head, Line, Point, Shape


def to_tikz(drawing: Drawing) -> str:
    """The picture; it needs the package tikz and no library."""
    body = "\n".join(_shape(s) for s in drawing.shapes)
    return f"\\begin{{tikzpicture}}[x=1pt,y=1pt]\n{body}\n\\end{{tikzpicture}}"


def _shape(shape: Shape) -> str:
    match shape:
        case Band(x, y, w, h):
            corner = _point((x + w, y + h))
            return rf"\fill[black!5,rounded corners=4pt] {_point((x, y))} rectangle {corner};"
        case Box(x, y, w, h, term, leaf):
            low, high = _point((x - w / 2, y - h / 2)), _point((x + w / 2, y + h / 2))
            look = "" if leaf else "[fill=white,rounded corners=5pt]"
            text = rf"\node[inner sep=0pt,font=\footnotesize] at {_point((x, y))}"
            return rf"\draw{look} {low} rectangle {high}; {text} {{${LATEX_PEN.term(term)}$}};"
        case Line(points, backward, recurrent):
            dash = ",dash pattern=on 2.6pt off 2.4pt" if backward else ""
            thick = "1.1pt" if recurrent else "0.5pt"
            return rf"\draw[line width={thick}{dash}] {' -- '.join(map(_point, points))};"
        case Head():
            return rf"\fill {' -- '.join(map(_point, shape.triangle()))} -- cycle;"
        case Dot(x, y):
            return rf"\fill {_point((x, y))} circle[radius=1.4pt];"
        case Ellipsis(x, y):
            dots = (f"{_point((x + d, y))} circle[radius=0.7pt]" for d in (-3.5, 0, 3.5))
            return rf"\fill {' '.join(dots)};"


def _point(point: Point) -> str:
    return f"({_n(point[0])},{_n(point[1])})"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
