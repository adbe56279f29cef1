"""Where formulas are broken: the parts are the formula again, and the lines fit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbptt.report.atoms import parse
from symbptt.report.katex_render import lint, width
from symbptt.report.linebreak import (
    INDENT, break_lines, pieces, split_factors, split_relations, split_summands, take_relation,
)  # fmt: skip

TOKENS = [
    "a", "x_t", "+", "-", "=", "(", ")", "[", "]", "{", "}", "|", r"\|", r"\left(", r"\right)",
    r"\left", r"\right", r"\bigl(", r"\bigr)", r"\frac{a}{b}", r"\sum_{t=1}^{T}", "^", "_", "'",
    r"\begin{bmatrix}", r"\end{bmatrix}", r"\operatorname{diag}", r"\odot", " ", "\\", ",",
]  # fmt: skip

JACOBIAN = r"\operatorname{diag}(\sigma'(a_{%d}))\,W"
LONG_PRODUCT = "".join(JACOBIAN % i for i in range(9, 0, -1))
LOSS = r"\frac{\partial L_%d}{\partial h_%d}"
LONG_SUM = " + ".join(f"{LOSS % (i, i)} {JACOBIAN % i}" for i in range(8))


def same(formula: str) -> str:
    """A formula without spaces."""
    return re.sub(r"\s|\\,", "", formula)


@given(st.lists(st.sampled_from(TOKENS), max_size=25).map("".join))
def test_atoms_are_the_formula(latex: str) -> None:
    assert "".join(atom.text for atom in parse(latex)) == latex
    assert same("".join(split_summands(latex))) == same(latex)
    assert same("".join(split_factors(latex))) == same(latex)


@pytest.mark.parametrize(
    "latex",
    ["(" * 50_000, "{" * 50_000, r"\left(" * 5_000, "(" * 999 + ")" * 999],
    ids=["open", "braces", "left", "balanced"],
)
def test_deep_nesting_is_harmless(latex: str) -> None:
    assert "".join(atom.text for atom in parse(latex)) == latex


@pytest.mark.parametrize(
    ("latex", "summands"),
    [
        ("a + b - c", ["a", "+ b", "- c"]),
        ("-a + b", ["-a", "+ b"]),
        (r"a_{i+1} + f(x + y)", ["a_{i+1}", "+ f(x + y)"]),
        (r"\frac{a+b}{c} - d", [r"\frac{a+b}{c}", "- d"]),
        (r"\left(a + b\right)^2 + c", [r"\left(a + b\right)^2", "+ c"]),
        (r"\bigl(a + b\bigr) + c", [r"\bigl(a + b\bigr)", "+ c"]),
        (r"\|a + b\| + |c - d|", [r"\|a + b\|", "+ |c - d|"]),
        (r"\left|a-b\right| + |c|", [r"\left|a-b\right|", "+ |c|"]),
        (r"\partial^+ h_k + a^{-1}", [r"\partial^+ h_k", "+ a^{-1}"]),
        (r"\sum_{t=1}^{T} -a_t + b", [r"\sum_{t=1}^{T} -a_t", "+ b"]),
        (r"A \cdot -B + C", [r"A \cdot -B", "+ C"]),
        (r"\begin{cases} a + b \end{cases} + c", [r"\begin{cases} a + b \end{cases}", "+ c"]),
        (r"\text{a + b} \pm c", [r"\text{a + b}", r"\pm c"]),
        ("a", ["a"]),
    ],
)
def test_summands(latex: str, summands: list[str]) -> None:
    assert split_summands(latex) == summands


@pytest.mark.parametrize(
    ("latex", "factors"),
    [
        (r"\sum_{t=1}^T \frac{a}{b} W", [r"\sum_{t=1}^T \frac{a}{b} W"]),
        (r"W \frac{a}{b}", ["W", r"\frac{a}{b}"]),
        (r"\mathrm{diag}(v) W \mathrm{diag}(u)", [r"\mathrm{diag}(v) W", r"\mathrm{diag}(u)"]),
        (r"\sigma(a) \odot \sigma(b)", [r"\sigma(a)", r"\odot \sigma(b)"]),
        (r"f\!\left(x\right)\left(y\right)", [r"f\!\left(x\right)", r"\left(y\right)"]),
        (r"\mathrm{d} x", [r"\mathrm{d} x"]),
    ],
)  # fmt: skip
def test_factors(latex: str, factors: list[str]) -> None:
    assert split_factors(latex) == factors


def test_relations() -> None:
    sides = split_relations(r"\frac{a = b}{c} = d \le f(x = y)")
    assert sides == [r"\frac{a = b}{c}", "= d", r"\le f(x = y)"]
    assert [take_relation(side) for side in sides] == [
        ("", r"\frac{a = b}{c}"),
        ("=", "d"),
        (r"\le", "f(x = y)"),
    ]


@pytest.mark.parametrize("room", [16.0, 20.0, 30.0, 45.0])
@pytest.mark.parametrize(
    "latex",
    [
        LONG_SUM,
        LONG_PRODUCT,
        rf"{LONG_PRODUCT} - {LONG_SUM}",
        rf"\sum_{{t=1}}^{{T}} \left({LONG_SUM}\right) h_{{t-1}}^{{\top}}",
        rf"\left(a + \left({LONG_SUM}\right)\right)",
    ],
    ids=["sum", "product", "both", "group", "nested"],
)
def test_lines_fit_and_are_latex(latex: str, room: float) -> None:
    lines = break_lines(latex, room, width)
    assert len(lines) > 1
    assert lines[0].indent == 0
    for line in lines:
        assert width(line.latex) <= room - INDENT * line.indent
        assert lint(line.latex) is None
    joined = "".join(line.latex for line in lines).replace("{}\\cdot", "").replace("{}", "")
    plain = re.sub(r"\\(left|right|bigg?[lr])", "", same(joined))
    assert plain == re.sub(r"\\(left|right)", "", same(latex))


def test_lines_are_even() -> None:
    lines = break_lines(" + ".join(["a b c d"] * 9), 26, width)
    widths = [width(line.latex) for line in lines]
    assert len(widths) == 2
    assert max(widths) < 1.5 * min(widths)


def test_given_summands_are_kept_whole() -> None:
    summands = ["(a", "+ b)", "- c"]  # not what the splitter would find
    assert [line.latex for line in break_lines("x" * 99, 2, width, summands)] == [
        "(a",
        "{}+ b)",
        "{}- c",
    ]


def test_what_fits_and_what_cannot_be_broken_stays() -> None:
    matrix = r"\begin{bmatrix} a & b & c \end{bmatrix}"
    assert [line.latex for line in break_lines("a + b", 40, width)] == ["a + b"]
    assert [line.latex for line in break_lines(matrix, 1, width)] == [matrix]


def test_pieces_are_the_formula() -> None:
    group = rf"\left({LONG_SUM}\right)\frac{{a}}{{b}}"
    rows = pieces(rf"a + {group}", 15, width)
    assert [len(row) for row in rows] == [1, 9]
    assert all(lint(piece) is None or piece.startswith("+") for row in rows for piece in row)
    assert rows[1][0].startswith(r"+ \biggl(")
