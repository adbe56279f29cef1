"""Every row of the rules table, and schemas at several arities, against the evaluation of terms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from symbptt.core.meaning import agree
from symbptt.core.norms import Norm
from symbptt.core.terms import Scale, Term, number
from symbptt.core.traverse import substitute
from symbptt.rules import RULES, SCHEMAS, Rule, rule

ARITIES = (1, 2, 3, 5)
BOUNDS = [row for row in RULES.values() if row.relation != "="]


def rows() -> Iterator[Rule]:
    yield from RULES.values()
    for schema in SCHEMAS.values():
        yield from (rule(f"{schema.name}/{k}") for k in ARITIES if k in schema.arities)


def sides(row: Rule) -> tuple[Term, Term]:
    """Both sides, with the row's example in place of metavariables that would make it trivial.

    What must be >= 0 is made so.
    """
    left, right = row.left, row.right
    for old, new in (*row.example, *((c, Norm(c)) for c in row.nonnegative)):
        left, right = substitute(left, {old: new}), substitute(right, {old: new})
    return left, right


@pytest.mark.parametrize("row", list(rows()), ids=lambda r: r.name)
def test_row_holds(row: Rule) -> None:
    left, right = sides(row)
    assert left.shape == right.shape
    assert row.source, "a rule names its source"
    assert agree(left, right, None, row.conditions, relation=row.relation) is None


@pytest.mark.parametrize("name", ["d-product", "vec-product", "series-last", "softmax-log"])
def test_a_wrong_row_is_caught(name: str) -> None:
    left, right = sides(RULES[name])
    assert agree(left, Scale(number(2), right), None, RULES[name].conditions) is not None


@pytest.mark.parametrize("row", BOUNDS, ids=lambda r: r.name)
def test_an_inequality_is_not_an_equation(row: Rule) -> None:
    """Its right side is larger somewhere: the other direction and equality are false."""
    left, right = sides(row)
    assert agree(right, left, None, row.conditions, relation="<=", trials=8) is not None


@pytest.mark.parametrize("row", [r for r in RULES.values() if r.nonnegative], ids=lambda r: r.name)
def test_a_row_needs_what_it_asks_to_be_nonnegative(row: Rule) -> None:
    found = agree(row.left, row.right, None, row.conditions, relation=row.relation, trials=8)
    assert found is not None
