"""Matrices of exact numbers as LaTeX, as plain text, and as decimals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Expr, ImmutableMatrix
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from symbptt.core.errors import NotSupported


class _Latex(LatexPrinter):
    """KroneckerDelta as the Iverson bracket that reports use."""

    def _print_KroneckerDelta(self, expr: Expr, exp: str | None = None) -> str:
        number, symbol = sorted(expr.args, key=lambda x: bool(x.free_symbols))
        return rf"[{self._print(symbol)} = {self._print(number)}]"


class _Text(StrPrinter):
    def _print_ImaginaryUnit(self, expr: Expr) -> str:
        return "i"

    def _print_KroneckerDelta(self, expr: Expr) -> str:
        number, symbol = sorted(expr.args, key=lambda x: bool(x.free_symbols))
        return f"[{symbol} = {number}]"


def latex(expr: Expr) -> str:
    """An exact number or formula."""
    return str(_Latex({"imaginary_unit": "i"}).doprint(expr))


def text(expr: Expr) -> str:
    """An exact number or formula on one line."""
    return str(_Text().doprint(expr)).replace("**", "^")


def matrix_latex(matrix: ImmutableMatrix) -> str:
    """A matrix in brackets; a 1 x 1 matrix is its entry."""
    return rows_latex([[latex(x) for x in matrix.row(i)] for i in range(matrix.rows)])


def rows_latex(rows: list[list[str]]) -> str:
    """Rows of formulas in brackets."""
    if len(rows) == 1 and len(rows[0]) == 1:
        return rows[0][0]
    tall = r" \\[0.6ex] " if any("frac" in x for row in rows for x in row) else r" \\ "
    body = tall.join(" & ".join(row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def matrix_text(matrix: ImmutableMatrix) -> str:
    """A matrix as nested lists, a 1 x 1 matrix as its entry."""
    return rows_text([[text(x) for x in matrix.row(i)] for i in range(matrix.rows)])


def rows_text(rows: list[list[str]]) -> str:
    """Rows of formulas as nested lists."""
    if len(rows) == 1 and len(rows[0]) == 1:
        return rows[0][0]
    return "[" + ", ".join("[" + ", ".join(row) + "]" for row in rows) + "]"


def decimals(matrix: ImmutableMatrix, digits: int) -> list[list[str]] | None:
    """The entries with ``digits`` digits after the point, rightly rounded; None for symbols."""
    if matrix.free_symbols:
        return None
    rows = ([decimal(x, digits) for x in matrix.row(i)] for i in range(matrix.rows))
    return list(rows)


def decimal(value: Any, digits: int) -> str:
    """An exact real or complex number as a decimal, rounded half to even."""
    value = sp.sympify(value)
    if not value.is_real:
        real, imaginary = (decimal(part, digits) for part in value.as_real_imag())
        return f"{real} {'-' if imaginary[0] == '-' else '+'} {imaginary.lstrip('-')} i"
    if not value.is_Rational:
        value = _near(value, digits)
    units = round(Fraction(int(value.p), int(value.q)) * 10**digits)
    whole, rest = divmod(abs(units), 10**digits)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def _near(value: Expr, digits: int) -> sp.Rational:
    """A rational so near to an irrational number that it rounds to the same decimal."""
    for extra in (15, 60, 240):
        size = max(0, int(sp.log(abs(value) + 1, 10).evalf(5))) + digits + extra
        near = sp.Rational(str(value.evalf(size)))
        error = sp.Rational(1, 10 ** (digits + extra - 5))
        low, high = (round(Fraction(int(x.p), int(x.q)) * 10**digits)
                     for x in (near - error, near + error))  # fmt: skip
        if low == high:
            return near
    raise NotSupported(f"{value} is too near to a tie to be rounded")
