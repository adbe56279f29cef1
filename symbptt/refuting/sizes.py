"""Sizes, lengths and indices at which a statement is looked at, the smallest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr, Symbol

from symbptt.core.terms import Elem, Param, Term
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import find
from symbptt.core.world import number

Facts = tuple[Expr, ...]
Sizes = dict[Symbol, int]
_DIMENSION, _LENGTH, _BEFORE = 3, 4, -2  # the largest tried; the least index
_MOST = 24  # the largest sum of sizes, as _cost counts it


@dataclass(frozen=True)
class Symbols:
    """The symbols that need values: dimensions, lengths of the model, indices of the statement."""

    dimensions: tuple[Symbol, ...]
    lengths: tuple[Symbol, ...]
    indices: tuple[Symbol, ...]


def symbols_of(
    theory: Theory, sides: Sequence[Term], assumed: Sequence[Term], facts: Facts
) -> Symbols:
    """What the sides leave open, with the definitions that they reach and the assumptions."""
    terms, definitions = [*sides, *assumed], _reached(theory, (*sides, *assumed))
    terms += [side for d in definitions for side in (d.head, d.body)]
    shapes = {s for term in terms for s in _in_shapes(term)}
    lengths: set[Symbol] = set()
    for d in definitions:
        lengths |= {s for x in (d.body, *d.facts) for s in x.free_symbols} - {d.index}
    for g in theory.givens:
        lengths |= {s for f in g.facts for s in f.free_symbols} - {g.head.index}
    indices = {s for x in (*sides, *facts) for s in x.free_symbols} - lengths - shapes
    groups = (shapes, lengths - shapes, indices)
    return Symbols(*(tuple(sorted(group, key=str)) for group in groups))


def _reached(theory: Theory, terms: Sequence[Term]) -> list[Definition]:
    """The definitions that the terms refer to, and so on."""
    todo, done, out = list(terms), set(), []
    while todo:
        for key in _named(todo.pop()):
            if key not in done:
                done.add(key)
                out += theory.defined(key)
                todo += [d.body for d in theory.defined(key)]
    return out


@lru_cache(maxsize=4096)
def _in_shapes(term: Term) -> frozenset[Symbol]:
    """The symbols in the shapes of a term and of what is in it."""
    own = frozenset(s for side in term.shape for s in side.free_symbols)
    return own.union(*map(_in_shapes, term.children))


@lru_cache(maxsize=4096)
def _named(term: Term) -> tuple[str, ...]:
    """The parameters and sequences in a term."""
    leaves = (leaf for _, leaf in find(term, lambda x: isinstance(x, Elem | Param)))
    return tuple(dict.fromkeys(leaf.key for leaf in leaves))


def sizes(symbols: Symbols, facts: Facts) -> Iterator[Sizes]:
    """All values with the facts, in the order of their sum; a dimension counts twice."""
    largest = max([_LENGTH, *(_constant(f) for f in facts)])
    domains = [
        (s, [(2 * (v - 1), v) for v in range(1, _DIMENSION + 1)]) for s in symbols.dimensions
    ]
    index = [(max(v, 0) if v >= 0 else 3 - v, v) for v in range(_BEFORE, largest + 3)]
    domains += [(s, sorted(index)) for s in (*symbols.lengths, *symbols.indices)]
    known: set[Symbol] = set()
    due: list[list[Expr]] = []
    for symbol, _ in domains:
        known.add(symbol)
        due.append([f for f in facts if symbol in f.free_symbols and f.free_symbols <= known])

    def extend(i: int, left: int, env: Sizes) -> Iterator[Sizes]:
        if i == len(domains):
            if left == 0:
                yield env
            return
        symbol, values = domains[i]
        for cost, value in values:
            if cost <= left and (i + 1 < len(domains) or cost == left):
                longer = {**env, symbol: value}
                if all(number(fact, longer) >= 0 for fact in due[i]):
                    yield from extend(i + 1, left - cost, longer)

    for total in range(_MOST + 1):
        yield from extend(0, total, {})


def _constant(fact: Expr) -> int:
    return abs(int(fact.as_coeff_Add()[0])) if fact.as_coeff_Add()[0].is_Integer else 0
