"""Moves about powers of sums: Pascal's rule in a sum over binomials, and powers that vanish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import Expr

from symbptt.core.canonical import equal
from symbptt.core.indices import contradictory, entails
from symbptt.core.powers import Binomial
from symbptt.core.terms import Plus, Power, SumOver, Term, Zero
from symbptt.core.traverse import Path, replace, subterm
from symbptt.proof.objects import Theorem

from .builder import Builder
from .tries import tries, until_done, visible


def spread_binomials(build: Builder, moved: Expr) -> None:
    """Pascal's rule where the upper index is ``moved``; the two sums lose their empty ends.

    sum_j binom(n+1, j) x_j = sum_j binom(n, j) x_j + sum_j binom(n, j-1) x_j.
    """
    until_done(lambda: _pascal(build, moved) or _lose_end(build), "sums over binomials split")


def _sums(build: Builder) -> Iterator[tuple[Path, SumOver, Path, Binomial]]:
    """The sums, and in each a binomial with its place in the body."""
    for path, node in list(visible(build.line, lambda x: isinstance(x, SumOver))):
        for inner, found in visible(node.args[0], lambda x: isinstance(x, Binomial)):
            if isinstance(node, SumOver) and isinstance(found, Binomial):
                yield path, node, inner, found


def _pascal(build: Builder, moved: Expr) -> bool:
    for path, node, inner, found in _sums(build):
        if found.above != moved or node.bound not in found.below.free_symbols:
            continue
        build.rule("pascal", (*path, 0, *inner))
        total = subterm(build.line, path)
        parts = subterm(total.body, inner).args
        halves = (
            SumOver(replace(total.body, inner, x), total.bound, total.lo, total.hi) for x in parts
        )
        whole = Plus(*halves)
        if equal(whole, total, build.facts_at(path)):
            build.algebra(whole, path, reason="distribute")
            return True
    return False


def _lose_end(build: Builder) -> bool:
    """Splits off the last or the first summand where its binomial is zero."""
    for path, node, _, found in _sums(build):
        facts = build.facts_at(path)
        last, first = (found.below.xreplace({node.bound: end}) for end in (node.hi, node.lo))
        above = found.above.xreplace({node.bound: node.hi})
        if entails(facts, above) and entails(facts, last - above - 1):
            return tries(build.rule, "series-last", path)
        if entails(facts, -first - 1):
            return tries(build.rule, "series-first", path)
    return False


def vanishing_powers(build: Builder, assumptions: Iterable[Theorem]) -> None:
    """N^j = N^s N^{j-s} = 0 for j >= s where N^s = 0 is assumed; a sum over j is split at s."""
    for theorem in assumptions:
        zero = isinstance(theorem.left, Power) and isinstance(theorem.right, Zero)
        if zero and theorem.relation == "=" and not theorem.facts:
            until_done(lambda th=theorem: _vanishes(build, th), "powers split")


def _vanishes(build: Builder, theorem: Theorem) -> bool:
    return _vanish(build, theorem) or _split_at(build, theorem)


def _powers(build: Builder, base: Term) -> Iterator[tuple[Path, Power]]:
    for path, node in list(visible(build.line, lambda x: isinstance(x, Power))):
        if isinstance(node, Power) and node.args[0] == base:
            yield path, node


def _vanish(build: Builder, theorem: Theorem) -> bool:
    base, least = theorem.left.args
    for path, node in _powers(build, base):
        rest = (node.exponent - least).expand()
        if not entails(build.facts_at(path), rest):
            continue
        if rest == 0:
            build.lemma(theorem, path)
        else:
            build.algebra(theorem.left @ Power(base, rest), path)
            alone = subterm(build.line, path) == theorem.left  # the factors of a longer product
            build.lemma(theorem, path, span=None if alone else (0, 1))
        build.tidy()
        return True
    return False


def _split_at(build: Builder, theorem: Theorem) -> bool:
    base, least = theorem.left.args
    for path, node in _powers(build, base):
        for end in range(len(path), 0, -1):
            total = subterm(build.line, path[: end - 1])
            if not isinstance(total, SumOver) or path[end - 1] != 0:
                continue
            inside = (*build.facts_at(path[: end - 1]), *total.range_facts)
            past = (node.exponent - least).expand()
            if past.coeff(total.bound) != 1 or contradictory((*inside, past)):
                continue
            last = (total.bound - past - 1).expand()
            if tries(build.rule, "series-split", path[: end - 1], bind={"?k": last}):
                return True
    return False
