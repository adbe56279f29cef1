"""Indices, sizes, exact numbers and conditions as Python text."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from sympy import Add as SumExpr
from sympy import Expr, Integer, Max, Min, Mul, Symbol

from symbptt.core.errors import NotSupported

from . import ir
from .layout import Layout


class Level(IntEnum):
    """How tightly Python binds."""

    SUM = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


Text = tuple[str, Level]


def is_negative(expr: Expr) -> bool:
    """Whether the number is written with a minus in front."""
    return bool(expr.as_coeff_Mul()[0].is_negative)


class Numbers:
    """Prints what is made of integers and the names of indices, lengths and dimensions."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def index(self, expr: Expr) -> str:
        """An index, a size or an exact number: symbols with plus, with minus, then the constant."""
        return self.number(expr)[0]

    def number(self, expr: Expr) -> Text:
        """An exact number and how tightly its text binds."""
        if isinstance(expr, Symbol):
            name = self.layout.batch if expr == ir.BATCH else self.layout.index_name(expr)
            return name, Level.ATOM
        if expr.is_Integer:
            return str(expr), Level.ATOM if expr >= 0 else Level.SUM
        if not expr.free_symbols:
            exact = expr.is_Rational and expr.q & (expr.q - 1) != 0  # 1/3 has no short decimal
            text = f"{expr.p} / {expr.q}" if exact else repr(float(expr))
            return text, Level.PRODUCT if exact else Level.ATOM
        if isinstance(expr, Max | Min):
            name = "max" if isinstance(expr, Max) else "min"
            return f"{name}({', '.join(sorted(self.index(a) for a in expr.args))})", Level.ATOM
        if expr.is_Add:
            parts = sorted(
                SumExpr.make_args(expr), key=lambda p: (p.is_number, is_negative(p), str(p))
            )
            texts = [self.below(-p if is_negative(p) else p, Level.PRODUCT) for p in parts]
            head = f"-{texts[0]}" if is_negative(parts[0]) else texts[0]
            signs = ["-" if is_negative(p) else "+" for p in parts[1:]]
            rest = (f" {s} {t}" for s, t in zip(signs, texts[1:], strict=True))
            return head + "".join(rest), Level.SUM
        if is_negative(expr):
            return f"-{self.below(-expr, Level.PRODUCT)}", Level.SUM
        above, below = expr.as_numer_denom()
        if below != 1:
            return (
                f"{self.below(above, Level.PRODUCT)} / {self.below(below, Level.POWER)}",
                Level.PRODUCT,
            )
        if expr.is_Mul:
            factors = sorted(Mul.make_args(expr), key=lambda f: (not f.is_number, str(f)))
            return " * ".join(self.below(f, Level.POWER) for f in factors), Level.PRODUCT
        if expr.is_Pow:
            base, power = (self.below(e, Level.ATOM) for e in expr.args)
            return f"{base}**{power}", Level.POWER
        raise NotSupported(f"no code for the number {expr}")

    def below(self, expr: Expr, level: Level) -> str:
        """A number as an operand."""
        text, own = self.number(expr)
        return f"({text})" if own < level else text

    def conditions(self, conditions: tuple[Expr, ...]) -> list[str]:
        """``expression >= 0`` as a comparison; two opposite ones as an equation."""
        left, out = list(conditions), []
        while left:
            condition = left.pop(0)
            equal = -condition in left
            if equal:
                left.remove(-condition)
            out.append(self.comparison(condition, equal))
        return out

    def comparison(self, expr: Expr, equal: bool) -> str:
        const, rest = expr.as_coeff_Add()
        more = SumExpr(*(p for p in SumExpr.make_args(rest) if not is_negative(p)))
        less = more - rest
        if equal:
            sides = [more, -const] if less == 0 else [less, more + const]
            sides.sort(key=lambda side: self.layout.length in side.free_symbols)  # t == T
            return " == ".join(map(self.index, sides))
        if less == 0:
            return f"{self.index(more)} >= {self.index(-const)}"
        if const == -1 and more != 0:
            return f"{self.index(less)} < {self.index(more)}"
        return f"{self.index(less)} <= {self.index(more + const)}"

    def sizes(self, axes: Iterable[Expr]) -> str:
        """A shape as a tuple."""
        texts = [self.index(a) for a in axes]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"

    def shape(self, array: ir.Array) -> str:
        """The shape of a stored array."""
        steps = () if array.first is None else (array.last - array.first + 1,)
        stack = (Integer(array.count),) if array.count else ()
        first = (*steps, *stack) if array.within else (*stack, *steps)
        return self.sizes((*first, *array.axes))
