"""Which theorems tell a step what is not negative, positive or equal, without being named by it.

The kernel looks among all earlier theorems; a reader wants to know where to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbptt.core.errors import SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.core.scope import Scope
from symbptt.core.terms import Term
from symbptt.core.theory import Theory
from symbptt.core.traverse import context
from symbptt.proof.conditions import check_conditions, other_side
from symbptt.proof.match import match
from symbptt.proof.objects import Chain, Induction, Step, Theorem
from symbptt.proof.order import Signs, increases
from symbptt.rules import RULES, Rule, rule

from .ranges import Facts
from .replay import changed


def telling(
    theorem: Theorem, theory: Theory, known: Sequence[Theorem]
) -> dict[Step, tuple[Theorem, ...]]:
    """For the steps that need them, as few of the known theorems as do."""
    found: dict[Step, tuple[Theorem, ...]] = {}
    for start, facts, chain in _chains(theorem):
        before = start
        for step in chain.steps:
            row = _row(step)
            if step.by == "bound" or (row is not None and _asks(row)):
                needed = _needed(before, step, row, Scope(theory), facts, known)
                if needed:
                    found[step] = needed
            before = step.result
    return found


def _chains(theorem: Theorem) -> Iterator[tuple[Term, Facts, Chain]]:
    """The chains of a proof: where they start, and under what facts."""
    proof, own = theorem.proof, theorem.facts
    if isinstance(proof, Chain):
        yield theorem.left, own, proof
    elif isinstance(proof, Induction):
        base = theorem.instance({proof.variable: proof.start})
        ahead = theorem.instance({proof.variable: proof.variable + proof.direction})
        yield base.left, base.facts, proof.base
        yield ahead.left, (*own, *ahead.facts), proof.step


def _row(step: Step) -> Rule | None:
    """The row of the table that a step applies."""
    if step.by == "rule" or (step.by == "bound" and step.name in RULES):
        return rule(step.name)
    return None


def _asks(row: Rule) -> bool:
    return bool(row.nonnegative or row.positive or row.premises)


def _needed(
    before: Term, step: Step, row: Rule | None, scope: Scope, facts: Facts,
    known: Sequence[Theorem],
) -> tuple[Theorem, ...]:  # fmt: skip
    """A set of theorems without any of which the step fails; nothing where none is needed."""
    outer = (*scope.theory.facts, *facts)

    def holds(theorems: Sequence[Theorem]) -> bool:
        try:
            _check(before, step, row, Signs(scope, outer, tuple(theorems)))
        except SymbpttError:
            return False
        return True

    if holds(()) or not holds(known):
        return ()
    kept = list(known)
    for one in reversed(known):
        if holds([t for t in kept if t is not one]):
            kept.remove(one)
    return tuple(kept)


def _check(before: Term, step: Step, row: Rule | None, signs: Signs) -> None:
    """What the kernel asks of the signs in a step."""
    if step.by == "bound":
        increases(before, step.path, step.span, signs, step.reverse)
    if row is None:
        return
    here = Signs(signs.scope, (*signs.facts, *context(before, step.path)[0]), signs.theorems)
    start = {index_symbol(name): value for name, value in step.bind}
    old, new = changed(before, step)
    if step.by == "bound":
        other_side(row, old, new, start, here, step.reverse)
    else:
        check_conditions(row, match(row.left, new if step.reverse else old, start), here)
