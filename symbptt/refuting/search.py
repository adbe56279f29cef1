"""The search for a counterexample: small sizes first, then the smallest values at that size.

At every size a few candidates are looked at. An equation that fails anywhere fails at almost all
values, so those are drawn at random; for an inequality they come from matrices that tell norms from
eigenvalues. What refutes the statement is then made smaller as long as it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from time import perf_counter, process_time

import numpy as np
from sympy import Expr, Symbol

from symbptt.core.errors import IndexRangeError, NotSupported, SymbpttError
from symbptt.core.evaluation import evaluate
from symbptt.core.terms import Elem, Term
from symbptt.core.theory import Assumption, Theory
from symbptt.core.world import World, number

from . import intervals
from .candidate import Candidate, made, simpler
from .confirm import agrees
from .counterexample import Counterexample, frozen, leaf_of
from .evaluation import Evaluator
from .intervals import Undecided
from .matrices import Matrix, shape
from .properties import Properties, properties
from .scalars import value_of
from .shown import chosen
from .sizes import Sizes, sizes, symbols_of

Facts = tuple[Expr, ...]
_DRAWN, _VALID = 24, 4  # candidates drawn and looked at for an equation, at each size
_WORK = 1600  # terms looked at, for a small counterexample rather than any
_SAME = 1e-13  # relative to the values, of which the smallest count as 1
_MANY = 48  # where assumptions or inequalities leave few


@dataclass
class Claim:
    """A statement with its theory, and how long to look for a counterexample."""

    theory: Theory
    left: Term
    relation: str
    right: Term
    facts: Facts
    onehot: tuple[str, ...]
    seconds: float

    def __post_init__(self) -> None:
        self.told: Properties = properties(self.theory, self.onehot, self.left, self.right)
        assumptions = self.theory.assumptions
        assumed = [s for a in assumptions for s in (a.left, a.right)]
        self.symbols = symbols_of(self.theory, (self.left, self.right), assumed, self.facts)
        self.work = 0  # terms looked at
        self._ends = process_time() + self.seconds, perf_counter() + self.seconds

    def world(self, env: Sizes) -> World:
        """Random values at the sizes, which also say where definitions hold."""
        return _world(self.theory, tuple(env.items()))

    def agrees(self, env: Sizes) -> bool:
        """Whether an equation holds for random values; it then holds for almost all of them."""
        try:
            left, right = (evaluate(side, self.world(env), env) for side in (self.left, self.right))
        except SymbpttError:
            return False
        scale = 1 + max(np.abs(left).max(), np.abs(right).max())
        return left.shape == right.shape and bool(np.abs(left - right).max() < _SAME * scale)

    @property
    def late(self) -> bool:
        """Whether the processor time is over; not before the time on the clock, which is quick."""
        work, clock = self._ends
        return perf_counter() > clock and process_time() > work

    @property
    def tired(self) -> bool:
        """Whether enough was done to make a counterexample smaller."""
        return self.work > _WORK or self.late


@lru_cache(maxsize=256)
def _world(theory: Theory, sizes: tuple[tuple[Symbol, int], ...]) -> World:
    """The world of these sizes, which claims about one theory share, with what is known in it."""
    return World.random(theory, dict(sizes), seed=1)


@dataclass
class _Found:
    """A candidate that refutes the claim, with its evaluation."""

    candidate: Candidate
    evaluator: Evaluator
    left: Matrix
    right: Matrix
    entry: tuple[int, int]


def search(claim: Claim) -> Counterexample | None:
    """The smallest counterexample that was found; None if there was none in time.

    Raises NotSupported where there were no values with the assumptions at all, or the statement has
    none.
    """
    few = claim.relation == "=" and not claim.told.rest
    evaluated, reason = False, "there are no small sizes and indices with its conditions"
    for env in sizes(claim.symbols, (*claim.facts, *claim.theory.facts)):
        looked = 0
        if few and not claim.late and claim.agrees(env):
            evaluated = True
            continue
        for seed in range(_DRAWN if few else _MANY):
            if claim.late:
                break
            candidate = Candidate(claim.told, seed, special=not few)
            try:
                found = _refuted(claim, env, candidate)
            except Undecided as error:
                reason = str(error)
                continue
            except (IndexRangeError, ZeroDivisionError) as error:
                reason = str(error)
                break  # something does not exist at these indices
            if found is not None:
                best = _smallest(claim, env, found)
                small = best is not found and _confirmed(claim, env, best)
                if small or _confirmed(claim, env, found):
                    return _as_data(claim, env, best if small else found)
            evaluated, looked = True, looked + 1
            if few and looked == _VALID:
                break
        if claim.late:
            break
    if not evaluated:
        raise NotSupported("the statement could not be looked at with numbers", hint=reason)
    return None


def _refuted(claim: Claim, env: Sizes, candidate: Candidate) -> _Found | None:
    """The values of both sides, if the assumptions hold and the statement does not."""
    evaluator = Evaluator(claim.theory, env, candidate, claim.world(env))
    for assumption in claim.theory.assumptions:
        if not _holds(evaluator, assumption, claim, env):
            raise Undecided("an assumption does not hold")
    try:
        left, right = (evaluator.evaluate(side, env) for side in (claim.left, claim.right))
    finally:
        claim.work += evaluator.visits
    entry = _where(claim.relation, left, right)
    return None if entry is None else _Found(candidate, evaluator, left, right, entry)


def _confirmed(claim: Claim, env: Sizes, found: _Found) -> bool:
    """Whether the reference evaluation finds the same."""
    values = found.left, found.right
    return agrees(claim.theory, (claim.left, claim.right), env, found.candidate, values)


def _holds(evaluator: Evaluator, a: Assumption, claim: Claim, env: Sizes) -> bool:
    """Whether an assumption holds at all indices at which its terms exist."""
    fixed = {*claim.symbols.dimensions, *claim.symbols.lengths}
    own = {s for x in (a.left, a.right, *a.facts) for s in x.free_symbols} - fixed
    symbols, top = sorted(own, key=str), max(env.values(), default=0) + 3
    facts = [f for f in (*a.facts, *claim.theory.facts) if f.free_symbols <= own | fixed]
    for values in product(range(-2, top + 1), repeat=len(symbols)):
        index = {**env, **dict(zip(symbols, values, strict=True))}
        if any(number(f, index) < 0 for f in facts):
            continue
        try:
            left, right = (evaluator.evaluate(s, index) for s in (a.left, a.right))
        except IndexRangeError:
            continue
        if top in values:
            raise Undecided("the assumption is about infinitely many indices")
        if not _true(a.relation, left, right):
            return False
    return True


def _true(relation: str, left: Matrix, right: Matrix) -> bool:
    """Whether a relation certainly holds, in every entry."""
    test = _TRUE[relation]
    return all(test(intervals.sign(d)) for _, d in _differences(left, right))


_TRUE: dict[str, Callable[[int], bool]] = {
    "=": lambda s: s == 0, "<=": lambda s: s <= 0, "<": lambda s: s < 0,
    ">=": lambda s: s >= 0, ">": lambda s: s > 0,
}  # fmt: skip


def _where(relation: str, left: Matrix, right: Matrix) -> tuple[int, int] | None:
    """The first entry in which a relation certainly fails."""
    for place, difference in _differences(left, right):
        try:
            if not _TRUE[relation](intervals.sign(difference)):
                return place
        except Undecided:
            continue  # nearer to each other than the bounds on their errors
    return None


def _differences(
    left: Matrix, right: Matrix
) -> Iterator[tuple[tuple[int, int], intervals.Real]]:  # fmt: skip
    for i, rows in enumerate(zip(left, right, strict=True)):
        for j, (x, y) in enumerate(zip(*rows, strict=True)):
            yield (i, j), value_of(x) - value_of(y)


def _smallest(claim: Claim, env: Sizes, found: _Found) -> _Found:
    """The counterexample with one thing after another made simpler, while it remains one.

    What could not be made simpler is tried again only after all the rest.
    """
    best, again, claim.work = found, True, 0
    while again and not claim.tired:
        again = False
        for settings in simpler(best.candidate):
            if claim.tired:
                break
            candidate = made(best.candidate, settings)
            if candidate is None:
                continue
            try:
                better = _refuted(claim, env, candidate)
            except (Undecided, SymbpttError):
                continue
            if better is not None:
                best, again = better, True
    return best


def _as_data(claim: Claim, env: Sizes, found: _Found) -> Counterexample:
    given, computed = found.candidate.values, found.evaluator.computed()
    leaves = {key: leaf_of(key, shape(m)) for key, m in (*given.items(), *computed.items())}
    order = sorted(given, key=lambda key: (len(key), *key[::-1]))
    return Counterexample(
        claim.left, claim.relation, claim.right,
        _told(claim, env, tuple(leaves.values())),
        tuple((leaves[key], frozen(given[key])) for key in order),
        tuple((leaves[key], frozen(m)) for key, m in computed.items()),
        tuple(f for knob, function in sorted(found.candidate.used.items(), key=repr)
              for f in chosen(knob, function)),
        frozen(found.left), frozen(found.right), found.entry,
    )  # fmt: skip


def _told(claim: Claim, env: Sizes, leaves: Sequence[Term]) -> Sizes:
    """The sizes and indices; a length only where the statement or a sequence depends on it."""
    free = {s for x in (claim.left, claim.right, *claim.facts) for s in x.free_symbols}
    if any(isinstance(x, Elem) for x in leaves):
        return dict(env)
    return {s: v for s, v in env.items() if s in free | {*claim.symbols.dimensions}}
