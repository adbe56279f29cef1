"""Values and bodies rebuilt: the walks that every pass is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from sympy import Expr

from .. import ir
from ..build import add, mul

Rule = Callable[[ir.Value], ir.Value]


def rewritten(value: ir.Value, rule: Rule) -> ir.Value:
    """The value with ``rule`` applied everywhere, innermost first; sums and products stay flat."""
    changes = {}
    for item in fields(value):  # type: ignore[arg-type]
        old = getattr(value, item.name)
        new = _mapped(old, lambda v: rewritten(v, rule))
        if new is not old:
            changes[item.name] = new
    if changes and isinstance(value, ir.Add | ir.Mul):
        return rule((add if isinstance(value, ir.Add) else mul)(next(iter(changes.values()))))
    return rule(replace(value, **changes) if changes else value)  # type: ignore[type-var]


def _mapped(value: Any, change: Callable[[ir.Value], ir.Value]) -> Any:
    if isinstance(value, ir.Value):
        return change(value)
    if isinstance(value, tuple) and value and not isinstance(value[0], Expr):
        new = tuple(_mapped(v, change) for v in value)
        return value if all(a is b for a, b in zip(new, value, strict=True)) else new
    return value


def in_statement(node: ir.Statement, rule: Rule) -> ir.Statement:
    """The statement with ``rule`` applied to all of its values."""
    if isinstance(node, ir.Store | ir.Accumulate):
        return replace(node, value=rewritten(node.value, rule))
    if isinstance(node, ir.Guard | ir.Loop | ir.Passes | ir.Masked | ir.Given | ir.Chunks):
        return replace(node, body=tuple(in_statement(s, rule) for s in node.body))
    return node


def each_block(body: ir.Body, change: Callable[[ir.Body], ir.Body]) -> ir.Body:
    """The body with ``change`` applied to every block, inner ones first."""
    out = []
    for node in body:
        inner = getattr(node, "body", None)
        out.append(replace(node, body=each_block(inner, change)) if inner is not None else node)  # type: ignore[type-var]
    return change(tuple(out))


def loops(body: ir.Body) -> Iterator[ir.Loop]:
    """All loops, those inside others too."""
    return (n for n in ir.walk(body) if isinstance(n, ir.Loop))


def outer_loops(body: ir.Body) -> Iterator[ir.Loop]:
    """The loops of a function, those in passes too, but not those inside others."""
    for node in body:
        if isinstance(node, ir.Passes):
            yield from outer_loops(node.body)
        elif isinstance(node, ir.Loop):
            yield node


def reads(node: Any) -> Iterator[ir.Read]:
    """The reads in a value or statement."""
    return (n for n in ir.walk((node,)) if isinstance(n, ir.Read))


def depends(node: Any, names: Iterable[str]) -> bool:
    """Whether one of the arrays is read."""
    names = set(names)
    return any(r.array.name in names for r in reads(node))


def writes(node: Any) -> set[str]:
    """The names of the arrays that a statement stores to or adds to."""
    kinds = ir.Store | ir.Accumulate | ir.Into
    nodes = node if isinstance(node, tuple) else (node,)
    return {n.array.name for n in ir.walk(nodes) if isinstance(n, kinds)}


def terms(value: ir.Value) -> tuple[ir.Value, ...]:
    """The summands."""
    return value.terms if isinstance(value, ir.Add) else (value,)


def factors(value: ir.Value) -> tuple[ir.Value, ...]:
    """The factors of an elementwise product."""
    return value.factors if isinstance(value, ir.Mul) else (value,)


def with_notes(body: ir.Body) -> Iterator[tuple[tuple[ir.Note, ...], ir.Statement]]:
    """The statements with the notes that stand in front of them."""
    notes: list[ir.Note] = []
    for node in body:
        if isinstance(node, ir.Note):
            notes.append(node)
        else:
            yield tuple(notes), node
            notes = []
