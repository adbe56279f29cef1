"""Text to syntax trees: the forms people write, places of errors, limits."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbptt.core.errors import ReadError, SymbpttError
from symbptt.notation import syntax as sx
from symbptt.notation.parser import parse
from symbptt.notation.syntax import shown, walk


def one(text: str) -> sx.Node:
    (node,) = parse(text)
    return node


def kinds(text: str) -> set[type]:
    return {type(n) for s in parse(text) for n in walk(s)}


SAME = [
    (r"\mathbf{h}_t", "h_t"), (r"\bm h_t", "h_t"), (r"\textbf{h}_{t}", "h_t"),
    (r"{\bf h}_t", "h_t"), (r"\boldsymbol{h}_t", "h_t"), (r"\mathbf{h_t}", "h_t"), ("hₜ", "h_t"),
    ("σ(x)", r"\sigma(x)"), (r"\mathcal{\large{L}}", "L"), (r"\operatorname{diag}(v)", "diag(v)"),
    (r"\text{diag}(v)", "diag(v)"), (r"\dfrac{a}{b}", r"\frac{a}{b}"),
    (r"\left( a \right)", "(a)"), (r"\bigl[ a \bigr]", "[a]"), (r"a \, b \; c \! d", "a b c d"),
    (r"\boxed{a}", "a"), (r"\underbrace{a b}_{c d} e", "{a b} e"),
    (r"\overbrace{a}^{\bigstar} b", "a b"), (r"a \tag{1}", "a"), (r"a \leqslant b", r"a \le b"),
    ("a ≤ b", r"a \le b"), ("a <= b", r"a \le b"), (r"a \triangleq b", "a := b"),
    ("ŷ_t", r"\hat{y}_t"), (r"\widehat{y_t}", r"\hat{y}_t"), ("Wᵀ", r"W^\top"), ("x₁²", "x_1^2"),
    (r"\lVert a \rVert", r"\|a\|"), (r"\stackrel{def}{=}".join("ab"), "a = b"), ("$a$", "a"),
    (r"\[ a \]", "a"), ("v ⊙ w", r"v \odot w"),
    (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b = c"), ("a % comment", "a"),
    ("∑_{t=1}^T a", r"\sum_{t=1}^T a"), ("Σ_{t=1}^T a", r"\sum_{t=1}^T a"),
    ("sum_{t=1}^T a", r"\sum_{t=1}^T a"), (r"diag(f'{(x}))", "diag(f'(x))"), ("｜a｜", "|a|"),
    (r"h^{\prime}", "h'"), (r"a \quad = b", "a = b"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "plain"), SAME)
def test_two_ways_to_write_the_same(written: str, plain: str) -> None:
    assert [shown(n) for n in parse(written)] == [shown(n) for n in parse(plain)]


DERIVATIVES = [
    r"\frac{\partial h_t}{\partial W}", r"\dfrac{\partial h_t}{\partial W}",
    r"\partial h_t/\partial W", r"\partial h_t / \partial W", "∂h_t/∂W", r"\frac{∂h_t}{∂W}",
]  # fmt: skip


@pytest.mark.parametrize("text", DERIVATIVES)
def test_forms_of_a_derivative(text: str) -> None:
    assert shown(one(text)) == shown(one(DERIVATIVES[0]))


@pytest.mark.parametrize("text", ["dL/dW", r"\frac{dL}{dW}", r"\frac{\mathrm{d}L}{\mathrm{d}W}"])
def test_straight_d(text: str) -> None:
    node = one(text)
    assert isinstance(node, sx.Derivative)
    assert node.letter == "d"


@pytest.mark.parametrize("mark", [r"\partial^+", r"\partial^{+}", "∂^+"])
def test_immediate_mark(mark: str) -> None:
    node = one(rf"\frac{{{mark} h_k}}{{\partial W}}")
    assert isinstance(node, sx.Derivative)
    assert (node.mark, node.order) == ("+", 1)


def test_juxtaposition_and_operators_are_kept() -> None:
    node = one(r"W h_{t-1} \odot v * \sigma'(a) @ b \cdot c")
    assert isinstance(node, sx.Product)
    assert node.ops == ("", r"\odot", "*", "", "@", r"\cdot")


def test_letters_are_a_product_and_words_are_not() -> None:
    assert shown(one("Wh")) == shown(one("W h"))
    assert shown(one("Wtanh(x)")) == shown(one("W tanh(x)"))
    assert shown(parse("net_t", frozenset({"net"}))[0]) == "Scripted(Sym(net) [Sym(t)])"


def test_scripts_are_lists() -> None:
    node = one(r"h_{j}^{(t-1)\top}")
    assert isinstance(node, sx.Scripted)
    assert [shown(s) for s in node.subs] == ["Sym(j)"]
    assert shown(node.sups[0]).startswith("Product([Brackets(")


def test_plain_words_below_and_tex_letters() -> None:
    assert shown(one("W_hh x")) == shown(one(r"\mathbf{W}_{hh} x"))
    assert shown(one(r"\mathbf W_hh")) == shown(one(r"\mathbf W_{h} h"))


@pytest.mark.parametrize(
    "limits",
    ["_{t=1}^{T}", "_t", r"_{1\le k\le t}", r"_{k<i\le t}", "_{(1≤t≤T)}", "_{i,j}", "_{t}^{T}", ""],
)
def test_limits_in_any_form(limits: str) -> None:
    node = one(rf"\sum{limits} a_t b + c")
    assert isinstance(node, sx.Sum)
    big = node.terms[0]
    assert isinstance(big, sx.Big)
    assert shown(big.body) == shown(one("a_t b"))  # the sum ends at the plus


def test_conditions_stacked_below() -> None:
    node = one(r"\prod_{\substack{1 \le k \\ k \le t}} a")
    assert isinstance(node, sx.Big)
    assert isinstance(node.sub, sx.Listing)


def test_matrix_with_dots() -> None:
    node = one(r"\begin{bmatrix} a & \cdots & b \\ & \cdot & \\ \vdots & & c \end{bmatrix}")
    assert isinstance(node, sx.Grid)
    assert [len(row) for row in node.rows] == [3, 3, 3]
    assert node.rows[1][0] is None
    assert isinstance(node.rows[1][1], sx.Dots)


def test_numbers() -> None:
    node = one("1.153e-12")
    assert isinstance(node, sx.Num)
    assert node.value == 1153 / 10**3 / 10**12 or str(node.value) == "1153/1000000000000000"
    assert node.text == "1.153e-12"


def test_lists_and_chains() -> None:
    chain, *rest = parse(r"o_i = f(V s_i) = c, \quad i = 1, \dots, t")
    assert isinstance(chain, sx.Relation)
    assert chain.ops == ("=", "=")
    assert [type(n) for n in rest] == [sx.Relation, sx.Dots, sx.Sym]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (r"\|W\| \|x\|", sx.Norm), (r"|x| + |y|", sx.Norm),
        (r"\left\| \frac{a}{b} \right\|", sx.Norm), (r"\forall k, a \le b", sx.Quantified),
        (r"\max_i |\lambda_i|", sx.Big), (r"\sqrt[3]{x}", sx.Root),
        (r"\lim_{t \to \infty} W^t = 0", sx.Big), (r"W \text{ symmetric}", sx.Words),
        ("a/b", sx.Quotient),
        (r"\begin{cases} 0 & \text{if } t = T \\ a & \text{otherwise} \end{cases}", sx.Grid),
        (r"\nabla_{h_t} L", sx.Nabla), (r"\mathrm{d} h_t", sx.Change),
        (r"J_t \cdots J_1", sx.Dots),
        (r"\left.\frac{\partial a}{\partial b}\right|_{c}", sx.Derivative),
        ("x \\in (0, 1/4]", sx.Brackets), (r"\partial_{o_t} l", sx.Derivative),
        (r"令 t = W x", sx.Relation), (r"\hat y \text{ 其中 } a = b", sx.Relation),
    ],
)  # fmt: skip
def test_everything_has_its_node(text: str, kind: type) -> None:
    assert kind in kinds(text)


# ---------------------------------------------------------------- errors

ERRORS = [
    (r"\frac{\partial L}{\partial W", 18, "this { is never closed"),
    ("a}", 2, "this } closes nothing"),
    ("(a + b", 1, "this ( is never closed"),
    (r"x + \left( a", 10, "this ( is never closed"),
    ("a + b)", 6, "this ) closes nothing"),
    ("a + ", 5, "the text ends where a formula is expected"),
    ("", 1, "the formula is empty"),
    (r"\input{/etc/passwd}", 1, r"\input does not belong to mathematics"),
    (r"a + \write18{ls}", 5, r"\write does not belong to mathematics"),
    (r"\def\x{1}", 1, r"\def does not belong to mathematics"),
    (r"\begin{foo} a \end{foo}", 1, "the environment foo is not understood"),
    (r"\begin{bmatrix} a", 1, r"\begin{bmatrix} is never closed"),
    (r"\begin{bmatrix} a \end{pmatrix}", 19, r"\end{pmatrix} closes \begin{bmatrix}"),
    (r"\partial L", 1, r"\partial stands in a derivative only"),
    (r"x \frac{\partial a}{b}", 3, r"\partial stands on one side of this fraction only"),
    ("|a", 1, "this bar is never closed"),
    ("a ? b", 3, "'?' does not belong to mathematics"),
    ("x^", 3, "a formula is expected"),
    ("{" * 50 + "x" + "}" * 50, 41, "braces are nested more than 40 deep"),
    ("[" * 50 + "x" + "]" * 50, 41, "brackets are nested more than 40 deep"),
    ("a = * b", 5, "a formula is expected, not *"),
    (r"\hat{a + b}", 1, r"\hat stands over something that is not a symbol"),
    ("ab\x00", 3, "control character"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "message"), ERRORS)
def test_errors_say_where(text: str, column: int, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        parse(text)
    error = caught.value
    assert message in error.message
    assert error.where is not None
    assert (error.where.line, error.where.column) == (1, column)


def test_the_caret_stands_under_the_place() -> None:
    with pytest.raises(ReadError) as caught:
        parse("a = b\n  + (c", file="x.md")
    first, line, caret, *_ = str(caught.value).split("\n")
    assert first.startswith("x.md:2:5: ")
    assert line[caret.index("^")] == "("


HUGE = [
    "{" * 100_000, "(" * 30_000, "x_" * 30_000, "-" * 90_000 + "x", r"\hat" * 20_000 + " x",
    r"\frac" * 15_000, r"\sqrt" * 15_000 + "x", r"\sum" * 20_000 + "x", "d/" * 40_000,
    r"\nabla" * 9000, "a" * 10_000_000, "|" * 50_000, r"\begin{bmatrix}" * 5000,
    "{" * 39 + "(" * 39, "'" * 90_000, "x" + "^{x" * 30_000, r"\partial" * 9000, r"\left(" * 9000,
    "9" * 90_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HUGE, ids=lambda t: t[:12])
def test_huge_input_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(SymbpttError):
        parse(text)
    assert time.process_time() - start < 2


SCRAPS = r"""
    \frac \partial { } ( ) [ ] _ ^ h W t = + - \sum 1 \sigma ' , ; & \\ \left \right | \nabla \hat
    \odot \begin{bmatrix} \end{bmatrix} \begin{cases} \end{cases} \text{if} * / d \mathbf ŷ ⊙ ₁ .
    \, \quad \in \le \cdots tanh % $ : \mathrm{d} \sqrt 9e9 ≤ \substack \stackrel Σ \underbrace
    \boxed || @
"""
PIECES = st.sampled_from([*SCRAPS.split(), " ", "\n"])


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_mutilated_formulas_raise_read_errors_only(text: str) -> None:
    try:
        nodes = parse(text)
    except ReadError as error:
        assert error.where is not None
        assert error.where.column >= 1
    else:
        assert nodes


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_text_raises_read_errors_only(text: str) -> None:
    try:
        parse(text)
    except ReadError as error:
        assert str(error)
