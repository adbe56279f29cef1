"""Givens: what they change in a model, and what is refused."""

from __future__ import annotations

import pytest
from sympy import Integer

from symbptt import check
from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Block, Elem, Identity, Ones, Param, Scale, Zero, index_symbol
from symbptt.models import Model
from symbptt.models.given import assume

t, k, S, T, n, d = map(index_symbol, ("t", "k", "S", "T", "n", "d"))


def test_a_gate_is_replaced_and_its_parameters_stay() -> None:
    model, facts = assume(Model.named("lstm"), ["f_t = 1, i_t = 0"])
    (gate,) = model.theory.defined("f[]")
    assert (gate.body, facts) == (Ones(n), ())
    assert any(p.name == "W_{f}" for p in model.theory.params)
    assert not any(e.startswith("f_t = \\sigma") for e in model.equations)


def test_a_boundary_value_is_given_a_definition_at_its_index_only() -> None:
    model, _ = assume(Model.named("rnn"), ["h_0 = 0"])
    bodies = [x.body for x in model.theory.defined("h[]")]
    assert Zero(n) in bodies
    assert len(bodies) == 2
    assert "h" not in {g.head.name for g in model.theory.givens}


def test_ranges_cut_a_given_sequence() -> None:
    texts = [r"m_t = 1 \quad (t = 1, \dots, S)", r"m_t = 0 \quad (t = S+1, \dots, T)"]
    model, facts = assume(Model.named("masked"), [*texts, r"1 \le S \le T", r"1 \le k < t"])
    assert len(model.theory.defined("m[]")) == 2
    assert {S - 1, T - S} <= set(model.theory.facts)
    assert facts == (k - 1, t - k - 1)


def test_a_merged_matrix_is_cut_as_what_it_multiplies() -> None:
    model, _ = assume(Model.named("rnn-merged"), ["W = (W_{hx}, W_{hh})"])
    (whole,) = model.theory.defined("W")
    assert whole.body == Block(1, 2, Param("W_{hx}", n, d), Param("W_{hh}", n, n))


def test_sizes_lengths_and_matrices() -> None:
    model, facts = assume(Model.named("linear"), ["d = n", "U = I", "W = 2 I", "T = 3"])
    assert [x.body for x in model.theory.defined("U")] == [Identity(n)]
    assert isinstance(model.theory.defined("W")[0].body, Scale)
    assert facts == (T - 3, 3 - T)
    assert all(T not in f.free_symbols for x in model.theory.definitions for f in x.facts)
    assert Elem("x", t, n) in {g.head for g in model.theory.givens}


def test_equations_between_formulas_and_properties_are_assumptions() -> None:
    texts = [r"Q^\top Q = I", r"Q \Lambda Q^{-1} = W", r"\Lambda \text{ symmetric}", r"\gamma > 0"]
    model, _ = assume(Model.named("linear"), texts)
    assert [a.relation for a in model.theory.assumptions] == ["=", "<", "="]
    assert model.theory.defined("W")


def test_a_constant_is_cut_off_from_what_computed_it() -> None:
    model, _ = assume(Model.named("lstm"), [r"f_t \text{ constant}"])
    assert not model.theory.defined("f[]")
    assert "f" in model.inputs


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("W +", "the text ends"),
        ("W = s_t", "cannot equate"),
        ("s_t = s_{t+1} + s_{t-1}", "circle"),
        (r"W \text{ diagonal}", "needs a name"),
        ("W", "a given is an equation"),
        ("W > 0", "only scalars"),
        ("T = S", "a length is a number"),
        (r"W \ne V", "cannot say"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SymbpttError, match=said) as refused:
        assume(Model.named("linear"), [text])
    assert refused.value.where is not None
    assert Integer(refused.value.where.line) == 1


@pytest.mark.parametrize(
    "givens",
    [("W = 2 I", "W = 3 I"), ("s_0 = 0", "s_0 = c"), ("s_t = 0", "s_t = c")],
)
def test_two_values_of_one_name_are_refused(givens: tuple[str, str]) -> None:
    """The second would replace the first silently; the same value twice is one given."""
    model = Model.parse("s_t \\in \\mathbb{R}^n; s_t = W s_{t-1} + c")
    assume(model, [givens[0], givens[0]])
    with pytest.raises(SymbpttError, match="given twice") as refused:
        assume(model, givens)
    assert refused.value.where is not None
    assert Integer(refused.value.where.line) == 2


@pytest.mark.parametrize("given", [r"W = W^\top", r"W^\top = W", r"W \text{ symmetric}"])
def test_a_symmetric_matrix_however_it_is_said(given: str) -> None:
    """The formula stands on the left, so that proofs and samples can use it."""
    model = Model.named("rnn-tanh")
    (assumption,) = assume(model, [given])[0].theory.assumptions
    assert (assumption.left, assumption.right) == (model.theory.params[0].T, model.theory.params[0])
    judged = {
        claim: check(claim, model=model, given=[given]).verdict
        for claim in (r"W^\top W = W W^\top", "W^2 = W", r"W = -W^\top")
    }
    assert list(judged.values()) == ["proved", "wrong", "wrong"]


def test_an_antisymmetric_matrix_beside_a_symmetric_one() -> None:
    """Samples of both are drawn, so that both kinds of claims are judged."""
    model = Model.named("rnn-tanh")
    for given, claim, verdict in (
        (r"W^\top = -W", r"W^\top = W", "wrong"),
        (r"W^\top = -W", r"W^\top W = -W^2", "proved"),
        (r"W^\top = W", r"W^\top W = -W^2", "wrong"),
    ):
        assert check(claim, model=model, given=[given]).verdict == verdict, claim
