"""Unit vectors e_i: their algebra, how they are read, and document 001's example."""

from __future__ import annotations

import pytest
from symbptt import Model, check, prove
from symbptt.core.canonical import equal
from symbptt.core.meaning import agree
from symbptt.core.terms import (
    Const, Entry, Identity, Param, Scale, SumOver, Term, When, Zero, index_symbol,
)  # fmt: skip
from symbptt.core.units import Unit
from symbptt.notation.latex import latex
from symbptt.notation.reader import read_term, scope_of

n, d, i, j, k = map(index_symbol, "ndijk")
W, x = Param("W", n, d), Param("x", n, 1)
INSIDE = (i - 1, n - i)
LINEAR = r"""
s_t = W s_{t-1} + U x_t
o_t = V s_t
x_t = e_t
W = 2 I
U = I
V = I
s_0 = 0
"""


@pytest.mark.parametrize(
    ("left", "right", "facts"),
    [
        (Unit(n, i).T @ W, Entry(Identity(n), i, i) @ Unit(n, i).T @ W, INSIDE),
        (SumOver(Unit(n, i) @ Unit(n, i).T, i, 1, n), Identity(n), ()),
        (Unit(n, i).T @ x, Entry(x, i, 1), INSIDE),
        (Unit(n, i).T @ Unit(n, j), When(Const(1), i - j, j - i), (*INSIDE, j - 1, n - j)),
        (SumOver(Scale(Entry(x, i, 1), Unit(n, i)), i, 1, n), x, ()),
    ],
)
def test_equations_that_hold(left: Term, right: Term, facts: tuple[Term, ...]) -> None:
    assert equal(left, right, facts)
    assert agree(left, right, None, facts) is None


@pytest.mark.parametrize(
    ("left", "right", "facts"),
    [
        (Unit(n, i), Unit(n, j), (*INSIDE, j - 1, n - j)),
        (Unit(n, i).T @ x, Entry(x, j, 1), (*INSIDE, j - 1, n - j)),
        (SumOver(Unit(n, i) @ Unit(n, i).T, i, 2, n), Identity(n), ()),
        (Unit(n, i), Zero(n, 1), INSIDE),
    ],
)
def test_equations_that_do_not(left: Term, right: Term, facts: tuple[Term, ...]) -> None:
    assert not equal(left, right, facts)
    assert agree(left, right, None, facts) is not None


def test_outside_the_range_it_is_zero() -> None:
    assert equal(Unit(n, n + 1), Zero(n, 1))
    assert agree(Unit(n, n + 1), Zero(n, 1), None) is None
    assert agree(Unit(n, i), Zero(n, 1), None, (i - n - 1,)) is None


def test_it_is_written_and_read() -> None:
    scope = scope_of([x], [])
    assert read_term(latex(Unit(n, k).T @ x), scope) == Unit(n, k).T @ x


def test_a_sequence_e_is_no_unit_vector() -> None:
    model = Model.parse("h_t = \\tanh(W h_{t-1} + U e_t)\ne_t \\in \\mathbb{R}^d")
    assert "e" in model.inputs
    assert "e" in Model.parse("e_t = y_t - h_t\nh_t = W h_{t-1} + y_t").sequences


@pytest.mark.parametrize(
    ("claim", "verdicts"),
    [
        (r"o_t = \sum_{k=1}^{t} 2^{t-k} e_k", {"proved"}),
        (r"(o_t)_i = 2^{t-i}, \quad i \le t", {"proved", "equal"}),
        (r"(o_3)_1 = 4", {"proved", "equal"}),
        (r"o_t = \sum_{k=1}^{t} 2^{t-k} e_{k+1}", {"wrong"}),
        (r"(o_t)_i = 2^{t-i+1}, \quad i \le t", {"wrong"}),
    ],
)
def test_linear_states_with_unit_inputs(claim: str, verdicts: set[str]) -> None:
    assert check(claim, LINEAR).verdict in verdicts


def test_the_closed_form_is_proved() -> None:
    assert prove(r"o_t = \sum_{k=1}^{t} 2^{t-k} e_k", LINEAR, by="induction on t").verify()
