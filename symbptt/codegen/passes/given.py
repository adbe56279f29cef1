"""Gradients of outputs that are not given cost nothing: what they add stands under a condition.

Adjoints are linear in the gradients that come in from outside, so each of these is a summand that
may be left out. One that stands anywhere else is filled with zeros as before.
"""

from __future__ import annotations

from dataclasses import replace

from .. import ir
from ..build import add, zero
from .context import Context
from .rewrite import each_block, reads, terms, writes


def given(program: ir.Program, context: Context) -> ir.Program:
    """The adjoints with the outside gradients as conditional summands."""
    done = optional(program) | writes(program.backward)  # by ``late``
    names = {name for name in context.outside if _separable(program.backward, name)} - done

    def block(body: ir.Body) -> ir.Body:
        return tuple(s for node in body for s in split(node, names, context))

    return replace(program, backward=each_block(program.backward, block))


def _separable(body: ir.Body, name: str) -> bool:
    """Whether the array stands only in summands of the top that vanish with it."""
    for node in ir.walk(body):
        if isinstance(node, ir.Store | ir.Accumulate):
            found = {r.array.name for r in reads(node.value)}
            if name in found and not all(
                linear(t, name) for t in terms(node.value) if _has(t, name)
            ):
                return False
    return True


def _has(value: ir.Value, name: str) -> bool:
    return any(r.array.name == name for r in reads(value))


def linear(value: ir.Value, name: str) -> bool:
    """Whether the value is zero where the array is."""
    if isinstance(value, ir.Read):
        return value.array.name == name
    if isinstance(value, ir.Mul):
        return any(linear(f, name) for f in value.factors)
    if isinstance(value, ir.MatMul):
        return linear(value.left, name) or linear(value.right, name)
    return isinstance(value, ir.Swap | ir.Total | ir.Spread) and linear(value.arg, name)


def split(node: ir.Statement, names: set[str], context: Context) -> list[ir.Statement]:
    """A formula, the terms of every array in ``names`` under a condition."""
    if not isinstance(node, ir.Store | ir.Accumulate):
        return [node]
    rest: list[ir.Value] = []
    parts: dict[str, list[ir.Value]] = {}
    for term in terms(node.value):
        name = next((n for n in sorted(names) if _has(term, n)), None)
        if name is None:
            rest.append(term)
        else:
            parts.setdefault(name, []).append(term)
    if not parts:
        return [node]
    out: list[ir.Statement] = []
    if rest:
        out.append(replace(node, value=add(rest)))
    elif isinstance(node, ir.Store) and not node.array.timed:
        out.append(replace(node, value=zero(node.array.axes)))
    elif isinstance(node, ir.Store):
        own = {n: [ir.Read(context.outside[n], node.index)] for n in parts}
        first = next((n for n in parts if parts[n] == own[n]), "")
        begin = ir.Optional(*parts.pop(first)) if first else zero(node.array.axes)
        out.append(replace(node, value=begin))
    for name in sorted(parts):
        more = ir.Accumulate(node.array, node.index, add(parts[name]))
        out.append(ir.Given(context.outside[name], (more,)))
    return out


def optional(program: ir.Program) -> frozenset[str]:
    """The arrays that may be missing."""
    nodes = tuple(ir.walk(program.backward))
    given = {a.name for n in nodes if isinstance(n, ir.Given) for a in n.arrays}
    return frozenset(given | {n.arg.array.name for n in nodes if isinstance(n, ir.Optional)})
