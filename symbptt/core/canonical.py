"""The canonical form: a polynomial whose keys are equal when networks are isomorphic.

``equal(a, b, facts)`` is sound: it answers True only for terms that are equal for all values,
sizes and indices that satisfy the facts. It decides the algebra of +, matrix and Hadamard
products, transposes, diag, trace, vec, Kronecker products, entries, blocks, and linear
manipulation of sums: renaming and shifting a bound index, exchanging sums, pulling factors out. It
does not split ranges, unfold definitions or solve equations: those are steps of proofs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from sympy import Expr, Integer, Symbol, expand
from sympy.core.symbol import Str

from .contract import contract
from .indices import contradictory, entails, factor_of, index_symbol, linear, symbols_in
from .labelling import graph_key
from .monomials import Atom, Axis, Monomial, Pin, Vertices
from .naming import first_free, namings
from .network import MAX_WRITTEN_OUT, entries
from .resolve import Inconsistent, Network, resolve
from .spelling import expression_text, name_text
from .terms import ONE, D, Inverse, Map, Plus, SumOver, Term
from .traverse import index_at, substitute

Facts = tuple[Expr, ...]
Polynomial = dict[str, Expr]


def equal(a: Term, b: Term, facts: Facts = ()) -> bool:
    """Whether the canonical forms agree under the facts."""
    if a == b:
        return True
    if a.shape != b.shape:
        return False
    difference = dict(polynomial(a, facts))
    for key, coefficient in polynomial(b, facts).items():
        difference[key] = difference.get(key, Integer(0)) - coefficient
    return all(_vanishes(c) for c in difference.values())


def is_zero(term: Term, facts: Facts = ()) -> bool:
    """Whether the canonical form is empty."""
    return not polynomial(term, facts)


def _vanishes(coefficient: Expr) -> bool:
    return bool(coefficient == 0 or (not coefficient.is_Rational and expand(coefficient) == 0))


@lru_cache(maxsize=16384)
def polynomial(term: Term, facts: Facts = ()) -> Polynomial:
    """The canonical polynomial: network key -> coefficient (treat as read-only)."""
    parts = _summands(term)
    if len(parts) > 1:
        return _added(polynomial(part, facts) for part in parts)
    vertices = Vertices(term)
    row, col = (None if size is ONE else vertices.new(size) for size in term.shape)
    out: Polynomial = {}
    for monomial in entries(term, row, col, vertices):
        for text, coefficient in _monomial_keys(monomial, (row, col), vertices, facts):
            out[text] = out.get(text, Integer(0)) + coefficient
    return {k: c for k, c in out.items() if not _vanishes(c)}


def _added(polynomials: Iterable[Polynomial]) -> Polynomial:
    out: Polynomial = {}
    for found in polynomials:
        for text, coefficient in found.items():
            out[text] = out[text] + coefficient if text in out else coefficient
    return {k: c for k, c in out.items() if not _vanishes(c)}


def _summands(term: Term) -> tuple[Term, ...]:
    """What adds up to the term, so that what lines have in common is looked at once."""
    if isinstance(term, Plus):
        return tuple(x for part in term.children for x in _summands(part))
    if isinstance(term, SumOver) and not term.gap.is_Integer:
        inner = _summands(term.body)
        if len(inner) > 1:
            return tuple(SumOver(x, *term.args[1:]) for x in inner)
    return (term,)


@lru_cache(maxsize=16384)
def key(term: Term) -> str:
    """A text that is equal for terms with equal shapes and canonical forms (no facts)."""
    parts = sorted(f"({expression_text(c)}){k}" for k, c in polynomial(term).items())
    return "+".join([*parts, "x".join(map(expression_text, term.shape))])


def _monomial_keys(
    monomial: Monomial, free: tuple[Axis, Axis], vertices: Vertices, facts: Facts
) -> Iterator[tuple[str, Expr]]:
    try:
        net = resolve(monomial, free, vertices)
    except Inconsistent:
        return
    todo = [(net, list(net.bound), [*net.constraints, *_pin_ranges(net.pins)])]
    while todo:
        net, bound, constraints = todo.pop()
        found, kept, mapping = _eliminate(tuple(bound), tuple(constraints))
        bound, constraints = list(found), list(kept)
        if contradictory((*facts, *constraints)):
            continue
        if mapping:
            net = net.renamed(mapping)
        bound, constraints, net = net.unpin(bound, constraints)
        short = _short_range(tuple(bound), tuple(constraints))
        if short is not None:
            symbol, values = short
            rest = [b for b in bound if b != symbol]
            for value in values:
                one = {symbol: value}
                todo.append((net.renamed(one), rest, [index_at(c, one) for c in constraints]))
            continue
        net = contract(net, (*facts, *constraints))
        first = first_free([*net.parts(), *constraints]) if bound else 0
        named = [
            _named_keys(net, names, constraints, facts, first)
            for names in namings(bound, net, constraints, first)
        ]
        yield from named[0] if len(named) == 1 else min(named, key=_least)


def _least(pairs: list[tuple[str, Expr]]) -> list[tuple[str, str]]:
    return [(text, expression_text(c)) for text, c in pairs]


@lru_cache(maxsize=16384)
def _short_range(
    bound: tuple[Symbol, ...], constraints: tuple[Expr, ...]
) -> tuple[Symbol, list[Expr]] | None:
    """A bound index that takes only a few values, and these: such a sum is written out."""
    for b in bound:
        lows = [b - c for c in constraints if factor_of(c, b) == 1]
        highs = [c + b for c in constraints if factor_of(c, b) == -1]
        for lo, hi in itertools.product(lows, highs):
            length = (hi - lo).expand()
            if length.is_Integer and length < MAX_WRITTEN_OUT:
                return b, [lo + s for s in range(max(int(length) + 1, 0))]
    return None


def _pin_ranges(pins: tuple[tuple[Expr, Expr], ...]) -> list[Expr]:
    return [c for a, b in pins for c in (a - b, b - a)]


@lru_cache(maxsize=16384)
def _eliminate(
    bound: tuple[Symbol, ...], constraints: tuple[Expr, ...]
) -> tuple[tuple[Symbol, ...], tuple[Expr, ...], dict[Symbol, Expr]]:
    """Solves equalities (e >= 0 and -e >= 0) for bound indices with coefficient one."""
    mapping: dict[Symbol, Expr] = {}
    progress = True
    while progress:
        progress = False
        present = set(constraints)
        for c in constraints:
            if -c not in present:
                continue
            for symbol, a in linear(c)[1]:
                if symbol in bound and abs(a) == 1:
                    solution = symbol - c * a
                    mapping = {s: e.xreplace({symbol: solution}) for s, e in mapping.items()}
                    mapping[symbol] = solution
                    bound = tuple(b for b in bound if b != symbol)
                    constraints = tuple(e.xreplace({symbol: solution}) for e in constraints)
                    progress = True
                    break
            if progress:
                break
    return bound, constraints, mapping


@lru_cache(maxsize=16384)
def _irredundant(constraints: tuple[Expr, ...], facts: Facts) -> list[Expr]:
    """Drops, one by one in a fixed order, what follows from the facts and the others."""
    kept = [c for c in dict.fromkeys(constraints) if not c.is_Integer]
    kept.sort(key=lambda c: (-len(linear(c)[1]), expression_text(c)))
    for c in list(kept):
        others = tuple(k for k in kept if k != c)
        if entails((*facts, *others), c):
            kept.remove(c)
    return kept


def _named_keys(
    net: Network,
    names: dict[Symbol, Expr],
    constraints: list[Expr],
    facts: Facts,
    first: int,
) -> list[tuple[str, Expr]]:
    """The network's text under these names, with its coefficient.

    A coefficient that depends on a bound index gives one key for each power of the index.
    """
    if names:
        net = net.renamed(names)
        constraints = [index_at(c, names).expand() for c in constraints]
    constraints = _irredundant(tuple(constraints), facts)
    graph = graph_key([label(a) for a in net.atoms], net.free, net.dims)
    conditions = ",".join(sorted(map(expression_text, constraints)))
    text = f"{len(names)}[{conditions}]{graph}"
    local = {index_symbol(f"@{first + number}") for number in range(len(names))}
    if not local & symbols_in(net.factor):
        return [(text, net.factor)]
    out: Polynomial = {}
    for part in net.factor.expand().as_ordered_terms():
        coefficient, power = part.as_independent(*local)
        name = f"{expression_text(power)}*{text}"
        out[name] = out.get(name, Integer(0)) + coefficient
    return sorted(out.items(), key=lambda item: item[0])


def _data_text(value: Any) -> str:
    if isinstance(value, Expr):
        return expression_text(value)
    return name_text(value.name if isinstance(value, Str) else str(value))


@lru_cache(maxsize=16384)
def label(atom: Atom) -> tuple[str, tuple[Any, ...]]:
    """The text of an atom and its axes, with the orientation of transposable nodes normalized."""
    head, inner, axes = atom.head, atom.inner, atom.axes
    if head[0] == "OrderedProduct":
        (product,) = inner
        zero = index_symbol(f"@{first_free(inner)}")
        body = substitute(product.body, {product.bound: zero + product.hi})  # latest at offset 0
        return f"Product({key(body)};{zero};{expression_text(product.hi - product.lo)})", axes
    text = ",".join(map(_data_text, head))
    keys = [key(t) for t in inner]
    if head[0] in ("Min", "Max"):  # of any order
        keys.sort()
    if head[0] in ("Map", "D", "Inverse", "EntrywisePower") and len(axes) == 2:
        turned = key(inner[0].T)
        if turned < keys[0]:
            keys, axes = [turned], (axes[1], axes[0])
    return f"{text}({';'.join(keys)})", axes


__all__ = ["D", "Inverse", "Map", "Pin", "equal", "is_zero", "key", "polynomial"]
