"""Ranges told: the table, and the examples below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sympy import Integer

from symbptt.core.terms import Elem, Entry, Term
from symbptt.core.traverse import find, substitute
from symbptt.proof.objects import Theorem
from symbptt.refuting import Counterexample
from symbptt.refuting.shown import Values, written
from symbptt.report.document import (
    Block, Blocks, Content, Items, Phrase, Prose, Table, Text, phrase,
)  # fmt: skip
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.ranges import ranges
from symbptt.report.reasons import listed
from symbptt.spectral.written import rows_latex, rows_text

if TYPE_CHECKING:
    from .found import RangeRow


def bound_of(theorem: Theorem, high: bool) -> Term:
    """The end that a theorem gives."""
    return theorem.right if high else theorem.left


def interval_text(low: Theorem | None, high: Theorem | None, pen: Pen) -> str:
    r"""``(0, 1]``; an end that is not known is infinite, and all reals are \mathbb{R}."""
    if low is None and high is None:
        return r"\mathbb{R}" if pen.on_page else "ℝ"
    infinity = r"\infty" if pen.on_page else "∞"
    left = f"-{infinity}" if low is None else pen.term(low.left)
    right = infinity if high is None else pen.term(high.right)
    opening = "[" if low is not None and low.relation == "<=" else "("
    closing = "]" if high is not None and high.relation == "<=" else ")"
    between = r",\; " if pen.on_page else ", "
    return f"{opening}{left}{between}{right}{closing}"


def end_of(
    theorem: Theorem | None, high: bool, found: Counterexample | None
) -> dict[str, Any] | None:
    """An end as data; ``attained`` is None where that is not known."""
    if theorem is None:
        return None
    term = bound_of(theorem, high)
    attained = False if theorem.relation == "<" else (True if found is not None else None)
    return {
        "text": UNICODE_PEN.term(term),
        "latex": LATEX_PEN.term(term),
        "open": theorem.relation == "<",
        "attained": attained,
        "example": example(found),
        "theorem": theorem.id,
    }


def example(found: Counterexample | None) -> dict[str, Any] | None:
    """An example as data."""
    return None if found is None else found.json()


def table(rows: Sequence[RangeRow], pen: Pen) -> Blocks:
    """One row a number, and below the table what attains an end or is negative."""
    head = tuple(
        phrase(f"interval.{key}") for key in ("symbol", "interval", "where", "attained", "negative")
    )
    body = tuple(
        (
            pen.inline(row.head),
            pen.math(row.interval(pen)),
            listed(tuple(pen.math(x) for x in ranges(row.facts, pen))) or Text(""),
            _attained(row, pen),
            _negative(row),
        )
        for row in rows
    )
    examples = tuple(_examples(rows, pen))
    shown: tuple[Block, ...] = (Items(examples),) if examples else ()
    return (
        Prose((Phrase("interval.intro"),)), Table(head, body, (2,)),
        *((Prose((Phrase("interval.examples"),)), *shown) if shown else ()),
    )  # fmt: skip


def _attained(row: RangeRow, pen: Pen) -> Content:
    """The ends that are attained, as far as that is known; no open one is."""
    said: Content = ()
    for theorem, found, high in ((row.low, row.at_low, False), (row.high, row.at_high, True)):
        if theorem is not None and theorem.relation != "<":
            end = pen.inline(bound_of(theorem, high))
            said = (*said, phrase("interval.open", end=end) if found is None else end)
    return listed(said) if said else (Phrase("interval.none"),)


def _negative(row: RangeRow) -> Phrase:
    if row.is_nonnegative:
        return Phrase("interval.never")
    return Phrase("interval.unknown" if row.negative is None else "interval.sometimes")


def _examples(rows: Sequence[RangeRow], pen: Pen) -> Iterator[Blocks]:
    for row in rows:
        for found in (row.negative, row.at_low, row.at_high):
            if found is not None:
                yield (Prose((_told(row.head, found, pen),)),)


def _told(head: Term, found: Counterexample, pen: Pen) -> Phrase:
    """h_{1,1} ≈ -0.46 for b = -1, W = x_1 = 0, ...: names with one value are written together."""
    at = {s: Integer(v) for s, v in found.dims.items()}
    value = found.left_value if found.left == head else found.right_value
    chains: dict[str, list[str]] = {}
    for leaf, matrix in found.values:
        chains.setdefault(_value(matrix, found.digits, pen), []).append(pen.term(leaf))
    for size, number_of in found.dims.items():
        if size not in _indices(head):
            chains.setdefault(f"{number_of} ", []).append(pen.index(size))  # apart from the values
    chains["0"] = chains.pop("0", [])  # the most, and last
    told = [pen.equation_of_texts(*names, v.strip()) for v, names in chains.items() if names]
    shown = pen.term(substitute(head, at)) + _sign(value, found.digits, pen)
    what = pen.math(shown + _value(value, found.digits, pen))
    return phrase("interval.example", what=what, values=listed(tuple(map(pen.math, told))))


def _indices(head: Term) -> set[Any]:
    """The symbols that stand at names in a term, not in their sizes."""
    found: set[Any] = set()
    for _, x in find(head, lambda x: isinstance(x, Elem | Entry)):
        places = (x.index,) if isinstance(x, Elem) else x.args[1:]
        found |= {s for place in places for s in place.free_symbols}
    return found


def _sign(value: Values, digits: int, pen: Pen) -> str:
    rounded = any("." in written(x, digits) for row in value for x in row)
    return (r" \approx " if pen.on_page else " ≈ ") if rounded else pen.relation("eq")


def _value(value: Values, digits: int, pen: Pen) -> str:
    rows = [[written(x, digits) for x in row] for row in value]
    if len(rows) == len(rows[0]) == 1:
        return rows[0][0]
    return (rows_latex if pen.on_page else rows_text)(rows)
