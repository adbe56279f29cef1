"""Proving a stated equation: both sides are rewritten towards each other, or by induction.

Derivatives in the statement are derived first. Then definitions are unfolded stage by stage on
both sides (quantities within a step, then the states of the latest step) until the canonical
forms agree; the rewriting of the right side is replayed backward. For an induction the last
factors and summands are split off before that, and the hypothesis is put in.
"""

from __future__ import annotations

from sympy import Expr, Symbol

from symbptt.core.indices import factor_of
from symbptt.core.terms import Term
from symbptt.core.theory import Theory
from symbptt.core.traverse import substitute
from symbptt.proof.objects import Development, Theorem

from .known import derivatives
from .needed import needed
from .problem import Problem, Result
from .search import Search
from .simplify import assumed

Facts = tuple[Expr, ...]


def prove(
    problem: Problem,
    left: Term,
    right: Term,
    facts: Facts = (),
    induction: tuple[Symbol, Expr] | None = None,
) -> Result:
    """A development whose last theorem is ``left = right`` for all indices with the facts.

    ``induction`` is a variable and the value it starts from; it runs downward where the facts keep
    the variable below the start. Raises NotSupported where no proof is found; that says nothing
    about the truth of the statement.
    """
    pinned = _pinned(problem.theory, facts)
    left, right = (substitute(side, pinned) for side in (left, right))
    facts = tuple(f for f in (substitute(f, pinned) for f in facts) if not f.is_Integer)
    theory, lemmas = derivatives(problem, (left, right), facts)
    search = Search(problem, theory, lemmas, assumed(theory))
    proof = (
        search.anyhow(left, right, facts)
        if induction is None
        else search.inductive(left, right, facts, *induction)
    )
    theorem = Theorem("claim", left, right, proof, facts, title="claim", subject=())
    sources = (search.assumptions, *lemmas.values(), search.helpers)
    known = {th.id: th for ths in sources for th in ths}
    return Result(Development(theory, (*needed(theorem, known), theorem)), ("claim",))


def _pinned(theory: Theory, facts: Facts) -> dict[Symbol, Expr]:
    """The indices that the facts give a number, such as T where T = 3 is given."""
    own = {s for f in theory.facts for s in f.free_symbols}
    pairs = [(f, s) for f in facts if -f in facts for s in f.free_symbols]
    alone = [(f, s) for f, s in pairs if f.free_symbols == {s} and s not in own]
    return {s: s - f for f, s in alone if factor_of(f, s) == 1}
