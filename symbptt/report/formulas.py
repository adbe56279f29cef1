"""Formulas as they come from a worksheet or a derivation, made ready for both kinds of page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symbptt.report.katex_render import render

_ALIGNED = re.compile(r"\\(begin|end)\{(?:align|eqnarray)\*?\}")
_GATHERED = re.compile(r"\\(begin|end)\{(?:gather|multline)\*?\}")


def formula(latex: str, display: bool = True) -> str:
    """A formula that passes the lint, fit to stand inside a display or a line.

    Environments that are displays themselves become those that stand in one.
    """
    render(latex, display)
    latex = re.sub(r"\n\s*\n", "\n", latex.strip())
    return _GATHERED.sub(r"\\\1{gathered}", _ALIGNED.sub(r"\\\1{aligned}", latex))


def equation(left: str, sides: Sequence[str]) -> str:
    """``left = side = side ...`` as one formula, where sides may be matrices written out."""
    return " = ".join([left, *map(_stretched, sides)])


def _stretched(latex: str) -> str:
    """A matrix with fractions needs more space between its rows."""
    if r"\begin{" not in latex or r"\frac" not in latex:
        return latex
    return rf"{{\def\arraystretch{{1.7}}{latex}}}"
