"""Indices, sizes, exact numbers and conditions on indices as text: ``t-1``, ``T-t``, ``k < t``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from sympy import Add, Expr, Mul, Symbol

from ..core.errors import NotSupported
from .symbols import Level, Name, split_name
from .target import Target

_ANY = "*"  # the index of "every given element" in a frame


def named(name: str) -> Name:
    """The parts of a name; the mark of a rule's metavariable is not shown."""
    return split_name(name.removeprefix("?"))


def symbol_text(symbol: Symbol, target: Target) -> str:
    """The name of an index, a length or a size."""
    return _ANY if symbol.name == _ANY else target.name(named(symbol.name))


def index_text(expr: Expr, target: Target) -> str:
    """An index as text, without spaces: first the symbols, then the constant."""
    return number_text(expr, target)[0]


def is_negative(value: Expr) -> bool:
    """Whether the number is written with a minus in front."""
    return bool(value.as_coeff_Mul()[0].is_negative)


def number_text(value: Expr, target: Target) -> tuple[str, Level]:
    """A number made of rationals and integer symbols, and how tightly its text binds."""
    if value.is_Add:
        return _sum_text(value, target), Level.SUM
    if is_negative(value):
        return f"-{_grouped(-value, target, Level.PRODUCT)}", Level.SUM
    if value.is_Integer:
        return str(value), Level.ATOM
    if isinstance(value, Symbol):
        return symbol_text(value, target), Level.ATOM
    above, below = value.as_numer_denom()
    if below != 1:
        level = target.level("fraction")
        tight = Level.SUM if level > Level.PRODUCT else Level.ATOM
        parts = {"p": _grouped(above, target, tight), "q": _grouped(below, target, tight)}
        return target.fill("fraction", **parts), level
    if value.is_Mul:
        texts = [_grouped(f, target, Level.POSTFIX) for f in _factors(value)]
        return reduce(target.join, texts), Level.PRODUCT
    if value.is_Pow:
        base, power = _grouped(value.base, target, Level.ATOM), index_text(value.exp, target)
        return target.fill("Power", a=base, k=power), Level.POSTFIX
    raise NotSupported(f"{value} cannot be written as an exact number")


def _grouped(value: Expr, target: Target, level: Level) -> str:
    text, own = number_text(value, target)
    return target.group(text) if own < level else text


def _factors(value: Expr) -> list[Expr]:
    return sorted(Mul.make_args(value), key=lambda f: (not f.is_Number, str(f)))


def _sum_text(value: Expr, target: Target) -> str:
    """Symbols with plus, symbols with minus, then the constant; no minus in front if avoidable."""
    parts = sorted(Add.make_args(value), key=lambda p: (p.is_Number, is_negative(p), str(p)))
    if is_negative(parts[0]) and not is_negative(parts[-1]):
        parts.insert(0, parts.pop())
    texts = [_grouped(-p if is_negative(p) else p, target, Level.PRODUCT) for p in parts]
    signs = ["-" if is_negative(p) else "+" for p in parts]
    return "".join(s + t for s, t in zip(signs, texts, strict=True)).removeprefix("+")


def conditions_text(conditions: Iterable[Expr], target: Target) -> str:
    """Conditions ``expression >= 0`` as people write them; two opposite ones make an equation."""
    rest, out = list(conditions), []
    while rest:
        condition = rest.pop(0)
        opposite = -condition
        if opposite in rest and not condition.is_Number:
            rest.remove(opposite)
            out.append(_relation(condition, target, equal=True))
        else:
            out.append(_relation(condition, target, equal=False))
    return ", ".join(out)


def _relation(expr: Expr, target: Target, equal: bool) -> str:
    """``expr = 0`` or ``expr >= 0`` with every symbol on the side where it has no minus."""
    const, rest = expr.as_coeff_Add()
    more = Add(*(p for p in Add.make_args(rest) if not is_negative(p)))
    less = more - rest
    if equal:
        left, relation, right = (more, "eq", less - const) if more != 0 else (less, "eq", const)
    elif less == 0:
        left, relation, right = more, "ge", -const
    elif const == -1 and more != 0:
        left, relation, right = less, "lt", more
    else:
        left, relation, right = less, "le", more + const
    return f"{index_text(left, target)}{target.templates[relation]}{index_text(right, target)}"
