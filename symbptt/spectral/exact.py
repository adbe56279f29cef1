"""Terms at given values, exactly: the value of a term as a SymPy matrix.

This is ``core.evaluation`` over the field of the given values instead of over floats. It evaluates
no derivative: a derivative is derived first, and its result evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr, ImmutableMatrix, Symbol

from symbptt.core import terms as tm
from symbptt.core.errors import ModelError, NotSupported, SymbpttError
from symbptt.core.functions import known
from symbptt.core.norms import Norm
from symbptt.core.terms import Term
from symbptt.core.theory import Theory
from symbptt.core.world import Key, World, integer, leaf_key, number, show_key

from . import radius
from .eigen import invert

Env = Mapping[Symbol, int]
Node = Callable[["Exact", Any, Env], ImmutableMatrix]
_MAX_SIDE = 64
_MAX_EXPONENT = 10_000


class Exact:
    """Evaluation with ``values`` of leaves, ``sizes`` of dimensions, lengths and free indices.

    A leaf without a value is a matrix of symbols. ``inverse`` and ``power`` may be overridden to
    watch what is computed, or to give a power whose exponent has no value.
    """

    def __init__(self, sizes: Env, theory: Theory | None = None) -> None:
        self.values: dict[Key, ImmutableMatrix] = {}
        self.sizes = dict(sizes)
        self.world = World(theory, dict(sizes))
        self._memo: dict[Key, ImmutableMatrix | None] = {}

    def give(self, leaf: Term, value: ImmutableMatrix) -> None:
        """Sets the value of a leaf that has no definition."""
        key = leaf_key(leaf, self.sizes)
        if self.world.theory is not None and self._is_defined(leaf, key):
            raise SymbpttError(f"{show_key(key)} has a definition, its value cannot be given")
        shape = self.shape(leaf, self.sizes)
        if value.shape != shape:
            raise SymbpttError(f"{show_key(key)} is {shape[0]} x {shape[1]}, its value is "
                               f"{value.rows} x {value.cols}")  # fmt: skip
        self.values[key] = value

    def _is_defined(self, leaf: Term, key: Key) -> bool:
        theory = self.world.theory
        assert theory is not None
        known = {p.name for p in theory.params}
        if isinstance(leaf, tm.Param) and leaf.name not in known and not theory.defined(leaf.key):
            return False  # a name of the one who asks
        return self.world.source(key) is not None

    def value(self, term: Term, env: Env | None = None) -> ImmutableMatrix:
        """The exact matrix of a term; SymbpttError where a size is missing or does not fit."""
        node = NODES.get(type(term))
        if node is None:
            raise NotSupported(f"{term} cannot be evaluated at given values",
                               hint="derive it first, and evaluate the result")  # fmt: skip
        return node(self, term, self.sizes if env is None else env)

    def leaf(self, leaf: Term, env: Env) -> ImmutableMatrix:
        """A parameter or an element: given, defined, or a matrix of symbols."""
        key = leaf_key(leaf, env)
        if key in self.values:
            return self.values[key]
        if key in self._memo:
            found = self._memo[key]
            if found is None:
                raise ModelError(f"{show_key(key)} is defined through itself")
            return found
        self._memo[key] = None
        definition = self.world.source(key)
        if definition is None:
            result = symbols_of(key, self.shape(leaf, env))
        else:
            inner = dict(self.sizes)
            if definition.index is not None:
                inner[definition.index] = int(key[1])
            result = self.value(definition.body, inner)
        self._memo[key] = result
        return result

    def shape(self, term: Term, env: Env) -> tuple[int, int]:
        """The rows and columns of a term here."""
        rows, cols = (self.side(size, env) for size in term.shape)
        return rows, cols

    def side(self, size: Expr, env: Env) -> int:
        """A dimension as a number."""
        missing = sorted(s.name for s in size.free_symbols if s not in env)
        if missing:
            name = missing[0]
            if name.startswith("?"):
                raise SymbpttError("the size of an identity or zero matrix is not known here",
                                   hint="write I_2 for the identity of size 2")  # fmt: skip
            raise SymbpttError(f"the size {name} has no value", hint=f"add {name} = 2")
        value = integer(size, env)
        if not 1 <= value <= _MAX_SIDE:
            raise SymbpttError(f"the size {size} is {value}; it must be from 1 to {_MAX_SIDE}")
        return value

    def inverse(self, term: tm.Inverse, env: Env) -> ImmutableMatrix:
        """A^{-1}."""
        return invert(self.value(term.args[0], env))

    def power(self, term: tm.Power, env: Env) -> ImmutableMatrix:
        """A^k for a number k >= 0."""
        exponent = self.exponent(term, env)
        if not isinstance(exponent, int):
            raise SymbpttError(f"the exponent {term.exponent} has no value here")
        return self.value(term.args[0], env) ** exponent

    def exponent(self, term: tm.Power, env: Env) -> int | Expr:
        """The exponent of a power as a number >= 0, or as it stands where a symbol has no value."""
        if not term.exponent.free_symbols <= set(env):
            return term.exponent.subs(dict(env))
        exponent = integer(term.exponent, env)
        if exponent < 0:
            raise SymbpttError(f"the exponent {term.exponent} of {term.args[0]} is {exponent}")
        if exponent > _MAX_EXPONENT:
            raise NotSupported(f"the exponent {exponent}; exact powers go up to {_MAX_EXPONENT}")
        return exponent


def symbols_of(key: Key, shape: tuple[int, int]) -> ImmutableMatrix:
    """The matrix of the entries of a leaf that has no value."""
    name = f"{key[0]}_{{{key[1]}}}" if len(key) == 2 else str(key[0])
    rows, cols = shape
    if shape != (1, 1) and "_" in name:
        name = f"({name})"
    if shape == (1, 1):
        return ImmutableMatrix([[Symbol(name)]])
    if cols == 1:
        return ImmutableMatrix(rows, 1, lambda i, _: Symbol(f"{name}_{{{i + 1}}}"))
    return ImmutableMatrix(rows, cols, lambda i, j: Symbol(f"{name}_{{{i + 1}{j + 1}}}"))


def _ranged(ev: Exact, t: tm.SumOver | tm.OrderedProduct, env: Env) -> Iterator[ImmutableMatrix]:
    for i in range(integer(t.lo, env), integer(t.hi, env) + 1):
        yield ev.value(t.body, {**env, t.bound: i})


def _sum(ev: Exact, t: tm.SumOver, env: Env) -> ImmutableMatrix:
    return sum(_ranged(ev, t, env), ImmutableMatrix.zeros(*ev.shape(t, env)))


def _product(ev: Exact, t: tm.OrderedProduct, env: Env) -> ImmutableMatrix:
    start = ImmutableMatrix.eye(ev.side(t.shape[0], env))
    return reduce(lambda done, factor: factor @ done, _ranged(ev, t, env), start)


def _when(ev: Exact, t: tm.When, env: Env) -> ImmutableMatrix:
    if all(number(c, env) >= 0 for c in t.conditions):
        return ev.value(t.args[0], env)
    return ImmutableMatrix.zeros(*ev.shape(t, env))


def _map(ev: Exact, t: tm.Map, env: Env) -> ImmutableMatrix:
    row = known(t.fname)
    if row is None:
        raise NotSupported(f"{t.fname} is an unspecified function and has no values",
                           hint="take a known one, such as sigmoid or tanh")  # fmt: skip
    (x,) = row.sympy.free_symbols
    function = sp.diff(row.sympy, x, t.order)
    value = ev.value(t.arg, env).applyfunc(lambda entry: function.subs(x, entry))
    if value.has(sp.zoo, sp.nan, sp.oo):
        raise SymbpttError(f"{t} is not finite here")
    return value


def _block(ev: Exact, t: tm.Block, env: Env) -> ImmutableMatrix:
    m, n = t.grid
    rows = ([ev.value(t.block(i, j), env) for j in range(n)] for i in range(m))
    return ImmutableMatrix(sp.Matrix.vstack(*(sp.Matrix.hstack(*row) for row in rows)))


def _entry(ev: Exact, t: tm.Entry, env: Env) -> ImmutableMatrix:
    matrix, i, j = ev.value(t.args[0], env), integer(t.row, env), integer(t.col, env)
    if not (1 <= i <= matrix.rows and 1 <= j <= matrix.cols):
        shape = f"{matrix.rows} x {matrix.cols}"
        raise SymbpttError(f"there is no entry ({i}, {j}) of {t.args[0]}, which is {shape}")
    return ImmutableMatrix([[matrix[i - 1, j - 1]]])


def _softmax(ev: Exact, t: tm.Softmax, env: Env) -> ImmutableMatrix:
    powers = ev.value(t.args[0], env).applyfunc(sp.exp)
    return powers / sum(powers)


def _norm(ev: Exact, t: Norm, env: Env) -> ImmutableMatrix:
    matrix = ev.value(t.args[0], env)
    if t.kind == "inf":
        return ImmutableMatrix([[sp.Max(*map(abs, matrix))]])
    if t.args[0].is_scalar:
        return ImmutableMatrix([[abs(matrix[0, 0])]])
    return ImmutableMatrix([[radius.norm(matrix)]])


def _apply(operation: Callable[..., Any]) -> Node:
    return lambda ev, t, env: operation(*(ev.value(child, env) for child in t.children))


def _hadamard(*parts: ImmutableMatrix) -> ImmutableMatrix:
    return reduce(lambda a, b: a.multiply_elementwise(b), parts)


_OPERATIONS: dict[type[Term], Callable[..., Any]] = {
    tm.Plus: lambda *parts: reduce(lambda a, b: a + b, parts),
    tm.Hadamard: _hadamard,
    tm.Times: lambda *parts: reduce(lambda a, b: a @ b, parts),
    tm.Scale: lambda factor, matrix: factor[0, 0] * matrix,
    tm.Transposed: lambda a: a.T,
    tm.Diag: lambda column: ImmutableMatrix.diag(*column),
    tm.Vec: lambda a: a.vec(),
    tm.Kron: lambda a, b: ImmutableMatrix(sp.kronecker_product(a, b)),
    tm.Trace: lambda a: ImmutableMatrix([[a.trace()]]),
}
NODES: dict[type[Term], Node] = {
    **{cls: _apply(operation) for cls, operation in _OPERATIONS.items()},
    tm.Param: Exact.leaf,
    tm.Elem: Exact.leaf,
    tm.Const: lambda ev, t, env: ImmutableMatrix([[t.value.subs(dict(env))]]),
    tm.Zero: lambda ev, t, env: ImmutableMatrix.zeros(*ev.shape(t, env)),
    tm.Ones: lambda ev, t, env: ImmutableMatrix.ones(*ev.shape(t, env)),
    tm.Identity: lambda ev, t, env: ImmutableMatrix.eye(ev.side(t.shape[0], env)),
    tm.Inverse: lambda ev, t, env: ev.inverse(t, env),
    tm.Power: lambda ev, t, env: ev.power(t, env),
    tm.Map: _map,
    tm.Softmax: _softmax,
    tm.SumOver: _sum,
    tm.OrderedProduct: _product,
    tm.When: _when,
    tm.Block: _block,
    tm.Entry: _entry,
    Norm: _norm,
}
