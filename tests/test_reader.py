"""Formulas, quantities and equations of a scope: what they mean, and what is refused."""

from __future__ import annotations

import time

import pytest
from sympy import Integer, Rational

from symbptt.core.errors import NotSupported, ReadError, ShapeError, SymbpttError
from symbptt.core.terms import (
    Block, Const, D, Diag, Elem, Entry, Func, Gradient, Hadamard, Identity, Inverse, Kron, Map,
    Ones, OrderedProduct, Param, Partial, Plus, Power, Scale, Softmax, SumOver, Term, Times, Trace,
    Vec, When, Zero, index_symbol,
)  # fmt: skip
from symbptt.models import Model
from symbptt.notation.dims import ONE
from symbptt.notation.reader import (
    read_quantity, read_statement, read_statements, read_term, scope_of,
)  # fmt: skip
from symbptt.notation.scope import Function, Scope

n, d, q = map(index_symbol, "ndq")
t, k, i, j, T = map(index_symbol, "tkijT")
W, U, V, b = Param("W", n, n), Param("U", n, d), Param("V", q, n), Param("b", n)
L, alpha = Param("L", 1, 1), Param(r"\alpha", 1, 1)
h, a, x, y = Elem("h", t, n), Elem("a", t, n), Elem("x", t, d), Elem("y", t, q)
HALF = Const(Rational(1, 2))
yhat, delta, Lt = Elem(r"\hat{y}", t, q), Elem(r"\delta", t, n), Elem("L", t, 1)
SCOPE = scope_of([W, U, V, b, L, alpha, h, a, x, y, yhat, delta, Lt], [r"\sigma", "f"])


def slope(term: Term) -> Term:
    return Map(r"\sigma", 1, term)


READS: list[tuple[str, Term]] = [
    # names, fonts, time in every position
    (r"W h_{t-1}", W @ h.at(t - 1)), (r"W h^{(t-1)}", W @ h.at(t - 1)),
    ("W h[t-1]", W @ h.at(t - 1)), (r"\mathbf{W} \mathbf{h}_{t-1}", W @ h.at(t - 1)),
    (r"W h^{\langle t-1 \rangle}", W @ h.at(t - 1)), ("Wh^{t-1}", W @ h.at(t - 1)),
    ("W hₜ₋₁", W @ h.at(t - 1)), ("h_0", h.at(0)), ("h_{T-1}", h.at(T - 1)), ("h(t)", h),
    ("L_t", Lt), ("L", L), ("y_hat[t]", yhat), (r"\widehat{y_t}", yhat), ("ŷ_t", yhat),
    # products
    (r"W \cdot h_t", W @ h), (r"W \times h_t", W @ h), ("W * h_t", W @ h), ("W @ h_t", W @ h),
    ("W . h_t", W @ h), (r"h_t \odot a_t", h * a), ("h_t * a_t", h * a), (r"h_t \circ a_t", h * a),
    ("h_t ⊙ a_t", h * a), (r"h_t a_t", h * a), (r"\alpha W", Scale(alpha, W)),
    (r"W \alpha h_t", Scale(alpha, W @ h)), (r"h_t \odot W a_t", h * (W @ a)),
    (r"W \delta_{t+1} \odot h_t", (W @ delta.at(t + 1)) * h),
    (r"\delta_t \odot a_t h_t^T", (delta * a) @ h.T),
    (r"\sigma(W h_t) \odot W a_t", Map(r"\sigma", 0, W @ h) * (W @ a)),
    (r"x_t \otimes h_t", x @ h.T), (r"W \otimes U", Kron(W, U)), (r"h_t^\top a_t", h.T @ a),
    (r"h_t \cdot a_t h_t^T", (h * a) @ h.T), (r"W h_t / 2", W @ Scale(HALF, h)),
    # sums, numbers, scalars that act entrywise
    ("2W", Scale(Const(2), W)), (r"\frac12 W", Scale(HALF, W)), ("-W", -W),
    ("W - W h_t h_t^T", W - W @ h @ h.T), ("1 - h_t", Ones(n) - h), ("h_t + 0", h + Zero(n)),
    (r"h_t + \alpha", h + Scale(alpha, Ones(n))), (r"(1-\alpha) h_t", Scale(Const(1) - alpha, h)),
    ("h_t(1 - h_t)", h * (Ones(n) - h)), ("1 - h_t^2", Ones(n) - h * h), (r"h_t^{\odot 2}", h * h),
    (r"\frac{h_t}{a_t}", h * Map("recip", 0, a)),
    (r"\frac{L}{\alpha}", Scale(Map("recip", 0, alpha), L)),
    (r"\sqrt{\alpha}", Map("sqrt", 0, alpha)), (r"e^{-\alpha}", Map("exp", 0, -alpha)),
    ("3^2", Const(9)), (r"\frac{1}{T} L", Scale(Const(1 / T), L)),
    # functions
    (r"\sigma(W h_t + b)", Map(r"\sigma", 0, W @ h + b)), ("sigma(a_t)", Map(r"\sigma", 0, a)),
    ("σ'(a_t)", slope(a)), (r"\sigma''(a_t)", Map(r"\sigma", 2, a)),
    (r"f^{(4)}(a_t)", Map("f", 4, a)), (r"\tanh^2(a_t)", Map("tanh", 0, a) * Map("tanh", 0, a)),
    (r"\mathrm{softmax}(V h_t)", Softmax(V @ h)), ("tanh(a_t)", Map("tanh", 0, a)),
    (r"\log \hat y_t", Map("log", 0, yhat)),
    (r"-y_t^\top \log \hat y_t", -(y.T @ Map("log", 0, yhat))),
    (r"\tanh W h_t", Map("tanh", 0, W @ h)),
    (r"\mathrm{diag}(\sigma'(a_t)) W", Diag(slope(a)) @ W),
    (r"\text{diag}[\sigma'(a_t)] W", Diag(slope(a)) @ W), (r"\mathrm{tr}(W)", Trace(W)),
    (r"\operatorname{vec} W", Vec(W)), (r"\phi(a_t)", Map(r"\phi", 0, a)), ("L_t(h_t)", Lt),
    # transposes, inverses, powers, constants
    ("W^T h_t", W.T @ h), (r"W^\top", W.T), (r"W^{\mathsf T}", W.T), ("W'", W.T),
    (r"h^{(t-1)\top}", h.at(t - 1).T), ("h_t^T", h.T), ("W^{-1}", Inverse(W)),
    (r"W^{-\top}", Inverse(W).T), ("W^3", Power(W, 3)), ("W^{t-k}", Power(W, t - k)),
    ("I - W", Identity(n) - W), (r"\mathbf{1}^T h_t", Ones(n).T @ h), ("h_t + 0_n", h + Zero(n)),
    (r"W I_n", W @ Identity(n)),
    # sums and products with limits
    (r"\sum_{t=1}^{T} h_t", SumOver(h, t, 1, T)), (r"\sum_t h_t", SumOver(h, t, 1, T)),
    ("∑_{1≤t≤T} h_t", SumOver(h, t, 1, T)),
    (r"\sum_{k<i\le t} h_i", SumOver(h.at(i), i, k + 1, t)),
    (r"\sum_{k=1}^t h_k", SumOver(h.at(k), k, 1, t)),
    (r"\sum_{k \le t} h_k", SumOver(h.at(k), k, 1, t)),
    (r"\sum_{k<t} h_k", SumOver(h.at(k), k, 1, t - 1)), ("h_{jt}", Entry(h, j)),
    (r"\sum_i y_{t,i}", SumOver(Entry(y, i), i, 1, q)),
    (r"\sum_{i=1}^{q} y_i^{(t)}", SumOver(Entry(y, i), i, 1, q)),
    (r"\sum_i \sum_j w_{ij}", SumOver(SumOver(Entry(W, i, j), j, 1, n), i, 1, n)),
    (r"\sum_{t} L_t + L", SumOver(Lt, t, 1, T) + L),
    (r"\sum_{i,j} w_{ij}", SumOver(SumOver(Entry(W, i, j), j, 1, n), i, 1, n)),
    (r"\prod_{i=k+1}^t \mathrm{diag}(\sigma'(a_i)) W",
     OrderedProduct(Diag(slope(a.at(i))) @ W, i, k + 1, t)),
    (r"\prod_{i=t}^{k+1} W", OrderedProduct(W, i, k + 1, t)),
    (r"\prod_{k<i\le t} W^T", OrderedProduct(W.T, i, k + 1, t)),
    # blocks and entries
    (r"\begin{pmatrix} h_t \\ x_t \end{pmatrix}", Block(2, 1, h, x)),
    ("[h_t; x_t]", Block(2, 1, h, x)), ("[h_t, x_t]", Block(2, 1, h, x)),
    ("(W, U) (h_t, x_t)", Block(1, 2, W, U) @ Block(2, 1, h, x)),
    (r"\begin{bmatrix} W & 0 \\ 0 & V \end{bmatrix}", Block(2, 2, W, Zero(n, n), Zero(q, n), V)),
    (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", Block(2, 2, *map(Const, (1, 2, 3, 4)))),
    ("w_{ij}", Entry(W, i, j)), ("W_{12}", Entry(W, 1, 2)), ("W[i, j]", Entry(W, i, j)),
    ("b_i", Entry(b, i)), ("h_{t,i}", Entry(h, i)), ("h_i^{(t)}", Entry(h, i)),
    ("h_j^t", Entry(h, j)), ("(U x_t)_j", Entry(U @ x, j)), (r"(W)_{ij}", Entry(W, i, j)),
    # the square of a norm, differentials, conditions
    (r"\frac12 \|y_t - \hat y_t\|^2", Scale(HALF, (y - yhat).T @ (y - yhat))),
    (r"\mathrm{d} h_t", D(h)),
    (r"[t < T] W^T \delta_{t+1}", When(W.T @ delta.at(t + 1), T - t - 1)),
    # derivatives
    (r"\nabla_{h_t} L", Gradient(L, h)), (r"\nabla_W L", Gradient(L, W)),
    (r"\frac{\partial h_t}{\partial h_k}", Partial(h, h.at(k))),
    (r"\frac{\partial^+ h_k}{\partial W}", Partial(h.at(k), W, "immediate")),
    (r"\frac{\partial}{\partial W} L", Gradient(L, W)),
    (r"\frac{\partial L}{\partial h_t} W", Partial(L, h) @ W),
    (r"W^T \frac{\partial L}{\partial h_t}", W.T @ Gradient(L, h)),
    (r"\frac{\partial L}{\partial h_t} \odot \sigma'(a_t)", Gradient(L, h) * slope(a)),
    (r"\frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial h_k}"
     r"\frac{\partial^+ h_k}{\partial W}",
     Partial(L, h) @ Partial(h, h.at(k)) @ Partial(h.at(k), W, "immediate")),
    (r"(\nabla_{h_t} L) h_{t-1}^T", Gradient(L, h) @ h.at(t - 1).T),
    (r"\frac{\partial (U x_t)}{\partial x_t}", Partial(U @ x, x)),
    (r"\frac{\partial h_t}{\partial \operatorname{vec} W}", Partial(h, W)),
    (r"\frac{\partial h_{t,i}}{\partial h_{k,j}}", Entry(Partial(h, h.at(k)), i, j)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "term"), READS, ids=[text for text, _ in READS])
def test_reads(text: str, term: Term) -> None:
    assert read_term(text, SCOPE) == term


QUANTITIES: list[tuple[str, Term]] = [
    (r"\frac{\partial L}{\partial W}", Gradient(L, W)), (r"\partial L/\partial b", Gradient(L, b)),
    (r"\partial L/\partial x_t", Gradient(L, x)), ("dL/dU", Gradient(L, U)),
    (r"\partial L/\partial h_0", Gradient(L, h.at(0))),
    (r"\partial L/\partial w_{ij}", Entry(Gradient(L, W), i, j)),
    (r"\partial L/\partial b_i", Entry(Gradient(L, b), i)),
    (r"\partial L/\partial h_{t,i}", Entry(Gradient(L, h), i)),
    (r"\partial h_t/\partial h_{t-1}", Partial(h, h.at(t - 1))),
    (r"∂⁺h_k/∂W", Partial(h.at(k), W, "immediate")), (r"\nabla_{h_t} L", Gradient(L, h)),
    (r"\frac{\partial L_t}{\partial h_t}", Gradient(Lt, h)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "term"), QUANTITIES, ids=[text for text, _ in QUANTITIES])
def test_quantities(text: str, term: Term) -> None:
    assert read_quantity(text, SCOPE) == term


def test_the_wanted_shape_decides() -> None:
    text = r"\frac{\partial L}{\partial h_t}"
    assert read_term(text, SCOPE, (n, Integer(1))) == Gradient(L, h)
    assert read_term(text, SCOPE, (Integer(1), n)) == Partial(L, h)
    assert read_term("0", SCOPE, (n, d)) == Zero(n, d)
    with pytest.raises(ShapeError, match="W is n x n, not n x d"):
        read_term("W", SCOPE, (n, d))


def test_the_other_side_decides() -> None:
    left, relation, right = read_statement(
        r"\frac{\partial L}{\partial W} = \sum_{t=1}^T \frac{\partial L_t}{\partial h_t}"
        r" \frac{\partial h_t}{\partial W}", SCOPE,
    )  # fmt: skip
    assert (left, relation) == (Partial(L, W), "=")
    assert right == SumOver(Partial(Lt, h) @ Partial(h, W), t, 1, T)
    left, _, right = read_statement(r"\frac{\partial L}{\partial h_t} = W^T \delta_t", SCOPE)
    assert (left, right) == (Gradient(L, h), W.T @ delta)


def test_numbers_take_the_shape_of_the_other_side() -> None:
    assert read_statement("h_0 = 0", SCOPE) == (h.at(0), "=", Zero(n))
    assert read_statement("h_t = 1", SCOPE) == (h, "=", Ones(n))
    assert read_statement(r"h_t \le 1", SCOPE)[1] == r"\le"
    with pytest.raises(ShapeError, match="cannot equate W and 1"):
        read_statement("W = 1", SCOPE)


def test_chains_and_trailing_ranges() -> None:
    first, second = read_statements(r"h_t = \sigma(a_t) = f(a_t), (t = 1, \dots, T), L = L", SCOPE)
    assert first.relations == ("=", "=")
    assert first.sides == (h, Map(r"\sigma", 0, a), Map("f", 0, a))
    assert [(r.index, r.lo, r.hi) for r in first.ranges] == [("t", 1, T)]
    assert second.ranges == ()
    (open_end,) = read_statements(r"h_i = a_i, \quad i = 1, \dots, t, \dots", SCOPE)
    assert open_end.ranges[0].hi is None


def test_unspecified_functions_of_several_arguments() -> None:
    scope = SCOPE.extended(functions={"F": Function("F", "opaque", "F", ONE)})
    assert read_term("F(h_t, x_t)", scope) == Func("F", None, 1, 0, h, x)
    assert read_term(r"\partial_2 F(h_t, x_t)", scope) == Func("F", None, 1, 2, h, x)
    assert read_term(r"\partial_{x_t} F(h_t, x_t)", scope) == Func("F", None, 1, 2, h, x)


def test_a_prime_without_argument_is_taken_where_the_model_takes_it() -> None:
    scope = Model.named("rnn").scope
    assert read_term(r"\mathrm{diag}(\sigma')", scope) == Diag(slope(a))
    assert read_term(r"\sigma'(\cdot)", scope) == slope(a)


def test_names_of_several_letters_and_python_names() -> None:
    net, c = Elem("net", t, n), Elem(r"\tilde{C}", t, n)
    hh, sx = Param("W_{hh}", n, n), Param("W^{(sx)}", n, n)
    scope = scope_of([net, c, hh, sx])
    assert read_term("W_hh net_t", scope) == hh @ net
    assert read_term(r"\text{net}_t", scope) == net
    assert read_term("C_tilde[t-1]", scope) == c.at(t - 1)
    assert read_term(r"W^{(sx)} \tilde C_t", scope) == sx @ c
    assert read_term("W_sx net[t]", scope) == sx @ net


def test_the_longest_name_wins() -> None:
    scope = scope_of(
        [
            Param("b", n),
            Param("b_{i}", n),
            Elem("h", t, n),
            Elem("h^{(1)}", t, n),
            Param("W_{1}", n, n),
        ]
    )
    assert read_term("b_i", scope) == Param("b_{i}", n)
    assert read_term("b_j", scope) == Entry(Param("b", n), j)
    assert read_term("h^{(1)}_t", scope) == Elem("h^{(1)}", t, n)
    assert read_term("h^{(1)}", scope) == h.at(1)
    assert read_term("W_1 h_1", scope) == Param("W_{1}", n, n) @ h.at(1)


# ---------------------------------------------------------------- refusals

REFUSED: list[tuple[str, type[SymbpttError], int, str]] = [
    ("W x_t",
     ShapeError, 3, "cannot multiply W and x_t: W is n x n (at 1:1), x_t is d x 1 (at 1:3)"),
    ("h_t + x_t",
     ShapeError, 7, "cannot add h_t and x_t: h_t is n x 1 (at 1:1), x_t is d x 1 (at 1:7)"),
    ("V h_t - b", ShapeError, 9, "cannot subtract V h_t and b"),
    (r"h_t \odot x_t", ShapeError, 11, "cannot multiply elementwise h_t and x_t"),
    (r"\sigma(h_t) x_t", ShapeError, 13, "cannot multiply"),
    ("U^2", ShapeError, 1, "a power needs a square matrix, but U^2 is n x d"),
    ("U^{-1}", ShapeError, 1, "an inverse needs a square matrix"),
    (r"\mathrm{diag}(W)", ShapeError, 15, "diag takes a vector, but W is n x n"),
    (r"\mathrm{softmax}(W)", ShapeError, 18, "softmax takes a vector"),
    (r"\mathrm{tr}(U)", ShapeError, 13, "a trace needs a square matrix"),
    (r"\prod_{i=1}^t U", ShapeError, 15, "the factor of a product must be square"),
    (r"\nabla_W h_t", ShapeError, 10, "a gradient needs a scalar"),
    ("[x_t, W]", ShapeError, 7, "cannot put side by side x_t and W"),
    ("Q h_t", ReadError, 1, "there is no Q in this model"),
    ("W h", ReadError, 3, "h is a sequence, and h is none of its elements"),
    ("W h_t + Z", ReadError, 9, "there is no Z in this model"),
    (r"\sigma", ReadError, 1, "a function without an argument"),
    ("9^{9^{9^9}}", ReadError, 4, "the exponent 9^{9^9} is not understood"),
    ("9^{500}", ReadError, 4, "the exponent 500 is larger than 400"),
    ("W^{99999999999999}", ReadError, 4, "the exponent 99999999999999 is too large"),
    ("h_t / 0", ReadError, 1, "division by zero"),
    (r"\|W\|_1", NotSupported, 1, "this norm is not understood"),
    (r"|W|", ShapeError, 2, "a single bar takes a scalar"),
    (r"\|W\|_\infty", ShapeError, 3, "not a column"),
    (r"\sup h_t", NotSupported, 1, "sup is understood of a function only"),
    (r"\max(h_t)", NotSupported, 1, "max of one argument"),
    (r"\frac{\partial^2 L}{\partial W}", NotSupported, 1, "second derivatives"),
    (r"\begin{bmatrix} h_t & \cdots \end{bmatrix}", NotSupported, 1, "a matrix with dots"),
    (r"W \cdots W", NotSupported, 3, "a product with dots"),
    (r"\begin{cases} h_t & t = 1 \end{cases}", NotSupported, 1, "a distinction of cases"),
    (r"\det W", ReadError, 1, "det is not understood here yet"),
    (r"\max_i h_i", NotSupported, 1, "max is not understood here yet"),
    (r"W \text{ symmetric}", NotSupported, 3, "the words 'symmetric'"),
    (r"\nabla_W", ReadError, 1, r"this \nabla has no function"),
    (r"\sum_{t=1 \ne 2} h_t", ReadError, 7, "the limits"),
    (" + ".join(["h_t"] * 301), ReadError, 1, "a sum of more than 300 terms"),
    (" ".join(["W"] * 61), ReadError, 1, "a product of more than 60 factors"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "error", "column", "message"), REFUSED, ids=[r[0][:30] for r in REFUSED]
)
def test_refused(text: str, error: type[SymbpttError], column: int, message: str) -> None:
    with pytest.raises(error) as caught:
        read_term(text, SCOPE)
    assert message in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.column == column


def test_unknown_names_come_with_the_nearest_one() -> None:
    scope = scope_of([Param("W_{hh}", n, n), Elem(r"\hat{y}", t, n)])
    with pytest.raises(ReadError) as caught:
        read_term("W_{hj}", scope)
    assert caught.value.hint == r"did you mean W_{hh}? the names here are \hat{y}_t, W_{hh}"
    with pytest.raises(ReadError) as caught:
        read_term("a", Scope())
    assert caught.value.hint == "no names are declared"


def test_several_formulas_where_one_is_expected() -> None:
    with pytest.raises(ReadError, match="one formula is expected"):
        read_term("W, U", SCOPE)
    with pytest.raises(ReadError, match="one relation"):
        read_statement("W = W = W", SCOPE)


def test_reading_is_fast() -> None:
    text = (
        r"\frac{\partial L}{\partial W} = \sum_{t=1}^T \sum_{k=1}^t"
        r"\frac{\partial L_t}{\partial h_t}"
        r"\left( \prod_{i=k+1}^t \mathrm{diag}(\sigma'(a_i)) W \right)"
        r"\frac{\partial^+ h_k}{\partial W}"
    )
    read_statement(text, SCOPE)
    start = time.process_time()
    for _ in range(10):
        read_statement(text, SCOPE)
    assert (time.process_time() - start) / 10 < 0.2  # far above what it takes: no blow-up


def test_plus_and_minus_are_n_ary() -> None:
    term = read_term("h_t - a_t + b - h_t", SCOPE)
    assert isinstance(term, Plus)
    assert term.args == (h, -a, b, -h)
    assert isinstance(read_term("W W W h_t", SCOPE), Times)
    assert read_term(r"h_t \odot a_t \odot b", SCOPE) == Hadamard(h, a, b)
