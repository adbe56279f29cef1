"""γ = sup |f'| of an elementwise function, derived by SymPy, and where it is attained."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import sympy as sp
from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.functions import TABLE

_X = Symbol("x", real=True)
_U = Symbol("u", positive=True)


@dataclass(frozen=True)
class Supremum:
    """The value (oo when unbounded) and the points where it is attained; none if it is not.

    ``everywhere`` says that |f'| has this value on an interval; ``points`` then holds one of it.
    """

    value: Expr
    points: tuple[Expr, ...]
    everywhere: bool = False

    @property
    def attained(self) -> bool:
        """Whether some x has |f'(x)| = γ."""
        return bool(self.points)


def slope_supremum(name: str) -> Supremum:
    """sup |f'| of a row of the functions table."""
    row = TABLE[name]
    return supremum_of(row.sympy, row.kinks)


def supremum_of(function: Expr, kinks: tuple[int, ...] = ()) -> Supremum:
    """sup |f'| over the points where f is differentiable.

    On each interval between the ends of the domain and the kinks, |f'| has its supremum at an end,
    as a limit, or where f'' = 0.
    """
    domain = _domain(function)
    cuts = sorted({*map(sp.Integer, kinks), *_finite(domain.boundary), *_corners(function)})
    ends = [-sp.oo, *cuts, sp.oo]
    attained: list[tuple[Expr, Expr]] = []
    limits: list[Expr] = []
    flat: list[Expr] = []
    at: dict[Expr, list[Expr]] = {c: [] for c in cuts}  # limits of |f'| from both sides
    for lo, hi in pairwise(ends):
        middle = _between(lo, hi)
        if domain.contains(middle) != sp.true:
            continue
        slope = sp.diff(_piece(function, lo), _X)
        sides = [_limit(slope, lo, "+"), _limit(slope, hi, "-")]
        for end, value in zip((lo, hi), sides, strict=True):
            limits.append(value)
            at.setdefault(end, []).append(value)
        if not slope.has(_X):
            attained.append((abs(slope), middle))
            flat.append(abs(slope))
            continue
        inside = sp.Interval.open(lo, hi)
        for point in _critical(slope):
            if inside.contains(point) == sp.true:
                attained.append((sp.simplify(abs(slope.subs(_X, point))), point))
    for cut in cuts:  # f' exists at a cut that is no kink, if it is the same from both sides
        same = len(at[cut]) == 2 and at[cut][0] == at[cut][1]
        if same and cut not in kinks and domain.contains(cut) == sp.true:
            attained.append((at[cut][0], cut))
    top = max([*limits, *(v for v, _ in attained)], key=lambda value: value.evalf(30))
    points = tuple(p for value, p in attained if value == top)
    return Supremum(top, points, top in flat)


def _limit(slope: Expr, end: Expr, side: str) -> Expr:
    """lim |f'|; of a slope that oscillates, the largest value that it comes near to."""
    value = abs(sp.limit(slope, _X, end, side))
    return value.max if isinstance(value, sp.AccumBounds) else value


def _domain(function: Expr) -> sp.Set:
    """Where the function is defined; erf and the step are defined wherever their argument is."""
    inner = function.replace(sp.erf, lambda u: u).replace(sp.Heaviside, lambda u, *_: u)
    return sp.calculus.util.continuous_domain(inner, _X, sp.S.Reals)


def _corners(function: Expr) -> set[Expr]:
    """Where the argument of an absolute value is zero."""
    return {x for a in function.atoms(sp.Abs) for x in sp.solve(a.args[0], _X)}


def _finite(boundary: sp.Set) -> list[Expr]:
    return [x for x in boundary if x.is_finite] if isinstance(boundary, sp.FiniteSet) else []


def _between(lo: Expr, hi: Expr) -> Expr:
    if lo.is_infinite and hi.is_infinite:
        return sp.S.Zero
    if lo.is_infinite:
        return hi - 1
    return lo + 1 if hi.is_infinite else (lo + hi) / 2


def _piece(expr: Expr, lo: Expr) -> Expr:
    """The expression right of ``lo``, up to the next cut: without |x|, max and step."""
    if not expr.has(sp.Abs, sp.Max, sp.Heaviside):
        return expr
    signed = Symbol("x", positive=True) if lo >= 0 else Symbol("x", negative=True)
    piece = expr.subs(_X, signed).doit()
    if piece.has(sp.Abs, sp.Max, sp.Heaviside):
        raise NotSupported(f"a kink of {expr} that is not at 0")
    return piece.subs(signed, _X)


def _critical(slope: Expr) -> tuple[Expr, ...]:
    """The real zeros of the derivative of f'."""
    bend = sp.simplify(sp.diff(slope, _X).rewrite(sp.tanh, sp.exp))
    if bend.has(sp.sin, sp.cos):  # one period
        return tuple(sp.solveset(bend, _X, sp.Interval.Ropen(0, 2 * sp.pi)))
    logs = sp.together(sp.powdenest(sp.expand_power_exp(bend.subs(_X, sp.log(_U)))))
    if bend.has(sp.exp) and not logs.has(sp.log):
        return tuple(sp.log(u) for u in sp.solve(sp.fraction(sp.cancel(logs))[0], _U))
    return tuple(x for x in sp.solve(bend, _X) if x.is_real)
