"""The effort of a search for a proof: counted by the statement alone, and ended in time."""

from __future__ import annotations

from contextlib import suppress

import pytest

from symbptt.answers import deciding
from symbptt.answers.judge import judge
from symbptt.answers.limits import at_most
from symbptt.calculus import effort
from symbptt.core.errors import NotSupported
from symbptt.models import Model, builtins
from symbptt.models.claim import Link, read_claims
from symbptt.models.problem import problem_of
from symbptt.proving import prove_link

CLAIM = r"\nabla_W L = \sum_{t=1}^{T} \left(\sigma'(a_t) \odot \nabla_{h_t} L\right) h_{t-1}^\top"
FALSE = r"\nabla_{h_0} L = W \nabla_{h_1} L"
ENOUGH = 20_000


def link(text: str, model: Model) -> Link:
    ((found,),) = read_claims(model, text, ())
    return found


def spent(text: str) -> int:
    """The effort for a statement, proved or not, in a model about which nothing is known yet."""
    model = Model.parse(builtins()["rnn"].text)
    with effort.at_most(ENOUGH):
        for _ in range(2):
            before = effort.left() or 0
            with suppress(NotSupported):
                prove_link(problem_of(model), link(text, model))
            again = before - (effort.left() or 0)
        first = ENOUGH - before
    assert again == first  # also where the moves of the search are remembered
    return first


@pytest.mark.parametrize("text", [CLAIM, FALSE])
def test_the_effort_depends_on_the_statement_alone(text: str) -> None:
    found = spent(text)
    assert 0 < found == spent(text) < ENOUGH


def test_a_search_ends_where_its_effort_is_used_up() -> None:
    model = Model.parse(builtins()["rnn"].text)
    least = spent(CLAIM)
    for nodes, ends in ((least - 1, True), (least, False)):
        with effort.at_most(nodes):
            if ends:
                with pytest.raises(effort.Exhausted):
                    prove_link(problem_of(model), link(CLAIM, model))
            else:
                assert prove_link(problem_of(model), link(CLAIM, model)).answers
    assert effort.left() is None
    assert prove_link(problem_of(model), link(CLAIM, model)).answers


def test_a_claim_without_a_proof_in_time_is_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = builtins()["rnn"].text
    assert judge(text, CLAIM).verdict == "proved"
    monkeypatch.setattr(deciding, "_EFFORT", 10)
    assert judge(text, CLAIM).verdict == "equal"
    assert judge(text, CLAIM.replace("h_{t-1}", "h_t")).verdict == "wrong"


def test_processor_time_for_a_proof_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*arguments: object) -> None:
        while True:
            pass

    monkeypatch.setattr(deciding, "prove_link", endless)
    monkeypatch.setattr(deciding, "_SECONDS", 0.1)
    with at_most(60):
        assert judge(builtins()["rnn"].text, CLAIM).verdict == "equal"
