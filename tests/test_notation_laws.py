"""Terms as one line of text, matrices written out, summands, and laws that hold for every term."""

from __future__ import annotations

import pytest
from formula_parser import FormulaParser
from hypothesis import given, settings
from strategies import ALGEBRA, Vocabulary, terms
from sympy import Integer, Rational

from symbptt.core import terms as tm
from symbptt.core.canonical import equal
from symbptt.core.terms import Const, Elem, Param, Scale, Term, index_symbol
from symbptt.notation.breaking import summands
from symbptt.notation.latex import latex
from symbptt.notation.target import Style
from symbptt.notation.unicode import ascii, unicode
from symbptt.notation.views import matrix_view

n, d, q, t, k, T, i, j = map(index_symbol, "ndqtkTij")
W, U, b = Param("W", n, n), Param("U", n, d), Param("b", n)
L = Param("L", 1, 1)
h, a, delta = (Elem(name, t, n) for name in ("h", "a", r"\delta"))
x, y, c, z = Elem("x", t, d), Elem(r"\hat{y}", t, q), Elem(r"c^{(\ell)}", t, n), Elem("z_{r}", t, n)
h1 = h.at(t - 1)
half = Const(Rational(1, 2))


def sigma(term: Term, order: int = 0) -> Term:
    return tm.Map(r"\sigma", order, term)


# ---------------------------------------------------------------- one line of text

TEXT: list[tuple[Term, str, str]] = [
    (
        tm.SumOver((delta * sigma(a, 1)) @ h1.T, t, 1, T),
        "Σ_{t=1}^{T} (δ_t ⊙ σ'(a_t)) h_{t-1}ᵀ",
        "sum_{t=1}^{T} (delta[t] * sigma'(a[t])) h[t-1]^T",
    ),
    (tm.Partial(L, W), "∂L/∂vec(W)", "dL/dvec(W)"),
    (tm.Partial(h, h.at(k)), "∂h_t/∂h_k", "dh[t]/dh[k]"),
    (tm.Partial(h, W, "immediate"), "∂⁺h_t/∂vec(W)", "d+h[t]/dvec(W)"),
    (tm.Partial(h, h1).T @ b, "(∂h_t/∂h_{t-1})ᵀ b", "(dh[t]/dh[t-1])^T b"),
    (tm.Gradient(L, W), "∇_W L", "grad_W L"),
    (tm.Gradient(L, h), "∇_{h_t} L", "grad_{h[t]} L"),
    (c.T @ c, "(c^(ℓ)_t)ᵀ c^(ℓ)_t", "c_ell[t]^T c_ell[t]"),
    (tm.Power(Param("W_{hh}", n, n), k + 1), "W_hh^{k+1}", "W_hh^{k+1}"),
    (Scale(half, tm.Inverse(W) @ h), "(1/2) W⁻¹ h_t", "(1/2) W^-1 h[t]"),
    (y + Param(r"\tilde{b}", q), "ŷ_t + b̃", "y_hat[t] + b_tilde"),
    (a * tm.Map("recip", 0, h), "a_t ⊙ (1/h_t)", "a[t] * (1/h[t])"),
    (tm.D(W) @ h, "d(W) h_t", "d(W) h[t]"),
    (tm.When(h, T - 1 - t, t - k), "[t < T, k ≤ t] h_t", "[t < T, k <= t] h[t]"),
    (tm.Kron(h.T, W), "h_tᵀ ⊗ W", "h[t]^T (x) W"),
    (tm.Entry(W, i, j + 1), "w_{i,j+1}", "W[i,j+1]"),
    (tm.Entry(h, i) @ tm.Entry(W, i, j), "h_{t,i} w_ij", "h[t][i] W[i,j]"),
    (tm.Block(2, 2, W, W, W, W), "[W, W; W, W]", "[W, W; W, W]"),
    (W @ tm.Zero(n), "W · 0", "W * 0"),
    (tm.Func("G", t, 1, 2, h, x), "∂_2 G_t(h_t, x_t)", "d_2 G[t](h[t], x[t])"),
]


@pytest.mark.parametrize(("term", "pretty", "plain"), TEXT, ids=[pretty for _, pretty, _ in TEXT])
def test_one_line_of_text(term: Term, pretty: str, plain: str) -> None:
    assert unicode(term) == pretty
    assert ascii(term) == plain


def test_unicode_with_brackets() -> None:
    assert unicode(c.T @ h1, Style(brackets=True)) == "(c^(ℓ)[t])ᵀ h[t-1]"


# ---------------------------------------------------------------- laws for random terms


@given(terms())
def test_random_terms_print_in_every_language(term: Term) -> None:
    for text in (latex(term), unicode(term), ascii(term)):
        assert "\n" not in text and "  " not in text
        for opening, closing in ("()", "{}", "[]"):
            assert text.count(opening) == text.count(closing)
    assert ascii(term).isascii()
    assert "\\" not in unicode(term) + ascii(term)


@given(terms(depth=4))
def test_random_terms_pass_the_lint(term: Term) -> None:
    katex = pytest.importorskip("symbptt.report.katex_render")
    assert katex.lint(latex(term)) is None


# What the small parser reads, and numbers that the canonical form takes anywhere.
READABLE = ALGEBRA - {"Zero", "Ones", "Identity", "Block", "Entry", "Unit"}
WORDS = Vocabulary(functions=(r"\sigma", r"\phi"), numbers=(Integer(2), Integer(-1), Integer(-3)))
LINEAR = frozenset({"Const", "Plus", "Minus", "Times", "Hadamard", "Scale", "Transposed", "Kron"})


@settings(max_examples=200)
@given(
    terms(depth=4, operations=READABLE, vocabulary=WORDS) | terms(depth=4, operations=LINEAR),
)
def test_parentheses_keep_the_mathematics(term: Term) -> None:
    again = FormulaParser(latex(term), WORDS).whole()
    assert again == term or equal(again, term), latex(term)


@given(terms())
def test_summands_joined_are_the_term(term: Term) -> None:
    parts = summands(term)
    assert " ".join(parts) == latex(term)
    assert len(parts) == (len(term.args) if isinstance(term, tm.Plus) else 1)


def test_summands_carry_their_signs() -> None:
    assert summands(-h + tm.SumOver(a, t, 1, T) - W @ (h + a)) == [
        "-h_{t}", r"+ \sum_{t=1}^{T} a_{t}", "- W (h_{t} + a_{t})",
    ]  # fmt: skip


# ---------------------------------------------------------------- matrices written out


def bmatrix(*rows: str) -> str:
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def test_matrices_of_symbolic_size_have_dots() -> None:
    assert matrix_view(U) == bmatrix(
        r"u_{11} & u_{12} & \cdots & u_{1d}", r"u_{21} & u_{22} & \cdots & u_{2d}",
        r"\vdots & \vdots & \ddots & \vdots", r"u_{n1} & u_{n2} & \cdots & u_{nd}",
    )  # fmt: skip
    assert matrix_view(h) == bmatrix("h_{t,1}", "h_{t,2}", r"\vdots", "h_{t,n}")
    assert matrix_view(Param("p", 1, d)) == bmatrix(r"p_{11} & p_{12} & \cdots & p_{1d}")


def test_matrices_of_known_size_are_complete_if_small() -> None:
    assert matrix_view(Param("A", 2, 3)) == bmatrix(
        "a_{11} & a_{12} & a_{13}", "a_{21} & a_{22} & a_{23}"
    )
    assert matrix_view(Param("b", 5)) == bmatrix("b_{1}", "b_{2}", r"\vdots", "b_{5}")


def test_entries_of_a_view_can_be_computed() -> None:
    def entry(row: Term, column: Term) -> Term:
        slope = sigma(tm.Entry(a, row), 1)
        return Scale(slope, tm.Entry(W, row, column)) if row == column else tm.Zero(1)

    assert matrix_view(tm.Diag(sigma(a, 1)), entry) == bmatrix(
        r"\sigma'(a_{t,1}) w_{11} & 0 & \cdots & 0", r"0 & \sigma'(a_{t,2}) w_{22} & \cdots & 0",
        r"\vdots & \vdots & \ddots & \vdots", r"0 & 0 & \cdots & \sigma'(a_{t,n}) w_{nn}",
    )  # fmt: skip
