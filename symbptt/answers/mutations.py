"""Mutations: what a common mistake makes of a correct answer, at every place where it can happen.

A mutation looks at one subterm and proposes others in its place. The engine tries it everywhere,
and puts each proposal back into the whole answer. What a constructor refuses is kept as
``Refused``: an answer whose shapes do not fit is a mistake, too.

    >>> from symbptt.core.terms import Param, Times, index_symbol
    >>> from symbptt.core.theory import Theory
    >>> n = index_symbol("n")
    >>> answer = Param("A", n, n) @ Param("B", n, n)
    >>> swap = Mutation("swap", lambda term, place: [make(Times, *reversed(term.args))]
    ...                 if isinstance(term, Times) else [])
    >>> [str(v.made) for v in variants(swap, answer, Background(Theory((), (), ())))]
    ['B @ A']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

from sympy import Expr, Symbol

from symbptt.calculus.problem import Problem
from symbptt.core.errors import SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.core.terms import Elem, Map, Param, SumOver, Term
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import Path, rebuild, substitute

MOST = 80  # variants of one mutation of one answer; an answer of many terms has more places

FREED = tuple(index_symbol(f"free{i}") for i in range(2))
"""Indices that an answer leaves free: those of a sum that was forgotten."""


@dataclass(frozen=True)
class Refused:
    """An operation on terms whose shapes do not fit: the piece of the answer that clashes."""

    operation: type[Term]
    args: tuple[object, ...]


Made = Term | Refused


def make(operation: type[Term], *args: object) -> Made:
    """The term, or what the constructor refused."""
    try:
        return operation(*args)  # type: ignore[no-any-return]
    except SymbpttError:
        return Refused(operation, args)


@dataclass(frozen=True)
class Background:
    """The theory in which an answer stands, and the facts about its free indices.

    ``adjoints`` are the sequences that the model does not have: names of gradients of the loss.
    """

    theory: Theory
    facts: tuple[Expr, ...] = ()
    adjoints: frozenset[str] = frozenset()

    @classmethod
    def of(cls, problem: Problem, facts: tuple[Expr, ...] = ()) -> Background:
        """The background of answers to a problem: adjoints may stand in them."""
        made = problem.once(("background", facts), lambda: cls._made(problem, facts))
        assert isinstance(made, cls)
        return made

    @classmethod
    def _made(cls, problem: Problem, facts: tuple[Expr, ...]) -> Background:
        if problem.loss is None:
            return cls(problem.theory, facts)
        extended = problem.system.theory
        new = {d.key for d in extended.definitions} - {d.key for d in problem.theory.definitions}
        return cls(extended, facts, frozenset(new))

    @cached_property
    def lengths(self) -> tuple[Symbol, ...]:
        """The lengths of the model: what its facts are about."""
        found = {s for f in self.theory.facts for s in f.free_symbols}
        return tuple(sorted(found, key=str))

    @cached_property
    def heads(self) -> tuple[Elem | Param, ...]:
        """Everything that has a name, once each."""
        heads = [*self.theory.leaves(), *(d.head for d in self.theory.definitions)]
        return tuple({h.key: h for h in heads}.values())

    @cached_property
    def dimensions(self) -> frozenset[Symbol]:
        """The symbols in the shapes of all that has a name."""
        shapes = (side for head in self.heads for side in head.shape)
        return frozenset(s for side in shapes for s in side.free_symbols)

    def definition(self, term: Term) -> Definition | None:
        """The first definition of an element or a defined quantity."""
        if not isinstance(term, Elem | Param):
            return None
        return next(iter(self.theory.defined(term.key)), None)

    def unfolded(self, term: Term) -> Term | None:
        """What the definition of an element says at its index; None for a leaf."""
        definition = self.definition(term)
        if definition is None:
            return None
        if definition.index is None or not isinstance(term, Elem):
            return definition.body
        body: Term = substitute(definition.body, {definition.index: term.index})
        return body

    def states(self, slope: Map) -> Iterator[Elem]:
        """The elements z[t] that are defined as f(a[t]), for a slope f'(a[t])."""
        for d in self.theory.definitions:
            body = d.body
            if isinstance(d.head, Elem) and isinstance(body, Map) and body.fname == slope.fname:
                at = shift(d, body.arg, slope.arg)
                if at is not None:
                    yield d.head.at(at)


def shift(definition: Definition, pattern: Term, term: Term) -> Expr | None:
    """The index at which the definition's ``pattern`` is the ``term``; None if at none."""
    index = definition.index
    assert index is not None
    if isinstance(pattern, Elem) and isinstance(term, Elem):
        if pattern.index != index or pattern.key != term.key:
            return None
        return term.index
    here = sorted(term.free_symbols - definition.body.free_symbols | {index}, key=str)
    return next((s for s in here if substitute(pattern, {index: s}) == term), None)


@dataclass(frozen=True)
class Place:
    """Where in an answer a mutation looks: the terms around, outermost first."""

    background: Background
    around: tuple[Term, ...]

    @property
    def indices(self) -> list[Symbol]:
        """The indices that may stand here: those bound around, and the free ones."""
        bound = [term.bound for term in self.around if hasattr(term, "bound")]
        named = self.background.dimensions.union(self.background.lengths)
        outer = self.around[0] if self.around else None
        free = () if outer is None else outer.free_symbols - named
        return [*bound, *sorted(free, key=str)]


def outer_sum(place: Place) -> SumOver | None:
    """The innermost sum around."""
    return next((x for x in reversed(place.around) if isinstance(x, SumOver)), None)


def is_inner(term: SumOver, place: Place) -> bool:
    """Whether it is the sum over the steps k up to t, not that over all steps."""
    return outer_sum(place) is not None or not term.hi.free_symbols <= set(place.background.lengths)


Local = Callable[[Term, Place], Iterable[Made]]


@dataclass(frozen=True)
class Mutation:
    """A common mistake as a mutation; ``whole``: it happens to an answer, not to a part of it."""

    id: str
    local: Local
    whole: bool = False


@dataclass(frozen=True)
class Variant:
    """A mutated answer: which mistake, what stood there, and what stands there now."""

    id: str
    made: Made
    old: Term
    new: Made


def variants(mutation: Mutation, answer: Term, background: Background) -> Iterator[Variant]:
    """Every mutated answer that differs from the answer in writing, at most ``MOST``.

    A subterm that occurs several times is mutated in each place alone, and in all of them.
    """
    return islice(_all_variants(mutation, answer, background), MOST)


def _all_variants(mutation: Mutation, answer: Term, background: Background) -> Iterator[Variant]:
    seen: set[Made] = {answer}
    looked = _looked(answer, background)
    for old, paths, place in looked[:1] if mutation.whole else looked:
        for new in mutation.local(old, place):
            for some in [paths] if len(paths) == 1 else [paths, *([path] for path in paths)]:
                made = put(answer, some, new)
                if made not in seen:
                    seen.add(made)
                    yield Variant(mutation.id, made, old, new)


@lru_cache(maxsize=64)
def _looked(answer: Term, background: Background) -> list[tuple[Term, list[Path], Place]]:
    """Every subterm with its paths, and the first of its places; the answer itself comes first."""
    return [
        (old, [path for path, _ in where], Place(background, where[0][1]))
        for old, where in places(answer).items()
    ]


@lru_cache(maxsize=64)
def places(answer: Term) -> dict[Term, list[tuple[Path, tuple[Term, ...]]]]:
    """The subterms, outermost first, each with its paths and the terms around it (read-only)."""
    found: dict[Term, list[tuple[Path, tuple[Term, ...]]]] = {}
    level: list[tuple[Term, Path, tuple[Term, ...]]] = [(answer, (), ())]
    while level:
        below = []
        for term, path, around in level:
            found.setdefault(term, []).append((path, around))
            for i, arg in enumerate(term.args):
                if isinstance(arg, Term):
                    below.append((arg, (*path, i), (*around, term)))
        level = below
    return found


def put(answer: Term, paths: list[Path], new: Made) -> Made:
    """The answer with the new term at all paths, or the first operation that refuses it."""
    for path in paths:
        made = _put(answer, path, new)
        if isinstance(made, Refused):
            return made
        answer = made
    return answer


def _put(answer: Term, path: Path, new: Made) -> Made:
    if not path or isinstance(new, Refused):
        return new
    args = list(answer.args)
    inner = _put(args[path[0]], path[1:], new)
    if isinstance(inner, Refused):
        return inner
    args[path[0]] = inner
    try:
        return rebuild(answer, tuple(args))
    except SymbpttError:
        return Refused(answer.func, tuple(args))
