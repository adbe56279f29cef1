"""Meaning through time: recurrences, frames and partial derivatives against NumPy by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sympy import Expr

from symbptt.core.errors import IndexRangeError, ModelError, NotSupported, SymbpttError
from symbptt.core.meaning import World, evaluate
from symbptt.core.terms import (
    D,
    Elem,
    Func,
    Gradient,
    Map,
    Param,
    Partial,
    Shock,
    SumOver,
    Transposed,
    index_symbol,
)
from symbptt.core.theory import ALL, Definition, Frame, Given, Theory

n, m, d, T, t, k = map(index_symbol, ("n", "m", "d", "T", "t", "k"))
SIZES = {n: 3, m: 4, d: 2, T: 5}
W, U, b = Param("W", n, n), Param("U", n, d), Param("b", n)
LOSS = Param("L", 1)
RANGE, START = (t - 1, T - t), (t, -t)


def h(at: Expr) -> Elem:
    return Elem("h", at, n)


def a(at: Expr) -> Elem:
    return Elem("a", at, n)


def x(at: Expr) -> Elem:
    return Elem("x", at, d)


RNN = Theory(
    (W, U, b),
    (Given(x(t), RANGE), Given(h(t), START)),
    (
        Definition(a(t), W @ h(t - 1) + U @ x(t) + b, RANGE),
        Definition(h(t), Map("tanh", 0, a(t)), RANGE),
        Definition(Elem("L", t, 1), Func("L", t, 1, 0, h(t)), RANGE),
        Definition(LOSS, SumOver(Elem("L", t, 1), t, 1, T)),
    ),
    (T - 1,),
)


def rnn_by_hand(world: World) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """h_0..h_T, W and the slopes tanh'(a_t) as diagonal matrices (index 0 unused)."""
    w, u, c = (evaluate(p, world) for p in (W, U, b))
    states, slopes = [evaluate(h(0), world)], [np.eye(3)]
    for s in range(1, 6):
        states.append(np.tanh(w @ states[-1] + u @ evaluate(x(s), world) + c))
        slopes.append(np.diagflat(1 - states[-1] ** 2))
    return states, w, slopes


def test_the_recurrence_and_its_loss() -> None:
    world = World.random(RNN, SIZES, seed=1)
    states, w, _ = rnn_by_hand(world)
    for s in range(6):
        np.testing.assert_allclose(evaluate(h(s), world), states[s], rtol=1e-13)
    rest = np.arctanh(states[5]) - w @ states[4]
    np.testing.assert_allclose(evaluate(a(k) - W @ h(k - 1), world, {k: 5}), rest, rtol=1e-9)
    terms = [evaluate(Elem("L", s, 1), world) for s in range(1, 6)]
    np.testing.assert_allclose(evaluate(LOSS, world), sum(terms))
    preset = World.random(RNN, SIZES, seed=1, values={("h", 0): [1.0, -2.0, 0.5]})
    assert np.abs(evaluate(h(5), preset) - states[5]).max() > 1e-3


def test_total_and_immediate_derivatives_of_the_rnn() -> None:
    world = World.random(RNN, SIZES, seed=2)
    states, w, slopes = rnn_by_hand(world)
    total_w, total_b = np.zeros((3, 9)), np.zeros((3, 3))
    for s in range(1, 6):
        own = slopes[s] @ np.kron(states[s - 1].T, np.eye(3))
        total_w, total_b = own + slopes[s] @ w @ total_w, slopes[s] + slopes[s] @ w @ total_b
        cases = [
            (Partial(h(s), W), total_w),
            (Partial(h(s), W, "immediate"), own),
            (Partial(h(s), b), total_b),
            (Partial(h(s), b, "immediate"), slopes[s]),
            (Partial(h(s), h(s - 1), "immediate"), slopes[s] @ w),
            (Partial(h(s), h(s), "immediate"), np.eye(3)),
            (Partial(h(s), a(s), "immediate"), slopes[s]),
            (Partial(h(s), x(s)), slopes[s] @ evaluate(U, world)),
        ]
        if s >= 2:
            cases.append((Partial(h(s), h(s - 2), "immediate"), np.zeros((3, 3))))
            cases.append((Partial(h(s), h(s - 2)), slopes[s] @ w @ slopes[s - 1] @ w))
            cases.append((Partial(h(s), a(s - 1)), slopes[s] @ w @ slopes[s - 1]))
            cases.append((Partial(h(s - 1), h(s)), np.zeros((3, 3))))
        for term, expected in cases:
            np.testing.assert_allclose(
                evaluate(term, world), expected, rtol=1e-12, atol=1e-14, err_msg=str(term)
            )


def test_gradients_of_the_loss() -> None:
    world = World.random(RNN, SIZES, seed=3)
    states, w, slopes = rnn_by_hand(world)
    delta, by_w = np.zeros((3, 1)), np.zeros((3, 3))
    for s in range(5, 0, -1):
        delta = delta + evaluate(Transposed(Func("L", s, 1, 1, h(s))), world)
        np.testing.assert_allclose(evaluate(Gradient(LOSS, h(s)), world), delta, rtol=1e-12)
        by_w += slopes[s] @ delta @ states[s - 1].T
        delta = w.T @ slopes[s] @ delta
    np.testing.assert_allclose(evaluate(Gradient(LOSS, W), world), by_w, rtol=1e-12)
    np.testing.assert_allclose(evaluate(Gradient(LOSS, h(0)), world), delta, rtol=1e-12)


def test_a_sequence_is_not_the_parameter_of_the_same_name() -> None:
    world, frame = World.random(RNN, SIZES, seed=9), Frame((), ("L",))
    shocks = [evaluate(Shock(Elem("L", s, 1)), world, frame=frame) for s in range(1, 6)]
    np.testing.assert_allclose(evaluate(D(LOSS), world, frame=frame), sum(shocks))
    bias = Elem("b", 0, n)
    twins = Theory((b,), (Given(Elem("b", t, n), START),), ())
    world = World.random(twins, SIZES)
    assert not np.array_equal(evaluate(b, world), evaluate(bias, world))
    assert not evaluate(D(b), world, frame=Frame((bias.at(ALL),))).any()


def test_ranges_are_enforced() -> None:
    world = World.random(RNN, SIZES)
    for term in (h(-1), h(6), x(0), a(0), Elem("z", 1, n), Param("R", n), Partial(h(2), x(0))):
        with pytest.raises(IndexRangeError, match="neither defined nor given"):
            evaluate(term, world)
    with pytest.raises(SymbpttError, match="preset"):
        World.random(RNN, SIZES, values={("h", 2): [1.0, 2.0, 3.0]})
    with pytest.raises(NotSupported, match="immediate"):
        evaluate(Partial(LOSS, W, "immediate"), world)


def test_circular_definitions_are_refused_every_time() -> None:
    circular = Theory((), (), (Definition(h(t), h(T + 1 - t), RANGE),))
    world = World.random(circular, SIZES)
    for _ in range(2):
        with pytest.raises(ModelError, match=r"h\[1\] is defined through itself"):
            evaluate(h(1), world)
    long = World.random(RNN, {**SIZES, T: 5000})
    with pytest.raises(NotSupported, match="too many steps"):
        evaluate(h(5000), long)
    differential = Theory((b,), (), (Definition(h(t), D(b)),))
    with pytest.raises(NotSupported, match="contains a differential"):
        evaluate(h(1), World.random(differential, SIZES))


def test_an_rnn_is_evaluated_quickly() -> None:
    def seconds(seed: int) -> float:
        world, start = World.random(RNN, SIZES, seed=seed), time.process_time()
        evaluate(LOSS + D(LOSS), world)
        return time.process_time() - start

    assert min(seconds(seed) for seed in range(10)) < 0.01
