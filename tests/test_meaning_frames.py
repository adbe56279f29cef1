"""What a frame lets vary, held against finite differences of models in which it is a leaf."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Expr

from symbptt.core.meaning import World, evaluate
from symbptt.core.terms import (
    D,
    Elem,
    Func,
    Map,
    Param,
    Partial,
    Shock,
    SumOver,
    Term,
    Vec,
    Zero,
    index_symbol,
)
from symbptt.core.theory import ALL, Definition, Frame, Given, Theory

n, m, d, T, t, k = map(index_symbol, ("n", "m", "d", "T", "t", "k"))
SIZES = {n: 3, m: 4, d: 2, T: 5}
W, U = Param("W", n, n), Param("U", n, d)
LOSS = Param("L", 1)
RANGE, START = (t - 1, T - t), (t, -t)


def h(at: Expr) -> Elem:
    return Elem("h", at, n)


def x(at: Expr) -> Elem:
    return Elem("x", at, d)


# Two sequences of different sizes that feed each other, and one that runs backwards.
P, Q, V, Z = Param("P", m, n), Param("Q", m, m), Param("V", n, m), Param("Z", n, n)


def c(at: Expr) -> Elem:
    return Elem("c", at, m)


def g(at: Expr) -> Elem:
    return Elem("g", at, n)


BODIES = {
    "c": (c(t), Map("f", 0, Q @ c(t - 1) + P @ h(t - 1))),
    "h": (h(t), Map("s", 0, W @ h(t - 1) + V @ c(t) + U @ x(t)) * Map("tanh", 0, h(t - 1))),
    "g": (g(t), Map("r", 0, Z @ g(t + 1) + h(t))),
}
PAIR = Theory(
    (W, U, P, Q, V, Z),
    (Given(x(t), RANGE), Given(h(t), START), Given(c(t), START)),
    (
        *(Definition(head, body, RANGE) for head, body in BODIES.values()),
        Definition(g(t), Zero(n), (t - T - 1, T + 1 - t)),
        Definition(LOSS, SumOver(Func("L", t, 1, 0, h(t), g(t)), t, 1, T)),
    ),
    (T - 1,),
)
TARGETS: tuple[Term, ...] = (LOSS, c(k + 1), h(k), h(T), g(1), g(k))


def extended(shocks: tuple[str, ...] = (), free: Elem | None = None, at: int = 0) -> Theory:
    """The model with given additive shocks e^z[t], and with one element given, not defined."""
    givens, definitions = list(PAIR.givens), []
    for item in PAIR.definitions:
        head, body, facts = item.head, item.body, item.facts
        if head.name in shocks:  # a defined boundary value is a defined element too
            error = Elem(f"e{head.name}", t, *head.shape)
            givens.append(Given(error, facts))
            body = body + error
        if free is not None and head.name == free.name and facts == RANGE:
            definitions.append(Definition(head, body, (t - 1, at - 1 - t)))
            definitions.append(Definition(head, body, (t - at - 1, T - t)))
            givens.append(Given(head, (t - at, at - t)))
        else:
            definitions.append(Definition(head, body, facts))
    return Theory(PAIR.params, tuple(givens), tuple(definitions), PAIR.facts)


FRAMES = [
    (None, (), None),
    (Frame((W,)), (), None),
    (Frame((W, Q, x(3))), (), None),
    (Frame((x(ALL),)), (), None),
    (Frame((x(ALL), h(0), P)), (), None),
    (Frame((h(ALL), Q)), (), None),
    (Frame((h(k),)), (), h(k)),
    (Frame((c(k), U)), (), c(k)),
    (Frame((), ("h",)), ("h",), None),
    (Frame((W,), ("h", "c", "g")), ("h", "c", "g"), None),
    (Frame((h(k),), ("h", "c")), ("h", "c"), h(k)),
]


@pytest.mark.parametrize(("frame", "shocks", "free"), FRAMES, ids=lambda value: str(value))
def test_frames_against_finite_differences(
    frame: Frame | None, shocks: tuple[str, ...], free: Elem | None
) -> None:
    """Differences of a model in which the shocks and the freed element are plain given leaves."""
    at, step = {k: 3}, 1e-5
    world = World.random(PAIR, SIZES, seed=4)  # smaller parameters: differences blow up in chaos
    small = {(p.name,): 0.4 * evaluate(p, world) for p in PAIR.params}
    world = World.random(PAIR, SIZES, seed=4, values=small)
    other = extended(shocks, free, 3)
    leaves = [*PAIR.params, h(0), c(0), *(x(s) for s in range(1, 6)), *([free] if free else [])]
    shocked = [BODIES[z][0].at(s) for z in shocks for s in range(1, 7 if z == "g" else 6)]
    shocked = [z for z in shocked if free is None or z != free.at(3)]

    def moved(by: float) -> World:
        preset = {}
        for leaf in leaves:
            key = (leaf.name, int(leaf.index.subs(at))) if isinstance(leaf, Elem) else (leaf.name,)
            change = evaluate(D(leaf), world, at, frame)
            preset[key] = evaluate(leaf, world, at) + by * change
        for z in shocked:
            preset[f"e{z.name}", int(z.index)] = by * evaluate(Shock(z), world, at, frame)
        return World.random(other, SIZES, seed=4, values=preset)

    high, low = moved(step), moved(-step)
    largest = 0.0
    for target in TARGETS:
        slope = (evaluate(target, high, at) - evaluate(target, low, at)) / (2 * step)
        got = evaluate(D(target), world, at, frame)
        np.testing.assert_allclose(got, slope, rtol=1e-6, atol=1e-7, err_msg=str(target))
        largest = max(largest, np.abs(got).max())
    assert largest > 1e-3


def test_what_does_not_vary_has_no_differential() -> None:
    world = World.random(PAIR, SIZES, seed=5)
    frame = Frame((W, x(ALL), c(k)), ("h",))
    for leaf in (U, h(0), c(0), c(1), Shock(h(2)), Shock(c(2))):
        assert not evaluate(D(leaf), world, {k: 3}, frame).any()
    for leaf in (W, x(1), x(5), c(k), h(1), h(5)):
        assert evaluate(D(leaf), world, {k: 3}, frame).all()
    assert evaluate(Shock(h(2)), world, {k: 3}, frame).all()
    assert not evaluate(Shock(c(2)), world, {k: 3}, frame).any()
    assert not evaluate(Shock(h(2)), world).any()


def test_a_step_holds_everything_at_other_times() -> None:
    """h_k = s(p) * tanh(h_{k-1}), p = W h_{k-1} + V c_k + U x_k: at one time only."""
    world, at = World.random(PAIR, SIZES, seed=6), {k: 3}
    p, gate = W @ h(k - 1) + V @ c(k) + U @ x(k), Map("tanh", 0, h(k - 1))
    inner = V @ (Map("f", 1, Q @ c(k - 1) + P @ h(k - 1)) * (D(Q) @ c(k - 1)))
    through = Map("s", 1, p) * (D(W) @ h(k - 1) + inner + U @ D(x(k))) * gate
    frame = Frame((W, Q, x(ALL)), step=k)
    np.testing.assert_allclose(
        evaluate(D(h(k)), world, at, frame), evaluate(through, world, at, frame), rtol=1e-12
    )
    for still in (h(k - 1), h(k + 1), c(k + 1), g(k + 1)):
        assert not evaluate(D(still), world, at, frame).any()
    assert evaluate(D(g(k)), world, at, frame).all()  # at time k, it follows h_k
    assert evaluate(D(x(k + 1)), world, at, frame).all()  # in vary, at any time
    shocked = Frame((h(k - 1),), ("c",), step=k)
    assert evaluate(D(h(k - 1)), world, at, shocked).all()
    assert not evaluate(D(c(k - 1)), world, at, shocked).any()
    change = evaluate(D(c(k)) - Shock(c(k)), world, at, shocked)
    slope = Map("f", 1, Q @ c(k - 1) + P @ h(k - 1)) * (P @ D(h(k - 1)))
    np.testing.assert_allclose(change, evaluate(slope, world, at, shocked), rtol=1e-10)


def test_a_bound_index_does_not_capture_the_index_of_a_frame() -> None:
    world, frame = World.random(PAIR, SIZES, seed=7), Frame((h(k),))
    captured = SumOver(D(h(k)), k, 1, 2)  # d h_1 + d h_2, where h_3 varies: zero
    assert not evaluate(captured, world, {k: 3}, frame).any()
    assert evaluate(SumOver(D(h(k)), k, 1, 3), world, {k: 3}, frame).all()


def test_a_partial_ignores_the_frame_and_agrees_with_the_differential() -> None:
    world, at = World.random(PAIR, SIZES, seed=8), {k: 2}
    for leaf in (W, Q, h(k), c(k), x(1), h(0), g(4)):
        for target in TARGETS:
            jacobian = Partial(target, leaf)
            change = evaluate(jacobian @ Vec(D(leaf)), world, at, Frame((leaf,)))
            expected = evaluate(D(target), world, at, Frame((leaf,)))
            np.testing.assert_allclose(change, expected, rtol=1e-11, atol=1e-13)
            other = evaluate(jacobian, world, at, Frame((U,), ("h",), k))
            assert np.array_equal(other, evaluate(jacobian, world, at))
