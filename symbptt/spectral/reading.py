r"""Matrices and values in text: ``Q = [[0, 1], [1, 0]]; D = \mathrm{diag}(0.9, 0.4); W = Q D Q``.

Everything goes through the notation's reader: decimals are exact rationals, and a name stands for
what was given before it. Without a model, small letters that are not given stand for themselves;
with one, the names are those of the model, and ``T = 4`` or ``n = 2`` give lengths and sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sympy import Expr, ImmutableMatrix, Symbol

from symbptt.core.errors import ReadError, ShapeError, SymbpttError, Where
from symbptt.core.indices import index_symbol
from symbptt.core.terms import ONE, Const, Elem, Param, Term, show_shape
from symbptt.core.theory import Theory
from symbptt.models.model import Model
from symbptt.notation import syntax as sx
from symbptt.notation.names import resolve
from symbptt.notation.reader import read_syntax, read_term
from symbptt.notation.scope import Declared, Scope, dim_of
from symbptt.notation.scripts import script_text
from symbptt.notation.symbols import normal_name

from .exact import Exact

_LETTER = re.compile(r"(?:[a-z]|\\[a-z]+)(?:_.*)?")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True)
class Given:
    """``leaf = term`` as it was written."""

    leaf: Param | Elem
    term: Term
    where: Where


@dataclass
class Givens:
    """What is given: values of leaves in order, and numbers for index symbols."""

    model: Model | None
    scope: Scope
    items: list[Given] = field(default_factory=list)
    sizes: dict[Symbol, int] = field(default_factory=dict)

    def read(self, text: str) -> Term:
        """A formula in the names given so far."""
        return read_term(text, self._with_letters(text))

    def add(self, text: str, where: Where) -> None:
        """Reads ``name = value``."""
        left, sign, right = text.partition("=")
        if not sign or not left.strip() or not right.strip():
            raise ReadError("a value is given as name = value", where,
                            "for example W = [[1, 2], [3, 4]]")  # fmt: skip
        shift = len(left) + 1 + len(right) - len(right.lstrip())
        try:
            self._add(left.strip(), right.strip(), where)
        except SymbpttError as error:
            if error.where is not None and error.where.text == right.strip():
                column = where.column + shift + error.where.column - 1
                error.where = replace(where, column=column)
            raise

    def _add(self, left: str, right: str, where: Where) -> None:
        name = normal_name(left)
        if self.model is not None and not self._is_own(left):
            if self._number(name, right, where):
                return
            leaf = read_term(left, self.scope)
            if not isinstance(leaf, Param | Elem):
                raise ReadError(f"{left} is not a name that takes a value", where)
            term = self._fitting(right, leaf)
            self._learn(leaf, term, where)
        else:
            term = self.read(right)
            leaf = Param(self._own_name(left, where), *term.shape)
            if isinstance(term, Const) and term.value.is_Integer:
                self.sizes[index_symbol(name)] = int(term.value)
            if any(_open(side) for side in term.shape):
                raise ShapeError("the size of an identity matrix is not known here", where,
                                 hint="write I_2 for the identity of size 2")  # fmt: skip
            rows, cols = map(dim_of, leaf.shape)
            declared = Declared(leaf.name, (rows, cols), given=True)
            self.scope = replace(self.scope, params={**self.scope.params, leaf.name: declared})
        if any(leaf == item.leaf for item in self.items):
            raise ReadError(f"{left} is given twice", where)
        self.items.append(Given(leaf, term, where))

    def _own_name(self, left: str, where: Where) -> str:
        nodes = read_syntax(left)
        plain = len(nodes) == 1 and isinstance(sx.base_of(nodes[0]), sx.Sym)
        if not plain or (isinstance(nodes[0], sx.Scripted) and nodes[0].sups):
            raise ReadError(f"{left} is not a name", where)
        return script_text(nodes[0])

    def _is_own(self, left: str) -> bool:
        """Whether a name is none of the model's, so that it may be defined here."""
        nodes = read_syntax(left, self.scope)
        known = resolve(nodes[0], self.scope) is not None
        return not known and not self.scope.is_index(normal_name(left))

    def _number(self, name: str, right: str, where: Where) -> bool:
        """Takes T = 4, n = 2 or t = 3."""
        if not self.scope.is_index(name):
            return False
        value = read_term(right, self.scope)
        if not isinstance(value, Const) or not value.value.is_Integer:
            raise ReadError(f"{name} is a whole number", where)
        self._size(index_symbol(name), int(value.value), where)
        return True

    def _fitting(self, right: str, leaf: Term) -> Term:
        """The value; where it leaves its size open, as 2I does, it has that of the leaf."""
        term = self.read(right)
        if any(_open(side) for side in term.shape):
            return read_term(right, self._with_letters(right), shape=leaf.shape)
        return term

    def _learn(self, leaf: Term, term: Term, where: Where) -> None:
        """A size of the model that a value shows."""
        for wanted, side in zip(leaf.shape, term.shape, strict=True):
            if wanted == side:
                continue
            if wanted.is_Symbol and side.is_Integer:
                self._size(wanted, int(side), where)
            elif wanted.is_Integer or not side.is_Integer:
                shapes = show_shape(leaf.shape), show_shape(term.shape)
                raise ShapeError(f"{leaf} is {shapes[0]}, its value {shapes[1]}", where)

    def _size(self, symbol: Symbol, value: int, where: Where) -> None:
        if self.sizes.setdefault(symbol, value) != value:
            raise ShapeError(f"{symbol} is {self.sizes[symbol]} and {value}", where)

    def _with_letters(self, text: str) -> Scope:
        """The scope, where small letters that nothing is said about are numbers."""
        if self.model is not None:
            return self.scope
        params = dict(self.scope.params)
        for node in read_syntax(text, self.scope):
            for letter in _letters(node):
                name = script_text(letter)
                if _LETTER.fullmatch(name) and name != "e" and resolve(letter, self.scope) is None:
                    params[name] = Declared(name, (dim_of(ONE), dim_of(ONE)), given=True)
        return replace(self.scope, params=params)

    @property
    def theory(self) -> Theory | None:
        """The definitions of the model."""
        return None if self.model is None else self.model.theory

    def check_used(self, term: Term) -> None:
        """Refuses a name of one's own that neither the term nor another value uses."""
        theirs = set() if self.theory is None else {p.name for p in self.theory.params}
        terms = [term, *(item.term for item in self.items)]
        used = {x for t in terms for x in (*t.atoms(Param), *t.free_symbols)}
        for item in self.items:
            if isinstance(item.leaf, Elem) or item.leaf.name in theirs:
                continue
            if item.leaf not in used and index_symbol(item.leaf.name) not in used:
                raise ReadError(f"{item.leaf} is given, but nothing uses it", item.where)


def read_givens(text: str, model: Model | None = None, where: Where | None = None) -> Givens:
    """The values in a text, separated by semicolons; ``where`` is the place of its beginning."""
    start = where or Where(1, 1, text)
    givens = Givens(model, Scope() if model is None else model.scope)
    for offset, piece in _pieces(text):
        at = replace(start, column=start.column + offset)
        try:
            givens.add(piece, at)
        except SymbpttError as error:
            raise error.at(at) from None
    return givens


def read_matrix(text: str) -> ImmutableMatrix:
    """The exact matrix that a text describes, such as ``[[1/2, 1], [0, 1/2]]``."""
    return Exact({}).value(Givens(None, Scope()).read(text))


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The parts between semicolons that stand in no bracket and are no ``\\;``, with offsets."""
    depth = start = 0
    for i, c in enumerate(text):
        depth += (c in _OPEN) - (c in _CLOSE)
        if c in ";\n" and depth == 0 and text[i - 1 : i] != "\\":
            yield from _piece(text, start, i)
            start = i + 1
    yield from _piece(text, start, len(text))


def _piece(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), piece.strip()


def _letters(node: sx.Node) -> Iterator[sx.Node]:
    """The symbols of a formula, with what stands below them; exponents are no entries."""
    if isinstance(node, sx.Sym):
        yield node
    elif isinstance(node, sx.Scripted) and isinstance(node.base, sx.Sym):
        yield replace(node, sups=(), primes=0) if node.subs else node.base
    elif isinstance(node, sx.Scripted):
        yield from _letters(node.base)
    else:
        for child in sx.children(node):
            yield from _letters(child)


def _open(side: Expr) -> bool:
    return any(s.name.startswith("?") for s in side.free_symbols)
