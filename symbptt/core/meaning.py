"""Do two terms agree? The question is put to random values at several sizes, lengths and indices.

Dimensions are the symbols in the shapes of subterms, lengths the other symbols that stand free in
the theory, indices the rest. Dimensions differ from each other wherever the facts let them, so
that a missing transpose shows as a wrong shape or value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter

import numpy as np
from sympy import Basic, Expr, Symbol

from .arrays import Array
from .errors import SymbpttError
from .evaluation import evaluate
from .indices import contradictory
from .terms import Elem, Term
from .theory import ALL, Definition, Frame, Given, Theory
from .world import World, number

__all__ = ["Counterexample", "World", "agree", "evaluate", "samples"]

TOLERANCE = 1e-9  # relative to the largest entry
_FLOOR = 1e-11  # absolute, for terms that cancel to zero
_LENGTHS = (3, 1, 2, 5, 4)
_LONGER = (6, 7, 8)  # only where the facts ask for it
_INDICES = tuple(range(-2, 9))
_PICKS = 6  # index values per world, at random, beside the smallest and the largest
_SEARCH = 200_000  # assignments tried before the search for a sample gives up

Domains = list[tuple[Symbol, list[int]]]


@dataclass(frozen=True)
class Counterexample:
    """Sizes, index values and a world at which two terms differ."""

    sizes: dict[Symbol, int]
    indices: dict[Symbol, int]
    left: Array
    right: Array
    world: World = field(repr=False)


@dataclass(frozen=True)
class _Symbols:
    """What a sample must give values to, each sorted by name."""

    dims: tuple[Symbol, ...]
    lengths: tuple[Symbol, ...]
    indices: tuple[Symbol, ...]


def agree(
    lhs: Term,
    rhs: Term,
    theory: Theory | None,
    facts: Iterable[Expr] = (),
    frame: Frame | None = None,
    *,
    trials: int = 6,
    seed: int = 0,
    positive: Collection[str] = (),
    relation: str = "=",
) -> Counterexample | None:
    """None if both sides agree on every sample, otherwise the first sample where they do not.

    With the relation "<=" or "<" the left side must not be larger (rounding aside).

    Each trial is one world: random values, dimensions all different (1 and 2 among them), lengths
    1 to 5; in it several index values that satisfy ``facts`` and the theory's facts. Raises
    SymbpttError if no sample satisfies the facts, and whatever the evaluation of a side raises.

        >>> from symbptt.core.terms import Param, index_symbol
        >>> A, B = (Param(name, index_symbol("n"), index_symbol("n")) for name in "AB")
        >>> agree((A @ B).T, B.T @ A.T, None) is None
        True
        >>> agree((A @ B).T, A.T @ B.T, None) is None
        False
    """
    drawn = samples((lhs, rhs), theory, facts, frame, trials=trials, seed=seed)
    for trial, (sizes, picked) in enumerate(drawn):
        world = World.random(theory, sizes, seed=1000 * seed + trial, positive=positive)
        for indices in picked:
            left, right = (evaluate(side, world, indices, frame) for side in (lhs, rhs))
            if not (_close(left, right) or (relation != "=" and _below(left, right))):
                return Counterexample(sizes, indices, left, right, world)
    return None


def samples(
    sides: tuple[Term, ...],
    theory: Theory | None,
    facts: Iterable[Expr] = (),
    frame: Frame | None = None,
    *,
    trials: int = 6,
    seed: int = 0,
    ones: bool = False,
) -> Iterator[tuple[dict[Symbol, int], list[dict[Symbol, int]]]]:
    """Sizes and lengths, one for each trial, with the index values that satisfy the facts there.

    With ``ones`` all dimensions are 1. Raises SymbpttError if there are none.
    """
    known = tuple(dict.fromkeys((*facts, *(theory.facts if theory else ()))))
    return _samples(_classify(sides, theory, known, frame), known, trials, seed, ones)


def _close(left: Array, right: Array) -> bool:
    if left.shape != right.shape:
        return False
    scale = max(np.abs(left).max(), np.abs(right).max())
    return bool(np.abs(left - right).max() <= TOLERANCE * scale + _FLOOR)


def _below(left: Array, right: Array) -> bool:
    return left.shape == right.shape and bool((left <= right).all())


def _classify(
    sides: tuple[Term, ...], theory: Theory | None, facts: tuple[Expr, ...], frame: Frame | None
) -> _Symbols:
    moving = frame.vary if frame else ()
    terms, free = (*sides, *moving), _free((*sides, *moving, *facts))
    if frame is not None and frame.step is not None:
        free |= frame.step.free_symbols
    own, lengths = _of_theory(theory) if theory is not None else (frozenset(), frozenset())
    dims = own.union(*map(_dims, terms))
    lengths -= dims
    groups = (dims, lengths, free - dims - lengths - {ALL})
    return _Symbols(*(tuple(sorted(group, key=attrgetter("name"))) for group in groups))


@lru_cache(maxsize=256)
def _of_theory(theory: Theory) -> tuple[frozenset[Symbol], frozenset[Symbol]]:
    """The dimensions of a theory; the other symbols that stand free in it."""
    terms = [
        *theory.leaves(),
        *(side for d in theory.definitions for side in (d.head, d.body)),
    ]
    lengths = _free(theory.facts) | _free(theory.params)
    ranged: list[Given | Definition] = [*theory.givens, *theory.definitions]
    for item in ranged:
        body = getattr(item, "body", item.head)
        bound = item.head.index if isinstance(item.head, Elem) else None
        lengths |= _free((item.head, body, *item.facts)) - {bound}
    return frozenset().union(*map(_dims, terms)), frozenset(lengths)


@lru_cache(maxsize=16384)
def _dims(term: Term) -> frozenset[Symbol]:
    """The symbols in the shapes of a term and of what is in it."""
    return frozenset(_free(term.shape)).union(*map(_dims, term.children))


def _free(items: Iterable[Basic]) -> set[Symbol]:
    return {s for item in items for s in item.free_symbols}


def _samples(
    symbols: _Symbols, facts: tuple[Expr, ...], trials: int, seed: int, ones: bool
) -> Iterator[tuple[dict[Symbol, int], list[dict[Symbol, int]]]]:
    """Sizes of a world, with the index values to try in it."""
    if contradictory(facts):
        raise SymbpttError("no values of the indices satisfy the facts " + _show(facts))
    for trial in range(trials):
        sizes, indices = _sample(symbols, facts, trial, seed, ones)
        yield dict(sizes), [dict(index) for index in indices]


@lru_cache(maxsize=4096)
def _sample(
    symbols: _Symbols, facts: tuple[Expr, ...], trial: int, seed: int, ones: bool
) -> tuple[dict[Symbol, int], list[dict[Symbol, int]]]:
    rng = np.random.default_rng([seed, trial])
    sizes = _draw_sizes(symbols, facts, trial, rng, ones)
    return sizes, _draw_indices(symbols.indices, facts, sizes, rng)


def _draw_sizes(
    symbols: _Symbols, facts: tuple[Expr, ...], trial: int, rng: np.random.Generator, ones: bool
) -> dict[Symbol, int]:
    """Dimensions and lengths for which indices that satisfy the facts exist."""
    top = len(symbols.dims) + 2
    low = 2 if trial == 0 else 1  # once without 1: a scalar hides a wrong order or transpose
    dims = [(s, rng.permutation(np.arange(low, top + low)).tolist()) for s in symbols.dims]
    turn = [(trial + j) % len(_LENGTHS) for j in range(len(symbols.lengths))]
    lengths = [
        (s, [*_LENGTHS[k:], *_LENGTHS[:k], *_LONGER])
        for s, k in zip(symbols.lengths, turn, strict=True)
    ]
    rest = [(s, rng.permutation(_INDICES).tolist()) for s in symbols.indices]
    wider = [(s, sorted({*values, 1, *range(2, 9)})) for s, values in dims]
    ways = ((dims, symbols.dims), (wider, ()))
    for domains, distinct in (([(s, [1]) for s in symbols.dims], ()),) if ones else ways:
        found = _search([*domains, *lengths, *rest], facts, {}, frozenset(distinct))
        if found is not None:
            return {s: found[s] for s in (*symbols.dims, *symbols.lengths)}
    raise SymbpttError("no sample of small sizes and indices satisfies the facts " + _show(facts))


def _draw_indices(
    indices: tuple[Symbol, ...],
    facts: tuple[Expr, ...],
    sizes: dict[Symbol, int],
    rng: np.random.Generator,
) -> list[dict[Symbol, int]]:
    """The ends of the ranges that the facts leave to the indices, and some values at random."""
    orders: list[Domains] = [
        [(s, list(_INDICES)) for s in indices],
        [(s, list(reversed(_INDICES))) for s in indices],
    ]
    for step in (1, -1) if len(indices) > 1 else ():  # far from each other, both ways
        far = [(s, list(_INDICES[:: -step if i else step])) for i, s in enumerate(indices)]
        orders += [far, far[::-1]]
    for _ in range(_PICKS):
        shuffled = [indices[i] for i in rng.permutation(len(indices))]
        orders.append([(s, rng.permutation(_INDICES).tolist()) for s in shuffled])
    chosen: dict[tuple[int, ...], dict[Symbol, int]] = {}
    for domains in orders:
        found = _search(domains, facts, sizes, frozenset())
        if found is not None:
            picked = {s: found[s] for s in indices}
            chosen[tuple(picked.values())] = picked
    return list(chosen.values())


def _search(
    domains: Domains, facts: tuple[Expr, ...], start: dict[Symbol, int], distinct: frozenset[Symbol]
) -> dict[Symbol, int] | None:
    """The first assignment, in the order of the domains, that satisfies the facts."""
    assigned = set(start)
    due: list[list[Expr]] = []  # the facts that can be checked once the i-th symbol has its value
    for symbol, _ in domains:
        before = set(assigned)
        assigned.add(symbol)
        due.append(
            [f for f in facts if f.free_symbols <= assigned and not f.free_symbols <= before]
        )
    tried = 0

    def extend(i: int, env: dict[Symbol, int]) -> dict[Symbol, int] | None:
        nonlocal tried
        if i == len(domains):
            return env
        symbol, values = domains[i]
        taken = {env[s] for s in distinct if s in env} if symbol in distinct else set()
        for value in values:
            tried += 1
            if tried > _SEARCH:
                return None
            longer = {**env, symbol: value}
            if value not in taken and all(number(fact, longer) >= 0 for fact in due[i]):
                found = extend(i + 1, longer)
                if found is not None:
                    return found
        return None

    return extend(0, dict(start))


def _show(facts: tuple[Expr, ...]) -> str:
    return ", ".join(f"{fact} >= 0" for fact in facts)
