"""Elementwise functions of the table and their derivatives as array expressions.

The derivative of a row is a polynomial in functions of the same argument; it is differentiated
again by the product rule for higher orders. A function without such a polynomial keeps its order,
and the printer takes its derivative from SymPy.
"""

from __future__ import annotations

from collections import Counter

from sympy import Integer

from symbptt.core.functions import TABLE, Polynomial

from . import ir
from .build import add, mul

_KEPT = "x"  # the factor that stands for the argument itself


def slope(name: str, order: int, arg: ir.Value) -> ir.Value:
    """f^(order) of an array, for a function of the table."""
    polynomial: Polynomial | None = ((1, (name,)),)
    for _ in range(order):
        polynomial = _differentiated(polynomial) if polynomial is not None else None
    if polynomial is None:
        return ir.Apply(name, order, arg)
    if not polynomial:
        return ir.Filled(Integer(0), arg.axes) if arg.axes else ir.Number(Integer(0))
    terms = [_monomial(number, factors, arg) for number, factors in polynomial]
    value = add(terms)
    return value if value.axes == arg.axes else ir.Filled(value.value, arg.axes)  # type: ignore[attr-defined]


def _monomial(number: int, factors: tuple[str, ...], arg: ir.Value) -> ir.Value:
    values = [arg if f in (_KEPT, "identity") else ir.Apply(f, 0, arg) for f in factors]
    return mul([ir.Number(Integer(number)), *values])


def _differentiated(polynomial: Polynomial) -> Polynomial | None:
    """The derivative by the product rule; None if a factor's derivative is no polynomial."""
    total: Counter[tuple[str, ...]] = Counter()
    for number, factors in polynomial:
        for i, factor in enumerate(factors):
            row = ((1, ()),) if factor == _KEPT else TABLE[factor].derivative
            if row is None:
                return None
            rest = factors[:i] + factors[i + 1 :]
            for inner, more in row:
                total[tuple(sorted((*rest, *more)))] += number * inner
    return tuple((n, factors) for factors, n in total.items() if n)
