"""Do the sides of links agree at random values? Many sizes and lengths, opaque functions random.

Equations without known functions are compared modulo a prime (``core.residues``), without rounding.
Of the rest, a difference far above rounding is one; agreement to the last digits is agreement. What
lies between is decided in a second precision (``precise``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from sympy import Symbol

from symbptt.core.arrays import Array
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.evaluation import evaluate
from symbptt.core.meaning import samples
from symbptt.core.residues import residues
from symbptt.core.terms import Term
from symbptt.core.world import World

from .elaborate import Question
from .fitting import positive_world, worlds
from .ranges import Facts
from .setting import Setting

TRIALS = 6
ENOUGH = 4  # samples at which both sides had a value
_CLEAR = 1e-7  # relative: more is no rounding
_ROUNDING = 1e-12
_NONLINEAR = 1e-3  # relative: what moves a side by half a unit is not quite linear


@dataclass(frozen=True)
class Sample:
    """A world, index values, and what the two sides of a link are there."""

    world: World
    indices: dict[Symbol, int]
    left: Array
    right: Array


@dataclass
class Probe:
    """What sampling found of each link.

    ``differs``: a sample at which the link fails. ``close``: samples at which the sides are nearer
    than a clear difference and farther than rounding. ``kept``: the smallest at which it agreed
    up to rounding. ``inexact``: the links that cannot be compared without rounding. ``wide``: the
    dimensions that were larger than one where it agreed. ``rounded``: the first at which it agreed
    as far as the numbers printed in it are known.
    """

    links: Sequence[Question]
    agreed: list[int] = field(default_factory=list)
    differs: list[Sample | None] = field(default_factory=list)
    close: list[list[Sample]] = field(default_factory=list)
    kept: list[Sample | None] = field(default_factory=list)
    inexact: set[int] = field(default_factory=set)
    wide: list[set[Symbol]] = field(default_factory=list)
    rounded: list[Sample | None] = field(default_factory=list)
    obstacle: SymbpttError | None = None

    def __post_init__(self) -> None:
        self.inexact = {
            i for i, link in enumerate(self.links) if link.relation != "=" or link.moved
        }
        self.agreed = [0] * len(self.links)
        self.differs = [None] * len(self.links)
        self.close = [[] for _ in self.links]
        self.kept = [None] * len(self.links)
        self.wide = [set() for _ in self.links]
        self.rounded = [None] * len(self.links)

    def enough(self, i: int) -> bool:
        """Whether link i agreed at enough samples: numbers alone commute and need no transpose."""
        sizes = _dimensions(self.links[i].left) | _dimensions(self.links[i].right)
        return self.agreed[i] + len(self.close[i]) >= ENOUGH and sizes <= self.wide[i]

    @property
    def refuted(self) -> bool:
        """Whether some link is clearly false."""
        return any(d is not None for d in self.differs)


def probe(
    setting: Setting, links: Sequence[Question], facts: Facts, trials: range = range(TRIALS),
    found: Probe | None = None,
) -> Probe:  # fmt: skip
    """Samples the links in the given trials, adding to what was found; raises NotSupported."""
    found = Probe(links) if found is None else found
    sides = tuple(dict.fromkeys(s for link in links for s in (link.left, link.right)))
    theory = setting.problem.theory
    for trial, (sizes, places) in enumerate(samples(sides, theory, facts, trials=trials.stop)):
        if trial not in trials:
            continue
        world = _world(setting, sizes, trial)
        for place in places[: None if trial else 4] if world is not None else ():
            _at(found, world, place)
    return found


def fails_for_numbers(setting: Setting, links: Sequence[Question], facts: Facts) -> bool:
    """Whether an equation clearly fails where every vector and matrix is one number.

    Then it fails in every layout: transposes and the order of factors do not matter there.
    """
    found = Probe(links)
    sides = tuple(dict.fromkeys(s for link in links for s in (link.left, link.right)))
    try:
        for sizes, places in samples(sides, setting.problem.theory, facts, trials=1, ones=True):
            world = _world(setting, sizes, 0)
            for place in places if world is not None else ():
                _at(found, world, place)
    except SymbpttError:
        return False
    return any(
        x is not None and link.relation == "=" for x, link in zip(found.differs, links, strict=True)
    )


def _world(setting: Setting, sizes: dict[Symbol, int], trial: int) -> World | None:
    """A world of these sizes; claims about one model share it, and what is computed in it."""
    key = "world", tuple(sizes.items()), trial, tuple(setting.model.onehot)
    world = setting.problem.once(key, lambda: next(_worlds(setting, sizes, trial), None))
    return cast(World | None, world)


def _worlds(setting: Setting, sizes: dict[Symbol, int], trial: int) -> Iterator[World]:
    theory = setting.problem.theory
    if trial == TRIALS - 1:  # once at small integers, where ends of ranges are attained
        yield from worlds(theory, sizes, trial, setting.model.onehot, integers=True)
    yield from worlds(theory, sizes, trial, setting.model.onehot)


def _at(found: Probe, world: World, place: dict[Symbol, int]) -> None:
    """Compares all links at one sample."""
    done = {
        i for i, known in enumerate(found.differs)
        if known is not None or _exactly(found, i, world, place)
    }  # fmt: skip
    sides = {
        side for i, link in enumerate(found.links) if i not in done
        for side in (link.left, link.right)
    }  # fmt: skip
    values = _values(found, sides, world, place)
    if "finite" in str(found.obstacle or "") and len(values) < len(sides):
        assert world.theory is not None
        if not world.theory.assumptions:  # logarithms and roots
            world = positive_world(world.theory, world.sizes, world.seed)
            values = _values(found, sides, world, place)
    exact = _is_exact(world)
    for i, link in enumerate(found.links):
        if i in done or link.left not in values or link.right not in values:
            continue
        left, right = values[link.left], values[link.right]
        verdict = compare(link, left, right)
        if verdict == "different" and link.moved:
            first = found.rounded[i] or Sample(world, place, left, right)
            same = _equal(left, first.left) and _equal(right, first.right)
            if same and _within(link, left, right, world, place):
                found.rounded[i] = first
                verdict = "rounded"
        if verdict != "different":
            found.wide[i] |= _wide(world)
        if verdict == "different":
            found.differs[i] = Sample(world, place, left, right)
        elif verdict == "close" and exact:
            found.close[i].append(Sample(world, place, left, right))
        else:
            found.agreed[i] += 1
            if exact and world.seed and verdict != "rounded":
                found.kept[i] = found.kept[i] or Sample(world, place, left, right)


def _wide(world: World) -> set[Symbol]:
    """The dimensions that are larger than one."""
    return {s for s, size in world.sizes.items() if size > 1}


def _exactly(found: Probe, i: int, world: World, place: dict[Symbol, int]) -> bool:
    """Whether the link could be compared without rounding; what is different has floats to show."""
    if i in found.inexact:
        return False
    link = found.links[i]
    try:
        left, right = (residues(side, world, place) for side in (link.left, link.right))
        if np.array_equal(left, right):
            found.agreed[i] += 1
            found.wide[i] |= _wide(world)
        else:
            floats = (evaluate(side, world, place) for side in (link.left, link.right))
            found.differs[i] = Sample(world, place, *floats)
    except NotSupported:
        found.inexact.add(i)
        return False
    except SymbpttError:
        return False
    return True


def _values(
    found: Probe, sides: set[Term], world: World, place: dict[Symbol, int]
) -> dict[Term, Array]:
    """The sides that have a value there; the last error of the others is kept."""
    out = {}
    for side in sides:
        try:
            out[side] = evaluate(side, world, place)
        except NotSupported:
            raise
        except SymbpttError as error:
            found.obstacle = error
    return out


def _dimensions(term: Term) -> set[Symbol]:
    """The symbols in the shapes of the term and of its parts."""
    own = {s for side in term.shape for s in side.free_symbols}
    return own.union(*map(_dimensions, term.children))


def _is_exact(world: World) -> bool:
    """Whether the assumptions hold in the world without rounding."""
    assert world.theory is not None
    return not world.theory.assumptions or all(map(_short, world.values.values()))


def compare(link: Question, left: Array, right: Array) -> str:
    """Whether the relation holds entry by entry: "same", "different", or "close" to the border."""
    relation = link.relation
    if relation == "approx" and link.tolerance is not None and left.shape == right.shape:
        slack = np.array(link.tolerance, dtype=float) * (1 + _ROUNDING)
        return "different" if (np.abs(left - right) > slack).any() else "same"
    if relation in (">", ">="):
        left, right, relation = right, left, "<" + relation[1:]
    if relation not in ("=", "<", "<="):
        raise NotSupported(f"{relation} is not compared at samples")
    if left.shape != right.shape:
        return "different"
    scale = max(np.abs(left).max(), np.abs(right).max(), 1e-3)
    excess = np.abs(left - right).max() if relation == "=" else (left - right).max()
    if excess > _CLEAR * scale:
        return "different"
    if relation == "=":
        return "same" if excess <= _ROUNDING * scale else "close"
    if excess == 0 and relation == "<":  # attained, unless rounding makes it look so
        return "different" if _short(left) and _short(right) else "close"
    return "same" if excess <= 0 else "close"


def _equal(value: Array, other: Array) -> bool:
    return value.shape == other.shape and bool(np.abs(value - other).max() <= _ROUNDING)


def _within(
    link: Question, left: Array, right: Array, world: World, place: dict[Symbol, int]
) -> bool:  # fmt: skip
    """Whether the sides are as near as half a unit of every rounded number in them moves them.

    Only in numbers: of sides that depend on what is drawn at random, none is rounded.
    """
    if left.shape != right.shape:
        return False
    slack = np.zeros(left.shape)
    if link.tolerance is not None:
        slack = slack + np.array(link.tolerance, dtype=float)
    for pair in link.moved:
        first, second = (evaluate(side, world, place) for side in pair)
        slack = slack + np.abs((first - left) - (second - right))
    return bool((np.abs(left - right) <= slack * (1 + _NONLINEAR)).all())


def _short(value: Any) -> bool:
    """Whether all entries are short binary fractions, which rounding hardly ever gives."""
    return bool((np.round(value * 4096) == value * 4096).all())
