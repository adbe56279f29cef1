"""One training step, forward and all gradients, in each of the libraries that are compared."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from symbptt import Model
from symbptt.codegen import load_module
from symbptt.module import numpy_source

from . import hand
from .speed_models import GATES, text

Arrays = dict[str, np.ndarray]
Step = Callable[[], Any]
_MODULES: dict[tuple[str, str], Any] = {}


def module_of(cell: str, target: str = "numpy") -> Any:
    """The generated module."""
    if (cell, target) not in _MODULES:
        source = numpy_source(Model.parse(text(cell)), target=target)
        _MODULES[cell, target] = load_module(source)
    return _MODULES[cell, target]


def draw(cell: str, size: dict[str, int], dtype: str) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """Parameters, inputs and classes."""
    rng = np.random.default_rng(0)
    params = module_of(cell).init_params({k: size[k] for k in "dnq"}, rng, dtype)
    x = rng.standard_normal((size["T"], size["B"], size["d"])).astype(dtype)
    return params, x, rng.integers(0, size["q"], (size["T"], size["B"]))


def generated(
    cell: str, params: Arrays, x: np.ndarray, y: np.ndarray, workers: int = 1, kind: str = "numpy"
) -> Step:
    """The generated module for NumPy, or for another target."""
    module = module_of(cell, kind)

    def step() -> tuple[Any, Arrays]:
        loss, gradients = module.loss_and_grads(params, x, y, workers=workers)
        return loss, {**gradients.params, "x": gradients.inputs["x"]}

    return step


def compiled(cell: str, params: Arrays, x: np.ndarray, y: np.ndarray, workers: int = 1) -> Step:
    """The generated module with compiled recurrences."""
    return generated(cell, params, x, y, workers, "numba")


def pytorch(
    cell: str, params: Arrays, x: np.ndarray, y: np.ndarray, by_inputs: bool = True, **_: int
) -> Step:
    """nn.RNN, nn.LSTM, nn.GRU with autograd; with or without the gradient by the inputs."""
    n, d = x.shape[0], x.shape[-1]
    n = len(params["b" if cell == "RNN" else "b_" + GATES[cell][0]])
    kind = {"RNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}[cell]
    dtype = getattr(torch, str(x.dtype))
    net = kind(d, n, dtype=dtype)
    joined = lambda key: np.concatenate([params[_name(key, g)] for g in GATES[cell]])  # noqa: E731
    zero = np.zeros_like(joined("b"))
    if cell == "GRU":
        zero[2 * n :] = params["c_g"]
    weights = {"weight_hh_l0": joined("W"), "weight_ih_l0": joined("U"), "bias_ih_l0": joined("b"),
               "bias_hh_l0": zero}  # fmt: skip
    net.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
    out = torch.nn.Linear(n, len(params["c"]), dtype=dtype)
    out.load_state_dict({"weight": torch.tensor(params["V"]), "bias": torch.tensor(params["c"])})
    inputs = torch.tensor(x, requires_grad=by_inputs)
    classes = torch.tensor(y.reshape(-1))
    every = [*net.parameters(), *out.parameters(), inputs]

    def step() -> tuple[Any, Arrays]:
        for tensor in every:
            tensor.grad = None
        h, _ = net(inputs)
        logits = out(h).reshape(-1, out.out_features)
        loss = torch.nn.functional.cross_entropy(logits, classes, reduction="sum")
        loss.backward()
        return loss, {"W": net.weight_hh_l0.grad, "U": net.weight_ih_l0.grad,
                      "V": out.weight.grad, "x": inputs.grad}  # fmt: skip

    return step


def with_jax(cell: str, params: Arrays, x: np.ndarray, y: np.ndarray, **_: int) -> Step:
    """jit of value_and_grad of a scan; the gates in one product, the input's in front of it."""
    n = len(params["b" if cell == "RNN" else "b_" + GATES[cell][0]])
    joined = lambda key: jnp.asarray(  # noqa: E731
        np.concatenate([params[_name(key, g)] for g in GATES[cell]])
    )
    tree = {"W": joined("W"), "U": joined("U"), "b": joined("b"), "V": jnp.asarray(params["V"]),
            "c": jnp.asarray(params["c"]), "x": jnp.asarray(x)}  # fmt: skip
    if cell == "GRU":
        tree["c_g"] = jnp.asarray(params["c_g"])
    classes = jnp.asarray(y)

    def loss(tree: Any) -> Any:
        before = tree["x"] @ tree["U"].T + tree["b"]
        zero = jnp.zeros((x.shape[1], n), x.dtype)

        def rnn(h: Any, a: Any) -> Any:
            h = jnp.tanh(a + h @ tree["W"].T)
            return h, h

        def lstm(state: Any, a: Any) -> Any:
            h, c = state
            i, f, g, k = jnp.split(a + h @ tree["W"].T, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(k) * jnp.tanh(c)
            return (h, c), h

        def gru(h: Any, a: Any) -> Any:
            u = jnp.split(h @ tree["W"].T, 3, axis=-1)
            r, z = jax.nn.sigmoid(a[:, :n] + u[0]), jax.nn.sigmoid(a[:, n : 2 * n] + u[1])
            g = jnp.tanh(a[:, 2 * n :] + r * (u[2] + tree["c_g"]))
            h = (1 - z) * g + z * h
            return h, h

        cells = {"RNN": (rnn, zero), "LSTM": (lstm, (zero, zero)), "GRU": (gru, zero)}
        scan, start = cells[cell]
        _, h = jax.lax.scan(scan, start, before)
        log = jax.nn.log_softmax(h @ tree["V"].T + tree["c"])
        return -jnp.take_along_axis(log, classes[..., None], axis=-1).sum()

    run = jax.jit(jax.value_and_grad(loss))

    def step() -> tuple[Any, Arrays]:
        value, gradients = run(tree)
        jax.block_until_ready(gradients)
        return value, gradients

    return step


def _name(key: str, gate: str) -> str:
    return f"{key}_{gate}" if gate else key


def gradients_of(cell: str, found: Arrays) -> Arrays:
    """The gradients under common names, the gates in one matrix."""
    if "W" in found and len(GATES[cell]) == len(found["W"]) / found["V"].shape[1]:
        return {k: np.asarray(found[k]) for k in ("W", "U", "V", "x")}
    join = {k: np.concatenate([found[_name(k, g)] for g in GATES[cell]]) for k in ("W", "U")}
    return {**join, "V": found["V"], "x": found["x"]}


def by_hand(cell: str, params: Arrays, x: np.ndarray, y: np.ndarray, **_: int) -> Step:
    """The program by hand, in one thread."""
    return hand.CELLS[cell](params, x, y)


PEERS = {
    "numpy": generated, "numba": compiled, "by hand": by_hand, "PyTorch": pytorch, "JAX": with_jax,
}  # fmt: skip
if importlib.util.find_spec("numba") is None:
    del PEERS["numba"]


def peers(cell: str) -> dict[str, Callable[..., Step]]:
    """Those that have this cell."""
    return {k: make for k, make in PEERS.items() if k != "by hand" or cell in hand.CELLS}
