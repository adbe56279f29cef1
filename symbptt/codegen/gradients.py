"""Gradients of the leaves, read off the adjoints: what runs over the same steps shares a loop."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from symbptt.core.terms import Elem, Plus, SumOver, Term, When
from symbptt.core.traverse import substitute

from . import ir
from .algebra import summands
from .layout import Layout
from .spans import Span
from .statements import Statements, gradient_of


@dataclass(frozen=True)
class Place:
    """Where a gradient goes: its array, and the step in it (a symbol for every step)."""

    array: ir.Array
    at: Expr | None = None


@dataclass(frozen=True)
class _Item:
    """What one loop, or the code after the loops, adds to one gradient."""

    leaf: Term
    place: Place
    term: Term
    symbol: Symbol | None
    note: Term


def gradient_statements(
    gradients: dict[Term, Term], places: dict[Term, Place], layout: Layout
) -> list[ir.Statement]:
    """Allocates the arrays and computes the gradients."""
    arrays = dict.fromkeys(place.array for place in places.values())
    out: list[ir.Statement] = [ir.Allocate(a) for a in arrays]
    loops: dict[Span, list[_Item]] = {}
    last: list[_Item] = []
    for leaf, term in gradients.items():
        place = places[leaf]
        if isinstance(place.at, Symbol) and isinstance(leaf, Elem):
            item = _Item(leaf, place, term, place.at, term)
            loops.setdefault(layout.covered[leaf.key], []).append(item)
            continue
        sums, rest = _split(term, layout)
        for span, (body, symbol) in sums.items():
            loops.setdefault(span, []).append(_Item(leaf, place, body, symbol, term))
        if rest:
            last.append(_Item(leaf, place, Plus(*rest), None, term))
    for span, items in loops.items():
        out.append(_loop(span, items, layout))
    code = Statements(layout)
    for item in last:
        code.note(gradient_of(item.leaf), item.note)
        code.accumulate(item.place.array, item.place.at, item.term)
    return [*out, *code.block]


def _split(term: Term, layout: Layout) -> tuple[dict[Span, tuple[Term, Symbol]], list[Term]]:
    """The sums over steps in a term, those over the same steps as one, and the rest."""
    sums: dict[Span, tuple[Term, Symbol]] = {}
    rest: list[Term] = []
    for conditions, part in summands(term, layout.facts):
        if not isinstance(part, SumOver) or conditions:
            rest.append(When(part, *conditions))
        elif part.lo == part.hi:
            rest.append(part.instance(part.lo))
        elif (span := (part.lo, part.hi)) in sums:
            body, symbol = sums[span]
            sums[span] = (Plus(body, part.instance(symbol)), symbol)
        else:
            sums[span] = (part.body, part.bound)
    return sums, rest


def _loop(span: Span, items: list[_Item], layout: Layout) -> ir.Statement:
    """One loop over the steps of ``span`` for several gradients."""
    code, symbol = Statements(layout), items[0].symbol
    assert symbol is not None
    with code.inside(symbol - span[0], span[1] - symbol) as body:
        for item in items:
            array, leaf = item.place.array, item.leaf
            term = substitute(item.term, {item.symbol: symbol})
            if item.place.at == item.symbol and isinstance(leaf, Elem):
                code.note(gradient_of(leaf.at(symbol)), term)
                code.assign(array, symbol, term)
            else:
                code.note(gradient_of(leaf), item.note)
                code.accumulate(array, item.place.at, term)
    return ir.Loop(symbol, *span, tuple(body))
