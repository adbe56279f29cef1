"""Where names occur in a formula, before anything is known about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..notation import syntax as sx
from ..notation.scripts import index_expr
from ..notation.vocabulary import FUNCTION_WORDS


@dataclass(frozen=True)
class Occurrence:
    """A symbol in a formula: the indices bound around it, and the bracket that follows it."""

    node: sx.Node
    bound: frozenset[str]
    arguments: tuple[sx.Node, ...] | None = None
    bracket: sx.Brackets | None = None


def occurrences(
    node: sx.Node, times: frozenset[str], bound: frozenset[str] = frozenset()
) -> Iterator[Occurrence]:
    """The symbols of a formula, outermost first, scripts left out."""
    if isinstance(node, sx.Product):
        yield from _in_product(node, times, bound)
    elif isinstance(sx.base_of(node), sx.Sym):
        yield Occurrence(node, bound)
    elif isinstance(node, sx.Scripted):
        yield from occurrences(node.base, times, bound)
    elif isinstance(node, sx.Big):
        inner = {n.base for n in sx.walk(node.sub) if isinstance(n, sx.Sym)} if node.sub else set()
        yield from occurrences(node.body, times, bound | inner)
    else:
        for child in sx.children(node):
            yield from occurrences(child, times, bound)


def _in_product(
    node: sx.Product, times: frozenset[str], bound: frozenset[str]
) -> Iterator[Occurrence]:
    factors, ops, i = node.factors, (*node.ops, "end"), 0
    while i < len(factors):
        here = factors[i]
        following = factors[i + 1] if ops[i] == "" else None
        bracket = sx.base_of(following) if following is not None else None
        if not isinstance(bracket, sx.Brackets) or not isinstance(sx.base_of(here), sx.Sym):
            yield from occurrences(here, times, bound)
            i += 1
            continue
        found = indexed(here, bracket, times)
        after = factors[i + 2] if i + 2 < len(factors) and ops[i + 1] == "" else None
        call = sx.base_of(after) if after is not None else None
        if (
            found is not None
            and isinstance(call, sx.Brackets)
            and not isinstance(following, sx.Scripted)
        ):
            arguments = tuple(a for row in call.rows for a in row)  # L[t](h[t])
            yield Occurrence(found, bound, arguments, call)
            yield from occurrences(call, times, bound)
            i += 1
        elif found is not None:
            yield Occurrence(found, bound)
        else:
            arguments = tuple(a for row in bracket.rows for a in row)
            yield Occurrence(here, bound, arguments, bracket)
            yield from occurrences(bracket, times, bound)
        i += 2


def indexed(here: sx.Node, bracket: sx.Brackets, times: frozenset[str]) -> sx.Node | None:
    """``h[t-1]``, ``h[0]`` and ``S(t)`` as a symbol with a subscript."""
    if not bracket.tight or len(bracket.rows) != 1 or bracket.open not in "([":
        return None
    symbol = sx.base_of(here)
    if isinstance(symbol, sx.Sym) and symbol.base in FUNCTION_WORDS:
        return None
    exprs = [index_expr(a) for a in bracket.rows[0]]
    timed = any(e is not None and any(s.name in times for s in e.free_symbols) for e in exprs)
    number = bracket.open == "[" and all(e is not None for e in exprs)
    if None in exprs or not exprs or not (timed or number):
        return None
    scripted = here if isinstance(here, sx.Scripted) else sx.Scripted(here.at, here.end, here)
    return replace(scripted, end=bracket.end, subs=(*scripted.subs, *bracket.rows[0]))
