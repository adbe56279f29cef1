"""Inequalities of scalars: what is certainly >= 0, and where a line rises or falls. Trusted.

Everything here looks at the form of a term, and at what is assumed or proved. 1/0 counts as 0.
Source: Hardy, Littlewood & Pólya, Inequalities (1952), §2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Symbol

from symbptt.core.canonical import equal
from symbptt.core.errors import IndexRangeError, ProofError
from symbptt.core.functions import known
from symbptt.core.indices import entails
from symbptt.core.norms import Max, Min, Norm, Sup
from symbptt.core.powers import Radius
from symbptt.core.scope import Scope, solve
from symbptt.core.terms import (
    Const,
    D,
    Hadamard,
    Map,
    OrderedProduct,
    Plus,
    Power,
    Scale,
    Shock,
    SumOver,
    Term,
    Times,
    Transposed,
    When,
)  # fmt: skip
from symbptt.core.theory import Assumption
from symbptt.core.traverse import Path, contains, context, substitute

from .objects import Theorem

Facts = tuple[Expr, ...]
_PRODUCTS = (Times, Hadamard, Scale)


@dataclass(frozen=True)
class Signs:
    """What is known about signs at a place: assumptions, earlier theorems, facts on indices."""

    scope: Scope
    facts: Facts
    theorems: tuple[Theorem, ...] = ()

    @property
    def told(self) -> tuple[Assumption | Theorem, ...]:
        """What is assumed, and what has been proved."""
        return (*self.scope.theory.assumptions, *self.theorems)

    def within(self, term: Term, position: int) -> Signs:
        """What is known inside an argument of the term."""
        return Signs(self.scope, (*self.facts, *context(term, (position,))[0]), self.theorems)

    def nonnegative(self, term: Term) -> bool:
        """Whether a 1 x 1 term is certainly >= 0."""
        return self._sign(term, strict=False)

    def positive(self, term: Term) -> bool:
        """Whether a 1 x 1 term is certainly > 0."""
        return self._sign(term, strict=True)

    def same(self, left: Term, right: Term) -> bool:
        """Whether an equation holds by algebra, or as assumed or proved as it stands."""
        sides = ((left, right), (right, left))
        return equal(left, right, self.facts) or any(
            e.relation == "=" and self._holds(e)
            and equal(e.left, a, self.facts) and equal(e.right, b, self.facts)
            for e in self.told for a, b in sides
        )  # fmt: skip

    def _holds(self, e: Assumption | Theorem) -> bool:
        """Whether a statement about values holds for the indices that it is written with."""
        moving = any(contains(side, cls) for side in (e.left, e.right) for cls in (D, Shock))
        return not moving and all(entails(self.facts, f) for f in e.facts)

    def _sign(self, term: Term, strict: bool) -> bool:
        if not term.is_scalar:
            return False
        if isinstance(term, Const):
            return self._number(term.value, strict)
        if any(self._said(a, term, strict) for a in self.told if a.relation != "="):
            return True
        if isinstance(term, Norm | Sup | Radius):
            return not strict
        if isinstance(term, Map):
            return self._function(term, strict)
        if isinstance(term, Transposed):
            return self._sign(term.args[0], strict)
        if isinstance(term, Plus):
            return all(map(self.nonnegative, term.args)) and (
                not strict or any(map(self.positive, term.args))
            )
        if isinstance(term, Min):
            return all(self._sign(x, strict) for x in term.args)
        if isinstance(term, Max):
            return any(self._sign(x, strict) for x in term.args)
        if isinstance(term, _PRODUCTS):
            return all(self._sign(x, strict) for x in term.args) or (
                not strict and _is_square(term)
            )
        if isinstance(term, Power):
            even = not strict and term.exponent.is_even is True
            return even or self._sign(term.args[0], strict)
        if isinstance(term, OrderedProduct):
            return self.within(term, 0)._sign(term.body, strict)
        if isinstance(term, SumOver | When):
            return not strict and self.within(term, 0).nonnegative(term.args[0])
        return False

    def _number(self, value: Expr, strict: bool) -> bool:
        if not value.free_symbols:
            return bool(value > 0 if strict else value >= 0)
        above, below = value.as_numer_denom()
        try:
            return entails(self.facts, above - int(strict)) and entails(self.facts, below - 1)
        except IndexRangeError:
            return False

    def _function(self, term: Map, strict: bool) -> bool:
        row = known(term.fname)
        if row is None or term.order:
            return False
        if row.name in ("recip", "identity"):
            return self._sign(term.arg, strict)
        low = row.range.inf
        return bool(low > 0 or (low == 0 and (not strict or not row.range.contains(0))))

    def _said(self, a: Assumption | Theorem, term: Term, strict: bool) -> bool:
        """Whether an inequality a <= b or a < b says 0 <= term, or 0 < term."""
        if any(contains(side, cls) for side in (a.left, a.right) for cls in (D, Shock)):
            return False  # what varies is another matter there
        said = a.relation == "<" or not strict
        low = a.left.value if isinstance(a.left, Const) else None
        if low is None or low.free_symbols or low < 0:
            here = all(entails(self.facts, f) for f in a.facts)
            return said and here and equal(a.right - a.left, term, self.facts)
        if not (low > 0 or said):
            return False
        found: dict[Symbol, Expr] = {}
        return (
            solve(a.right, term, self.scope.symbols, found)
            and substitute(a.right, found) == term
            and all(entails(self.facts, substitute(f, found)) for f in a.facts)
        )


def _is_square(term: Term) -> bool:
    """v^T v, or a product x x of scalars."""
    if len(term.args) != 2:
        return False
    first, second = term.args
    return bool(
        (isinstance(term, Times) and first == Transposed(second))
        or (isinstance(term, Times) and second == Transposed(first) and second.is_column)
        or (first == second and first.is_scalar)
    )


def increases(
    line: Term, path: Path, span: tuple[int, int] | None, signs: Signs, smaller: bool = False
) -> bool:
    """Checks that the line grows with the scalar at the place; tells whether strictly.

    With ``smaller``, that it grows when the scalar gets smaller. Raises ProofError where it need
    not grow.
    """
    strict, turns, node = True, 0, line
    powers = False
    places: list[tuple[int, int]] = [(p, p + 1) for p in path]
    if span is not None:
        places.append(span)
    for first, last in places:
        if not node.is_scalar:
            raise ProofError("an inequality of scalars is used inside a matrix")
        strict = _grows(node, first, last, signs) and strict
        turns += _turns(node, first, last)
        powers |= isinstance(node, Power | OrderedProduct)
        signs, node = signs.within(node, first), node.args[first]
    if (turns % 2 == 1) != smaller:
        raise ProofError("an inequality is used in the wrong direction")
    if powers and turns:  # a base that gets smaller may get negative
        raise ProofError("a power need not fall with its base")
    return strict


def _turns(node: Term, first: int, last: int) -> int:
    """How many of the other factors of a product are negative numbers."""
    if not isinstance(node, _PRODUCTS):
        return 0
    return sum(map(_is_negative, (*node.args[:first], *node.args[last:])))


def _is_negative(term: Term) -> bool:
    return isinstance(term, Const) and not term.value.free_symbols and bool(term.value < 0)


def _grows(node: Term, first: int, last: int, signs: Signs) -> bool:
    """Whether the node changes strictly with these arguments, always in one direction.

    ProofError if it need not keep to one.
    """
    if isinstance(node, Plus | Transposed):
        return True
    if isinstance(node, SumOver | When | Min | Max):
        return False
    if isinstance(node, _PRODUCTS):
        others = [x for x in (*node.args[:first], *node.args[last:]) if not _is_negative(x)]
        _need(others, signs)
        return all(map(signs.positive, others))
    if isinstance(node, OrderedProduct):
        _need((node.body,), signs.within(node, 0))
        return False
    if isinstance(node, Power):
        _need((node.args[0],), signs)
        if entails(signs.facts, node.exponent):
            return False
        raise ProofError(f"nothing says that the exponent {node.exponent} is >= 0")
    raise ProofError(f"{node} need not increase with what is replaced in it")


def _need(terms: Sequence[Term], signs: Signs) -> None:
    for term in terms:
        if not signs.nonnegative(term):
            raise ProofError(f"nothing says that {term} is >= 0")
