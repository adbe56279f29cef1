"""Matrices of scalars, as lists of rows."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from operator import add, mul
from typing import Any

import mpmath

from symbptt.core.errors import NotSupported

from . import intervals, scalars
from .functions import known
from .functions import apply as function
from .intervals import Interval, Real, Undecided
from .scalars import Dual, Scalar, is_zero, slope_of, value_of

Matrix = list[list[Scalar]]
_LARGEST_DET = 4  # rows of a matrix that is expanded


def filled(rows: int, cols: int, value: Scalar) -> Matrix:
    """The same number everywhere."""
    return [[value] * cols for _ in range(rows)]


def identity(n: int) -> Matrix:
    """I."""
    return [[int(i == j) for j in range(n)] for i in range(n)]


def unit(n: int, at: int) -> Matrix:
    """The unit vector with a one at the place that is counted from one."""
    return [[int(i == at)] for i in range(1, n + 1)]


def single(value: Scalar) -> Matrix:
    """A number as a 1 x 1 matrix."""
    return [[value]]


def shape(a: Matrix) -> tuple[int, int]:
    return len(a), len(a[0])


def mapped(operation: Callable[[Scalar], Scalar], a: Matrix) -> Matrix:
    """The operation at every entry."""
    return [[operation(x) for x in row] for row in a]


def entrywise(operation: Callable[[Any, Any], Any], first: Matrix, *others: Matrix) -> Matrix:
    """The operation entry by entry; a 1 x 1 part goes with every entry."""
    for other in others:
        first = _pairwise(operation, first, other)
    return first


def _pairwise(operation: Callable[[Any, Any], Any], a: Matrix, b: Matrix) -> Matrix:
    if len(a) == 1 == len(b) and len(a[0]) == 1 == len(b[0]):  # the most frequent
        return [[operation(a[0][0], b[0][0])]]
    if len(a) != len(b) or len(a[0]) != len(b[0]):
        if shape(a) == (1, 1):
            a = filled(*shape(b), a[0][0])
        elif shape(b) == (1, 1):
            b = filled(*shape(a), b[0][0])
    return [list(map(operation, x, y)) for x, y in zip(a, b, strict=True)]


def plus(*parts: Matrix) -> Matrix:
    """A + B + ..."""
    return entrywise(add, *parts)


def hadamard(*parts: Matrix) -> Matrix:
    """The elementwise product; a factor 1 x 1 scales."""
    return entrywise(mul, *parts)


def times(*parts: Matrix) -> Matrix:
    """The matrix product."""
    return reduce(_times, parts)


def _times(a: Matrix, b: Matrix) -> Matrix:
    if len(a) == 1 == len(b):  # numbers and rows of them are the most frequent
        x = a[0][0]
        return [[x * y if x and y else 0 for y in b[0]]]
    columns = list(zip(*b, strict=True))
    return [[_dot(row, column) for column in columns] for row in a]


def _dot(a: Any, b: Any) -> Scalar:
    total: Scalar = 0
    for x, y in zip(a, b, strict=True):
        if x and y:  # neither is certainly zero
            total = total + x * y
    return total


def transposed(a: Matrix) -> Matrix:
    """A^T."""
    return [list(column) for column in zip(*a, strict=True)]


def diag(column: Matrix) -> Matrix:
    """diag(v)."""
    n = len(column)
    return [[column[i][0] if i == j else 0 for j in range(n)] for i in range(n)]


def entries(a: Matrix) -> list[Scalar]:
    """The entries in the order of vec."""
    return [x for column in zip(*a, strict=True) for x in column]


def vec(a: Matrix) -> Matrix:
    """The columns stacked."""
    return [[x] for x in entries(a)]


def unvec(rows: int, cols: int, a: Matrix) -> Matrix:
    """The matrix whose columns are stacked in a."""
    found = entries(a)
    return [[found[j * rows + i] for j in range(cols)] for i in range(rows)]


def entry(i: int, j: int, a: Matrix) -> Matrix:
    """The entry at a place that is counted from zero, as a 1 x 1 matrix."""
    return [[a[i][j]]]


def kron(a: Matrix, b: Matrix) -> Matrix:
    """The Kronecker product."""
    return [[x * y for x in row for y in other] for row in a for other in b]


def trace(a: Matrix) -> Matrix:
    """The trace."""
    return single(sum(a[i][i] for i in range(len(a))))


def det(a: Matrix) -> Matrix:
    """The determinant, by expansion."""
    if len(a) > _LARGEST_DET:
        raise NotSupported(f"a determinant of {len(a)} rows is not expanded")
    total: Scalar = 0 if a else 1
    for j, entry in enumerate(a[0] if a else ()):
        minor = [[*row[:j], *row[j + 1 :]] for row in a[1:]]
        total = total + (entry * det(minor)[0][0]) * (-1) ** j
    return single(total)


def power(exponent: int, a: Matrix) -> Matrix:
    """A^k."""
    return reduce(_times, [a] * exponent, identity(len(a)))


def entrywise_power(exponent: int, a: Matrix) -> Matrix:
    """a_ij^k at every entry."""
    return mapped(lambda x: reduce(mul, [x] * exponent, 1), a)


def moved(a: Matrix) -> Matrix:
    """Every entry with a direction of its own, numbered in the order of vec."""
    rows = len(a)
    return [
        [Dual(value_of(x), {j * rows + i: 1}) for j, x in enumerate(row)] for i, row in enumerate(a)
    ]


def slopes(directions: int, a: Matrix) -> Matrix:
    """The slopes of vec A in these directions, one column each."""
    return [[slope_of(x, j) for j in range(directions)] for x in entries(a)]


def inverse(a: Matrix) -> Matrix:
    """A^{-1}, by elimination."""
    n = len(a)
    rows = [[*row, *unit] for row, unit in zip(a, identity(n), strict=True)]
    for j in range(n):
        pivot = next((i for i in range(j, n) if scalars.sign(rows[i][j])), None)
        if pivot is None:
            raise Undecided("a matrix that is inverted is singular")
        rows[j], rows[pivot] = rows[pivot], rows[j]
        one = scalars.reciprocal(rows[j][j])
        rows[j] = [x * one for x in rows[j]]
        for i in range(n):
            if i != j and not is_zero(rows[i][j]):
                factor = rows[i][j]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[j], strict=True)]
    return [row[n:] for row in rows]


def softmax(column: Matrix) -> Matrix:
    """softmax(v), shifted by the first entry."""
    exp, first = known("exp"), column[0][0]
    powers = [function(exp, 0, row[0] - first) for row in column]
    one = scalars.reciprocal(sum(powers))
    return [[p * one] for p in powers]


def minimum(*parts: Matrix) -> Matrix:
    """The smallest, entry by entry."""
    return entrywise(lambda x, y: -scalars.larger(-x, -y), *parts)


def maximum(*parts: Matrix) -> Matrix:
    """The largest, entry by entry."""
    return entrywise(scalars.larger, *parts)


def largest(a: Matrix) -> Matrix:
    """The largest |a_ij|."""
    return single(reduce(scalars.larger, (scalars.absolute(x) for row in a for x in row)))


def norm(a: Matrix) -> Matrix:
    """The absolute value, the Euclidean norm or the spectral norm."""
    if shape(a) == (1, 1):
        return single(scalars.absolute(a[0][0]))
    if 1 in shape(a):
        return single(scalars.root(_dot(entries(a), entries(a))))
    real = _reals(a, "norm")
    gram = times(a, transposed(a)) if len(a) <= len(a[0]) else times(transposed(a), a)
    if len(gram) == 2:
        (x, y), (_, z) = gram
        return single(intervals.root(_larger_root(x + z, x * z - y * y)))  # type: ignore[arg-type]
    return single(_singular_value(real))


def spectral_radius(a: Matrix) -> Matrix:
    """The largest modulus of an eigenvalue."""
    real = _reals(a, "spectral radius")
    if len(a) == 1:
        return single(scalars.absolute(a[0][0]))
    if len(a) == 2:
        (p, q), (r, s) = real
        half, det = intervals.quotient(p + s, 2), p * s - q * r
        if intervals.sign(half * half - det) < 0:  # a conjugate pair
            return single(intervals.root(det))
        size = half if intervals.sign(half) >= 0 else -half
        return single(size + intervals.root(half * half - det))
    if any(isinstance(x, Interval) for row in real for x in row):
        raise Undecided("a spectral radius of numbers that are not exact")
    with mpmath.workprec(8 * intervals.BITS):  # a multiple eigenvalue has a root of the precision
        values = mpmath.eig(_floats(real), left=False, right=False)
        found = max(abs(v) for v in values)
        return single(intervals.near(found, mpmath.mpf(2) ** -intervals.BITS))


def _larger_root(total: Real, product: Real) -> Real:
    """The larger solution of x² - total x + product = 0, both of which are real."""
    half = intervals.quotient(total, 2)
    return half + intervals.root(_not_negative(half * half - product))


def _not_negative(x: Real) -> Real:
    return Interval(max(x.low, 0), max(x.high, 0)) if isinstance(x, Interval) else x


def _singular_value(a: list[list[Real]]) -> Interval:
    """The largest singular value; a change of the matrix changes it by at most as much."""
    with mpmath.workprec(2 * intervals.BITS):
        found = max(mpmath.svd_r(_floats(a), compute_uv=False))
        spread = sum((x.radius for row in a for x in row if isinstance(x, Interval)), Fraction(0))
        error = mpmath.mpf(spread.numerator) / spread.denominator
        return intervals.near(found, error + (1 + found) * mpmath.mpf(2) ** -intervals.BITS)


def _floats(a: list[list[Real]]) -> Any:
    def near(x: Real) -> Any:
        middle = x.middle if isinstance(x, Interval) else x
        return mpmath.mpf(middle.numerator) / middle.denominator

    return mpmath.matrix([[near(x) for x in row] for row in a])


def _reals(a: Matrix, what: str) -> list[list[Real]]:
    if any(isinstance(x, Dual) for row in a for x in row):
        raise NotSupported(f"the derivative of the {what} of a matrix is not evaluated")
    return a  # type: ignore[return-value]


def stack(*parts: Matrix) -> Matrix:
    """On top of each other."""
    return [row for part in parts for row in part]


def beside(*parts: Matrix) -> Matrix:
    """Side by side."""
    return [[x for row in rows for x in row] for rows in zip(*parts, strict=True)]
