"""A loop over what stands under conditions on its index runs over fewer steps."""

from __future__ import annotations

from dataclasses import replace

from sympy import Max, Min

from symbptt.core.indices import entails

from .. import ir
from .context import Context
from .rewrite import each_block


def narrow(body: ir.Body, context: Context) -> ir.Body:
    """The body with conditions on the index of a loop as its range."""

    def loop(node: ir.Statement) -> ir.Statement:
        if not isinstance(node, ir.Loop) or node.together:
            return node
        inner = [s for s in node.body if not isinstance(s, ir.Note)]
        if len(inner) != 1 or not isinstance(inner[0], ir.Guard):
            return node
        first, last, left = node.first, node.last, []
        for condition in inner[0].conditions:
            factor = condition.coeff(node.index)
            bound = condition - factor * node.index
            if factor == 1:
                first = -bound if entails(context.facts, -bound - first) else Max(first, -bound)
            elif factor == -1:
                last = bound if entails(context.facts, last - bound) else Min(last, bound)
            else:
                left.append(condition)
        rest = (replace(inner[0], conditions=tuple(left)),) if left else inner[0].body
        return replace(node, first=first, last=last, body=rest)

    return each_block(body, lambda block: tuple(map(loop, block)))
