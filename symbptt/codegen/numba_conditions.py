"""Conditions on the step in the body of a loop."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from . import ir


def unconditional(body: ir.Body) -> ir.Body:
    """What is computed whatever is given."""
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Guard):
            out += unconditional(node.body)
        elif not isinstance(node, ir.Masked | ir.Given):
            out.append(node)
    return tuple(out)


def conditions_of(body: ir.Body) -> list[tuple[Expr, ...]]:
    """The conditions in a body."""
    return list(dict.fromkeys(n.conditions for n in ir.walk(body) if isinstance(n, ir.Guard)))


def decided(body: ir.Body, conditions: tuple[Expr, ...], holds: bool) -> ir.Body:
    """The body where the conditions hold, or do not."""
    out: list[ir.Statement] = []
    for node in body:
        inner = getattr(node, "body", None)
        if inner is None:
            out.append(node)
            continue
        inner = decided(inner, conditions, holds)
        if not isinstance(node, ir.Guard) or node.conditions != conditions:
            out.append(replace(node, body=inner))  # type: ignore[type-var]
        elif holds:
            out += inner
    return tuple(out)
