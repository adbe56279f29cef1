"""What varies under d(.) in a theorem, said in words."""

from __future__ import annotations

from symbptt.core.terms import D, Elem, Shock, Term
from symbptt.core.theory import ALL, Frame, Theory

from .document import Phrase, phrase
from .pen import Pen
from .reasons import listed

_MANY = 6  # differentials that are zero, from which on they are not listed


def what_varies(frame: Frame, theory: Theory, pen: Pen) -> Phrase:
    """The sentence that opens a computation with differentials."""
    if frame.shocks:
        heads = [theory.defined(f"{name}[]")[0].head for name in frame.shocks]
        elements = listed(tuple(map(pen.inline, heads)))
        changes = listed(tuple(pen.inline(Shock(h)) for h in heads))
        word = "frame.shock_too" if frame.vary else "frame.shock"
        return phrase(word, element=elements, change=changes)
    varying = [_shown(x, theory) for x in frame.vary]
    names = listed(tuple(map(pen.inline, varying)))
    if frame.step is not None:
        return phrase("frame.immediate", names=names, step=pen.math(pen.index(frame.step)))
    if any(isinstance(x, Elem) and x.index != ALL for x in frame.vary):
        if len(frame.vary) > 1:
            return phrase("frame.apart", names=names)
        (element,) = frame.vary
        free = isinstance(element, Elem) and bool(theory.defined(element.key))
        return phrase("frame.free" if free else "frame.element", element=names)
    still = [x for x in _leaves(theory) if x not in varying]
    if not still:
        return phrase("frame.all", names=names)
    if len(still) >= _MANY:
        return phrase("frame.others", names=names)
    zero = pen.relation("eq") + "0"
    zeros = tuple(pen.math(pen.term(D(x)) + zero) for x in still)
    return phrase("frame.only", names=names, zeros=listed(zeros))


def _leaves(theory: Theory) -> list[Term]:
    """Parameters and givens; a given with one possible index is that element."""
    return [_shown(leaf, theory) for leaf in theory.leaves()]


def _shown(leaf: Term, theory: Theory) -> Term:
    """The leaf as it is named: h_0 for the only given element of h, x_t for the inputs."""
    if not isinstance(leaf, Elem):
        return leaf
    given = next((g for g in theory.givens if g.head.key == leaf.key), None)
    if given is None or leaf.index not in (ALL, given.head.index):
        return leaf
    index = given.head.index
    for f in given.facts:
        if -f in given.facts and abs(f.coeff(index)) == 1:
            return leaf.at((index - f * f.coeff(index)).expand())
    return given.head
