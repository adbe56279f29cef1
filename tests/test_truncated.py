"""Windows: what is kept and what is left out, proved, and the same as generated code computes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from sympy import Integer, Symbol
from test_calculus import judged

from symbptt.codegen import load_module
from symbptt.core.errors import NotSupported, ProofError, SymbpttError
from symbptt.core.meaning import World, agree, evaluate
from symbptt.core.terms import Elem, Gradient, Param, Partial, Term, Unvec, index_symbol
from symbptt.derivation import ByParts, derive_quantity
from symbptt.models.model import Model
from symbptt.module import numpy_source
from symbptt.notation.symbols import ascii_name
from symbptt.proof.kernel import check
from symbptt.proof.objects import Development

SIZES = {"n": 3, "d": 2, "T": 4}
WINDOWS = (1, 2, 4, 7)
CELLS = ("rnn-tanh", "gru", "lstm", "leaky")


@cache
def cut(model: str, wrt: str, window: Any = None, T: int | None = None) -> ByParts:
    derivation = derive_quantity(
        Model.named(model), rf"\partial L/\partial {wrt}", "truncated", T, window=window
    )
    assert isinstance(derivation, ByParts) and derivation.verify()
    return derivation


def kept(derivation: ByParts) -> Term:
    """What the difference of the derivative and the part that is kept subtracts."""
    _, difference = derivation.theorems
    return difference.left.args[1].args[1]


@pytest.mark.parametrize("window", [None, 1, 2, "M"])
@pytest.mark.parametrize(
    ("model", "wrt"),
    [
        ("rnn", "W"), ("rnn", "b"), ("rnn-softmax", "U"), ("rnn-softmax", "V"), ("gru", "U_z"),
        ("lstm", "W_f"), ("lstm", "b_o"), ("many-to-one", "W"), ("deep", "W_1"), ("rnn", "x_k"),
        ("rnn", "h_0"), ("lstm", "x_k"), ("output-recurrent", "W"),
    ],
)  # fmt: skip
def test_kept_and_left_out(model: str, wrt: str, window: Any) -> None:
    d = cut(model, wrt, window)
    judged(d.outcome)
    assert d.result == d.theorems[0].right
    assert d.theorems[0].left == Partial(d.theorems[0].left.args[0], d.theorems[0].subject[-1])


@pytest.mark.parametrize("length", [1, 3])
def test_with_a_given_length(length: int) -> None:
    judged(cut("rnn", "W", 2, length).outcome)


def test_the_difference_is_not_nothing() -> None:
    d = cut("rnn", "W", 2)
    theory = d.development.theory
    left_out = d.theorems[-1].right
    assert agree(d.theorems[0].right, kept(d), theory) is not None
    short = tuple(f for f in (2 - d.model.length,))
    zero = agree(left_out, left_out - left_out, theory, short)
    assert zero is None, "a window as long as the sequence leaves nothing out"


def test_what_nothing_carries_through_time_is_kept_whole() -> None:
    d = cut("rnn-softmax", "V")
    (only,) = d.theorems
    full = derive_quantity(d.model, r"\partial L/\partial V", "sum")
    assert only.right == full.theorems[0].right


def test_a_wrong_split_is_refused() -> None:
    d = cut("rnn", "W")
    both, _ = d.theorems
    k = index_symbol("K")
    for wrong in (
        replace(both, right=kept(d)),
        replace(both, right=both.right.xreplace({k: k + 1})),
        replace(both, facts=()),
    ):
        theorems = [wrong if th.id == both.id else th for th in d.development.theorems]
        with pytest.raises(ProofError):
            check(Development(d.development.theory, tuple(theorems[:-1])))


@cache
def case(name: str) -> tuple[World, Any, Any]:
    """A world, the module of the model in it, and what its forward pass kept."""
    model = Model.named(name)
    theory = model.theory
    sizes = {s: SIZES[s.name] for s in (*model.dims, model.length)}
    world = World.random(theory, sizes, seed=3)
    module = load_module(numpy_source(model))
    t = Symbol("t", integer=True)
    params = {ascii_name(p.name): _array(p, world) for p in theory.params}
    inputs, states = {}, {}
    for given in theory.givens:
        head = given.head
        found = [v for v in range(-1, 7) if _exists(head, given.facts, v, sizes)]
        values = np.stack([_array(head.at(v), world) for v in found])
        if len(found) == 1:
            states[ascii_name(head.name)] = values
        else:
            inputs[ascii_name(head.name)] = values[:, None]
    _, memory = module.forward(params, inputs, states)
    scores = {z: np.zeros((SIZES["T"], 1, SIZES["n"])) for z in ("h",)}
    for step in range(1, SIZES["T"] + 1):
        slope = Partial(Elem("L", t, 1), Elem("h", t, index_symbol("n")), "direct")
        scores["h"][step - 1, 0] = evaluate(slope, world, {t: step})[0]
    return world, module, (memory, scores)


def _array(leaf: Term, world: World) -> Any:
    value = evaluate(leaf, world, {})
    return value[:, 0] if leaf.is_column and not leaf.is_scalar else value.squeeze()


def _exists(head: Elem, facts: Any, value: int, sizes: dict[Symbol, int]) -> bool:
    index = head.index
    if not index.is_Symbol:
        return bool(index == value)
    return all(f.xreplace({index: Integer(value), **sizes}) >= 0 for f in facts)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", CELLS)
def test_generated_code_keeps_the_same_part(name: str, window: int) -> None:
    """truncate=K-1 of the module is the window K of the derivation, for several parameters."""
    world, module, (memory, scores) = case(name)
    found = module.backward(memory, scores, truncate=window - 1).params
    full = module.backward(memory, scores).params
    model = Model.named(name)
    for param in model.theory.params[:4]:
        d = cut(name, param.name)
        part, k = kept(d), index_symbol("K")
        row = evaluate(part, world, {k: window})
        dropped = evaluate(d.theorems[-1].right, world, {k: window})
        name_ = ascii_name(param.name)
        assert np.allclose(_row(found[name_]), row, rtol=1e-11, atol=1e-12), param
        assert np.allclose(_row(full[name_]) - _row(found[name_]), dropped, rtol=1e-9, atol=1e-11)
        assert (np.abs(dropped).max() > 1e-8) == (window < SIZES["T"]), param


def _row(array: Any) -> Any:
    return np.asarray(array).reshape(1, -1, order="F")


@pytest.mark.parametrize("window", WINDOWS)
def test_generated_code_keeps_the_same_part_of_inputs_and_states(window: int) -> None:
    world, module, (memory, scores) = case("lstm")
    found = module.backward(memory, scores, truncate=window - 1)
    k, at = index_symbol("K"), index_symbol("k")
    x = cut("lstm", "x_k")
    for step in range(1, SIZES["T"] + 1):
        row = evaluate(kept(x), world, {k: window, at: step})
        assert np.allclose(found.inputs["x"][step - 1], row, rtol=1e-11, atol=1e-12)
    row = evaluate(kept(cut("lstm", "C_0")), world, {k: window})
    assert np.allclose(found.states["C"], row, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("window", "form", "message"),
    [
        (0, "truncated", "at least one step"), ("-1", "truncated", "a number of steps or a letter"),
        ("2.5", "truncated", "a number of steps or a letter"), (2, "sum", "belongs to the form"),
        (2, None, "belongs to the form"), ("t", "truncated", "means something else"),
        ("W", "truncated", "means something else"),
    ],
)  # fmt: skip
def test_refused(window: Any, form: str | None, message: str) -> None:
    with pytest.raises(SymbpttError, match=message):
        derive_quantity(Model.named("rnn"), r"\partial L/\partial W", form, window=window)


def test_no_window_for_what_is_no_sum() -> None:
    with pytest.raises(NotSupported, match="not a sum over later steps"):
        cut("many-to-one", "x_k")
    with pytest.raises(NotSupported, match="one quantity at a time"):
        derive_quantity(Model.named("rnn"), r"\partial L/\partial\theta", "truncated", window=2)


# ---------------------------------------------------------------- a term of the loss, a state


@pytest.mark.parametrize(
    ("model", "quantity"),
    [
        ("rnn", r"\nabla_W L_t"), ("rnn", r"\nabla_b L_t"), ("rnn", r"\partial L_t/\partial U"),
        ("rnn", r"\nabla_{h_k} L_t"), ("rnn", r"\nabla_{x_t} L_t"),
        ("rnn-softmax", r"\nabla_V L_t"),
        ("rnn-softmax", r"\nabla_W L_t"), ("lstm", r"\nabla_{W_f} L_t"), ("gru", r"\nabla_{U} L_t"),
        ("rnn", r"\partial h_t/\partial W"), ("rnn", r"\partial h_T/\partial W"),
        ("rnn", r"\partial h_k/\partial W"), ("rnn-softmax", r"\partial o_t/\partial W"),
        ("rnn-softmax", r"\partial o_t/\partial V"), ("lstm", r"\partial C_t/\partial W_f"),
        ("gru", r"\partial h_t/\partial U_z"), ("deep", r"\partial r_t/\partial W_1"),
        ("many-to-one", r"\partial \hat y/\partial W"), ("many-to-one", r"\partial L/\partial W"),
    ],
)  # fmt: skip
def test_derivatives_through_all_steps(model: str, quantity: str) -> None:
    d = derive_quantity(Model.named(model), quantity)
    assert d.verify()
    judged(d.outcome)


def test_a_gradient_has_the_shape_of_the_matrix() -> None:
    """No Kronecker product and no unvec are left where the state is one sequence."""
    result = derive_quantity(Model.named("rnn"), r"\nabla_W L_t").result
    assert result.shape == Param("W", index_symbol("n"), index_symbol("n")).shape
    assert not result.has(Unvec) and not result.has(Gradient)


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (r"\partial L/\partial L", "with respect to a loss"),
        (r"\partial L/\partial L_t", "with respect to a loss"),
        (r"\partial h_t/\partial L", "with respect to a loss"),
        (r"\nabla_L L_t", "with respect to a loss"),
    ],
)
def test_nothing_is_derived_by_a_loss(quantity: str, message: str) -> None:
    with pytest.raises(NotSupported, match=message):
        derive_quantity(Model.named("rnn"), quantity)
