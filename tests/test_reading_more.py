r"""More rules of reading and judging: each with a claim that is right under it and one that is not.

Row vectors, slots, repeated factors, copies at a bar, second derivatives, determinants, limits,
norms by sizes, gates held, and what is given of derivatives.
"""

# ruff: noqa: E501
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from symbptt import Model, check
from symbptt.answers import deciding
from symbptt.answers.fitting import worlds
from symbptt.core.evaluation import evaluate
from symbptt.core.indices import index_symbol
from symbptt.core.powers import Det
from symbptt.core.residues import residues
from symbptt.core.terms import Diag, Entry, OrderedProduct, Param, Scale
from symbptt.core.theory import Theory
from symbptt.core.world import World
from symbptt.models.given import assume
from symbptt.models.problem import problem_of
from symbptt.refuting import matrices

TRUE, WRONG, OPEN = {"proved", "equal"}, {"wrong"}, {"not-understood"}
CLASH, ASSUMING = {"ill-shaped"}, {"assuming"}

ROWS = r"""
x_t \in \mathbb{R}^{1 \times d}
h_t \in \mathbb{R}^{1 \times n}
a_t = x_t U + h_{t-1} W + b
h_t = \tanh(a_t)
p_t = \mathrm{softmax}(h_t V + c)
y_t \in \mathrm{onehot}(q)
L = -\sum_{t=1}^{T} \sum_j y_{t,j} \log p_{t,j}
"""
SLOTS = r"""
x_t, h_t, w \in \mathbb{R}
h_t = f(x_t, h_{t-1}, w)
L = \frac{1}{T} \sum_{t=1}^{T} \ell(h_t, y_t)
"""
LINEAR = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = W h_{t-1} + U x_t
L = \sum_{t=1}^{T} L_t(h_t)
"""
TANH = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
a_t = W h_{t-1} + U x_t + b
h_t = \tanh(a_t)
o_t = V h_t
L_t = \frac12 \|o_t - y_t\|^2
L = \sum_{t=1}^{T} L_t
"""
SOFTMAX = r"""
h_t \in \mathbb{R}^n
y_t \in \mathrm{onehot}(q)
h_t = \tanh(W h_{t-1} + U x_t)
z_t = V h_t
p_t = \mathrm{softmax}(z_t)
L_t = -y_t^\top \log p_t
L = \sum_{t=1}^{T} L_t
"""
NUMBERS = r"""
x_t, h_t, w, u \in \mathbb{R}
h_t = w h_{t-1} + u x_t
L = \frac12 (h_T - y)^2
h_0 = 0
"""
LAST = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \sigma(W h_{t-1} + U x_t)
L = \ell(h_T)
"""
GRU = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
z_t = \sigma(W_z x_t + U_z h_{t-1})
g_t = \tanh(W_g x_t + U_g h_{t-1})
h_t = (1 - z_t) \odot h_{t-1} + z_t \odot g_t
"""
RESIDUAL = r"""
h_t \in \mathbb{R}^n
a_t = W h_{t-1} + b
h_t = h_{t-1} + \tanh(a_t)
"""
LENGTH = r"""
h_t \in \mathbb{R}^n
h_t = W h_{t-1}
L = \ell(h_T)
"""
CODE = "h[t] = tanh(W h[t-1] + U x[t])\np[t] = softmax(V h[t])\ny[t] in onehot(q)\nloss = sum_t -y[t]' log(p[t])"

CASES = [
    # vectors are rows where they are declared so: softmax, one-hot targets, what is not declared
    (ROWS, r"\frac{\partial L}{\partial V} = \sum_t h_t^\top (p_t - y_t)", TRUE),
    (ROWS, r"\frac{\partial L}{\partial V} = \sum_t h_{t-1}^\top (p_t - y_t)", WRONG),
    (ROWS, r"\frac{\partial L}{\partial b} = \sum_{t=1}^{T} \frac{\partial L}{\partial a_t}", {"proved"}),
    (ROWS, r"\frac{\partial L}{\partial U} = \sum_{t=1}^{T} x_t^\top \frac{\partial L}{\partial h_t}", WRONG),
    (ROWS, r"\sum_j p_{t,j} = 1", TRUE),
    (ROWS, r"\frac{\partial L}{\partial V} = \sum_t (p_t - y_t)^\top h_t", CLASH),
    # the derivative of a written-out function by one of its arguments holds the others
    (SLOTS, r"\frac{\partial h_t}{\partial w} = \frac{\partial f(x_t, h_{t-1}, w)}{\partial w} + \frac{\partial f(x_t, h_{t-1}, w)}{\partial h_{t-1}} \frac{\partial h_{t-1}}{\partial w}", TRUE),
    (SLOTS, r"\frac{\partial h_t}{\partial w} = \frac{\partial f(x_t, h_{t-1}, w)}{\partial w}", WRONG),
    (SLOTS, r"\frac{\partial L}{\partial h_T} = \frac{\partial \ell(h_T, y_T)}{T \cdot \partial h_T}", TRUE),
    (SLOTS, r"\frac{\partial L}{\partial h_T} = \frac{\partial \ell(h_T, y_T)}{2 \cdot \partial h_T}", WRONG),
    # equal factors or terms at a brace, as many as its label says
    (LINEAR, r"\frac{\partial h_t}{\partial h_k} = \underbrace{W W \cdots W}_{t-k}", TRUE),
    (LINEAR, r"\frac{\partial h_t}{\partial h_k} = \overbrace{W \cdots W}^{t-k \text{ times}}", TRUE),
    (LINEAR, r"\frac{\partial h_t}{\partial h_k} = \underbrace{W W \cdots W}_{t-k-1}", WRONG),
    (LINEAR, r"\frac{\partial h_T}{\partial h_0} = \underbrace{W W \cdots W}_{T}", TRUE),
    (LINEAR, r"\frac{\partial h_t}{\partial h_k} = \underbrace{W + \cdots + W}_{t-k}", WRONG),
    (LINEAR, r"\underbrace{W + \cdots + W}_{3} = 3 W", TRUE),
    (LINEAR, r"\underbrace{h_t h_t \cdots h_t}_{3} = h_t", CLASH),
    # the copy of a parameter, named at a bar
    (TANH, r"\left. \frac{\partial L_t}{\partial W} \right|_{(t)} = \left((1-h_t^2) \odot V^\top (o_t - y_t)\right) h_{t-1}^\top", TRUE),
    (TANH, r"\frac{\partial L_t}{\partial W} = \sum_{i=1}^{t} \left. \frac{\partial L_t}{\partial W} \right|_{(i)}", TRUE),
    (TANH, r"\frac{\partial L_t}{\partial W} = \sum_{i=1}^{t-1} \left. \frac{\partial L_t}{\partial W} \right|_{(i)}", WRONG),
    # second derivatives
    (SOFTMAX, r"\frac{\partial^2 L_t}{\partial z_t \partial z_t^\top} = \mathrm{diag}(p_t) - p_t p_t^\top", TRUE),
    (SOFTMAX, r"\nabla_{z_t}^2 L = \mathrm{diag}(p_t) - p_t p_t^\top", TRUE),
    (SOFTMAX, r"\nabla_{z_t}^2 L = \mathrm{diag}(p_t)", WRONG),
    (SOFTMAX, r"\frac{\partial^2 L_t}{\partial z_{t,i} \partial z_{t,j}} = p_{t,i} (\delta_{ij} - p_{t,j})", TRUE),
    (SOFTMAX, r"\frac{\partial^2 L_t}{\partial h_t \partial h_t^\top} = V^\top (\mathrm{diag}(p_t) - p_t p_t^\top) V", TRUE),
    (SOFTMAX, r"\frac{\partial^2 L}{\partial h_t \partial h_t^\top} = V^\top (\mathrm{diag}(p_t) - p_t p_t^\top) V", OPEN),
    (TANH, r"\frac{\partial^2 L}{\partial a_t \partial a_t^\top} = \mathrm{diag}(1-h_t^2) V^\top V \mathrm{diag}(1-h_t^2) - \mathrm{diag}(2 h_t \odot (1-h_t^2) \odot V^\top (o_t-y_t))", OPEN),
    (TANH, r"\frac{\partial^2 L_t}{\partial a_t \partial a_t^\top} = \mathrm{diag}(1-h_t^2) V^\top V \mathrm{diag}(1-h_t^2) - \mathrm{diag}(2 h_t \odot (1-h_t^2) \odot V^\top (o_t-y_t))", TRUE),
    (NUMBERS, r"\frac{\partial^2 h_3}{\partial w^2} = 2 u x_1", TRUE),
    (NUMBERS, r"\frac{d^2 h_3}{d w^2} = u x_1", WRONG),
    (NUMBERS, r"\frac{\partial^2 L}{\partial w^2} = \left(\frac{\partial h_T}{\partial w}\right)^2 + (h_T - y) \frac{\partial^2 h_T}{\partial w^2}", TRUE),
    (NUMBERS, r"\frac{\partial^2 L}{\partial w^2} = \left(\frac{\partial h_T}{\partial w}\right)^2", WRONG),
    (TANH, r"\frac{\partial^2 L_t}{\partial o_t \partial h_t^\top} = V", TRUE),
    (TANH, r"\frac{\partial^2 L_t}{\partial o_t \partial h_t^\top} = V^\top", CLASH),
    # determinants
    (LINEAR, r"\det\left(\frac{\partial h_t}{\partial h_k}\right) = \det(W)^{t-k}", TRUE),
    (LINEAR, r"\det(W^\top W) = \det(W)^2", TRUE),
    (LINEAR, r"\det(2 W) = 2 \det(W)", WRONG),
    (TANH, r"\det \frac{\partial h_t}{\partial h_{t-1}} = \det(W) \prod_{i=1}^{n} (1 - h_{t,i}^2)", TRUE),
    (TANH, r"\det \frac{\partial h_t}{\partial h_{t-1}} = \det(W) \prod_{i=1}^{n} (1 - h_{t,i})", WRONG),
    (LINEAR, r"\det(U) = 1", CLASH | OPEN),
    # norms by sizes, and of gradients as sums over the later steps
    (TANH, r"\|h_t\| \le \sqrt{n}", {"proved"}),
    (TANH, r"\|o_t\| \le \sqrt{n} \|V\|", {"proved"}),
    (TANH, r"\|h_t\| \le 1", WRONG),
    (TANH, r"\left\| \frac{\partial L}{\partial h_k} \right\| \le \sum_{t=k}^{T} \|W\|^{t-k} \|V\| \|o_t - y_t\|", {"proved"}),
    (TANH, r"\left\| \frac{\partial L}{\partial h_k} \right\| \le \sum_{t=k+1}^{T} \|W\|^{t-k} \|V\| \|o_t - y_t\|", WRONG),
    (LAST, r"\left\| \frac{\partial L}{\partial h_t} \right\| \le \left\| \frac{\partial L}{\partial h_T} \right\| \prod_{k=t}^{T-1} \left\| \mathrm{diag}(\sigma'(W h_k + U x_{k+1})) W \right\|", {"proved"}),
    # gates held, where a derivative is marked as immediate
    (GRU, r"\frac{\partial^+ h_t}{\partial h_{t-1}} = \mathrm{diag}(1 - z_t)", ASSUMING),
    (GRU, r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(1 - z_t)", WRONG),
    (GRU, r"\frac{\partial^+ h_t}{\partial h_{t-1}} = \mathrm{diag}(z_t)", WRONG),
    (RESIDUAL, r"\frac{\partial^+ h_t}{\partial h_{t-1}} = I", WRONG),
    # T is the length in the power of what is transposed otherwise
    (LENGTH, r"\frac{\partial L}{\partial h_0} = (W^\top)^T \nabla_{h_T} L", TRUE),
    (LENGTH, r"\frac{\partial L}{\partial h_0} = (W^\top)^\top \nabla_{h_T} L", WRONG),
    (LENGTH, r"(W^T)^T = W", TRUE),
    # as programs write it
    (CODE, "dL/dU = sum_t ((1 - h[t]**2) * dh[t]) @ x[t].T", TRUE),
    (CODE, "dL/dU = sum_t ((1 - h[t]**3) * dh[t]) @ x[t].T", WRONG),
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof ends by what it costs, not by how busy the machine is."""
    monkeypatch.setattr(deciding, "_SECONDS", 60.0)


@pytest.mark.parametrize(("model", "claim", "verdicts"), CASES)
def test_a_claim_is_judged_by_its_rule(model: str, claim: str, verdicts: set[str]) -> None:
    found = check(claim, model=model)
    assert found.verdict in verdicts, (found.message, found.reading)


DECAY = r"\lim_{t \to \infty} \left\| \frac{\partial h_t}{\partial h_k} \right\| = 0"
GIVEN = [
    (TANH, DECAY, [r"\|W\| < 1"], TRUE),
    (TANH, DECAY, [r"\gamma < 1", r"\|W\| < 1"], TRUE),
    (TANH, DECAY, [r"\|W\| \le 1"], OPEN),
    (TANH, DECAY, [r"\|W\| < 2"], OPEN),
    (TANH, DECAY, [r"\rho(W) < 1"], OPEN),
    (LINEAR, r"\lim_{t \to \infty} \frac{\partial h_t}{\partial h_k} = 0", [r"\rho(W) < 1"], TRUE),
    (LINEAR, r"\lim_{t \to \infty} W^t = 0", [r"\rho(W) < 1"], TRUE),
    (LINEAR, r"\lim_{k \to \infty} W^{t-k} = 0", [r"\|W\| < 1"], OPEN),
    (LINEAR, r"\lim_{t \to \infty} h_t = 0", [r"\|W\| < 1"], OPEN),
    (NUMBERS, r"\lim_{T \to \infty} \left| \frac{\partial h_T}{\partial h_1} \right| = \infty", [r"|w| > 1"], TRUE),
    (NUMBERS, r"\lim_{T \to \infty} \frac{\partial h_T}{\partial h_1} = \infty", [r"|w| > 1"], OPEN),
    (NUMBERS, r"\lim_{T \to \infty} w^T = 0", [r"w < 1"], OPEN),
    # a name of a derivative, and what is given of it
    (TANH, r"\left\| \frac{\partial h_t}{\partial h_k} \right\| \le \gamma^{t-k}",
     [r"\|J_t\| \le \gamma", r"J_t = \frac{\partial h_t}{\partial h_{t-1}}"], TRUE),
    (TANH, r"\left\| \frac{\partial h_t}{\partial h_{t-1}} \right\| \le \frac{\gamma}{2}",
     [r"J_t = \frac{\partial h_t}{\partial h_{t-1}}", r"\|J_t\| \le \gamma"], WRONG),
    # orthogonal matrices are more than signed permutations
    (LENGTH, r"W^6 = I", [r"W \text{ orthogonal}"], ASSUMING),
    (LENGTH, r"W^t = W", [r"W \text{ orthogonal}"], WRONG),
    (LENGTH, r"(W^\top)^T = W", [r"W \text{ orthogonal}"], WRONG),
    (LENGTH, r"W^2 = I", [r"W \text{ orthogonal}", r"W \text{ symmetric}"], TRUE),
]  # fmt: skip


@pytest.mark.parametrize(("model", "claim", "given", "verdicts"), GIVEN)
def test_a_claim_is_judged_by_what_is_given(
    model: str, claim: str, given: list[str], verdicts: set[str]
) -> None:
    found = check(claim, model=model, given=given)
    assert found.verdict in verdicts, (found.message, found.reading)


def test_bounds_are_meant_where_a_product_has_factors() -> None:
    model = "x_t \\in \\mathbb{R}^d\ns_t \\in \\mathbb{R}^n\na_t = W s_{t-1} + U x_t\ns_t = f(a_t)"
    claim = r"\left\| \frac{\partial a_t}{\partial a_k} \right\| \le (\|W\| \gamma)^{t-k}"
    found = check(claim, model=model, given=[r"|f'(z)| \le \gamma"])
    assert found.verdict == "proved"
    assert any("k < t" in line for line in found.reading), found.reading
    short = r"\left\| \frac{\partial h_t}{\partial h_k} \right\| < 1"
    assert check(short, model=TANH, given=[r"\|W\| < 1"]).verdict == "wrong"  # at k = t


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_random_orthogonal_matrices_are_not_of_finite_order(size: int) -> None:
    model, _ = assume(Model.parse(LENGTH), [r"W \text{ orthogonal}"])
    theory = problem_of(model).theory
    (n,) = model.dims
    drawn = next(worlds(theory, {n: size, model.length: 3}, 1)).values["W",]
    assert np.allclose(drawn.T @ drawn, np.eye(size))
    assert size == 1 or not np.isin(np.round(drawn, 6), (-1, 0, 1)).all()


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_determinants_agree(size: int) -> None:
    w, m, v = Param("W", size, size), Param("M", size, size), Param("v", size, 1)
    world = World.random(Theory((w, m, v), (), ()), {}, size)
    i = index_symbol("i")
    entries = OrderedProduct(Entry(v, i, 1), i, 1, size)
    for left, right in (
        (Det(w @ m), Scale(Det(m), Det(w))),
        (Det(w.T), Det(w)),
        (Det(Diag(v)), entries),
    ):
        assert (residues(left, world, {}) == residues(right, world, {})).all()
        assert np.allclose(evaluate(left, world, {}), evaluate(right, world, {}))
    assert (residues(Det(w), world, {}) != residues(Det(m), world, {})).all()
    drawn = world.values.get(("W",), evaluate(w, world, {}))
    assert np.allclose(evaluate(Det(w), world, {}), np.linalg.det(drawn))
    whole = np.random.default_rng(size).integers(-4, 5, size=(size, size))
    rows = [[Fraction(int(x)) for x in row] for row in whole]
    assert matrices.det(rows)[0][0] == round(np.linalg.det(whole))  # type: ignore[arg-type]
