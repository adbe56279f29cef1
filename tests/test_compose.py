"""Theorems as blocks of a report: every step with its reason, nothing said twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from symbptt.calculus.together import together
from symbptt.core.terms import Elem, Entry, Gradient, Identity, Map, Param, Partial, Times, Zero
from symbptt.core.terms import index_symbol as sym
from symbptt.derivation import Derivation, derive_quantity, problem_of
from symbptt.models import Model, builtins
from symbptt.proof.kernel import check
from symbptt.report.compose import Composer
from symbptt.report.document import Block, Display, ProofLine, Prose, TheoremBlock
from symbptt.report.katex_render import lint
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.plain import said, to_text
from symbptt.report.plan import Derived
from symbptt.report.ranges import ranges
from symbptt.report.sentences import roman
from symbptt.report.steps import only_value, without_zeros
from symbptt.report.words import load

k, t, T, i, j, n, d, q = (sym(c) for c in ("k", "t", "T", "i", "j", "n", "d", "q"))

STATEMENTS: tuple[tuple[str, str | None, int | None], ...] = (
    (r"\partial h_t/\partial h_{t-1}", None, None),
    (r"\partial h_t/\partial h_k", None, None),
    (r"\partial^+ h_k/\partial W", None, None),
    (r"\partial L/\partial W", "sum", None),
    (r"\partial L/\partial W", "expanded", 3),
    (r"\partial L/\partial W", "gradient", None),
    (r"\partial L/\partial W", "adjoint", None),
    (r"\partial L/\partial W", "components", None),
    (r"\partial L/\partial W", "kronecker", None),
    (r"\partial L/\partial U", None, None),
    (r"\partial L/\partial b", None, None),
    (r"\partial L/\partial x_k", None, None),
    (r"\partial L/\partial h_0", None, None),
    (r"\nabla_{h_k} L", None, None),
)


@cache
def rnn() -> Model:
    return Model.named("rnn")


@cache
def derivations() -> tuple[Derived, ...]:
    """All statements of the plain recurrent network, their gradients read off one differential."""
    problem = problem_of(rnn())
    found = [derive_quantity(rnn(), *s, problem=problem).derived for s in STATEMENTS]
    results = together(problem.system, [f.result for f in found])
    for result in results:
        check(result.development)
    return tuple(Derived(r, f.length, f.matrices) for r, f in zip(results, found, strict=True))


@cache
def told(pen: Pen = LATEX_PEN) -> tuple[Block, ...]:
    composer = Composer(rnn(), derivations(), pen)
    return tuple(b for number in range(len(STATEMENTS)) for b in composer.blocks(number))


def theorems(blocks: tuple[Block, ...]) -> Iterator[TheoremBlock]:
    return (b for b in blocks if isinstance(b, TheoremBlock))


# ---------------------------------------------------------------- the whole


def test_the_report_of_the_plain_network(golden: Callable[[str, str], None]) -> None:
    golden("rnn.txt", to_text(told(UNICODE_PEN)) + "\n")


def test_a_single_derivation(golden: Callable[[str, str], None]) -> None:
    layer = derive_quantity(Model.named("layer"), "dy/dx", entries=True)
    golden("layer.txt", layer.explain() + "\n\n" + layer.explain("zh") + "\n")


def test_numbers_count_up_over_all_kinds() -> None:
    assert [b.number for b in theorems(told())] == [
        str(number) for number in range(1, len(list(theorems(told()))) + 1)
    ]


def test_no_equation_is_stated_twice() -> None:
    stated = [b.latex for th in theorems(told()) for b in th.statement if isinstance(b, Display)]
    assert len(stated) == len(set(stated))


def test_references_point_backwards_to_what_is_there() -> None:
    words = load("en")
    seen: set[str] = set()
    referred = 0
    for block in theorems(told(UNICODE_PEN)):
        for item in block.proof:
            text = said(item.reason or (), words) if isinstance(item, ProofLine) else ""
            text += said(item.content, words) if isinstance(item, Prose) else ""
            for kind, number in re.findall(r"(Lemma|Theorem|Proposition|Corollary) (\d+)", text):
                assert f"{kind.lower()} {number}" in seen
                referred += 1
        seen.add(f"{block.kind} {block.number}")
    assert referred > 15


def test_claims_are_labelled_before_they_are_used() -> None:
    words = load("en")
    for block in theorems(told(UNICODE_PEN)):
        labels: set[str] = set()
        for item in block.proof:
            text = said(item.content, words) if isinstance(item, Prose) else ""
            if m := re.match(r"\(([ivxl]+)\) ", text):
                labels.add(m[1])
            if isinstance(item, ProofLine) and item.reason:
                used = set(re.findall(r"\(([ivxl]+)\)", said(item.reason, words)))
                assert used <= labels


def test_every_line_but_the_first_has_a_reason() -> None:
    for block in theorems(told()):
        before: object = None
        for item in block.proof:
            if isinstance(item, ProofLine) and item.relation:
                restated = isinstance(before, ProofLine) and not before.relation
                assert item.reason or restated, (block.number, item.latex)
            before = item


def test_a_proof_ends_in_its_statement() -> None:
    """The last line of a chain is the right side of what is stated, unless a sentence ends it."""
    checked = 0
    for block in theorems(told()):
        if not block.proof or not isinstance(block.proof[-1], ProofLine):
            continue
        statement, words = block.statement[-1], load("en")
        assert isinstance(statement, Display)
        sentences = [said(x.content, words) for x in block.proof if isinstance(x, Prose)]
        shown = statement.latex
        if any(s.startswith("Induction step.") for s in sentences):  # it ends one step later
            shown = shown.replace("^{t}", "^{t+1}")
        assert block.proof[-1].latex in shown
        checked += 1
    assert checked > 10


def test_all_formulas_are_latex() -> None:
    for block in theorems(told()):
        for item in (*block.statement, *block.proof):
            if isinstance(item, Display | ProofLine):
                assert lint(item.latex) is None, item.latex


def test_the_same_in_chinese() -> None:
    english, chinese = (to_text(told(UNICODE_PEN), lang) for lang in ("en", "zh"))
    assert "定理" in chinese and "Theorem" not in chinese
    assert english.count("=") == chinese.count("=")


# ---------------------------------------------------------------- details of the telling


def text_of(quantity: str, form: str | None = None, model: str = "rnn") -> str:
    return derive_quantity(Model.named(model), quantity, form).explain(width=400)


def test_what_varies_is_said() -> None:
    text = text_of("dL/dU")
    assert "Only U varies: d(W) = 0, d(b) = 0, d(h_0) = 0, d(x_t) = 0." in text
    assert "Only h_k varies, set free from its own definition" in text_of("dh_t/dh_k")
    assert "only in step k" in text_of(r"\partial^+ h_k/\partial b")
    assert "independent change ξ^h_t is added to h_t" in text_of(r"\nabla_{h_k} L")


def test_what_does_not_vary_is_named() -> None:
    assert "U x_t + b fixed" in text_of("dL/dW")
    assert "h_0 fixed" in text_of("dL/dW")
    assert "1 fixed" not in text_of("dL/dW_z", "gradient", "gru")


def test_induction_has_base_step_and_hypothesis() -> None:
    text = text_of("dh_t/dh_k")
    assert (
        text.index("By induction on t")
        if "By induction on t" in text
        else text.index("We show by induction on t, for 1 ≤ k ≤ t ≤ T, that")
    )
    base, step = text.index("Base case t = k."), text.index("Induction step.")
    assert base < step < text.index("[induction hypothesis]")


def test_sum_form_starts_at_one_because_the_initial_state_is_fixed() -> None:
    text = text_of("dL/dW", "sum")
    assert "Base case t = 0." in text
    assert re.search(r"= 0 +\[h_0 fixed\]", text)
    assert "k=0}^{t}" not in text


def test_cases_of_the_recursion() -> None:
    text = text_of("dL/dW", "adjoint")
    assert "[t = T];" in text and "[1 ≤ t < T]" in text


def test_zeros_are_not_shown() -> None:
    text = text_of("dC_t/dC_k", model="lstm")
    assert not re.search(r"[+(] 0 [+)]|\b0 h_", text)


def test_shared_lemmas_only_where_nothing_differs() -> None:
    """d a_t under a change of W is another statement than under a change of U."""
    problem = problem_of(rnn())
    found = [derive_quantity(rnn(), f"dL/d{p}", problem=problem).derived for p in "WU"]
    composer = Composer(rnn(), found, UNICODE_PEN)
    text = to_text([b for number in (0, 1) for b in composer.blocks(number)])
    assert text.count("d(W) h_{t-1} + W d(h_{t-1}) ") > 0
    assert text.count("W d(h_{t-1}) + d(U) x_t ") > 0
    assert text.count("Only W varies") == text.count("Only U varies") == 1


def test_a_sequence_of_given_length_refers_to_the_general_theorem() -> None:
    text = to_text(told(UNICODE_PEN))
    assert re.search(r"This is Theorem \d+ with T = 3, with the sums written out\.", text)
    assert "For T = 3," in text


def test_an_answer_that_is_known_is_not_proved_again() -> None:
    found = [derive_quantity(rnn(), "dL/dW", "gradient").derived] * 2
    composer = Composer(rnn(), found, UNICODE_PEN)
    first, second = composer.blocks(0), composer.blocks(1)
    assert len(first) > 1
    assert [type(block) for block in second] == [Prose, Display]
    assert any(isinstance(b, TheoremBlock) and second[1] in b.statement for b in first)


@pytest.mark.parametrize("name", sorted(builtins()))
def test_every_model_is_told(name: str) -> None:
    model = Model.named(name)
    leaf = model.theory.params[-1]
    if model.loss is None:
        quantity, form = rf"\partial {model.theory.definitions[-1].name}/\partial {leaf.name}", None
    else:
        quantity, form = rf"\nabla_{{{leaf.name}}} {model.loss.name}", "adjoint"
    derivation = derive_quantity(model, quantity, form)
    for pen in (LATEX_PEN, UNICODE_PEN):
        assert list(theorems(derivation.blocks(pen)))[-1].proof
    assert derivation.explain("zh")


# ---------------------------------------------------------------- small parts


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ((k - 1, t - k, T - t), ("1 ≤ k ≤ t ≤ T",)),
        ((k - 1, t - k - 1, T - t), ("1 ≤ k < t ≤ T",)),
        ((t - 1, T - t - 1), ("1 ≤ t < T",)),
        ((i - 1, n - i, j - 1, n - j), ("1 ≤ i, j ≤ n",)),
        ((i - 1, n - i, j - 1, d - j), ("1 ≤ i ≤ n", "1 ≤ j ≤ d")),
        ((t, -t), ("t = 0",)),
        ((t - T, T - t), ("t = T",)),
        ((t - k - 2,), ("k+2 ≤ t",)),
        ((k - 1, T - k, t - 1, T - t, t - k), ("1 ≤ k ≤ t ≤ T",)),
        ((), ()),
    ],
)
def test_ranges(facts: tuple[object, ...], shown: tuple[str, ...]) -> None:
    assert ranges(facts, UNICODE_PEN) == shown  # type: ignore[arg-type]


def test_only_value() -> None:
    assert only_value(t - 1, (t - 1, T - t, 1 - t)) == 0
    assert only_value(t - 1, (t - 1, T - t)) is None
    assert only_value(t, (t - k, k - t)) is None


def test_without_zeros() -> None:
    A, x, y = Param("A", n, d), Param("x", d), Param("y", n)
    assert without_zeros(A @ Zero(d) + y) == y
    assert without_zeros(Times(A, x) + Zero(n)) == A @ x
    assert without_zeros(Identity(n) @ y) == Identity(n) @ y


def test_entries_of_derivatives_read_as_derivatives_of_entries() -> None:
    W, h, L = Param("W", n, d), Elem("h", t, n), Param("L", 1, 1)
    x = Elem("x", t, d)
    assert UNICODE_PEN.term(Entry(Gradient(L, W), i, j)) == "∂L/∂w_ij"
    assert UNICODE_PEN.term(Entry(Partial(h, x), i, j)) == "∂h_{t,i}/∂x_{t,j}"
    assert UNICODE_PEN.term(Entry(Map("tanh", 0, h), i)) == "(tanh(h_t))_i"


def test_roman() -> None:
    assert [roman(x) for x in (1, 4, 9, 14, 40, 49)] == ["i", "iv", "ix", "xiv", "xl", "xlix"]


def test_steps_and_json_of_a_derivation() -> None:
    derivation: Derivation = derive_quantity(rnn(), r"\partial h_t/\partial h_{t-1}")
    assert derivation.verify() is True
    assert [s.reason for s in derivation.steps][1:3] == ["definition of h_t", "chain rule"]
    assert derivation.steps[0].relation == "" and derivation.steps[0].latex == r"\mathrm{d}h_{t}"
    data = derivation.json()
    assert list(data) == ["quantity", "form", "T", "layout", "result", "theorems", "proof"]
    assert data["result"]["text"] == "diag(σ'(a_t)) W"
    assert data["theorems"][0]["conditions"] == [r"1 \le t \le T"]
    assert derivation._repr_latex_() == rf"$\displaystyle {derivation.latex()}$"


def test_denominator_layout_is_the_transpose() -> None:
    derivation = derive_quantity(rnn(), r"\partial h_t/\partial h_{t-1}", layout="denominator")
    assert UNICODE_PEN.term(derivation.result) == "Wᵀ diag(σ'(a_t))"
    gradient = derive_quantity(rnn(), "dL/dW", layout="denominator")
    assert gradient.result == derive_quantity(rnn(), "dL/dW").result
