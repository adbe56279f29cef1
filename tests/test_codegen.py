"""Generated NumPy modules against a complex step through the model's own equations."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from codegen_models import FakeModel, plain_rnn
from codegen_modules import BY_HAND, TOLERANCE, built, module_of, run
from codegen_oracle import Judge, error, random_data, worst
from codegen_zoo import LOSSES, ZOO

from symbptt.codegen import generate_source, load_module


def largest_error(model: FakeModel, module: ModuleType, seed: int = 0) -> float:
    """Outputs and gradients of two calls in a row against the judge."""
    data = random_data(module, seed)
    judge = Judge(model, data)
    outputs, gradients = run(module, data)
    again, gradients_again = run(module, data)
    for group, group_again in zip((outputs, *gradients), (again, *gradients_again), strict=True):
        for name in group:
            np.testing.assert_array_equal(group[name], group_again[name])
    assert set(outputs) == set(judge.names.values())
    errors = [error(outputs[key], judge.output(name)) for name, key in judge.names.items()]
    return max(worst(gradients, judge.gradients()), *errors)


@pytest.mark.parametrize("name", [*BY_HAND, *ZOO])
def test_gradients_by_complex_step(name: str) -> None:
    model, module = module_of(name)
    assert largest_error(model, module) <= TOLERANCE


@pytest.mark.parametrize("name", LOSSES)
def test_own_loss_by_complex_step(name: str) -> None:
    model, module = module_of(name)
    assert largest_error(model, module) <= TOLERANCE
    data = random_data(module, 1)
    judge = Judge(model, data, own_loss=True)
    for _ in range(2):
        loss, gradients = module.loss_and_grads(data.params, data.inputs, data.targets, data.states)
        assert abs(loss - judge.value()) <= TOLERANCE * abs(loss)
        assert worst(gradients, judge.gradients()) <= TOLERANCE


# ---------------------------------------------------------------- the check sees broken code

MUTATIONS = {
    "rnn_tanh": [
        ("h[t - 1] @ W.T", "h[t] @ W.T"),
        ("h[t - 1] @ W.T", "h[t - 1] @ W"),
        ("x[t] @ U.T", "x[t - 1] @ U.T"),
        ("U.T + b", "U.T"),
        ("np.tanh(a[t])\n", "np.tanh(a[t - 1])\n"),
        ("h[0] = h_start", "h[0] = 0"),
        ('_padded(inputs["x"], 1)', '_padded(inputs["x"], 0, 1)'),
        ('{"h": h[1:T + 1]}', '{"h": h[:T]}'),
        ('_padded(grads["h"], 1)', '_padded(grads["h"], 0, 1)'),
        ("delta[t] = g_h[t]", "delta[t] = g_h[t - 1]"),
        ("delta[t] = g_h[t]", "delta[t] += g_h[t - 1]"),
        ("delta[t] += delta_a[t + 1] @ W", "delta[t] = delta_a[t + 1] @ W"),
        ("delta_a[t + 1] @ W", "delta_a[t + 1] @ W.T"),
        ("delta_a[t + 1] @ W", "delta_a[t] @ W"),
        ("delta_a[t + 1] @ W", "delta[t + 1] @ W"),
        ("            if t < T:\n", "            if True:\n"),
        ("            if t < T:\n", "            if t < T - 1:\n"),
        ("            if t < T:\n", "            if False:\n"),
        ("1 - np.tanh(a[t]) ** 2", "1 - np.tanh(a[t])"),
        ("1 - np.tanh(a[t]) ** 2", "1 - a[t] ** 2"),
        ("1 - np.tanh(a[t]) ** 2", "1 - h[t - 1] ** 2"),
        ("range(T, 0, -1)", "range(T, 1, -1)"),
        ("range(T, 0, -1)", "range(T - 1, 0, -1)"),
        ("range(T, 0, -1)", "range(1, T + 1)"),
        ("d_W += delta_a[t].T @ h[t - 1]", "d_W = delta_a[t].T @ h[t - 1]"),
        ("delta_a[t].T @ h[t - 1]", "delta_a[t].T @ h[t]"),
        ("delta_a[t].T @ h[t - 1]", "h[t - 1].T @ delta_a[t]"),
        ("delta_a[t].T @ h[t - 1]", "delta[t].T @ h[t - 1]"),
        ("d_U += ", "d_U = "),
        ("d_U += delta_a[t].T @ x[t]", "pass"),
        ("d_b += ", "d_b -= "),
        ("np.sum(delta_a[t], axis=0)", "delta_a[t][0]"),
        ("np.sum(delta_a[t], axis=0)", "np.mean(delta_a[t], axis=0)"),
        ("d_x[t] = delta_a[t] @ U", "d_x[t] = delta[t] @ U"),
        ("d_x[1:T + 1]", "d_x[:T]"),
        ("d_h_start += delta_a[1] @ W", "d_h_start += delta_a[1] @ W.T"),
        ("d_h_start += delta_a[1] @ W", "d_h_start += delta[1]"),
        ("order in _passes(truncate, T - 1)", "order in (-1,)"),
    ],
    "gated": [
        ("f[t] * c[t - 1]", "f[t] * c[t]"),
        ("lambda_c[t + 1] * f[t + 1]", "lambda_c[t + 1] * f[t]"),
        ("c[t - 1] - np.tanh(a_c[t])", "c[t] - np.tanh(a_c[t])"),
        ("lambda_c[t] += lambda_c[t + 1]", "lambda_c[t] = lambda_c[t + 1]"),
        ("* (1 - f[t])", "* f[t]"),
        ("lambda_c[1] * f[1]", "lambda_c[1]"),
        ("lambda_a_f[t] @ U_f + lambda_a_c[t] @ V_tilde", "lambda_a_f[t] @ U_f"),
    ],
    "many_to_one": [
        ("delta_o[T] = g_o[T]", "delta_o[T - 1] = g_o[T]"),
        ("if T <= t:", "if t < T:"),
    ],
}


def test_unbroken_modules_pass() -> None:
    for name in MUTATIONS:
        model, module = module_of(name, ())
        assert largest_error(model, module) <= TOLERANCE


@pytest.mark.parametrize(
    ("name", "old", "new"), [(name, *pair) for name, pairs in MUTATIONS.items() for pair in pairs]
)
def test_broken_code_is_seen(name: str, old: str, new: str) -> None:
    """Every mutation changes a result or crashes; its place must exist."""
    model, source = built(name, ())
    assert old in source, f"{old!r} is not in the module"
    module = load_module(source.replace(old, new))
    try:
        found = largest_error(model, module)
    except (IndexError, ValueError, AssertionError):
        return
    assert not found <= 1e-6


# ---------------------------------------------------------------- PyTorch


@pytest.mark.parametrize("function", ["tanh", "relu"])
def test_against_torch(function: str) -> None:
    torch = pytest.importorskip("torch")
    module = load_module(generate_source(*plain_rnn(function), "0.1.0").source)
    data = random_data(module, 2)
    n, d = data.params["U"].shape
    rnn = torch.nn.RNN(d, n, nonlinearity=function, dtype=torch.float64)
    values = {
        "weight_hh_l0": data.params["W"], "weight_ih_l0": data.params["U"],
        "bias_hh_l0": data.params["b"], "bias_ih_l0": np.zeros(n),
    }  # fmt: skip
    rnn.load_state_dict({k: torch.tensor(v) for k, v in values.items()})
    x, h0 = (torch.tensor(v, requires_grad=True) for v in (data.inputs["x"], data.states["h"]))
    out, _ = rnn(x, h0[None])
    (out * torch.tensor(data.grads["h"])).sum().backward()
    outputs, gradients = run(module, data)
    assert error(outputs["h"], out.detach().numpy()) <= 1e-10
    wanted = {"W": rnn.weight_hh_l0, "U": rnn.weight_ih_l0, "b": rnn.bias_hh_l0}
    for name, tensor in wanted.items():
        assert error(gradients.params[name], tensor.grad.numpy()) <= 1e-10
    assert error(gradients.inputs["x"], x.grad.numpy()) <= 1e-10
    assert error(gradients.states["h"], h0.grad.numpy()) <= 1e-10
