"""Families of parameters: W_j in sum_{j=0}^J W_j x_{t-j} is a parameter for every lag, no input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import Expr, Symbol

from ..core.terms import Elem, SumOver, Term
from .definitions import Equated


def families_of(equated: Iterable[Equated], given: Iterable[str]) -> tuple[str, ...]:
    """The given names that are read at no time: only at the index of sums that run over no length.

    A length is what limits the steps of a definition, so y_t in sum_{t=1}^T is no family.
    """
    equated = tuple(equated)
    intervals = [eq.interval for eq in equated if eq.interval is not None]
    lengths = {s for i in intervals for end in (i.lo, i.hi) for s in end.free_symbols}
    read: dict[str, list[bool]] = {}
    for eq in equated:
        for name, inside in _reads(eq.definition.body, frozenset(), lengths):
            read.setdefault(name, []).append(inside)
    return tuple(name for name in given if all(read.get(name, [False])))


def _reads(term: Term, lags: frozenset[Expr], lengths: set[Symbol]) -> Iterator[tuple[str, bool]]:
    """Every element in a term: its name, and whether its index is one of a sum over lags."""
    if isinstance(term, Elem):
        yield term.name, term.index in lags
        return
    if isinstance(term, SumOver):
        timeless = not (term.lo.free_symbols | term.hi.free_symbols) & lengths
        bound = term.bound
        lags = lags | {bound} if timeless else lags - {bound}
    for arg in term.args:
        if isinstance(arg, Term):
            yield from _reads(arg, lags, lengths)
