"""The loop IR as NumPy text: one function a node."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

from sympy import Symbol, diff
from sympy.printing.numpy import NumPyPrinter

from symbptt.core.errors import NotSupported
from symbptt.core.functions import Function, known

from . import ir
from .numpy_numbers import Level, Numbers, Text, is_negative

WIDTH = 100
INDENT = "    "
_CALL = re.compile(r"np\.\w+\([^()]*\)")  # the text of a function that is one call


class NumpyPrinter(Numbers):
    """Prints statements and expressions; names come from the layout."""

    # ------------------------------------------------------------ statements

    def lines(self, body: Iterable[ir.Statement], depth: int = 1) -> list[str]:
        """The lines of a block."""
        out: list[str] = []
        for statement in body:
            out += _STATEMENTS[type(statement)](self, statement, depth)
        return out

    def note(self, node: ir.Note, depth: int) -> list[str]:
        pad = INDENT * depth + "# "
        return textwrap.wrap(
            node.text, WIDTH, initial_indent=pad, subsequent_indent=pad + "    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    def allocate(self, node: ir.Allocate, depth: int) -> list[str]:
        return [f"{INDENT * depth}{node.array.name} = np.zeros({self.shape(node.array)}, dtype)"]

    def store(self, node: ir.Store, depth: int) -> list[str]:
        value = node.value
        if node.array.timed and isinstance(value, ir.Filled):
            value = ir.Number(value.value)
        text = self.text(value)
        if not node.array.timed and _may_share(value):
            text = f"{self.text(value, Level.ATOM)}.copy()"
        return self.assignment(self.target(node), "=", value, text, depth)

    def accumulate(self, node: ir.Accumulate, depth: int) -> list[str]:
        sign, value = _signed(node.value)
        return self.assignment(self.target(node), f"{sign}=", value, self.text(value), depth)

    def assignment(
        self, target: str, sign: str, value: ir.Value, text: str, depth: int
    ) -> list[str]:
        """One line, or a sum with a line for every term."""
        pad = INDENT * depth
        line = f"{pad}{target} {sign} {text}"
        if len(line) <= WIDTH or not isinstance(value, ir.Add):
            return [line]
        terms = self.terms(value)
        first = f"{pad}{INDENT}{'-' if terms[0][0] == '-' else ''}{terms[0][1]}"
        rest = (f"{pad}{INDENT}{sign_} {text_}" for sign_, text_ in terms[1:])
        return [f"{pad}{target} {sign} (", first, *rest, f"{pad})"]

    def target(self, node: ir.Store | ir.Accumulate) -> str:
        return self.text(ir.Read(node.array, node.index))

    def guard(self, node: ir.Guard, depth: int) -> list[str]:
        conditions = " and ".join(self.conditions(node.conditions))
        return [f"{INDENT * depth}if {conditions}:", *self.lines(node.body, depth + 1)]

    def loop(self, node: ir.Loop, depth: int, suffix: str = "") -> list[str]:
        index = self.layout.index_name(node.index)
        if node.ascending:
            steps = f"range({self.index(node.first)}, {self.index(node.last + 1)})"
        else:
            steps = f"range({self.index(node.last)}, {self.index(node.first - 1)}, -1)"
        head = f"{INDENT * depth}for {index} in {steps}{suffix}:"
        return [head, *self.lines(node.body, depth + 1)]

    def passes(self, node: ir.Passes, depth: int) -> list[str]:
        out = [f"{INDENT * depth}for order in _passes(truncate, {self.index(node.longest)}):"]
        for statement in node.body:
            if isinstance(statement, ir.Loop):
                out += self.loop(statement, depth + 1, "[::order]")
            else:
                out += self.lines((statement,), depth + 1)
        return out

    def masked(self, node: ir.Masked, depth: int) -> list[str]:
        return [f"{INDENT * depth}if mask is not None:", *self.lines(node.body, depth + 1)]

    # ------------------------------------------------------------ expressions

    def text(self, value: ir.Value, level: Level = Level.SUM) -> str:
        """The text of an expression, in parentheses if it binds more loosely than ``level``."""
        text, own = _VALUES[type(value)](self, value)
        return f"({text})" if own < level else text

    def read(self, node: ir.Read) -> Text:
        array = node.array
        if array.first is None:
            return array.name, Level.ATOM
        return f"{array.name}[{self.index(node.index - array.first)}]", Level.ATOM

    def terms(self, node: ir.Add) -> list[tuple[str, str]]:
        """The terms of a sum as (sign, text)."""
        signed = map(_signed, node.terms)
        return [(sign, self.text(value, Level.PRODUCT)) for sign, value in signed]

    def add(self, node: ir.Add) -> Text:
        (sign, first), *rest = self.terms(node)
        head = f"-{first}" if sign == "-" else first
        return head + "".join(f" {s} {text}" for s, text in rest), Level.SUM

    def mul(self, node: ir.Mul) -> Text:
        sign, value = _signed(node)
        if sign == "-":
            return f"-{self.text(value, Level.PRODUCT)}", Level.SUM
        out: list[str] = []
        factors = list(node.factors)
        while factors:
            factor = factors.pop(0)
            count = 1
            while factors and factors[0] == factor:
                factors.pop(0)
                count += 1
            text = self.text(factor, Level.POWER if count == 1 else Level.ATOM)
            out.append(text if count == 1 else f"{text} ** {count}")
        return " * ".join(out), Level.PRODUCT if len(out) > 1 else Level.POWER

    def matmul(self, node: ir.MatMul) -> Text:
        left = self.text(
            node.left, Level.PRODUCT if isinstance(node.left, ir.MatMul) else Level.POWER
        )
        return f"{left} @ {self.text(node.right, Level.POWER)}", Level.PRODUCT

    def apply(self, node: ir.Apply) -> Text:
        """A function: what the user passes, one NumPy call, or a helper of the module."""
        argument = self.text(node.arg)
        row = known(node.function)
        if row is None:
            name = self.layout.function_names[node.function][node.order]
        elif node.order == 0 and _CALL.fullmatch(row.numpy):
            return row.numpy.format(x=argument), Level.ATOM
        else:
            name = helper_name(row.name, node.order)
        return f"{name}({argument})", Level.ATOM

    def softmax(self, node: ir.Softmax) -> Text:
        return f"_softmax({self.text(node.arg)})", Level.ATOM

    def total(self, node: ir.Total) -> Text:
        return f"np.sum({self.text(node.arg)}, axis={node.axis})", Level.ATOM

    def spread(self, node: ir.Spread) -> Text:
        if not node.arg.axes:
            return f"np.reshape({self.text(node.arg)}, (1,))", Level.ATOM
        return f"{self.text(node.arg, Level.ATOM)}[:, None]", Level.ATOM

    def outer(self, node: ir.Outer) -> Text:
        return f"np.outer({self.text(node.left)}, {self.text(node.right)})", Level.ATOM

    def swap(self, node: ir.Swap) -> Text:
        return f"{self.text(node.arg, Level.ATOM)}.T", Level.ATOM

    def join(self, node: ir.Join) -> Text:
        return f"np.concatenate([{', '.join(map(self.text, node.parts))}], axis=-1)", Level.ATOM

    def part(self, node: ir.Part) -> Text:
        cut = f"{self.index(node.start)}:{self.index(node.stop)}"
        return f"{self.text(node.arg, Level.ATOM)}[..., {cut}]", Level.ATOM

    def grid(self, node: ir.Grid) -> Text:
        rows = (f"[{', '.join(map(self.text, row))}]" for row in node.rows)
        return f"np.block([{', '.join(rows)}])", Level.ATOM

    def exact(self, node: ir.Number) -> Text:
        return self.number(node.value)

    def filled(self, node: ir.Filled) -> Text:
        maker = {0: "np.zeros({}, dtype)", 1: "np.ones({}, dtype)"}.get(node.value)
        maker = maker or f"np.full({{}}, {self.index(node.value)}, dtype)"
        return maker.format(self.sizes(node.axes)), Level.ATOM

    def eye(self, node: ir.Eye) -> Text:
        return f"np.eye({self.index(node.size)}, dtype=dtype)", Level.ATOM

    def select(self, node: ir.Select) -> Text:
        mask = self.text(node.mask, Level.ATOM)
        if len(node.axes) > 1:
            mask = f"{mask}[:, None]"
        sides = (
            self.index(v.value) if isinstance(v, ir.Filled) else self.text(v)
            for v in (node.yes, node.no)
        )
        return f"np.where({mask}, {', '.join(sides)})", Level.ATOM


def helper_name(function: str, order: int) -> str:
    """The module's own function for a function of the table, or a derivative of it."""
    return f"_{function}" if order == 0 else f"_d{order if order > 1 else ''}_{function}"


def helpers(body: Iterable[ir.Statement]) -> dict[str, str]:
    """The helpers that a program calls: name -> the text of the value at x."""
    out: dict[str, str] = {}
    for node in ir.walk(tuple(body)):
        row = known(node.function) if isinstance(node, ir.Apply) else None
        if row is None or (node.order == 0 and _CALL.fullmatch(row.numpy)):
            continue
        text = row.numpy.format(x="x") if node.order == 0 else _derivative(row, node.order)
        out[helper_name(row.name, node.order)] = text
    return dict(sorted(out.items()))


def _derivative(row: Function, order: int) -> str:
    """A derivative that the table has no polynomial for, as SymPy prints it."""
    (x,) = row.sympy.free_symbols
    expr = diff(row.sympy, x, order).xreplace({x: Symbol("x", real=True)})
    text = NumPyPrinter({"fully_qualified_modules": True}).doprint(expr)
    if "Not supported" in text:
        raise NotSupported(f"no code for derivative {order} of {row.name}")
    return str(text).replace("numpy.", "np.")


def _may_share(value: ir.Value) -> bool:
    """Whether the value may be a view of another array, or that array itself."""
    if isinstance(value, ir.Apply):
        return known(value.function) is None or value.function == "identity"
    return isinstance(value, ir.Read | ir.Part | ir.Swap | ir.Spread)


def _signed(value: ir.Value) -> tuple[str, ir.Value]:
    """A value as sign and the value without it."""
    if isinstance(value, ir.Number) and is_negative(value.value):
        return "-", ir.Number(-value.value)
    if not isinstance(value, ir.Mul) or not isinstance(value.factors[0], ir.Number):
        return "+", value
    number, rest = value.factors[0].value, value.factors[1:]
    if not is_negative(number):
        return "+", value
    kept = rest if number == -1 else (ir.Number(-number), *rest)
    return "-", kept[0] if len(kept) == 1 else ir.Mul(kept)


_STATEMENTS: dict[type[Any], Callable[..., list[str]]] = {
    ir.Note: NumpyPrinter.note, ir.Allocate: NumpyPrinter.allocate, ir.Store: NumpyPrinter.store,
    ir.Accumulate: NumpyPrinter.accumulate, ir.Guard: NumpyPrinter.guard,
    ir.Loop: NumpyPrinter.loop, ir.Passes: NumpyPrinter.passes, ir.Masked: NumpyPrinter.masked,
}  # fmt: skip
_VALUES: dict[type[Any], Callable[..., Text]] = {
    ir.Number: NumpyPrinter.exact, ir.Filled: NumpyPrinter.filled, ir.Eye: NumpyPrinter.eye,
    ir.Read: NumpyPrinter.read, ir.Add: NumpyPrinter.add, ir.Mul: NumpyPrinter.mul,
    ir.MatMul: NumpyPrinter.matmul, ir.Outer: NumpyPrinter.outer, ir.Swap: NumpyPrinter.swap,
    ir.Apply: NumpyPrinter.apply, ir.Softmax: NumpyPrinter.softmax, ir.Total: NumpyPrinter.total,
    ir.Spread: NumpyPrinter.spread, ir.Join: NumpyPrinter.join, ir.Part: NumpyPrinter.part,
    ir.Grid: NumpyPrinter.grid, ir.Select: NumpyPrinter.select,
}  # fmt: skip
