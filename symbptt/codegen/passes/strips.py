"""Formulas for all steps at once run for a few hundred samples at a time, and keep no more.

Neighbouring loops of the loss, and of what flows back from late outputs, become one loop over
chunks of steps (strip-mining and fusion). What one formula leaves there for the next is still in
the cache, and a sequence that nothing else reads is as long as a chunk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .. import ir
from .chunk import Noted, chunks, shortened
from .context import Context
from .rewrite import reads, with_notes, writes


def strips(program: ir.Program, context: Context) -> ir.Program:
    """The program with its loss, and what flows back in front of the adjoints, in chunks."""
    return ir.Program(
        program.forward, _strips(program.backward, context), _strips(program.loss, context)
    )


def _strips(body: ir.Body, context: Context) -> ir.Body:
    """A function with those of its loops in chunks that thereby need shorter arrays."""
    results = context.returned | {w for w in writes(body) if w in context.outside}
    made = {n.array.name for n in ir.walk(body) if isinstance(n, ir.Allocate) and not n.members}
    members = {m.name for n in ir.walk(body) if isinstance(n, ir.Allocate) for m in n.members}

    def block(nodes: ir.Body) -> ir.Body:
        out: list[ir.Statement] = []
        run: list[Noted] = []
        later: tuple[ir.Note, ...] = ()
        for notes, node in with_notes(nodes):
            if isinstance(node, ir.Allocate):
                out.append(node)
                later = (*later, *notes)
                continue
            notes, later = (*later, *notes), ()
            if isinstance(node, ir.Given):
                node = replace(node, body=block(node.body))
            if _joins(run, node):
                run.append((notes, node))
            else:
                out += _joined(run, names(run), context)
                run = [(notes, node)] if _joins([], node) else []
                out += () if run else (*notes, node)
        return (*out, *_joined(run, names(run), context))

    def names(run: list[Noted]) -> set[str]:
        """The arrays that only a run of loops mentions, at its own step."""
        inside = [node for _, node in run]
        own = {w for n in inside for w in writes(n)} & made - results - members
        outer = _counts(body, own)
        return {
            name for name in own
            if _counts(inside, {name})[name] == outer[name] and _timed(inside, name)
        }  # fmt: skip

    new = block(body)
    sizes = {c.size: c for c in ir.walk(new) if isinstance(c, ir.Chunks)}
    if not sizes or new == body:
        return body
    known = {n.symbol for n in new if isinstance(n, ir.Size)}
    return (*(ir.Size(s) for s in sizes if s not in known), *shortened(new))


def _joins(run: list[Noted], node: ir.Statement) -> bool:
    """Whether a loop may run chunk by chunk behind others: what it needs of them is of its step."""
    if not isinstance(node, ir.Loop) or not node.together:
        return False
    if not run:
        return True
    first = run[0][1]
    assert isinstance(first, ir.Loop)
    made = {w for _, n in run for w in writes(n)}
    return (node.first, node.last) == (first.first, first.last) and all(
        r.index == node.index for r in reads(node) if r.array.name in made
    )


def _counts(nodes: Iterable[ir.Statement], names: set[str]) -> dict[str, int]:
    """How often arrays are read and written."""
    counts = dict.fromkeys(names, 0)
    for node in ir.walk(tuple(nodes)):
        if isinstance(node, ir.Read | ir.Store | ir.Accumulate) and node.array.name in names:
            counts[node.array.name] += 1
    return counts


def _timed(loops: list[ir.Statement], name: str) -> bool:
    """Whether an array is a sequence that loops mention at their own step."""
    return all(
        isinstance(loop, ir.Loop) and node.array.timed and node.index == loop.index
        for loop in loops for node in ir.walk((loop,))
        if isinstance(node, ir.Read | ir.Store | ir.Accumulate) and node.array.name == name
    )  # fmt: skip


def _joined(run: list[Noted], names: set[str], context: Context) -> list[ir.Statement]:
    """The loops of a run, in chunks if that makes arrays shorter."""
    if not names:
        return [s for notes, node in run for s in (*notes, node)]
    first = run[0][1]
    assert isinstance(first, ir.Loop)
    return [chunks(run, first, names, context)]
