"""The programs by hand of the benchmark compute what the generated modules compute."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent.parent))

from benchmarks import hand, speed_models
from symbptt import Model
from symbptt.codegen import load_module
from symbptt.module import numpy_source


@pytest.mark.parametrize("samples", [1, 3, 600])  # in a chunk: 512 steps, 170 steps, one step
@pytest.mark.parametrize("cell", hand.CELLS)
def test_gradients(cell: str, samples: int) -> None:
    steps, d, n, q = 1100 // samples + 3, 5, 32, 4
    module = load_module(numpy_source(Model.parse(speed_models.text(cell))))
    rng = np.random.default_rng(samples)
    params = module.init_params({"d": d, "n": n, "q": q}, rng)
    for name, value in params.items():
        value += 0.1 * rng.standard_normal(value.shape)  # biases too
        params[name] = value
    x = rng.standard_normal((steps, samples, d))
    y = rng.integers(0, q, (steps, samples))
    step = hand.CELLS[cell](params, x, y)
    for _ in range(2):  # storage is used again, parameters change in between
        loss, found = step()
        wanted, gradients = module.loss_and_grads(params, x, y)
        assert abs(loss - wanted) <= 1e-11 * wanted
        expected = {**gradients.params, **gradients.inputs, **gradients.states}
        assert set(found) == set(expected)
        for name, value in expected.items():
            scale = np.abs(value).max()
            assert found[name].shape == value.shape
            assert np.abs(found[name] - value).max() <= 1e-11 * scale, name
        for value in params.values():
            value *= 0.9


@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_large_scores(shift: float) -> None:
    """What is added to all scores changes nothing; the powers themselves are out of range."""
    rng = np.random.default_rng(0)
    params = {
        "W": rng.standard_normal((32, 32)), "U": rng.standard_normal((32, 5)),
        "b": np.zeros(32), "V": rng.standard_normal((4, 32)), "c": np.zeros(4),
    }  # fmt: skip
    x, y = rng.standard_normal((7, 3, 5)), rng.integers(0, 4, (7, 3))
    loss, wanted = hand.rnn(params, x, y)()
    params["c"] = params["c"] + shift
    shifted, found = hand.rnn(params, x, y)()
    assert abs(shifted - loss) <= 1e-9 * loss
    for name, value in wanted.items():
        assert np.abs(found[name] - value).max() <= 1e-9 * np.abs(value).max(), name
