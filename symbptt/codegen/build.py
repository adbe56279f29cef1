"""Array expressions put together: flat sums and products, no ones, no double transposes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sympy import Expr, Integer

from symbptt.core.terms import ONE

from . import ir


def zero(axes: ir.Axes) -> ir.Value:
    """An array of zeros."""
    return ir.Filled(Integer(0), axes) if axes else ir.Number(Integer(0))


def add(values: Iterable[ir.Value]) -> ir.Value:
    """The sum; equal terms are counted."""
    counts: Counter[ir.Value] = Counter()
    for value in values:
        counts.update(value.terms if isinstance(value, ir.Add) else (value,))
    terms = [t if k == 1 else mul([ir.Number(Integer(k)), t]) for t, k in counts.items()]
    terms = _plain_numbers(terms)
    return terms[0] if len(terms) == 1 else ir.Add(tuple(terms))


def _plain_numbers(values: list[ir.Value]) -> list[ir.Value]:
    """Arrays of one number as numbers, where another operand already has their axes."""
    rest = [v.axes for v in values if not isinstance(v, ir.Filled)]
    axes = max(rest, key=len, default=())
    return [
        ir.Number(v.value)
        if isinstance(v, ir.Filled) and axes[len(axes) - len(v.axes) :] == v.axes
        else v
        for v in values
    ]


def mul(values: Iterable[ir.Value]) -> ir.Value:
    """The elementwise product, its number in front."""
    number, factors = Integer(1), []
    todo = _plain_numbers(list(values))
    while todo:
        value = todo.pop(0)
        if isinstance(value, ir.Mul):
            todo = [*value.factors, *todo]
        elif isinstance(value, ir.Number):
            number *= value.value
        else:
            factors.append(value)
    if number != 1 or not factors:
        factors.insert(0, ir.Number(number))
    return factors[0] if len(factors) == 1 else ir.Mul(tuple(factors))


def scaled(factor: ir.Value, value: ir.Value, width: Expr) -> ir.Value:
    """A scalar (for every sample) times a column of ``width`` entries, or times a scalar."""
    if factor.axes and width != ONE:
        factor = ir.Spread(factor, width)
    return mul([factor, value])


def total(value: ir.Value, axis: int | None = None) -> ir.Value:
    """The sum over an axis, the last one by default."""
    return ir.Total(value, len(value.axes) - 1 if axis is None else axis)


def swap(value: ir.Value) -> ir.Value:
    """The transpose of a matrix."""
    return value.arg if isinstance(value, ir.Swap) else ir.Swap(value)


def full(value: ir.Value, axes: ir.Axes) -> ir.Value:
    """The value with all of these axes."""
    return value if value.axes == axes else add([zero(axes), value])
