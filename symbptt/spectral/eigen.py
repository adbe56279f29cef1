"""Eigenvalues with their multiplicities, eigenvectors, diagonal or Jordan form.

What SymPy finds is accepted only after P is seen to be invertible and M P = P J multiplied out.
Over the rationals the multiplicities come from ranks of f(M) for the irreducible factors f of the
characteristic polynomial, so that they never depend on a root being recognised as zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr, ImmutableMatrix

from symbptt.core.errors import NotSupported, ShapeError, SymbpttError

_MAX_SYMBOLIC = 4  # sides; symbolic entries beyond this take minutes
_X = sp.Dummy("x")


@dataclass(frozen=True)
class Factor:
    """An irreducible factor f of the characteristic polynomial of a rational matrix.

    ``times`` is its multiplicity; ``nullities`` are those of f(M), f(M)^2, ... up to where they no
    longer grow. All roots of f have the same Jordan blocks: the field automorphisms permute them.
    """

    poly: sp.Poly
    times: int
    nullities: tuple[int, ...]

    @property
    def geometric(self) -> int:
        """The dimension of the eigenspace of each root."""
        return self.nullities[0] // self.poly.degree()

    @property
    def largest_block(self) -> int:
        """The side of the largest Jordan block of each root."""
        return len(self.nullities)

    @property
    def semisimple(self) -> bool:
        """Whether all Jordan blocks of the roots are 1 x 1."""
        return self.largest_block == 1


@dataclass(frozen=True)
class Eigenvalue:
    """An eigenvalue with its algebraic and geometric multiplicity."""

    value: Expr
    algebraic: int
    geometric: int

    @property
    def counted(self) -> tuple[Expr, Expr, Expr]:
        """The eigenvalue and its multiplicities as exact numbers."""
        return self.value, sp.Integer(self.algebraic), sp.Integer(self.geometric)


@dataclass(frozen=True)
class Decomposition:
    """M = P J P^{-1}; ``conditions`` are expressions that must not vanish (symbolic entries)."""

    matrix: ImmutableMatrix
    basis: ImmutableMatrix
    jordan: ImmutableMatrix
    inverse: ImmutableMatrix
    blocks: tuple[tuple[Expr, int], ...]
    conditions: tuple[Expr, ...] = ()

    @property
    def diagonal(self) -> bool:
        """Whether J is diagonal."""
        return all(side == 1 for _, side in self.blocks)

    @property
    def eigenvalues(self) -> tuple[Eigenvalue, ...]:
        """The different eigenvalues, in the order of J."""
        values = dict.fromkeys(value for value, _ in self.blocks)
        sides = {v: [side for value, side in self.blocks if value == v] for v in values}
        return tuple(Eigenvalue(v, sum(s), len(s)) for v, s in sides.items())


def square(matrix: ImmutableMatrix) -> ImmutableMatrix:
    """The matrix, if it is square."""
    if matrix.rows != matrix.cols:
        shape = f"{matrix.rows} x {matrix.cols}"
        raise ShapeError(f"the matrix is {shape}; it must be square to have eigenvalues")
    return ImmutableMatrix(matrix)


def rational(matrix: ImmutableMatrix) -> ImmutableMatrix:
    """The matrix, if it is square with rational entries."""
    bad = next((x for x in square(matrix) if not x.is_Rational), None)
    if bad is not None:
        raise NotSupported(f"the entry {bad} is not a rational number",
                           hint="this is decided exactly for rational entries")  # fmt: skip
    return ImmutableMatrix(matrix)


def characteristic(matrix: ImmutableMatrix) -> sp.Poly:
    """The characteristic polynomial of a rational matrix."""
    return sp.Poly(matrix.charpoly().as_expr(_X), _X, domain="QQ")


def factors(matrix: ImmutableMatrix) -> tuple[Factor, ...]:
    """The irreducible factors over the rationals, with the nullities of their powers at M."""
    matrix = rational(matrix)
    found = characteristic(matrix).factor_list()[1]
    return tuple(Factor(f, k, _nullities(matrix, f)) for f, k in found)


def _nullities(matrix: ImmutableMatrix, f: sp.Poly) -> tuple[int, ...]:
    at = power = value_at(f, matrix)
    out: list[int] = []
    while True:
        nullity = matrix.rows - power.rank()
        if out and nullity == out[-1]:
            return tuple(out)
        out.append(nullity)
        power = power @ at


def value_at(f: sp.Poly, matrix: ImmutableMatrix) -> ImmutableMatrix:
    """f(M) by Horner's rule."""
    result, one = ImmutableMatrix.zeros(*matrix.shape), ImmutableMatrix.eye(matrix.rows)
    for coefficient in f.all_coeffs():
        result = result @ matrix + coefficient * one
    return result


def eigenvalues(matrix: ImmutableMatrix) -> tuple[Eigenvalue, ...]:
    """The eigenvalues of a rational matrix, exact: radicals up to degree 2, else ``CRootOf``."""
    return tuple(
        Eigenvalue(root, f.times, f.geometric)
        for f in factors(matrix)
        for root in f.poly.all_roots(multiple=True, radicals=True)
    )


def decompose(matrix: ImmutableMatrix) -> Decomposition:
    """The diagonal or Jordan form with its basis, checked.

    NotSupported where eigenvalues are no radicals of degree 2, or SymPy's result fails the check.
    """
    matrix = square(matrix)
    symbolic = bool(matrix.free_symbols)
    if symbolic and matrix.rows > _MAX_SYMBOLIC:
        raise NotSupported(f"symbolic entries in a matrix of more than {_MAX_SYMBOLIC} rows",
                           hint="give numbers")  # fmt: skip
    degree = max(f.degree() for f, _ in _char_factors(matrix))
    if degree > 2:
        raise NotSupported(
            f"eigenvalues are roots of an irreducible polynomial of degree {degree}",
            hint="a form with radicals is given up to degree 2; give the exponent a value",
        )
    diagonalizable = None if symbolic else _semisimple(matrix)
    try:
        basis, jordan = _sympy_form(matrix, diagonalizable)
    except (sp.matrices.exceptions.MatrixError, NotImplementedError, ValueError) as error:
        raise NotSupported(f"no Jordan form was found: {error}") from error
    basis, jordan = (ImmutableMatrix(m.applyfunc(sp.simplify)) for m in (basis, jordan))
    determinant = sp.simplify(basis.det())
    if determinant == 0 or not vanishes(matrix @ basis - basis @ jordan):
        raise NotSupported("the Jordan form that was found does not pass its check")
    inverse = ImmutableMatrix(basis.inv().applyfunc(lambda x: sp.radsimp(sp.simplify(x))))
    if not vanishes(basis @ inverse - ImmutableMatrix.eye(matrix.rows)):
        raise NotSupported("the inverse of the eigenvectors does not pass its check")
    conditions = _conditions([*basis, *jordan, *inverse], determinant) if symbolic else ()
    return Decomposition(matrix, basis, jordan, inverse, blocks_of(jordan), conditions)


def _char_factors(matrix: ImmutableMatrix) -> list[tuple[sp.Poly, int]]:
    return sp.Poly(matrix.charpoly().as_expr(_X), _X).factor_list()[1]


def _semisimple(matrix: ImmutableMatrix) -> bool | None:
    rationals = all(x.is_Rational for x in matrix)
    return all(f.semisimple for f in factors(matrix)) if rationals else None


def _sympy_form(
    matrix: ImmutableMatrix, diagonalizable: bool | None
) -> tuple[sp.Matrix, sp.Matrix]:
    plain = sp.Matrix(matrix)
    return plain.diagonalize() if diagonalizable else plain.jordan_form()


def blocks_of(jordan: ImmutableMatrix) -> tuple[tuple[Expr, int], ...]:
    """The eigenvalue and side of each Jordan block."""
    out: list[tuple[Expr, int]] = []
    for i in range(jordan.rows):
        if i and jordan[i - 1, i] == 1:
            out[-1] = (out[-1][0], out[-1][1] + 1)
        else:
            out.append((jordan[i, i], 1))
    return tuple(out)


def _conditions(entries: list[Expr], determinant: Expr) -> tuple[Expr, ...]:
    """What must not vanish: every denominator, and det P. Then M P = P J says M = P J P^{-1}."""
    above, below = sp.fraction(sp.together(determinant))
    found: dict[Expr, None] = {}
    for expr in (above, below, *(sp.fraction(sp.together(x))[1] for x in entries)):
        found |= dict.fromkeys(symbolic_factors(expr))
    return tuple(found)


def symbolic_factors(expr: Expr) -> tuple[Expr, ...]:
    """The different factors with symbols: the expression vanishes exactly where one of them does.

    A constant factor must not be zero. Of a factor and its negative one is taken.
    """
    found: dict[Expr, None] = {}
    for factor in sp.Mul.make_args(sp.factor(expr)):
        base = factor.base if factor.is_Pow and factor.exp.is_positive else factor
        if base.free_symbols:
            found[min(base, -base, key=lambda x: (x.could_extract_minus_sign(), str(x)))] = None
    return tuple(found)


def vanishes(matrix: ImmutableMatrix) -> bool:
    """Whether every entry is exactly zero, as far as SymPy can tell."""
    return all(sp.simplify(sp.expand(x)) == 0 for x in matrix)


def orthogonal(matrix: ImmutableMatrix) -> bool:
    """Whether Q^T Q = I."""
    return vanishes(matrix.T @ matrix - ImmutableMatrix.eye(matrix.cols))


def involution(matrix: ImmutableMatrix) -> bool:
    """Whether a matrix is its own inverse."""
    return matrix.rows == matrix.cols and vanishes(
        matrix @ matrix - ImmutableMatrix.eye(matrix.rows)
    )


def invert(matrix: ImmutableMatrix) -> ImmutableMatrix:
    """The inverse, checked by multiplying out."""
    matrix = square(matrix)
    if sp.simplify(matrix.det()) == 0:
        raise SymbpttError("the matrix is singular, it has no inverse")
    inverse = ImmutableMatrix(matrix.inv().applyfunc(lambda x: sp.radsimp(sp.cancel(x))))
    if not vanishes(matrix @ inverse - ImmutableMatrix.eye(matrix.rows)):
        raise NotSupported("the inverse does not pass its check")
    return inverse
