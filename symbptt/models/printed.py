r"""To how much a number or a matrix of numbers agrees with what it is printed for.

>>> from symbptt.notation.parser import parse
>>> print_slack(parse(r"-2.66 \times 10^{-5}")[0], rough=False)
((Fraction(1, 20000000),),)
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeGuard

from ..notation import syntax as sx
from ..notation.scripts import TRANSPOSES, index_expr

Slack = tuple[tuple[Fraction, ...], ...]
"""Half a unit of the last digit printed, entry by entry; one row of one for a number."""

_TIMES = frozenset({r"\cdot", r"\times", "*", ""})
_MAX_EXPONENT = 400


def print_slack(node: sx.Node, rough: bool) -> Slack | None:
    r"""The slack of a printed number or matrix; None where nothing printed is rounded.

    Integers are exact, but beside decimals in a matrix, and after \approx (``rough``), they are
    rounded too; one that ends in zeros does not say how far.
    """
    node = bare(node)
    matrix, turned = (node.base, True) if _is_transposed(node) else (node, False)
    if not isinstance(matrix, sx.Grid | sx.Brackets):
        half = _half_unit(node, rough)
        return None if half is None else ((half,),)
    cells = [[bare(c) for c in row if c is not None] for row in matrix.rows]
    halves = [[_half_unit(c, rough=False) for c in row] for row in cells]
    decimals = [h for row in halves for h in row if h is not None]
    if not decimals or not all(_is_number(c) for row in cells for c in row):
        return None
    least = min(decimals)
    if turned or isinstance(matrix, sx.Brackets) or any(None in row for row in matrix.rows):
        return ((least,),)
    return tuple(tuple(h or least for h in row) for row in halves)


def _is_transposed(node: sx.Node) -> TypeGuard[sx.Scripted]:
    tops = node.sups if isinstance(node, sx.Scripted) and not node.subs else ()
    return len(tops) == 1 and isinstance(tops[0], sx.Sym) and tops[0].base in TRANSPOSES


def bare(node: sx.Node) -> sx.Node:
    """The node without a sign and without brackets around it."""
    while True:
        if isinstance(node, sx.Sum) and len(node.terms) == 1:
            node = node.terms[0]
        elif isinstance(node, sx.Brackets) and node.open == "(" and node.only is not None:
            node = node.only
        else:
            return node


def _is_number(node: sx.Node) -> bool:
    return isinstance(node, sx.Num) or _scaled(node) is not None


def _half_unit(node: sx.Node, rough: bool) -> Fraction | None:
    if isinstance(node, sx.Num):
        digits, _, exponent = node.text.lower().partition("e")
        whole, point, places = digits.partition(".")
        if not point and not exponent and not (rough and not whole.endswith("0")):
            return None
        return Fraction(10) ** (int(exponent or 0) - len(places)) / 2
    scaled = _scaled(node)
    if scaled is None:
        return None
    number, factor = scaled
    half = _half_unit(number, rough=True)
    return None if half is None else half * factor


def _scaled(node: sx.Node) -> tuple[sx.Num, Fraction] | None:
    r"""The number and the power of ten of ``2.7 \cdot 10^{-4}``."""
    if not isinstance(node, sx.Product) or len(node.factors) != 2 or node.ops[0] not in _TIMES:
        return None
    number, power = node.factors
    if not isinstance(number, sx.Num) or not isinstance(power, sx.Scripted):
        return None
    ten = isinstance(power.base, sx.Num) and power.base.value == 10
    exponent = index_expr(power.sups[0]) if ten and len(power.sups) == 1 else None
    if exponent is None or not exponent.is_Integer or abs(exponent) > _MAX_EXPONENT:
        return None
    return number, Fraction(10) ** int(exponent)
