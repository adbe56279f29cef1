"""Steps that need no other step, computed at once: one statement over all of them.

Sequences have time in front, (T, B, n), so elementwise work is the same text on slices, W x_t for
all t is one product with T B rows, and a sum over t of sums over the batch is one large product.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr

from symbptt.core.indices import contradictory, entails

from .. import ir
from .rewrite import factors, terms


def bulk(node: ir.Statement, loop: ir.Loop, facts: tuple[Expr, ...]) -> ir.Loop | None:
    """The statement for all steps of the loop at once, or None if it must run step by step."""
    conditions, inner = _conditions(node)
    first, last = loop.first, loop.last
    for condition in conditions:
        factor = condition.coeff(loop.index)
        bound = condition - factor * loop.index
        if factor == 0:
            return None
        if factor == 1:
            first = _extreme(first, -bound, facts, 1)
        elif factor == -1:
            last = _extreme(last, bound, facts, -1)
        if factor not in (1, -1) or first is None or last is None:
            return None
    if contradictory((*facts, last - first)) or not entails(facts, last - first + 1):
        return None
    if not all(_fits(s, loop) for s in _leaves(inner)):
        return None
    return replace(loop, first=first, last=last, body=(inner,), ascending=True, together=True)


def _conditions(node: ir.Statement) -> tuple[tuple[Expr, ...], ir.Statement]:
    """The conditions around a statement; they become a shorter range."""
    if isinstance(node, ir.Guard) and len(node.body) == 1:
        more, inner = _conditions(node.body[0])
        return (*node.conditions, *more), inner
    if isinstance(node, ir.Masked | ir.Given) and len(node.body) == 1:
        more, inner = _conditions(node.body[0])
        return more, replace(node, body=(inner,))
    return (), node


def _leaves(node: ir.Statement) -> Iterable[ir.Statement]:
    if isinstance(node, ir.Masked | ir.Given):
        for part in node.body:
            yield from _leaves(part)
    else:
        yield node


def _extreme(a: Expr, b: Expr, facts: tuple[Expr, ...], sign: int) -> Expr | None:
    """The larger (1) or smaller (-1) of two bounds, if it is known."""
    if entails(facts, sign * (a - b)):
        return a
    return b if entails(facts, sign * (b - a)) else None


def _fits(node: ir.Statement, loop: ir.Loop) -> bool:
    if not isinstance(node, ir.Store | ir.Accumulate):
        return False
    if node.array.timed:
        own = node.index is not None and (node.index - loop.index).is_Integer
        batched = ir.BATCH in node.array.axes[:1]
        return own and batched and _elementwise(node.value, loop)
    if not isinstance(node, ir.Accumulate) or node.index is not None:
        return False
    return all(_summed(_core(term), loop) for term in terms(node.value))


def _core(term: ir.Value) -> ir.Value:
    """A summand without its number."""
    rest = [f for f in factors(term) if not isinstance(f, ir.Number)]
    return rest[0] if len(rest) == 1 else term


def _summed(term: ir.Value, loop: ir.Loop) -> bool:
    """A product over the batch, or a sum over it, that differs between steps."""
    if isinstance(term, ir.MatMul) and isinstance(term.left, ir.Swap):
        sides = (term.left.arg, term.right)
        columns = all(s.axes[:1] == (ir.BATCH,) and len(s.axes) == 2 for s in sides)
        return columns and all(_timed(s, loop) and _elementwise(s, loop) for s in sides)
    if isinstance(term, ir.Total) and term.axis == 0 and term.arg.axes[:1] == (ir.BATCH,):
        return _timed(term.arg, loop) and _elementwise(term.arg, loop)
    return False


def _whole(value: ir.Value) -> bool:
    """Whether the value differs between samples."""
    return value.axes[:1] == (ir.BATCH,)


def _timed(value: ir.Value, loop: ir.Loop) -> bool:
    """Whether the value differs between steps."""
    for node in ir.walk((value,)):
        if isinstance(node, ir.Read) and node.index is not None and node.index.has(loop.index):
            return True
        if isinstance(node, ir.Number | ir.Filled) and node.value.has(loop.index):
            return True
    return False


def _elementwise(value: ir.Value, loop: ir.Loop) -> bool:
    """Whether the same text on slices computes the value for all steps."""
    if not _timed(value, loop):
        return value.axes[:1] == (ir.BATCH,) or len(value.axes) <= 1
    if isinstance(value, ir.Read):
        return _whole(value) and bool((value.index - loop.index).is_Integer)
    if not _whole(value):
        return False
    if isinstance(value, ir.MatMul):
        plain = len(value.left.axes) == 2 and not _timed(value.right, loop)
        return plain and _timed(value.left, loop) and _elementwise(value.left, loop)
    if isinstance(value, ir.Total):
        return value.axis == len(value.arg.axes) - 1 and _elementwise(value.arg, loop)
    if isinstance(value, ir.Optional):
        return _elementwise(value.arg, loop)
    if isinstance(value, ir.Join):
        return all(_timed(p, loop) and _elementwise(p, loop) for p in value.parts)
    onehot = isinstance(value, ir.Chosen | ir.Entries | ir.Spike)
    if onehot or isinstance(
        value, ir.Add | ir.Mul | ir.Apply | ir.Softmax | ir.Spread | ir.Part | ir.Select
    ):
        inner = (c for c in ir.children(value))
        return all(_elementwise(c, loop) for c in inner)
    return False
