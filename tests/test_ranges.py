"""Ranges of entries: ends against extreme runs, false claims, what the kernel refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from model_checks import normalised
from proofs import PLAIN, Chain, Theorem, development, step
from sympy import Expr, Rational, Reals
from theories import T, h, n, t
from typer.testing import CliRunner

from symbptt.calculus.intervals import Intervals
from symbptt.calculus.invariants import ranges
from symbptt.cli.app import app
from symbptt.core.errors import NotSupported, ProofError, ReadError
from symbptt.core.evaluation import evaluate
from symbptt.core.functions import ROWS, Function, image
from symbptt.core.meaning import samples
from symbptt.core.norms import Norm
from symbptt.core.terms import (
    Const, D, Entry, Map, OrderedProduct, Param, Power, Scale, Softmax, Term, Times,
    index_symbol,
)  # fmt: skip
from symbptt.core.theory import Assumption, Theory
from symbptt.core.world import Key, World, numeric
from symbptt.models.builtin import builtins
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check
from symbptt.proof.objects import Assumed, Development
from symbptt.proving import prove_statement
from symbptt.ranging import ModelRanges, ranges_of
from symbptt.refuting import refute
from symbptt.report.pen import LATEX_PEN
from symbptt.worksheet.kinds import Style
from symbptt.worksheet.reader import read_sheet
from symbptt.worksheet.report import report
from symbptt.worksheet.run import run_sheet

i = index_symbol("i")
ZERO, ONE = Const(0), Const(1)
SCALES = (0.0, 1.0, 6.0, 300.0)


class Stretched(World):
    """A world whose leaves are the drawn values times a factor."""

    factor = 1.0

    def leaf(self, key: Key, shape: tuple[int, int]) -> Any:
        return super().leaf(key, shape) * self.factor


def broken(theorem: Theorem, theory: Theory, sizes: tuple[Expr, ...]) -> str | None:
    """Where the left side is larger than the right one, by the reference evaluation."""
    facts = (*theorem.facts, *sizes, *theory.facts)
    for env, picked in samples((theorem.left, theorem.right), theory, facts, trials=3):
        for factor in SCALES:
            world = Stretched.random(theory, env, seed=7)
            world.factor = factor
            for indices in picked:
                low, high = (
                    float(evaluate(side, world, indices)[0, 0])
                    for side in (theorem.left, theorem.right)
                )
                if low > high + 1e-9 * max(1.0, abs(high)):
                    return f"{theorem.left} <= {theorem.right}: {low} > {high} at {env} {indices}"
    return None


def found(name: str, *given: str) -> tuple[Model, Intervals]:
    model = assume(Model.named(name), given)[0]
    intervals = Intervals(problem_of(model).theory)
    ranges(intervals)
    return model, intervals


# ---------------------------------------------------------------- every model


@pytest.mark.parametrize("name", builtins())
def test_every_model(name: str) -> None:
    """The kernel accepts every end, and no extreme run leaves an interval."""
    model, intervals = found(name)
    check(loads(dumps(intervals.development(tuple(intervals.theorems)))))
    theory = normalised(intervals.theory, model.onehot)
    sizes = tuple(size - 1 for size in model.dims)
    assert [w for th in intervals.theorems if (w := broken(th, theory, sizes))] == []


def test_a_wrong_end_is_caught() -> None:
    model, intervals = found("lstm")
    sizes = tuple(size - 1 for size in model.dims)
    end = next(th for th in intervals.theorems if th.right == ONE)
    wrong = replace(end, right=Const(Rational(9, 10)))
    assert broken(end, intervals.theory, sizes) is None
    assert broken(wrong, intervals.theory, sizes) is not None


INTERVALS = {
    "lstm": [
        r"f_{t,j} ∈ (0, 1)", r"i_{t,j} ∈ (0, 1)", r"o_{t,j} ∈ (0, 1)", r"C̃_{t,j} ∈ (-1, 1)",
        r"C_{t,j} ∈ (-(|C_{0,j}| + t), |C_{0,j}| + t)", r"h_{t,j} ∈ (-1, 1)",
        r"sigmoid'(a^f_{t,j}) ∈ (0, 1/4]", r"tanh'(a^{C̃}_{t,j}) ∈ (0, 1]",
    ],
    "gru": [
        "z_{t,i} ∈ (0, 1)", "r_{t,i} ∈ (0, 1)", "h̃_{t,i} ∈ (-1, 1)",
        "h_{t,i} ∈ (min(h_{0,i}, -1), max(h_{0,i}, 1))", "sigmoid'(a^z_{t,i}) ∈ (0, 1/4]",
        "tanh'(a^{h̃}_{t,i}) ∈ (0, 1]",
    ],
    "linear": ["s_{t,i} ∈ ℝ", "o_{t,i} ∈ ℝ"],
    "leaky": ["h_{t,i} ∈ ℝ", "tanh'(a_{t,i}) ∈ (0, 1]"],
    "rnn-two-matrices": ["h_{t,i} ∈ (-1, 1)", "ŷ_{t,i} ∈ (0, 1]", "tanh'(a^h_{t,i}) ∈ (0, 1]"],
}  # fmt: skip


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals(name: str) -> None:
    assert ranges_of(Model.named(name)).text().split("\n") == INTERVALS[name]


CELL = r"""x_t \in \mathbb{R}^d
h_t, g_t \in \mathbb{R}^n
g_t = %s(W h_{t-1} + U x_t + b)
h_t = %s
"""


@pytest.mark.parametrize(
    ("function", "body", "interval"),
    [
        ("relu", "g_t", "[0, ∞)"),
        ("softplus", "g_t", "(0, ∞)"),
        ("sigmoid", "2 g_t", "(0, 2)"),
        ("sigmoid", r"1 - g_t \odot g_t", "(0, 1)"),
        ("tanh", r"g_t \odot g_t", "[0, 1]"),
        ("sin", "g_t", "[-1, 1]"),
        ("sigmoid", "g_t - 1", "(-1, 0)"),
        ("sigmoid", r"(g_t - 1) \odot g_t", "(-1, 0)"),
        ("sigmoid", r"g_t \odot h_{t-1}", "[-|h_{0,i}|, |h_{0,i}|]"),
        (
            "sigmoid", r"(1 - g_t) \odot h_{t-1} + g_t \odot g_t",
            "(min(h_{0,i}, 0), max(h_{0,i}, 1))",
        ),
        ("relu", r"g_t + h_{t-1}", "[min(h_{0,i}, 0), ∞)"),
        ("sigmoid", r"h_{t-1} + 3 g_t", "(min(h_{0,i}, 0), |h_{0,i}| + 3 t)"),
        ("sigmoid", r"2 h_{t-1} + g_t", "ℝ"),
    ],
)  # fmt: skip
def test_intervals_of_cells(function: str, body: str, interval: str) -> None:
    model = Model.parse(CELL % (rf"\mathrm{{{function}}}", body))
    rows = {r.symbol(): r.interval() for r in ranges_of(model).rows}
    assert rows["h_{t,i}"] == interval


@pytest.mark.parametrize(
    ("name", "given", "interval"),
    [
        ("gru", ["h_0 = 0"], "(-1, 1)"),
        ("gru", [r"h_0 \in (-1, 1)"], "(-1, 1)"),
        ("gru", [r"h_0 \in [-1, 1]"], "(-1, 1)"),
        ("leaky", [r"\alpha \in (0, 1)", "h_0 = 0"], "(-1, 1)"),
        ("leaky", [r"0 \le \alpha \le 1"], "[min(h_{0,i}, -1), max(h_{0,i}, 1)]"),
        ("masked", [r"0 \le m_t \le 1"], "[min(h_{0,i}, -1), max(h_{0,i}, 1)]"),
    ],
)
def test_intervals_under_assumptions(name: str, given: list[str], interval: str) -> None:
    rows = {r.symbol(): r.interval() for r in ranges_of(Model.named(name), given).rows}
    assert rows["h_{t,i}"] == interval


def test_a_backward_state_has_its_bound_from_the_end() -> None:
    text = CELL.replace("h_{t-1} + U", "h_{t+1} + U") % (
        r"\mathrm{sigmoid}", r"g_t \odot h_{t+1} + g_t",
    )  # fmt: skip
    (row,) = (r for r in ranges_of(Model.parse(text)).rows if r.symbol() == "h_{t,i}")
    assert row.high is not None and row.high.relation == "<"
    assert row.interval() == "(-|h_{T+1,i}|, |h_{T+1,i}| + (T-t+1))"


# ---------------------------------------------------------------- examples


def test_what_can_be_negative() -> None:
    rows = {r.symbol(): r for r in ranges_of(Model.named("lstm")).rows}
    never = {s for s, r in rows.items() if r.is_nonnegative}
    assert never == {s for s in rows if s[0] in "fio" or "'" in s}
    for symbol in ("C̃_{t,j}", "C_{t,j}", "h_{t,j}"):
        example = rows[symbol].negative
        assert example is not None
        assert number_of(example.right_value[0][0]) < 0


def number_of(value: Any) -> float:
    return float(value.middle if hasattr(value, "middle") else value)


def test_attained_ends_have_an_example() -> None:
    rows = {r.symbol(): r for r in ranges_of(Model.named("lstm")).rows}
    slope = rows["sigmoid'(a^f_{t,j})"]
    assert slope.at_low is None and slope.at_high is not None
    assert slope.at_high.left_value[0][0] == slope.at_high.right_value[0][0] == Rational(1, 4)
    assert rows["f_{t,j}"].at_low is rows["f_{t,j}"].at_high is None
    data = slope.json()
    assert (data["low"]["attained"], data["high"]["attained"]) == (False, True)


# ---------------------------------------------------------------- claims


@pytest.mark.parametrize(
    "claim",
    [
        r"f_t \in (0, 1)", r"0 < f_t < 1", r"f_t \in [0, 1]", r"f_t < 2", r"f_t > -3",
        r"h_t \in (-1, 1)", r"|h_t| < 1", r"|C_t| \le |C_0| + t", r"C_t \le |C_0| + t",
        r"\tilde C_t \in (-1, \infty)", r"1 \ge o_t", r"(f_t)_i < 1",
        r"\sigma'(a^{f}_t) \in (0, 1/4]", r"f_t \odot o_t \in (0, 1)", r"f_t \odot h_t < 1",
        r"-2 < f_t - i_t + h_t", r"\tilde C_t \odot h_t \in [-1, 1]", r"f_t \odot (1 - f_t) \ge 0",
    ],
)  # fmt: skip
def test_proved(claim: str) -> None:
    assert prove_statement(Model.named("lstm"), claim).verify()


@pytest.mark.parametrize(
    "claim",
    [
        r"h_t \in (0, 1)", r"C_t \in (-1, 1)", r"f_t \in [0, 1/2]",
        r"\sigma'(a^{f}_t) \in (0, 1/4)",
        r"\tilde C_t \ge 0", r"|C_t| \le |C_0| + t - 1", r"|C_t| \le t", r"f_t < o_t", r"1 < f_t",
        r"h_t \in (-1/2, 1/2)", r"\tanh'(a^{f}_t) < 1", r"f_t + o_t < 1", r"C_t \le C_0 + t",
    ],
)  # fmt: skip
def test_false_claims_are_not_proved_but_refuted(claim: str) -> None:
    with pytest.raises(NotSupported):
        prove_statement(Model.named("lstm"), claim)
    assert refute(Model.named("lstm"), claim) is not None


def test_a_state_is_claimed_about_where_it_is_defined() -> None:
    """h_0 may be any number, and the theorem says from where it holds."""
    proved = prove_statement(Model.named("lstm"), "h_t < 1")
    assert t - 1 in proved.theorems[0].facts
    with pytest.raises(NotSupported):
        prove_statement(Model.named("lstm"), "h_0 < 1")


def test_softmax_is_below_one_where_it_has_several_entries() -> None:
    model = Model.named("rnn-two-matrices")
    assert prove_statement(model, r"\hat y_t \in (0, 1]").verify()
    with pytest.raises(NotSupported):
        prove_statement(model, r"\hat y_t \in (0, 1)")
    assert prove_statement(model, r"\hat y_t \in (0, 1)", [r"q \ge 2"]).verify()


def test_matrices_are_not_compared_by_entries() -> None:
    with pytest.raises(NotSupported):
        prove_statement(Model.named("lstm"), r"W_f \le W_i")


# ---------------------------------------------------------------- the kernel

c, e = Param("c", 1, 1), Param("e", 1, 1)
THEORY = replace(PLAIN, params=(*PLAIN.params, c, e))
SIGMOID, TANH = Map("sigmoid", 0, c), Map("tanh", 0, c)
SMALL = Assumption("small", c, ONE, (), "<=")
CASES: list[Any] = []


def claim(
    left: Term, right: Term, *steps: Any, relation: str = "<=", facts: tuple[Any, ...] = (),
    id: str = "claim",
) -> Theorem:  # fmt: skip
    return Theorem(id, left, right, Chain(steps), facts, relation=relation)


def made(*theorems: Theorem, theory: Theory = THEORY) -> Development:
    return development(*theorems, theory=theory)


POSITIVE = claim(
    ZERO, SIGMOID, step("bound", (), SIGMOID, "value-above/sigmoid"), relation="<", id="positive"
)
BELOW = claim(SIGMOID, ONE, step("bound", (), ONE, "value-below/sigmoid"), relation="<", id="below")
REST = ONE - SIGMOID


def falling() -> Theorem:
    """0 = 1 - 1 < 1 - sigmoid(c)."""
    return claim(
        ZERO, REST, step("algebra", (), ONE - ONE),
        step("bound", (1, 1), REST, "below", reverse=True), relation="<", id="rest",
    )  # fmt: skip


RIGHT: dict[str, Callable[[], Development]] = {
    "the image of a function": lambda: made(POSITIVE, BELOW),
    "a smaller one below a minus": lambda: made(BELOW, falling()),
    "a sign from a theorem": lambda: made(BELOW, falling(), claim(
        Times(REST, TANH), REST,
        step("bound", (1,), Times(REST, ONE), "value-below/tanh"), relation="<",
    )),
    "a square below a minus, as it falls": lambda: made(BELOW, claim(
        -ONE, -Times(SIGMOID, SIGMOID),
        step("algebra", (), -Times(ONE, ONE)),
        step("bound", (1, 0), -Times(SIGMOID, ONE), "below", reverse=True),
        step("bound", (1, 1), -Times(SIGMOID, SIGMOID), "below", reverse=True), relation="<",
    )),
    "a share of one": lambda: made(claim(
        Entry(Softmax(h), i, 1), ONE,
        step("bound", (), ONE, "softmax-at-most-one"), facts=(i - 1, n - i),
    )),
    "an absolute value": lambda: made(
        BELOW, POSITIVE,
        claim(Norm(SIGMOID), ONE, step("bound", (), ONE, "absolute-below"), relation="<"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_accepted(case: Callable[[], Development]) -> None:
    check(case())


def refused(words: str) -> Callable[[Callable[[], Development]], Callable[[], Development]]:
    def register(case: Callable[[], Development]) -> Callable[[], Development]:
        CASES.append(pytest.param(case, words, id=case.__name__.replace("_", " ")))
        return case

    return register


@refused("the step gives")
def another_end() -> Development:
    half = Const(Rational(1, 2))
    return made(claim(SIGMOID, half, step("bound", (), half, "value-below/sigmoid")))


@refused("no step of the proof is strict")
def strict_at_an_end_that_is_attained() -> Development:
    quarter = Const(Rational(1, 4))
    slope = Map("sigmoid", 1, c)
    return made(
        claim(slope, quarter, step("bound", (), quarter, "slope-below/sigmoid"), relation="<")
    )


@refused("there is no rule")
def the_image_of_an_unspecified_function() -> Development:
    return made(claim(ZERO, Map("f", 0, c), step("bound", (), Map("f", 0, c), "value-above/f")))


@refused("in the wrong direction")
def a_smaller_one_where_the_line_rises() -> Development:
    return made(
        claim(ONE, SIGMOID, step("bound", (), SIGMOID, "value-below/sigmoid", reverse=True))
    )


@refused("in the wrong direction")
def a_larger_one_below_a_minus() -> Development:
    return made(claim(-SIGMOID, -ONE, step("bound", (1,), -ONE, "value-below/sigmoid")))


@refused("in the wrong direction")
def below_two_minus_signs() -> Development:
    left, right = Scale(Const(-1), -ONE), Scale(Const(-1), -SIGMOID)
    wrong = step("bound", (1, 1), right, "value-below/sigmoid", reverse=True)
    return made(claim(left, right, wrong))


@refused("a power need not fall with its base")
def an_even_power_below_a_minus() -> Development:
    """-(x^2) <= -(y^2) for y <= x holds only for y >= 0."""
    x = Norm(c)
    left, right = -Power(x, 2), -Power(-x, 2)
    smaller = claim(-x, x, step("bound", (), c, "above-minus-absolute-value"),
                    step("bound", (), x, "below-absolute-value"), id="smaller")  # fmt: skip
    return made(smaller, claim(left, right, step("bound", (1, 0), right, "smaller", reverse=True)))


@refused("a power need not fall with its base")
def a_product_over_a_range_below_a_minus() -> Development:
    x = Norm(c)
    left, right = -OrderedProduct(x, i, 1, T), -OrderedProduct(-x, i, 1, T)
    smaller = claim(-x, x, step("bound", (), c, "above-minus-absolute-value"),
                    step("bound", (), x, "below-absolute-value"), id="smaller")  # fmt: skip
    return made(smaller, claim(left, right, step("bound", (1, 0), right, "smaller", reverse=True)))


@refused("nothing says that")
def a_sign_from_a_later_theorem() -> Development:
    product = claim(Times(REST, TANH), REST,
                    step("bound", (1,), Times(REST, ONE), "value-below/tanh"))  # fmt: skip
    return made(product, BELOW, falling())


@refused("nothing says that")
def a_sign_from_itself() -> Development:
    return made(claim(ZERO, c, step("bound", (), c, "nonnegative")))


@refused("nothing says that")
def a_sign_under_other_conditions() -> Development:
    """The theorem is about t >= 1, and the claim about any t."""
    x = Entry(h, i, 1)
    known = Theorem("known", ZERO, x, Assumed("known"), (t - 1, i - 1, n - i), relation="<=")
    theory = replace(THEORY, assumptions=(Assumption("known", ZERO, x, known.facts, "<="),))
    return made(known, claim(ZERO, x, step("bound", (), x, "nonnegative"), facts=(t, i - 1, n - i)),
                theory=theory)  # fmt: skip


@refused("nothing says that")
def an_absolute_value_from_one_side() -> Development:
    theory = replace(THEORY, assumptions=(SMALL,))
    return made(claim(Norm(c), ONE, step("bound", (), ONE, "absolute-at-most")), theory=theory)


@refused("nothing says that")
def a_product_of_numbers_bounded_on_one_side() -> Development:
    theory = replace(THEORY, assumptions=(SMALL, Assumption("also", e, ONE, (), "<=")))
    most = step("bound", (), Times(ONE, ONE), "product-at-most")
    return made(claim(Times(c, e), Times(ONE, ONE), most), theory=theory)


@refused("the condition")
def a_share_below_one_of_a_column_that_may_be_short() -> Development:
    share = Entry(Softmax(h), i, 1)
    return made(claim(share, ONE, step("bound", (), ONE, "softmax-below-one"),
                      relation="<", facts=(i - 1, n - i)))  # fmt: skip


@refused("the condition")
def a_share_outside_the_column() -> Development:
    share = Entry(Softmax(h), i, 1)
    return made(claim(ZERO, share, step("bound", (), share, "softmax-positive"), facts=(i - 1,)))


@refused("need not increase")
def inside_a_column() -> Development:
    left, right = Entry(Scale(SIGMOID, h), i, 1), Entry(Scale(ONE, h), i, 1)
    return made(claim(left, right, step("bound", (0, 0), right, "value-below/sigmoid")))


@pytest.mark.parametrize(("case", "words"), CASES)
def test_refused(case: Callable[[], Development], words: str) -> None:
    with pytest.raises(ProofError) as caught:
        check(case())
    assert words in str(caught.value)


def test_what_is_said_of_differentials_gives_no_sign() -> None:
    from symbptt.core.scope import Scope
    from symbptt.proof.order import Signs

    known = Theorem("known", ZERO, D(c), Chain(()), relation="<=")
    assert not Signs(Scope(THEORY), (), (known,)).nonnegative(D(c))
    assert Signs(Scope(THEORY), (), (replace(known, right=c),)).nonnegative(c)


# ---------------------------------------------------------------- reports


def rows_of(document: Any) -> Iterator[Any]:
    from symbptt.report.document import Table

    yield from (b for b in document.blocks if isinstance(b, Table))


def test_block_of_a_worksheet() -> None:
    text = "```{ranges} gru\n:given: h_0 = 0\n:id: gru\n```\n"
    run = run_sheet(read_sheet(text, "sheet", "sheet.md"))
    assert loads(run.files["proofs/gru.json"]).theorems
    for lang in ("en", "zh"):
        document = report(run, Style(lang=lang))
        assert any(len(table.rows) == 6 for table in rows_of(document))


def test_block_needs_a_model() -> None:
    with pytest.raises(ReadError, match="of which model"):
        read_sheet("```{ranges}\n```\n", "sheet", "sheet.md")


def test_every_line_of_the_proofs_has_its_relation() -> None:
    """The report takes the sign of each line from the same theorems as the kernel."""
    shown = ranges_of(Model.named("lstm"))
    relations = {s.relation for s in shown.steps}
    assert relations == {"", "=", "<", "≤"}
    assert "induction" in shown.explain() and "归纳" in shown.explain("zh")


def test_command_line() -> None:
    run = CliRunner().invoke(app, ["ranges", "--model", "lstm"])
    assert run.exit_code == 0
    assert "(0, 1/4]" in run.stdout and "C̃_{1,1} ≈ -0.7616" in run.stdout
    run = CliRunner().invoke(app, ["ranges", "--model", "gru", "--given", "h_0 = 0", "--json"])
    data = json.loads(run.stdout)
    assert [r["interval"]["text"] for r in data["ranges"][:4]] == ["(0, 1)"] * 2 + ["(-1, 1)"] * 2
    check(loads(json.dumps(data["proof"])))


def test_latex() -> None:
    shown = ranges_of(Model.named("rnn-tanh"))
    assert isinstance(shown, ModelRanges)
    assert r"h_{t,i} \in (-1,\; 1)" in shown.latex()
    assert shown.rows[0].interval(LATEX_PEN) == r"(-1,\; 1)"


# ---------------------------------------------------------------- the table of functions

EVERYWHERE = [row for row in ROWS if row.domain == Reals]


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("row", EVERYWHERE, ids=lambda row: row.name)
def test_images(row: Function, order: int) -> None:
    """All samples lie in the image, and they come near to its finite ends."""
    points = np.array([x for x in np.linspace(-60, 60, 24001) if x not in row.kinks])
    values = np.broadcast_to(numeric(row.name, order)(points), points.shape)
    low, high = (float(x) for x in (image(row.name, order).inf, image(row.name, order).sup))
    assert low - 1e-12 <= values.min() and values.max() <= high + 1e-12
    for end, nearest in ((low, values.min()), (high, values.max())):
        assert not np.isfinite(end) or abs(end - nearest) < 0.05
