r"""Matrices with long entries made narrower: the summands of an entry stand below each other.

>>> stacked(r"\begin{bmatrix} I & A B + C \end{bmatrix}")
'\\begin{bmatrix} I & \\begin{gathered} A B \\\\ {}+ C \\end{gathered} \\end{bmatrix}'
"""

from __future__ import annotations

import re

from symbptt.report.linebreak import split_summands

_MATRIX = re.compile(
    r"\\begin\{bmatrix\}(?P<inside>(?:(?!\\begin|\\end).)*)\\end\{bmatrix\}", re.DOTALL
)
_APART = r"\rule[-8ex]{0pt}{1ex}"  # below a tall row
_ROW_END = re.compile(r"\\\\")


def stacked(latex: str) -> str:
    """The formula with every entry of its matrices that is a sum on several lines."""
    return _MATRIX.sub(_matrix, latex)


def _matrix(match: re.Match[str]) -> str:
    rows = _ROW_END.split(match["inside"])
    cells = [" & ".join(_entry(cell.strip()) for cell in row.split("&")) for row in rows]
    body = r" \\ ".join([*(row + _APART * ("gathered" in row) for row in cells[:-1]), cells[-1]])
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _entry(cell: str) -> str:
    first, *rest = split_summands(cell)
    if not rest:
        return cell
    lines = r" \\ ".join([first, *(f"{{}}{part}" for part in rest)])
    return rf"\begin{{gathered}} {lines} \end{{gathered}}"
