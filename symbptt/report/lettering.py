r"""Bound indices that were renamed to keep them apart, called as a person would call them.

>>> from symbptt.core.indices import index_symbol
>>> from symbptt.core.terms import Elem, SumOver
>>> t, u = index_symbol("t"), index_symbol("t1")
>>> print(lettered(SumOver(Elem("h", u, 2), u, t, 9)))
sum(s=t..9: h[s])
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from sympy import Symbol

from symbptt.core.indices import index_symbol
from symbptt.core.terms import Elem, OrderedProduct, Param, SumOver, Term
from symbptt.core.traverse import find, rebuild, substitute

_NUMBERED = re.compile(r"[a-z]\d+")
_LETTERS = "srjlimpquvkt"


def lettered(term: Term) -> Term:
    """The term with bound indices such as t1 replaced by letters that do not occur in it."""
    names = letters(term)
    return _renamed(term, names) if names else term


def letters(term: Term) -> dict[Symbol, Symbol]:
    """What its bound indices with a number in their name are called."""
    numbered = _numbered(term)
    if not numbered:
        return {}
    taken = set(_names(term))
    free = (letter for letter in _LETTERS if letter not in taken)
    return {old: index_symbol(new) for old, new in zip(numbered, free, strict=False)}


@lru_cache(maxsize=65536)
def _numbered(term: Term) -> tuple[Symbol, ...]:
    """The bound indices with a number in their name."""
    own = [term.bound] if isinstance(term, SumOver | OrderedProduct) else []
    inner = (s for child in term.children for s in _numbered(child))
    return tuple(dict.fromkeys((*(s for s in own if _NUMBERED.fullmatch(s.name)), *inner)))


def _names(term: Term) -> Iterator[str]:
    for _, x in find(term, lambda _: True):
        if isinstance(x, Elem | Param):
            yield x.name
        if isinstance(x, SumOver | OrderedProduct):
            yield x.bound.name
        yield from (s.name for s in x.free_symbols)


def _renamed(term: Term, names: dict[Symbol, Symbol]) -> Term:
    term = rebuild(term, tuple(_renamed(a, names) if isinstance(a, Term) else a for a in term.args))
    if isinstance(term, SumOver | OrderedProduct) and term.bound in names:
        new = names[term.bound]
        return term.func(substitute(term.body, {term.bound: new}), new, term.lo, term.hi)
    return term
