"""An entry of a matrix written with the entries of what the matrix is made of."""

from __future__ import annotations

from sympy import Expr, Integer

from symbptt.core.norms import Max, Min
from symbptt.core.terms import (
    Const, Diag, Elem, Entry, Hadamard, Map, Ones, Param, Plus, Scale, Term, Times, Transposed,
    Zero,
)  # fmt: skip

ONE = Integer(1)


def entry(term: Term, row: Expr = ONE, col: Expr = ONE) -> Term:
    """Entry (row, col) of the term as sums and products of entries, as far as it is elementwise.

    Matrix products, softmax and whatever else mixes entries stay as one entry.
    """
    if isinstance(term, Const):
        return term
    if isinstance(term, Ones):
        return Const(1)
    if isinstance(term, Zero):
        return Const(0)
    if isinstance(term, Elem | Param):
        return _whole(term, row, col)
    if isinstance(term, Plus | Min | Max):
        return type(term)(*(entry(x, row, col) for x in term.args))
    if isinstance(term, Hadamard):
        return Times(*(entry(x, row, col) for x in term.args))
    if isinstance(term, Scale):
        factor, inner = entry(term.args[0]), entry(term.args[1], row, col)
        if isinstance(factor, Const) and isinstance(inner, Const):
            return Const(factor.value * inner.value)
        return Scale(factor, inner) if isinstance(factor, Const) else Times(factor, inner)
    if isinstance(term, Map):
        return Map(term.fname, term.order, _whole(term.arg, row, col))
    if isinstance(term, Transposed):
        return entry(term.args[0], col, row)
    if isinstance(term, Entry):
        return entry(*term.args)
    if isinstance(term, Times) and term.is_scalar and all(x.is_scalar for x in term.args):
        return Times(*map(entry, term.args))
    if isinstance(term, Times) and isinstance(term.args[0], Diag):
        rest = Times(*term.args[1:])
        return Times(entry(term.args[0].args[0], row), entry(rest, row, col))
    return _whole(term, row, col)


def _whole(term: Term, row: Expr, col: Expr) -> Term:
    return term if term.is_scalar else Entry(term, row, col)
