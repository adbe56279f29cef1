"""Sizes with unknowns, and their unification.

A size is a polynomial with integer coefficients in rigid names (``n``, declared by the user) and
unknowns (numbers). Unification binds unknowns; a solution is immutable, so that a search over
readings may keep several. Two different rigid names never become equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from sympy import Expr, Integer

from ..core.indices import index_symbol

Atom = str | int  # a rigid name or the number of an unknown
Monomial = tuple[Atom, ...]


class Dim(NamedTuple):
    """Sorted ``(monomial, coefficient)`` pairs; the empty monomial is the constant."""

    terms: tuple[tuple[Monomial, int], ...]


Shape = tuple[Dim, Dim]


def _normal(table: dict[Monomial, int]) -> Dim:
    return Dim(tuple(sorted(((m, c) for m, c in table.items() if c), key=repr)))


def constant(value: int) -> Dim:
    """A size that is a number."""
    return _normal({(): value})


@lru_cache(maxsize=1024)
def rigid(name: str) -> Dim:
    """A size with a name."""
    return Dim((((name,), 1),))


ONE = constant(1)
SCALAR: Shape = (ONE, ONE)
_numbers = count()


def unknown() -> Dim:
    """A fresh unknown."""
    return Dim((((next(_numbers),), 1),))


def add(a: Dim, b: Dim, factor: int = 1) -> Dim:
    """``a + factor * b``."""
    table = dict(a.terms)
    for m, c in b.terms:
        table[m] = table.get(m, 0) + factor * c
    return _normal(table)


def multiply(a: Dim, b: Dim) -> Dim:
    """``a * b``."""
    if a == ONE or b == ONE:
        return b if a == ONE else a
    table: dict[Monomial, int] = {}
    for m, c in a.terms:
        for k, d in b.terms:
            key = tuple(sorted((*m, *k), key=repr))
            table[key] = table.get(key, 0) + c * d
    return _normal(table)


def atoms(dim: Dim) -> Iterator[Atom]:
    """The names and unknowns in a size."""
    for m, _ in dim.terms:
        yield from m


def unknowns(dim: Dim) -> set[int]:
    """The unknowns in a size."""
    return {a for a in atoms(dim) if isinstance(a, int)}


@dataclass(frozen=True)
class Solution:
    """Values of unknowns, the offset of the use that fixed each, and equations put off."""

    values: dict[int, Dim] = field(default_factory=dict)
    origins: dict[int, int] = field(default_factory=dict)
    pending: tuple[tuple[Dim, Dim, int], ...] = ()

    def resolve(self, dim: Dim) -> Dim:
        """The size with every known unknown replaced."""
        terms = dim.terms
        if not self.values or (len(terms) == 1 and not terms[0][0]):  # a number
            return dim
        if len(terms) == 1 and terms[0][1] == 1 and len(terms[0][0]) == 1:
            atom = terms[0][0][0]
            if isinstance(atom, str) or atom not in self.values:
                return dim
            return self.resolve(self.values[atom])
        if not any(a in self.values for a in atoms(dim)):
            return dim
        total = constant(0)
        for m, c in terms:
            product = constant(c)
            for a in m:
                single = Dim((((a,), 1),))
                product = multiply(product, self.resolve(single) if isinstance(a, int) else single)
            total = add(total, product)
        return total

    def shape(self, shape: Shape) -> Shape:
        """The shape with every known unknown replaced."""
        return self.resolve(shape[0]), self.resolve(shape[1])

    def is_scalar(self, shape: Shape) -> bool:
        """Whether the shape is certainly 1 x 1."""
        return self.resolve(shape[0]) == ONE and self.resolve(shape[1]) == ONE

    def bind(self, number: int, value: Dim, at: int) -> Solution:
        return Solution({**self.values, number: value}, {**self.origins, number: at}, self.pending)

    def unify(self, a: Dim, b: Dim, at: int, one: bool = False) -> Solution | None:
        """The solution in which the sizes are equal; None if they cannot be.

        Only with ``one`` may an unknown become 1: a vector does not turn into a scalar to fit.
        """
        a, b = self.resolve(a), self.resolve(b)
        if a == b:
            return self
        for left, right in ((a, b), (b, a)):
            single = _single_unknown(left)
            if single is not None:
                if single in unknowns(right) or not _is_size(right) or (right == ONE and not one):
                    return None
                return self.bind(single, right, at)
        difference = add(a, b, -1)
        free = unknowns(difference)
        if not free or len({c > 0 for _, c in difference.terms}) == 1:
            return None  # sizes are positive: no sum of them alone is 0
        for m, c in difference.terms:
            if len(m) == 1 and isinstance(m[0], int) and abs(c) == 1 and _once(difference, m[0]):
                rest = add(difference, Dim(((m, c),)), -1)
                value = multiply(rest, constant(-c))
                if _is_size(value):
                    return self.bind(m[0], value, at)
        return Solution(self.values, self.origins, (*self.pending, (a, b, at)))

    def unify_shapes(self, a: Shape, b: Shape, at: int, one: bool = False) -> Solution | None:
        """The solution in which both sizes are equal."""
        rows = self.unify(a[0], b[0], at, one)
        return rows.unify(a[1], b[1], at, one) if rows is not None else None

    def settle(self) -> Solution | None:
        """Tries again what was put off; None if it cannot hold."""
        solution: Solution = self
        while solution.pending:
            before = solution.pending
            solution = Solution(solution.values, solution.origins)
            for a, b, at in before:
                tried = solution.unify(a, b, at, one=True)
                if tried is None:
                    return None
                solution = tried
            if len(solution.pending) >= len(before):
                return solution
        return solution

    def origin(self, dim: Dim) -> int | None:
        """The offset of the use that gave a size its value; None if nothing did."""
        found = None
        single = _single_unknown(dim)
        while single is not None and single in self.values:
            found = self.origins[single]
            single = _single_unknown(self.values[single])
        return found

    def expr(self, dim: Dim) -> Expr:
        """The size as a SymPy integer expression; unknowns show as ``?1``."""
        return _expr(self.resolve(dim))

    def text(self, dim: Dim) -> str:
        """The size for a message; one still unknown shows as ?."""
        known = self.resolve(dim)
        return "?" if unknowns(known) else _text(known)


@lru_cache(maxsize=1024)
def _text(dim: Dim) -> str:
    return str(_expr(dim))


@lru_cache(maxsize=4096)
def _expr(dim: Dim) -> Expr:
    total: Expr = Integer(0)
    for m, c in dim.terms:
        product: Expr = Integer(c)
        for a in m:
            product *= index_symbol(a if isinstance(a, str) else f"?{a}")
        total += product
    return total


def _single_unknown(dim: Dim) -> int | None:
    if len(dim.terms) == 1:
        ((m, c),) = dim.terms
        if c == 1 and len(m) == 1 and isinstance(m[0], int):
            return m[0]
    return None


def _once(dim: Dim, number: int) -> bool:
    return sum(a == number for a in atoms(dim)) == 1


def _is_size(dim: Dim) -> bool:
    """Whether the polynomial can be a size: not empty, no minus."""
    return bool(dim.terms) and all(c > 0 for _, c in dim.terms)
