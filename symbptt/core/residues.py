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

Derivatives are computed with dual numbers: the value of a term under a change of x in all its unit
directions is a + Σ_j b_j ε_j with ε_i ε_j = 0. No rule of differentiation for matrices is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any
from zlib import crc32

import numpy as np
from sympy import Expr, Symbol
from sympy import binomial as sympy_binomial

from . import powers, units
from . import terms as tm
from .arrays import Array
from .errors import IndexRangeError, ModelError, NotSupported, SymbpttError
from .functions import known
from .motion import Motion
from .terms import Elem, Term
from .world import Env, Key, World, integer, leaf_key, number, show_key

PRIME = 2**31 - 1
_HALF = 16  # bits: products of a half and a residue can be added up without overflow
_LARGEST = 64  # exponents; larger powers are left to other evaluations


@dataclass(frozen=True, slots=True)
class Dual:
    """Residues ``value`` (rows, columns) with ``slopes`` (directions, rows, columns) or None."""

    value: Array
    slopes: Array | None = None

    def each(self, move: Callable[[Array], Array]) -> Dual:
        """A linear operation on the last two axes, such as a transpose."""
        return Dual(move(self.value), None if self.slopes is None else move(self.slopes))


def residues(term: Term, world: World, index: Mapping[Symbol, int] | None = None) -> Array:
    """The value of a term modulo the prime, (rows, columns) of int64.

    The world says sizes and definitions, and its seed the random residues; values that it sets
    for leaves do not count. NotSupported for what is
    no polynomial: known functions, norms, inverses, assumptions, differentials.
    """
    env = {**world.sizes, **(index or {})}
    try:
        return _evaluator(world).value(term, env).value
    except RecursionError as error:
        raise NotSupported(f"{term} reaches back too many steps to be evaluated here") from error


@lru_cache(maxsize=128)
def _evaluator(world: World) -> Evaluator:
    """The evaluator of a world, which remembers what it found."""
    return Evaluator(world)


class Evaluator:
    """Evaluation modulo the prime in the sizes and definitions of a world."""

    def __init__(self, world: World) -> None:
        if world.theory is not None and world.theory.assumptions:
            raise NotSupported("residues that meet assumptions are not drawn")
        self.world = world
        self.motion: Motion | None = None
        self.memo: dict[Motion | None, dict[Key, Dual | None]] = {}
        self._values: dict[object, Dual] = {}
        self._places: dict[int, tuple[Term, tuple[Symbol, ...]]] = {}

    def value(self, term: Term, env: Env) -> Dual:
        """The residues of a term; ``env`` has the bound indices too. Nothing is computed twice."""
        place = self._places.get(id(term))
        if place is None:
            place = self._places[id(term)] = term, tuple(term.free_symbols)
        key = (id(term), self.motion, *(env.get(s) for s in place[1]))
        found = self._values.get(key)
        if found is None:
            node = _NODES.get(type(term))
            if node is None:
                raise NotSupported(f"the term {term} has no value modulo a prime")
            found = self._values[key] = node(self, term, env)
        return found

    def leaf(self, key: Key, shape: tuple[int, int]) -> Dual:
        """A parameter or an element, through its definition if it has one."""
        memo = self.memo.setdefault(self.motion, {})
        if key in memo:
            known = memo[key]
            if known is None:
                raise ModelError(f"{show_key(key)} is defined through itself")
        else:
            memo[key] = None
            try:
                known = memo[key] = self._found(key, shape)
            finally:
                if memo[key] is None:
                    del memo[key]
        if known.value.shape != shape:
            own = known.value.shape
            raise SymbpttError(f"{show_key(key)} stands with shapes {own} and {shape}")
        return known

    def _found(self, key: Key, shape: tuple[int, int]) -> Dual:
        definition, motion = self.world.source(key), self.motion
        if motion is not None:
            if motion.moves(key, definition is None):
                count = shape[0] * shape[1]
                unit = np.eye(count, dtype=np.int64).reshape(count, shape[1], shape[0])
                return Dual(self._at_rest(key, shape).value, unit.swapaxes(1, 2))
            if motion.holds(key):
                return self._at_rest(key, shape)
        if definition is None:
            return Dual(self.drawn(("leaf", key), *shape))
        env = dict(self.world.sizes)
        if definition.index is not None:
            env[definition.index] = int(key[1])
        return self.value(definition.body, env)

    def _at_rest(self, key: Key, shape: tuple[int, int]) -> Dual:
        motion, self.motion = self.motion, None
        try:
            return self.leaf(key, shape)
        finally:
            self.motion = motion

    def drawn(self, key: object, rows: int, cols: int) -> Array:
        """A random matrix of residues, for every key another one."""
        return self.image(key, np.arange(rows * cols).reshape(rows, cols))

    def image(self, key: object, at: Array) -> Array:
        """A random function at every entry, for every key another one."""
        salt = crc32(repr((self.world.seed, key)).encode())
        mixed = _mixed(at.astype(np.uint64) + np.uint64(salt << 32))
        return np.asarray((mixed % np.uint64(PRIME)).astype(np.int64))

    def jacobian(self, t: tm.Partial, env: Env) -> Array:
        """dy/dx, shape (size y, size x): its columns are the responses to the unit directions."""
        if self.motion is not None:
            raise NotSupported(f"the derivative {t} stands inside another derivative")
        y, x = t.children
        self.value(x, env)  # an x that does not exist is an error, not a zero derivative
        self.motion = Motion.by(t, env)
        try:
            response = self.value(y, env)
        finally:
            self.motion = None
        directions, size = integer(tm.size(x), env), response.value.size
        if response.slopes is None:
            return np.zeros((size, directions), dtype=np.int64)
        columns: Array = response.slopes.swapaxes(1, 2).reshape(directions, size)
        return columns.T


def _mixed(x: Array) -> Array:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of x.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(x ^ (x >> np.uint64(31)))


# ---------------------------------------------------------------- arithmetic


def _sum_of(a: Array | None, b: Array | None) -> Array | None:
    if a is None or b is None:
        return b if a is None else a
    return (a + b) % PRIME


def _plus(a: Dual, b: Dual) -> Dual:
    return Dual((a.value + b.value) % PRIME, _sum_of(a.slopes, b.slopes))


def _bilinear(operation: Callable[[Array, Array], Array]) -> Callable[[Dual, Dual], Dual]:
    """A product of dual numbers: (a + b ε)(c + d ε) = a c + (a d + b c) ε."""

    def product(a: Dual, b: Dual) -> Dual:
        first = None if b.slopes is None else operation(a.value, b.slopes)
        second = None if a.slopes is None else operation(a.slopes, b.value)
        return Dual(operation(a.value, b.value), _sum_of(first, second))

    return product


def _entrywise(a: Array, b: Array) -> Array:
    return a * b % PRIME


def _matrix(a: Array, b: Array) -> Array:
    """The matrix product: the left factor in halves, so that no sum overflows."""
    high = ((a >> _HALF) @ b) % PRIME
    return ((high << _HALF) + (a & (2**_HALF - 1)) @ b) % PRIME


def _blocks(a: Array, b: Array) -> Array:
    product = np.einsum("...ij,...kl->...ikjl", a, b) % PRIME
    rows, cols = a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1]
    return np.asarray(product.reshape(*product.shape[:-4], rows, cols))


_hadamard, _times, _kron = map(_bilinear, (_entrywise, _matrix, _blocks))


def _filled(shape: tuple[int, int], value: int) -> Dual:
    return Dual(np.full(shape, value, dtype=np.int64))


def _identity(n: int) -> Dual:
    return Dual(np.eye(n, dtype=np.int64))


def _vec(a: Array) -> Array:
    return a.swapaxes(-1, -2).reshape(*a.shape[:-2], -1, 1)


def _trace(a: Array) -> Array:
    return np.asarray(np.trace(a, axis1=-2, axis2=-1) % PRIME)[..., None, None]


def _joined(parts: list[Dual], axis: int) -> Dual:
    """Blocks beside each other (-1) or on top of each other (-2)."""
    value = np.concatenate([p.value for p in parts], axis)
    count = max((len(p.slopes) for p in parts if p.slopes is not None), default=0)
    if not count:
        return Dual(value)
    slopes = [
        np.zeros((count, *p.value.shape), dtype=np.int64) if p.slopes is None else p.slopes
        for p in parts
    ]
    return Dual(value, np.concatenate(slopes, axis))


# ---------------------------------------------------------------- terms


def _side(size: Expr, env: Env) -> int:
    value = integer(size, env)
    if value < 1:
        raise SymbpttError(f"the dimension {size} is {value} here")
    return value


def _shape(t: Term, env: Env) -> tuple[int, int]:
    return _side(t.shape[0], env), _side(t.shape[1], env)


def _constant(ev: Evaluator, t: tm.Const, env: Env) -> Dual:
    try:
        value = number(t.value, env)
        if isinstance(value, float) or value.denominator % PRIME == 0:
            raise NotSupported(f"the number {t.value} is no residue")
    except ArithmeticError as error:
        raise SymbpttError(f"{t.value} is not a finite real number here") from error
    return _filled((1, 1), value.numerator * pow(value.denominator, -1, PRIME) % PRIME)


def _map(ev: Evaluator, t: tm.Map, env: Env) -> Dual:
    """f^(k)(a + b ε) = f^(k)(a) + f^(k+1)(a) b ε, with values of f at random."""
    if known(t.fname) is not None:
        raise NotSupported(f"{t.fname} is no unspecified function")
    a = ev.value(t.arg, env)
    value = ev.image(("map", t.fname, t.order), a.value)
    if a.slopes is None:
        return Dual(value)
    slope = ev.image(("map", t.fname, t.order + 1), a.value)
    return Dual(value, _entrywise(slope, a.slopes))


def _function(ev: Evaluator, t: tm.Func, env: Env) -> Dual:
    """F(a + b ε) = F(a) + F'(a) b ε, with values of F and of its Jacobian at random."""
    parts = [ev.value(x, env).each(_vec) for x in t.arguments]
    sizes = tuple(len(p.value) for p in parts)
    whole, rows = _joined(parts, -2), _side(t.shape[0], env)
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
        return Dual(value, _matrix(jacobian, whole.slopes))
    start = sum(sizes[: t.slot - 1])
    return Dual(jacobian[:, start : start + sizes[t.slot - 1]])


def _ranged(ev: Evaluator, t: tm.SumOver | tm.OrderedProduct, env: Env) -> Iterator[Dual]:
    for i in range(integer(t.lo, env), integer(t.hi, env) + 1):
        yield ev.value(t.body, {**env, t.bound: i})


def _sum(ev: Evaluator, t: tm.SumOver, env: Env) -> Dual:
    return reduce(_plus, _ranged(ev, t, env), _filled(_shape(t, env), 0))


def _product(ev: Evaluator, t: tm.OrderedProduct, env: Env) -> Dual:
    unit = _identity(_side(t.shape[0], env))
    return reduce(lambda done, factor: _times(factor, done), _ranged(ev, t, env), unit)


def _when(ev: Evaluator, t: tm.When, env: Env) -> Dual:
    if all(number(c, env) >= 0 for c in t.conditions):
        return ev.value(t.args[0], env)
    return _filled(_shape(t, env), 0)


def _exponent(t: tm.Power | powers.EntrywisePower, env: Env) -> int:
    exponent = integer(t.exponent, env)
    if exponent < 0:
        raise SymbpttError(f"the exponent {t.exponent} of {t.args[0]} is {exponent} here")
    if exponent > _LARGEST:
        raise NotSupported(f"the exponent {exponent} is large")
    return exponent


def _power(ev: Evaluator, t: tm.Power, env: Env) -> Dual:
    factors = [ev.value(t.args[0], env)] * _exponent(t, env)
    return reduce(_times, factors, _identity(_side(t.shape[0], env)))


def _entrywise_power(ev: Evaluator, t: powers.EntrywisePower, env: Env) -> Dual:
    factors = [ev.value(t.args[0], env)] * _exponent(t, env)
    return reduce(_hadamard, factors, _filled(_shape(t, env), 1))


def _binomial(ev: Evaluator, t: powers.Binomial, env: Env) -> Dual:
    value = int(sympy_binomial(integer(t.above, env), integer(t.below, env)))
    return _filled((1, 1), value % PRIME)


def _unit(ev: Evaluator, t: units.Unit, env: Env) -> Dual:
    rows = np.arange(1, _side(t.shape[0], env) + 1)
    return Dual((rows == integer(t.index, env)).astype(np.int64)[:, None])


def _diag(ev: Evaluator, t: tm.Diag, env: Env) -> Dual:
    return ev.value(t.args[0], env).each(lambda a: a * np.eye(a.shape[-2], dtype=np.int64))


def _unvec(ev: Evaluator, t: tm.Unvec, env: Env) -> Dual:
    rows, cols = _shape(t, env)
    return ev.value(t.args[0], env).each(
        lambda a: a.reshape(*a.shape[:-2], cols, rows).swapaxes(-1, -2)
    )


def _block(ev: Evaluator, t: tm.Block, env: Env) -> Dual:
    m, n = t.grid
    rows = [_joined([ev.value(t.block(i, j), env) for j in range(n)], -1) for i in range(m)]
    return _joined(rows, -2)


def _entry(ev: Evaluator, t: tm.Entry, env: Env) -> Dual:
    matrix, i, j = ev.value(t.args[0], env), integer(t.row, env), integer(t.col, env)
    rows, cols = matrix.value.shape
    if not (1 <= i <= rows and 1 <= j <= cols):
        raise IndexRangeError(f"entry ({i}, {j}) of {t.args[0]}, of shape {(rows, cols)} here")
    return matrix.each(lambda a: a[..., i - 1 : i, j - 1 : j])


def _gradient(ev: Evaluator, t: tm.Gradient, env: Env) -> Dual:
    row = ev.jacobian(tm.Partial(t.args[0], t.args[1]), env)
    return Dual(row.reshape(_shape(t, env), order="F"))


Node = Callable[[Evaluator, Any, Env], Dual]


def _folded(operation: Callable[[Dual, Dual], Dual]) -> Node:
    return lambda ev, t, env: reduce(operation, (ev.value(x, env) for x in t.children))


_NODES: dict[type[Term], Node] = {
    **dict.fromkeys((tm.Param, Elem), lambda ev, t, env: ev.leaf(leaf_key(t, env), _shape(t, env))),
    tm.Const: _constant,
    tm.Zero: lambda ev, t, env: _filled(_shape(t, env), 0),
    tm.Ones: lambda ev, t, env: _filled(_shape(t, env), 1),
    tm.Identity: lambda ev, t, env: _identity(_side(t.shape[0], env)),
    tm.Plus: _folded(_plus),
    tm.Hadamard: _folded(_hadamard),
    tm.Scale: _folded(_hadamard),
    tm.Times: _folded(_times),
    tm.Kron: _folded(_kron),
    tm.Transposed: lambda ev, t, env: ev.value(t.args[0], env).each(lambda a: a.swapaxes(-1, -2)),
    tm.Diag: _diag,
    tm.Vec: lambda ev, t, env: ev.value(t.args[0], env).each(_vec),
    tm.Unvec: _unvec,
    tm.Trace: lambda ev, t, env: ev.value(t.args[0], env).each(_trace),
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
