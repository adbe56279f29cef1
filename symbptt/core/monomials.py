"""Monomials of index networks: what the entries of a term are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sympy import Expr, Integer, Symbol

from .errors import NotSupported
from .indices import index_symbol
from .terms import Term

MAX_MONOMIALS = 4000


@dataclass(frozen=True)
class Pin:
    """An axis fixed at one index (an entry)."""

    at: Expr


Axis = int | Pin | None  # a vertex, a fixed index, or None for an axis of length one


class Atom(NamedTuple):
    """An opaque factor: ``head`` is what it is, ``inner`` the terms inside it."""

    head: tuple[Any, ...]
    inner: tuple[Term, ...]
    axes: tuple[Axis, ...]


class Monomial(NamedTuple):
    """coefficient * sum over ``bound`` under ``constraints`` of the product of ``atoms``.

    ``links`` are identifications of axes still to be resolved: ("eq", a, b),
    ("split", p, sizes, (slow, fast)) for a vertex whose dimension is the product of two sizes,
    ("part", p, sizes, r, a) for the r-th part of a vertex whose dimension is the sum of the sizes.
    """

    coefficient: Expr
    atoms: tuple[Atom, ...] = ()
    links: tuple[tuple[Any, ...], ...] = ()
    bound: tuple[Symbol, ...] = ()
    constraints: tuple[Expr, ...] = ()
    summed: tuple[int, ...] = ()


Poly = list[Monomial]


class Vertices:
    """Numbers the vertices of one expansion and knows their dimensions.

    It also names the indices of the sums in it, #0, #1, ...: equal terms have equal expansions.
    """

    def __init__(self, term: Term) -> None:
        self.dims: list[Expr] = []
        self._taken = {s.name for s in term.free_symbols if s.name.startswith("#")}
        self._sums = 0

    def new(self, dim: Expr) -> int:
        """A new vertex of the dimension."""
        self.dims.append(dim)
        return len(self.dims) - 1

    def index(self) -> Symbol:
        """A new name for the index of a sum."""
        name = f"#{self._sums}"
        self._sums += 1
        return self.index() if name in self._taken else index_symbol(name)


def multiply(left: Poly, right: Poly) -> Poly:
    """The product of two polynomials."""
    if len(left) * len(right) > MAX_MONOMIALS:
        raise NotSupported("the expression has too many terms when multiplied out")
    if left is UNIT or right is UNIT:
        return right if left is UNIT else left
    return [
        Monomial(
            a.coefficient * b.coefficient,
            a.atoms + b.atoms,
            a.links + b.links,
            a.bound + b.bound,
            a.constraints + b.constraints,
            a.summed + b.summed,
        )
        for a in left
        for b in right
    ]


UNIT: Poly = [Monomial(Integer(1))]
