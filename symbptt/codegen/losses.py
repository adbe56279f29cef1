"""The model's own loss: its value, and what its gradients add to those from outside.

The loss is a sum of scalar sequences with weights, sum_t c L_t, or one term without such parts.
Its gradient enters the adjoint system as weights in place of the outside gradients of the L_t.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sympy import Expr, Integer

from symbptt.core.errors import NotSupported
from symbptt.core.terms import Const, Elem, Func, Param, Plus, Scale, SumOver, Term, Zero
from symbptt.core.theory import Definition
from symbptt.core.traverse import contains

from .named_loss import name_terms
from .outside import bare, clear, fill_rows, within
from .spans import Facts, Span, time_axes

if TYPE_CHECKING:
    from symbptt.calculus.adjoint import AdjointSystem
    from symbptt.models.model import Model

    from .parts import Parts


Weights = dict[str, list[tuple[Expr, tuple[Expr, Expr] | None]]]


@dataclass(frozen=True)
class _Source:
    """Loss values with their adjoints: what the gradients through the loss are taken from."""

    values: tuple[Definition, ...]
    total: Term
    weights: Weights
    adjoint: dict[str, str]
    definitions: tuple[Definition, ...]
    gradients: dict[Term, Term]


def with_loss(
    parts: Parts, model: Model, system: AdjointSystem, late: list[Definition], own: set[str]
) -> Parts:
    """The parts with the model's own loss, if it can be computed and has adjoints."""
    source = _source(parts, model, system, late)
    if source is None:
        return parts
    keys = {d.key for d in source.values}
    if strange := set(source.weights) - keys - set(parts.outputs):
        raise NotSupported(f"the loss depends on {bare(min(strange))}, which is not an output")
    early = {parts.adjoint[d.key] for d in parts.forward}
    late_adjoints = {source.adjoint[key] for key in keys}

    def loss_part(term: Term, facts: Facts = ()) -> Term:
        known = (*model.theory.facts, *facts)
        return clear(fill_rows(term, own, lambda row: _weight(row, source.weights, known)), early)

    definitions = list(source.values)
    ends: list[Definition] = []
    for d in source.definitions:
        body = loss_part(d.body, d.facts)
        if d.key in late_adjoints:
            definitions.append(Definition(d.head, body, d.facts))
        elif not isinstance(body, Zero):
            ends.append(_as_outside(d, body, parts))
    direct = {leaf: loss_part(term) for leaf, term in source.gradients.items()}
    axes = time_axes(parts.forward, model.length, model.theory.facts).values()
    lasts = {span[1] for span, _ in axes}
    return replace(
        parts,
        adjoint=source.adjoint,
        loss=(*definitions, *ends),
        total=source.total,
        direct={leaf: term for leaf, term in direct.items() if not isinstance(term, Zero)},
        losses=tuple(key for key in source.weights if key not in parts.outputs),
        unmasked=any(
            key in parts.outputs or any(_at_the_end(span, lasts) for _, span in weights)
            for key, weights in source.weights.items()
        ),
    )


def _at_the_end(span: Span | None, lasts: set[Expr]) -> bool:
    """Whether a sum of losses is no sum over the steps of a sequence, whatever its length."""
    if span is None:
        return False
    return bool(span[0].free_symbols or (span[1].free_symbols and span[1] not in lasts))


def _source(
    parts: Parts, model: Model, system: AdjointSystem, late: list[Definition]
) -> _Source | None:
    """The loss as the system has it; None if it is open, or the system has no adjoints for it."""
    if model.loss is None or any(contains(d.body, Func) for d in late):
        return None
    key, adjoint = model.loss.key, parts.adjoint
    total = next((d for d in late if d.key == key), None)
    if total is None:
        return None
    rest = tuple(d for d in late if d.key != key)
    whole = key in adjoint
    if {d.key for d in rest} - set(adjoint):
        return None
    if not whole:
        weights = loss_weights(total.body)
        return _Source(rest, total.body, weights, adjoint, system.definitions, system.gradients)
    head = next(d.head for d in system.definitions if d.key == adjoint[key])
    named = name_terms(model.theory, total, head, system.definitions, system.gradients)
    if named is None:
        values = (*rest, total)
        weights = loss_weights(model.loss)
        return _Source(values, model.loss, weights, adjoint, system.definitions, system.gradients)
    return _Source(
        (*rest, named.value),
        named.total,
        loss_weights(named.total),
        {**adjoint, named.value.key: named.weight.key},
        (named.weight, *named.definitions),
        named.gradients,
    )


def _as_outside(d: Definition, body: Term, parts: Parts) -> Definition:
    """The part of an adjoint that comes from the loss, as an outside gradient of the output."""
    source = next(z for z, key in parts.adjoint.items() if key == d.key)
    if source not in parts.outside:
        raise NotSupported(
            f"the loss depends on {bare(source)}, which is not an output of the model"
        )
    name = bare(parts.outside[source])
    head = Elem(name, d.index, *d.head.shape) if d.index is not None else Param(name, *d.head.shape)
    return Definition(head, body, d.facts)


def loss_weights(total: Term) -> Weights:
    """The weights in total = sum of weight * z[t] over lo <= t <= hi, by key; or NotSupported."""
    weights: Weights = {}
    for part in total.args if isinstance(total, Plus) else (total,):
        factor: Expr = Integer(1)
        while isinstance(part, Scale) and isinstance(part.args[0], Const):
            factor, part = factor * part.args[0].value, part.args[1]
        key, span = _summed(part)
        if isinstance(part, SumOver) and isinstance(part.body, Scale):
            scale = part.body.args[0]
            factor = factor * scale.value if isinstance(scale, Const) else factor
        weights.setdefault(key, []).append((factor, span))
    return weights


def _summed(part: Term) -> tuple[str, tuple[Expr, Expr] | None]:
    """The key and the range of sum_t z[t], sum_t c z[t] or z[T]."""
    if isinstance(part, Elem):
        return part.key, (part.index, part.index)
    if isinstance(part, Param):
        return part.key, None
    if isinstance(part, SumOver):
        body = part.body
        if isinstance(body, Scale) and isinstance(body.args[0], Const):
            body = body.args[1]
        if isinstance(body, Elem) and body.index == part.bound:
            return body.key, (part.lo, part.hi)
    raise NotSupported(
        f"the loss sums over {part}", hint="define L_t, and the loss as the sum of the L_t"
    )


def _weight(row: Func, weights: Weights, facts: Facts) -> Term:
    """dL/dz_t for a loss sequence z; zero for anything else."""
    at = row.arguments[row.slot - 1]
    terms: list[Term] = []
    for factor, span in weights.get(at.key, []) if isinstance(at, Elem | Param) else []:
        terms.append(within(Const(factor), at, span, facts))
    return Plus(*terms) if terms else Zero(*at.shape)
