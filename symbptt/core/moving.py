"""Elements for evaluators whose numbers carry their own directions: at rest, held, or moving."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from sympy import Symbol

from .motion import Motion
from .terms import Term
from .theory import Definition
from .world import Env, Key, World

V = TypeVar("V")


class Moving(ABC, Generic[V]):
    """Finds parameters and elements in a world under the present motion (None: at rest)."""

    world: World
    motion: Motion | None

    @abstractmethod
    def value(self, term: Term, env: Env) -> V:
        """The value of a term."""

    @abstractmethod
    def element(self, key: Key, shape: tuple[int, int]) -> V:
        """The value of a parameter or an element, which is remembered."""

    @abstractmethod
    def move(self, motion: Motion | None) -> None:
        """Takes up a motion, with what is remembered under it."""

    @abstractmethod
    def moved(self, value: V) -> V:
        """A value at rest in all its unit directions at once, in the order of vec."""

    @abstractmethod
    def drawn_leaf(self, key: Key, shape: tuple[int, int]) -> V:
        """The value of what has no definition."""

    def found(self, key: Key, shape: tuple[int, int]) -> V:
        """The value of a parameter or an element, through its definition if it has one."""
        definition, motion = self.world.source(key), self.motion
        if motion is not None:
            if motion.moves(key, definition is None):
                return self.moved(self._at_rest(key, shape))
            if motion.holds(key):
                return self._at_rest(key, shape)
        if definition is None:
            return self.drawn_leaf(key, shape)
        return self.value(definition.body, self.inside(definition, key))

    def inside(self, definition: Definition, key: Key) -> dict[Symbol, int]:
        """The sizes, and the index of the definition where it defines this element."""
        env = dict(self.world.sizes)
        if definition.index is not None:
            env[definition.index] = int(key[1])
        return env

    def _at_rest(self, key: Key, shape: tuple[int, int]) -> V:
        motion = self.motion
        self.move(None)
        try:
            return self.element(key, shape)
        finally:
            self.move(motion)
