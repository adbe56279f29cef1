"""The operations that each kind of term stands for: a row for every class of term."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import binomial

from symbptt.core import norms, powers, units
from symbptt.core import terms as tm
from symbptt.core.errors import IndexRangeError, NotSupported
from symbptt.core.terms import Term
from symbptt.core.world import Env, integer, number

from . import functions, intervals, matrices
from .functions import Elementwise
from .intervals import Undecided
from .matrices import Matrix
from .quadratics import Quadratic

if TYPE_CHECKING:
    from .plan import Plan


def _function(plan: Plan, t: tm.Func, env: Env) -> int:
    sizes = [rows * cols for rows, cols in (plan.shape(a, env) for a in t.arguments)]
    index = None if t.index is None else integer(t.index, env)
    rows = plan.side(t.shape[0], env)
    chosen = plan.add("function", (t.name, index, rows, sum(sizes)))
    parts = [plan.value(a, env) for a in t.arguments]
    if not t.slot:
        return plan.add(_image, (), chosen, *parts)
    start = sum(sizes[: t.slot - 1])
    return plan.add(_part, (start, start + sizes[t.slot - 1]), chosen, *parts)


def _image(chosen: Quadratic, *parts: Matrix) -> Matrix:
    return [[x] for x in chosen.value([x for part in parts for x in matrices.entries(part)])]


def _part(start: int, end: int, chosen: Quadratic, *parts: Matrix) -> Matrix:
    """The columns of a Jacobian that belong to one argument."""
    jacobian = chosen.jacobian([x for part in parts for x in matrices.entries(part)])
    return [row[start:end] for row in jacobian]


def _map(plan: Plan, t: tm.Map, env: Env) -> int:
    f = plan.add("elementwise", (t.fname,))
    return plan.add(_applied, (t.order,), f, plan.value(t.arg, env))


def _applied(order: int, f: Elementwise, a: Matrix) -> Matrix:
    return [[functions.apply(f, order, x) for x in row] for row in a]


def _supremum(plan: Plan, t: norms.Sup, env: Env) -> int:
    return plan.add(_bound, (t.order,), plan.add("elementwise", (t.fname,)))


def _bound(order: int, f: Elementwise) -> Matrix:
    return matrices.single(f.supremum(order))


def _ranged(plan: Plan, t: tm.SumOver | tm.OrderedProduct, env: Env) -> list[int]:
    indices = range(integer(t.lo, env), integer(t.hi, env) + 1)
    return [plan.value(t.body, {**env, t.bound: i}) for i in indices]


def _sum(plan: Plan, t: tm.SumOver, env: Env) -> int:
    parts = _ranged(plan, t, env)
    if not parts:
        return _zero(plan, t, env)
    return parts[0] if len(parts) == 1 else plan.add(matrices.plus, (), *parts)


def _product(plan: Plan, t: tm.OrderedProduct, env: Env) -> int:
    parts = _ranged(plan, t, env)
    if not parts:
        return plan.add(matrices.identity, (plan.side(t.shape[0], env),))
    return parts[0] if len(parts) == 1 else plan.add(matrices.times, (), *reversed(parts))


def _when(plan: Plan, t: tm.When, env: Env) -> int:
    if all(number(c, env) >= 0 for c in t.conditions):
        return plan.value(t.args[0], env)
    return _zero(plan, t, env)


def _zero(plan: Plan, t: Term, env: Env) -> int:
    return plan.add(matrices.filled, (*plan.shape(t, env), 0))


def _constant(plan: Plan, t: tm.Const, env: Env) -> int:
    if not t.value.free_symbols and not t.value.is_Rational:
        return plan.add(matrices.single, (functions.constant(t.value),))
    try:
        value = number(t.value, env)
    except ArithmeticError as error:
        raise Undecided(f"{t} has no value here") from error
    if isinstance(value, float):
        raise NotSupported(f"the number {t.value} is not evaluated exactly")
    return plan.add(matrices.single, (intervals.exact(Fraction(value)),))


def _power(plan: Plan, t: tm.Power, env: Env) -> int:
    return plan.add(matrices.power, (_exponent(t, env),), plan.value(t.args[0], env))


def _entrywise_power(plan: Plan, t: powers.EntrywisePower, env: Env) -> int:
    exponent = _exponent(t, env)
    return plan.add(matrices.entrywise_power, (exponent,), plan.value(t.args[0], env))


def _exponent(t: tm.Power | powers.EntrywisePower, env: Env) -> int:
    exponent = integer(t.exponent, env)
    if exponent < 0:
        raise IndexRangeError(f"the exponent {t.exponent} of {t.args[0]} is {exponent} here")
    return exponent


def _binomial(plan: Plan, t: powers.Binomial, env: Env) -> int:
    value = binomial(integer(t.above, env), integer(t.below, env))
    return plan.add(matrices.single, (int(value),))


def _unit(plan: Plan, t: units.Unit, env: Env) -> int:
    return plan.add(matrices.unit, (plan.side(t.shape[0], env), integer(t.index, env)))


def _block(plan: Plan, t: tm.Block, env: Env) -> int:
    m, n = t.grid
    rows = [[plan.value(t.block(i, j), env) for j in range(n)] for i in range(m)]
    return plan.add(matrices.stack, (), *(plan.add(matrices.beside, (), *row) for row in rows))


def _entry(plan: Plan, t: tm.Entry, env: Env) -> int:
    a, i, j = plan.value(t.args[0], env), integer(t.row, env), integer(t.col, env)
    rows, cols = plan.shape(t.args[0], env)
    if not (1 <= i <= rows and 1 <= j <= cols):
        raise IndexRangeError(f"entry ({i}, {j}) of {t.args[0]}, of shape {(rows, cols)} here")
    return plan.add(matrices.entry, (i - 1, j - 1), a)


def _gradient(plan: Plan, t: tm.Gradient, env: Env) -> int:
    row = plan.jacobian(tm.Partial(t.args[0], t.args[1]), env)
    return plan.add(matrices.unvec, plan.shape(t, env), row)


def _norm(plan: Plan, t: norms.Norm, env: Env) -> int:
    norm = matrices.norm if t.kind == "2" else matrices.largest
    return plan.add(norm, (), plan.value(t.args[0], env))


Node = Callable[[Any, Any, Env], int]  # of the plan and the term


def _apply(operation: Callable[..., Matrix]) -> Node:
    return lambda plan, t, env: plan.add(
        operation, (), *[plan.value(child, env) for child in t.children]
    )


def _moving(operation: Callable[[Matrix], Matrix]) -> Node:
    """Of the entries of a matrix in other places; a number stays where it is."""

    def node(plan: Plan, t: Term, env: Env) -> int:
        step = plan.value(t.args[0], env)
        alone = plan.shape(t.args[0], env) == (1, 1)
        return step if alone else plan.add(operation, (), step)

    return node


_MOVING: dict[type[Term], Callable[[Matrix], Matrix]] = {
    tm.Transposed: matrices.transposed,
    tm.Diag: matrices.diag,
    tm.Vec: matrices.vec,
    tm.Trace: matrices.trace,
}
_OPERATIONS: dict[type[Term], Callable[..., Matrix]] = {
    tm.Plus: matrices.plus,
    tm.Hadamard: matrices.hadamard,
    tm.Scale: matrices.hadamard,
    tm.Times: matrices.times,
    tm.Kron: matrices.kron,
    tm.Inverse: matrices.inverse,
    tm.Softmax: matrices.softmax,
    norms.Min: matrices.minimum,
    norms.Max: matrices.maximum,
    powers.Radius: matrices.spectral_radius,
    powers.Det: matrices.det,
}
NODES: dict[type[Term], Node] = {
    **{cls: _apply(operation) for cls, operation in _OPERATIONS.items()},
    **{cls: _moving(operation) for cls, operation in _MOVING.items()},
    **dict.fromkeys((tm.Param, tm.Elem), lambda plan, t, env: plan.leaf(t, env)),
    tm.Const: _constant,
    tm.Zero: _zero,
    tm.Ones: lambda plan, t, env: plan.add(matrices.filled, (*plan.shape(t, env), 1)),
    tm.Identity: lambda plan, t, env: plan.add(matrices.identity, (plan.side(t.shape[0], env),)),
    tm.Map: _map,
    tm.Func: _function,
    tm.SumOver: _sum,
    tm.OrderedProduct: _product,
    tm.When: _when,
    tm.Power: _power,
    powers.EntrywisePower: _entrywise_power,
    powers.Binomial: _binomial,
    units.Unit: _unit,
    tm.Unvec: lambda plan, t, env: plan.add(
        matrices.unvec, plan.shape(t, env), plan.value(t.args[0], env)
    ),
    tm.Block: _block,
    tm.Entry: _entry,
    tm.Partial: lambda plan, t, env: plan.jacobian(t, env),
    tm.Gradient: _gradient,
    norms.Norm: _norm,
    norms.Sup: _supremum,
}
