"""A pre-activation that only its activation reads lies in the activation's own storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbptt.core.functions import known

from .. import ir
from .context import Context
from .inline import reads_of
from .rewrite import in_statement, loops


def in_place(program: ir.Program, context: Context) -> ir.Program:
    """The program in which sigma(a_t) overwrites a_t."""
    every = (*program.forward, *program.backward, *program.loss)
    reads = reads_of(program)
    while (pair := next(_pairs(every, reads, context), None)) is not None:
        old, new = pair
        program = ir.Program(*(
            renamed(body, old, new) for body in (program.forward, program.backward, program.loss)
        ))  # fmt: skip
        every = (*program.forward, *program.backward, *program.loss)
        reads = reads_of(program)
    return program


def _pairs(
    body: ir.Body, reads: list[ir.Read], context: Context
) -> Iterator[tuple[ir.Array, ir.Array]]:
    """(a, h) where h_t = f(a_t) is the only use of a."""
    for loop in loops(body):
        for node in loop.body:
            if not isinstance(node, ir.Store) or not isinstance(node.value, ir.Apply):
                continue
            call, arg = node.value, node.value.arg
            if not isinstance(arg, ir.Read) or arg.array.name == node.array.name:
                continue
            old, new = arg.array, node.array
            alike = (old.axes, old.first, old.last) == (new.axes, new.first, new.last)
            own = arg.index == node.index == loop.index
            free = old.name not in context.kept | context.taken and known(call.function) is not None
            single = sum(r.array.name == old.name for r in reads) == 1
            if alike and own and free and single and _same_steps(body, old, new, loop):
                yield old, new


def _same_steps(body: ir.Body, old: ir.Array, new: ir.Array, loop: ir.Loop) -> bool:
    """Whether a and h are computed at the same steps, each h_t by one formula."""
    formulas = 0
    counted = 0
    for other in loops(body):
        for node in other.body:
            if isinstance(node, ir.Masked | ir.Loop):
                continue
            for part in ir.walk((node,)):
                if isinstance(part, ir.Store | ir.Accumulate) and part.array.name == old.name:
                    if part.index != other.index or (other.first, other.last) != (
                        loop.first, loop.last
                    ):  # fmt: skip
                        return False
                    counted += 1
                if isinstance(part, ir.Store | ir.Accumulate) and part.array.name == new.name:
                    formulas += 1
    all_writes = sum(
        isinstance(n, ir.Store | ir.Accumulate) and n.array.name == old.name for n in ir.walk(body)
    )
    return formulas == 1 and counted == all_writes


def renamed(body: ir.Body, old: ir.Array, new: ir.Array) -> ir.Body:
    """The body with one array in place of another."""

    def rule(value: ir.Value) -> ir.Value:
        if isinstance(value, ir.Read) and value.array.name == old.name:
            return replace(value, array=new)
        return value

    def statement(node: ir.Statement) -> Iterator[ir.Statement]:
        if isinstance(node, ir.Allocate) and node.array.name == old.name:
            return
        if isinstance(node, ir.Store | ir.Accumulate) and node.array.name == old.name:
            node = replace(node, array=new)
        inner = getattr(node, "body", None)
        if inner is not None:
            node = replace(node, body=tuple(s for n in inner for s in statement(n)))  # type: ignore
        yield node

    return tuple(in_statement(s, rule) for node in body for s in statement(node))
