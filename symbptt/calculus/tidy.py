"""Readable forms: zeros and units dropped, conditions decided, transposes of leaves only.

The result has the same canonical form; nothing is multiplied out.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

from sympy import Expr

from symbptt.core.indices import contradictory, entails
from symbptt.core.terms import (
    Const, Diag, Hadamard, Identity, Ones, OrderedProduct, Plus, Scale, SumOver, Term, Times,
    Transposed, Unvec, Vec, When, Zero,
)  # fmt: skip
from symbptt.core.traverse import rebuild

Facts = tuple[Expr, ...]


@lru_cache(maxsize=65536)
def tidy(term: Term, facts: Facts = ()) -> Term:
    """The term without zeros, units and decided conditions."""
    inner = facts
    if isinstance(term, SumOver | OrderedProduct):
        inner = (*facts, *term.range_facts)
    elif isinstance(term, When):
        inner = (*facts, *term.conditions)
        if contradictory(inner):
            return Zero(*term.shape)
    args = tuple(tidy(a, inner) if isinstance(a, Term) else a for a in term.args)
    term = rebuild(term, args)
    return _node(term, facts)


def _node(term: Term, facts: Facts) -> Term:
    if isinstance(term, Plus):
        return _plus(term)
    if isinstance(term, Times | Hadamard | Scale):
        return _product(term)
    if isinstance(term, Transposed):
        return _transposed(term)
    if isinstance(term, When):
        open_conditions = [c for c in term.conditions if not entails(facts, c)]
        inner = term.args[0]
        return inner if isinstance(inner, Zero) else When(inner, *open_conditions)
    if isinstance(term, SumOver) and isinstance(term.body, Zero):
        return term.body
    if isinstance(term, SumOver) and contradictory((*facts, *term.range_facts)):
        return Zero(*term.shape)
    if isinstance(term, SumOver) and term.gap == 0:
        return tidy(term.instance(term.lo), facts)
    if isinstance(term, Vec) and term.args[0].is_column:
        return term.args[0]
    if isinstance(term, Vec) and isinstance(term.args[0], Unvec):
        return term.args[0].args[0]
    if isinstance(term, Unvec) and isinstance(term.args[0], Vec):
        return term.args[0].args[0]
    if isinstance(term, Diag) and isinstance(term.args[0], Ones):
        return Identity(term.shape[0])
    return term


def _plus(term: Plus) -> Term:
    kept = [a for a in term.args if not isinstance(a, Zero)]
    kept = _merged(kept)
    if not kept:
        return Zero(*term.shape)
    if _is_negative(kept[0]):  # a - b reads better than -b + a
        kept.sort(key=_is_negative)
    return Plus(*kept)


def _merged(parts: list[Term]) -> list[Term]:
    """Equal summands collected: a/2 + a/2 is a."""
    totals: dict[Term, Any] = {}
    for part in parts:
        scaled = isinstance(part, Scale) and isinstance(part.args[0], Const)
        body, c = (part.args[1], part.args[0].value) if scaled else (part, 1)
        totals[body] = totals.get(body, 0) + c
    if len(totals) == len(parts):
        return parts
    return [b if c == 1 else Scale(Const(c), b) for b, c in totals.items() if c != 0]


def _is_negative(term: Term) -> bool:
    is_number = isinstance(term, Scale) and isinstance(term.args[0], Const)
    return is_number and bool(term.args[0].value.is_negative)


def _product(term: Term) -> Term:
    if any(isinstance(a, Zero) or a == Const(0) for a in term.args):
        return Zero(*term.shape)
    if isinstance(term, Scale):
        factor, body = term.args
        if isinstance(factor, Const) and isinstance(body, Const):
            return Const(factor.value * body.value)
        if (
            isinstance(body, Scale)
            and isinstance(body.args[0], Const)
            and isinstance(factor, Const)
        ):
            return _product(Scale(Const(factor.value * body.args[0].value), body.args[1]))
        if body == Const(1):
            return factor
        return body if factor == Const(1) else term
    unit = Identity if isinstance(term, Times) else Ones
    kept = [a for a in term.args if not isinstance(a, unit)]
    numbers = [a for a in kept if isinstance(a, Const)]
    if isinstance(term, Times) and numbers and len(kept) > len(numbers):
        rest = [a for a in kept if not isinstance(a, Const)]
        factor = Const(prod(a.value for a in numbers))
        return _product(Scale(factor, Times(*rest)))
    return type(term)(*kept) if kept else term.args[0]


def _transposed(term: Transposed) -> Term:
    inner = term.args[0]
    if isinstance(inner, Transposed):
        return inner.args[0]
    if isinstance(inner, Times):
        return Times(*(_transposed(Transposed(a)) for a in reversed(inner.args)))
    if isinstance(inner, Plus | Hadamard):
        return type(inner)(*(_transposed(Transposed(a)) for a in inner.args))
    if isinstance(inner, Diag | Identity) or inner.is_scalar:
        return inner
    if isinstance(inner, Zero | Ones):
        return type(inner)(inner.shape[1], inner.shape[0])
    if isinstance(inner, Scale):
        return Scale(inner.args[0], _transposed(Transposed(inner.args[1])))
    if isinstance(inner, SumOver | When):
        return inner.func(_transposed(Transposed(inner.args[0])), *inner.args[1:])
    return term
