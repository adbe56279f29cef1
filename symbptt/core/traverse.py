"""Substitution that does not capture, paths into terms, and the facts that hold along a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from functools import lru_cache
from typing import Any

from sympy import Basic, Expr, Symbol

from .indices import index_symbol
from .terms import OrderedProduct, SumOver, Term, When, _Ranged

Path = tuple[int, ...]
_INDICES = {Symbol}


def rebuild(term: Term, args: tuple[Any, ...]) -> Term:
    """The same node with other arguments (shapes checked again)."""
    return term if args == term.args else term.func(*args)


def fresh(symbol: Symbol, taken: Set[Any]) -> Symbol:
    """A symbol named like ``symbol`` that does not occur in ``taken``."""
    names = {s.name for s in taken if isinstance(s, Symbol)}
    base, i = symbol.name.rstrip("0123456789"), 1
    while f"{base}{i}" in names:
        i += 1
    return index_symbol(f"{base}{i}")


def substitute(term: Any, mapping: Mapping[Any, Any]) -> Any:
    """Replaces free occurrences of the keys (symbols or terms) without capturing a bound index."""
    if not mapping:
        return term
    if term in mapping:
        return mapping[term]
    if set(map(type, mapping)) == _INDICES:
        if isinstance(term, Term):
            if term.free_symbols.isdisjoint(mapping):
                return term
            return _at_indices(term, tuple(mapping.items()))
        return _index_at(term, tuple(mapping.items())) if isinstance(term, Expr) else term
    if isinstance(term, _Ranged):
        return _inside(term, mapping)
    if isinstance(term, Term):
        return rebuild(term, tuple(substitute(a, mapping) for a in term.args))
    if isinstance(term, Expr):
        plain = {k: v for k, v in mapping.items() if isinstance(k, Symbol)}
        return term.xreplace(plain) if plain else term
    return term


def _inside(term: _Ranged, mapping: Mapping[Any, Any]) -> Term:
    """A sum or product with the replacement in its body and its range."""
    inner = {k: v for k, v in mapping.items() if k != term.bound}
    new = set().union(*(v.free_symbols for v in inner.values() if isinstance(v, Basic)))
    bound, body = term.bound, term.body
    if bound in new:
        bound = fresh(bound, new | body.free_symbols | term.free_symbols)
        body = substitute(body, {term.bound: bound})
    lo, hi = substitute(term.lo, mapping), substitute(term.hi, mapping)
    return term.func(substitute(body, inner), bound, lo, hi)


_Pairs = tuple[tuple[Symbol, Any], ...]


@lru_cache(maxsize=65536)
def _at_indices(term: Term, pairs: _Pairs) -> Term:
    """The usual case, only indices replaced: what has none of them stays as it is."""
    mapping = dict(pairs)
    if isinstance(term, _Ranged):
        return _inside(term, mapping)
    args = []
    for a in term.args:
        if isinstance(a, Term):
            free = a.free_symbols.isdisjoint(mapping)
            args.append(a if free else _at_indices(a, pairs))
        else:
            args.append(_index_at(a, pairs) if isinstance(a, Expr) else a)
    return term.func(*args)


def index_at(expr: Expr, mapping: Mapping[Symbol, Any]) -> Expr:
    """An index expression with symbols replaced."""
    if expr.is_Atom:  # a symbol or a number
        return mapping.get(expr, expr)
    return _index_at(expr, tuple(mapping.items()))


@lru_cache(maxsize=65536)
def _index_at(expr: Expr, pairs: _Pairs) -> Expr:
    """An index expression with symbols replaced; SymPy takes long over each."""
    return expr.xreplace(dict(pairs))


def apart(term: Any, taken: Set[Any]) -> Any:
    """The same term with other names for the bound indices that are among ``taken``."""
    if not isinstance(term, Term) or not taken:
        return term
    term = rebuild(term, tuple(apart(a, taken) for a in term.args))
    if isinstance(term, _Ranged) and term.bound in taken:
        bound = fresh(term.bound, taken | term.body.free_symbols | term.free_symbols)
        body = substitute(term.body, {term.bound: bound})
        return term.func(body, bound, term.lo, term.hi)
    return term


def subterm(term: Term, path: Path) -> Any:
    """The argument that the path of argument positions leads to."""
    for step in path:
        term = term.args[step]
    return term


def replace(term: Term, path: Path, new: Term) -> Term:
    """``term`` with the argument at ``path`` replaced."""
    if not path:
        return new
    args = list(term.args)
    args[path[0]] = replace(args[path[0]], path[1:], new)
    return term.func(*args)


def context(term: Term, path: Path) -> tuple[tuple[Expr, ...], tuple[Symbol, ...]]:
    """The facts that hold at ``path`` (ranges, conditions passed) and the indices bound there."""
    facts: list[Expr] = []
    bound: list[Symbol] = []
    for step in path:
        if isinstance(term, SumOver | OrderedProduct) and step == 0:
            facts.extend(term.range_facts)
            bound.append(term.bound)
        elif isinstance(term, When) and step == 0:
            facts.extend(term.conditions)
        term = term.args[step]
    return tuple(facts), tuple(bound)


def find(term: Term, test: Callable[[Term], bool], path: Path = ()) -> Iterator[tuple[Path, Term]]:
    """All subterms that pass the test, outermost first, left to right."""
    if test(term):
        yield path, term
    for i, arg in enumerate(term.args):
        if isinstance(arg, Term):
            yield from find(arg, test, (*path, i))


def nodes_of(
    term: Term, *kinds: type[Term], outside: tuple[type[Term], ...] = ()
) -> Iterator[tuple[Path, Term]]:
    """The subterms of these very classes, in the order of ``find``; the rest is passed over.

    Nothing in a node of the classes ``outside`` is looked at.
    """
    waiting: list[tuple[Path, Term]] = [] if term.kinds.isdisjoint(kinds) else [((), term)]
    while waiting:
        path, here = waiting.pop()
        if type(here) in kinds:
            yield path, here
        if type(here) in outside:
            continue
        for i in range(len(here.args) - 1, -1, -1):
            part = here.args[i]
            if isinstance(part, Term) and not part.kinds.isdisjoint(kinds):
                waiting.append(((*path, i), part))


@lru_cache(maxsize=65536)
def contains(term: Term, cls: type) -> bool:
    """Whether a node of the class occurs in the term."""
    return any(issubclass(kind, cls) for kind in term.kinds)
