"""The samples of a batch in several threads: the same loss and gradients."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest

from symbptt import Model
from symbptt.codegen import load_module
from symbptt.module import numpy_source

STEPS, SAMPLES = 6, 5
OPTIONS = [{}, {"truncate": 2}, {"checkpoint": "sqrt"}, {"clip": ("norm", 0.1)}, {"mask": True}]
GATED = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
y_t \in \mathrm{onehot}(q)
f_t = \mathrm{sigmoid}(W_f h_{t-1} + U_f x_t + b_f)
g_t = \tanh(W_g h_{t-1} + U_g x_t + b_g)
C_t = f_t \odot C_{t-1} + g_t
h_t = f_t \odot \tanh(C_t)
o_t = V h_t + c
\hat y_t = \mathrm{softmax}(o_t)
L_t = -y_t^\top \log \hat y_t
L = \sum_{t=1}^{T} L_t
"""


@pytest.fixture(scope="module", params=["gated", "rnn-softmax"])
def case(request: pytest.FixtureRequest) -> tuple[Any, dict[str, Any]]:
    """A module, and arguments of loss_and_grads with states that are not zero."""
    text = GATED if request.param == "gated" else Model.named(request.param).text
    module = load_module(numpy_source(Model.parse(text)))
    module._LEAST = 1  # type: ignore[attr-defined]  # several segments of few steps
    rng = np.random.default_rng(0)
    sizes = {"T": STEPS, "B": SAMPLES}
    used = {d for shape in module.SHAPES["params"].values() for d in shape}
    params = module.init_params({d: 3 + i for i, d in enumerate(sorted(used))}, rng)
    sizes |= {d: 3 + i for i, d in enumerate(sorted(used))}
    draw = {
        group: {k: rng.standard_normal([sizes[d] for d in shape]) for k, shape in shapes.items()}
        for group, shapes in module.SHAPES.items() if group in ("inputs", "states")
    }  # fmt: skip
    ((y, shape),) = module.SHAPES["targets"].items()
    targets = {y: rng.integers(0, sizes[shape[-1]], (STEPS, SAMPLES))}
    return module, {"params": params, "targets": targets, **draw}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("workers", [2, 3, 8])
def test_the_same_gradients(
    case: tuple[Any, dict[str, Any]], workers: int, options: dict[str, Any]
) -> None:
    module, arguments = case
    if "mask" in options:
        options = {"mask": np.random.default_rng(1).integers(0, 2, (STEPS, SAMPLES))}
    loss, wanted = module.loss_and_grads(**arguments, **options)
    again, found = module.loss_and_grads(**arguments, **options, workers=workers)
    assert abs(again - loss) <= 1e-12 * abs(loss)
    for group, group_wanted in zip(found, wanted, strict=True):
        assert set(group) == set(group_wanted)
        for name, value in group.items():
            other = group_wanted[name]
            assert (value.shape, value.dtype) == (other.shape, other.dtype)
            assert np.all(np.abs(value - other) <= 1e-12 * max(1, np.abs(other).max())), name


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, None])
def test_what_is_no_number_of_workers(case: tuple[Any, dict[str, Any]], workers: Any) -> None:
    module, arguments = case
    with pytest.raises(ValueError, match="workers: expected a positive integer, got"):
        module.loss_and_grads(**arguments, workers=workers)


def test_threads_are_kept(case: tuple[Any, dict[str, Any]]) -> None:
    """Later calls find the threads of the first one; only for more of them there are new ones."""
    module, arguments = case
    module._POOLS.clear()
    module.loss_and_grads(**arguments, workers=4)
    pools = dict(module._POOLS)
    for workers in (2, 3, 4):
        module.loss_and_grads(**arguments, workers=workers)
    assert pools == module._POOLS
    module.loss_and_grads(**arguments, workers=5)
    assert pools != module._POOLS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_forked_process_has_threads_of_its_own(case: tuple[Any, dict[str, Any]]) -> None:
    module, arguments = case
    loss, _ = module.loss_and_grads(**arguments, workers=3)
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # ends the process if it waits for threads that it does not have
        again, _ = module.loss_and_grads(**arguments, workers=3)
        os._exit(0 if again == loss else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_an_error_in_one_part_is_raised_when_all_parts_have_ended() -> None:
    text = GATED.replace(r"\tanh(C_t)", r"\phi(C_t)")
    module = load_module(numpy_source(Model.parse(text)))
    rng = np.random.default_rng(0)
    params = module.init_params({"n": 3, "d": 2, "q": 4}, rng)
    x, y = rng.standard_normal((2, 6, 2)), rng.integers(0, 4, (2, 6))
    running: list[int] = []

    def function(value: np.ndarray) -> np.ndarray:
        running.append(1)
        try:
            time.sleep(0.01 * len(running))
            if threading.current_thread() is threading.main_thread():
                raise ArithmeticError
            return value
        finally:
            running.pop()

    with pytest.raises(ArithmeticError):
        module.loss_and_grads(
            params, x, y, functions={"phi": (function, np.ones_like)}, workers=3
        )  # fmt: skip
    assert not running


def test_a_term_that_belongs_to_no_sample_is_not_counted_twice() -> None:
    text = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
y_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t + b)
L_t = (h_t - y_t)^\top (h_t - y_t)
P = b^\top b
L = \sum_{t=1}^{T} L_t + P
"""
    module = load_module(numpy_source(Model.parse(text)))
    rng = np.random.default_rng(0)
    params = module.init_params({"n": 3, "d": 2}, rng)
    x, y = rng.standard_normal((4, 5, 2)), rng.standard_normal((4, 5, 3))
    module.loss_and_grads(params, x, y)
    with pytest.raises(ValueError, match="workers: expected 1, since the loss has a term"):
        module.loss_and_grads(params, x, y, workers=2)
    assert "_in_parallel" not in numpy_source(Model.parse(text))
