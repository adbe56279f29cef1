"""Stated equations: proved by unfolding or by induction, and not proved when they are wrong."""

from __future__ import annotations

import pytest
import theories as th
from sympy import Expr, Integer
from theories import T, W, a, h, k, n, t

from symbptt.calculus.adjoint import Loss
from symbptt.calculus.derive import Problem, Result
from symbptt.calculus.existence import existence
from symbptt.calculus.prove import prove
from symbptt.core.errors import NotSupported
from symbptt.core.meaning import agree
from symbptt.core.terms import (
    Diag, Elem, Func, Gradient, Inverse, Map, Ones, OrderedProduct, Param, Partial, Power, SumOver,
    Term, index_symbol,
)  # fmt: skip
from symbptt.core.theory import Definition, Given, Theory
from symbptt.models import Model
from symbptt.models.given import assume
from symbptt.models.problem import problem_of
from symbptt.notation.reader import read_statement
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check

STEPS = (t - 1, T - t)


def accepted(result: Result) -> None:
    check(result.development)


def cell() -> tuple[Problem, Elem, Elem, Elem]:
    """c_t = f_t * c_{t-1} + g_t with given gates."""
    c, f, g = Elem("c", t, n), Elem("f", t, n), Elem("g", t, n)
    theory = Theory(
        (), (Given(f, STEPS), Given(g, STEPS), Given(c, (t, -t))),
        (Definition(c, f * c.at(t - 1) + g, STEPS),
         Definition(th.L, Func("l", None, 1, 0, c.at(T)))),
        (T - 1,),
    )  # fmt: skip
    return Problem(theory, Loss(th.L), ("c",), T), c, f, g


def solved(f: Elem, g: Elem, c: Elem, first: Term) -> Term:
    i = index_symbol("i")
    path = OrderedProduct(Diag(f.at(i)), i, k + 1, t)
    return SumOver(path @ g.at(k), k, 1, t) + OrderedProduct(Diag(f.at(i)), i, 1, t) @ first


def test_a_linear_recurrence_is_solved_by_induction() -> None:
    problem, c, f, g = cell()
    accepted(prove(problem, c, solved(f, g, c, c.at(0)), (t, T - t), (t, Integer(0))))


def test_a_wrong_solution_is_not_proved() -> None:
    problem, c, f, g = cell()
    with pytest.raises(NotSupported):
        prove(problem, c, solved(f, g, c, c.at(0) + c.at(0)), (t, T - t), (t, Integer(0)))


def test_power_of_a_diagonalized_matrix() -> None:
    M, Q, D = (Param(z, n, n) for z in ("M", "Q", r"\Lambda"))
    theory = Theory((Q, D), (), (Definition(M, Q @ D @ Inverse(Q)),), ())
    problem = Problem(theory, None, (), None)
    accepted(prove(problem, Power(M, k), Q @ Power(D, k) @ Inverse(Q), (k,), (k, Integer(0))))
    with pytest.raises(NotSupported):
        prove(problem, Power(M, k), Q @ Power(D, k) @ Q.T, (k,), (k, Integer(0)))


@pytest.mark.parametrize(
    ("left", "right", "facts"),
    [
        (Partial(h, h.at(t - 1)), Diag(Map(r"\sigma", 1, a)) @ W, STEPS),
        (Partial(h, h.at(k)), Partial(h, h.at(t - 1)) @ Partial(h.at(t - 1), h.at(k)),
         (k - 1, t - k - 1, T - t)),
        (h, Map(r"\sigma", 0, W @ h.at(t - 1) + th.U @ th.x + th.b), STEPS),
        (Gradient(th.L, th.b), SumOver(Gradient(th.L, a.at(k)), k, 1, T), ()),
    ],
    ids=["Jacobian", "chain rule", "definition", "gradients"],
)  # fmt: skip
def test_statement_about_the_plain_network(left: Term, right: Term, facts: tuple) -> None:
    accepted(prove(th.plain().problem, left, right, facts))


def test_slope_of_tanh_through_the_state() -> None:
    problem = th.zero_start().problem
    accepted(prove(problem, Partial(h, h.at(t - 1)), Diag(Ones(n) - h * h) @ W, STEPS))
    with pytest.raises(NotSupported):
        prove(problem, Partial(h, h.at(t - 1)), W @ Diag(Ones(n) - h * h), STEPS)


# ---------------------------------------------------------------- stated in text, under givens

S, i = index_symbol("S"), index_symbol("i")
LINEAR = r"""
x_t, h_t, o_t, b \in \mathbb{R}^n
W, U, V \in \mathbb{R}^{n \times n}
h_t = W h_{t-1} + U x_t + b
o_t = V h_t
L_t \in \mathbb{R}
L = \sum_{t=1}^{T} L_t(o_t)
"""
MATRIX = r"""
Q, \Lambda, M \in \mathbb{R}^{n \times n}
M = Q \Lambda Q^\top
"""
INVERSE = MATRIX.replace(r"Q^\top", "Q^{-1}")
DIAGONAL = r"""
\lambda \in \mathbb{R}^n
\Lambda \in \mathbb{R}^{n \times n}
\Lambda = \mathrm{diag}(\lambda)
"""
TWO = r"""
x_t, u_t \in \mathbb{R}^d
h_t, g_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t + b) \quad (t = 1, \dots, T)
g_t = \tanh(W g_{t-1} + U u_t + b) \quad (t = 1, \dots, S)
L_t, E_t \in \mathbb{R}
L = \sum_{t=1}^{T} L_t(h_t) + \sum_{t=1}^{S} E_t(g_t)
"""
EXAMPLE = ("W = 2 I", "U = I", "V = I", "b = 0", "h_0 = 0", r"1 \le t \le T")
UNITS = (*EXAMPLE, r"x_j = e_j", r"e_j \text{ unit vectors}", r"1 \le i \le n")
MERGED = ("W = (W_{hx}, W_{hh})",)
PADDED = (
    r"m_t = 1 \quad (t = 1, \dots, S)", r"m_t = 0 \quad (t = S+1, \dots, T)", r"1 \le S \le T",
)  # fmt: skip
FIXED = (r"f_t \text{ constant}", r"i_t \text{ constant}", r"\tilde{C}_t \text{ fixed}")
SHUT = ("f_t = 1", "i_t = 0")
LATER = r"1 \le k < t"
Start = tuple[str, Expr] | None
Row = tuple[str, tuple[str, ...], str, Start]


def attempt(name: str, given: tuple[str, ...], claim: str, start: Start) -> Result:
    model = Model.parse(name) if "\n" in name else Model.named(name)
    model, facts = assume(model, given)
    problem = problem_of(model)
    left, _, right = read_statement(claim, model.scope.extended(unit=model.unit_size))
    facts = tuple(dict.fromkeys((*facts, *existence(problem.theory, left, right))))
    induction = None if start is None else (index_symbol(start[0]), start[1])
    return prove(problem, left, right, facts, induction)


TRUE: tuple[Row, ...] = (
    ("teacher-forcing", (LATER,), r"\frac{\partial h_t}{\partial h_k} = 0", None),
    ("teacher-forcing", (),
     r"\frac{\partial L}{\partial W} ="
     r" \sum_{t=1}^T \mathrm{diag}(1-h_t^2) V^\top \nabla_{o_t} L_t y_{t-1}^\top", None),
    ("rnn-merged", MERGED, r"a^h_t = W_{hx} x_t + W_{hh} h_{t-1} + b_h", None),
    ("rnn-merged", MERGED,
     r"\frac{\partial L}{\partial W} ="
     r" [\frac{\partial L}{\partial W_{hx}}, \frac{\partial L}{\partial W_{hh}}]", None),
    ("rnn-merged", MERGED,
     r"\frac{\partial L}{\partial W_{hx}} = \sum_{t=1}^T \nabla_{a^h_t} L x_t^\top", None),
    (LINEAR, EXAMPLE, r"h_t = \sum_{j=1}^t 2^{t-j} x_j", ("t", Integer(1))),
    (LINEAR, EXAMPLE, r"o_t = \sum_{j=1}^t 2^{t-j} x_j", ("t", Integer(1))),
    (LINEAR, (*UNITS, r"i \le t"), r"(\sum_{j=1}^t 2^{t-j} e_j)_i = 2^{t-i}", None),
    (LINEAR, (*UNITS, "i > t"), r"(\sum_{j=1}^t 2^{t-j} e_j)_i = 0", None),
    (LINEAR, (), r"h_t = \sum_{j=1}^t W^{t-j} (U x_j + b) + W^t h_0", ("t", Integer(0))),
    ("masked", (*PADDED, r"S \le t"), "h_t = h_S", ("t", S)),
    ("masked", (*PADDED, r"S \le t"), "h_t = h_S", None),
    ("masked", PADDED, r"L = \sum_{t=1}^S L_t", None),
    ("masked", (*PADDED, "S < t"), r"\nabla_{h_t} L = 0", ("t", T)),
    ("masked", PADDED, r"\nabla_{h_S} L = (\frac{\partial L_S}{\partial h_S})^\top", None),
    ("masked", (*PADDED, r"1 \le t < S"),
     r"\nabla_{h_t} L = W^\top \mathrm{diag}(1-g_{t+1}^2) \nabla_{h_{t+1}} L + \nabla_{h_t} L_t",
     None),
    ("masked", PADDED,
     r"\frac{\partial L}{\partial W} ="
     r" \sum_{t=1}^S \mathrm{diag}(1-g_t^2) \nabla_{h_t} L h_{t-1}^\top", None),
    (TWO, (),
     r"\frac{\partial L}{\partial W} ="
     r" \sum_{t=1}^T \mathrm{diag}(1-h_t^2) \nabla_{h_t} L h_{t-1}^\top"
     r" + \sum_{t=1}^S \mathrm{diag}(1-g_t^2) \nabla_{g_t} L g_{t-1}^\top", None),
    (INVERSE, (r"k \ge 0",), r"M^k = Q \Lambda^k Q^{-1}", ("k", Integer(0))),
    (MATRIX, (r"k \ge 1", r"Q^\top Q = I"), r"M^k = Q \Lambda^k Q^\top", ("k", Integer(1))),
    (MATRIX, (r"k \ge 0", r"Q \text{ orthogonal}"), r"M^k = Q \Lambda^k Q^\top", None),
    (MATRIX, (r"j \ge 0", r"k \ge 0"), r"M^j M^k = M^{j+k}", None),
    ("linear", (r"j \ge 0", r"W \text{ symmetric}"), r"(W^j)^\top = W^j", None),
    (MATRIX, (r"j \ge 0", r"Q \text{ orthogonal}"), r"(Q^j)^\top Q^j = I", None),
    (DIAGONAL, (r"k \ge 0", r"1 \le i \le n"), r"(\Lambda^k)_{ii} = \lambda_i^k", None),
    (DIAGONAL, (r"k \ge 1", r"1 \le i \le n", r"1 \le j < i"), r"(\Lambda^k)_{ij} = 0", None),
    ("lstm", SHUT, "C_t = C_{t-1}", None),
    ("lstm", SHUT, "C_t = C_0", None),
    ("lstm", (*SHUT, LATER), r"\frac{\partial C_t}{\partial C_k} = I", None),
    ("lstm", (*FIXED, LATER),
     r"\frac{\partial C_t}{\partial C_k} = \prod_{j=k+1}^t \mathrm{diag}(f_j)", None),
    ("rnn-tanh", (),
     r"\frac{\partial L}{\partial W} ="
     r" \sum_{t=1}^T \mathrm{diag}(1-h_t^2) \nabla_{h_t} L h_{t-1}^\top", None),
    ("rnn", (),
     r"\frac{\partial L}{\partial W} = \sum_{t=1}^T \sum_{k=1}^t \mathrm{diag}(\sigma'(a_k))"
     r" \left(\frac{\partial h_t}{\partial h_k}\right)^\top \nabla_{h_t} L_t h_{k-1}^\top", None),
    ("rnn", (r"1 \le k < T",),
     r"\nabla_{a_k} L = \mathrm{diag}(\sigma'(a_k)) (\nabla_{h_k} L_k + W^\top \nabla_{a_{k+1}} L)",
     None),
    ("rnn", ("T = 3",),
     r"\frac{\partial L}{\partial h_2} = (\frac{\partial L_2}{\partial h_2})^\top"
     r" + (\frac{\partial h_3}{\partial h_2})^\top (\frac{\partial L_3}{\partial h_3})^\top", None),
)  # fmt: skip
FALSE: tuple[Row, ...] = (
    ("output-recurrent", (LATER,), r"\frac{\partial h_t}{\partial h_k} = 0", None),
    ("rnn-merged", MERGED, r"a^h_t = W_{hx} x_t + W_{hh} h_{t-1}", None),
    ("rnn-merged", MERGED,
     r"\frac{\partial L}{\partial W} ="
     r" [\frac{\partial L}{\partial W_{hx}}, 2\frac{\partial L}{\partial W_{hh}}]", None),
    (LINEAR, EXAMPLE, r"h_t = \sum_{j=1}^t 2^{t-j+1} x_j", ("t", Integer(1))),
    (LINEAR, EXAMPLE[1:], r"h_t = \sum_{j=1}^t 2^{t-j} x_j", ("t", Integer(1))),
    (LINEAR, (*UNITS, r"i \le t"), r"(\sum_{j=1}^t 2^{t-j} e_j)_i = 2^{t-i+1}", None),
    (LINEAR, (*UNITS, r"i \ge t"), r"(\sum_{j=1}^t 2^{t-j} e_j)_i = 0", None),
    (LINEAR, (), r"h_t = \sum_{j=1}^t W^j (U x_j + b) + W^t h_0", ("t", Integer(0))),
    ("masked", (r"1 \le S \le t",), "h_t = h_S", ("t", S)),
    ("masked", PADDED, r"L = \sum_{t=1}^{S-1} L_t", None),
    ("masked", (*PADDED, r"S \le t"), r"\nabla_{h_t} L = 0", ("t", T)),
    ("masked", PADDED, r"\nabla_{h_T} L = (\frac{\partial L_T}{\partial h_T})^\top", None),
    (TWO, (),
     r"\frac{\partial L}{\partial W} ="
     r" \sum_{t=1}^T \mathrm{diag}(1-h_t^2) \nabla_{h_t} L h_{t-1}^\top", None),
    (MATRIX, (r"k \ge 1",), r"M^k = Q \Lambda^k Q^\top", ("k", Integer(1))),
    (MATRIX, (r"j \ge 0", r"k \ge 0"), r"M^j M^k = M^{j+k+1}", None),
    (MATRIX, (r"j \ge 0",), r"(Q^j)^\top Q^j = I", None),
    (DIAGONAL, (r"k \ge 0", r"1 \le i \le n", r"1 \le j \le n"), r"(\Lambda^k)_{ij} = 0", None),
    ("lstm", SHUT[:1], "C_t = C_{t-1}", None),
    ("lstm", SHUT[1:], "C_t = C_0", None),
    ("lstm", (LATER,), r"\frac{\partial C_t}{\partial C_k} = I", None),
)  # fmt: skip


def shown(row: Row) -> str:
    name = row[0] if "\n" not in row[0] else "own"
    return f"{name}: {row[2]}"


@pytest.mark.parametrize("row", TRUE, ids=shown)
def test_a_true_statement_is_proved(row: Row) -> None:
    result = attempt(*row)
    again = loads(dumps(result.development))
    assert again == result.development
    check(again)
    theorem, theory = result.main, result.development.theory
    if not theory.assumptions:  # values that satisfy an assumption are not drawn
        assert agree(theorem.left, theorem.right, theory, theorem.facts) is None


@pytest.mark.parametrize("row", FALSE, ids=shown)
def test_a_false_statement_is_not_proved(row: Row) -> None:
    with pytest.raises(NotSupported):
        attempt(*row)


def test_a_proof_carries_only_what_it_uses() -> None:
    given = (r"j \ge 0", r"k \ge 0", r"Q \text{ orthogonal}")
    development = attempt(MATRIX, given, r"M^j M^k = M^{j+k}", None).development
    assert [th.id for th in development.theorems] == ["claim"]
