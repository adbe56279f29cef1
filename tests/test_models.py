"""Model texts: what they define, the shapes found, the ranges, and what is refused."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from symbptt.core.dependence import check_theory
from symbptt.core.errors import ModelError, NotSupported, ReadError, ShapeError, SymbpttError
from symbptt.core.terms import (
    Block, Const, Elem, Func, Gradient, Map, Param, Softmax, SumOver, Term, Zero, index_symbol,
)  # fmt: skip
from symbptt.models import Model, builtins

n, d, m, q, T, t = map(index_symbol, ("n", "d", "m", "q", "T", "t"))
W, U, b = Param("W", n, n), Param("U", n, d), Param("b", n)
h, a, x, Lt, L = (
    Elem("h", t, n),
    Elem("a", t, n),
    Elem("x", t, d),
    Elem("L", t, 1),
    Param("L", 1, 1),
)
STEPS = (t - 1, T - t)


def parsed(*lines: str) -> Model:
    """A model whose theory the core accepts too."""
    model = Model.parse("\n".join(lines))
    check_theory(model.theory)
    return model


def bodies(model: Model) -> dict[str, Term]:
    return {d.key: d.body for d in model.theory.definitions}


def shapes(model: Model) -> dict[str, str]:
    leaves = [*(d.head for d in model.theory.definitions), *model.theory.leaves()]
    return {leaf.name: f"{leaf.shape[0]} x {leaf.shape[1]}" for leaf in leaves}


def given(model: Model, name: str) -> list[tuple[object, ...]]:
    return [g.facts for g in model.theory.givens if g.head.name == name]


RNN = (r"h_t = \sigma(W h_{t-1} + U x_t + b)", r"L = \sum_{t=1}^{T} L_t(h_t)")


def test_the_plain_network() -> None:
    model = parsed(r"x_t \in \mathbb{R}^d", r"h_t \in \mathbb{R}^n", *RNN)
    heads = [(d.head, d.facts) for d in model.theory.definitions]
    assert heads == [(a, STEPS), (h, STEPS), (Lt, STEPS), (L, ())]
    assert [d.body for d in model.theory.definitions] == [
        W @ h.at(t - 1) + U @ x + b, Map(r"\sigma", 0, a), Func("L", t, 1, 0, h),
        SumOver(Lt, t, 1, T),
    ]  # fmt: skip
    assert model.theory.params == (W, U, b)
    assert given(model, "h") == [(t, -t)]
    assert given(model, "x") == [STEPS]
    assert model.theory.facts == (T - 1,)
    assert (model.loss, model.length, model.time) == (L, T, t)
    assert (model.sequences, model.auto, model.losses) == (("h",), ("a",), ("L",))
    assert (model.inputs, model.targets, model.states) == (("x",), (), ("h",))
    assert model.dims == (n, d)
    assert model.equations == RNN


WRITTEN = [
    ("x_t : d", "h_t : n", "h[t] = sigma(W h[t-1] + U x[t] + b)", "L = sum_{t=1}^T L[t](h[t])"),
    (r"h^{(t)} = \sigma(W h^{(t-1)} + U x^{(t)} + b)", r"L = \sum_{t=1}^{T} L^{(t)}(h^{(t)})"),
    (r"h^t = \sigma(W h^{t-1} + U x^t + b)", r"L = \sum_{1\le t\le T} L^t(h^t)"),
    (r"\mathbf{h}_t = \sigma(\mathbf{W}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_t + \mathbf{b})",
     r"\mathcal{L} = \sum_t \mathcal{L}_t(\mathbf{h}_t)"),
    (r"h^{\langle t\rangle} = \sigma(W h^{\langle t-1\rangle} + U x^{\langle t\rangle} + b)",
     r"L = \sum_{t} L^{\langle t\rangle}(h^{\langle t\rangle})"),
    ("hₜ = σ(W hₜ₋₁ + U xₜ + b)", "L = ∑_{1≤t≤T} Lₜ(hₜ)"),
    (r"\begin{aligned}",
     r"h_t &= \sigma(W h_{t-1} + U x_t + b) \\", r"L &= \sum_t L_t(h_t)", r"\end{aligned}"),
    ("h_t = sigma(W h_{t-1} +", "  U x_t + b)  % goes on", "", "L = sum_t L_t(h_t)"),
    ("h_{t+1} = \\sigma(W h_t + U x_{t+1} + b)", r"L = \sum_{t=1}^T L_t(h_t)"),
    ("h(t) = f(W h(t-1) + U x(t) + b)", "L = sum_{t=1}^T L(t)(h(t))", r"\sigma = tanh"),
]  # fmt: skip


@pytest.mark.parametrize("lines", WRITTEN[:-1], ids=[w[0][:25] for w in WRITTEN[:-1]])
def test_ways_to_write_it(lines: tuple[str, ...]) -> None:
    assert bodies(parsed(*lines)) == bodies(parsed(*RNN))


def test_time_as_an_argument() -> None:
    model = parsed("S(t) = f(W S(t-1) + U X(t))")
    assert model.states == ("S",)
    assert shapes(model) == {"a": "n x 1", "S": "n x 1", "X": "d x 1", "W": "n x n", "U": "n x d"}


def test_any_letter_may_be_time_or_length() -> None:
    k, N = index_symbol("k"), index_symbol("N")
    model = parsed("h_k = f(W h_{k-1} + U x_k)", r"L = \sum_{k=1}^{N} \ell(h_k, y_k)")
    assert (model.time, model.length) == (k, N)
    assert model.theory.definitions[0].facts == (k - 1, N - k)
    assert model.targets == ("y",)
    tau = parsed(*RNN[:1], r"L = \sum_{t=1}^{\tau} L_t(h_t)").length
    assert tau == index_symbol(r"\tau")


def test_a_layer_without_time() -> None:
    model = parsed(r"y = \sigma(W x)")
    wx = Param("W", n, d) @ Param("x", d)
    assert [(d.head, d.body) for d in model.theory.definitions] == [
        (Param("a", n), wx), (Param("y", n), Map(r"\sigma", 0, Param("a", n))),
    ]  # fmt: skip
    assert model.theory.params == (Param("W", n, d), Param("x", d))
    assert (model.loss, model.sequences, model.theory.facts) == (None, (), ())


# ---------------------------------------------------------------- shapes

SHAPES: list[tuple[tuple[str, ...], dict[str, str]]] = [
    ((r"h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t + b_h)", r"o_t = W_{ho} h_t"),
     {"W_{hh}": "n x n", "W_{xh}": "n x d", "b_{h}": "n x 1", "W_{ho}": "m x n", "o": "m x 1"}),
    ((r"h_t = (1 - \alpha) h_{t-1} + \alpha \tanh(W h_{t-1})",),
     {r"\alpha": "1 x 1", "W": "n x n"}),
    ((r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t", r"f_t = \sigma(W_f [C_{t-1}, x_t])"),
     {"C": "n x 1", r"\tilde{C}": "n x 1", "W_{f}": "n x d + n"}),
    ((r"h_t = \tanh(W [h_{t-1}; x_t])", "x_t : d", "W : n x (n+d)"),
     {"W": "n x d + n", "x": "d x 1"}),
    ((r"H_t = \tanh(H_{t-1} W + X_t U + \mathbf{1} b^T)",),
     {"H": "n x d", "X": "n x m", "W": "d x d", "U": "m x d", "b": "d x 1"}),
    ((r"h_t = \tanh(h_{t-1} W + x_t U)", r"h_t \in \mathbb{R}^{1 \times n}", "x_t : 1 x d"),
     {"W": "n x n", "U": "d x n", "a": "1 x n"}),
    ((r"h_t = \gamma \odot h_{t-1} + c",), {r"\gamma": "1 x 1", "c": "n x 1"}),
    ((r"h_t = g_t h_{t-1} + x_t", r"g_t \in \mathbb{R}", "x_t : n"), {"g": "1 x 1", "h": "n x 1"}),
    (("y = w^T x", r"w \in \mathbb{R}^d", r"y \in \mathbb{R}"), {"x": "d x 1", "y": "1 x 1"}),
    (("M = Q \\Lambda Q^{-1}", "\\Lambda = \\mathrm{diag}(\\lambda)"),
     {"M": "n x n", "Q": "n x n", r"\Lambda": "n x n", r"\lambda": "n x 1"}),
    ((r"h_t = f(\sum_{j=0}^{J} W_j x_{t-j} + b)",), {"W": "n x d", "x": "d x 1", "b": "n x 1"}),
    (("W = 2 I", "h_t = W h_{t-1} + x_t"), {"W": "n x n", "x": "n x 1"}),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "wanted"), SHAPES, ids=[s[0][0][:30] for s in SHAPES])
def test_shapes_are_inferred(lines: tuple[str, ...], wanted: dict[str, str]) -> None:
    found = shapes(parsed(*lines))
    assert {name: found[name] for name in wanted} == wanted


def test_free_sizes_get_unused_names() -> None:
    model = parsed(r"d_t \in \mathbb{R}^n", r"h_t = \tanh(W h_{t-1} + U x_t + V d_t)")
    assert shapes(model)["h"] == "d x 1"
    assert model.dims[0] == d


@pytest.mark.parametrize(
    "declaration",
    [r"W \in \mathbb{R}^{n \times d}", "W : n x d", "W : n × d", "W : (n, d)", r"W ∈ ℝ^{n×d}",
     r"W \in R^{n \times d}", r"V, W \in \mathbb{R}^{n \times d}", r"W : \mathbb{R}^{n \times d}"],
)  # fmt: skip
def test_forms_of_a_declaration(declaration: str) -> None:
    assert shapes(parsed(declaration, "y = W x"))["W"] == "n x d"


def test_one_hot_and_sets() -> None:
    model = parsed(r"y_t \in \mathrm{onehot}(q)", "L = -\\sum_t y_t^T \\log o_t")
    assert model.onehot == ("y",)
    assert shapes(model)["o"] == "q x 1"
    assert shapes(parsed(r"m_t \in \{0, 1\}^n", "h_t = m_t \\odot h_{t-1}"))["m"] == "n x 1"


# ---------------------------------------------------------------- functions


def test_functions_may_be_pinned() -> None:
    for pin in (r"\sigma = \mathrm{sigmoid}", r"\sigma = sigmoid", r"\sigma = \mathrm{logistic}"):
        assert bodies(parsed(RNN[0], pin))["h[]"] == Map("sigmoid", 0, a)
    soft = parsed(r"o_t = \varphi(V h_t)", r"\varphi = \mathrm{softmax}", r"h_t = \tanh(x_t)")
    assert isinstance(bodies(soft)["o[]"], Softmax)


def test_functions_of_several_arguments() -> None:
    model = parsed(
        "h_t : n", r"h_t = F(h_{t-1}, x_t, \theta)", r"\theta = (W, U, b)", "W : n x n", "b : n"
    )
    body = bodies(model)["h[]"]
    assert isinstance(body, Func)
    assert [str(arg) for arg in body.arguments] == ["h[t - 1]", "x[t]", "W", "U", "b"]
    assert model.groups == {r"\theta": ("W", "U", "b")}


def test_pre_activations_get_names() -> None:
    two = parsed(r"f_t = \sigma(W x_t)", r"h_t = f_t \odot \tanh(V f_t + U h_{t-1})")
    assert two.auto == ("a^{f}", "a^{h}")
    taken = parsed(r"a_t = \tanh(W a_{t-1})")
    assert taken.auto == ("a^{a}",)
    several = parsed(r"c_t = \sigma(W c_{t-1}) \odot \tanh(V c_{t-1})")
    assert several.auto == ("a^{c,1}", "a^{c,2}")
    nested = parsed(r"h_t = \tanh(W \sigma(V h_{t-1}))")
    first, second, _ = nested.theory.definitions
    assert [first.name, second.name] == ["a^{h,1}", "a^{h,2}"]
    assert second.body == Param("W", n, d) @ Map(r"\sigma", 0, first.head)
    own = parsed(r"a_t = W h_{t-1}", r"h_t = \tanh(a_t)")
    assert own.auto == ()


LOSSES = [
    (r"L = \sum_{t=1}^{T} \ell(h_t, y_t)", (), ("y",)),
    (r"L_t = -y_t^\top \log h_t", ("L",), ("y",)),
    (r"L = -\sum_t \sum_i y_{t,i} \log h_{t,i}", (), ("y",)),
    (r"E = \sum_t \frac{1}{2} \|h_t - y_t\|^2", (), ("y",)),
    (r"\varepsilon = \sum_{1\le t\le T} \varepsilon_t(h_t)", (r"\varepsilon",), ()),
    (r"J = \ell(h_T)", (), ()), (r"L = \frac{1}{T} \sum_{t=1}^T \mathcal{L}(h_t)", (), ()),
]  # fmt: skip


@pytest.mark.parametrize(("line", "losses", "targets"), LOSSES, ids=[x[0] for x in LOSSES])
def test_losses(line: str, losses: tuple[str, ...], targets: tuple[str, ...]) -> None:
    model = parsed(r"h_t = \tanh(W h_{t-1} + U x_t)", line)
    assert (model.losses, model.targets, model.inputs) == (losses, targets, ("x",))
    assert (model.loss is None) == line.startswith("L_t")


# ---------------------------------------------------------------- time


def test_a_boundary_value_with_an_equation() -> None:
    model = parsed(RNN[0], "h_0 = 0")
    start = model.theory.definitions[-1]
    assert (start.head, start.body, start.facts) == (h, Zero(n), (t, -t))
    assert model.states == ()


def test_lags_ranges_and_boundaries() -> None:
    two = parsed(r"h_t = \tanh(W h_{t-1} + V h_{t-2})", r"h_{-1} \in \mathbb{R}^n")
    assert given(two, "h") == [(t + 1, -t)]
    zero = parsed(r"h_t = \tanh(W h_{t-1} + V h_{t-2})", "h_{-1} = 0", "h_0 = 0")
    assert zero.states == ()
    late = parsed(r"h_t = \tanh(W h_{t-1} + V h_{t-2}) \quad (t = 2, \dots, T)", "h_1 = b")
    assert [d.facts for d in late.theory.defined("h[]")] == [(t - 2, T - t), (t - 1, 1 - t)]
    assert given(late, "h") == [(t, -t)]
    shifted = parsed(r"h_{t+1} = \sigma(W h_t + U x_t)")
    assert bodies(shifted)["a[]"] == W @ h.at(t - 1) + U @ x.at(t - 1)
    assert given(shifted, "x") == [(t, T - 1 - t)]
    delays = parsed(r"h_t = f(\sum_{j=0}^{J} W_j x_{t-j})")
    J = index_symbol("J")
    assert given(delays, "x") == [(t + J - 1, T - t)]
    assert given(delays, "W") == [(t, J - t)]


def test_backward_sequences() -> None:
    model = parsed("h_t = f(W h_{t-1} + U x_t)", "g_t = f(R g_{t+1} + Q x_t)", "o_t = V [h_t; g_t]")
    assert given(model, "g") == [(t - T - 1, T + 1 - t)]
    assert isinstance(bodies(model)["o[]"].args[1], Block)
    end = parsed("g_t = R g_{t+1}", "g_T = b")
    assert [d.facts for d in end.theory.definitions] == [(t - 1, T - 1 - t), (t - T, T - t)]


def test_many_to_one_and_sums_from_zero() -> None:
    model = parsed(RNN[0], r"\hat y = V h_T", r"L = \|\hat y - y\|^2")
    assert bodies(model)[r"\hat{y}"] == Param("V", m, n) @ h.at(T)
    assert model.loss == L
    zero = parsed(RNN[0], r"L = \sum_{t=0}^{T} L_t(h_t)")
    assert zero.theory.defined("L[]")[0].facts == (t, T - t)
    outputs = parsed(RNN[0], "o_t = V h_t", r"L = \sum_{t=0}^{T} L_t(o_t)")
    assert outputs.theory.defined("o[]")[0].facts == (t, T - t)


def test_definitions_come_in_an_order_to_compute_them() -> None:
    model = parsed(
        "L = \\sum_t \\ell(o_t)", "o_t = V h_t", "h_t = \\tanh(W h_{t-1} + g_t)", "g_t = U x_t"
    )
    assert [d.name for d in model.theory.definitions] == ["g", "a", "h", "o", "L"]
    assert model.sequences == ("g", "h", "o")


def test_an_abbreviation_of_a_derivative() -> None:
    model = parsed(
        *RNN, r"\delta_t \in \mathbb{R}^n", r"\delta_j^t = \frac{\partial L_t}{\partial h_j^t}"
    )
    (short,) = model.abbreviations
    assert short.body == Gradient(Lt, h)
    assert "\\delta" not in model.inputs
    assert model.scope.sequences[r"\delta"].given


def test_layout_is_an_option() -> None:
    assert parsed("layout: denominator", RNN[0]).layout == "denominator"


# ---------------------------------------------------------------- refusals

REFUSED: list[tuple[str, str, type[SymbpttError], tuple[int, int], str]] = [
    ("shapes declared",
     "x_t : d\nh_t : n\nW : n x m\nh_t = \\sigma(W h_{t-1} + U x_t)", ShapeError, (4, 16),
     "W and h_{t-1}: W is n x m (declared at 3:1), h_{t-1} is n x 1 (declared at 2:1)"),
    ("shapes used",
     "h_t : n\nx_t : d\nh_t = \\sigma(W h_{t-1})\no_t = W x_t", ShapeError, (4, 9),
     "W and x_t: W is n x n (from its use at 3:16), x_t is d x 1 (declared at 2:1)"),
    ("unknown pin",
     "h_t = \\sigma(W h_{t-1})\n\\sigma = \\mathrm{blah}", ModelError, (2, 1),
     "there is no function called blah"),
    ("unknown word",
     "h_t = \\mathrm{blah}(W h_{t-1})", ModelError, (1, 7), "no function called blah"),
    ("twice",
     "h_t = \\sigma(W h_{t-1})\nh_t = V h_{t-1}", ModelError, (2, 1),
     "h_{t} is defined twice, before at 1:1: h_t = \\sigma(W h_{t-1})"),
    ("twice without time", "y = W x\ny = V x", ModelError, (2, 1), "y is defined twice"),
    ("twice pinned",
     "h_t = f(h_{t-1})\nf = tanh\nf = relu", ModelError, (3, 1), "f is defined twice"),
    ("twice declared",
     "h_t : n\nh_t : m\nh_t = V h_{t-1}", ModelError, (2, 1), "declared twice with"),
    ("itself",
     "h_t = \\sigma(W h_t + U x_t)", ModelError, (1, 1),
     "h_{t} is defined by itself at the same step"),
    ("circle",
     "h_t = W o_t\no_t = V g_t\ng_t = \\tanh(h_t)", ModelError, (1, 1),
     "h_{t} is defined by itself at the same step (through g, o)"),
    ("itself without time", "y = \\sigma(W y)", ModelError, (1, 1), "y is defined by itself"),
    ("both ways",
     "h_t = f(W h_{t-1} + V g_{t+1})\ng_t = f(h_t)", ModelError, (1, 1),
     "g, h depend on each other both forward and backward"),
    ("boundary",
     "h_t = \\tanh(W h_{t-1} + V h_{t-2})", ModelError, (1, 27),
     "the boundary value h_{-1} is missing"),
    ("boundaries",
     "h_t = \\tanh(V h_{t-2} + U x_t)", ModelError, (1, 15),
     "the boundary values h_{0} and h_{-1} are missing"),
    ("empty", "", ModelError, (1, 1), "the model is empty"),
    ("only a comment", "\n % nothing\n", ModelError, (1, 1), "the model is empty"),
    ("no equation", "x_t : d", ModelError, (1, 1), "the model has no equation"),
    ("brace",
     "x_t : d\nh_t = \\sigma(W h_{t-1 + U x_t)", ReadError, (2, 18), "this { is never closed"),
    ("bracket",
     "h_t = \\sigma(W h_{t-1}\no_t = V h_t", ReadError, (1, 13), "this ( is never closed"),
    ("exponent",
     "h_t = 9^{9^{9^9}} h_{t-1}", ReadError, (1, 10), "the exponent 9^{9^9} is not understood"),
    ("input",
     "h_t = \\input{/etc/passwd}", ReadError, (1, 7), "\\input does not belong to mathematics"),
    ("nonsense", "hello world", ModelError, (1, 1), "neither a declaration nor an equation"),
    ("inequality", "h_t < x_t", ModelError, (1, 1), "neither a declaration nor an equation"),
    ("chain", "h_t = a_t = b_t", ModelError, (1, 1), "a model equation has one = sign"),
    ("free time", "y = V h_t\nh_t = W h_{t-1}", ModelError, (1, 1), "y has no time index"),
    ("time at one step",
     "h_1 = W x_t\nh_t = h_{t-1}", ModelError, (1, 1), "h is defined at one time"),
    ("redefined", "\\tanh = W x", ModelError, (1, 1), "is a known function"),
    ("not a shape", "W : 0 x d\ny = W x", ReadError, (1, 5), "0 is not a size"),
    ("bad layout", "layout: sideways\ny = W x", ModelError, (1, 9), "numerator or denominator"),
    ("norm",
     "L = \\sum_t \\|h_t\\|_1\nh_t = W h_{t-1}", NotSupported, (1, 12), "norm is not understood"),
    ("cases", "h_t = \\begin{cases} 0 & t = 0 \\end{cases}", NotSupported, (1, 7), "cases"),
    ("too many",
     "\n".join(f"h_{{{i},t}} = x_t" for i in range(300)), ModelError, (201, 1), "200 equations"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "error", "place", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(
    text: str, error: type[SymbpttError], place: tuple[int, int], message: str
) -> None:
    start = time.process_time()
    with pytest.raises(error) as caught:
        Model.parse(text, file="m.txt")
    assert time.process_time() - start < 2
    found = caught.value
    assert message in found.message
    assert found.where is not None
    assert (found.where.line, found.where.column, found.where.file) == (*place, "m.txt")


@pytest.mark.parametrize(
    "text",
    ["h_t = " + "x" * 10_000_000, "h_t = " + "{" * 100_000, "h_t = " + "{" * 45_000 + "}" * 45_000,
     "\n".join(f"h{i}_t = x_t" for i in range(6000)), "h_t = " + " + ".join(["x_t"] * 15_000),
     "h_t = " + " ".join(["W"] * 9000) + " x_t", "h_t = " + "\\tanh(" * 9000 + "x_t" + ")" * 9000],
    ids=["10 MB", "braces", "balanced braces", "equations", "terms", "factors", "calls"],
)  # fmt: skip
def test_huge_models_are_refused_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(SymbpttError) as caught:
        Model.parse(text)
    assert time.process_time() - start < 2
    assert caught.value.where is not None


def test_a_large_model_that_does_not_fit_is_refused_in_time() -> None:
    lines = [f"h_{{{i},t}} = \\tanh(W_{{{i}}} h_{{{i},t-1}} + U_{{{i}}} x_t)" for i in range(150)]
    start = time.process_time()
    with pytest.raises(ShapeError, match="cannot add b and x_t"):
        Model.parse("\n".join([*lines, "x_t : d", "b : p", "c_t = b + x_t + U_{3} + U_{4}"]))
    assert time.process_time() - start < 2


# ---------------------------------------------------------------- files and built-in models


def test_files(tmp_path: Path) -> None:
    good = tmp_path / "net.txt"
    good.write_text("\n".join(RNN), "utf-8")
    model = Model.load(good)
    assert (model.name, model.file) == ("net", str(good))
    bad = tmp_path / "bad.txt"
    bad.write_text("h_t = (", "utf-8")
    with pytest.raises(ReadError) as caught:
        Model.load(bad)
    assert str(caught.value).startswith(f"{bad}:1:8: ")
    windows = tmp_path / "crlf.txt"
    windows.write_bytes("\r\n".join(RNN).encode("utf-8-sig"))
    assert bodies(Model.load(windows)) == bodies(model)


def test_files_that_are_none(tmp_path: Path) -> None:
    binary, zero, huge = tmp_path / "binary", tmp_path / "zero", tmp_path / "huge"
    binary.write_bytes(bytes(range(256)))
    zero.write_bytes(b"h_t = x_t\0")
    huge.write_bytes(b"x" * 10_000_000)
    places = {
        tmp_path / "missing": "there is no file", tmp_path: "is a directory",
        binary: "is not a UTF-8 text", zero: "is a binary file", huge: "is too large",
    }  # fmt: skip
    for place, message in places.items():
        with pytest.raises(SymbpttError, match=message):
            Model.load(place)


@pytest.mark.parametrize("name", sorted(builtins()))
def test_built_in_models(name: str) -> None:
    model = Model.named(name)
    check_theory(model.theory)
    about = builtins()[name]
    assert about.title.endswith(".")
    assert about.source
    assert model.equations


def test_built_in_names() -> None:
    assert {"rnn", "rnn-tanh", "layer", "rnn-output", "lstm", "gru"} <= builtins().keys()
    with pytest.raises(SymbpttError) as caught:
        Model.named("rn")
    assert caught.value.hint.startswith("did you mean rnn?")


def test_the_scope_of_a_model_knows_where_names_come_from() -> None:
    model = Model.parse("h_t : n\nh_t = \\tanh(W h_{t-1} + x_t)")
    declared = model.scope.sequences["h"]
    assert declared.where is not None
    assert (declared.where.line, declared.where.column) == (1, 1)
    assert model.scope.params["W"].shape == declared.shape[:1] * 2


def test_plain_equations_are_shown_as_latex() -> None:
    model = parsed("h[t] = tanh(W h[t-1] + b)", "L = sum_{t=1}^T L[t](h[t])")
    assert model.equations == (
        r"h_{t} = \tanh(W h_{t-1} + b)", r"L = \sum_{t=1}^{T} L_{t}(h_{t})",
    )  # fmt: skip


def test_numbers_in_a_model() -> None:
    model = parsed("W = 2 I", "h_t = W h_{t-1} + 0.5 x_t")
    assert bodies(model)["h[]"].args[1].args[0] == Const(index_symbol("n") / index_symbol("n") / 2)


@pytest.mark.parametrize("word", ["foo", "tanhh", "sigmoyd"])
def test_a_misspelt_function_is_refused_not_read_letter_by_letter(word: str) -> None:
    with pytest.raises(SymbpttError, match=f"no function called {word}"):
        Model.parse(f"x_t : d\nh_t : n\nh_t = {word}(W h_{{t-1}} + U x_t)")
