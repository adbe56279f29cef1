"""Further models as terms, with the adjoint systems that ``symbptt.calculus`` derives for them."""

from __future__ import annotations

from collections.abc import Callable

from codegen_models import START, STEPS, FakeModel, T, d, n, p, q, t
from sympy import Rational

from symbptt.calculus.adjoint import AdjointSystem, Loss, adjoint_system
from symbptt.core.terms import (
    Block, Const, Diag, Elem, Func, Map, Ones, Param, Plus, Scale, Softmax, SumOver, Term, Zero,
    index_symbol,
)  # fmt: skip
from symbptt.core.theory import Definition, Given, Theory

W, U, V, b, c = Param("W", n, n), Param("U", n, d), Param("V", q, n), Param("b", n), Param("c", q)
x, h, a = Elem("x", t, d), Elem("h", t, n), Elem("a", t, n)
y, o, s, g = Elem("y", t, q), Elem("o", t, q), Elem("s", t, n), Elem("g", t, n)
k = index_symbol("k")
X, H0, Y = Given(x, STEPS), Given(h, START), Given(y, STEPS)
L = Param("L", 1)


def system_of(model: FakeModel) -> AdjointSystem:
    """The adjoints for G = sum_z sum_t G^z_t(z_t) over all that is defined, summed losses apart."""
    theory = model.theory
    kept = [d_ for d_ in theory.definitions if d_.head != model.loss or not model.losses]
    parts: list[Term] = []
    for d_ in kept:
        value = Func(f"G^{{{d_.name}}}", d_.index, 1, 0, d_.head)
        if d_.index is None:
            parts.append(value)
        elif d_.name not in model.auto and d_.facts not in (START, (t - T - 1, T + 1 - t)):
            lo = next(d_.index - f for f in d_.facts if f.coeff(d_.index) == 1)
            hi = next(d_.index + f for f in d_.facts if f.coeff(d_.index) == -1)
            parts.append(SumOver(value, d_.index, lo, hi))
    total = Definition(Param("G", 1), Plus(*parts))
    opened = Theory(theory.params, theory.givens, (*kept, total), theory.facts)
    return adjoint_system(opened, Loss(Param("G", 1)))


def tanh(term: Term) -> Term:
    return Map("tanh", 0, term)


def at_steps(head: Elem, body: Term, facts: tuple = STEPS) -> Definition:
    return Definition(head, body, facts)


def make(params: tuple, givens: tuple, definitions: tuple, **more: object) -> FakeModel:
    names = tuple(dict.fromkeys(d_.name for d_ in definitions))
    more = {"inputs": ("x",), "sequences": names, "states": ("h",), **more}
    return FakeModel(Theory(params, givens, definitions, (T - 1,)), **more)  # type: ignore[arg-type]


SIMPLE = at_steps(h, tanh(W @ h.at(t - 1) + U @ x))


def gru() -> FakeModel:
    """Gates r and z; the candidate from r_t * h_{t-1}."""
    r, z, new = Elem("r", t, n), Elem("z", t, n), Elem(r"\tilde{h}", t, n)
    ws = {name: (Param(f"W_{{{name}}}", n, n), Param(f"U_{{{name}}}", n, d)) for name in "rzh"}

    def pre(name: str, state: Term) -> Term:
        return ws[name][0] @ state + ws[name][1] @ x

    definitions = (
        at_steps(r, Map("sigmoid", 0, pre("r", h.at(t - 1)))),
        at_steps(z, Map("sigmoid", 0, pre("z", h.at(t - 1)))),
        at_steps(new, tanh(pre("h", r * h.at(t - 1)))),
        at_steps(h, (Ones(n) - z) * h.at(t - 1) + z * new),
    )
    return make(tuple(w for pair in ws.values() for w in pair), (X, H0), definitions)


def bidirectional() -> FakeModel:
    """h runs forward from a given h_0, g backward from g_{T+1} = 0, the output reads both."""
    W2, U2, V2 = Param("W_{2}", n, n), Param("U_{2}", n, d), Param("V_{2}", q, n)
    definitions = (
        SIMPLE,
        at_steps(g, tanh(W2 @ g.at(t + 1) + U2 @ x)),
        at_steps(g, Zero(n), (t - T - 1, T + 1 - t)),
        at_steps(o, V @ h + V2 @ g + c),
    )
    return make((W, U, W2, U2, V, V2, c), (X, H0), definitions)


def zero_start() -> FakeModel:
    """h_0 = 0."""
    pre = at_steps(a, W @ h.at(t - 1) + U @ x + b)
    definitions = (at_steps(h, Zero(n), START), pre, at_steps(h, tanh(a)))
    return make((W, U, b), (X,), definitions, auto=("a",), states=())


def learned_start() -> FakeModel:
    """h_0 is a parameter."""
    h0 = Param("h_{0}", n)
    return make((W, U, h0), (X,), (at_steps(h, h0, START), SIMPLE), states=())


def first_step() -> FakeModel:
    """s_1 has an equation of its own."""
    definitions = (
        at_steps(s, tanh(U @ x), (t - 1, 1 - t)),
        at_steps(s, tanh(W @ s.at(t - 1) + U @ x), (t - 2, T - t)),
    )
    return make((W, U), (X,), definitions, states=())


def many_to_one() -> FakeModel:
    """An output at t = T only."""
    return make((W, U, V, c), (X, H0), (SIMPLE, at_steps(o, Softmax(V @ h + c), (t - T, T - t))))


def concatenated() -> FakeModel:
    """One matrix for the stacked vector [h; x]."""
    K = Param("K", n, n + d)
    return make((K, b), (X, H0), (at_steps(h, tanh(K @ Block(2, 1, h.at(t - 1), x) + b)),))


def scalar_gate() -> FakeModel:
    """A scalar for every step and a scalar parameter."""
    w, alpha, e = Param("w", n), Param(r"\alpha", 1), Elem("e", t, 1)
    definitions = (
        at_steps(e, Map("sigmoid", 0, w.T @ h.at(t - 1) + alpha)),
        at_steps(h, tanh(Scale(e, W @ h.at(t - 1)) + Scale(alpha, U @ x))),
    )
    return make((W, U, w, alpha), (X, H0), definitions)


def shared_weights() -> FakeModel:
    """diag(w), W * M, W^T W and a bilinear form."""
    w, M = Param("w", n), Param("M", n, n)
    before = h.at(t - 1)
    body = Diag(w) @ before + (W * M) @ before + W.T @ W @ before + U @ x
    body += Scale(before.T @ W @ before, w)
    return make((W, U, w, M), (X, H0), (at_steps(h, tanh(body)),))


def deep() -> FakeModel:
    """Two layers with different widths."""
    e, W2, U2 = Elem("e", t, p), Param("W_{2}", p, p), Param("U_{2}", p, n)
    upper = at_steps(e, Map("softplus", 0, W2 @ e.at(t - 1) + U2 @ h))
    return make((W, U, W2, U2), (X, H0, Given(e, START)), (SIMPLE, upper), states=("h", "e"))


def older_state() -> FakeModel:
    """An output that reads h_{t-1} too."""
    V2 = Param("V_{2}", q, n)
    return make((W, U, V, V2), (X, H0), (SIMPLE, at_steps(o, V @ h + V2 @ h.at(t - 1))))


def many_functions() -> FakeModel:
    """Functions with and without a polynomial slope, and derivatives in the model itself."""
    before, Ux = h.at(t - 1), U @ x
    body = Map("arctan", 0, W @ before) + Map("softsign", 0, Ux) + Map("sin", 0, b)
    body += Map("exp", 0, -b) * Map("softplus", 0, Ux)
    body += Map("tanh", 1, before) + Map(r"\phi", 1, before)
    return make((W, U, b), (X, H0), (at_steps(h, body),))


def pooled() -> FakeModel:
    """The mean over all steps, as a name without time, feeds an output without time."""
    mean, out = Param("m", n), Param("y", q)
    sum_ = SumOver(h.at(k), k, 1, T)
    definitions = (SIMPLE, Definition(mean, Scale(Const(1 / T), sum_)), Definition(out, V @ mean))
    return make((W, U, V), (X, H0), definitions)


def running_sum() -> FakeModel:
    """s_t = sum_{k <= t} h_k."""
    return make((W, U), (X, H0), (SIMPLE, at_steps(s, SumOver(h.at(k), k, 1, t))))


ZOO: dict[str, Callable[[], FakeModel]] = {
    f.__name__: f
    for f in (
        gru, bidirectional, zero_start, learned_start, first_step, many_to_one, concatenated,
        scalar_gate, shared_weights, deep, older_state, many_functions, pooled, running_sum,
    )
}  # fmt: skip

HALF = Const(Rational(1, 2))
WITH_Y = {"targets": ("y",), "loss": L}
ell = Elem(r"\ell", t, 1)


def cross_entropy() -> FakeModel:
    """Softmax output, L_t = -y_t^T log y_hat_t."""
    guess, loss = Elem(r"\hat{y}", t, q), Elem("L", t, 1)
    definitions = (
        SIMPLE,
        at_steps(o, V @ h + c),
        at_steps(guess, Softmax(o)),
        at_steps(loss, -(y.T @ Map("log", 0, guess))),
        Definition(L, SumOver(loss, t, 1, T)),
    )
    return make((W, U, V, c), (X, Y, H0), definitions, losses=("L",), **WITH_Y)


def mean_square() -> FakeModel:
    """The loss has the output matrix in it, and is a mean over time."""
    gap = V @ h - y
    definitions = (
        SIMPLE,
        at_steps(ell, Scale(HALF, gap.T @ gap)),
        Definition(L, Scale(Const(1 / T), SumOver(ell, t, 1, T))),
    )
    return make((W, U, V), (X, Y, H0), definitions, losses=(r"\ell",), **WITH_Y)


def inline_loss() -> FakeModel:
    """The loss is one formula, without a name for its terms."""
    total = Scale(HALF, SumOver((o - y).T @ (o - y), t, 1, T))
    definitions = (SIMPLE, at_steps(o, V @ h), Definition(L, total))
    return make((W, U, V), (X, Y, H0), definitions, **WITH_Y)


def late_activation() -> FakeModel:
    """A pre-activation that only the loss needs; the loss at t reads the state before."""
    pre = Elem("a^{L}", t, q)
    definitions = (
        SIMPLE,
        at_steps(pre, V @ h.at(t - 1)),
        at_steps(ell, y.T @ Map("softplus", 0, pre)),
        Definition(L, SumOver(ell, t, 1, T)),
    )
    more = {"losses": (r"\ell",), "auto": ("a^{L}",), **WITH_Y}
    return make((W, U, V), (X, Y, H0), definitions, **more)


LOSSES: dict[str, Callable[[], FakeModel]] = {
    f.__name__: f for f in (cross_entropy, mean_square, inline_loss, late_activation)
}
