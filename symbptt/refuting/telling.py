"""A counterexample told: what was chosen, what follows from it, and where the sides differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy as sp

from symbptt.core.terms import Func, Map, Param, Term
from symbptt.report.document import Block, Display, Math, Phrase, Prose, Text, phrase
from symbptt.report.pen import Pen
from symbptt.report.reasons import listed_and
from symbptt.spectral.written import latex, rows_latex, rows_text, text

from .intervals import Interval
from .shown import Chosen, Values, upward, written

if TYPE_CHECKING:
    from .counterexample import Counterexample

_STAGES = 12  # quantities on the way that are shown; more are not followed by hand


def told(found: Counterexample, pen: Pen) -> Iterator[Block]:
    """The counterexample as a derivation that can be followed by hand."""
    statement = pen.math(found.statement(pen))
    if found.given:
        under = listed_and(tuple(pen.math(_assumed(g, pen)) for g in found.given))
        yield Prose((phrase("refute.under", statement=statement, conditions=under),))
    else:
        yield Prose((phrase("refute.false", statement=statement),))
    sizes = [pen.equation_of_texts(pen.index(s), str(v)) for s, v in found.dims.items()]
    functions = [_function(f, pen) for f in found.functions]
    yield from _listed("refute.choose", [*sizes, *functions], pen)
    yield from _values(found.values, found.digits, pen)
    if 0 < len(found.computed) <= _STAGES:
        yield Prose((Phrase("refute.stages"),))
        yield from _values(found.computed, found.digits, pen)
    yield Prose((Phrase("refute.sides"),))
    for side, value in ((found.left, found.left_value), (found.right, found.right_value)):
        sign = _sign(value, pen)
        yield Display(pen.term(side) + sign + _matrix(value, found.digits, pen, found.entry))
    yield Prose((_verdict(found, pen),))


def _assumed(given: str, pen: Pen) -> str:
    """An assumption as it was written, without commands around its words in a terminal."""
    return given if pen.on_page else re.sub(r"\\text\{([^{}]*)\}", r"\1", given)


def _listed(key: str, formulas: list[str], pen: Pen) -> Iterator[Block]:
    if formulas:
        yield Prose((Phrase(key),))
        yield Display(_joined(formulas, pen))


def _values(values: Iterable[tuple[Term, Values]], digits: int, pen: Pen) -> Iterator[Block]:
    """Equations, as many on a line as fit."""
    line: list[str] = []
    width = 0
    for leaf, value in values:
        equation = pen.term(leaf) + _sign(value, pen) + _matrix(value, digits, pen)
        columns = sum(2 + max(len(written(x, digits)) for x in column)
                      for column in zip(*value, strict=True))  # fmt: skip
        if line and width + columns > _WIDEST:
            yield Display(_joined(line, pen))
            line, width = [], 0
        line.append(equation)
        width += columns + _NAMES
    if line:
        yield Display(_joined(line, pen))


_WIDEST, _NAMES = 60, 8  # characters of the values on a line; what a name takes of it


def _joined(formulas: list[str], pen: Pen) -> str:
    return (r",\quad " if pen.on_page else ",  ").join(formulas)


def _function(chosen: Chosen, pen: Pen) -> str:
    r"""``\sigma(x) = x^2``, ``L_1(u_1, u_2) = u_1 + u_2``."""
    arguments = [Param(str(x), 1, 1) for x in chosen.arguments]
    if chosen.index is None and chosen.row is None and len(arguments) == 1:
        left = pen.term(Map(chosen.name, 0, arguments[0]))
    else:
        left = pen.term(Func(chosen.name, chosen.index, 1, 0, *arguments))
    if chosen.row is not None:
        left = rf"\left({left}\right)_{{{chosen.row}}}" if pen.on_page else f"{left}[{chosen.row}]"
    return pen.equation_of_texts(left, _formula(chosen.value, pen))


def _formula(expr: sp.Expr, pen: Pen) -> str:
    return latex(expr) if pen.on_page else text(expr)


def _sign(value: Values, pen: Pen) -> str:
    """= for exact numbers, ≈ where one is rounded."""
    if any(isinstance(x, Interval) for row in value for x in row):
        return r" \approx " if pen.on_page else " ≈ "
    return pen.relation("eq")


def _matrix(
    value: Values, digits: int, pen: Pen, marked: tuple[int, int] | None = None
) -> str:  # fmt: skip
    """The rows of numbers, with a frame around one of several."""
    rows = [[_number(x, digits, pen) for x in row] for row in value]
    if marked is not None and (len(rows) > 1 or len(rows[0]) > 1):
        i, j = marked
        rows[i][j] = rf"\boxed{{{rows[i][j]}}}" if pen.on_page else f"*{rows[i][j]}*"
    return (rows_latex if pen.on_page else rows_text)(rows)


def _number(x: Fraction | Interval, digits: int, pen: Pen) -> str:
    if isinstance(x, Interval) or not pen.on_page:
        return written(x, digits)
    return latex(sp.Rational(x.numerator, x.denominator))


def _verdict(found: Counterexample, pen: Pen) -> Phrase:
    """The entry in which the sides differ, and how."""
    i, j = found.entry
    values = [v[i][j] for v in (found.left_value, found.right_value)]
    texts = [_number(x, found.digits, pen) for x in values]
    if found.relation == "=":
        shown = texts[0] + (r" \ne " if pen.on_page else " ≠ ") + texts[1]
    else:
        relation, _, _ = upward(found.relation, found.left, found.right)
        small, large = reversed(texts) if found.relation.startswith(">") else texts
        strict = relation == "<="
        sign = (" > " if strict else r" \ge " if pen.on_page else " ≥ ")  # fmt: skip
        shown = small + sign + large
    if len(found.left_value) == 1 == len(found.left_value[0]):
        return phrase("refute.but", difference=pen.math(shown))
    place = f"({i + 1}, {j + 1})"
    return phrase("refute.entry", place=Math(place) if pen.on_page else Text(place),
                  difference=pen.math(shown))  # fmt: skip
