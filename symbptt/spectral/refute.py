"""Small counterexamples to claims about the spectral radius, found by search.

Each search goes through matrices in the order of the sum of the moduli of their entries and takes
the first that refutes the claim. A witness holds the matrices and exact numbers, so that it can be
checked by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from sympy import Expr, ImmutableMatrix, Integer, Rational

from symbptt.core.errors import SymbpttError

from . import radius
from .eigen import factors

_SHOWN = 6


@dataclass(frozen=True)
class Witness:
    """``factors`` are multiplied in turn, again and again; ``norms[n]`` is ‖·‖₂ of n rounds.

    ``radii`` are the spectral radii of the factors, ``exponent`` the number of rounds at which the
    claim fails first.
    """

    factors: tuple[ImmutableMatrix, ...]
    radii: tuple[Expr, ...]
    norms: tuple[Expr, ...]
    exponent: int


def norm_above_radius(denominator: int = 1, largest: int = 4) -> Witness:
    """Refutes "‖W^n‖₂ <= ρ(W)^n": the smallest W, of size 2, for which it fails."""
    for matrix in _matrices(denominator, largest):
        if not radius.is_normal(matrix):  # for a normal one both sides are equal
            found = _first(matrix, lambda n, size, rho: size > rho**n)
            if found is not None:
                return found
    raise _nothing(largest)


def growth_below_one(
    denominator: int = 1, largest: int = 4, exponent: int = 1, invertible: bool = False
) -> Witness:
    """Refutes "ρ(W) < 1 implies ‖W^n‖₂ <= 1", at the given n; W^n still tends to zero."""
    for matrix in _matrices(denominator, largest):
        if _sign(matrix) >= 0 or (invertible and matrix.det() == 0):
            continue
        found = _first(matrix, lambda n, size, _: n == exponent and size > 1)
        if found is not None:
            return found
    raise _nothing(largest)


def product_of_contractions(growing: bool = True, largest: int = 3) -> Witness:
    """Refutes "a product of matrices, each of spectral radius below one, tends to zero".

    The two factors A and B have ρ < 1, and ρ(AB) >= 1; ``growing`` asks for more than 1.
    """
    small = [m for m in _matrices(1, largest) if _sign(m) < 0]
    pairs = sorted(product(small, small), key=lambda pair: sum(map(_height, pair)))
    for a, b in pairs:
        sign = _sign(ImmutableMatrix(a @ b))
        if sign > 0 or (sign == 0 and not growing):
            norms = tuple(radius.norm(ImmutableMatrix((a @ b) ** n)) for n in range(_SHOWN))
            return Witness((a, b), (_radius(a), _radius(b)), norms, 1)
    raise _nothing(largest)


def _first(matrix: ImmutableMatrix, fails: object) -> Witness | None:
    rho = _radius(matrix)
    norms = tuple(radius.norm(ImmutableMatrix(matrix**n)) for n in range(_SHOWN))
    for n, size in enumerate(norms):
        if fails(n, size, rho):  # type: ignore[operator]
            return Witness((matrix,), (rho,), norms, n)
    return None


def _matrices(denominator: int, largest: int) -> Iterator[ImmutableMatrix]:
    """2 x 2 matrices of multiples of 1/denominator: small ones first, upper ones before lower.

    Of W and its negative or transpose, which behave alike, one comes first and is found first.
    """
    values = range(-largest, largest + 1)
    grids = (g for g in product(values, repeat=4) if sum(map(abs, g)) <= largest)
    for a, b, c, d in sorted(grids, key=lambda g: (sum(map(abs, g)), [-x for x in g])):
        entries = [[Rational(x, denominator) for x in row] for row in ((a, b), (c, d))]
        yield ImmutableMatrix(entries)


def _height(matrix: ImmutableMatrix) -> Expr:
    return sum((abs(x) for x in matrix), Integer(0))


@lru_cache(maxsize=4096)
def _sign(matrix: ImmutableMatrix) -> int:
    """-1, 0, 1: ρ below, at, above 1."""
    return max(radius.against_one(f.poly) for f in factors(matrix))


@lru_cache(maxsize=4096)
def _radius(matrix: ImmutableMatrix) -> Expr:
    return radius.spectral_radius(matrix)


def _nothing(largest: int) -> SymbpttError:
    return SymbpttError(f"no counterexample with entries of moduli up to {largest} in sum")
