"""What moves under one complex step: a frame at concrete indices."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import NotSupported
from .terms import Elem, Partial
from .theory import ALL, Frame
from .world import Env, Key, integer, is_element, leaf_key


@dataclass(frozen=True)
class Motion:
    """What moves under one complex step, at concrete indices.

    ``free``: leaves and elements set free (a definition is then not used); ``sequences``: every
    given element of these; ``everything``: every leaf; ``shocks``: an independent change is added
    to every defined element of these; ``step``: elements at other indices than it are held at
    their values; ``alone``: everything but this is held; ``unit``: the one free element moves in
    all its unit directions at once, in the order of vec, along a leading batch axis.
    """

    free: frozenset[Key] = frozenset()
    sequences: frozenset[str] = frozenset()
    shocks: frozenset[str] = frozenset()
    step: int | None = None
    alone: Key | None = None
    everything: bool = False
    unit: bool = False

    @classmethod
    def of(cls, frame: Frame | None, env: Env) -> Motion:
        """The frame at the values of its index symbols."""
        if frame is None:
            return cls(everything=True)
        every = {x.name for x in frame.vary if isinstance(x, Elem) and x.index == ALL}
        single = (x for x in frame.vary if not (isinstance(x, Elem) and x.index == ALL))
        step = None if frame.step is None else integer(frame.step, env)
        free = frozenset(leaf_key(x, env) for x in single)
        return cls(free, frozenset(every), frozenset(frame.shocks), step=step)

    @classmethod
    def by(cls, t: Partial, env: Env) -> Motion:
        """The variable of a derivative in all its unit directions, in the derivative's mode."""
        y, x = t.children
        step = None
        if t.mode == "immediate":
            if not isinstance(y, Elem):
                raise NotSupported(f"the immediate derivative of {y}, which has no time of its own")
            step = integer(y.index, env)
        alone = leaf_key(y, env) if t.mode == "direct" else None
        return cls(frozenset([leaf_key(x, env)]), step=step, alone=alone, unit=True)

    def moves(self, key: Key, is_leaf: bool) -> bool:
        """Whether this element moves by itself."""
        whole = self.everything or (is_element(key) and key[0] in self.sequences)
        return key in self.free or (is_leaf and whole)

    def shakes(self, key: Key) -> bool:
        """Whether a shock is added to this element, where it is defined."""
        return is_element(key) and key[0] in self.shocks

    def holds(self, key: Key) -> bool:
        """Whether this element keeps its value."""
        if self.alone is not None:
            return key != self.alone
        return self.step is not None and is_element(key) and key[1] != self.step
