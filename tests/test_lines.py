"""Which lines of a module compute which formula."""

from __future__ import annotations

import re

import numpy as np
import pytest
from codegen_oracle import random_data
from typer.testing import CliRunner

from symbptt import Model
from symbptt.cli.app import app
from symbptt.codegen import load_module
from symbptt.codegen.compiler import Generated
from symbptt.codegen.lines import Formula, needed
from symbptt.models import builtins
from symbptt.module import numpy_module
from symbptt.notation.unicode import unicode

TARGETS = ("numpy", "numba", "array-api")
NO_CODE = {"encoder-decoder", "time-delay"}
NAMES = [name for name in builtins() if name not in NO_CODE]


def lines_of(module: Generated, formula: Formula) -> list[str]:
    first, last = formula.lines
    return module.source.split("\n")[first - 1 : last]


def one(module: Generated, start: str) -> Formula:
    (found,) = {f for f in module.formulas if f.text.startswith(start)}
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", TARGETS)
def test_every_formula_has_lines(name: str, target: str) -> None:
    """All sequences and all gradients of parameters, each with lines that are code."""
    model = Model.named(name)
    module = numpy_module(model, target=target)
    for formula in module.formulas:
        lines = lines_of(module, formula)
        assert lines
        assert all(x.strip() and not x.lstrip().startswith("# ") for x in lines), formula
    shown = {f.text.partition(" = ")[0] for f in module.formulas}
    for parameter in load_module(module.source).SHAPES["params"]:
        wanted = [p for p in model.theory.params if p.name == parameter]
        assert all(f"∂L/∂{unicode(p)}" in shown for p in wanted)
    defined = {f.key for f in module.formulas}
    assert {d.key for d in model.theory.definitions} - {"L", "L[]"} <= defined  # and its own loss


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "gradient"), [("lstm", "b_o"), ("gru", "W_z"), ("rnn", "U")])
def test_a_gradient_comes_from_its_lines(name: str, gradient: str, target: str) -> None:
    """Without its lines the gradient is not there, and no other gradient is missing."""
    module = numpy_module(Model.named(name), target=target)
    lines = lines_of(module, one(module, f"∂L/∂{gradient} ="))
    assert any(re.search(rf"\bd_{gradient}\b", x) for x in lines)
    assert not any(re.search(r"\bd_x\b", x) for x in lines)


def test_changing_the_lines_of_a_state_changes_it() -> None:
    """The lines that compute C_t, with f_t taken twice: C changes as that formula says."""
    module = numpy_module(Model.named("lstm"))
    formula = one(module, "C_t =")
    lines = module.source.split("\n")
    at = next(i for i in range(*formula.lines) if "multiply(f[t]" in lines[i - 1])
    lines[at - 1] = lines[at - 1].replace("multiply(f[t]", "multiply(2 * f[t]")
    plain, changed = load_module(module.source), load_module("\n".join(lines))
    data = random_data(plain)
    (found, _), (other, _) = plain.forward(**data.forward), changed.forward(**data.forward)
    before = np.concatenate([data.forward["states"]["C"][None], other["C"][:-1]])
    wanted = 2 * other["f"] * before + other["i"] * other["C_tilde"]
    assert np.allclose(other["C"], wanted, rtol=1e-12, atol=1e-12)
    assert not np.allclose(found["C"], other["C"])


def test_what_a_gradient_needs() -> None:
    """All on which it depends, and nothing else."""
    module = numpy_module(Model.named("rnn-softmax"))
    shown = [f.text.partition(" = ")[0] for f in needed(module.formulas, "∂V")]
    assert {"a_t", "h_t", "δ^o_t", "∂L/∂V"} <= set(shown)
    assert not {"δ_t", "δ^a_t", "∂L/∂W"} & set(shown)
    assert needed(module.formulas, "∂nothing") == ()


def test_derive_shows_the_lines() -> None:
    result = CliRunner().invoke(app, ["derive", "dL/dW", "--model", "rnn", "--code"])
    source = numpy_module(Model.named("rnn")).source.split("\n")
    numbered = re.findall(r"^ *(\d+)  (.*)$", result.output, re.MULTILINE)
    assert result.exit_code == 0
    assert any("d_W" in text for _, text in numbered)
    assert all(source[int(number) - 1] == text for number, text in numbered)
    assert "∂L/∂W = " in result.output
    assert "∂L/∂U" not in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dh_t/dh_k", "--code"], "no line for ∂h_t/∂h_k"),
        (["dL/dW", "--code", "--json"], "lines of code go with text"),
        (["dL/dW", "--code", "--latex"], "lines of code go with text"),
    ],
)
def test_where_there_are_no_lines(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["derive", *arguments, "--model", "rnn"])
    assert result.exit_code != 0
    assert words in f"{result.output}{result.exception}"
