"""Mistakes with the derivatives of activations: left out, at the wrong argument, of another one."""

from __future__ import annotations

from collections.abc import Iterator

from symbptt.core.functions import known
from symbptt.core.terms import Elem, Hadamard, Map, Ones, Param, Plus, Softmax, Term

from .mutations import Made, Mutation, Place


def _is_slope(term: Term) -> bool:
    return isinstance(term, Map) and term.order == 1


def slope_missing(term: Term, place: Place) -> Iterator[Made]:
    """1 for σ'(a)."""
    if _is_slope(term):
        yield Ones(*term.shape)


def activation_for_slope(term: Term, place: Place) -> Iterator[Made]:
    """σ(a) for σ'(a)."""
    if _is_slope(term):
        yield Map(term.args[0], 0, term.arg)


def activation_missing(term: Term, place: Place) -> Iterator[Made]:
    """a for σ(a) or for what it defines, where the argument has a name."""
    whole = place.background.unfolded(term) or term
    function = isinstance(whole, Softmax) or (isinstance(whole, Map) and whole.order == 0)
    if function and isinstance(whole.args[-1], Elem | Param):
        yield whole.args[-1]


def slope_twice(term: Term, place: Place) -> Iterator[Made]:
    """σ'(a) ⊙ σ'(a) for σ'(a)."""
    if _is_slope(term):
        yield Hadamard(term, term)


def slope_at_state(term: Term, place: Place) -> Iterator[Made]:
    """σ'(h_t) for σ'(a_t)."""
    if _is_slope(term):
        for state in place.background.states(term):
            yield Map(term.args[0], 1, state)


def slope_at_previous_state(term: Term, place: Place) -> Iterator[Made]:
    """σ'(h_{t-1}) for σ'(a_t)."""
    if _is_slope(term):
        for state in place.background.states(term):
            yield Map(term.args[0], 1, state.at(state.index - 1))


def slope_at_another_step(term: Term, place: Place) -> Iterator[Made]:
    """σ'(a_{t-1}) or σ'(a_{t+1}) for σ'(a_t), or at another index of the formula."""
    if _is_slope(term) and isinstance(term.arg, Elem):
        at = term.arg.index
        for index in (at - 1, at + 1, *place.indices):
            if index != at:
                yield Map(term.args[0], 1, term.arg.at(index))


def _values(term: Map, place: Place) -> Term:
    """h_t for f(a_t) where the model has a name for it."""
    return next(place.background.states(term), Map(term.args[0], 0, term.arg))


_SLOPES = {
    "tanh": lambda h: Plus(Ones(*h.shape), -Hadamard(h, h)),
    "sigmoid": lambda h: Hadamard(h, Plus(Ones(*h.shape), -h)),
}
"""f' in terms of f, for the two activations that are taken for each other."""


def slope_of_other_activation(term: Term, place: Place) -> Iterator[Made]:
    """h (1 - h) for 1 - h^2, and the reverse."""
    if _is_slope(term):
        row = known(term.fname)
        if row is not None and row.name in _SLOPES:
            for name, slope in _SLOPES.items():
                if name != row.name:
                    yield slope(_values(term, place))


def part_of_slope(term: Term, place: Place) -> Iterator[Made]:
    """1 - h for 1 - h^2 or for h (1 - h); h^2 for 1 - h^2."""
    if _is_slope(term):
        row = known(term.fname)
        if row is not None and row.name in _SLOPES:
            h = _values(term, place)
            yield Plus(Ones(*h.shape), -h)
            if row.name == "tanh":
                yield Hadamard(h, h)


ROWS = {
    m.id: m for m in (
        Mutation("missing-activation-derivative", slope_missing),
        Mutation("activation-instead-of-derivative", activation_for_slope),
        Mutation("activation-missing", activation_missing),
        Mutation("activation-derivative-twice", slope_twice),
        Mutation("derivative-at-the-state", slope_at_state),
        Mutation("derivative-at-the-previous-state", slope_at_previous_state),
        Mutation("derivative-at-another-step", slope_at_another_step),
        Mutation("derivative-of-other-activation", slope_of_other_activation),
        Mutation("part-of-the-derivative", part_of_slope),
    )
}  # fmt: skip
