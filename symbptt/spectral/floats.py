"""Powers and their growth for matrices of floats: NumPy, with bounds for what rounding may do.

A verdict holds for every matrix within the tolerance of the given one, or it is "undecided".
Sources: N. Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.5 (products);
F. Bauer, C. Fike, Norms and exclusion theorems, Numer. Math. 2 (1960) (eigenvalues).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbptt.core.errors import ShapeError, SymbpttError

from .growth import Kind

Floats = NDArray[np.float64]
_UNIT = float(np.finfo(np.float64).eps)
_DOUBLINGS = 60
_HUGE = 1e120
TOLERANCE = 1e-12


@dataclass(frozen=True)
class FloatGrowth:
    """The verdict on a matrix of floats, each entry known within tolerance * ‖W‖ (Frobenius).

    ``exponent`` is the m whose power decides: ‖W^m‖ < 1, or |tr W^m| > number of rows.
    ``condition`` is that of the computed eigenvectors, infinite where they are dependent.
    """

    kind: Kind
    radius: float
    norm: float
    condition: float
    normal: bool
    tolerance: float
    exponent: int | None


@dataclass(frozen=True)
class FloatPower:
    """W^n by repeated multiplication, with a bound of its error in the Frobenius norm.

    ``by_eigenvalues`` is V Λ^n V^{-1}, ``condition`` κ₂(V), ``difference`` that between the two.
    """

    value: Floats
    bound: float
    by_eigenvalues: Floats
    condition: float
    difference: float


def checked(matrix: object) -> Floats:
    """A square matrix of finite floats."""
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ShapeError(f"the matrix has the shape {array.shape}; it must be square")
    if not np.isfinite(array).all():
        raise SymbpttError("the matrix has an entry that is not finite")
    return array


def classify_floats(matrix: object, tolerance: float = TOLERANCE) -> FloatGrowth:
    """How the powers grow, for every matrix within the tolerance; undecided otherwise.

    W^(2^k) is squared along with a bound E of its error. ‖W^m‖ + E < 1 proves ρ < 1;
    |tr W^m| - nE > n proves ρ > 1, since |tr W^m| <= n ρ^m. Neither needs the eigenvectors, so
    defective matrices are decided too; ρ = 1 never is, since a small change moves it.
    """
    array = checked(matrix)
    side = len(array)
    power, error, exponent = array, tolerance * _size(array), 1
    kind, decided = Kind.undecided, None
    for _ in range(_DOUBLINGS):
        size = _size(power)
        if size + error < 1:
            kind, decided = Kind.vanishing, exponent
        elif abs(float(np.trace(power))) - side * error > side * (1 + side * _UNIT):
            kind, decided = Kind.exponential, exponent
        if decided is not None or error > size or size > _HUGE:
            break
        error = _error_of_product(power, error, power, error)
        power, exponent = power @ power, 2 * exponent
    values, vectors = np.linalg.eig(array)
    gap = _size(array @ array.T - array.T @ array)
    scale = max(_size(array) ** 2, np.finfo(np.float64).tiny)
    return FloatGrowth(
        kind, float(np.abs(values).max()), float(np.linalg.norm(array, 2)), _condition(vectors),
        gap <= 4 * tolerance * scale, tolerance, decided,
    )  # fmt: skip


def power_of_floats(matrix: object, n: int) -> FloatPower:
    """W^n for n >= 0, two ways, with a bound for the first."""
    array = checked(matrix)
    if n < 0:
        raise SymbpttError(f"the exponent is {n}; it must not be negative")
    result, error = np.eye(len(array)), 0.0
    square, slip = array, 0.0
    rest = n
    with np.errstate(all="ignore"):
        while rest:
            if rest % 2:
                error = _error_of_product(result, error, square, slip)
                result = result @ square
            rest //= 2
            if rest:
                slip = _error_of_product(square, slip, square, slip)
                square = square @ square
    if not np.isfinite(result).all():
        raise SymbpttError(f"the power {n} is too large for floats")
    values, vectors = np.linalg.eig(array)
    condition = _condition(vectors)
    if np.isfinite(condition):
        spectral = np.real(vectors * values**n @ np.linalg.inv(vectors))
        difference = _size(spectral - result)
    else:
        spectral, difference = np.full_like(result, np.nan), float("inf")
    return FloatPower(result, error, spectral, condition, difference)


def _size(array: Floats) -> float:
    return float(np.linalg.norm(array))


def _error_of_product(a: Floats, ea: float, b: Floats, eb: float) -> float:
    """A bound for the computed product of matrices that are known within ea and eb."""
    rounding = 2 * len(a) * _UNIT
    return _size(a) * eb + ea * _size(b) + ea * eb + rounding * (_size(a) + ea) * (_size(b) + eb)


def _condition(vectors: NDArray[np.complex128]) -> float:
    condition = float(np.linalg.cond(vectors))
    return condition if condition < 1 / _UNIT else float("inf")
