"""Values of elementwise functions, and the functions that an unspecified one may be.

A counterexample to a statement about any differentiable function names one: a polynomial that can
be computed by hand, or a known function where the statement is about its supremum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp
from mpmath import libmp

from symbptt.core.functions import ALIASES, TABLE, supremum

from . import intervals
from .intervals import Exact, Interval, Real, Undecided
from .scalars import Dual, Scalar

_X = sp.Symbol("x", real=True)


@dataclass(frozen=True)
class Polynomial:
    """x -> Σ coefficients[k] x^k."""

    coefficients: tuple[Exact, ...]

    @property
    def expr(self) -> sp.Expr:
        return sum((sp.Rational(c.numerator, c.denominator) * _X**k
                    for k, c in enumerate(self.coefficients)), sp.Integer(0))  # fmt: skip

    def supremum(self, order: int) -> Real:
        """sup |f^(order)|; Undecided where there is none."""
        rest = self.derived(order)
        if any(rest[1:]):
            raise Undecided("a polynomial is not bounded")
        return max(rest[0], -rest[0]) if rest else 0

    def derived(self, order: int) -> tuple[Exact, ...]:
        """The coefficients of the derivative."""
        found = self.coefficients
        for _ in range(order):
            found = tuple(k * c for k, c in enumerate(found))[1:]
        return found

    def at(self, order: int, x: Real) -> Real:
        """The derivative at a number."""
        total: Real = 0
        for c in reversed(self.derived(order)):
            total = total * x + c
        return intervals.exact(total) if isinstance(total, Fraction) else total


@dataclass(frozen=True)
class Known:
    """A function of the table."""

    name: str

    @property
    def expr(self) -> sp.Expr:
        return TABLE[self.name].sympy

    def supremum(self, order: int) -> Real:
        """sup |f^(order)|."""
        value = supremum(self.name, order)
        if value is None:
            raise Undecided(f"{self.name} is not bounded")
        return constant(sp.sympify(value))

    def at(self, order: int, x: Real) -> Real:
        """The derivative at a number, where it exists."""
        kinks = TABLE[self.name].kinks
        if kinks and x in kinks and (order or self.name == "step"):
            raise Undecided(f"{self.name} has no slope here")
        if isinstance(x, Interval):
            return _formula(_derivative(self.name, order))(x)
        return _exact(self.name, order, x)


Elementwise = Polynomial | Known


def known(name: str) -> Known:
    """The row of the table of that name."""
    return Known(ALIASES.get(name, name))


def apply(f: Elementwise, order: int, x: Scalar) -> Scalar:
    """f^(order)(x) of a number with slopes."""
    if not isinstance(x, Dual):
        return f.at(order, x)
    slope = f.at(order + 1, x.value)
    return Dual(f.at(order, x.value), {j: slope * s for j, s in x.slopes.items()})


def _choice(*coefficients: int | str) -> Polynomial:
    return Polynomial(tuple(intervals.exact(Fraction(c)) for c in coefficients))


POLYNOMIALS: tuple[Elementwise, ...] = (
    _choice(0, 1), _choice(0, 2), _choice(0, 0, 1), _choice(1, 1, 1), _choice(1, 2, 1, 1),
)  # fmt: skip
SLOPED: tuple[Elementwise, ...] = (
    _choice(0, 1), _choice(0, 2), _choice(0, "1/2"), Known("tanh"), Known("sigmoid"), Known("sin"),
)  # fmt: skip
BOUNDED: tuple[Elementwise, ...] = (Known("tanh"), Known("sigmoid"), Known("sin"))


# ---------------------------------------------------------------- known functions


@lru_cache(maxsize=256)
def _derivative(name: str, order: int) -> sp.Expr:
    found = sp.diff(TABLE[name].sympy.subs(TABLE[name].sympy.free_symbols.pop(), _X), _X, order)
    return found.replace(sp.DiracDelta, lambda *_: sp.Integer(0))


@lru_cache(maxsize=65536)
def _exact(name: str, order: int, x: Exact) -> Real:
    """Rational where SymPy finds it to be, such as tanh'(0) = 1."""
    expr = _derivative(name, order)
    if x == 0 or name not in _TRANSCENDENTAL:
        there = expr.subs(_X, sp.Rational(x.numerator, x.denominator))
        if there.is_Rational:
            return intervals.exact(Fraction(int(there.p), int(there.q)))
        if not there.is_finite or not there.is_real:
            raise Undecided(f"{name} has no value here")
    return _formula(expr)(x)


_TRANSCENDENTAL = frozenset(["sigmoid", "tanh", "softplus", "exp", "sin", "cos", "arctan"])


@lru_cache(maxsize=256)
def _formula(expr: sp.Expr) -> Callable[[Real], Real]:
    """A SymPy expression as a function of x, by interval arithmetic."""
    if expr == _X:
        return lambda x: x
    if expr.is_Rational:
        rational = intervals.exact(Fraction(int(expr.p), int(expr.q)))
        return lambda x: rational
    if expr in _CONSTANTS:
        near = intervals.near(*_CONSTANTS[expr]())
        return lambda x: near
    parts = [_formula(a) for a in expr.args if a is not sp.true and a is not sp.false]
    operation = _OPERATIONS.get(expr.func)
    if operation is None:
        raise Undecided(f"{expr.func} has no values here")
    return lambda x: operation(*[part(x) for part in parts])


def constant(value: sp.Expr) -> Real:
    """An exact number of SymPy without a rational value, such as a root."""
    return _formula(value)(0)


def _constant(value: Any) -> tuple[Any, Any]:
    with mpmath.workprec(2 * intervals.BITS):
        return +value, mpmath.mpf(2) ** (10 - 2 * intervals.BITS)


_CONSTANTS: dict[sp.Expr, Any] = {
    sp.pi: lambda: _constant(mpmath.pi), sp.E: lambda: _constant(mpmath.e)
}  # fmt: skip


def _sum(*parts: Real) -> Real:
    return sum(parts)


def _product(*parts: Real) -> Real:
    out: Real = 1
    for part in parts:
        out = out * part
    return out


def _power(base: Real, exponent: Real) -> Real:
    if isinstance(exponent, Interval) or exponent.denominator > 2:
        raise Undecided("a power with such an exponent has no value here")
    if exponent.denominator == 2:
        base = intervals.root(base)
        exponent *= 2
    if exponent < 0 and intervals.sign(base) == 0:
        raise Undecided("a denominator is zero")
    whole = _product(*[base] * abs(int(exponent)))
    return whole if exponent >= 0 else intervals.quotient(1, whole)


def _step(x: Real, at_zero: Real | None = None) -> Real:
    which = intervals.sign(x)
    if which == 0 and at_zero is None:
        raise Undecided("a step has no value at its place")
    return at_zero if which == 0 and at_zero is not None else int(which > 0)


def _log(x: Real) -> Real:
    if intervals.sign(x) <= 0:
        raise Undecided("the logarithm of a number that is not positive")
    return intervals.monotone(libmp.mpf_log, x)


def _largest(*parts: Real) -> Real:
    best = parts[0]
    for part in parts[1:]:
        best = part if intervals.sign(part - best) > 0 else best
    return best


_OPERATIONS: dict[Any, Any] = {
    sp.Add: _sum,
    sp.Mul: _product,
    sp.Pow: _power,
    sp.exp: lambda x: intervals.monotone(libmp.mpf_exp, x),
    sp.log: _log,
    sp.tanh: lambda x: intervals.monotone(libmp.mpf_tanh, x),
    sp.atan: lambda x: intervals.monotone(libmp.mpf_atan, x),
    sp.erf: lambda x: intervals.monotone(libmp.mpf_erf, x),
    sp.sin: lambda x: intervals.contracting(libmp.mpf_sin, x),
    sp.cos: lambda x: intervals.contracting(libmp.mpf_cos, x),
    sp.Abs: lambda x: -x if intervals.sign(x) < 0 else x,
    sp.sign: intervals.sign,
    sp.Heaviside: _step,
    sp.Max: _largest,
    sp.Min: lambda *parts: -_largest(*(-p for p in parts)),
}  # fmt: skip
