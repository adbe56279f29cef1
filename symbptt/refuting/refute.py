"""The front of the search: a statement in text, its claims put to it link by link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr

from symbptt.calculus.existence import meant
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.indices import contradictory
from symbptt.core.terms import Term
from symbptt.core.theory import Theory
from symbptt.models.claim import Link, read_claims
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.models.problem import problem_of

from .counterexample import Counterexample
from .search import Claim, search

SECONDS = 2.0
"""Of processor time, by default."""


def refute(
    model: Model, statement: str, given: Sequence[str] = (), seconds: float = SECONDS
) -> Counterexample | None:
    r"""A counterexample to a statement such as ``A B = B A``; None where none was found in time.

    ``given`` are assumptions, which hold in it. The first false link of its chains is refuted, in
    every range that the claim may be meant for. Raises SymbpttError for what cannot be
    read, NotSupported where the statement cannot be evaluated.
    """
    assumed, facts = assume(model, given)
    found = refute_claims(assumed, read_claims(assumed, statement, facts), facts, seconds)
    return None if found is None else replace(found, given=tuple(given))


def refute_unproved(
    model: Model, statement: str, given: Sequence[str], failure: NotSupported
) -> Counterexample:
    """A counterexample to a statement without a proof; NotSupported where there is neither.

    ``failure`` says what was tried to prove it.
    """
    try:
        found = refute(model, statement, given)
    except SymbpttError:
        raise failure from None
    if found is None:
        what = failure.message.removesuffix(" was found")
        raise NotSupported(
            f"{what} and no counterexample was found", failure.where, failure.hint
        ) from None
    return found


def refute_claims(
    model: Model,
    claims: Sequence[Sequence[Link]],
    facts: Sequence[Expr] = (),
    seconds: float = SECONDS,
) -> Counterexample | None:
    """The same for claims as terms, in a model that is under its assumptions already."""
    theory = problem_of(model).theory
    share = seconds / max(1, len(claims))
    for links in claims:
        sides = tuple(dict.fromkeys(s for link in links for s in (link.left, link.right)))
        known = tuple(dict.fromkeys((*links[0].facts, *facts)))
        where = (*known, *_everywhere(theory, sides, known, links))
        found = refute_links(theory, links, where, model.onehot, share)
        if found is not None:
            return found
    return None


def refute_links(
    theory: Theory,
    links: Sequence[Link],
    where: Sequence[Expr],
    onehot: Sequence[str] = (),
    seconds: float = SECONDS,
) -> Counterexample | None:
    """A counterexample to the first of the links that is false, at indices with these facts.

    ``onehot`` are the names whose values are unit vectors.
    """
    share = seconds / max(1, len(links))
    for link in links:
        claim = Claim(
            theory, link.left, link.relation, link.right, tuple(where), tuple(onehot), share
        )
        found = search(claim)
        if found is not None:
            return found
    return None


def _everywhere(
    theory: Theory, sides: Sequence[Term], known: tuple[Expr, ...], links: Sequence[Link]
) -> tuple[Expr, ...]:
    """What lies in every range that the claim may be meant for."""
    ranges = meant(theory, sides, known, {link.relation for link in links})
    inside = tuple(dict.fromkeys(f for where in ranges for f in where))
    return ranges[-1] if contradictory((*theory.facts, *known, *inside)) else inside
