"""How much a search for a proof may do, counted in nodes of the lines that it compares.

The count depends on the statement alone, not on the machine nor on what was searched for before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_left: ContextVar[int | None] = ContextVar("left", default=None)


class Exhausted(Exception):
    """The search has done as much as it may. No handler of a failed attempt catches it."""


@contextmanager
def at_most(nodes: int) -> Iterator[None]:
    """Searches in what it holds may look at so many nodes in all; elsewhere there is no limit."""
    token = _left.set(nodes)
    try:
        yield
    finally:
        _left.reset(token)


def spend(nodes: int) -> None:
    """Counts the nodes of lines that are looked at; Exhausted where they are too many."""
    left = _left.get()
    if left is not None:
        if nodes > left:
            raise Exhausted("the search for a proof was given up")
        _left.set(left - nodes)


def left() -> int | None:
    """What may still be looked at."""
    return _left.get()
