"""What one may ask of a model: gradients of the loss by what it is given, and its Jacobians."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Symbol

from symbptt.calculus.jacobians import loss_or_none
from symbptt.calculus.state import state_of
from symbptt.core.errors import NotSupported
from symbptt.core.indices import index_symbol
from symbptt.core.terms import Elem, Gradient, Param, Partial
from symbptt.core.traverse import find
from symbptt.models.model import Model
from symbptt.models.problem import problem_of, recurrent
from symbptt.notation.latex import latex
from symbptt.notation.unicode import unicode
from symbptt.report.definitions import end_point
from symbptt.report.preliminaries import is_input

_EARLIER = "k"


@dataclass(frozen=True)
class Quantity:
    """A quantity as LaTeX, which reads back, and as a line of text.

    ``group`` is parameters, inputs, states, step or span; ``kind`` is gradient or jacobian.
    """

    group: str
    kind: str
    latex: str
    text: str

    @classmethod
    def of(cls, group: str, term: Gradient | Partial) -> Quantity:
        """The quantity that a term says."""
        kind = "gradient" if isinstance(term, Gradient) else "jacobian"
        return cls(group, kind, latex(term), unicode(term))


def quantities(model: Model) -> list[Quantity]:
    """What is offered, in order; more than this can be asked in writing."""
    return [Quantity.of(group, term) for group, term in (*_gradients(model), *_jacobians(model))]


def _gradients(model: Model) -> Iterator[tuple[str, Gradient]]:
    loss, theory = model.loss, model.theory
    if loss is None:
        return
    for param in theory.params:
        if param.name not in model.onehot:
            yield "parameters", Gradient(loss, param)
    for given in theory.givens:
        head = given.head
        if head.name in model.targets:
            continue
        if head.name in model.families:
            yield "parameters", Gradient(loss, head)
        elif not theory.defined(head.key):
            yield "inputs", Gradient(loss, head.at(model.time))
        elif isinstance(head.index, Symbol):
            point = end_point(head.index, given.facts, theory)
            if point is not None:
                yield "states", Gradient(loss, head.at(point))


def _jacobians(model: Model) -> Iterator[tuple[str, Partial]]:
    t = model.time
    heads: dict[str, Elem] = {}
    for d in model.theory.definitions:
        if isinstance(d.head, Elem) and d.head.is_column:
            heads.setdefault(d.name, d.head)
    states = [heads[n] for n in recurrent(model.theory, model.losses) if n in heads]
    for state in states:
        step = _step(state, model)
        if step:
            yield "step", Partial(state.at(t), state.at(t + step))
    if _has_products(model):
        for state in states:
            yield "span", Partial(state.at(t), state.at(index_symbol(_EARLIER)))
    free = [p for p in model.theory.params if is_input(p, model)]
    for d in model.theory.definitions:
        if isinstance(d.head, Param) and d.head.is_column and d.name not in model.auto:
            yield from (("inputs", Partial(d.head, p)) for p in free)


def _has_products(model: Model) -> bool:
    """Whether Jacobians over many steps are ordered products: all states run forward together."""
    try:
        return bool(state_of(model.theory, loss_or_none(problem_of(model))).entries)
    except NotSupported:
        return False


def _step(state: Elem, model: Model) -> int:
    """-1 where something refers to the state one step earlier, +1 one step later, 0 for neither."""
    offsets = {
        x.index - d.index
        for d in model.theory.definitions if d.index is not None
        for _, x in find(d.body, lambda x: isinstance(x, Elem) and x.name == state.name)
    }  # fmt: skip
    return next((step for step in (-1, 1) if step in offsets), 0)
