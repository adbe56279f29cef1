"""Evaluation of expressions: in Python, in worksheets, on the command line."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import ImmutableMatrix, Rational
from typer.testing import CliRunner

from symbptt.cli.app import app
from symbptt.core.errors import SymbpttError
from symbptt.models.model import Model
from symbptt.report.evaluation import evaluation_blocks
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN
from symbptt.report.plain import to_text
from symbptt.report.render import to_html, to_tex
from symbptt.spectral.evaluation import evaluate
from symbptt.spectral.written import decimal
from symbptt.worksheet.kinds import Style
from symbptt.worksheet.reader import read_sheet
from symbptt.worksheet.report import report
from symbptt.worksheet.run import run_sheet

GIVEN = r"Q = [[-0.6, -0.8], [-0.8, 0.6]]; \Lambda = \mathrm{diag}(0.9, 0.4); W = Q \Lambda Q^{-1}"
SHEET = f"""# Powers
```{{evaluate}} W^{{30}}
:with: {GIVEN}
:digits: 4
```
"""


def test_the_thirtieth_power_with_all_stages() -> None:
    found = evaluate("W^{30}", GIVEN)
    assert found.decimals == [["0.0153", "0.0203"], ["0.0203", "0.0271"]]
    kinds = [(s.kind, str(s.left)) for s in found.stages]
    assert [k for k, _ in kinds] == ["given", "given", "inverse", "given", "middle", "power"]
    inverse = found.stages[2]
    assert {r.key for r in inverse.remarks} == {"inverse", "orthogonal", "involution"}
    w = [[Fraction(29, 50), Fraction(6, 25)], [Fraction(6, 25), Fraction(18, 25)]]
    power = [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]
    for _ in range(30):
        power = [[sum(power[i][k] * w[k][j] for k in range(2)) for j in range(2)] for i in range(2)]
    assert [[Fraction(int(x.p), int(x.q)) for x in found.value.row(i)] for i in range(2)] == power
    shown = found.stages[-1].shown
    assert shown is not None and "(9/10)**30" in str(shown)
    assert sp.sympify(str(shown[0, 0])) == found.value[0, 0]


def test_a_transpose_of_an_orthogonal_matrix_serves_as_its_inverse() -> None:
    given_ = GIVEN.replace("Q^{-1}", "Q^T")
    found = evaluate("W^{30}", given_)
    assert found.stages[-1].formula is not None
    assert found.value == evaluate("W^{30}", GIVEN).value
    skew = evaluate("W^{3}", r"Q = [[1, 1], [0, 1]]; D = diag(2, 3); W = Q D Q^T")
    assert skew.stages[-1].formula is None  # Q is not orthogonal: W^n is not Q D^n Q^T
    assert skew.value == ImmutableMatrix([[5, 3], [3, 3]]) ** 3


def test_defective_and_symbolic_middles() -> None:
    defective = evaluate("W^{10}", "Q = [[1, 1], [0, 1]]; J = [[2, 1], [0, 2]]; W = Q J Q^{-1}")
    assert defective.value == ImmutableMatrix([[1024, 5120], [0, 1024]])
    assert "10*2**9" in str(defective.stages[-1].shown)
    plain = evaluate("W^{3}", "Q = [[1, 1], [0, 1]]; A = [[1, 2], [3, 4]]; W = Q A Q^{-1}")
    assert plain.stages[-1].formula is None and plain.decimals is not None


def test_a_symbolic_exponent_shows_eigenvalues_and_conditions() -> None:
    found = evaluate("M^n", "M = [[2, 1], [0, 2]]")
    assert [s.kind for s in found.stages] == [
        "given",
        "form",
        "basis",
        "basis",
        "inverse",
        "middle",
        "power",
    ]
    assert {r.key for r in found.stages[1].remarks} == {"eigenvalues", "defective"}
    assert found.decimals is None
    cases = evaluate("M^n + I_2", "M = [[a, 1], [0, b]]").stages
    assert [s.kind for s in cases] == ["given", "case", "case", "result"]
    assert [r.key for r in cases[-1].remarks] == ["nonzero"]
    inverse = evaluate("M^{-1}", "M = [[a, b], [c, d]]").stages[-1]
    assert [r.key for r in inverse.remarks] == ["inverse", "nonzero"]
    zero = evaluate("M^{n+1} - M M^n", "M = [[1, 1], [1, 0]]")
    assert zero.value == sp.zeros(2)


def test_an_exponent_with_a_value_is_a_number() -> None:
    assert evaluate("W^n", "W = [[1, 1], [0, 1]]; n = 7").value == ImmutableMatrix([[1, 7], [0, 1]])


@settings(max_examples=30)
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6), st.integers(0, 12))
def test_decimals_are_rounded_rightly(p: int, q: int, digits: int) -> None:
    shown = decimal(Rational(p, q), digits)
    assert abs(Fraction(shown) - Fraction(p, q)) <= Fraction(1, 2 * 10**digits)
    assert len(shown.partition(".")[2]) == digits


def test_decimals_of_ties_irrationals_and_complex_numbers() -> None:
    assert [decimal(Rational(x, 8), 2) for x in (1, 3, -1)] == ["0.12", "0.38", "-0.12"]
    assert decimal(sp.sqrt(2), 30) == "1.414213562373095048801688724210"
    assert decimal(Rational(1, 2) - sp.I / 3, 3) == "0.500 - 0.333 i"
    assert decimal(-Rational(1, 10**9), 4) == "0.0000"
    above = Rational(1, 8) + sp.sqrt(2) / 10**40  # rounded to 0.12 with too few digits
    assert decimal(above, 2) == "0.13"


def test_norms_are_exact() -> None:
    found = evaluate(r"\|W^{2}\|_2", "W = [[1/2, 1], [0, 1/2]]")
    assert found.value[0, 0] == Rational(1, 2) + sp.sqrt(5) / 4
    assert evaluate(r"\|v\|_2", "v = (3, 4)").value[0, 0] == 5


# ---------------------------------------------------------------- models


def test_a_state_of_the_linear_model() -> None:
    given_ = (
        "T = 4; W = 2I; U = [[1, 2], [0, 1/3]]; s_0 = (1, 0.1);"
        " x_1 = (1, 1); x_2 = (0, 0); x_3 = (0, 0); x_4 = (0, 1)"
    )
    found = evaluate("s_4", given_, Model.named("linear"))
    w, u, s = 2 * np.eye(2), np.array([[1, 2], [0, 1 / 3]]), np.array([1, 0.1])
    for x in ([1, 1], [0, 0], [0, 0], [0, 1]):
        s = w @ s + u @ np.array(x)
    assert np.allclose(np.array(found.value.tolist(), dtype=float).ravel(), s)
    assert found.value == ImmutableMatrix([[42], [Rational(23, 5)]])
    at = evaluate("s_t", given_ + "; t = 4", Model.named("linear"))
    assert at.value == found.value and [v for _, v in at.numbers] == [4, 2, 2, 4]


def test_a_leaf_without_a_value_is_a_symbol() -> None:
    found = evaluate(
        "s_2", "T = 2; W = 3I; n = 1; d = 1; U = 1; x_1 = 0; x_2 = 0", Model.named("linear")
    )
    assert str(found.value[0, 0]) == "9*s_{0}"


def test_functions_are_exact() -> None:
    found = evaluate(
        "h_1", "T = 1; W = 0; U = 1; b = 0; h_0 = 5; x_1 = 0.5", Model.named("rnn-tanh")
    )
    assert found.value[0, 0] == sp.tanh(Rational(1, 2)) and found.decimals == [["0.4621"]]


@pytest.mark.parametrize(
    ("expression", "given_", "message"),
    [
        ("s_1", "W = 2I", "size n has no value"),
        ("s_1", "W = [[1, 2], [3, 4]]; U = (1, 2, 3)", "n is 2 and 3"),
        ("s_1", "T = 1/2", "whole number"),
        ("s_1", "s_1 = 3; T = 2; n = 1", "has a definition"),
        ("s_1", "T = 2; n = 2; Z = 3", "nothing uses it"),
        ("s_3", "T = 2; n = 1; d = 1", "out of range"),
        (r"\partial s_1/\partial s_0", "T = 2; n = 1", "derive it first"),
        ("L", "T = 2; n = 1; d = 1; q = 1", "cannot be evaluated|no values"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(expression: str, given_: str, message: str) -> None:
    with pytest.raises(SymbpttError, match=message):
        evaluate(expression, given_, Model.named("linear"))


@pytest.mark.parametrize(
    ("expression", "given_", "message"),
    [
        ("M^{-1}", "M = [[1, 2], [2, 4]]", "singular"),
        ("M N", "M = [[1, 2], [2, 4]]", "there is no N"),
        ("M^n", "M = [[1, 2, 3], [4, 5, 6], [7, 8, 10]]", "degree 3"),
        ("M^n", "M = [[1, 2, 3], [4, 5, 6]]; n = 2", "square"),
        ("M^n", "M = [[1, 1], [0, 1]]; n = 100000", "exact powers"),
        ("M^n", "M = [[1, 1], [0, 1]]; n = -1", "the exponent"),
    ],
)
def test_matrices_that_do_not_fit_are_refused(expression: str, given_: str, message: str) -> None:
    with pytest.raises(SymbpttError, match=message):
        evaluate(expression, given_)


# ---------------------------------------------------------------- reports


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_block_of_a_worksheet(lang: str) -> None:
    document = report(run_sheet(read_sheet(SHEET, "powers")), Style(lang=lang))
    html, tex = to_html(document), to_tex(document)
    assert r"0.0153 & 0.0203 \\ 0.0203 & 0.0271" in tex
    assert r"\left(\frac{9}{10}\right)^{30}" in tex and "0.0271" in html
    assert {"en": "orthogonal", "zh": "正交"}[lang] in html


@pytest.mark.parametrize(
    ("old", "new", "message", "line", "column"),
    [
        (":digits: 4", ":digits: 400", "at most 100", 4, 1),
        ("W^{30}", "W^{30} X", "there is no X", 2, 22),
        (r"Q \Lambda Q^{-1}", r"Q \Lambda X", "there is no X", 3, 90),
        (":digits", ":precision", "no option", 4, 1),
        (" W^{30}\n", "\n", "what is to be evaluated", 2, 1),
    ],
)
def test_errors_of_the_block_have_their_place(
    old: str, new: str, message: str, line: int, column: int
) -> None:
    with pytest.raises(SymbpttError, match=message) as caught:
        run_sheet(read_sheet(SHEET.replace(old, new), "powers"))
    where = caught.value.where
    assert where is not None and (where.line, where.column) == (line, column)


def test_wide_matrices_are_written_entry_by_entry() -> None:
    blocks = list(evaluation_blocks(evaluate("F^n", "F = [[1, 1], [1, 0]]"), LATEX_PEN))
    shown = [b.latex for b in blocks if hasattr(b, "latex")]
    assert sum(r"\left(F^n\right)" in x or r"\left(F^{n}\right)" in x for x in shown) == 4


def test_all_remarks_have_words() -> None:
    for expression, given_ in (
        ("W^{30}", GIVEN), ("M^n", "M = [[2, 1], [0, 2]]"), ("M^n", "M = [[1, 1], [1, 0]]"),
        ("M^n", "M = [[a, 1], [0, b]]"),
    ):  # fmt: skip
        for lang in ("en", "zh"):
            assert to_text(evaluation_blocks(evaluate(expression, given_), UNICODE_PEN), lang)


# ---------------------------------------------------------------- command line


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_evaluate_on_the_command_line() -> None:
    assert "W^30 ≈ [[0.0153, 0.0203], [0.0203, 0.0271]]" in run(
        "evaluate", "W^{30}", "--with", GIVEN
    )
    data = json.loads(run("evaluate", "W^{30}", "--with", GIVEN, "--digits", "6", "--json"))
    assert data["decimals"][0][0] == "0.015261"
    assert [s["kind"] for s in data["stages"]][-1] == "power"


def test_classify_on_the_command_line() -> None:
    shown = run("classify", "[[1/2, 1], [0, 0.5]]")
    assert "tend to zero" in shown and "not normal" in shown
    assert "unbounded" in run("classify", "[[1, 1], [0, 1]]")
    assert "semisimple" in run("classify", "[[0, -1], [1, 0]]")
    data = json.loads(run("classify", "[[1, 1], [1, 0]]", "--json"))
    assert data["powers"] == "exponential" and data["normal"] is True
    with pytest.raises(SymbpttError, match="letters"):
        run("classify", "[[a, 0], [0, 1]]")
