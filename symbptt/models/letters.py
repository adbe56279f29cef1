"""What the index letters of a model and of an assumption stand for: lengths, or every value."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Symbol

from ..core.powers import EntrywisePower
from ..core.terms import Elem, Entry, OrderedProduct, Param, Power, SumOver, Term
from ..core.traverse import find
from .model import Model

_INDEXED = (Elem, Entry, Power, EntrywisePower, SumOver, OrderedProduct)


def lengths(model: Model) -> set[Symbol]:
    """The symbols of the ranges that are no running index."""
    theory = model.theory
    pieces = [(d.index, d.facts) for d in theory.definitions]
    pieces += [(g.head.index, g.facts) for g in theory.givens]
    own = {s for f in theory.facts for s in f.free_symbols}
    return own | {s for i, facts in pieces for f in facts for s in f.free_symbols if s != i}


def runs(model: Model, term: Term, value: Param) -> bool:
    """Whether a formula runs over an index that the value it is said to have does not have."""
    sizes = {s for x in (value, term) for side in x.shape for s in side.free_symbols}
    return not isinstance(term, Elem) and bool(
        term.free_symbols - sizes - lengths(model) - set(model.dims)
    )


def fixed_letters(model: Model, *sides: Term) -> Model:
    """The model with the letters of exponents that nothing runs over as numbers of the theory.

    N^s = 0 speaks of one s, but h_t = 0 of every t.
    """
    found = [x for side in sides for _, x in find(side, lambda x: isinstance(x, _INDEXED))]
    running = {s for x in found for i in _positions(x) for s in i.free_symbols}
    exponents = {
        s for x in found if isinstance(x, Power | EntrywisePower) for s in x.exponent.free_symbols
    }
    theory = model.theory
    new = exponents - running - lengths(model) - set(model.dims)
    facts = (*theory.facts, *sorted(new, key=str))
    return replace(model, theory=replace(theory, facts=facts))


def _positions(x: Term) -> tuple[Expr, ...]:
    """The indices of an element or an entry, or the one that a sum binds."""
    if isinstance(x, Elem):
        return (x.index,)
    if isinstance(x, Entry):
        return x.row, x.col
    return (x.bound,) if isinstance(x, SumOver | OrderedProduct) else ()
