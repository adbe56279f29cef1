r"""Bounds of functions that are stated with a letter: |\sigma'(z)| \le 1 holds for every z."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..core.errors import SymbpttError
from ..notation import syntax as sx
from ..notation.names import resolve
from ..notation.scope import Scope

_WEAK = {"<": r"\le", r"\le": r"\le"}


def for_every_argument(
    node: sx.Node, scope: Scope, fail: Callable[[str, str], SymbpttError]
) -> sx.Node:
    r"""|f'(z)| \le c, where z is no name of the model, as \sup|f'| \le c.

    Raises for any other statement about f at such a z.
    """
    if not isinstance(node, sx.Relation):
        return node
    sides = list(node.sides)
    found = [i for i, side in enumerate(sides) if side is not None and _at_letter(side, scope)]
    if not found:
        return node
    first = sides[0]
    if found != [0] or not set(node.ops) <= _WEAK.keys() or not isinstance(first, sx.Norm):
        raise fail(
            "what this says of every argument of the function is not understood",
            r"write \sup|\sigma'| \le 1",
        )
    assert isinstance(first.body, sx.Product)
    function = replace(first, body=first.body.factors[0])
    sides[0] = sx.Big(first.at, first.end, "sup", None, None, function)
    return replace(node, sides=tuple(sides), ops=tuple(_WEAK[op] for op in node.ops))


def _at_letter(side: sx.Node, scope: Scope) -> bool:
    """Whether a function of the model, alone or between bars, stands at a letter."""
    inner = side.body if isinstance(side, sx.Norm) and side.kind == "|" else side
    if not isinstance(inner, sx.Product) or len(inner.factors) != 2:
        return False
    function, bracket = inner.factors
    reading = resolve(function, scope)
    letter = bracket.only if isinstance(bracket, sx.Brackets) else None
    known = reading is not None and reading.function is not None and not reading.marks
    fresh = isinstance(letter, sx.Sym) and resolve(letter, scope) is None
    return known and fresh and not scope.is_index(letter.base)  # type: ignore[union-attr]
