"""The adjoint system for a loss outside: what a generated module differentiates.

The loss is an unspecified G = sum_z sum_t G^z_t(z[t]) over everything the model defines, so that
dG/dz[t] are the gradients that come in. Scalar loss sequences of the model that have a formula are
quantities like any other; those that are unspecified are left out, as is the total.
"""

from __future__ import annotations

from symbptt.core.indices import contradictory
from symbptt.core.terms import Elem, Func, Param, Plus, Term, Vec
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import contains

from .adjoint import AdjointSystem, Loss, adjoint_system, bounds
from .backward import over


def outside_system(theory: Theory, loss: Loss | None, main: tuple[str, ...]) -> AdjointSystem:
    """The adjoint system of the model with the loss replaced by an unspecified outside loss.

    Raises NotSupported where a definition has no transposed map.
    """
    inside = [d for d in theory.definitions if not _is_unspecified_loss(d, loss)]
    taken = {d.name for d in theory.definitions} | {x.name for x in theory.leaves()}
    letter = next(c for c in ("G", r"\mathcal{G}", r"\Gamma", r"\gamma") if c not in taken)
    parts = [over(_value(d, letter), d) for d in inside if not _is_boundary(d, theory)]
    total = Param(letter, 1, 1)
    definition = Definition(total, Plus(*parts))
    open_theory = Theory(theory.params, theory.givens, (*inside, definition), theory.facts)
    return adjoint_system(open_theory, Loss(total), main)


def _is_unspecified_loss(d: Definition, loss: Loss | None) -> bool:
    if loss is None or d.key not in loss.keys:
        return False
    return (d.key == loss.total.key and bool(loss.parts)) or contains(d.body, Func)


def _is_boundary(d: Definition, theory: Theory) -> bool:
    """A boundary value such as h_0 or g_{T+1}: not an output of the model.

    That is a single index outside 1..hi, where another definition of the sequence ends at hi.
    """
    if d.index is None or not any(-f in d.facts for f in d.facts):
        return False
    for other in theory.defined(d.key):
        if other is not d and other.index is not None:
            _, hi = bounds(other.facts, other.index)
            if contradictory((*theory.facts, *d.facts, d.index - 1, hi - d.index)):
                return True
    return False


def _value(d: Definition, letter: str) -> Term:
    head = d.head if d.head.is_column else Vec(d.head)
    index = d.index if isinstance(d.head, Elem) else None
    return Func(f"{letter}^{{{d.name}}}", index, 1, 0, head)
