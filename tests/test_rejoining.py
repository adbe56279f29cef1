"""Split sums are joined again, outputs simplified; what was accepted lends nothing to a forgery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symbptt import check
from symbptt.core.errors import ProofError
from symbptt.core.terms import Param, index_symbol
from symbptt.models.model import Model
from symbptt.proof import kernel
from symbptt.proof.objects import Development
from symbptt.proving import prove_statement

SOFTMAX = Model.named("rnn-softmax")
RNN = Model.named("rnn")


@pytest.mark.parametrize(
    "claim",
    (
        r"\nabla_{V} L = (\hat{y}_{1} - y_{1}) h_{1}^{\top}"
        r" + \sum_{t=2}^{T} (\hat{y}_{t} - y_{t}) h_{t}^{\top}",
        r"\nabla_{c} L = \sum_{t=1}^{T-1} (\hat{y}_{t} - y_{t}) + \hat{y}_{T} - y_{T}",
        r"\nabla_{o_t} L_t = \hat y_t - y_t",
        r"\nabla_{h_T} L = V^{\top} (\hat y_T - y_T)",
    ),
)
def test_it_is_proved(claim: str) -> None:
    assert check(claim, model=SOFTMAX).verdict == "proved"


@pytest.mark.parametrize(
    "claim",
    (
        r"\nabla_{c} L = \sum_{t=1}^{T-1} (\hat{y}_{t} - y_{t}) + \hat{y}_{T-1} - y_{T-1}",
        r"\nabla_{c} L = \sum_{t=1}^{T-1} (\hat{y}_{t} - y_{t}) + 2 (\hat{y}_{T} - y_{T})",
    ),
)
def test_what_does_not_continue_a_sum_is_not_joined(claim: str) -> None:
    assert check(claim, model=SOFTMAX).verdict == "wrong"


def test_a_theorem_that_was_accepted_lends_nothing_to_another_of_its_name() -> None:
    development = prove_statement(RNN, r"h_t = \sigma(a_t)").development
    kernel.check(development)
    *before, last = development.theorems
    n = index_symbol("n")
    forged = replace(last, right=Param("b", n, 1))
    with pytest.raises(ProofError):
        kernel.check(Development(development.theory, (*before, forged)))
    kernel.check(development)
