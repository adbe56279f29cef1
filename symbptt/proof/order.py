"""Inequalities of scalars: what is certainly >= 0, and where a line increases. Trusted.

Everything here looks at the form of a term only. 1/0 counts as 0. Source: Hardy, Littlewood &
Pólya, Inequalities (1952), §2.1.
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
from symbptt.core.scope import Scope, solve
from symbptt.core.terms import (
    Const, Hadamard, Map, Meta, OrderedProduct, Plus, Power, Scale, SumOver, Term, Times,
    Transposed, When,
)  # fmt: skip
from symbptt.core.theory import Assumption
from symbptt.core.traverse import Path, context, find, substitute
from symbptt.rules import Rule

from .match import Bindings, instantiate, instantiate_index, match

Facts = tuple[Expr, ...]
_PRODUCTS = (Times, Hadamard, Scale)


@dataclass(frozen=True)
class Signs:
    """What is known about signs at a place: assumptions of the theory, and facts on indices."""

    scope: Scope
    facts: Facts

    def within(self, term: Term, position: int) -> Signs:
        """What is known inside an argument of the term."""
        return Signs(self.scope, (*self.facts, *context(term, (position,))[0]))

    def nonnegative(self, term: Term) -> bool:
        """Whether a 1 x 1 term is certainly >= 0."""
        return self._sign(term, strict=False)

    def positive(self, term: Term) -> bool:
        """Whether a 1 x 1 term is certainly > 0."""
        return self._sign(term, strict=True)

    def _sign(self, term: Term, strict: bool) -> bool:
        if not term.is_scalar:
            return False
        if any(self._assumed(a, term, strict) for a in self.scope.theory.assumptions):
            return True
        if isinstance(term, Const):
            return self._number(term.value, strict)
        if isinstance(term, Norm | Sup):
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

    def _assumed(self, a: Assumption, term: Term, strict: bool) -> bool:
        """Whether an assumption a <= b or a < b says 0 <= term, or 0 < term."""
        if a.relation == "=":
            return False
        if not isinstance(a.left, Const) or a.left.value.free_symbols:
            said = a.relation == "<" or not strict
            here = all(entails(self.facts, f) for f in a.facts)
            return said and here and equal(a.right - a.left, term, self.facts)
        low = a.left.value
        if not (low > 0 or (low == 0 and (not strict or a.relation == "<"))):
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


def increases(line: Term, path: Path, span: tuple[int, int] | None, signs: Signs) -> bool:
    """Checks that the line grows with the scalar at the place; tells whether strictly.

    Raises ProofError where it need not grow.
    """
    strict, node = True, line
    places: list[tuple[int, int]] = [(p, p + 1) for p in path]
    if span is not None:
        places.append(span)
    for first, last in places:
        if not node.is_scalar:
            raise ProofError("an inequality of scalars is used inside a matrix")
        strict = _grows(node, first, last, signs) and strict
        signs, node = signs.within(node, first), node.args[first]
    return strict


def _grows(node: Term, first: int, last: int, signs: Signs) -> bool:
    """Whether the node grows strictly with these arguments; ProofError if it may fall."""
    if isinstance(node, Plus | Transposed):
        return True
    if isinstance(node, SumOver | When | Min | Max):
        return False
    if isinstance(node, _PRODUCTS):
        others = (*node.args[:first], *node.args[last:])
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


def check_conditions(row: Rule, bindings: Bindings, signs: Signs) -> None:
    """Raises ProofError where what a row asks for does not follow."""
    for condition in row.conditions:
        need = instantiate_index(condition, bindings)
        if not entails(signs.facts, need):
            raise ProofError(f"the condition {need} >= 0 of {row.name} does not follow")
    for term in row.nonnegative:
        value = instantiate(term, bindings)
        if not signs.nonnegative(value):
            raise ProofError(f"nothing says that {value} is >= 0, as {row.name} asks")
    for term in row.positive:
        value = instantiate(term, bindings)
        if not signs.positive(value):
            raise ProofError(f"nothing says that {value} is > 0, as {row.name} asks")


def larger(row: Rule, target: Term, stated: Term, start: Bindings, signs: Signs) -> Term:
    """The larger side of an inequality row whose smaller side is the target."""
    bindings = match(row.left, target, start)
    if _undetermined(row):
        bindings = match(row.right, stated, bindings)
    check_conditions(row, bindings, signs)
    result: Term = instantiate(row.right, bindings)
    return result


def _undetermined(row: Rule) -> bool:
    """Whether the right side has a metavariable that the left side does not determine."""
    left, right = (
        {x.name for _, x in find(side, lambda y: isinstance(y, Meta)) if isinstance(x, Meta)}
        for side in (row.left, row.right)
    )
    return not right <= left
