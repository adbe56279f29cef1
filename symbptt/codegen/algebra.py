"""Terms before lowering: transposes moved to the leaves, sums split into conditional summands.

Exact rewritings of one term into an equal one; they need no arrays.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from symbptt.core.indices import contradictory, entails
from symbptt.core.terms import (
    ONE, Block, Const, Diag, Elem, Func, Hadamard, Identity, Map, Meta, Ones, Param, Plus,
    Scale, SumOver, Term, Times, Transposed, When, Zero,
)  # fmt: skip

from .spans import Facts


def transpose(term: Term) -> Term:
    """A^T with the transposition moved inward, to parameters and elements."""
    if term.is_scalar or isinstance(term, Diag | Identity):
        return term
    if isinstance(term, Transposed):
        return term.args[0]
    if isinstance(term, Zero | Ones):
        return term.func(*reversed(term.shape))
    if isinstance(term, Times):
        return Times(*(transpose(a) for a in reversed(term.args)))
    if isinstance(term, Plus | Hadamard):
        return term.func(*map(transpose, term.args))
    if isinstance(term, Scale):
        return Scale(term.args[0], transpose(term.args[1]))
    if isinstance(term, Map):
        return Map(term.args[0], term.order, transpose(term.arg))
    if isinstance(term, When | SumOver):
        return term.func(transpose(term.args[0]), *term.args[1:])
    if isinstance(term, Block):
        rows, cols = term.grid
        blocks = (transpose(term.block(i, j)) for j in range(cols) for i in range(rows))
        return Block(cols, rows, *blocks)
    return Transposed(term)


def is_leaf(term: Term) -> bool:
    """Whether the term is a name or the transpose of one."""
    inner = term.args[0] if isinstance(term, Transposed) else term
    return isinstance(inner, Param | Elem | Func | Meta)


def open_transposes(term: Term) -> Term:
    """The term without a transposition of anything but a leaf at its top."""
    if isinstance(term, Transposed) and not is_leaf(term):
        return transpose(term.args[0])
    return term


def summands(term: Term, facts: Facts) -> Iterator[tuple[tuple[Expr, ...], Term]]:
    """The summands of a term with the conditions under which they count and that are not certain.

    Scale by a number, transposition and conditions are moved into sums.
    """
    term = open_transposes(term)
    if isinstance(term, Zero):
        return
    if isinstance(term, Plus):
        for part in term.args:
            yield from summands(part, facts)
    elif isinstance(term, When):
        open_ = tuple(c for c in term.conditions if not entails(facts, c))
        if not contradictory((*facts, *open_)):
            for more, part in summands(term.args[0], (*facts, *open_)):
                yield (*open_, *more), part
    elif isinstance(term, SumOver) and term.lo == term.hi:
        yield from summands(term.instance(term.lo), facts)
    elif isinstance(term, Scale) and isinstance(term.args[0], Const):
        for conditions, part in summands(term.args[1], facts):
            yield conditions, _scaled(term.args[0], part)
    else:
        yield (), term


def _scaled(factor: Const, term: Term) -> Term:
    if factor.value == 1:
        return term
    if isinstance(term, SumOver):
        return SumOver(_scaled(factor, term.body), *term.args[1:])
    if isinstance(term, Const):
        return Const(factor.value * term.value)
    return Scale(factor, term)


def rank_one(term: Times) -> int | None:
    """Where a product is a column times a row: the number of factors in the column."""
    for i, (left, right) in enumerate(zip(term.args, term.args[1:], strict=False), start=1):
        if left.shape[1] == ONE and right.shape[0] == ONE:
            return i
    return None


def split(term: Times, at: int) -> tuple[Term, Term]:
    """The column and the row of a product u v^T."""
    return Times(*term.args[:at]), Times(*term.args[at:])
