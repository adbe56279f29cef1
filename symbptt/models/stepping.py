r"""Names without an index in the equations of a step: f = \sigma(W x_t) in c_t = f \odot c_{t-1}.

Such a name is the element at that step; it is written with its index before anything else reads
the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..notation import syntax as sx
from ..notation.scripts import index_expr, script_items, script_text
from .statements import Statements

_Name = tuple[str, tuple[str, ...], tuple[str, ...]]


def with_steps(statements: Statements, times: frozenset[str]) -> Statements:
    """The statements with the step's index at every name that a timed equation uses without one.

    Only what is computed from elements of a step, outside of sums over time, is such a name.
    """
    bodies = {
        name: eq.body for eq in statements.equations
        if (name := _name(eq.head)) is not None and not _timed(eq.head, times)
    }  # fmt: skip
    stepped: set[_Name] = set()
    while new := {n for n, b in bodies.items() if n not in stepped and _moves(b, times, stepped)}:
        stepped |= new
    used: set[_Name] = set()
    waiting = [eq.body for eq in statements.equations if _timed(eq.head, times)]
    while waiting:
        found = stepped & set(_names(waiting.pop(), times)) - used
        used |= found
        waiting += [bodies[n] for n in found]
    if not used:
        return statements
    step = "t" if "t" in times else min(times)

    def indexed(node: sx.Node) -> sx.Node:
        return _with_index(node, step) if _name(node) in used else node

    equations = [
        replace(eq, head=_mapped(eq.head, indexed), body=_mapped(eq.body, indexed))
        for eq in statements.equations
    ]
    declared = [replace(d, head=_mapped(d.head, indexed)) for d in statements.declarations]
    return replace(statements, equations=equations, declarations=declared)


def _name(node: sx.Node) -> _Name | None:
    """A symbol with its subscripts."""
    symbol = sx.base_of(node)
    if not isinstance(symbol, sx.Sym):
        return None
    subs = node.subs if isinstance(node, sx.Scripted) else ()
    return symbol.base, symbol.accents, tuple(map(script_text, subs))


def _timed(node: sx.Node, times: frozenset[str]) -> bool:
    """Whether a symbol carries a time, below, above or in brackets."""
    if isinstance(node, sx.Product) and len(node.factors) == 2:
        bracket = node.factors[1]
        only = bracket.only if isinstance(bracket, sx.Brackets) else None
        expr = index_expr(only)
        inner = expr is not None and any(s.name in times for s in expr.free_symbols)
        return inner or _timed(node.factors[0], times)
    return any(i.mentions(times) and not i.transposes for i in script_items(node, times))


def _open_parts(node: sx.Node, times: frozenset[str]) -> Iterator[sx.Node]:
    """The nodes of a formula outside of what a sum over time binds."""
    if isinstance(node, sx.Big) and node.sub is not None:
        letters = {x.base for x in sx.walk(node.sub) if isinstance(x, sx.Sym)}
        if letters & times:
            return
    yield node
    for child in sx.children(node):
        yield from _open_parts(child, times)


def _names(node: sx.Node, times: frozenset[str]) -> Iterator[_Name]:
    return (n for x in _open_parts(node, times) if (n := _name(x)) is not None)


def _moves(body: sx.Node, times: frozenset[str], stepped: set[_Name]) -> bool:
    parts = _open_parts(body, times)
    return any(_timed(x, times) or _name(x) in stepped for x in parts)


def _with_index(node: sx.Node, step: str) -> sx.Node:
    letter = sx.Sym(node.end, node.end, step)
    if isinstance(node, sx.Scripted):
        return replace(node, subs=(*node.subs, letter))
    return sx.Scripted(node.at, node.end, node, (letter,))


def _mapped(node: sx.Node, change: Callable[[sx.Node], sx.Node]) -> sx.Node:
    """The tree with every symbol changed; scripts are left as they are."""
    if isinstance(sx.base_of(node), sx.Sym):
        return change(node)
    new = {name: _value(getattr(node, name), change) for name in sx.field_names(type(node))}
    return replace(node, **new)


def _value(value: object, change: Callable[[sx.Node], sx.Node]) -> object:
    if isinstance(value, sx.Node):
        return _mapped(value, change)
    return tuple(_value(v, change) for v in value) if isinstance(value, tuple) else value
