"""``W = (W_{hx}, W_{hh})``: a matrix cut as the stacked vector that it multiplies is."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from ..core.terms import Block, Param, Term, Times
from ..core.traverse import find
from ..notation import syntax as sx
from ..notation.scope import Declared, dim_of
from ..notation.scripts import compose, script_items
from .model import Model


def partitioned(model: Model, head: sx.Node, body: sx.Node) -> Model:
    """The model with the blocks that the equation names as parameters, if it does so.

    Nothing is changed where the matrix multiplies no stacked vector of as many parts.
    """
    whole = next((p for p in model.theory.params if p.name == _name(head)), None)
    base = sx.base_of(body)
    if whole is None or not isinstance(base, sx.Brackets) or len(base.rows) != 1:
        return model
    names = [_name(item) for item in base.rows[0]]
    if len(names) < 2 or "" in names or any(n in model.scope.names for n in names):
        return model
    widths = _widths(model, whole, len(names))
    parts = [Param(n, whole.shape[0], w) for n, w in zip(names, widths, strict=False)]
    params = {
        p.name: Declared(p.name, (dim_of(p.shape[0]), dim_of(p.shape[1])), given=True)
        for p in parts
    }
    theory = replace(model.theory, params=(*model.theory.params, *parts))
    scope = model.scope.extended(params={**model.scope.params, **params})
    return replace(model, theory=theory, scope=scope)


def _name(node: sx.Node) -> str:
    """The name with all its scripts; empty for what is no name."""
    symbol = sx.base_of(node)
    if not isinstance(symbol, sx.Sym):
        return ""
    primes = node.primes if isinstance(node, sx.Scripted) else 0
    return compose(symbol, script_items(node, frozenset()), primes)


def _widths(model: Model, whole: Param, count: int) -> tuple[Expr, ...]:
    """The heights of the stacked vector that stands right of the matrix in the model."""
    for d in model.theory.definitions:
        for _, node in find(d.body, lambda x: isinstance(x, Times)):
            for left, right in zip(node.args, node.args[1:], strict=False):
                if left == whole and isinstance(right, Block) and right.grid == (count, 1):
                    return tuple(_height(b) for b in right.blocks)
    return ()


def _height(term: Term) -> Expr:
    return term.shape[0]
