"""Late outputs: the loss computes them in chunks, takes its gradients back, works on classes."""

from __future__ import annotations

import tracemalloc
from functools import lru_cache

import numpy as np
import pytest
from codegen_oracle import SIZES, random_data
from test_codegen_passes import TOLERANCE, assert_close, compare, loaded

from symbptt import Model
from symbptt.codegen import PASSES, load_module
from symbptt.module import numpy_source

SPACES = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
"""
RNN = SPACES + r"h_t = \tanh(W h_{t-1} + U x_t + b)"
SOFTMAX = r"""
y_t \in \mathrm{onehot}(q)
o_t = V h_t + c
\hat y_t = \mathrm{softmax}(o_t)
L_t = -y_t^\top \log \hat y_t
L = \sum_{t=1}^{T} L_t
"""
WITH_INPUT = SOFTMAX.replace("V h_t + c", "V h_t + S x_t + c")
TWO = SOFTMAX + r"p_t = \tanh(R \hat y_t)"
DEEP = SOFTMAX.replace("V h_t + c", r"V z_t + c") + r"z_t = \tanh(S h_t + s)"
BOTH_WAYS = (
    SPACES
    + r"""
g_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t)
g_t = \tanh(R g_{t+1} + S x_t)
"""
    + SOFTMAX.replace("V h_t + c", "V h_t + Q g_t")
)
DISTANCE = r"""
y_t \in \mathrm{onehot}(q)
o_t = V h_t + c
L_t = \frac12 \|o_t - y_t\|^2
L = \sum_{t=1}^{T} L_t
"""
MODELS = {
    "softmax": RNN + SOFTMAX, "input": RNN + WITH_INPUT, "two": RNN + TWO, "deep": RNN + DEEP,
    "both ways": BOTH_WAYS, "distance": RNN + DISTANCE,
}  # fmt: skip
LOSS = r"L_t = -y_t^\top \log \hat y_t"
MORE = {
    **MODELS,
    "tied": RNN + SOFTMAX.replace("V h_t + c", "W h_t").replace("onehot}(q)", "onehot}(n)"),
    "state": RNN + SOFTMAX.replace(LOSS, LOSS + r" + \frac12 \|h_t\|^2"),
    "last": RNN + SOFTMAX.replace(r"\sum_{t=1}^{T} L_t", "L_T"),
    "weighted": RNN + SOFTMAX.replace(r"T} L_t", "T} t L_t"),
    "lagged": RNN + SOFTMAX.replace("V h_t + c", "V h_t + Q h_{t-1}"),
    "two losses": RNN + SOFTMAX.replace(LOSS, r"""
z_t = R h_t
z_t \in \mathbb{R}^p
u_t \in \mathbb{R}^p
""" + LOSS + r" + \frac12 \|z_t - u_t\|^2"),
    "sigmoid": RNN + r"""
y_t \in \mathbb{R}^q
p_t = \mathrm{sigmoid}(V h_t + c)
L_t = \frac12 \|p_t - y_t\|^2
L = \sum_{t=1}^{T} L_t
""",
}  # fmt: skip
SETS = [
    PASSES, ("late",), ("late", "cancel"), ("late", "classes"), ("late", "distribute", "strips"),
    *(tuple(p for p in PASSES if p != name) for name in ("given", "compose", "inline", "strips",
                                                         "unpadded", "storage", "classes")),
]  # fmt: skip


@lru_cache
def source_of(name: str, passes: tuple[str, ...] = PASSES) -> str:
    return numpy_source(Model.parse(MORE[name]), passes=passes)


def function(source: str, name: str) -> str:
    start = source.index(f"\ndef {name}(")
    return source[start : source.index("\ndef ", start + 5)]


@pytest.mark.parametrize("name", MORE)
def test_the_same_gradients(name: str) -> None:
    compare(Model.parse(MORE[name]), SETS)


def test_what_is_read_at_another_step_is_not_late() -> None:
    assert "every" not in function(source_of("lagged"), "_forward")
    assert all(
        "every" in function(source_of(name), "_forward") for name in MORE if name != "lagged"
    )


@pytest.mark.parametrize("name", MODELS)
def test_the_loss_has_no_array_of_all_late_values(name: str) -> None:
    loss = function(source_of(name), "_loss")
    assert 'space.empty("o", (chunk, B, q), dtype)' in loss
    assert "(T, B, q)" not in loss and "(T + 1, B, q)" not in loss
    assert "_softmax" not in function(source_of(name), "_forward").split("if not every:")[0]
    without = source_of(name, tuple(p for p in PASSES if p != "late"))
    forward = function(without, "_forward")
    assert "(T + 1, B, q)" in forward and "every" not in forward


def test_what_the_loss_does_not_need_is_left_out() -> None:
    source = source_of("two")
    assert "p[" in function(source, "_forward") and "p[" not in function(source, "_loss")


@pytest.mark.parametrize("name", [name for name in MORE if name not in ("both ways", "weighted")])
@pytest.mark.parametrize("truncate", [None, 1])
def test_checkpoints(name: str, truncate: int | None) -> None:
    """Segments, and those that truncation makes wider, with what the loss adds directly."""
    plain, fast = loaded(source_of(name, ())), loaded(source_of(name))
    fast._LEAST = 1  # type: ignore[attr-defined]  # several segments of few steps
    data = random_data(plain, 3)
    arguments = {**data.forward, "targets": data.targets, "truncate": truncate}
    loss, wanted = plain.loss_and_grads(**arguments)
    found, gradients = fast.loss_and_grads(**arguments, checkpoint="sqrt")
    assert abs(found - loss) <= TOLERANCE * abs(loss)
    assert_close(gradients, wanted, name)


@pytest.mark.parametrize("checkpoint", [None, "sqrt"])
def test_gradients_that_come_in_are_not_changed(checkpoint: str | None) -> None:
    module = loaded(source_of("softmax"))
    module._LEAST = 1  # type: ignore[attr-defined]
    data = random_data(module, 2)
    _, cache = module.forward(**data.forward, checkpoint=checkpoint)
    before = {name: g.copy() for name, g in data.grads.items()}
    first = module.backward(cache, data.grads)
    assert all(np.array_equal(g, before[name]) for name, g in data.grads.items())
    assert_close(module.backward(cache, data.grads), first, "again")


# ---------------------------------------------------------------- classes


@pytest.mark.parametrize("name", MODELS)
def test_classes_are_one_hot_vectors(name: str) -> None:
    module = load_module(source_of(name))
    data = random_data(module, 5)
    classes = np.random.default_rng(1).integers(0, SIZES["q"], (SIZES["T"], SIZES["B"]))
    mask = np.ones(classes.shape) if name == "both ways" else classes % 3 > 0
    results = []
    for y in (classes, classes.astype(np.uint8), np.eye(SIZES["q"])[classes]):
        results.append(module.loss_and_grads(**data.forward, targets=y, mask=mask))
    for loss, gradients in results[:2]:
        assert abs(loss - results[2][0]) <= TOLERANCE * abs(loss)
        assert_close(gradients, results[2][1], name)


def test_vectors_count_as_they_are() -> None:
    """Also where they are not one-hot: smoothed, or of another sum."""
    plain, fast = loaded(source_of("softmax", ())), loaded(source_of("softmax"))
    data = random_data(plain, 7)
    y = np.random.default_rng(2).random((SIZES["T"], SIZES["B"], SIZES["q"]))
    assert np.ptp(y.sum(axis=-1)) > 0.1
    loss, wanted = plain.loss_and_grads(**data.forward, targets=y)
    found, gradients = fast.loss_and_grads(**data.forward, targets=y)
    assert abs(found - loss) <= TOLERANCE * abs(loss)
    assert_close(gradients, wanted, "dense")


def test_vectors_are_made_of_classes_only_where_needed() -> None:
    assert "_one_hot" not in source_of("softmax") and "_chosen(y" in source_of("softmax")
    assert "_one_hot(targets" in source_of("distance") and "_chosen" not in source_of("distance")
    without = source_of("softmax", tuple(p for p in PASSES if p != "classes"))
    assert "_one_hot(targets" in without and "_chosen" not in without


def test_no_array_of_all_classes_is_made() -> None:
    """With many classes, what is taken is a small part of what vectors would take."""
    module = load_module(source_of("softmax"))
    rng, steps, samples, q = np.random.default_rng(0), 400, 16, 300
    params = module.init_params({"n": 5, "d": 4, "q": q}, rng)
    x, y = rng.standard_normal((steps, samples, 4)), rng.integers(0, q, (steps, samples))
    tracemalloc.start()
    module.loss_and_grads(params, x, y)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found < 0.6 * 8 * steps * samples * q


# ---------------------------------------------------------------- softmax


@pytest.mark.parametrize("shift", [0.0, 45.0, -45.0, 900.0, -900.0])
def test_softmax_stays_in_range(shift: float) -> None:
    """The same values whatever is added to a row, also where powers of the rows leave the range."""
    module = load_module(source_of("softmax"))
    for dtype, accuracy in ((np.float32, 1e-5), (np.float64, 1e-12)):
        x = np.random.default_rng(0).standard_normal((3, 4, 7)).astype(dtype)
        rows = np.array([0.0, 1.0, -1.0], dtype)[:, None, None] * dtype(shift)
        exact = np.exp(x.astype(float))
        exact /= exact.sum(axis=-1, keepdims=True)
        found = module._softmax(x + rows)
        assert found.dtype == dtype
        assert np.abs(found - exact).max() < accuracy * (1 + abs(shift) * (dtype == np.float32))
    assert module._softmax(np.zeros((0, 4, 7))).shape == (0, 4, 7)
