"""All parameters at once: the gradient with respect to theta, as theorems, table, text, data."""

from __future__ import annotations

import json

import pytest
from model_checks import normalised
from typer.testing import CliRunner

from symbptt.calculus.together import all_gradients
from symbptt.cli.app import app
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.meaning import agree
from symbptt.core.terms import Gradient
from symbptt.derivation import AllGradients, Derivation, derive_quantity, problem_of
from symbptt.models.builtin import builtins
from symbptt.models.model import Model
from symbptt.models.theta import parameters
from symbptt.proof.objects import Identification
from symbptt.report.document import Document, Table, TheoremBlock
from symbptt.report.render import to_html, to_tex

THETA = r"\partial L/\partial\theta"
WITH_LOSS = [name for name in builtins() if Model.named(name).loss is not None]


def theta(name: str, form: str | None = None, T: int | None = None) -> AllGradients:
    found = derive_quantity(Model.named(name), THETA, form, T)
    assert isinstance(found, AllGradients)
    return found


# ---------------------------------------------------------------- which gradients


@pytest.mark.parametrize("name", WITH_LOSS)
def test_every_parameter_in_both_forms(name: str) -> None:
    """The kernel accepts it, and every right side is the gradient of the reference evaluation."""
    model, found = Model.named(name), theta(name)
    assert found.verify()
    leaves = parameters(model)
    assert {t.left for t in found.theorems if isinstance(t.left, Gradient)} == {
        Gradient(model.loss, leaf) for leaf in leaves
    }
    facts = tuple(size - 1 for size in model.dims)
    theory = normalised(found.development.theory, model.onehot)
    for theorem in found.theorems:
        wrong = agree(theorem.left, theorem.right, theory, (*theorem.facts, *facts), trials=1)
        assert wrong is None, f"{theorem.id}: {wrong}"


def test_no_target_and_every_lag() -> None:
    assert [p.name for p in parameters(Model.named("many-to-one"))] == ["W", "U", "b", "V", "c"]
    assert [str(p) for p in parameters(Model.named("time-delay"))] == ["b", "W[j]"]


def test_theta_as_the_model_declares_it() -> None:
    text = Model.named("rnn").text
    model = Model.parse(text + "\n\\theta = (W, b)")
    found = derive_quantity(model, THETA)
    assert isinstance(found, AllGradients)
    assert list(found.results) == ["W", "b"]
    assert list(theta("rnn").results) == ["W", "U", "b"]


def test_theta_as_an_ordinary_parameter() -> None:
    model = Model.parse(
        "h_t = \\tanh(\\theta h_{t-1})\nL = \\sum_{t=1}^{T} L_t(h_t)\nL_t \\in \\mathbb{R}"
    )
    found = derive_quantity(model, THETA)
    assert type(found) is Derivation
    assert found.verify()


@pytest.mark.parametrize(
    "quantity", [r"\nabla_\theta L", r"\frac{dL}{d\theta}", "∂L/∂θ", r"\nabla_\Theta L"]
)
def test_ways_of_writing_it(quantity: str) -> None:
    found = derive_quantity(Model.named("rnn"), quantity)
    assert found.theorems == theta("rnn").theorems


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("rnn", r"\partial h_t/\partial\theta"), ("rnn", r"\nabla_\theta L_t"),
        ("layer", r"\partial y/\partial\theta"),
    ],
)  # fmt: skip
def test_only_in_the_gradient_of_the_loss(name: str, quantity: str) -> None:
    with pytest.raises(NotSupported, match="theta"):
        derive_quantity(Model.named(name), quantity)


# ---------------------------------------------------------------- forms


def test_adjoint_and_gradient_form_of_the_lstm() -> None:
    both = theta("lstm")
    (adjoint,) = [t for t in both.theorems if t.id == "grad:W_{f}"]
    (written,) = [t for t in both.theorems if t.id == "grad:W_{f}:gradient"]
    latex = {t.id: str(t.right) for t in (adjoint, written)}
    assert latex["grad:W_{f}"] == r"sum(t=1..T: \delta^{a^{f}}[t] @ h[t - 1]^T)"
    assert "\\delta^{C}[t]" in latex["grad:W_{f}:gradient"]
    assert "a^{f}}[t]" not in latex["grad:W_{f}:gradient"]
    for form, kept in (("adjoint", adjoint), ("gradient", written)):
        assert kept.right in theta("lstm", form).results.values()
        assert len(theta("lstm", form).theorems) == 12


def test_one_differential_for_all() -> None:
    sources = {
        t.proof.source for t in theta("lstm").development.theorems
        if isinstance(t.proof, Identification)
    }  # fmt: skip
    assert len(sources) == 1


@pytest.mark.parametrize(
    ("form", "T"), [("sum", None), ("kronecker", None), ("components", None), ("expanded", 2)]
)
def test_other_forms(form: str, T: int | None) -> None:
    found = theta("rnn", form, T)
    assert found.verify()
    assert len(found.text().splitlines()) >= 3
    assert found.results == {}


def test_recursions_of_a_state_with_a_boundary_of_its_own() -> None:
    """The decoder's state is defined twice, at 0 and after; no case may be lost."""
    model = Model.named("encoder-decoder")
    found = all_gradients(problem_of(model), [Gradient(model.loss, p) for p in parameters(model)])
    lefts = [str(t.left) for t in found.theorems if t.title == "adjoint recursion"]
    assert [x for x in lefts if "{s}" in x] == [
        r"\delta^{s}[S]", r"\delta^{s}[t]", r"\delta^{s}[0]",
    ]  # fmt: skip


# ---------------------------------------------------------------- told


def test_the_table_names_the_theorem_of_each_row() -> None:
    blocks = theta("lstm").blocks()
    (table,) = [b for b in blocks if isinstance(b, Table)]
    assert len(table.rows) == 12
    assert len(table.head) == 5
    theorems = {b.number for b in blocks if isinstance(b, TheoremBlock) and b.kind == "theorem"}
    named = {row[-1][0].target.removeprefix("theorem-") for row in table.rows}  # type: ignore[union-attr, index]
    assert len(named) == 12
    assert named <= theorems


def test_one_column_where_the_forms_are_the_same() -> None:
    """Without an activation nothing stands between the state's adjoint and the weights."""
    text = "h_t = h_{t-1} + b\nL_t \\in \\mathbb{R}\nL = \\sum_{t=1}^{T} L_t(h_t)"
    model = Model.parse("h_t \\in \\mathbb{R}^n\n" + text)
    (table,) = [b for b in derive_quantity(model, THETA).blocks() if isinstance(b, Table)]
    assert len(table.head) == 4


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_printed(lang: str) -> None:
    document = Document("All", lang, theta("gru").blocks())
    heads = {"en": ("Adjoint form", "Gradient form"), "zh": ("伴随形式", "梯度形式")}[lang]
    for text in (to_tex(document), to_html(document)):
        for word in heads:
            assert word in text


def test_text_has_the_adjoints_and_a_row_for_each_parameter() -> None:
    text = theta("lstm").text()
    assert "δ^f_t = δ^C_t ⊙ C_{t-1}" in text
    rows = [line.split()[:2] for line in text.splitlines() if "Theorem" in line]
    assert rows[:3] == [["W_f", "n×n"], ["U_f", "n×d"], ["b_f", "n×1"]]
    assert len(rows) == 12


def test_there_is_no_single_result() -> None:
    with pytest.raises(SymbpttError, match="each parameter"):
        _ = theta("rnn").result


def test_command_line() -> None:
    done = CliRunner().invoke(app, ["derive", THETA, "--model", "gru", "--json"])
    data = json.loads(done.output)
    assert [row["name"] for row in data["result"]][:2] == ["W_{z}", "U_{z}"]
    assert data["result"][0]["shape"] == ["n", "n"]
    assert set(data["result"][0]) == {"name", "shape", "adjoint", "gradient", "theorems"}
    shown = CliRunner().invoke(app, ["derive", THETA, "--model", "gru", "--form", "adjoint"])
    assert "Σ_{t=1}^{T} δ^{a^z}_t h_{t-1}ᵀ" in shown.output
    latex = CliRunner().invoke(app, ["derive", THETA, "--model", "rnn", "--latex"])
    assert latex.output.count(r"\nabla") == 3


def test_a_sum_of_one_term_is_that_term() -> None:
    """The first step of one-to-many stands alone: no sum from 0 to 0."""
    right = theta("one-to-many", "adjoint").results["v"]
    assert str(right) == r"U^T @ \delta^{a}[0]"
