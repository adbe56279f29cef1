"""What an unspecified function of vectors may be: sums, with weights, squares, all together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sympy as sp

from .scalars import Scalar


@dataclass(frozen=True)
class Quadratic:
    """F_i(u) = Σ_j linear[i][j] u_j + Σ_j square[i][j] u_j² + Σ_j cross[i][j] u_j u_{j+1}."""

    linear: tuple[tuple[int, ...], ...]
    square: tuple[tuple[int, ...], ...]
    cross: tuple[tuple[int, ...], ...]

    def value(self, u: list[Scalar]) -> list[Scalar]:
        """F(u)."""
        out: list[Scalar] = []
        neighbours = list(pairwise(u))
        for a, b, c in zip(self.linear, self.square, self.cross, strict=True):
            total: Scalar = 0
            for x, p, q in zip(u, a, b, strict=True):
                if p:
                    total = total + x * p
                if q:
                    total = total + x * x * q
            for (x, y), r in zip(neighbours, c, strict=True):
                if r:
                    total = total + x * y * r
            out.append(total)
        return out

    def jacobian(self, u: list[Scalar]) -> list[list[Scalar]]:
        """∂F_i/∂u_j."""
        rows = []
        for a, b, c in zip(self.linear, self.square, self.cross, strict=True):
            row: list[Scalar] = [p + 2 * q * x for x, p, q in zip(u, a, b, strict=True)]
            for j, r in enumerate(c):
                row[j] = row[j] + u[j + 1] * r
                row[j + 1] = row[j + 1] + u[j] * r
            rows.append(row)
        return rows

    def exprs(self, symbols: list[sp.Symbol]) -> list[sp.Expr]:
        """Its rows as SymPy expressions."""

        return [
            sum((p * x for x, p in zip(symbols, a, strict=True)), sp.Integer(0))
            + sum(q * x**2 for x, q in zip(symbols, b, strict=True))
            + sum(r * x * y for (x, y), r in zip(pairwise(symbols), c, strict=True))
            for a, b, c in zip(self.linear, self.square, self.cross, strict=True)
        ]


KINDS = 4  # of functions of vectors, the simplest first


@lru_cache(maxsize=1024)
def quadratic(kind: int, index: int, rows: int, size: int) -> Quadratic:
    """The function of that kind: sums, then with weights, then squares, then all together.

    ``index`` is its time index. A function with as many rows as entries keeps them apart.
    """
    apart = rows == size

    def grid(entry: Any, columns: int = size) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(int(entry(i, j)) for j in range(columns)) for i in range(rows))

    if kind == 3:
        return Quadratic(
            grid(lambda i, j: 1 + (i + 2 * j + index) % 3),
            grid(lambda i, j: 1 + (2 * i + j + index) % 4),
            grid(lambda i, j: 1 + (i + j) % 2, size - 1),
        )
    zero, plain = grid(lambda i, j: 0), grid(lambda i, j: i == j if apart else 1)
    none = grid(lambda i, j: 0, size - 1)
    weighted = grid(lambda i, j: (i + 1) * (i == j) if apart else i + j + 1)
    return (
        Quadratic(plain, zero, none), Quadratic(weighted, zero, none), Quadratic(zero, plain, none)
    )[kind]  # fmt: skip
