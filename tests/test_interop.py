"""Weights to and from PyTorch and Keras, and the gradients of PyTorch's own cells."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symbptt.codegen import load_module
from symbptt.interop import from_keras, from_torch, to_keras, to_torch
from symbptt.models.model import Model
from symbptt.module import numpy_source

N, D, T, B = 4, 3, 6, 5
MODELS = {"rnn": "rnn-tanh", "lstm": "lstm", "gru": "gru", "gru-reset-after": "gru-reset-after"}
TORCH = {"rnn": "RNN", "lstm": "LSTM", "gru-reset-after": "GRU"}
TOLERANCE = 1e-10


@cache
def module(layout: str) -> ModuleType:
    return load_module(numpy_source(Model.named(MODELS[layout])))


def draw(shapes: dict[str, tuple[Any, ...]], seed: int = 0) -> dict[str, np.ndarray]:
    rng, sizes = np.random.default_rng(seed), {"n": N, "d": D, "T": T, "B": B}
    return {k: 0.7 * rng.standard_normal([sizes[s] for s in v]) for k, v in shapes.items()}


def params_of(layout: str) -> dict[str, np.ndarray]:
    return draw(module(layout).SHAPES["params"])


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])


@pytest.mark.parametrize("layout", TORCH)
def test_torch_round_trip(layout: str) -> None:
    params = params_of(layout)
    weights = to_torch(params, layout, suffix="_l1_reverse")
    assert next(iter(weights)) == "weight_ih_l1_reverse"
    more = {"weight_ih_l0": np.zeros((1, 1))}  # another layer of the same network
    same(from_torch({**weights, **more}, layout, suffix="_l1_reverse"), params)


@pytest.mark.parametrize("layout", MODELS)
def test_keras_round_trip(layout: str) -> None:
    params = params_of(layout)
    weights = to_keras(params, layout)
    same(from_keras(weights, layout), params)
    same(from_keras(list(weights.values()), layout), params)


def test_float32_and_arguments_are_kept() -> None:
    params = {k: v.astype(np.float32) for k, v in params_of("gru-reset-after").items()}
    before = {k: v.copy() for k, v in params.items()}
    for to, back in ((to_torch, from_torch), (to_keras, from_keras)):
        weights = to(params, "gru-reset-after")
        again = back(weights, "gru-reset-after")
        assert {a.dtype for a in (*weights.values(), *again.values())} == {np.dtype(np.float32)}
        for array in (*weights.values(), *again.values()):
            array += 1
    same(params, before)


def test_biases_are_added() -> None:
    weights = to_torch(params_of("lstm"), "lstm")
    weights["bias_hh_l0"] = np.arange(4.0 * N)
    b = from_torch(weights, "lstm")["b_f"]
    np.testing.assert_array_equal(b, weights["bias_ih_l0"][N : 2 * N] + np.arange(N, 2 * N))


# ---------------------------------------------------------------- Keras' own equations, written out


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def keras_step(layout: str, weights: dict[str, np.ndarray], x: Any, h: Any, c: Any) -> tuple:
    """One step, samples as rows, as the Keras documentation states it."""
    K, R, b = weights.values()
    if layout == "rnn":
        return np.tanh(x @ K + h @ R + b), c
    if layout == "lstm":
        i, f, new, o = np.split(x @ K + h @ R + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
        return sigmoid(o) * np.tanh(c), c
    inner, outer = b if layout == "gru-reset-after" else (b, 0 * b)
    xz, xr, xh = np.split(x @ K + inner, 3, axis=1)
    hz, hr, hh = np.split(h @ R + outer, 3, axis=1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    product = r * hh if layout == "gru-reset-after" else (r * h) @ R[:, 2 * N :]
    return z * h + (1 - z) * np.tanh(xh + product), c


@pytest.mark.parametrize("layout", MODELS)
def test_keras_equations(layout: str) -> None:
    shapes = module(layout).SHAPES
    params, inputs, states = params_of(layout), draw(shapes["inputs"], 1), draw(shapes["states"], 2)
    weights = to_keras(params, layout)
    outputs, _ = module(layout).forward(params, inputs, states)
    h, c = states["h"], states.get("C", 0)
    for t in range(T):
        h, c = keras_step(layout, weights, inputs["x"][t], h, c)
        np.testing.assert_allclose(outputs["h"][t], h, rtol=1e-12, atol=1e-13)


# ---------------------------------------------------------------- PyTorch


@pytest.mark.parametrize("layout", TORCH)
def test_gradients_of_torch(layout: str) -> None:
    """Outputs and all gradients, initial states included, for losses on h_t and the last C_T."""
    torch = pytest.importorskip("torch")
    ours, shapes = module(layout), module(layout).SHAPES
    params, inputs, states = params_of(layout), draw(shapes["inputs"], 1), draw(shapes["states"], 2)
    grads = {"h": draw({"h": shapes["outputs"]["h"]}, 3)["h"]}
    last = np.random.default_rng(4).standard_normal((B, N))
    if layout == "lstm":
        grads["C"] = np.zeros((T, B, N))
        grads["C"][-1] = last

    net = getattr(torch.nn, TORCH[layout])(D, N, dtype=torch.float64)
    net.load_state_dict({k: torch.tensor(v) for k, v in to_torch(params, layout).items()})
    x = torch.tensor(inputs["x"], requires_grad=True)
    start = {k: torch.tensor(v[None], requires_grad=True) for k, v in states.items()}
    out, end = net(x, (start["h"], start["C"]) if layout == "lstm" else start["h"])
    loss = (out * torch.tensor(grads["h"])).sum()
    if layout == "lstm":
        loss = loss + (end[1][0] * torch.tensor(last)).sum()
    loss.backward()

    outputs, cache_ = ours.forward(params, inputs, states)
    found = ours.backward(cache_, grads)
    close(outputs["h"], out)
    close(found.inputs["x"], x.grad)
    assert found.states.keys() == start.keys()
    for name, tensor in start.items():
        close(found.states[name], tensor.grad[0])
    gradients = to_torch(found.params, layout)
    if layout != "gru-reset-after":
        gradients["bias_hh_l0"] = gradients["bias_ih_l0"]  # both biases stand in the same sum
    else:
        gradients["bias_hh_l0"][: 2 * N] = gradients["bias_ih_l0"][: 2 * N]
    for name, parameter in net.named_parameters():
        close(gradients[name], parameter.grad)
    same(from_torch(net.state_dict(), layout), params)


def close(found: np.ndarray, tensor: Any) -> None:
    wanted = tensor.detach().numpy()
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= TOLERANCE * np.abs(wanted).max()


# ---------------------------------------------------------------- refused


def without(arrays: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {k: v for k, v in arrays.items() if k != name}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: to_torch(without(p, "b_f")), "missing: b_f"),
        (lambda p: to_keras(without(p, "W_c")), "missing: W_c"),
        (lambda p: to_torch({**p, "V": p["W_f"]}), "not part of the layout: V"),
        (lambda p: to_torch({**p, "W_o": p["U_o"]}), r"W_o: expected shape \(4, 4\), got \(4, 3\)"),
        (lambda p: to_torch({**p, "U_i": p["b_i"]}), r"U_i: expected shape \(n, d\), got \(4,\)"),
        (lambda p: to_torch(p, "gru"), "its GRU is gru-reset-after; got 'gru'"),
        (lambda p: to_keras(p, "elman"), "Keras has rnn, lstm, gru, gru-reset-after; got 'elman'"),
        (lambda p: from_torch(without(to_torch(p), "bias_hh_l0")), "missing: bias_hh_l0"),
        (lambda p: from_torch({**to_torch(p), "weight_hr_l0": p["W_f"]}), "not part.*weight_hr_l0"),
        (lambda p: from_torch({**to_torch(p), "bias_ih_l0": p["b_f"]}), r"bias_ih_l0: expected"),
        (lambda p: from_torch(to_torch(p), "gru-reset-after"), "expected 3 gates in one matrix"),
        (lambda p: from_keras(list(to_keras(p).values())[:2]), "missing: bias"),
        (lambda p: from_keras({**to_keras(p), "kernel": p["W_f"].T}), "recurrent_kernel: expected"),
        (lambda p: from_keras([*to_keras(p).values()], "gru-reset-after"), r"bias: expected shape"),
    ],
)  # fmt: skip
def test_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(params_of("lstm"))
