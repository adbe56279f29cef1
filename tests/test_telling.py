"""What a report says of assumptions, chains, paths and windows, and what it does not say twice."""

from __future__ import annotations

import pytest

from symbptt.derivation import derive_quantity
from symbptt.models.model import Model
from symbptt.proving import prove_statement
from symbptt.report.document import Display, Phrase, TheoremBlock
from symbptt.report.preliminaries import symbols
from symbptt.report.pen import LATEX_PEN
from symbptt.worksheet import read_sheet
from symbptt.worksheet.report import report
from symbptt.worksheet.run import run_sheet

LSTM, RNN = Model.named("lstm"), Model.named("rnn")
JACOBIAN = r"\frac{\partial h_t}{\partial h_k}"
SHEET = rf"""
```{{derive}} {JACOBIAN}
:model: rnn
:id: first
```
```{{prove}} \|{JACOBIAN}\| \le 1
:model: rnn
:id: second
:given: \sup|\sigma'| \|W\| \le 1; 1 \le k \le t
:proof: PLACE
```
"""
MATRICES = r"A, B \in \mathbb{R}^{n \times n}"


def theorems(sheet: str) -> list[TheoremBlock]:
    blocks = report(run_sheet(read_sheet(sheet, "small"))).blocks
    return [b for b in blocks if isinstance(b, TheoremBlock) and b.kind != "definition"]


@pytest.mark.parametrize(
    ("model", "statement", "given", "reason"),
    [
        (LSTM, "C_t = C_{t-1}", ("f_t = 1", "i_t = 0"), "given"),
        (Model.named("linear"), "s_1 = U x_1", ("s_0 = 0",), "given"),
        (RNN, r"h_t = \sigma(W h_{t-1} + U x_t + b)", (), "definitions of h_t"),
    ],
)
def test_what_is_assumed_is_given_and_no_definition(
    model: Model, statement: str, given: tuple[str, ...], reason: str
) -> None:
    steps = prove_statement(model, statement, given).steps
    assert any(reason in step.reason for step in steps)
    names = [g.split(" ")[0] for g in given]
    assert not any(f"definition of {n}" in s.reason for s in steps for n in names)


def test_an_adjoint_is_defined_also_where_something_is_given() -> None:
    given = (r"m_t = 1 \quad (t = 1, \dots, S)", r"m_t = 0 \quad (t = S+1, \dots, T)",
             r"1 \le S \le T", "S < t")  # fmt: skip
    proved = prove_statement(Model.named("masked"), r"\nabla_{h_t} L = 0", given)
    assert any(s.reason.startswith("definition of δ") for s in proved.steps)
    assert proved.told == given[:3]  # that S is at most T does not follow from a theorem's range


def test_an_assumption_is_a_reason_and_no_theorem() -> None:
    shown = prove_statement(
        RNN, rf"\|{JACOBIAN}\| \le 1", (r"\sup|\sigma'| \|W\| \le 1", r"1 \le k \le t")
    ).explain()
    assert "[given]" in shown and "Assumption" not in shown and "sums to one" not in shown
    softmax = derive_quantity(Model.named("rnn-softmax"), r"\nabla_{o_t} L").explain()
    assert "Assumption 1 (the target sums to one)" in softmax
    sheet = "```{derive} \\nabla_{o_t} L\n:model: rnn-softmax\n:id: o\n```\n"
    first = theorems(sheet)[0]
    assert first.kind == "assumption"  # of the model, not of a statement


def test_a_lemma_that_needs_no_assumption_is_told_once() -> None:
    first, second = theorems(SHEET.replace("PLACE", "report"))
    assert first.number == "2" and "2" in str(second.proof)
    (first, second) = theorems(SHEET.replace("PLACE", "file"))
    assert first.proof and not second.proof


def test_a_model_that_is_changed_shares_no_lemma() -> None:
    """What holds for W does not hold for 2 I, although it is written the same way."""
    sheet = SHEET.replace("PLACE", "report").replace(r"\sup|\sigma'| \|W\| \le 1", "W = 2 I")
    claim = rf"{JACOBIAN} = \prod_{{j=k+1}}^t \mathrm{{diag}}(\sigma'(a_j)) (2 I)"
    told = theorems(sheet.replace(rf"\|{JACOBIAN}\| \le 1", claim))
    assert len(told) == 2 and all(t.proof for t in told)
    assert f"Text(text='{told[0].number}')" not in str(told[1].proof)


def test_a_chain_is_one_theorem() -> None:
    proved = prove_statement(
        Model.parse(MATRICES, equations=False), r"\|A B A\| \le \|A\| \|B A\| \le \|A\|^2 \|B\|"
    )
    (block,) = [b for b in proved.blocks() if isinstance(b, TheoremBlock)]
    (display,) = [b for b in block.statement if isinstance(b, Display)]
    assert display.latex.count(r"\le") == 2
    starts = [line for line in block.proof if getattr(line, "relation", None) == ""]
    assert len(starts) == 1  # the second part goes on where the first ends


def test_a_path_of_one_edge_has_the_title_of_a_path() -> None:
    shown = derive_quantity(LSTM, r"\partial C_t/\partial C_{t-1}", "paths")
    titles = [b.name for b in shown.blocks() if isinstance(b, TheoremBlock)]
    keys = [n.key for name in titles for n in name if isinstance(n, Phrase)]
    assert keys.count("title.path") == 4
    assert "The path C_{t-1} → C_t)" in shown.explain()


def test_a_window_is_cut_out_of_a_sum_whose_factors_have_names() -> None:
    """The products become Jacobians in a line of its own, before the sum is split."""
    steps = derive_quantity(RNN, r"\partial L/\partial W", "truncated").steps
    split = next(i for i, s in enumerate(steps) if s.reason == "case distinction")
    one, two = steps[split - 2 : split]
    assert "∂h_t/∂h_k" in one.text and "Lemma 3" in one.reason
    assert "∂⁺h_k/∂vec(W)" in two.text and "Lemma 4" in two.reason


def test_symbols_of_formulas_without_layers() -> None:
    model = Model.parse("\\hat g = \\min(1, c/\\|g\\|) g\ng : n\nc : 1")
    rows = symbols(model, (), LATEX_PEN).rows
    kinds = {name: r.meaning.key for r in rows for name in r.latex.split(", ")}
    assert kinds["g"] == kinds[r"\hat{g}"] == "symbols.vector" and kinds["c"] == "symbols.scalar"
