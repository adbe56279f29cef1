"""One-hot targets given as classes are never written out: yᵀ v is one entry of v.

A target y that is declared one-hot may come as vectors or as integers. Where the loss has it only
as yᵀ v, as the sum of its entries, or as c y in a sum, with a number c for every sample, the
formulas work on both: of classes they read, or change, one entry. Any other use needs the vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from sympy import Integer

from symbptt.core.functions import known

from .. import ir
from ..build import add, mul, zero
from .context import Context
from .rewrite import each_block, factors, in_statement, reads, terms


def classes(program: ir.Program, context: Context) -> ir.Program:
    """The program whose loss works on classes, for the one-hot targets that allow it."""
    elsewhere = {r.array.name for n in (*program.forward, *program.backward) for r in reads(n)}
    for name in sorted(context.onehot - elsewhere):
        new = _on_classes(program.loss, name)
        if name not in dense(new):
            program = replace(program, loss=new)
    return program


def dense(body: ir.Body) -> set[str]:
    """The arrays that are read in other ways than a one-hot target as classes can be."""
    found: set[str] = set()

    def visit(node: ir.Value | ir.Statement) -> None:
        if isinstance(node, ir.Read):
            found.add(node.array.name)
        for part in ir.children(node):
            if not (isinstance(node, ir.Chosen | ir.Entries | ir.Spike) and part is node.onehot):
                visit(part)

    for node in body:
        visit(node)
    return found


def _on_classes(body: ir.Body, name: str) -> ir.Body:
    def rule(value: ir.Value) -> ir.Value:
        return _chosen(value, name)

    def block(nodes: ir.Body) -> ir.Body:
        return tuple(s for node in nodes for s in _spikes(node, name))

    return each_block(tuple(in_statement(node, rule) for node in body), block)


def _is(value: ir.Value, name: str) -> TypeGuard[ir.Read]:
    return isinstance(value, ir.Read) and value.array.name == name


def _chosen(value: ir.Value, name: str) -> ir.Value:
    """yᵀ v, and the sum of y."""
    if not isinstance(value, ir.Total) or value.axis != len(value.arg.axes) - 1:
        return value
    own = [f for f in factors(value.arg) if _is(f, name)]
    if len(own) != 1:
        return value
    numbers = [f for f in factors(value.arg) if isinstance(f, ir.Number)]
    rest = [f for f in factors(value.arg) if f not in own and f not in numbers]
    if not rest:
        return mul([*numbers, ir.Entries(own[0])])
    other = mul(rest)
    if other.axes != own[0].axes:
        return value
    row = known(other.function) if isinstance(other, ir.Apply) and other.order == 0 else None
    if isinstance(other, ir.Apply) and row is not None and row.numpy == f"np.{row.name}({{x}})":
        return mul([*numbers, ir.Chosen(own[0], row.name, other.arg)])
    return mul([*numbers, ir.Chosen(own[0], "", other)])


def _spikes(node: ir.Statement, name: str) -> Iterator[ir.Statement]:
    """A formula, its terms c y as sums of their own."""
    if not isinstance(node, ir.Store | ir.Accumulate) or not node.array.timed:
        yield node
        return
    parts = [(v, _spike(v, name)) for v in terms(node.value)]
    rest = [v for v, spike in parts if spike is None]
    if len(rest) == len(parts):
        yield node
        return
    if rest or isinstance(node, ir.Store):
        yield replace(node, value=add(rest) if rest else zero(node.array.axes))
    for _, spike in parts:
        if spike is not None:
            yield ir.Accumulate(node.array, node.index, spike)


def _spike(term: ir.Value, name: str) -> ir.Spike | None:
    """c y."""
    own = [f for f in factors(term) if _is(f, name)]
    rest = [f for f in factors(term) if f not in own]
    if len(own) != 1 or not all(isinstance(f, ir.Spread | ir.Number) for f in rest):
        return None
    scalars = [f.arg if isinstance(f, ir.Spread) else f for f in rest]
    factor = mul([*scalars, ir.Number(Integer(1))])
    plain = isinstance(factor, ir.Number) or factor.axes == own[0].axes[:-1]
    return ir.Spike(own[0], factor) if plain else None
