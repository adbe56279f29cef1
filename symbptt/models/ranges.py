"""Where definitions hold and which elements they need: intervals of time."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from ..core.dependence import references
from ..core.indices import entails, linear
from ..core.terms import Elem, Term
from ..core.theory import Definition

_MAX_STEPS = 100  # boundary elements of one sequence


@dataclass(frozen=True)
class Interval:
    """The indices lo..hi, ends included."""

    lo: Expr
    hi: Expr

    def facts(self, index: Symbol) -> tuple[Expr, ...]:
        """The interval as expressions >= 0."""
        return index - self.lo, self.hi - index


def interval_of(facts: tuple[Expr, ...], symbol: Symbol) -> Interval | None:
    """The interval that facts give for a symbol with coefficient one."""
    lo = hi = None
    for fact in facts:
        for s, a in linear(fact)[1]:
            if s == symbol and a == 1 and lo is None:
                lo = symbol - fact
            elif s == symbol and a == -1 and hi is None:
                hi = fact + symbol
    return None if lo is None or hi is None else Interval(lo, hi)


def extent(expr: Expr, facts: tuple[Expr, ...], bound: frozenset[Symbol]) -> Interval:
    """The values of an index over the ranges of the bound symbols in it."""
    lo = hi = expr
    for _ in range(8):
        moving = (lo.free_symbols | hi.free_symbols) & bound
        if not moving:
            break
        for symbol in sorted(moving, key=lambda s: s.name):
            span = interval_of(facts, symbol)
            if span is None:
                continue
            lo = lo.xreplace({symbol: span.lo if _coefficient(lo, symbol) > 0 else span.hi})
            hi = hi.xreplace({symbol: span.hi if _coefficient(hi, symbol) > 0 else span.lo})
    return Interval(lo, hi)


def _coefficient(expr: Expr, symbol: Symbol) -> int:
    return next((a for s, a in linear(expr)[1] if s == symbol), 1)


@dataclass(frozen=True)
class Use:
    """A reference to elements of a sequence: which ones, in which definition."""

    name: str
    index: Expr
    interval: Interval
    definition: Definition


def uses_of(definition: Definition, indices: frozenset[Symbol]) -> list[Use]:
    """The elements that a definition refers to."""
    out: list[Use] = []
    moving = indices | _bound(definition.body)
    for inner, leaf in references(definition.body):
        if isinstance(leaf, Elem):
            facts = (*inner, *definition.facts)
            bound = frozenset(s for f in facts for s in f.free_symbols) & moving
            out.append(Use(leaf.name, leaf.index, extent(leaf.index, facts, bound), definition))
    return out


def _bound(term: Term) -> frozenset[Symbol]:
    """All indices bound in a term."""
    own = frozenset(getattr(term, "bound_symbols", ()))
    return own.union(*(_bound(c) for c in term.children)) if term.children else own


def gap(a: Expr, b: Expr) -> int | None:
    """``a - b`` as a number; None if it depends on a length."""
    difference = a - b
    return int(difference) if difference.is_Integer else None


def merged(intervals: list[Interval], facts: tuple[Expr, ...]) -> list[Interval]:
    """Intervals that overlap or touch for certain made one; the others kept."""
    out: list[Interval] = []
    for new in intervals:
        for i, old in enumerate(out):
            both = _union(old, new, facts)
            if both is not None:
                out[i] = both
                break
        else:
            out.append(new)
    return out


def _union(a: Interval, b: Interval, facts: tuple[Expr, ...]) -> Interval | None:
    lo, hi = _smaller(a.lo, b.lo, facts), _smaller(-a.hi, -b.hi, facts)
    touching = entails(facts, b.hi - a.lo + 1) and entails(facts, a.hi - b.lo + 1)
    return Interval(lo, -hi) if lo is not None and hi is not None and touching else None


def _smaller(a: Expr, b: Expr, facts: tuple[Expr, ...]) -> Expr | None:
    if entails(facts, b - a):
        return a
    return b if entails(facts, a - b) else None


def outside(need: Interval, have: Interval) -> tuple[list[Expr], list[Expr]]:
    """The indices just below and just above ``have`` that ``need`` asks for."""
    below, above = gap(have.lo, need.lo), gap(need.hi, have.hi)
    low = [have.lo - i for i in range(1, min(below or 0, _MAX_STEPS) + 1)]
    high = [have.hi + i for i in range(1, min(above or 0, _MAX_STEPS) + 1)]
    return low, high
