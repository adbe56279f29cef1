r"""Matrices written out: entries at the corners and dots between them.

>>> from ..core.terms import Param, index_symbol
>>> print(matrix_view(Param("x", index_symbol("n"))))
\begin{bmatrix} x_{1} \\ x_{2} \\ \vdots \\ x_{n} \end{bmatrix}
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integer

from ..core.terms import Entry, Term
from .latex import LATEX
from .printer import Printer
from .target import Style

_FULL = 4  # rows or columns up to which a matrix of known size is written without dots


def matrix_view(
    term: Term, entry: Callable[[Expr, Expr], Term] | None = None, style: Style | None = None
) -> str:
    """The LaTeX of the matrix of ``term``'s shape whose entry (i, j) is ``entry(i, j)``.

    Indices run from 1; without ``entry`` the entries are those of ``term`` itself.
    """
    printer = Printer(LATEX, style or Style())

    def cell(i: Expr | None, j: Expr | None) -> str:
        if i is None or j is None:
            return r"\cdots" if i is not None else r"\vdots" if j is not None else r"\ddots"
        return printer.text(entry(i, j) if entry else Entry(term, i, j))

    rows, columns = map(_shown, term.shape)
    return printer.matrix([[cell(i, j) for j in columns] for i in rows])


def _shown(size: Expr) -> list[Expr | None]:
    """The indices that are written out; None stands for dots."""
    if size.is_Integer and size <= _FULL:
        return [Integer(i) for i in range(1, int(size) + 1)]
    return [Integer(1), Integer(2), None, size]
