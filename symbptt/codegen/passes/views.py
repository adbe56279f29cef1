"""An element that a step uses several times, or changes, gets a name.

Indexing costs as much as small sums; ``a[t] += b`` indexes twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .. import ir
from .context import Context
from .rewrite import each_block, reads, rewritten

_WORDS = {-2: "two_before", -1: "before", 0: "t", 1: "after", 2: "two_after"}
_IN_PLACE = ("add", "subtract", "multiply")


def views(body: ir.Body, context: Context) -> ir.Body:
    """The body with names in its loops over steps."""
    return each_block(body, lambda block: tuple(_loop(n, context) for n in block))


def _loop(node: ir.Statement, context: Context) -> ir.Statement:
    if not isinstance(node, ir.Loop) or node.together:
        return node
    counts = Counter(r for n in node.body for r in _uses(n) if _step(r, node))
    changed = {
        _target(n) for n in ir.walk(node.body)
        if isinstance(n, ir.Into) and n.function in _IN_PLACE and n.operands[0] == _target(n)
    }  # fmt: skip
    named = {r for r, count in counts.items() if count > 1 or r in changed}
    return replace(node, body=tuple(_Names(node, context, named).block(node.body, {})))


def _target(node: ir.Into) -> ir.Read:
    return ir.Read(node.array, node.index, node.part)


def _uses(node: ir.Statement) -> Iterator[ir.Read]:
    """What the calls in a statement read and write."""
    for call in ir.walk((node,)):
        if isinstance(call, ir.Into):
            yield from (*reads(call), _target(call))


def _step(read: ir.Read, loop: ir.Loop) -> bool:
    return read.index is not None and (read.index - loop.index).is_Integer


@dataclass
class _Names:
    """Names of the elements ``named`` in a loop."""

    loop: ir.Loop
    context: Context
    named: set[ir.Read]

    def block(self, body: ir.Body, known: dict[ir.Read, ir.Array]) -> Iterator[ir.Statement]:
        """The statements; a name is given in front of its first use and holds to the block's end.

        Only a block that uses an element itself names it: inside a condition, the element may be
        one that does not exist elsewhere.
        """
        known = dict(known)
        own = {r for n in body if isinstance(n, ir.Into) for r in _uses(n)} & self.named
        for node in body:
            for read in dict.fromkeys(_uses(node)):
                if read in own and read not in known:
                    known[read] = ir.Array(self.name(read), read.axes)
                    yield ir.Bind(known[read], read)
            if isinstance(node, ir.Into):
                yield _renamed(node, known)
            elif isinstance(node, ir.Guard | ir.Given):
                yield replace(node, body=tuple(self.block(node.body, known)))
            else:
                yield node

    def name(self, read: ir.Read) -> str:
        word = _WORDS.get(int(read.index - self.loop.index), "at")
        return self.context.layout.names.fresh(f"{read.array.name}_{word}")


def _renamed(node: ir.Into, names: dict[ir.Read, ir.Array]) -> ir.Into:
    def rule(value: ir.Value) -> ir.Value:
        return ir.Read(names[value]) if isinstance(value, ir.Read) and value in names else value

    operands = tuple(rewritten(v, rule) for v in node.operands)
    if (target := names.get(_target(node))) is not None:
        return replace(node, array=target, index=None, part=None, operands=operands)
    return replace(node, operands=operands)
