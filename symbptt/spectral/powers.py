"""The n-th power of a matrix for a symbolic n >= 0, by its diagonal or Jordan form.

A Jordan block has (J^n)_{i,i+k} = C(n,k) λ^{n-k}; for λ = 0 this is 1 for n = k and 0 otherwise.
Source: R. Horn, C. Johnson, Matrix Analysis (2013), section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr, ImmutableMatrix, Integer, Symbol

from symbptt.core.errors import SymbpttError

from .eigen import Decomposition, decompose, square, symbolic_factors, vanishes

N = Symbol("n", integer=True)
_TRIED = range(6)


@dataclass(frozen=True)
class Case:
    """A formula for M^n, n >= ``least``, where ``nonzero`` do not vanish and ``zero`` does.

    In it 0^0 = 1.
    """

    power: ImmutableMatrix
    n: Expr
    nonzero: tuple[Expr, ...] = ()
    zero: Expr = sp.S.Zero
    least: int = 0


@dataclass(frozen=True)
class ClosedForm:
    """M^n = P J^n P^{-1}, with J^n written out and the product too."""

    decomposition: Decomposition
    n: Expr
    middle: ImmutableMatrix
    power: ImmutableMatrix

    @property
    def conditions(self) -> tuple[Expr, ...]:
        """What must not vanish."""
        found = self.decomposition
        larger = (value for value, side in found.blocks if side > 1 and value.free_symbols)
        return (*found.conditions, *dict.fromkeys(larger))

    def at(self, exponent: int) -> ImmutableMatrix:
        """M^exponent by the formula."""
        return at_exponent(self.power, self.n, exponent)


def closed_form(matrix: ImmutableMatrix, n: Expr) -> ClosedForm:
    """The n-th power of a square matrix, checked.

    The symbolic check is the induction step J^{n+1} = J J^n, block by block; with J^0 = I and
    M P = P J it gives M^n = P J^n P^{-1} for all n. The formula as printed is compared with direct
    powering for small n too.
    """
    return form_of(decompose(square(matrix)), n)


def form_of(found: Decomposition, n: Expr) -> ClosedForm:
    """The n-th power by a decomposition that is known, checked."""
    middle = ImmutableMatrix(sp.diag(*(block_power(v, side, n) for v, side in found.blocks)))
    form = ClosedForm(found, n, middle, _collected(found, middle, n))
    check_blocks(found.blocks)
    check_small(form.power, n, found.matrix)
    return form


def jordan_matrix(blocks: tuple[tuple[Expr, int], ...]) -> ImmutableMatrix:
    """The matrix with these Jordan blocks."""
    return ImmutableMatrix(sp.diag(*(sp.jordan_cell(value, side) for value, side in blocks)))


def block_power(value: Expr, side: int, n: Expr) -> ImmutableMatrix:
    """J^n of the Jordan block of an eigenvalue."""

    def entry(i: int, j: int) -> Expr:
        k = j - i
        if k < 0:
            return Integer(0)
        if value == 0:
            return sp.KroneckerDelta(n, k)
        return sp.binomial(n, k) * value ** (n - k)

    return ImmutableMatrix(side, side, entry)


def at_exponent(power: ImmutableMatrix, n: Expr, exponent: int) -> ImmutableMatrix:
    """A formula for M^n at a number n."""
    return ImmutableMatrix(power.applyfunc(lambda x: sp.simplify(x.subs(n, exponent))))


def written(power: ImmutableMatrix, n: Expr, exponent: int) -> ImmutableMatrix:
    """The formula at a number n, for print: powers of numbers stay as they are."""

    def left_standing(x: Expr) -> Expr:
        value = x.exp.subs(n, exponent)
        kept = Symbol(str(value), integer=True, positive=True) if value > 1 else value
        return x.base**kept

    def entry(x: Expr) -> Expr:
        x = x.replace(lambda e: e.is_Pow and e.exp.has(n), left_standing)
        return x.subs(n, exponent)

    return ImmutableMatrix(power.applyfunc(entry))


def check_blocks(blocks: tuple[tuple[Expr, int], ...]) -> None:
    """J^{n+1} = J J^n and J^0 = I, for a symbolic eigenvalue (not 0) and for 0."""
    n, value = Symbol("n", integer=True, positive=True), Symbol("lambda", positive=True)
    for side in {side for x, side in blocks if x != 0}:
        block = sp.eye(side) * value + sp.Matrix(side, side, lambda i, j: int(j == i + 1))
        gap = block_power(value, side, n + 1) - block @ block_power(value, side, n)
        pascal = gap.applyfunc(lambda x: sp.expand_func(sp.expand(x / value**n)))
        if not vanishes(pascal) or block_power(value, side, Integer(0)) != sp.eye(side):
            raise SymbpttError("the power of a Jordan block does not pass its check")
    for side in {side for x, side in blocks if x == 0}:
        shift = sp.Matrix(side, side, lambda i, j: int(j == i + 1))
        for k in range(side + 1):  # all powers from the side on are zero
            if block_power(Integer(0), side, Integer(k)) != shift**k:
                raise SymbpttError("the power of a nilpotent block does not pass its check")


def check_small(power: ImmutableMatrix, n: Expr, matrix: ImmutableMatrix, least: int = 0) -> None:
    """The formula against direct powering."""
    direct = ImmutableMatrix(matrix**least)
    for exponent in _TRIED[least:]:
        if not vanishes(at_exponent(power, n, exponent) - direct):
            raise SymbpttError(f"the formula for the power fails at the exponent {exponent}")
        direct = direct @ matrix


def two_by_two(matrix: ImmutableMatrix, n: Expr) -> tuple[Case, ...]:
    """M^n of a 2 x 2 matrix by Cayley and Hamilton: different eigenvalues, and equal ones.

    (λ₁ⁿ(M - λ₂I) - λ₂ⁿ(M - λ₁I))/(λ₁ - λ₂) where λ₁ ≠ λ₂, and λⁿI + nλⁿ⁻¹(M - λI) where both are
    λ = tr M / 2. Of numbers only the case that holds is given.
    """
    matrix = square(matrix)
    if matrix.rows != 2:
        raise SymbpttError("this formula is for matrices with two rows")
    one = ImmutableMatrix.eye(2)
    half = matrix.trace() / 2
    gap = sp.factor(sp.expand(matrix.trace() ** 2 - 4 * matrix.det()))
    cases: list[Case] = []
    if gap != 0:
        root = sp.powdenest(sp.sqrt(gap), force=True)  # either root will do
        a, b = (sp.simplify(half + s * root / 2) for s in (1, -1))
        for x, y in ((a, b), (b, a)):  # M (M - yI) = x (M - yI): M times the formula is the next
            if not vanishes((matrix - x * one) @ (matrix - y * one)):
                raise SymbpttError("the eigenvalues do not pass their check")
        first, second = (
            ((matrix - y * one) / (x - y)).applyfunc(sp.simplify) for x, y in ((a, b), (b, a))
        )
        power = a**n * first + b**n * second
        cases.append(Case(ImmutableMatrix(power), n, symbolic_factors(gap)))
        check_small(cases[-1].power, n, matrix)
    if gap == 0 or not gap.is_number:
        cases.append(_equal_case(matrix, half, n, gap))
    return tuple(cases)


def _equal_case(matrix: ImmutableMatrix, value: Expr, n: Expr, gap: Expr) -> Case:
    """(M - λI)^2 = 0, so that the binomial series of (λI + (M - λI))^n ends."""
    one = ImmutableMatrix.eye(2)
    nilpotent = matrix - value * one
    if not vanishes(nilpotent @ nilpotent - gap / 4 * one):
        raise SymbpttError("the formula for equal eigenvalues does not pass its check")
    zero = sp.Mul(*symbolic_factors(gap)) if gap != 0 else sp.S.Zero
    if value == 0:
        power = sp.KroneckerDelta(n, 0) * one + sp.KroneckerDelta(n, 1) * matrix
        return Case(ImmutableMatrix(power), n, zero=zero)
    power = value**n * one + n * value ** (n - 1) * nilpotent
    least = 0 if value.is_number else 1
    return Case(_where_zero(ImmutableMatrix(power), zero), n, zero=zero, least=least)


def _where_zero(power: ImmutableMatrix, zero: Expr) -> ImmutableMatrix:
    """The formula with a symbol eliminated, where the condition gives one."""
    for symbol in sorted(zero.free_symbols, key=str, reverse=True):
        if sp.degree(zero, symbol) == 1 and sp.diff(zero, symbol).is_number:
            (value,) = sp.solve(zero, symbol)
            return ImmutableMatrix(power.subs(symbol, value).applyfunc(sp.powsimp))
    return power


def _collected(found: Decomposition, middle: ImmutableMatrix, n: Expr) -> ImmutableMatrix:
    """P J^n P^{-1}: each entry a sum of powers of the eigenvalues with simplified coefficients."""
    atoms = {x: sp.Dummy() for x in dict.fromkeys(middle) if not x.is_number}
    back = {d: x for x, d in atoms.items()}
    product = found.basis @ middle.xreplace(atoms) @ found.inverse

    def collected(entry: Expr) -> Expr:
        parts = sp.Poly(sp.expand(entry), *back).terms() if back else ()
        return sp.Add(*(_simple(c) * sp.Mul(*(back[d] ** k for d, k in zip(back, m, strict=True)))
                        for m, c in parts)) if back else entry  # fmt: skip

    return ImmutableMatrix(product.applyfunc(collected))


def _simple(coefficient: Expr) -> Expr:
    return sp.radsimp(sp.factor(sp.simplify(coefficient)))
