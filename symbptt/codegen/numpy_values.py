"""The expressions of the loop IR as NumPy text: one function a node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sympy import Expr, Symbol, diff
from sympy.printing.numpy import NumPyPrinter

from symbptt.core.errors import NotSupported
from symbptt.core.functions import Function, known

from . import ir
from .numpy_numbers import Level, Numbers, Text, is_negative

_CALL = re.compile(r"np\.\w+\([^()]*\)")  # the text of a function that is one call


class ValuePrinter(Numbers):
    """Prints expressions; names come from the layout.

    ``together`` is the loop whose steps are printed as slices, all at once, ``chunk`` the chunks
    of steps around.
    """

    together: ir.Loop | None = None
    chunk: ir.Chunks | None = None

    def timed(self, value: ir.Value) -> bool:
        """Whether the value differs between the steps that are printed at once."""
        loop = self.together
        reads = (n for n in ir.walk((value,)) if isinstance(n, ir.Read) and n.index is not None)
        return loop is not None and any(r.index.has(loop.index) for r in reads)

    def text(self, value: ir.Value, level: Level = Level.SUM) -> str:
        """The text of an expression, in parentheses if it binds more loosely than ``level``."""
        text, own = _VALUES[type(value)](self, value)
        return f"({text})" if own < level else text

    def read(self, node: ir.Read) -> Text:
        array = node.array
        if array.first is None:
            return array.name, Level.ATOM
        loop = self.together
        if node.part is not None:
            cut, step = self.members(node), self.steps(node)
            if array.within:
                return f"{array.name}[{step}{'' if cut == ':' else f', {cut}'}]", Level.ATOM
            return f"{array.name}[{cut}, {step}]", Level.ATOM
        if loop is not None and node.index.has(loop.index):
            gap = node.index - loop.index - array.first
            cut = self.span(array, loop.first + gap, loop.last + gap)
            return array.name if cut == ":" else f"{array.name}[{cut}]", Level.ATOM
        return f"{array.name}[{self.index(node.index - array.first)}]", Level.ATOM

    def steps(self, node: ir.Read) -> str:
        """The step that is meant, as an index, or all steps that are printed at once."""
        array, loop = node.array, self.together
        if loop is None or not node.index.has(loop.index):
            return self.index(node.index - array.first)
        gap = node.index - loop.index - array.first
        return self.span(array, loop.first + gap, loop.last + gap)

    def members(self, node: ir.Read) -> str:
        """The members of a stack that are meant, as an index."""
        lo, hi = node.part or (0, node.array.count)
        return ":" if hi - lo == node.array.count else f"{lo}:{hi}"

    def optional(self, node: ir.Optional) -> Text:
        return f"0 if {node.arg.array.name} is None else {self.text(node.arg)}", Level.SUM

    def across(self, node: ir.Across) -> Text:
        read = node.arg
        if isinstance(read, ir.Stacked) or read.part is None:
            return f"{self.text(read)}[:, None]", Level.ATOM
        step, cut = self.index(read.index - read.array.first), self.members(read)
        place = f"{step}, {cut}, None" if read.array.within else f"{cut}, None, {step}"
        return f"{read.array.name}[{place}]", Level.ATOM

    def span(self, array: ir.Array, first: Expr, last: Expr) -> str:
        """The slots first..last of an array as a slice."""
        start = "" if first == 0 else self.index(first)
        if self.chunk and first == 0 and last == self.chunk.hi - self.chunk.lo:
            return f":{self.index(self.chunk.count)}"
        stop = "" if last == array.last - array.first else self.index(last + 1)
        return f"{start}:{stop}"

    def terms(self, node: ir.Add) -> list[tuple[str, str]]:
        """The terms of a sum as (sign, text)."""
        return [(sign, self.text(value, Level.PRODUCT)) for sign, value in map(signed, node.terms)]

    def add(self, node: ir.Add) -> Text:
        (sign, first), *rest = self.terms(node)
        head = f"-{first}" if sign == "-" else first
        return head + "".join(f" {s} {text}" for s, text in rest), Level.SUM

    def mul(self, node: ir.Mul) -> Text:
        sign, value = signed(node)
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
        if self.timed(node.left):
            return f"_product({self.text(node.left)}, {self.text(node.right)})", Level.ATOM
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
        elif node.order == 0 and not row.numpy:
            raise NotSupported(f"there is no code for {row.name}: NumPy has no function for it")
        elif node.order == 0 and _CALL.fullmatch(row.numpy):
            return row.numpy.format(x=argument), Level.ATOM
        else:
            name = helper_name(row.name, node.order)
        return f"{name}({argument})", Level.ATOM

    def softmax(self, node: ir.Softmax) -> Text:
        return f"_softmax({self.text(node.arg)})", Level.ATOM

    def total(self, node: ir.Total) -> Text:
        axis = node.axis - len(node.arg.axes) if self.timed(node.arg) else node.axis
        return f"np.sum({self.text(node.arg)}, axis={axis})", Level.ATOM

    def chosen(self, node: ir.Chosen) -> Text:
        more = f", np.{node.function}" if node.function else ""
        return f"_chosen({self.text(node.onehot)}, {self.text(node.arg)}{more})", Level.ATOM

    def entries(self, node: ir.Entries) -> Text:
        return f"_entries({self.text(node.onehot)})", Level.ATOM

    def entries_in_front(self, node: ir.Entries) -> Text:
        return f"_entries({self.text(node.onehot)}, keepdims=True)", Level.ATOM

    def spread(self, node: ir.Spread) -> Text:
        if isinstance(node.arg, ir.Entries):
            return self.entries_in_front(node.arg)
        if not node.arg.axes:
            return f"np.reshape({self.text(node.arg)}, (1,))", Level.ATOM
        cut = "..., None" if self.timed(node.arg) else ":, None"
        return f"{self.text(node.arg, Level.ATOM)}[{cut}]", Level.ATOM

    def outer(self, node: ir.Outer) -> Text:
        return f"np.outer({self.text(node.left)}, {self.text(node.right)})", Level.ATOM

    def swap(self, node: ir.Swap) -> Text:
        return f"{self.text(node.arg, Level.ATOM)}.T", Level.ATOM

    def join(self, node: ir.Join) -> Text:
        return f"np.concatenate([{', '.join(map(self.text, node.parts))}], axis=-1)", Level.ATOM

    def stacked(self, node: ir.Stacked) -> Text:
        turned = all(isinstance(p, ir.Swap) for p in node.parts)  # a view turns all of them
        parts = (p.arg if isinstance(p, ir.Swap) and turned else p for p in node.parts)
        text = f"np.stack([{', '.join(map(self.text, parts))}])"
        return f"{text}.swapaxes(1, 2)" if turned else text, Level.ATOM

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
            mask = f"{mask}[{'...' if self.together else ':'}, None]"
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
        out[helper_name(row.name, node.order)] = function_text(row, node.order)
    return dict(sorted(out.items()))


def function_text(row: Function, order: int) -> str:
    """The text of a function of the table at x, or of a derivative of it."""
    return _derivative(row, order) if order else row.numpy.format(x="x")


def _derivative(row: Function, order: int) -> str:
    """A derivative that the table has no polynomial for, as SymPy prints it."""
    (x,) = row.sympy.free_symbols
    expr = diff(row.sympy, x, order).xreplace({x: Symbol("x", real=True)})
    text = NumPyPrinter({"fully_qualified_modules": True}).doprint(expr)
    if "Not supported" in text:
        raise NotSupported(f"no code for derivative {order} of {row.name}")
    return str(text).replace("numpy.", "np.")


def signed(value: ir.Value) -> tuple[str, ir.Value]:
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


_VALUES: dict[type[Any], Callable[..., Text]] = {
    ir.Number: ValuePrinter.exact, ir.Filled: ValuePrinter.filled, ir.Eye: ValuePrinter.eye,
    ir.Read: ValuePrinter.read, ir.Add: ValuePrinter.add, ir.Mul: ValuePrinter.mul,
    ir.MatMul: ValuePrinter.matmul, ir.Outer: ValuePrinter.outer, ir.Swap: ValuePrinter.swap,
    ir.Apply: ValuePrinter.apply, ir.Softmax: ValuePrinter.softmax, ir.Total: ValuePrinter.total,
    ir.Spread: ValuePrinter.spread, ir.Join: ValuePrinter.join, ir.Part: ValuePrinter.part,
    ir.Grid: ValuePrinter.grid, ir.Select: ValuePrinter.select, ir.Stacked: ValuePrinter.stacked,
    ir.Chosen: ValuePrinter.chosen, ir.Entries: ValuePrinter.entries,
    ir.Across: ValuePrinter.across, ir.Optional: ValuePrinter.optional,
}  # fmt: skip
