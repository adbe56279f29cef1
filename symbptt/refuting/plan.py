"""A statement at fixed sizes and indices as a list of operations on exact matrices.

The same meaning of terms as ``core.evaluation`` has, over exact numbers: a derivative is the
coefficient of a direction of change in the value itself. Which operations there are depends on the
sizes alone. So a term is looked at once, and its operations are done for many choices of values;
where little of a choice is changed, only what depends on that is done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


class Choice(Protocol):
    """What a world leaves open: values of leaves, and what unspecified functions are."""

    def leaf(self, key: Key, shape: tuple[int, int]) -> Matrix: ...
    def elementwise(self, name: str) -> Elementwise: ...
    def function(self, name: str, index: int | None, rows: int, size: int) -> Quadratic: ...


Operation = Callable[..., Any]  # of parameters, then of what earlier steps gave
Step = tuple[Operation | str, tuple[Any, ...], tuple[int, ...]]
Subject = tuple[Any, ...]  # what is chosen: ("leaf", key), ("elementwise" or "function", name)
Results = list[Any]  # of the steps, in their order; None where a step was not done


class Plan(Moving[int]):
    """The operations of terms at concrete sizes and lengths; a term is known by its last step.

    A step is an operation with its parameters and the earlier steps that it takes; in place of the
    operation stands the name of what a choice is asked for. Equal steps are one.
    ``memo`` has the elements and parameters that were needed, at rest (None) and for each motion;
    ``world`` knows which definition is whose, for many plans at the same sizes.
    """

    def __init__(
        self, theory: Theory, sizes: Mapping[Symbol, int], world: World | None = None
    ) -> None:
        self.world = World(theory, dict(sizes)) if world is None else world
        self.steps: list[Step] = []
        self._known: dict[Step, int] = {}
        self.motion: Motion | None = None
        self.memo: dict[Motion | None, dict[Key, int | None]] = {}
        self._here = self.memo.setdefault(None, {})  # those of the present motion
        self._shapes: dict[Key, tuple[int, int]] = {}
        self._derivatives: dict[Any, int] = {}

    # ------------------------------------------------------------ steps

    def add(self, operation: Operation | str, parameters: tuple[Any, ...], *inputs: int) -> int:
        """The step of an operation."""
        step = operation, parameters, inputs
        found = self._known.get(step)
        if found is None:
            found = self._known[step] = len(self.steps)
            self.steps.append(step)
        return found

    def needed(self, targets: Iterable[int]) -> list[int]:
        """The steps that lead to the targets, in order."""
        marked = set(targets)
        for i in range(max(marked, default=-1), -1, -1):
            if i in marked:
                marked.update(self.steps[i][2])
        return sorted(marked)

    def affected(self, steps: Sequence[int], changed: frozenset[Subject]) -> list[int]:
        """Those of the steps that depend on what is changed."""
        marked: set[int] = set()
        for i in steps:
            operation, parameters, inputs = self.steps[i]
            if inputs:
                if not marked.isdisjoint(inputs):
                    marked.add(i)
            elif isinstance(operation, str) and (operation, parameters[0]) in changed:
                marked.add(i)
        return sorted(marked)

    def run(self, steps: Iterable[int], choice: Choice, results: Results) -> None:
        """Does the steps, for values that are chosen; Undecided where one has no value."""
        for i in steps:
            operation, parameters, inputs = self.steps[i]
            if isinstance(operation, str):
                results[i] = getattr(choice, operation)(*parameters)
            else:
                results[i] = operation(*parameters, *[results[j] for j in inputs])

    # ------------------------------------------------------------ terms

    def of(self, term: Term, index: Mapping[Symbol, int]) -> int:
        """The step that gives the value of a term."""
        return self.value(term, {**self.world.sizes, **index})

    def value(self, term: Term, env: Env) -> int:
        """The step of a term; ``env`` has the bound indices too."""
        node = NODES.get(type(term))
        if node is None:
            raise NotSupported(f"the term {term} is not evaluated exactly")
        return node(self, term, env)

    def leaf(self, leaf: tm.Param | Elem, env: Env) -> int:
        """A parameter or an element, through its definition if it has one."""
        key = leaf_key(leaf, env)
        known = self._here.get(key)
        return self.element(key, self.shape(leaf, env)) if known is None else known

    def element(self, key: Key, shape: tuple[int, int]) -> int:
        """A parameter or an element, looked at once under each motion."""
        memo = self._here
        if key in memo:
            known = memo[key]
            if known is None:
                raise ModelError(f"{show_key(key)} is defined through itself")
            return known
        definition, own = self.world.source(key), self._shapes.setdefault(key, shape)
        if definition is not None:
            own = self.shape(definition.body, self.inside(definition, key))
        if own != shape:
            raise Undecided(f"{show_key(key)} has another shape here")
        memo[key] = None
        try:
            result = self.found(key, shape)
        finally:
            del memo[key]  # so that the memo is in the order of computation
        memo[key] = result
        return result

    def computed(self) -> dict[Key, int]:
        """The defined quantities that were needed, at rest, in an order of computation."""
        for key in [key for memo in list(self.memo.values()) for key in memo]:
            self.element(key, self._shapes[key])
        rest = self.memo[None].items()
        return {k: m for k, m in rest if m is not None and self.world.source(k) is not None}

    def drawn_leaf(self, key: Key, shape: tuple[int, int]) -> int:
        """What is chosen for it."""
        return self.add("leaf", (key, shape))

    def move(self, motion: Motion | None) -> None:
        """Takes up a motion, with what is remembered under it."""
        self.motion, self._here = motion, self.memo.setdefault(motion, {})

    def moved(self, value: int) -> int:
        """Every entry with a direction of its own, numbered in the order of vec."""
        return self.add(matrices.moved, (), value)

    def shape(self, term: Term, env: Env) -> tuple[int, int]:
        """The rows and columns of a term here."""
        return self.side(term.shape[0], env), self.side(term.shape[1], env)

    def side(self, size: Expr, env: Env) -> int:
        """A dimension as a number."""
        value = integer(size, env)
        if value < 1:
            raise Undecided(f"the dimension {size} is {value}")
        return value

    def jacobian(self, t: tm.Partial, env: Env) -> int:
        """∂ vec y/∂ vec x: its columns are the responses to the directions."""
        if self.motion is not None:
            raise NotSupported(f"the derivative {t} stands inside another derivative")
        key = t, frozenset((s, env.get(s)) for s in t.free_symbols)
        if key not in self._derivatives:
            self._derivatives[key] = self._jacobian(t, env)
        return self._derivatives[key]

    def _jacobian(self, t: tm.Partial, env: Env) -> int:
        y, x = t.children
        self.value(x, env)  # an x that does not exist is an error, not a zero derivative
        self.move(Motion.by(t, env))
        try:
            response = self.value(y, env)
        finally:
            self.move(None)
        return self.add(matrices.slopes, (self.side(tm.size(x), env),), response)
