"""What goes into a generated module and comes out: types, errors, sizes, and its text."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from codegen_modules import BY_HAND, built, module_of, run
from codegen_oracle import Data, random_data, worst
from codegen_zoo import LOSSES, ZOO

from symbptt import Model
from symbptt.module import numpy_source


@pytest.mark.parametrize("name", ["rnn", "gated", "many_to_one", "pooled", "layer"])
def test_float32_stays(name: str) -> None:
    _, module = module_of(name)
    data = random_data(module, dtype=np.float32)
    exact = random_data(module)
    outputs, gradients = run(module, data)
    for group in (outputs, *gradients):
        assert {v.dtype for v in group.values()} <= {np.dtype(np.float32)}
    assert worst(gradients, run(module, exact)[1]) < 1e-4


def test_float32_loss() -> None:
    _, module = module_of("mean_square")
    data = random_data(module, dtype=np.float32)
    loss, gradients = module.loss_and_grads(
        data.params, data.inputs, data.targets, data.states, clip=0.5
    )
    assert loss.dtype == np.float32
    assert {v.dtype for group in gradients for v in group.values()} == {np.dtype(np.float32)}


def copied(data: Data) -> list[dict[str, np.ndarray]]:
    groups = (data.params, data.inputs, data.states, data.grads, data.targets)
    return [{k: v.copy() for k, v in group.items()} for group in groups]


@pytest.mark.parametrize("name", ["rnn", "gated", "bidirectional", "layer", "pooled"])
def test_nothing_that_is_passed_in_changes(name: str) -> None:
    _, module = module_of(name)
    data = random_data(module)
    before = copied(data)
    outputs, cache = module.forward(**data.forward)
    first = module.backward(cache, data.grads)
    for old, new in zip(before, copied(data), strict=True):
        for k, v in old.items():
            np.testing.assert_array_equal(v, new[k])
    for array in (*outputs.values(), *data.inputs.values(), *data.states.values()):
        array += 1  # the cache must not share memory with what the caller has in hand
    assert worst(module.backward(cache, data.grads), first) == 0


def test_missing_and_bare_arguments() -> None:
    _, module = module_of("gated")
    data = random_data(module)
    zeros = {**data.forward, "states": {k: np.zeros_like(v) for k, v in data.states.items()}}
    wanted, _ = module.forward(**zeros)
    bare, cache = module.forward(data.params, data.inputs["x"])
    half, _ = module.forward(data.params, data.inputs, {"c": zeros["states"]["c"]})
    for k, v in wanted.items():
        np.testing.assert_array_equal(v, bare[k])
        np.testing.assert_array_equal(v, half[k])
    only_h = {**{k: np.zeros_like(v) for k, v in data.grads.items()}, "h": data.grads["h"]}
    some, all_ = (module.backward(cache, g) for g in ({"h": data.grads["h"]}, only_h))
    assert worst(some, all_) == 0
    assert not any(v.any() for v in module.backward(cache, {}).params.values())


def broken(data: Data, change: str) -> Data:
    """The data with one thing wrong."""
    W, x, h = data.params["W"], data.inputs["x"], data.states["h"]
    hole = x.copy()
    hole[3, 2, 1] = np.nan
    changes: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "missing": (data.params, {"b": None}),
        "unknown": (data.params, {"V": W}),
        "shape": (data.params, {"W": W[:-1]}),
        "axes": (data.inputs, {"x": x[0]}),
        "batch": (data.states, {"h": h[:-1]}),
        "dtype": (data.inputs, {"x": x.astype(np.float32)}),
        "integers": (data.params, {"W": np.ones((4, 4), int)}),
        "nan": (data.inputs, {"x": hole}),
        "empty": (data.inputs, {"x": x[:0]}),
        "ragged": (data.params, {"b": [[1.0], [1.0, 2.0]]}),
        "grad": (data.grads, {"h": data.grads["h"][1:]}),
        "grad name": (data.grads, {"a": data.grads["h"]}),
    }
    group, new = changes[change]
    group.update({k: v for k, v in new.items() if v is not None})
    for k in (k for k, v in new.items() if v is None):
        del group[k]
    return data


ERRORS = {
    "missing": "params: expected a dict with W, U, b, but 'b' is missing",
    "unknown": "params: expected a dict with W, U, b, got the name 'V'",
    "shape": "params['W']: expected shape (n, n) with n = 3, got (3, 4)",
    "axes": "inputs['x']: expected shape (T, B, d) with T = 5, B = 3, d = 3, got (5, 3)",
    "batch": "states['h']: expected shape (B, n) with B = 5, n = 4, got (4, 4)",
    "dtype": "inputs['x']: expected dtype float64, got float32",
    "integers": "params['W']: expected dtype float32 or float64, got int64",
    "nan": "inputs['x']: expected numbers, got NaN at (3, 2, 1)",
    "empty": "inputs: expected T >= 1 steps, got 0",
    "ragged": "params['b']: expected an array, got list",
    "grad": "grad_outputs['h']: expected shape (T, B, n) with T = 6, B = 5, n = 4, got (5, 5, 4)",
    "grad name": "grad_outputs: expected a dict with h, got the name 'a'",
}


@pytest.mark.parametrize("change", ERRORS)
def test_wrong_arguments_are_named(change: str) -> None:
    _, module = module_of("rnn_tanh")
    data = broken(random_data(module), change)
    with pytest.raises(ValueError) as caught:
        run(module, data)
    assert str(caught.value) == ERRORS[change]


@pytest.mark.parametrize("change", ERRORS)
def test_wrong_arguments_are_named_after_right_ones(change: str) -> None:
    """What was accepted once is checked again, and accepted again after an error."""
    _, module = module_of("rnn_tanh")
    _, wanted = run(module, random_data(module))
    for _ in range(2):
        with pytest.raises(ValueError) as caught:
            run(module, broken(random_data(module), change))
        assert str(caught.value) == ERRORS[change]
        assert worst(run(module, random_data(module))[1], wanted) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_entry_is_a_number(dtype: str) -> None:
    """One NaN anywhere is found, after calls without; what is infinite is a number."""
    _, module = module_of("cross_entropy")
    data = random_data(module, dtype=dtype)
    arguments = (data.params, data.inputs, data.targets, data.states)
    groups = dict(zip(("params", "inputs", "targets", "states"), arguments, strict=True))
    module.loss_and_grads(*arguments)
    rng = np.random.default_rng(0)
    for argument, group in groups.items():
        for name, array in group.items():
            where = tuple(int(rng.integers(0, length)) for length in array.shape)
            old, array[where] = array[where], np.nan
            message = f"{argument}['{name}']: expected numbers, got NaN at {where}"
            with pytest.raises(ValueError) as caught:
                module.loss_and_grads(*arguments)
            assert str(caught.value) == message
            array[where] = old
            module.loss_and_grads(*arguments)
    for value in (np.inf, -np.inf, np.finfo(dtype).max):
        data.inputs["x"][3, 2, 1] = data.inputs["x"][3, 2, 0] = value
        with np.errstate(all="ignore"):
            module.loss_and_grads(*arguments)


def test_the_order_of_names_and_other_sizes_do_not_matter() -> None:
    _, module = module_of("cross_entropy")
    for samples in (5, 3, 5):
        data = random_data(module)
        arguments = [data.params, data.inputs, data.targets, data.states]
        for i, argument in enumerate(("inputs", "targets", "states"), 1):
            for name, array in arguments[i].items():
                at = module.SHAPES[argument][name].index("B")
                arguments[i][name] = np.take(array, range(samples), axis=at)
        loss, wanted = module.loss_and_grads(*arguments)
        turned = [dict(reversed(group.items())) for group in arguments]
        again, found = module.loss_and_grads(*turned)
        assert again == loss and worst(found, wanted) == 0


Call = Callable[[Any, Data], Any]
RNG, SIZES = np.random.default_rng(0), {"n": 2, "d": 3}
WRONG: dict[str, Call] = {
    "params: expected a dict with W, U, b, got list": lambda m, v: m.forward(
        [], v.inputs, functions=v.functions
    ),
    "functions: expected a dict with sigma, got NoneType": lambda m, v: m.forward(
        v.params, v.inputs, functions=None
    ),
    "functions['sigma']: expected a tuple (f, f'), got 1": lambda m, v: m.forward(
        v.params, v.inputs, functions={"sigma": 1}
    ),
    "functions['sigma']: expected callables (f, f'), got (1, 2)": lambda m, v: m.forward(
        v.params, v.inputs, functions={"sigma": (1, 2)}
    ),
    "mask: expected shape (T, B) = (6, 5), got (5, 6)": lambda m, v: m.forward(
        **v.forward, mask=np.ones((5, 6))
    ),
    "mask: expected 0 and 1, got other values": lambda m, v: m.forward(
        **v.forward, mask=np.full((6, 5), 0.5)
    ),
    "cache: expected what forward returned, got tuple": lambda m, v: m.backward((), v.grads),
    "rng: expected a numpy.random.Generator, got int": lambda m, v: m.init_params(SIZES, 0),
    "sizes: expected a dict with n, d, got the name 'q'": lambda m, v: m.init_params({"q": 2}, RNG),
    "sizes: expected d, but no argument tells": lambda m, v: m.init_params({"n": 2}, RNG),
    "sizes['n']: expected a positive integer, got 0": lambda m, v: m.init_params({"n": 0}, RNG),
    "dtype: expected float32 or float64, got int64": lambda m, v: m.init_params(
        SIZES, RNG, np.int64
    ),
    "dtype: expected float32 or float64, got 'x'": lambda m, v: m.init_params(SIZES, RNG, "x"),
}


@pytest.mark.parametrize("message", WRONG)
def test_other_wrong_arguments(message: str) -> None:
    _, module = module_of("rnn")
    with pytest.raises(ValueError) as caught:
        WRONG[message](module, random_data(module))
    assert str(caught.value) == message


def norm(gradients: Any) -> float:
    """The common 2-norm of all parameter gradients."""
    return float(np.sqrt(sum((v**2).sum() for v in gradients.params.values())))


@pytest.mark.parametrize("clip", [0.3, ("norm", 0.3)])
def test_clipping_bounds_the_norm(clip: Any) -> None:
    """Their direction is kept, and the gradients of inputs and states stay as they were."""
    _, module = module_of("cross_entropy")
    data = random_data(module)
    arguments = (data.params, data.inputs, data.targets, data.states)
    loss, full = module.loss_and_grads(*arguments)
    clipped_loss, clipped = module.loss_and_grads(*arguments, clip=clip)
    assert clipped_loss == loss and norm(full) > 1 and abs(norm(clipped) - 0.3) < 1e-12
    for k, v in full.params.items():
        np.testing.assert_allclose(clipped.params[k], v * 0.3 / norm(full), rtol=1e-12)
    assert worst(clipped[1:], full[1:]) == 0
    loose = ("norm", norm(full) * 2) if isinstance(clip, tuple) else norm(full) * 2
    assert worst(module.loss_and_grads(*arguments, clip=loose)[1], full) == 0


def test_clipping_by_value() -> None:
    """Every entry of the parameter gradients is bounded, and its sign kept; small ones stay."""
    _, module = module_of("cross_entropy")
    data = random_data(module)
    arguments = (data.params, data.inputs, data.targets, data.states)
    loss, full = module.loss_and_grads(*arguments)
    clipped_loss, clipped = module.loss_and_grads(*arguments, clip=("value", 0.2))
    assert clipped_loss == loss
    cut = 0
    for k, v in full.params.items():
        inside = np.abs(v) <= 0.2
        cut += (~inside).sum()
        np.testing.assert_array_equal(clipped.params[k][inside], v[inside])
        np.testing.assert_array_equal(clipped.params[k][~inside], 0.2 * np.sign(v[~inside]))
    assert cut > 5
    assert worst(clipped[1:], full[1:]) == 0


@pytest.mark.parametrize(
    "clip", [0, -1.0, True, "norm", ("norm",), ("max", 1.0), ("value", 0), ("norm", "1"), np.nan]
)
def test_clipping_refuses(clip: Any) -> None:
    _, module = module_of("cross_entropy")
    data = random_data(module)
    message = r"clip: expected None, c > 0, \('norm', c\) or \('value', c\) with c > 0, got "
    with pytest.raises(ValueError, match=message):
        module.loss_and_grads(data.params, data.inputs, data.targets, data.states, clip=clip)


def test_initial_parameters() -> None:
    _, module = module_of("rnn")
    sizes = {"n": 400, "d": 30}
    params = module.init_params(sizes, np.random.default_rng(0))
    assert {k: v.shape for k, v in params.items()} == {"W": (400, 400), "U": (400, 30), "b": (400,)}
    assert not params["b"].any()
    assert abs(params["W"].std() * 20 - 1) < 0.02 and abs(params["U"].var() * 30 - 1) < 0.05
    again = module.init_params(sizes, np.random.default_rng(0), np.float32)
    np.testing.assert_array_equal(again["W"], params["W"].astype(np.float32))
    assert again["W"].dtype == np.float32


# ---------------------------------------------------------------- the text


@pytest.mark.parametrize("name", [*BY_HAND, *ZOO, *LOSSES])
def test_the_module_stands_alone(name: str) -> None:
    _, source = built(name)
    imported = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imported[-1] == "numpy"
    assert {name.split(".")[0] for name in imported[:-1]} <= sys.stdlib_module_names
    assert all(line == line.rstrip() for line in source.split("\n"))


def test_the_text_is_deterministic_and_headed() -> None:
    """Also in another process, with another hash seed."""
    _, source = built("rnn")
    assert "Generated by symbptt 0.1.0 from derivations/sheet.md" in source[:200]
    code = (
        "from codegen_models import plain_rnn\nfrom symbptt.codegen import generate_source\n"
        "print(generate_source(*plain_rnn(), '0.1.0', 'derivations/sheet.md').source, end='')"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)},
        )  # fmt: skip
        assert done.stdout == source


def test_metadata() -> None:
    _, module = module_of("rnn")
    assert module.SHAPES == {
        "params": {"W": ("n", "n"), "U": ("n", "d"), "b": ("n",)},
        "inputs": {"x": ("T", "B", "d")},
        "states": {"h": ("B", "n")},
        "outputs": {"h": ("T", "B", "n")},
    }
    assert module.EQUATIONS["model"] == (r"h_t = \sigma(W h_{t-1} + U x_t + b)",)
    assert len(module.EQUATIONS["adjoint"]) == 2 and len(module.EQUATIONS["gradients"]) == 5
    assert "h (B, n)" in module.forward.__doc__ and "h_t = σ(a_t)" in module.__doc__


def mathematics(source: str) -> list[str]:
    """The lines of the functions that stand above the interface."""
    head, _, rest = source.partition("- interface\n")
    functions = [n.name for n in ast.parse(head).body if isinstance(n, ast.FunctionDef)]
    assert functions in (["_forward", "_backward"], ["_forward", "_backward", "_loss"])
    assert "def forward(" in rest and "SHAPES = " in rest[rest.index("- tables\n") :]
    return head[head.index("def _forward") :].split("\n")


def test_the_mathematics_comes_first() -> None:
    """About a page for the RNN, two for the LSTM with its loss."""
    _, source = built("rnn")
    assert len(mathematics(source)) < 100
    assert max(map(len, source.split("\n"))) <= 110
    lstm = mathematics(numpy_source(Model.named("lstm")))
    assert len(lstm) < 260
    assert max(map(len, lstm)) <= 110


@pytest.mark.parametrize("name", [*ZOO, *LOSSES])
def test_the_mathematics_of_every_model_comes_first(name: str) -> None:
    """Only formulas are longer than a line."""
    lines = mathematics(built(name)[1])
    boilerplate = r"\s*(return|cache|outputs|.*= map\(|.*space\.|\w+=\{)"
    assert not [x for x in lines if len(x) > 100 and re.match(boilerplate, x)]
