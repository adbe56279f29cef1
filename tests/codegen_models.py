"""Models and adjoint systems written out by hand, as terms: what the generator is tested on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from symbptt.core.terms import (
    Elem, Func, Hadamard, Map, Ones, Param, Plus, SumOver, Term, Transposed, When, index_symbol,
)  # fmt: skip
from symbptt.core.theory import Definition, Given, Theory

n, d, q, p, T, t = (index_symbol(s) for s in ("n", "d", "q", "p", "T", "t"))
STEPS = (t - 1, T - t)
START = (t, -t)


@dataclass(frozen=True)
class FakeModel:
    """What the generator reads of a model."""

    theory: Theory
    sequences: tuple[str, ...]
    inputs: tuple[str, ...]
    auto: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    loss: Param | None = None
    name: str = "by hand"
    text: str = ""
    length: Any = T
    dims: tuple[Any, ...] = ()
    equations: tuple[str, ...] = ()
    onehot: tuple[str, ...] = ()
    families: tuple[str, ...] = ()


@dataclass(frozen=True)
class FakeSystem:
    """What the generator reads of an adjoint system."""

    adjoint: dict[str, str]
    definitions: tuple[Definition, ...]
    gradients: dict[Term, Term] = field(default_factory=dict)


def outside(*elements: Elem | Param) -> dict[str, Term]:
    """The columns dL/dz_t of an unspecified loss G_t(z1_t, z2_t, ...), by name."""
    index = elements[0].index if isinstance(elements[0], Elem) else None
    return {
        z.name: Transposed(Func("G", index, 1, j, *elements))
        for j, z in enumerate(elements, start=1)
    }


def plain_rnn(function: str = r"\sigma") -> tuple[FakeModel, FakeSystem]:
    """h_t = f(W h_{t-1} + U x_t + b), with the unspecified loss L = sum_t L_t(h_t)."""
    W, U, b = Param("W", n, n), Param("U", n, d), Param("b", n)
    h, a, x = Elem("h", t, n), Elem("a", t, n), Elem("x", t, d)
    L = Elem("L", t, 1)
    definitions = (
        Definition(a, W @ h.at(t - 1) + U @ x + b, STEPS),
        Definition(h, Map(function, 0, a), STEPS),
        Definition(L, Func("L", t, 1, 0, h), STEPS),
        Definition(Param("L", 1), SumOver(L, t, 1, T)),
    )
    theory = Theory((W, U, b), (Given(x, STEPS), Given(h, START)), definitions, (T - 1,))
    model = FakeModel(
        theory, ("h",), ("x",), auto=("a",), losses=("L",), states=("h",), loss=Param("L", 1),
        name="rnn", dims=(n, d), equations=(r"h_t = \sigma(W h_{t-1} + U x_t + b)",),
    )  # fmt: skip
    da, dh, g = Elem(r"\delta^{a}", t, n), Elem(r"\delta", t, n), outside(h, a)
    adjoints = (
        Definition(dh, Plus(g["h"], When(W.T @ da.at(t + 1), T - t - 1)), STEPS),
        Definition(da, Plus(g["a"], Hadamard(dh, Map(function, 1, a))), STEPS),
    )
    gradients: dict[Term, Term] = {
        W: SumOver(da @ h.at(t - 1).T, t, 1, T),
        U: SumOver(da @ x.T, t, 1, T),
        b: SumOver(da, t, 1, T),
        x: U.T @ da,
        h.at(0): W.T @ da.at(1),
    }
    return model, FakeSystem({"h": r"\delta", "a": r"\delta^{a}"}, adjoints, gradients)


def gated_cell() -> tuple[FakeModel, FakeSystem]:
    """f_t = sigmoid(a^f_t), c_t = f_t c_{t-1} + (1 - f_t) tanh(a^c_t), h_t = f_t tanh(c_t)."""
    W, U, b, V = Param("W", n, n), Param("U_{f}", n, d), Param("b", n), Param(r"\tilde{V}", n, d)
    x, h, c, f = Elem("x", t, d), Elem("h", t, n), Elem("c", t, n), Elem("f", t, n)
    af, ac = Elem("a^{f}", t, n), Elem("a^{c}", t, n)
    rest = Ones(n) - f
    tanh_c, tanh_ac = Map("tanh", 0, c), Map("tanh", 0, ac)
    definitions = (
        Definition(af, W @ h.at(t - 1) + U @ x + b, STEPS),
        Definition(f, Map("sigmoid", 0, af), STEPS),
        Definition(ac, V @ x, STEPS),
        Definition(c, f * c.at(t - 1) + rest * tanh_ac, STEPS),
        Definition(h, f * tanh_c, STEPS),
    )
    givens = (Given(x, STEPS), Given(h, START), Given(c, START))
    theory = Theory((W, U, b, V), givens, definitions, (T - 1,))
    model = FakeModel(
        theory, ("f", "c", "h"), ("x",), auto=("a^{f}", "a^{c}"), states=("h", "c"), name="gated"
    )
    names = {z.name: rf"\lambda^{{{z.name}}}" for z in (h, c, f, af, ac)}
    lh, lc, lf, laf, lac = (Elem(names[z.name], t, n) for z in (h, c, f, af, ac))
    g, later = outside(h, c, f), T - t - 1
    from_next = lc.at(t + 1) * f.at(t + 1)
    adjoints = (
        Definition(lh, g["h"] + When(W.T @ laf.at(t + 1), later), STEPS),
        Definition(lc, g["c"] + lh * f * Map("tanh", 1, c) + When(from_next, later), STEPS),
        Definition(lac, lc * rest * Map("tanh", 1, ac), STEPS),
        Definition(lf, g["f"] + lh * tanh_c + lc * (c.at(t - 1) - tanh_ac), STEPS),
        Definition(laf, lf * Map("sigmoid", 1, af), STEPS),
    )
    gradients: dict[Term, Term] = {
        W: SumOver(laf @ h.at(t - 1).T, t, 1, T),
        U: SumOver(laf @ x.T, t, 1, T),
        b: SumOver(laf, t, 1, T),
        V: SumOver(lac @ x.T, t, 1, T),
        x: U.T @ laf + V.T @ lac,
        h.at(0): W.T @ laf.at(1),
        c.at(0): lc.at(1) * f.at(1),
    }
    return model, FakeSystem(names, adjoints, gradients)


def layer() -> tuple[FakeModel, FakeSystem]:
    """y = sigma(W x), without time: y and the pre-activation are defined parameters."""
    W, x, a, y = Param("W", n, d), Param("x", d), Param("a", n), Param("y", n)
    definitions = (Definition(a, W @ x), Definition(y, Map(r"\sigma", 0, a)))
    model = FakeModel(
        Theory((W, x), (), definitions), ("y",), ("x",), auto=("a",), name="layer", dims=(n, d)
    )
    da, dy = Param(r"\delta^{a}", n), Param(r"\delta^{y}", n)
    adjoints = (
        Definition(dy, outside(y)["y"]),
        Definition(da, Hadamard(dy, Map(r"\sigma", 1, a))),
    )
    gradients: dict[Term, Term] = {W: da @ x.T, x: W.T @ da}
    return model, FakeSystem({"y": r"\delta^{y}", "a": r"\delta^{a}"}, adjoints, gradients)
