"""Exact evaluation modulo a prime, of terms in which every function is unspecified.

Sums, products, transposes, diag, entries and derivatives of such terms are polynomials with integer
coefficients in their leaves and in the values f(x), f'(x), ... of the unspecified functions. At
distinct arguments these are independent of each other: some differentiable f has any that are
wished. So two sides are equal for all real values and all differentiable functions exactly where
they are one polynomial, and this is put to random residues: leaves are drawn from the integers
modulo p = 2^31 - 1, and f^(k)(x) is a random function of k and x.

One polynomial has one value. Two polynomials that differ, of total degree at most D once arguments
are counted as variables, agree at a random point with probability at most D/p; so do two
arguments that differ. With N arguments the chance of a wrong "equal" is at most (D + N²D)/p in
one world, about 1e-5 for D = N = 30, and that to the power of six in the six worlds of a claim,
which are independent. A "different" is never wrong. There is no tolerance.
Source: Schwartz, Fast probabilistic algorithms for verification of polynomial identities, J. ACM 27
(1980), lemma 1.

Derivatives are computed with dual numbers (``duals``), by x in all its unit directions at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, reduce
from typing import Any
from zlib import crc32

import numpy as np
from sympy import Symbol
from sympy import binomial as sympy_binomial

from . import duals, powers, units
from . import terms as tm
from .arrays import Array
from .duals import PRIME, Dual
from .errors import IndexRangeError, ModelError, NotSupported, SymbpttError
from .evaluation import unshadowing
from .functions import known
from .motion import Motion
from .moving import Moving
from .remembered import Remembered
from .terms import Elem, Term
from .world import (
    Env, Key, World, dimension, integer, leaf_key, number, shape_in, show_key,
)  # fmt: skip

_LARGEST = 64  # exponents; larger powers are left to other evaluations
_LARGEST_DET = 6  # rows


def residues(term: Term, world: World, index: Mapping[Symbol, int] | None = None) -> Array:
    """The value of a term modulo the prime, (rows, columns) of int64.

    The world says sizes and definitions, and its seed the random residues; values that it sets
    for leaves do not count. NotSupported for what is no polynomial: known functions, norms,
    inverses, assumptions, differentials.
    """
    env = world.environment(index or {})
    evaluator = _evaluator(world)
    evaluator.known.trim()
    try:
        return evaluator.value(term, env).value
    except RecursionError as error:
        raise NotSupported(f"{term} reaches back too many steps to be evaluated here") from error


@lru_cache(maxsize=128)
def _evaluator(world: World) -> Evaluator:
    """The evaluator of a world, which remembers what it found."""
    return Evaluator(world)


class Evaluator(Moving[Dual]):
    """Evaluation modulo the prime in the sizes and definitions of a world."""

    def __init__(self, world: World) -> None:
        if world.theory is not None and world.theory.assumptions:
            raise NotSupported("residues that meet assumptions are not drawn")
        self.world = world
        self.known = Remembered(world.known.fixed)
        self._leaves: dict[Motion | None, dict[Key, Dual | None]] = {}
        self.move(None)

    def move(self, motion: Motion | None) -> None:
        """Takes up a motion, with the leaves and the values that are known under it."""
        self.motion = motion
        self.memo = self._leaves.setdefault(motion, {})
        self.values = self.known.under(motion)

    def value(self, term: Term, env: Env) -> Dual:
        """The residues of a term; ``env`` has the bound indices too. Nothing is computed twice."""
        name = id(term)
        place = self.known.places.get(name) or self.known.place(term)
        key = (name, *map(env.get, place[1])) if place[1] else name
        found: Dual | None = self.values.get(key)
        if found is None:
            node = _NODES.get(type(term))
            if node is None:
                raise NotSupported(f"the term {term} has no value modulo a prime")
            found = self.values[key] = node(self, term, env)
        return found

    def element(self, key: Key, shape: tuple[int, int]) -> Dual:
        """A parameter or an element, through its definition if it has one."""
        memo = self.memo
        if key in memo:
            known = memo[key]
            if known is None:
                raise ModelError(f"{show_key(key)} is defined through itself")
        else:
            memo[key] = None
            try:
                known = memo[key] = self.found(key, shape)
            finally:
                if memo[key] is None:
                    del memo[key]
        if known.value.shape != shape:
            own = known.value.shape
            raise SymbpttError(f"{show_key(key)} stands with shapes {own} and {shape}")
        return known

    def moved(self, value: Dual) -> Dual:
        """Residues at rest in all their unit directions at once."""
        rows, cols = value.value.shape
        unit = np.eye(rows * cols, dtype=np.int64).reshape(rows * cols, cols, rows)
        return Dual(value.value, unit.swapaxes(1, 2))

    def drawn_leaf(self, key: Key, shape: tuple[int, int]) -> Dual:
        """Random residues."""
        return Dual(self.drawn(("leaf", key), *shape))

    def drawn(self, key: object, rows: int, cols: int) -> Array:
        """A random matrix of residues, for every key another one."""
        return self.image(key, np.arange(rows * cols).reshape(rows, cols))

    def image(self, key: object, at: Array) -> Array:
        """A random function at every entry, for every key another one."""
        salt = crc32(repr((self.world.seed, key)).encode())
        mixed = duals.mixed(at.astype(np.uint64) + np.uint64(salt << 32))
        return np.asarray((mixed % np.uint64(PRIME)).astype(np.int64))

    def jacobian(self, t: tm.Partial, env: Env) -> Array:
        """dy/dx, shape (size y, size x): its columns are the responses to the unit directions."""
        if self.motion is not None:
            raise NotSupported(f"the derivative {t} stands inside another derivative")
        y, x = t.children
        self.value(x, env)  # an x that does not exist is an error, not a zero derivative
        self.move(Motion.by(t, env))
        try:
            response = self.value(y, env)
        finally:
            self.move(None)
        directions, size = integer(tm.size(x), env), response.value.size
        if response.slopes is None:
            return np.zeros((size, directions), dtype=np.int64)
        columns: Array = response.slopes.swapaxes(1, 2).reshape(directions, size)
        return columns.T


# ---------------------------------------------------------------- terms


def _constant(ev: Evaluator, t: tm.Const, env: Env) -> Dual:
    try:
        value = number(t.value, env)
        if isinstance(value, float) or value.denominator % PRIME == 0:
            raise NotSupported(f"the number {t.value} is no residue")
    except ArithmeticError as error:
        raise SymbpttError(f"{t.value} is not a finite real number here") from error
    return duals.filled((1, 1), value.numerator * pow(value.denominator, -1, PRIME) % PRIME)


def _map(ev: Evaluator, t: tm.Map, env: Env) -> Dual:
    """f^(k)(a + b ε) = f^(k)(a) + f^(k+1)(a) b ε, with values of f at random."""
    if known(t.fname) is not None:
        raise NotSupported(f"{t.fname} is no unspecified function")
    a = ev.value(t.arg, env)
    value = ev.image(("map", t.fname, t.order), a.value)
    if a.slopes is None:
        return Dual(value)
    slope = ev.image(("map", t.fname, t.order + 1), a.value)
    return Dual(value, duals.entrywise(slope, a.slopes))


def _function(ev: Evaluator, t: tm.Func, env: Env) -> Dual:
    """F(a + b ε) = F(a) + F'(a) b ε, with values of F and of its Jacobian at random."""
    parts = [ev.value(x, env).each(duals.vec) for x in t.arguments]
    sizes = tuple(len(p.value) for p in parts)
    whole, rows = duals.joined(parts, -2), dimension(t.shape[0], env)
    index = None if t.index is None else integer(t.index, env)
    key = (t.name, index, rows, sizes, tuple(whole.value[:, 0].tolist()))
    if not t.slot:
        value = ev.drawn(("value", *key), rows, 1)
        if whole.slopes is None:
            return Dual(value)
    elif whole.slopes is not None:
        raise NotSupported(f"the derivative {t} stands inside another derivative")
    jacobian = ev.drawn(("jacobian", *key), rows, sum(sizes))
    if whole.slopes is not None:
        return Dual(value, duals.matrix(jacobian, whole.slopes))
    start = sum(sizes[: t.slot - 1])
    return Dual(jacobian[:, start : start + sizes[t.slot - 1]])


def _ranged(ev: Evaluator, t: tm.SumOver | tm.OrderedProduct, env: Env) -> Iterator[Dual]:
    t = unshadowing(t, ev.world.sizes)
    for i in range(integer(t.lo, env), integer(t.hi, env) + 1):
        yield ev.value(t.body, {**env, t.bound: i})


def _sum(ev: Evaluator, t: tm.SumOver, env: Env) -> Dual:
    parts = list(_ranged(ev, t, env))
    return reduce(duals.plus, parts) if parts else duals.filled(shape_in(t, env), 0)


def _product(ev: Evaluator, t: tm.OrderedProduct, env: Env) -> Dual:
    factors = list(_ranged(ev, t, env))
    if not factors:
        return duals.identity(dimension(t.shape[0], env))
    return reduce(lambda done, factor: duals.times(factor, done), factors)


def _when(ev: Evaluator, t: tm.When, env: Env) -> Dual:
    if all(number(c, env) >= 0 for c in t.conditions):
        return ev.value(t.args[0], env)
    return duals.filled(shape_in(t, env), 0)


def _exponent(t: tm.Power | powers.EntrywisePower, env: Env) -> int:
    exponent = integer(t.exponent, env)
    if exponent < 0:
        raise SymbpttError(f"the exponent {t.exponent} of {t.args[0]} is {exponent} here")
    if exponent > _LARGEST:
        raise NotSupported(f"the exponent {exponent} is large")
    return exponent


def _power(ev: Evaluator, t: tm.Power, env: Env) -> Dual:
    factors = [ev.value(t.args[0], env)] * _exponent(t, env)
    return reduce(duals.times, factors, duals.identity(dimension(t.shape[0], env)))


def _entrywise_power(ev: Evaluator, t: powers.EntrywisePower, env: Env) -> Dual:
    factors = [ev.value(t.args[0], env)] * _exponent(t, env)
    return reduce(duals.hadamard, factors, duals.filled(shape_in(t, env), 1))


def _binomial(ev: Evaluator, t: powers.Binomial, env: Env) -> Dual:
    value = int(sympy_binomial(integer(t.above, env), integer(t.below, env)))
    return duals.filled((1, 1), value % PRIME)


def _det(ev: Evaluator, t: powers.Det, env: Env) -> Dual:
    matrix = ev.value(t.args[0], env)
    if len(matrix.value) > _LARGEST_DET:
        raise NotSupported(f"a determinant of {len(matrix.value)} rows is large")
    return duals.det(matrix)


def _unit(ev: Evaluator, t: units.Unit, env: Env) -> Dual:
    rows = np.arange(1, dimension(t.shape[0], env) + 1)
    return Dual((rows == integer(t.index, env)).astype(np.int64)[:, None])


def _diag(ev: Evaluator, t: tm.Diag, env: Env) -> Dual:
    return ev.value(t.args[0], env).each(lambda a: a * np.eye(a.shape[-2], dtype=np.int64))


def _unvec(ev: Evaluator, t: tm.Unvec, env: Env) -> Dual:
    rows, cols = shape_in(t, env)
    return ev.value(t.args[0], env).each(
        lambda a: a.reshape(*a.shape[:-2], cols, rows).swapaxes(-1, -2)
    )


def _block(ev: Evaluator, t: tm.Block, env: Env) -> Dual:
    m, n = t.grid
    rows = [duals.joined([ev.value(t.block(i, j), env) for j in range(n)], -1) for i in range(m)]
    return duals.joined(rows, -2)


def _entry(ev: Evaluator, t: tm.Entry, env: Env) -> Dual:
    matrix, i, j = ev.value(t.args[0], env), integer(t.row, env), integer(t.col, env)
    rows, cols = matrix.value.shape
    if not (1 <= i <= rows and 1 <= j <= cols):
        raise IndexRangeError(f"entry ({i}, {j}) of {t.args[0]}, of shape {(rows, cols)} here")
    return matrix.each(lambda a: a[..., i - 1 : i, j - 1 : j])


def _gradient(ev: Evaluator, t: tm.Gradient, env: Env) -> Dual:
    row = ev.jacobian(tm.Partial(t.args[0], t.args[1]), env)
    return Dual(row.reshape(shape_in(t, env), order="F"))


Node = Callable[[Evaluator, Any, Env], Dual]


def _folded(operation: Callable[[Dual, Dual], Dual]) -> Node:
    return lambda ev, t, env: reduce(operation, [ev.value(x, env) for x in t.args])


_NODES: dict[type[Term], Node] = {
    **dict.fromkeys(
        (tm.Param, Elem), lambda ev, t, env: ev.element(leaf_key(t, env), shape_in(t, env))
    ),
    tm.Const: _constant,
    tm.Zero: lambda ev, t, env: duals.filled(shape_in(t, env), 0),
    tm.Ones: lambda ev, t, env: duals.filled(shape_in(t, env), 1),
    tm.Identity: lambda ev, t, env: duals.identity(dimension(t.shape[0], env)),
    tm.Plus: _folded(duals.plus),
    tm.Hadamard: _folded(duals.hadamard),
    tm.Scale: _folded(duals.hadamard),
    tm.Times: _folded(duals.times),
    tm.Kron: _folded(duals.kron),
    tm.Transposed: lambda ev, t, env: ev.value(t.args[0], env).each(lambda a: a.swapaxes(-1, -2)),
    tm.Diag: _diag,
    tm.Vec: lambda ev, t, env: ev.value(t.args[0], env).each(duals.vec),
    tm.Unvec: _unvec,
    tm.Trace: lambda ev, t, env: ev.value(t.args[0], env).each(duals.trace),
    powers.Det: _det,
    tm.Map: _map,
    tm.Func: _function,
    tm.SumOver: _sum,
    tm.OrderedProduct: _product,
    tm.When: _when,
    tm.Power: _power,
    powers.EntrywisePower: _entrywise_power,
    powers.Binomial: _binomial,
    units.Unit: _unit,
    tm.Block: _block,
    tm.Entry: _entry,
    tm.Partial: lambda ev, t, env: Dual(ev.jacobian(t, env)),
    tm.Gradient: _gradient,
}
