"""An element that a step uses several times gets a name: indexing costs as much as small sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from .. import ir
from .context import Context
from .rewrite import each_block, reads, rewritten

_WORDS = {-2: "two_before", -1: "before", 0: "t", 1: "after", 2: "two_after"}


def views(body: ir.Body, context: Context) -> ir.Body:
    """The body with names in its loops over steps."""
    return each_block(body, lambda block: tuple(_loop(n, context) for n in block))


def _target(node: ir.Into) -> ir.Read:
    return ir.Read(node.array, node.index, node.part)


def _loop(node: ir.Statement, context: Context) -> ir.Statement:
    if not isinstance(node, ir.Loop) or node.together:
        return node
    counts: Counter[ir.Read] = Counter()
    for part in node.body:
        if isinstance(part, ir.Into):
            counts.update(r for r in (*reads(part), _target(part)) if _step(r, node))
    names: dict[ir.Read, ir.Array] = {}
    out: list[ir.Statement] = []
    for part in node.body:
        if isinstance(part, ir.Into):
            for read in dict.fromkeys((*reads(part), _target(part))):
                if counts[read] > 1 and read not in names:
                    names[read] = ir.Array(_name(read, node, context), read.axes)
                    out.append(ir.Bind(names[read], read))
            part = _renamed(part, names)
        out.append(part)
    return replace(node, body=tuple(out))


def _step(read: ir.Read, loop: ir.Loop) -> bool:
    return read.index is not None and (read.index - loop.index).is_Integer


def _name(read: ir.Read, loop: ir.Loop, context: Context) -> str:
    gap = int(read.index - loop.index)
    word = f"{read.array.name}_{_WORDS.get(gap, 'at')}"
    return context.layout.names.fresh(word)


def _renamed(node: ir.Into, names: dict[ir.Read, ir.Array]) -> ir.Into:
    def rule(value: ir.Value) -> ir.Value:
        return ir.Read(names[value]) if isinstance(value, ir.Read) and value in names else value

    operands = tuple(rewritten(v, rule) for v in node.operands)
    if (target := names.get(_target(node))) is not None:
        return replace(node, array=target, index=None, part=None, operands=operands)
    return replace(node, operands=operands)
