"""Powers, Jordan blocks, spectral radii, products of gates: proved, replayed, held to numbers."""

from __future__ import annotations


import numpy as np
import pytest
from sympy import Expr

from symbptt.core.errors import NotSupported
from symbptt.core.meaning import World, agree, evaluate
from symbptt.core.terms import (
    index_symbol,
)  # fmt: skip
from symbptt.models import Model
from symbptt.models.given import assume
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check
from symbptt.proof.objects import Induction
from symbptt.proving import ProvedStatement, prove_statement

n, k, j, i, t, d, s = (index_symbol(x) for x in "nkjitds")
Given = tuple[str, ...]
Row = tuple[str, Given, str]

PLAIN = r"""
b \in \mathbb{R}^d
W, J \in \mathbb{R}^{d \times d}
"""
SUM = r"""
N, M \in \mathbb{R}^{d \times d}
\lambda \in \mathbb{R}
M = \lambda I + N
"""
SIMILAR = r"""
\lambda \in \mathbb{R}^d
Q, W, \Lambda \in \mathbb{R}^{d \times d}
\Lambda = \mathrm{diag}(\lambda)
W = Q \Lambda Q^{-1}
"""
TURNED = SIMILAR.replace("Q^{-1}", r"Q^\top")
JACOBIAN = r"\left\|\frac{\partial h_t}{\partial h_k}\right\|"
INSIDE = JACOBIAN.replace("h_", "x_")
LATER, ANY = r"1 \le k < t", r"k \ge 0"
EXPANDED = r"\sum_{j=0}^{k} \binom{k}{j} \lambda^{k-j} N^j"
UP_TO_S = EXPANDED.replace("^{k} \\binom", "^{s-1} \\binom")
ORTHOGONAL, NORMAL = r"Q \text{ orthogonal}", r"W \text{ normal}"
CONSTANT = (r"f_t = \phi",)
FILTER = r"C_t = \phi^t \odot C_0 + \sum_{k=1}^t \phi^{t-k} \odot i_k \odot \tilde C_k"
GATES, MISSING = r"\prod_{s=k+1}^{t} (f_s)_j", r"\sum_{s=k+1}^{t} (1 - (f_s)_j)"
GATE = (LATER, r"1 \le j \le n")
FROZEN = (r"f_t \text{ constant}", r"i_t \text{ constant}", r"\tilde C_t \text{ constant}")


RADIUS = r"(\sup|\sigma'| \rho(W))^{t-k}"
RADIUS_REC = RADIUS.replace("W", "W_{rec}")


def dropped(state: str, matrix: str) -> str:
    ratio = rf"\sup|\sigma'| \|{matrix}\|"
    path = rf"\frac{{\partial {state}_t}}{{\partial {state}_k}}"
    rest = rf"\frac{{({ratio})^K}}{{1 - {ratio}}} \|b\|"
    return rf"\left\|\sum_{{k=1}}^{{t-K}} {path} b\right\| \le {rest}"


def window(matrix: str) -> Given:
    return r"K \ge 0", "K < t", rf"\sup|\sigma'| \|{matrix}\| < 1"


def cell(function: str) -> str:
    f = rf"\operatorname{{{function}}}"
    return rf"""
h_t = {f}(W h_{{t-1}} + U x_t + b)
L = \sum_{{t=1}}^T L_t(h_t)
"""


def cell_inside(function: str) -> str:
    f = rf"\operatorname{{{function}}}"
    return rf"""
x_t = W {f}(x_{{t-1}}) + U u_t + b
L = \sum_{{t=1}}^T L_t(x_t)
"""


SLOPES = {
    "sigmoid": r"\frac{1}{4}", "tanh": "1", "relu": "1", "softplus": "1", "softsign": "1",
    "arctan": "1", "gelu": r"\sup|\operatorname{gelu}'|",
}  # fmt: skip

TRUE: tuple[Row, ...] = (
    # constant Jacobians, powers of diagonal matrices
    (PLAIN, (r"k \le t",), r"\prod_{i=k+1}^{t} J = J^{t-k}"),
    ("linear", (LATER,), r"\prod_{i=k+1}^{t} \frac{\partial s_i}{\partial s_{i-1}} = W^{t-k}"),
    ("linear", (LATER,), r"\frac{\partial s_t}{\partial s_k} = W^{t-k}"),
    ("rnn", (r"\sigma'(a_t) = g", LATER),
     r"\frac{\partial h_t}{\partial h_k} = (\mathrm{diag}(g) W)^{t-k}"),
    ("rnn", (r"\mathrm{diag}(\sigma'(a_t)) W = J", LATER),
     r"\frac{\partial h_t}{\partial h_k} = J^{t-k}"),
    (SIMILAR, (ANY,), r"\Lambda^k = \mathrm{diag}(\lambda^k)"),
    (SIMILAR, (ANY, r"1 \le i \le d"), r"(\Lambda^k)_{ii} = \lambda_i^k"),
    (SIMILAR, (ANY,), r"W^k = Q \mathrm{diag}(\lambda^k) Q^{-1}"),
    (TURNED, (ANY, ORTHOGONAL), r"W^k = Q \mathrm{diag}(\lambda^k) Q^\top"),
    (TURNED, (ANY, ORTHOGONAL, r"1 \le i \le d", r"1 \le j \le d"),
     r"(W^k)_{ij} = \sum_{l=1}^{d} Q_{il} \lambda_l^k Q_{jl}"),
    (TURNED, (ANY, ORTHOGONAL, "d = 2"),
     r"(W^k)_{12} = Q_{11} \lambda_1^k Q_{21} + Q_{12} \lambda_2^k Q_{22}"),
    # Jordan blocks
    (SUM, (ANY,), f"M^k = {EXPANDED}"),
    (SUM, ("N^s = 0", r"s \ge 1", r"k \ge s"), f"M^k = {EXPANDED} = {UP_TO_S}"),
    (SUM, ("N^2 = 0", r"k \ge 1"),
     rf"M^k = {EXPANDED} = \lambda^k I + k \lambda^{{k-1}} N"),
    (SUM, ("N^3 = 0", r"k \ge 2"),
     rf"M^k = {EXPANDED} = \lambda^k I + k \lambda^{{k-1}} N"
     r" + \frac{k(k-1)}{2} \lambda^{k-2} N^2"),
    # the spectral radius
    (PLAIN, (), r"\rho(W) \le \|W\|"),
    (PLAIN, (ANY,), r"\rho(W)^k \le \|W^k\|"),
    (PLAIN, (NORMAL,), r"\|W\| = \rho(W)"),
    (PLAIN, (NORMAL, ANY), r"\rho(W)^k \le \|W^k\| \le \|W\|^k = \rho(W)^k"),
    (PLAIN, (r"W \text{ symmetric}", ANY), r"\|W^k\| \le \rho(W)^k"),
    (PLAIN, (r"W \text{ orthogonal}",), r"\|W\| = 1"),
    (PLAIN, (r"W \text{ orthogonal}",), r"\rho(W) \le 1"),
    ("rnn", (NORMAL, LATER), rf"{JACOBIAN} \le {RADIUS}"),
    ("rnn-inside", (r"W_{rec} \text{ normal}", LATER),
     rf"{INSIDE} \le {RADIUS_REC}"),
    (SIMILAR, (), r"\rho(W) = \|\lambda\|_\infty"),
    (SIMILAR, (ANY,), r"\|W^k\| \le \|Q\| \|Q^{-1}\| \|\Lambda\|^k"),
    (SIMILAR, (ANY,), r"\|W^k\| \le \|Q\| \|Q^{-1}\| \|\lambda\|_\infty^k"),
    (SIMILAR, (ANY,), r"\|\lambda\|_\infty^k = \rho(W)^k \le \|W^k\|"),
    (TURNED, (ANY, ORTHOGONAL), r"\|W^k\| \le \|\lambda\|_\infty^k"),
    # enough to vanish, necessary to explode
    *((name, (r"\gamma = \sup|\sigma'|", rf"\gamma \|{w}\| \le c", LATER), rf"{left} \le c^{{t-k}}")
      for name, left, w in (("rnn", JACOBIAN, "W"), ("rnn-inside", INSIDE, "W_{rec}"))),
    *((name, (rf"\sup|\sigma'| \|{w}\| \le 1", LATER), rf"{left} \le 1")
      for name, left, w in (("rnn", JACOBIAN, "W"), ("rnn-inside", INSIDE, "W_{rec}"))),
    *((cell(f), (LATER,), rf"{JACOBIAN} \le ({g} \|W\|)^{{t-k}}") for f, g in SLOPES.items()),
    *((cell_inside(f), (LATER,), rf"{INSIDE} \le ({g} \|W\|)^{{t-k}}") for f, g in SLOPES.items()),
    # the memory of the LSTM
    ("lstm", CONSTANT, FILTER),
    ("lstm", GATE, rf"{GATES} \ge 1 - {MISSING}"),
    ("lstm", (*GATE, rf"{MISSING} \le c"), rf"{GATES} \ge 1 - c"),
    ("lstm", GATE, rf"{GATES} \le 1"),
    ("lstm", (*GATE, r"(f_t)_j \le c"), rf"{GATES} \le c^{{t-k}}"),
    ("lstm", (LATER, r"\|f_t\|_\infty \le c"),
     r"\left\|\prod_{s=k+1}^t \mathrm{diag}(f_s)\right\| \le c^{t-k}"),
    ("lstm", (LATER, r"\|f_t\|_\infty \le c", *FROZEN),
     r"\left\|\frac{\partial C_t}{\partial C_k}\right\| \le c^{t-k}"),
    # truncation
    ("rnn", window("W"), dropped("h", "W")),
    ("rnn-inside", window("W_{rec}"), dropped("x", "W_{rec}")),
    ("rnn", window("W"),
     dropped("h", "W").replace(r"\frac{\partial h_t}{\partial h_k} b",
                               r"(\frac{\partial h_t}{\partial h_k})^\top \nabla_{h_t} L_t")
     .replace(r"\|b\|", r"\|\nabla_{h_t} L_t\|")),
)  # fmt: skip

FALSE: tuple[Row, ...] = (
    (PLAIN, (r"k \le t",), r"\prod_{i=k+1}^{t} J = J^{t-k+1}"),
    ("linear", (LATER,), r"\frac{\partial s_t}{\partial s_k} = W^{t-k-1}"),
    ("rnn", (r"a_t = \alpha", LATER),
     r"\frac{\partial h_t}{\partial h_k} = (\mathrm{diag}(\sigma'(\alpha)) W)^{t-k}"),
    (SIMILAR, (ANY,), r"W^k = Q \mathrm{diag}(\lambda^k) Q^\top"),
    (TURNED, (ANY,), r"W^k = Q \mathrm{diag}(\lambda^k) Q^\top"),
    (TURNED, (ANY, "d = 2"), r"(W^k)_{12} = Q_{11} \lambda_1^k Q_{21} + Q_{12} \lambda_2^k Q_{22}"),
    (SUM, (ANY,), "M^k = " + EXPANDED.replace("{k-j}", "j")),
    (SUM, (ANY,), "M^k = " + EXPANDED.replace("{k}{j}", "{k+1}{j}")),
    (SUM, (r"s \ge 1", r"k \ge s"), f"{EXPANDED} = {UP_TO_S}"),
    (SUM, ("N^s = 0", r"s \ge 2", r"k \ge s"), f"{EXPANDED} = {UP_TO_S}".replace("s-1", "s-2")),
    (SUM, ("N^s = 0", r"s \ge 2"), "N^{s-1} = 0"),
    (SUM, ("N^2 = 0", r"k \ge 1"), rf"{EXPANDED} = \lambda^k I + \lambda^{{k-1}} N"),
    (PLAIN, (), r"\|W\| \le \rho(W)"),
    (PLAIN, (), r"\|W\| = \rho(W)"),
    (PLAIN, (ANY,), r"\|W^k\| \le \rho(W)^k"),
    (PLAIN, (r"J \text{ normal}", ANY), r"\|W^k\| \le \rho(W)^k"),
    ("rnn", (LATER,), rf"{JACOBIAN} \le {RADIUS}"),
    ("rnn-inside", (LATER,), rf"{INSIDE} \le {RADIUS_REC}"),
    (SIMILAR, (ANY,), r"\|W^k\| \le \|\Lambda\|^k"),
    (SIMILAR, (ANY,), r"\|W^k\| \le \rho(W)^k"),
    (TURNED, (ANY,), r"\|W^k\| \le \|\lambda\|_\infty^k"),
    ("rnn", (LATER,), rf"{JACOBIAN} \le 1"),
    ("rnn", (r"\sup|\sigma'| \|W\| \ge 1", LATER), rf"{JACOBIAN} \ge 1"),
    (cell("sigmoid"), (LATER,), rf"{JACOBIAN} \le (\frac{{1}}{{5}} \|W\|)^{{t-k}}"),
    (cell("gelu"), (LATER,), rf"{JACOBIAN} \le \|W\|^{{t-k}}"),
    ("lstm", CONSTANT, FILTER.replace("{t-k}", "{t-k+1}")),
    ("lstm", (), FILTER.replace(r"\phi", "f_t")),
    ("lstm", GATE, rf"{GATES} \ge 2 - {MISSING}"),
    ("lstm", (*GATE, FROZEN[0]), rf"{GATES} \ge 1 - {MISSING}"),
    ("lstm", (*GATE, r"(f_t)_j \le c", FROZEN[0]), rf"{GATES} \le c^{{t-k}}"),
    ("lstm", (LATER, r"\|f_t\|_\infty \le c"),
     r"\left\|\prod_{s=k+1}^t \mathrm{diag}(f_s)\right\| \le c^{t-k+1}"),
    ("rnn", window("W")[:2], dropped("h", "W")),
)  # fmt: skip


def shown(row: Row) -> str:
    return f"{row[0] if chr(10) not in row[0] else 'own'}: {row[2]}"


def model_of(text: str) -> Model:
    return Model.parse(text, equations=False) if "\n" in text else Model.named(text)


def proved(row: Row) -> ProvedStatement:
    return prove_statement(model_of(row[0]), row[2], row[1])


@pytest.mark.parametrize("row", TRUE, ids=shown)
def test_a_true_statement_is_proved(row: Row) -> None:
    result = proved(row)
    again = loads(dumps(result.development))
    assert again == result.development
    check(again)
    theory = result.development.theory
    for th in result.theorems:
        if not theory.assumptions:  # values that satisfy an assumption are not drawn
            found = agree(th.left, th.right, theory, th.facts, trials=4, relation=th.relation)
            assert found is None, found


@pytest.mark.parametrize("row", FALSE, ids=shown)
def test_a_false_statement_is_not_proved(row: Row) -> None:
    with pytest.raises(NotSupported):
        proved(row)


def test_the_sum_over_binomials_is_proved_by_induction() -> None:
    (theorem,) = proved((SUM, (ANY,), f"M^k = {EXPANDED}")).theorems
    assert isinstance(theorem.proof, Induction) and theorem.facts == (k,)
    (theorem,) = proved(("lstm", CONSTANT, FILTER)).theorems
    assert isinstance(theorem.proof, Induction)
    development = proved(("lstm", GATE, rf"{GATES} \ge 1 - {MISSING}")).development
    assert isinstance(development.theorem("weierstrass").proof, Induction)


# ---------------------------------------------------------------- under assumptions, with numbers


def held(row: Row, values: dict[str, np.ndarray], sizes: dict[Expr, int], exponent: int) -> None:
    """Every theorem of the statement at values that satisfy its assumptions."""
    result = proved(row)
    theory = result.development.theory
    world = World.random(theory, sizes, values={(name,): v for name, v in values.items()})
    for a in theory.assumptions:
        assert np.allclose(evaluate(a.left, world), evaluate(a.right, world), atol=1e-9)
    for th in result.theorems:
        left, right = (evaluate(x, world, {k: exponent}) for x in (th.left, th.right))
        if th.relation == "=":
            assert np.allclose(left, right, rtol=1e-8, atol=1e-10)
        else:
            assert (left <= right + 1e-9 * np.abs(right)).all()


def random(size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, size))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_normal_and_orthogonal_matrices(size: int) -> None:
    a = random(size, size)
    turn, _ = np.linalg.qr(a)
    normal = (PLAIN, (NORMAL, ANY), r"\rho(W)^k \le \|W^k\| \le \|W\|^k = \rho(W)^k")
    for w in (a + a.T, a - a.T, 2 * turn):
        for exponent in (0, 1, 4):
            held(normal, {"W": w}, {d: size}, exponent)
    held(
        (TURNED, (ANY, ORTHOGONAL), r"\|W^k\| \le \|\lambda\|_\infty^k"), {"Q": turn}, {d: size}, 3
    )
    held(
        (TURNED, (ANY, ORTHOGONAL), r"W^k = Q \mathrm{diag}(\lambda^k) Q^\top"), {"Q": turn},
        {d: size}, 4,
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 4])
def test_nilpotent_matrices(size: int) -> None:
    strict = np.triu(random(size, 7), 1)
    row = (SUM, ("N^s = 0", r"s \ge 1", r"k \ge s"), f"M^k = {EXPANDED} = {UP_TO_S}")
    for exponent in (size, size + 3):
        held(row, {"N": strict}, {d: size, s: size}, exponent)


def test_the_letter_of_an_exponent_stands_for_one_number() -> None:
    model, _ = assume(model_of(SUM), ("N^s = 0",))
    assert model.theory.facts == (s,)
    model, _ = assume(Model.named("rnn"), (r"\sigma'(a_t) = g",))
    assert t not in {x for f in model.theory.facts for x in f.free_symbols}
