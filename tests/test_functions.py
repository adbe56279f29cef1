"""The table of elementwise functions, row by row, against SymPy and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from symbptt.core.functions import ROWS, TABLE, Function, known
from symbptt.core.world import numeric

POINTS = np.array([-2.7, -0.4, 0.3, 1.9])
_x = sp.Symbol("x", real=True)


def points(row: Function) -> np.ndarray:
    return np.abs(POINTS) if row.name in ("log", "sqrt") else POINTS


def value(row: Function, at: np.ndarray) -> np.ndarray:
    return np.array([float(row.at(sp.Float(p))) for p in at])


WITH_FORM = [row for row in ROWS if row.derivative is not None]


@pytest.mark.parametrize("row", WITH_FORM, ids=lambda r: r.name)
def test_derivative_in_terms_of_the_table(row: Function) -> None:
    """The polynomial of the row equals what SymPy derives."""
    assert row.derivative is not None
    at = points(row)
    mine = np.zeros_like(at)
    for coefficient, factors in row.derivative:
        term = np.full_like(at, coefficient)
        for name in factors:
            term = term * (at if name == "x" else value(TABLE[name], at))
        mine += term
    slope = row.slope()
    theirs = np.array([float(slope.subs(_x, sp.Float(p))) for p in at])
    assert np.allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("row", [r for r in ROWS if r.numpy], ids=lambda r: r.name)
def test_numpy_form(row: Function) -> None:
    at = points(row)
    mine = eval(row.numpy.format(x="x"), {"np": np, "x": at})  # our own table, not input
    assert np.allclose(mine, value(row, at), rtol=1e-12)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_range_and_steepest_slope(row: Function) -> None:
    grid = np.linspace(-6, 6, 1201)
    grid = grid[grid > 0] if row.name in ("log", "sqrt", "recip") else grid
    values = [row.at(sp.Rational(round(p * 100), 100)) for p in grid[::60]]
    assert all(bool(row.range.contains(v)) for v in values)
    if row.sup_slope is not None and not row.kinks:
        slopes = np.abs(numeric(row.name, 1)(grid) * np.ones_like(grid))
        assert slopes.max() <= float(row.sup_slope) + 1e-12
        assert slopes.max() >= 0.95 * float(row.sup_slope)


def test_aliases() -> None:
    assert known("logistic") is TABLE["sigmoid"] and known(r"\sigma") is None
