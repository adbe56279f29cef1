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


def time_axes(
    definitions: Iterable[Definition], length: Symbol, facts: Facts
) -> dict[Symbol, tuple[Span, tuple[str, ...]]]:
    """The time axes by their lengths: the range of each, and the keys of the sequences over it.

    A sequence belongs to the length that limits its steps; to ``length``, which comes first, where
    that occurs or where numbers alone limit them.
    """
    by_length: dict[Symbol, list[Definition]] = {}
    by_key: dict[str, list[Definition]] = {}
    for d in definitions:
        if d.index is not None:
            by_key.setdefault(d.key, []).append(d)
    for own in by_key.values():
        ends = (bounds(d.facts, d.index, facts) for d in own if d.index is not None)
        by_length.setdefault(length_of(ends, length), []).extend(own)
    out: dict[Symbol, tuple[Span, tuple[str, ...]]] = {}
    for symbol in sorted(by_length, key=lambda s: (s != length, s.name)):
        own = by_length[symbol]
        span = main_span(own, symbol, facts)
        assert span is not None
        out[symbol] = span, tuple(dict.fromkeys(d.key for d in own))
    return out


def length_of(spans: Iterable[Span], length: Symbol) -> Symbol:
    """The length in the ends of ranges: ``length`` itself, or the only other one."""
    symbols = {s for span in spans for end in span for s in end.free_symbols}
    if not symbols or length in symbols:
        return length
    return min(symbols, key=lambda s: s.name)


def _contains(outer: Span, inner: Span, facts: Facts) -> bool:
    return entails(facts, inner[0] - outer[0]) and entails(facts, outer[1] - inner[1])
