"""Generated gradients against a complex step through the model's own equations, and nn.RNN."""

from __future__ import annotations

import importlib.util

import numpy as np
from rich.table import Table

from symbptt import Model
from symbptt.codegen import load_module
from symbptt.core.evaluation import evaluate
from symbptt.core.terms import Elem, Gradient, Param, SumOver, index_symbol
from symbptt.core.theory import Definition, Given, Theory
from symbptt.core.world import World

from .figures import build

SIZES = {"n": 5, "d": 3}
LENGTH, BATCH = 7, 4


def table() -> tuple[Table, bool]:
    """Largest relative error over all gradients, two calls in a row."""
    rows = [(f"{name}: complex step, float64", complex_step(name), 1e-12) for name in ("rnn-tanh",)]
    if importlib.util.find_spec("torch") is not None:
        rows += [
            (f"{name}: PyTorch nn.RNN", against_torch(name), 1e-10) for name in ("tanh", "relu")
        ]
    return build(f"Accuracy (T = {LENGTH}, B = {BATCH}, n = 5, d = 3, h_0 ≠ 0)", "error", rows)


def relative(a: np.ndarray, b: np.ndarray) -> float:
    """max |a - b| / max |b|."""
    return float(np.max(np.abs(a - b)) / np.max(np.abs(b)))


def complex_step(name: str) -> float:
    """The judge evaluates the model's equations in the complex plane; it has no derivative rule."""
    model = Model.named(name)
    module = load_module(model.numpy())
    rng = np.random.default_rng(1)
    params = module.init_params(SIZES, rng)
    x = rng.normal(size=(LENGTH, BATCH, SIZES["d"]))
    h0 = rng.normal(size=(BATCH, SIZES["n"]))
    weights = rng.normal(size=(LENGTH, BATCH, SIZES["n"]))
    worst = 0.0
    for _ in range(2):
        _, cache = module.forward(params, {"x": x}, {"h": h0})
        got = module.backward(cache, {"h": weights})
        expected = {p: np.zeros_like(v) for p, v in params.items()}
        for sample in range(BATCH):
            for p, g in _one_sample(
                model, params, x[:, sample], h0[sample], weights[:, sample]
            ).items():
                expected[p] += g.reshape(expected[p].shape)
        worst = max(worst, *(relative(got.params[p], expected[p]) for p in expected))
    return worst


def _one_sample(
    model: Model, params: dict[str, np.ndarray], x: np.ndarray, h0: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """d/dp of sum_t weights_t . h_t for one sample, by complex step."""
    theory = model.theory
    t, T, n = index_symbol("t"), model.length, index_symbol("n")
    g = Elem("g", t, n)
    total = Param("G", 1, 1)
    body = SumOver(g.T @ Elem("h", t, n), t, 1, T)
    kept = tuple(d for d in theory.definitions if d.key not in ("L[]", "L"))
    given = Given(g, (t - 1, T - t))
    open_theory = Theory(
        theory.params, (*theory.givens, given), (*kept, Definition(total, body)), theory.facts
    )
    values = {(p.name,): np.asarray(params[p.name]).reshape(_shape(p)) for p in theory.params}
    values |= {("x", i + 1): x[i][:, None] for i in range(LENGTH)}
    values |= {("g", i + 1): weights[i][:, None] for i in range(LENGTH)}
    values[("h", 0)] = h0[:, None]
    sizes = {index_symbol(k): v for k, v in SIZES.items()} | {T: LENGTH}
    world = World.random(open_theory, sizes, values=values)
    return {p.name: evaluate(Gradient(total, p), world) for p in theory.params}


def _shape(p: Param) -> tuple[int, ...]:
    return tuple(SIZES[str(s)] if str(s) in SIZES else int(s) for s in p.shape)


def against_torch(nonlinearity: str) -> float:
    """The same network as torch.nn.RNN, in float64."""
    import torch

    text = Model.named("rnn-tanh").text.replace(r"\tanh", rf"\mathrm{{{nonlinearity}}}")
    model = Model.parse(text)
    module = load_module(model.numpy())
    rng = np.random.default_rng(2)
    params = module.init_params(SIZES, rng)
    x = rng.normal(size=(LENGTH, BATCH, SIZES["d"]))
    h0 = rng.normal(size=(BATCH, SIZES["n"]))
    weights = rng.normal(size=(LENGTH, BATCH, SIZES["n"]))
    net = torch.nn.RNN(SIZES["d"], SIZES["n"], nonlinearity=nonlinearity, dtype=torch.float64)
    with torch.no_grad():
        net.weight_hh_l0.copy_(torch.from_numpy(params["W"]))
        net.weight_ih_l0.copy_(torch.from_numpy(params["U"]))
        net.bias_ih_l0.copy_(torch.from_numpy(params["b"]))
        net.bias_hh_l0.zero_()
    out, _ = net(torch.from_numpy(x), torch.from_numpy(h0[None]))
    (out * torch.from_numpy(weights)).sum().backward()
    _, cache = module.forward(params, {"x": x}, {"h": h0})
    got = module.backward(cache, {"h": weights}).params
    pairs = (("W", net.weight_hh_l0), ("U", net.weight_ih_l0), ("b", net.bias_ih_l0))
    return max(relative(got[p], w.grad.numpy()) for p, w in pairs)
