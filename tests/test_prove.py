"""Stated equations: proved by unfolding or by induction, and not proved when they are wrong."""

from __future__ import annotations

import pytest
import theories as th
from sympy import Integer
from theories import T, W, a, h, k, n, t

from symbptt.calculus.adjoint import Loss
from symbptt.calculus.derive import Problem, Result
from symbptt.calculus.prove import prove
from symbptt.core.errors import NotSupported
from symbptt.core.terms import (
    Diag, Elem, Func, Gradient, Inverse, Map, Ones, OrderedProduct, Param, Partial, Power, SumOver,
    Term, index_symbol,
)  # fmt: skip
from symbptt.core.theory import Definition, Given, Theory
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
