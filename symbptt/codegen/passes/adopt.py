"""Adjoints take the place of the gradients that come in, once these are read.

delta_t begins with g_t from outside, which nothing needs afterwards. A sequence that is computed
behind that at the same steps, as delta^a_t, lies in the storage of g where the adjoints run once;
truncation, which runs them several times, needs both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr

from symbptt.core.indices import entails

from .. import ir
from .context import Context
from .given import optional
from .rewrite import in_statement, reads, rewritten
from .storage import span


def adopt(program: ir.Program, context: Context) -> ir.Program:
    """The program whose adjoints use the storage of gradients that are there in any case."""
    body, free = program.backward, optional(program)
    for g in context.outside.values():
        if g.timed and g.name not in free and g.name in ir.arrays_of(body):
            for node in body:
                if isinstance(node, ir.Allocate) and _fits(node, g, body, context):
                    body = _moved(body, node.array, g)
                    break
    return replace(program, backward=body)


def _fits(made: ir.Allocate, g: ir.Array, body: ir.Body, context: Context) -> bool:
    """Whether an array may take the place of ``g``."""
    array = made.array
    alike = array.axes == g.axes and array.timed and not made.members and not array.count
    if not alike or made.zeros == "always" or array.name in context.returned:
        return False
    if any(isinstance(n, ir.Chunks) and array.name in n.arrays for n in ir.walk(body)):
        return False
    for around, node, at in _uses(body, array.name):
        found = span(at, around, context)
        inside = found is not None and entails(context.facts, found[0] - g.first) and entails(
            context.facts, g.last - found[1]
        )  # fmt: skip
        if not inside or node.part is not None or (node.array == array and not _own(around, node)):
            return False
    return all(_before(around, at, array.name, body) for around, _, at in _uses(body, g.name))


def _uses(
    body: ir.Body, name: str, around: tuple[ir.Statement, ...] = ()
) -> Iterator[tuple[tuple[ir.Statement, ...], ir.Store | ir.Accumulate | ir.Into, Expr]]:
    """The formulas that read or write an array, with what is around them and the step."""
    for node in body:
        if isinstance(node, ir.Store | ir.Accumulate | ir.Into):
            for at in (ir.Read(node.array, node.index, node.part), *reads(node)):
                if at.array.name == name:
                    yield around, node, at.index
        yield from _uses(getattr(node, "body", ()), name, (*around, node))


def _own(around: tuple[ir.Statement, ...], node: ir.Store | ir.Accumulate | ir.Into) -> bool:
    """Whether a formula writes at the step of its loop."""
    loop = next((n for n in reversed(around) if isinstance(n, ir.Loop)), None)
    return loop is not None and node.index == loop.index


def _before(around: tuple[ir.Statement, ...], at: Expr, name: str, body: ir.Body) -> bool:
    """Whether a formula runs at its steps before anything is written to ``name`` at them."""
    level: ir.Body = body
    for node in around:
        i = next(i for i, n in enumerate(level) if n is node)
        if any(True for _ in _uses(level[:i], name)):
            return False
        if not any(True for _ in _uses((node,), name)):
            loops = [n for n in around if isinstance(n, ir.Loop)]
            return bool(loops) and at == loops[-1].index
        if isinstance(node, ir.Loop):
            return False
        level = node.body  # type: ignore[attr-defined]
    return False


def _moved(body: ir.Body, array: ir.Array, g: ir.Array) -> ir.Body:
    """The body in which ``array`` has the steps of ``g``, and its storage."""
    new = replace(array, first=g.first, last=g.last)

    def rule(value: ir.Value) -> ir.Value:
        if isinstance(value, ir.Read) and value.array == array:
            return replace(value, array=new)
        return value

    def statement(node: ir.Statement) -> ir.Statement:
        if isinstance(node, ir.Allocate) and node.array == array:
            return replace(node, array=new, place=g)
        if isinstance(node, ir.Into):
            node = replace(node, operands=tuple(rewritten(v, rule) for v in node.operands))
        if isinstance(node, ir.Store | ir.Accumulate | ir.Into) and node.array == array:
            node = replace(node, array=new)
        inner = getattr(node, "body", None)
        if inner is not None:
            node = replace(node, body=tuple(map(statement, inner)))  # type: ignore[type-var]
        return node

    return tuple(statement(in_statement(node, rule)) for node in body)
