"""The search for a counterexample: small sizes first, then the smallest values at that size.

At every size a few candidates are looked at. An equation that fails anywhere fails at almost all
values, so those are drawn at random; for an inequality they come from matrices that tell norms from
eigenvalues. What refutes the statement is then made smaller as long as it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter, process_time

import numpy as np
from sympy import Expr, Symbol

from symbptt.core.errors import IndexRangeError, NotSupported, SymbpttError
from symbptt.core.evaluation import evaluate
from symbptt.core.terms import Elem, Term
from symbptt.core.theory import Theory
from symbptt.core.world import World

from .candidate import Candidate, made, simpler
from .confirm import agrees
from .counterexample import Counterexample, frozen, leaf_of
from .intervals import Undecided
from .matrices import shape
from .posed import Found, Posed, Statement
from .properties import Properties, properties
from .shown import chosen
from .sizes import Sizes, sizes, symbols_of

Facts = tuple[Expr, ...]
_DRAWN, _VALID = 24, 4  # candidates drawn and looked at for an equation, at each size
_WORK = 1600  # operations done for a small counterexample rather than any
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
        self.statement = Statement(
            self.theory, self.left, self.relation, self.right, self.facts, self.symbols
        )
        self._ends = process_time() + self.seconds, perf_counter() + self.seconds

    def world(self, env: Sizes) -> World:
        """Random values at the sizes, which also say where definitions hold."""
        indices = self.symbols.indices
        return _world(self.theory, tuple((s, v) for s, v in env.items() if s not in indices))

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

    def tired(self, posed: Posed) -> bool:
        """Whether enough was done to make a counterexample smaller."""
        return posed.work > _WORK or self.late


@lru_cache(maxsize=256)
def _world(theory: Theory, sizes: tuple[tuple[Symbol, int], ...]) -> World:
    """The world of these sizes, which claims about one theory share, with what is known in it."""
    return World.random(theory, dict(sizes), seed=1)


def search(claim: Claim) -> Counterexample | None:
    """The smallest counterexample that was found; None if there was none in time.

    Raises NotSupported where there were no values with the assumptions at all, or the statement has
    none.
    """
    few = claim.relation == "=" and not claim.told.rest
    evaluated, reason = False, "there are no small sizes and indices with its conditions"
    for env in sizes(claim.symbols, (*claim.facts, *claim.theory.facts)):
        if claim.late:
            break
        if few and claim.agrees(env):
            evaluated = True
            continue
        try:
            posed = Posed(claim.statement, env, claim.world(env))
        except (Undecided, IndexRangeError, ZeroDivisionError) as error:
            reason = str(error)  # something does not exist at these indices
            continue
        looked = 0
        for seed in range(_DRAWN if few else _MANY):
            if claim.late:
                break
            try:
                found = posed.refuted(Candidate(claim.told, seed, special=not few))
            except Undecided as error:
                reason = str(error)
                continue
            if found is not None:
                best = _smallest(claim, posed, found)
                small = best is not found and _confirmed(claim, posed, best)
                if small or _confirmed(claim, posed, found):
                    return _as_data(claim, posed, best if small else found)
            evaluated, looked = True, looked + 1
            if few and looked == _VALID:
                break
    if not evaluated:
        raise NotSupported("the statement could not be looked at with numbers", hint=reason)
    return None


def _confirmed(claim: Claim, posed: Posed, found: Found) -> bool:
    """Whether the reference evaluation finds the same."""
    values = found.left, found.right
    return agrees(posed.world, (claim.left, claim.right), posed.env, found.candidate, values)


def _smallest(claim: Claim, posed: Posed, found: Found) -> Found:
    """The counterexample with one thing after another made simpler, while it remains one.

    What could not be made simpler is tried again only after all the rest.
    """
    best, again, posed.work = found, True, 0
    while again and not claim.tired(posed):
        again = False
        for settings in simpler(best.candidate):
            if claim.tired(posed):
                break
            candidate = made(best.candidate, settings)
            if candidate is None:
                continue
            try:
                better = posed.refuted_after(best, candidate, settings)
            except (Undecided, SymbpttError):
                continue
            if better is not None:
                best, again = better, True
    return best


def _as_data(claim: Claim, posed: Posed, found: Found) -> Counterexample:
    given, computed = found.candidate.values, posed.computed(found)
    leaves = {key: leaf_of(key, shape(m)) for key, m in (*given.items(), *computed.items())}
    order = sorted(given, key=lambda key: (len(key), *key[::-1]))
    return Counterexample(
        claim.left, claim.relation, claim.right,
        _told(claim, posed.env, tuple(leaves.values())),
        tuple((leaves[key], frozen(given[key])) for key in order),
        tuple((leaves[key], frozen(m)) for key, m in computed.items()),
        tuple(f for knob in sorted(found.candidate.used, key=repr)
              for f in chosen(knob, found.candidate.used[knob])),
        frozen(found.left), frozen(found.right), found.entry,
    )  # fmt: skip


def _told(claim: Claim, env: Sizes, leaves: Sequence[Term]) -> Sizes:
    """The sizes and indices; a length only where the statement or a sequence depends on it."""
    free = {s for x in (claim.left, claim.right, *claim.facts) for s in x.free_symbols}
    if any(isinstance(x, Elem) for x in leaves):
        return dict(env)
    return {s: v for s, v in env.items() if s in free | {*claim.symbols.dimensions}}
