"""Index arithmetic against brute force over boxes of integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer, Rational

from symbptt.core.errors import IndexRangeError
from symbptt.core.indices import (
    contradictory, differ, entails, equal_index, index_symbol, is_affine, linear,
)  # fmt: skip

i, k, t, T = map(index_symbol, ("i", "k", "t", "T"))
SYMBOLS = (i, k, t)
BOX = np.arange(-9, 10)
GRID = dict(zip(SYMBOLS, np.meshgrid(*[BOX] * len(SYMBOLS), indexing="ij"), strict=True))


def values(expr: Expr) -> np.ndarray:
    """The expression at every point of the box."""
    const, row = linear(expr)
    return sum((a * GRID[s] for s, a in row), np.full(GRID[i].shape, const))


def holds(facts: tuple[Expr, ...], goal: Expr) -> bool:
    """Whether the goal is >= 0 at every point of the box where the facts are."""
    inside = np.logical_and.reduce([values(f) >= 0 for f in facts] or [np.array(True)])
    return bool(np.all(values(goal)[inside] >= 0))


def affine(*numbers: int) -> Expr:
    return sum((a * s for a, s in zip(numbers[1:], SYMBOLS, strict=True)), Integer(numbers[0]))


SMALL = st.integers(-3, 3)
ANY = st.builds(affine, SMALL, SMALL, SMALL, SMALL)
ENDS = st.sampled_from((*SYMBOLS, Integer(0)))
DIFFERENCE = st.builds(lambda a, b, c: a - b + c, ENDS, ENDS, st.integers(-2, 2))


@settings(max_examples=200)
@given(st.lists(ANY, max_size=4).map(tuple), ANY)
def test_what_is_entailed_holds(facts: tuple[Expr, ...], goal: Expr) -> None:
    if entails(facts, goal):
        assert holds(facts, goal)


@settings(max_examples=200)
@given(st.lists(DIFFERENCE, max_size=3).map(tuple), DIFFERENCE)
def test_differences_are_decided(facts: tuple[Expr, ...], goal: Expr) -> None:
    """Ranges are differences; a counterexample, if any, fits in the box of small values."""
    assert entails(facts, goal) == holds(facts, goal)


@pytest.mark.parametrize(
    ("facts", "goal", "holds"),
    [
        ((k - 1, T - k), T - 1, True),
        ((k - 1, T - k), T - 2, False),
        ((t - k - 1, k - i - 1), t - i - 2, True),
        ((t - k - 1, k - i - 1), t - i - 3, False),
        ((2 * t - 1,), t - 1, True),  # integers: 2t >= 1 gives t >= 1
        ((2 * t - 1, 1 - 2 * t), Integer(-1), True),
        ((3 * t - 2 * k, 2 * k - 3 * t, k - 1), k - 3, False),
        ((), Integer(0), True),
        ((), Integer(-1), False),
        ((), t, False),
        ((t,), 2 * t, True),
        ((t - 1, -t), k, True),  # from a contradiction everything follows
    ],
)
def test_entails(facts: tuple[Expr, ...], goal: Expr, holds: bool) -> None:
    assert entails(facts, goal) is holds


def test_equal_and_different() -> None:
    facts = (t - k - 1, k + 1 - t)
    assert equal_index(facts, t, k + 1) and not equal_index(facts, t, k)
    assert differ(facts, t, k) and differ(facts, k, t)
    assert not differ((t - k,), t, k)
    assert equal_index((), t, t) and not equal_index((), t, k)
    assert contradictory((t - 1, -t)) and not contradictory((t, -t))


@pytest.mark.parametrize("expr", [t * k, t**2, t / 2, Rational(1, 2), t + Rational(1, 2), 1 / t])
def test_only_affine_indices(expr: Expr) -> None:
    assert not is_affine(expr)
    with pytest.raises(IndexRangeError, match="affine"):
        linear(expr)


def test_normal_form() -> None:
    assert linear(2 * (t - 1) + k - t + 3) == (1, ((k, 1), (t, 1)))
    assert linear(t - t) == (0, ())
    assert is_affine(T - 2 * t + 5)
