"""Definitions as displays: abbreviations and adjoints, by cases where a range has ends."""

from __future__ import annotations

from itertools import product

from sympy import Expr

from symbptt.calculus.tidy import tidy
from symbptt.core.indices import contradictory
from symbptt.core.indices import irredundant
from symbptt.core.terms import Term, When
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import find, substitute

from .document import Block, Display, Prose
from .pen import UNICODE_PEN, Pen
from .ranges import Facts, ranges
from .sentences import range_sentence
from .steps import only_value

Case = tuple[Term, Facts]
_WIDEST = 90  # characters of a row of a brace


def defined(definition: Definition, theory: Theory, pen: Pen) -> list[Block]:
    """``head = body``, by cases where a range has ends."""
    cases = cases_of(definition, theory)
    if len(cases) > 1:
        return by_cases(definition.head, cases, pen)
    ((body, _),) = cases
    return [Display(pen.equation(definition.head, body), summands=pen.summands(body))]


def by_cases(head: Term, cases: list[Case], pen: Pen) -> list[Block]:
    """A brace with one row for each case; a display for each, if there is one too long for that."""
    if all(len(UNICODE_PEN.term(body)) <= _WIDEST for body, _ in cases):
        rows = [(pen.term(body), ", ".join(ranges(facts, pen))) for body, facts in cases]
        return [Display(pen.equation_of_texts(pen.term(head), pen.cases(rows)))]
    out: list[Block] = []
    for body, facts in cases:
        out.append(Prose(range_sentence(facts, pen)))
        out.append(Display(pen.equation(head, body), summands=pen.summands(body)))
    return out


def cases_of(definition: Definition, theory: Theory) -> list[Case]:
    """The body for each way in which its conditions can hold or fail; with the range of each.

    Where only one index is left in a case, the body is written at that index.
    """
    known = (*theory.facts, *definition.facts)
    found = find(definition.body, lambda x: isinstance(x, When))
    conditions = list(dict.fromkeys(c for _, w in found for c in w.args[1:]))
    conditions = [c for c in conditions if c.free_symbols & {definition.index}]
    out: list[Case] = []
    for choice in product((False, True), repeat=len(conditions)):
        chosen = tuple(
            c if holds else (-c - 1).expand() for c, holds in zip(conditions, choice, strict=True)
        )
        if not contradictory((*known, *chosen)):
            out.append(_case(definition, chosen, theory))
    return out


def _case(definition: Definition, chosen: Facts, theory: Theory) -> Case:
    facts = irredundant((*definition.facts, *chosen))
    body = tidy(definition.body, (*theory.facts, *definition.facts, *chosen))
    index = definition.index
    point = None if index is None else end_point(index, facts, theory)
    if index is None or point is None:
        return body, facts
    gap = index - point
    return tidy(substitute(body, {index: point}), theory.facts), (gap, -gap)


def end_point(index: Expr, facts: Facts, theory: Theory) -> Expr | None:
    """The only value of the index: a number, or the end of the range."""
    number = only_value(index, facts)
    if number is not None:
        return number
    for f in facts:
        if abs(f.coeff(index)) == 1:
            value = (index - f * f.coeff(index)).expand()
            beyond = (*theory.facts, *facts, (f - 1).expand())
            if contradictory(beyond):
                return value
    return None


def definitions_of(names: set[str], theory: Theory) -> list[Definition]:
    """The definitions of some keys, in the order of the theory."""
    return [d for d in theory.definitions if d.key in names]


def mentioned(term: Term) -> set[str]:
    """The keys of the names in a term."""
    return {x.key for _, x in find(term, lambda x: hasattr(x, "key"))}
