"""The table of elementwise functions: one row each.

A row gives the derivative in terms of the functions themselves, as a polynomial
``((coefficient, (factor, ...)), ...)`` whose factors are names of this table taken at the same
argument, or "x" for the argument itself; None where there is no such form. SymPy derives the
derivative from ``sympy``; the tests hold every row against it. A name that is not in the table is
an unspecified differentiable elementwise function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath
import sympy as sp


Polynomial = tuple[tuple[int, tuple[str, ...]], ...]
_x = sp.Symbol("x", real=True)


@dataclass(frozen=True)
class Function:
    """One elementwise function R -> R.

    ``range`` and ``slopes`` are the images of f and f' as SymPy sets, ``domain`` where f is
    defined; ``numpy`` the NumPy text with ``{x}`` for the argument, empty where NumPy has none;
    ``latex`` the name in print;
    ``kinks`` the points where f is not differentiable (the derivative there is f'(kink-)).
    """

    name: str
    latex: str
    sympy: sp.Expr
    derivative: Polynomial | None
    range: Any
    slopes: Any
    numpy: str
    kinks: tuple[int, ...] = ()
    domain: Any = sp.S.Reals

    @property
    def sup_slope(self) -> Any:
        """sup |f'|, exact; None when unbounded."""
        return _largest(self.slopes)

    def slope(self) -> sp.Expr:
        """f' as SymPy derives it."""
        return sp.diff(self.sympy, _x)

    def at(self, value: Any) -> Any:
        """f at a SymPy value."""
        return self.sympy.subs(_x, value)


class LeastGelu(sp.NumberSymbol):
    """min x Phi(x) = -0.16997..., taken where Phi(x) + x phi(x) = 0; it has no closed form."""

    is_real, is_negative, is_number = True, True, True

    def _as_mpf_val(self, prec: int) -> Any:
        with mpmath.workprec(prec + 20):
            x = mpmath.findroot(lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x), -0.75)
            return mpmath.mpf(x * mpmath.ncdf(x))._mpf_

    def __int__(self) -> int:
        return 0


_R, _oo = sp.S.Reals, sp.oo
_open, _closed, _points = sp.Interval.open, sp.Interval, sp.FiniteSet
_up_to = sp.Interval.Lopen
_positive = _open(0, _oo)
_normal = (1 + sp.erf(_x / sp.sqrt(2))) / 2  # the distribution function Phi
_steepest = sp.diff(_x * _normal, _x).subs(_x, sp.sqrt(2))  # of GELU: its curvature vanishes there

ROWS: tuple[Function, ...] = (
    Function("identity", r"\mathrm{id}", _x, ((1, ()),), _R, _points(1), "{x}"),
    Function(
        "sigmoid", r"\operatorname{sigmoid}", 1 / (1 + sp.exp(-_x)),
        ((1, ("sigmoid",)), (-1, ("sigmoid", "sigmoid"))), _open(0, 1),
        _up_to(0, sp.Rational(1, 4)), "0.5 * (1 + np.tanh(0.5 * {x}))",
    ),
    Function(
        "tanh", r"\tanh", sp.tanh(_x), ((1, ()), (-1, ("tanh", "tanh"))), _open(-1, 1),
        _up_to(0, 1), "np.tanh({x})",
    ),
    Function(
        "relu", r"\operatorname{relu}", sp.Max(0, _x), ((1, ("step",)),), _closed(0, _oo),
        _points(0, 1), "np.maximum({x}, 0)", (0,),
    ),
    Function(
        "step", r"\operatorname{step}", sp.Heaviside(_x, 0), (), _points(0, 1), _points(0),
        "({x} > 0).astype({x}.dtype)", (0,),
    ),
    Function(
        "sign", r"\operatorname{sign}", sp.Heaviside(_x, 0) - sp.Heaviside(-_x, 0), (),
        _points(-1, 0, 1), _points(0), "np.sign({x})", (0,),
    ),
    Function(
        "softplus", r"\operatorname{softplus}", sp.log(1 + sp.exp(_x)), ((1, ("sigmoid",)),),
        _positive, _open(0, 1), "np.logaddexp(0, {x})",
    ),
    Function("exp", r"\exp", sp.exp(_x), ((1, ("exp",)),), _positive, _positive, "np.exp({x})"),
    Function(
        "log", r"\log", sp.log(_x), ((1, ("recip",)),), _R, _positive, "np.log({x})",
        domain=_positive,
    ),
    Function(
        "recip", r"\operatorname{recip}", 1 / _x, ((-1, ("recip", "recip")),),
        sp.Union(_open(-_oo, 0), _positive), _open(-_oo, 0), "1 / {x}",
        domain=sp.Union(_open(-_oo, 0), _positive),
    ),
    Function(
        "sin", r"\sin", sp.sin(_x), ((1, ("cos",)),), _closed(-1, 1), _closed(-1, 1), "np.sin({x})"
    ),
    Function(
        "cos", r"\cos", sp.cos(_x), ((-1, ("sin",)),), _closed(-1, 1), _closed(-1, 1),
        "np.cos({x})",
    ),
    Function(
        "arctan", r"\arctan", sp.atan(_x), None, _open(-sp.pi / 2, sp.pi / 2), _up_to(0, 1),
        "np.arctan({x})",
    ),
    Function(
        "softsign", r"\operatorname{softsign}", _x / (1 + sp.Abs(_x)), None, _open(-1, 1),
        _up_to(0, 1), "{x} / (1 + np.abs({x}))",
    ),
    Function(
        "gelu", r"\operatorname{gelu}", _x * _normal, None, _closed(LeastGelu(), _oo),
        _closed(1 - _steepest, _steepest), "",
    ),
    Function(
        "sqrt", r"\operatorname{sqrt}", sp.sqrt(_x), None, _closed(0, _oo), _positive,
        "np.sqrt({x})", domain=_closed(0, _oo),
    ),
)  # fmt: skip

TABLE: dict[str, Function] = {row.name: row for row in ROWS}
ALIASES = {
    "logistic": "sigmoid", "sigm": "sigmoid", "ReLU": "relu", "id": "identity", "atan": "arctan",
    "ln": "log", "GELU": "gelu", "sgn": "sign", "Sigmoid": "sigmoid", "Tanh": "tanh",
}  # fmt: skip


def known(name: str) -> Function | None:
    """The row of a function, by name or alias; None when the function is unspecified."""
    return TABLE.get(ALIASES.get(name, name))


def supremum(name: str, order: int) -> Any:
    """sup |f^(order)| of a known function, order 0 or 1: exact, or None when unbounded."""
    return _largest(image(name, order))


def image(name: str, order: int) -> Any:
    """The values of f or of f', as a SymPy set."""
    row = TABLE[ALIASES.get(name, name)]
    return row.slopes if order else row.range


def _largest(values: Any) -> Any:
    ends = values.inf, values.sup
    return None if any(e.is_infinite for e in ends) else sp.Max(*map(sp.Abs, ends))
