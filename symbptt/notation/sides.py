r"""Sides of a relation that are no terms: intervals, finite sets, spaces, limits."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Symbol

from ..core.terms import Const
from . import syntax as sx
from .claims import Interval, Side, Space, Values
from .dims import ONE, Solution
from .elaborator import Elaborator
from .leaves import size_of, size_parts
from .scripts import index_expr

_POSITIVE = ("+", ">0", "++")


def set_of(e: Elaborator, node: sx.Node, read: Callable[[sx.Node], object]) -> Side:
    """The set that stands right of \\in; ``read`` makes terms of the bounds and values."""
    base = sx.base_of(node)
    sups = node.sups if isinstance(node, sx.Scripted) else ()
    if isinstance(base, sx.Sym) and base.base in (r"\R", "R"):
        return _reals(e, node)
    if isinstance(node, sx.Product) and len(node.factors) == 2:
        word, bracket = node.factors
        named = isinstance(word, sx.Sym) and word.base == "onehot"
        if named and isinstance(bracket, sx.Brackets) and bracket.only is not None:
            s = Solution()
            return Space(s.expr(size_of(e, bracket.only)), s.expr(ONE), onehot=True)
    if isinstance(base, sx.Brackets) and len(base.rows) == 1 and len(sups) <= 1:
        items = base.rows[0]
        if base.open == "{" and items and not any(isinstance(x, sx.Dots) for x in items):
            return Values(tuple(read(x) for x in items))  # type: ignore[arg-type]
        if base.open in "([" and base.close in ")]" and len(items) == 2:
            return _interval(base, items, read)
    hint = r"sets are intervals (0, 1], finite sets \{0, 1\} and \mathbb{R}^{m \times n}"
    raise e.unsupported(f"{e.text(node)} is not understood as a set", node, hint)


def _interval(
    node: sx.Brackets, items: tuple[sx.Node, ...], read: Callable[[sx.Node], object]
) -> Interval:
    low, high = (None if is_infinite(x) else read(x) for x in items)
    return Interval(low, high, node.open == "(", node.close == ")")  # type: ignore[arg-type]


def is_infinite(node: sx.Node) -> bool:
    """Whether a node is infinity, with any sign."""
    while isinstance(node, sx.Sum) and len(node.terms) == 1:
        node = node.terms[0]
    return isinstance(node, sx.Sym) and node.base in (r"\infty", "inf", "infty")


def _reals(e: Elaborator, node: sx.Node) -> Side:
    if not isinstance(node, sx.Scripted):
        return Space(*(Solution().expr(ONE),) * 2)
    marks = [*node.subs, *node.sups]
    signs = [m for m in marks if isinstance(m, sx.Sym) and m.base in _POSITIVE]
    if len(signs) == len(marks) == 1:
        return Interval(Const(0), None, open_low=True)
    if node.subs or len(node.sups) != 1:
        raise e.unsupported(f"{e.text(node)} is not understood as a set", node)
    sizes = [size_of(e, part) for part in size_parts(node.sups[0])]
    s = Solution()
    rows = s.expr(sizes[0])
    return Space(rows, s.expr(sizes[1]) if len(sizes) > 1 else s.expr(ONE))


def limit_parts(e: Elaborator, node: sx.Node) -> tuple[sx.Node, Symbol, Expr | None] | None:
    """The body, the index and the value (None: infinity) of a limit; None for anything else."""
    if not isinstance(node, sx.Big) or node.kind != "lim":
        return None
    index, towards = approach(e, node.sub, node)
    return node.body, index, towards


def approach(e: Elaborator, node: sx.Node | None, place: sx.Node) -> tuple[Symbol, Expr | None]:
    """``t \\to \\infty`` as an index and a value."""
    if isinstance(node, sx.Relation) and node.ops == (r"\to",):
        left, right = node.sides
        index = index_expr(left)
        value = None if right is not None and is_infinite(right) else index_expr(right)
        if isinstance(index, Symbol) and (value is not None or is_infinite(right)):  # type: ignore[arg-type]
            return index, value
    raise e.unsupported("this limit is not understood", place, r"write \lim_{t \to \infty} a_t")
