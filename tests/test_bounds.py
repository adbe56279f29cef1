"""Inequalities: stated in text, proved, replayed from JSON, and compared with numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from proofs import tampered
from sympy import Expr, Integer

from symbptt.calculus.bounds import bound
from symbptt.calculus.derive import Result
from symbptt.core.canonical import equal
from symbptt.core.errors import NotSupported, ProofError, SymbpttError
from symbptt.core.meaning import World, agree, evaluate
from symbptt.core.norms import Max, Min, Norm, Sup
from symbptt.core.serialize import dump, load
from symbptt.core.terms import Diag, Param, Partial, Power, index_symbol
from symbptt.core.theory import Assumption
from symbptt.models import Model
from symbptt.models.problem import problem_of
from symbptt.notation.reader import read_statement
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check
from symbptt.proof.objects import Induction

t, k, T, K, i, n = (index_symbol(s) for s in ("t", "k", "T", "K", "i", "n"))
THROUGH = (k - 1, t - k, T - t)
SIGNS = {r"\le": "<=", "<": "<", r"\ge": ">=", ">": ">"}
JACOBIAN = r"\left\|\frac{\partial h_t}{\partial h_k}\right\|"
GAMMA = r"\sup|\sigma'|"
CLIP_NORM = "\\hat g = \\min(1, c/\\|g\\|) g\ng : n\nc : 1"
CLIP_VALUE = "\\hat g = \\max(-c, \\min(c, g))\ng : n\nc : 1"
RNN = "h_t = \\sigma(W h_{t-1} + U x_t + b)\nL = \\sum_{t=1}^T L_t(h_t)"


def proved(
    model: Model,
    text: str,
    facts: tuple[Expr, ...] = (),
    induction: tuple[Expr, Expr] | None = None,
    given: tuple[str, ...] = (),
) -> Result:
    """The statement's proof, accepted by the kernel as it is and as it is read from JSON."""
    problem = problem_of(model)
    assumptions = []
    for number, claim in enumerate(given):
        left, sign, right = read_statement(claim, model.scope)
        left, right = (right, left) if SIGNS[sign][0] == ">" else (left, right)
        relation = SIGNS[sign].replace(">", "<")
        assumptions.append(Assumption(f"given {number}", left, right, (), relation))
    problem = replace(problem, theory=replace(problem.theory, assumptions=tuple(assumptions)))
    left, sign, right = read_statement(text, model.scope)
    result = bound(problem, left, SIGNS[sign], right, facts, induction)
    again = loads(dumps(result.development))
    assert again == result.development
    check(again)
    return result


def holds(result: Result) -> None:
    """The statement is true at random values."""
    main, theory = result.main, result.development.theory
    found = agree(
        main.left, main.right, theory, main.facts, main.frame, trials=4, relation=main.relation
    )
    assert found is None, found


@pytest.mark.parametrize(
    ("model", "state", "power"),
    [
        ("rnn", "h", rf"({GAMMA} \|W\|)^{{t-k}}"),
        ("rnn-tanh", "h", r"\|W\|_2^{t-k}"),
        ("rnn-sigmoid", "s", r"(\frac{1}{4} \|W\|)^{t-k}"),
        ("rnn-inside", "x", rf"({GAMMA} \lVert W_{{rec}} \rVert)^{{t-k}}"),
    ],
)
def test_jacobians_decay_or_grow_like_a_power(model: str, state: str, power: str) -> None:
    cell = Model.named(model)
    text = JACOBIAN.replace("h_", f"{state}_") + r" \le " + power
    by_induction = proved(cell, text, THROUGH, (t, k))
    assert isinstance(by_induction.main.proof, Induction)
    assert by_induction.main.relation == "<="
    holds(by_induction)
    proved(cell, text, THROUGH)


def test_the_derivative_by_the_first_state() -> None:
    text = JACOBIAN.replace("h_k", "h_0") + r" \le \|W\|^t"
    holds(proved(Model.named("rnn-tanh"), text, (t, T - t), (t, Integer(0))))


@pytest.mark.parametrize(
    "power",
    [r"\|W\|^{t-k}", rf"({GAMMA} \|W\|)^{{t-k+1}}", rf"({GAMMA} \|U\|)^{{t-k}}", r"1"],
)
@pytest.mark.parametrize("induction", [None, (t, k)])
def test_a_false_bound_is_not_proved(power: str, induction: tuple[Expr, Expr] | None) -> None:
    with pytest.raises(NotSupported):
        proved(Model.named("rnn"), rf"{JACOBIAN} \le {power}", THROUGH, induction)


def test_the_wrong_direction_is_not_proved() -> None:
    for sign in (r"\ge", ">", "<"):
        with pytest.raises(NotSupported):
            proved(Model.named("rnn"), rf"{JACOBIAN} {sign} ({GAMMA} \|W\|)^{{t-k}}", THROUGH)


def test_the_product_of_gates() -> None:
    product = r"\left\|\prod_{i=k+1}^{t} \operatorname{diag}(f_i)\right\|"
    lstm = Model.named("lstm")
    holds(proved(lstm, product + r" \le \prod_{i=k+1}^{t} \|f_i\|_\infty", THROUGH))
    holds(proved(lstm, product + r" \le 1", THROUGH))
    with pytest.raises(NotSupported):
        proved(lstm, product + r" < 1", THROUGH)


def test_states_of_the_lstm_are_bounded() -> None:
    lstm, steps = Model.named("lstm"), (t, T - t)
    holds(proved(lstm, r"\|C_t\|_\infty \le \|C_0\|_\infty + t", steps, (t, Integer(0))))
    holds(proved(lstm, r"\|h_t\|_\infty \le 1", (t - 1, T - t)))
    with pytest.raises(NotSupported):
        proved(lstm, r"\|C_t\|_\infty \le \|C_0\|_\infty", steps, (t, Integer(0)))


def test_constants_may_have_names() -> None:
    cell = Model.parse(RNN + "\n\\gamma = \\sup|\\sigma'|")
    for power in (r"(\gamma \|W\|)^{t-k}", r"\gamma^{t-k} \|W\|^{t-k}"):
        proved(cell, rf"{JACOBIAN} \le {power}", THROUGH)
        proved(cell, rf"{JACOBIAN} \le {power}", THROUGH, (t, k))


def test_an_assumption_about_a_product() -> None:
    proved(Model.parse(RNN), rf"{JACOBIAN} \le 1", THROUGH, given=(rf"{GAMMA} \|W\| \le 1",))


CLIPPED = [
    (CLIP_NORM, r"\|\hat g\| \le c", ()),
    (CLIP_NORM, r"\|\hat g\| \le \|g\|", ()),
    (CLIP_NORM, r"0 \le \min(1, c/\|g\|)", ()),
    (CLIP_VALUE, r"|\hat g_i| \le c", (i - 1, n - i)),
    (CLIP_VALUE, r"\|\hat g\|_\infty \le c", ()),
]


@pytest.mark.parametrize(("model", "text", "facts"), CLIPPED)
def test_clipping(model: str, text: str, facts: tuple[Expr, ...]) -> None:
    cell = Model.parse(model)
    result = proved(cell, text, facts, given=(r"c \ge 0",))
    main, theory = result.main, result.development.theory
    for seed in range(6):
        world = World.random(theory, {n: 1 + seed}, seed, {("c",): np.array([[0.3 * seed]])})
        left, right = (evaluate(side, world, {i: 1}) for side in (main.left, main.right))
        assert left <= right + 1e-12
    assert any(th.id == "assume:given 0" for th in result.development.theorems) is False


@pytest.mark.parametrize(
    ("model", "text", "facts"), [c for c in CLIPPED if c[1] != r"\|\hat g\| \le \|g\|"]
)
def test_clipping_needs_a_threshold_that_is_not_negative(
    model: str, text: str, facts: tuple[Expr, ...]
) -> None:
    with pytest.raises(NotSupported):
        proved(Model.parse(model), text, facts)


DROPPED = r"\left\|\sum_{k=1}^{t-K} \frac{\partial h_t}{\partial h_k} \sigma'(a_k)\right\|"
SAME = r"\left\|\sum_{k=1}^{t-K} \frac{\partial h_t}{\partial h_k} b\right\|"
WINDOW = (t - 1, T - t, K)


def test_what_truncation_drops() -> None:
    cell = Model.named("rnn")
    each = rf"\sum_{{k=1}}^{{t-K}} ({GAMMA} \|W\|)^{{t-k}} \|\sigma'(a_k)\|"
    holds(proved(cell, rf"{DROPPED} \le {each}", WINDOW))
    geometric = rf"\frac{{\|b\| ({GAMMA} \|W\|)^K}}{{1 - {GAMMA} \|W\|}}"
    proved(Model.parse(RNN), rf"{SAME} \le {geometric}", WINDOW, given=(rf"{GAMMA} \|W\| < 1",))
    with pytest.raises(NotSupported):  # it may grow
        proved(Model.parse(RNN), rf"{SAME} \le {geometric}", WINDOW)
    with pytest.raises(NotSupported):  # the ratio may be one
        proved(
            Model.parse(RNN), rf"{SAME} \le {geometric}", WINDOW, given=(rf"{GAMMA} \|W\| \le 1",)
        )


def test_assumptions_are_used_as_bounds() -> None:
    cell = Model.parse(RNN)
    given = (rf"{GAMMA} \le 1", r"\|W\| < 1")
    result = proved(cell, rf"{JACOBIAN} \le 1", THROUGH, given=given)
    ids = {th.id for th in result.development.theorems}
    assert {"assume:given 0", "assume:given 1"} <= ids
    one_step = JACOBIAN.replace("h_k", "h_{t-1}")
    proved(cell, rf"{one_step} < 1", (t - 2, T - t), given=given)
    with pytest.raises(NotSupported):  # the product may be empty
        proved(cell, rf"{JACOBIAN} < 1", THROUGH, given=given)
    with pytest.raises(NotSupported):  # the supremum may be zero
        proved(cell, rf"{one_step} < {GAMMA}", (t - 2, T - t), given=given[1:])
    proved(cell, rf"{one_step} < {GAMMA}", (t - 2, T - t), given=(rf"{GAMMA} > 0", given[1]))


def test_only_scalars_are_compared() -> None:
    W = Param("W", n, n)
    problem = problem_of(Model.named("rnn"))
    with pytest.raises(NotSupported, match="scalars"):
        bound(problem, W, "<=", W)
    with pytest.raises(SymbpttError, match="not an inequality"):
        bound(problem, Norm(W), "=", Norm(W))


def test_a_changed_file_is_refused() -> None:
    result = proved(Model.named("rnn"), rf"{JACOBIAN} \le ({GAMMA} \|W\|)^{{t-k}}", THROUGH, (t, k))
    dev = result.development
    claim = len(dev.theorems) - 1

    def changed(change: object) -> None:
        text = tampered(dev, lambda data: change(data["theorems"][claim]))  # type: ignore[operator]
        assert text != json.dumps(json.loads(dumps(dev)))
        with pytest.raises(ProofError):
            check(loads(text))

    changed(lambda th: th.pop("relation"))
    changed(lambda th: th.update(relation="<"))
    changed(lambda th: th.update(relation=">="))
    changed(lambda th: th.update(left=th["right"], right=th["left"]))
    steps = dev.theorems[claim].proof.step.steps  # type: ignore[union-attr]
    for number, step in enumerate(steps):
        if step.by == "bound":
            for by in ("rule", "lemma", "hypothesis", "algebra"):
                changed(lambda th, at=number, by=by: th["proof"]["step"][at].update(by=by))
            changed(lambda th, at=number: th["proof"]["step"][at].update(reverse=True))


def test_terms_of_inequalities_are_written_and_read() -> None:
    W, v, c = Param("W", n, n), Param("v", n), Param("c", 1, 1)
    for term in (Norm(W), Norm(v, "inf"), Min(v, v + v), Max(c, c, c), Sup(r"\sigma", 1)):
        assert load(json.loads(json.dumps(dump(term)))) == term


def test_what_has_no_meaning_is_refused() -> None:
    W, v = Param("W", n, n), Param("v", n)
    for make in (
        lambda: Norm(W, "inf"), lambda: Norm(W, "F"), lambda: Sup("exp", 1), lambda: Sup("tanh", 2),
        lambda: Sup("relu", 0), lambda: Min(v, W), lambda: Max(v, v.T),
    ):  # fmt: skip
        with pytest.raises(SymbpttError):
            make()


def test_canonical_form_of_norms() -> None:
    W, v, c = Param("W", n, n), Param("v", n), Param("c", 1, 1)
    same = [
        (Norm(W) @ Norm(v), Norm(v) * Norm(W)), (Norm(W @ v + v), Norm(v + W @ v)),
        (Min(c, Norm(v)), Min(Norm(v), c)), (Sup("sigmoid", 1), Sup("logistic", 1)),
        (Power(c @ Norm(W), k), Power(Norm(W) * c, k)), (Norm(Diag(v).T), Norm(Diag(v))),
    ]  # fmt: skip
    other = [
        (Norm(W), Norm(v)), (Norm(v), Norm(v, "inf")), (Norm(W), Norm(W.T)), (Norm(-v), -Norm(v)),
        (Min(c, Norm(v)), Max(c, Norm(v))), (Sup("tanh", 1), Sup("tanh", 0)),
        (Norm(v + v), Norm(v) + Norm(v + v)),
    ]  # fmt: skip
    assert all(equal(a, b) for a, b in same)
    assert not any(equal(a, b) for a, b in other)


def test_the_statement_mentions_its_derivative() -> None:
    result = proved(Model.named("rnn"), rf"{JACOBIAN} \le ({GAMMA} \|W\|)^{{t-k}}", THROUGH)
    assert isinstance(result.main.left.args[0], Partial)
