"""Mutated answers: thousands that differ from the right ones, and none is taken for right."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_checks import normalised
from reference_answers import Reference, references

from symbptt.answers.mistakes import Background, mutants
from symbptt.answers.mutation_values import Mark, close
from symbptt.answers.mutations import Mutation, Refused, make, places, put, variants
from symbptt.core import canonical
from symbptt.core.errors import SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.core.meaning import agree
from symbptt.core.terms import Hadamard, Param, Plus, SumOver, Term, Times
from symbptt.core.theory import Theory
from symbptt.models.builtin import builtins

EVERY = 7  # of the mutants of a model's answers, one in so many is judged
n, k = index_symbol("n"), index_symbol("k")
A, B = Param("A", n, n), Param("B", n, n)
NOWHERE = Background(Theory((), (), ()))


@cache
def different(name: str) -> tuple[tuple[Reference, Term], ...]:
    """Mutants of a model's answers in which meaning finds a difference."""
    found = []
    for reference in references(name):
        theory = normalised(reference.background.theory, reference.model.onehot)
        made = dict.fromkeys(v.made for v in reference.variants(3) if isinstance(v.made, Term))
        for mutant in list(made)[::EVERY]:
            try:
                if agree(mutant, reference.right, theory, reference.facts, trials=2) is not None:
                    found.append((reference, mutant))
            except SymbpttError:  # it does not exist at every sample
                continue
    return tuple(found)


@pytest.mark.parametrize("name", sorted(builtins()))
def test_the_canonical_form_accepts_no_mutant(name: str) -> None:
    for reference, mutant in different(name):
        try:
            same = canonical.equal(mutant, reference.right, reference.facts)
        except SymbpttError:  # it refuses what it cannot decide in time
            continue
        assert not same, (reference.left, reference.right, mutant)


def test_there_are_thousands_of_them() -> None:
    assert sum(len(different(name)) for name in builtins()) >= 2000


# ---------------------------------------------------------------- the engine


def swapped(term: Term, place: object) -> list[Term | Refused]:
    return [make(Times, *reversed(term.args))] if isinstance(term, Times) else []


SWAP = Mutation("swap", swapped)


def test_a_mutation_is_tried_at_every_place_and_at_equal_ones_together() -> None:
    answer = Plus(A @ B, Hadamard(A @ B, B))
    found = {variant.made for variant in variants(SWAP, answer, NOWHERE)}
    assert found == {
        Plus(B @ A, Hadamard(B @ A, B)), Plus(B @ A, Hadamard(A @ B, B)),
        Plus(A @ B, Hadamard(B @ A, B)),
    }  # fmt: skip
    inside = SumOver(A @ B, k, 1, 3)
    assert [v.made for v in variants(SWAP, inside, NOWHERE)] == [SumOver(B @ A, k, 1, 3)]


def test_what_a_constructor_refuses_is_kept() -> None:
    v = Param("v", n)
    (found,) = variants(SWAP, A @ v, NOWHERE)
    assert isinstance(found.made, Refused)
    assert found.made.operation is Times and found.made.args == (v, A)
    above = put(Plus(A @ v, v), [(0,)], A)  # the term above refuses what was put into it
    assert isinstance(above, Refused) and above.operation is Plus


def test_a_mutation_of_the_whole_looks_at_the_whole() -> None:
    whole = Mutation("swap", swapped, whole=True)
    assert list(variants(whole, Plus(A @ B, B), NOWHERE)) == []
    assert [v.made for v in variants(whole, A @ B, NOWHERE)] == [B @ A]


def test_places_count_equal_subterms_once() -> None:
    found = places(Plus(A @ B, A @ B, B))
    assert [len(where) for where in (found[A @ B], found[B], found[A])] == [2, 3, 2]


def test_mutants_come_in_the_order_of_the_table() -> None:
    rows = [row for row, _ in mutants(A @ B, NOWHERE)]
    assert rows.index("transpose-in-wrong-place") < rows.index("order-of-factors")
    assert rows.index("order-of-factors") < rows.index("missing-factor")


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4), st.floats(-1, 1), st.integers(-12, 6))
def test_values_that_agree_have_marks_that_are_near(
    numbers: list[float], noise: float, size: int
) -> None:
    value = np.array(numbers)[:, None] * 10.0**size
    other = value * (1 + 1e-9 * noise)
    assert close(value, other) and Mark.of(value).near(Mark.of(other))
    assert not Mark.of(value).near(Mark.of(None)) and Mark.of(None).near(Mark.of(None))
    assert not Mark.of(value).near(Mark.of(value + 10.0**size))
    assert not Mark.of(value).near(Mark.of(np.vstack([value, value])))
