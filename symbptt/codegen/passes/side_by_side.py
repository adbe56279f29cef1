"""Stacks whose steps lie side by side: (T, count, B, n) in place of (count, T, B, n).

A step of the recurrence then stores all members, or some next to each other, as one piece of
memory, which NumPy does in a third of the time where the piece is small. Members that take part in
a product over all steps stay as they are: there each of them must be one matrix. So do those that
a step only reads: what computes them for many steps at once is faster on one piece for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .. import ir
from .context import Context
from .rewrite import in_statement, loops, reads


def side_by_side(program: ir.Program, _: Context) -> ir.Program:
    """The program with such stacks."""
    body = (*program.forward, *program.backward, *program.loss)
    multiplied = {r.array.name for n in loops(body) if n.together for r in _factors(n)}
    stored = {n.array for n in _of_single_steps(body) if n.part is not None}
    stacks = {
        n.array: replace(n.array, within=True)
        for n in ir.walk(body)
        if isinstance(n, ir.Allocate) and n.array in stored
        and not multiplied & {n.array.name, *(m.name for m in n.members)}
    }  # fmt: skip

    def rule(value: ir.Value) -> ir.Value:
        if isinstance(value, ir.Read) and value.array in stacks:
            return replace(value, array=stacks[value.array])
        return value

    def statement(node: ir.Statement) -> ir.Statement:
        if isinstance(node, ir.Allocate | ir.Store | ir.Accumulate) and node.array in stacks:
            node = replace(node, array=stacks[node.array])
        inner = getattr(node, "body", None)
        if inner is not None:
            node = replace(node, body=tuple(map(statement, inner)))  # type: ignore[type-var]
        return node

    def changed(part: ir.Body) -> ir.Body:
        return tuple(statement(in_statement(n, rule)) for n in part)

    return ir.Program(*map(changed, (program.forward, program.backward, program.loss)))


def _of_single_steps(body: ir.Body) -> Iterator[ir.Store | ir.Accumulate]:
    """What is stored step by step."""
    for loop in loops(body):
        if not loop.together:
            yield from (n for n in ir.walk(loop.body) if isinstance(n, ir.Store | ir.Accumulate))


def _factors(loop: ir.Loop) -> Iterator[ir.Read]:
    """What is read inside products of matrices."""
    return (r for n in ir.walk((loop,)) if isinstance(n, ir.MatMul) for r in reads(n))
