r"""``\underbrace{W W \cdots W}_{t-k}``: equal factors or terms, as many as the label says."""

from __future__ import annotations

from . import syntax as sx
from .patterns import differences
from .scripts import index_expr

_ELEMENTWISE = frozenset({r"\odot", r"\circ", "*"})


def has_dots(node: sx.Node) -> bool:
    """Whether dots stand between the factors or terms of a formula."""
    parts = node.factors if isinstance(node, sx.Product) else getattr(node, "terms", ())
    return any(isinstance(x, sx.Dots) for x in parts)


def repeated(inner: sx.Node, count: sx.Node | None) -> sx.Node:
    """What stands at a brace with a label: a power or a multiple if dots stand between equals."""
    if count is None or index_expr(count) is None:
        return inner
    if isinstance(inner, sx.Product):
        signs, parts = set(inner.ops), inner.factors
    elif isinstance(inner, sx.Sum):
        signs, parts = set(inner.signs), inner.terms
    else:
        return inner
    members = [x for x in parts if not isinstance(x, sx.Dots)]
    equal = all(differences(members[0], x) == [] for x in members[1:])
    if not 1 < len(members) < len(parts) or not equal:
        return inner
    if isinstance(inner, sx.Sum):
        sign = "+" if signs == {"+"} else ""
    else:
        sign = r"\odot" if signs <= _ELEMENTWISE else r"\cdot" if not signs & _ELEMENTWISE else ""
    return sx.Repeated(inner.at, inner.end, members[0], count, sign) if sign else inner
