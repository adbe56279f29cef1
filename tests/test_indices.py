"""Affine entailment against brute force over integer boxes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbptt.core.errors import IndexRangeError
from symbptt.core.indices import contradictory, differ, entails, equal_index, index_symbol, linear

SYMBOLS = tuple(map(index_symbol, "tkT"))
t, k, T = SYMBOLS
forms = st.builds(
    lambda c, a: c + sum(x * s for x, s in zip(a, SYMBOLS, strict=True)),
    st.integers(-3, 3), st.tuples(*[st.integers(-2, 2)] * 3),
)  # fmt: skip


def box() -> list[dict]:
    return [dict(zip(SYMBOLS, p, strict=True)) for p in itertools.product(range(-5, 6), repeat=3)]


BOX = box()


@settings(deadline=None, max_examples=150)
@given(st.lists(forms, max_size=4), forms)
def test_what_is_entailed_holds(facts: list, goal: object) -> None:
    sympified = tuple(f + 0 * t for f in facts)
    if entails(sympified, goal + 0 * t):
        for point in BOX:
            if all((f + 0 * t).subs(point) >= 0 for f in sympified):
                assert (goal + 0 * t).subs(point) >= 0


def test_ranges() -> None:
    facts = (k - 1, t - k, T - t)
    assert entails(facts, T - 1) and entails(facts, T - k) and not entails(facts, t - k - 1)
    assert contradictory((*facts, k - T - 1)) and not contradictory(facts)
    assert differ((t - k - 1,), t, k) and not differ((t - k,), t, k)
    assert equal_index((t - k, k - t), t, k) and not equal_index((t - k,), t, k)
    assert entails((2 * t - 1,), t - 1), "2 t >= 1 means t >= 1 for integers"


def test_an_index_that_is_not_affine_is_refused() -> None:
    with pytest.raises(IndexRangeError, match="not affine"):
        linear(t * k)
