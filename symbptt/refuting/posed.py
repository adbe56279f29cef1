"""A statement posed at sizes and indices: what refutes it among many choices of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from sympy import Expr

from symbptt.core.errors import IndexRangeError
from symbptt.core.terms import Term
from symbptt.core.theory import Assumption, Theory
from symbptt.core.world import Key, World, number

from . import intervals
from .candidate import Candidate, Settings, subjects
from .plan import Plan, Results
from .intervals import Undecided
from .matrices import Matrix
from .scalars import value_of
from .sizes import Sizes, Symbols


@dataclass(frozen=True)
class Statement:
    """What is to be refuted, in its theory; ``symbols`` are all that need values."""

    theory: Theory
    left: Term
    relation: str
    right: Term
    facts: tuple[Expr, ...]
    symbols: Symbols


@dataclass
class Found:
    """A candidate that refutes the statement, with what the steps give for it."""

    candidate: Candidate
    results: Results
    left: Matrix
    right: Matrix
    entry: tuple[int, int]


@dataclass
class Posed:
    """A statement at one choice of sizes and indices.

    Undecided or IndexRangeError where something in it does not exist there, NotSupported where it
    has no value. ``work`` counts the steps that were done.
    """

    statement: Statement
    env: Sizes
    world: World
    work: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        statement = self.statement
        self.plan = Plan(statement.theory, self.env, self.world)
        self._assumed = [
            (a.relation, sides) for a in statement.theory.assumptions for sides in self._pairs(a)
        ]
        self._sides = tuple(self.plan.of(x, self.env) for x in (statement.left, statement.right))
        self._all = self.plan.needed(s for _, sides in self._tests for s in sides)
        self._after: dict[frozenset[object], list[list[int]]] = {}
        self._stages = self._staged(self._all)

    @property
    def _tests(self) -> list[tuple[str, tuple[int, ...]]]:
        return [*self._assumed, (self.statement.relation, self._sides)]

    def _pairs(self, a: Assumption) -> Iterator[tuple[int, int]]:
        """Both sides of an assumption at all indices at which its terms exist."""
        symbols, facts = self.statement.symbols, self.statement.theory.facts
        fixed = {*symbols.dimensions, *symbols.lengths}
        own = {s for x in (a.left, a.right, *a.facts) for s in x.free_symbols} - fixed
        names, top = sorted(own, key=str), max(self.env.values(), default=0) + 3
        known = [f for f in (*a.facts, *facts) if f.free_symbols <= own | fixed]
        for values in product(range(-2, top + 1), repeat=len(names)):
            index = {**self.env, **dict(zip(names, values, strict=True))}
            if any(number(f, index) < 0 for f in known):
                continue
            try:
                yield self.plan.of(a.left, index), self.plan.of(a.right, index)
            except IndexRangeError:
                continue
            if top in values:
                raise Undecided("the assumption is about infinitely many indices")

    def _staged(self, steps: Sequence[int]) -> list[list[int]]:
        """The steps for one test after the other, so that what fails early costs little."""
        left, out = list(steps), []
        for _, sides in self._assumed:
            mine = set(self.plan.needed(sides))
            out.append([i for i in left if i in mine])
            left = [i for i in left if i not in mine]
        return [*out, left]

    def refuted(self, candidate: Candidate) -> Found | None:
        """The values of both sides, if the assumptions hold and the statement does not."""
        return self._tried(candidate, self._stages, [None] * len(self.plan.steps))

    def refuted_after(self, found: Found, candidate: Candidate, settings: Settings) -> Found | None:
        """The same for what was found with a few settings changed."""
        changed = subjects(settings)
        if changed not in self._after:
            self._after[changed] = self._staged(self.plan.affected(self._all, changed))
        return self._tried(candidate, self._after[changed], found.results.copy())

    def _tried(
        self, candidate: Candidate, stages: list[list[int]], results: Results
    ) -> Found | None:
        for (relation, sides), steps in zip(self._tests, stages, strict=True):
            self.work += len(steps)
            self.plan.run(steps, candidate, results)
            left, right = (results[s] for s in sides)
            if sides is self._sides:
                entry = _where(relation, left, right)
                return None if entry is None else Found(candidate, results, left, right, entry)
            if steps and not _true(relation, left, right):
                raise Undecided("an assumption does not hold")
        raise AssertionError("the statement itself is the last test")

    def computed(self, found: Found) -> dict[Key, Matrix]:
        """The defined quantities that were needed, at rest, in an order of computation."""
        places = self.plan.computed()
        results = found.results + [None] * (len(self.plan.steps) - len(found.results))
        left = [i for i in self.plan.needed(places.values()) if results[i] is None]
        self.plan.run(left, found.candidate, results)
        return {key: results[i] for key, i in places.items()}


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
