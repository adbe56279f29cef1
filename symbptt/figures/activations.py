"""Activation functions with their derivatives, from the table of functions."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symbptt.core.errors import SymbpttError
from symbptt.core.functions import TABLE, known
from symbptt.core.world import numeric

from .data import Figure, Line, Mark, Panel

_LIMIT, _POINTS = 4, 321
_ATTAINED = 1e-6


def activations(names: Sequence[str]) -> Figure:
    r"""f and f′ on [-4, 4], a panel for each function, with sup |f′| marked.

    The supremum is the exact value of the table: a point where it is attained on the interval,
    otherwise a faint line.
    """
    return Figure("activations", tuple(map(_panel, names)))


def _panel(name: str) -> Panel:
    import numpy as np

    row = known(name)
    if row is None:
        raise SymbpttError(f"there is no function {name}", hint="known are " + ", ".join(TABLE))
    if not row.sup_slope:
        raise SymbpttError(f"the derivative of {name} is unbounded or zero: nothing to mark")
    x = np.linspace(-_LIMIT, _LIMIT, _POINTS)
    lines = []
    for order, label in ((0, f"${row.latex}$"), (1, f"${row.latex}'$")):
        values = np.broadcast_to(np.asarray(numeric(row.name, order)(x), dtype=float), x.shape)
        lines.append(Line(label, tuple(map(float, x)), tuple(map(float, values))))
    slopes = np.abs(lines[1].y)
    gamma, top = rf"$\gamma = {sp.latex(row.sup_slope)}$", int(np.argmax(slopes))
    if slopes[top] >= float(row.sup_slope) - _ATTAINED:
        return Panel("$x$", "", tuple(lines), (Mark(gamma, float(x[top]), lines[1].y[top]),))
    bound = Line(gamma, lines[1].x, tuple(float(row.sup_slope) for _ in x), faint=True)
    return Panel("$x$", "", (*lines, bound))
