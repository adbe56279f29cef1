"""A gradient that one formula gives is bound to it, without zeros to add it to."""

from __future__ import annotations

from dataclasses import replace

from .. import ir
from .context import Context
from .rewrite import reads, writes


def sums(body: ir.Body, context: Context) -> ir.Body:
    """The body in which the first sum into an array without time makes the array."""
    out = list(body)
    for made in [n for n in body if isinstance(n, ir.Allocate)]:
        name, at = made.array.name, out.index(made)
        users = [
            i for i, n in enumerate(out)
            if i != at and (name in writes(n) or any(r.array.name == name for r in reads(n)))
        ]  # fmt: skip
        if made.array.timed or not made.array.axes or made.members or not users:
            continue
        node = out[users[0]]
        new = _bound(node, name)
        if new is not None:
            out[users[0]] = new
            del out[at]
    return tuple(out)


def _bound(node: ir.Statement, name: str) -> ir.Statement | None:
    if isinstance(node, ir.Loop) and node.together and len(node.body) == 1:
        inner = _bound(node.body[0], name)
        return None if inner is None else replace(node, body=(inner,))
    adds = isinstance(node, ir.Accumulate) and node.array.name == name and node.index is None
    whole = adds and node.value.axes == node.array.axes
    return ir.Store(node.array, None, node.value) if whole else None
