"""How powers grow, counterexamples, and suprema of slopes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import ImmutableMatrix, Rational

from symbptt.core.errors import NotSupported, ShapeError, SymbpttError
from symbptt.core.functions import TABLE
from symbptt.core.world import numeric
from symbptt.spectral import floats, growth, radius, refute, suprema
from symbptt.spectral.growth import Kind, classify
from symbptt.spectral.reading import read_matrix

ROTATION = sp.Matrix([[Rational(3, 5), Rational(-4, 5)], [Rational(4, 5), Rational(3, 5)]])
SHEARS = [sp.Matrix([[1, 2], [0, 1]]), sp.Matrix([[1, 0], [-1, 1]])]


def cell(value: object, side: int) -> sp.Matrix:
    """A Jordan block of a number, or of a pair of conjugates: a rotation scaled by it."""
    if isinstance(value, tuple):
        (scale,) = value
        block = sp.kronecker_product(sp.eye(side), scale * ROTATION)
        return block + sp.kronecker_product(
            sp.Matrix(side, side, lambda i, j: int(j == i + 1)), sp.eye(2)
        )
    return sp.jordan_cell(value, side)


VALUES = [sp.S.Zero, sp.S.One, -sp.S.One, Rational(9, 10), Rational(-1, 2), Rational(11, 10),
          (sp.S.One,), (Rational(1, 2),), (Rational(6, 5),)]  # fmt: skip


@st.composite
def built(draw: st.DrawFn) -> tuple[ImmutableMatrix, Kind, int]:
    """A matrix built from blocks, and what its powers do by the definition of the blocks."""
    count = draw(st.integers(1, 2))
    blocks = [(draw(st.sampled_from(VALUES)), draw(st.integers(1, 2))) for _ in range(count)]
    matrix = sp.diag(*(cell(*block) for block in blocks))
    basis = sp.eye(matrix.rows)
    for _ in range(draw(st.integers(0, 3))):
        i = draw(st.integers(0, max(0, matrix.rows - 2)))
        if matrix.rows > 1:
            shear = sp.eye(matrix.rows)
            shear[i : i + 2, i : i + 2] = draw(st.sampled_from(SHEARS))
            basis = shear * basis
    moduli = [(abs(v[0]) if isinstance(v, tuple) else abs(v), side) for v, side in blocks]
    top = max(m for m, _ in moduli)
    degree = max((side - 1 for m, side in moduli if m == 1), default=0) if top == 1 else 0
    kind = Kind.exponential if top > 1 else Kind.vanishing if top < 1 else (
        Kind.polynomial if degree else Kind.bounded)  # fmt: skip
    return ImmutableMatrix(basis * matrix * basis.inv()), kind, degree


@settings(max_examples=40)
@given(built())
def test_the_class_of_a_matrix_with_known_blocks(case: tuple[ImmutableMatrix, Kind, int]) -> None:
    matrix, kind, degree = case
    found = classify(matrix)
    assert (found.kind, found.degree) == (kind, degree)
    array = np.array(matrix.tolist(), dtype=float)
    assert float(found.norm) == pytest.approx(np.linalg.norm(array, 2), abs=1e-9)
    seen = floats.classify_floats(array).kind
    assert seen in (kind, Kind.undecided)
    if kind in (Kind.bounded, Kind.polynomial):
        assert seen is Kind.undecided


@settings(max_examples=40)
@given(st.lists(st.integers(-3, 3), min_size=9, max_size=9), st.integers(1, 7))
def test_radius_and_norm_against_numpy(entries: list[int], denominator: int) -> None:
    matrix = ImmutableMatrix(3, 3, [Rational(x, denominator) for x in entries])
    array = np.array(matrix.tolist(), dtype=float)
    rho = np.abs(np.linalg.eigvals(array)).max()
    assert float(radius.spectral_radius(matrix)) == pytest.approx(rho, abs=1e-4)
    assert float(radius.norm(matrix)) == pytest.approx(np.linalg.norm(array, 2), abs=1e-8)
    assert radius.is_normal(matrix) == np.allclose(array @ array.T, array.T @ array, atol=1e-12)


@settings(max_examples=30)
@given(st.lists(st.integers(-4, 4), min_size=4, max_size=4))
def test_the_largest_norm_of_a_power(entries: list[int]) -> None:
    matrix = ImmutableMatrix(2, 2, [Rational(x, 5) for x in entries])
    found = classify(matrix)
    if found.kind is not Kind.vanishing:
        return
    assert found.peak is not None
    array = np.array(matrix.tolist(), dtype=float)
    norms = [np.linalg.norm(np.linalg.matrix_power(array, n), 2) for n in range(60)]
    assert float(found.peak.norm) == pytest.approx(max(norms))
    assert norms[found.peak.exponent] == pytest.approx(max(norms))


def test_one_is_decided_exactly_where_floats_cannot() -> None:
    below = 1 - Rational(1, 10**40)
    assert classify(ImmutableMatrix([[below, 0], [0, below]])).kind is Kind.vanishing
    above = 1 + Rational(1, 10**40)
    assert classify(ImmutableMatrix([[above, 0], [0, 1]])).kind is Kind.exponential
    salem = read_matrix("[[0,0,0,-1],[1,0,0,1],[0,1,0,1],[0,0,1,1]]")  # two roots on the circle
    assert classify(salem).kind is Kind.exponential


def test_exact_values() -> None:
    found = classify(read_matrix("[[1, 1], [1, 0]]"))
    golden = (1 + sp.sqrt(5)) / 2
    assert sp.simplify(found.radius - golden) == 0 and sp.simplify(found.norm - golden) == 0
    jordan = classify(read_matrix("[[0.9, 10], [0, 0.9]]"))
    assert jordan.peak is not None and jordan.peak.exponent == 9
    assert not jordan.normal and jordan.norm == 5 + sp.sqrt(2581) / 10


def test_what_is_not_rational_or_not_square_is_refused() -> None:
    with pytest.raises(NotSupported, match="not a rational"):
        classify(read_matrix(r"[[\sqrt{2}, 0], [0, 1]]"))
    with pytest.raises(ShapeError, match="square"):
        classify(read_matrix("[[1, 2, 3], [4, 5, 6]]"))
    with pytest.raises(ShapeError):
        floats.classify_floats([[1.0, 2.0]])
    with pytest.raises(SymbpttError, match="finite"):
        floats.classify_floats([[float("nan")]])


# ---------------------------------------------------------------- floats


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        ([[0.5, 1], [0, 0.5]], Kind.vanishing),
        ([[0.5, 100], [0, 0.5]], Kind.vanishing),
        ([[1, 1], [0, 1]], Kind.undecided),
        ([[0, -1], [1, 0]], Kind.undecided),
        ([[0, -1.01], [1.01, 0]], Kind.exponential),
        ([[1 - 1e-14, 0], [0, 0.5]], Kind.undecided),
    ],
)
def test_floats(matrix: list[list[float]], kind: Kind) -> None:
    assert floats.classify_floats(matrix).kind is kind


def test_a_tolerance_leaves_more_undecided() -> None:
    matrix = [[0.99, 0], [0, 0.5]]
    assert floats.classify_floats(matrix).kind is Kind.vanishing
    assert floats.classify_floats(matrix, tolerance=0.02).kind is Kind.undecided


@settings(max_examples=30)
@given(st.lists(st.integers(-(2**20), 2**20), min_size=9, max_size=9), st.integers(0, 40))
def test_the_bound_of_a_power_of_floats_holds(entries: list[int], exponent: int) -> None:
    """Floats are dyadic rationals, so the exact power is known."""
    array = np.array(entries, dtype=float).reshape(3, 3) / 2**20
    exact = [[Fraction(x) for x in row] for row in np.eye(3).tolist()]
    step = [[Fraction(x) for x in row] for row in array.tolist()]
    for _ in range(exponent):
        exact = [[sum(row[k] * step[k][j] for k in range(3)) for j in range(3)] for row in exact]
    found = floats.power_of_floats(array, exponent)
    gap = sum(
        (Fraction(float(found.value[i, j])) - exact[i][j]) ** 2 for i in range(3) for j in range(3)
    )
    assert gap <= Fraction(found.bound) ** 2
    size = max(1e-300, float(np.linalg.norm(found.value)))
    assert found.bound <= 1e-9 * max(size, float(np.linalg.norm(array)) ** exponent)


def test_the_condition_of_the_eigenvectors_is_reported() -> None:
    assert floats.power_of_floats([[0.58, 0.24], [0.24, 0.72]], 30).condition == pytest.approx(1)
    assert floats.power_of_floats([[1, 1], [0, 1]], 3).condition == float("inf")
    assert floats.power_of_floats([[1, 1], [0, 1.0001]], 3).condition > 1e4


# ---------------------------------------------------------------- counterexamples


def norm_by_hand(matrix: ImmutableMatrix) -> sp.Expr:
    """The larger singular value of a 2 x 2 matrix, by the quadratic formula."""
    total, det = sum(x**2 for x in matrix), matrix.det()
    return sp.sqrt((total + sp.sqrt(total**2 - 4 * det**2)) / 2)


def radius_by_hand(matrix: ImmutableMatrix) -> float:
    return max(abs(complex(x)) for x in matrix.eigenvals())


def test_the_norm_of_a_power_is_not_bounded_by_the_power_of_the_radius() -> None:
    found = refute.norm_above_radius()
    (matrix,), (rho,) = found.factors, found.radii
    assert matrix == ImmutableMatrix([[0, 1], [0, 0]]) and rho == 0
    assert norm_by_hand(matrix) == 1 and found.norms[found.exponent] > rho**found.exponent


def test_powers_grow_first_although_the_radius_is_below_one() -> None:
    assert refute.growth_below_one().factors == (ImmutableMatrix([[0, 2], [0, 0]]),)
    found = refute.growth_below_one(denominator=2, exponent=2, invertible=True)
    (matrix,) = found.factors
    assert radius_by_hand(matrix) < 1 and matrix.det() != 0
    assert float(norm_by_hand(ImmutableMatrix(matrix**2))) > 1
    assert classify(matrix).kind is Kind.vanishing


@pytest.mark.parametrize("growing", [True, False])
def test_a_product_of_contractions_need_not_vanish(growing: bool) -> None:
    found = refute.product_of_contractions(growing)
    a, b = found.factors
    assert radius_by_hand(a) < 1 and radius_by_hand(b) < 1
    product = ImmutableMatrix(a * b)
    assert radius_by_hand(product) > 1 if growing else radius_by_hand(product) >= 1
    for rounds, norm in enumerate(found.norms):
        assert sp.simplify(norm - norm_by_hand(ImmutableMatrix(product**rounds))) == 0


def test_a_search_that_finds_nothing_says_so() -> None:
    with pytest.raises(SymbpttError, match="no counterexample"):
        refute.growth_below_one(largest=1)


# ---------------------------------------------------------------- suprema


@pytest.mark.parametrize("name", TABLE)
def test_the_slopes_of_the_table(name: str) -> None:
    """SymPy's derivation, the table's value and dense sampling agree."""
    found, row = suprema.slope_supremum(name), TABLE[name]
    assert found.value == (sp.oo if row.sup_slope is None else row.sup_slope)
    dense = np.concatenate([np.linspace(-30, 30, 60_001), np.geomspace(1e-6, 1, 500)])
    positive = row.range == sp.Union(sp.Interval.open(-sp.oo, 0), sp.Interval.open(0, sp.oo))
    points = (
        dense[dense != 0] if positive else dense[dense > 0] if name in ("log", "sqrt") else dense
    )
    points = points[~np.isin(points, row.kinks)]
    largest = np.abs(np.broadcast_to(numeric(name, 1)(points), points.shape)).max()
    if found.value.is_finite:
        assert largest <= float(found.value) + 1e-12
        assert largest >= float(found.value) - 1e-6
    else:
        assert largest > 100
    for point in found.points:
        slope = abs(float(numeric(name, 1)(np.array(float(point)))))
        assert slope == pytest.approx(float(found.value))


@pytest.mark.parametrize(
    ("name", "points", "everywhere"),
    [
        ("sigmoid", (0,), False), ("tanh", (0,), False), ("softsign", (0,), False),
        ("arctan", (0,), False), ("softplus", (), False), ("relu", (1,), True),
    ],
)  # fmt: skip
def test_where_a_slope_is_attained(name: str, points: tuple[int, ...], everywhere: bool) -> None:
    found = suprema.slope_supremum(name)
    assert found.points == points and found.everywhere == everywhere
    assert found.attained == bool(points)


def test_the_slope_of_gelu_exceeds_one() -> None:
    found = suprema.slope_supremum("gelu")
    assert found.points == (sp.sqrt(2),)
    exact = sp.Rational(1, 2) + sp.erf(1) / 2 + sp.exp(-1) / sp.sqrt(sp.pi)
    assert sp.simplify(found.value - exact) == 0
    (x,) = TABLE["gelu"].sympy.free_symbols
    slope = sp.lambdify(x, TABLE["gelu"].slope(), "math")
    largest = max(slope(i / 1000) for i in range(-5000, 5000))
    assert largest == pytest.approx(float(found.value), abs=1e-6)


def test_the_longest_search_for_a_peak_ends() -> None:
    slow = ImmutableMatrix([[1 - Rational(1, 10**6), 1], [0, 1 - Rational(1, 10**6)]])
    found = growth.classify(slow)
    assert found.kind is Kind.vanishing and found.peak is None
