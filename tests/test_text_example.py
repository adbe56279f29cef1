"""The training example in examples/text: the loss falls, and what is written is text."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

PLACE = Path(__file__).parent.parent / "examples" / "text"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    sys.path.insert(0, str(PLACE))
    try:
        import train
    finally:
        sys.path.remove(str(PLACE))
    return train


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_loss_falls(example: ModuleType, cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"UNITS": 24, "STEPS": 16, "BATCH": 8}.items():
        monkeypatch.setattr(example, name, value)
    text = example.Text(example.reports(3000))
    module = example.module_of(cell)
    params, losses = example.train(module, text, 60)
    assert losses[0] == pytest.approx(np.log(len(text.characters)), rel=0.1)
    assert np.mean(losses[-10:]) < 0.75 * losses[0]
    written = example.sample(module, params, text, 30)
    assert len(written) == 30
    assert set(written) <= set(text.characters)


def test_the_text_is_the_same_every_time(example: ModuleType) -> None:
    text = example.reports(500)
    assert text == example.reports(500) and len(text) >= 500
    assert all(line.endswith(".") for line in text.strip().split("\n"))
