"""Exact eigenvalues, Jordan forms and powers, against matrices whose form is known."""

from __future__ import annotations

from itertools import product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import ImmutableMatrix, Matrix, Rational, Symbol

from symbptt.core.errors import NotSupported, ShapeError, SymbpttError
from symbptt.spectral import eigen, powers
from symbptt.spectral.reading import read_givens, read_matrix

n = Symbol("n", integer=True)
Blocks = list[tuple[sp.Expr, int]]
EIGENVALUES = [sp.Integer(x) for x in (-2, -1, 0, 1, 2)] + [Rational(1, 2), Rational(-2, 3)]


@st.composite
def unimodular(draw: st.DrawFn, side: int) -> Matrix:
    """An integer matrix with an integer inverse: a product of shears and swaps."""
    matrix = sp.eye(side)
    if side == 1:
        return matrix
    for _ in range(draw(st.integers(1, 4))):
        i, j = draw(st.permutations(range(side)))[:2]
        matrix = matrix.elementary_row_op(
            "n->n+km", row=i, k=draw(st.integers(-2, 2)), row1=i, row2=j
        )
        matrix = matrix.elementary_row_op("n<->m", row1=i, row2=j)
    return matrix


@st.composite
def with_known_form(draw: st.DrawFn) -> tuple[ImmutableMatrix, Blocks]:
    """P J P^{-1} and the blocks of J, often defective."""
    sides = draw(st.sampled_from([(1,), (2,), (1, 1), (3,), (2, 1), (1, 1, 1), (2, 2), (3, 1)]))
    blocks = [(draw(st.sampled_from(EIGENVALUES)), side) for side in sides]
    basis = draw(unimodular(sum(sides)))
    jordan = sp.diag(*(sp.jordan_cell(value, side) for value, side in blocks))
    return ImmutableMatrix(basis * jordan * basis.inv()), blocks


def by_hand(matrix: ImmutableMatrix, exponent: int) -> ImmutableMatrix:
    out = ImmutableMatrix.eye(matrix.rows)
    for _ in range(exponent):
        out = out * matrix
    return out


@settings(max_examples=20)
@given(with_known_form())
def test_the_form_and_the_power_of_a_matrix_with_known_blocks(
    known: tuple[ImmutableMatrix, Blocks],
) -> None:
    matrix, blocks = known
    form = powers.closed_form(matrix, n)
    found = form.decomposition
    assert sorted(found.blocks, key=str) == sorted(blocks, key=str)
    assert found.basis * found.jordan * found.inverse == matrix
    for exponent in (0, 1, 2, 7, 12):
        assert form.at(exponent) == by_hand(matrix, exponent)
    for value in {v for v, _ in blocks}:
        mine = next(e for e in eigen.eigenvalues(matrix) if e.value == value)
        sides = [side for v, side in blocks if v == value]
        assert (mine.algebraic, mine.geometric) == (sum(sides), len(sides))


@settings(max_examples=20)
@given(with_known_form())
def test_the_step_of_the_induction_holds_symbolically(
    known: tuple[ImmutableMatrix, Blocks],
) -> None:
    matrix, _ = known
    form = powers.closed_form(matrix, n)
    gap = form.power.subs(n, n + 1) - matrix * form.power
    for entry in gap:
        assert all(sp.simplify(entry.subs(n, k)) == 0 for k in (3, 4, 9))
    if all(v > 0 for v, _ in form.decomposition.blocks):
        assert sp.simplify(sp.expand(gap.applyfunc(sp.expand_func))) == sp.zeros(*matrix.shape)


@pytest.mark.parametrize(
    "text",
    ["[[1,1],[1,0]]", "[[0,-1],[1,0]]", "[[1,2,0],[3,4,0],[0,0,1/7]]", "[[0.3,-0.4],[0.4,0.3]]"],
)
def test_irrational_and_complex_eigenvalues(text: str) -> None:
    matrix = read_matrix(text)
    form = powers.closed_form(matrix, n)
    assert sp.simplify(form.at(9) - by_hand(matrix, 9)) == sp.zeros(*matrix.shape)


def test_cubic_eigenvalues_have_multiplicities_but_no_closed_form() -> None:
    matrix = read_matrix("[[1,2,3],[4,5,6],[7,8,10]]")
    values = eigen.eigenvalues(matrix)
    assert [(e.algebraic, e.geometric) for e in values] == [(1, 1)] * 3
    assert abs(sum(e.value.evalf() for e in values) - 16) < 1e-10
    with pytest.raises(NotSupported, match="degree 3"):
        powers.closed_form(matrix, n)


def test_multiplicities_of_irrational_defective_eigenvalues() -> None:
    """Blocks of the companion matrix of x^2 - x - 1, coupled by the identity."""
    matrix = read_matrix("[[0,1,1,0],[1,1,0,1],[0,0,0,1],[0,0,1,1]]")
    assert [(e.algebraic, e.geometric) for e in eigen.eigenvalues(matrix)] == [(2, 1)] * 2
    assert not powers.closed_form(matrix, n).decomposition.diagonal


@pytest.mark.parametrize(
    "text", ["[[a,1],[0,b]]", "[[a,b],[c,d]]", "[[a,b],[b,a]]", "[[0,a],[b,0]]"]
)
def test_symbolic_entries_have_one_case_for_different_and_one_for_equal_eigenvalues(
    text: str,
) -> None:
    matrix = read_matrix(text)
    cases = powers.two_by_two(matrix, n)
    assert len(cases) == 2
    different, equal = cases
    assert sp.simplify(sp.Mul(*different.nonzero) / equal.zero).is_number
    letters = sorted(matrix.free_symbols, key=str)
    checked = [0, 0]
    for values in product((-1, 0, 2), repeat=len(letters)):
        at = dict(zip(letters, values, strict=True))
        case = equal if equal.zero.subs(at) == 0 else different
        checked[case is equal] += 1
        for exponent in range(max(1, case.least), 5):
            formula = case.power.subs(n, exponent).subs(at)
            assert sp.simplify(formula - by_hand(matrix.subs(at), exponent)) == sp.zeros(2)
    assert all(checked)


def test_symbolic_conditions_are_stated() -> None:
    upper = powers.closed_form(read_matrix("[[a,1,0],[0,b,0],[0,0,a]]"), n)
    a, b = sp.symbols("a b")
    assert set(upper.conditions) in ({a - b}, {b - a})
    block = powers.closed_form(read_matrix(r"[[\lambda_1, 1],[0,\lambda_1]]"), n)
    assert [str(x) for x in block.conditions] == [r"\lambda_{1}"]


def test_a_wrong_power_is_refused() -> None:
    matrix = read_matrix("[[2,1],[0,2]]")
    right = powers.closed_form(matrix, n).power
    powers.check_small(right, n, matrix)
    with pytest.raises(SymbpttError, match="fails at the exponent 0"):
        powers.check_small(ImmutableMatrix(2 * right), n, matrix)
    with pytest.raises(SymbpttError, match="fails at the exponent 2"):
        wrong = right.subs(n * 2 ** (n - 1), n)
        powers.check_small(wrong, n, matrix)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[[-0.6, -0.8], [3/5, 0]]", [[Rational(-3, 5), Rational(-4, 5)], [Rational(3, 5), 0]]),
        (r"\mathrm{diag}(0.9, 0.4)", [[Rational(9, 10), 0], [0, Rational(2, 5)]]),
        ("diag(1, 2, 3)", [[1, 0, 0], [0, 2, 0], [0, 0, 3]]),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}^T", [[1, 3], [2, 4]]),
        ("[[1, 2], [3, 4]]^{-1}", [[-2, 1], [Rational(3, 2), Rational(-1, 2)]]),
        ("[[1, 2], [3, 4]]^3", [[37, 54], [81, 118]]),
        ("(1/2)[[2, 0], [0, 4]] + I", [[2, 0], [0, 3]]),
        ("[[1, 2], [3, 4]] [[0, 1], [1, 0]]", [[2, 1], [4, 3]]),
        ("1e-3 [[1, 0], [0, 1]]", [[Rational(1, 1000), 0], [0, Rational(1, 1000)]]),
    ],
)  # fmt: skip
def test_matrices_are_read_exactly(text: str, value: list[list[object]]) -> None:
    assert read_matrix(text) == ImmutableMatrix(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("W", "name = value"),
        ("W = ", "name = value"),
        ("W = [[1, 2], [3]]", "different lengths"),
        ("W = R", "there is no R"),
        ("W = 2 I", "size of an identity"),
        ("W = 1; W = 2", "given twice"),
        ("2 = 1", "not a name"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(SymbpttError, match=message):
        read_givens(text)


def test_the_place_of_an_error_in_a_list_of_values() -> None:
    with pytest.raises(SymbpttError) as caught:
        read_givens("Q = [[1, 2], [3, 4]]; W = Q R")
    assert caught.value.where is not None and caught.value.where.column == 29


def test_shapes_are_checked() -> None:
    with pytest.raises(ShapeError, match="square"):
        eigen.decompose(read_matrix("[[1, 2, 3], [4, 5, 6]]"))
    with pytest.raises(SymbpttError, match="singular"):
        eigen.invert(read_matrix("[[1, 2], [2, 4]]"))
