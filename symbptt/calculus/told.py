"""Assumed inequalities with names of constants, such as gamma = sup |f'|, written out."""

from __future__ import annotations

from symbptt.core.theory import Theory
from symbptt.proof.objects import Theorem

from .builder import Builder
from .constants import put_constants
from .joining import joined


def written_out(theory: Theory, told: Theorem) -> Theorem | None:
    """The inequality without names of constants; None where it has none."""
    low = Builder(theory, told.left, told.facts)
    put_constants(low)
    whole = Builder(theory, low.line, told.facts)
    for step in joined(whole, low).steps:  # back to the names
        whole.line = step.result
        whole.steps.append(step)
    whole.bound((), told.right, told.id, {})
    put_constants(whole)
    if whole.line == told.right and low.line == told.left:
        return None
    return Theorem(
        f"{told.id}:numbers", low.line, whole.line, whole.chain(), told.facts,
        title="assumption", relation=told.relation,
    )  # fmt: skip
