"""Values for everything that a statement leaves open: drawn on demand, and made smaller later.

A candidate is a set of knobs: entries of leaves, which of a few orthogonal matrices a leaf is, what
an unspecified function is. A knob that has not been set is drawn from a number made of the seed and
the knob, so a candidate does not depend on the order of evaluation, nor on the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from itertools import permutations, product
from typing import Any

from symbptt.core.functions import known as known_row
from symbptt.core.world import Key

from . import functions, matrices
from .functions import Elementwise
from .intervals import Exact, exact
from .plan import Subject
from .matrices import Matrix, identity
from .properties import Kind, Properties
from .quadratics import KINDS, Quadratic, quadratic

Knob = tuple[Any, ...]
_FUNCTIONS = {"f": "elementwise", "F": "function"}  # knobs, and what is asked for
_HALF = Fraction(1, 2)
_FRACTIONS = ("1/2", "-1/2", "1/4", "-1/4")
NUMBERS: tuple[Exact, ...] = (0, 1, -1, 2, -2, 3, -3, 4, -4, *map(Fraction, _FRACTIONS))
"""The numbers tried, the simplest first."""

_STYLES = tuple(
    tuple(exact(Fraction(x)) for x in row.split())
    for row in ("1 2 -1 3 -2 1 -3 2", "1 2 3 1 2 1 3 2", "1 0 -1 0 1 2 0 -1",
                "1/2 1 -1/2 1/4 1 1/2 -1 -1/4")
)  # fmt: skip


class Candidate:
    """One choice of all values; ``values`` and ``used`` have those that were asked for.

    ``special``: square matrices are drawn from a few that tell norms from eigenvalues.
    """

    def __init__(
        self, told: Properties, seed: int, special: bool, chosen: dict[Knob, Any] | None = None
    ) -> None:
        self.told, self.seed, self.special = told, seed, special
        self.chosen = dict(chosen or {})
        self.values: dict[Key, Matrix] = {}
        self.used: dict[Knob, Elementwise | Quadratic] = {}

    def with_knob(self, *settings: tuple[Knob, Any]) -> Candidate:
        """The same candidate with some knobs set otherwise, and what they do not concern."""
        chosen, changed = {**self.chosen, **dict(settings)}, subjects(settings)
        other = Candidate(self.told, self.seed, self.special, chosen)
        other.values = {k: v for k, v in self.values.items() if ("leaf", k) not in changed}
        other.used = {k: f for k, f in self.used.items() if (_FUNCTIONS[k[0]], k[1]) not in changed}
        return other

    # ------------------------------------------------------------ what the evaluation asks

    def leaf(self, key: Key, shape: tuple[int, int]) -> Matrix:
        """The value of a parameter or a given element."""
        if key not in self.values:
            self.values[key] = self._leaf(key, shape)
        return self.values[key]

    def elementwise(self, name: str) -> Elementwise:
        """The function of that name."""
        if known_row(name) is not None:
            return functions.known(name)
        options, knob = self.told.options(name), ("f", name)
        found = self.used[knob] = options[self._pick(knob, len(options))]
        return found

    def function(self, name: str, index: int | None, rows: int, size: int) -> Quadratic:
        """The unspecified function of vectors."""
        kind = self._pick(("F", name), KINDS)
        found = quadratic(kind, index or 0, rows, size)
        self.used["F", name, index, rows, size] = found
        return found

    # ------------------------------------------------------------ knobs

    def _draw(self, knob: Knob) -> int:
        digest = blake2b(repr((self.seed, knob)).encode(), digest_size=6).digest()
        return int.from_bytes(digest)

    def _pick(self, knob: Knob, count: int) -> int:
        """One of so many options; without ``special`` the most general ones in every other."""
        if knob not in self.chosen:
            general = knob[0] in _FUNCTIONS and not self.special and self.seed % 2 == 0
            self.chosen[knob] = count - 1 if general else self._draw(knob) % count
        return int(self.chosen[knob])

    def _entry(self, key: Key, i: int, j: int, first: Exact | None = None) -> Exact:
        knob = ("entry", key, i, j)
        if knob not in self.chosen:
            style = _STYLES[self.seed % len(_STYLES)]
            self.chosen[knob] = style[self._draw(knob) % len(style)] if first is None else first
        number: Exact = self.chosen[knob]
        return number

    def _leaf(self, key: Key, shape: tuple[int, int]) -> Matrix:
        rows, cols = shape
        kind = self.told.kind(str(key[0]))
        if kind is Kind.orthogonal:
            options = orthogonal(rows)
            return [list(row) for row in options[self._pick(("one of", key), len(options))]]
        if kind in (Kind.onehot, Kind.unit):
            of_index, size = kind is Kind.unit and len(key) > 1, max(rows, cols)
            at = int(key[1]) - 1 if of_index else self._pick(("one of", key), size)
            unit = matrices.unit(size, at + 1)
            return unit if cols == 1 else [[x for (x,) in unit]]
        if kind is Kind.total:
            entries = [self._entry(key, i, 0) for i in range(rows - 1)]
            return [[x] for x in (*entries, exact(Fraction(1 - sum(entries))))]
        if kind is Kind.symmetric:
            return [
                [self._entry(key, min(i, j), max(i, j)) for j in range(cols)] for i in range(rows)
            ]
        start = self._special(key, shape)
        return [
            [self._entry(key, i, j, None if start is None else start[i][j]) for j in range(cols)]
            for i in range(rows)
        ]

    def _special(self, key: Key, shape: tuple[int, int]) -> tuple[tuple[Exact, ...], ...] | None:
        """A matrix of the pool, in two candidates of three."""
        if not self.special or shape[0] != shape[1] or self.seed % 3 == 2:
            return None
        options = pool(shape[0])
        return options[self._draw(("pool", key)) % len(options)]


Settings = tuple[tuple[Knob, Any], ...]


def subjects(settings: Iterable[tuple[Knob, Any]]) -> frozenset[Subject]:
    """What the knobs are about, as an evaluation asks for it."""
    return frozenset((_FUNCTIONS.get(knob[0], "leaf"), knob[1]) for knob, _ in settings)


def simpler(candidate: Candidate) -> Iterator[Settings]:
    """What makes one thing simpler: a function, a leaf that is zero, an entry.

    All large entries at once come first.
    """
    chosen = candidate.chosen
    for knob in sorted((k for k in chosen if k[0] != "entry"), key=repr):
        yield from (((knob, option),) for option in range(chosen[knob]))
    entries = [knob for knob in sorted(chosen, key=repr, reverse=True) if knob[0] == "entry"]
    large = [knob for knob in entries if _rank(chosen[knob]) > _rank(1)]
    if len(large) > 1:
        yield tuple((knob, 1) for knob in large)
    for key in dict.fromkeys(knob[1] for knob in entries):
        mine = [knob for knob in entries if knob[1] == key and chosen[knob] != 0]
        if len(mine) > 1:
            yield tuple((knob, 0) for knob in mine)
    for knob in entries:
        tried = NUMBERS[:2] if chosen[knob].denominator == 1 else NUMBERS[:4]
        yield from (((knob, number),) for number in tried if _rank(number) < _rank(chosen[knob]))


def made(candidate: Candidate, settings: Settings) -> Candidate | None:
    """The candidate with these settings; None where they do not make it simpler any more."""
    changes = [(knob, value) for knob, value in settings if _lowers(knob, value, candidate.chosen)]
    return candidate.with_knob(*changes) if changes else None


def _lowers(knob: Knob, value: Any, chosen: dict[Knob, Any]) -> bool:
    if knob not in chosen:
        return False
    rank = _rank if knob[0] == "entry" else int
    return bool(rank(value) < rank(chosen[knob]))


def _rank(number: Exact) -> int:
    return NUMBERS.index(number)


@lru_cache(maxsize=16)
def orthogonal(n: int) -> tuple[tuple[tuple[Exact, ...], ...], ...]:
    """The identity, permutations with signs, and rotations with sides 3, 4, 5."""
    unit = identity(n)
    found = []
    for order in permutations(range(n)):
        for signs in product((1, -1), repeat=n):
            found.append(tuple(tuple(s * x for x in unit[i])
                               for s, i in zip(signs, order, strict=True)))  # fmt: skip
    if n > 1:
        c, s = Fraction(3, 5), Fraction(4, 5)
        turned = [list(row) for row in unit]
        turned[0][:2], turned[1][:2] = [c, -s], [s, c]
        found.append(tuple(map(tuple, turned)))
    return tuple(found)


_SMALL: tuple[tuple[tuple[Any, ...], ...], ...] = (
    ((0, 1), (0, 0)), ((0, 2), (0, 0)), ((_HALF, 1), (0, _HALF)), ((1, 1), (0, 1)),
    ((1, 0), (0, 1)), ((0, 1), (1, 0)), ((0, -1), (1, 0)), ((0, 0), (1, 0)), ((0, 0), (2, 0)),
    ((1, 0), (0, 0)), ((0, 0), (0, 1)), ((2, 0), (0, 2)), ((2, 0), (0, _HALF)),
    ((_HALF, 0), (0, _HALF)), ((0, _HALF), (2, 0)), ((-1, 0), (0, -1)), ((1, 2), (0, 1)),
)  # fmt: skip


@lru_cache(maxsize=16)
def pool(n: int) -> tuple[tuple[tuple[Exact, ...], ...], ...]:
    """Square matrices with small entries, defective and nilpotent ones among them."""
    if n == 1:
        numbers = (1, 2, -1, _HALF, 0, -_HALF, 3, Fraction(1, 4))
        return tuple(((x,),) for x in numbers)
    out = []
    for block in _SMALL:
        size = range(n)
        out.append(tuple(tuple(block[i][j] if i < 2 > j else 0 for j in size)
                         for i in size))  # fmt: skip
    if n > 2:
        out.append(tuple(tuple(int(j == i + 1) for j in range(n)) for i in range(n)))
    return tuple(out)
