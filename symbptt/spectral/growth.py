"""How the powers of a matrix grow: to zero, bounded, or without bound.

W^n -> 0 exactly when ρ(W) < 1; it is bounded when ρ(W) = 1 and the eigenvalues on the unit circle
are semisimple; else it grows like n^{k-1} (k the largest Jordan block on the circle) or like ρ^n.
Source: R. Horn, C. Johnson, Matrix Analysis (2013), theorem 5.6.12 and section 3.2.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import sympy as sp
from sympy import Expr, ImmutableMatrix
from sympy.polys.matrices import DomainMatrix

from . import radius
from .eigen import Eigenvalue, Factor, eigenvalues, factors, rational

_LONGEST = 500  # powers looked at for the largest norm


class Kind(StrEnum):
    """What the powers do."""

    vanishing = "vanishing"
    bounded = "bounded"
    polynomial = "polynomial"
    exponential = "exponential"
    undecided = "undecided"


@dataclass(frozen=True)
class Peak:
    """max ‖W^n‖₂ over n >= 0, at the first such n; from ``until`` on ‖W^until‖ <= 1 bounds it.

    For n >= N with ‖W^N‖ <= 1 the norm is at most that of an earlier power, so the maximum over
    n < N is the maximum over all n.
    """

    exponent: int
    norm: Expr
    until: int


@dataclass(frozen=True)
class Growth:
    """The verdict on a rational matrix, with what it rests on.

    ``circle`` are the factors with a root of modulus 1 when ρ = 1, ``degree`` the power of n by
    which the norms grow then. ``peak`` is known when the powers vanish, or the matrix is normal.
    """

    matrix: ImmutableMatrix
    kind: Kind
    radius: Expr
    norm: Expr
    normal: bool
    eigenvalues: tuple[Eigenvalue, ...]
    circle: tuple[Factor, ...]
    degree: int
    peak: Peak | None

    def json(self) -> dict[str, object]:
        """The verdict as data: exact numbers as text."""
        values = [(str(e.value), e.algebraic, e.geometric) for e in self.eigenvalues]
        peak = self.peak
        return {
            "powers": self.kind.value, "radius": str(self.radius), "norm": str(self.norm),
            "normal": self.normal, "degree": self.degree,
            "eigenvalues": [
                {"value": v, "algebraic": a, "geometric": g} for v, a, g in values
            ],
            "peak": None if peak is None else {"exponent": peak.exponent, "norm": str(peak.norm)},
        }  # fmt: skip


def classify(matrix: ImmutableMatrix) -> Growth:
    """How the powers of a square rational matrix grow, decided exactly."""
    matrix = rational(matrix)
    found = factors(matrix)
    signs = {f: radius.against_one(f.poly) for f in found}
    top = max(signs.values())
    circle = tuple(f for f in found if signs[f] == 0) if top == 0 else ()
    degree = max((f.largest_block - 1 for f in circle), default=0)
    kind = {-1: Kind.vanishing, 0: Kind.polynomial if degree else Kind.bounded}
    normal = radius.is_normal(matrix)
    return Growth(
        matrix, kind.get(top, Kind.exponential), radius.spectral_radius(matrix),
        radius.norm(matrix), normal, eigenvalues(matrix), circle, degree,
        _peak(matrix, normal) if top < 0 or (top == 0 and normal) else None,
    )  # fmt: skip


def _peak(matrix: ImmutableMatrix, normal: bool) -> Peak | None:
    """The largest norm of a power. Its place is found in floats, its value is exact."""
    if normal:  # ‖W^n‖ = ρ^n
        return Peak(0, sp.S.One, 1)
    one = DomainMatrix.eye(matrix.rows, sp.QQ)
    step, power = DomainMatrix.from_Matrix(matrix).convert_to(sp.QQ), one
    best, place = 1.0, (0, one)
    for n in range(1, _LONGEST + 1):
        power = power * step
        entries = [x for row in power.to_list() for x in row]
        if sum(x * x for x in entries) <= 1:  # ‖.‖₂ is at most the Frobenius norm
            value = radius.norm(ImmutableMatrix(place[1].to_Matrix()))
            return Peak(place[0], value, n)
        shown = np.array([float(x) for x in entries]).reshape(matrix.shape)
        size = float(np.linalg.norm(shown, 2))
        if size > best * (1 + 1e-12):
            best, place = size, (n, power)
    return None
