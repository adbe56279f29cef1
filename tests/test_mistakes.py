"""The table of mistakes: every row is recognized by what it does to a correct answer."""

from __future__ import annotations

from contextlib import suppress

import pytest
from model_checks import normalised
from reference_answers import Reference, k, references, t
from sympy import Interval, Rational

from symbptt import Model as Named, check
from symbptt.answers import mistakes
from symbptt.answers.mistakes import (
    RELATIONS, ROWS, Background, Mistake, diagnose, diagnose_clash, diagnose_range,
    diagnose_relation, mutants,
)  # fmt: skip
from symbptt.answers.mutations import Refused, variants
from symbptt.calculus.derive import derive
from symbptt.core.errors import SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.core.meaning import agree
from symbptt.core.norms import Norm
from symbptt.core.powers import Radius
from symbptt.core.terms import (
    Diag, Elem, Entry, Gradient, Hadamard, Identity, Map, Ones, Partial, Plus, Power,
    SumOver, Term, Times,
)  # fmt: skip
from symbptt.core.theory import Theory
from symbptt.core.traverse import find, substitute
from symbptt.models.builtin import builtins
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.notation.reader import read_quantity
from symbptt.report import words

EVERY = 10  # of the mutants of a model's answers, one in so many is diagnosed
IDS = [row.id for row in ROWS]
NOWHERE = Background(Theory((), (), ()))
n, d = index_symbol("n"), index_symbol("d")


def differ(a: Term, b: Term, reference: Reference) -> bool:
    """Whether meaning finds a difference; where it finds none, it looks again, and longer."""
    theory = normalised(reference.background.theory, reference.model.onehot)
    facts = reference.facts
    if agree(a, b, theory, facts, trials=3) is not None:
        return True
    return agree(a, b, theory, facts, trials=5, seed=1) is not None


def sampled(name: str) -> list[tuple[Reference, str, Term]]:
    """Some mutants of the model's answers, from every row."""
    found = [
        (reference, variant.id, variant.made)
        for reference in references(name)
        for variant in reference.variants()
        if isinstance(variant.made, Term)
    ]
    return found[::EVERY]


@pytest.mark.parametrize("name", sorted(builtins()))
def test_each_mutant_is_recognized(name: str) -> None:
    """The diagnosis is the mutant's own row, or that of a mutant that means the same."""
    decided = 0
    for reference, row, mutant in sampled(name):
        found = diagnose(mutant, reference.right, reference.problem, reference.facts)
        try:
            wrong = differ(mutant, reference.right, reference)
        except SymbpttError:  # it does not exist at every sample: h[T+1]
            continue
        decided += 1
        assert (found is not None) == wrong, (row, mutant, reference.right, found)
        if found is not None and found.id != row:
            assert IDS.index(found.id) < IDS.index(row)
            assert isinstance(found.mutant, Term)
            with suppress(SymbpttError):  # that one may not exist, where it is not used
                assert not differ(mutant, found.mutant, reference), (row, found.id, mutant)
    assert decided >= 3


@pytest.mark.parametrize("name", sorted(builtins()))
def test_no_reference_is_called_a_mistake(name: str) -> None:
    for reference in references(name):
        right, problem, facts = reference.right, reference.problem, reference.facts
        forms = [right, *(r.right for r in references(name) if r.left == reference.left)]
        assert diagnose(right, right, problem, facts) is None
        assert all(diagnose(form, forms, problem, facts) is None for form in forms)


def test_every_row_fits_an_answer() -> None:
    """Rows that no answer of the sample has room for are tested by themselves below."""
    met = {
        variant.id for name in ("rnn", "lstm", "rnn-softmax", "rnn-softmax-two-sided")
        for reference in references(name, about=25) for variant in reference.variants(1)
    }  # fmt: skip
    alone = {"spectral-radius-for-norm", "stale-exponent", "entry-index-swapped"}
    assert set(IDS) - met - alone <= {"recurrence-restated", "first-term-of-inner-sum"}
    assert len(IDS) == len(set(IDS)) >= 30


def written(row: str, answer: Term, background: Background = NOWHERE) -> list[Term | Refused]:
    """What the row makes of the answer."""
    mutation = next(r for r in ROWS if r.id == row)
    return [variant.made for variant in variants(mutation, answer, background)]


def test_rows_that_no_gradient_has_room_for() -> None:
    A = Elem("A", t, n, n)
    assert written("spectral-radius-for-norm", Norm(A)) == [Radius(A)]
    assert Power(A, k) in written("stale-exponent", Power(A, k + 1))
    assert written("entry-index-swapped", Entry(A, k, t))[0] == Entry(A, t, k)
    assert Ones(1, 1) in written("scalar-for-identity", Identity(n))


# ---------------------------------------------------------------- as people write


RNN = Model.named("rnn-tanh")
CASES = [
    # a model, the quantity, what was written, the mistake
    ("rnn", r"\partial L/\partial W", r"\sum_{t=1}^T (\nabla_{h_t} L \odot \sigma'(a_t)) h_t^T",
     "index-slip"),
    ("rnn", r"\partial L/\partial W", r"\sum_{t=1}^T \nabla_{h_t} L h_{t-1}^T",
     "missing-activation-derivative"),
    ("rnn", r"\partial L/\partial W",
     r"\sum_{t=1}^T (\nabla_{h_t} L_t \odot \sigma'(a_t)) h_{t-1}^T", "temporal-terms-dropped"),
    ("rnn", r"\partial L/\partial W",
     r"-\sum_{t=1}^T (\nabla_{h_t} L \odot \sigma'(a_t)) h_{t-1}^T", "sign"),
    ("rnn", r"\partial L/\partial W",
     r"\sum_{t=1}^T (\nabla_{h_t} L \odot \sigma'(h_{t-1})) h_{t-1}^T",
     "derivative-at-the-previous-state"),
    ("rnn", r"\partial h_t/\partial h_{t-1}", r"W \mathrm{diag}(\sigma'(a_t))",
     "order-of-diag-and-W"),
    ("rnn", r"\partial h_t/\partial h_{t-1}", r"\mathrm{diag}(\sigma'(a_t)) W^T",
     "transpose-in-wrong-place"),
    ("rnn", r"\partial h_t/\partial h_k", r"(\mathrm{diag}(\sigma'(a_t)) W)^{t-k}",
     "power-of-time-varying-jacobian"),
    ("rnn", r"\partial h_t/\partial h_k", r"\prod_{i=k}^t \mathrm{diag}(\sigma'(a_i)) W",
     "product-bound-off-by-one"),
    ("rnn-tanh", r"\partial h_t/\partial h_{t-1}", r"\mathrm{diag}(h_t \odot (1 - h_t)) W",
     "derivative-of-other-activation"),
    ("rnn-tanh", r"\partial h_t/\partial h_{t-1}", r"\mathrm{diag}(1 - h_t) W",
     "part-of-the-derivative"),
    ("rnn-inside", r"\partial x_t/\partial x_{t-1}", r"\mathrm{diag}(\sigma'(x_t)) W_{rec}",
     "jacobian-of-other-model"),
    ("rnn-softmax", r"\partial L/\partial V", r"\sum_{t=1}^T (\hat y_t - 1) h_t^T",
     "one-class-for-all"),
    ("rnn-softmax", r"\partial L/\partial V",
     r"-\sum_{t=1}^T (y_t \odot (1 - \hat y_t)) h_t^T", "softmax-diagonal-only"),
    ("rnn-softmax-two-sided", r"\partial L/\partial V", r"\sum_{t=1}^T (o_t - y_t) s_t^T",
     "softmax-with-binary-cross-entropy"),
    ("lstm", r"\partial C_t/\partial C_{t-1}", r"\mathrm{diag}(i_t)", None),
    ("lstm", r"\partial h_t/\partial o_t", r"\mathrm{diag}(C_t)", "activation-missing"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "asked", "answer", "row"), CASES)
def test_answers_as_they_are_written(name: str, asked: str, answer: str, row: str | None) -> None:
    model = Model.named(name)
    problem = problem_of(model)
    quantity = read_quantity(asked, model.scope)
    (main, *_) = derive(problem, quantity).theorems
    wrong = read_quantity(answer, model.scope)
    found = diagnose(wrong, main.right, problem, main.facts)
    assert (found and found.id) == row


def test_a_missing_sum_leaves_an_index_free_under_any_name() -> None:
    model = Model.named("rnn")
    problem = problem_of(model)
    W = next(p for p in model.theory.params if p.name == "W")
    theorem = derive(problem, Gradient(model.loss, W), "sum").main
    (_, inner) = (x for _, x in find(theorem.right, lambda x: isinstance(x, SumOver)))
    outer = theorem.right
    for name in ("k", "j"):
        body = substitute(inner.body, {inner.bound: index_symbol(name)})
        wrong = SumOver(body, *outer.args[1:])
        found = diagnose(wrong, theorem.right, problem, theorem.facts)
        assert found is not None and found.id == "missing-sum-over-k"


def test_answers_whose_shapes_do_not_fit() -> None:
    """The piece that clashes is recognized in the mutants that a constructor refuses."""
    model = Model.named("rnn")
    problem = problem_of(model)
    U = next(p for p in model.theory.params if p.name == "U")
    x = Elem("x", k, d)
    theorem = derive(problem, Gradient(model.loss, x)).main  # U^T (delta ⊙ σ'(a))
    turned, vector = theorem.right.args
    assert turned == U.T
    found = diagnose_clash(Times, [U, vector], theorem.right, problem, theorem.facts)
    assert found is not None and found.id == "transpose-in-wrong-place"
    found = diagnose_clash(Times, [vector, turned], theorem.right, problem, theorem.facts)
    assert found is not None and found.id == "order-of-factors"
    factors = list(vector.args)
    found = diagnose_clash(Times, [factors[0], Diag(factors[1])], vector, problem, theorem.facts)
    assert found is not None and found.id == "order-of-diag-and-vector"
    assert diagnose_clash(Times, [U, U, U], theorem.right, problem, theorem.facts) is None


def test_relations_and_intervals() -> None:
    def name(found: Mistake | None) -> str | None:
        return None if found is None else found.id

    assert name(diagnose_relation("<", "<=")) == "strictness"
    assert name(diagnose_relation("<", "=")) == "strictness"
    assert name(diagnose_relation(">", "<=")) == "direction-of-inequality"
    assert diagnose_relation("<=", "<=") is None
    quarter = Rational(1, 4)
    closed, opened = Interval.Lopen(0, quarter), Interval.open(0, quarter)
    assert name(diagnose_range(opened, closed)) == "open-vs-closed-range"
    assert diagnose_range(closed, closed) is None
    assert diagnose_range(Interval(0, 1), closed) is None


def test_a_definition_restated_with_another_model() -> None:
    """σ inside the recurrence for σ outside, and the reverse."""
    for name, sequence in (("rnn", "h"), ("rnn-inside", "x")):
        problem = problem_of(Model.named(name))
        (made,) = problem.theory.defined(f"{sequence}[]")
        inside = isinstance(made.body, Plus)
        state = made.head.at(t - 1)
        if inside:
            first, *rest = made.body.args
            wrong = Map(r"\sigma", 0, Plus(first.args[0] @ state, *rest))
        else:
            W, U = problem.theory.params[:2]
            x, b = Elem("x", t, d), problem.theory.params[2]
            wrong = Plus(W @ Map(r"\sigma", 0, state), U @ x, b)
        found = diagnose(wrong, made.body, problem, made.facts)
        assert found is not None and found.id == "recurrence-restated"


def test_immediate_and_total() -> None:
    problem = problem_of(Model.named("rnn"))
    W, h = problem.theory.params[0], Elem("h", t, n)
    found = diagnose(Partial(h, W), Partial(h, W, "immediate"), problem, (t - 1,))
    assert found is not None and found.id == "immediate-and-total"
    assert found.mutant == Partial(h, W)


def test_what_cannot_be_explained_is_not() -> None:
    problem = problem_of(RNN)
    h = Elem("h", t, n)
    facts = (t - 1, index_symbol("T") - t)
    nonsense = Diag(Hadamard(h, h, h)) @ problem.theory.params[0]
    assert diagnose(nonsense, derive(problem, Partial(h, h.at(t - 1))).main.right, problem,
                    facts) is None  # fmt: skip


def test_the_mutants_of_an_answer_are_named_by_their_rows() -> None:
    reference = references("rnn")[0]
    found = list(mutants(reference.right, reference.background))
    assert {row for row, _ in found} <= set(IDS)
    assert all(isinstance(mutant, Term) for _, mutant in found)


def test_every_row_has_its_sentence_in_both_languages() -> None:
    for lang in words.LANGUAGES:
        said = [Mistake(row).message(lang) for row in (*IDS, *RELATIONS)]
        assert len(set(said)) == len(said)
    keys = {key.removeprefix("mistake.") for key in words.load("en").known if "mistake." in key}
    assert keys == {*IDS, *RELATIONS}


def test_mutants_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second wrong answer to the same question is compared with the same mutants."""
    reference = references("rnn")[3]
    mistakes.suspects.cache_clear()
    made = next(reference.variants(1)).made
    assert diagnose(made, reference.right, reference.problem, reference.facts) is not None

    def refuse(*args: object) -> None:
        raise AssertionError("mutants are made again")

    monkeypatch.setattr(mistakes, "variants", refuse)
    assert diagnose(made, reference.right, reference.problem, reference.facts) is not None


@pytest.mark.parametrize(
    ("name", "claim", "row"),
    [
        ("rnn-softmax", r"\nabla_{h_T} L = V^\top (o_T - y_T)", "activation-missing"),
        ("rnn-sigmoid", r"\nabla_{s_T} L = V^\top (a^o_T - y_T)", "activation-missing"),
        ("rnn-softmax", r"\nabla_{h_T} L = V^\top (\hat y_T - o_T)", "wrong-sequence"),
        ("rnn-softmax", r"\nabla_{h_T} L = V^\top (y_T - \hat y_T)", "sign"),
    ],
)
def test_inside_the_gradient_of_an_output(name: str, claim: str, row: str) -> None:
    """The answer names the gradient of the output by its value, not by its adjoint."""
    verdict = check(claim, model=Named.named(name))
    assert verdict.verdict == "wrong"
    assert verdict.mistake is not None
    assert verdict.mistake.id == row
