"""What a term must look like before anything is proved about it.

``survey`` collects, once per term, what stands anywhere in it, and refuses what has no meaning. A
``Scope`` holds what a theory makes of names, and checks that

- no bound index carries the name of a free one, of a length or of a size (facts about one would
  be used for the other);
- every size is built from the theory's sizes with + and *, so that it is positive;
- a name is one of the theory's, with the shape that it has there;
- a number such as s/t has a denominator that is certainly positive (a lone 1/t may be anything at
  t = 0: nothing is proved about it);
- an inverted matrix is one that a definition or an assumption of the theory inverts: those, and
  what they are products of, are assumed invertible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sympy import Expr, Symbol

from .errors import ModelError, ShapeError, SymbpttError
from .indices import entails, factor_of, linear, symbols_in
from .terms import (
    ONE, Const, D, Elem, Gradient, Identity, Inverse, Meta, Param, Partial, Shape, Shock, Term,
    Times, Transposed, _Ranged, show_shape,
)  # fmt: skip
from .theory import ALL, Frame, Theory
from .traverse import contains, context, index_at, nodes_of, substitute

RESERVED = "#@!?*"  # first characters of the engine's own index names
DERIVATIVES = (D, Shock, Partial, Gradient)
Facts = tuple[Expr, ...]


class Survey(NamedTuple):
    """What stands anywhere in a term; ``ratios`` are numbers with a symbolic denominator."""

    bound: frozenset[Symbol]
    sizes: frozenset[Expr]
    leaves: frozenset[tuple[str, Shape]]
    ratios: frozenset[Expr]


_BARE = Survey(frozenset(), frozenset(), frozenset(), frozenset())


@lru_cache(maxsize=65536)
def survey(term: Term) -> Survey:
    """Surveys a term; raises SymbpttError where it has no meaning."""
    parts = [survey(child) for child in term.children] or [_BARE]
    bound, sizes, leaves, ratios = (
        parts[0]
        if len(parts) == 1
        else (frozenset[Any]().union(*found) for found in zip(*parts, strict=True))
    )
    sizes |= {size for size in term.shape if size is not ONE}
    if isinstance(term, Meta):
        raise SymbpttError(f"{term} is a metavariable: it belongs to rules only")
    for part in term.args:
        if isinstance(part, Expr):
            check_index(part, isinstance(term, Const))
    if isinstance(term, Elem | Param):
        if isinstance(term, Param) and term.name.endswith("[]"):
            raise SymbpttError(f"{term.name} is how a sequence is told from a parameter")
        leaves |= {(term.key, term.shape)}
    elif isinstance(term, Const) and not _is_polynomial(term.value):
        ratios |= {term.value}
    elif isinstance(term, _Ranged):
        if term.bound in bound:
            raise SymbpttError(f"the bound index {term.bound} hides another of the same name")
        if any(term.bound in size.free_symbols for size in sizes):
            raise ShapeError(f"a size depends on the bound index {term.bound}")
        bound |= {term.bound}
    elif isinstance(term, DERIVATIVES):
        inner = (D, Shock) if isinstance(term, Partial | Gradient) else DERIVATIVES
        if any(contains(child, cls) for child in term.children for cls in inner):
            raise SymbpttError(f"a derivative stands inside another one: {term}")
    return Survey(bound, sizes, leaves, ratios)


def _is_polynomial(value: Expr) -> bool:
    return value.is_Rational or value.is_polynomial(*value.free_symbols)


@lru_cache(maxsize=65536)
def check_index(expr: Expr, number: bool = False) -> None:
    """An index or a size is an integer, in symbols whose names are not the engine's own."""
    for s in symbols_in(expr):
        if s.name[:1] in RESERVED or not s.is_integer:
            raise SymbpttError(f"{s} is not the name of an index")
    if not number and not expr.is_integer:
        raise SymbpttError(f"the index {expr} need not be an integer")


@dataclass(frozen=True)
class _Entry:
    """A given or a definition: terms that hold for the index where the facts do."""

    index: Any
    facts: Facts
    terms: tuple[Term, ...]


def _entries(theory: Theory) -> Iterator[_Entry]:
    for p in theory.params:
        yield _Entry(None, (), (p,))
    for g in theory.givens:
        yield _Entry(g.head.index, g.facts, (g.head,))
    for d in theory.definitions:
        yield _Entry(d.index, d.facts, (d.head, d.body))


class Scope:
    """The names of a theory; refuses a theory whose own terms are out of order.

    ``symbols`` are the lengths and sizes: the symbols that stand free in the theory. They mean the
    same in every theorem, so nothing may be put in their place.
    """

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        entries = list(_entries(theory))
        self.symbols: frozenset[Symbol] = _free(theory.facts).union(
            *(_free((*e.terms, *e.facts)) - {e.index} for e in entries)
        )
        terms = [t for e in entries for t in e.terms]
        terms += [side for a in theory.assumptions for side in (a.left, a.right)]
        heads = (e.terms[0] for e in entries)
        self.shapes: dict[str, Shape] = {
            x.key: x.shape for x in heads if isinstance(x, Elem | Param)
        }
        self._positive = {size for term in terms for size in survey(term).sizes}
        self._letters = _free(self._positive)
        self._inverted = list(self._declared(entries))
        for fact in (*theory.facts, *(f for e in entries for f in e.facts)):
            check_index(fact)
            linear(fact)
        for e in entries:
            if e.index is not None and (not e.index.is_Symbol or e.index in self.symbols):
                raise ModelError(f"{e.terms[0]}: its index is not a symbol of its own")
            for term in e.terms:
                self.check(term, {e.index, *self.symbols}, e.facts)
        for a in theory.assumptions:
            for side in (a.left, a.right):
                self.check(side, {*self.symbols, *_free((a.left, a.right))}, a.facts)
            if a.relation != "=" and not (a.left.is_scalar and a.right.is_scalar):
                raise ModelError(f"the assumption {a.name!r} compares what is not a scalar")
            if any(contains(side, cls) for side in (a.left, a.right) for cls in DERIVATIVES):
                raise ModelError(f"the assumption {a.name!r} contains a derivative")

    def check(self, term: Term, outer: Iterable[Any], facts: Facts) -> None:
        """Refuses a term that this theory gives no meaning to; ``outer`` are the free indices."""
        found = survey(term)
        if clash := found.bound.intersection(outer):
            raise SymbpttError(f"the bound index {min(map(str, clash))} is also a free index")
        for size in found.sizes - self._positive:
            if not self._is_positive(size):
                raise ShapeError(f"the size {size} is not built from the sizes of the theory")
            self._positive.add(size)
        for key, shape in found.leaves:
            self._check_leaf(key, shape)
        for value in found.ratios:
            self._check_ratio(value)
        if contains(term, Inverse):
            for path, node in nodes_of(term, Inverse):
                known = (*self.theory.facts, *facts, *context(term, path)[0])
                if not self._is_invertible(node.args[0], known):
                    raise SymbpttError(f"nothing says that {node.args[0]} is invertible")

    def check_frame(self, frame: Frame) -> None:
        """Refuses a frame that varies something without a name, or at no index."""
        for x in frame.vary:
            if not isinstance(x, Elem | Param):
                raise SymbpttError(f"{x} has no name and cannot vary by itself")
            self._check_leaf(x.key, x.shape)
            if isinstance(x, Elem) and x.index != ALL:
                check_index(x.index)
        if frame.step is not None:
            check_index(frame.step)

    def _check_leaf(self, key: str, shape: Shape) -> None:
        name = key.removesuffix("[]")
        if key not in self.shapes:
            raise SymbpttError(f"{name} is not a name of the theory")
        if shape != self.shapes[key]:
            raise ShapeError(
                f"{name} has shape {show_shape(self.shapes[key])} in the theory, "
                f"but {show_shape(shape)} here"
            )

    def _is_positive(self, size: Expr) -> bool:
        if size.is_Integer:
            return bool(size > 0)
        if size.is_Symbol:
            return size in self._letters
        if size.is_Pow:
            return size.exp.is_Integer and size.exp > 0 and self._is_positive(size.base)
        return bool(size.is_Add or size.is_Mul) and all(map(self._is_positive, size.args))

    def _check_ratio(self, value: Expr) -> None:
        above, below = value.as_numer_denom()
        for base in below.as_powers_dict() if above.free_symbols else ():
            if base.is_Integer or base in self._letters or entails(self.theory.facts, base - 1):
                continue
            raise SymbpttError(f"the denominator {base} of {value} may be zero")

    def _declared(self, entries: list[_Entry]) -> Iterator[tuple[Term, Facts]]:
        """The matrices that the theory inverts, with the facts under which it does."""
        sources = [(t, e.facts) for e in entries for t in e.terms]
        sources += [(s, a.facts) for a in self.theory.assumptions for s in (a.left, a.right)]
        for term, facts in sources:
            for path, node in nodes_of(term, Inverse):
                known = (*facts, *context(term, path)[0])
                matrix = node.args[0]
                yield matrix, known
                if isinstance(matrix, Times) and len({x.shape for x in matrix.args}) == 1:
                    yield from ((factor, known) for factor in matrix.args)

    def _is_invertible(self, matrix: Term, facts: Facts) -> bool:
        if isinstance(matrix, Transposed | Inverse):
            return self._is_invertible(matrix.args[0], facts)
        for pattern, conditions in self._inverted:
            found: dict[Symbol, Expr] = {}
            if solve(pattern, matrix, self.symbols, found):
                if substitute(pattern, found) != matrix:
                    continue
                if all(entails(facts, substitute(c, found)) for c in conditions):
                    return True
        return isinstance(matrix, Identity) or (
            isinstance(matrix, Times) and all(self._is_invertible(x, facts) for x in matrix.args)
        )


@lru_cache(maxsize=256)
def scope_of(theory: Theory) -> Scope:
    """The scope of a theory, made once; raises what making it raises."""
    return Scope(theory)


def _free(items: Iterable[Any]) -> frozenset[Any]:
    return frozenset().union(*(x.free_symbols for x in items))


def solve(pattern: Any, value: Any, fixed: frozenset[Symbol], found: dict[Symbol, Expr]) -> bool:
    """Finds index values, outside ``fixed``, at which the pattern may be the value."""
    if isinstance(pattern, Term):
        if type(pattern) is not type(value) or len(pattern.args) != len(value.args):
            return False
        pairs = zip(pattern.args, value.args, strict=True)
        return all(solve(p, x, fixed, found) for p, x in pairs)
    if isinstance(pattern, Expr):
        expr = index_at(pattern, found)
        open_symbols = [s for s in symbols_in(pattern) if s not in fixed and s not in found]
        if len(open_symbols) == 1 and factor_of(expr, open_symbols[0]) == 1:
            found[open_symbols[0]] = (value - expr + open_symbols[0]).expand()
            return True
        return bool(expr == value)
    return bool(pattern == value)
