"""Numbers known up to a certified error, as intervals with fixed-point ends.

An exact number is an ``int``, which is several times quicker, or a ``Fraction``; what has no exact
rational value is an ``Interval`` that contains it. A comparison that the intervals do not decide is
no verdict: it raises ``Undecided``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import Any

import mpmath
from mpmath import libmp

BITS = 200
_ONE = 1 << BITS
_MARGIN = 1 << 40  # in units of the last place, for functions of mpmath, which round once or twice
_RELATIVE = 100  # bits: the same for large values


class Undecided(Exception):
    """A number stands where its sign decides, and is not known well enough; or has no value."""


class Interval:
    """All x with low <= x * 2^BITS <= high."""

    __slots__ = ("high", "low")

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    @classmethod
    def of(cls, value: Real) -> Interval:
        """The number as an interval."""
        if isinstance(value, Interval):
            return value
        if isinstance(value, int):
            return cls(value << BITS, value << BITS)
        low, rest = divmod(value.numerator << BITS, value.denominator)
        return cls(low, low + bool(rest))

    @property
    def middle(self) -> Fraction:
        return Fraction(self.low + self.high, 2 * _ONE)

    @property
    def radius(self) -> Fraction:
        return Fraction(self.high - self.low, 2 * _ONE)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __add__(self, other: Any) -> Any:
        if type(other) is not Interval:
            if not isinstance(other, int | Fraction):
                return NotImplemented
            other = Interval.of(other)
        return Interval(self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if type(other) is Interval:
            a, b, c, d = self.low, self.high, other.low, other.high
            if a >= 0 <= c:
                return Interval(a * c >> BITS, -(-b * d >> BITS))
            ends = a * c, a * d, b * c, b * d
            return Interval(min(ends) >> BITS, -(-max(ends) >> BITS))
        if not isinstance(other, int | Fraction):
            return NotImplemented
        p, q = other.numerator, other.denominator
        if p == 0:
            return 0
        low, high = (self.low, self.high) if p > 0 else (self.high, self.low)
        return Interval(low * p // q, -(-high * p // q))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if not isinstance(other, int | Fraction | Interval):
            return NotImplemented
        y = Interval.of(other)
        if y.low <= 0 <= y.high:
            raise Undecided("a denominator may be zero")
        if self.low >= 0 < y.low:
            return Interval((self.low << BITS) // y.high, -((-self.high << BITS) // y.low))
        ends = [(a << BITS, b) for a in (self.low, self.high) for b in (y.low, y.high)]
        return Interval(min(a // b for a, b in ends), max(-(-a // b) for a, b in ends))

    def __rtruediv__(self, other: Any) -> Any:
        return Interval.of(other) / self

    def __repr__(self) -> str:
        return f"{float(self.middle)} ± {float(self.radius):.1e}"


Exact = int | Fraction
Real = Exact | Interval


def exact(value: Fraction) -> Exact:
    """A rational number, as an integer where it is one."""
    return value.numerator if value.denominator == 1 else value


def quotient(a: Real, b: Real) -> Real:
    """a / b, which of two integers is no float."""
    if isinstance(a, Interval) or isinstance(b, Interval):
        found: Interval = Interval.of(a) / b
        return found
    if b == 0:
        raise Undecided("a denominator is zero")
    return exact(Fraction(a, b))


def sign(value: Real) -> int:
    """-1, 0 or 1."""
    if isinstance(value, Interval):
        if value.low > 0 or value.high < 0:
            return 1 if value.low > 0 else -1
        if value.low == value.high == 0:
            return 0
        raise Undecided("a sign is not decided")
    assert not isinstance(value, float)  # nothing here is known but exactly
    return (value > 0) - (value < 0)


def root(value: Real) -> Real:
    """The square root; exact where it is rational. What cannot be negative is cut off at zero."""
    if not isinstance(value, Interval):
        if value < 0:
            raise Undecided("the root of a negative number")
        p, q = isqrt(value.numerator), isqrt(value.denominator)
        if p * p == value.numerator and q * q == value.denominator:
            return exact(Fraction(p, q))
    x = Interval.of(value)
    if x.high < 0:
        raise Undecided("the root of a negative number")
    return Interval(isqrt(max(x.low, 0) << BITS), isqrt(x.high << BITS) + 1)


Function = Callable[[Any, int], Any]  # of libmp: of a raw number and the bits of the result


def monotone(function: Function, value: Real) -> Interval:
    """An increasing function of libmp."""
    x = Interval.of(value)
    low, below = _near(function, x.low)
    high, above = _near(function, x.high)
    return Interval(low - below, high + above)


def contracting(function: Function, value: Real) -> Interval:
    """A function of libmp whose slopes are at most 1 in modulus."""
    x = Interval.of(value)
    found, slack = _near(function, x.low)
    width = x.high - x.low
    return Interval(found - slack - width, found + slack + width)


@lru_cache(maxsize=65536)
def _near(function: Function, end: int) -> tuple[int, int]:
    """The value at a number in units of the last place, and how far off it may be."""
    found = function(libmp.from_man_exp(end, -BITS), 2 * BITS)
    if found in (libmp.finf, libmp.fninf, libmp.fnan):
        raise Undecided("a function has no finite real value here")
    fixed = libmp.to_fixed(found, BITS)
    return fixed, _MARGIN + (abs(fixed) >> (BITS + _RELATIVE))


def near(value: Any, error: Any) -> Interval:
    """The interval around a number of mpmath with the given error."""
    with mpmath.workprec(2 * BITS):
        low, high = (mpmath.floor((value + s * error) * _ONE) for s in (-1, 1))
        return Interval(int(low) - 1, int(high) + 2)
