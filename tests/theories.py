"""Recurrent networks written out by hand as theories, one for each feature of the calculus."""

from __future__ import annotations

from dataclasses import dataclass

from symbptt.calculus.adjoint import Loss
from symbptt.calculus.derive import Problem
from symbptt.core.terms import (
    Block, Const, Elem, Func, Map, Ones, Param, Softmax, SumOver, Term, Zero, index_symbol,
)  # fmt: skip
from symbptt.core.theory import Assumption, Definition, Given, Theory

n, d, q, m, B, T, J, t, k, j = (
    index_symbol(s) for s in ("n", "d", "q", "m", "B", "T", "J", "t", "k", "j")
)
STEPS, START = (t - 1, T - t), (t, -t)
W, U, b = Param("W", n, n), Param("U", n, d), Param("b", n)
R, S, V, c = Param("R", n, n), Param("S", n, d), Param("V", q, n), Param("c", q)
h, a, x, g = Elem("h", t, n), Elem("a", t, n), Elem("x", t, d), Elem("g", t, n)
o, y, p = Elem("o", t, q), Elem("y", t, q), Elem(r"\hat{y}", t, q)
L, Lt = Param("L", 1, 1), Elem("L", t, 1)
TOTAL = Definition(L, SumOver(Lt, t, 1, T))
RNN = Definition(a, W @ h.at(t - 1) + U @ x + b, STEPS)


@dataclass(frozen=True)
class Case:
    """A problem, what to differentiate by, and whether the double sum exists."""

    problem: Problem
    leaves: tuple[Term, ...]
    double_sum: bool = True
    no_sum: tuple[Term, ...] = ()  # leaves among them without a sum over later steps


def _loss(of: Term) -> tuple[Definition, Definition]:
    return Definition(Lt, Func("L", t, 1, 0, of), STEPS), TOTAL


def _case(
    params: tuple[Term, ...],
    givens: tuple[Given, ...],
    definitions: tuple[Definition, ...],
    main: tuple[str, ...],
    leaves: tuple[Term, ...],
    double_sum: bool = True,
    facts: tuple[object, ...] = (),
    assumptions: tuple[Assumption, ...] = (),
    no_sum: tuple[Term, ...] = (),
) -> Case:
    theory = Theory(params, givens, definitions, (T - 1, *facts), assumptions)
    parts = ("L",) if any(d.key == "L[]" for d in definitions) else ()
    return Case(Problem(theory, Loss(L, parts), main, T), leaves, double_sum, no_sum)


X, H0 = Given(x, STEPS), Given(h, START)


def plain() -> Case:
    """h_t = sigma(W h_{t-1} + U x_t + b), sigma unspecified."""
    defs = (RNN, Definition(h, Map(r"\sigma", 0, a), STEPS), *_loss(h))
    return _case((W, U, b), (X, H0), defs, ("h",), (W, U, b, x.at(k), h.at(0), h.at(k)))


def gated() -> Case:
    """Two states: c_t = g_t * c_{t-1} + c_{t-2} + R h_{t-1}, h_t = g_t * tanh(c_t)."""
    cell = Elem("c", t, n)
    defs = (
        RNN,
        Definition(g, Map("sigmoid", 0, a), STEPS),
        Definition(cell, g * cell.at(t - 1) + cell.at(t - 2) + R @ h.at(t - 1), STEPS),
        Definition(h, g * Map("tanh", 0, cell), STEPS),
        *_loss(h),
    )
    givens = (X, H0, Given(cell, (t + 1, -t)))
    leaves = (W, R, x.at(k), cell.at(0), cell.at(-1), cell.at(k), h.at(k))
    return _case((W, U, b, R), givens, defs, ("c", "h"), leaves, no_sum=(cell.at(-1),))


def zero_start() -> Case:
    """h_0 = 0 by definition."""
    start = Definition(h, Zero(n), START)
    defs = (start, RNN, Definition(h, Map("tanh", 0, a), STEPS), *_loss(h))
    return _case((W, U, b), (X,), defs, ("h",), (W, b, x.at(k)))


def bidirectional() -> Case:
    """h forward, g backward, both read by o."""
    end = Given(g, (t - T - 1, T + 1 - t))
    defs = (
        RNN,
        Definition(h, Map("tanh", 0, a), STEPS),
        Definition(g, Map("tanh", 0, R @ g.at(t + 1) + S @ x), STEPS),
        Definition(o, V @ h + Param("Q", q, n) @ g, STEPS),
        *_loss(o),
    )
    params = (W, U, b, R, S, V, Param("Q", q, n))
    leaves = (W, R, V, x.at(k), g.at(T + 1), h.at(0))
    return _case(params, (X, H0, end), defs, ("h", "g"), leaves, False)


def many_to_one() -> Case:
    """The loss reads the last state only."""
    defs = (
        RNN,
        Definition(h, Map("tanh", 0, a), STEPS),
        Definition(L, Func("l", None, 1, 0, V @ h.at(T))),
    )
    return _case((W, U, b, V), (X, H0), defs, ("h",), (W, V, b, h.at(0)))


def concatenated() -> Case:
    """One matrix for state and input: W [h_{t-1}; x_t]."""
    merged = Param("W", n, n + d)
    defs = (
        Definition(a, merged @ Block(2, 1, h.at(t - 1), x) + b, STEPS),
        Definition(h, Map("tanh", 0, a), STEPS),
        *_loss(h),
    )
    return _case((merged, b), (X, H0), defs, ("h",), (merged, b, x.at(k), h.at(0)))


def delays() -> Case:
    """A time-delay layer: h_t = tanh(sum_{j=0}^J M_j x_{t-j} + b)."""
    lag = Elem("M", j, n, d)
    defs = (
        Definition(a, SumOver(lag @ x.at(t - j), j, 0, J) + b, STEPS),
        Definition(h, Map("tanh", 0, a), STEPS),
        *_loss(h),
    )
    givens = (Given(x, (t + J - 1, T - t)), Given(Elem("M", t, n, d), (t, J - t)))
    leaves = (b, x.at(k), Elem("M", k, n, d))
    return _case((b,), givens, defs, (), leaves, False, (J,))


def rows() -> Case:
    """Batches with samples as rows: H_t = tanh(H_{t-1} W + X_t U^T + 1 b^T)."""
    X_, H_, A_ = Elem("X", t, B, d), Elem("H", t, B, n), Elem("A", t, B, n)
    defs = (
        Definition(A_, H_.at(t - 1) @ W + X_ @ U.T + Ones(B) @ b.T, STEPS),
        Definition(H_, Map("tanh", 0, A_), STEPS),
        *_loss(H_),
    )
    givens = (Given(X_, STEPS), Given(H_, START))
    return _case((W, U, b), givens, defs, ("H",), (W, U, b, X_.at(k)), False)


def output(function: str, loss: str, normalised: bool = False) -> Case:
    """An output layer with cross-entropy: one-sided ("one") or two-sided ("two")."""
    value = -(y.T @ Map("log", 0, p))
    if loss == "two":
        value = value - (Ones(q) - y).T @ Map("log", 0, Ones(q) - p)
    defs = (
        RNN,
        Definition(h, Map("tanh", 0, a), STEPS),
        Definition(o, V @ h + c, STEPS),
        Definition(p, Softmax(o) if function == "softmax" else Map("sigmoid", 0, o), STEPS),
        Definition(Lt, value, STEPS),
        TOTAL,
    )
    sums = (Assumption("normalised y", Ones(q).T @ y, Const(1), STEPS),) if normalised else ()
    givens = (X, H0, Given(y, STEPS))
    leaves = (W, V, c, o.at(k))
    return _case((W, U, b, V, c), givens, defs, ("h",), leaves, True, (), sums, (o.at(k),))


CASES = {
    "plain": plain, "gated": gated, "zero start": zero_start, "bidirectional": bidirectional,
    "many to one": many_to_one, "concatenated": concatenated, "delays": delays, "rows": rows,
    "softmax": lambda: output("softmax", "one"),
    "sigmoid": lambda: output("sigmoid", "two"),
}  # fmt: skip
