"""Random well-shaped terms, for laws that hold for every term.

    @given(terms())                                   # any shape, every operation
    @given(terms((n, d), operations=ALGEBRA))         # n x d, without derivatives
    @given(terms(vocabulary=Vocabulary(functions=("tanh",))))

Sizes are 1, n and d; every pair of them has a parameter, so there are terms of every shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from sympy import Expr, Integer, Rational, Symbol

from symbptt.core import norms as nm
from symbptt.core import powers as pw
from symbptt.core.units import Unit
from symbptt.core import terms as tm
from symbptt.core.terms import Elem, Param, Term, index_symbol

n, d = index_symbol("n"), index_symbol("d")
t, k, T = index_symbol("t"), index_symbol("k"), index_symbol("T")
i, j = index_symbol("i"), index_symbol("j")
ONE = Integer(1)
SIZES: tuple[Expr, ...] = (ONE, n, d)
Shape = tuple[Expr, Expr]

ALGEBRA = frozenset({
    "Zero", "Ones", "Identity", "Const", "Plus", "Minus", "Times", "Hadamard", "Scale",
    "Transposed", "Diag", "Map", "Softmax", "SumOver", "OrderedProduct", "When", "Power",
    "Inverse", "Kron", "Vec", "Trace", "Block", "Entry", "Unit",
})  # fmt: skip
ORDER = frozenset({
    "Norm", "Largest", "Min", "Max", "Sup", "EntrywisePower", "Binomial", "Radius",
})  # fmt: skip
DERIVATIVES = frozenset({"D", "Shock", "Partial", "Gradient", "Func", "Slot"})
EVERYTHING = ALGEBRA | DERIVATIVES


@dataclass(frozen=True)
class Vocabulary:
    """The names that random terms are made of; ``indices`` may stand at a sequence."""

    params: tuple[Param, ...] = (
        Param(r"\lambda", 1, 1), Param("W", n, n), Param("W_{hh}", n, n), Param("U", n, d),
        Param("V", d, n), Param("M^{(sx)}", d, d), Param("b", n, 1), Param("r", d, 1),
        Param("p", 1, n), Param("q'", 1, d),
    )  # fmt: skip
    sequences: tuple[Elem, ...] = (
        Elem("h", t, n), Elem(r"c^{(\ell)}", t, n), Elem("z_{r}", t, n), Elem("x", t, d),
        Elem(r"\hat{y}", t, d), Elem(r"\delta^{h}", t, n), Elem("e", t, 1),
    )  # fmt: skip
    functions: tuple[str, ...] = ("tanh", "sigmoid", "exp", r"\sigma", r"\phi")
    indices: tuple[Expr, ...] = (t, t - 1, t + 1, T, Integer(0), k, T - t)
    exponents: tuple[Expr, ...] = (Integer(2), k, k + 1)
    conditions: tuple[tuple[Expr, ...], ...] = (
        (T - 1 - t,), (t - 1,), (t - k, k - t), (t - k - 1, T - t), (T - t - 2,),
    )  # fmt: skip
    numbers: tuple[Expr, ...] = (
        Integer(2), Integer(-1), Rational(1, 2), Rational(-2, 3), Integer(-3),
    )  # fmt: skip


@dataclass(frozen=True)
class _Maker:
    """Makes terms: ``draw`` chooses, ``operations`` may be used, ``bound`` indices are in scope."""

    draw: Callable[..., Any]
    words: Vocabulary
    operations: frozenset[str]
    bound: tuple[Symbol, ...] = ()

    def choose(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def shape(self) -> Shape:
        return self.choose(SIZES), self.choose(SIZES)

    def index(self) -> Expr:
        inner = [e for b in self.bound for e in (b, b - 1)]
        return self.choose([*self.words.indices, *inner])

    def leaf(self, shape: Shape) -> Term:
        """A parameter or an element of the shape; a row may be a column transposed."""
        options: list[Term] = [p for p in self.words.params if p.shape == shape]
        options += [s.at(self.index()) for s in self.words.sequences if s.shape == shape]
        return self.choose(options)

    def term(self, shape: Shape, depth: int) -> Term:
        names = [w for w in sorted(self.operations) if w in _MAKERS and depth > 0]
        makers = [m for m in (_MAKERS[w] for w in names) if m.fits(shape)]
        if not makers or self.draw(st.integers(0, 5)) == 0:
            return self.leaf(shape)
        return self.choose(makers).make(self, shape, depth - 1)

    def without(self, *names: str) -> _Maker:
        return replace(self, operations=self.operations - set(names))

    def range(self) -> tuple[_Maker, Symbol, Expr, Expr]:
        """A maker for the body, a fresh index, and its bounds."""
        index = next(s for s in map(index_symbol, "ijlm") if s not in self.bound)
        lo = self.choose([ONE, Integer(0), k + 1])
        hi = self.choose([T, t, T - 1, Integer(3), *self.bound])
        return replace(self, bound=(*self.bound, index)), index, lo, hi


def _any(shape: Shape) -> bool:
    return True


def _square(shape: Shape) -> bool:
    return shape[0] == shape[1]


def _column(shape: Shape) -> bool:
    return shape[1] == ONE


def _scalar(shape: Shape) -> bool:
    return shape == (ONE, ONE)


@dataclass(frozen=True)
class _Operation:
    make: Callable[[_Maker, Shape, int], Term]
    fits: Callable[[Shape], bool] = _any


def _times(m: _Maker, shape: Shape, depth: int) -> Term:
    inner = [m.choose(SIZES) for _ in range(m.draw(st.integers(1, 2)))]
    sizes = [shape[0], *inner, shape[1]]
    return tm.Times(*(m.term(size, depth) for size in pairwise(sizes)))


def _ranged(cls: type[Term]) -> Callable[[_Maker, Shape, int], Term]:
    def make(m: _Maker, shape: Shape, depth: int) -> Term:
        inner, index, lo, hi = m.range()
        return cls(inner.term(shape, depth), index, lo, hi)

    return make


def _block(m: _Maker, shape: Shape, depth: int) -> Term:
    row = tm.Block(1, 2, m.term((shape[0], n), depth), m.term((shape[0], d), depth))
    return row @ tm.Block(2, 1, m.term((n, shape[1]), depth), m.term((d, shape[1]), depth))


def _entry(m: _Maker, shape: Shape, depth: int) -> Term:
    inner = m.term(m.shape(), depth)
    choices = {ONE: [ONE], n: [i, j, ONE, i + 1], d: [j, i, n, Integer(2)]}
    row, column = (m.choose(choices[s]) for s in inner.shape)
    return tm.Entry(inner, row, column)


def _vec(m: _Maker, shape: Shape, depth: int) -> Term:
    inner = m.shape()
    return tm.Vec(m.term(inner, depth)).T @ tm.Vec(m.term(inner, depth))


def _partial(m: _Maker, shape: Shape, depth: int) -> Term:
    y, x = m.leaf((shape[0], ONE)), m.leaf((shape[1], ONE))
    return tm.Partial(y, x, m.choose(("total", "immediate")))


def _slot(m: _Maker, shape: Shape, depth: int) -> Term:
    before = [m.term((n, ONE), depth)] if m.draw(st.booleans()) else []
    name, index = m.choose((("F", None), (r"\ell", t), ("L", t - 1)))
    return tm.Func(name, index, shape[0], len(before) + 1, *before, m.term((shape[1], ONE), depth))


_MAKERS: dict[str, _Operation] = {
    "Zero": _Operation(lambda m, s, k: tm.Zero(*s)),
    "Ones": _Operation(lambda m, s, k: tm.Ones(*s), _column),
    "Identity": _Operation(lambda m, s, k: tm.Identity(s[0]), lambda s: _square(s) and s[0] != ONE),
    "Const": _Operation(lambda m, s, k: tm.Const(m.choose(m.words.numbers)), _scalar),
    "Plus": _Operation(lambda m, s, k: m.term(s, k) + m.term(s, k)),
    "Minus": _Operation(lambda m, s, k: m.term(s, k) - m.term(s, k)),
    "Times": _Operation(_times),
    "Hadamard": _Operation(lambda m, s, k: m.term(s, k) * m.term(s, k)),
    "Scale": _Operation(lambda m, s, k: tm.Scale(
        tm.Const(m.choose(m.words.numbers)) if m.draw(st.booleans()) else m.term((ONE, ONE), k),
        m.term(s, k))),
    "Transposed": _Operation(lambda m, s, k: m.term((s[1], s[0]), k).T),
    "Diag": _Operation(lambda m, s, k: tm.Diag(m.term((s[0], ONE), k)), _square),
    "Map": _Operation(lambda m, s, k: tm.Map(
        m.choose(m.words.functions), m.draw(st.integers(0, 2)), m.term(s, k))),
    "Softmax": _Operation(
        lambda m, s, k: tm.Softmax(m.term(s, k)), lambda s: _column(s) and s[0] != ONE),
    "SumOver": _Operation(_ranged(tm.SumOver)),
    "OrderedProduct": _Operation(_ranged(tm.OrderedProduct), _square),
    "When": _Operation(lambda m, s, k: tm.When(m.term(s, k), *m.choose(m.words.conditions))),
    "Power": _Operation(
        lambda m, s, k: tm.Power(m.term(s, k), m.choose(m.words.exponents)), _square),
    "Inverse": _Operation(lambda m, s, k: tm.Inverse(m.term(s, k)), _square),
    "Kron": _Operation(lambda m, s, k: tm.Kron(m.term((s[0], ONE), k), m.term((ONE, s[1]), k))),
    "Vec": _Operation(_vec, _scalar),
    "Trace": _Operation(
        lambda m, s, k: tm.Trace(m.term((w := m.choose(SIZES), w), k)), _scalar),
    "Entry": _Operation(_entry, _scalar),
    "Block": _Operation(_block),
    "Unit": _Operation(
        lambda m, s, k: Unit(s[0], m.choose((i, j, i + 1, Integer(1)))), _column),
    "Norm": _Operation(lambda m, s, k: nm.Norm(m.term(m.shape(), k)), _scalar),
    "Largest": _Operation(
        lambda m, s, k: nm.Norm(m.term((m.choose(SIZES), ONE), k), "inf"), _scalar),
    "Min": _Operation(lambda m, s, k: nm.Min(m.term(s, k), m.term(s, k))),
    "Max": _Operation(lambda m, s, k: nm.Max(m.term(s, k), m.term(s, k))),
    "Sup": _Operation(lambda m, s, k: nm.Sup(m.choose(("tanh", r"\sigma")), 1), _scalar),
    "EntrywisePower": _Operation(
        lambda m, s, k: pw.EntrywisePower(m.term(s, k), m.choose(m.words.exponents))),
    "Binomial": _Operation(
        lambda m, s, k: pw.Binomial(m.index(), m.choose((Integer(0), Integer(2), j))), _scalar),
    "Radius": _Operation(lambda m, s, k: pw.Radius(m.term((w := m.choose((n, d)), w), k)), _scalar),
    "D": _Operation(lambda m, s, k: tm.D(m.without("D").term(s, k))),
    "Shock": _Operation(
        lambda m, s, k: tm.Shock(m.choose(m.words.sequences[:3]).at(m.index())),
        lambda s: s == (n, ONE)),
    "Partial": _Operation(_partial),
    "Gradient": _Operation(
        lambda m, s, k: tm.Gradient(m.without("D").term((ONE, ONE), k), m.leaf(s))),
    "Func": _Operation(lambda m, s, k: tm.Func(
        "F", None, s[0], 0, m.term((n, ONE), k), m.leaf((d, ONE))), _column),
    "Slot": _Operation(_slot),
}  # fmt: skip


@st.composite
def terms(
    draw: Callable[..., Any],
    shape: Shape | None = None,
    depth: int = 3,
    operations: frozenset[str] = EVERYTHING,
    vocabulary: Vocabulary | None = None,
) -> Term:
    """A random term of the shape (by default any pair of sizes) from the given operations."""
    maker = _Maker(draw, vocabulary or Vocabulary(), operations)
    return maker.term(shape or maker.shape(), depth)
