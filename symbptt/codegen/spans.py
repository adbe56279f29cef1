"""Ranges of steps: the first and the last index that facts admit, and the range of a model."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails
from symbptt.core.theory import Definition

Facts = tuple[Expr, ...]
Span = tuple[Expr, Expr]  # the first and the last step


def bounds(facts: Facts, index: Expr, known_facts: Facts) -> Span:
    """The first and the last index that ``facts`` admit."""
    if not isinstance(index, Symbol):
        return index, index
    lows = [index - f for f in facts if f.coeff(index) == 1]
    highs = [index + f for f in facts if f.coeff(index) == -1]
    if not lows or not highs or any(f.coeff(index) not in (1, -1) for f in facts):
        raise NotSupported(f"no first and last step follow from {', '.join(map(str, facts))} >= 0")
    return extreme(lows, known_facts, 1), extreme(highs, known_facts, -1)


def extreme(values: Iterable[Expr], facts: Facts, sign: int) -> Expr:
    """The largest (sign 1) or the smallest (sign -1) of the values."""
    values = list(values)
    for value in values:
        if all(entails(facts, sign * (value - other)) for other in values):
            return value
    raise NotSupported(f"the steps {', '.join(map(str, values))} cannot be ordered")


def hull(spans: Iterable[Span], facts: Facts) -> Span:
    """The smallest range that contains all of them."""
    spans = list(spans)
    return extreme((s[0] for s in spans), facts, -1), extreme((s[1] for s in spans), facts, 1)


def main_span(definitions: Iterable[Definition], length: Symbol, facts: Facts) -> Span | None:
    """The range of the time axes; None without sequences.

    It is the range of most definitions that run over several steps; 1..T where a definition for
    the first steps of its own completes a shorter one to that.
    """
    spans: list[Span] = []
    by_name: dict[str, list[Span]] = {}
    for d in definitions:
        if d.index is not None:
            spans.append(bounds(d.facts, d.index, facts))
            by_name.setdefault(d.key, []).append(spans[-1])
    if not spans:
        return None
    long = [s for s in spans if s[0] != s[1]] or [hull(spans, facts)]
    most, usual = max(long, key=long.count), (Integer(1), length)
    complete = any(_contains(hull(own, facts), usual, facts) for own in by_name.values())
    return usual if complete and _contains(usual, most, facts) else most


def _contains(outer: Span, inner: Span, facts: Facts) -> bool:
    return entails(facts, inner[0] - outer[0]) and entails(facts, outer[1] - inner[1])
