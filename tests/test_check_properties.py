"""Verdicts on mutants, rewritings and noise; ``tools/check_figures.py`` judges thousands."""

from __future__ import annotations

import pytest
from check_samples import misread, noise, printed, right, unsound, wrong
from reference_answers import references

from symbptt.answers.batch import Claim, judge_claim
from symbptt.answers.setting import setting_of
from symbptt.models.builtin import builtins

FEW = ("rnn", "rnn-softmax", "lstm-no-forget", "encoder-decoder")
NOISE = 250


@pytest.mark.parametrize("name", FEW)
def test_no_mutant_is_accepted(name: str) -> None:
    samples = list(wrong(name, 12))
    assert len(samples) == 12
    for sample in samples:
        verdict = sample.verdict()
        assert not verdict.accepted or misread(sample, verdict), (sample.row, sample.text, verdict)


@pytest.mark.parametrize("name", FEW[:2])
def test_no_rewriting_is_called_wrong(name: str) -> None:
    found = right(name, 40)
    # a slot derivative of a quantity with an equation of its own is not read yet
    samples = [s for s in found if r"\partial_{" not in s.text]
    assert len(samples) >= 20
    for sample in samples:
        assert sample.verdict().accepted, (sample.row, sample.text, sample.verdict())


def test_noise_is_not_accepted() -> None:
    model = builtins()["rnn"].text
    texts = [printed(r, r.right) for r in references("rnn")]
    for text in noise(texts, NOISE):
        verdict = judge_claim(Claim(model, text))
        assert "could not be judged" not in verdict.message, (text, verdict.message)
        assert not unsound(setting_of(model), text, verdict), text


@pytest.mark.parametrize("shown", (r"[T \le 1]\, s_{0}", r"[T \le 1]\, h_{0}"))
def test_what_is_guarded_exists_where_its_guard_holds(shown: str) -> None:
    """A claim that is false only for T = 1 is not read as one for T >= 2."""
    claim = (
        r"\nabla_{h_{0}} L = W^{\top} (([T \ge 2]\, W^{\top} \nabla_{a^{h}_{2}} L + "
        rf"{shown}) \odot \tanh'(a^{{h}}_{{1}}))"
    )
    assert judge_claim(Claim(builtins()["encoder-decoder"].text, claim)).verdict == "wrong"


def test_zeros_in_a_block_are_as_large_as_what_they_meet() -> None:
    claim = r"\begin{bmatrix} 0 & I \end{bmatrix} \begin{bmatrix} C_t \\ h_t \end{bmatrix} = h_t"
    assert judge_claim(Claim(builtins()["lstm"].text, claim)).verdict == "proved"
