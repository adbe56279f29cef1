"""Powers and inverses in a network: A A^{-1} = I, A A^k = A^{k+1}, x_i x_i^k = x_i^{k+1}.

Two atoms of one base that share a vertex which nothing else touches are neighbours in a matrix
product; their exponents add. So do those of entrywise powers (and powers of scalars) with the same
axes. Powers need exponents that are certainly not negative; inverses stand only for matrices that
are assumed invertible.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Expr, Integer

from . import terms as tm
from .indices import entails, is_affine
from .monomials import Atom, Monomial, Vertices
from .network import entries
from .resolve import Network
from .terms import Term

_LEAVES = ("Param", "Elem", "Meta")


def contract(net: Network, facts: tuple[Expr, ...]) -> Network:
    """The network with neighbouring powers of one base merged, as long as there are any."""
    while True:
        pair = next(_neighbours(net, facts), None)
        if pair is None:
            break
        net = _merge(net, *pair)
    while True:
        merged = next(_entrywise(net, facts), None)
        if merged is None:
            return net
        net = merged


def _entrywise(net: Network, facts: tuple[Expr, ...]) -> Iterator[Network]:
    """The network with an entrywise power and another power of its base put together."""
    for p, power in enumerate(net.atoms):
        base = _base(power)
        if base is None or not _certain(power.head[1], facts):
            continue
        for q, other in enumerate(net.atoms):
            exponent = Integer(1) if (other.head, other.inner) == base else None
            if q != p and other.head[0] == power.head[0] and _base(other) == base:
                exponent = other.head[1] if _certain(other.head[1], facts) else None
            if q == p or other.axes != power.axes or exponent is None:
                continue
            both = Atom((power.head[0], power.head[1] + exponent), power.inner, power.axes)
            yield net._replace(atoms=(*_without(net, p, q), both))


def _base(atom: Atom) -> tuple[tuple[Any, ...], tuple[Term, ...]] | None:
    """Head and inner of the one atom that a scalar's or an entrywise power is a power of."""
    if atom.head[0] != "EntrywisePower" and (atom.head[0] != "Power" or atom.axes):
        return None
    term = atom.inner[0]
    v = Vertices(term)
    row, col = (None if size == 1 else v.new(size) for size in term.shape)
    found = entries(term, row, col, v)
    if len(found) != 1 or len(found[0].atoms) != 1 or found[0].coefficient != 1:
        return None
    (only,) = found[0].atoms
    plain = found[0]._replace(coefficient=Integer(1), atoms=()) == Monomial(Integer(1))
    fits = only.axes == tuple(a for a in (row, col) if a is not None)
    return (only.head, only.inner) if plain and fits else None


def _certain(exponent: Expr, facts: tuple[Expr, ...]) -> bool:
    """Whether the exponent is certainly >= 0."""
    return is_affine(exponent) and entails(facts, exponent)


def _without(net: Network, p: int, q: int) -> tuple[Atom, ...]:
    return tuple(x for number, x in enumerate(net.atoms) if number not in (p, q))


def _power(atom: Atom) -> tuple[tuple[Any, ...], Expr] | None:
    """(base, exponent) of a leaf, of a power of a leaf, or of the inverse of a leaf."""
    if len(atom.axes) != 2:
        return None
    if atom.head[0] in _LEAVES:
        return atom.head, Integer(1)
    if atom.head[0] in ("Power", "Inverse"):
        inner = atom.inner[0]
        if type(inner).__name__ in _LEAVES:
            exponent = atom.head[1] if atom.head[0] == "Power" else Integer(-1)
            return (type(inner).__name__, *inner.args), exponent
    return None


def _neighbours(net: Network, facts: tuple[Expr, ...]) -> Iterator[tuple[int, int]]:
    """Positions (p, q) of atoms P Q: a vertex ends P and begins Q, and touches nothing else."""
    places: dict[int, list[tuple[int, int]]] = {}
    for number, atom in enumerate(net.atoms):
        for side, axis in enumerate(atom.axes):
            for vertex, direct in _vertices(axis):
                places.setdefault(vertex, []).append((number, side if direct else -1))
    free = {v for axis in net.free for v, _ in _vertices(axis)}
    for vertex, uses in places.items():
        if vertex in free or len(uses) != 2 or {side for _, side in uses} != {0, 1}:
            continue
        q, p = (number for number, _ in sorted(uses, key=lambda use: use[1]))
        if p != q and _fits(net, p, q, facts):
            yield p, q


def _vertices(axis: Any, direct: bool = True) -> Iterator[tuple[int, bool]]:
    if isinstance(axis, tuple):
        for a in axis:
            yield from _vertices(a, False)
    elif isinstance(axis, int):
        yield axis, direct


def _fits(net: Network, p: int, q: int, facts: tuple[Expr, ...]) -> bool:
    atoms = (net.atoms[p], net.atoms[q])
    left, right = map(_power, atoms)
    if left is None or right is None or left[0] != right[0]:
        return False
    exponents = [a.head[1] for a in atoms if a.head[0] == "Power"]
    if not all(_certain(e, facts) for e in exponents):
        return False
    if -1 not in (left[1], right[1]):
        return True
    # A^{-1} A^k would need k >= 1; an identity needs plain vertices at its ends
    ends = (net.atoms[p].axes[0], net.atoms[q].axes[1])
    return left[1] + right[1] == 0 and all(isinstance(e, int) for e in ends)


def _merge(net: Network, p: int, q: int) -> Network:
    left, right = net.atoms[p], net.atoms[q]
    (_, a), (_, b) = _power(left), _power(right)  # type: ignore[misc]
    rest = _without(net, p, q)
    first, last = left.axes[0], right.axes[1]
    if a + b == 0:
        assert isinstance(first, int) and isinstance(last, int)  # _fits sees to it
        return _identified(net._replace(atoms=rest), first, last)
    leaf = _leaf(left, right)
    merged = Atom(("Power", a + b), (leaf,), (first, last))
    return _trimmed(net._replace(atoms=(*rest, merged)))


def _leaf(left: Atom, right: Atom) -> Term:
    """The base as a term."""
    for atom in (left, right):
        if atom.inner:
            return atom.inner[0]
    return getattr(tm, left.head[0])(*left.head[1:])


def _identified(net: Network, first: int, last: int) -> Network:
    """Two vertices made one; a vertex that nothing touches any more counts its dimension."""

    def swap(axis: Any) -> Any:
        if isinstance(axis, tuple):
            return tuple(map(swap, axis))
        return last if axis == first and isinstance(axis, int) else axis

    atoms = tuple(Atom(a.head, a.inner, tuple(map(swap, a.axes))) for a in net.atoms)
    free = tuple(map(swap, net.free))
    touched = {v for x in (*(a.axes for a in atoms), free) for v, _ in _vertices(x)}
    factor = net.factor if last in touched else net.factor * net.dims[last]
    return _trimmed(net._replace(atoms=atoms, free=free, factor=factor))


def _trimmed(net: Network) -> Network:
    touched = {v for x in (*(a.axes for a in net.atoms), net.free) for v, _ in _vertices(x)}
    return net._replace(dims={v: d for v, d in net.dims.items() if v in touched})
