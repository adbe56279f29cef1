"""The facts under which every element, power, sum and product of a statement exists.

A statement is meant for those values of its indices for which all that it mentions is there: h_t
for 0 <= t <= T, a sum from k to t for t >= k - 1, a power for an exponent >= 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from sympy import Expr, Symbol

from symbptt.core.errors import SymbpttError
from symbptt.core.indices import contradictory, entails, factor_of, irredundant
from symbptt.core.powers import EntrywisePower
from symbptt.core.terms import (
    Elem, Entry, Gradient, OrderedProduct, Partial, Power, SumOver, Term, When,
)  # fmt: skip
from symbptt.core.theory import Theory
from symbptt.core.traverse import Path, context, nodes_of

Facts = tuple[Expr, ...]
Ranges = tuple[tuple[Symbol, Expr, Expr], ...]


def existence(theory: Theory, *terms: Term, boundary: bool = True, given: bool = True) -> Facts:
    """The facts about free indices, beyond those of the theory; SymbpttError if there are none.

    Inside a sum or product they must hold for every value of its index. Without ``boundary`` a
    derivative is one of and by elements that are defined, not given; without ``given`` so is every
    element at an index of the statement's own.
    """
    found: list[Expr] = []
    for term in terms:
        found_here = list(_needed(theory, term, (), ()))
        if not boundary:
            found_here += list(_differentiated(theory, term))
        if not given:
            found_here += list(_general(theory, term))
        for needed, passed, ranges in found_here:
            for fact in needed:
                if not entails((*theory.facts, *passed), fact):
                    found.append(_at_the_worst(fact, ranges))
    facts = tuple(f for f in dict.fromkeys(found) if not entails(theory.facts, f))
    if contradictory((*theory.facts, *facts)):
        shown = " and ".join(str(t) for t in terms)
        raise SymbpttError(f"there are no indices for which all of {shown} exists in the model")
    return irredundant(facts, theory.facts)


def meant(
    theory: Theory, terms: Sequence[Term], known: Facts, relations: Collection[str]
) -> tuple[Facts, ...]:
    """The ranges that a claim about the terms may be meant for, the widest first.

    First where they exist; then where derivatives are of and by elements that are defined, as a
    derivative by a boundary value is another theorem; then of a later one by an earlier one; in an
    inequality then where all other elements at a general index are defined too, as a boundary value
    may be any number. ``known`` are the facts that the claim states itself.
    """

    def possible(where: Facts) -> bool:
        return not contradictory((*theory.facts, *known, *where))

    wide, inner = (existence(theory, *terms, boundary=b) for b in (True, False))
    ranges = [wide, inner]
    later = (*inner, *forward(*terms))
    if possible(later):
        ranges.append(later)
    if set(relations) - {"="}:
        defined = existence(theory, *terms, boundary=False, given=False)
        if possible(defined):
            ranges.append(defined)
    return tuple(dict.fromkeys(ranges))


def all_defined(theory: Theory, *terms: Term) -> Facts:
    """The facts under which every element is a defined one, inside sums and products too.

    Nothing where there are no such indices.
    """
    found: list[Expr] = []
    for term in terms:
        for path, x in nodes_of(term, Elem):
            assert isinstance(x, Elem)
            passed, ranges = context(term, path)[0], _ranges_above(term, path)
            if theory.defined(x.key) and x.index.free_symbols:
                needed = range_of(theory, x, given=False)
                new = (f for f in needed if not entails((*theory.facts, *passed), f))
                found += [_at_the_worst(f, ranges) for f in new]
    facts = tuple(f for f in dict.fromkeys(found) if not entails(theory.facts, f))
    return () if contradictory((*theory.facts, *facts)) else irredundant(facts, theory.facts)


def _ranges_above(term: Term, path: Path) -> Ranges:
    """The sums and products around a place, outermost first."""
    out = []
    for step in path:
        if isinstance(term, SumOver | OrderedProduct):
            out.append((term.bound, term.lo, term.hi))
        term = term.args[step]
    return tuple(out)


def forward(*terms: Term) -> Facts:
    """That Jacobians between elements, as of h_t by h_k, are of later ones by earlier ones."""
    return tuple(dict.fromkeys(
        node.args[0].index - node.args[1].index
        for term in terms
        for path, node in nodes_of(term, Partial)
        if all(isinstance(x, Elem) for x in node.args[:2]) and not context(term, path)[1]
    ))  # fmt: skip


def _differentiated(theory: Theory, term: Term) -> Iterator[tuple[Facts, Facts, Ranges]]:
    """What the elements in derivatives outside sums need to be defined ones."""
    for path, node in nodes_of(term, Partial, Gradient):
        passed, bound = context(term, path)
        for x in node.args[:2]:
            if isinstance(x, Elem) and theory.defined(x.key) and not bound:
                if contradictory((*theory.facts, *passed)):
                    continue
                pieces = _pieces(theory, x)
                yield next((p for p in pieces if not _is_point(p)), pieces[0]), passed, ()


def _is_point(piece: Facts) -> bool:
    """Whether a range is one index alone, as that of an equation for h_0."""
    return any(entails(piece, -f) for f in piece)


def _general(theory: Theory, term: Term) -> Iterator[tuple[Facts, Facts, Ranges]]:
    """What the elements at free indices outside sums need to be defined ones."""
    for path, x in nodes_of(term, Elem):
        assert isinstance(x, Elem)
        passed, bound = context(term, path)
        if theory.defined(x.key) and x.index.free_symbols and not bound:
            yield range_of(theory, x, given=False), passed, ()


def _needed(
    theory: Theory, term: Term, passed: Facts, ranges: Ranges
) -> Iterator[tuple[Facts, Facts, Ranges]]:
    """What each node needs, with the facts that hold there and the indices bound there."""
    if isinstance(term, Elem):
        yield range_of(theory, term), passed, ranges
    elif isinstance(term, Power | EntrywisePower):
        yield (term.exponent,), passed, ranges
    elif isinstance(term, Entry):
        ends = zip(term.args[1:], term.args[0].shape, strict=True)
        yield tuple(f for x, n in ends if x.free_symbols for f in (x - 1, n - x)), passed, ranges
    elif isinstance(term, SumOver | OrderedProduct):
        yield (term.hi - term.lo + 1,), passed, ranges
        inside = (*passed, *term.range_facts), (*ranges, (term.bound, term.lo, term.hi))
        yield from _needed(theory, term.args[0], *inside)
        return
    if isinstance(term, When):
        passed = (*passed, *term.conditions)
        if contradictory((*theory.facts, *passed)):
            return  # [0 >= 1] (...): what is inside need not exist
    for part in term.args:
        if isinstance(part, Term):
            yield from _needed(theory, part, passed, ranges)


def _at_the_worst(fact: Expr, ranges: Ranges) -> Expr:
    """The fact at the ends of the ranges where it is hardest to satisfy."""
    for symbol, low, high in reversed(ranges):
        fact = fact.expand()
        fact = fact.xreplace({symbol: low if factor_of(fact, symbol) > 0 else high})
    return fact.expand()


@lru_cache(maxsize=16384)
def range_of(theory: Theory, x: Elem, given: bool = True) -> Facts:
    """The facts under which the element exists: where it is defined or given, as one range.

    Where the pieces leave a gap it is the range of the definitions. Without ``given`` it is where
    the element is defined.
    """
    whole, *rest = _pieces(theory, x, given)
    while rest:
        joined = next((p for p in rest if _union(theory.facts, whole, p) is not None), None)
        if joined is None:
            break
        rest.remove(joined)
        whole = _union(theory.facts, whole, joined) or whole
    return whole


def _pieces(theory: Theory, x: Elem, given: bool = True) -> list[Facts]:
    """The ranges in which the element is defined or given, at its index; at least one."""
    pieces = [(d.index, d.facts) for d in theory.defined(x.key)]
    if given:
        pieces += [(g.head.index, g.facts) for g in theory.givens if g.head.key == x.key]
    here = [tuple(f.xreplace({i: x.index}).expand() for f in facts) for i, facts in pieces if i]
    here = [f for f in here if not contradictory((*theory.facts, *f))]
    if not here:
        raise SymbpttError(f"{x} does not exist in the model")
    return here


def _union(known: Facts, a: Facts, b: Facts) -> Facts | None:
    """The facts of the two ranges together, if no integer lies between them."""
    both = [f for f in a if entails((*known, *b), f)] + [f for f in b if entails((*known, *a), f)]
    hull = tuple(dict.fromkeys(both))
    gaps = ((*known, *hull, -f - 1, -g - 1) for f in a for g in b)
    return hull if all(contradictory(gap) for gap in gaps) else None
