"""Worlds in which a theory's assumptions hold: random leaves, mended or drawn again.

A sample that breaks an assumption says nothing about a claim, so none is used before every
assumption has been evaluated in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import numpy as np
from sympy import Symbol

from symbptt.core.errors import SymbpttError
from symbptt.core.evaluation import evaluate
from symbptt.core.meaning import samples
from symbptt.core.norms import Norm
from symbptt.core.terms import (
    Const, Elem, Identity, Ones, Param, Scale, Term, Times, Transposed, Zero,
)  # fmt: skip
from symbptt.core.theory import Assumption, Theory
from symbptt.core.traverse import find
from symbptt.core.world import Key, World, number

_TRIES = 24
_TIMES = range(-3, 13)  # the elements of a sequence that samples may reach
_SLACK = 1e-9

Values = dict[Key, np.ndarray]
Sizes = dict[Symbol, int]


def worlds(
    theory: Theory, sizes: Sizes, seed: int, onehot: Collection[str] = (), integers: bool = False
) -> Iterator[World]:
    """Worlds of these sizes in which all assumptions hold, at most a few.

    None in which an equation only says 0 = 0, as every W v = c v does where v = 0: what holds there
    says nothing about the claim. ``onehot`` leaves are unit vectors; with ``integers`` leaves are
    small integers, as far as the assumptions leave them free.
    """
    free = not theory.assumptions and not integers
    for attempt in range(1 if free else _TRIES):
        number_of = seed + 7919 * attempt
        values = _mended(theory, sizes, number_of, onehot, integers)
        for positive in ((), tuple(leaf.name for leaf in theory.leaves())):
            if positive and (attempt or not theory.assumptions):
                continue  # one try with positive leaves, for assumptions such as c > 0
            world = World.random(theory, sizes, number_of, values, positive)
            if free or all(_holds(a, theory, world) for a in theory.assumptions):
                yield world


def positive_world(theory: Theory, sizes: Sizes, seed: int) -> World:
    """A world with positive leaves, as logarithms and roots ask for."""
    return World.random(theory, sizes, seed, positive=[x.name for x in theory.leaves()])


def _holds(a: Assumption, theory: Theory, world: World) -> bool:
    """Whether the assumption holds at the indices that samples of it have."""
    fixed = tuple(f for s, v in world.sizes.items() for f in (s - v, v - s))
    own = {s for f in theory.facts for s in f.free_symbols}
    pinned = tuple(f for f in fixed if f.free_symbols <= own)
    try:
        drawn = samples((a.left, a.right), theory, (*a.facts, *pinned), trials=1)
        places = [place for _, here in drawn for place in here]
    except SymbpttError:
        return True  # nothing to hold: no index is in the assumption's range at these sizes
    zero = any(isinstance(x, Zero) or x == Const(0) for x in (a.left, a.right))
    try:
        for place in places:
            left, right = (evaluate(side, world, place) for side in (a.left, a.right))
            size = max(np.abs(left).max(), np.abs(right).max())
            scale, gap = _SLACK * (1 + size), left - right
            if a.relation == "=" and (np.abs(gap).max() > scale or (size == 0 and not zero)):
                return False
            if a.relation != "=" and (gap > (-scale if a.relation == "<" else scale)).any():
                return False
    except SymbpttError:
        return False
    return True


# ---------------------------------------------------------------- mending


def _mended(
    theory: Theory, sizes: Sizes, seed: int, onehot: Collection[str], integers: bool
) -> Values:
    """Values for the leaves: integers if wished, and such that common assumptions hold."""
    rng, values = np.random.default_rng([seed, 17]), {}
    if integers:
        for leaf in theory.leaves():
            for key in _keys(leaf, theory, sizes):
                values[key] = rng.integers(-2, 3, size=_shape(leaf, sizes)).astype(float)
    done: set[tuple[Key, _Mend]] = set()
    for a in theory.assumptions:
        for matches, mend in _MENDS:
            leaf = matches(a)
            if leaf is not None:
                mend = _unit_value if leaf.name in onehot else mend
                for key in _keys(leaf, theory, sizes):
                    before = {m for k, m in done if k == key}
                    done.add((key, mend))
                    if mend in before or (mend is _normal_value and before):
                        continue  # W^T W = I and W W^T = I say one thing, and such a W is normal
                    both = {mend, *before} >= {_symmetric_value, _orthogonal_value}
                    chosen = _reflection_value if both else mend
                    values[key] = chosen(_shape(leaf, sizes), rng, values.get(key))
                break
        pair = _eigenpair(a)
        if pair is not None:
            matrix, vector, value = pair
            v = rng.choice([-2.0, -1.0, 1.0, 2.0], size=_shape(vector, sizes))
            c = rng.choice([-1.5, -0.5, 0.5, 2.0], size=(1, 1))
            values |= {(vector.name,): v, (value.name,): c}
            values[matrix.name,] = _with_eigenvector(v, c, rng)
    return values


def _with_eigenvector(v: np.ndarray, c: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random W of short entries with W v = c v, where the entries of v are powers of two."""
    others = rng.integers(-2, 3, size=(len(v), len(v))).astype(float)
    np.fill_diagonal(others, 0)
    return np.asarray(others + np.diag((c - others @ v / v).ravel()))


def _keys(leaf: Param | Elem, theory: Theory, sizes: Sizes) -> Iterator[Key]:
    """The keys of a leaf wherever it is given."""
    if isinstance(leaf, Param):
        if leaf in theory.params:
            yield (leaf.name,)
        return
    for given in theory.givens:
        if given.head.key == leaf.key:
            for t in _TIMES:
                env = {**sizes, given.head.index: t}
                if given.head.index.is_Symbol and all(number(f, env) >= 0 for f in given.facts):
                    yield leaf.name, t


def _shape(leaf: Term, sizes: Sizes) -> tuple[int, int]:
    rows, cols = (int(number(side, sizes)) for side in leaf.shape)
    return rows, cols


def _transposed(a: Assumption) -> Param | None:
    """W of ``W^T = W``."""
    left, right = a.left, a.right
    if isinstance(left, Transposed) and left.args[0] == right and isinstance(right, Param):
        return right
    return None


def _orthogonal(a: Assumption) -> Param | None:
    """Q of ``Q^T Q = I``, or of ``Q Q^T = I``."""
    if not isinstance(a.left, Times) or not isinstance(a.right, Identity) or len(a.left.args) != 2:
        return None
    x, y = a.left.args
    leaf = y if isinstance(x, Transposed) else x
    fits = isinstance(leaf, Param) and {x, y} == {leaf, leaf.T}
    return leaf if fits else None


def _normal(a: Assumption) -> Param | None:
    """W of ``W^T W = W W^T``."""
    for leaf in (x for _, x in find(a.left, lambda x: isinstance(x, Param))):
        assert isinstance(leaf, Param)
        if a.left == leaf.T @ leaf and a.right == leaf @ leaf.T:
            return leaf
    return None


def _summing_to_one(a: Assumption) -> Param | Elem | None:
    """y of ``1^T y = 1``, or of ``1^T y^T = 1`` for a row."""
    if a.right != Const(1) or not isinstance(a.left, Times) or len(a.left.args) != 2:
        return None
    x, y = a.left.args
    y = y.args[0] if isinstance(y, Transposed) else y
    fits = isinstance(y, Param | Elem) and isinstance(x, Transposed) and isinstance(x.args[0], Ones)
    return y if fits else None


def _antisymmetric(a: Assumption) -> Param | None:
    """W of ``W^T = -W``."""
    left, right = a.left, a.right
    if isinstance(right, Transposed):
        left, right = right, left
    if not isinstance(left, Transposed) or not isinstance(left.args[0], Param):
        return None
    return left.args[0] if right == Scale(Const(-1), left.args[0]) else None


def _of_length_one(a: Assumption) -> Param | None:
    """v of ``v^T v = 1``, or of ``|v| = 1``."""
    v = a.left.args[0] if isinstance(a.left, Norm) else a.left.args[-1]
    fits = isinstance(v, Param) and v.is_column and a.left in (v.T @ v, Norm(v))
    return v if fits and a.right == Const(1) else None


def _eigenpair(a: Assumption) -> tuple[Param, Param, Param] | None:
    """W, v and c of ``W v = c v``."""
    for left, right in ((a.left, a.right), (a.right, a.left)):
        if not isinstance(left, Times) or not isinstance(right, Scale) or len(left.args) != 2:
            continue
        found = (*left.args, right.args[0])
        if all(isinstance(x, Param) for x in found) and left.args[1] == right.args[1]:
            return found
    return None


def _symmetric_value(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    m = np.round(4 * rng.normal(size=shape)) / 4 if old is None else old
    return np.triu(m) + np.triu(m, 1).T


def _antisymmetric_value(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    m = np.round(4 * rng.normal(size=shape)) / 4 if old is None else old
    return np.triu(m, 1) - np.triu(m, 1).T


def _normal_value(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    """Neither symmetric nor orthogonal: a circulant matrix, in another basis if it may be real."""
    n = shape[0]
    row = np.round(4 * rng.normal(size=n)) / 4 if old is None else old[0]
    circulant = np.array([np.roll(row, i) for i in range(n)])
    if old is not None:
        return circulant
    basis = np.linalg.qr(rng.normal(size=shape))[0]
    return np.asarray(basis @ circulant @ basis.T)


def _orthogonal_value(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    if old is None:
        return np.asarray(np.linalg.qr(rng.normal(size=shape))[0])
    signs = rng.choice([-1.0, 1.0], size=shape[0])
    return np.asarray(np.eye(shape[0])[rng.permutation(shape[0])] * signs)


def _reflection_value(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    """Symmetric and orthogonal: I - 2 v v^T / (v^T v)."""
    v = rng.normal(size=(shape[0], 1))
    return np.asarray(np.eye(shape[0]) - 2 * v @ v.T / (v.T @ v))


def _direction(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    if old is not None:
        return np.eye(shape[0])[:, :1] * rng.choice([-1.0, 1.0])
    v = rng.normal(size=shape)
    return np.asarray(v / np.linalg.norm(v))


def _unit_value(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    size = max(shape)
    return np.eye(size)[:, rng.integers(size)].reshape(shape)


def _share_value(shape: tuple[int, int], rng: np.random.Generator, old: np.ndarray | None
) -> np.ndarray:  # fmt: skip
    if old is not None:
        rest = old.ravel()[1:]
        return np.append(rest, 1 - rest.sum()).reshape(shape)
    parts = rng.uniform(0.2, 1, size=shape)
    return np.asarray(parts / parts.sum())


_Match = Callable[[Assumption], Param | Elem | None]
_Mend = Callable[[tuple[int, int], np.random.Generator, np.ndarray | None], np.ndarray]
_MENDS: tuple[tuple[_Match, _Mend], ...] = (
    (_transposed, _symmetric_value),
    (_antisymmetric, _antisymmetric_value),
    (_of_length_one, _direction),
    (_orthogonal, _orthogonal_value),
    (_normal, _normal_value),
    (_summing_to_one, _share_value),
)
"""Assumptions that a random draw almost never meets, and values that meet them."""
