r"""Indicators of signs: ``\mathbb{1}[a_t > 0]``, ``\mathbf{1}_{\{a_t > 0\}}``, ``(a_t > 0)``.

1 where the condition holds and else 0, entry by entry. Where only equality decides, as in a_t >= 0,
the value is that of a_t > 0: at a kink no slope is defined, and nobody means one by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import syntax as sx
from .names import resolve
from .scope import Scope
from .scripts import index_expr

_STRICT = {">": ">", "<": "<", r"\ge": ">", r"\le": "<"}
_ONES = frozenset({r"\ones", "I", r"\I"})


@dataclass(frozen=True, slots=True)
class Indicator(sx.Node):
    """1 where ``larger`` > ``smaller``, else 0."""

    larger: sx.Node
    smaller: sx.Node


def about_indices(scope: Scope, node: sx.Node | None) -> bool:
    """Whether a condition is about indices only, not about quantities of the scope."""
    if not isinstance(node, sx.Relation) or any(index_expr(x) is None for x in node.sides):
        return False
    names = (x for x in sx.walk(node) if isinstance(x, sx.Sym | sx.Scripted))
    return not any(
        resolve(x, scope) is not None and not (isinstance(x, sx.Sym) and x.base in scope.times)
        for x in names
    )


def about_elements(scope: Scope, node: sx.Node) -> bool:
    """Whether a condition is about an element such as h_t, which looks like an index h_t."""
    return any(isinstance(x, sx.Scripted) and resolve(x, scope) is not None for x in sx.walk(node))


def is_one(node: sx.Node) -> bool:
    r"""Whether a symbol stands in front of the condition of an indicator: 1, \mathbb{1}, I."""
    if isinstance(node, sx.Num):
        return node.value == 1
    return isinstance(node, sx.Sym) and node.base in _ONES


def indicator(inside: sx.Node | None, scope: Scope, at: int) -> Indicator | None:
    """The indicator of a sign condition, in brackets or not; None for anything else."""
    node = inside
    if isinstance(node, sx.Brackets):
        node = node.rows[0][0] if len(node.rows) == 1 and len(node.rows[0]) == 1 else None
    if not isinstance(node, sx.Relation) or len(node.ops) != 1 or node.ops[0] not in _STRICT:
        return None
    left, right = node.sides
    if left is None or right is None or about_indices(scope, node):
        return None
    if all(index_expr(x) is not None for x in node.sides) and not about_elements(scope, node):
        return None
    larger, smaller = (left, right) if _STRICT[node.ops[0]] == ">" else (right, left)
    assert inside is not None
    return Indicator(at, inside.end, larger, smaller)
