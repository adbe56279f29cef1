"""Values of many terms that differ little: the mutants of an answer, told apart by evaluation.

Mutants share most of their subterms, and each of these is evaluated once. An element that does not
exist (h[T+1]) has a random value of its own here, so that answers that slip out of range are told
apart, too; a term such as M^{-1} for a power has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sympy import Symbol

from symbptt.core.arrays import Array
from symbptt.core.errors import IndexRangeError, NotSupported, SymbpttError
from symbptt.core.evaluation import Evaluator
from symbptt.core.meaning import samples
from symbptt.core.motion import Motion
from symbptt.core.terms import Term
from symbptt.core.theory import Theory
from symbptt.core.world import Env, Key, World

from .fitting import worlds
from .mutations import FREED, Background

_FREE_VALUES = (1, 2)  # in range for every model with two steps
_TOLERANCE = 1e-8
_FLOOR = 1e-11
_TRIALS = 4

Value = Array | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What is compared first of a value: its shape, its first entry, and its largest modulus."""

    shape: tuple[int, ...] | None
    first: float = 0.0
    scale: float = 0.0

    @classmethod
    def of(cls, value: Value) -> Mark:
        """The mark of a value, or of none."""
        if value is None:
            return cls(None)
        return cls(value.shape, value.item(0), float(np.abs(value).max()))

    def near(self, other: Mark) -> bool:
        """Whether the values may agree but for rounding."""
        if self.shape != other.shape:
            return False
        slack = _TOLERANCE * max(self.scale, other.scale) + _FLOOR
        return abs(self.first - other.first) <= slack and abs(self.scale - other.scale) <= slack


class _Lenient(Evaluator):
    """An evaluation in which elements that do not exist have values, too."""

    def under(self, motion: Motion | None) -> _Lenient:
        return _Lenient(self.world, self.frame, self.outer, motion)

    def leaf(self, key: Key, shape: tuple[int, int]) -> Array:
        try:
            return super().leaf(key, shape)
        except IndexRangeError:
            return self.world.leaf(key, shape)


class Probe:
    """Samples of a background at which terms are evaluated."""

    def __init__(self, background: Background, about: tuple[Term, ...]) -> None:
        self.places: list[tuple[_Lenient, Mapping[Symbol, int]]] = []
        theory = background.theory
        drawn = samples(about, theory, background.facts, trials=_TRIALS, seed=3)
        for trial, (sizes, picked) in enumerate(drawn):
            world = _world(theory, tuple(sizes.items()), 31 + trial)
            if world is not None:
                for number, place in enumerate(_spread(picked)):
                    env = {**sizes, **place, **_free_values(number + trial)}
                    self.places.append((_Lenient(world, None, env), env))
        if not self.places:
            raise NotSupported("no values were found that meet the assumptions")

        lengths = background.lengths
        self._quick = min(self.places, key=lambda place: _labour(place[1], lengths))

    def first(self, term: Term) -> Mark:
        """The mark of the value at a small sample, which tells most terms apart."""
        return Mark.of(_value(*self._quick, term))

    def agree(self, a: Term, b: Term) -> bool:
        """Whether both exist at some sample, and have one value wherever they exist."""
        exists = False
        for place in self.places:
            x, y = _value(*place, a), _value(*place, b)
            if not close(x, y):
                return False
            exists = exists or x is not None
        return exists


@lru_cache(maxsize=32)
def _world(theory: Theory, sizes: tuple[tuple[Symbol, int], ...], seed: int) -> World | None:
    """A world of these sizes; answers to questions about one model share what is known in it."""
    return next(worlds(theory, dict(sizes), seed), None)


def _labour(env: Env, lengths: tuple[Symbol, ...]) -> tuple[bool, int, int]:
    """How much there is to be done at a sample; one with a single step tells too little apart."""
    steps = [env[s] for s in lengths if s in env]
    return min(steps, default=2) < 2, sum(steps), sum(env.values())


def _spread(places: list[dict[Symbol, int]]) -> list[dict[Symbol, int]]:
    """Three choices of the indices: far from each other, less far, and as near as possible."""
    ranked = sorted(places, key=lambda p: min(p.values(), default=0) - max(p.values(), default=0))
    return [ranked[i] for i in sorted({0, len(ranked) // 2, len(ranked) - 1})]


def _free_values(number: int) -> dict[Symbol, int]:
    count = len(_FREE_VALUES)
    return {s: _FREE_VALUES[(number + i) % count] for i, s in enumerate(FREED)}


def _value(evaluator: _Lenient, env: Env, term: Term) -> Value:
    evaluator.world.known.trim()
    try:
        with np.errstate(all="ignore"):
            value = evaluator.value(term, env)
    except (SymbpttError, RecursionError, ArithmeticError, ValueError):
        return None
    return value if np.isfinite(value).all() else None


def close(a: Value, b: Value) -> bool:
    """Whether two values agree but for rounding; a term that does not exist has none."""
    if a is None or b is None:
        return a is b
    if a.shape != b.shape:
        return False
    scale = max(np.abs(a).max(), np.abs(b).max())
    return bool(np.abs(a - b).max() <= _TOLERANCE * scale + _FLOOR)
