r"""The letter d in front of a name: a gradient, as in dW_f = ..., or a differential.

Where a claim says dL of the loss, or has d of a weight matrix among the terms on a right side,
its d are differentials: dL = \sum_t (\partial L/\partial h_t) dh_t.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..notation import syntax as sx
from ..notation.dims import ONE
from ..notation.names import resolve
from ..notation.scope import Scope


_LETTER = sx.Sym(0, 0, "d")


def told_apart(nodes: Sequence[sx.Node], scope: Scope) -> tuple[sx.Node, ...]:
    """The statements, with every ``d x`` as a differential where the claim is about those."""
    computed = {head.name for head, _ in scope.bodies}
    weights = {n for n, x in scope.params.items() if n not in computed and ONE not in x.shape}
    differential = any(
        name == scope.loss or (right and name in weights)
        for node in nodes for right, name in _varied(node, scope)
    )  # fmt: skip
    return tuple(_changed(n, scope) for n in nodes) if differential else tuple(nodes)


def _varied(node: sx.Node, scope: Scope) -> Iterator[tuple[bool, str]]:
    """What stands behind a letter d: whether on a right side, and its name."""
    sides = node.sides if isinstance(node, sx.Relation) else (node,)
    for i, side in enumerate(sides):
        for part in sx.walk(side) if side is not None else ():
            for j in _places(part, scope):
                reading = resolve(part.factors[j + 1], scope)  # type: ignore[attr-defined]
                assert reading is not None
                yield i > 0, reading.name


def _places(node: sx.Node, scope: Scope) -> list[int]:
    """Where in a product a letter d stands in front of a name."""
    if not isinstance(node, sx.Product) or resolve(_LETTER, scope) is not None:
        return []
    out = []
    for j, factor in enumerate(node.factors[:-1]):
        letter = isinstance(factor, sx.Sym) and factor.base == "d" and node.ops[j] == ""
        reading = resolve(node.factors[j + 1], scope) if letter else None
        if reading is not None and reading.declared is not None:
            out.append(j)
    return out


def _changed(node: sx.Node, scope: Scope) -> sx.Node:
    if isinstance(node, sx.Product):
        factors, ops = [], []
        skip = _places(node, scope)
        for j, factor in enumerate(node.factors):
            if j in skip:
                continue
            changed = j - 1 in skip
            factors.append(sx.Change(factor.at, factor.end, factor) if changed else factor)
            ops.append(node.ops[j - 1 - changed] if j - changed > 0 else "")
        if len(factors) == 1:
            return replace(factors[0], at=node.at)
        node = replace(node, factors=tuple(factors), ops=tuple(ops[1:]))
    new = {name: _value(getattr(node, name), scope) for name in sx.field_names(type(node))}
    return replace(node, **new)


def _value(value: object, scope: Scope) -> object:
    if isinstance(value, sx.Node):
        return _changed(value, scope)
    return tuple(_value(v, scope) for v in value) if isinstance(value, tuple) else value
