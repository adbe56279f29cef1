"""Spectral radius and spectral norm of a rational matrix, exactly.

The largest real root of ∏(x - λᵢλⱼ), over all pairs of roots of f, is the largest |λ|²: no product
is larger in modulus, and λ times its conjugate is one of them. That polynomial is a resultant, its
real roots are isolated and counted by SymPy, so |λ| is compared with 1 without a float.
"""

from __future__ import annotations

import sympy as sp
from sympy import Expr, ImmutableMatrix, Integer

from symbptt.core.errors import NotSupported

from .eigen import characteristic, factors, rational

_MAX_DEGREE = 8  # the resultant has the square of it
_X, _Y = sp.symbols("x y")


def squares_of_moduli(f: sp.Poly) -> sp.Poly:
    """A polynomial without multiple roots whose largest real root is the largest |λ|² of f."""
    degree = f.degree()
    if degree > _MAX_DEGREE:
        raise NotSupported(f"an irreducible factor of degree {degree} (at most {_MAX_DEGREE})",
                           hint="give the matrix as floats")  # fmt: skip
    expr = f.as_expr(_Y)
    turned = sp.expand(_Y**degree * f.as_expr(_X / _Y))
    product = sp.Poly(sp.resultant(expr, turned, _Y), _X)
    return product.sqf_part()


def against_one(f: sp.Poly) -> int:
    """-1, 0 or 1: whether the largest modulus of a root of f is below, at or above 1."""
    squares = squares_of_moduli(f)
    at = int(squares.eval(1) == 0)
    if squares.count_roots(1, None) > at:
        return 1
    return 0 if at else -1


def largest_modulus(f: sp.Poly) -> Expr:
    """The largest |λ| of the roots of f: a radical where SymPy finds one."""
    if f.degree() == 1:
        return abs(f.all_roots()[0])
    return root_of(sp.real_roots(squares_of_moduli(f), multiple=True)[-1])


def spectral_radius(matrix: ImmutableMatrix) -> Expr:
    """ρ(M) of a rational matrix."""
    moduli = [largest_modulus(f.poly) for f in factors(matrix)]
    return max(moduli, key=lambda value: value.evalf(50))


def norm(matrix: ImmutableMatrix) -> Expr:
    """‖M‖₂ of a matrix of rationals: the root of the largest eigenvalue of M^T M."""
    gram = characteristic(rational(ImmutableMatrix(matrix.T @ matrix)))
    return root_of(sp.real_roots(gram, multiple=True)[-1])


def root_of(value: Expr) -> Expr:
    """The square root, denested where it can be."""
    return sp.expand(sp.radsimp(sp.sqrtdenest(sp.sqrt(value)))) if value != 0 else Integer(0)


def is_normal(matrix: ImmutableMatrix) -> bool:
    """Whether M M^T = M^T M."""
    return matrix @ matrix.T == matrix.T @ matrix
