"""The reference evaluation of terms: the independent judge of every rule.

It contains no derivative rule. A differential is a complex step: what varies moves by
``i * EPS * direction``, everything is evaluated in complex numbers, and the imaginary part over EPS
is the derivative, exact to rounding since nothing is subtracted.
Source: Squire and Trapp, Using complex variables to estimate derivatives, SIAM Review 40 (1998).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import reduce
from typing import Any, TypeVar

import numpy as np
from sympy import S, Symbol
from sympy import binomial as sympy_binomial

from . import arrays, norms, powers, units
from . import terms as tm
from .arrays import Array
from .errors import IndexRangeError, ModelError, NotSupported, SymbpttError
from .functions import TABLE
from .motion import Motion
from .terms import Elem, Term
from .theory import Frame
from .traverse import apart, contains
from .world import (
    Env, Key, World, dimension, integer, leaf_key, number, real, shape_in, show_key,
)  # fmt: skip

Ranged = TypeVar("Ranged", tm.SumOver, tm.OrderedProduct)
EPS = 1e-30  # its square is far below rounding
_ENDING = frozenset(name for name, row in TABLE.items() if row.domain != S.Reals)
_FRAMED = frozenset((tm.D, tm.Shock))  # what these are depends on the frame
_CLOSE = 1e-10  # a step must be so small beside the distance to the end of a domain


def evaluate(
    term: Term, world: World, index: Mapping[Symbol, int] | None = None, frame: Frame | None = None
) -> Array:
    """The value of a term as a float64 matrix.

    ``index`` gives the free index symbols of the term and of the frame; sizes and lengths are the
    world's. ``frame`` says what varies under d(.); without it every leaf and metavariable does.
    """
    env = world.environment(index or {})
    world.known.trim()
    try:
        with np.errstate(all="ignore"):
            value = np.array(Evaluator(world, frame, env).value(term, env), dtype=np.float64)
    except RecursionError as error:
        raise NotSupported(f"{term} reaches back too many steps to be evaluated here") from error
    if not np.isfinite(value).all():
        raise SymbpttError(f"the value of {term} is not finite at this sample")
    return value


class Evaluator:
    """Evaluation in one world, at rest (motion None) or under one motion."""

    def __init__(
        self, world: World, frame: Frame | None, outer: Env, motion: Motion | None = None
    ) -> None:
        self.world, self.frame, self.outer, self.motion = world, frame, outer, motion
        self.memo = world.memo(motion)
        self.places, self.known = world.known.places, world.known.under(motion)

    def under(self, motion: Motion | None) -> Evaluator:
        """The same evaluation under another motion."""
        return Evaluator(self.world, self.frame, self.outer, motion)

    def value(self, term: Term, env: Env) -> Array:
        """The array (..., rows, columns) of a term; ``env`` has the bound indices too.

        It is computed once for its indices, and not to be changed.
        """
        if self.frame is not None and not term.kinds.isdisjoint(_FRAMED):
            node = NODES.get(type(term)) or _unknown  # not remembered: the frame is no part of it
            return node(self, term, env)
        name = id(term)
        indices = (self.places.get(name) or self.world.known.place(term))[1]
        if not indices:
            key: Hashable = name
        elif len(indices) == 1:  # as most have
            key = name, env.get(indices[0])
        else:
            key = (name, *map(env.get, indices))
        found = self.known.get(key)
        if found is None:
            node = NODES.get(type(term)) or _unknown
            found = self.known[key] = node(self, term, env)
        return found

    def leaf(self, key: Key, shape: tuple[int, int]) -> Array:
        """A parameter, an element or a metavariable, through its definition if it has one."""
        known = self.memo.get(key)
        if known is not None:
            if known.shape[-2:] != shape:
                raise SymbpttError(f"{show_key(key)} stands with shapes {known.shape} and {shape}")
            return known
        if key in self.memo:
            raise ModelError(f"{show_key(key)} is defined through itself")
        self.memo[key] = None
        try:
            result = self._leaf(key, shape)
        except BaseException:
            del self.memo[key]
            raise
        self.memo[key] = result
        return result

    def _leaf(self, key: Key, shape: tuple[int, int]) -> Array:
        definition, motion = self.world.source(key), self.motion
        if motion is not None:
            if motion.moves(key, definition is None):
                return self.under(None).leaf(key, shape) + 1j * EPS * self._direction(key, shape)
            if motion.holds(key):
                return self.under(None).leaf(key, shape)
        if definition is None:
            return self.world.leaf(key, shape)
        if contains(definition.body, tm.D) or contains(definition.body, tm.Shock):
            raise NotSupported(f"the definition of {definition.head} contains a differential")
        env = dict(self.world.sizes)
        if definition.index is not None:
            env[definition.index] = int(key[1])
        result = self.value(definition.body, env)
        if motion is not None and motion.shakes(key):
            return result + 1j * EPS * self.world.direction(("shock", *key), shape)
        return result

    def _direction(self, key: Key, shape: tuple[int, int]) -> Array:
        if self.motion is not None and self.motion.unit:
            rows, cols = shape
            return np.eye(rows * cols).reshape(-1, cols, rows).swapaxes(-1, -2)
        return self.world.direction(key, shape)

    def refuse_nesting(self, term: Term) -> None:
        """Refuses a derivative inside a derivative: a complex step does not nest."""
        if self.motion is not None:
            raise NotSupported(f"the derivative {term} stands inside another derivative")

    def jacobian(self, t: tm.Partial, env: Env) -> Array:
        """dy/dx, shape (size y, size x): its columns are the responses to the unit directions."""
        self.refuse_nesting(t)
        y, x = t.children
        self.value(x, env)  # an x that does not exist is an error, not a zero derivative
        response = self.under(Motion.by(t, env)).value(y, env)
        batch = (dimension(tm.size(x), env), *shape_in(y, env))
        columns = arrays.vec(np.broadcast_to(np.imag(response) / EPS, batch))
        return columns[..., 0].T


def _leaf(ev: Evaluator, t: tm.Param | Elem | tm.Meta, env: Env) -> Array:
    return ev.leaf(leaf_key(t, env), shape_in(t, env))


def _func(ev: Evaluator, t: tm.Func, env: Env) -> Array:
    parts = [arrays.vec(ev.value(a, env)) for a in t.arguments]
    sizes = tuple(p.shape[-2] for p in parts)
    index = None if t.index is None else integer(t.index, env)
    smooth = ev.world.smooth(t.name, index, dimension(t.shape[0], env), sizes)
    if not t.slot:
        return smooth(arrays.stack(*parts))
    if any(np.iscomplexobj(p) for p in parts):
        ev.refuse_nesting(t)
    j = t.slot - 1
    parts[j] = parts[j] + 1j * EPS * np.eye(sizes[j])[:, :, None]
    response: Array = smooth(arrays.stack(*parts))[..., 0].imag
    return response.T / EPS


def _differential(ev: Evaluator, t: tm.D, env: Env) -> Array:
    ev.refuse_nesting(t)
    moved = ev.under(Motion.of(ev.frame, ev.outer)).value(t.args[0], env)
    return np.imag(moved) / EPS


def _shock(ev: Evaluator, t: tm.Shock, env: Env) -> Array:
    element, shape = t.args[0], shape_in(t, env)
    if ev.frame is None or element.name not in ev.frame.shocks:
        return np.zeros(shape)
    return ev.world.direction(("shock", *leaf_key(element, env)), shape)


def _ranged(ev: Evaluator, t: tm.SumOver | tm.OrderedProduct, env: Env) -> list[Array]:
    t = unshadowing(t, ev.world.sizes)
    body, bound = t.body, t.bound
    indices = range(integer(t.lo, env), integer(t.hi, env) + 1)
    return [ev.value(body, {**env, bound: i}) for i in indices]


def unshadowing(t: Ranged, sizes: Mapping[Symbol, int]) -> Ranged:
    """The same term with another name for a bound index that is the name of a size, too."""
    return apart(t, {t.bound}) if t.bound in sizes else t


def _sum(ev: Evaluator, t: tm.SumOver, env: Env) -> Array:
    parts = _ranged(ev, t, env)
    return reduce(np.add, parts) if parts else np.zeros(shape_in(t, env))


def _product(ev: Evaluator, t: tm.OrderedProduct, env: Env) -> Array:
    factors = _ranged(ev, t, env)
    if not factors:
        return np.eye(dimension(t.shape[0], env))
    return reduce(lambda done, factor: factor @ done, factors)


def _when(ev: Evaluator, t: tm.When, env: Env) -> Array:
    if all(number(c, env) >= 0 for c in t.conditions):
        return ev.value(t.args[0], env)
    return np.zeros(shape_in(t, env))


def _power(ev: Evaluator, t: tm.Power, env: Env) -> Array:
    exponent = integer(t.exponent, env)
    if exponent < 0:
        raise SymbpttError(f"the exponent {t.exponent} of {t.args[0]} is {exponent} here")
    power: Array = np.linalg.matrix_power(ev.value(t.args[0], env), exponent)
    return power


def _entrywise_power(ev: Evaluator, t: powers.EntrywisePower, env: Env) -> Array:
    exponent = integer(t.exponent, env)
    if exponent < 0:
        raise SymbpttError(f"the exponent {t.exponent} of {t.args[0]} is {exponent} here")
    power: Array = ev.value(t.args[0], env) ** exponent
    return power


def _binomial(ev: Evaluator, t: powers.Binomial, env: Env) -> Array:
    value = sympy_binomial(integer(t.above, env), integer(t.below, env))
    return np.full((1, 1), float(value))


def _unit(ev: Evaluator, t: units.Unit, env: Env) -> Array:
    rows = np.arange(1, dimension(t.shape[0], env) + 1)
    return (rows == integer(t.index, env)).astype(float)[:, None]


def _norm(ev: Evaluator, t: norms.Norm, env: Env) -> Array:
    return (arrays.norm if t.kind == "2" else arrays.largest)(ev.value(t.args[0], env))


def _block(ev: Evaluator, t: tm.Block, env: Env) -> Array:
    m, n = t.grid
    rows = [[ev.value(t.block(i, j), env) for j in range(n)] for i in range(m)]
    return arrays.stack(*(arrays.stack(*row, axis=-1) for row in rows))


def _entry(ev: Evaluator, t: tm.Entry, env: Env) -> Array:
    matrix, i, j = ev.value(t.args[0], env), integer(t.row, env), integer(t.col, env)
    if not (1 <= i <= matrix.shape[-2] and 1 <= j <= matrix.shape[-1]):
        raise IndexRangeError(f"entry ({i}, {j}) of {t.args[0]}, of shape {matrix.shape[-2:]} here")
    return matrix[..., i - 1 : i, j - 1 : j]


def _gradient(ev: Evaluator, t: tm.Gradient, env: Env) -> Array:
    row = ev.value(tm.Partial(t.args[0], t.args[1]), env)
    return row.reshape(shape_in(t, env), order="F")


Node = Callable[[Evaluator, Any, Env], Array]


def _apply(operation: Callable[..., Array]) -> Node:
    """Of the values of the arguments, all of which are terms."""

    def node(ev: Evaluator, t: Term, env: Env) -> Array:
        value = ev.value
        return operation(*[value(part, env) for part in t.args])

    return node


_OPERATIONS: dict[type[Term], Callable[..., Array]] = {
    tm.Plus: arrays.plus,
    tm.Hadamard: arrays.hadamard,
    tm.Times: arrays.times,
    tm.Scale: arrays.hadamard,
    tm.Transposed: arrays.transposed,
    tm.Diag: arrays.diag,
    tm.Vec: arrays.vec,
    tm.Kron: arrays.kron,
    tm.Inverse: arrays.inverse,
    tm.Trace: arrays.trace,
    tm.Softmax: arrays.softmax,
    norms.Min: arrays.minimum,
    norms.Max: arrays.maximum,
    powers.Radius: arrays.radius,
    powers.Det: arrays.det,
}


def _map(ev: Evaluator, t: tm.Map, env: Env) -> Array:
    """Entry by entry; a complex step is no derivative where the step is longer than the way to
    the end of the function's domain, as in log(p) with p below EPS."""
    value = ev.value(t.arg, env)
    moves = ev.motion is not None and t.fname in _ENDING
    if moves and (np.abs(value.imag) > _CLOSE * np.abs(value.real)).any():
        raise SymbpttError(f"the derivative of {t} cannot be told apart from rounding here")
    return ev.world.elementwise(t.fname, t.order, value)


def _unknown(ev: Evaluator, t: Term, env: Env) -> Array:
    raise NotSupported(f"the term {t} has no reference evaluation")


NODES: dict[type[Term], Node] = {
    **{cls: _apply(operation) for cls, operation in _OPERATIONS.items()},
    **dict.fromkeys((tm.Param, tm.Elem, tm.Meta), _leaf),
    tm.Const: lambda ev, t, env: np.full((1, 1), real(t.value, env)),
    tm.Zero: lambda ev, t, env: np.zeros(shape_in(t, env)),
    tm.Ones: lambda ev, t, env: np.ones(shape_in(t, env)),
    tm.Identity: lambda ev, t, env: np.eye(dimension(t.shape[0], env)),
    tm.Map: _map,
    tm.Func: _func,
    tm.D: _differential,
    tm.Shock: _shock,
    tm.SumOver: _sum,
    tm.OrderedProduct: _product,
    tm.When: _when,
    tm.Power: _power,
    tm.Unvec: lambda ev, t, env: arrays.unvec(ev.value(t.args[0], env), *shape_in(t, env)),
    tm.Block: _block,
    tm.Entry: _entry,
    tm.Partial: lambda ev, t, env: ev.jacobian(t, env),
    tm.Gradient: _gradient,
    powers.EntrywisePower: _entrywise_power,
    powers.Binomial: _binomial,
    units.Unit: _unit,
    norms.Norm: _norm,
    norms.Sup: lambda ev, t, env: np.full((1, 1), ev.world.supremum(t.fname, t.order)),
}
