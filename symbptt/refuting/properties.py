"""What assumptions say of leaves that can be built in: symmetric, orthogonal, one-hot, ..."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from symbptt.core.norms import Sup
from symbptt.core.terms import Const, Elem, Entry, Identity, Ones, Param, Term, When
from symbptt.core.theory import Assumption, Theory
from symbptt.core.traverse import find

from .functions import BOUNDED, POLYNOMIALS, SLOPED, Elementwise


class Kind(Enum):
    """How the value of a leaf is built."""

    free = "free"
    symmetric = "symmetric"
    orthogonal = "orthogonal"
    onehot = "one-hot"
    total = "entries that sum to one"
    unit = "the unit vector of its index"


@dataclass(frozen=True)
class Properties:
    """The kinds of leaves by name, and what unspecified elementwise functions may be.

    ``rest`` says whether an equation is assumed that no kind builds in: then worlds are drawn from
    few matrices, until it holds.
    """

    kinds: dict[str, Kind]
    suprema: dict[str, int]
    rest: bool

    def kind(self, name: str) -> Kind:
        return self.kinds.get(name, Kind.free)

    def options(self, fname: str) -> tuple[Elementwise, ...]:
        """The functions for an unspecified one, the simplest first."""
        order = self.suprema.get(fname)
        return POLYNOMIALS if order is None else SLOPED if order else BOUNDED


def properties(theory: Theory, onehot: tuple[str, ...], *sides: Term) -> Properties:
    """The properties that the assumptions of the theory state."""
    kinds, rest = dict.fromkeys(onehot, Kind.onehot), False
    for assumption in theory.assumptions:
        found = _stated(assumption)
        if found is None:
            rest = rest or assumption.relation == "="
        else:
            kinds.setdefault(*found)
    suprema: dict[str, int] = {}
    for term in (*sides, *_terms(theory)):
        for _, node in find(term, lambda x: isinstance(x, Sup)):
            name = node.fname
            suprema[name] = min(suprema.get(name, 1), node.order)
    return Properties(kinds, suprema, rest)


def _terms(theory: Theory) -> Iterator[Term]:
    for definition in theory.definitions:
        yield definition.body
    for assumption in theory.assumptions:
        yield from (assumption.left, assumption.right)


def _stated(a: Assumption) -> tuple[str, Kind] | None:
    """The leaf that an equation gives a kind, if it does."""
    if a.relation != "=":
        return None
    for left, right in ((a.left, a.right), (a.right, a.left)):
        leaves = {x for _, x in find(left, lambda x: isinstance(x, Param | Elem))}
        if len(leaves) != 1:
            continue
        (leaf,) = leaves
        name: str = leaf.name
        if left == leaf.T and right == leaf:
            return name, Kind.symmetric
        if isinstance(right, Identity) and left in (leaf.T @ leaf, leaf @ leaf.T):
            return name, Kind.orthogonal
        if right == Const(1) and left == Ones(leaf.shape[0]).T @ leaf:
            return name, Kind.total
        if isinstance(left, Entry) and left.args[0] == leaf and isinstance(right, When):
            i, j = left.row, leaf.args[1]
            if set(right.conditions) == {i - j, j - i} and right.args[0] == Const(1):
                return name, Kind.unit
    return None
