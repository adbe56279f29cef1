"""What a proof may assume: givens, definitions with their ranges, index facts, and frames.

A definition ``head = body`` holds for every integer value of the head's index that satisfies its
facts. Everything is plain data, so that a proof file carries its whole theory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sympy import Expr, Symbol

from .terms import Elem, Param, Term
from .traverse import substitute


@dataclass(frozen=True)
class Given:
    """Elements ``head`` that are leaves (inputs, boundary values) for the indices in ``facts``."""

    head: Elem
    facts: tuple[Expr, ...]


@dataclass(frozen=True)
class Definition:
    """``head = body`` wherever ``facts`` hold for the head's index; a Param head has no index."""

    head: Elem | Param
    body: Term
    facts: tuple[Expr, ...] = ()

    @property
    def name(self) -> str:
        return self.head.name

    @property
    def key(self) -> str:
        """The head's key: name, and whether it is a sequence."""
        return self.head.key

    @property
    def index(self) -> Symbol | None:
        """The index symbol of the head, bound in body and facts."""
        return self.head.index if isinstance(self.head, Elem) else None


@dataclass(frozen=True)
class Assumption:
    """``left = right`` wherever ``facts`` hold: something the model does not say, but is told.

    For example that a target sums to one. ``relation`` may also be "<=" or "<". It holds for
    values, not under d(.).
    """

    name: str
    left: Term
    right: Term
    facts: tuple[Expr, ...] = ()
    relation: str = "="


@dataclass(frozen=True)
class Frame:
    """What varies under d(.), in one theorem.

    ``vary``: parameters, and elements x[*] (all given elements of x, index ``ALL``) or h[k] (one
    element, set free: its own definition no longer holds under d). ``shocks``: names of defined
    sequences to each of whose elements z[t] an independent change, Shock z[t], is added.
    ``step``: when set to k, every sequence element at another time than k is held fixed
    (except those in ``vary``): the immediate derivative.
    """

    vary: tuple[Term, ...] = ()
    shocks: tuple[str, ...] = ()
    step: Expr | None = None

    @property
    def free_symbols(self) -> set[Symbol]:
        """The index symbols in it."""
        indices = () if self.step is None else (self.step,)
        return set().union(*(x.free_symbols for x in (*self.vary, *indices))) - {ALL}

    def instance(self, mapping: Mapping[Symbol, Expr]) -> Frame:
        """The frame with index symbols replaced."""
        vary = tuple(substitute(x, mapping) for x in self.vary)
        step = None if self.step is None else self.step.xreplace(dict(mapping))
        return Frame(vary, self.shocks, step)


ALL = Symbol("*")  # the index of "every given element" in a frame


@dataclass(frozen=True)
class Theory:
    """Parameters, givens, definitions in dependency order, and facts about lengths and sizes."""

    params: tuple[Param, ...]
    givens: tuple[Given, ...]
    definitions: tuple[Definition, ...]
    facts: tuple[Expr, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    names: dict[str, list[Definition]] = field(init=False, compare=False, repr=False)
    _hash: int = field(init=False, compare=False, repr=False)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Theory], tuple[object, ...]]:
        """Made anew where it arrives: hashes of texts differ between processes."""
        return Theory, (self.params, self.givens, self.definitions, self.facts, self.assumptions)

    def __post_init__(self) -> None:
        own = (self.params, self.givens, self.definitions, self.facts, self.assumptions)
        object.__setattr__(self, "_hash", hash(own))
        table: dict[str, list[Definition]] = {}
        for d in self.definitions:
            table.setdefault(d.key, []).append(d)
        object.__setattr__(self, "names", table)

    def defined(self, key: str) -> list[Definition]:
        """The definitions of a key (several where ranges differ); empty for a leaf."""
        return self.names.get(key, [])

    def extended(self, *more: Definition) -> Theory:
        """The theory with further definitions."""
        return replace(self, definitions=(*self.definitions, *more))

    def leaves(self) -> Iterator[Param | Elem]:
        """Parameters, then the heads of the givens."""
        yield from self.params
        for given in self.givens:
            yield given.head
