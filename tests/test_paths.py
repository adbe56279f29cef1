"""Jacobians by path and along the direct path: proved, replayed, and judged by evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from test_calculus import judged

from symbptt.calculus.paths import MOST
from symbptt.core.errors import NotSupported, ProofError
from symbptt.core.meaning import World, agree, evaluate
from symbptt.core.terms import (
    Block, D, Elem, Identity, OrderedProduct, Partial, Plus, Zero,
    index_symbol,
)  # fmt: skip
from symbptt.core.theory import Frame
from symbptt.core.traverse import contains
from symbptt.derivation import Derivation, derive_quantity
from symbptt.models.model import Model
from symbptt.notation.reader import read_quantity
from symbptt.proof.kernel import check
from symbptt.proof.objects import Development, Identification, Theorem

STEP = r"\partial C_t/\partial C_{t-1}"
FIXED = """
x_t \\in \\mathbb{R}^d
h_t, C_t \\in \\mathbb{R}^n
f_t = \\mathbf{1}
i_t = 0 \\cdot \\mathbf{1}
o_t = \\sigma(W_o h_{t-1} + U_o x_t + b_o)
g_t = \\tanh(W_c h_{t-1} + U_c x_t + b_c)
C_t = f_t \\odot C_{t-1} + i_t \\odot g_t
h_t = o_t \\odot \\tanh(C_t)
\\sigma = \\mathrm{sigmoid}
L_t \\in \\mathbb{R}
L = \\sum_{t=1}^{T} L_t(h_t)
"""
PARALLEL = """
x_t \\in \\mathbb{R}^d
h_t \\in \\mathbb{R}^n
g_t = \\tanh(W h_{t-1} + U x_t)
h_t = g_t \\odot (V g_t) + \\tanh(h_{t-1}) \\odot h_{t-1}
L_t \\in \\mathbb{R}
L = \\sum_{t=1}^{T} L_t(h_t)
"""


def derived(model: str | Model, quantity: str, form: str | None = "paths") -> Derivation:
    found = Model.named(model) if isinstance(model, str) else model
    derivation = derive_quantity(found, quantity, form)
    assert derivation.verify()
    judged(derivation.outcome)
    return derivation


def trails(derivation: Derivation) -> set[str]:
    return {
        " ".join(str(x) for x in th.subject) for th in derivation.theorems if th.title == "path"
    }


def test_the_paths_of_the_lstm() -> None:
    d = derived("lstm", STEP)
    assert trails(d) == {
        "C[t - 1] C[t]",
        "C[t - 1] h[t - 1] a^{f}[t] f[t] C[t]",
        "C[t - 1] h[t - 1] a^{i}[t] i[t] C[t]",
        r"C[t - 1] h[t - 1] a^{\tilde{C}}[t] \tilde{C}[t] C[t]",
    }
    direct = next(th for th in d.theorems if th.title == "path" and len(th.subject) == 2)
    assert str(direct.right) == "diag(f[t])"
    assert all(len(th.subject) - 1 == _factors(th) for th in d.theorems if th.title == "path")


def _factors(theorem: Theorem) -> int:
    return 1 if isinstance(theorem.left, Partial) else len(theorem.left.args)


@pytest.mark.parametrize(
    ("model", "quantity", "number"),
    [
        ("lstm", STEP, 4), ("lstm-peephole", STEP, 9), ("lstm-coupled", STEP, 3),
        ("lstm-no-forget", STEP, 3), ("lstm", r"\partial h_t/\partial h_{t-1}", 4),
        ("lstm", r"\partial C_t/\partial x_t", 3),
        ("lstm-caption", r"\partial c_t/\partial c_{t-1}", 4),
        ("gru", r"\partial h_t/\partial h_{t-1}", 4), ("rnn", r"\partial h_t/\partial h_{t-1}", 1),
        ("gru-reset-after", r"\partial h_t/\partial h_{t-1}", 4),
        ("rnn", r"\partial h_t/\partial h_{t-2}", 1), ("gru", r"\partial h_t/\partial h_{t-2}", 16),
        ("rnn-softmax", r"\partial o_t/\partial V", 1), ("lstm", r"\partial L_t/\partial C_t", 1),
    ],
)  # fmt: skip
def test_the_total_is_the_sum_over_paths(model: str, quantity: str, number: int) -> None:
    d = derived(model, quantity)
    assert len(trails(d)) == number
    named, values = d.theorems[-2:]
    total = derive_quantity(Model.named(model), quantity).main
    assert named.left == values.left
    assert len(named.right.args if isinstance(named.right, Plus) else (named.right,)) == number
    if isinstance(total.left, Partial):
        assert total.left == values.left
        assert agree(total.right, values.right, d.development.theory, values.facts) is None


def test_layers_have_paths_of_their_own() -> None:
    model = Model.named("deep")
    first, *_, last = [z for z in ("h", "g", "r") if model.theory.defined(f"{z}[]")]
    d = derived(model, rf"\partial {last}_t/\partial {first}_{{t-1}}")
    assert len(trails(d)) == 3
    assert all(first in trail and last in trail for trail in trails(d))
    d = derived("bidirectional", r"\partial g_t/\partial g_{t+1}")
    assert len(trails(d)) == 1


def test_several_edges_between_two_quantities_are_one() -> None:
    d = derived(Model.parse(PARALLEL), r"\partial h_t/\partial h_{t-1}")
    assert trails(d) == {"h[t - 1] a[t] g[t] h[t]", "h[t - 1] h[t]"}
    edge = next(th for th in d.development.theorems if th.id == "direct:h[t]:g[t]")
    assert isinstance(edge.right, Plus)


def test_a_path_that_is_left_out_is_missed() -> None:
    d = derived("lstm", STEP)
    theorems = [
        replace(th, right=Plus(*th.right.args[1:])) if th.id.startswith("paths:") else th
        for th in d.development.theorems
    ]
    with pytest.raises(ProofError):
        check(Development(d.development.theory, tuple(theorems)))


def test_a_direct_derivative_is_not_a_total_one() -> None:
    """A differential in which gates move with C[t-1] says nothing about the direct derivative."""
    d = derived("lstm", STEP, None)
    total = d.development.theorems[-1]
    forged = replace(total, id="forged", left=Partial(*total.left.args[:2], "direct"))
    with pytest.raises(ProofError, match="another path"):
        check(Development(d.development.theory, (*d.development.theorems, forged)))


def test_a_total_derivative_is_not_a_direct_one() -> None:
    d = derived("lstm", STEP)
    edge = next(th for th in d.development.theorems if th.id == "direct:C[t]:C[t - 1]")
    forged = replace(edge, id="forged", left=Partial(*edge.left.args[:2]))
    with pytest.raises(ProofError, match="paths through it are cut"):
        check(Development(d.development.theory, (*d.development.theorems, forged)))


def test_what_is_set_free_has_no_definition() -> None:
    """y itself among the quantities that vary would make every direct derivative zero."""
    d = derived("lstm", STEP)
    source = next(th for th in d.development.theorems if th.id == "direct:C[t]")
    y, before = source.left.args[0], source.frame.vary[0]
    frame, facts = Frame((y, before)), source.facts
    free = Theorem("free", D(y), D(y), replace(source.proof, steps=()), facts, frame)
    zero = Partial(y, before, "direct")
    forged = Theorem("forged", zero, Zero(*zero.shape), Identification("free", before), facts)
    with pytest.raises(ProofError):
        check(Development(d.development.theory, (free, forged)))


@pytest.mark.parametrize("model", ["lstm", "lstm-peephole", "lstm-coupled", "lstm-caption"])
def test_the_direct_path_through_time(model: str) -> None:
    cell = "c" if model == "lstm-caption" else "C"
    d = derived(model, rf"\partial {cell}_t/\partial {cell}_k", "direct")
    total, edge, whole = d.theorems
    assert isinstance(total.left, Partial) and total.left.mode == "total"
    assert edge.left.mode == "direct"
    assert isinstance(whole.left, OrderedProduct) and whole.left.body.mode == "direct"
    found = agree(total.right, whole.right, d.development.theory, whole.facts)
    assert found is not None, "the gates carry no part of the derivative"


def test_a_cell_that_only_adds_keeps_its_derivative_on_the_direct_path() -> None:
    d = derived("lstm-no-forget", r"\partial C_t/\partial C_k", "direct")
    assert isinstance(d.theorems[-1].right, Identity)
    assert not isinstance(d.theorems[0].right, Identity)


def test_open_forget_gate_and_closed_input_gate_keep_everything() -> None:
    model = Model.parse(FIXED)
    d = derived(model, r"\partial C_t/\partial C_k", "direct")
    assert all(isinstance(th.right, Identity) for th in d.theorems)
    assert isinstance(derived(model, STEP, None).result, Identity)
    assert isinstance(derived(model, r"\partial C_t/\partial C_k", None).result, Identity)
    d = derived(model, STEP)
    assert trails(d) == {"C[t - 1] C[t]"} and isinstance(d.result, Identity)
    through = derived(model, r"\partial h_t/\partial h_k", None)
    assert not isinstance(through.result, Identity)


def test_a_layer_below_knows_nothing_of_those_above() -> None:
    """The product of the Jacobians of the first layer has no blocks."""
    model = Model.named("deep")
    d = derived(model, r"\partial h_t/\partial h_k", None)
    assert not contains(d.result, Block)


@pytest.mark.parametrize(
    ("model", "quantity", "form", "message"),
    [
        ("lstm", r"\partial C_t/\partial C_k", "paths", "more of them with every step"),
        ("rnn", r"\partial h_t/\partial W", "paths", "do not come to an end"),
        ("rnn", r"\partial h_t/\partial h_{t+1}", "paths", "no path leads"),
        ("rnn", r"\partial h_t/\partial h_t", "paths", "no path from h.t. to itself"),
        ("gru", r"\partial h_t/\partial h_{t-4}", "paths", f"more than {MOST} paths"),
        ("rnn", r"\partial^+ h_t/\partial W", "paths", "are not listed"),
        ("time-delay", r"\partial h_t/\partial x_{t-1}", "paths", "under a sum"),
        ("rnn", r"\partial h_t/\partial h_k", "direct", "does not mention"),
        ("lstm", r"\partial h_t/\partial C_k", "direct", "from a sequence to itself"),
        ("lstm", r"\partial C_t/\partial W_f", "direct", "no direct path through time"),
    ],
)  # fmt: skip
def test_refused(model: str, quantity: str, form: str, message: str) -> None:
    with pytest.raises(NotSupported, match=message):
        derive_quantity(Model.named(model), quantity, form)


def test_the_forms_have_one_layout() -> None:
    with pytest.raises(NotSupported, match="numerator layout only"):
        derive_quantity(Model.named("lstm"), STEP, "paths", layout="denominator")


def test_shown_with_its_nodes() -> None:
    d = derived("lstm", STEP)
    assert "C_{t-1} → C_t: ∂°C_t/∂C_{t-1} = diag(f_t)" in d.text().splitlines()
    assert r"C_{t-1} \to C_{t}" in d.latex()
    shown = [t["path"] for t in d.json()["theorems"] if "path" in t]
    assert ["C_{t-1}", "C_{t}"] in shown and len(shown) == 4
    way = "C_{t-1} → h_{t-1} → a^f_t → f_t → C_t"
    assert f"The path {way}" in d.explain() and f"路径 {way}" in d.explain("zh")


def test_a_direct_derivative_reads_and_evaluates() -> None:
    """Only the definition of C_t moves: h_{t-1} and the gates stay where they are."""
    model = Model.named("lstm")
    edge = read_quantity(r"\frac{\partial^{\circ} C_t}{\partial C_{t-1}}", model.scope)
    assert isinstance(edge, Partial) and edge.mode == "direct"
    n, d, t = index_symbol("n"), index_symbol("d"), index_symbol("t")
    world = World.random(model.theory, {n: 3, d: 2, model.length: 5})
    gates = evaluate(Elem("f", t, n), world, {t: 3})
    assert np.allclose(evaluate(edge, world, {t: 3}), np.diag(gates[:, 0]), atol=1e-14)
