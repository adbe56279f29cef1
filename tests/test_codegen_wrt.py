"""``wrt``: the same gradients by what is named, and no line for what only others need."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from codegen_oracle import error, random_data
from random_models import write_model

from symbptt import Model
from symbptt.codegen import load_module
from symbptt.core.errors import SymbpttError
from symbptt.models import builtins
from symbptt.module import numpy_source

TOLERANCE = 1e-13
RANDOM = [f"random {seed}" for seed in range(0, 60, 6)]


def model_of(name: str) -> Model:
    return Model.parse(write_model(int(name.split()[1]))) if " " in name else Model.named(name)


def assert_part(found: Any, wanted: Any, names: set[str]) -> None:
    """The gradients by these names among all; those by states may be there besides."""
    given = {*found.params, *found.inputs, *found.states}
    assert names <= given <= names | {*wanted.states}
    for group, whole in zip(found, wanted, strict=True):
        for name, value in group.items():
            assert error(value, whole[name]) <= TOLERANCE, name


def ways(source: str) -> list[dict[str, Any]]:
    """The options that a module does not refuse."""
    every = ({}, {"workers": 2}, {"checkpoint": "sqrt"}, {"truncate": 1})
    refused = re.findall(r"(\w+): expected (?:None|1), since", source)
    return [way for way in every if not {*way} & {*refused}]


@pytest.mark.parametrize("name", [*builtins(), *RANDOM])
def test_every_model(name: str) -> None:
    model = model_of(name)
    whole = load_module(numpy_source(model))
    known = [name for group in ("params", "inputs", "states") for name in whole.SHAPES[group]]
    data = random_data(whole)
    rng = np.random.default_rng(len(name))
    for names in ({known[0]}, {known[-1]}, {*rng.permutation(known)[: 1 + len(known) // 2]}):
        source = numpy_source(model, wrt=sorted(names))
        part = load_module(source)
        assert part.SHAPES == whole.SHAPES
        fewer = random_data(part).forward  # the same without derivatives that nothing needs
        (outputs, cache), (own, kept) = whole.forward(**data.forward), part.forward(**fewer)
        for output, value in outputs.items():
            assert error(own[output], value) <= TOLERANCE
        assert_part(part.backward(kept, data.grads), whole.backward(cache, data.grads), names)
        if not hasattr(whole, "loss_and_grads"):
            continue
        for way in ways(source):
            loss, wanted = whole.loss_and_grads(**data.forward, targets=data.targets, **way)
            again, found = part.loss_and_grads(**fewer, targets=data.targets, **way)
            assert abs(again - loss) <= TOLERANCE * abs(loss)
            assert_part(found, wanted, names)


@pytest.mark.parametrize("target", ["array-api", "numba"])
def test_other_targets(target: str) -> None:
    model = Model.named("rnn-softmax")
    if target == "numba":
        pytest.importorskip("numba")
    whole = load_module(numpy_source(model))
    part = load_module(numpy_source(model, target=target, wrt=["W", "c"]))
    data = random_data(whole)
    every = {**data.forward, "targets": data.targets}
    assert_part(part.loss_and_grads(**every)[1], whole.loss_and_grads(**every)[1], {"W", "c"})


def small() -> tuple[Any, Any]:
    """Parameters and inputs of a network with n = 3, d = 2, q = 4; T = 5, B = 1."""
    shapes = {"W": (3, 3), "U": (3, 2), "b": (3,), "V": (4, 3), "c": (4,)}
    return {name: np.ones(shape) for name, shape in shapes.items()}, np.ones((5, 1, 2))


@pytest.mark.parametrize("start", ["", "h_0 = 0", "h_0 = b"])
def test_nothing_is_computed_for_others(start: str) -> None:
    text = rf"""
x_t \in \mathbb{{R}}^d
h_t \in \mathbb{{R}}^n
y_t \in \mathbb{{R}}^q
{start}
h_t = \tanh(W h_{{t-1}} + U x_t + b)
o_t = V h_t + c
L_t = (o_t - y_t)^\top (o_t - y_t)
L = \sum_{{t=1}}^{{T}} L_t
"""
    model = Model.parse(text)
    late = numpy_source(model, wrt=["V", "c"])
    adjoint = "[::order]"  # a loop against time
    assert adjoint in numpy_source(model)
    assert adjoint not in late and "tanh'" not in late  # no adjoint of a state
    with pytest.raises(ValueError, match="truncate: expected None or a number"):
        load_module(late).backward(load_module(late).forward(*small())[1], {}, truncate=-1)
    early = numpy_source(model, wrt=["W"])
    for gone in ("d_V", "d_U", "d_x", "d_c", "d_b"):
        assert gone in numpy_source(model) and gone not in early


def test_names_of_the_model_and_of_the_module() -> None:
    model = Model.parse(
        r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \tanh(W_{hh} h_{t-1} + W_{hx} x_t)
"""
    )
    assert numpy_source(model, wrt=["W_hh"]) == numpy_source(model, wrt=["W_{hh}"])


def test_what_has_no_gradient_is_refused() -> None:
    with pytest.raises(SymbpttError, match="Q is not a parameter, an input or a state") as no:
        Model.named("rnn").numpy(wrt=["W", "Q"])
    assert "there are" in str(no.value.hint) and "W" in str(no.value.hint)
