"""A stated inequality of single numbers, from the ranges of the model's sequences."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from symbptt.core.errors import ProofError
from symbptt.core.norms import Norm
from symbptt.core.terms import Elem, Entry, Param, Term
from symbptt.proof.objects import Chain, Theorem

from .builder import Builder
from .enclosing import Enclosing
from .entrywise import entry
from .intervals import Intervals
from .invariants import ranges, sized
from .joining import joined
from .problem import Problem, Result
from .reaching import reached

Facts = tuple[Expr, ...]


def enclosed(
    problem: Problem, left: Term, relation: str, right: Term, facts: Facts
) -> Result | None:
    """left <= right or left < right from where both sides lie; None where that does not say so."""
    if not any(isinstance(x, Entry | Elem | Param) for s in (left, right) for x in _inside(s)):
        return None
    found = Intervals(problem.theory)
    ranges(found)
    for side in (left, right):
        for x in _inside(side):
            if isinstance(x, Norm):
                sized(found, x.args[0], facts)
    for chain, e in _chains(found, left, right, facts):
        if relation == "<" and not e.strict:
            continue
        id = "claim"
        theorem = Theorem(id, left, right, chain, facts, title="claim", relation=relation)
        found.needs[id] = e.used
        found.keep(theorem)
        return Result(found.development((theorem,)), (id,))
    return None


def _inside(term: Term) -> Iterator[Term]:
    yield term
    if term.is_scalar and not isinstance(term, Entry):
        for x in term.children:
            yield from _inside(x)


def _chains(
    found: Intervals, left: Term, right: Term, facts: Facts
) -> Iterator[tuple[Chain, Enclosing]]:
    """The left side raised to the right one, the right one lowered, and both to numbers."""
    for first, last, up in ((left, right, True), (right, left, False)):
        for written_in in (False, True):
            build = Builder(found.theory, first, facts)
            if written_in and not _written_in(found, build):
                continue
            build.algebra(entry(build.line))
            e = found.enclosing(build, up)
            if not reached(e, entry(last)):
                continue
            build.algebra(last)
            yield (build.chain() if up else joined(Builder(found.theory, last, facts), build)), e


def _written_in(found: Intervals, build: Builder) -> bool:
    """Puts the definition of a name in its place: more may be known here than there."""
    leaf = build.line.args[0] if isinstance(build.line, Entry) else build.line
    if not isinstance(leaf, Elem | Param) or not found.theory.defined(leaf.key):
        return False
    try:
        found.unfolding(build.line)(build)
    except ProofError:
        return False
    return True
