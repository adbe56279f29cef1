r"""Slopes written by values, 1 - h_t^2 or h_t (1 - h_t), as \tanh'(z_t) and \sigma'(z_t).

The rows about norms know what bounds a slope. That both forms are equal is proved, not assumed.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Const, Elem, Hadamard, Map, Ones, Plus, Scale, Term
from symbptt.core.theory import Theory
from symbptt.core.traverse import rebuild, substitute
from symbptt.proof.objects import Development, Theorem

from .builder import Builder
from .problem import Problem, Result
from .prove import prove

Facts = tuple[Expr, ...]


def as_slopes(theory: Theory, term: Term) -> Term:
    """The term with the slopes of functions in place of the formulas for them."""
    term = rebuild(
        term, tuple(as_slopes(theory, a) if isinstance(a, Term) else a for a in term.args)
    )
    if isinstance(term, Plus) and len(term.args) == 2:
        square = _taken_from_one(term)
        if isinstance(square, Hadamard) and len(square.args) == 2 and len({*square.args}) == 1:
            return next(_slope(theory, square.args[0], "tanh"), term)
    if isinstance(term, Hadamard):
        for x in term.args:
            rest = [y for y in term.args if isinstance(y, Plus) and _taken_from_one(y) == x]
            if rest:
                others = [y for y in term.args if y not in (x, rest[0])]
                for slope in _slope(theory, x, "sigmoid"):
                    return Hadamard(*others, slope) if others else slope
    return term


def _taken_from_one(term: Plus) -> Term | None:
    """x of ``1 - x``."""
    one, other = term.args
    if one == Const(1) or isinstance(one, Ones):
        return other.args[1] if isinstance(other, Scale) and other.args[0] == Const(-1) else None
    return None


def _slope(theory: Theory, value: Term, name: str) -> Iterator[Term]:
    """The slope of the function of that name where it has the value."""
    bodies = [value]
    if isinstance(value, Elem):
        bodies = [substitute(d.body, {d.index: value.index}) for d in theory.defined(value.key)]
    for body in bodies:
        if isinstance(body, Map) and body.fname == name and body.order == 0:
            yield Map(name, 1, body.args[-1])


def with_formulas(
    problem: Problem, found: Result, left: Term, relation: str, right: Term, facts: Facts
) -> Result:  # fmt: skip
    """The inequality as it was asked, from the one between slopes that was found."""
    theory, main = found.development.theory, found.main
    low, high = (right, left) if relation[0] == ">" else (left, right)
    build, lemmas = Builder(theory, low, facts), {th.id: th for th in found.development.theorems}
    for side, other, ahead in ((low, main.left, True), (high, main.right, False)):
        if side == other:
            if not ahead:
                build.bound((), main.right, main.id, {})
            continue
        same = prove(problem, side, other, facts)
        if not same.development.theory == theory:
            raise SymbpttError("the parts of the statement need different definitions")
        number = len(lemmas)
        for th in same.development.theorems[:-1]:
            lemmas.setdefault(th.id, th)
        equal = same.development.theorems[-1]
        named = Theorem(f"slopes-{number}", equal.left, equal.right, equal.proof, equal.facts,
                        title="claim")  # fmt: skip
        lemmas[named.id] = named
        if ahead:
            build.lemma(named, ())
        else:
            build.bound((), main.right, main.id, {})
            build.lemma(named, (), reverse=True)
    theorem = Theorem(f"{main.id}-written", low, high, build.chain(), facts, title="claim",
                      relation=relation.replace(">", "<"))  # fmt: skip
    return Result(Development(theory, (*lemmas.values(), theorem)), (theorem.id,))
