"""What rows of the rules table ask for, and rows that are inequalities. Trusted."""

from __future__ import annotations

from symbptt.core.errors import ProofError
from symbptt.core.indices import entails
from symbptt.core.terms import Meta, Term
from symbptt.core.traverse import find
from symbptt.rules import Rule

from .match import Bindings, instantiate, instantiate_index, match
from .order import Signs


def check_conditions(row: Rule, bindings: Bindings, signs: Signs) -> None:
    """Raises ProofError where what a row asks for does not follow."""
    for condition in row.conditions:
        need = instantiate_index(condition, bindings)
        if not entails(signs.facts, need):
            raise ProofError(f"the condition {need} >= 0 of {row.name} does not follow")
    for term in row.nonnegative:
        value = instantiate(term, bindings)
        if not signs.nonnegative(value):
            raise ProofError(f"nothing says that {value} is >= 0, as {row.name} asks")
    for term in row.positive:
        value = instantiate(term, bindings)
        if not signs.positive(value):
            raise ProofError(f"nothing says that {value} is > 0, as {row.name} asks")
    for pair in row.premises:
        left, right = (instantiate(side, bindings) for side in pair)
        if not signs.same(left, right):
            raise ProofError(f"nothing says that {left} = {right}, as {row.name} asks")


def other_side(
    row: Rule, target: Term, stated: Term, start: Bindings, signs: Signs, reverse: bool
) -> Term:
    """The larger side of an inequality row whose smaller side is the target; or the reverse."""
    here, there = (row.right, row.left) if reverse else (row.left, row.right)
    bindings = match(here, target, start)
    if not _metas(there) <= _metas(here):
        bindings = match(there, stated, bindings)
    check_conditions(row, bindings, signs)
    result: Term = instantiate(there, bindings)
    return result


def _metas(side: Term) -> set[str]:
    """The names of its metavariables."""
    return {x.name for _, x in find(side, lambda y: isinstance(y, Meta)) if isinstance(x, Meta)}
