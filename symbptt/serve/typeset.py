"""Formulas and blocks as pieces of the page."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from symbptt.core.errors import SymbpttError
from symbptt.report import katex_render
from symbptt.report.document import Blocks
from symbptt.report.html_writer import to_fragment
from symbptt.report.pen import LATEX_PEN
from symbptt.report.ranges import ranges


def fragment(blocks: Blocks, lang: str) -> str:
    """Blocks of a report as HTML."""
    return str(to_fragment(blocks, lang))


def formula(latex: str, display: bool = True) -> str:
    """A formula as HTML."""
    return katex_render.render(latex, display)


def written(latex: str) -> str:
    """What somebody wrote, as HTML; empty where it is not LaTeX that KaTeX accepts."""
    try:
        return formula(latex)
    except SymbpttError:
        return ""


def equation(
    sides: tuple[str, str], facts: tuple[Expr, ...], introduced: bool = False, sign: str = "="
) -> dict[str, Any]:
    """An equation with the range in which it holds; ``introduced`` if reading made
    up its name."""
    where = ", ".join(ranges(facts, LATEX_PEN))
    return {
        "html": formula(f"{sides[0]} {sign} {sides[1]}"),
        "range": formula(where, display=False) if where else "",
        "introduced": introduced,
    }  # fmt: skip
