"""Concrete values for terms: sizes, random leaves and directions, and the functions' numbers.

A ``World`` fixes everything that a term leaves open. Each value is drawn from its own generator,
seeded by the world's seed and the value's key, so it does not depend on the order of evaluation.
Arrays are matrices ``(..., rows, columns)``; leading axes are batches of complex steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import pi, prod
from typing import Any
from zlib import crc32

import numpy as np
import sympy as sp
from sympy import Expr, S, Symbol
from sympy.printing.numpy import NumPyPrinter

from .arrays import Array, erf
from .errors import IndexRangeError, NotSupported, SymbpttError
from .functions import TABLE, known, supremum
from .remembered import Remembered
from .terms import Elem, Meta, Param, Term
from .theory import Definition, Theory

Env = Mapping[Symbol, int]
# (name,) of a parameter, (name, index) of an element, ("meta", name, *indices) of a metavariable
Key = tuple[str | int, ...]

_WAVES = 3  # sines in an unspecified elementwise function


@dataclass(frozen=True)
class Smooth:
    """The unspecified function F(u) = A sin(B u + c), A: (rows, m), B: (m, size u), c: (m, 1)."""

    outer: Array
    inner: Array
    shift: Array

    def __call__(self, u: Array) -> Array:
        value: Array = self.outer @ np.sin(self.inner @ u + self.shift)
        return value


@dataclass(eq=False)
class World:
    """Sizes and values at which terms are evaluated.

    With a theory, an element or parameter is a leaf where a given (or the list of parameters)
    covers it, and is computed where a definition does; without, every one is a leaf. ``values``
    presets leaves: ``{("W",): array, ("h", 0): array}``. Leaves named in ``positive`` are drawn
    from [1/2, 2], as ``log`` and ``sqrt`` ask for; all others are normal.
    """

    theory: Theory | None
    sizes: dict[Symbol, int]
    seed: int = 0
    values: Mapping[Key, Any] = field(default_factory=dict)
    positive: Collection[str] = ()
    _drawn: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    _sources: dict[Key, Definition | None] = field(init=False, repr=False)
    _memos: dict[Hashable, dict[Key, Array | None]] = field(
        default_factory=dict, init=False, repr=False
    )
    known: Remembered = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sources = _sources(self.theory, tuple(self.sizes.items()))
        definitions = () if self.theory is None else self.theory.definitions
        self.known = Remembered(self.sizes.keys() - {d.index for d in definitions})
        for key in self.values:
            if self.theory is not None and self.source(key) is not None:
                raise SymbpttError(f"{show_key(key)} has a definition, its value cannot be preset")

    @classmethod
    def random(
        cls,
        theory: Theory | None,
        sizes: dict[Symbol, int],
        seed: int = 0,
        values: Mapping[Key, Any] | None = None,
        positive: Collection[str] = (),
    ) -> World:
        """A world whose values, other than the preset ones, are drawn at random on demand."""
        return cls(theory, dict(sizes), seed, dict(values or {}), frozenset(positive))

    def again(self) -> World:
        """The same world before anything was asked of it."""
        return World(self.theory, self.sizes, self.seed, self.values, self.positive)

    def environment(self, index: Mapping[Symbol, int]) -> Env:
        """The sizes with values of indices; what is remembered of a world is for its own sizes."""
        if any(self.sizes.get(s, v) != v for s, v in index.items()):
            raise SymbpttError("a size of the sample has two values")
        return {**self.sizes, **index}

    def source(self, key: Key) -> Definition | None:
        """The definition that holds for this element or parameter; None for a leaf."""
        if self.theory is None or is_meta(key):
            return None
        if key not in self._sources:
            self._sources[key] = self._find_source(key, self.theory)
        return self._sources[key]

    def _find_source(self, key: Key, theory: Theory) -> Definition | None:
        for definition in theory.defined(f"{key[0]}[]" if is_element(key) else str(key[0])):
            if self._holds(definition.head, definition.facts, key):
                return definition
        if any(self._holds(given.head, given.facts, key) for given in theory.givens):
            return None
        if any(self._holds(param, (), key) for param in theory.params):
            return None
        what = "is out of range" if is_element(key) else "is not known here"
        raise IndexRangeError(f"{show_key(key)} {what}: it is neither defined nor given")

    def _holds(self, head: Elem | Param, facts: tuple[Expr, ...], key: Key) -> bool:
        """Whether ``head`` with ``facts`` covers the element of this key."""
        if head.name != key[0] or isinstance(head, Elem) != is_element(key):
            return False
        env = dict(self.sizes)
        if isinstance(head, Elem):
            if head.index.is_Symbol:
                env[head.index] = int(key[1])
            elif integer(head.index, env) != key[1]:
                return False
        return all(number(fact, env) >= 0 for fact in facts)

    def leaf(self, key: Key, shape: tuple[int, int]) -> Array:
        """The value of a leaf: preset, or random."""
        if key in self.values:
            value = np.asarray(self.values[key], dtype=np.float64)
            value = value.reshape(-1, 1) if value.ndim == 1 else value
        else:
            value = self._random("value", key, shape)
        if value.shape != shape:
            raise SymbpttError(
                f"{show_key(key)} has a value of shape {value.shape}, here its shape is {shape}"
            )
        return value

    def direction(self, key: Key, shape: tuple[int, int]) -> Array:
        """The change of a leaf (or the shock of an element) under d(.)."""
        return self._random("direction", key, shape)

    def smooth(self, name: str, index: int | None, rows: int, sizes: tuple[int, ...]) -> Smooth:
        """The unspecified function ``name`` (its own time index) of arguments of these sizes."""
        key = ("function", name, index, rows, sizes)
        if key not in self._drawn:
            rng, inputs = self._rng(key), sum(sizes)
            inner = rows + inputs  # wide enough for a Jacobian of full rank
            self._drawn[key] = Smooth(
                rng.normal(size=(rows, inner)) / inner**0.5,
                rng.normal(size=(inner, inputs)) / inputs**0.5,
                rng.uniform(0, 2 * pi, size=(inner, 1)),
            )
        smooth: Smooth = self._drawn[key]
        return smooth

    def elementwise(self, name: str, order: int, x: Array) -> Array:
        """f^(order) at every entry; unspecified: f(x) = sum_k a_k sin(b_k x + c_k)."""
        row = known(name)
        if row is not None:
            return _known_values(row.name, order, x)
        a, b, c = self._waves(name)
        angles = b * x[..., None] + (c + order * pi / 2)
        return np.asarray(np.sin(angles) @ (a * b**order))

    def supremum(self, name: str, order: int) -> float:
        """sup |f^(order)|; of incommensurate sines it is the sum of their amplitudes."""
        row = known(name)
        if row is not None:
            return real(supremum(row.name, order), {})
        a, b, _ = self._waves(name)
        return float((a * b**order).sum())

    def _waves(self, name: str) -> tuple[Array, Array, Array]:
        """Amplitudes, frequencies and phases of the unspecified elementwise function."""
        key = ("elementwise", name)
        if key not in self._drawn:
            rng = self._rng(key)
            self._drawn[key] = (
                rng.uniform(0.3, 1, _WAVES), rng.uniform(0.4, 1.6, _WAVES),
                rng.uniform(0, 2 * pi, _WAVES),
            )  # fmt: skip
        waves: tuple[Array, Array, Array] = self._drawn[key]
        return waves

    @property
    def leaves(self) -> dict[Key, Array]:
        """The values of the leaves that evaluation has used, and the preset ones."""
        drawn = {k[1]: v for k, v in self._drawn.items() if k[0] == "value"}
        preset = {k: np.atleast_2d(np.asarray(v, dtype=np.float64)) for k, v in self.values.items()}
        return {**preset, **drawn}

    def memo(self, motion: Hashable) -> dict[Key, Array | None]:
        """Elements already evaluated under a perturbation; None while one is being computed."""
        return self._memos.setdefault(motion, {})

    def _rng(self, key: object) -> np.random.Generator:
        return np.random.default_rng([self.seed, crc32(repr(key).encode())])

    def _random(self, what: str, key: Key, shape: tuple[int, int]) -> Array:
        if (what, key) not in self._drawn:
            rng = self._rng((what, key))
            if what == "value" and key[0] in self.positive:
                self._drawn[what, key] = rng.uniform(0.5, 2, size=shape)
            else:
                self._drawn[what, key] = rng.normal(size=shape)
        drawn: Array = self._drawn[what, key]
        return drawn


@lru_cache(maxsize=256)
def _sources(
    theory: Theory | None, sizes: tuple[tuple[Symbol, int], ...]
) -> dict[Key, Definition | None]:
    """Which definition is whose, as far as it was asked: for all worlds of these sizes."""
    return {}


def leaf_key(leaf: Term, env: Env) -> Key:
    """The key of a parameter, an element or a metavariable at concrete indices."""
    kind, args = type(leaf), leaf.args
    if kind is Elem:
        return args[0].name, integer(args[1], env)
    if kind is Param:
        return (args[0].name,)
    if isinstance(leaf, Meta):
        return "meta", leaf.name, *(integer(i, env) for i in leaf.indices)
    raise NotSupported(f"{leaf} is not a parameter or an element of a sequence")


def is_element(key: Key) -> bool:
    """Whether this is the key of a sequence element."""
    return len(key) == 2 and isinstance(key[1], int)


def is_meta(key: Key) -> bool:
    """Whether this is the key of a metavariable."""
    return len(key) > 1 and isinstance(key[1], str)


def show_key(key: Key) -> str:
    """``W`` or ``h[3]``."""
    return f"{key[0]}[{key[1]}]" if is_element(key) else str(key[is_meta(key)])


def integer(expr: Expr, env: Env) -> int:
    """The value of an index or a dimension."""
    known = env.get(expr)  # most are symbols
    if known is not None:
        return known
    value = number(expr, env)
    if value != int(value):
        raise SymbpttError(f"{expr} = {value} is not an integer")
    return int(value)


def dimension(size: Expr, env: Env) -> int:
    """The value of a dimension; SymbpttError where it is less than one."""
    if size is S.One:
        return 1
    value = integer(size, env)
    if value < 1:
        raise SymbpttError(f"the dimension {size} is {value} here")
    return value


def shape_in(term: Term, env: Env) -> tuple[int, int]:
    """The rows and columns of a term."""
    return dimension(term.shape[0], env), dimension(term.shape[1], env)


def number(expr: Expr, env: Env) -> Any:
    """The value of an index expression or an exact number: int, Fraction or float."""
    return _compiled(expr)(env)


def real(expr: Expr, env: Env) -> float:
    """The value of an exact number as a float."""
    try:
        return float(number(expr, env))
    except (ArithmeticError, TypeError) as error:  # 1/0, too large, or complex
        raise SymbpttError(f"{expr} is not a finite real number here") from error


@lru_cache(maxsize=65536)
def _compiled(expr: Expr) -> Callable[[Env], Any]:
    """An expression as a function of its symbols' values; SymPy's own substitution is slow."""
    if expr.is_Symbol:
        return lambda env: _lookup(expr, env)
    if expr.is_Rational:
        exact = int(expr) if expr.is_Integer else Fraction(int(expr.p), int(expr.q))
        return lambda env: exact
    if not expr.free_symbols:
        value = float(expr)
        return lambda env: value
    parts = [_compiled(arg) for arg in expr.args]
    if expr.is_Add and len(parts) == 2:
        first, second = parts
        return lambda env: first(env) + second(env)
    if expr.is_Add:
        return lambda env: sum(part(env) for part in parts)
    if expr.is_Mul:
        return lambda env: prod(part(env) for part in parts)
    if expr.is_Pow:
        return lambda env: Fraction(parts[0](env)) ** parts[1](env)
    raise NotSupported(f"{expr} cannot be evaluated as an index")


def _lookup(symbol: Symbol, env: Env) -> int:
    value = env.get(symbol)
    if value is None:
        raise SymbpttError(f"{symbol} has no value here")
    return value


def _known_values(name: str, order: int, x: Array) -> Array:
    f = numeric(name, order)
    value = f(x)
    # Outside its domain a function may still have finite complex values, hence the real part.
    if not np.isfinite(f(x.real) if np.iscomplexobj(x) else value).all():
        raise SymbpttError(
            f"{name} or its derivative is not finite at a value that occurs here",
            hint="choose positive values for the leaves it is applied to",
        )
    return value if np.shape(value) == x.shape else np.broadcast_to(value, x.shape)


@lru_cache(maxsize=256)
def numeric(name: str, order: int) -> Callable[[Array], Array]:
    """The order-th derivative of a known function for real and complex arrays."""
    x, expr = formula(name, order)
    printer = NumPyPrinter({
        "fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True,
    })  # fmt: skip
    compiled: Callable[[Array], Array] = sp.lambdify(x, expr, [_NUMPY], printer)
    return compiled


_NUMPY: dict[str, Any] = {
    **{f.__name__: f for f in (np.exp, np.log, np.sqrt, np.sin, np.cos, np.tanh, np.arctan)},
    "pi": np.pi, "erf": erf, "step": lambda u: np.where(np.real(u) > 0, 1.0, 0.0),
}  # fmt: skip
"""What formulas call; with the name "numpy" SymPy would load all of its modules."""


@lru_cache(maxsize=256)
def formula(name: str, order: int) -> tuple[Symbol, Expr]:
    """The order-th derivative of a known function by SymPy, and its variable.

    Functions with a kink follow the real part, so that a complex step sees the branch's slope;
    the table's convention at the kink itself is the branch on its left. ``step`` is 1 where the
    real part is positive and 0 elsewhere.
    """
    row = TABLE[name]
    (x,) = row.sympy.free_symbols
    step, zero = sp.Function("step"), sp.S.Zero
    expr = sp.diff(row.sympy, x, order)
    expr = expr.replace(sp.DiracDelta, lambda *args: zero)
    expr = expr.replace(sp.Heaviside, lambda u, *_: step(u))
    expr = expr.replace(sp.sign, lambda u: 2 * step(u) - 1)
    expr = expr.replace(sp.Abs, lambda u: u * (2 * step(u) - 1))
    expr = expr.replace(sp.Max, lambda a, b: a + (b - a) * step(b - a))
    expr = expr.replace(sp.Min, lambda a, b: b + (a - b) * step(b - a))
    return x, expr
