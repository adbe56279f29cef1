"""Modules of models with several lengths, sums over lags, and parameters indexed by a lag."""

from __future__ import annotations

from typing import Any

import codegen_oracle
import numpy as np
import pytest
from codegen_oracle import random_data
from model_checks import TOLERANCE, module_error, module_of

from symbptt.models.model import Model

LENGTHS = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
s_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t) \quad (t = 1, \dots, T)
s_0 = h_T
s_t = \tanh(R s_{t-1} + c) \quad (t = 1, \dots, S)
"""
MODELS = {
    "two decoders": LENGTHS + r"""
r_t \in \mathbb{R}^p
r_0 = V s_S
r_t = \tanh(Q r_{t-1} + P s_S) \quad (t = 1, \dots, M)
""",
    "decoder of all states": LENGTHS + r"""
o_t = V s_t + \sum_{k=1}^{T} Z h_k \quad (t = 1, \dots, S)
""",
    "inputs of both lengths": r"""
x_t \in \mathbb{R}^d
y_t \in \mathbb{R}^q
h_t = \tanh(W h_{t-1} + U x_t) \quad (t = 1, \dots, T)
s_0 = h_T
s_t = \tanh(R s_{t-1} + V y_t) \quad (t = 1, \dots, S)
""",
    "lags": r"""
x_t \in \mathbb{R}^d
h_t = \tanh(\sum_{j=0}^{J} W_j x_{t-j} + b)
""",
    "lags from one": r"""
x_t \in \mathbb{R}^d
h_t = \tanh(\sum_{j=1}^{J} W_j x_{t-j} + U x_t)
""",
    "lags with a recurrence": r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + \sum_{j=0}^{J} U_j x_{t-j})
o_t = V h_t
""",
    "vectors by lag": r"""
x_t \in \mathbb{R}^n
a_j \in \mathbb{R}^n
h_t = \tanh(\sum_{j=0}^{J} a_j \odot x_{t-j})
""",
    "scalars by lag": r"""
x_t \in \mathbb{R}^n
a_j \in \mathbb{R}
h_t = \tanh(\sum_{j=0}^{J} a_j x_{t-j})
""",
    "three lags": r"""
x_t \in \mathbb{R}^d
h_t = \tanh(\sum_{j=0}^{3} W_j x_{t-j} + b)
""",
    "one step before": r"""
x_t \in \mathbb{R}^d
h_t = \tanh(W x_t + U x_{t-1})
""",
}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "two decoders": {"outputs": {"h": ("T", "B", "n"), "s": ("S", "B", "n"), "r": ("M", "B", "p")}},
    "lags": {"params": {"b": ("n",), "W": ("J + 1", "n", "d")}, "states": {"x": ("J", "B", "d")}},
    "lags from one": {"params": {"U": ("n", "d"), "W": ("J", "n", "d")}},
    "scalars by lag": {"params": {"a": ("J + 1",)}},
    "three lags": {"params": {"b": ("n",), "W": (4, "n", "d")}, "states": {"x": (3, "B", "d")}},
    "one step before": {"inputs": {"x": ("T", "B", "d")}, "states": {"x": ("B", "d")}},
}


@pytest.mark.parametrize("name", MODELS)
def test_values_and_gradients(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a complex step, the boundary values of inputs included."""
    monkeypatch.setitem(codegen_oracle.SIZES, "M", 11)
    model = Model.parse(MODELS[name])
    module = module_of(model)
    for group, shapes in SHAPES.get(name, {}).items():
        assert module.SHAPES[group] == shapes
    assert module_error(model, module) <= TOLERANCE


@pytest.mark.parametrize("lags", [1, 2, 5])
def test_fewer_lags_than_steps(lags: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codegen_oracle.SIZES, "J", lags)
    model = Model.parse(MODELS["lags"])
    assert module_error(model, module_of(model)) <= TOLERANCE


def test_no_lag_is_a_layer() -> None:
    """J = 0: W_0 x_t + b; there is no boundary value."""
    module = module_of(Model.parse(MODELS["lags"]))
    rng = np.random.default_rng(0)
    W, b, x = rng.normal(size=(1, 4, 3)), rng.normal(size=4), rng.normal(size=(6, 5, 3))
    outputs, cache = module.forward({"W": W, "b": b}, x)
    np.testing.assert_allclose(outputs["h"], np.tanh(x @ W[0].T + b), atol=1e-14)
    assert module.backward(cache, {"h": outputs["h"]}).states["x"].shape == (0, 5, 3)
    with pytest.raises(ValueError, match=r"params\['W'\]: expected shape"):
        module.forward({"W": W[:0], "b": b}, x)


def test_boundary_inputs_are_zero_where_left_out() -> None:
    module = module_of(Model.parse(MODELS["lags"]))
    data = random_data(module)
    zeros = {"x": np.zeros_like(data.states["x"])}
    left_out, _ = module.forward(data.params, data.inputs)
    given, _ = module.forward(data.params, data.inputs, zeros)
    np.testing.assert_array_equal(left_out["h"], given["h"])
    other, _ = module.forward(data.params, data.inputs, data.states)
    assert np.abs(other["h"] - given["h"]).max() > 0.1


def test_boundary_inputs_are_in_order_of_time() -> None:
    """A sequence cut in two: what came before are the boundary values of the rest."""
    module = module_of(Model.parse(MODELS["lags"]))
    data = random_data(module)
    x = np.concatenate((data.states["x"], data.inputs["x"]))
    J = len(data.states["x"])
    whole, _ = module.forward(data.params, x)
    rest, _ = module.forward(data.params, x[J:], {"x": x[:J]})
    np.testing.assert_allclose(rest["h"], whole["h"][J:], atol=1e-14)


def test_lengths_that_no_input_shows() -> None:
    """One is a number, several are a dict."""
    one = module_of(Model.parse(LENGTHS))
    data = random_data(one)
    assert one.forward(data.params, data.inputs, steps=4)[0]["s"].shape[0] == 4
    with pytest.raises(ValueError, match="steps: expected a positive integer, got 0"):
        one.forward(data.params, data.inputs, steps=0)
    several = module_of(Model.parse(MODELS["two decoders"]))
    codegen_oracle.SIZES.setdefault("M", 11)
    data = random_data(several)
    outputs, _ = several.forward(data.params, data.inputs, steps={"S": 2, "M": 3})
    assert (len(outputs["s"]), len(outputs["r"])) == (2, 3)
    with pytest.raises(ValueError, match="steps: expected a dict with M, S, but 'S' is missing"):
        several.forward(data.params, data.inputs, steps={"M": 3})
    with pytest.raises(ValueError, match=r"steps\['M'\]: expected a positive integer, got 1.5"):
        several.forward(data.params, data.inputs, steps={"M": 1.5, "S": 2})


@pytest.mark.parametrize("option", ["mask", "truncate"])
def test_options_of_one_length_are_refused(option: str) -> None:
    module = module_of(Model.parse(LENGTHS))
    data = random_data(module)
    message = f"{option}: expected None, since the model has sequences of several lengths"
    with pytest.raises(ValueError, match=message):
        if option == "mask":
            module.forward(**data.forward, mask=np.ones((6, 5)))
        else:
            _, cache = module.forward(**data.forward)
            module.backward(cache, data.grads, truncate=1)
