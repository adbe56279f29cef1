"""What a line is about: its names and its length, to compare only lines that may be equal."""

from __future__ import annotations

from functools import lru_cache

from symbptt.core.terms import Elem, Func, Gradient, Param, Partial, Term


@lru_cache(maxsize=16384)
def nodes_in(term: Term) -> int:
    """The number of nodes."""
    return 1 + sum(map(nodes_in, term.children))


@lru_cache(maxsize=16384)
def vocabulary(term: Term) -> frozenset[str]:
    """The names in it; lines with different ones are hardly ever equal."""
    if isinstance(term, Elem | Param):
        return frozenset((term.key,))
    if isinstance(term, Partial | Gradient):
        by = "/".join(",".join(sorted(vocabulary(x))) for x in term.children)
        return frozenset((f"{type(term).__name__} {by}",))
    own = (term.name,) if isinstance(term, Func) else ()
    return frozenset(own).union(*map(vocabulary, term.children))
