"""Mistakes about what depends on what: paths and time steps lost, the wrong gate, another model."""

from __future__ import annotations

from collections.abc import Iterator

from symbptt.core.terms import (
    Const, Diag, Elem, Gradient, Hadamard, Map, Ones, Param, Partial, Plus, Scale, SumOver, Term,
    Times, Zero,
)  # fmt: skip
from symbptt.core.traverse import find

from .mutations import FREED, Made, Mutation, Place, is_inner, make


def _summands(term: Term) -> tuple[Term, ...]:
    return term.args if isinstance(term, Plus) else (term,)


def _sum(parts: tuple[Term, ...], like: Term) -> Term:
    return Plus(*parts) if parts else Zero(*like.shape)


def _reaches_on(part: Term, at: Elem, adjoints: frozenset[str]) -> bool:
    """Whether an adjoint of another step stands in it."""
    hits = find(part, lambda x: isinstance(x, Elem) and x.key in adjoints and x.index != at.index)
    return next(hits, None) is not None


def later_steps_dropped(term: Term, place: Place) -> Iterator[Made]:
    """The part of an adjoint that the loss of its own step gives; Σ_k reduced to k = t."""
    adjoints = place.background.adjoints
    if isinstance(term, Elem) and term.key in adjoints:
        body = place.background.unfolded(term)
        if body is not None:
            parts = _summands(body)
            kept = tuple(p for p in parts if not _reaches_on(p, term, adjoints))
            if len(kept) < len(parts):
                yield _sum(kept, term)
    elif isinstance(term, SumOver) and is_inner(term, place):
        yield term.instance(term.hi)


def path_dropped(term: Term, place: Place) -> Iterator[Made]:
    """A sum of several paths without one of them, or one of them alone."""
    if isinstance(term, Plus) and not any(isinstance(p, Ones) for p in term.args):
        for i in range(len(term.args)):
            yield Plus(*term.args[:i], *term.args[i + 1 :])
        if len(term.args) > 2:
            yield from term.args


def index_slip(term: Term, place: Place) -> Iterator[Made]:
    """An element of the step before or after, or at another index, of the formula or free."""
    if isinstance(term, Elem) and term.index.free_symbols:
        for index in (term.index - 1, term.index + 1, *place.indices, FREED[0]):
            if index != term.index:
                yield term.at(index)


def _gates(place: Place, like: Elem) -> Iterator[Elem]:
    """Sequences that are defined in the same way: by the same function."""
    made = place.background.definition(like)
    if made is None or not isinstance(made.body, Map):
        return
    for other in place.background.theory.definitions:
        if isinstance(other.head, Elem) and isinstance(other.body, Map) and other.key != made.key:
            same = other.body.args[:2] == made.body.args[:2]
            if same and other.head.shape == like.shape:
                yield other.head.at(like.index)


def wrong_gate(term: Term, place: Place) -> Iterator[Made]:
    """Another gate: f for i."""
    if isinstance(term, Elem):
        yield from _gates(place, term)


def complement_of_gate(term: Term, place: Place) -> Iterator[Made]:
    """z for 1 - z, and 1 - z for z."""
    if isinstance(term, Plus) and len(term.args) == 2 and isinstance(term.args[0], Ones | Const):
        negated = term.args[1]
        if isinstance(negated, Scale) and negated.args[0] == Const(-1):
            yield make(Scale, Const(1), negated.args[1])
    inside = place.around and isinstance(place.around[-1], Hadamard | Diag)
    made = place.background.definition(term)
    if inside and made is not None and isinstance(made.body, Map):
        yield Plus(Ones(*term.shape), -term)


def wrong_parameter(term: Term, place: Place) -> Iterator[Made]:
    """Another parameter of the same shape: W_i for W_f."""
    if isinstance(term, Param) and term in place.background.theory.params:
        for other in place.background.theory.params:
            if other.shape == term.shape and other != term:
                yield other


def wrong_sequence(term: Term, place: Place) -> Iterator[Made]:
    """Another sequence of the same shape at the same step: h for a, C for h."""
    if isinstance(term, Elem) and not term.is_scalar:
        for other in place.background.heads:
            if isinstance(other, Elem) and other.shape == term.shape and other.key != term.key:
                yield other.at(term.index)


def immediate_or_total(term: Term, place: Place) -> Iterator[Made]:
    """A total derivative where the immediate one belongs, and the reverse."""
    if isinstance(term, Partial) and isinstance(term.args[0], Elem):
        mode = "immediate" if term.mode == "total" else "total"
        yield Partial(*term.args[:2], mode)
    elif isinstance(term, Gradient) and isinstance(term.args[0], Elem):
        y, x = term.args
        if x.is_column:
            yield Partial(y, x, "immediate").T


def _split(body: Term, last: type[Term] = Elem) -> Iterator[tuple[Times, Term | None]]:
    """A h and the rest, for each product A h in a sum; h is an element, or a function of one."""
    parts = _summands(body)
    for i, part in enumerate(parts):
        if isinstance(part, Times) and part.is_column and isinstance(part.args[-1], last):
            others = (*parts[:i], *parts[i + 1 :])
            yield part, Plus(*others) if others else None


def restated(term: Term, place: Place) -> Iterator[Made]:
    """W σ(h) + U x for σ(W h + U x), and the reverse: the function inside or outside."""
    if isinstance(term, Map) and term.order == 0:
        inside = place.background.unfolded(term.arg) or term.arg
        for product, rest in _split(inside):
            *front, h = product.args
            moved = Times(*front, Map(*term.args[:2], h))
            yield moved if rest is None else Plus(moved, rest)
    for product, rest in _split(term, Map):
        *front, mapped = product.args
        bare = Times(*front, mapped.arg)
        yield Map(*mapped.args[:2], bare if rest is None else Plus(bare, rest))


def jacobian_of_other_model(term: Term, place: Place) -> Iterator[Made]:
    """W diag(σ'(h_{t-1})) for diag(σ'(a_t)) W with a_t = W h_{t-1} + ..., and the reverse."""
    if not isinstance(term, Times):
        return
    for i, (a, b) in enumerate(zip(term.args, term.args[1:], strict=False)):
        rest = term.args[i + 2 :]
        diag, matrix = (a, b) if isinstance(a, Diag) else (b, a)
        slope = diag.args[0] if isinstance(diag, Diag) else None
        if not isinstance(slope, Map) or slope.order != 1 or isinstance(matrix, Diag):
            continue
        if diag is a:
            for product, _ in _split(place.background.unfolded(slope.arg) or slope.arg):
                moved = Diag(Map(slope.args[0], 1, product.args[-1]))
                yield make(Times, *term.args[:i], matrix, moved, *rest)
        else:
            yield from _outside(term, i, matrix, slope, place)


def _outside(term: Times, i: int, matrix: Term, slope: Map, place: Place) -> Iterator[Made]:
    """diag(σ'(x_t)) W for W diag(σ'(x_{t-1})), x_t being what W σ(x_{t-1}) + ... defines."""
    if isinstance(slope.arg, Elem):
        moved = Diag(Map(slope.args[0], 1, slope.arg.at(slope.arg.index + 1)))
        yield make(Times, *term.args[:i], moved, matrix, *term.args[i + 2 :])


ROWS = {
    m.id: m for m in (
        Mutation("temporal-terms-dropped", later_steps_dropped),
        Mutation("path-dropped", path_dropped),
        Mutation("index-slip", index_slip),
        Mutation("wrong-gate", wrong_gate),
        Mutation("complement-of-gate", complement_of_gate),
        Mutation("wrong-parameter", wrong_parameter),
        Mutation("wrong-sequence", wrong_sequence),
        Mutation("immediate-and-total", immediate_or_total),
        Mutation("recurrence-restated", restated),
        Mutation("jacobian-of-other-model", jacobian_of_other_model),
    )
}  # fmt: skip
