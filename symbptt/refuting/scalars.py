"""Numbers with slopes: a + b ε with ε² = 0, one ε for each direction of change.

The derivative of an evaluation is the coefficient of ε, exactly; nothing is subtracted and no rule
of differentiation for matrices is used.
Source: Griewank and Walther, Evaluating Derivatives (2008), chapter 3.
"""

from __future__ import annotations

from typing import Any

from . import intervals
from .intervals import Interval, Real, Undecided

Slopes = dict[int, Real]


class Dual:
    """value + Σ slopes[j] ε_j."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: Real, slopes: Slopes) -> None:
        self.value, self.slopes = value, slopes

    def __neg__(self) -> Dual:
        return Dual(-self.value, {j: -s for j, s in self.slopes.items()})

    def __add__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.slopes)
        slopes = dict(self.slopes)
        for j, s in other.slopes.items():
            slopes[j] = slopes[j] + s if j in slopes else s
        return Dual(self.value + other.value, slopes)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Dual:
        return self + (-other)

    def __rsub__(self, other: Any) -> Dual:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Dual):
            if type(other) is not Interval and other == 0:
                return 0
            return Dual(self.value * other, {j: s * other for j, s in self.slopes.items()})
        slopes = {j: s * other.value for j, s in self.slopes.items()}
        for j, s in other.slopes.items():
            more = self.value * s
            slopes[j] = slopes[j] + more if j in slopes else more
        return Dual(self.value * other.value, slopes)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self * reciprocal(other)

    def __rtruediv__(self, other: Any) -> Any:
        return other * reciprocal(self)


Scalar = Real | Dual


def value_of(x: Scalar) -> Real:
    """The number without its slopes."""
    return x.value if isinstance(x, Dual) else x


def slope_of(x: Scalar, direction: int) -> Real:
    """The slope in one direction."""
    return x.slopes.get(direction, 0) if isinstance(x, Dual) else 0


def sign(x: Scalar) -> int:
    """The sign of the value."""
    return intervals.sign(value_of(x))


def is_zero(x: Scalar) -> bool:
    """Whether it is known to be zero, slopes and all."""
    return not x  # an interval or a number with slopes is no zero, whatever it contains


def reciprocal(x: Scalar) -> Scalar:
    """1/x."""
    if sign(x) == 0:
        raise Undecided("a denominator is zero")
    one = intervals.quotient(1, value_of(x))
    if not isinstance(x, Dual):
        return one
    factor = -one * one
    return Dual(one, {j: factor * s for j, s in x.slopes.items()})


def root(x: Scalar) -> Scalar:
    """The square root."""
    if not isinstance(x, Dual):
        return intervals.root(x)
    value = intervals.root(x.value)
    if intervals.sign(value) == 0:
        raise Undecided("the square root has no slope at zero")
    return Dual(value, {j: intervals.quotient(s, 2 * value) for j, s in x.slopes.items()})


def absolute(x: Scalar) -> Scalar:
    """|x|."""
    which = sign(x)
    if which == 0 and isinstance(x, Dual):
        raise Undecided("|x| has no slope at zero")
    return -x if which < 0 else x


def larger(a: Scalar, b: Scalar) -> Scalar:
    """The larger of two; where they are equal with different slopes it has none."""
    order = sign(a - b)
    if order == 0 and (isinstance(a, Dual) or isinstance(b, Dual)):
        difference = a - b
        if any(s != 0 for s in getattr(difference, "slopes", {}).values()):
            raise Undecided("the larger of two has no slope where they are equal")
    return a if order >= 0 else b
