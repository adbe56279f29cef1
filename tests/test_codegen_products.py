"""What the passes do to products, sigmoids and the loss: fewer operations, the same numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from types import ModuleType

import numpy as np
import pytest

from symbptt import Model
from symbptt.codegen import PASSES, load_module
from symbptt.module import numpy_source

RNN = r"h_t = \tanh(W h_{t-1} + U x_t + b)"
SMALL = {"n": 6, "d": 3, "q": 4}
OUTPUT = r"""
y_t \in \mathrm{onehot}(q)
o_t = V h_t + c
\hat y_t = \mathrm{softmax}(o_t)
L_t = -y_t^\top \log \hat y_t
L = \sum_{t=1}^{T} L_t
"""
SPACES = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
"""
GATED = r"""
r_t = \mathrm{sigmoid}(W_r h_{t-1} + U_r x_t + b_r)
g_t = \tanh(U_g x_t + b_g + r_t \odot (W_g h_{t-1} + c_g))
h_t = (1 - r_t) \odot g_t + r_t \odot h_{t-1}
"""


@lru_cache
def source_of(text: str, passes: tuple[str, ...] = PASSES) -> str:
    return numpy_source(Model.parse(text), passes=passes)


@pytest.fixture(scope="module")
def lstm() -> ModuleType:
    return load_module(source_of(Model.named("lstm").text))


def code(text: str, passes: tuple[str, ...] = PASSES) -> str:
    """The functions of a module without comments."""
    source = source_of(text, passes)
    lines = source[: source.index("def init_params")].split("\n")
    return "\n".join(line for line in lines if not line.strip().startswith("#")) + "\n"


def loops(source: str) -> list[str]:
    """The loops over steps."""
    return re.findall(r"^ *for t in range.*\n(?: {8,}.*\n)+", source, re.MULTILINE)


def products_in(loop: str) -> int:
    return len(re.findall(r"np\.matmul\(| multiply\(", loop))


# ---------------------------------------------------------------- the loss behind softmax


def test_cross_entropy_behind_softmax_is_a_difference() -> None:
    """No logarithm's derivative, and no division by a probability."""
    apart = tuple(p for p in PASSES if p != "late")
    source = code(SPACES + RNN + OUTPUT, apart)
    loss = source[source.index("def _loss(") :]
    assert "reciprocal" not in loss and "g_y_hat" not in loss
    assert '{"o": g_o}' in loss
    without = code(SPACES + RNN + OUTPUT, tuple(p for p in apart if p != "compose"))
    assert "np.reciprocal(" in without and '{"y_hat": g_y_hat}' in without


def test_factors_cancel_inside_of_the_loss() -> None:
    """Also behind an argument of softmax that is no output, and where ŷ_t is used elsewhere."""
    for text in (OUTPUT, OUTPUT.replace(r"(o_t)", "(V h_t + c)").replace("o_t = V h_t + c", ""),
                 "\n" + r"p_t = R \hat y_t" + OUTPUT):  # fmt: skip
        apart = tuple(p for p in PASSES if p != "compose")
        source = code(SPACES + RNN + text, apart)
        assert "reciprocal" not in source and "g_y_hat" not in source[source.index("def _loss(") :]
        without = code(SPACES + RNN + text, tuple(p for p in apart if p != "cancel"))
        assert "np.reciprocal(" in without


def test_a_probability_of_zero_divides_nothing() -> None:
    """exp(-2000) is 0 in float64, and the gradient by o_t is ŷ_t - y_t all the same."""
    text = SPACES + RNN + OUTPUT
    module = load_module(source_of(text))
    params = module.init_params(SMALL, np.random.default_rng(0))
    params["c"][0] = 2000.0
    x, y = np.ones((2, 3, 3)), np.zeros((2, 3), int)
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 log 0 in the loss itself
        _, gradients = module.loss_and_grads(params, x, y)
    assert all(np.isfinite(g).all() for g in gradients.params.values())
    assert np.array_equal(gradients.params["c"], np.zeros(4))


def test_an_output_that_is_used_keeps_its_gradient() -> None:
    """The adjoint of ŷ_t has another part, from p_t."""
    apart = tuple(p for p in PASSES if p != "late")
    source = code(SPACES + RNN + "\n" + r"p_t = R \hat y_t" + OUTPUT, apart)
    assert '{"y_hat": g_y_hat}' in source and '{"o": g_o}' not in source


# ---------------------------------------------------------------- products and sigmoids


def test_products_are_stored_for_the_adjoints() -> None:
    """W_g h_{t-1} + c_g is multiplied once, in the one product of the step."""
    forward, backward = loops(code(SPACES + GATED + OUTPUT))
    assert products_in(forward) == products_in(backward) == 1
    alone = loops(code(SPACES + GATED + OUTPUT, tuple(p for p in PASSES if p != "share")))
    assert [products_in(loop) for loop in alone] == [2, 2]


def test_the_output_layer_is_outside_of_a_recurrence_of_its_own_adjoint() -> None:
    """delta_t reads delta_{t+1}, and V^T delta^o_t is one product of a chunk all the same."""
    _, backward = loops(code(SPACES + GATED + OUTPUT))
    assert "delta_o" not in backward


def test_terms_with_one_adjoint_are_one_product() -> None:
    """delta_t * h_{t-1} - delta_t * g_t is delta_t * (h_{t-1} - g_t)."""
    _, backward = loops(code(SPACES + GATED + OUTPUT))
    plain = [x for x in backward.split("\n") if "factor" in x and "np.multiply(" in x]
    assert len(plain) == 3  # of the gates r and g, and of the adjoint of the product with W_g


def test_one_tanh_for_all_gates() -> None:
    source = code(Model.named("lstm").text)
    forward = loops(source)[0]
    assert forward.count("np.tanh(") == 2  # of the gates, of the cell
    assert "half_W" in source


def test_no_transposed_view_is_multiplied_in_a_loop() -> None:
    for text in (SPACES + GATED + OUTPUT, Model.named("lstm").text):
        source = code(text)
        for loop in loops(source):
            assert ".T" not in loop
            products = r"(?:np\.matmul\(.*, (\w+), out=| multiply\(.*, (\w+), \w+\)$)"
            found = re.findall(products, loop, re.MULTILINE)
            matrices = [shared or own for own, shared in found]
            assert matrices
            for name in matrices:
                assert re.search(rf"{name}, \w+ = _blocked\(", source)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("columns", [5, 48, 64, 67, 128, 300])
@pytest.mark.parametrize("rows", [1, 7, 64])
@pytest.mark.parametrize("each", [False, True])
def test_blocks(rows: int, columns: int, dtype: str, each: bool, lstm: ModuleType) -> None:
    """Products in blocks are products; results begin at a cache line."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((*(3, 1) * each, rows, 9)).astype(dtype)
    W = rng.standard_normal((3, columns, 9)).astype(dtype).swapaxes(1, 2)
    out = lstm._aligned((3, rows, columns), np.dtype(dtype))
    assert out.ctypes.data % 64 == 0
    blocks, view = lstm._blocked(W, out, each)
    assert (rows == 1 or blocks.flags.c_contiguous) and np.shares_memory(view, out)
    np.matmul(x, blocks, out=view)
    wanted = (x[:, 0] if each else x) @ W
    assert np.allclose(out, wanted, atol=1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("columns", [5, 48, 300])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("members", [0, 3])
@pytest.mark.parametrize("samples", [1, 7])
def test_products_of_all_steps_with_stacks(
    samples: int, members: int, apart: bool, columns: int, lstm: ModuleType
) -> None:
    """With one matrix, or with every member of a stack; results that lie side by side, or apart."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, samples, 9))
    W = rng.standard_normal(((members,) if members else ()) + (columns, 9)).swapaxes(-1, -2)
    space = np.full((5, 2, *W.shape[:-2], samples, columns), np.nan)
    out = space[:, 1] if apart else np.ascontiguousarray(space[:, 1])
    lstm._product(x, W, out=out)
    assert np.allclose(out, x[:, None] @ W if members else x @ W, atol=1e-12)
    assert np.isnan(space[:, 0]).all()


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_products_of_all_steps(steps: int, lstm: ModuleType) -> None:
    """Whole blocks of rows, and what is left of them."""
    rng = np.random.default_rng(0)
    x, W = rng.standard_normal((steps, 13, 9)), rng.standard_normal((9, 64))
    out = np.full((steps, 13, 64), np.nan)
    lstm._product(x, W, out=out)
    assert np.allclose(out, x @ W, atol=1e-12)
