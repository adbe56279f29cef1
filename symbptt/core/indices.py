"""Affine integer arithmetic on indices: normal forms, and entailment of inequalities.

A fact or a goal is a SymPy expression that is read as ``expression >= 0``; all variables are
integers. Entailment is decided by Fourier-Motzkin elimination of the facts together with the
negated goal, with every inequality tightened to integers; it is sound (what is entailed holds)
and complete for the difference constraints that index ranges are made of.
Source: Schrijver, Theory of Linear and Integer Programming (1986), section 12.2.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

from sympy import Expr, Integer, Symbol

from .errors import IndexRangeError

Linear = tuple[int, tuple[tuple[Symbol, int], ...]]
_LIMIT = 400  # inequalities; past it elimination gives up and entails nothing


@lru_cache(maxsize=4096)
def index_symbol(name: str) -> Symbol:
    """The integer symbol that stands for an index, a length or a dimension."""
    return Symbol(name, integer=True)


@lru_cache(maxsize=65536)
def linear(expr: Expr) -> Linear:
    """``(c, ((s, a), ...))`` with ``expr = c + sum a*s``; IndexRangeError if it is not affine."""
    const, coefficients = 0, []
    for term, factor in expr.as_coefficients_dict().items():
        if not factor.is_Integer:
            raise IndexRangeError(f"the index {expr} is not affine with integer coefficients")
        if term.is_Symbol:
            coefficients.append((term, int(factor)))
        elif term.is_Integer:
            const += int(term) * int(factor)
        else:
            raise IndexRangeError(f"the index {expr} is not affine with integer coefficients")
    return const, tuple(sorted(coefficients, key=lambda p: p[0].name))


@lru_cache(maxsize=65536)
def symbols_in(expr: Expr) -> frozenset[Symbol]:
    """The symbols in an index expression; SymPy collects them each time."""
    return frozenset(expr.free_symbols)


@lru_cache(maxsize=65536)
def expanded(expr: Expr) -> Expr:
    """An index expression multiplied out."""
    return expr.expand()


def factor_of(expr: Expr, symbol: Symbol) -> Expr | int:
    """The coefficient of a symbol in an index expression; SymPy's own search takes long."""
    try:
        return next((a for s, a in linear(expr)[1] if s == symbol), 0)
    except IndexRangeError:
        return expr.coeff(symbol)


def is_affine(expr: Expr) -> bool:
    """Whether ``expr`` is an integer combination of symbols and 1."""
    try:
        linear(expr)
    except IndexRangeError:
        return False
    return True


def _tighten(const: int, coefficients: dict[Symbol, int]) -> tuple[int, dict[Symbol, int]]:
    divisor = gcd(*coefficients.values()) if coefficients else 1
    if divisor <= 1:
        return const, coefficients
    return const // divisor, {s: a // divisor for s, a in coefficients.items()}


def _infeasible(rows: list[tuple[int, dict[Symbol, int]]]) -> bool:
    """Whether no integers satisfy all ``const + sum a*s >= 0``; False where it gives up."""
    rows = [_tighten(*r) for r in rows]
    while True:
        if any(not a and c < 0 for c, a in rows):
            return True
        rows = [r for r in rows if r[1]]
        if not rows or len(rows) > _LIMIT:
            return False
        counts: dict[Symbol, list[int]] = {}
        for _, a in rows:
            for s, v in a.items():
                counts.setdefault(s, [0, 0])[v > 0] += 1
        pivot = min(counts, key=lambda s: (counts[s][0] * counts[s][1] - sum(counts[s]), s.name))
        lower = [r for r in rows if r[1].get(pivot, 0) > 0]
        upper = [r for r in rows if r[1].get(pivot, 0) < 0]
        merged: dict[tuple[tuple[Symbol, int], ...], int] = {}
        kept = [r for r in rows if pivot not in r[1]]
        for c1, a1 in lower:
            for c2, a2 in upper:
                p, q = -a2[pivot], a1[pivot]
                total = {s: p * a1.get(s, 0) + q * a2.get(s, 0) for s in {*a1, *a2}}
                total.pop(pivot)
                kept.append((p * c1 + q * c2, {s: v for s, v in total.items() if v}))
        for c, a in kept:
            c, a = _tighten(c, a)
            key = tuple(sorted(a.items(), key=lambda item: item[0].name))
            merged[key] = min(c, merged.get(key, c))
        rows = [(c, dict(key)) for key, c in merged.items()]


@lru_cache(maxsize=65536)
def entails(facts: tuple[Expr, ...], goal: Expr) -> bool:
    """Whether ``goal >= 0`` follows from ``fact >= 0`` for every fact, over the integers."""
    c, a = linear(goal)
    if not a:
        if c >= 0:
            return True
    elif any(fact == goal for fact in facts):
        return True
    rows = [(const, dict(coefficients)) for const, coefficients in map(linear, facts)]
    return _infeasible([*rows, (-c - 1, {s: -v for s, v in a})])


def contradictory(facts: tuple[Expr, ...]) -> bool:
    """Whether no integers satisfy all the facts."""
    return entails(facts, Integer(-1))


def equal_index(facts: tuple[Expr, ...], a: Expr, b: Expr) -> bool:
    """Whether ``a = b`` follows from the facts."""
    return a == b or (entails(facts, a - b) and entails(facts, b - a))


def differ(facts: tuple[Expr, ...], a: Expr, b: Expr) -> bool:
    """Whether ``a < b`` or ``a > b`` follows from the facts."""
    return entails(facts, b - a - 1) or entails(facts, a - b - 1)


def irredundant(facts: tuple[Expr, ...], known: tuple[Expr, ...] = ()) -> tuple[Expr, ...]:
    """The facts without those that follow from the others and what is known."""
    kept = list(dict.fromkeys(facts))
    for f in list(kept):
        others = tuple(x for x in kept if x != f)
        if entails((*known, *others), f):
            kept.remove(f)
    return tuple(kept)
