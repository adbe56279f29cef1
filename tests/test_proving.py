"""Statements in text, proved: what is read, where it holds, what is tried, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import symbptt
from symbptt.calculus.existence import existence
from symbptt.cli.app import app
from symbptt.core.errors import NotSupported, ReadError, SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.models.claim import Method, read_claims, read_method
from symbptt.models.model import Model
from symbptt.notation.reader import read_term
from symbptt.proof.files import loads
from symbptt.proof.kernel import check
from symbptt.proof.objects import Chain, Induction
from symbptt.proving import ProvedStatement, prove_statement

LSTM, RNN = Model.named("lstm"), Model.named("rnn")
MATRICES = Model.parse(r"M, Q, \Lambda \in \mathbb{R}^{d \times d}", equations=False)
SOLVED = (
    r"C_t = \sum_{k=1}^{t} (\prod_{j=k+1}^{t} \mathrm{diag}(f_j)) (i_k \odot \tilde C_k)"
    r" + (\prod_{j=1}^{t} \mathrm{diag}(f_j)) C_0"
)
JACOBIAN = r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\sigma'(a_t)) W"
EYE = r"\frac{\partial C_t}{\partial C_k} = I"
POWERS = r"M^k = Q \Lambda^k Q^{-1}"
DIAGONAL = r"M = Q \Lambda Q^{-1}"


def conditions(proved: ProvedStatement, number: int = 0) -> list[str]:
    return list(proved.json()["theorems"][number]["conditions"])


# ---------------------------------------------------------------- what is proved


def test_the_recurrence_of_the_lstm_is_solved_by_induction() -> None:
    proved = prove_statement(LSTM, SOLVED)
    proof = proved.theorems[-1].proof
    assert isinstance(proof, Induction)
    assert (str(proof.variable), proof.start) == ("t", 0)
    assert conditions(proved) == [r"0 \le t \le T"]
    check(loads(json.dumps(proved.json()["proof"])))
    told = proved.explain()
    assert "By induction on t. Base case t = 0." in told and "[induction hypothesis]" in told
    assert "对 t 用数学归纳法。" in proved.explain("zh")


def test_the_start_of_an_induction_may_be_said() -> None:
    proved = prove_statement(LSTM, SOLVED + r", t \ge 1", by="induction on t from 1")
    proof = proved.theorems[-1].proof
    assert isinstance(proof, Induction) and proof.start == 1


def test_a_jacobian_is_that_of_a_later_element_by_an_earlier_one() -> None:
    proved = prove_statement(LSTM, EYE, ["f_t = 1", "i_t = 0"])
    assert conditions(proved) == [r"1 \le k \le t \le T"]
    with pytest.raises(NotSupported):  # the other way round it is not true
        prove_statement(LSTM, EYE, ["f_t = 1; i_t = 0", "t < k"])


def test_powers_of_a_diagonalizable_matrix() -> None:
    proved = prove_statement(MATRICES, POWERS, [DIAGONAL], "induction on k")
    assert proved.told == (DIAGONAL,)
    assert proved.text() == "M^k = Q Λ^k Q⁻¹"
    assert "Suppose that M = Q Λ Q⁻¹. For 0 ≤ k," in proved.explain()
    assert {s.reason for s in proved.steps} >= {"power zero", "into the power"}


def test_an_exponent_called_like_the_size_is_a_letter_of_its_own() -> None:
    model = Model.parse(r"M, Q, \Lambda \in \mathbb{R}^{n \times n}", equations=False)
    by = "induction on n"
    proved = prove_statement(model, POWERS.replace("k", "n"), [DIAGONAL], by)
    assert proved.text() == "M^m = Q Λ^m Q⁻¹"


def test_a_jacobian_is_derived_first() -> None:
    proved = prove_statement(RNN, JACOBIAN)
    assert conditions(proved) == [r"1 \le t \le T"]
    assert any(t.title == "one-step Jacobian" for t in proved.development.theorems)


def test_a_derivative_that_needs_a_defined_element_says_so_in_its_range() -> None:
    statement = r"\frac{\partial h_t}{\partial h_k} = \prod_{j=k+1}^t \mathrm{diag}(\sigma'(a_j)) W"
    assert conditions(prove_statement(RNN, statement)) == [r"1 \le k \le t \le T"]


def test_every_link_of_a_chain_is_a_theorem() -> None:
    chain = r"h_t = \sigma(a_t) = \sigma(W h_{t-1} + U x_t + b)"
    proved = prove_statement(RNN, chain + r", \quad a_t = W h_{t-1} + U x_t + b")
    assert len(proved.theorems) == 3
    assert len({t.id for t in proved.theorems}) == 3
    assert proved.verify()


def test_an_inequality_has_its_sign_at_the_steps_that_are_ones() -> None:
    statement = (
        r"\left\|\frac{\partial h_t}{\partial h_{t-1}}\right\| \le \|\mathrm{diag}(\sigma'(a_t))\|"
        r" \|W\|"
    )
    proved = prove_statement(RNN, statement)
    mine = [s for s in proved.steps if s.text.startswith("‖")]
    assert [s.relation for s in mine] == ["", "=", "≤"]
    assert r"\le" in proved.latex() and proved.theorems[-1].relation == "<="


def test_the_larger_side_may_stand_first() -> None:
    proved = prove_statement(MATRICES, r"\|M\| \|Q\| \ge \|M Q\|")
    assert proved.text() == "‖M Q‖ ≤ ‖M‖ ‖Q‖"


def test_given_equations_take_the_place_of_definitions() -> None:
    statement = r"C_t = C_{t-1} + i_t \odot \tilde C_t"
    with pytest.raises(NotSupported):
        prove_statement(LSTM, statement)
    assert prove_statement(LSTM, statement, ["f_t = 1"]).told == ("f_t = 1",)


def test_given_ranges_are_conditions_and_not_told_twice() -> None:
    proved = prove_statement(RNN, JACOBIAN, [r"2 \le t"])
    assert proved.told == () and conditions(proved) == [r"2 \le t \le T"]


def test_ranges_in_the_statement_are_conditions() -> None:
    for ranged in (r", 2 \le t < T", r" \quad (t = 2, \dots, T-1)"):
        assert conditions(prove_statement(RNN, JACOBIAN + ranged)) == [r"2 \le t < T"]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "statement",
    [
        JACOBIAN.replace(r"\mathrm{diag}(\sigma'(a_t)) W", r"W \mathrm{diag}(\sigma'(a_t))"),
        "h_t = h_{t-1}",
        r"\|W\| \le 1",
        r"h_t = W h_{t-1} + U x_t + b",
    ],
)
def test_what_is_false_is_not_proved_and_the_error_says_what_was_tried(statement: str) -> None:
    with pytest.raises(NotSupported) as caught:
        prove_statement(RNN, statement)
    assert "no proof of" in caught.value.message and "directly" in caught.value.hint


def test_inductions_that_were_tried_are_named() -> None:
    with pytest.raises(NotSupported) as caught:
        prove_statement(LSTM, SOLVED.replace("C_0", "C_1"))
    assert "by induction on t from " in caught.value.hint


@pytest.mark.parametrize(
    ("statement", "given", "by", "words"),
    [
        ("h_t", (), "", "1:1: this is not a statement"),
        (r"1 \le t", (), "", "1:1: this is not a statement"),
        (r"h_t \in h_t", (), "", r"1:5: \in is not a relation"),
        ("h_t = z_t", (), "", "1:7: "),
        ("h_t = W", (), "", "1:7: cannot equate"),
        ("h_t = h_t", ("h_t = ",), "", "given:1:"),
        ("h_t = h_t", (), "magic", "by:1:1: this way of proving"),
        ("h_t = h_t", (), "induction on t+1", "by:1:14: induction is on one index"),
        ("h_t = h_t", (), "induction on k", "is not an index of the statement"),
        ("h_t = h_t, t > T", (), "", "contradict"),
        ("x_0 = x_0", (), "", "x[0] does not exist"),
    ],
)
def test_refused(statement: str, given: tuple[str, ...], by: str, words: str) -> None:
    with pytest.raises(SymbpttError) as caught:
        prove_statement(RNN, statement, given, by)
    assert words in str(caught.value)


def test_a_proof_that_the_kernel_refuses_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(problem: object, left: object, right: object, *rest: object) -> object:
        from symbptt.calculus.derive import Result
        from symbptt.proof.objects import Development, Theorem

        theorem = Theorem("claim", left, right, Chain(()))  # type: ignore[arg-type]
        return Result(Development(RNN.theory, (theorem,)), ("claim",))

    monkeypatch.setattr("symbptt.proving.prove", wrong)
    with pytest.raises(SymbpttError, match="the proof ends in"):
        prove_statement(RNN, r"h_t = h_{t-1}, t \ge 1")


# ---------------------------------------------------------------- where a statement holds


@pytest.mark.parametrize(
    ("formula", "facts"),
    [
        ("h_t", {"t", "T - t"}),
        ("a_t", {"t - 1", "T - t"}),
        ("h_{t-1}", {"t - 1", "T - t + 1"}),
        (r"\sum_{k=1}^{t} a_k", {"t", "T - t"}),
        (r"\sum_{j=k}^{t} a_j", {"k - 1", "T - t", "-k + t + 1"}),
        (r"\sum_{k=1}^{T} a_k", set()),
        ("h_0", set()),
    ],
)
def test_existence(formula: str, facts: set[str]) -> None:
    found = existence(RNN.theory, read_term(formula, RNN.scope.extended(times={"t", "k", "j"})))
    assert {str(f) for f in found} == facts


# ---------------------------------------------------------------- how it is to be proved


@pytest.mark.parametrize(
    ("by", "method"),
    [
        ("", None),
        ("directly", Method()),
        ("induction on n", Method(index_symbol("n"))),
        ("by induction on $t$ from 0", Method(index_symbol("t"), index_symbol("t") * 0)),
        ("induction on t, starting at k+1", Method(index_symbol("t"), index_symbol("k") + 1)),
    ],
)
def test_methods(by: str, method: Method | None) -> None:
    assert read_method(by) == method


def test_several_claims_share_what_is_said_of_indices() -> None:
    claims = read_claims(RNN, r"h_t = h_t, \quad a_t = a_t, \quad t < T")
    assert [len(c) for c in claims] == [1, 1]
    assert {str(f) for (link,) in claims for f in link.facts} == {"T - t - 1"}
    with pytest.raises(ReadError):
        read_claims(RNN, "")


# ---------------------------------------------------------------- command line and Python


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["prove", *arguments])
    if isinstance(result.exception, SymbpttError):
        return 1, str(result.exception)
    return result.exit_code, result.output


def test_command_line(tmp_path: Path) -> None:
    model = tmp_path / "matrices.txt"
    model.write_text("M, Q, \\Lambda \\in \\mathbb{R}^{d \\times d}\n", encoding="utf-8")
    arguments = (POWERS, "--model", str(model), "--given", DIAGONAL, "--by", "induction on k")
    assert run(*arguments) == (0, "M^k = Q Λ^k Q⁻¹\n")
    assert run(*arguments, "--latex") == (0, "M^{k} = Q \\Lambda^{k} Q^{-1}\n")
    assert "Induction step." in run(*arguments, "--steps")[1]
    data = json.loads(run(*arguments, "--json")[1])
    assert data["given"] == [DIAGONAL]
    check(loads(json.dumps(data["proof"])))
    status, output = run(POWERS, "--model", str(model))
    assert status == 1 and "M^k = Q Λ^k Q⁻¹ is false" in output


def test_from_python() -> None:
    model = symbptt.Model.named("rnn")
    assert model.prove(JACOBIAN).text() == "∂h_t/∂h_{t-1} = diag(σ'(a_t)) W"
    shapes = r"A, B \in \mathbb{R}^{n \times n}"
    assert symbptt.prove("(A B)^T = B^T A^T", shapes).verify()
