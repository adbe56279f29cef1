"""Sums whose ranges were split, joined again: f(1) + sum_{t=2}^T f(t) = sum_{t=1}^T f(t)."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from symbptt.core.canonical import equal, polynomial
from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails
from symbptt.core.terms import Plus, SumOver, Term
from symbptt.core.traverse import Path

from .builder import Builder
from .tries import nodes, until_done
from .vocabulary import products, vocabulary


def rejoin(build: Builder) -> None:
    """Joins every sum with the summand, or the sum, that stands beside it and continues it."""

    def one() -> bool:
        return any(_join(build, path, node) for path, node in list(nodes(build.line, Plus)))

    until_done(one, "sums join")


def _join(build: Builder, path: Path, plus: Term) -> bool:
    facts = build.facts_at(path)
    for number, total in enumerate(plus.args):
        if not isinstance(total, SumOver):
            continue
        others = [*plus.args[:number], *plus.args[number + 1 :]]
        for name, whole, parts in _continued(total, others, facts):
            used = set(map(id, parts))
            rest = [x for x in others if id(x) not in used]
            row = _row(name, total, whole)
            build.algebra(Plus(*rest, *row), path, reason="collect")
            count = sum(len(x.args) if isinstance(x, Plus) else 1 for x in row)
            span = (len(rest), len(rest) + count) if rest else None
            bind = {"?k": total.hi} if name == "series-split" else None
            build.back(name, path, whole, span, bind)
            return True
    return False


def _row(name: str, total: SumOver, whole: SumOver) -> tuple[Term, Term]:
    """What the rule makes of the whole sum."""
    if name == "series-first":
        return whole.instance(whole.lo), total
    if name == "series-last":
        return total, whole.instance(whole.hi)
    return total, SumOver(whole.body, whole.bound, total.hi + 1, whole.hi)


def _continued(
    total: SumOver, others: list[Term], facts: tuple[Expr, ...]
) -> Iterator[tuple[str, SumOver, list[Term]]]:
    """The rule that splits a longer sum into this one and some of the others; the first."""
    body, t, lo, hi = total.args
    for name, low, high in (
        ("series-first", (lo - 1).expand(), hi), ("series-last", lo, (hi + 1).expand()),
    ):  # fmt: skip
        whole = SumOver(body, t, low, high)
        if entails(facts, whole.gap):
            parts = _making_up(whole.instance(low if high == hi else high), others, facts)
            if parts:
                yield name, whole, parts
    for x in others:
        if isinstance(x, SumOver) and x.lo == (hi + 1).expand():
            whole = SumOver(body, t, lo, x.hi)
            rest = SumOver(body, t, x.lo, x.hi)
            known = entails(facts, hi - lo + 1) and entails(facts, x.hi - hi)
            if known and _same(x, rest, facts):
                yield "series-split", whole, [x]


def _making_up(wanted: Term, others: list[Term], facts: tuple[Expr, ...]) -> list[Term]:
    """The terms that add up to the wanted one; none if they do not."""
    near = [x for x in others if _may_be_part(x, wanted)]
    try:
        near = _of_products(near, wanted) if near else []
        if not near:
            return []
        keys = polynomial(wanted, facts).keys()
        parts = [x for x in near if len(p := polynomial(x, facts).keys()) > 0 and p <= keys]
    except NotSupported:
        return []
    return parts if parts and _same(Plus(*parts), wanted, facts) else []


def _of_products(near: list[Term], wanted: Term) -> list[Term]:
    """Those that multiply what the wanted term multiplies; none if that is not all of it."""
    whole, found = products(wanted), [(x, products(x)) for x in near]
    if whole is None or any(own is None for _, own in found):
        return near
    fits = [(x, own) for x, own in found if own is not None and own <= whole]
    return [x for x, _ in fits] if whole == frozenset().union(*(own for _, own in fits)) else []


def _may_be_part(x: Term, wanted: Term) -> bool:
    """Whether a summand is about nothing else, and sums no more: a quick look before a slow one."""
    sums = SumOver in x.kinds and SumOver not in wanted.kinds
    return not sums and vocabulary(x) <= vocabulary(wanted)


def _same(a: Term, b: Term, facts: tuple[Expr, ...]) -> bool:
    try:
        return equal(a, b, facts)
    except NotSupported:
        return False
