"""The term language: matrices of symbolic shape, time-indexed elements, sums, products, d(.).

Every term has a shape (rows, columns) of SymPy integers; a vector is a column (n, 1), a scalar is
(1, 1). Constructors check shapes and flatten; they never simplify, so a proof can name each step.
Terms subclass ``sympy.Basic`` for cached hashes, substitution and pickling, and refuse
``diff``/``doit``: SymPy's calculus is wrong or silent on such expressions.

    >>> n = index_symbol("n")
    >>> W, x = Param("W", n, n), Param("x", n, 1)
    >>> (W @ x).shape
    (n, 1)
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from operator import is_
from typing import Any, ClassVar

from sympy import Basic, Expr, Float, Integer, Number, Symbol
from sympy.core.symbol import Str

from .errors import ShapeError, SymbpttError
from .indices import index_symbol, symbols_in

__all__ = [
    "Block", "Const", "D", "Diag", "Elem", "Entry", "Func", "Gradient", "Hadamard", "Identity",
    "Inverse", "Kron", "Map", "Meta", "Ones", "OrderedProduct", "Param", "Partial", "Plus", "Power",
    "Scale", "Shock", "Softmax", "SumOver", "Term", "Times", "Trace", "Transposed", "Unvec", "Vec",
    "When", "Zero", "index_symbol", "show_shape", "size",
]  # fmt: skip

Shape = tuple[Expr, Expr]
ONE = Integer(1)


def show_shape(shape: Shape) -> str:
    """``n x d`` as text."""
    return f"{shape[0]} x {shape[1]}"


def _int(value: Any) -> Expr:
    return Integer(value) if isinstance(value, int) else value


def _str(value: Any) -> Str:
    return Str(value) if isinstance(value, str) else value


class _Unfit(ShapeError):
    """Two terms whose shapes do not fit; said in words only where they are read, which takes longer
    than all the rest, and most such terms are only tried."""

    def __init__(self, what: str, left: Term, right: Term) -> None:
        Exception.__init__(self, what, left, right)
        self.where, self.hint = None, ""

    @property
    def message(self) -> str:  # type: ignore[override]
        what, left, right = self.args
        return (
            f"{what}: {left} has shape {show_shape(left.shape)}, "
            f"{right} has shape {show_shape(right.shape)}"
        )


class _Shared(type(Basic)):  # type: ignore[misc]
    """Makes equal terms one object, as long as few enough are known: they are compared often.

    What is made from a key was checked when it was made first. The types are part of the key: 1.0
    equals 1, and is refused.
    """

    _made: ClassVar[dict[Any, Any]] = {}

    def __call__(cls, *args: Any) -> Any:
        key = (cls, args, tuple(map(type, args)))
        made = cls._made
        term = made.get(key)
        if term is None:
            term = super().__call__(*args)
            if len(made) >= _MOST_SHARED:
                made.clear()
            own = term.args
            if type(term) is cls and len(own) == len(args) and all(map(is_, own, args)):
                made[key] = term  # the usual case: it is made of just what was given
            else:
                term = made[key] = made.setdefault((type(term), own, tuple(map(type, own))), term)
        return term


_MOST_SHARED = 200_000


class Term(Basic, metaclass=_Shared):
    """Base of all terms. ``shape`` is symbolic; ``@`` is the matrix product, ``*`` Hadamard."""

    __slots__ = ("_children", "_free", "_kinds", "shape")
    args = Basic._args  # the slot itself: what a property returns takes twice as long to get
    shape: Shape
    _children: tuple[Term, ...]
    _free: frozenset[Any]
    _kinds: frozenset[type]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or hash(self) != hash(other):
            return False
        return bool(self._args == other._args)

    __hash__ = Basic.__hash__

    def _shaped(self, rows: Expr, cols: Expr) -> Term:
        self.shape = (rows, cols)
        return self

    @property
    def free_symbols(self) -> frozenset[Any]:
        """The index and dimension symbols that are not bound, computed once."""
        try:
            return self._free
        except AttributeError:
            self._free = self._free_now()
            return self._free

    def _free_now(self) -> frozenset[Any]:
        parts = [a.free_symbols if isinstance(a, Term) else symbols_in(a) for a in self.args]
        return frozenset().union(*parts)

    @property
    def kinds(self) -> frozenset[type]:
        """The classes of the nodes in it, computed once."""
        try:
            return self._kinds
        except AttributeError:
            own = frozenset((type(self),))
            parts = {x.kinds for x in self.children}
            inner = parts.pop() if len(parts) == 1 else frozenset[type]().union(*parts)
            self._kinds = inner if own <= inner else own | inner
            return self._kinds

    @property
    def children(self) -> tuple[Term, ...]:
        """The subterms, in order."""
        try:
            return self._children
        except AttributeError:
            self._children = tuple(a for a in self.args if isinstance(a, Term))
            return self._children

    @property
    def is_scalar(self) -> bool:
        """Whether the shape is (1, 1)."""
        return self.shape[0] is ONE and self.shape[1] is ONE  # SymPy has only one 1

    @property
    def is_column(self) -> bool:
        """Whether the shape is (n, 1)."""
        return self.shape[1] is ONE

    @property
    def T(self) -> Term:
        """The transpose."""
        return Transposed(self)

    def __matmul__(self, other: Term) -> Term:
        return Times(self, other)

    def __add__(self, other: Term) -> Term:
        return Plus(self, other)

    def __sub__(self, other: Term) -> Term:
        return Plus(self, -other)

    def __neg__(self) -> Term:
        return Scale(Const(-1), self)

    def __mul__(self, other: Term) -> Term:
        return Hadamard(self, other)

    def doit(self, **hints: Any) -> Term:
        raise SymbpttError("doit is not defined for matrix terms", hint="use symbptt.derive")

    def diff(self, *symbols: Any) -> Term:
        raise SymbpttError("diff is not defined for matrix terms", hint="use symbptt.derive")

    def __str__(self) -> str:
        from .text import plain  # the printer imports the terms

        return plain(self)

    __repr__ = __str__


class _Leaf(Term):
    """A named leaf ``name : rows x cols``."""

    __slots__ = ()

    def __new__(cls, name: str | Str, rows: Any, cols: Any = 1) -> Any:
        rows, cols = _int(rows), _int(cols)
        return Basic.__new__(cls, _str(name), rows, cols)._shaped(rows, cols)

    @property
    def name(self) -> str:
        return str(self.args[0].name)

    @property
    def key(self) -> str:
        """What tells it from a sequence of the same name (a total L from its terms L[t])."""
        return self.name


class Param(_Leaf):
    """A quantity without time index: a parameter, or a defined one such as the total loss."""

    __slots__ = ()


class Elem(Term):
    """An element h[t] of the sequence ``name``; the index is affine."""

    __slots__ = ()

    def __new__(cls, name: str | Str, index: Any, rows: Any, cols: Any = 1) -> Any:
        index, rows, cols = _int(index), _int(rows), _int(cols)
        return Basic.__new__(cls, _str(name), index, rows, cols)._shaped(rows, cols)

    @property
    def name(self) -> str:
        return str(self.args[0].name)

    @property
    def key(self) -> str:
        """The name of the sequence, told from a parameter of the same name."""
        return f"{self.name}[]"

    @property
    def index(self) -> Expr:
        return self.args[1]

    def at(self, index: Any) -> Elem:
        """The element of the same sequence at another index."""
        return Elem(self.args[0], index, *self.shape)


class Const(Term):
    """An exact number as a 1 x 1 term."""

    __slots__ = ()

    def __new__(cls, value: Any) -> Any:
        value = _int(value)
        if not isinstance(value, Expr) or not _is_exact(value):
            raise SymbpttError(f"{value} is not an exact real number")
        return Basic.__new__(cls, value)._shaped(ONE, ONE)

    @property
    def value(self) -> Expr:
        return self.args[0]


def _is_exact(value: Expr) -> bool:
    """A finite real number, or a rational function of integer symbols; no decimals."""
    if value.is_Rational:
        return True
    if value.is_Symbol:
        return bool(value.is_integer)
    if value.free_symbols:
        if value.is_Pow:
            return bool(value.exp.is_Integer) and _is_exact(value.base)
        return bool(value.is_Add or value.is_Mul) and all(map(_is_exact, value.args))
    return bool(value.is_real) and not value.has(Float)


class Zero(Term):
    """The zero matrix."""

    __slots__ = ()

    def __new__(cls, rows: Any, cols: Any = 1) -> Any:
        return Basic.__new__(cls, _int(rows), _int(cols))._shaped(_int(rows), _int(cols))


class Ones(Term):
    """The matrix of ones."""

    __slots__ = ()

    def __new__(cls, rows: Any, cols: Any = 1) -> Any:
        return Basic.__new__(cls, _int(rows), _int(cols))._shaped(_int(rows), _int(cols))


class Identity(Term):
    """The identity matrix I_n."""

    __slots__ = ()

    def __new__(cls, n: Any) -> Any:
        return Basic.__new__(cls, _int(n))._shaped(_int(n), _int(n))


class Meta(Term):
    """A metavariable of a rule: it stands for any term of its shape.

    ``Meta("A", m, n)`` stands for a term, ``Meta("F", m, n, i)`` for a term that may depend on the
    index i (a function of the index; ``Meta("F", m, n, b)`` is its value at b). Its dimensions are
    metavariables too.
    """

    __slots__ = ()

    def __new__(cls, name: str | Str, rows: Any, cols: Any = 1, *indices: Any) -> Any:
        rows, cols = _int(rows), _int(cols)
        indices = tuple(map(_int, indices))
        return Basic.__new__(cls, _str(name), rows, cols, *indices)._shaped(rows, cols)

    @property
    def name(self) -> str:
        return str(self.args[0].name)

    @property
    def indices(self) -> tuple[Expr, ...]:
        return self.args[3:]


class _Nary(Term):
    """An associative operation, flattened, with at least two operands."""

    __slots__ = ()
    verb: ClassVar[str] = ""

    def __new__(cls, *terms: Term) -> Any:
        flat: list[Term] = []
        for term in terms:
            flat.extend(term.args if type(term) is cls else (term,))
        if len(flat) < 2:
            if not flat:
                raise SymbpttError(f"{cls.__name__} needs an operand")
            return flat[0]
        return Basic.__new__(cls, *flat)._shaped(*cls._result(flat))

    @classmethod
    def _result(cls, flat: list[Term]) -> Shape:
        for other in flat[1:]:
            if other.shape != flat[0].shape:
                raise _Unfit(cls.verb, flat[0], other)
        return flat[0].shape


class Plus(_Nary):
    """A + B + ...: equal shapes."""

    __slots__ = ()
    verb = "cannot add"


class Hadamard(_Nary):
    """The elementwise product: equal shapes."""

    __slots__ = ()
    verb = "cannot multiply elementwise"


class Times(_Nary):
    """The matrix product A B C ...: inner dimensions agree."""

    __slots__ = ()

    @classmethod
    def _result(cls, flat: list[Term]) -> Shape:
        for left, right in pairwise(flat):
            if left.shape[1] is not right.shape[0] and left.shape[1] != right.shape[0]:
                raise _Unfit("cannot multiply", left, right)
        return flat[0].shape[0], flat[-1].shape[1]


class Scale(Term):
    """s A with a scalar term s."""

    __slots__ = ()

    def __new__(cls, factor: Term, term: Term) -> Any:
        if not factor.is_scalar:
            raise _Unfit("a scale factor must be 1 x 1", factor, term)
        return Basic.__new__(cls, factor, term)._shaped(*term.shape)


class Transposed(Term):
    """A^T."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        return Basic.__new__(cls, term)._shaped(term.shape[1], term.shape[0])


class Diag(Term):
    """diag(v): the diagonal matrix of a column."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        if not term.is_column:
            raise ShapeError(f"diag takes a column, but {term} has shape {show_shape(term.shape)}")
        return Basic.__new__(cls, term)._shaped(term.shape[0], term.shape[0])


class Map(Term):
    """f^(k)(A), elementwise: the k-th derivative of the function ``fname`` at every entry."""

    __slots__ = ()

    def __new__(cls, fname: str | Str, order: Any, term: Term) -> Any:
        order = _int(order)
        if not order.is_Integer or order < 0:
            raise SymbpttError(f"{fname} has no derivative of order {order}")
        return Basic.__new__(cls, _str(fname), order, term)._shaped(*term.shape)

    @property
    def fname(self) -> str:
        return str(self.args[0].name)

    @property
    def order(self) -> int:
        return int(self.args[1])

    @property
    def arg(self) -> Term:
        return self.args[2]


class Softmax(Term):
    """softmax(v)_i = exp(v_i) / sum_j exp(v_j) of a column."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        if not term.is_column:
            raise ShapeError(
                f"softmax takes a column, but {term} has shape {show_shape(term.shape)}"
            )
        return Basic.__new__(cls, term)._shaped(*term.shape)


class Func(Term):
    """An unspecified differentiable function F_i(a, b, ...) with values in R^rows, or its Jacobian.

    ``index`` is the time index the function itself carries, or None (Str("")). ``slot`` 0 is the
    value (rows, 1); slot j >= 1 is the Jacobian with respect to the vec of the j-th argument,
    shape (rows, size of the argument).
    """

    __slots__ = ()

    def __new__(cls, name: str | Str, index: Any, rows: Any, slot: Any, *args: Term) -> Any:
        index = Str("") if index is None or isinstance(index, Str) else _int(index)
        rows, slot = _int(rows), _int(slot)
        if not 0 <= int(slot) <= len(args) or not args:
            raise SymbpttError(f"{name} has {len(args)} arguments, slot {slot} does not exist")
        cols = size(args[int(slot) - 1]) if int(slot) else ONE
        return Basic.__new__(cls, _str(name), index, rows, slot, *args)._shaped(rows, cols)

    @property
    def name(self) -> str:
        return str(self.args[0].name)

    @property
    def index(self) -> Expr | None:
        return None if isinstance(self.args[1], Str) else self.args[1]

    @property
    def slot(self) -> int:
        return int(self.args[3])

    @property
    def arguments(self) -> tuple[Term, ...]:
        return self.args[4:]


class Shock(Term):
    """The independent change that a frame with shocks adds to the element z[t] under d(.)."""

    __slots__ = ()

    def __new__(cls, element: Term) -> Any:
        if not isinstance(element, Elem):
            raise SymbpttError(f"a shock belongs to a sequence element, not to {element}")
        return Basic.__new__(cls, element)._shaped(*element.shape)


class D(Term):
    """The differential d(A): the linear change of A along an arbitrary change of what varies.

    What varies is said by the frame of the theorem in which it stands (symbptt.core.theory).
    """

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        if term.has(D):
            raise SymbpttError(f"a differential of a differential is not defined: {term}")
        return Basic.__new__(cls, term)._shaped(*term.shape)


class _Ranged(Term):
    """A body over lo <= index <= hi; the index is bound."""

    __slots__ = ()

    def __new__(cls, body: Term, index: Symbol, lo: Any, hi: Any) -> Any:
        lo, hi = _int(lo), _int(hi)
        if not isinstance(index, Symbol):
            raise SymbpttError(f"{index} cannot be a bound index")
        if index in symbols_in(lo) or index in symbols_in(hi):
            raise SymbpttError(f"the bound index {index} occurs in its own range {lo}..{hi}")
        if any(index in symbols_in(size) for size in body.shape):
            raise ShapeError(
                f"the shape {show_shape(body.shape)} of {body} depends on the bound index {index}"
            )
        cls._check(body)
        return Basic.__new__(cls, body, index, lo, hi)._shaped(*body.shape)

    @classmethod
    def _check(cls, body: Term) -> None:
        """Hook for further conditions on the body."""

    @property
    def body(self) -> Term:
        return self.args[0]

    @property
    def bound(self) -> Symbol:
        return self.args[1]

    @property
    def lo(self) -> Expr:
        return self.args[2]

    @property
    def hi(self) -> Expr:
        return self.args[3]

    @property
    def range_facts(self) -> tuple[Expr, Expr]:
        """The facts that hold inside the body."""
        return _between(self.lo, self.bound, self.hi)

    @property
    def gap(self) -> Expr:
        """One less than the number of indices in the range, where that is not negative."""
        return _gap(self.lo, self.hi)

    @property
    def bound_symbols(self) -> set[Symbol]:
        return {self.bound}

    def _free_now(self) -> frozenset[Any]:
        inner = self.body.free_symbols - {self.bound}
        return inner | symbols_in(self.lo) | symbols_in(self.hi)

    def instance(self, index: Any) -> Term:
        """The body at one index."""
        from .traverse import substitute  # traversal imports the terms

        return substitute(self.body, {self.bound: _int(index)})


@lru_cache(maxsize=4096)
def _between(lo: Expr, bound: Expr, hi: Expr) -> tuple[Expr, Expr]:
    return bound - lo, hi - bound


@lru_cache(maxsize=4096)
def _gap(lo: Expr, hi: Expr) -> Expr:
    return (hi - lo).expand()


class SumOver(_Ranged):
    """sum_{index=lo}^{hi} body; zero when the range is empty."""

    __slots__ = ()


class OrderedProduct(_Ranged):
    """body(hi) body(hi-1) ... body(lo): the latest index leftmost; I when the range is empty."""

    __slots__ = ()

    @classmethod
    def _check(cls, body: Term) -> None:
        if body.shape[0] != body.shape[1]:
            raise ShapeError(
                "the factor of an ordered product must be square, "
                f"but {body} has shape {show_shape(body.shape)}"
            )


class When(Term):
    """[g_1 >= 0, ..., g_m >= 0] A: A where all conditions hold, otherwise zero (Iverson bracket).

    Where a condition fails, A is not evaluated, so it may be out of its range there.
    """

    __slots__ = ()

    def __new__(cls, term: Term, *conditions: Expr) -> Any:
        if not conditions:
            return term
        return Basic.__new__(cls, term, *conditions)._shaped(*term.shape)

    @property
    def conditions(self) -> tuple[Expr, ...]:
        return self.args[1:]


class Power(Term):
    """M^k of a square matrix with a symbolic exponent k >= 0."""

    __slots__ = ()

    def __new__(cls, term: Term, exponent: Any) -> Any:
        _square("a power needs a square matrix", term)
        return Basic.__new__(cls, term, _int(exponent))._shaped(*term.shape)

    @property
    def exponent(self) -> Expr:
        return self.args[1]


class Inverse(Term):
    """A^{-1} of a square matrix. A matrix that a theory inverts is assumed invertible there."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        _square("an inverse needs a square matrix", term)
        return Basic.__new__(cls, term)._shaped(*term.shape)


def _square(what: str, term: Term) -> None:
    if term.shape[0] != term.shape[1]:
        raise ShapeError(f"{what}, but {term} has shape {show_shape(term.shape)}")


class Kron(Term):
    """The Kronecker product: (A kron B) vec(X) = vec(B X A^T)."""

    __slots__ = ()

    def __new__(cls, left: Term, right: Term) -> Any:
        rows, cols = left.shape[0] * right.shape[0], left.shape[1] * right.shape[1]
        return Basic.__new__(cls, left, right)._shaped(rows, cols)


class Vec(Term):
    """vec(A): the columns of A stacked, shape (rows*cols, 1)."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        return Basic.__new__(cls, term)._shaped(size(term), ONE)


class Unvec(Term):
    """The matrix of the given shape whose vec is the column: the inverse of Vec."""

    __slots__ = ()

    def __new__(cls, term: Term, rows: Any, cols: Any) -> Any:
        rows, cols = _int(rows), _int(cols)
        if term.shape != (rows * cols, ONE):
            raise ShapeError(
                f"{term} has shape {show_shape(term.shape)}, "
                f"the vec of a matrix {show_shape((rows, cols))} has {rows * cols} rows"
            )
        return Basic.__new__(cls, term, rows, cols)._shaped(rows, cols)


class Block(Term):
    """A matrix of blocks, given row by row: Block(rows, cols, a_11, a_12, ..., a_mn)."""

    __slots__ = ()

    def __new__(cls, rows: Any, cols: Any, *terms: Term) -> Any:
        rows, cols = _int(rows), _int(cols)
        m, n = int(rows), int(cols)
        if m * n != len(terms) or not terms:
            raise SymbpttError(f"{m} x {n} blocks need {m * n} terms, not {len(terms)}")
        for i in range(m):
            for j in range(n):
                here = terms[i * n + j]
                if here.shape[0] != terms[i * n].shape[0]:
                    raise _Unfit("blocks in a row must have equal heights", terms[i * n], here)
                if here.shape[1] != terms[j].shape[1]:
                    raise _Unfit("blocks in a column must have equal widths", terms[j], here)
        height = sum((terms[i * n].shape[0] for i in range(m)), Integer(0))
        width = sum((terms[j].shape[1] for j in range(n)), Integer(0))
        return Basic.__new__(cls, rows, cols, *terms)._shaped(height, width)

    @property
    def grid(self) -> tuple[int, int]:
        return int(self.args[0]), int(self.args[1])

    @property
    def blocks(self) -> tuple[Term, ...]:
        return self.args[2:]

    def block(self, i: int, j: int) -> Term:
        """The block in row i, column j, from zero."""
        return self.args[2 + i * self.grid[1] + j]


class Trace(Term):
    """tr(A) of a square matrix, as a 1 x 1 term."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        _square("a trace needs a square matrix", term)
        return Basic.__new__(cls, term)._shaped(ONE, ONE)


class Entry(Term):
    """A_{ij} as a 1 x 1 term; indices run from 1, and outside the matrix it is zero."""

    __slots__ = ()

    def __new__(cls, term: Term, row: Any, col: Any = 1) -> Any:
        row, col = _int(row), _int(col)
        for value, limit, side in ((row, term.shape[0], "row"), (col, term.shape[1], "column")):
            if value.is_Integer and (value < 1 or (limit.is_Integer and value > limit)):
                raise ShapeError(
                    f"{side} {value} of {term}, whose shape is {show_shape(term.shape)}"
                )
        return Basic.__new__(cls, term, row, col)._shaped(ONE, ONE)

    @property
    def row(self) -> Expr:
        return self.args[1]

    @property
    def col(self) -> Expr:
        return self.args[2]


class Partial(Term):
    """The Jacobian of vec(y) with respect to vec(x), shape (size y, size x), numerator layout.

    ``mode`` "total" follows every path through the model with x itself set free; "immediate"
    holds every sequence element at another time than y's fixed (x itself excepted); "direct" looks
    at the definition of y alone and holds everything in it but x fixed.
    """

    __slots__ = ()

    def __new__(cls, y: Term, x: Term, mode: str | Str = "total") -> Any:
        if str(_str(mode).name) not in ("total", "immediate", "direct"):
            raise SymbpttError(f"a derivative is total, immediate or direct, not {mode}")
        return Basic.__new__(cls, y, x, _str(mode))._shaped(size(y), size(x))

    @property
    def mode(self) -> str:
        return str(self.args[2].name)


class Gradient(Term):
    """The gradient of a scalar f with respect to X, of X's shape."""

    __slots__ = ()

    def __new__(cls, f: Term, x: Term) -> Any:
        if not f.is_scalar:
            raise ShapeError(
                f"a gradient needs a scalar, but {f} has shape {show_shape(f.shape)}",
                hint="a Jacobian \\partial y/\\partial x is defined for any y",
            )
        return Basic.__new__(cls, f, x)._shaped(*x.shape)


def size(term: Term) -> Expr:
    """The number of entries."""
    return term.shape[0] * term.shape[1]


def number(value: Any) -> Const:
    """A Const from an int or a SymPy number."""
    return Const(value if isinstance(value, Number) else Integer(value))
