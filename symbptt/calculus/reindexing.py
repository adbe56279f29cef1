r"""A statement about elements K steps apart, as one about elements at t and k.

Derivatives are known between two letters. With k for t - K the claim \|dh_t/dh_{t-K}\| <= c^K
becomes \|dh_t/dh_k\| <= c^{t-k}, and what is proved of every k holds at k = t - K.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Expr, Symbol

from symbptt.core.indices import index_symbol
from symbptt.core.scope import scope_of
from symbptt.core.terms import Elem, Gradient, Partial, Term
from symbptt.core.traverse import context, nodes_of, substitute
from symbptt.proof.objects import Development, Theorem

from .builder import Builder
from .problem import Problem, Result

_LETTERS = "kjsilmr"
Facts = tuple[Expr, ...]


@dataclass(frozen=True)
class Reindexed:
    """The sides and facts with one ``letter`` for the ``place`` of an element."""

    left: Term
    right: Term
    facts: Facts
    letter: Symbol
    place: Expr


def reindexed(problem: Problem, left: Term, right: Term, facts: Facts) -> Reindexed | None:
    """With a letter for the first place that two indices make up; None where there is none."""
    fixed = scope_of(problem.theory).symbols
    places = [x.index for side in (left, right) for x in _free(side)]
    alone = {p for p in places if p.is_Symbol}
    used = {s.name for side in (left, right) for s in side.free_symbols}
    letter = next((x for x in _LETTERS if x not in used), None)
    for place in places:
        own = sorted(place.free_symbols - fixed, key=str)
        gone = next((s for s in own if s not in alone and abs(place.coeff(s)) == 1), None)
        if len(own) < 2 or gone is None or letter is None:
            continue
        k, sign = index_symbol(letter), place.coeff(gone)
        swap = {gone: (gone + sign * (k - place)).expand()}
        new = [substitute(side, swap) for side in (left, right)]
        moved = tuple(f.xreplace(swap).expand() for f in facts)
        return Reindexed(*new, moved, k, place)
    return None


def back(found: Result, left: Term, relation: str, right: Term, facts: Facts, how: Reindexed
) -> Result:  # fmt: skip
    """The statement as it was asked: what was found, at the place of the letter."""
    general, theory = found.main, found.development.theory
    bind = {how.letter: how.place}
    low, high = (right, left) if relation[0] == ">" else (left, right)
    build = Builder(theory, low, facts)
    if relation == "=":
        build.lemma(general, (), bind)
    else:
        build.bound((), high, general.id, bind)
    theorem = Theorem(f"{general.id}-here", low, high, build.chain(), facts, title="claim",
                      relation=relation.replace(">", "<"))  # fmt: skip
    theorems = (*found.development.theorems, theorem)
    return Result(Development(theory, theorems), (theorem.id,))


def _free(side: Term) -> Iterator[Elem]:
    """The elements at free indices that derivatives are taken of and by."""
    for path, node in nodes_of(side, Partial, Gradient):
        for x in node.args[:2]:
            if isinstance(x, Elem) and not set(context(side, path)[1]) & x.index.free_symbols:
                yield x
