"""The table of elementwise functions: one row each.

A row gives the derivative in terms of the functions themselves, as a polynomial
``((coefficient, (factor, ...)), ...)`` whose factors are names of this table taken at the same
argument, or "x" for the argument itself; None where there is no such form. SymPy derives the
derivative from ``sympy``; the tests hold every row against it. A name that is not in the table is
an unspecified differentiable elementwise function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

Polynomial = tuple[tuple[int, tuple[str, ...]], ...]
_x = sp.Symbol("x", real=True)


@dataclass(frozen=True)
class Function:
    """One elementwise function R -> R.

    ``range`` is the image as a SymPy set; ``sup_slope`` the supremum of |f'| (exact, or None when
    unbounded); ``numpy`` the NumPy text with ``{x}`` for the argument; ``latex`` the name in print;
    ``kinks`` the points where f is not differentiable (the derivative there is f'(kink-)).
    """

    name: str
    latex: str
    sympy: sp.Expr
    derivative: Polynomial | None
    range: Any
    sup_slope: Any
    numpy: str
    kinks: tuple[int, ...] = ()
    source: str = ""

    def slope(self) -> sp.Expr:
        """f' as SymPy derives it."""
        return sp.diff(self.sympy, _x)

    def at(self, value: Any) -> Any:
        """f at a SymPy value."""
        return self.sympy.subs(_x, value)


_R, _oo = sp.S.Reals, sp.oo
_open = sp.Interval.open

ROWS: tuple[Function, ...] = (
    Function("identity", r"\mathrm{id}", _x, ((1, ()),), _R, sp.S.One, "{x}"),
    Function(
        "sigmoid", r"\operatorname{sigmoid}", 1 / (1 + sp.exp(-_x)),
        ((1, ("sigmoid",)), (-1, ("sigmoid", "sigmoid"))), _open(0, 1), sp.Rational(1, 4),
        "0.5 * (1 + np.tanh(0.5 * {x}))",
    ),
    Function(
        "tanh", r"\tanh", sp.tanh(_x), ((1, ()), (-1, ("tanh", "tanh"))), _open(-1, 1), sp.S.One,
        "np.tanh({x})",
    ),
    Function(
        "relu", r"\operatorname{relu}", sp.Max(0, _x), ((1, ("step",)),), sp.Interval(0, _oo),
        sp.S.One, "np.maximum({x}, 0)", (0,),
    ),
    Function(
        "step", r"\operatorname{step}", sp.Heaviside(_x, 0), (), sp.FiniteSet(0, 1), sp.S.Zero,
        "({x} > 0).astype({x}.dtype)", (0,),
    ),
    Function(
        "softplus", r"\operatorname{softplus}", sp.log(1 + sp.exp(_x)), ((1, ("sigmoid",)),),
        _open(0, _oo), sp.S.One, "np.logaddexp(0, {x})",
    ),
    Function("exp", r"\exp", sp.exp(_x), ((1, ("exp",)),), _open(0, _oo), None, "np.exp({x})"),
    Function("log", r"\log", sp.log(_x), ((1, ("recip",)),), _R, None, "np.log({x})"),
    Function(
        "recip", r"\operatorname{recip}", 1 / _x, ((-1, ("recip", "recip")),),
        sp.Union(_open(-_oo, 0), _open(0, _oo)), None, "1 / {x}",
    ),
    Function(
        "sin", r"\sin", sp.sin(_x), ((1, ("cos",)),), sp.Interval(-1, 1), sp.S.One, "np.sin({x})"
    ),
    Function(
        "cos", r"\cos", sp.cos(_x), ((-1, ("sin",)),), sp.Interval(-1, 1), sp.S.One, "np.cos({x})"
    ),
    Function(
        "arctan", r"\arctan", sp.atan(_x), None, _open(-sp.pi / 2, sp.pi / 2), sp.S.One,
        "np.arctan({x})",
    ),
    Function(
        "softsign", r"\operatorname{softsign}", _x / (1 + sp.Abs(_x)), None, _open(-1, 1), sp.S.One,
        "{x} / (1 + np.abs({x}))",
    ),
    Function(
        "sqrt", r"\operatorname{sqrt}", sp.sqrt(_x), None, sp.Interval(0, _oo), None, "np.sqrt({x})"
    ),
)  # fmt: skip

TABLE: dict[str, Function] = {row.name: row for row in ROWS}
ALIASES = {
    "logistic": "sigmoid", "sigm": "sigmoid", "ReLU": "relu", "id": "identity", "atan": "arctan",
    "ln": "log", "Sigmoid": "sigmoid", "Tanh": "tanh",
}  # fmt: skip


def known(name: str) -> Function | None:
    """The row of a function, by name or alias; None when the function is unspecified."""
    return TABLE.get(ALIASES.get(name, name))


def supremum(name: str, order: int) -> Any:
    """sup |f^(order)| of a known function, order 0 or 1: exact, or None when unbounded."""
    row = TABLE[ALIASES.get(name, name)]
    if order == 1:
        return row.sup_slope
    bounds = row.range.inf, row.range.sup
    return None if any(b.is_infinite for b in bounds) else sp.Max(*map(sp.Abs, bounds))


def numeric(name: str, order: int) -> Callable[[Any], Any]:
    """The order-th derivative of a known function as a NumPy callable, made by SymPy."""
    return sp.lambdify(_x, sp.diff(TABLE[name].sympy, _x, order), "numpy")
