r"""A membership in an interval, such as f_t \in (0, 1], as a chain of inequalities."""

from __future__ import annotations

from . import syntax as sx
from .sides import is_infinite


def as_chain(node: sx.Node) -> sx.Node:
    r"""x \in (a, b] as a < x \le b, an infinite end left out; any other node as it is."""
    if not isinstance(node, sx.Relation) or node.ops != (r"\in",):
        return node
    what, values = node.sides
    if not (
        isinstance(values, sx.Brackets)
        and values.open in ("(", "[")
        and values.close in (")", "]")
        and len(values.rows) == 1
        and len(values.rows[0]) == 2
    ):
        return node
    low, high = values.rows[0]
    sides, ops = [what], []
    if not is_infinite(low):
        sides.insert(0, low)
        ops.append("<" if values.open == "(" else r"\le")
    if not is_infinite(high):
        sides.append(high)
        ops.append("<" if values.close == ")" else r"\le")
    return sx.Relation(node.at, node.end, tuple(sides), tuple(ops)) if ops else node
