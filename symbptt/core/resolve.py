"""Resolving the links of a monomial: which axes are the same vertex, a pin, a pair or a part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sympy import Basic, Expr, Symbol

from .errors import NotSupported
from .indices import symbols_in
from .monomials import Atom, Axis, Monomial, Pin, Vertices
from .spelling import expression_text
from .terms import Term, _Ranged
from .traverse import index_at, substitute


class Inconsistent(Exception):
    """Two different parts of a block axis were identified: the monomial is zero."""


class Network(NamedTuple):
    """A monomial with resolved axes.

    An axis of an atom is a vertex number, a Pin, or a nested tuple for pairs and parts (a part
    begins with a text that says which). ``free`` are the resolved row and column; ``factor`` is
    the coefficient times the dimensions of vertices that no atom touches; ``pins`` are pairs of
    index expressions that must be equal.
    """

    atoms: tuple[Atom, ...]
    free: tuple[Any, ...]
    dims: dict[int, Expr]
    bound: tuple[Symbol, ...]
    constraints: tuple[Expr, ...]
    pins: tuple[tuple[Expr, Expr], ...]
    factor: Expr

    def renamed(self, mapping: dict[Symbol, Expr]) -> Network:
        """The network with index symbols replaced, inside atoms, pins and the factor."""
        atoms = tuple(_rename_atom(a, mapping) for a in self.atoms)
        free = tuple(_rename_axis(a, mapping) for a in self.free)
        dims = {v: index_at(d, mapping) for v, d in self.dims.items()}
        factor = index_at(self.factor, mapping)
        return Network(atoms, free, dims, self.bound, self.constraints, self.pins, factor)

    def parts(self) -> Iterator[Basic]:
        """Everything in the network in which index symbols stand, its constraints apart."""
        yield self.factor
        yield from self.dims.values()
        yield from (pin.at for pin in self.pinned())
        for atom in self.atoms:
            yield from (x for x in (*atom.head, *atom.inner) if isinstance(x, Basic))

    def pinned(self) -> Iterator[Pin]:
        """The axes that are fixed at an index."""
        for axes in (self.free, *(a.axes for a in self.atoms)):
            yield from (x for x in _flat(axes) if isinstance(x, Pin))

    def unpin(
        self, bound: list[Symbol], constraints: list[Expr]
    ) -> tuple[list[Symbol], list[Expr], Network]:
        """Turns a sum over all entries of an axis into a contraction: sum_i a_i b_i = a^T b."""
        net = self
        pinned = {pin.at for pin in self.pinned()}
        for b in [b for b in bound if b in pinned]:
            used = any(_mentions(atom, b) for atom in net.atoms)
            used |= b in symbols_in(net.factor)
            about = [c for c in dict.fromkeys(constraints) if b in symbols_in(c)]
            tops = [c for c in about if c != b - 1]
            if used or len(about) != 2 or len(tops) != 1 or tops == about:
                continue
            dim = tops[0] + b
            if b in symbols_in(dim) or any(b in symbols_in(d) for d in net.dims.values()):
                continue
            vertex = max(net.dims, default=-1) + 1
            atoms = tuple(
                Atom(a.head, a.inner, tuple(_swap(x, Pin(b), vertex) for x in a.axes))
                for a in net.atoms
            )
            free = tuple(_swap(x, Pin(b), vertex) for x in net.free)
            net = Network(
                atoms, free, {**net.dims, vertex: dim}, net.bound, net.constraints, net.pins,
                net.factor,
            )  # fmt: skip
            bound = [s for s in bound if s != b]
            constraints = [c for c in constraints if b not in symbols_in(c)]
        return bound, constraints, net


def atom_indices(atom: Atom) -> list[Expr]:
    """Every index expression of an atom: its own, its pins, and those of the terms inside."""
    out = [h for h in atom.head if isinstance(h, Expr)]
    out += [a.at for a in _flat(atom.axes) if isinstance(a, Pin)]
    return out + [e for term in atom.inner for e in _surface(term)]


@lru_cache(maxsize=16384)
def _surface(term: Term, local: frozenset[Symbol] = frozenset()) -> tuple[Expr, ...]:
    """The index expressions inside a term, those with indices bound inside it left out."""
    if isinstance(term, _Ranged):
        local = local | {term.bound}
    own = (a for a in term.args if isinstance(a, Expr))
    out = [a for a in own if not a.is_Integer and not local & symbols_in(a)]
    for child in term.children:
        out += _surface(child, local)
    return tuple(out)


def _mentions(atom: Atom, symbol: Symbol) -> bool:
    parts = (x for x in (*atom.head, *atom.inner) if isinstance(x, Basic))
    pins = (a.at for a in _flat(atom.axes) if isinstance(a, Pin))
    return any(symbol in x.free_symbols for x in parts) or any(
        at != symbol and symbol in symbols_in(at) for at in pins
    )


def _flat(axes: Any) -> list[Any]:
    if isinstance(axes, tuple):
        return [x for a in axes for x in _flat(a)]
    return [axes]


def _swap(axis: Any, old: Any, new: Any) -> Any:
    if isinstance(axis, tuple):
        return tuple(_swap(a, old, new) for a in axis)
    return new if axis == old else axis


def _rename_axis(axis: Any, mapping: dict[Symbol, Expr]) -> Any:
    if isinstance(axis, tuple):
        return tuple(_rename_axis(a, mapping) for a in axis)
    return Pin(index_at(axis.at, mapping)) if isinstance(axis, Pin) else axis


def _rename_atom(atom: Atom, mapping: dict[Symbol, Expr]) -> Atom:
    head = tuple(index_at(h, mapping) if isinstance(h, Expr) else h for h in atom.head)
    inner = tuple(substitute(t, mapping) for t in atom.inner)
    return Atom(head, inner, tuple(_rename_axis(a, mapping) for a in atom.axes))


class _Classes:
    """Union-find over vertices; a class may be bound to a pin, a pair or a part."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}
        self.value: dict[int, Any] = {}
        self.pins: list[tuple[Expr, Expr]] = []

    def root(self, v: int) -> int:
        while v in self.parent:
            v = self.parent[v]
        return v

    def identify(self, a: Axis, b: Axis) -> None:
        """Makes two axes the same."""
        if isinstance(a, Pin) and isinstance(b, Pin):
            if a != b:
                self.pins.append((a.at, b.at))
        elif isinstance(a, Pin):
            self.identify(b, a)
        elif isinstance(b, Pin):
            self._bind(self.root(a), b)  # type: ignore[arg-type]
        else:
            ra, rb = self.root(a), self.root(b)  # type: ignore[arg-type]
            if ra != rb:
                self.parent[ra] = rb
                if ra in self.value:
                    self._bind(rb, self.value.pop(ra))

    def _bind(self, root: int, value: Any) -> None:
        old = self.value.get(root)
        if old is None:
            self.value[root] = value
        elif isinstance(old, Pin) and isinstance(value, Pin):
            self.identify(old, value)
        elif isinstance(old, Pin) or isinstance(value, Pin) or old[:-1] != value[:-1]:
            self._clash(old, value)
        else:
            for x, y in zip(old[-1], value[-1], strict=True):
                self.identify(x, y)

    @staticmethod
    def _clash(old: Any, value: Any) -> None:
        pinned = isinstance(old, Pin) or isinstance(value, Pin)
        if not pinned and "part" == old[0] == value[0] and old[1] == value[1]:
            raise Inconsistent
        raise NotSupported("axes are split in two different ways")

    def add(self, link: tuple[Any, ...]) -> None:
        """Takes one link of a monomial."""
        if link[0] == "eq":
            self.identify(link[1], link[2])
        elif link[0] == "split":
            self._bind(self.root(link[1]), ("split", link[2], link[3]))
        else:
            self._bind(self.root(link[1]), ("part", link[2], link[3], (link[4],)))

    def axis(self, a: Any) -> Any:
        """The resolved form of an axis."""
        if a is None or isinstance(a, Pin):
            return a
        root = self.root(a)
        value = self.value.get(root)
        if value is None or isinstance(value, Pin):
            return root if value is None else value
        inner = tuple(self.axis(x) for x in value[-1])
        if value[0] == "split":
            return inner
        sizes = ", ".join(map(expression_text, value[1]))
        return (f"part {value[2]} of [{sizes}]", *inner)


def resolve(monomial: Monomial, free: tuple[Axis, Axis], vertices: Vertices) -> Network:
    """Solves the links; raises Inconsistent where they make the monomial zero."""
    classes = _Classes()
    for link in monomial.links:
        classes.add(link)
    atoms = tuple(
        Atom(a.head, a.inner, tuple(classes.axis(x) for x in a.axes)) for a in monomial.atoms
    )
    outer = tuple(classes.axis(a) for a in free)
    touched = {x for a in atoms for x in _flat(a.axes) if isinstance(x, int)}
    touched |= {x for x in _flat(outer) if isinstance(x, int)}
    loose = {classes.root(s) for s in monomial.summed} - set(classes.value)
    factor: Expr = monomial.coefficient
    for vertex in loose - touched:
        factor *= vertices.dims[vertex]
    dims = {v: vertices.dims[v] for v in touched}
    return Network(
        atoms, outer, dims, monomial.bound, monomial.constraints, tuple(classes.pins), factor
    )
