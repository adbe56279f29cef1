"""A sequence of the loss that is the same number at every step is put in where it is read.

The adjoint of L_t is 1. A mask drops it at missing steps; then it drops there what is linear in it.
"""

from __future__ import annotations

from dataclasses import replace

from .. import ir
from ..build import zero
from .context import Context
from .given import linear
from .rewrite import reads, rewritten, terms, with_notes, writes


def constants(body: ir.Body, context: Context) -> ir.Body:
    """The loss without sequences of one number."""
    for loop in (n for n in body if isinstance(n, ir.Loop)):
        for node in loop.body:
            if isinstance(node, ir.Store) and isinstance(node.value, ir.Number | ir.Filled):
                new = _without(body, loop, node, context)
                if new is not None:
                    return constants(new, context)
    return body


def _without(body: ir.Body, loop: ir.Loop, store: ir.Store, context: Context) -> ir.Body | None:
    """The body with a number in place of what is stored; None if it is needed."""
    name, number = store.array.name, ir.Number(store.value.value)  # type: ignore[attr-defined]
    drops = [n for n in loop.body if isinstance(n, ir.Masked) and name in writes(n)]
    dropped = drops and writes(drops[0]) == {name} and len(drops[0].body) == 1
    written = [n for n in ir.walk(body) if isinstance(n, ir.Store | ir.Accumulate)
               and n.array.name == name]  # fmt: skip
    known = name in context.returned | set(context.outside) | context.taken
    if known or not store.array.timed or store.index != loop.index or loop.index in (
        number.value.free_symbols
    ):  # fmt: skip
        return None
    if len(drops) > 1 or len(written) != 1 + len(drops) or (drops and not dropped):
        return None
    select = drops[0].body[0].value if drops else None  # type: ignore[attr-defined]
    if drops and not (isinstance(select, ir.Select) and _is_zero(select.no)):
        return None
    gone = {id(store), *map(id, drops)}
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Allocate) and node.array.name == name:
            continue
        if isinstance(node, ir.Loop):
            inner: list[ir.Statement] = []
            for notes, part in with_notes(node.body):
                inner += notes
                if id(part) in gone or name not in {r.array.name for r in reads(part)}:
                    inner += [] if id(part) in gone else [part]
                    continue
                new = _put(part, node, store.array, number, select)
                if new is None or (node.first, node.last) != (loop.first, loop.last):
                    return None
                inner += new
            node = replace(node, body=tuple(inner))
        elif name in {r.array.name for r in reads(node)}:
            return None
        if not isinstance(node, ir.Loop) or any(not isinstance(n, ir.Note) for n in node.body):
            out.append(node)
    return tuple(out)


def _put(
    node: ir.Statement, loop: ir.Loop, array: ir.Array, number: ir.Number, drop: ir.Select | None
) -> list[ir.Statement] | None:
    """A formula with the number, and what is dropped of its result; None if it needs the array."""
    if not isinstance(node, ir.Store) or node.index != loop.index or not node.array.timed:
        return None
    own = ir.Read(array, loop.index)
    if any(r != own for r in reads(node) if r.array.name == array.name):
        return None
    if drop is not None and not all(linear(v, array.name) for v in terms(node.value)):
        return None

    def rule(value: ir.Value) -> ir.Value:
        if value == own:
            return number
        return value.arg if isinstance(value, ir.Spread) and _is_number(value.arg) else value

    new = rewritten(node.value, rule)
    if new.axes != node.value.axes:
        return None
    out: list[ir.Statement] = [replace(node, value=new)]
    if drop is not None:
        here = ir.Read(node.array, node.index)
        mask = replace(drop.mask, index=loop.index)
        select = ir.Select(mask, here, zero(node.array.axes))
        out.append(ir.Masked((ir.Store(node.array, node.index, select),)))
    return out


def _is_number(value: ir.Value) -> bool:
    return isinstance(value, ir.Number)


def _is_zero(value: ir.Value) -> bool:
    return isinstance(value, ir.Number | ir.Filled) and value.value == 0
