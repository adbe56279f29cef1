"""The study in examples/memory: what it measures is what it says."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PLACE = Path(__file__).parent.parent / "examples" / "memory" / "study.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("memory_study", PLACE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["memory_study"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def params(study):
    return study.LSTM.init_params({"n": 5, "d": 2, "q": 1}, np.random.default_rng(3))


def _from_first_cell(study, params, x, C, h, gates=None):
    """The output from C_1 on by the equations, with the gates given or computed."""
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    for t in range(len(x)):
        pre = {k: h @ params[f"W_{k}"].T + x[t] @ params[f"U_{k}"].T + params[f"b_{k}"]
               for k in "fioc"}  # fmt: skip
        f, i, o, c = (*(sigmoid(pre[k]) for k in "fio"), np.tanh(pre["c"]))
        if gates is not None:
            f, i, o, c = (gates[k][t] for k in ("f", "i", "o", "C_tilde"))
        C = f * C + i * c
        h = o * np.tanh(C)
    return h @ params["V"].T + params["c"]


@pytest.mark.parametrize("kind", ["direct", "total"])
def test_derivatives_by_the_first_cell_state(study, params, kind):
    """Both against central differences; along the direct path the gates are held fixed."""
    T = 6
    x, _ = study.recall_batch(np.random.default_rng(1), T, 256)
    out, _ = study.LSTM.forward(params, x)
    C, o = out["C"][0], out["o"][0]
    gates = None
    if kind == "direct":
        gates = {k: out[k][1:] for k in ("f", "i", "o", "C_tilde")}
    columns = []
    for j in range(C.shape[1]):
        e = np.zeros_like(C)
        e[:, j] = 1e-5
        up, down = (
            _from_first_cell(study, params, x[1:], C + s * e, o * np.tanh(C + s * e), gates)
            for s in (1, -1)
        )
        columns.append((up - down)[:, 0] / 2e-5)
    wanted = np.linalg.norm(np.stack(columns, axis=1), axis=1).mean()
    assert getattr(study.measure(params, T), kind) == pytest.approx(wanted, rel=1e-6)


def test_memory_is_correlation_with_the_value(study, params):
    assert 0 <= study.measure(params, 4).remembered <= 1


def test_training_reduces_the_error(study, monkeypatch):
    monkeypatch.setattr(study, "UPDATES", 60)
    trained = study.train(2, 2.0)
    assert study.measure(trained, 2).remembered > 0.9


def test_rank_correlation(study):
    a = np.array([3.0, 1.0, 2.0, 10.0])
    assert study.rank_correlation(a, a**3) == pytest.approx(1)
    assert study.rank_correlation(a, -a) == pytest.approx(-1)


def test_product_is_that_of_the_recorded_gates(study, params):
    x, _ = study.recall_batch(np.random.default_rng(1), 3, 256)
    f = study.LSTM.forward(params, x)[0]["f"]
    wanted = (f[1] * f[2]).max(axis=1).mean()
    assert study.measure(params, 3).product == pytest.approx(wanted)
