"""Models that nobody wrote: 200 texts by ``random_models``, every gradient of each.

Each of the 200 is read; the gradients by every parameter, input and boundary value are derived and
accepted by the kernel; one of them is compared with a complex step at random sizes. For every
fourth (50 models) the module is generated, and its outputs and all gradients are compared too.
A failure shows the model's text.
"""

from __future__ import annotations

from random import Random

import codegen_oracle
import pytest
from model_checks import TOLERANCE, Derived, module_error, module_of
from random_models import write_model

from symbptt.models.model import Model

SEEDS = range(200)
EVERY = 4  # the module of every fourth model
SIZES = {"n": 3, "d": 4, "m": 5, "p": 6, "q": 8, "T": 7, "B": 2}


def examine(text: str, seed: int) -> None:
    """All checks of one model."""
    model = Model.parse(text)
    derived = Derived(model)
    derived.check()
    answer = Random(seed).choice(derived.answers)
    assert not (found := derived.differs(answer, trials=1)), found
    if seed % EVERY == 0:
        assert module_error(model, module_of(model), seed) <= TOLERANCE


@pytest.mark.parametrize("seed", SEEDS)
def test_random_model(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in SIZES.items():
        monkeypatch.setitem(codegen_oracle.SIZES, name, size)
    text = write_model(seed)
    try:
        examine(text, seed)
    except Exception as error:
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}\n\n{text}") from error


def test_the_writer_writes_all_kinds() -> None:
    """The same text for the same seed; every construct occurs, also those that are rare."""
    texts = [write_model(seed) for seed in SEEDS]
    assert texts == [write_model(seed) for seed in SEEDS]
    assert len(set(texts)) == len(texts)
    kinds = (
        r"\odot", r"(1 - ", r"\tanh", r"\mathrm{sigmoid}", r"\mathrm{softplus}", r"\mathrm{relu}",
        r"\phi", r"\psi", r"\alpha", "_{t-2}", "_{-1} = 0", "_{-1} = w", "_0 = 0", "_0 = u",
        r"\|^2", "L_t(", "k_t =", "v_t =",
    )  # fmt: skip
    for kind in kinds:
        assert sum(kind in text for text in texts) >= 5, kind
    for text in texts:
        equations = [line for line in text.splitlines() if "_t = " in line]
        assert 3 <= len(equations) <= 7
