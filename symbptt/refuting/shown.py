"""Numbers, leaves and chosen functions of a counterexample as text and as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

from symbptt.core.terms import Elem, Param, Term
from symbptt.notation.symbols import ascii_name
from symbptt.spectral.written import decimal

from .functions import Elementwise
from .intervals import Interval
from .quadratics import Quadratic

Shown = Fraction | Interval
Values = tuple[tuple[Shown, ...], ...]


@dataclass(frozen=True)
class Chosen:
    """An unspecified function, chosen: ``left = right`` with the letters of its arguments.

    ``name`` is that of the model, ``index`` its own time index, ``row`` the entry that this is.
    """

    name: str
    index: int | None
    row: int | None
    arguments: tuple[sp.Symbol, ...]
    value: sp.Expr


@lru_cache(maxsize=1024)
def chosen(knob: tuple[Any, ...], function: Elementwise | Quadratic) -> tuple[Chosen, ...]:
    """The formulas of a function that was chosen for an unspecified one."""
    if not isinstance(function, Quadratic):
        expr = function.expr
        (x,) = expr.free_symbols or {sp.Symbol("x", real=True)}
        return (Chosen(knob[1], None, None, (x,), expr),)
    _, name, index, rows, size = knob
    letters = sp.symbols(f"u_1:{size + 1}") if size > 1 else (sp.Symbol("u"),)
    exprs = function.exprs(list(letters))
    return tuple(
        Chosen(name, index, None if rows == 1 else i + 1, tuple(letters), e)
        for i, e in enumerate(exprs)
    )


def upward(relation: str, left: Term, right: Term) -> tuple[str, Term, Term]:
    """An inequality with the smaller side on the left."""
    if relation.startswith(">"):
        return relation.replace(">", "<"), right, left
    return relation, left, right


def show(leaf: Param | Elem) -> str:
    """``W_hh`` or ``h_0``."""
    name = ascii_name(leaf.name)
    return name if isinstance(leaf, Param) else f"{name}_{leaf.index}"


def written(x: Shown, digits: int) -> str:
    """An exact number as it is, another one rounded."""
    if isinstance(x, Fraction):
        return str(x)
    return decimal(sp.Rational(x.middle.numerator, x.middle.denominator), digits)


def plain(value: Values, digits: int) -> Any:
    """Rows of numbers for JSON; a column as a list of its entries, a 1 x 1 matrix as its entry."""
    rows = [[_number(x, digits) for x in row] for row in value]
    if len(rows[0]) > 1:
        return rows
    return rows[0][0] if len(rows) == 1 else [row[0] for row in rows]


def _number(x: Shown, digits: int) -> int | float | str:
    if isinstance(x, Interval):
        return float(written(x, digits))
    return int(x) if x.denominator == 1 else str(x)
