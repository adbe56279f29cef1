"""Values at one sample and unit as Python text for numba: one function a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer, Symbol

from symbptt.core.functions import known

from . import ir
from .layout import Layout
from .numba_functions import scalar_name
from .numpy_numbers import Level, Numbers, Text
from .numpy_values import signed

ZERO = Integer(0)
BASE = Symbol("*base")  # how many steps lie before those that are kept
Locals = dict[tuple[str, Expr | None], "Local"]


class Unsupported(Exception):
    """There is no compiled code for this."""


@dataclass(frozen=True)
class Local:
    """An element in a register, and the conditions under which it is known."""

    name: str
    around: tuple[str, ...]


class Scalars(Numbers):
    """Prints values entry by entry; ``numbers`` are constants, by their text, in the arrays' type.

    A literal would make float64 of float32. ``rolled`` are the sequences that keep one chunk.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.numbers: dict[str, str] = {}
        self.rolled: set[str] = set()
        self.before: list[str] = []
        self.locals: Locals = {}
        self.at: list[str] = []
        self.names = {axis: layout.names.fresh(w) for axis, w in ((0, "row"), (1, "unit"))}

    def counters(self, axes: ir.Axes) -> list[str]:
        """The names of the loops over axes: samples, units."""
        if len(axes) > 2:
            raise Unsupported("more than two axes")
        if axes and axes[0] != ir.BATCH:
            raise Unsupported("no batch")
        return [self.names[i] for i in range(len(axes))]

    def text_of(self, value: ir.Value, axes: ir.Axes, known_: Locals) -> tuple[list[str], str]:
        """The lines in front and the text of a value at the entry that the counters name."""
        self.before, self.locals = [], known_
        counters = self.counters(axes)
        self.at = counters[len(axes) - len(value.axes) :]
        text = self.text(value)
        return self.before, text

    def place(self, array: ir.Array, index: Expr | None, offset: Expr = ZERO) -> str:
        """An entry of the array as a target."""
        *outer, last = self.counters(array.axes)
        if offset != 0:
            last = f"{self.index(offset)} + {last}"
        return f"{array.name}[{', '.join([*self.slot(ir.Read(array, index)), *outer, last])}]"

    def slot(self, read: ir.Read) -> list[str]:
        """The index of the step, if there is one."""
        return [] if read.index is None else [self.index(read.index - self.begin(read.array))]

    def begin(self, array: ir.Array) -> Expr:
        """The step in the first slot of a sequence."""
        return array.first + BASE if array.name in self.rolled else array.first

    def row(self, read: ir.Read) -> str:
        """All entries of an element."""
        if read.part is not None:
            raise Unsupported("a stack")
        slot = self.slot(read)
        return f"{read.array.name}[{slot[0]}]" if slot else read.array.name

    def text(self, value: ir.Value, level: Level = Level.SUM) -> str:
        """The text, in parentheses if it binds more loosely than ``level``."""
        printer = _VALUES.get(type(value))
        if printer is None:
            raise Unsupported(type(value).__name__)
        text, own = printer(self, value)
        return f"({text})" if own < level else text

    def inside(self, value: ir.Value, level: Level = Level.SUM) -> str:
        """An operand, which may have fewer axes."""
        outer, self.at = self.at, self.at[len(self.at) - len(value.axes) :]
        text = self.text(value, level)
        self.at = outer
        return text

    def constant(self, value: Expr) -> Text:
        text = self.index(value)
        if text not in self.numbers:
            self.numbers[text] = f"number_{len(self.numbers) + 1}"
        return self.numbers[text], Level.ATOM

    # ------------------------------------------------------------ nodes

    def read(self, node: ir.Read) -> Text:
        if node.part is not None:
            raise Unsupported("a stack")
        local = self.locals.get((node.array.name, node.index))
        if local is not None and self.at == self.counters(node.axes):
            return local.name, Level.ATOM
        return f"{node.array.name}[{', '.join([*self.slot(node), *self.at]) or '()'}]", Level.ATOM

    def exact(self, node: ir.Number | ir.Filled) -> Text:
        return self.constant(node.value)

    def add(self, node: ir.Add) -> Text:
        out = ""
        for sign, value in map(signed, node.terms):
            text = self.inside(value, Level.PRODUCT)
            out += f" {sign} {text}" if out else ("-" if sign == "-" else "") + text
        return out, Level.SUM

    def mul(self, node: ir.Mul) -> Text:
        sign, value = signed(node)
        if sign == "-":
            return f"-{self.inside(value, Level.PRODUCT)}", Level.SUM
        return " * ".join(self.inside(f, Level.POWER) for f in node.factors), Level.PRODUCT

    def apply(self, node: ir.Apply) -> Text:
        if known(node.function) is None:
            name = self.layout.function_names[node.function][node.order]
        else:
            name = scalar_name(node.function, node.order)
        return f"{name}({self.inside(node.arg)})", Level.ATOM

    def spread(self, node: ir.Spread) -> Text:
        outer, self.at = self.at, self.at[:-1]
        text = self.inside(node.arg, Level.ATOM)
        self.at = outer
        return text, Level.ATOM

    def spike(self, node: ir.Spike) -> Text:
        y = node.onehot
        if y.part is not None or len(y.axes) != 2:
            raise Unsupported("other than one class for every sample")
        outer, self.at = self.at, self.at[:-1]
        factor = self.text(node.factor)
        self.at = outer
        return f"_spike({', '.join([factor, y.array.name, *self.slot(y), *self.at])})", Level.ATOM

    def part(self, node: ir.Part) -> Text:
        if not isinstance(node.arg, ir.Read) or node.arg.array.name in {k for k, _ in self.locals}:
            raise Unsupported("a part of a formula")
        outer = self.at
        if node.start != 0:
            self.at = [*outer[:-1], f"{self.index(node.start)} + {outer[-1]}"]
        text = self.text(node.arg)
        self.at = outer
        return text, Level.ATOM

    def optional(self, node: ir.Optional) -> Text:
        name = f"given_{len(self.before)}_{node.arg.array.name}"
        zero, _ = self.constant(Integer(0))
        self.before += [f"{name} = {zero}", f"if {node.arg.array.name} is not None:",
                        f"    {name} = {self.inside(node.arg)}"]  # fmt: skip
        return name, Level.ATOM

    def select(self, node: ir.Select) -> Text:
        outer, self.at = self.at, self.at[:1]
        mask = self.text(node.mask)
        self.at = outer
        return f"{self.inside(node.yes, Level.POWER)} if {mask} else {self.inside(node.no)}", (
            Level.SUM
        )


_VALUES: dict[type[Any], Callable[..., Text]] = {
    ir.Read: Scalars.read, ir.Number: Scalars.exact, ir.Filled: Scalars.exact,
    ir.Add: Scalars.add, ir.Mul: Scalars.mul, ir.Apply: Scalars.apply,
    ir.Spread: Scalars.spread, ir.Part: Scalars.part, ir.Select: Scalars.select,
    ir.Optional: Scalars.optional, ir.Spike: Scalars.spike,
}  # fmt: skip
