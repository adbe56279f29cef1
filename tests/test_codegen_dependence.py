"""What must stay in front of what: the elements that statements of a loop touch."""

from __future__ import annotations

import pytest
from sympy import Integer, Symbol

from symbptt.codegen import ir
from symbptt.codegen.passes.dependence import components, loop_edges
from symbptt.codegen.passes.given import linear

T, t, n = Symbol("T", integer=True), Symbol("t", integer=True), Symbol("n", integer=True)
AXES = (ir.BATCH, n)


def array(name: str) -> ir.Array:
    return ir.Array(name, AXES, Integer(0), T)


def at(name: str, gap: int = 0) -> ir.Read:
    return ir.Read(array(name), t + gap)


def store(name: str, value: ir.Value, gap: int = 0) -> ir.Store:
    return ir.Store(array(name), t + gap, value)


def edges(*body: ir.Statement, ascending: bool = True) -> set[tuple[int, int]]:
    return loop_edges(list(body), ir.Loop(t, Integer(1), T, body, ascending))


@pytest.mark.parametrize(
    ("gap", "ascending", "wanted"),
    [
        (0, True, {(0, 1)}),
        (-1, True, {(0, 1)}),  # a_{t-1} was stored a step before
        (1, True, {(1, 0)}),  # a_{t+1} is read before it is stored
        (0, False, {(0, 1)}),
        (1, False, {(0, 1)}),
        (-1, False, {(1, 0)}),
    ],
)
def test_a_value_and_its_reader(gap: int, ascending: bool, wanted: set[tuple[int, int]]) -> None:
    assert edges(store("a", at("x")), store("b", at("a", gap)), ascending=ascending) == wanted


@pytest.mark.parametrize(("gap", "ascending"), [(-1, True), (1, False)])
def test_a_recurrence_needs_itself(gap: int, ascending: bool) -> None:
    assert edges(store("a", at("a", gap)), ascending=ascending) == {(0, 0)}
    assert edges(store("a", at("x", gap)), ascending=ascending) == set()


def test_a_recurrence_of_two() -> None:
    found = edges(store("a", at("b", -1)), store("b", at("a")))
    assert found == {(0, 1), (1, 0)}
    assert components(2, found) == [[0, 1]]


def test_two_writers_keep_their_order() -> None:
    assert edges(store("a", at("x")), store("a", at("y"))) == {(0, 1)}
    assert edges(store("a", at("x")), store("a", at("y"), 1)) == {(1, 0)}
    assert edges(store("a", at("x"), 1), store("a", at("y"))) == {(0, 1)}


def test_readers_have_no_order() -> None:
    assert edges(store("a", at("x")), store("b", at("x", -1))) == set()


def test_an_element_of_all_steps_holds_every_order() -> None:
    total = ir.Array("s", (n,))
    sums = [ir.Accumulate(total, None, ir.Total(at(name), 0)) for name in "xy"]
    assert edges(*sums) == set()  # sums may be added in any order
    reader = store("b", ir.Add((at("x"), ir.Read(total))))
    assert edges(sums[0], reader) == {(0, 1), (1, 0)}


def test_components_stand_behind_what_they_need() -> None:
    assert components(3, {(2, 0), (0, 1)}) == [[2], [0], [1]]
    assert components(4, {(1, 2), (2, 1), (3, 1)}) == [[0], [3], [1, 2]]


def test_what_vanishes_with_a_gradient() -> None:
    """Only such summands may be left out where the gradient is not given."""
    matrix = ir.Read(ir.Array("W", (n, n)))
    g, h = at("g"), at("h")
    for value in (g, ir.Mul((h, g)), ir.MatMul(g, matrix), ir.Total(ir.Mul((h, g)), 1)):
        assert linear(value, "g")
    for value in (h, ir.Add((h, g)), ir.Apply("tanh", 0, g), ir.Apply("exp", 0, g)):
        assert not linear(value, "g")
    assert linear(ir.Spread(ir.Total(g, 1), n), "g")
