"""False statements are refuted by examples that hold up outside; true ones never are."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from itertools import islice, product

import mpmath
import numpy as np
import pytest
from mpmath import libmp
from refuted_claims import CLAIMS, JACOBIAN, MATRICES, ONE_STEP, SLOPES, False_, World, array
from sympy import Symbol
from test_prove import FALSE, TRUE, Row
from typer.testing import CliRunner

import symbptt
from symbptt.calculus.derive import derive
from symbptt.calculus.existence import existence
from symbptt.cli.app import app
from symbptt.core import evaluation as reference
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.terms import D, Gradient, Meta, Partial, Shock
from symbptt.models.builtin import builtins
from symbptt.models.claim import Link, read_claims
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.models.problem import problem_of, recurrent
from symbptt.refuting import refute, refute_links, refute_unproved
from symbptt.refuting.candidate import Candidate, made, simpler
from symbptt.refuting.confirm import agrees
from symbptt.refuting.plan import Plan
from symbptt.refuting.intervals import (
    Interval, Undecided, contracting, monotone, quotient, root, sign,
)  # fmt: skip
from symbptt.refuting.matrices import mapped, norm, spectral_radius
from symbptt.refuting.nodes import NODES
from symbptt.refuting.posed import Found, Posed
from symbptt.refuting.properties import properties
from symbptt.refuting.scalars import Dual, reciprocal
from symbptt.refuting.scalars import root as scalar_root
from symbptt.refuting.search import Claim
from symbptt.refuting.sizes import sizes, symbols_of
from symbptt.report.document import Display
from symbptt.report.katex_render import lint
from symbptt.worksheet import read_sheet
from symbptt.worksheet.report import report
from symbptt.worksheet.run import run_sheet

A_WHILE, LONG = 0.2, 20.0  # seconds: to find nothing; to find something, on a busy machine
HOLDS = {
    "=": lambda a, b: np.allclose(a, b, rtol=1e-9, atol=1e-12),
    "<=": lambda a, b: bool(np.all(a <= b + 1e-12)), "<": lambda a, b: bool(np.all(a < b - 1e-12)),
    ">=": lambda a, b: bool(np.all(a >= b - 1e-12)), ">": lambda a, b: bool(np.all(a > b + 1e-12)),
}  # fmt: skip


def model_of(name: str) -> Model:
    return Model.parse(name, equations=False) if "\n" in name else Model.named(name)


# ---------------------------------------------------------------- what is false


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.statement)
def test_a_false_statement_has_a_counterexample(claim: False_) -> None:
    found = refute(model_of(claim.model), claim.statement, claim.given, seconds=LONG)
    assert found is not None
    data = json.loads(json.dumps(found.json()))
    sides = [np.atleast_2d(side) for side in claim.sides(World(data))]
    for mine, told in zip(sides, (data["left"], data["right"]), strict=True):
        assert np.allclose(mine, array(told), atol=1e-3)  # rounded to four digits
    assert not HOLDS[claim.relation](*sides)
    i, j = (x - 1 for x in data["entry"])
    assert not HOLDS[claim.relation](sides[0][i, j], sides[1][i, j])


@pytest.mark.parametrize("row", FALSE, ids=lambda row: row[2])
def test_what_is_not_proved_there_is_refuted_here(row: Row) -> None:
    name, given, claim, _ = row
    assert refute(model_of(name), claim, given, seconds=LONG) is not None


def test_the_counterexample_is_the_smallest() -> None:
    found = refute(model_of(MATRICES), "A B = B A")
    assert found is not None
    data = found.json()
    assert data["dims"] == {"n": 2}
    entries = np.abs(np.concatenate([array(data["values"][x]).ravel() for x in "AB"]))
    assert entries.sum() == 2  # one matrix must not be a multiple of the identity, nor be zero
    small = [array(np.reshape(g, (2, 2)).tolist()) for g in product((-1, 0, 1), repeat=4)]
    lone = [m for m in small if np.abs(m).sum() <= 1]
    assert any(not np.allclose(a @ b, b @ a) for a in lone for b in lone)
    assert all(np.allclose(a @ b, b @ a) for a in lone for b in lone
               if np.abs(a).sum() + np.abs(b).sum() < 2)  # fmt: skip


def test_the_matrix_against_the_spectral_radius_is_nilpotent() -> None:
    found = refute(model_of(MATRICES), r"\|A^k\| \le \rho(A)^k")
    assert found is not None
    assert found.json()["values"]["A"] == [[0, 1], [0, 0]]
    assert (found.json()["left"], found.json()["right"]) == (1, 0)


def test_each_factor_contracts_and_the_product_grows() -> None:
    given = (r"\rho(A) < 1", r"\rho(B) < 1")
    found = refute(model_of(MATRICES), r"\rho(A B) \le 1", given, seconds=LONG)
    assert found is not None
    A, B = (array(found.json()["values"][x]) for x in "AB")
    radii = [np.abs(np.linalg.eigvals(m)).max() for m in (A, B, A @ B)]
    assert radii[0] < 1 and radii[1] < 1 and radii[2] > 1


def test_assumptions_hold_in_the_counterexample() -> None:
    rnn = Model.named("rnn")
    found = refute(rnn, rf"\|{JACOBIAN}\| \ge 1", (r"\|W\| < 1/2", r"W \text{ symmetric}"))
    assert found is not None
    W = array(found.json()["values"]["W"])
    assert np.linalg.norm(W, 2) < 1 / 2 and (W == W.T).all()
    large = refute(rnn, "h_t = h_{t-1}", (r"\|W\| \ge 2",))  # W = 0 would do without
    assert large is not None
    assert np.linalg.norm(array(large.json()["values"]["W"]), 2) >= 2
    with_labels = refute(Model.named("rnn-softmax"), r"\hat y_t = y_t")
    assert with_labels is not None
    label = array(with_labels.json()["values"]["y_1"])
    assert sorted(label.ravel())[-1] == 1 and label.sum() == 1


def test_the_same_search_finds_the_same() -> None:
    rnn, statement = Model.named("rnn"), rf"{ONE_STEP} = W {SLOPES}"
    assert refute(rnn, statement) == refute(rnn, statement)


# ---------------------------------------------------------------- what is true


@pytest.mark.parametrize("row", TRUE, ids=lambda row: row[2])
def test_a_proved_equation_is_not_refuted(row: Row) -> None:
    name, given, claim, _ = row
    assert refute(model_of(name), claim, given, seconds=A_WHILE) is None


GAMMA = r"\sup|\sigma'|"
CLIP_NORM = "\\hat g = \\min(1, c/\\|g\\|) g\ng : n\nc : 1"
CLIP_VALUE = "\\hat g = \\max(-c, \\min(c, g))\ng : n\nc : 1"
BOUNDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("rnn", rf"\|{JACOBIAN}\| \le ({GAMMA} \|W\|)^{{t-k}}", ()),
    ("rnn-tanh", rf"\|{JACOBIAN}\| \le \|W\|_2^{{t-k}}", ()),
    ("rnn-sigmoid", r"\|\frac{\partial s_t}{\partial s_k}\| \le (\frac{1}{4} \|W\|)^{t-k}", ()),
    ("rnn-tanh", r"\|\frac{\partial h_t}{\partial h_0}\| \le \|W\|^t", ()),
    ("rnn", rf"\|{JACOBIAN}\| \le 1", (rf"{GAMMA} \|W\| \le 1",)),
    ("rnn", rf"\|{ONE_STEP}\| < 1", (rf"{GAMMA} \le 1", r"\|W\| < 1")),
    ("lstm", r"\|\prod_{i=k+1}^t \mathrm{diag}(f_i)\| \le 1", ()),
    ("lstm", r"\|C_t\|_\infty \le \|C_0\|_\infty + t", ()),
    ("lstm", r"\|h_t\|_\infty \le 1", (r"t \ge 1",)),
    (CLIP_NORM, r"\|\hat g\| \le c", (r"c \ge 0",)),
    (CLIP_NORM, r"\|\hat g\| \le \|g\|", (r"c \ge 0",)),
    (CLIP_VALUE, r"\|\hat g\|_\infty \le c", (r"c \ge 0",)),
    (MATRICES, r"\|A B\| \le \|A\| \|B\|", ()),
    (MATRICES, r"\|A x\| \le \|A\| \|x\|", ()),
    (MATRICES, r"\rho(A) \le \|A\|", ()),
    (MATRICES, r"\|A\| \le \rho(A)", (r"A \text{ symmetric}",)),
    (MATRICES, r"\|x\|_\infty \le \|x\|", ()),
)


@pytest.mark.parametrize("row", BOUNDS, ids=lambda row: row[1])
def test_a_true_bound_is_not_refuted(row: tuple[str, str, tuple[str, ...]]) -> None:
    assert refute(model_of(row[0]), row[1], row[2], seconds=A_WHILE) is None


NEEDED = [
    row for row in BOUNDS
    if row[2] and row[2] != (r"t \ge 1",) and row[1] != r"\|\hat g\| \le \|g\|"
]  # fmt: skip
"""Those that need more than the range of an index, or than that a minimum is at most 1."""


@pytest.mark.parametrize("row", NEEDED, ids=lambda row: row[1])
def test_a_bound_without_its_assumption_is_refuted(row: tuple[str, str, tuple[str, ...]]) -> None:
    assert refute(model_of(row[0]), row[1], seconds=LONG) is not None


@pytest.mark.parametrize("name", sorted(set(builtins()) - {"layer"}))
def test_no_derived_theorem_is_refuted(name: str) -> None:
    """Gradients with respect to parameters, and the one-step Jacobian."""
    model = Model.named(name)
    problem = problem_of(model)
    asked = []
    if model.loss is not None:
        asked += [Gradient(model.loss, p) for p in model.theory.params[:2]]
    for state in recurrent(model.theory, model.losses)[:1]:
        head = next(d.head for d in model.theory.definitions if d.name == state)
        asked.append(Partial(head, head.at(head.index - 1)))
    looked = 0
    for quantity in asked:
        try:
            result = derive(problem, quantity)
        except (NotSupported, SymbpttError):
            continue
        theorem, theory = result.main, result.development.theory
        link = Link(theorem.left, "=", theorem.right)
        assert refute_links(theory, [link], theorem.facts, model.onehot, A_WHILE) is None
        looked += 1
    assert looked


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "bidirectional", "masked"])
def test_a_theorem_with_another_factor_is_refuted(name: str) -> None:
    model = Model.named(name)
    assert model.loss is not None
    for parameter in model.theory.params:
        result = derive(problem_of(model), Gradient(model.loss, parameter))
        theorem, theory = result.main, result.development.theory
        link = Link(theorem.left, "=", theorem.right + theorem.right)
        found = refute_links(theory, [link], theorem.facts, model.onehot, LONG)
        assert found is not None


@pytest.mark.parametrize(
    ("name", "claim", "false"),
    [
        ("lstm", r"0 < f_t < 1", False), ("lstm", r"f_t \in (0, 1)", False),
        ("lstm", r"C_t \in [-1, 1]", True), ("lstm", r"h_t \ge 0", True),
        ("rnn-tanh", r"h_t \in (-1, 1)", False), ("rnn-tanh", r"h_0 \in (-1, 1)", True),
        ("rnn-tanh", r"h_t \in [0, 1)", True), ("rnn-tanh", r"0 \le 1 - h_t^2 < 1", True),
    ],
)  # fmt: skip
def test_ranges(name: str, claim: str, false: bool) -> None:
    found = refute(Model.named(name), claim, seconds=LONG if false else A_WHILE)
    assert (found is not None) == false


def test_an_assumption_about_infinitely_many_indices_is_not_taken_on_trust() -> None:
    with pytest.raises(NotSupported, match="could not be looked at"):
        refute(model_of(MATRICES), "A = B", [r"A^k x = B^k x"], seconds=A_WHILE)


def test_every_term_that_has_a_meaning_is_evaluated() -> None:
    without = {Meta, D, Shock}  # of rules and of differentials: not of statements
    assert set(reference.NODES) - set(NODES) == without


@pytest.mark.parametrize("name", sorted(set(builtins()) - {"layer"}))
def test_both_evaluations_agree(name: str) -> None:
    """Exact numbers with slopes, and floats with complex steps, on both sides of a gradient."""
    model = Model.named(name)
    assert model.loss is not None
    result = derive(problem_of(model), Gradient(model.loss, model.theory.params[0]))
    theorem, theory = result.main, result.development.theory
    sides = theorem.left, theorem.right
    told = properties(theory, model.onehot, *sides)
    facts = (*theorem.facts, *theory.facts)
    looked = 0
    for env in islice(sizes(symbols_of(theory, sides, (), facts), facts), 12, None):
        if any(v > 3 for v in env.values()):
            continue  # where polynomials of polynomials are too large for floats
        for seed in range(1, 16, 2):
            candidate = Candidate(told, seed, special=False)
            plan = Plan(theory, env)
            try:
                steps = [plan.of(side, env) for side in sides]
                results = [None] * len(plan.steps)
                plan.run(plan.needed(steps), candidate, results)
            except Undecided:
                continue
            values = tuple(results[step] for step in steps)
            assert agrees(plan.world, sides, env, candidate, values)
            wrong = mapped(lambda x: 2 * x * x + 5, values[0]), values[1]  # never x itself
            assert not agrees(plan.world, sides, env, candidate, wrong)
            looked += 1
            break
        if looked == 3:
            return
    pytest.fail("there were no values")


@pytest.mark.parametrize(
    ("name", "statement", "given"),
    [
        ("rnn", rf"{ONE_STEP} = W {SLOPES}", ()),
        (
            "rnn-tanh",
            r"\nabla_W L = \sum_{t=1}^T \frac{\partial L}{\partial a_t}^\top h_t^\top",
            (),
        ),
        ("rnn-softmax", r"\nabla_c L = \sum_{t=1}^T \hat y_t", ()),
        (MATRICES, r"\|A B\| < \rho(A) \|B\|", (r"A \text{ symmetric}", r"\|B\| < 2")),
    ],
)
def test_after_a_change_the_same_is_found_as_from_the_beginning(
    name: str, statement: str, given: tuple[str, ...]
) -> None:
    model, facts = assume(model_of(name), given)
    (link,) = read_claims(model, statement, facts)[0]
    theory = problem_of(model).theory
    where = (*link.facts, *facts, *existence(theory, link.left, link.right))
    claim = Claim(theory, link.left, link.relation, link.right, where, tuple(model.onehot), LONG)
    changed = differing = 0
    for env in islice(sizes(claim.symbols, (*where, *theory.facts)), 9):
        posed = Posed(claim.statement, env, claim.world(env))
        found, seed = None, 0
        while found is None and seed < 12:
            found, seed = outcome(posed.refuted, candidate(claim, seed)), seed + 1
        if found is None:
            continue
        for settings in simpler(found.candidate):
            other = made(found.candidate, settings)
            assert other is not None
            after = outcome(posed.refuted_after, found, other, settings)
            again = Candidate(claim.told, other.seed, other.special, other.chosen)
            afresh = outcome(Posed(claim.statement, env, posed.world).refuted, again)
            assert shown(after) == shown(afresh)
            assert after is None or again.values == other.values
            changed += 1
            differing += after is not None and after.left != found.left
    assert changed > 2 and differing


def candidate(claim: Claim, seed: int) -> Candidate:
    return Candidate(claim.told, seed, special=claim.relation != "=")


def outcome(look: Callable[..., Found | None], *about: object) -> Found | None:
    """What is found; nothing where an assumption fails or something has no value."""
    try:
        return look(*about)
    except Undecided:
        return None


def shown(found: Found | None) -> object:
    """The sides and where they differ; intervals by their ends."""
    return None if found is None else (repr(found.left), repr(found.right), found.entry)


# ---------------------------------------------------------------- numbers


def test_whole_numbers_do_not_become_floats() -> None:
    assert quotient(1, 3) == Fraction(1, 3) and type(quotient(6, 3)) is int
    assert scalar_root(Dual(4, {0: 1})).slopes[0] == Fraction(1, 4)
    assert reciprocal(Dual(2, {0: 1})).slopes[0] == Fraction(-1, 4)
    assert norm([[1, 1], [1, 0]])[0][0].radius < Fraction(1, 2**140)  # (1 + sqrt 5)/2
    assert spectral_radius([[1, 2], [0, 3]]) == [[3]]
    with pytest.raises(AssertionError):
        sign(0.5)


def test_intervals_contain_what_they_stand_for() -> None:
    rng = np.random.default_rng(0)
    with mpmath.workprec(1000):
        for _ in range(50):
            a, b = (Fraction(int(x), 97) for x in rng.integers(1, 500, size=2))
            x, y = root(a), monotone(libmp.mpf_exp, -b)
            exact = mpmath.sqrt(mpmath.mpf(a.numerator) / a.denominator)
            power = mpmath.exp(-mpmath.mpf(b.numerator) / b.denominator)
            cases = [
                (Interval.of(x) + y, exact + power), (Interval.of(x) * y, exact * power),
                (y - Interval.of(x), power - exact), (y / Interval.of(x), power / exact),
                (1 / y, 1 / power), (contracting(libmp.mpf_sin, y), mpmath.sin(power)),
                (a * y - b, mpmath.mpf(a.numerator) / a.denominator * power
                 - mpmath.mpf(b.numerator) / b.denominator),
            ]  # fmt: skip
            for interval, value in cases:
                scaled = value * 2**200
                assert interval.low <= scaled <= interval.high
                assert interval.radius < Fraction(1, 2**140)


def test_a_sign_that_is_not_known_is_no_verdict() -> None:
    third = Interval.of(Fraction(1, 3))
    with pytest.raises(Undecided):
        sign(third * 3 - 1)
    assert sign(root(Fraction(9, 4)) - Fraction(3, 2)) == 0
    assert sign(Fraction(1) - monotone(libmp.mpf_tanh, Fraction(40))) == 1
    statement = r"\|x\| < \|x\|"  # false, and equal only at exact values
    found = refute(model_of(MATRICES), statement)
    assert found is not None and found.json()["left"] == found.json()["right"]


def test_slopes_follow_the_product_and_the_quotient() -> None:
    x = Dual(Fraction(3), {0: Fraction(1)})
    y = (x * x + 1) / x - 2
    assert y.value == Fraction(4, 3)
    assert y.slopes[0] == 1 - Fraction(1, 9)
    assert reciprocal(x).slopes[0] == -Fraction(1, 9)


def test_values_at_zero_are_exact() -> None:
    found = refute(Model.named("lstm"), r"f_t = 0")
    assert found is not None and found.json()["left"] == "1/2"
    slope = refute(Model.named("rnn-tanh"), rf"{ONE_STEP} = 0")
    assert slope is not None and slope.json()["left"] == 1


# ---------------------------------------------------------------- where it is used


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["prove", *arguments])
    if isinstance(result.exception, SymbpttError):
        return 1, str(result.exception)
    return result.exit_code, result.output


def test_prove_says_that_a_statement_is_false() -> None:
    status, output = run(rf"{ONE_STEP} = W {SLOPES}", "--model", "rnn")
    assert status == 1
    assert "is false. A counterexample:" in output and "They differ at (1, 2)" in output
    status, output = run("h_t = h_{t-1}", "--model", "rnn", "--json")
    data = json.loads(output)
    assert status == 1 and data["verdict"] == "false"
    assert set(data["counterexample"]) >= {"dims", "values", "left", "right"}
    status, output = run("h_t = h_{t-1}", "--model", "rnn", "--latex")
    assert status == 1 and "h_{t} = " in output
    assert [lint(line) for line in output.strip().split("\n")] == [None] * output.count("\n")


def test_prove_says_that_there_is_neither() -> None:
    rnn, failure = Model.named("rnn"), NotSupported("no proof of it was found", hint="tried much")
    with pytest.raises(NotSupported, match="no proof of it and no counterexample was found"):
        refute_unproved(rnn, "h_t = h_t", (), failure)


def test_from_python() -> None:
    found = symbptt.Model.named("rnn").refute("h_t = h_{t-1}")
    assert found is not None and Symbol("T", integer=True) in found.dims
    shapes = r"A, B \in \mathbb{R}^{n \times n}"
    assert symbptt.refute("A B = B A", shapes) is not None
    assert symbptt.refute("A B = A B", shapes) is None


SHEET = r"""---
title: False
lang: {lang}
---

```{{model}} pair
A, B \in \mathbb{{R}}^{{n \times n}}
C : n
C = A C_0
C_0 : n
```

```{{refute}} {statement}
:id: wrong
:given: A \text{{ symmetric}}
```
"""


@pytest.mark.parametrize(("lang", "words"), [("en", "Even if"), ("zh", "即使")])
def test_a_worksheet_refutes(lang: str, words: str) -> None:
    sheet = read_sheet(SHEET.format(lang=lang, statement="A B = B A"), "false")
    done = run_sheet(sheet)
    data = json.loads(done.files["counterexamples/wrong.json"])
    assert data["dims"]["n"] == 2
    document = report(done)
    formulas = [b.latex for b in document.blocks if isinstance(b, Display)]
    assert any(r"\boxed" in f for f in formulas)
    assert [lint(f) for f in formulas] == [None] * len(formulas)
    from symbptt.report.plain import to_text

    assert words in to_text(document.blocks, lang)


def test_a_worksheet_with_a_true_statement_to_refute_is_not_built() -> None:
    sheet = read_sheet(SHEET.format(lang="en", statement="A B = A B"), "false")
    with pytest.raises(SymbpttError, match="no counterexample was found") as caught:
        run_sheet(sheet)
    assert caught.value.where is not None and caught.value.where.line == 13


def test_a_worksheet_with_a_false_statement_to_prove_says_so() -> None:
    text = SHEET.format(lang="en", statement="A B = B A").replace("{refute}", "{prove}")
    with pytest.raises(SymbpttError, match="A B = B A is false") as caught:
        run_sheet(read_sheet(text, "false"))
    assert "counterexample" in caught.value.hint
