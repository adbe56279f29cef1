"""Sequences that begin with zero by their definition, such as h_0 = 0.

A segment of the steps begins with what the one before handed on. So for a module that is computed
in segments such a beginning is a given value of the sequence, as where no equation fixes it, which
is zero at the first step and cannot be set from outside.
"""

from __future__ import annotations

from dataclasses import replace

from symbptt.core.terms import Elem, Zero
from symbptt.core.theory import Definition, Given, Theory

from .spans import bounds


def open_starts(theory: Theory) -> tuple[Theory, tuple[Definition, ...]]:
    """The theory with beginnings of zero as given values, and the definitions of these."""
    fixed = tuple(d for d in theory.definitions if _is_zero_start(d, theory))
    givens = tuple(Given(d.head, d.facts) for d in fixed if isinstance(d.head, Elem))
    kept = tuple(d for d in theory.definitions if d not in fixed)
    return replace(theory, givens=(*givens, *theory.givens), definitions=kept), fixed


def _is_zero_start(d: Definition, theory: Theory) -> bool:
    """Zero at one step, of a sequence that is computed at all others."""
    if d.index is None or not isinstance(d.body, Zero):
        return False
    first, last = bounds(d.facts, d.index, theory.facts)
    given = any(g.head.key == d.key for g in theory.givens)
    zeros = sum(isinstance(other.body, Zero) for other in theory.defined(d.key))
    return first == last and not given and zeros == 1 < len(theory.defined(d.key))
