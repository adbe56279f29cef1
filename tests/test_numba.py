"""The compiled functions of the numba target: products in blocks, chunks of steps, sweeps."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import codegen_models
import numpy as np
import pytest
from codegen_oracle import SIZES, random_data
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol
from test_codegen_passes import loaded
from test_targets import assert_loss

from symbptt import Model
from symbptt.codegen import ir, load_module
from symbptt.codegen.layout import make_layout
from symbptt.codegen.numba_kernels import Kernels
from symbptt.codegen.numba_rolling import Rolled, rolled
from symbptt.codegen.numba_sweeps import Sweep, sweeps
from symbptt.codegen.parts import take_apart
from symbptt.module import numpy_source

pytest.importorskip("numba")

HEAD = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
"""
SOFTMAX = r"""
y_t \in \mathrm{onehot}(q)
o_t = V h_t + c
\hat y_t = \mathrm{softmax}(o_t)
L_t = -y_t^\top \log \hat y_t
L = \sum_{t=1}^{T} L_t
"""
MODELS = {
    "lstm": HEAD + r"""
f_t = \mathrm{sigmoid}(W_f h_{t-1} + U_f x_t + b_f)
i_t = \mathrm{sigmoid}(W_i h_{t-1} + U_i x_t + b_i)
k_t = \mathrm{sigmoid}(W_k h_{t-1} + U_k x_t + b_k)
g_t = \tanh(W_g h_{t-1} + U_g x_t + b_g)
C_t = f_t \odot C_{t-1} + i_t \odot g_t
h_t = k_t \odot \tanh(C_t)""" + SOFTMAX,
    "gru": HEAD + r"""
r_t = \mathrm{sigmoid}(W_r h_{t-1} + U_r x_t + b_r)
z_t = \mathrm{sigmoid}(W_z h_{t-1} + U_z x_t + b_z)
g_t = \tanh(U_g x_t + b_g + r_t \odot (W_g h_{t-1} + c_g))
h_t = (1 - z_t) \odot g_t + z_t \odot h_{t-1}""" + SOFTMAX,
    "lags": HEAD + r"""
o_t, y_t \in \mathbb{R}^q
h_{-1}, h_{-2} \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + R h_{t-3} + S (h_{t-1} \odot h_{t-2}) + U x_t + P x_{t-1} + b)
o_t = V h_t + Q h_{t-2} + c
L = \sum_{t=1}^{T} \frac{1}{2} \|o_t - y_t\|^2
""",
}  # fmt: skip
SMALL = {  # so that small arrays have many blocks and chunks, and no two of these fit evenly
    r"_SMALL = 1_000_000": "_SMALL = 13",
    r"_HEIGHT, _WIDTH = 128, 128": "_HEIGHT, _WIDTH = 3, 2",
    r"width = W.shape, 256 // W.itemsize": "width = W.shape, 1",
    r"max\(1, (256|max\(256, [\w, ]*\)) // B\)": "max(1, 11 // B)",
}


def in_small_blocks(source: str) -> ModuleType:
    """The module with small blocks and chunks."""
    for old, new in SMALL.items():
        assert re.search(old, source), old
        source = re.sub(old, new, source)
    return load_module(source)


@pytest.mark.parametrize("name", MODELS)
def test_options(name: str) -> None:
    """Masks, truncation, checkpoints and threads, over several blocks and chunks."""
    model = Model.parse(MODELS[name])
    plain = loaded(numpy_source(model, passes=()))
    module = in_small_blocks(numpy_source(model, target="numba"))
    data = random_data(plain, 1)
    mask = (np.random.default_rng(2).random((SIZES["T"], SIZES["B"])) < 0.6).astype(int)
    options: list[dict[str, Any]] = [
        {}, {"truncate": 2}, {"checkpoint": "sqrt"}, {"workers": 2}, {"workers": 3, "truncate": 0},
    ]  # fmt: skip
    options += [{"mask": mask}, {"mask": mask, "truncate": 1, "checkpoint": "sqrt"}]
    refused = set(re.findall(r"(\w+): expected None, since", numpy_source(model)))
    assert bool(refused) == (name == "lags")
    for option in options:
        if not refused & set(option):
            assert_loss(plain, module, data, **option)


def test_adjoints_are_kept_for_one_chunk() -> None:
    """All of their steps are there only where truncated gradients need them."""
    module = in_small_blocks(numpy_source(Model.parse(MODELS["lstm"]), target="numba"))
    assert "what a mask or truncation asks" in " ".join((module.__doc__ or "").split())
    data, chunk = random_data(module, 1), max(1, 11 // SIZES["B"])
    assert SIZES["T"] > 2 * chunk
    for truncate, steps in ((None, chunk + 2), (1, SIZES["T"] + 1), (SIZES["T"], SIZES["T"] + 1)):
        module.loss_and_grads(**data.forward, targets=data.targets, truncate=truncate)
        arrays = module._SPACES[-1].arrays
        for name in ("delta_h", "delta_C", "delta_a_f", "delta_o"):
            assert len(arrays[name]) == steps, (name, truncate)


def test_operands_of_any_layout() -> None:
    """Arguments need not be contiguous."""
    model = Model.parse(MODELS["gru"])
    plain, module = loaded(numpy_source(model)), load_module(numpy_source(model, target="numba"))
    data = random_data(plain, 3)
    for group in (data.params, data.inputs, data.states, data.targets):
        for name, value in group.items():
            group[name] = np.asfortranarray(value)
    assert not data.inputs["x"].flags.c_contiguous
    assert_loss(plain, module, data)


def test_compiled_functions_are_kept_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that is a file is compiled once for all processes, if Python may write files."""
    path = tmp_path / "kept.py"
    path.write_text(numpy_source(Model.parse(MODELS["lags"]), target="numba"), encoding="utf-8")
    found = []
    for forbidden in (True, False, False):
        monkeypatch.setattr(sys, "dont_write_bytecode", forbidden)
        spec = importlib.util.spec_from_file_location("kept", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        data = random_data(module, 1)
        loss, _ = module.loss_and_grads(**data.forward, targets=data.targets)
        hits = sum(module._steps_1.stats.cache_hits.values())
        found.append((loss, hits, any(tmp_path.rglob("*.nbi"))))
    loss = found[0][0]
    assert found == [(loss, 0, False), (loss, 0, True), (loss, 1, True)]


def test_all_loops_are_compiled() -> None:
    """One function each for the values, for the loss and for the adjoints with the gradients."""
    for name in ("lstm", "gru"):
        source = numpy_source(Model.parse(MODELS[name]), target="numba")
        assert re.findall(r"\n    (_steps_\d)\(", source) == ["_steps_1", "_steps_2", "_steps_3"]
        for call in ("_gram(", "np.matmul(", "np.multiply(", "for t in range(1, T"):
            assert call not in source, call


# ---------------------------------------------------------------- products


@pytest.fixture(scope="module")
def products() -> ModuleType:
    return in_small_blocks(numpy_source(Model.parse(MODELS["gru"]), target="numba"))


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.integers(1, 8)] * 3), st.sampled_from([np.float32, np.float64]),
    st.booleans(), st.sampled_from(["rows", "gaps", "columns"]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_products(
    products: ModuleType, sizes: tuple[int, int, int], dtype: type, old: bool, lay: str, seed: int
) -> None:
    """x W and xᵀ y, added to what is there or not, into part of a wider array."""
    rng = np.random.default_rng(seed)
    rows, terms, columns = sizes
    tolerance = 30 * np.finfo(dtype).eps * terms

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(dtype)

    x = draw(rows, terms)
    if lay == "gaps":
        x = draw(rows, terms + 2)[:, 1:-1]
    elif lay == "columns":
        x = np.asfortranarray(x)
    W, wide = draw(terms, columns), draw(rows, columns + 3)
    out, before = wide[:, 2 : columns + 2], wide.copy()
    room = products._room(out)
    wanted = x.astype(float) @ W + old * before[:, 2 : columns + 2]
    products._multiply(room, out, x, products._in_columns(W, 2), int(old))
    np.testing.assert_allclose(out, wanted, rtol=0, atol=tolerance * 9)
    np.testing.assert_array_equal(wide[:, :2], before[:, :2])
    np.testing.assert_array_equal(wide[:, columns + 2 :], before[:, columns + 2 :])
    y, gram = draw(rows, columns), draw(terms, columns)
    wanted = np.ascontiguousarray(x).astype(float).T @ y + old * gram
    products._multiply_columns(room, gram, np.ascontiguousarray(x), y, int(old))
    np.testing.assert_allclose(gram, wanted, rtol=0, atol=tolerance * 9 * rows)


@pytest.mark.parametrize("gap", [0, -1])
def test_a_product_of_the_array_that_it_is_added_to(products: ModuleType, gap: int) -> None:
    """A_t = D_t, A_t += A_{t+gap} W: for gap 0 BLAS must not write where it reads."""
    model, system = codegen_models.plain_rnn()
    layout = make_layout(model, take_apart(model, system))
    first, t, n = codegen_models.T * 0, codegen_models.t, codegen_models.n
    a, d = (ir.Array(name, (ir.BATCH, n), first, codegen_models.T) for name in "ad")
    W = ir.Array("W", (n, n))
    body = (
        ir.Store(a, t, ir.Read(d, t)),
        ir.Accumulate(a, t, ir.MatMul(ir.Read(a, t + gap), ir.Read(W))),
    )
    steps = ir.Loop(t, first + 1, codegen_models.T, body, True, False)
    _, (kernel,) = Kernels(layout, frozenset({"W"})).of((steps,))
    exec(kernel.text, vars(products))
    rng, sizes = np.random.default_rng(0), {"T": 5, "B": 3, "n": 4}
    values = {"a": rng.random((6, 3, 4)), "d": rng.random((6, 3, 4)), "W": rng.random((4, 4))}
    ((copy, _),) = kernel.matrices
    wanted = values["a"].copy()
    for step in range(1, 6):
        wanted[step] = values["d"][step]
        wanted[step] += wanted[step + gap] @ values["W"]
    values[copy.name] = products._in_columns(values["W"], 3)
    getattr(products, kernel.name)(*((sizes | values)[name] for name in kernel.arguments))
    np.testing.assert_allclose(values["a"], wanted, rtol=0, atol=1e-13)


# ---------------------------------------------------------------- functions


def test_functions_are_exact() -> None:
    """exp and log over their whole range, within a few units in the last place."""
    module = load_module(numpy_source(Model.parse(MODELS["gru"]), target="numba"))
    for dtype in (np.float32, np.float64):
        info = np.finfo(dtype)
        most = np.log(info.max)
        kinds = {
            "exp": np.linspace(-1.2 * most, 0.99 * most, 301),
            "log": np.exp(np.linspace(-1.1 * most, 0.99 * most, 301)),
        }
        for name, values in kinds.items():
            x = values.astype(dtype)
            function = getattr(module, f"_one_{name}")
            one = module.numba.njit(lambda x, f=function: f(x))
            with np.errstate(all="ignore"):
                wanted = getattr(np, name)(x.astype(np.longdouble))
            found = np.array([one(v) for v in x]).astype(dtype)
            assert str(dtype.__name__) in str(one.nopython_signatures[-1].return_type)
            error = np.abs(found - wanted)
            allowed = np.maximum(np.abs(wanted), info.tiny) * 3 * info.eps
            assert np.all((error <= allowed) | (found == wanted)), name
            assert np.isnan(one(dtype(np.nan)))
            assert one(dtype(np.inf)) == np.inf
        assert one(dtype(0)) == -np.inf
        assert np.isnan(one(dtype(-1)))


# ---------------------------------------------------------------- sweeps

T, t, n = Symbol("T"), Symbol("t"), Symbol("n")
A, C, D, E = (ir.Array(name, (ir.BATCH, n), T * 0, T) for name in "acde")
TOTAL = ir.Array("total", (n,))


def loop(body: ir.Statement, ascending: bool = True, together: bool = True) -> ir.Loop:
    return ir.Loop(t, T * 0 + 1, T - 1, (body,), ascending, together)


def copy(target: ir.Array, source: ir.Array, gap: int = 0) -> ir.Store:
    return ir.Store(target, t, ir.Read(source, t + gap))


def grouped(*loops: ir.Loop) -> list[int]:
    """How many loops run side by side."""
    return [len(s.loops) + len(s.last) for s in sweeps(loops)]


@pytest.mark.parametrize("ascending", [True, False])
def test_sweeps_keep_what_is_read(ascending: bool) -> None:
    """A step reads what has been computed already, and not what is overwritten too early."""
    behind, ahead = (-1, 1) if ascending else (1, -1)
    steady = loop(ir.Accumulate(A, t, ir.Read(A, t + behind)), ascending, together=False)
    for gap, count in ((0, [2]), (behind, [2]), (ahead, [1, 1])):
        assert grouped(steady, loop(copy(C, A, gap))) == count
    for gap, count in ((0, [2]), (ahead, [2]), (behind, [1, 1])):
        assert grouped(loop(copy(C, A, gap)), steady) == count


def test_sweeps_of_loops_that_do_not_fit() -> None:
    plain = loop(copy(C, A))
    assert grouped(plain, ir.Loop(t, T * 0 + 2, T, (copy(D, A),), True, True)) == [1, 1]
    up = loop(copy(C, A, -1), together=False)
    down = loop(copy(D, A, 1), ascending=False, together=False)
    assert grouped(up, down) == [1, 1]
    sums = loop(ir.Accumulate(TOTAL, None, ir.Total(ir.Read(A, t), 0)))
    used = loop(ir.Store(C, t, ir.Add((ir.Read(A, t), ir.Read(TOTAL)))))
    assert grouped(plain, sums) == [2]
    assert grouped(sums, used) == [1, 1]
    assert grouped(loop(copy(C, A)), loop(ir.Store(C, t + 1, ir.Read(D, t)))) == [1, 1]


def test_sweeps_of_passes() -> None:
    """What truncation runs several times may run in either direction; sums follow the last time."""
    value = ir.Add((ir.Read(C, t + 1), ir.Read(A, t)))
    steady = loop(ir.Store(C, t, value), ascending=False, together=False)
    first, same, late = loop(copy(A, D)), loop(copy(E, C)), loop(copy(E, C, 1))
    (one,) = sweeps((ir.Passes((first, steady), T), same))
    assert (one.turned, len(one.loops), len(one.last)) == (True, 2, 1)
    assert not one.ascending
    assert [s.turned for s in sweeps((ir.Passes((first, steady), T), late))] == [True, False]
    assert [len(s.loops) for s in sweeps((ir.Passes((steady, same), T),))] == [2]
    assert [len(s.loops) for s in sweeps((ir.Passes((steady, late), T),))] == [1, 1]


@pytest.mark.parametrize("ascending", [True, False])
def test_what_is_rolled(ascending: bool) -> None:
    """What reads at most one step back, and nothing later but the end of a loop against time."""
    back = -1 if ascending else 1

    def found(gap: int, *others: ir.Statement, index: Any = t) -> list[Rolled]:
        body = (ir.Store(A, index, ir.Read(D, t)), copy(C, A, gap))
        steps = ir.Loop(t, T * 0 + 1, T - 1, body, ascending, False)
        return rolled(Sweep((steps,)), others, [A])

    assert found(0) == [Rolled(A, False)]
    assert found(back) == [Rolled(A, True)]
    assert found(2 * back) == found(-back) == found(0, index=t + 1) == []
    start, then = (ir.Store(TOTAL, None, ir.Read(A, T * 0 + k)) for k in (1, 2))
    assert found(back, start, copy(D, C)) == ([] if ascending else [Rolled(A, True)])
    assert found(back, then) == found(0, ir.Store(A, T * 0 + 1, ir.Read(D, t))) == []
    assert rolled(Sweep((loop(copy(C, D)),)), (), [A]) == []


# ---------------------------------------------------------------- classes

DIRECT = (
    HEAD
    + r"""
y_t \in \mathrm{onehot}(q)
o_t \in \mathbb{R}^q
h_t = \tanh(W h_{t-1} + U x_t + b)
o_t = V h_t + c
L_t = -y_t^\top o_t + \frac{1}{2} o_t^\top o_t
L = \sum_{t=1}^{T} L_t
"""
)


@pytest.mark.parametrize("text", [MODELS["gru"], DIRECT])
def test_classes_of_any_type(text: str) -> None:
    """Classes give what vectors give, and no vectors are made of them."""
    model = Model.parse(text)
    plain, source = loaded(numpy_source(model, passes=())), numpy_source(model, target="numba")
    assert "_one_hot(" not in source.split("def _forward")[1].split("interface")[0]
    module, data = load_module(source), random_data(plain, 1)
    classes = np.random.default_rng(2).integers(0, SIZES["q"], (SIZES["T"], SIZES["B"]))
    data.targets["y"] = np.eye(SIZES["q"])[classes]
    loss, wanted = plain.loss_and_grads(**data.forward, targets=data.targets)
    for y in (data.targets["y"], *(classes.astype(k) for k in (int, np.int8, np.uint64))):
        for workers in (1, 2):
            again, found = module.loss_and_grads(
                **data.forward, targets={"y": y}, workers=workers
            )  # fmt: skip
            assert abs(again - loss) <= 1e-12 * abs(loss)
            for group, other in zip(found, wanted, strict=True):
                for name, value in other.items():
                    np.testing.assert_allclose(group[name], value, rtol=0, atol=1e-12)


def test_a_class_of_an_output_that_is_zero_is_not_read() -> None:
    """Of classes one entry is read: the logarithm of the others may be infinite."""
    model = Model.parse(MODELS["gru"])
    module = load_module(numpy_source(model, target="numba"))
    data = random_data(module, 1)
    data.params["c"][:] = [0, *[-1000] * (SIZES["q"] - 1)]
    y = np.zeros((SIZES["T"], SIZES["B"]), int)
    loss, _ = module.loss_and_grads(**data.forward, targets={"y": y})
    assert 0 <= loss < 1e-12
