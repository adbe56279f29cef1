"""Which letters of a model are time, and what the last time is called."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from ..notation import syntax as sx
from ..notation.scripts import index_expr, script_items
from .statements import Statements

_FIRST_TIME = "t"


def time_letters(statements: Statements) -> tuple[frozenset[str], frozenset[str]]:
    """The letters that run over time, and those of lags.

    Time is t, and any letter k with h_k and h_{k-1}, or with a range; j in x_{t-j} is a lag.
    """
    defined = [eq.head for eq in statements.equations]
    heads = [*(d.head for d in statements.declarations), *defined]
    taken = {h.base for h in heads if isinstance(h, sx.Sym)}
    letters = {_FIRST_TIME} - taken
    letters |= {r.index for eq in statements.equations for r in eq.ranges}
    seen: dict[str, set[Expr]] = {}
    for node in (n for eq in statements.equations for n in sx.walk(eq.node)):
        for base, expr in _scripts_of(node):
            seen.setdefault(base, set()).add(expr)
    sizes = size_names(statements)
    for base, expr in (pair for head in defined for pair in _scripts_of(head)):
        steps = (other - expr for other in seen.get(base, ()))
        (letter,) = names if len(names := expr.free_symbols) == 1 else (None,)
        running = expr.is_Symbol or (letter is not None and letter.name not in sizes)
        if running and any(d.is_Integer and d != 0 for d in steps):
            letters.add(letter.name)
    several = [e.free_symbols for exprs in seen.values() for e in exprs if len(e.free_symbols) > 1]
    mixed = (names for names in several if any(s.name in letters for s in names))
    lags = {s.name for names in mixed for s in names if s.name.islower() and len(s.name) == 1}
    times = frozenset(letters - taken)
    return times, frozenset(lags - taken) - times


def _scripts_of(node: sx.Node) -> Iterator[tuple[str, Expr]]:
    """The base and every script of a symbol that is an index; ``h[t-1]`` and ``X(k)`` too."""
    if isinstance(node, sx.Product):
        for here, following in zip(node.factors, node.factors[1:], strict=False):
            bracket = sx.base_of(following)
            symbol = sx.base_of(here)
            if isinstance(bracket, sx.Brackets) and bracket.tight and isinstance(symbol, sx.Sym):
                expr = index_expr(bracket.only) if bracket.only is not None else None
                if expr is not None:
                    yield symbol.base, expr
    elif isinstance(node, sx.Scripted) and isinstance(node.base, sx.Sym):
        for item in script_items(node, frozenset()):
            if item.expr is not None and not item.transposes:
                yield node.base.base, item.expr


def length_of(statements: Statements, times: frozenset[str]) -> str:
    """The name of the last time: where a range or a sum over time ends."""
    for equation in statements.equations:
        for r in equation.ranges:
            if r.hi is not None and r.hi.is_Symbol:
                return str(r.hi.name)
    for equation in statements.equations:
        for node in sx.walk(equation.body):
            top = _top(node, times) if isinstance(node, sx.Big) and node.kind == "sum" else None
            if top is not None:
                return top
    return "T"


def _top(node: sx.Big, times: frozenset[str]) -> str | None:
    sub = node.sub.only if isinstance(node.sub, sx.Brackets) else node.sub
    sides = sub.sides if isinstance(sub, sx.Relation) else (sub,)
    letters = [s.base for s in sides if isinstance(s, sx.Sym)]
    if not any(x in times for x in letters):
        return None
    last = node.sup if node.sup is not None else sides[-1] if len(sides) == 3 else None
    expr = index_expr(last)
    return (
        str(expr.name) if expr is not None and expr.is_Symbol and expr.name not in times else None
    )


def size_names(statements: Statements) -> frozenset[str]:
    return frozenset(
        n.base
        for d in statements.declarations
        for s in d.dims
        for n in sx.walk(s)
        if isinstance(n, sx.Sym)
    )
