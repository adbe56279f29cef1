"""What a line is about: its names and its length, to compare only lines that may be equal."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr

from symbptt.core.monomials import Atom, Vertices
from symbptt.core.network import entries
from symbptt.core.powers import EntrywisePower
from symbptt.core.terms import (
    ONE, Elem, Func, Gradient, Inverse, Param, Partial, Power, Term,
)  # fmt: skip

_MERGED = {Power, Inverse, EntrywisePower}  # neighbours of which change what stands in a product
Products = frozenset[tuple[tuple[str, ...], ...]]


@lru_cache(maxsize=16384)
def nodes_in(term: Term) -> int:
    """The number of nodes."""
    return 1 + sum(map(nodes_in, term.children))


@lru_cache(maxsize=16384)
def vocabulary(term: Term) -> frozenset[str]:
    """The names in it; lines with different ones are hardly ever equal."""
    if isinstance(term, Elem | Param):
        return frozenset((term.key,))
    if isinstance(term, Partial | Gradient):
        by = "/".join(",".join(sorted(vocabulary(x))) for x in term.children)
        return frozenset((f"{type(term).__name__} {by}",))
    own = (term.name,) if isinstance(term, Func) else ()
    return frozenset(own).union(*map(vocabulary, term.children))


@lru_cache(maxsize=16384)
def products(term: Term) -> Products | None:
    """What is multiplied in each of its summands, without indices; None where powers merge.

    Terms with one canonical form have the same, unless summands cancel.
    """
    if not term.kinds.isdisjoint(_MERGED):
        return None
    vertices = Vertices(term)
    row, col = (None if size == ONE else vertices.new(size) for size in term.shape)
    found = entries(term, row, col, vertices)
    return frozenset(tuple(sorted(map(_factor, m.atoms))) for m in found)


def _factor(atom: Atom) -> tuple[str, ...]:
    own = (str(getattr(h, "name", h)) for h in atom.head if not isinstance(h, Expr))
    return (*own, *sorted({name for inner in atom.inner for name in vocabulary(inner)}))
