"""Canonical names @0, @1, ... for the bound indices of a network.

Index expressions of atoms, taken in an order that does not depend on names of bound indices, become
the new indices: sum_t sum_j a[t] b[t-j] is written in t and t - j. An index that no atom has is
counted from its lower bound. What cannot be told apart is tried in every order. Each change is
unimodular, so it permutes the integers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from sympy import Basic, Expr, Integer, Symbol
from sympy.core.symbol import Str

from .errors import NotSupported
from .indices import factor_of, index_symbol, is_affine, symbols_in
from .monomials import Atom
from .resolve import Network, atom_indices
from .spelling import expression_text
from .terms import Term

Mapping = dict[Symbol, Expr]
_MAX_ORDERS = 120


def first_free(items: Iterable[Basic]) -> int:
    """The least k such that no canonical name @k, @k+1, ... stands in the items.

    Names inside an atom must not be those of the indices around it.
    """
    symbols = (symbols_in(x) if isinstance(x, Expr) else x.free_symbols for x in items)
    names = (s.name for found in symbols for s in found)
    return 1 + max((int(n[1:]) for n in names if n.startswith("@")), default=-1)


def namings(
    bound: Sequence[Symbol], net: Network, constraints: Sequence[Expr], first: int
) -> Iterator[Mapping]:
    """The changes of the bound indices to @first and those after it that may be canonical."""
    if not bound:
        yield {}
        return
    symbols = set(bound)
    indexed = {a: e for a in net.atoms if (e := _bound_indices(a, symbols))}
    keyed = sorted(((_blank(a), a) for a in net.atoms if a in indexed), key=lambda pair: pair[0])
    groups = [[a for _, a in g] for _, g in itertools.groupby(keyed, key=lambda pair: pair[0])]
    if math.prod(math.factorial(len(g)) for g in groups) > _MAX_ORDERS:
        raise NotSupported("too many interchangeable factors under a sum")
    seen = set()
    for choice in itertools.product(*(itertools.permutations(g) for g in groups)):
        indices = tuple(e for g in choice for a in g for e in indexed[a])
        mapping = _by_atoms(tuple(bound), indices, first)
        for full in _by_ranges(mapping, [s for s in bound if s not in mapping], constraints, first):
            if (items := tuple(full.items())) not in seen:
                seen.add(items)
                yield full


@lru_cache(maxsize=16384)
def _by_atoms(bound: tuple[Symbol, ...], indices: tuple[Expr, ...], first: int) -> Mapping:
    """Solves @0 = first index, @1 = next independent one, ... for the bound indices (read-only)."""
    mapping: Mapping = {}
    for e in indices:
        e = e.xreplace(mapping).expand()
        for s in bound:
            a = factor_of(e, s) if s not in mapping else 0
            if abs(a) == 1:
                new = index_symbol(f"@{first + len(mapping)}")
                value = (s + a * (new - e)).expand()
                mapping = {k: x.xreplace({s: value}).expand() for k, x in mapping.items()}
                mapping[s] = value
                break
    return mapping


def _by_ranges(
    mapping: Mapping, left: list[Symbol], constraints: Sequence[Expr], first: int
) -> Iterator[Mapping]:
    """Indices that no atom has, in every order, each counted from its lower bound."""
    if math.factorial(len(left)) > _MAX_ORDERS:
        raise NotSupported("too many interchangeable summation indices")
    for order in itertools.permutations(left):
        full = dict(mapping)
        for s in order:
            lows = [(s - c).xreplace(full).expand() for c in constraints if factor_of(c, s) == 1]
            lows = sorted((e for e in lows if not symbols_in(e) & set(left)), key=expression_text)
            value = index_symbol(f"@{first + len(full)}") + (lows[0] if lows else Integer(0))
            full = {k: x.xreplace({s: value}).expand() for k, x in full.items()}
            full[s] = value
        yield full


def _blank(atom: Atom) -> tuple[str, ...]:
    """What an atom is, without its indices."""
    names = sorted(leaf for t in atom.inner for leaf in _names(t))
    own = [getattr(h, "name", h) for h in atom.head if not isinstance(h, Expr)]
    own = [h if isinstance(h, str) else str(h) for h in own]
    return (*own, str(len(atom.axes)), *names)


@lru_cache(maxsize=16384)
def _names(term: Term) -> tuple[str, ...]:
    own = (type(term).__name__, *(a.name for a in term.args if isinstance(a, Str)))
    return own + tuple(name for child in term.children for name in _names(child))


def _bound_indices(atom: Atom, symbols: set[Symbol]) -> list[Expr]:
    """The affine index expressions of an atom in which a bound index occurs."""
    return [e for e in atom_indices(atom) if symbols & symbols_in(e) and is_affine(e)]
