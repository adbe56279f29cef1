"""The gradients that come in from outside, put into adjoints and gradients as terms.

An adjoint system has the Jacobian row dG/dz_t of an unspecified outside loss wherever a gradient
comes in. Here every such row becomes the element of a sequence of given gradients, or a weight.
Adjoints are linear in these: setting some of them to zero leaves the part of the others.
"""

from __future__ import annotations

from collections.abc import Callable

from symbptt.core.errors import NotSupported
from symbptt.core.indices import contradictory, entails
from symbptt.core.terms import (
    Block, Diag, Elem, Entry, Func, Hadamard, Param, Plus, Scale, SumOver, Term, Times, Trace,
    Transposed, Unvec, Vec, When, Zero,
)  # fmt: skip
from symbptt.core.traverse import rebuild

from .spans import Facts, Span

_LINEAR = Transposed | Diag | When | SumOver | Vec | Unvec | Trace | Entry


def sequence_key(name: str) -> str:
    """The key of a sequence."""
    return f"{name}[]"


def bare(key: str) -> str:
    """The name in a key."""
    return key.removesuffix("[]")


def outside_gradient(
    row: Func, outside: dict[str, str], axes: dict[str, Span], facts: Facts
) -> Term:
    """The column dL/dz_t for the Jacobian row of the outside loss; zero for what is no output."""
    at = row.arguments[row.slot - 1]
    inner = at.args[0] if isinstance(at, Vec) else at
    if not isinstance(inner, Elem | Param) or row.shape[0] != 1:
        raise NotSupported(f"the outside loss depends on {at}, which is no element of a sequence")
    if inner.key not in outside:
        return Zero(*at.shape)
    if isinstance(at, Vec):
        raise NotSupported(f"{inner} is a matrix: code has outputs that are vectors or scalars")
    name = bare(outside[at.key])
    if isinstance(at, Param):
        return Param(name, *at.shape)
    return within(Elem(name, at.index, *at.shape), at, axes[at.key], facts)


def within(term: Term, at: Term, span: Span | None, facts: Facts) -> Term:
    """The term where the element ``at`` lies in the span, otherwise zero."""
    if span is None or not isinstance(at, Elem):
        return term
    inside = tuple(c for c in (at.index - span[0], span[1] - at.index) if not entails(facts, c))
    return Zero(*term.shape) if contradictory((*facts, *inside)) else When(term, *inside)


def fill_rows(term: Term, own: set[str], gradient: Callable[[Func], Term]) -> Term:
    """The term with the Jacobian rows of the outside loss replaced by gradients, transposed."""
    if isinstance(term, Transposed) and _is_row(term.args[0], own):
        return gradient(term.args[0])
    if _is_row(term, own):
        return gradient(term) if term.is_scalar else Transposed(gradient(term))
    args = (fill_rows(a, own, gradient) if isinstance(a, Term) else a for a in term.args)
    return rebuild(term, tuple(args))


def _is_row(term: Term, own: set[str]) -> bool:
    return isinstance(term, Func) and term.slot > 0 and term.name not in own


def clear(term: Term, dead: set[str]) -> Term:
    """The term where elements and parameters with a key in ``dead`` are zero, without its zeros."""
    if isinstance(term, Elem | Param):
        return Zero(*term.shape) if term.key in dead else term
    args = tuple(clear(a, dead) if isinstance(a, Term) else a for a in term.args)
    zeros = [isinstance(a, Zero) for a in args if isinstance(a, Term)]
    if isinstance(term, Plus) and any(zeros):
        kept = [a for a in args if not isinstance(a, Zero)]
        return Plus(*kept) if kept else Zero(*term.shape)
    absorbing = isinstance(term, Times | Hadamard | Scale) and any(zeros)
    vanishes = isinstance(term, _LINEAR | Block) and all(zeros)
    return Zero(*term.shape) if absorbing or vanishes else rebuild(term, args)
