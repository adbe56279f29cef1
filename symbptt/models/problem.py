"""A model as the calculus takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbptt.calculus.adjoint import Loss
from symbptt.calculus.derive import Problem
from symbptt.core.terms import Const, Elem, Ones
from symbptt.core.theory import Assumption, Theory
from symbptt.core.traverse import find

from .model import Model


def recurrent(theory: Theory, losses: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The defined sequences that some definition refers to at another time."""
    used: set[str] = set()
    for d in theory.definitions:
        for _, x in find(d.body, lambda x: isinstance(x, Elem)):
            if d.index is not None and x.args[1] != d.index:
                used.add(x.args[0].name)
    names = dict.fromkeys(d.name for d in theory.definitions if d.index is not None)
    return tuple(n for n in names if n in used and n not in losses)


def problem_of(model: Model) -> Problem:
    """What the calculus must know of a model."""
    loss = None if model.loss is None else Loss(model.loss, model.losses)
    main = recurrent(model.theory, model.losses)
    has_length = any(model.length in f.free_symbols for f in model.theory.facts)
    told = dict.fromkeys((*model.theory.assumptions, *_sums_to_one(model)))
    theory = replace(model.theory, assumptions=tuple(told))
    return Problem(theory, loss, main, model.length if has_length else None)


def _sums_to_one(model: Model) -> Iterator[Assumption]:
    """A one-hot target sums to one: 1^T y = 1."""
    for leaf in model.theory.leaves():
        if leaf.name in model.onehot:
            given = next((g for g in model.theory.givens if g.head == leaf), None)
            facts = () if given is None else given.facts
            column = leaf if leaf.is_column else leaf.T
            yield Assumption(leaf.name, Ones(column.shape[0]).T @ column, Const(1), facts)
