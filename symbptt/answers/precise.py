"""The reference evaluation in many digits, to tell rounding from difference.

The same evaluation and the same random values as in double precision, with numbers of mpmath in
place of floats: sides that differ only by rounding agree to all these digits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symbptt.core import arrays, norms, powers, units
from symbptt.core import terms as tm
from symbptt.core.arrays import Array
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.evaluation import EPS, NODES, Evaluator
from symbptt.core.functions import known
from symbptt.core.motion import Motion
from symbptt.core.remembered import Remembered
from symbptt.core.terms import Term
from symbptt.core.world import Env, Key, World, formula, integer, number

from .elaborate import Question
from .probing import Sample

DIGITS = 60
_SAME = mpmath.mpf(10) ** -40  # relative; the complex step errs by its square, 1e-60
_NEAR = 1e-5  # within which both precisions must agree on what a side is


def holds(link: Question, sample: Sample) -> bool:
    """Whether the link holds at the sample to all digits; NotSupported where that is not known."""
    with mpmath.workdps(DIGITS):
        world = _precise(sample.world)
        world.known.trim()
        env = {**world.sizes, **sample.indices}
        sides = link.left, link.right
        try:
            left, right = (_Precise(world, None, env).value(side, env) for side in sides)
        except (TypeError, AttributeError, ValueError, ArithmeticError, NotImplementedError) as e:
            raise NotSupported(f"no evaluation in {DIGITS} digits: {e}") from e
        for value, before in ((left, sample.left), (right, sample.right)):
            if value.shape != before.shape or not _near(value, before):
                raise NotSupported("the two precisions do not agree on the value of a side")
        slack = _SAME * max(1e-3, *(abs(x) for x in (*left.flat, *right.flat)))
        small, large = (right, left) if link.relation.startswith(">") else (left, right)
        gaps = [x - y for x, y in zip(small.flat, large.flat, strict=True)]
        if link.relation == "=":
            return all(abs(gap) <= slack for gap in gaps)
        strict = link.relation in ("<", ">")
        return all(gap < -slack if strict else gap <= slack for gap in gaps)


def _near(value: Array, before: Array) -> bool:
    after = np.array([[float(x) for x in row] for row in value])
    scale = max(1e-3, float(np.abs(before).max()))
    return bool(np.abs(after - before).max() <= _NEAR * scale)


class _World:
    """The leaves and functions of a world as numbers of mpmath."""

    def __init__(self, world: World) -> None:
        self._world, self.sizes = world, world.sizes
        self.source = world.source
        self.known = Remembered()
        self._memos: dict[Any, dict[Key, Array | None]] = {}

    def memo(self, motion: Any) -> dict[Key, Array | None]:
        return self._memos.setdefault(motion, {})

    def leaf(self, key: Key, shape: tuple[int, int]) -> Array:
        return _exact(self._world.leaf(key, shape))

    def elementwise(self, name: str, order: int, x: Array) -> Array:
        row = known(name)
        if row is not None:
            return _each(_function(row.name, order), x)
        a, b, c = (list(map(mpmath.mpf, w)) for w in self._world._waves(name))
        quarter = order * mpmath.pi / 2

        def waves(u: Any) -> Any:
            parts = zip(a, b, c, strict=True)
            return sum(p * q**order * mpmath.sin(q * u + r + quarter) for p, q, r in parts)

        return _each(waves, x)

    def smooth(self, name: str, index: int | None, rows: int, sizes: tuple[int, ...]) -> Any:
        smooth = self._world.smooth(name, index, rows, sizes)
        outer, inner, shift = map(_exact, (smooth.outer, smooth.inner, smooth.shift))
        return lambda u: outer @ _each(mpmath.sin, inner @ u + shift)


@lru_cache(maxsize=64)
def _precise(world: World) -> _World:
    """The same world, kept for the claims that follow; always in as many digits."""
    return _World(world)


def _exact(value: Array) -> Array:
    return _each(mpmath.mpf, value)


def _each(f: Callable[[Any], Any], value: Array) -> Array:
    return np.asarray(np.frompyfunc(f, 1, 1)(value), dtype=object)


@lru_cache(maxsize=256)
def _function(name: str, order: int) -> Callable[[Any], Any]:
    x, expr = formula(name, order)
    modules = [{"step": lambda u: int(mpmath.re(u) > 0)}, "mpmath"]
    compiled: Callable[[Any], Any] = sp.lambdify(x, expr, modules)
    return compiled


class _Precise(Evaluator):
    """The reference evaluation with numbers of mpmath; what needs floats is refused."""

    def under(self, motion: Motion | None) -> Evaluator:
        return _Precise(self.world, self.frame, self.outer, motion)

    def computed(self, term: Term, env: Env) -> Array:
        node = _NODES.get(type(term))
        if node is None:
            raise NotSupported(f"no evaluation of {term} in many digits")
        return node(self, term, env)

    def jacobian(self, t: tm.Partial, env: Env) -> Array:
        self.refuse_nesting(t)
        y, x = t.children
        self.value(x, env)
        response = self.under(Motion.by(t, env)).value(y, env)
        rows, cols = (integer(side, env) for side in y.shape)
        moved = _each(lambda z: mpmath.im(z) / EPS, np.asarray(response, dtype=object))
        batch = np.broadcast_to(moved, (integer(tm.size(x), env), rows, cols))
        return np.asarray(arrays.vec(batch)[..., 0].T)


def _constant(ev: Evaluator, t: tm.Const, env: Env) -> Array:
    value = number(t.value, env)
    if isinstance(value, float):  # an irrational number
        exact = mpmath.mpmathify(sp.N(t.value, DIGITS))
    else:
        exact = mpmath.mpf(value.numerator) / value.denominator
    return np.full((1, 1), exact, dtype=object)


def _softmax(ev: Evaluator, t: tm.Softmax, env: Env) -> Array:
    power = _each(mpmath.exp, np.asarray(ev.value(t.args[0], env), dtype=object))
    return np.asarray(power / power.sum(axis=-2, keepdims=True))


def _inverse(ev: Evaluator, t: tm.Inverse, env: Env) -> Array:
    a = np.asarray(ev.value(t.args[0], env), dtype=object)
    if a.ndim != 2:
        raise NotSupported("the derivative of an inverse in many digits")
    try:
        inverse = mpmath.inverse(mpmath.matrix(a.tolist()))
    except ZeroDivisionError as error:
        raise SymbpttError("a matrix that is inverted is singular at this sample") from error
    return np.array(inverse.tolist(), dtype=object)


def _norm(ev: Evaluator, t: norms.Norm, env: Env) -> Array:
    a = np.asarray(ev.value(t.args[0], env), dtype=object)
    if t.kind != "2" or 1 not in a.shape[-2:]:
        raise NotSupported("a spectral norm in many digits")
    return _each(mpmath.sqrt, (a * a).sum(axis=(-2, -1), keepdims=True))


def _func(ev: Evaluator, t: tm.Func, env: Env) -> Array:
    if t.slot:
        raise NotSupported("the derivative of a function by a slot in many digits")
    parts = [arrays.vec(ev.value(a, env)) for a in t.arguments]
    index = None if t.index is None else integer(t.index, env)
    sizes = tuple(p.shape[-2] for p in parts)
    smooth = ev.world.smooth(t.name, index, integer(t.shape[0], env), sizes)
    return np.asarray(smooth(arrays.stack(*parts)))


_UNCHANGED = (
    tm.Plus, tm.Hadamard, tm.Times, tm.Scale, tm.Transposed, tm.Diag, tm.Vec, tm.Kron, tm.Trace,
    tm.Param, tm.Elem, tm.Zero, tm.Ones, tm.Identity, tm.Map, tm.SumOver, tm.OrderedProduct,
    tm.When, tm.Power, tm.Unvec, tm.Block, tm.Entry, tm.Partial, tm.Gradient,
    units.Unit,
)  # fmt: skip
_NODES: dict[type[Term], Any] = {
    **{cls: NODES[cls] for cls in _UNCHANGED},
    tm.Const: _constant, tm.Softmax: _softmax, tm.Inverse: _inverse, tm.Func: _func,
    norms.Norm: _norm, powers.Det: NODES[powers.Det],
}  # fmt: skip
