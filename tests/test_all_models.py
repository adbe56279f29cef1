"""Every built-in model by every parameter, input and initial state.

A new text in ``symbptt/models/cells`` is tested without a change here. The sizes n, d, q, p, m, the
length and the batch all differ, and nothing is zero, initial states included.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from model_checks import TOLERANCE, Derived, module_error, module_of, own_loss_error

import symbptt.models
from symbptt.calculus.derive import derive
from symbptt.calculus.together import together
from symbptt.codegen import load_module
from symbptt.core.errors import ProofError
from symbptt.core.terms import Gradient, Transposed
from symbptt.models.model import Model
from symbptt.module import numpy_source
from symbptt.proof.kernel import check

CELLS = Path(symbptt.models.__file__).parent / "cells"
NAMES = sorted(path.stem for path in CELLS.glob("*.txt"))
READ = {name: Model.named(name) for name in NAMES}
WITH_LOSS = [name for name in NAMES if READ[name].loss is not None]
# log(1 - softmax) of one class is the logarithm of zero.
TWO_CLASSES = {"rnn-softmax-two-sided"}


@cache
def derived(name: str) -> Derived:
    return Derived(READ[name])


@cache
def module(name: str) -> ModuleType:
    return module_of(READ[name])


def test_there_are_models() -> None:
    assert len(NAMES) >= 35
    assert set(NAMES) >= TWO_CLASSES


@pytest.mark.parametrize("name", NAMES)
def test_head_comment(name: str) -> None:
    """A title and a source."""
    title, source, *_ = (CELLS / f"{name}.txt").read_text("utf-8").splitlines()
    assert title.startswith("% ") and title.endswith(".")
    assert source.startswith("% Source: ")


@pytest.mark.parametrize("name", WITH_LOSS)
def test_kernel_accepts_every_gradient(name: str) -> None:
    model, result = READ[name], derived(name)
    result.check()
    wanted = {p.name for p in model.theory.params}
    wanted |= {*model.inputs, *model.states, *model.families}
    assert wanted - {*model.onehot} <= {leaf.name for leaf in result.leaves}


@pytest.mark.parametrize("name", WITH_LOSS)
def test_gradients_agree_with_the_complex_step(name: str) -> None:
    result = derived(name)
    smallest = 2 if name in TWO_CLASSES else 1
    for answer in result.answers:
        assert not (found := result.differs(answer, smallest=smallest)), found


@pytest.mark.parametrize("name", NAMES)
def test_module(name: str) -> None:
    """Outputs and gradients, of a loss outside and of the model's own if it has a formula."""
    assert module_error(READ[name], module(name)) <= TOLERANCE
    if hasattr(module(name), "loss_and_grads"):
        assert own_loss_error(READ[name], module(name)) <= TOLERANCE


@pytest.mark.parametrize("name", ["many-to-one", "rnn-softmax", "gated"])
def test_derived_one_by_one_and_then_together(name: str) -> None:
    """Also where a defined vector or an assumption stands among the gradients."""
    result = derived(name)
    quantities = [Gradient(result.model.loss, leaf) for leaf in result.leaves]
    alone = [derive(result.problem, quantity) for quantity in quantities]
    for one, shared in zip(alone, together(result.problem.system, alone), strict=True):
        check(shared.development)
        assert (shared.main.left, shared.main.right) == (one.main.left, one.main.right)
    assert [one.main.right for one in alone] == [answer.right for answer in result.answers]


# ---------------------------------------------------------------- the checks see a fault


def test_wrong_gradients_are_seen() -> None:
    """A transposed gradient passes neither the evaluation nor the kernel."""
    result = derived("lstm")
    answer = next(a for a in result.answers if a.left.args[1].name == "W_{f}")
    wrong = replace(answer, right=Transposed(answer.right))
    assert result.differs(wrong)
    theorems = tuple(wrong if th.id == answer.id else th for th in result.development.theorems)
    broken = Derived.__new__(Derived)
    broken.__dict__.update(result.__dict__)
    broken.development = replace(result.development, theorems=theorems)
    with pytest.raises(ProofError):
        broken.check()


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn-softmax", "bidirectional"])
def test_wrong_modules_are_seen(name: str) -> None:
    """A factor in the backward pass is a little too large, one at a time."""
    model = READ[name]
    source = numpy_source(model, passes=())
    start = source.index("def _backward(")
    places = [i for i in range(start, len(source)) if source.startswith("[t] @ ", i)][:2]
    assert places
    for place in places:
        broken = source[:place] + "[t] * 1.0001 @ " + source[place + len("[t] @ ") :]
        assert module_error(model, load_module(broken)) > 1e-8
