"""Verdicts on claims: what is accepted, what is refused, and what happens to a batch."""

from __future__ import annotations

import json
import os
import pickle
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from time import process_time, sleep

import pytest
from typer.testing import CliRunner

from symbptt.answers import batch
from symbptt.answers import judge as judging
from symbptt.answers.batch import BadLine, Claim, check_claims, judge_claim, read_lines
from symbptt.answers.clashes import clash_lines
from symbptt.answers.diagnosis import answers
from symbptt.answers.judge import judge
from symbptt.answers.limits import OutOfTime, at_most
from symbptt.answers.mistakes import Background, mutants
from symbptt.answers.notes import in_language
from symbptt.answers.ranges import extents
from symbptt.answers.setting import setting_in, setting_of
from symbptt.answers.verdict import ACCEPTED, Verdict
from symbptt.answers.workers import Lost, Workers
from symbptt.api import check
from symbptt.cli.app import app
from symbptt.core.errors import SymbpttError
from symbptt.core.meaning import agree
from symbptt.core.terms import Entry
from symbptt.core.traverse import contains
from symbptt.models.model import Model
from symbptt.notation.reader import read_quantity
from symbptt.report.pen import LATEX_PEN

NAMES = r"""A, B, W \in \mathbb{R}^{n \times n}
v, w, c, f, g, i, \delta \in \mathbb{R}^n
x \in \mathbb{R}"""
SOFTMAX = r"""h_t \in \mathbb{R}^n
x_t \in \mathbb{R}^d
\hat y_t \in \mathbb{R}^q
y_t \in \mathrm{onehot}(q)
h_t = \tanh(W h_{t-1} + U x_t)
o_t = V h_t
\hat y_t = \mathrm{softmax}(o_t)
L_t \in \mathbb{R}
L_t = -y_t^\top \log \hat y_t
L = \sum_{t=1}^T L_t"""
ANY_TARGET = SOFTMAX.replace(r"\mathrm{onehot}(q)", r"\mathbb{R}^q")
HOLDS = {"proved", "equal"}

TRUE = (
    ("rnn", r"\nabla_W L = \sum_{t=1}^T (\nabla_{h_t} L \odot \sigma'(a_t)) h_{t-1}^\top"),
    ("rnn", r"\nabla_b L = \sum_{t=1}^T \mathrm{diag}(\sigma'(a_t)) \nabla_{h_t} L"),
    ("rnn", r"\nabla_{h_t} L = W^\top (\nabla_{h_{t+1}} L \odot \sigma'(a_{t+1}))"
            r" + \nabla_{h_t} L_t"),
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k+1}^t \mathrm{diag}(\sigma'(a_i)) W"),
    ("rnn", r"h_t = \sigma(b + U x_t + W h_{t-1})"),
    ("lstm", r"C_t = i_t \odot \tilde{C}_t + \mathrm{diag}(f_t) C_{t-1}"),
    ("lstm", r"\frac{\partial^+ C_t}{\partial C_{t-1}} = \mathrm{diag}(f_t)"),
    ("gru", r"h_t - h_{t-1} = (1 - z_t) \odot (\tilde{h}_t - h_{t-1})"),
    (SOFTMAX, r"\frac{\partial L_t}{\partial o_t} = \hat y_t - y_t"),
    (SOFTMAX, r"\frac{\partial L}{\partial V} = \sum_{t=1}^T (\hat y_t - y_t) h_t^\top"),
    (NAMES, r"f \odot c + i \odot g = g \odot i + c \odot f"),
    (NAMES, r"\tanh(x) = \frac{2}{1 + e^{-2x}} - 1"),
    (NAMES, r"(A B)^\top = B^\top A^\top"),
    (NAMES, r"\tanh(x) < 1"),
)  # fmt: skip

FALSE = (
    (NAMES, r"A B = B A"),
    (NAMES, r"W^\top \delta = W \delta"),
    (NAMES, r"\tanh(x) = \frac{2}{1 + e^{-2x}} + 1"),
    (NAMES, r"\tanh(x) = \frac{2}{1 + e^{-2x}} - 1 + 10^{-12}"),
    (NAMES, r"x + 10^{-9} = x"),
    (NAMES, r"\tanh(x) \le 1/2"),
    ("rnn", r"\nabla_W L = \sum_{t=1}^T (\nabla_{h_t} L_t \odot \sigma'(a_t)) h_{t-1}^\top"),
    ("rnn", r"\nabla_U L = \sum_{t=1}^T (\nabla_{h_t} L \odot \sigma'(h_t)) x_t^\top"),
    ("rnn", r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k}^t \mathrm{diag}(\sigma'(a_i)) W"),
    ("gru", r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(1 - z_t)"),
    (SOFTMAX, r"\frac{\partial L_t}{\partial o_t} = y_t - \hat y_t"),
    (SOFTMAX, r"\frac{\partial L}{\partial V} = -\sum_{t=1}^T (\hat y_t - y_t) h_{t-1}^\top"),
)


def text_of(model: str) -> str | Model:
    return model if "\n" in model else Model.named(model)


@pytest.mark.parametrize(("model", "claim"), TRUE)
def test_what_is_true_holds(model: str, claim: str) -> None:
    verdict = judge(text_of(model), claim)
    assert verdict.verdict in HOLDS, verdict
    assert not verdict.assuming and verdict.counterexample is None


@pytest.mark.parametrize(("model", "claim"), FALSE)
def test_what_is_false_is_wrong_with_a_counterexample(model: str, claim: str) -> None:
    verdict = judge(text_of(model), claim)
    assert verdict.verdict == "wrong", verdict
    example = verdict.counterexample
    assert example is not None and (example.dims or example.values)
    assert example.left != example.right or "<" in claim


@pytest.mark.parametrize(
    ("left", "same", "other"),
    [
        (r"W^\top \delta", r"(\delta^\top W)^\top", r"W \delta"),
        (r"A B", r"(B^\top A^\top)^\top", r"B A"),
        (r"f \odot c + i \odot g", r"g \odot i + c \odot f", r"f \odot i + c \odot g"),
        (r"\tanh x", r"\frac{2}{1+e^{-2x}} - 1", r"\frac{1}{1+e^{-2x}} - 1"),
    ],
)
def test_pairs_that_are_equal_and_pairs_that_are_not(left: str, same: str, other: str) -> None:
    assert judge(NAMES, f"{left} = {same}").verdict in HOLDS
    assert judge(NAMES, f"{left} = {other}").verdict == "wrong"


def test_sums_of_outer_products_with_another_step_are_different() -> None:
    right, shifted = (rf"\sum_t (\hat y_t - y_t) {h}^\top" for h in ("h_t", "h_{t-1}"))
    assert judge(SOFTMAX, rf"{right} = -{shifted}").verdict == "wrong"
    assert judge(SOFTMAX, rf"{right} = {shifted}").verdict == "wrong"


# ---------------------------------------------------------------- other verdicts


def test_a_link_is_judged_by_itself_and_an_error_is_carried() -> None:
    verdict = judge(NAMES, r"A v = A v + v = v + A v = v^\top A^\top")
    assert verdict.verdict != "not-understood"
    verdict = judge(NAMES, r"A v = A v + v = v + A v")
    assert [(x.verdict, x.carried) for x in verdict.links] == [("wrong", False), ("proved", True)]
    assert verdict.verdict == "wrong" and "A v = A v + v" in verdict.message


def test_clashing_shapes_are_shown() -> None:
    verdict = judge(NAMES, r"\delta W = W^\top \delta")
    assert verdict.verdict == "ill-shaped"
    assert "n x 1" in verdict.message and "n x n" in verdict.message
    assert verdict.position == (1, 8)


def test_a_fresh_name_is_a_definition() -> None:
    verdict = judge("h_t, x_t \\in \\mathbb{R}^n\nW \\in \\mathbb{R}^{n \\times n}",
                    r"s_t = W h_{t-1} + x_t")  # fmt: skip
    assert verdict.verdict == "definition" and "s" in verdict.message


def test_layouts_are_named() -> None:
    verdict = check(r"\frac{\partial h_t}{\partial h_{t-1}} = W^\top \mathrm{diag}(\sigma'(a_t))",
                    "rnn")  # fmt: skip
    assert verdict.verdict == "layout" and "denominator" in verdict.message
    neither = r"\frac{\partial h_t}{\partial h_{t-1}} = W \mathrm{diag}(\sigma'(a_t))"
    assert check(neither, "rnn").verdict == "wrong"


@pytest.mark.parametrize("name", ["rnn", "gated"])
def test_all_derivatives_are_in_one_layout(name: str) -> None:
    """Transposed Jacobians go with columns of derivatives of scalars, not with rows."""
    loss, step, own = (
        r"\frac{\partial L_s}{\partial h_s}", r"\frac{\partial h_s}{\partial h_r}",
        r"\frac{\partial^+ h_r}{\partial b}",
    )  # fmt: skip
    total = r"\frac{\partial L}{\partial b} = \sum_{s=1}^{T} \sum_{r=1}^{s}"
    assert check(f"{total} {own} {step} {loss}", name).verdict == "layout"
    mixed = check(rf"{total} {loss} \left({step}\right)^\top {own}", name)
    assert mixed.verdict == "wrong"


def test_a_gradient_written_as_a_row_is_a_layout() -> None:
    row = r"\nabla_{h_t} L = (\nabla_{h_{t+1}} L)^\top \mathrm{diag}(\sigma'(a_{t+1})) W"
    verdict = check(row + r" + (\nabla_{h_t} L_t)^\top", "rnn")
    assert verdict.verdict == "layout" and "row" in verdict.message
    assert check(row + r" - (\nabla_{h_t} L_t)^\top", "rnn").verdict == "ill-shaped"
    assert check(r"\nabla_W L = \sum_t h_{t-1} (\nabla_{a_t} L)^\top", "rnn").verdict == "wrong"


def test_assumptions_rescue_and_are_listed() -> None:
    gates = check(r"\frac{\partial C_t}{\partial C_{t-1}} = \mathrm{diag}(f_t)", "lstm")
    assert gates.verdict == "assuming" and "gates" in gates.assuming[0]
    target = judge(ANY_TARGET, r"\frac{\partial L_t}{\partial o_t} = \hat y_t - y_t")
    assert target.verdict == "assuming" and "sum to one" in target.assuming[0]
    assert target.counterexample is not None


def test_a_range_that_says_too_much_is_an_assumption() -> None:
    claim = r"h_t = \sigma(W h_{t-1} + U x_t + b), \quad (t = 0, \dots, T)"
    verdict = check(claim, "rnn")
    assert verdict.verdict == "assuming" and verdict.assuming == ("1 ≤ t",)


def test_what_cannot_be_read_has_a_place() -> None:
    for claim in (r"\frac{A}{", "A B =", r"A \heartsuit B = 0", "", "?" * 50):
        verdict = judge(NAMES, claim)
        assert verdict.verdict == "not-understood" and verdict.position and verdict.message


def test_a_bare_value_answers_a_question() -> None:
    good = check(r"\mathrm{diag}(\sigma'(a_t)) W", "rnn", quantity=r"\partial h_t/\partial h_{t-1}")
    assert good.verdict == "proved"
    bad = check(r"\mathrm{diag}(\sigma'(h_t)) W", "rnn", quantity=r"\partial h_t/\partial h_{t-1}")
    assert bad.verdict == "wrong"
    assert check(r"W", "rnn").verdict == "not-understood"  # what for?


def test_what_is_given_counts() -> None:
    assert judge(NAMES, r"A^\top B = A B").verdict == "wrong"
    assert judge(NAMES, r"A^\top B = A B", [r"A \text{ symmetric}"]).verdict in HOLDS
    assert judge(NAMES, r"A^\top B = B A", [r"A \text{ symmetric}"]).verdict == "wrong"
    model = Model.named("lstm")
    claim = r"C_t = C_{t-1} + i_t \odot \tilde{C}_t"
    assert judge(model, claim).verdict == "wrong"
    assert judge(model, claim, ["f_t = 1"]).verdict == "proved"


# ---------------------------------------------------------------- mutations


def mutated() -> Iterator[tuple[str | Model, str, str]]:
    """Mutations of true statements that mean something else, with the row that made them."""
    for name, claim in TRUE:
        model = text_of(name)
        setting = setting_of(model) if isinstance(model, str) else setting_in(model)
        left, _, right = claim.partition(" = ")
        try:
            sides = tuple(read_quantity(s, setting.model.scope) for s in (left, right))
        except SymbpttError:
            continue
        theory = setting.problem.theory
        facts = next(iter(extents(theory, sides, ()))).facts
        seen = set()
        for id, mutant in mutants(sides[1], Background.of(setting.problem, facts)):
            if mutant in seen or mutant.shape != sides[1].shape:
                continue
            seen.add(mutant)
            try:
                if agree(mutant, sides[1], theory, facts, trials=3) is None:
                    continue
            except SymbpttError:
                continue
            yield model, LATEX_PEN.relation_of("=", sides[0], mutant), id


def test_mutations_are_not_accepted() -> None:
    transposed = {"result-transposed", "product-reversed", "order-of-diag-and-W"}
    count = 0
    for model, claim, id in mutated():
        verdict = judge(model, claim)
        count += 1
        if verdict.verdict == "layout" and id in transposed:
            continue  # a Jacobian in the other layout is not false
        assert verdict.verdict not in ACCEPTED, (id, claim, verdict)
    assert count >= 300


def test_derived_answers_hold() -> None:
    for name, quantity in (("rnn", r"\partial h_t/\partial h_{t-1}"), ("layer", "dy/dx")):
        model = Model.named(name)
        asked = read_quantity(quantity, model.scope)
        found = answers(setting_in(model).problem, asked)
        assert found
        for answer in found:
            claim = LATEX_PEN.relation_of("=", asked, answer)
            assert judge(model, claim).verdict in HOLDS, claim


# ---------------------------------------------------------------- batches

GOOD = {"id": "a", "model": NAMES, "claim": "A + B = B + A"}
LINES = [
    json.dumps(GOOD),
    "{not json",
    "",
    json.dumps({"id": 7, "model": NAMES}),
    json.dumps({"id": "b", "model": NAMES, "claim": "A B = B A", "given": []}),
    json.dumps({"id": "c", "model": NAMES, "claim": "A = A", "given": "x"}),
    json.dumps([1]),
]


def test_lines_are_read_and_bad_ones_named() -> None:
    read = list(read_lines([*LINES, b"\xff\xfe"]))
    assert [x.line for x in read if isinstance(x, BadLine)] == [2, 4, 6, 7, 8]
    assert [x.id for x in read if isinstance(x, Claim)] == ["a", "b"]
    assert read[2].id == "7"


@pytest.mark.parametrize("workers", [1, 2])
def test_verdicts_come_in_order(workers: int) -> None:
    claims = [Claim(NAMES, f"{k} v = {k + k % 2} v", (), str(k)) for k in range(12)]
    verdicts = list(check_claims(claims, workers))
    assert [v.id for v in verdicts] == [c.id for c in claims]
    assert [v.verdict == "proved" for v in verdicts] == [k % 2 == 0 for k in range(12)]


def fragile(question: int) -> int:
    if question == 3:
        os._exit(1)
    if question == 5:
        sleep(60)
    return question * question


@pytest.mark.parametrize("count", [1, 3])
def test_a_dead_and_a_hanging_worker_cost_one_answer_each(count: int) -> None:
    found = list(Workers(fragile, count, 0.7).answers(range(9)))
    lost = [i for i, x in enumerate(found) if isinstance(x, Lost)]
    assert lost == [3, 5]
    assert [x for x in found if not isinstance(x, Lost)] == [0, 1, 4, 16, 36, 49, 64]


def process(question: str) -> int:
    return os.getpid()


def test_questions_of_one_kind_go_to_the_worker_that_knows_it() -> None:
    workers = Workers(process, 2, 10, kind=str.lower)
    found: dict[str, set[int]] = {}
    for number, question in enumerate("abBAAbaB"):
        workers._give(number, question)
        ((_, answer),) = workers._collect()
        found.setdefault(question.lower(), set()).add(answer)
    workers.close()
    assert len(found["a"]) == len(found["b"]) == 1 and found["a"] != found["b"]
    assert len(list(Workers(process, 2, 10, kind=str.lower).answers("aabbab" * 9))) == 54


def test_a_claim_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> Verdict:
        while True:
            sleep(0.01)

    monkeypatch.setattr(batch, "judge", slow)
    monkeypatch.setattr(batch, "_SOFT", 0.1)
    verdict = judge_claim(Claim(NAMES, "A = A", (), "late"))
    assert (verdict.verdict, verdict.id) == ("not-understood", "late")
    assert "too long" in verdict.message


def work(seconds: float) -> None:
    """Takes so much processor time."""
    end = process_time() + seconds
    while process_time() < end:
        pass


def test_limits_of_time_nest() -> None:
    with at_most(30):
        with pytest.raises(OutOfTime), at_most(0.05):
            work(10)
        work(0.01)  # the outer limit is not reached
    with pytest.raises(OutOfTime), at_most(0.05), at_most(30):
        work(10)


def test_claims_go_through_an_executor() -> None:
    claims = list(read_lines(LINES))
    with ProcessPoolExecutor(2) as pool:
        verdicts = list(check_claims(claims, executor=pool))
    assert [v.verdict for v in verdicts] == [
        "proved", "not-understood", "not-understood", "wrong", "not-understood", "not-understood",
    ]  # fmt: skip


class Deadly(Claim):
    """A claim whose worker dies as soon as it gets it."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (1,)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_claim_that_kills_its_worker_costs_one_verdict(pooled: bool) -> None:
    good = Claim(GOOD["model"], GOOD["claim"])
    claims = [good, Deadly("", "", id="dead"), good, good]
    if pooled:
        with ProcessPoolExecutor(2) as pool:
            verdicts = list(check_claims(claims, executor=pool))
    else:
        verdicts = list(check_claims(claims, workers=2))
    assert [v.verdict for v in verdicts] == ["proved", "not-understood", "proved", "proved"]
    assert verdicts[1].id == "dead"


def test_the_command_prints_a_line_for_each(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "claims.jsonl"
    file.write_text("\n".join(LINES), encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--claims", str(file), "--json"])
    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [v["id"] for v in found] == ["a", None, "7", "b", "c", None]
    assert found[0]["verdict"] == "proved" and found[3]["verdict"] == "wrong"
    assert found[3]["counterexample"]["left"] != found[3]["counterexample"]["right"]
    file.write_text(json.dumps(GOOD), encoding="utf-8")
    assert CliRunner().invoke(app, ["check", "--claims", str(file)]).exit_code == 0


# ---------------------------------------------------------------- what is said beside equations


def test_intervals_are_judged_at_their_ends() -> None:
    model = "x \\in \\mathbb{R}\n\\sigma = \\mathrm{sigmoid}"
    assert judge(model, r"\sigma'(x) \in (0, 1/4]").verdict == "proved"
    attained = judge(model, r"\sigma'(x) \in (0, 1/4)")
    assert attained.verdict == "wrong" and attained.counterexample is not None
    assert attained.counterexample.values["x"] == 0
    assert attained.mistake is not None and attained.mistake.id == "open-vs-closed-range"
    assert judge(model, r"\sigma(x) \in [0, 1/2]").verdict == "wrong"


def test_shapes_are_judged() -> None:
    assert judge(NAMES, r"A v \in \mathbb{R}^n").verdict == "proved"
    clash = judge(NAMES, r"A v \in \mathbb{R}^{n \times n}")
    assert clash.verdict == "ill-shaped" and "n x 1" in clash.message


def test_a_bound_that_exists_is_found_but_never_refuted() -> None:
    model = "x, y \\in \\mathbb{R}^n\nA \\in \\mathbb{R}^{n \\times n}\n\\sigma = \\mathrm{sigmoid}"
    slope = r"\exists \gamma \in \mathbb{R}, \|\mathrm{diag}(\sigma'(x))\| \le \gamma"
    assert judge(model, slope).verdict == "proved"
    nothing = r"\exists \gamma \in \mathbb{R}, \|A x\| \le \gamma"
    assert judge(model, nothing).verdict == "not-understood"


def test_decimals_agree_to_the_digits_printed() -> None:
    model = "x \\in \\mathbb{R}"
    assert judge(model, r"\tanh(1/2) = 0.4621").verdict == "equal"
    assert judge(model, r"\tanh(1/2) = 0.4622").verdict == "wrong"


def test_an_objective_has_the_arguments_of_the_model() -> None:
    rnn = Model.named("rnn")
    assert judge(rnn, "L_t = L_t(h_t)").verdict == "proved"
    assert judge(rnn, r"L_t = L_t(\sigma(W h_{t-1} + U x_t + b))").verdict == "proved"
    for other in ("h_{t-1}", "x_{t}", r"\sigma(h_t)", r"W h_t"):
        assert judge(rnn, f"L_t(h_t) = L_t({other})").verdict not in ACCEPTED, other


def test_sums_over_entries_in_a_model_are_products_of_vectors() -> None:
    entries = SOFTMAX.replace(r"-y_t^\top \log \hat y_t", r"-\sum_i y_{t,i} \log \hat y_{t,i}")
    written, whole = (Model.parse(text).theory for text in (entries, SOFTMAX))
    one, other = (next(d for d in t.definitions if d.key == "L[]") for t in (written, whole))
    assert agree(one.body, other.body, whole, one.facts) is None
    assert not contains(one.body, Entry)
    assert judge(entries, r"\nabla_{o_t} L = \hat y_t - y_t").verdict == "proved"
    two = entries.replace(
        r"-\sum_i y_{t,i} \log \hat y_{t,i}",
        r"-\sum_i [y_{t,i} \log \hat y_{t,i} + (1 - y_{t,i}) \log(1 - \hat y_{t,i})]",
    )
    assert judge(two, r"\nabla_{o_t} L = \hat y_t - y_t").verdict == "wrong"


def test_a_difference_far_below_double_precision_is_seen() -> None:
    assert judge(NAMES, r"(1 + 10^{-25}) x = x").verdict == "wrong"
    assert judge(NAMES, r"\tanh(x) = \frac{2}{1 + e^{-2x}} - 1 + 10^{-25}").verdict == "wrong"


def test_values_obey_the_assumptions() -> None:
    """A claim that is true only for orthogonal matrices is not refuted by others."""
    given = [r"A \text{ orthogonal}"]
    assert judge(NAMES, r"A A^\top A = A", given).verdict in HOLDS
    assert judge(NAMES, r"\mathrm{tr}(A^\top A W) = \mathrm{tr}(W)", given).verdict in HOLDS
    assert judge(NAMES, r"A^\top = A", given).verdict == "wrong"


def test_one_transposed_factor_is_no_other_layout() -> None:
    """A layout is of all Jacobians: one of them transposed between two that are not is wrong."""
    claim = (
        r"\frac{\partial L}{\partial \operatorname{vec} W} = \sum_{t=1}^T \sum_{k=1}^t"
        r" \frac{\partial L_t}{\partial h_t} %s"
        r" \frac{\partial^+ h_k}{\partial \operatorname{vec} W}"
    )
    jacobian, model = r"\frac{\partial h_t}{\partial h_k}", Model.named("rnn")
    assert judge(model, claim % jacobian).verdict == "proved"
    assert judge(model, claim % rf"({jacobian})^\top").verdict == "wrong"


def test_limits_that_a_sum_around_them_orders_are_not_turned_round() -> None:
    claim = (
        r"\frac{\partial L}{\partial h_t} = \sum_{k=t}^T \frac{\partial L_k}{\partial h_k}"
        r" \prod_{i=%s}^{k} \mathrm{diag}(\sigma'(a_i)) W"
    )
    assert judge(Model.named("rnn"), claim % "t+1").verdict == "proved"
    assert judge(Model.named("rnn"), claim % "t").verdict == "wrong"


def test_a_proved_claim_has_its_proof() -> None:
    claim = r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(1 - h_t^2) W"
    verdict = check(claim, "rnn-tanh")
    assert verdict.proof is not None and verdict.proof.verify()
    assert verdict.proof.text() == "∂h_t/∂h_{t-1} = diag(1 - h_t ⊙ h_t) W"
    assert "Proof." in verdict.proof.explain()
    data = verdict.json(proof=True)["proof"]
    assert data["theorems"][0]["text"] == verdict.proof.text()
    assert "proof" not in verdict.json()
    assert check(claim.replace("1 -", "2 -"), "rnn-tanh").proof is None
    chain = check(rf"{claim} = \mathrm{{diag}}(\tanh'(a_t)) W", "rnn-tanh")
    assert chain.proof is not None and len(chain.proof.theorems) == 2 and chain.proof.verify()


def test_a_proof_names_what_was_given() -> None:
    given = (r"W \text{ symmetric}",)
    verdict = check(r"W^\top W = W W^\top", "rnn", given)
    assert verdict.verdict == "proved" and verdict.proof is not None
    assert verdict.proof.given == given and "symmetric" in verdict.proof.explain()


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_proofs(tmp_path, as_json: bool) -> None:  # type: ignore[no-untyped-def]
    line = {"id": "a", "model": Model.named("rnn").text, "claim": r"h_t = \sigma(a_t)"}
    file = tmp_path / "claims.jsonl"
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    options = ["check", "--claims", str(file), *(["--json"] if as_json else [])]
    result = CliRunner().invoke(app, [*options, "--proof"])
    assert result.exit_code == 0
    if as_json:
        assert json.loads(result.stdout)["proof"]["development"]
    else:
        assert "Proof." in result.stdout
    assert "roof" not in CliRunner().invoke(app, options).stdout


def test_what_was_understood_is_shown_with_its_shape() -> None:
    (link,) = check(r"W h_{t-1} + U x_t = a_t - b", "rnn").links
    assert link.understood is not None
    assert link.understood.text() == "W h_{t-1} + U x_t = a_t - b  (n × 1)"
    assert r"n \times d" in link.understood.latex()
    assert check(r"\|h_t\| \ge 0", "rnn").links[0].json()["understood"] == "‖h_t‖ ≥ 0  (1 × 1)"


@pytest.mark.parametrize(("claim", "pieces", "pair"), [
    (r"\frac{\partial h_t}{\partial x_t} = W U W h_t",
     [("W", "n x n"), ("U", "n x d"), ("W", "n x n"), ("h_t", "n x 1")], (1, 2)),
    (r"h_t = U", [("h_t", "n x 1"), ("U", "n x d")], (0, 1)),
    (r"a_t = W h_{t-1} + U", [("W h_{t-1}", "n x 1"), ("U", "n x d")], (0, 1)),
    (r"a_t = W \odot h_{t-1}", [("W", "n x n"), (r"\odot h_{t-1}", "n x 1")], (0, 1)),
])  # fmt: skip
def test_a_clash_shows_every_factor_with_its_shape(
    claim: str, pieces: list[tuple[str, str]], pair: tuple[int, int]
) -> None:
    verdict = check(claim, "rnn")
    assert verdict.verdict == "ill-shaped" and verdict.clash is not None
    clash = verdict.clash
    assert list(clash.pieces) == pieces and (clash.first, clash.second) == pair
    _, shapes, marks = clash_lines(clash)
    assert [s.replace("×", "x") for s in re.split(r"  +", shapes)] == [s for _, s in pieces]
    assert marks.strip().startswith("~")
    assert verdict.json()["shapes"]["clash"] == list(pair)


def test_a_size_that_nothing_fixes_is_no_clash() -> None:
    claim = r"\begin{bmatrix} 0 & W \end{bmatrix} \begin{bmatrix} 0 \\ x_t \end{bmatrix} = h_t"
    assert check(claim, "rnn").verdict == "not-understood"


def test_a_claim_about_one_index_alone_is_not_meant() -> None:
    """Powers with exponents t - k and k - t exist together for t = k alone."""
    claim = r"\left\|\frac{\partial s_t}{\partial s_k}\right\| \le 4^{t-k} \|W\|^{-(t-k)}"
    verdict = check(claim, "rnn-sigmoid")
    assert verdict.verdict == "not-understood" and "t = k" in verdict.message


def test_words_of_mathematics_are_not_defined_by_a_claim() -> None:
    for claim in (r"\rho(W) = 0.9", r"\lambda_1(W) = 2", r"\kappa(W) = 3", r"\mathrm{cond}(W) = 1"):
        assert check(claim, "rnn").verdict in ("wrong", "not-understood"), claim
    assert check(r"\rho(W) = \|W\|", "rnn").assuming == ("W is normal",)


@pytest.mark.parametrize(("model", "claim", "assumed"), [
    (NAMES, r"\|W^2\| = \|W\|^2", "W is normal"),
    (NAMES, r"\|W\| = 1", "W is orthogonal"),
    (NAMES, r"A^3 = B W^3 B^{-1}", r"A is diagonalizable: A = B W B^{-1}"),
])  # fmt: skip
def test_what_rescues_a_claim(model: str, claim: str, assumed: str) -> None:
    verdict = check(claim, model)
    assert verdict.verdict == "assuming" and verdict.assuming[0] == assumed, verdict


def test_a_path_through_an_initial_state_is_not_excused() -> None:
    assert check(r"\nabla_U L = 0", "one-to-many").verdict == "wrong"


def test_what_is_known_of_a_matrix_is_not_assumed_otherwise() -> None:
    given = (r"A = B W B^{-1}",)
    assert check(r"A^3 = B^{-1} W^3 B", NAMES, given).verdict == "wrong"


def test_what_is_said_can_be_said_in_chinese() -> None:
    verdict = check(r"\|W^2\| = \|W\|^2", NAMES)
    assert in_language(verdict.message, "zh") == "一般不成立；若 W 是正规矩阵，则成立"
    (note,) = check(r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\sigma'(a_t)) W",
                    "rnn").reading  # fmt: skip
    assert in_language(note, "zh") == "雅可比矩阵按分子布局"
    assert pickle.loads(pickle.dumps(note)).in_("zh") == in_language(note, "zh")


@pytest.mark.parametrize(("model", "claim", "row"), [
    ("rnn", r"\nabla_{h_t} L = \nabla_{h_t} L_t + W^\top (\sigma'(a_t) \odot \nabla_{h_{t+1}} L)",
     "derivative-at-another-step"),
    ("lstm", r"h_t = o_t \odot C_t", "activation-missing"),
    ("lstm", r"\nabla_{f_t} L = \nabla_{C_t} L \odot C_t", "index-slip"),
    ("rnn-tanh", r"\left\|\frac{\partial h_t}{\partial h_{t-1}}\right\| \le \rho(W)",
     "spectral-radius-for-norm"),
    ("rnn-tanh", r"\left\|\frac{\partial h_t}{\partial h_{k}}\right\| \le \|W\|^{t-k-1}",
     "stale-exponent"),
    ("rnn-tanh", r"1 - h_t^2 < 1", "strictness"),
])  # fmt: skip
def test_the_mistake_is_named(
    model: str, claim: str, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_DIAGNOSIS", 60.0)  # seconds: a busy machine is no mistake
    verdict = check(claim, model)
    assert verdict.verdict == "wrong" and verdict.mistake is not None
    assert verdict.mistake.id == row


@pytest.mark.parametrize(("claim", "place"), [
    ("h_t = \\sigma(W h_{t-1}\n + U x_t + b)\n= q_t", (3, 3)),
    ("h_t =\n  W h_{t-1}\n + U", (3, 4)),
    ("a_t = a_t,\n h_t \\in \\mathbb{R}^d", (2, 2)),
    ("h_t =\n\n foo(W", (3, 5)),
])  # fmt: skip
def test_places_in_claims_of_several_lines(claim: str, place: tuple[int, int]) -> None:
    assert check(claim, "rnn").position == place


def test_fixed_phrases_of_the_reader_are_said_in_chinese() -> None:
    """What is known is said in the language asked for; any other text stays as it is."""
    unknown = check(r"\frac{\partial h_t}{\partial h_{t-1}} = Q", model=Model.named("rnn"))
    assert unknown.verdict == "not-understood" and "there is no Q" in unknown.message
    assert in_language(unknown.message, "zh").startswith("这个模型里没有 Q（")
    assert in_language(unknown.message, "en") == unknown.message
    assert in_language("it took too long", "zh") == "花的时间太长"
    assert in_language("a sentence that no list has", "zh") == "a sentence that no list has"
