r"""Rounded numbers inside a formula: 0.7616 in ``h_2 = \tanh(0.5 \cdot 0.7616 + 0.5)``.

>>> from symbptt.notation.parser import parse
>>> [(x.text, half) for x, half in rounded(parse(r"\tanh(0.5 \cdot 0.7616 + 0.5)")[0])]
[('0.7616', Fraction(1, 20000))]
"""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from ..notation import syntax as sx

_DIGITS = 3  # that matter: a number with fewer is exact
_MOST = 12  # rounded numbers in one formula


def rounded(node: sx.Node) -> list[tuple[sx.Num, Fraction]]:
    """The decimals that may be rounded, with half a unit of their last place."""
    out = []
    for number in sx.walk(node):
        if isinstance(number, sx.Num) and "e" not in number.text.lower():
            whole, _, places = number.text.partition(".")
            if places and len((whole + places).lstrip("0")) >= _DIGITS:
                out.append((number, Fraction(1, 2 * 10 ** len(places))))
    return out if len(out) <= _MOST else []


def moved(node: sx.Node, number: sx.Num, by: Fraction) -> sx.Node:
    """The formula with one of its numbers larger by so much."""

    def change(value: Any) -> Any:
        if value is number:
            return replace(number, value=number.value + by)
        if isinstance(value, tuple):
            return tuple(map(change, value))
        if not isinstance(value, sx.Node) or not value.at <= number.at < value.end:
            return value
        old = {f.name: getattr(value, f.name) for f in fields(value)}
        return replace(value, **{k: change(v) for k, v in old.items()})

    return change(node)  # type: ignore[no-any-return]
