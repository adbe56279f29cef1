r"""Sums over entries as products of vectors: \sum_i y_i \log p_i is y^T \log p.

The calculus differentiates vectors. Each case below is an equation between entry i and a column; a
sum with anything else in it is left as it is.
"""

from __future__ import annotations

from sympy import Symbol

from ..core.terms import (
    ONE,
    Const,
    Entry,
    Hadamard,
    Map,
    Ones,
    Plus,
    Scale,
    SumOver,
    Term,
    Times,
)  # fmt: skip
from ..core.traverse import rebuild


def vectorized(term: Term) -> Term:
    """The term with its sums over all entries of columns as products of vectors."""
    args = tuple(vectorized(a) if isinstance(a, Term) else a for a in term.args)
    term = rebuild(term, args)
    if not isinstance(term, SumOver) or term.lo != ONE or not term.is_scalar:
        return term
    if term.bound not in term.body.free_symbols:  # nothing says that it counts entries
        return term
    column = column_of(term.body, term.bound, term.hi)
    return term if column is None else _total(column)


def column_of(term: Term, i: Symbol, size: object) -> Term | None:
    """The column whose entry i the scalar is; None where there is none."""
    if i not in term.free_symbols:
        return Ones(size) if term == Const(1) else Scale(term, Ones(size))
    if isinstance(term, Entry):
        whole = term.args[0]
        fits = term.row == i and term.col == ONE and i not in whole.free_symbols
        return whole if fits and whole.shape == (size, ONE) else None
    if isinstance(term, Map):
        inner = column_of(term.arg, i, size)
        return None if inner is None else Map(term.fname, term.order, inner)
    if isinstance(term, Plus):
        parts = [column_of(a, i, size) for a in term.args]
        return None if any(p is None for p in parts) else Plus(*parts)  # type: ignore[arg-type]
    if isinstance(term, Scale | Times | Hadamard):
        fixed = [a for a in term.args if i not in a.free_symbols]
        moving = [column_of(a, i, size) for a in term.args if i in a.free_symbols]
        if any(p is None for p in moving):
            return None
        product = Hadamard(*moving)  # type: ignore[arg-type]
        for factor in reversed(fixed):
            product = Scale(factor, product)
        return product
    return None


def _total(column: Term) -> Term:
    """The sum of the entries."""
    if isinstance(column, Plus):
        return Plus(*map(_total, column.args))
    if isinstance(column, Scale) and not isinstance(column.args[1], Ones):
        factor = column.args[0]
        inner = _total(column.args[1])
        return inner if factor == Const(1) else Scale(factor, inner)
    if isinstance(column, Hadamard):
        first, *rest = column.args
        return Times(first.T, Hadamard(*rest))
    return Times(Ones(column.shape[0]).T, column)
