"""How moves look at a line and try steps: what is seen, what may fail, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symbptt.core.errors import NotSupported, ProofError
from symbptt.core.terms import Gradient, Partial, Term
from symbptt.core.traverse import Path, nodes_of

_MAX_STEPS = 80


def visible(
    term: Term, test: Callable[[Term], bool], path: Path = ()
) -> Iterator[tuple[Path, Term]]:
    """Like ``find``, but not inside a derivative, where nothing is rewritten."""
    if test(term):
        yield path, term
    if not isinstance(term, Partial | Gradient):
        for i, arg in enumerate(term.args):
            if isinstance(arg, Term):
                yield from visible(arg, test, (*path, i))


def nodes(term: Term, *kinds: type[Term]) -> Iterator[tuple[Path, Term]]:
    """The visible nodes of these very classes; what has none of them is passed over."""
    return nodes_of(term, *kinds, outside=(Partial, Gradient))


def until_done(move: Callable[[], bool], what: str) -> None:
    """Repeats a move as long as it does something; NotSupported where that has no end."""
    for _ in range(_MAX_STEPS):
        if not move():
            return
    raise NotSupported(f"the {what} without end")


def tries(action: Callable[..., None], *arguments: object, **named: object) -> bool:
    """Whether the step could be taken."""
    try:
        action(*arguments, **named)
    except ProofError:
        return False
    return True
