"""Derivatives written out as matrices: entries in the corners, dots between them."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Symbol

from symbptt.calculus.entries import entry
from symbptt.calculus.tidy import tidy
from symbptt.core.terms import (
    ONE, Diag, Entry, Gradient, Partial, SumOver, Term, Times, Zero,
)  # fmt: skip
from symbptt.core.traverse import substitute
from symbptt.notation.views import matrix_view
from symbptt.proof.objects import Theorem

from .document import MatrixView
from .pen import LATEX_PEN, UNICODE_PEN, familiar

_WIDEST = 50  # characters of an entry in a readable matrix


def written_out(source: Theorem, entries: Theorem) -> MatrixView:
    """The matrix of a Jacobian or gradient; ``entries`` says what its entry (i, j) is."""
    whole, left = source.left, entries.left
    assert isinstance(left, Entry)
    sides = [_matrix(whole, lambda i, j: Entry(whole, i, j)), *_factors(source.right)]
    sides.append(_values(whole, entries.right, left.row, left.col))
    return MatrixView(LATEX_PEN.term(whole), tuple(sides))


def has_entries(entries: Theorem) -> bool:
    """Whether a theorem gives the entries, short ones, of a derivative that is a matrix."""
    left = entries.left
    return (
        isinstance(left, Entry)
        and isinstance(left.args[0], Gradient | Partial)
        and all(isinstance(x, Symbol) for x in left.args[1:])
        and len(UNICODE_PEN.term(entries.right)) <= _WIDEST
    )


def _matrix(term: Term, cell: Callable[[Expr, Expr], Term]) -> str:
    return matrix_view(term, lambda i, j: familiar(cell(i, j)))


def _values(whole: Term, value: Term, row: Expr, col: Expr) -> str:
    """The matrix of values; sums over time stay in front of it."""
    if isinstance(value, SumOver) and value.bound not in value.lo.free_symbols:
        lo, hi = LATEX_PEN.index(value.lo), LATEX_PEN.index(value.hi)
        sum_sign = rf"\sum_{{{LATEX_PEN.index(value.bound)}={lo}}}^{{{hi}}}"
        return f"{sum_sign} {_values(whole, value.body, row, col)}"
    several = tuple(size - 3 for size in whole.shape if size.free_symbols)  # as the dots suggest
    return _matrix(whole, lambda i, j: tidy(substitute(value, {row: i, col: j}), several))


def _factors(right: Term) -> list[str]:
    """The product of the matrices themselves, if they are diagonal matrices and parameters."""
    if not isinstance(right, Times) or not any(isinstance(a, Diag) for a in right.args):
        return []
    if not all(isinstance(a, Diag) or hasattr(a, "key") for a in right.args):
        return []
    return [" ".join(_diagonal(a) if isinstance(a, Diag) else matrix_view(a) for a in right.args)]


def _diagonal(term: Diag) -> str:
    def cell(i: Expr, j: Expr) -> Term:
        return entry(term.args[0], i, ONE, set()) if i == j else Zero(1, 1)

    return _matrix(term, cell)
