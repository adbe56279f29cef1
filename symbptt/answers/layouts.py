"""Other consistent ways of reading a claim that did not hold as it was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Gradient, OrderedProduct, Term, Transposed
from symbptt.core.traverse import contains, rebuild

from .elaborate import Part, Question, Reading, elaborate
from .notes import phrase
from .setting import Setting


def readings(
    setting: Setting, text: str, usual: Reading, vain: set[str]
) -> Iterator[tuple[str, Reading]]:
    """("total" or "layout", the reading), the nearest first; all of the claim is read one way.

    "total": bare derivatives inside sums are total; "layout": Jacobians transposed, or products in
    the other order. ``vain`` are the ways of reading bare derivatives, added to on the way, with
    which no layout makes the claim hold.
    """
    for choices in usual.others:
        if choices.immediate == "always":
            continue  # an assumption, see there
        if choices.immediate in vain:
            continue
        try:
            other = elaborate(setting, text, choices)
        except SymbpttError:
            continue
        here = usual.choices
        same = (choices.layout, choices.order) == (here.layout, here.order)
        if same and other.parts == usual.parts and here.immediate in vain:
            vain.add(choices.immediate)  # no derivative is read otherwise
        if other.clash is None and other.parts != usual.parts:
            yield ("total" if same else "layout"), other
    if usual.clash is not None:
        row = _gradient_as_row(setting, text)
        if row is not None:
            yield "layout", row
    elif usual.choices.immediate not in vain and any(
        contains(side, OrderedProduct) for q in usual.questions for side in (q.left, q.right)
    ):
        parts = tuple(_reversed(p) for p in usual.parts)
        yield "layout", replace(usual, parts=parts, notes=(*usual.notes, phrase("earliest")))


def _gradient_as_row(setting: Setting, text: str) -> Reading | None:
    """A gradient by a vector that is equated with a row, read as a row."""
    left, sign, right = text.partition("=")
    if not sign or "=" in right:
        return None
    try:
        other = elaborate(setting, rf"\left({left}\right)^\top = {right}")
    except SymbpttError:
        return None
    sides = [q.left for q in other.questions]
    fits = len(sides) == 1 and isinstance(sides[0], Transposed)
    if other.clash is not None or not fits or not isinstance(sides[0].args[0], Gradient):
        return None
    return replace(other, notes=(*other.notes, phrase("row"))) if _is_row(sides[0]) else None


def _is_row(term: Term) -> bool:
    return bool(term.shape[0] == 1 and term.shape[1] != 1)


def _reversed(part: Part) -> Part:
    items = tuple(
        replace(x, left=reverse(x.left), right=reverse(x.right)) if isinstance(x, Question) else x
        for x in part.items
    )
    return replace(part, items=items)


def reverse(term: Term) -> Term:
    """Every ordered product in the other order: the transpose of the product of transposes."""
    args = tuple(reverse(a) if isinstance(a, Term) else a for a in term.args)
    if isinstance(term, OrderedProduct):
        return Transposed(OrderedProduct(Transposed(args[0]), *args[1:]))
    return rebuild(term, args)
