"""Mistakes at the output: softmax and its losses, signs and constant factors."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Rational

from symbptt.core.terms import (
    Const, Diag, Elem, Hadamard, Ones, Plus, Scale, Softmax, Term, Times,
)  # fmt: skip
from symbptt.core.traverse import find

from .mutations import Made, Mutation, Place, make

MINUS = Const(-1)


def _probabilities(jacobian: Term) -> Term | None:
    """s where the term is diag(s) - s s^T, the Jacobian of a softmax."""
    if not isinstance(jacobian, Plus) or len(jacobian.args) != 2:
        return None
    first, second = jacobian.args
    if not isinstance(first, Diag):
        first, second = second, first
    s = first.args[0] if isinstance(first, Diag) else None
    return s if s is not None and second == Scale(MINUS, Times(s, s.T)) else None


def _error(term: Term, place: Place) -> tuple[Term, Term] | None:
    """(ŷ, y) where the term is ŷ - y and ŷ a softmax."""
    if not isinstance(term, Plus) or len(term.args) != 2:
        return None
    for guess, negated in (term.args, term.args[::-1]):
        if isinstance(negated, Scale) and negated.args[0] == MINUS:
            made = guess if isinstance(guess, Softmax) else place.background.unfolded(guess)
            if isinstance(made, Softmax) and guess.is_column:
                return guess, negated.args[1]
    return None


def _minus(a: Term, b: Term) -> Term:
    return Plus(a, Scale(MINUS, b))


def softmax_elementwise(term: Term, place: Place) -> Iterator[Made]:
    """diag(s ⊙ (1 - s)) for diag(s) - s s^T; what follows from it for the cross-entropy."""
    s = _probabilities(term)
    if s is not None:
        yield Diag(Hadamard(s, _minus(Ones(*s.shape), s)))
        yield Diag(s)
    found = _error(term, place)
    if found is not None:
        guess, target = found
        off = _minus(Ones(*guess.shape), guess)
        yield Scale(MINUS, Hadamard(target, off))
        yield Hadamard(term, guess, off)
        yield Hadamard(term, Hadamard(guess, off))


def softmax_two_sided(term: Term, place: Place) -> Iterator[Made]:
    """ŷ - y for (diag(ŷ) - ŷ ŷ^T) v, or for the whole: a softmax meets a loss not its own."""
    if not place.around and term.is_column:
        yield from _errors(term, place)
    if not isinstance(term, Times):
        return
    for i, (jacobian, v) in enumerate(zip(term.args, term.args[1:], strict=False)):
        s = _probabilities(jacobian)
        if s is not None and v.is_column:
            for _, target in find(v, lambda x: isinstance(x, Elem) and x.is_column):
                if target.shape == s.shape and place.background.definition(target) is None:
                    yield make(Times, *term.args[:i], _minus(s, target), *term.args[i + 2 :])


def _errors(answer: Term, place: Place) -> Iterator[Made]:
    """ŷ - y of the answer's shape, for every softmax and target at the indices of the answer."""
    heads = [h for h in place.background.heads if isinstance(h, Elem) and h.shape == answer.shape]
    steps = {x.index for _, x in find(answer, lambda x: isinstance(x, Elem))}
    for at in sorted(steps, key=str):
        for guess in heads:
            if isinstance(place.background.unfolded(guess), Softmax):
                for target in heads:
                    if place.background.definition(target) is None:
                        yield _minus(guess.at(at), target.at(at))


def one_class(term: Term, place: Place) -> Iterator[Made]:
    """ŷ - 1 (or ŷ) for all classes."""
    found = _error(term, place)
    if found is not None:
        guess, _ = found
        yield _minus(guess, Ones(*guess.shape))
        yield guess


def sign(term: Term, place: Place) -> Iterator[Made]:
    """The opposite sign of the whole."""
    yield Scale(MINUS, term)


def sign_of_summand(term: Term, place: Place) -> Iterator[Made]:
    """The opposite sign of one term of a sum."""
    if isinstance(term, Plus):
        for i, part in enumerate(term.args):
            if isinstance(part, Scale) and part.args[0] == MINUS:
                turned = part.args[1]
            else:
                turned = Scale(MINUS, part)
            yield Plus(*term.args[:i], turned, *term.args[i + 1 :])


def constant_factor(term: Term, place: Place) -> Iterator[Made]:
    """2 or 1/2 times the whole."""
    yield Scale(Const(2), term)
    yield Scale(Const(Rational(1, 2)), term)


def target_forgotten(term: Term, place: Place) -> Iterator[Made]:
    """o for o - y."""
    if isinstance(term, Plus) and len(term.args) == 2:
        a, b = term.args
        if isinstance(b, Scale) and b.args[0] == MINUS and isinstance(a, Elem):
            target = b.args[1]
            if isinstance(target, Elem) and place.background.definition(target) is None:
                yield a


ROWS = {
    m.id: m for m in (
        Mutation("softmax-diagonal-only", softmax_elementwise),
        Mutation("softmax-with-binary-cross-entropy", softmax_two_sided),
        Mutation("one-class-for-all", one_class),
        Mutation("target-forgotten", target_forgotten),
        Mutation("sign", sign, whole=True),
        Mutation("sign-of-a-term", sign_of_summand),
        Mutation("constant-factor", constant_factor, whole=True),
    )
}  # fmt: skip
