"""What is computed entry by entry takes the place of an operand that is not needed any more.

In a chunk of steps o, ŷ = softmax(o) and delta^o = ŷ - y follow each other in one storage, under
their own names: it stays in the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .. import ir
from .context import Context
from .rewrite import each_block, reads, writes

_ENTRYWISE = ("softmax", "multiply", "add", "subtract", "tanh", "exp", "log", "reciprocal")


def over(body: ir.Body, context: Context) -> ir.Body:
    """The body in which arrays of chunks share storage, one after the other."""
    empty = {
        n.array.name for n in ir.walk(body)
        if isinstance(n, ir.Allocate) and n.zeros == "never" and not n.members
    }  # fmt: skip
    owner: dict[str, str] = {}
    shared: dict[str, list[ir.Array]] = {}
    for node in ir.walk(body):
        if isinstance(node, ir.Chunks):
            for old, new in _pairs(node, empty):
                root = owner.get(old, old)
                owner[new.name] = root
                shared.setdefault(root, []).append(new)

    def block(nodes: ir.Body) -> ir.Body:
        return tuple(
            replace(n, shared=tuple(shared.get(n.array.name, ())))
            if isinstance(n, ir.Allocate) else n
            for n in nodes if not (isinstance(n, ir.Allocate) and n.array.name in owner)
        )  # fmt: skip

    return each_block(body, block) if owner else body


def _pairs(chunks: ir.Chunks, empty: set[str]) -> Iterator[tuple[str, ir.Array]]:
    """(old, new): what is last read where another array of the chunk gets its first values."""
    if not all(isinstance(n, ir.Loop | ir.Note) for n in chunks.body):
        return
    nodes = list(_leaves(chunks.body))
    own = set(chunks.arrays) & empty
    taken: set[str] = set()
    for i, (node, always) in enumerate(nodes):
        if not isinstance(node, ir.Into) or node.function not in _ENTRYWISE or not always:
            continue
        new = node.array
        fresh = all(new.name not in _names(n) for n, _ in nodes[:i])
        if new.name not in own or not fresh or any(r.array == new for r in reads(node)):
            continue
        for operand in node.operands:
            if not isinstance(operand, ir.Read):
                continue
            old = operand.array
            if old.name not in own - taken or old.axes != new.axes:
                continue
            if operand.index == node.index and all(old.name not in _names(n)
                                                   for n, _ in nodes[i + 1 :]):  # fmt: skip
                taken.add(old.name)
                yield old.name, new
                break


def _leaves(
    body: Iterable[ir.Statement], always: bool = True
) -> Iterator[tuple[ir.Statement, bool]]:
    """The calls and formulas in order, and whether they run in any case."""
    for node in body:
        inner = getattr(node, "body", None)
        if inner is None:
            yield node, always
        else:
            plain = isinstance(node, ir.Loop) and node.together
            yield from _leaves(inner, always and plain)


def _names(node: ir.Statement) -> set[str]:
    return writes(node) | {r.array.name for r in reads(node)}
