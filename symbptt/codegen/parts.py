"""Model and adjoint system, taken apart into the computations of a module.

In:  a Model (symbptt.models) and its AdjointSystem (symbptt.calculus), whose loss is an unspecified
     function of the sequences; its Jacobian rows are the gradients that come in from outside.
Out: ``Parts``: definitions for the values, for the adjoints, and for the loss of the model, where
     it has one without unspecified functions.

Adjoints and gradients are linear in what comes in. So they are the sum of a part that comes from
the gradients of the outputs (``backward``, ``gradients``) and a part that comes from the model's
own loss (``loss``, ``direct``), which again ends in gradients of the outputs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from symbptt.core.dependence import reachable, references
from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails
from symbptt.core.terms import Elem, Func, Param, Term, Times, ONE
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import find

from .losses import with_loss
from .outside import bare, clear, fill_rows, outside_gradient, sequence_key
from .spans import Facts, Span, bounds, time_axes

if TYPE_CHECKING:
    from symbptt.calculus.adjoint import AdjointSystem
    from symbptt.models.model import Model


@dataclass(frozen=True)
class Parts:
    """The definitions of a module, by purpose.

    Quantities go by their keys (``h[]`` for a sequence h). ``outside`` maps an output z to the key
    of the sequence of its outside gradients dL/dz_t.
    ``total`` is the loss of one sample as a term in the loss sequences ``losses``, None without
    a loss; ``direct`` are gradients of leaves that the loss itself mentions; ``unmasked`` tells
    that the loss has terms that a mask could not drop with their step. ``asked`` are the keys of
    the parameters, inputs and states whose gradients are wanted, None for all of them.
    """

    forward: tuple[Definition, ...]
    backward: tuple[Definition, ...]
    gradients: dict[Term, Term]
    outputs: tuple[str, ...]
    outside: dict[str, str]
    adjoint: dict[str, str]
    loss: tuple[Definition, ...] = ()
    total: Term | None = None
    direct: dict[Term, Term] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    unmasked: bool = False
    asked: frozenset[str] | None = None


def take_apart(model: Model, system: AdjointSystem) -> Parts:
    """The parts of the module of a model."""
    theory = model.theory
    losses = {*map(sequence_key, model.losses), *([model.loss.key] if model.loss else [])}
    auto = {*model.auto, *map(sequence_key, model.auto)}
    inputs = inputs_of(model)
    families = {*map(sequence_key, model.families)}
    batched = per_sample(theory.definitions, {*inputs, *model.targets}, families)
    outputs = tuple(
        k for k in theory.names
        if k not in losses and k not in auto and (k in batched or not batched)
    )  # fmt: skip
    adjoint = _adjoint_keys(theory, system)
    inner = reachable(theory, set(outputs)) & set(theory.names)
    if bad := inner & losses:
        raise NotSupported(f"{bare(min(bad))} is a loss, but the model computes with it")
    forward = tuple(d for d in theory.definitions if d.key in inner)
    for d in forward:
        _refuse_functions(d)
        _refuse_matrices(d, batched)
        if d.key not in adjoint:
            raise NotSupported(f"the adjoint system has no adjoint for {d.name}")
    outside = _outside_names(theory, outputs, system)
    own = {f.name for d in theory.definitions for _, f in find(d.body, _is_func)}
    late = [d for d in theory.definitions if d.key not in inner]
    dead = {adjoint[d.key] for d in late if d.key in adjoint}

    axes = axes_of_outputs(forward, model)

    def backward_part(term: Term, facts: Facts = ()) -> Term:
        known = (*theory.facts, *facts)
        return clear(
            fill_rows(term, own, lambda row: outside_gradient(row, outside, axes, known)), dead
        )

    early = {adjoint[key] for key in inner}
    parts = Parts(
        forward,
        tuple(
            Definition(d.head, backward_part(d.body, d.facts), d.facts)
            for d in system.definitions
            if d.key in early
        ),
        {leaf: backward_part(term) for leaf, term in system.gradients.items()},
        outputs,
        outside,
        adjoint,
    )
    _check_leaves(theory, forward, parts.gradients)
    _check_outside(parts, axes, theory)
    return with_loss(parts, model, system, late, own)


def axes_of_outputs(forward: Iterable[Definition], model: Model) -> dict[str, Span]:
    """The range of the time axis of every sequence."""
    axes = time_axes(forward, model.length, model.theory.facts)
    return {key: span for span, keys in axes.values() for key in keys}


def inputs_of(model: Model) -> tuple[str, ...]:
    """The names of what is given for every sample.

    In a model without time no name tells an input from a parameter; there the given vectors that a
    matrix is applied to are the inputs (x in W x + b).
    """
    theory = model.theory
    if model.inputs or theory.givens or any(d.index is not None for d in theory.definitions):
        return tuple(model.inputs)
    applied = {
        factors.args[-1]
        for d in theory.definitions
        for _, factors in find(d.body, lambda x: isinstance(x, Times))
        if ONE not in factors.args[-2].shape
    }
    return tuple(leaf.name for leaf in theory.params if leaf in applied and leaf.is_column)


def per_sample(
    definitions: Iterable[Definition], given: set[str], families: Collection[str]
) -> frozenset[str]:
    """The keys of the quantities that differ between samples: elements, and what depends on them.

    ``given`` are the names of inputs, those without time too. Elements of ``families``, which are
    parameters, do not count.
    """
    found = set(given)
    for d in definitions:
        leaves = (leaf for _, leaf in references(d.body) if leaf.key not in families)
        if d.index is not None or any(isinstance(x, Elem) or x.key in found for x in leaves):
            found.add(d.key)
    return frozenset(found)


def _is_func(term: Term) -> bool:
    return isinstance(term, Func)


def _refuse_functions(d: Definition) -> None:
    for _, func in find(d.body, _is_func):
        raise NotSupported(
            f"{d.name} is defined by the unspecified function {func}: there is nothing to compute",
            hint="only elementwise functions may stay unspecified in code",
        )


def _refuse_matrices(d: Definition, batched: frozenset[str]) -> None:
    if d.key in batched and ONE not in d.head.shape:
        raise NotSupported(
            f"{d.name} is a {d.head.shape[0]} x {d.head.shape[1]} matrix for every sample",
            hint="code has vectors and scalars per sample; matrices only as parameters",
        )


def _adjoint_keys(theory: Theory, system: AdjointSystem) -> dict[str, str]:
    """The key of a defined quantity -> the key of its adjoint."""
    keys = {d.name: d.key for d in system.definitions}
    sources = {n: sequence_key(n) if sequence_key(n) in theory.names else n for n in system.adjoint}
    return {sources[n]: keys[a] for n, a in system.adjoint.items() if a in keys}


def _outside_names(
    theory: Theory, outputs: tuple[str, ...], system: AdjointSystem
) -> dict[str, str]:
    """The key of g^{z} by the key of z; another letter if the model has one of these names."""
    used = {d.name for d in (*theory.definitions, *system.definitions)}
    used |= {leaf.name for leaf in theory.leaves()}
    for letter in ("g", "G", r"\gamma", r"\Gamma", r"\hat{g}", r"\tilde{g}"):
        keys = {z: f"{letter}^{{{bare(z)}}}{z[len(bare(z)) :]}" for z in outputs}
        if not used & set(map(bare, keys.values())):
            return keys
    raise NotSupported("no free name for the gradients of the outputs")


def _check_leaves(
    theory: Theory, forward: tuple[Definition, ...], gradients: dict[Term, Term]
) -> None:
    """Every leaf that the outputs use must have a gradient: a missing one is not zero."""
    known = {leaf.key for leaf in gradients if isinstance(leaf, Elem | Param)}
    for leaf in theory.leaves():
        used = any(_mentions(d.body, leaf.key) for d in forward)
        if used and leaf.key not in known:
            raise NotSupported(f"the adjoint system has no gradient for {leaf}")


def _check_outside(parts: Parts, axes: dict[str, Span], theory: Theory) -> None:
    """Every output must have its outside gradient in its adjoint, at every step that is put out.

    A constant such as f_t = 1 needs none: its change, and so what its gradient would be passed on
    to, is zero.
    """
    facts, leaves = theory.facts, {leaf.key for leaf in theory.leaves()}
    sources = {adjoint: z for z, adjoint in parts.adjoint.items()}
    for d in parts.backward:
        z = sources[d.key]
        if z not in parts.outside or _mentions(d.body, parts.outside[z]):
            continue
        if not reachable(theory, {z}) & leaves:
            continue
        own = None if d.index is None else bounds(d.facts, d.index, facts)
        if own is None or _meets(own, axes[z], facts):
            raise NotSupported(f"the adjoint of {bare(z)} has no part from outside: {d.body}")


def _meets(own: Span, span: Span, facts: Facts) -> bool:
    """Whether ranges may have a step in common."""
    return not (entails(facts, span[0] - own[1] - 1) or entails(facts, own[0] - span[1] - 1))


def _mentions(term: Term, key: str) -> bool:
    found = find(term, lambda x: isinstance(x, Elem | Param) and x.key == key)
    return next(iter(found), None) is not None
