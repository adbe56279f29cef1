"""Matrices that are normal because of what is assumed: symmetric, orthogonal ones."""

from __future__ import annotations

from symbptt.core.errors import NotSupported
from symbptt.core.powers import Radius
from symbptt.core.terms import Param, Term
from symbptt.core.theory import Theory
from symbptt.core.traverse import find
from symbptt.proof.objects import Chain, Theorem

from .problem import Problem
from .search import Search
from .simplify import assumed


def normality(problem: Problem, theory: Theory, sides: tuple[Term, ...]) -> tuple[Theorem, ...]:
    """M^T M = M M^T for the matrices whose spectral radius is spoken of, with what it rests on."""
    told = tuple(th for th in assumed(theory) if th.relation == "=")
    out: dict[str, Theorem] = {}
    for m in dict.fromkeys(x.args[0] for s in sides for _, x in find(s, _is_radius)):
        if not told or not isinstance(m, Param):
            continue
        try:
            proof = Search(problem, theory, {}, told).direct(m.T @ m, m @ m.T, ())
        except NotSupported:
            continue
        used = {s.name for s in proof.steps} if isinstance(proof, Chain) else set()
        out |= {th.id: th for th in told if th.id in used}
        id = f"normal:{m.name}"
        out[id] = Theorem(id, m.T @ m, m @ m.T, proof, (), title="normal", subject=(m,))
    return tuple(out.values())


def _is_radius(term: Term) -> bool:
    return isinstance(term, Radius)
