"""What a differential is compared with when a derivative is read off it."""

from __future__ import annotations

from symbptt.core.dependence import is_given
from symbptt.core.terms import D, Elem, Gradient, Shock, Term, Trace, Vec
from symbptt.core.theory import Frame, Theory

from .ranges import Facts


def seed_of(wrt: Term, frame: Frame, theory: Theory, facts: Facts) -> Term:
    """The change with which a derivative is multiplied: that of a defined element is a shock."""
    if not isinstance(wrt, Elem) or wrt.name not in frame.shocks:
        return D(wrt)
    return D(wrt) if is_given(wrt, theory, (*theory.facts, *facts)) else Shock(wrt)


def applied(derivative: Term, seed: Term) -> Term:
    """What the derivative does to the change: tr(G^T dX), g^T dx, or J vec(dx)."""
    if isinstance(derivative, Gradient):
        inner = derivative.T @ seed
        return inner if seed.is_column else Trace(inner)
    return derivative @ (seed if seed.is_column else Vec(seed))
