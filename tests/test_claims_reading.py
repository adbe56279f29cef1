"""Claims as people write them: what they are read as, what is noted, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from sympy import Symbol

from symbptt.core.errors import NotSupported, ReadError, ShapeError, SymbpttError
from symbptt.core.meaning import agree
from symbptt.core.terms import Entry
from symbptt.models.claims import read_claim
from symbptt.models.model import Model
from symbptt.notation.choices import NOTES, Choices
from symbptt.notation.claims import Claim, Interval, Limit, Space, Values

DEEP = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
W \in \mathbb{R}^{n \times n}
U \in \mathbb{R}^{n \times d}
V \in \mathbb{R}^{q \times n}
s_t = W h_{t-1} + U x_t
h_t = \tanh(s_t)
o_t = V h_t
y_t \in \mathrm{onehot}(q)
L_t = -y_t^\top \log \mathrm{softmax}(o_t)
L = \sum_{t=1}^{T} L_t
\theta = (W, U, V)
"""
SHARED = r"""
v \in \mathbb{R}^n
u \in \mathbb{R}^m
A \in \mathbb{R}^{n \times m}
g = v \odot (A u)
"""
MODELS = {"deep": DEEP, "shared": SHARED}
_KNOWN: dict[str, Model] = {}


def model(name: str) -> Model:
    if name not in _KNOWN:
        _KNOWN[name] = Model.parse(MODELS[name]) if name in MODELS else Model.named(name)
    return _KNOWN[name]


def shown(claim: Claim) -> str:
    """The links as text."""
    parts = []
    for link in claim.links:
        assert link.error is None, link.error
        parts.append(f"{link.left} {link.relation} {link.right}")
    return "; ".join(parts)


# ---------------------------------------------------------------- what is read as what

READ = [
    # dots in products and sums
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \frac{\partial h_t}{\partial h_{t-1}} \cdots "
            r"\frac{\partial h_{k+1}}{\partial h_k}",
     "∂(h[t])/∂(h[k]) = prod(j=k + 1..t: ∂(h[j])/∂(h[j - 1]))"),
    ("rnn", r"\frac{\partial L_T}{\partial h_k} = \frac{\partial L_T}{\partial h_T} "
            r"\frac{\partial h_T}{\partial h_{T-1}}\frac{\partial h_{T-1}}{\partial h_{T-2}}\dots"
            r"\frac{\partial h_{k+1}}{\partial h_k}",
     "∂(L[T])/∂(h[k]) = ∂(L[T])/∂(h[T]) @ prod(j=k + 1..T: ∂(h[j])/∂(h[j - 1]))"),
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \mathrm{diag}(\sigma'(a_t)) W \mathrm{diag}"
            r"(\sigma'(a_{t-1})) W \cdots \mathrm{diag}(\sigma'(a_{k+1})) W",
     r"∂(h[t])/∂(h[k]) = prod(j=k + 1..t: diag(\sigma'(a[j])) @ W)"),
    ("rnn",
     r"h_0 = \frac{\partial h_2}{\partial h_{1}} \cdots \frac{\partial h_{t}}{\partial h_{t-1}} b",
     "h[0] = prod(j=2..t: ∂(h[j])/∂(h[j - 1])^T)^T @ b"),
    ("lstm", r"\frac{\partial C_t}{\partial C_k} = \mathrm{diag}(f_t \odot f_{t-1} \odot \cdots "
             r"\odot f_{k+1})",
     "∂(C[t])/∂(C[k]) = diag(prod(j=k + 1..t: diag(f[j])) @ 1)"),
    ("lstm", r"\frac{\partial C_t}{\partial C_k} = \mathrm{diag}\Big(\prod_{j=k+1}^t f_j\Big)",
     "∂(C[t])/∂(C[k]) = diag(prod(j=k + 1..t: diag(f[j])) @ 1)"),
    ("rnn", "L = L_1 + L_2 + \\dots + L_T", "L = sum(j=1..T: L[j])"),
    ("rnn", "L = L_1 + \\cdots + L_{T-1} + L_T", "L = sum(j=1..T: L[j])"),
    ("rnn", r"b = (I + W + W^2 + \dots + W^{t}) h_0",
     "b = (I + W + sum(j=2..t: W^(j))) @ h[0]"),
    ("rnn", r"(W h_{t-1})_i = w_{i1} h_{t-1,1} + \dots + w_{in} h_{t-1,n}",
     "(W @ h[t - 1])[i,1] = sum(j=1..n: W[i,j] h[t - 1][j,1])"),
    # vectors and matrices with dots
    ("shared", r"\begin{bmatrix} g_1 \\ \vdots \\ g_n \end{bmatrix} = v \odot (A u)",
     "g = v * (A @ u)"),
    ("shared", r"A u = \begin{pmatrix} a_{11} u_1 + a_{12} u_2 + \dots + a_{1m} u_m \\ "
               r"a_{21} u_1 + a_{22} u_2 + \dots + a_{2m} u_m \\ \cdot \\ \cdot \\ "
               r"a_{n1} u_1 + a_{n2} u_2 + \dots + a_{nm} u_m \end{pmatrix}", "A @ u = A @ u"),
    ("shared", r"A^T = \begin{pmatrix} a_{11} & \cdots & a_{n1} \\ \vdots & \ddots & \vdots \\ "
               r"a_{1m} & \cdots & a_{nm} \end{pmatrix}", "A^T = A^T"),
    ("shared", r"v u^T = \begin{bmatrix} v_1 u_1 & v_1 u_2 & \dots & v_1 u_m \\ "
               r"v_2 u_1 & v_2 u_2 & \dots & v_2 u_m \\ \vdots & \vdots & \ddots & \vdots \\ "
               r"v_n u_1 & v_n u_2 & \dots & v_n u_m \end{bmatrix}", "v @ u^T = v @ u^T"),
    ("shared", r"\mathrm{diag}(v) = \begin{bmatrix} v_1 & 0 & \cdots & 0 \\ 0 & v_2 & \cdots & 0 \\"
               r" \vdots & \vdots & \ddots & \vdots \\ 0 & 0 & \cdots & v_n \end{bmatrix}",
     "diag(v) = diag(v)"),
    ("shared", r"\mathrm{diag}(v) = \begin{pmatrix} v_1 & & \\ & \ddots & \\ & & v_n \end{pmatrix}",
     "diag(v) = diag(v)"),
    ("shared", r"v^T = (v_1, v_2, \dots, v_n)", "v^T = v^T"),
    ("shared", r"v = (0, 0, \dots, 0)^T", "v = 0^T"),
    ("rnn", r"\frac{\partial h_t}{\partial h_{t-1}} = \begin{pmatrix} \frac{\partial h_{t,1}}"
            r"{\partial h_{t-1,1}} & \cdots & \frac{\partial h_{t,1}}{\partial h_{t-1,n}} \\ \vdots"
            r" & \ddots & \vdots \\ \frac{\partial h_{t,n}}{\partial h_{t-1,1}} & \cdots & "
            r"\frac{\partial h_{t,n}}{\partial h_{t-1,n}} \end{pmatrix}",
     "∂(h[t])/∂(h[t - 1]) = ∂(h[t])/∂(h[t - 1])"),
    ("rnn",
     r"\frac{\partial h_t}{\partial h_{t-1}} = \left( \frac{\partial h_t}{\partial h_{t-1,1}}"
            r"\cdots \frac{\partial h_t}{\partial h_{t-1,n}} \right)",
     "∂(h[t])/∂(h[t - 1]) = ∂(h[t])/∂(h[t - 1])"),
    # limits of sums and products
    ("rnn", r"L = \sum_{1 \le t \le T} L_t", "L = sum(t=1..T: L[t])"),
    ("rnn", r"L = ∑_{(1≤t≤T)} L_t", "L = sum(t=1..T: L[t])"),
    ("rnn", r"L = \sum_{t} L_t", "L = sum(t=1..T: L[t])"),
    ("rnn", r"L = \sum_{t=1} L_t", "L = sum(t=1..T: L[t])"),
    ("rnn", r"L = \sum_{t'=1}^{T} L_{t'}", "L = sum(t'=1..T: L[t'])"),
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = ∏_{k<i≤t} W",
     "∂(h[t])/∂(h[k]) = prod(i=k + 1..t: W)"),
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \prod_{t \ge i > k} W",
     "∂(h[t])/∂(h[k]) = prod(i=k + 1..t: W)"),
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \prod_{i=t}^{k+1} W",
     "∂(h[t])/∂(h[k]) = prod(i=k + 1..t: W)"),
    # immediate and total derivatives, copies of parameters
    ("rnn",
     r"\nabla_W L = \sum_{t} \frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial W}",
     "∇[W](L) = unvec(sum(t=1..T: ∂(L)/∂(h[t]) @ ∂+(h[t])/∂(W))^T)"),
    ("rnn",
     r"\nabla_W L = \sum_{t} \frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial W}",
     "∇[W](L) = unvec(sum(t=1..T: ∂(L[t])/∂(h[t]) @ ∂(h[t])/∂(W))^T)"),
    ("rnn", r"\frac{\partial h_t}{\partial W^{(t)}} = \frac{\partial^+ h_t}{\partial W}",
     "∂+(h[t])/∂(W) = ∂+(h[t])/∂(W)"),
    ("rnn", r"\nabla_W L = \sum_t \nabla_{W^{(t)}} L",
     "∇[W](L) = sum(t=1..T: unvec((∂(L)/∂(a[t]) @ ∂°(a[t])/∂(W))^T))"),
    ("deep", r"\frac{\partial L_t}{\partial V h_t} = \nabla_{o_t} L_t",
     "∇[o[t]](L[t]) = ∇[o[t]](L[t])"),
    ("rnn", r"\frac{\partial h_t}{\partial W_{ij}} = 0",
     "∂(h[t])/∂(W) @ ∂(W[i,j])/∂(W)^T = 0"),
    # names
    ("lstm", r"C = f \odot C_{prev} + i \odot \tilde C",
     r"C[t] = f[t] * C[t - 1] + i[t] * \tilde{C}[t]"),
    ("lstm", r"dC_{prev} = f_t * dC_t", "∇[C[t - 1]](L) = f[t] * ∇[C[t]](L)"),
    ("lstm", r"dW_f = \sum_t df_t h_{t-1}^T", "∇[W_{f}](L) = sum(t=1..T: ∇[f[t]](L) @ h[t - 1]^T)"),
    ("rnn", r"\frac{\partial L}{\partial b} += \nabla_{h_t} L",
     "∇[b](L) = sum(t=1..T: ∇[h[t]](L))"),
    ("deep", r"\frac{\partial L}{\partial \theta} = \sum_t \frac{\partial L_t}{\partial \theta}",
     "; ".join(f"∇[{p}](L) = sum(t=1..T: ∇[{p}](L[t]))" for p in "WUV")),
    ("rnn", r"h_t = \sigma(\cdot)", r"h[t] = \sigma(a[t])"),
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k+1}^{t} \mathrm{diag}(\sigma') W",
     r"∂(h[t])/∂(h[k]) = prod(i=k + 1..t: diag(\sigma'(a[i])) @ W)"),
    ("rnn", "h^{t\\top} h^{t} = 1", "h[t]^T @ h[t] = 1"),
    ("rnn", "∇_{h_t} L = (∂h_{t+1}/∂h_t)^⊤ ∇_{h_{t+1}} L",
     "∇[h[t]](L) = ∂(h[t + 1])/∂(h[t])^T @ ∇[h[t + 1]](L)"),
    # words of mathematics
    ("lstm", r"\mathrm{sign}(h_t) = \operatorname{sgn}(C_t)", "sign(h[t]) = sign(C[t])"),
    ("rnn", r"\rho(W) \le \sigma_{\max}(W)", "rho(W) <= ‖W‖"),
    ("rnn", r"\kappa(W) \ge 1", "‖W‖ ‖W^-1‖ >= 1"),
    ("lstm", r"0 < f_t < 1", "0 < f[t]; f[t] < 1"),
    ("rnn", r"\nabla_W L \propto W", "∇[W](L) propto W"),
    ("lstm", r"f_t = \begin{cases} o_t & t \ne k \\ i_t & t = k \end{cases}",
     "f[t] = [-k + t - 1>=0](o[t]) + [k - t - 1>=0](o[t]) + [k - t>=0, -k + t>=0](i[t])"),
    ("lstm", r"f_t = \begin{cases} 1, & \text{if } o_t > 0, \\ 0, & \text{otherwise} \end{cases}",
     "f[t] = 1 * step(o[t]) + 0 * (1 + -1 step(o[t]))"),
    ("rnn", r"\frac{\partial h_k}{\partial h_t} = \begin{cases} I & k = t \\ 0 & k < t \end{cases}",
     "∂(h[k])/∂(h[t]) = I; ∂(h[k])/∂(h[t]) = 0"),
    # indicators, entries at one step, the order of a product that counts back
    ("deep", r"\frac{\partial (V h_t)_i}{\partial h_{t,j}} = v_{ij} (\delta_{ik} + 1[i = k])",
     "∂(V @ h[t])/∂(h[t])[i,j] = V[i,j] "
     "([i - k>=0, -i + k>=0](1) + 1 [i - k>=0, -i + k>=0](1))"),
    ("deep", r"\frac{\partial h_i}{\partial s_j} = \delta_{ij} (1 - h_i^2)",
     "∂(h[t])/∂(s[t])[i,j] = [i - j>=0, -i + j>=0](1) (1 + -1 (h[t][i,1] * h[t][i,1]))"),
    ("rnn", r"\frac{\partial h_t}{\partial h_{t-k}} = \prod_{j=0}^{k-1} \mathrm{diag}(h_{t-j}) W",
     "∂(h[t])/∂(h[-k + t]) = prod(j=0..k - 1: (diag(h[-j + t]) @ W)^T)^T"),
    ("rnn", r"\max_i |h_{t,i}| \le 1", "‖h[t]‖_inf <= 1"),
    ("rnn", r"b = \sum_t z_t \quad \text{where } z_t = W h_t",
     "b = sum(t=1..T: z[t]); z[t] = W @ h[t]"),
    ("lstm", r"\|C_t\| \to 0 \quad (t \to \infty)",
     "Limit(body=‖C[t]‖, index=t, towards=None) = 0"),
    # words of people
    ("rnn", r"\text{其中 } \frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\sigma'(a_t)) W",
     r"∂(h[t])/∂(h[t - 1]) = diag(\sigma'(a[t])) @ W"),
    ("rnn", r"\text{by the chain rule: } L = \sum_t L_t \text{ (summed over time)}",
     "L = sum(t=1..T: L[t])"),
    ("rnn", r"h_t = \sigma(a_t) = \sigma(W h_{t-1} + U x_t + b) = \dots",
     r"h[t] = \sigma(a[t]); \sigma(a[t]) = \sigma(W @ h[t - 1] + U @ x[t] + b)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "expected"), READ, ids=lambda x: str(x)[:60])
def test_read(name: str, text: str, expected: str) -> None:
    assert shown(read_claim(text, model(name))) == expected


# ---------------------------------------------------------------- patterns mean what they say

FILLED = [
    ("shared", r"\begin{bmatrix} v_1 (Au)_1 \\ v_2 (Au)_2 \\ \vdots \\ v_n (Au)_n \end{bmatrix}",
     r"v_i (A u)_i"),
    ("shared", r"\begin{pmatrix} 2 v_1 - u^T u \\ \vdots \\ 2 v_n - u^T u \end{pmatrix}",
     r"2 v_i - u^T u"),
    ("shared", r"\begin{pmatrix} v_1^2 + \tanh(v_1) \\ \vdots \\ v_n^2 + \tanh(v_n) \end{pmatrix}",
     r"v_i^2 + \tanh(v_i)"),
    ("shared", r"\begin{pmatrix} \sum_{l=1}^m a_{1l} u_l \\ \vdots \\ \sum_{l=1}^m a_{nl} u_l"
               r"\end{pmatrix}", r"\sum_{l=1}^m a_{il} u_l"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "whole", "entry"), FILLED, ids=lambda x: str(x)[:40])
def test_entries_of_what_is_filled_in(name: str, whole: str, entry: str) -> None:
    """Entry i of the vector is the formula at i."""
    vector = read_claim(whole, model(name)).statements[0].value
    scalar = read_claim(entry, model(name)).statements[0].value
    i, n = (Symbol(x, integer=True) for x in "in")
    assert vector is not None and scalar is not None
    theory, facts = model(name).theory, (i - 1, n - i)
    assert agree(Entry(vector, i, 1), scalar, theory, facts=facts) is None
    assert agree(Entry(vector, i, 1), -scalar, theory, facts=facts) is not None


def test_a_matrix_with_dots_has_the_entries_written() -> None:
    """Entry (i, j) of the filled matrix is the formula at (i, j), a sum of products here."""
    text = r"\begin{pmatrix} v_1 a_{11} + u_1 & \cdots & v_1 a_{1m} + u_m \\ \vdots & \ddots & " \
           r"\vdots \\ v_n a_{n1} + u_1 & \cdots & v_n a_{nm} + u_m \end{pmatrix}"  # fmt: skip
    matrix = read_claim(text, model("shared")).statements[0].value
    scalar = read_claim(r"v_i a_{ij} + u_j", model("shared")).statements[0].value
    i, j, n, m = (Symbol(x, integer=True) for x in "ijnm")
    assert matrix is not None and scalar is not None
    facts = (i - 1, n - i, j - 1, m - j)
    assert agree(Entry(matrix, i, j), scalar, model("shared").theory, facts=facts) is None
    assert agree(Entry(matrix, i, j), -scalar, model("shared").theory, facts=facts) is not None


# ---------------------------------------------------------------- sets, limits, conditions


def only(name: str, text: str, choices: Choices | None = None) -> Claim:
    return read_claim(text, model(name), choices)


def test_memberships() -> None:
    half_open = only("lstm", r"f_t \in (0, 1]").links[0].right
    assert isinstance(half_open, Interval) and half_open.open_low and not half_open.open_high
    assert isinstance(only("lstm", r"f_t \in (0, 1)^n").links[0].right, Interval)
    ray = only("lstm", r"f_t \in (0, \infty)").links[0].right
    assert isinstance(ray, Interval) and ray.high is None and ray.low is not None
    space = only("rnn", r"\frac{\partial L}{\partial U} \in \mathbb{R}^{n \times d}").links[0].right
    assert space == Space(Symbol("n", integer=True), Symbol("d", integer=True))
    values = only("deep", r"y_{t,i} \in \{0, 1\}").links[0].right
    assert isinstance(values, Values) and len(values.items) == 2
    several = only("lstm", r"f_t, i_t, o_t \in (0, 1)")
    assert [str(link.left) for link in several.links] == ["f[t]", "i[t]", "o[t]"]


def test_limits() -> None:
    link = only("rnn", r"\lim_{k \to \infty} \|W^k\| = 0").links[0]
    assert isinstance(link.left, Limit) and link.left.towards is None
    assert link.left.index == Symbol("k", integer=True)


@pytest.mark.parametrize("text", [
    r"\frac{\partial h_k}{\partial h_t} = 0, \quad k < t",
    r"\frac{\partial h_k}{\partial h_t} = 0 \quad \text{for } k < t",
    r"\text{若 } k < t,\ \frac{\partial h_k}{\partial h_t} = 0",
    r"\forall k < t: \frac{\partial h_k}{\partial h_t} = 0",
    r"k < t \implies \frac{\partial h_k}{\partial h_t} = 0",
])  # fmt: skip
def test_conditions_on_indices(text: str) -> None:
    k, t = Symbol("k", integer=True), Symbol("t", integer=True)
    (statement,) = only("rnn", text).statements
    assert statement.facts == (t - k - 1,) and len(statement.links) == 1


def test_what_is_supposed() -> None:
    claim = only("lstm", r"f_t = 1 \Rightarrow C_t = C_{t-1} + i_t \odot \tilde C_t")
    assert claim.supposed == ("f_t = 1",) and len(claim.links) == 1
    assert isinstance(claim.model, Model)
    assert any("f_t = 1" in text for text in claim.model.equations)


def test_trailing_ranges_and_existence() -> None:
    k, t = Symbol("k", integer=True), Symbol("t", integer=True)
    assert only("rnn", r"h_k = \sigma(a_k), \quad (k = 1, \dots, t)").statements[0].facts == (
        k - 1, t - k
    )  # fmt: skip
    claim = only("rnn", r"\exists \gamma \in \mathbb{R}, \|W\| \le \gamma")
    assert claim.statements[0].exists == (r"\gamma",)


def test_decimals_agree_to_the_digits_printed() -> None:
    link = only("rnn", r"\|W\| \approx 0.25").links[0]
    assert link.tolerance == ((Fraction(1, 200),),)
    assert only("rnn", r"\|W\| = 1.153e-12").links[0].tolerance == ((Fraction(1, 2 * 10**15),),)
    assert only("rnn", r"\|W\| = 1").links[0].tolerance is None


# ---------------------------------------------------------------- definitions


@pytest.mark.parametrize(("name", "text", "names"), [
    ("rnn", r"z_t = W h_{t-1} + U x_t", ("z",)),
    ("rnn", r"\delta_t = \frac{\partial L}{\partial h_t}", (r"\delta",)),
    ("rnn", r"\delta_t := \nabla_{h_t} L, \quad \nabla_b L = \sum_t \sigma'(a_t) \odot \delta_t",
     (r"\delta",)),
    ("rnn", r"o_t^* = V h_t, \quad p_t = \mathrm{softmax}(o_t^*)", ("V", "o^{*}", "p")),
    ("rnn", r"q(x) = W h_t = W \sigma(a_t)", ("q",)),
    ("rnn", r"h_t = \sigma(a_t)", ()),
    ("rnn", r"x_t = U^T h_{t-1}", ("x",)),
])  # fmt: skip
def test_definitions(name: str, text: str, names: tuple[str, ...]) -> None:
    claim = only(name, text)
    assert claim.definitions == names and claim.error is None


def test_a_definition_holds_for_what_follows() -> None:
    claim = only("rnn", r"z_t = W h_{t-1}, \quad z_t + U x_t = a_t - b")
    assert shown(claim) == "z[t] = W @ h[t - 1]; z[t] + U @ x[t] = a[t] + -1 b"


# ---------------------------------------------------------------- how it was read

NOTED = [
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k+1}^t W", {"layout", "order"}),
    ("rnn", r"\nabla_W L = \sum_t \frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial W}",
     {"immediate", "vec", "layout"}),
    ("lstm", r"C_t = f_t * C_{t-1} + i_t \circ \tilde C_t", {"hadamard"}),
    ("lstm", r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde C_t", set()),
    ("rnn", r"h_t = W^T h_{t-1}", {"transpose"}),
    ("rnn", r"h_t = W^\top h_{t-1}", set()),
    ("rnn", r"h_t = 1 - h_{t-1}^2", {"entrywise"}),
    ("lstm", r"h = o \odot \tanh(C)", {"step"}),
    ("lstm", r"dC_t = dh_t", {"gradient"}),
    ("rnn", r"L = L_1 + \dots + L_T", {"dots"}),
    ("rnn", r"\frac{\partial h_t}{\partial W^{(t)}} = 0", {"copy"}),
    ("rnn", r"h_t = \sigma(a_t) = \dots", {"open"}),
]  # fmt: skip


NOTE_IDS = [f"{name}-{text[:40]}" for name, text, _ in NOTED]


@pytest.mark.parametrize(("name", "text", "kinds"), NOTED, ids=NOTE_IDS)
def test_notes(name: str, text: str, kinds: set[str]) -> None:
    notes = only(name, text).notes
    assert {n.id for n in notes} == kinds
    assert all(len(n.slots) == len(NOTES[n.id]) for n in notes)


def test_other_ways_of_reading() -> None:
    """The product in the other order, and everything in denominator layout."""
    text = (
        r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k+1}^t \frac{\partial h_i}{\partial h_{i-1}}"
    )
    claim = only("rnn", text)
    others = claim.other_choices()
    assert others[0] == Choices(order="earliest")
    assert Choices("denominator", "earliest") in others and claim.choices not in others
    turned = only("rnn", text, Choices("denominator", "earliest"))
    assert shown(turned) == ("∂(h[t])/∂(h[k])^T = prod(i=k + 1..t: ∂(h[i])/∂(h[i - 1])^T^T)^T")


def test_what_fits_in_one_layout_only() -> None:
    text = r"\frac{\partial o_t}{\partial h_t} = V^\top"
    claim = only("deep", text)
    assert isinstance(claim.error, ShapeError)
    assert any(only("deep", text, c).error is None for c in claim.other_choices())


def test_each_link_has_its_own_error() -> None:
    claim = only("rnn", r"\frac{\partial h_t}{\partial h_{t-1}} = 1 = 1")
    assert [link.error is None for link in claim.links] == [False, True]


# ---------------------------------------------------------------- what is refused

REFUSED = [
    ("rnn", r"J \cdots K = I", "dots"),
    ("rnn", r"W \cdots W = I", "dots"),
    ("rnn", r"h_1 + h_3 + \dots + h_T = 0", "dots"),
    ("rnn", r"h_1 - h_2 + \dots + h_T = 0", "dots"),
    ("rnn", r"h_1 + \dots = 0", "dots"),
    ("rnn", r"h_t = \begin{pmatrix} h_1 \\ \vdots \\ h_n \end{pmatrix}", "dots"),
    ("rnn", r"W = \begin{pmatrix} w_{11} & \cdots \\ \vdots & \ddots \end{pmatrix}", "dots"),
    ("rnn", r"W = \begin{pmatrix} w_{11} & \cdots & w_{12} \\ \vdots & \ddots & \vdots \\"
            r" w_{21} & \cdots & 0 \end{pmatrix}", "dots"),
    ("rnn", r"\frac{\partial h_t}{\partial h_{t-1}} = W \text{ or } I", "or"),
    ("rnn", r"L = \sum_t L_t \text{ 不成立}", "不"),
    ("rnn", r"h_t = \sigma(W h_{t-1} + Q x_t)", "no Q"),
    ("rnn", r"h_t = U_{x_t} + b", "no U_{x"),
    ("rnn", r"\nabla_W L = \sum_t \nabla_{W h_t}", "no function"),
    ("rnn", r"foo(W) = 1", "no foo"),
    ("rnn", r"\lambda_i(W) < 1", r"\lambda_i"),
    ("rnn", r"\mathrm{rank}(W) \ne 0", "rank"),
    ("rnn", r"\frac{\partial^2 L}{\partial W^2} = 0", "second"),
    ("rnn", r"= h_t", "side"),
    ("rnn", r"h_t", None),
    ("rnn", r"h_t =", "ends"),
    ("rnn", r"\text{so}", "formula"),
    ("rnn", r"h_t \iff x_t", "equivalence"),
    ("lstm", r"dC_t += df_t", "index"),
    ("rnn", r"h_t \in (0, 1, 2)", "set"),
    ("rnn", r"\lim \|W\| = 0", "limit"),
    ("lstm", r"f_t = \begin{cases} 1 & o_t > 0 \end{cases}", "cases"),
    ("lstm", r"f_t = \begin{cases} 1 & o_t > 0 \\ 0 & i_t > 0 \end{cases}", "otherwise"),
    ("lstm", r"f_t = \begin{cases} 1 & \text{at night} \\ 0 & \text{otherwise} \end{cases}", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "message"), REFUSED, ids=lambda x: str(x)[:50])
def test_refused(name: str, text: str, message: str | None) -> None:
    if message is None:
        assert only(name, text).statements[0].value is not None
        return
    with pytest.raises((ReadError, NotSupported)) as caught:
        only(name, text)
    error: SymbpttError = caught.value
    assert error.where is not None and error.where.column >= 1
    assert message in f"{error.message} {error.hint}"
