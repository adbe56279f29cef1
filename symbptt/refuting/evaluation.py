"""Both sides of a statement at values that a person can follow, exactly or with certified bounds.

The same meaning of terms as ``core.evaluation`` has, over exact numbers: a derivative is the
coefficient of a direction of change in the value itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

from sympy import Expr, Symbol

from symbptt.core import terms as tm
from symbptt.core.errors import ModelError, NotSupported
from symbptt.core.motion import Motion
from symbptt.core.moving import Moving
from symbptt.core.terms import Elem, Term
from symbptt.core.theory import Theory
from symbptt.core.world import Env, Key, World, integer, leaf_key, show_key

from . import matrices
from .functions import Elementwise
from .intervals import Undecided
from .matrices import Matrix
from .nodes import NODES
from .quadratics import Quadratic
from .scalars import Dual, slope_of, value_of


class Choice(Protocol):
    """What a world leaves open: values of leaves, and what unspecified functions are."""

    def leaf(self, key: Key, shape: tuple[int, int]) -> Matrix: ...
    def elementwise(self, name: str) -> Elementwise: ...
    def function(self, name: str, index: int | None, rows: int, size: int) -> Quadratic: ...


class Evaluator(Moving[Matrix]):
    """Evaluation at concrete sizes, lengths and values.

    ``memo`` has the elements and parameters that were needed, at rest (None) and for each motion;
    ``visits`` counts the terms that were looked at;
    ``world`` knows which definition is whose, for many evaluations at the same sizes.
    """

    def __init__(
        self, theory: Theory, sizes: Mapping[Symbol, int], choice: Choice,
        world: World | None = None,
    ) -> None:  # fmt: skip
        self.world = World(theory, dict(sizes)) if world is None else world
        self.choice = choice
        self.motion: Motion | None = None
        self.memo: dict[Motion | None, dict[Key, Matrix | None]] = {}
        self._here = self.memo.setdefault(None, {})  # those of the present motion
        self.derivatives: dict[Any, Matrix] = {}
        self.visits = 0

    def evaluate(self, term: Term, index: Mapping[Symbol, int]) -> Matrix:
        """The value of a term; Undecided where it has none at these values."""
        return self.value(term, {**self.world.sizes, **index})

    def value(self, term: Term, env: Env) -> Matrix:
        """The matrix of a term; ``env`` has the bound indices too."""
        self.visits += 1
        node = NODES.get(type(term))
        if node is None:
            raise NotSupported(f"the term {term} is not evaluated exactly")
        return node(self, term, env)

    def leaf(self, leaf: tm.Param | Elem, env: Env) -> Matrix:
        """A parameter or an element, through its definition if it has one."""
        key = leaf_key(leaf, env)
        known = self._here.get(key)
        return self.element(key, self.shape(leaf, env)) if known is None else known

    def element(self, key: Key, shape: tuple[int, int]) -> Matrix:
        """The value of a parameter or an element, computed once under each motion."""
        memo = self._here
        if key in memo:
            known = memo[key]
            if known is None:
                raise ModelError(f"{show_key(key)} is defined through itself")
            return known
        memo[key] = None
        try:
            result = self.found(key, shape)
        except BaseException:
            del memo[key]
            raise
        if matrices.shape(result) != shape:
            raise Undecided(f"{show_key(key)} has another shape here")
        del memo[key]  # so that the memo is in the order of computation
        memo[key] = result
        return result

    def computed(self) -> dict[Key, Matrix]:
        """The defined quantities that were needed, at rest, in an order of computation."""
        needed = [(k, m) for memo in list(self.memo.values()) for k, m in memo.items()]
        for key, m in needed:
            if m is not None:
                self.element(key, matrices.shape(m))
        rest = self.memo[None] if needed else {}
        return {k: m for k, m in rest.items() if m is not None and self.world.source(k) is not None}

    def drawn_leaf(self, key: Key, shape: tuple[int, int]) -> Matrix:
        """What was chosen for it."""
        return self.choice.leaf(key, shape)

    def move(self, motion: Motion | None) -> None:
        """Takes up a motion, with what is remembered under it."""
        self.motion, self._here = motion, self.memo.setdefault(motion, {})

    def moved(self, a: Matrix) -> Matrix:
        """Every entry with a direction of its own, numbered in the order of vec."""
        rows = len(a)
        return [
            [Dual(value_of(x), {j * rows + i: Fraction(1)}) for j, x in enumerate(row)]
            for i, row in enumerate(a)
        ]

    def shape(self, term: Term, env: Env) -> tuple[int, int]:
        """The rows and columns of a term here."""
        return self.side(term.shape[0], env), self.side(term.shape[1], env)

    def side(self, size: Expr, env: Env) -> int:
        """A dimension as a number."""
        value = integer(size, env)
        if value < 1:
            raise Undecided(f"the dimension {size} is {value}")
        return value

    def jacobian(self, t: tm.Partial, env: Env) -> Matrix:
        """∂ vec y/∂ vec x: its columns are the responses to the directions."""
        if self.motion is not None:
            raise NotSupported(f"the derivative {t} stands inside another derivative")
        key = t, frozenset((s, env.get(s)) for s in t.free_symbols)
        if key not in self.derivatives:
            self.derivatives[key] = self._jacobian(t, env)
        return self.derivatives[key]

    def _jacobian(self, t: tm.Partial, env: Env) -> Matrix:
        y, x = t.children
        self.value(x, env)  # an x that does not exist is an error, not a zero derivative
        self.move(Motion.by(t, env))
        try:
            response = self.value(y, env)
        finally:
            self.move(None)
        directions = range(self.side(tm.size(x), env))
        return [[slope_of(e, j) for j in directions] for e in matrices.entries(response)]
