"""A drawing as SVG, with text labels: readable anywhere, black and white."""

from __future__ import annotations

from html import escape

from symbptt.core.terms import Term

from .drawing import Band, Box, Dot, Drawing, Ellipsis, Head, Line, Point, Shape
from .labels import label

_PAD = 16.0
_FONT = "'Times New Roman',Times,serif"


def to_svg(drawing: Drawing, title: str) -> str:
    """The drawing as a standalone SVG element; ``title`` is read out for who cannot see it."""
    width, height = drawing.width + 2 * _PAD, drawing.height + 2 * _PAD
    body = "\n".join(_shape(s, drawing.height) for s in drawing.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}pt" role="img" font-family="{_FONT}" '
        'font-style="italic">\n'
        f"<title>{escape(title)}</title>\n"
        f'<g transform="translate({_n(_PAD)} {_n(_PAD)})" stroke-linecap="round">\n'
        f"{body}\n</g>\n</svg>\n"
    )


def _shape(shape: Shape, height: float) -> str:
    match shape:
        case Band(x, y, w, h):
            return (
                f'<rect x="{_n(x)}" y="{_n(height - y - h)}" width="{_n(w)}" height="{_n(h)}" '
                'rx="4" fill="#f3f3f3"/>'
            )
        case Box(x, y, w, h, term, leaf):
            left, top = _n(x - w / 2), _n(height - y - h / 2)
            look = 'fill="none" stroke="#000"' if leaf else 'rx="5" fill="#fff" stroke="#000"'
            rect = f'<rect x="{left}" y="{top}" width="{_n(w)}" height="{_n(h)}" {look}/>'
            return rect + _label(term, x, height - y)
        case Line(points, backward, recurrent):
            dash = ' stroke-dasharray="2.6 2.4"' if backward else ""
            thick = "1.3" if recurrent else "0.7"
            return (
                f'<polyline points="{_points(points, height)}" fill="none" stroke="#000" '
                f'stroke-width="{thick}"{dash}/>'
            )
        case Head():
            return f'<polygon points="{_points(shape.triangle(), height)}" fill="#000"/>'
        case Dot(x, y):
            return f'<circle cx="{_n(x)}" cy="{_n(height - y)}" r="1.5" fill="#000"/>'
        case Ellipsis(x, y):
            return "".join(
                f'<circle cx="{_n(x + d)}" cy="{_n(height - y)}" r="0.8" fill="#000"/>'
                for d in (-3.5, 0, 3.5)
            )


def _label(term: Term, x: float, y: float) -> str:
    """The base ends where its scripts begin, one above the other."""
    parts = label(term)
    at = _n(x - parts.width / 2 + parts.base_width)
    out = [f'<text x="{at}" y="{_n(y + 3.6)}" font-size="12" text-anchor="end">'
           f"{escape(parts.base)}</text>"]  # fmt: skip
    for script, shift in ((parts.above, -1.8), (parts.below, 6.6)):
        if script:
            out.append(f'<text x="{at}" y="{_n(y + shift)}" dx="0.5" font-size="8.5">'
                       f"{escape(script)}</text>")  # fmt: skip
    return "".join(out)


def _points(points: tuple[Point, ...], height: float) -> str:
    return " ".join(f"{_n(x)},{_n(height - y)}" for x, y in points)


def _n(value: float) -> str:
    """A coordinate, short and the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
