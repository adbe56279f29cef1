"""Moves of a search made once: what a move makes of a line is kept with the problem.

Claims about one model unfold the same lines again and again, and so do the plans of one search.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from symbptt.core.errors import NotSupported
from symbptt.core.terms import Term
from symbptt.proof.objects import Step

from .builder import Builder

_KEPT = 8192  # lines
_Made = tuple[Term, tuple[Step, ...]] | str


@dataclass
class Replay:
    """The moves of searches in one theory."""

    _made: dict[Hashable, _Made] = field(default_factory=dict)

    def move(self, build: Builder, what: Hashable, action: Callable[[Builder], object]) -> None:
        """Does the action, which depends on nothing but the line, its facts and ``what``."""
        key = (what, build.line, build.facts, build.taken)
        made = self._made.get(key)
        if made is None:
            made = self._do(build, action)
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made[key] = made
        elif not isinstance(made, str):
            build.line = made[0]
            build.steps.extend(made[1])
        if isinstance(made, str):
            raise NotSupported(made)

    @staticmethod
    def _do(build: Builder, action: Callable[[Builder], object]) -> _Made:
        begun = len(build.steps)
        try:
            action(build)
        except NotSupported as error:
            return error.message
        return build.line, tuple(build.steps[begun:])
