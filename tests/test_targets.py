"""Modules for other targets give what the plain NumPy module gives."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from codegen_oracle import SIZES, Data, random_data
from random_models import write_model
from test_codegen_passes import assert_same, loaded

from symbptt import Model, generate
from symbptt.cli.app import app
from symbptt.codegen import load_module
from symbptt.core.errors import NotSupported
from symbptt.models import builtins
from symbptt.module import numpy_source

TOLERANCE = 1e-12
ALL_FUNCTIONS = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = FUNCTION(W h_{t-1} + U x_t + b)
L_t = \frac12 \|h_t - y_t\|^2
L = \sum_{t=1}^{T} L_t
"""
FUNCTIONS = (r"\mathrm{relu}", r"\mathrm{softplus}", r"\sin", r"\arctan", r"\mathrm{softsign}")


def model_of(name: str) -> Model:
    """A built-in model, a random one by its seed, or one with a function."""
    if name.isdigit():
        return Model.parse(write_model(int(name)))
    if name.startswith("\\"):
        return Model.parse(ALL_FUNCTIONS.replace("FUNCTION", name))
    return Model.named(name)


def both(name: str, target: str) -> tuple[ModuleType, ModuleType]:
    """The plain NumPy module and that of a target."""
    model = model_of(name)
    plain = loaded(numpy_source(model, passes=()))
    return plain, load_module(numpy_source(model, target=target))


def test_unknown_target() -> None:
    with pytest.raises(NotSupported, match="no target 'fortran'") as caught:
        numpy_source(Model.named("rnn-tanh"), target="fortran")
    assert caught.value.hint == "the targets are numpy, numba, array-api"


def command(*words: str) -> int:
    """The exit status of a command, in this process."""
    return int(app(list(words), prog_name="symbptt", standalone_mode=False) or 0)


def test_targets_by_the_interfaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python, the command line and a worksheet give the same module."""
    wanted = numpy_source(Model.named("gru"), target="array-api")
    assert Model.named("gru").numpy(target="array-api") == wanted
    monkeypatch.chdir(tmp_path)
    assert generate("gru", "a.py", target="array-api").read_text(encoding="utf-8") == wanted
    command("code", "--model", "gru", "--target", "array-api")
    assert capsys.readouterr().out == wanted
    command("code", "--model", "gru", "--target", "array-api", "--out", "b.py")
    assert Path("b.py").read_text(encoding="utf-8") == wanted
    sheet = Path("sheet.md")
    block = "```{code} cell\n:model: gru\n:target: TARGET\n```\n"
    sheet.write_text(f"# Gated\n\n{block.replace('TARGET', 'array-api')}", encoding="utf-8")
    assert command("build", "sheet.md", "--only", "py") == 0
    built = Path("generated/sheet/cell.py").read_text(encoding="utf-8")
    assert built == wanted.replace("symbptt 0.1.0;", "symbptt 0.1.0 from sheet.md;")
    sheet.write_text(f"# Gated\n\n{block.replace('TARGET', 'c')}", encoding="utf-8")
    assert command("build", "sheet.md", "--only", "py") == 1
    assert "there is no target 'c'" in "".join(capsys.readouterr())


# ---------------------------------------------------------------- array-api


@pytest.mark.parametrize("name", [*builtins(), *FUNCTIONS, "10", "60", "90", "140"])
def test_array_api_with_numpy(name: str) -> None:
    plain, module = both(name, "array-api")
    assert_same(plain, module, random_data(plain, 1))


def torch_arrays() -> Any:
    torch = pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    return torch.asarray


def jax_arrays() -> Any:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray


LIBRARIES = {"torch": torch_arrays, "jax": jax_arrays}


def turned(value: Any, change: Any) -> Any:
    """All arrays in dictionaries changed."""
    if isinstance(value, dict):
        return {k: turned(v, change) for k, v in value.items()}
    return change(np.asarray(value)) if isinstance(value, np.ndarray | np.generic) else value


def assert_equal(found: Any, wanted: Any, kind: type) -> None:
    for group, group_wanted in zip(found, wanted, strict=True):
        assert set(group) == set(group_wanted)
        for name, value in group.items():
            assert isinstance(value, kind), (name, type(value))
            other = group_wanted[name]
            scale = max(1.0, np.abs(other).max(initial=0))
            assert np.shape(value) == np.shape(other), name
            assert np.all(np.abs(np.asarray(value) - other) <= TOLERANCE * scale), name


@pytest.mark.parametrize(
    ("name", "library"),
    [*((name, "torch") for name in ("lstm", "many-to-one", "lstm-concatenated", *FUNCTIONS)),
     ("rnn-softmax", "torch"), ("time-delay", "torch"), ("gru", "jax")],
)  # fmt: skip
def test_array_api_with_other_arrays(name: str, library: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(SIZES, "T", 3)
    change = LIBRARIES[library]()
    plain, module = both(name, "array-api")
    data = random_data(plain, 1)
    kind = type(change(np.zeros(2))) if library == "torch" else __import__("jax").Array
    ones = np.ones((SIZES["T"], SIZES["B"]), int)
    ones[2:, 1] = 0
    options: list[dict[str, Any]] = [{}, {"mask": ones}]
    for option in options if "mask: expected None" not in numpy_source(model_of(name)) else [{}]:
        there = turned({**data.forward, **option}, change)
        outputs, cache = plain.forward(**data.forward, **option)
        found, kept = module.forward(**there)
        assert_equal([found], [outputs], kind)
        wanted = plain.backward(cache, data.grads)
        assert_equal(module.backward(kept, turned(data.grads, change)), wanted, kind)
        if hasattr(plain, "loss_and_grads"):
            loss, wanted = plain.loss_and_grads(**data.forward, **option, targets=data.targets)
            arguments = {**there, "targets": turned(data.targets, change)}
            again, gradients = module.loss_and_grads(**arguments, clip=1e9)
            assert abs(float(again) - loss) <= TOLERANCE * abs(loss)
            assert_equal(gradients, wanted, kind)


def test_array_api_inside_jit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written in place, so the gradients can be compiled."""
    monkeypatch.setitem(SIZES, "T", 3)
    change = jax_arrays()
    jax = pytest.importorskip("jax")
    plain, module = both("rnn-softmax", "array-api")
    data = random_data(plain, 1)
    run = jax.jit(module.loss_and_grads)
    loss, found = run(*(turned(v, change) for v in (data.params, data.inputs, data.targets)))
    wanted_loss, wanted = plain.loss_and_grads(data.params, data.inputs, data.targets)
    assert abs(float(loss) - wanted_loss) <= TOLERANCE * abs(wanted_loss)
    assert_equal(found, wanted, jax.Array)


def test_array_api_classes_and_errors() -> None:
    plain, module = both("rnn-softmax", "array-api")
    data = random_data(plain)
    classes = np.random.default_rng(0).integers(0, SIZES["q"], (SIZES["T"], SIZES["B"]))
    one = plain.loss_and_grads(data.params, data.inputs, classes)
    assert_equal(module.loss_and_grads(data.params, data.inputs, classes)[1], one[1], np.ndarray)
    wrong = {
        "inputs['x']: expected shape (T, B, p), got (5,)": {"inputs": {"x": np.zeros(5)}},
        "inputs['x']: expected dtype float64, got int64": {
            "inputs": {"x": data.inputs["x"].astype(int)}
        },
        "inputs['x']: expected numbers, got NaN": {"inputs": {"x": data.inputs["x"] * np.nan}},
        "targets['y']: expected classes from 0 to 1": {"targets": classes + 1},
    }
    for message, changes in wrong.items():
        arguments = {"params": data.params, "inputs": data.inputs, "targets": data.targets}
        with pytest.raises(ValueError) as caught:
            module.loss_and_grads(**{**arguments, **changes})
        text = str(caught.value).replace("<class 'numpy.float64'>", "float64")
        assert text == message


@pytest.mark.parametrize("name", ["lstm-caption", "time-delay"])
def test_array_api_writes_nothing_in_place(name: str) -> None:
    """Elements are assigned in lists and dictionaries only."""
    source = numpy_source(Model.named(name), target="array-api")
    tree = ast.parse(source)
    lists = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp)
        and isinstance(node.value.left, ast.List)
        for target in node.targets
        if isinstance(target, ast.Name)
    }  # fmt: skip
    for function in (n for n in tree.body if isinstance(n, ast.FunctionDef)):
        if function.name not in ("forward", "_backward", "loss_and_grads"):
            continue
        for node in ast.walk(function):
            assert not isinstance(node, ast.AugAssign), ast.unparse(node)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                name_ = ast.unparse(node.targets[0].value)
                padded = f"{name_} = _padded(" in source
                assert name_ in lists or padded or "gradients." in name_, ast.unparse(node)


# ---------------------------------------------------------------- numba

STEP_BY_STEP = ("time-delay", "layer", "teacher-forcing")  # no recurrence


@pytest.mark.parametrize("name", [n for n in builtins() if n not in STEP_BY_STEP])
def test_numba_compiles_all_recurrences(name: str) -> None:
    """Every loop over steps of the values and of the adjoints is a compiled function."""
    source = numpy_source(Model.named(name), target="numba")
    parts = re.split(r"\ndef (_forward|_backward)\(", source)
    for function, body in zip(parts[1::2], parts[2::2], strict=True):
        body = re.split(r"\n\n\n", body)[0]
        assert "_steps_" in body, function
        assert "for t in range(" not in body, function


def numba_module(name: str) -> tuple[ModuleType, ModuleType]:
    pytest.importorskip("numba")
    plain, module = both(name, "numba")
    assert module.numba is not None
    return plain, module


def assert_loss(plain: ModuleType, module: ModuleType, data: Data, **options: Any) -> None:
    """The loss and its gradients, two calls in a row."""
    arguments = {**data.forward, "targets": data.targets}
    plain_options = {k: v for k, v in options.items() if k != "checkpoint"}
    loss, wanted = plain.loss_and_grads(**arguments, **plain_options)
    for _ in range(2):
        again, found = module.loss_and_grads(**arguments, **options)
        assert abs(again - loss) <= TOLERANCE * abs(loss)
        assert_equal(found, wanted, np.ndarray)


def test_numba_softmax_network() -> None:
    """Masks, truncation and checkpointing on the compiled module."""
    plain, module = numba_module("rnn-softmax")
    module._LEAST = 1  # type: ignore[attr-defined]  # several segments of few steps
    data = random_data(plain, 1)
    mask = (np.random.default_rng(2).random((SIZES["T"], SIZES["B"])) < 0.7).astype(int)
    for options in ({}, {"truncate": 2}, {"mask": mask}, {"checkpoint": "sqrt"}):
        assert_loss(plain, module, data, **options)


@pytest.mark.parametrize("name", ["lstm-concatenated", "10", "rnn"])
def test_numba_gradients(name: str) -> None:
    """Products with stacked columns, random formulas, functions that the model leaves open."""
    plain, module = numba_module(name)
    data = random_data(plain, 1)
    grads = {"m": data.grads["m"]} if "m" in data.grads else data.grads
    outputs, cache = plain.forward(**data.forward)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # operands of products that are not contiguous
        found, kept = module.forward(**data.forward)
        assert_equal([found], [outputs], np.ndarray)
        back = module.backward(kept, grads)
    assert_equal(back, plain.backward(cache, grads), np.ndarray)


def test_numba_keeps_float32() -> None:
    plain, module = numba_module("rnn-squared")
    data = random_data(plain, 1, np.float32)
    loss, found = module.loss_and_grads(data.params, data.inputs, data.targets)
    _, wanted = plain.loss_and_grads(data.params, data.inputs, data.targets)
    assert loss.dtype == np.float32
    for name, value in found.params.items():
        assert value.dtype == np.float32
        scale = np.abs(wanted.params[name]).max()
        np.testing.assert_allclose(value, wanted.params[name], atol=1e-5 * scale)
    assert "float64" not in str(module._steps_1.nopython_signatures)


def test_numba_functions_are_exact() -> None:
    """tanh and sigmoid over their whole range, within a few units in the last place."""
    _, module = numba_module("lstm-caption")
    for dtype in (np.float32, np.float64):
        x = np.linspace(-45, 45, 301).astype(dtype)
        exact = x.astype(np.float64)
        for name, wanted in (("tanh", np.tanh(exact)), ("sigmoid", 1 / (1 + np.exp(-exact)))):
            one = getattr(module, f"_one_{name}")
            found = np.array([one(v) for v in x])
            assert all(str(dtype.__name__) in str(s) for s in one.nopython_signatures[-1:])
            error = np.abs(found - wanted) / np.maximum(np.abs(wanted), np.finfo(dtype).tiny)
            assert error.max() < 6 * np.finfo(dtype).eps
        assert np.isnan(module._one_tanh(dtype(np.nan)))
