"""The gradients that a module is asked for: what none of them needs is not computed.

In:  ``Parts`` with the gradients of everything, and names.
Out: ``Parts`` with the gradients of what is named, and with those of the states that follow from
     adjoints which these need: they cost one product, and are what a caller hands on to the steps
     before, as checkpoints do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from symbptt.core.dependence import references
from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Elem, Param, Term
from symbptt.core.theory import Definition
from symbptt.notation.symbols import normal_name

from .layout import Layout
from .outside import bare
from .parts import Parts


def asked_of(wrt: Collection[str], layout: Layout) -> frozenset[str]:
    """The keys of parameters, inputs and states by their names in the model or in the module.

    An input that has values before the first step is always among them: these are a state.
    Raises SymbpttError for a name of nothing that has a gradient.
    """
    keys = {}
    for key in (*layout.params, *layout.inputs, *layout.settable):
        keys[bare(key)] = keys[layout.public[key]] = key
    found = set(layout.before)
    for name in wrt:
        key = keys.get(name) or keys.get(normal_name(name))
        if key is None:
            known = dict.fromkeys(layout.public[k] for k in keys.values())
            raise SymbpttError(
                f"{name} is not a parameter, an input or a state of the model",
                hint=f"there are {', '.join(known)}",
            )
        found.add(key)
    return frozenset(found)


def restricted(parts: Parts, asked: frozenset[str], layout: Layout) -> Parts:
    """The parts without the other gradients, and without what only these need."""
    wanted = [term for leaf, term in parts.gradients.items() if _key(leaf) in asked]
    needed = {d.key for d in _needed(parts.backward, wanted)}
    states = {
        key for key in layout.states
        if _keys(term for leaf, term in parts.gradients.items() if _key(leaf) == key)
        & {d.key for d in parts.backward} <= needed
    }  # fmt: skip
    kept = asked | states
    gradients = {leaf: term for leaf, term in parts.gradients.items() if _key(leaf) in kept}
    direct = {leaf: term for leaf, term in parts.direct.items() if _key(leaf) in kept}
    backward = _needed(parts.backward, gradients.values())
    bodies = [*gradients.values(), *(d.body for d in backward)]
    outside = {*parts.outside.values()} & _keys(bodies)
    values = {d.key for d in parts.loss} - {*parts.adjoint.values(), *parts.outside.values()}
    loss = _needed(parts.loss, direct.values(), outside | values)
    return replace(
        parts, backward=backward, gradients=gradients, direct=direct, loss=loss, asked=kept
    )


def _needed(
    definitions: tuple[Definition, ...], roots: Iterable[Term], keys: Collection[str] = ()
) -> tuple[Definition, ...]:
    """The definitions that the roots and the quantities of these keys depend on."""
    needed, todo = set[str](), {*keys, *_keys(roots)}
    while todo:
        needed |= todo
        todo = _keys(d.body for d in definitions if d.key in todo) - needed
    return tuple(d for d in definitions if d.key in needed)


def _key(leaf: Term) -> str:
    assert isinstance(leaf, Elem | Param)
    return leaf.key


def _keys(terms: Iterable[Term]) -> set[str]:
    """The keys of all that the terms mention."""
    return {leaf.key for term in terms for _, leaf in references(term)}
