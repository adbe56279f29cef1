"""Norms of matrix powers against the exponent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .data import Figure, Line, Panel


def powers(matrices: Mapping[str, Any], steps: int) -> Figure:
    r"""‖Wⁿ‖₂ for every matrix, with its asymptotic rate ρ(W)ⁿ as a faint line.

    For a normal matrix the two agree; for another the norm may grow before it decays.
    """
    import numpy as np

    exponents = tuple(map(float, range(steps + 1)))
    lines = []
    for label, matrix in matrices.items():
        power, norms = np.eye(len(matrix)), []
        for _ in exponents:
            norms.append(float(np.linalg.norm(power, 2)))
            power = power @ matrix
        radius = float(np.abs(np.linalg.eigvals(matrix)).max())
        lines.append(Line(rf"$\|{label}^n\|_2$", exponents, tuple(norms)))
        lines.append(Line("", exponents, tuple(radius**n for n in exponents), faint=True))
    return Figure("powers", (Panel("$n$", "", tuple(lines), yscale="log"),))
