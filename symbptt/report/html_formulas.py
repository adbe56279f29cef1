"""Formulas of a page as pieces, between which a browser may end a line."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from symbptt.report import katex_render
from symbptt.report.formulas import formula
from symbptt.report.linebreak import begins_with_operator, pieces, split_relations, take_relation

PHONE = 15.0
"""em; a summand wider than that may be broken."""
_PAGE = 30.0  # em; a display wider than that is set from the left, so that its lines hang

Pieces = list[list[Markup]]


def display_pieces(latex: str, summands: Sequence[str]) -> tuple[Pieces, bool]:
    """A display, which may be broken before its relations and signs; and whether it is wide."""
    *sides, last = split_relations(latex)
    if summands and sides:
        relation, _ = take_relation(last)
        summands = (f"{relation} {summands[0]}", *summands[1:])
    shown = [p for i, side in enumerate(sides) for p in pieces_of(side, goes_on=i > 0)]
    shown += pieces_of(last, summands, goes_on=bool(sides))
    return shown, katex_render.width(latex) > _PAGE


def pieces_of(latex: str, summands: Sequence[str] = (), goes_on: bool = False) -> Pieces:
    """What a line may be broken between; ``goes_on`` if something stands before it."""
    rows = pieces(formula(latex), PHONE, katex_render.width, summands)
    return [
        [piece(part, goes_on or i + j > 0) for j, part in enumerate(row)]
        for i, row in enumerate(rows)
    ]


def piece(latex: str, goes_on: bool) -> Markup:
    """A part of a formula, with the space that TeX would put before it."""
    space = ("{}" if begins_with_operator(latex) else r"\,") if goes_on else ""
    return Markup(katex_render.render(rf"\displaystyle {space}{latex}"))


def mathml(latex: str) -> Markup:
    """A formula that the browser draws by itself."""
    return Markup(katex_render.mathml(formula(latex)))
