"""A loss that is one formula, sum_t F(z_t), with names for its terms: L_t = F(z_t), L = sum_t L_t.

What the loss adds to an adjoint at t comes from the term at t alone if F reads nothing but step t.
So the adjoint of L, a single number, may be replaced by the adjoint of L_t wherever it occurs at t.
A mask can then drop the terms of missing steps.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from symbptt.core.dependence import references
from symbptt.core.terms import Const, Elem, Param, Plus, Scale, SumOver, Term
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import find, substitute

from .outside import sequence_key


@dataclass(frozen=True)
class NamedLoss:
    """``value`` defines L_t, ``weight`` its adjoint, 1; the rest is rewritten with these."""

    value: Definition
    weight: Definition
    definitions: tuple[Definition, ...]
    gradients: dict[Term, Term]
    total: SumOver


def name_terms(
    theory: Theory,
    total: Definition,
    adjoint: Param,
    definitions: tuple[Definition, ...],
    gradients: dict[Term, Term],
) -> NamedLoss | None:
    """The loss ``total``, whose adjoint is given, with named terms; None if it has no such form."""
    summed = _terms(total.body, theory)
    if summed is None or sequence_key(total.name) in {*theory.names, *_leaf_keys(theory)}:
        return None
    head = Elem(total.name, summed.bound, 1)
    facts = summed.range_facts
    rewritten: list[Definition] = []
    for d in definitions:
        if d.key == adjoint.key:
            continue
        body = _at_step(d.body, adjoint, d.index)
        if body is None:
            return None
        rewritten.append(Definition(d.head, body, d.facts))
    new: dict[Term, Term] = {}
    for leaf, term in gradients.items():
        index = leaf.index if isinstance(leaf, Elem) and isinstance(leaf.index, Symbol) else None
        body = _at_step(term, adjoint, index)
        if body is None:
            return None
        new[leaf] = body
    weight = Elem(adjoint.name, summed.bound, 1)
    return NamedLoss(
        Definition(head, summed.body, facts),
        Definition(weight, Const(1), facts),
        tuple(rewritten),
        new,
        SumOver(head, *summed.args[1:]),
    )


def _leaf_keys(theory: Theory) -> set[str]:
    return {leaf.key for leaf in theory.leaves()}


def _terms(total: Term, theory: Theory) -> SumOver | None:
    """The loss as one sum over steps whose term reads that step only."""
    parts: list[tuple[Expr, SumOver]] = []
    for part in total.args if isinstance(total, Plus) else (total,):
        factor: Expr = Const(1).value
        while isinstance(part, Scale) and isinstance(part.args[0], Const):
            factor, part = factor * part.args[0].value, part.args[1]
        if not isinstance(part, SumOver):
            return None
        parts.append((factor, part))
    first = parts[0][1]
    if any((s.lo, s.hi) != (first.lo, first.hi) for _, s in parts):
        return None
    bodies = [s.instance(first.bound) for _, s in parts]
    for _, leaf in (found for body in bodies for found in references(body)):
        if isinstance(leaf, Elem) and leaf.index != first.bound:
            return None
        if isinstance(leaf, Param) and leaf.key in theory.names:
            return None
    factors = [factor for factor, _ in parts]
    scaled = (b if f == 1 else Scale(Const(f), b) for f, b in zip(factors, bodies, strict=True))
    return SumOver(Plus(*scaled), *first.args[1:])


def _at_step(term: Term, adjoint: Param, index: Symbol | None) -> Term | None:
    """The term with the adjoint of L as that of L_t; None where it stands at no step."""
    if isinstance(term, SumOver) and index is None:
        body = _at_step(term.body, adjoint, term.bound)
        return None if body is None else SumOver(body, *term.args[1:])
    if next(find(term, lambda x: x == adjoint), None) is None:
        return term
    if index is None:
        parts = [_at_step(a, adjoint, None) for a in term.args] if isinstance(term, Plus) else []
        kept = [part for part in parts if part is not None]
        return Plus(*kept) if parts and len(kept) == len(parts) else None
    if any(s.body.has(adjoint) for _, s in find(term, lambda x: isinstance(x, SumOver))):
        return None
    return substitute(term, {adjoint: Elem(adjoint.name, index, 1)})
