"""What each kind of term is worth, over exact numbers: a row for every class of term."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import binomial

from symbptt.core import norms, powers, units
from symbptt.core import terms as tm
from symbptt.core.errors import IndexRangeError, NotSupported
from symbptt.core.terms import Term
from symbptt.core.world import Env, integer, number

from . import functions, matrices
from .intervals import Undecided
from .matrices import Matrix
from .scalars import Scalar

if TYPE_CHECKING:
    from .evaluation import Evaluator


def _function(ev: Evaluator, t: tm.Func, env: Env) -> Matrix:
    parts = [matrices.entries(ev.value(a, env)) for a in t.arguments]
    u: list[Scalar] = [x for part in parts for x in part]
    index = None if t.index is None else integer(t.index, env)
    rows = ev.side(t.shape[0], env)
    chosen = ev.choice.function(t.name, index, rows, len(u))
    if not t.slot:
        return [[x] for x in chosen.value(u)]
    start = sum(len(part) for part in parts[: t.slot - 1])
    width = len(parts[t.slot - 1])
    return [row[start : start + width] for row in chosen.jacobian(u)]


def _map(ev: Evaluator, t: tm.Map, env: Env) -> Matrix:
    f = ev.choice.elementwise(t.fname)
    return matrices.mapped(lambda x: functions.apply(f, t.order, x), ev.value(t.arg, env))


def _supremum(ev: Evaluator, t: norms.Sup, env: Env) -> Matrix:
    return matrices.single(ev.choice.elementwise(t.fname).supremum(t.order))


def _ranged(ev: Evaluator, t: tm.SumOver | tm.OrderedProduct, env: Env) -> Iterator[Matrix]:
    for i in range(integer(t.lo, env), integer(t.hi, env) + 1):
        yield ev.value(t.body, {**env, t.bound: i})


def _sum(ev: Evaluator, t: tm.SumOver, env: Env) -> Matrix:
    parts = list(_ranged(ev, t, env))
    return matrices.plus(*parts) if parts else _zero(ev, t, env)


def _product(ev: Evaluator, t: tm.OrderedProduct, env: Env) -> Matrix:
    parts = list(_ranged(ev, t, env))
    parts.reverse()
    return matrices.times(*parts) if parts else matrices.identity(ev.shape(t, env)[0])


def _when(ev: Evaluator, t: tm.When, env: Env) -> Matrix:
    if all(number(c, env) >= 0 for c in t.conditions):
        return ev.value(t.args[0], env)
    return _zero(ev, t, env)


def _zero(ev: Evaluator, t: Term, env: Env) -> Matrix:
    return matrices.filled(*ev.shape(t, env), Fraction(0))


def _constant(ev: Evaluator, t: tm.Const, env: Env) -> Matrix:
    if not t.value.free_symbols and not t.value.is_Rational:
        return matrices.single(functions.constant(t.value))
    try:
        value = number(t.value, env)
    except ArithmeticError as error:
        raise Undecided(f"{t} has no value here") from error
    if isinstance(value, float):
        raise NotSupported(f"the number {t.value} is not evaluated exactly")
    return matrices.single(Fraction(value))


def _power(ev: Evaluator, t: tm.Power, env: Env) -> Matrix:
    return matrices.power(ev.value(t.args[0], env), _exponent(t, env))


def _entrywise_power(ev: Evaluator, t: powers.EntrywisePower, env: Env) -> Matrix:
    exponent = _exponent(t, env)
    return matrices.mapped(
        lambda x: matrices.power([[x]], exponent)[0][0], ev.value(t.args[0], env)
    )


def _exponent(t: tm.Power | powers.EntrywisePower, env: Env) -> int:
    exponent = integer(t.exponent, env)
    if exponent < 0:
        raise IndexRangeError(f"the exponent {t.exponent} of {t.args[0]} is {exponent} here")
    return exponent


def _binomial(ev: Evaluator, t: powers.Binomial, env: Env) -> Matrix:
    value = binomial(integer(t.above, env), integer(t.below, env))
    return matrices.single(Fraction(int(value)))


def _unit(ev: Evaluator, t: units.Unit, env: Env) -> Matrix:
    at, rows = integer(t.index, env), ev.shape(t, env)[0]
    return [[Fraction(int(i == at))] for i in range(1, rows + 1)]


def _block(ev: Evaluator, t: tm.Block, env: Env) -> Matrix:
    m, n = t.grid
    rows = [[ev.value(t.block(i, j), env) for j in range(n)] for i in range(m)]
    return matrices.stack(*(matrices.beside(*row) for row in rows))


def _entry(ev: Evaluator, t: tm.Entry, env: Env) -> Matrix:
    a, i, j = ev.value(t.args[0], env), integer(t.row, env), integer(t.col, env)
    rows, cols = matrices.shape(a)
    if not (1 <= i <= rows and 1 <= j <= cols):
        raise IndexRangeError(f"entry ({i}, {j}) of {t.args[0]}, of shape {(rows, cols)} here")
    return matrices.single(a[i - 1][j - 1])


def _gradient(ev: Evaluator, t: tm.Gradient, env: Env) -> Matrix:
    (row,) = ev.jacobian(tm.Partial(t.args[0], t.args[1]), env)
    return matrices.unvec(row, *ev.shape(t, env))


def _norm(ev: Evaluator, t: norms.Norm, env: Env) -> Matrix:
    return (matrices.norm if t.kind == "2" else matrices.largest)(ev.value(t.args[0], env))


Node = Callable[[Any, Any, Env], Matrix]  # of the evaluator and the term


def _apply(operation: Callable[..., Matrix]) -> Node:
    return lambda ev, t, env: operation(*[ev.value(child, env) for child in t.children])


_OPERATIONS: dict[type[Term], Callable[..., Matrix]] = {
    tm.Plus: matrices.plus,
    tm.Hadamard: matrices.hadamard,
    tm.Scale: matrices.hadamard,
    tm.Times: matrices.times,
    tm.Transposed: matrices.transposed,
    tm.Diag: matrices.diag,
    tm.Vec: matrices.vec,
    tm.Kron: matrices.kron,
    tm.Inverse: matrices.inverse,
    tm.Trace: matrices.trace,
    tm.Softmax: matrices.softmax,
    norms.Min: matrices.minimum,
    norms.Max: matrices.maximum,
    powers.Radius: matrices.spectral_radius,
    powers.Det: matrices.det,
}
NODES: dict[type[Term], Node] = {
    **{cls: _apply(operation) for cls, operation in _OPERATIONS.items()},
    **dict.fromkeys((tm.Param, tm.Elem), lambda ev, t, env: ev.leaf(t, env)),
    tm.Const: _constant,
    tm.Zero: _zero,
    tm.Ones: lambda ev, t, env: matrices.filled(*ev.shape(t, env), Fraction(1)),
    tm.Identity: lambda ev, t, env: matrices.identity(ev.shape(t, env)[0]),
    tm.Map: _map,
    tm.Func: _function,
    tm.SumOver: _sum,
    tm.OrderedProduct: _product,
    tm.When: _when,
    tm.Power: _power,
    powers.EntrywisePower: _entrywise_power,
    powers.Binomial: _binomial,
    units.Unit: _unit,
    tm.Unvec: lambda ev, t, env: matrices.unvec(
        matrices.entries(ev.value(t.args[0], env)), *ev.shape(t, env)
    ),
    tm.Block: _block,
    tm.Entry: _entry,
    tm.Partial: lambda ev, t, env: ev.jacobian(t, env),
    tm.Gradient: _gradient,
    norms.Norm: _norm,
    norms.Sup: _supremum,
}
