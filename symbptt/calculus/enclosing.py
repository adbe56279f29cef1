"""Replacing a number by one that is certainly larger, or smaller, as the parts of it say.

The steps of a chain are made from the outside in: sums by their terms, products by their factors,
functions by their images, elements by what has been proved of them. Untrusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sympy import Expr, Symbol

from symbptt.core.errors import ProofError
from symbptt.core.functions import known
from symbptt.core.indices import entails
from symbptt.core.scope import Scope, solve
from symbptt.core.terms import Const, Entry, Hadamard, Map, Plus, Scale, Softmax, Term, Times
from symbptt.core.theory import Assumption
from symbptt.core.traverse import Path, subterm
from symbptt.proof.conditions import check_conditions
from symbptt.proof.match import match
from symbptt.proof.objects import Theorem
from symbptt.proof.order import Signs, increases
from symbptt.rules import RULES, Rule

from .builder import Builder

_PRODUCTS = (Times, Hadamard, Scale)
_MINUS = Const(-1)


@dataclass(frozen=True)
class Noting(Signs):
    """Signs that note which theorems they used."""

    used: dict[str, None] = field(default_factory=dict, compare=False)

    def within(self, term: Term, position: int) -> Signs:
        inner = super().within(term, position)
        return Noting(inner.scope, inner.facts, inner.theorems, self.used)

    def _said(self, a: Assumption | Theorem, term: Term, strict: bool) -> bool:
        said = super()._said(a, term, strict)
        if said and isinstance(a, Theorem):
            self.used[a.id] = None
        return said


@dataclass
class Enclosing:
    """Moves the line of a chain up (or down), one scalar after the other.

    ``lemmas`` are inequalities that are known; ``hypothesis`` is one more, of the induction;
    ``certify`` may prove that a factor is not negative, ``size`` that it lies between -M and M,
    and add that to the lemmas.
    """

    build: Builder
    scope: Scope
    lemmas: list[Theorem]
    upward: bool
    hypothesis: Theorem | None = None
    certify: Callable[[Term], bool] = lambda _: False
    size: Callable[[Term], Expr | None] = lambda _: None
    strict: bool = False
    used: dict[str, None] = field(default_factory=dict)

    def signs(self, path: Path = ()) -> Noting:
        """What is known at a place of the line."""
        return Noting(self.scope, self.build.facts_at(path), tuple(self.lemmas), self.used)

    def nonnegative(self, term: Term, path: Path) -> bool:
        """Whether a part of what stands at the place is certainly not negative."""
        return self.signs(path).nonnegative(term) or self.certify(term)

    def move(self, path: Path, up: bool) -> bool:
        """Puts a bound in the place of a scalar: above it, or below; False where none is known."""
        node = subterm(self.build.line, path)
        if isinstance(node, Const):
            return True
        if isinstance(node, Plus):
            return all(self.move((*path, k), up) for k in reversed(range(len(node.args))))
        if isinstance(node, Scale) and isinstance(node.args[0], Const):
            falls = number(node.args[0]) is not None and number(node.args[0]) < 0
            return self.move((*path, 1), up != falls)
        square = isinstance(node, _PRODUCTS) and node.args[1:] == node.args[:1]
        if isinstance(node, _PRODUCTS) and (up or not square) and self._product(path, up):
            return True
        for new, name, bind, relation in self._known(node, path, up):
            if self.put(path, up, new, name, bind, relation):
                return True
        return False

    def put(
        self,
        path: Path,
        up: bool,
        new: Term,
        name: str,
        bind: dict[Symbol, Expr] | None = None,
        relation: str = "",
    ) -> bool:
        """One step, if the line moves the right way with it."""
        reverse = up != self.upward
        signs = Noting(self.scope, self.build.facts, tuple(self.lemmas), self.used)
        try:
            certain = increases(self.build.line, path, None, signs, reverse)
            if name in RULES:
                node = subterm(self.build.line, path)
                self._check(RULES[name], *((node, new) if up else (new, node)), path)
        except ProofError:
            return False
        self.strict |= certain and (relation or RULES[name].relation) == "<"
        if name and name not in RULES:
            self.used[name] = None
        self.build.bound(path, new, name, bind, reverse)
        return True

    def _check(self, row: Rule, smaller: Term, larger: Term, path: Path) -> None:
        """Raises ProofError where what the row asks for does not follow; notes what it rests on."""
        bindings = match(row.right, larger, match(row.left, smaller, {}))
        check_conditions(row, bindings, self.signs(path))

    def _known(
        self, node: Term, path: Path, up: bool
    ) -> Iterator[tuple[Term, str, dict[Symbol, Expr], str]]:
        """What rows, theorems and the hypothesis say of a scalar, the best first."""
        facts = self.build.facts_at(path)
        if self.hypothesis is not None:
            here, there = _directed(self.hypothesis, up)
            if here == node:
                yield there, "", {}, self.hypothesis.relation
        found = []
        for lemma in self.lemmas:
            bind: dict[Symbol, Expr] = {}
            here, _ = _directed(lemma, up)
            if lemma.relation == "=" or not solve(here, node, self.scope.symbols, bind):
                continue
            at = lemma.instance(bind)
            here, there = _directed(at, up)
            if here == node and all(entails(facts, f) for f in at.facts):
                found.append((there, lemma.id, bind, lemma.relation))
        found.sort(key=lambda x: (not isinstance(x[0], Const), x[3] != "<"))
        yield from found
        yield from ((new, name, {}, "") for new, name in self._rows(node, path, up))

    def _rows(self, node: Term, path: Path, up: bool) -> Iterator[tuple[Term, str]]:
        if isinstance(node, Map) and known(node.fname) is not None:
            word = "slope" if node.order else "value"
            name = f"{word}-{'below' if up else 'above'}/{node.fname}"
            if node.order < 2 and name in RULES:
                yield (RULES[name].right if up else RULES[name].left), name
        if isinstance(node, Entry) and isinstance(node.args[0], Softmax):
            size = node.args[0].shape[0]
            if up:
                several = entails(self.build.facts_at(path), size - 2)
                yield Const(1), "softmax-below-one" if several else "softmax-at-most-one"
            else:
                yield Const(0), "softmax-positive"
        signs = self.signs(path)
        if not up and signs.nonnegative(node):
            yield Const(0), "positive" if signs.positive(node) else "nonnegative"

    def _product(self, path: Path, up: bool) -> bool:
        """A product by its factors: at most one of them may have either sign."""
        mark, strict = self.build.mark(), self.strict
        node = subterm(self.build.line, path)
        free = [k for k, x in enumerate(node.args) if not self.nonnegative(x, path)]
        others = [k for k in reversed(range(len(node.args))) if k not in free]
        done = False
        if not free:
            done = all(self.move((*path, k), up) for k in others)
        elif len(free) == 1:
            done = self.move((*path, *free), up) and self._others(path, free[0], others, up)
        elif len(free) == len(node.args) == 2:
            done = self._free_product(node, path, up)
        if not done:
            self.build.reset(mark)
            self.strict = strict
        return done

    def _free_product(self, node: Term, path: Path, up: bool) -> bool:
        """Two numbers of either sign, by their absolute values."""
        sizes = [self.size(x) for x in node.args]
        if None in sizes:
            return False
        self.build.algebra(Times(*node.args), path)
        most = Times(*(Const(x) for x in sizes))
        if up:
            return self.put(path, up, most, "product-at-most")
        return self.put(path, up, Scale(_MINUS, most), "product-at-least")

    def _others(self, path: Path, free: int, others: list[int], up: bool) -> bool:
        """The factors that are not negative, when the one that may be has become a bound."""
        value = number(subterm(self.build.line, (*path, free)))
        if value is not None:
            self.build.algebra(Const(value), (*path, free))
        node = subterm(self.build.line, path)
        end = node.args[free]
        if value is not None:
            return all(self.move((*path, k), up == (value >= 0)) for k in others)
        if isinstance(end, Scale) and end.args[0] == _MINUS:
            parts = [end.args[1] if k == free else x for k, x in enumerate(node.args)]
            self.build.algebra(Scale(_MINUS, Times(*parts)), path)
            return all(self.move((*path, 1, k), not up) for k in others)
        return self.signs(path).nonnegative(end) and all(self.move((*path, k), up) for k in others)


def _directed(theorem: Theorem, up: bool) -> tuple[Term, Term]:
    """(what is replaced, by what): the smaller side by the larger, or the reverse."""
    return (theorem.left, theorem.right) if up else (theorem.right, theorem.left)


def number(term: Term) -> Expr | None:
    """The value of a term made of numbers only."""
    if isinstance(term, Const):
        return None if term.value.free_symbols else term.value
    if not isinstance(term, Plus | Times | Hadamard | Scale):
        return None
    values = [number(x) for x in term.args]
    if not isinstance(term, Plus) and any(v == 0 for v in values if v is not None):
        return Const(0).value
    if any(v is None for v in values):
        return None
    total = values[0]
    for v in values[1:]:
        total = total + v if isinstance(term, Plus) else total * v
    return total
